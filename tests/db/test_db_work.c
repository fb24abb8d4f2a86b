/* Readings, judgements and the queue against a real PostgreSQL. */
#include "store_award.h"
#include "store_badge.h"
#include "store_course.h"
#include "store_gradebook.h"
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

/* What a member of the roster is said to be gives no right to a session (attacks.md F9). */
static void store_reading_save__gives_no_session_a_right(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    place_open(&p);
    const struct model_launch launch = {.registration_id = p.registration.id,
                                        .deployment_id = SV("1"),
                                        .nonce = SV("n-1"),
                                        .expires_at_s = clock_now(&clock_system) / USEC_PER_S + 60,
                                        .sub = SV("0"),
                                        .role = MODEL_ROLE_LEARNER,
                                        .is_learner = true,
                                        .context_id = SV("55"),
                                        .resource_link_id = SV("l"),
                                        .custom_json = SV("{}")};
    char launch_id[37];
    uuid7(clock_now(&clock_system), launch_id);
    const struct store_launch row = {.launch = &launch, .launch_id = launch_id};
    if (!store_launch_record(p.store, &row, &err)) {
        fail_msg("%s", err.text);
    }
    struct model_member poisoned = {.person_ref = SV("0"),
                                    .sub = SV("0"),
                                    .name = SV("<b>0</b>"),
                                    .is_teacher = true,
                                    .is_active = true};
    const struct store_reading reading = {.institution_id = p.institution_id,
                                          .course_id = p.course_id,
                                          .registration_id = p.registration.id,
                                          .members = &poisoned,
                                          .member_count = 1,
                                          .source = SV("ags"),
                                          .is_complete = true,
                                          .read_at = clock_now(&clock_system)};
    struct store_reading_result result;
    assert_true(store_reading_save(p.store, &reading, &result, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM membership WHERE is_listed_teacher"), 1);
    struct store_session session;
    if (!store_session_get(p.store, sv_from(launch_id), row.token_hash, &p.arena, &session, &err)) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(session.role, MODEL_ROLE_LEARNER);
    place_close(&p);
}

/* People who are no longer listed are marked, and keep what they have. */
static void store_reading_save__lets_people_leave_with_their_badges(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    place_open(&p);
    usec_t t = clock_now(&clock_system);
    (void)save(&p, 2, 50, t);
    int64_t leaver = support_sql("SELECT id FROM person WHERE sub = '1'");
    const struct store_award_new award = {.badge_id = p.badge_id,
                                          .person_id = leaver,
                                          .course_id = p.course_id,
                                          .rule_version = 1,
                                          .state = MODEL_AWARD_ISSUED,
                                          .reasons = SV("{}"),
                                          .issued_at = t};
    const struct store_actor worker = {.institution_id = p.institution_id};
    bool is_made = false;
    assert_true(store_award_make(p.store, worker, &award, t, &is_made, &err));
    assert_true(is_made);
    (void)save(&p, 1, 50, t + 1);
    struct store_person *people = NULL;
    size_t count = 0;
    assert_true(store_person_list(p.store, p.institution_id, p.course_id, &leaver, 1, &p.arena,
                                  &people, &count, &err));
    assert_int_equal(count, 1);
    assert_true(!people[0].is_active && people[0].may_earn);
    assert_int_equal(support_sql("SELECT count(*) FROM award WHERE state = 2"), 1);
    (void)save(&p, 2, 50, t + 2); /* and back */
    assert_true(store_person_list(p.store, p.institution_id, p.course_id, &leaver, 1, &p.arena,
                                  &people, &count, &err));
    assert_true(people[0].is_active);
    place_close(&p);
}

/* Two workers, one badge and person: the second finds nothing to do until the first is done, and
 * what it then sends is the latest award's (attacks.md F12). */
static void store_job_take__gives_one_score_job_of_a_person_at_a_time(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    struct store_job first;
    struct store_job second;
    struct store_score score;
    bool is_found = false;
    place_open(&p);
    usec_t t = clock_now(&clock_system);
    (void)save(&p, 1, 50, t);
    int64_t person = support_sql("SELECT id FROM person");
    (void)support_sql("DELETE FROM job");
    const struct store_actor teacher = {.institution_id = p.institution_id, .person_id = person};
    struct store_award_new award = {.badge_id = p.badge_id,
                                    .person_id = person,
                                    .course_id = p.course_id,
                                    .rule_version = 1,
                                    .state = MODEL_AWARD_ISSUED,
                                    .reasons = SV("{}"),
                                    .issued_at = t,
                                    .is_in_gradebook = true};
    bool is_made = false;
    assert_true(store_award_make(p.store, teacher, &award, t, &is_made, &err));
    assert_true(store_job_take(p.store, &p.arena, &first, &is_found, &err));
    assert_true(is_found && sv_eq(first.kind, SV("score")));
    struct store_award_move move = {.award_id = support_sql("SELECT id FROM award"),
                                    .badge_id = p.badge_id,
                                    .person_id = person,
                                    .from = MODEL_AWARD_ISSUED,
                                    .to = MODEL_AWARD_REVOKED,
                                    .is_in_gradebook = true};
    assert_true(store_award_change(p.store, teacher, &move, t, &err));
    assert_true(store_award_make(p.store, teacher, &award, t, &is_made, &err));
    assert_true(is_made);
    (void)support_sql("DELETE FROM job WHERE kind <> 'score'");
    assert_int_equal(support_sql("SELECT count(*) FROM job WHERE state = 'waiting'"), 1);
    assert_true(store_job_take(p.store, &p.arena, &second, &is_found, &err));
    assert_false(is_found);
    /* nor beside one whose worker died */
    (void)support_sql("UPDATE job SET lease_until = now() - interval '1 second', run_at = now() + "
                      "interval '1 hour', priority = 0 WHERE state = 'leased'");
    assert_true(store_job_take(p.store, &p.arena, &second, &is_found, &err));
    assert_true(is_found && second.id == first.id);
    assert_true(store_job_done(p.store, first.id, &err));
    assert_true(store_job_take(p.store, &p.arena, &second, &is_found, &err));
    assert_true(is_found && second.id != first.id);
    /* whichever award the job was added for */
    assert_true(store_score_get(p.store, p.institution_id, move.award_id, &p.arena, &score, &err));
    assert_int_equal(score.award_id, support_sql("SELECT max(id) FROM award"));
    assert_int_equal(score.state, MODEL_AWARD_ISSUED);
    assert_true(score.is_learner && score.is_active);
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

/* attacks.md F14 */
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
        cmocka_unit_test(store_reading_save__gives_no_session_a_right),
        cmocka_unit_test(store_reading_save__lets_people_leave_with_their_badges),
        cmocka_unit_test(store_job_take__gives_one_score_job_of_a_person_at_a_time),
        cmocka_unit_test(store_purge__ends_awards_whose_time_is_over),
        cmocka_unit_test(store_purge__has_every_course_judged_once_a_day),
        cmocka_unit_test(store_job_take__leaves_a_thread_to_other_institutions),
        cmocka_unit_test(store_job_take__gives_each_job_once_and_again_when_its_lease_ran_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
