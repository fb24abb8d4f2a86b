/* RDFC-1.0, the algorithm of section 4.4; the deep part is in credential_canon_deep.c. */
#include "credential_canon.h"
#include "base_encode.h"
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#define LINES_MAX_BYTES (CREDENTIAL_NQUADS_BYTES_MAX * 2)
#define NOBODY (-1)

void canon_digest(const struct canon *c, struct sv text, char hex[CANON_HEX_MAX + 1]) {
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[SHA384_DIGEST_LENGTH];
    const unsigned char *p = (const unsigned char *)text.ptr;
    if (c->hash == CREDENTIAL_SHA384) {
        (void)SHA384(p, text.len, bytes);
    } else {
        sha256(p, text.len, bytes);
    }
    memset(hex, 0, CANON_HEX_MAX + 1);
    for (size_t i = 0; i < c->hex_len / 2; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15u];
    }
}

static int sv_order(const void *left, const void *right) {
    return sv_cmp(*(const struct sv *)left, *(const struct sv *)right);
}

static int utf16_order(const void *left, const void *right) {
    return credential_utf16_cmp(*(const struct sv *)left, *(const struct sv *)right);
}

/* Sort, and notice when the other order would be another: neighbours tell. */
static void sort_lines(struct canon *c, struct sv *lines, size_t count) {
    int (*other)(const void *, const void *) = c->is_utf16_order ? sv_order : utf16_order;
    bool is_utf16 = c->is_utf16_order && c->has_astral;
    qsort(lines, count, sizeof *lines, is_utf16 ? utf16_order : sv_order);
    for (size_t i = 1; i < count && c->has_astral && !c->is_order_disputed; i++) {
        c->is_order_disputed = other(&lines[i - 1], &lines[i]) > 0;
    }
}

static const struct credential_term *place_of(const struct credential_quad *q, int place) {
    return place == CANON_S ? &q->subject : place == CANON_O ? &q->object : &q->graph;
}

/* The distinct labels of the input, sorted: a blank node's number is its place. */
static void number_blanks(struct canon *c, const struct credential_dataset *set) {
    size_t n = 0;
    c->labels = ARENA_ARRAY(c->arena, struct sv, set->count * 3);
    for (size_t i = 0; i < set->count; i++) {
        for (int place = CANON_S; place <= CANON_G; place++) {
            const struct credential_term *t = place_of(&set->quads[i], place);
            bool is_again = n > 0 && sv_eq(c->labels[n - 1], t->value);
            if (t->kind == CREDENTIAL_TERM_BLANK && !is_again) {
                c->labels[n++] = t->value;
            }
        }
    }
    qsort(c->labels, n, sizeof *c->labels, sv_order);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || !sv_eq(c->labels[i], c->labels[i - 1])) {
            c->labels[c->blank_count++] = c->labels[i];
        }
    }
}

/* Most often it is the one asked for last. */
static int number_of(struct canon *c, struct sv label) {
    if (!sv_eq(label, c->labels[c->label_last])) {
        const struct sv *at = bsearch(&label, c->labels, c->blank_count, sizeof label, sv_order);
        c->label_last = (size_t)(at - c->labels);
    }
    return (int)c->label_last;
}

/* The row's line at the end of `out`, its blank nodes with other labels: "a" for `self` and "z" for
 * the others, or the canonical ones when self is NOBODY. */
static void row_write(const struct canon *c, struct str *out, const struct canon_row *row,
                      int self) {
    size_t from = 0;
    for (int place = CANON_S; place <= CANON_G; place++) {
        int blank = row->blanks[place];
        if (blank >= 0) {
            str_add(out, sv_of(row->line.ptr + from, row->label_at[place] - from));
            str_add(out, self == NOBODY ? c->names[blank] : blank == self ? SV("a") : SV("z"));
            from = row->label_at[place] + c->labels[blank].len;
        }
    }
    str_add(out, sv_skip(row->line, from));
}

