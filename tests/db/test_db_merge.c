/* What a reading leaves behind for the next one, and that no digest is ever stale. */
#include "store_badge.h"
#include "store_course.h"
#include "store_source.h"
#include "support_db.h"

#define PEOPLE 6
#define ITEMS 5
#define NONE (-1)
#define HELD_BACK (-2) /* the reading lists it as kept */
#define EMPTY (-3)     /* listed, without a score */

struct place {
    struct store *store;
    struct arena arena;
    struct store_course course;
    usec_t now;
};

static void reload(struct place *p) {
    struct err err = {0};
    assert_true(store_course_get(p->store, p->course.institution_id, p->course.id, &p->arena,
                                 &p->course, &err));
}

static void set_source(struct place *p, const char *kind) {
    struct err err = {0};
    const struct store_source source = {.institution_id = p->course.institution_id,
                                        .deployment_id = p->course.deployment_id,
                                        .kind = sv_from(kind),
                                        .base_url = SV("https://lms.example")};
    assert_true(store_source_set(p->store, &source, &err));
    usec_t now = clock_now(&clock_system);
    p->now = now > p->now ? now : p->now; /* readings are a second apart */
}

static void place_open(struct place *p) {
    struct err err = {0};
    *p = (struct place){.store = support_store(2)};
    struct model_registration registration = support_platform(p->store, &p->arena, "north");
    const struct model_course_ref ref = {.issuer = registration.issuer,
                                         .client_id = registration.client_id,
                                         .deployment_id = SV("1"),
                                         .context_id = SV("55")};
    assert_true(
        store_course_take(p->store, &ref, true, &p->course.institution_id, &p->course.id, &err));
    reload(p);
    set_source(p, "moodle");
}

static void place_close(struct place *p) {
    store_destroy(p->store);
    arena_release(&p->arena);
}

/* What a source says: whose grades in what. */
struct says {
    const char *source;
    bool is_complete, is_partial, keeps_items, is_few, has_completion, has_letters;
    int maximum; /* of all items; 0: not said */
    bool is_there[PEOPLE], is_unread[PEOPLE], is_idle[PEOPLE];
    const char *mark[PEOPLE];
    bool has_item[ITEMS];
    enum model_item_kind kind[ITEMS];
    unsigned untold;
    const char *title[ITEMS];
    usec_t due_at;
    int score[PEOPLE][ITEMS];
    struct sv course_ref, letters;
    bool is_over;
    usec_t ends_at;
    int64_t requests, unmatched;
    const char *gaps;
};

static struct says says_all(int score) {
    struct says s = {.source = "moodle", .is_complete = true};
    for (int p = 0; p < PEOPLE; p++) {
        s.is_there[p] = true;
        for (int i = 0; i < ITEMS; i++) {
            s.score[p][i] = score;
        }
    }
    for (int i = 0; i < ITEMS; i++) {
        s.has_item[i] = true;
    }
    return s;
}

static bool try_save(struct place *p, const struct says *s, struct store_reading_result *result,
                     struct err *err) {
    AUTO_ARENA a = {0};
    struct model_item items[ITEMS];
    struct model_member members[PEOPLE];
    struct model_fact facts[PEOPLE * ITEMS];
    uint32_t index_of[ITEMS] = {0};
    struct store_reading r = {.institution_id = p->course.institution_id,
                              .course_id = p->course.id,
                              .registration_id = p->course.registration_id,
                              .items = items,
                              .facts = facts,
                              .members = members,
                              .source = sv_from(s->source),
                              .is_complete = s->is_complete,
                              .is_partial = s->is_partial,
                              .keeps_items = s->keeps_items,
                              .untold = s->untold,
                              .is_few = s->is_few,
                              .has_letters = s->has_letters,
                              .letters = s->letters,
                              .course_ref = s->course_ref,
                              .is_over = s->is_over,
                              .ends_at = s->ends_at,
                              .requests = s->requests,
                              .unmatched_count = s->unmatched,
                              .gaps = sv_from(s->gaps),
                              .read_at = p->now += USEC_PER_S};
    for (int i = 0; i < ITEMS; i++) {
        if (s->has_item[i]) {
            index_of[i] = (uint32_t)r.item_count;
            items[r.item_count++] = (struct model_item){
                .kind = s->kind[i],
                .source = r.source,
                .ref = sv_printf(&a, "%d", i),
                .title = s->title[i] == NULL ? SV("Task") : sv_from(s->title[i]),
                .has_maximum = s->maximum > 0,
                .maximum = dec_from_i64(s->maximum),
                .has_completion = s->has_completion,
                .due_at = s->due_at};
        }
    }
    for (int n = 0; n < PEOPLE; n++) {
        if (!s->is_there[n]) {
            continue;
        }
        struct sv sub = sv_printf(&a, "%d", n);
        members[r.member_count++] = (struct model_member){.person_ref = sub,
                                                          .sub = sub,
                                                          .mark = sv_from(s->mark[n]),
                                                          .is_learner = !s->is_idle[n],
                                                          .is_active = !s->is_idle[n],
                                                          .is_unread = s->is_unread[n]};
        for (int i = 0; i < ITEMS; i++) {
            if (s->has_item[i] && s->score[n][i] != NONE) {
                facts[r.fact_count++] = (struct model_fact){.person_ref = sub,
                                                            .item_index = index_of[i],
                                                            .has_score = s->score[n][i] >= 0,
                                                            .score = dec_from_i64(s->score[n][i]),
                                                            .is_posted = true,
                                                            .is_kept = s->score[n][i] == HELD_BACK};
            }
        }
    }
    return store_reading_save(p->store, &r, result, err);
}

