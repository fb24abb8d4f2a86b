/* Merging what a source said into what is known, and finding out who changed (DESIGN 5). */
#include "store_reading.h"
#include "store_course.h"
#include "store_job.h"
#include <stdlib.h>
#include <string.h>

/* People a statement: their facts travel as arrays, so this bounds memory, not meaning. */
#define CHUNK_PEOPLE 200
#define GAPS_BYTES_MAX 2000

/* Somebody's facts: what an earlier merge left, and what this one leaves. */
struct known {
    int64_t person_id;
    struct sv mark, digest; /* as stored; the digest is empty where none holds */
    struct sv new_mark, new_digest;
    bool is_listed, is_unread; /* in this reading */
};

struct merge {
    struct db_conn *conn;
    const struct store_reading *reading;
    struct arena *arena;
    int64_t *member_ids; /* ours, by index of the reading's members; 0: not saved */
    int64_t *item_ids;   /* ours, by index of the reading's items */
    struct ref_id *refs; /* the members whose facts were read, by their refs, sorted */
    size_t ref_count;
    int64_t *changed; /* people to judge; may repeat */
    size_t changed_count, changed_cap;
    struct known *known; /* everybody of the course, by person_id */
    size_t known_count;
    bool is_everybody; /* an item changed: all are to be judged */
    bool is_source;    /* read by the course's own source, and not an upload */
    bool has_digests;  /* those stored are of the last merge */
    bool is_back;      /* an item that was gone is there again */
    bool has_unread;   /* of some learner nothing was read */
    bool is_set_aside; /* nothing of it is to be kept */
    struct store_reading_result *result;
    struct err *err;
};

static void note_changed(struct merge *m, const struct db_rows *rows, size_t *counter) {
    for (int i = 0; i < rows->count; i++) {
        if (m->changed_count > 0 && m->changed[m->changed_count - 1] == db_i64(rows, i, 0)) {
            continue; /* the rows of a person come together, mostly */
        }
        if (m->changed_count == m->changed_cap) {
            size_t cap = m->changed_cap == 0 ? 256 : m->changed_cap * 2;
            int64_t *more = ARENA_ARRAY(m->arena, int64_t, cap);
            if (m->changed_count > 0) {
                memcpy(more, m->changed, m->changed_count * sizeof *more);
            }
            m->changed = more;
            m->changed_cap = cap;
        }
        m->changed[m->changed_count++] = db_i64(rows, i, 0);
    }
    if (counter != NULL) {
        *counter += (size_t)rows->count;
    }
}

static void begin_args(const struct merge *m, struct db_args *args) {
    db_args_init(args, m->arena);
    db_add_i64(args, m->reading->institution_id);
    db_add_i64(args, m->reading->course_id);
}

struct ref_id {
    struct sv ref;
    int64_t id;
};

static int by_ref(const void *left, const void *right) {
    return sv_cmp(((const struct ref_id *)left)->ref, ((const struct ref_id *)right)->ref);
}

static int64_t find_ref(const struct ref_id *table, size_t count, struct sv ref) {
    const struct ref_id key = {.ref = ref};
    const struct ref_id *found =
        count == 0 ? NULL : bsearch(&key, table, count, sizeof *table, by_ref);
    return found == NULL ? 0 : found->id;
}

static bool save_people(struct merge *m) {
    const struct store_reading *r = m->reading;
    size_t n = r->member_count;
    struct sv *subs = ARENA_ARRAY(m->arena, struct sv, n);
    struct sv *names = ARENA_ARRAY(m->arena, struct sv, n);
    struct sv *emails = ARENA_ARRAY(m->arena, struct sv, n);
    struct sv *sourcedids = ARENA_ARRAY(m->arena, struct sv, n);
    struct sv *logins = ARENA_ARRAY(m->arena, struct sv, n);
    for (size_t i = 0; i < n; i++) {
        subs[i] = r->members[i].sub;
        names[i] = r->members[i].name;
        emails[i] = r->members[i].email;
        sourcedids[i] = r->members[i].sourcedid;
        logins[i] = r->members[i].login;
    }
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, m->arena);
    db_add_i64(&args, r->institution_id);
    db_add_i64(&args, r->registration_id);
    db_add_texts(&args, subs, n);
    db_add_texts(&args, names, n);
    db_add_texts(&args, emails, n);
    db_add_texts(&args, sourcedids, n);
    db_add_texts(&args, logins, n);
    if (!db_run(m->conn, "reading_people", &args, &rows, m->err)) {
        return false;
    }
    struct ref_id *table = ARENA_ARRAY(m->arena, struct ref_id, (size_t)rows.count);
    for (int i = 0; i < rows.count; i++) {
        table[i] = (struct ref_id){.ref = db_text(&rows, i, 0), .id = db_i64(&rows, i, 1)};
    }
    qsort(table, (size_t)rows.count, sizeof *table, by_ref);
    m->member_ids = ARENA_ARRAY(m->arena, int64_t, n);
    for (size_t i = 0; i < n; i++) {
        m->member_ids[i] = find_ref(table, (size_t)rows.count, subs[i]);
    }
    return true;
}

