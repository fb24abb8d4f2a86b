/* Readings, judgements and the queue against a real PostgreSQL. */
#include "store_award.h"
#include "store_badge.h"
#include "store_course.h"
#include "store_job.h"
#include "support_db.h"
#include <pthread.h>

struct place {
    struct store *store;
    struct arena arena;
    struct model_registration registration;
    int64_t institution_id, course_id, badge_id;
};

static void place_open(struct place *p) {
    struct err err = {0};
    *p = (struct place){.store = support_store(6)};
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
        .rule = SV("{\"item\":\"Quiz\"}"),
        .course_ids = &p->course_id,
        .course_count = 1};
    const struct store_import import = {
        .institution_id = p->institution_id, .issuer = &issuer, .badges = &badge, .badge_count = 1};
    enum store_change change;
    assert_true(store_badge_import(p->store, &import, &change, &err));
    assert_int_equal(change, STORE_CREATED);
    assert_true(store_badge_import(p->store, &import, &change, &err));
    assert_int_equal(change, STORE_UNCHANGED);
    p->badge_id = support_sql("SELECT id FROM badge");
    (void)support_sql("DELETE FROM job");
}

static void place_close(struct place *p) {
    store_destroy(p->store);
    arena_release(&p->arena);
}

#define PEOPLE 300

/* Everybody has one posted score in one item; `first_score` is the first person's. */
static struct store_reading_result save(struct place *p, size_t people, int64_t first_score,
                                        usec_t read_at) {
    static struct model_member members[PEOPLE];
    static struct model_fact facts[PEOPLE];
    struct model_item items[] = {{.kind = MODEL_ITEM_ACTIVITY,
                                  .source = SV("moodle"),
                                  .ref = SV("9"),
                                  .title = SV("Quiz"),
                                  .has_maximum = true,
                                  .maximum = dec_from_i64(100)}};
    for (size_t i = 0; i < people; i++) {
        struct sv sub = sv_printf(&p->arena, "%zu", i);
        members[i] = (struct model_member){
            .person_ref = sub, .sub = sub, .name = sub, .is_learner = true, .is_active = true};
        facts[i] = (struct model_fact){.person_ref = sub,
                                       .has_score = true,
                                       .score = dec_from_i64(i == 0 ? first_score : 50),
                                       .is_posted = true};
    }
    const struct store_reading reading = {.institution_id = p->institution_id,
                                          .course_id = p->course_id,
                                          .registration_id = p->registration.id,
                                          .items = items,
                                          .item_count = 1,
                                          .facts = facts,
                                          .fact_count = people,
                                          .members = members,
                                          .member_count = people,
                                          .source = SV("moodle"),
                                          .is_complete = true,
                                          .read_at = read_at};
    struct store_reading_result result = {0};
    struct err err = {0};
    if (!store_reading_save(p->store, &reading, &result, &err)) {
        fail_msg("%s", err.text);
    }
    return result;
}

static void store_reading_save__says_exactly_who_changed(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    usec_t t = clock_now(&clock_system);
    struct store_reading_result r = save(&p, PEOPLE, 50, t);
    assert_int_equal(r.facts_changed, PEOPLE);
    assert_int_equal(r.people_changed, PEOPLE);
    (void)support_sql("DELETE FROM job");
    r = save(&p, PEOPLE, 50, t + 1);
    assert_int_equal(r.facts_changed, 0);
    assert_int_equal(r.people_changed, 0);
    assert_int_equal(support_sql("SELECT count(*) FROM job"), 0);
    r = save(&p, PEOPLE, 80, t + 2);
    assert_int_equal(r.facts_changed, 1);
    assert_int_equal(r.people_changed, 1);
    assert_int_equal(
        support_sql(
            "SELECT count(*) FROM job WHERE kind = 'judge' AND "
            "jsonb_array_length(payload->'people') = 1 AND (payload->'people'->>0)::bigint = "
            "(SELECT id FROM person WHERE sub = '0')"),
        1);
    /* an older reading that comes late changes nothing */
    r = save(&p, PEOPLE, 10, t + 1);
    assert_int_equal(r.facts_changed, 0);
    assert_int_equal(
        support_sql(
            "SELECT score::int FROM fact JOIN person ON person.id = person_id WHERE sub = '0'"),
        80);
    /* half of them have left: they are marked, and keep what they have */
    r = save(&p, PEOPLE / 2, 80, t + 3);
    assert_int_equal(r.people_changed, PEOPLE - PEOPLE / 2);
    assert_int_equal(support_sql("SELECT count(*) FROM fact"), PEOPLE);
    place_close(&p);
}