static struct store_reading_result save(struct place *p, const struct says *s) {
    struct err err = {0};
    struct store_reading_result result = {0};
    if (!try_save(p, s, &result, &err)) {
        fail_msg("%s", err.text);
    }
    return result;
}

static long long score_of(int person, int item) {
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "SELECT coalesce((SELECT f.score FROM fact f JOIN item i ON i.id = f.item_id "
                   "JOIN person p ON p.id = f.person_id WHERE p.sub = '%d' AND i.ref = '%d' "
                   "AND i.source = 'moodle'), -1)::int",
                   person, item);
    return support_sql(sql);
}

static long long fact_count(void) { return support_sql("SELECT count(*) FROM fact"); }

/* Rows that were written or locked since this number was taken. */
static long long mark_time(void) { return support_sql("SELECT txid_current()"); }
static long long touched_since(long long mark) {
    char sql[512];
    long long n = 0;
    static const char *const tables[] = {"fact", "person", "membership", "item"};
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        (void)snprintf(sql, sizeof sql,
                       "SELECT count(*) FROM %s WHERE xmin::text::bigint > %lld OR "
                       "xmax::text::bigint > %lld",
                       tables[i], mark, mark);
        n += support_sql(sql);
    }
    return n;
}

static void reading_of_changes__deletes_nothing(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    struct says s = says_all(50);
    (void)save(&p, &s);
    s.is_partial = true;
    for (int n = 0; n < PEOPLE; n++) {
        for (int i = 0; i < ITEMS; i++) {
            s.score[n][i] = n == 1 && i == 2 ? 70 : NONE;
        }
    }
    struct store_reading_result r = save(&p, &s);
    assert_int_equal(r.facts_changed, 1);
    assert_int_equal(r.people_changed, 1);
    assert_int_equal(fact_count(), PEOPLE * ITEMS);
    assert_int_equal(score_of(1, 2), 70);
    assert_int_equal(score_of(1, 1), 50);
    /* the next whole one finds what the changes left out, and what has gone */
    s = says_all(50);
    s.score[1][2] = 70;
    s.score[3][3] = NONE;
    r = save(&p, &s);
    assert_int_equal(r.facts_changed, 1);
    assert_int_equal(fact_count(), PEOPLE * ITEMS - 1);
    /* and a partial one that is not complete lets nobody go */
    s = says_all(50);
    s.is_partial = true;
    s.is_complete = false;
    s.is_there[0] = s.has_item[4] = false;
    (void)save(&p, &s);
    assert_int_equal(support_sql("SELECT count(*) FROM membership WHERE is_active"), PEOPLE);
    assert_int_equal(support_sql("SELECT count(*) FROM item WHERE gone_at IS NULL"), ITEMS);
    place_close(&p);
}

static const struct model_known *known_of(struct place *p, const char *ref, size_t *count) {
    struct err err = {0};
    struct model_known *known = NULL;
    assert_true(store_known_list(p->store, p->course.institution_id, p->course.id, &p->arena,
                                 &known, count, &err));
    for (size_t i = 0; i < *count; i++) {
        assert_true(i == 0 || sv_cmp(known[i - 1].person_ref, known[i].person_ref) < 0);
        if (sv_eq(known[i].person_ref, sv_from(ref))) {
            return &known[i];
        }
    }
    return NULL;
}