static bool save_memberships(struct merge *m) {
    const struct store_reading *r = m->reading;
    size_t n = r->member_count;
    bool *learners = ARENA_ARRAY(m->arena, bool, n);
    bool *teachers = ARENA_ARRAY(m->arena, bool, n);
    bool *actives = ARENA_ARRAY(m->arena, bool, n);
    for (size_t i = 0; i < n; i++) {
        learners[i] = r->members[i].is_learner;
        teachers[i] = r->members[i].is_teacher;
        actives[i] = r->members[i].is_active;
    }
    AUTO_ROWS rows = {0};
    struct db_args args;
    begin_args(m, &args);
    db_add_i64s(&args, m->member_ids, n);
    db_add_bools(&args, learners, n);
    db_add_bools(&args, teachers, n);
    db_add_bools(&args, actives, n);
    db_add_bool(&args, r->is_complete && !r->is_few);
    if (!db_run(m->conn, "reading_members", &args, &rows, m->err)) {
        return false;
    }
    note_changed(m, &rows, NULL);
    return true;
}

static struct sv decimal_text(struct arena *a, bool has, struct dec d) {
    char text[DEC_TEXT_MAX];
    return has ? sv_copy(a, sv_from(dec_format(d, text))) : sv_of(NULL, 0);
}

/* The kinds of items that a source could not be asked about. */
static void add_untold(const struct merge *m, struct db_args *args) {
    int64_t kinds[MODEL_ITEM_OUTCOME + 1];
    size_t n = 0;
    for (int64_t kind = 0; kind <= MODEL_ITEM_OUTCOME; kind++) {
        if ((m->reading->untold >> kind & 1) != 0) {
            kinds[n++] = kind;
        }
    }
    db_add_i64s(args, kinds, n);
}

static bool mark_gone(struct merge *m) {
    const struct store_reading *r = m->reading;
    AUTO_ROWS rows = {0};
    struct db_args args;
    begin_args(m, &args);
    db_add_text(&args, r->source);
    db_add_i64s(&args, m->item_ids, r->item_count);
    add_untold(m, &args);
    if (!db_run(m->conn, "reading_items_gone", &args, &rows, m->err)) {
        return false;
    }
    m->result->items_changed += (size_t)rows.count;
    return true;
}

