/* The worker's judging and nightly comparison, by its own jobs, against a real PostgreSQL. */
#include "job.h"
#include "judge.h"
#include "net_fetch.h"
#include "seal_key.h"
#include "store_award.h"
#include "store_badge.h"
#include "store_course.h"
#include "store_job.h"
#include "store_reconciliation.h"
#include "support_db.h"

#define PEOPLE (2 * JUDGE_PEOPLE_AT_ONCE + 60)

struct place {
    struct seal *seal;
    struct store *store;
    struct arena arena;
    struct model_registration registration;
    int64_t institution_id, course_id;
    usec_t now;
};

/* The days on which time passes by itself are over. */
static void stop_time(void) {
    (void)support_sql(
        "UPDATE institution SET reconciled_on = (now() AT TIME ZONE time_zone)::date");
    (void)support_sql("UPDATE context SET judged_on = (now() AT TIME ZONE 'UTC')::date");
}

static void place_open(struct place *p) {
    struct err err = {0};
    static const unsigned char master[SEAL_MASTER_BYTES] = {1};
    store_destroy(support_store(1));
    *p = (struct place){.seal = seal_open_bytes(master), .now = clock_now(&clock_system)};
    const struct store_options options = {
        .conninfo = support_app(), .connections = 6, .seal = p->seal};
    assert_true(store_create(&options, &p->store, &err));
    p->registration = support_platform(p->store, &p->arena, "north");
    const struct model_course_ref ref = {.issuer = p->registration.issuer,
                                         .client_id = p->registration.client_id,
                                         .deployment_id = SV("1"),
                                         .context_id = SV("55")};
    assert_true(store_course_take(p->store, &ref, true, &p->institution_id, &p->course_id, &err));
    const struct model_issuer issuer = {
        .key = SV("north"), .name = SV("North"), .url = SV("https://n.example")};
    const struct store_badge_new badge = {
        .key = SV("b"),
        .name = SV("B"),
        .definition = SV("{\"key\":\"b\",\"name\":\"B\",\"description\":\"d\"}"),
        .rule = SV("{\"item\":\"Quiz\",\"min_percent\":50}"),
        .course_ids = &p->course_id,
        .course_count = 1};
    const struct store_import import = {
        .institution_id = p->institution_id, .issuer = &issuer, .badges = &badge, .badge_count = 1};
    enum store_change change;
    assert_true(store_badge_import(p->store, &import, &change, &err));
    (void)support_sql("DELETE FROM job");
    stop_time();
}

static void place_close(struct place *p) {
    store_destroy(p->store);
    seal_destroy(p->seal);
    arena_release(&p->arena);
}

static void work(struct place *p) {
    struct err err = {0};
    struct net_client *net = NULL; /* with a policy that lets it go nowhere */
    const struct net_client_config config = {.user_agent = "test"};
    assert_true(net_client_create(&config, &net, &err));
    const struct job_options options = {.store = p->store,
                                        .net = net,
                                        .base_url = SV("https://badges.example.edu"),
                                        .clock = clock_system,
                                        .threads = 1};
    if (!job_run_once(&options, &err)) {
        fail_msg("%s", err.text);
    }
    net_client_destroy(net);
}

/* Everybody has `score` in the quiz, the first has `first_score`. */
static void save(struct place *p, int score, int first_score) {
    static struct model_member members[PEOPLE];
    static struct model_fact facts[PEOPLE];
    struct err err = {0};
    struct store_reading_result result;
    const struct model_item item = {.kind = MODEL_ITEM_ACTIVITY,
                                    .source = SV("moodle"),
                                    .ref = SV("9"),
                                    .title = SV("Quiz"),
                                    .has_maximum = true,
                                    .maximum = dec_from_i64(100)};
    for (size_t i = 0; i < PEOPLE; i++) {
        struct sv sub = sv_printf(&p->arena, "%zu", i);
        members[i] = (struct model_member){
            .person_ref = sub, .sub = sub, .is_learner = true, .is_active = true};
        facts[i] = (struct model_fact){.person_ref = sub,
                                       .has_score = true,
                                       .score = dec_from_i64(i == 0 ? first_score : score),
                                       .is_posted = true};
    }
    const struct store_reading reading = {.institution_id = p->institution_id,
                                          .course_id = p->course_id,
                                          .registration_id = p->registration.id,
                                          .items = &item,
                                          .item_count = 1,
                                          .facts = facts,
                                          .fact_count = PEOPLE,
                                          .members = members,
                                          .member_count = PEOPLE,
                                          .source = SV("moodle"),
                                          .is_complete = true,
                                          .unmatched_count = 4,
                                          .read_at = p->now++};
    if (!store_reading_save(p->store, &reading, &result, &err)) {
        fail_msg("%s", err.text);
    }
}

/* Plans are made, and kept by connections, while tables are still empty, and what PostgreSQL
 * counted of them stays so for a while. Merging, judging and signing must not read each row once
 * for every other for it. */