/* Nothing was asked of three: their facts stay, and so does their mark until there is another. */
static void members_that_were_not_read__keep_their_facts(void **state) {
    (void)state;
    struct place p;
    size_t count = 0;
    place_open(&p);
    struct says s = says_all(50);
    for (int n = 0; n < PEOPLE; n++) {
        s.mark[n] = "first";
    }
    (void)save(&p, &s);
    usec_t whole_at = p.now;
    assert_true(sv_eq(known_of(&p, "1", &count)->mark, SV("first")));
    assert_int_equal(count, PEOPLE);
    for (int n = 0; n < 3; n++) {
        s.is_unread[n] = true;
        for (int i = 0; i < ITEMS; i++) {
            s.score[n][i] = NONE;
        }
    }
    s.mark[0] = "";
    s.mark[1] = "second";
    s.mark[3] = "";
    s.mark[4] = "fourth";
    s.score[4][4] = 51;
    struct store_reading_result r = save(&p, &s);
    assert_int_equal(r.facts_changed, 1);
    assert_int_equal(fact_count(), PEOPLE * ITEMS);
    assert_true(sv_eq(known_of(&p, "0", &count)->mark, SV("first")));
    assert_true(sv_eq(known_of(&p, "1", &count)->mark, SV("second")));
    assert_null(known_of(&p, "3", &count)); /* without a mark there is nothing to tell the source */
    assert_true(known_of(&p, "1", &count)->read_at == whole_at);
    assert_true(known_of(&p, "4", &count)->read_at == p.now);
    reload(&p);
    assert_true(p.course.whole_at == whole_at && p.course.source_read_at == p.now);
    /* somebody who leaves and comes back is read anew */
    s.is_there[1] = false;
    (void)save(&p, &s);
    assert_null(known_of(&p, "1", &count));
    place_close(&p);
}

static void reading_that_says_nothing_new__touches_no_row(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    struct says s = says_all(50);
    s.mark[0] = "m";
    (void)save(&p, &s);
    long long mark = mark_time();
    struct store_reading_result r = save(&p, &s);
    assert_int_equal(r.facts_changed + r.people_changed + r.items_changed, 0);
    assert_int_equal(touched_since(mark), 0);
    s.score[2][2] = 60; /* one grade: that fact, and the digest of its owner */
    r = save(&p, &s);
    assert_int_equal(r.facts_changed, 1);
    assert_int_equal(touched_since(mark), 2);
    s.is_partial = true;
    mark = mark_time();
    r = save(&p, &s); /* listed once more as a change, and none */
    assert_int_equal(r.facts_changed, 0);
    assert_int_equal(touched_since(mark), 0);
    place_close(&p);
}

/* "Nothing is known here" and "there is no score" look much alike, and mean the opposite. */
static void digest__tells_kept_from_empty(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    struct says s = says_all(50);
    (void)save(&p, &s);
    s.score[0][0] = HELD_BACK;
    (void)save(&p, &s);
    assert_int_equal(score_of(0, 0), 50);
    s.score[0][0] = EMPTY;
    assert_int_equal(save(&p, &s).facts_changed, 1);
    assert_int_equal(score_of(0, 0), -1);
    place_close(&p);
}