static bool save_items(struct merge *m) {
    const struct store_reading *r = m->reading;
    size_t n = r->item_count;
    int64_t *kinds = ARENA_ARRAY(m->arena, int64_t, n);
    struct sv *sources = ARENA_ARRAY(m->arena, struct sv, n);
    struct sv *refs = ARENA_ARRAY(m->arena, struct sv, n);
    struct sv *titles = ARENA_ARRAY(m->arena, struct sv, n);
    struct sv *maxima = ARENA_ARRAY(m->arena, struct sv, n);
    struct sv *passes = ARENA_ARRAY(m->arena, struct sv, n);
    bool *completions = ARENA_ARRAY(m->arena, bool, n);
    usec_t *due = ARENA_ARRAY(m->arena, usec_t, n);
    for (size_t i = 0; i < n; i++) {
        const struct model_item *item = &r->items[i];
        kinds[i] = item->kind;
        sources[i] = item->source;
        refs[i] = item->ref;
        titles[i] = item->title;
        maxima[i] = decimal_text(m->arena, item->has_maximum, item->maximum);
        passes[i] = decimal_text(m->arena, item->has_pass_mark, item->pass_mark);
        completions[i] = item->has_completion;
        due[i] = item->due_at;
    }
    AUTO_ROWS rows = {0};
    struct db_args args;
    begin_args(m, &args);
    db_add_i64s(&args, kinds, n);
    db_add_texts(&args, sources, n);
    db_add_texts(&args, refs, n);
    db_add_texts(&args, titles, n);
    db_add_texts_or_null(&args, maxima, n);
    db_add_texts_or_null(&args, passes, n);
    db_add_bools(&args, completions, n);
    db_add_times(&args, due, n);
    db_add_bool(&args, r->keeps_items);
    if (!db_run(m->conn, "reading_items", &args, &rows, m->err)) {
        return false;
    }
    m->item_ids = ARENA_ARRAY(m->arena, int64_t, n);
    for (int i = 0; i < rows.count; i++) {
        int64_t at = db_i64(&rows, i, 0) - 1;
        if (at >= 0 && at < (int64_t)n) {
            m->item_ids[at] = db_i64(&rows, i, 1);
        }
        m->result->items_changed += db_bool(&rows, i, 2) ? 1 : 0;
        m->is_back = m->is_back || db_bool(&rows, i, 3);
    }
    if (r->is_complete && !r->keeps_items && !r->is_few && !mark_gone(m)) {
        return false;
    }
    m->is_everybody = m->result->items_changed > 0;
    return true;
}

static struct known *find_known(const struct merge *m, int64_t person_id) {
    size_t low = 0;
    size_t high = m->known_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (m->known[mid].person_id < person_id) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < m->known_count && m->known[low].person_id == person_id ? &m->known[low] : NULL;
}

/* What earlier merges left, after the memberships are there. */
static bool load_known(struct merge *m) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    begin_args(m, &args);
    if ((!m->has_digests && !db_run(m->conn, "reading_distrust", &args, NULL, m->err)) ||
        !db_run(m->conn, "reading_known", &args, &rows, m->err)) {
        return false;
    }
    m->known_count = (size_t)rows.count;
    m->known = ARENA_ARRAY(m->arena, struct known, m->known_count);
    for (int i = 0; i < rows.count; i++) {
        struct known *k = &m->known[i];
        k->person_id = db_i64(&rows, i, 0);
        k->mark = k->new_mark = sv_copy(m->arena, db_text(&rows, i, 1));
        k->digest = k->new_digest = db_bytes(&rows, i, 2, m->arena);
    }
    const struct store_reading *r = m->reading;
    for (size_t i = 0; i < r->member_count; i++) {
        const struct model_member *member = &r->members[i];
        struct known *k = find_known(m, m->member_ids[i]);
        if (k == NULL) {
            continue;
        }
        k->is_listed = true;
        /* Listed twice, and read once: what was not read may hold the rest. */
        k->is_unread = k->is_unread || member->is_unread;
        m->has_unread = m->has_unread || (member->is_unread && member->is_learner);
        bool has_word = member->mark.len > 0 || (!member->is_unread && !r->is_partial);
        if (m->is_source && has_word) { /* marks are the source's, and an upload has none */
            k->new_mark = member->mark;
        }
    }
    return true;
}