/* One quad as a line at the end of `all`, which may still move. */
static void row_read(struct canon *c, struct str *all, const struct credential_quad *quad,
                     struct canon_row *row) {
    size_t from = all->len;
    for (int place = CANON_S; place <= CANON_G; place++) {
        const struct credential_term *t = place_of(quad, place);
        bool is_blank = t->kind == CREDENTIAL_TERM_BLANK;
        row->blanks[place] = is_blank ? number_of(c, t->value) : -1;
        row->label_at[place] = all->len - from + (sizeof "_:" - 1);
        if (t->kind == CREDENTIAL_TERM_NONE) {
            continue;
        }
        credential_term_write(all, t);
        str_add_char(all, ' ');
        if (place == CANON_S) {
            row->predicate_at = all->len - from;
            str_add_char(all, '<');
            str_add(all, quad->predicate);
            str_add(all, SV("> "));
        }
    }
    str_add(all, SV(".\n"));
    row->line.len = all->len - from;
    row->predicate_len = quad->predicate.len + (sizeof "<>" - 1);
}

static int row_order(const void *left, const void *right) {
    return sv_cmp(((const struct canon_row *)left)->line, ((const struct canon_row *)right)->line);
}

/* What the lines take at least: nearly always exactly. */
static size_t lines_bytes(const struct credential_dataset *set) {
    size_t n = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct credential_quad *q = &set->quads[i];
        n += q->subject.value.len + q->predicate.len + q->object.value.len + q->object.about.len +
             q->graph.value.len + sizeof "<> <> \"\"^^<> <> .\n";
    }
    return n;
}

/* Is there a character past U+FFFF? Only then do the two orders differ. */
static bool has_astral(struct sv text) {
    unsigned char highest = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char at = (unsigned char)text.ptr[i];
        highest = at > highest ? at : highest;
    }
    return highest >= 0xF0;
}

/* Step 1, and the dataset as a set: doubles are dropped. */
static bool read_rows(struct canon *c, const struct credential_dataset *set, struct err *err) {
    struct str all;
    str_init(&all, c->arena, CREDENTIAL_NQUADS_BYTES_MAX);
    str_reserve(&all, lines_bytes(set));
    number_blanks(c, set);
    c->rows = ARENA_ARRAY(c->arena, struct canon_row, set->count);
    for (size_t i = 0; i < set->count; i++) {
        row_read(c, &all, &set->quads[i], &c->rows[i]);
    }
    if (all.is_overflowed) {
        return err_because(err, ERR_INPUT, "too_large", "the document is too large as RDF");
    }
    c->has_astral = has_astral(str_sv(&all));
    const char *at = all.ptr;
    for (size_t i = 0; i < set->count; i++) {
        c->rows[i].line.ptr = at;
        at += c->rows[i].line.len;
    }
    qsort(c->rows, set->count, sizeof *c->rows, row_order);
    for (size_t i = 0; i < set->count; i++) {
        if (i == 0 || !sv_eq(c->rows[i].line, c->rows[c->row_count - 1].line)) {
            c->rows[c->row_count++] = c->rows[i];
        }
    }
    return true;
}

static bool stands_before(const struct canon_row *row, int place) {
    for (int i = CANON_S; i < place; i++) {
        if (row->blanks[i] == row->blanks[place]) {
            return true;
        }
    }
    return false;
}

/* Step 2: which rows a blank node stands in, each once. */
static void index_rows(struct canon *c) {
    c->first = ARENA_ARRAY(c->arena, size_t, c->blank_count + 2);
    c->row_of = ARENA_ARRAY(c->arena, uint32_t, c->row_count * 3 + 1);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < c->row_count; i++) {
            for (int place = CANON_S; place <= CANON_G; place++) {
                int blank = c->rows[i].blanks[place];
                if (blank < 0 || stands_before(&c->rows[i], place)) {
                    continue;
                }
                if (pass == 0) {
                    c->first[blank + 2]++;
                } else {
                    c->row_of[c->first[blank + 1]++] = (uint32_t)i;
                }
            }
        }
        /* Counts become starts, one place late; filling moves each to its end, which is right. */
        for (size_t i = 2; pass == 0 && i < c->blank_count + 2; i++) {
            c->first[i] += c->first[i - 1];
        }
    }
}

/* What is written for one blank node after the other. */
struct writing {
    struct sv *lines; /* as many as there are rows */
    struct str text, sorted;
};