/* Only the course's own source says what the course is, and how far it was read. */
static void course__is_what_its_source_says_and_no_upload(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    struct says s = says_all(50);
    s.course_ref = SV("4711");
    s.mark[2] = "third";
    s.is_over = true;
    s.ends_at = 86400 * USEC_PER_S;
    s.due_at = 7 * USEC_PER_S;
    s.requests = 2000;
    s.unmatched = 3;
    (void)save(&p, &s);
    usec_t read_at = p.now;
    struct says upload = says_all(60);
    upload.source = "csv";
    upload.is_complete = false;
    (void)save(&p, &upload);
    size_t known = 0;
    assert_true(sv_eq(known_of(&p, "2", &known)->mark, SV("third")));
    assert_true(known_of(&p, "2", &known)->read_at == read_at);
    reload(&p);
    assert_true(p.course.synced_at == p.now);
    assert_true(p.course.source_read_at == read_at && p.course.whole_at == read_at);
    assert_int_equal(p.course.whole_requests, 2000);
    assert_int_equal(
        support_sql("SELECT count(*) FROM context WHERE source_ref = '4711' AND is_over AND "
                    "usec(ends_at) = 86400000000 AND unmatched = 3 AND changed_at IS NOT NULL"),
        1);
    struct err err = {0};
    struct model_item *items = NULL;
    size_t count = 0;
    assert_true(store_item_list(p.store, p.course.institution_id, p.course.id, &p.arena, &items,
                                &count, &err));
    assert_true(items[0].due_at == 7 * USEC_PER_S);
    /* a reading that began before the upload is still news */
    s.score[0][0] = 51;
    p.now = read_at + 1;
    assert_int_equal(save(&p, &s).facts_changed, 1);
    /* another source, or another site: all that was read is of the former one */
    set_source(&p, "moodle");
    reload(&p);
    assert_true(p.course.whole_at == 0);
    /* a reading that began before it was set says nothing of it */
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "UPDATE grade_source SET updated_at = to_timestamp(%lld / 1000000.0 + 60)",
                   (long long)p.now);
    (void)support_sql(sql);
    (void)save(&p, &s);
    reload(&p);
    assert_true(p.course.synced_at == p.now && p.course.whole_at == 0);
    place_close(&p);
}

/* "Check now" asks for everything, an event for a reading. */
static void check_now__is_told_apart_from_events(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    place_open(&p);
    assert_true(store_sync_request(p.store, p.course.institution_id, p.course.id, &err));
    reload(&p);
    assert_true(p.course.whole_requested_at == 0 && p.course.sync_requested_at > 0);
    assert_true(store_sync_request_whole(p.store, p.course.institution_id, p.course.id, &err));
    reload(&p);
    assert_true(p.course.whole_requested_at > 0);
    assert_true(p.course.whole_requested_at == p.course.sync_requested_at);
    assert_int_equal(support_sql("SELECT count(*) FROM job WHERE kind = 'sync'"), 1);
    place_close(&p);
}

/* Renamed, moved, re-weighted: the same item with the same grades. Copied: another one. Gone and
 * back: the same again, and everything is read once more, since changes alone may not say what was
 * graded before. */
static void item__keeps_its_identity(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    struct says s = says_all(50);
    s.has_item[4] = false;
    (void)save(&p, &s);
    long long id = support_sql("SELECT id FROM item WHERE ref = '1'");
    s.title[1] = "Task 1, second edition";
    s.title[4] = "Task"; /* a copy of another */
    s.has_item[4] = true;
    s.due_at = 86400 * USEC_PER_S;
    for (int n = 0; n < PEOPLE; n++) {
        s.score[n][4] = NONE;
    }
    struct store_reading_result r = save(&p, &s);
    assert_int_equal(r.items_changed, ITEMS);
    assert_int_equal(r.facts_changed, 0);
    assert_int_equal(r.people_changed, PEOPLE);
    assert_true(support_sql("SELECT id FROM item WHERE ref = '1'") == id);
    assert_int_equal(support_sql("SELECT count(*) FROM item"), ITEMS);
    /* not listed in a reading of changes: gone, and its facts wait */
    s.is_partial = true;
    s.has_item[1] = false;
    (void)save(&p, &s);
    assert_int_equal(support_sql("SELECT count(*) FROM item WHERE gone_at IS NOT NULL"), 1);
    assert_int_equal(score_of(3, 1), 50);
    reload(&p);
    assert_true(p.course.whole_at > 0);
    s.has_item[1] = true;
    (void)save(&p, &s);
    assert_int_equal(support_sql("SELECT count(*) FROM item WHERE gone_at IS NOT NULL"), 0);
    assert_true(support_sql("SELECT id FROM item WHERE ref = '1'") == id);
    reload(&p);
    assert_true(p.course.whole_at == 0);
    place_close(&p);
}

static bool has_gaps(const char *text) {
    char sql[128];
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM context WHERE source_gaps = '%s'", text);
    return support_sql(sql) == 1;
}

