/* Hash N-Degree Quads (RDFC-1.0, 4.8): tells blank nodes apart by what they are connected to. */
#include "credential_canon.h"
#include <string.h>

/* Every related hash and every step of a permutation is a unit: what bounds time and memory when
 * the calls alone do not (a node in thousands of quads; a group of ten has 3.6 million orders). */
#define WORK_MAX 400000
#define DEPTH_MAX 1000
#define PATH_MAX_BYTES ((size_t)4 << 20)

struct related {
    char hash[CANON_HEX_MAX + 1];
    int blank;
};

static bool too_hard(struct err *err) {
    return err_because(err, ERR_INPUT, "too_hard",
                       "the document's unnamed parts are alike in too many ways to be told apart "
                       "(a poisoned or badly built document)");
}

int canon_issue(struct canon_issuer *issuer, int blank) {
    if (issuer->numbers[blank] < 0) {
        issuer->numbers[blank] = (int)issuer->count;
        issuer->order[issuer->count++] = blank;
    }
    return issuer->numbers[blank];
}

void canon_cut(struct canon_issuer *issuer, size_t count) {
    while (issuer->count > count) {
        issuer->numbers[issuer->order[--issuer->count]] = -1;
    }
}

/* Hash Related Blank Node (4.7). */
static void hash_related(const struct canon *c, int blank, const struct canon_row *row, int place,
                         struct str *scratch, char hex[CANON_HEX_MAX + 1]) {
    scratch->len = 0;
    str_add_char(scratch, "sog"[place]);
    if (place != CANON_G) {
        str_add(scratch, sv_of(row->line.ptr + row->predicate_at, row->predicate_len));
    }
    if (c->canonical.numbers[blank] >= 0) {
        str_addf(scratch, "_:c14n%d", c->canonical.numbers[blank]);
    } else if (c->temporary.numbers[blank] >= 0) {
        str_addf(scratch, "_:b%d", c->temporary.numbers[blank]);
    } else {
        str_add(scratch, sv_of(c->hashes[blank], c->hex_len));
    }
    canon_digest(c, str_sv(scratch), hex);
}

static int related_cmp(const void *left, const void *right) {
    const struct related *l = left;
    const struct related *r = right;
    int by_hash = memcmp(l->hash, r->hash, sizeof l->hash);
    return by_hash != 0 ? by_hash : (l->blank > r->blank) - (l->blank < r->blank);
}

/* Steps 1 to 3: the other blank nodes in this one's quads, by their hash. */
static bool collect(struct canon *c, int blank, struct related **list, size_t *count,
                    struct err *err) {
    size_t rows = c->first[blank + 1] - c->first[blank];
    c->work += rows;
    if (c->work > WORK_MAX) {
        return too_hard(err);
    }
    struct str scratch;
    str_init(&scratch, c->arena, CREDENTIAL_NQUADS_BYTES_MAX);
    *list = ARENA_ARRAY(c->arena, struct related, rows * 3);
    *count = 0;
    for (size_t i = c->first[blank]; i < c->first[blank + 1]; i++) {
        const struct canon_row *row = &c->rows[c->row_of[i]];
        for (int place = CANON_S; place <= CANON_G; place++) {
            int other = row->blanks[place];
            if (other >= 0 && other != blank) {
                struct related *r = &(*list)[(*count)++];
                r->blank = other;
                hash_related(c, other, row, place, &scratch, r->hash);
            }
        }
    }
    qsort(*list, *count, sizeof **list, related_cmp);
    return true;
}

/* The next order of `p` after this one; false after the last. Equal members make no orders of their
 * own. */
static bool next_permutation(int *p, size_t n) {
    size_t i = n;
    while (i > 1 && p[i - 2] >= p[i - 1]) {
        i--;
    }
    if (i <= 1) {
        return false;
    }
    size_t j = n;
    while (p[j - 1] <= p[i - 2]) {
        j--;
    }
    int swap = p[i - 2];
    p[i - 2] = p[j - 1];
    p[j - 1] = swap;
    for (size_t l = i - 1, r = n - 1; l < r; l++, r--) {
        swap = p[l];
        p[l] = p[r];
        p[r] = swap;
    }
    return true;
}

/* One group of related nodes while its best order is sought. */
struct choice {
    int *order; /* the permutation */
    int *again; /* nodes to look deeper into */
    size_t count;
    bool has_best;
    struct str best, path;
    int *issued; /* what the best one issued */
    size_t issued_count, issued_cap;
};