static void job_judge__reads_no_table_over_and_over(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    (void)support_sql("INSERT INTO membership (institution_id, context_id, person_id) SELECT "
                      "institution_id, id, 1 FROM context");
    (void)support_sql("ANALYZE");
    save(&p, 10, 10);
    work(&p);
    save(&p, 60, 60);
    work(&p);
    assert_int_equal(support_sql("SELECT count(*) FROM award WHERE signed_at IS NOT NULL"), PEOPLE);
    place_close(&p); /* what a connection read is counted when it ends */
    while (support_sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'laurel_app' AND "
                       "datname = current_database()") > 0) {
        (void)support_sql("SELECT pg_sleep(0.05)");
    }
    int64_t read = support_sql(
        "SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_user_tables WHERE relname IN "
        "('fact', 'membership', 'award', 'credential', 'rule_version', 'badge')");
    if (read > 100LL * PEOPLE) {
        fail_msg("%lld rows were read for %d people", (long long)read, PEOPLE);
    }
}

/* A worker dies in the middle of the third lot: two are saved, and the job's repetition awards each
 * of the others, and nobody twice. */
static void job_judge__loses_nobody_when_it_breaks_off(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    save(&p, 60, 60);
    (void)support_sql(
        "CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF (SELECT count(*) "
        "FROM award) >= 510 THEN RAISE 'crash'; END IF; RETURN NEW; END $$; "
        "CREATE TRIGGER crash BEFORE INSERT ON award FOR EACH ROW EXECUTE FUNCTION crash()");
    work(&p);
    assert_int_equal(support_sql("SELECT count(*) FROM award"), 2LL * JUDGE_PEOPLE_AT_ONCE);
    assert_int_equal(support_sql("SELECT count(*) FROM job WHERE kind = 'judge' AND attempts = 1"),
                     1);
    (void)support_sql("DROP TRIGGER crash ON award");
    (void)support_sql("UPDATE job SET run_at = now(), state = 'waiting'");
    work(&p);
    assert_int_equal(support_sql("SELECT count(DISTINCT person_id) FROM award WHERE state = 2"),
                     PEOPLE);
    assert_int_equal(support_sql("SELECT count(*) FROM award"), PEOPLE);
    assert_int_equal(support_sql("SELECT count(*) FROM audit WHERE action = 'award_issued'"),
                     PEOPLE);
    assert_int_equal(support_sql("SELECT count(*) FROM job WHERE kind = 'judge'"), 0);
    place_close(&p);
}

static struct store_reconciliation compare(struct place *p) {
    struct err err = {0};
    struct store_reconciliation *rows = NULL;
    size_t count = 0;
    const struct store_job_new job = {
        .institution_id = p->institution_id,
        .kind = SV("reconcile"),
        .dedupe = SV("reconcile"),
        .payload = sv_printf(&p->arena, "{\"from\":%lld}", (long long)clock_now(&clock_system))};
    assert_true(store_job_add(p->store, &job, &err));
    work(p);
    assert_int_equal(support_sql("SELECT count(*) FROM job WHERE kind <> 'sync'"), 0);
    assert_true(store_reconciliation_list(p->store, p->institution_id, p->course_id, false,
                                          &p->arena, &rows, &count, &err));
    assert_int_equal(count, 1);
    return rows[0];
}

static void job_reconcile__counts_and_makes_good(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    place_open(&p);
    save(&p, 60, 60);
    work(&p);
    struct store_reconciliation r = compare(&p);
    assert_int_equal(r.earned_not_awarded + r.awarded_not_earned + r.unreachable, 0);
    assert_true(sv_eq(r.badge_name, SV("B")) && r.course_public_id.len == 36);
    /* three judgements were lost, of one a teacher has taken it back, and one has since got worse
     */
    (void)support_sql("DELETE FROM award WHERE person_id IN (SELECT id FROM person WHERE sub IN "
                      "('7', '270', '520'))");
    (void)support_sql("UPDATE award SET state = 4, is_by_hand = true WHERE person_id = (SELECT id "
                      "FROM person WHERE sub = '8')");
    save(&p, 60, 40);
    work(&p);
    r = compare(&p);
    assert_int_equal(r.earned_not_awarded, 3);
    assert_int_equal(r.awarded_not_earned, 1);
    assert_int_equal(r.unreachable, 0);
    assert_int_equal(support_sql("SELECT count(*) FROM award WHERE state = 2"), PEOPLE - 1);
    assert_int_equal(compare(&p).earned_not_awarded, 0); /* it was made good */
    struct store_reconciliation_totals totals;
    assert_true(store_reconciliation_total(p.store, &totals, &err));
    assert_int_equal(totals.courses, 1);
    assert_int_equal(totals.awarded_not_earned, 1);
    /* what was compared since the job was added is not compared again, when it is repeated */
    (void)support_sql("UPDATE reconciliation SET unreachable = 99");
    const struct store_job_new again = {.institution_id = p.institution_id,
                                        .kind = SV("reconcile"),
                                        .dedupe = SV("reconcile"),
                                        .payload = SV("{\"from\":1}")};
    assert_true(store_job_add(p.store, &again, &err));
    work(&p);
    assert_int_equal(support_sql("SELECT unreachable FROM reconciliation"), 99);
    /* the rule's item is gone, and nobody holds the badge but one: nobody else can be reached */
    (void)support_sql("UPDATE item SET gone_at = now(), title = 'Another'");
    (void)support_sql("DELETE FROM award WHERE person_id <> (SELECT id FROM person WHERE sub = "
                      "'9')");
    r = compare(&p);
    assert_int_equal(r.earned_not_awarded, 0);
    assert_int_equal(r.unreachable, PEOPLE - 1);
    /* and a badge that is of no course any more has no number */
    (void)support_sql("DELETE FROM badge_course");
    assert_true(store_job_add(p.store, &again, &err));
    work(&p);
    assert_int_equal(support_sql("SELECT count(*) FROM reconciliation"), 0);
    place_close(&p);
}