/* Where lines of known lengths are, now that the text stays where it is. */
static void lines_place(struct sv *lines, size_t count, const char *text) {
    for (size_t i = 0; i < count; i++) {
        lines[i].ptr = text;
        text += lines[i].len;
    }
}

/* Hash First Degree Quads (4.6). */
static bool first_degree(struct canon *c, struct writing *w, int blank, struct err *err) {
    size_t count = c->first[blank + 1] - c->first[blank];
    struct sv *lines = w->lines;
    w->text.len = w->sorted.len = 0;
    for (size_t i = 0; i < count; i++) {
        size_t start = w->text.len;
        row_write(c, &w->text, &c->rows[c->row_of[c->first[blank] + i]], blank);
        lines[i].len = w->text.len - start;
    }
    lines_place(lines, count, w->text.ptr);
    sort_lines(c, lines, count);
    for (size_t i = 0; i < count; i++) {
        str_add(&w->sorted, lines[i]);
    }
    canon_digest(c, str_sv(&w->sorted), c->hashes[blank]);
    return str_ok(&w->text, "the document as RDF", err) &&
           str_ok(&w->sorted, "the document as RDF", err);
}

struct hashed {
    char hash[CANON_HEX_MAX + 1];
    int blank;
    int *order; /* what a temporary issuer issued, in order */
    size_t order_count;
};

static int hashed_cmp(const void *left, const void *right) {
    return memcmp(((const struct hashed *)left)->hash, ((const struct hashed *)right)->hash,
                  CANON_HEX_MAX);
}

/* Step 5.2: paths of all members of a group that are still nameless. */
static bool group_paths(struct canon *c, const struct hashed *group, size_t count,
                        struct hashed *paths, size_t *path_count, struct err *err) {
    *path_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (c->canonical.numbers[group[i].blank] >= 0) {
            continue;
        }
        struct hashed *path = &paths[(*path_count)++];
        canon_cut(&c->temporary, 0);
        (void)canon_issue(&c->temporary, group[i].blank);
        if (!canon_n_degree(c, group[i].blank, 0, path->hash, err)) {
            return false;
        }
        path->order_count = c->temporary.count;
        path->order = ARENA_ARRAY(c->arena, int, path->order_count);
        memcpy(path->order, c->temporary.order, path->order_count * sizeof *path->order);
    }
    qsort(paths, *path_count, sizeof *paths, hashed_cmp);
    return true;
}

/* Steps 4 and 5: names for those that differ at first sight, then for the others. */
static bool name_blanks(struct canon *c, struct hashed *all, struct err *err) {
    struct hashed *paths = ARENA_ARRAY(c->arena, struct hashed, c->blank_count);
    for (int is_second = 0; is_second < 2; is_second++) {
        for (size_t from = 0; from < c->blank_count;) {
            size_t to = from + 1;
            size_t path_count = 0;
            while (to < c->blank_count && hashed_cmp(&all[to], &all[from]) == 0) {
                to++;
            }
            if (to - from == 1 && !is_second) {
                (void)canon_issue(&c->canonical, all[from].blank);
            }
            if (to - from > 1 && is_second &&
                !group_paths(c, all + from, to - from, paths, &path_count, err)) {
                return false;
            }
            for (size_t i = 0; i < path_count; i++) {
                for (size_t j = 0; j < paths[i].order_count; j++) {
                    (void)canon_issue(&c->canonical, paths[i].order[j]);
                }
            }
            from = to;
        }
    }
    return true;
}

static struct canon_issuer issuer_create(struct arena *a, size_t blanks) {
    struct canon_issuer issuer = {.numbers = ARENA_ARRAY(a, int, blanks),
                                  .order = ARENA_ARRAY(a, int, blanks)};
    for (size_t i = 0; i < blanks; i++) {
        issuer.numbers[i] = -1;
    }
    return issuer;
}

static bool has_blank(const struct canon_row *row) {
    return row->blanks[CANON_S] >= 0 || row->blanks[CANON_O] >= 0 || row->blanks[CANON_G] >= 0;
}