struct maker {
    struct place *place;
    int64_t person_id;
    bool is_made;
};

static void *make(void *ctx) {
    struct maker *m = ctx;
    struct err err = {0};
    const struct store_award_new award = {.badge_id = m->place->badge_id,
                                          .person_id = m->person_id,
                                          .course_id = m->place->course_id,
                                          .rule_version = 1,
                                          .state = MODEL_AWARD_ISSUED,
                                          .reasons = SV("{}"),
                                          .issued_at = 1,
                                          .is_in_gradebook = true};
    const struct store_judgement j = {.institution_id = m->place->institution_id,
                                      .course_id = m->place->course_id,
                                      .awards = &award,
                                      .award_count = 1,
                                      .now = clock_now(&clock_system)};
    struct store_judgement_result result = {0};
    if (store_judgement_save(m->place->store, &j, &result, &err)) {
        m->is_made = result.made == 1;
    }
    return NULL;
}

static void store_judgement_save__awards_exactly_once_when_fifty_race(void **state) {
    (void)state;
    static struct maker makers[50];
    pthread_t threads[50];
    struct place p;
    place_open(&p);
    (void)save(&p, 1, 50, clock_now(&clock_system));
    (void)support_sql("DELETE FROM job");
    int64_t person = support_sql("SELECT id FROM person");
    int made = 0;
    for (int i = 0; i < 50; i++) {
        makers[i] = (struct maker){.place = &p, .person_id = person};
        assert_int_equal(pthread_create(&threads[i], NULL, make, &makers[i]), 0);
    }
    for (int i = 0; i < 50; i++) {
        (void)pthread_join(threads[i], NULL);
        made += makers[i].is_made ? 1 : 0;
    }
    assert_int_equal(made, 1);
    assert_int_equal(support_sql("SELECT count(*) FROM award"), 1);
    assert_int_equal(support_sql("SELECT count(*) FROM job WHERE kind = 'score'"), 1);
    assert_int_equal(support_sql("SELECT count(*) FROM audit WHERE action = 'award_issued'"), 1);
    place_close(&p);
}

static void store_award_change__a_revocation_by_hand_is_for_good(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    place_open(&p);
    (void)save(&p, 1, 50, clock_now(&clock_system));
    struct maker maker = {.place = &p, .person_id = support_sql("SELECT id FROM person")};
    (void)make(&maker);
    assert_true(maker.is_made);
    const struct store_award_move move = {.award_id = support_sql("SELECT id FROM award"),
                                          .badge_id = p.badge_id,
                                          .person_id = maker.person_id,
                                          .from = MODEL_AWARD_ISSUED,
                                          .to = MODEL_AWARD_REVOKED,
                                          .note = SV("copied work")};
    const struct store_actor teacher = {.institution_id = p.institution_id, .person_id = 77};
    assert_true(store_award_change(p.store, teacher, &move, clock_now(&clock_system), &err));
    /* twice is a conflict, not a second revocation */
    assert_false(store_award_change(p.store, teacher, &move, clock_now(&clock_system), &err));
    assert_string_equal(err.reason, "award_state");
    maker.is_made = false;
    (void)make(&maker);
    assert_false(maker.is_made);
    assert_int_equal(support_sql("SELECT count(*) FROM award"), 1);
    place_close(&p);
}