static bool save_chunk(struct merge *m, const int64_t *people, size_t people_count,
                       const struct store_placed *facts, size_t n) {
    AUTO_ARENA a = {0};
    int64_t *person_ids = ARENA_ARRAY(&a, int64_t, n);
    int64_t *item_ids = ARENA_ARRAY(&a, int64_t, n);
    int64_t *completions = ARENA_ARRAY(&a, int64_t, n);
    struct sv *scores = ARENA_ARRAY(&a, struct sv, n);
    struct sv *maxima = ARENA_ARRAY(&a, struct sv, n);
    struct sv *letters = ARENA_ARRAY(&a, struct sv, n);
    bool *posted = ARENA_ARRAY(&a, bool, n);
    bool *excused = ARENA_ARRAY(&a, bool, n);
    usec_t *submitted = ARENA_ARRAY(&a, usec_t, n);
    usec_t *graded = ARENA_ARRAY(&a, usec_t, n);
    usec_t *completed = ARENA_ARRAY(&a, usec_t, n);
    bool *kept = ARENA_ARRAY(&a, bool, n);
    for (size_t i = 0; i < n; i++) {
        const struct model_fact *f = facts[i].fact;
        person_ids[i] = facts[i].person_id;
        item_ids[i] = facts[i].item_id;
        completions[i] = f->completion;
        scores[i] = decimal_text(&a, f->has_score, f->score);
        maxima[i] = decimal_text(&a, f->has_maximum, f->maximum);
        letters[i] = f->letter;
        posted[i] = f->is_posted;
        excused[i] = f->is_excused;
        submitted[i] = f->submitted_at;
        graded[i] = f->graded_at;
        completed[i] = f->completed_at;
        kept[i] = f->is_kept;
    }
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, m->reading->institution_id);
    db_add_i64(&args, m->reading->course_id);
    db_add_text(&args, m->reading->source);
    db_add_i64s(&args, people, people_count);
    db_add_bool(&args, m->reading->is_complete && !m->reading->is_partial);
    db_add_i64s(&args, person_ids, n);
    db_add_i64s(&args, item_ids, n);
    db_add_texts_or_null(&args, scores, n);
    db_add_texts_or_null(&args, maxima, n);
    db_add_texts(&args, letters, n);
    db_add_bools(&args, posted, n);
    db_add_bools(&args, excused, n);
    db_add_i64s(&args, completions, n);
    db_add_times(&args, submitted, n);
    db_add_times(&args, graded, n);
    db_add_times(&args, completed, n);
    db_add_bools(&args, kept, n);
    add_untold(m, &args);
    if (!db_run(m->conn, "reading_facts", &args, &rows, m->err)) {
        return false;
    }
    note_changed(m, &rows, &m->result->facts_changed);
    bool is_part = m->reading->is_partial || m->reading->feed != NULL;
    for (int i = 0; is_part && i < rows.count; i++) {
        struct known *k = find_known(m, db_i64(&rows, i, 0));
        if (k != NULL) {
            k->new_digest = sv_of("", 0); /* of facts that were there before too: not known here */
        }
    }
    return true;
}

static int by_id(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static size_t sort_unique(int64_t *ids, size_t count) {
    if (count > 0) {
        qsort(ids, count, sizeof *ids, by_id);
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (ids[i] != 0 && (kept == 0 || ids[kept - 1] != ids[i])) {
            ids[kept++] = ids[i];
        }
    }
    return kept;
}

/* By person and item; of two facts of one item the first that says something counts. */
static int by_place(const void *left, const void *right) {
    const struct store_placed *a = left;
    const struct store_placed *b = right;
    if (a->person_id != b->person_id) {
        return a->person_id < b->person_id ? -1 : 1;
    }
    if (a->item_id != b->item_id) {
        return a->item_id < b->item_id ? -1 : 1;
    }
    if (a->fact->is_kept != b->fact->is_kept) {
        return a->fact->is_kept ? 1 : -1;
    }
    return (a->fact > b->fact) - (a->fact < b->fact);
}

static void sort_refs(struct merge *m) {
    const struct store_reading *r = m->reading;
    m->refs = ARENA_ARRAY(m->arena, struct ref_id, r->member_count);
    for (size_t i = 0; i < r->member_count; i++) {
        const struct known *k = find_known(m, m->member_ids[i]);
        if (k != NULL && !k->is_unread) {
            m->refs[m->ref_count++] =
                (struct ref_id){.ref = r->members[i].person_ref, .id = m->member_ids[i]};
        }
    }
    if (m->ref_count > 0) {
        qsort(m->refs, m->ref_count, sizeof *m->refs, by_ref);
    }
}

/* Facts of people whose facts were read, each place once, in order. Facts of anybody else are
 * nobody's. */
static size_t place_facts(const struct merge *m, const struct model_fact *facts, size_t count,
                          struct store_placed *out) {
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        const struct model_fact *f = &facts[i];
        int64_t person_id = find_ref(m->refs, m->ref_count, f->person_ref);
        int64_t item_id = f->item_index < m->reading->item_count ? m->item_ids[f->item_index] : 0;
        if (person_id != 0 && item_id != 0) {
            out[n++] = (struct store_placed){.person_id = person_id, .item_id = item_id, .fact = f};
        }
    }
    if (n > 0) {
        qsort(out, n, sizeof *out, by_place);
    }
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || out[kept - 1].person_id != out[i].person_id ||
            out[kept - 1].item_id != out[i].item_id) {
            out[kept++] = out[i];
        }
    }
    return kept;
}