/* A whole reading says all; one of changes may only add to it, and a file knows nothing of it. */
static void reading__tells_what_it_could_not_read(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    struct says s = says_all(50);
    s.gaps = "No totals.";
    (void)save(&p, &s);
    assert_true(has_gaps("No totals."));
    s.gaps = NULL;
    s.is_unread[2] = true;
    (void)save(&p, &s);
    assert_true(has_gaps("No totals."));
    s.gaps = "No grades.";
    (void)save(&p, &s);
    assert_true(has_gaps("No grades."));
    s = says_all(50);
    s.source = "csv";
    (void)save(&p, &s);
    assert_true(has_gaps("No grades."));
    s.source = "moodle";
    (void)save(&p, &s);
    assert_true(has_gaps(""));
    place_close(&p);
}

/* Only some were read, and their grades show neither every item nor all of it. */
static void reading_of_some__leaves_items_as_they_are(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    struct says s = says_all(50);
    s.maximum = 80;
    s.has_completion = true;
    (void)save(&p, &s);
    s.has_completion = false;
    s.keeps_items = true;
    s.maximum = 0;
    s.has_item[1] = false;
    for (int n = 1; n < PEOPLE; n++) {
        s.is_unread[n] = true;
    }
    struct store_reading_result r = save(&p, &s);
    assert_int_equal(r.items_changed, 0);
    assert_int_equal(support_sql("SELECT count(*) FROM item WHERE gone_at IS NOT NULL"), 0);
    assert_int_equal(support_sql("SELECT min(maximum)::int FROM item"), 80);
    assert_int_equal(support_sql("SELECT count(*) FROM fact f JOIN item i ON i.id = f.item_id "
                                 "WHERE i.ref = '1'"),
                     PEOPLE - 1); /* who was read has none there any more */
    s.maximum = 90;
    (void)save(&p, &s);
    assert_int_equal(support_sql("SELECT count(*) FROM item WHERE maximum = 90"), ITEMS - 1);
    s.keeps_items = false;
    s.maximum = 0;
    (void)save(&p, &s);
    assert_int_equal(support_sql("SELECT count(*) FROM item WHERE gone_at IS NOT NULL"), 1);
    assert_int_equal(support_sql("SELECT count(maximum) FROM item WHERE gone_at IS NULL"), 0);
    assert_int_equal(support_sql("SELECT count(*) FROM item WHERE has_completion"), 1);
    place_close(&p);
}

/* The right to see modules was taken away: of them nothing is known, and nothing is gone. */
static void reading_without_a_right__leaves_what_it_was_not_told(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    struct says s = says_all(50);
    s.kind[1] = s.kind[2] = MODEL_ITEM_MODULE;
    (void)save(&p, &s);
    s.has_item[1] = s.has_item[3] = false;
    for (int n = 0; n < PEOPLE; n++) {
        s.score[n][2] = NONE; /* the list was seen, and not who has done what */
    }
    s.untold = 1u << MODEL_ITEM_MODULE;
    struct store_reading_result r = save(&p, &s);
    assert_int_equal(r.items_changed, 1); /* an activity went all the same */
    assert_int_equal(support_sql("SELECT count(*) FROM item WHERE gone_at IS NOT NULL"), 1);
    assert_int_equal(score_of(0, 1) + score_of(5, 2), 100);
    assert_int_equal(score_of(0, 3), -1);
    s.untold = 0; /* now it is said that there are none */
    r = save(&p, &s);
    assert_int_equal(r.people_changed, PEOPLE);
    assert_int_equal(support_sql("SELECT count(*) FROM item WHERE gone_at IS NOT NULL"), 2);
    assert_int_equal(score_of(0, 1) + score_of(5, 2), -2);
    place_close(&p);
}

/* An enrolment that is inactive: nothing is read of them, and of everybody else all. */
static void reading_of_everybody__leaves_who_takes_no_part(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    struct says s = says_all(50);
    (void)save(&p, &s);
    s = says_all(NONE);
    s.is_unread[5] = s.is_idle[5] = true;
    (void)save(&p, &s);
    assert_int_equal(fact_count(), ITEMS);
    assert_int_equal(score_of(5, 0), 50);
    assert_int_equal(support_sql("SELECT count(*) FROM context WHERE whole_at = source_read_at"),
                     1);
    assert_int_equal(support_sql("SELECT count(*) FROM membership WHERE is_listed_learner"),
                     PEOPLE - 1);
    place_close(&p);
}

/* One learner, all there is of them. */
static struct says says_one(int person, int score) {
    struct says s = says_all(score);
    for (int n = 0; n < PEOPLE; n++) {
        s.is_there[n] = n == person;
    }
    s.is_few = true;
    s.mark[person] = "few";
    return s;
}