static void name_all(struct canon *c, struct arena *a, struct credential_canon *out) {
    out->blanks = ARENA_ARRAY(a, struct sv, c->blank_count);
    out->labels = ARENA_ARRAY(a, struct sv, c->blank_count);
    out->blank_count = c->blank_count;
    for (size_t i = 0; i < c->blank_count; i++) {
        char label[24];
        int n = snprintf(label, sizeof label, "c14n%d", c->canonical.numbers[i]);
        out->blanks[i] = c->labels[i];
        out->labels[i] = sv_copy(a, sv_of(label, (size_t)n));
    }
    c->names = out->labels;
}

/* Step 6. */
static bool write_out(struct canon *c, struct writing *w, struct arena *a,
                      struct credential_canon *out, struct err *err) {
    size_t named = 0;
    size_t bytes = 0;
    struct str text;
    name_all(c, a, out);
    w->text.len = 0;
    for (size_t i = 0; i < c->row_count; i++) {
        if (has_blank(&c->rows[i])) {
            size_t start = w->text.len;
            row_write(c, &w->text, &c->rows[i], NOBODY);
            w->lines[named++].len = w->text.len - start;
        }
    }
    if (!str_ok(&w->text, "the canonical document", err)) {
        return false;
    }
    lines_place(w->lines, named, w->text.ptr);
    for (size_t i = 0; i < c->row_count; i++) {
        if (!has_blank(&c->rows[i])) {
            w->lines[named++] = c->rows[i].line;
        }
    }
    sort_lines(c, w->lines, c->row_count);
    for (size_t i = 0; i < c->row_count; i++) {
        bytes += w->lines[i].len;
    }
    str_init(&text, a, LINES_MAX_BYTES);
    str_reserve(&text, bytes);
    for (size_t i = 0; i < c->row_count; i++) {
        str_add(&text, w->lines[i]);
    }
    out->text = str_sv(&text);
    return str_ok(&text, "the canonical document", err);
}

bool credential_canonicalise(const struct credential_dataset *set,
                             const struct credential_canon_options *options, struct arena *a,
                             struct credential_canon *out, struct err *err) {
    struct canon c = {.arena = a,
                      .hash = options->hash,
                      .is_utf16_order = options->is_utf16_order,
                      .hex_len = options->hash == CREDENTIAL_SHA384 ? 96 : 64};
    if (set->is_overflowed) {
        return err_because(err, ERR_INPUT, "too_large", "the document has more than %d statements",
                           CREDENTIAL_QUADS_MAX);
    }
    if (!read_rows(&c, set, err)) {
        return false;
    }
    index_rows(&c);
    c.hashes = arena_array(a, c.blank_count, sizeof *c.hashes);
    c.canonical = issuer_create(a, c.blank_count);
    c.temporary = issuer_create(a, c.blank_count);
    struct hashed *all = ARENA_ARRAY(a, struct hashed, c.blank_count);
    struct writing w = {.lines = ARENA_ARRAY(a, struct sv, c.row_count)};
    str_init(&w.text, a, LINES_MAX_BYTES);
    str_init(&w.sorted, a, LINES_MAX_BYTES);
    *out = (struct credential_canon){0};
    for (size_t i = 0; i < c.blank_count; i++) {
        if (!first_degree(&c, &w, (int)i, err)) {
            return false;
        }
        all[i].blank = (int)i;
        memcpy(all[i].hash, c.hashes[i], sizeof all[i].hash);
    }
    qsort(all, c.blank_count, sizeof *all, hashed_cmp);
    size_t alike = 0;
    for (size_t i = 0; i < c.blank_count; i++) {
        alike += (i > 0 && hashed_cmp(&all[i], &all[i - 1]) == 0) ||
                 (i + 1 < c.blank_count && hashed_cmp(&all[i], &all[i + 1]) == 0);
    }
    c.calls_max = options->calls_max != 0 ? options->calls_max : CREDENTIAL_CALLS_MAX;
    if (!name_blanks(&c, all, err) || !write_out(&c, &w, a, out, err)) {
        return false;
    }
    out->calls = c.calls;
    out->alike = alike;
    out->is_order_disputed = c.is_order_disputed;
    return true;
}