static void store_job_take__gives_each_job_once_and_again_when_its_lease_ran_out(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    struct store_job job;
    bool is_found = false;
    place_open(&p);
    const struct store_job_new want = {.institution_id = p.institution_id,
                                       .kind = SV("sync"),
                                       .dedupe = SV("sync:1"),
                                       .payload = SV("{\"course\":1}")};
    assert_true(store_job_add(p.store, &want, &err));
    assert_true(store_job_add(p.store, &want, &err)); /* waits already */
    assert_int_equal(support_sql("SELECT count(*) FROM job"), 1);
    assert_true(store_job_take(p.store, &p.arena, &job, &is_found, &err));
    assert_true(is_found);
    assert_int_equal(job.attempts, 1);
    int64_t first = job.id;
    /* its successor waits until it is done */
    assert_true(store_job_add(p.store, &want, &err));
    assert_true(store_job_take(p.store, &p.arena, &job, &is_found, &err));
    assert_false(is_found);
    /* the worker was killed: the lease runs out */
    (void)support_sql(
        "UPDATE job SET lease_until = now() - interval '1 second' WHERE state = 'leased'");
    assert_true(store_job_take(p.store, &p.arena, &job, &is_found, &err));
    assert_true(is_found);
    assert_true(job.id == first);
    assert_int_equal(job.attempts, 2);
    /* failing it gives way to the successor */
    assert_true(store_job_failed(p.store, job.id, SV("waiting"), 0, SV("no"), &err));
    assert_int_equal(support_sql("SELECT count(*) FROM job"), 1);
    assert_true(store_job_take(p.store, &p.arena, &job, &is_found, &err));
    assert_true(is_found);
    assert_true(job.id != first);
    assert_true(store_job_done(p.store, job.id, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM job"), 0);
    place_close(&p);
}

static void store_purge__ends_awards_whose_time_is_over(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    place_open(&p);
    (void)save(&p, 1, 50, clock_now(&clock_system));
    struct maker maker = {.place = &p, .person_id = support_sql("SELECT id FROM person")};
    (void)make(&maker);
    (void)support_sql("UPDATE award SET expires_at = now() + interval '1 day'");
    assert_true(store_purge(p.store, &err));
    assert_int_equal(support_sql("SELECT state FROM award"), MODEL_AWARD_ISSUED);
    (void)support_sql("UPDATE award SET expires_at = now() - interval '1 second'");
    struct store_award *awards = NULL;
    size_t count = 0;
    assert_true(
        store_award_list(p.store, p.institution_id, NULL, 0, &p.arena, &awards, &count, &err));
    assert_int_equal(awards[0].state, MODEL_AWARD_EXPIRED); /* at once, whenever the purge comes */
    assert_true(store_purge(p.store, &err));
    assert_int_equal(support_sql("SELECT state FROM award"), MODEL_AWARD_EXPIRED);
    assert_int_equal(support_sql("SELECT count(*) FROM audit WHERE action = 'award_expired'"), 1);
    place_close(&p);
}

static void store_purge__has_every_course_judged_once_a_day(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    place_open(&p);
    (void)save(&p, 1, 50, clock_now(&clock_system));
    (void)support_sql("DELETE FROM job");
    assert_true(store_purge(p.store, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM job WHERE kind = 'judge'"), 1);
    (void)support_sql("DELETE FROM job");
    assert_true(store_purge(p.store, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM job"), 0);
    (void)support_sql("UPDATE context SET judged_on = judged_on - 1");
    assert_true(store_purge(p.store, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM job WHERE kind = 'judge'"), 1);
    place_close(&p);
}

static void store_job_take__leaves_a_thread_to_other_institutions(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    struct store_job job;
    bool is_found = false;
    place_open(&p);
    for (int i = 0; i < 5; i++) {
        const struct store_job_new want = {.institution_id =
                                               i < 4 ? p.institution_id : p.institution_id + 1,
                                           .kind = SV("sync"),
                                           .dedupe = sv_printf(&p.arena, "sync:%d", i),
                                           .priority = i < 4 ? 9 : 0};
        assert_true(store_job_add(p.store, &want, &err));
    }
    for (int i = 0; i < 4; i++) {
        assert_true(store_job_take(p.store, &p.arena, &job, &is_found, &err));
        assert_true(is_found);
        assert_true((job.institution_id == p.institution_id) == (i < 3));
    }
    assert_true(store_job_take(p.store, &p.arena, &job, &is_found, &err));
    assert_false(is_found);
    place_close(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(store_reading_save__says_exactly_who_changed),
        cmocka_unit_test(store_judgement_save__awards_exactly_once_when_fifty_race),
        cmocka_unit_test(store_award_change__a_revocation_by_hand_is_for_good),
        cmocka_unit_test(store_purge__ends_awards_whose_time_is_over),
        cmocka_unit_test(store_purge__has_every_course_judged_once_a_day),
        cmocka_unit_test(store_job_take__leaves_a_thread_to_other_institutions),
        cmocka_unit_test(store_job_take__gives_each_job_once_and_again_when_its_lease_ran_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