static long long judge_jobs(const char *people) {
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "SELECT count(*) FROM job WHERE kind = 'judge' AND payload->'people' = (SELECT "
                   "jsonb_agg(id) FROM person WHERE sub IN (%s))",
                   people);
    return support_sql(sql);
}

/* Who has what is as before; who is good enough is not. */
static void reading__judges_everybody_by_another_scale(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    struct says s = says_all(50);
    (void)save(&p, &s);
    static const struct {
        bool is_told;
        const char *letters;
        int judged;
    } rows[] = {{false, "Meets\nBelow", 0}, {true, "", 0},           {true, "Meets\nBelow", 1},
                {true, "Meets\nBelow", 0},  {true, "Meets\nNot", 1}, {false, "", 0}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        (void)support_sql("DELETE FROM job");
        s.has_letters = rows[i].is_told;
        s.letters = sv_from(rows[i].letters);
        struct store_reading_result r = save(&p, &s);
        assert_int_equal(r.people_changed, rows[i].judged == 1 ? PEOPLE : 0);
        assert_int_equal(
            support_sql("SELECT count(*) FROM job WHERE kind = 'judge' AND NOT payload "
                        "? 'people'"),
            rows[i].judged);
    }
    reload(&p);
    assert_true(sv_eq(p.course.letters, SV("Meets\nNot")));
    place_close(&p);
}

/* Somebody waited: they were read before the rest, which comes next and is the reading. */
static void reading_of_a_few__says_nothing_of_anything_else(void **state) {
    (void)state;
    struct place p;
    size_t count = 0;
    place_open(&p);
    struct says s = says_all(50);
    for (int n = 0; n < PEOPLE; n++) {
        s.mark[n] = "whole";
    }
    (void)save(&p, &s);
    reload(&p);
    usec_t whole_at = p.course.whole_at;
    (void)support_sql("UPDATE context SET changed_at = NULL, quiet_readings = 7");
    struct says few = says_one(1, 50);
    few.has_item[4] = false; /* not in it, and so no grade there */
    few.score[1][2] = 70;
    few.score[1][3] = NONE;
    few.course_ref = SV("another");
    struct store_reading_result r = save(&p, &few);
    usec_t few_at = p.now;
    assert_int_equal(r.facts_changed, 3);
    assert_int_equal(r.people_changed, 1);
    assert_int_equal(score_of(1, 2), 70);
    assert_int_equal(fact_count(), PEOPLE * ITEMS - 2);
    assert_int_equal(judge_jobs("'1'"), 1);
    assert_int_equal(support_sql("SELECT count(*) FROM membership WHERE is_active"), PEOPLE);
    assert_int_equal(support_sql("SELECT count(*) FROM item WHERE gone_at IS NULL"), ITEMS);
    assert_true(known_of(&p, "1", &count)->read_at == few_at);
    assert_true(sv_eq(known_of(&p, "1", &count)->mark, SV("few")));
    assert_true(known_of(&p, "2", &count)->read_at == whole_at);
    assert_true(sv_eq(known_of(&p, "2", &count)->mark, SV("whole")));
    assert_int_equal(
        support_sql("SELECT count(*) FROM context WHERE synced_at = whole_at AND source_read_at = "
                    "whole_at AND source_ref <> 'another'"),
        1);
    reload(&p);
    assert_true(p.course.whole_at == whole_at);
    /* something happens in the course */
    assert_int_equal(
        support_sql(
            "SELECT count(*) FROM context WHERE changed_at IS NOT NULL AND quiet_readings = 0"),
        1);
    (void)support_sql("UPDATE context SET changed_at = NULL, quiet_readings = 7");
    (void)save(&p, &few);
    assert_int_equal(support_sql("SELECT quiet_readings FROM context WHERE changed_at IS NULL"), 7);
    /* the reading finds nothing new */
    s.score[1][2] = 70;
    s.score[1][3] = s.score[1][4] = NONE;
    s.mark[1] = "few";
    long long mark = mark_time();
    r = save(&p, &s);
    assert_int_equal(r.facts_changed + r.people_changed + r.items_changed, 0);
    assert_int_equal(touched_since(mark), 0);
    assert_int_equal(judge_jobs("'1'"), 1);
    place_close(&p);
}