/* Does the database have to hear of these facts? Not when it has merged the very same before. */
static bool is_news(struct merge *m, struct known *k, const struct store_placed *facts,
                    size_t count) {
    const struct store_reading *r = m->reading;
    if (!k->is_listed || k->is_unread) {
        return false;
    }
    if (r->is_partial) {
        return count > 0;
    }
    AUTO_ARENA scratch = {0};
    char *digest = ARENA_ARRAY(m->arena, char, STORE_DIGEST_BYTES);
    store_reading_digest(r, facts, count, &scratch, (unsigned char *)digest);
    k->new_digest = sv_of(digest, STORE_DIGEST_BYTES);
    return !sv_eq(k->new_digest, k->digest);
}

bool store_reading_add(struct store_reading_parts *into, const struct model_fact *facts,
                       size_t count) {
    struct merge *m = (struct merge *)into;
    AUTO_ARENA a = {0};
    struct store_placed *placed = ARENA_ARRAY(&a, struct store_placed, count);
    size_t n = place_facts(m, facts, count, placed);
    return save_chunk(m, NULL, 0, placed, n);
}

/* The facts of those who have any news, some people a statement. */
static bool save_facts(struct merge *m) {
    const struct store_reading *r = m->reading;
    sort_refs(m);
    if (r->feed != NULL) {
        return r->feed(r->feed_ctx, (struct store_reading_parts *)m, m->err);
    }
    struct store_placed *facts = ARENA_ARRAY(m->arena, struct store_placed, r->fact_count);
    size_t n = place_facts(m, r->facts, r->fact_count, facts);
    int64_t people[CHUNK_PEOPLE];
    size_t people_count = 0;
    size_t kept = 0; /* facts of these people, moved together to `start` */
    size_t start = 0;
    size_t at = 0;
    for (size_t i = 0; i < m->known_count; i++) {
        struct known *k = &m->known[i];
        size_t first = at;
        while (at < n && facts[at].person_id == k->person_id) {
            at++;
        }
        if (is_news(m, k, facts + first, at - first)) {
            memmove(facts + start + kept, facts + first, (at - first) * sizeof *facts);
            kept += at - first;
            people[people_count++] = k->person_id;
        }
        bool is_full = people_count == CHUNK_PEOPLE || i + 1 == m->known_count;
        if (is_full && people_count > 0) {
            if (!save_chunk(m, people, people_count, facts + start, kept)) {
                return false;
            }
            start = at;
            kept = people_count = 0;
        }
    }
    return true;
}

static bool is_whole(const struct merge *m) {
    return m->reading->is_complete && !m->reading->is_partial && !m->has_unread;
}

/* Marks and digests that differ now. When somebody was read is written where others were not: a
 * reading of everybody says it once, for the course. */
static bool save_known(struct merge *m) {
    size_t n = 0;
    int64_t *people = ARENA_ARRAY(m->arena, int64_t, m->known_count);
    struct sv *marks = ARENA_ARRAY(m->arena, struct sv, m->known_count);
    struct sv *digests = ARENA_ARRAY(m->arena, struct sv, m->known_count);
    usec_t *read = ARENA_ARRAY(m->arena, usec_t, m->known_count);
    for (size_t i = 0; i < m->known_count; i++) {
        const struct known *k = &m->known[i];
        bool is_read = m->is_source && (m->has_unread || m->reading->is_few) &&
                       !m->reading->is_partial && k->is_listed && !k->is_unread;
        if (!is_read && sv_eq(k->mark, k->new_mark) && sv_eq(k->digest, k->new_digest)) {
            continue;
        }
        people[n] = k->person_id;
        marks[n] = k->new_mark;
        digests[n] = k->new_digest;
        read[n++] = is_read ? m->reading->read_at : 0;
    }
    AUTO_ROWS rows = {0};
    struct db_args args;
    begin_args(m, &args);
    db_add_i64s(&args, people, n);
    db_add_texts(&args, marks, n);
    db_add_bytes_array(&args, digests, n);
    db_add_times(&args, read, n);
    return n == 0 || db_run(m->conn, "reading_marks", &args, &rows, m->err);
}