/* 5.4.4.3 and 5.4.5.5: longer and greater than the chosen path never wins. */
static bool is_hopeless(const struct choice *g) {
    return g->has_best && g->path.len >= g->best.len &&
           sv_cmp(str_sv(&g->path), str_sv(&g->best)) > 0;
}

/* Steps 5.4.1 to 5.4.6 for one permutation: its path, and whether it is the best by now. */
static bool walk(struct canon *c, struct choice *g, unsigned depth, bool *is_best,
                 struct err *err) {
    size_t again = 0;
    g->path.len = 0;
    *is_best = false;
    c->work += g->count;
    if (c->work > WORK_MAX) {
        return too_hard(err);
    }
    for (size_t i = 0; i < g->count; i++) {
        int blank = g->order[i];
        if (c->canonical.numbers[blank] >= 0) {
            str_addf(&g->path, "_:c14n%d", c->canonical.numbers[blank]);
        } else {
            if (c->temporary.numbers[blank] < 0) {
                g->again[again++] = blank;
            }
            str_addf(&g->path, "_:b%d", canon_issue(&c->temporary, blank));
        }
        if (is_hopeless(g)) {
            return true;
        }
    }
    for (size_t i = 0; i < again; i++) {
        char hex[CANON_HEX_MAX + 1];
        if (!canon_n_degree(c, g->again[i], depth + 1, hex, err)) {
            return false;
        }
        str_addf(&g->path, "_:b%d<%s>", c->temporary.numbers[g->again[i]], hex);
        if (is_hopeless(g)) {
            return true;
        }
    }
    *is_best = !g->has_best || sv_cmp(str_sv(&g->path), str_sv(&g->best)) < 0;
    return true;
}

static void keep_issued(struct canon *c, struct choice *g, size_t base) {
    g->issued_count = c->temporary.count - base;
    if (g->issued_count > g->issued_cap) {
        g->issued_cap = g->issued_count;
        g->issued = ARENA_ARRAY(c->arena, int, g->issued_cap);
    }
    if (g->issued_count > 0) {
        memcpy(g->issued, c->temporary.order + base, g->issued_count * sizeof *g->issued);
    }
    c->work += g->issued_count;
}

/* Step 5.4: the least path over the group's distinct permutations goes to `data`, and what it
 * issued stays issued. */
static bool choose(struct canon *c, const struct related *group, size_t count, unsigned depth,
                   struct str *data, struct err *err) {
    struct choice g = {.count = count,
                       .order = ARENA_ARRAY(c->arena, int, count),
                       .again = ARENA_ARRAY(c->arena, int, count)};
    str_init(&g.best, c->arena, PATH_MAX_BYTES);
    str_init(&g.path, c->arena, PATH_MAX_BYTES);
    size_t base = c->temporary.count;
    for (size_t i = 0; i < count; i++) {
        g.order[i] = group[i].blank;
    }
    do {
        bool is_best = false;
        canon_cut(&c->temporary, base);
        if (!walk(c, &g, depth, &is_best, err)) {
            return false;
        }
        if (is_best) {
            struct str swap = g.best;
            g.best = g.path;
            g.path = swap;
            g.has_best = true;
            keep_issued(c, &g, base);
        }
    } while (next_permutation(g.order, count));
    canon_cut(&c->temporary, base);
    for (size_t i = 0; i < g.issued_count; i++) {
        (void)canon_issue(&c->temporary, g.issued[i]);
    }
    str_add(data, str_sv(&g.best));
    return !g.best.is_overflowed || too_hard(err);
}

bool canon_n_degree(struct canon *c, int blank, unsigned depth, char hex[CANON_HEX_MAX + 1],
                    struct err *err) {
    struct related *list = NULL;
    size_t count = 0;
    c->calls++;
    if (c->calls > c->calls_max || depth > DEPTH_MAX || !collect(c, blank, &list, &count, err)) {
        return too_hard(err);
    }
    struct str data;
    str_init(&data, c->arena, PATH_MAX_BYTES);
    for (size_t from = 0; from < count;) {
        size_t to = from + 1;
        while (to < count && memcmp(list[to].hash, list[from].hash, sizeof list[from].hash) == 0) {
            to++;
        }
        str_add(&data, sv_of(list[from].hash, c->hex_len));
        if (!choose(c, list + from, to - from, depth, &data, err)) {
            return false;
        }
        from = to;
    }
    if (data.is_overflowed) {
        return too_hard(err);
    }
    canon_digest(c, str_sv(&data), hex);
    return true;
}