/* What an item has become is everybody's business: the reading that follows sees to it. */
static void reading_of_a_few__is_set_aside_where_an_item_is_another(void **state) {
    (void)state;
    struct place p;
    size_t count = 0;
    place_open(&p);
    struct says s = says_all(50);
    s.has_item[4] = false;
    s.mark[1] = "whole";
    (void)save(&p, &s);
    (void)support_sql("UPDATE item SET gone_at = now() WHERE ref = '3'");
    (void)support_sql("DELETE FROM job");
    static const char *const cases[] = {"another title", "a new one", "one that is back"};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct says few = says_one(1, 70);
        few.title[0] = i == 0 ? "Another" : NULL;
        few.has_item[4] = i == 1;
        few.has_item[3] = i == 2;
        struct store_reading_result r = save(&p, &few);
        if (r.facts_changed + r.people_changed + r.items_changed > 0 ||
            support_sql("SELECT count(*) FROM job") > 0 || score_of(1, 0) != 50 ||
            support_sql("SELECT count(*) FROM item WHERE title = 'Task'") != 4 ||
            support_sql("SELECT count(*) FROM item WHERE gone_at IS NULL") != 3) {
            fail_msg("%s", cases[i]);
        }
        assert_true(sv_eq(known_of(&p, "1", &count)->mark, SV("whole")));
    }
    place_close(&p);
}

/* --- no digest is ever stale: whatever was merged in whatever order, what is stored is what a
 * reader of all readings would have noted */

static const char *const sources[] = {"moodle", "csv"};

struct notes {
    int score[ARRAY_LEN(sources)][PEOPLE][ITEMS];
};

static void take_note(struct notes *notes, const struct says *s) {
    size_t source = strcmp(s->source, sources[0]) == 0 ? 0 : 1;
    for (int n = 0; n < PEOPLE; n++) {
        if (!s->is_there[n] || s->is_unread[n]) {
            continue;
        }
        for (int i = 0; i < ITEMS; i++) {
            int score = s->has_item[i] ? s->score[n][i] : NONE;
            bool is_gone = score == NONE && s->is_complete && !s->is_partial && s->untold == 0;
            if (score >= 0 || score == EMPTY || is_gone) {
                notes->score[source][n][i] = score;
            }
        }
    }
}

static void compare(PGconn *pg, const struct notes *want, int step) {
    struct notes got;
    memset(&got, 0xff, sizeof got); /* NONE everywhere */
    PGresult *res = PQexec(pg, "SELECT i.source = 'csv', p.sub, i.ref, f.score FROM fact f JOIN "
                               "item i ON i.id = f.item_id JOIN person p ON p.id = f.person_id");
    assert_int_equal(PQresultStatus(res), PGRES_TUPLES_OK);
    for (int row = 0; row < PQntuples(res); row++) {
        int source = PQgetvalue(res, row, 0)[0] == 't' ? 1 : 0;
        got.score[source][strtol(PQgetvalue(res, row, 1), NULL, 10)]
                 [strtol(PQgetvalue(res, row, 2), NULL, 10)] =
            PQgetisnull(res, row, 3) ? EMPTY : (int)strtol(PQgetvalue(res, row, 3), NULL, 10);
    }
    PQclear(res);
    if (memcmp(&got, want, sizeof got) != 0) {
        fail_msg("after step %d the facts are not what was read", step);
    }
}

static unsigned random_of(uint64_t *seed, unsigned below) {
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (unsigned)(*seed >> 33) % below;
}

/* Few different grades, so that what was there before comes back often. */
static struct says random_says(uint64_t *seed) {
    bool is_csv = random_of(seed, 4) == 0;
    struct says s = {.source = sources[is_csv ? 1 : 0],
                     .is_complete = random_of(seed, 8) != 0,
                     .is_partial = !is_csv && random_of(seed, 4) == 0};
    s.is_few = !is_csv && s.is_complete && !s.is_partial && random_of(seed, 3) == 0;
    bool has_unread = !is_csv && random_of(seed, 4) == 0;
    s.untold = random_of(seed, 4) == 0 ? 1u << MODEL_ITEM_ACTIVITY : 0;
    int calm = random_of(seed, 2) == 0 ? 40 : 0; /* the same grade for all: nothing changes */
    for (int i = 0; i < ITEMS; i++) {
        s.has_item[i] = random_of(seed, 6) != 0;
    }
    for (int n = 0; n < PEOPLE; n++) {
        s.is_there[n] = random_of(seed, 8) != 0;
        s.is_unread[n] = has_unread && random_of(seed, 2) == 0;
        bool has_nothing = random_of(seed, 5) == 0;
        for (int i = 0; i < ITEMS; i++) {
            unsigned how = random_of(seed, 10);
            s.score[n][i] = how == 0 || has_nothing ? NONE
                            : how == 1              ? HELD_BACK
                            : how == 2              ? EMPTY
                            : calm > 0              ? calm
                                                    : 40 + (int)random_of(seed, 2);
        }
    }
    return s;
}