bool store_judge_job_in(struct db_conn *conn, int64_t institution_id, int64_t course_id,
                        const int64_t *people, size_t count, struct arena *a, struct err *err) {
    struct str payload;
    str_init(&payload, a, (size_t)64 << 20);
    str_addf(&payload, "{\"course\":%lld", (long long)course_id);
    for (size_t i = 0; people != NULL && i < count; i++) {
        str_addf(&payload, "%s%lld%s", i == 0 ? ",\"people\":[" : ",", (long long)people[i],
                 i + 1 == count ? "]" : "");
    }
    str_add_char(&payload, '}');
    char id[37];
    uuid7(clock_now(&clock_system), id);
    const struct store_job_new job = {.institution_id = institution_id,
                                      .kind = SV("judge"),
                                      .dedupe = sv_printf(a, "judge:%s", id),
                                      .payload = str_sv(&payload),
                                      .priority = 20};
    return str_ok(&payload, "the judge's job", err) && store_job_add_in(conn, &job, a, err);
}

/* The judge's job, in the same commit: a crash between reading and judging loses nobody. */
static bool add_judge_job(struct merge *m) {
    size_t n = m->changed == NULL ? 0 : sort_unique(m->changed, m->changed_count);
    m->result->people_changed = m->is_everybody ? m->reading->member_count : n;
    return (!m->is_everybody && n == 0) ||
           store_judge_job_in(m->conn, m->reading->institution_id, m->reading->course_id,
                              m->is_everybody ? NULL : m->changed, n, m->arena, m->err);
}

/* By another scale other people are good enough. */
static bool save_letters(struct merge *m) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    begin_args(m, &args);
    db_add_text(&args, m->reading->letters);
    if (m->reading->has_letters && m->is_source &&
        !db_run(m->conn, "reading_letters", &args, &rows, m->err)) {
        return false;
    }
    m->is_everybody = m->is_everybody || rows.count > 0;
    return true;
}

static bool end(struct merge *m) {
    const struct store_reading *r = m->reading;
    struct db_args args;
    begin_args(m, &args);
    db_add_time(&args, r->read_at);
    db_add_bool(&args, m->is_source);
    db_add_bool(&args, is_whole(m));
    db_add_bool(&args, m->is_back);
    db_add_bool(&args, m->is_everybody || m->changed_count > 0);
    db_add_bool(&args, r->is_complete);
    db_add_text(&args, r->course_ref);
    db_add_bool(&args, r->is_over);
    db_add_time(&args, r->ends_at);
    db_add_i64(&args, r->requests);
    db_add_i64(&args, r->unmatched_count);
    db_add_text(&args, sv_clip_utf8(r->gaps, GAPS_BYTES_MAX));
    return db_run(m->conn, "reading_end", &args, NULL, m->err);
}

/* A few say nothing of the course but that something happens in it. */
static bool end_few(struct merge *m) {
    struct db_args args;
    begin_args(m, &args);
    return m->changed_count == 0 || db_run(m->conn, "reading_news", &args, NULL, m->err);
}

static bool merge(struct merge *m) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    begin_args(m, &args);
    db_add_time(&args, m->reading->read_at);
    db_add_text(&args, m->reading->source);
    if (!db_run(m->conn, "reading_begin", &args, &rows, m->err)) {
        return false;
    }
    if (rows.count == 0 || !db_bool(&rows, 0, 0)) {
        return true; /* a later reading was saved already */
    }
    m->is_source = db_bool(&rows, 0, 1);
    m->has_digests = db_bool(&rows, 0, 2);
    if (!save_people(m) || !save_memberships(m) || !save_items(m)) {
        return false;
    }
    m->is_set_aside = m->reading->is_few && m->result->items_changed > 0;
    return m->is_set_aside || (load_known(m) && save_facts(m) && save_known(m) && save_letters(m) &&
                               (m->reading->is_few ? end_few(m) : end(m)) && add_judge_job(m));
}

bool store_reading_save(struct store *store, const struct store_reading *reading,
                        struct store_reading_result *out, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    *out = (struct store_reading_result){0};
    if (!db_take(store->pool, STORE_WAIT_MS, &conn, err) ||
        !db_begin(conn, reading->institution_id, err)) {
        return false;
    }
    struct merge m = {.conn = conn, .reading = reading, .arena = &a, .result = out, .err = err};
    if (!merge(&m)) {
        return false;
    }
    if (m.is_set_aside) { /* the transaction is not committed */
        *out = (struct store_reading_result){0};
        return true;
    }
    return db_commit(conn, err);
}