/* What its source has not told for a day, or fails to, cannot be judged; what it cannot match, no
 * better. */
static void reconcile_courses__says_whose_grades_do_not_come(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    static const struct {
        const char *sql;
        bool is_stale;
    } rows[] = {
        {"SELECT 1", false},
        {"INSERT INTO grade_source (institution_id, deployment_id, kind) SELECT institution_id, "
         "deployment_id, 'moodle' FROM context",
         false},
        {"UPDATE context SET synced_at = now() - interval '25 hours'", true},
        {"UPDATE context SET source_read_at = now() - interval '23 hours'", false},
        {"UPDATE context SET sync_failed_at = now()", true},
        {"UPDATE context SET is_over = true", false},
        {"UPDATE context SET is_over = false", true},
        {"UPDATE grade_source SET kind = 'csv'", false},
    };
    place_open(&p);
    save(&p, 40, 40);
    work(&p);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct store_reconcile_course *courses = NULL;
        size_t count = 0;
        (void)support_sql(rows[i].sql);
        assert_true(store_reconcile_course_list(p.store, p.institution_id, p.now, 0, &p.arena,
                                                &courses, &count, &err));
        assert_int_equal(count, 1);
        if (courses[0].is_stale != rows[i].is_stale) {
            fail_msg("%s", rows[i].sql);
        }
    }
    (void)support_sql("UPDATE grade_source SET kind = 'moodle'");
    (void)support_sql("UPDATE context SET unmatched = 4");
    assert_int_equal(compare(&p).unreachable, PEOPLE + 4);
    place_close(&p);
}

static long long jobs_at(int hour, int day) {
    char sql[512];
    struct err err = {0};
    (void)snprintf(sql, sizeof sql,
                   "UPDATE institution SET time_zone = (SELECT 'Etc/GMT' || CASE WHEN o <= 0 THEN "
                   "'+' ELSE '-' END || abs(o) FROM (SELECT ((%d - extract(hour FROM now() AT TIME "
                   "ZONE 'UTC')::int + 34) %% 24) - 10 AS o) x), reconciled_on = current_date + %d",
                   hour, day);
    (void)support_sql(sql);
    (void)support_sql("DELETE FROM job");
    const struct store_options options = {.conninfo = support_app(), .connections = 1};
    struct store *store = NULL;
    assert_true(store_create(&options, &store, &err));
    for (int i = 0; i < 2; i++) { /* and not twice */
        if (!store_purge(store, &err)) {
            fail_msg("%s", err.text);
        }
    }
    store_destroy(store);
    return support_sql("SELECT count(*) FROM job WHERE kind = 'reconcile'");
}

static void reconcile_schedule__comes_once_each_night(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    place_open(&p);
    assert_int_equal(jobs_at(1, -7), 0); /* at one in the night it is too early */
    assert_int_equal(jobs_at(4, -7), 1);
    assert_int_equal(jobs_at(20, -7), 1);                             /* no worker ran at night */
    (void)support_sql("UPDATE institution SET reconciled_on = NULL"); /* its first day */
    (void)support_sql("DELETE FROM job");
    assert_true(store_purge(p.store, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM job WHERE kind = 'reconcile'"), 0);
    assert_int_equal(support_sql("SELECT count(*) FROM institution WHERE reconciled_on = (now() AT "
                                 "TIME ZONE time_zone)::date"),
                     1);
    (void)support_sql(
        "UPDATE institution SET reconciled_on = (now() AT TIME ZONE time_zone)::date");
    (void)support_sql("DELETE FROM job");
    assert_true(store_purge(p.store, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM job WHERE kind = 'reconcile'"), 0);
    (void)support_sql("DELETE FROM badge_course");
    assert_int_equal(jobs_at(4, -7), 0); /* nothing to compare */
    place_close(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(job_judge__reads_no_table_over_and_over),
        cmocka_unit_test(job_judge__loses_nobody_when_it_breaks_off),
        cmocka_unit_test(job_reconcile__counts_and_makes_good),
        cmocka_unit_test(reconcile_courses__says_whose_grades_do_not_come),
        cmocka_unit_test(reconcile_schedule__comes_once_each_night),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