/* Of a few, and one of its items is new or was gone. */
static bool is_set_aside(const struct says *s) {
    char sql[128];
    long long missing = 0;
    for (int i = 0; i < ITEMS; i++) {
        (void)snprintf(sql, sizeof sql,
                       "SELECT count(*) FROM item WHERE source = '%s' AND ref = '%d' AND gone_at "
                       "IS NULL",
                       s->source, i);
        missing += s->is_few && s->has_item[i] ? 1 - support_sql(sql) : 0;
    }
    return missing > 0;
}

/* A release that knows no digests merges, as the one before this does. */
static void merge_without_digests(struct place *p, struct notes *notes) {
    p->now += USEC_PER_S;
    char sql[256];
    (void)support_sql("UPDATE fact SET score = 40 FROM item i WHERE i.id = item_id AND i.source = "
                      "'moodle'");
    (void)snprintf(sql, sizeof sql, "UPDATE context SET synced_at = to_timestamp(%lld / 1000000.0)",
                   (long long)p->now);
    (void)support_sql(sql);
    for (int n = 0; n < PEOPLE; n++) {
        for (int i = 0; i < ITEMS; i++) {
            if (notes->score[0][n][i] != NONE) {
                notes->score[0][n][i] = 40;
            }
        }
    }
}

static void digest__is_never_stale(void **state) {
    (void)state;
    struct place p;
    struct notes notes;
    uint64_t seed = 4;
    struct says last = random_says(&seed);
    place_open(&p);
    memset(&notes, 0xff, sizeof notes);
    PGconn *pg = PQconnectdb(support_owner());
    (void)support_sql(
        "CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'crash'; END "
        "$$; "
        "CREATE TRIGGER crash BEFORE UPDATE ON context FOR EACH ROW EXECUTE FUNCTION crash(); "
        "ALTER TABLE context DISABLE TRIGGER crash");
    for (int step = 0; step < 400; step++) {
        /* often the very reading before last again */
        struct says s = random_of(&seed, 3) == 0 ? last : random_says(&seed);
        if (random_of(&seed, 10) == 0 && !s.is_few) { /* breaks off: nothing of it is there */
            struct err err = {0};
            struct store_reading_result result;
            (void)support_sql("ALTER TABLE context ENABLE TRIGGER crash");
            assert_false(try_save(&p, &s, &result, &err));
            (void)support_sql("ALTER TABLE context DISABLE TRIGGER crash");
        } else {
            bool is_noted = !is_set_aside(&s);
            (void)save(&p, &s);
            if (is_noted) {
                take_note(&notes, &s);
            }
        }
        if (random_of(&seed, 15) == 0) {
            merge_without_digests(&p, &notes);
        }
        if (random_of(&seed, 2) == 0) {
            last = s;
        }
        compare(pg, &notes, step);
    }
    PQfinish(pg);
    place_close(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_of_changes__deletes_nothing),
        cmocka_unit_test(members_that_were_not_read__keep_their_facts),
        cmocka_unit_test(reading_that_says_nothing_new__touches_no_row),
        cmocka_unit_test(digest__tells_kept_from_empty),
        cmocka_unit_test(course__is_what_its_source_says_and_no_upload),
        cmocka_unit_test(check_now__is_told_apart_from_events),
        cmocka_unit_test(item__keeps_its_identity),
        cmocka_unit_test(reading__tells_what_it_could_not_read),
        cmocka_unit_test(reading_of_some__leaves_items_as_they_are),
        cmocka_unit_test(reading__judges_everybody_by_another_scale),
        cmocka_unit_test(reading_of_everybody__leaves_who_takes_no_part),
        cmocka_unit_test(reading_without_a_right__leaves_what_it_was_not_told),
        cmocka_unit_test(reading_of_a_few__says_nothing_of_anything_else),
        cmocka_unit_test(reading_of_a_few__is_set_aside_where_an_item_is_another),
        cmocka_unit_test(digest__is_never_stale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
