/* Who is who in a source, and logins, against a real PostgreSQL. */
#include "store_badge.h"
#include "store_course.h"
#include "store_source.h"
#include "support_db.h"

struct place {
    struct store *store;
    struct arena arena;
    struct store_course course;
};

static void place_open(struct place *p) {
    struct err err = {0};
    int64_t institution_id = 0;
    int64_t course_id = 0;
    *p = (struct place){.store = support_store(2)};
    struct model_registration registration = support_platform(p->store, &p->arena, "north");
    const struct model_course_ref ref = {.issuer = registration.issuer,
                                         .client_id = registration.client_id,
                                         .deployment_id = SV("1"),
                                         .context_id = SV("55")};
    assert_true(store_course_take(p->store, &ref, true, &institution_id, &course_id, &err));
    assert_true(store_course_get(p->store, institution_id, course_id, &p->arena, &p->course, &err));
    const struct model_member members[] = {
        {.person_ref = SV("871"),
         .sub = SV("ana"),
         .login = SV("ana01"),
         .sourcedid = SV("s-1"),
         .is_learner = true,
         .is_active = true},
        {.person_ref = SV("872"), .sub = SV("ben"), .is_learner = true, .is_active = true}};
    const struct store_reading reading = {.institution_id = institution_id,
                                          .course_id = course_id,
                                          .registration_id = p->course.registration_id,
                                          .members = members,
                                          .member_count = ARRAY_LEN(members),
                                          .source = SV("canvas"),
                                          .is_complete = true,
                                          .read_at = clock_now(&clock_system)};
    struct store_reading_result result = {0};
    assert_true(store_reading_save(p->store, &reading, &result, &err));
}

static void place_close(struct place *p) {
    store_destroy(p->store);
    arena_release(&p->arena);
}

static struct sv ref_of(struct place *p, const char *sub) {
    struct err err = {0};
    struct model_link *links = NULL;
    size_t count = 0;
    assert_true(store_link_list(p->store, p->course.institution_id, p->course.id, &p->arena, &links,
                                &count, &err));
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        if (sv_eq(links[i].sub, sv_from(sub))) {
            return links[i].ref;
        }
    }
    fail_msg("%s is not listed", sub);
    return sv_of(NULL, 0);
}

static void set_source(struct place *p, const char *kind, const char *base_url) {
    struct err err = {0};
    const struct store_source source = {.institution_id = p->course.institution_id,
                                        .deployment_id = p->course.deployment_id,
                                        .kind = sv_from(kind),
                                        .base_url = sv_from(base_url)};
    assert_true(store_source_set(p->store, &source, &err));
}

static void store_link__keeps_who_is_who_for_one_site(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    place_open(&p);
    set_source(&p, "canvas", "https://a.example");
    assert_int_equal(ref_of(&p, "ana").len, 0);
    const struct model_link links[] = {
        {SV("ana"), SV("871")}, {SV("ana"), SV("871")}, {SV("nobody"), SV("999")}};
    assert_true(store_link_save(p.store, &p.course, links, ARRAY_LEN(links), &err));
    assert_true(store_link_save(p.store, &p.course, links, ARRAY_LEN(links), &err));
    assert_true(sv_eq(ref_of(&p, "ana"), SV("871")));
    assert_int_equal(ref_of(&p, "ben").len, 0);
    assert_int_equal(support_sql("SELECT count(*) FROM source_person"), 1);
    set_source(&p, "canvas", "https://a.example"); /* a new token: the same site */
    assert_true(sv_eq(ref_of(&p, "ana"), SV("871")));
    set_source(&p, "canvas", "https://b.example"); /* 871 is somebody else there */
    assert_int_equal(ref_of(&p, "ana").len, 0);
    place_close(&p);
}

static void store_person__tells_login_and_source_id(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    struct store_person *people = NULL;
    size_t count = 0;
    place_open(&p);
    const struct model_link link = {SV("ana"), SV("871")};
    assert_true(store_link_save(p.store, &p.course, &link, 1, &err));
    assert_true(store_person_list(p.store, p.course.institution_id, p.course.id, NULL, 0, &p.arena,
                                  &people, &count, &err));
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        bool is_ana = sv_eq(people[i].sub, SV("ana"));
        assert_true(sv_eq(people[i].login, is_ana ? SV("ana01") : SV("")));
        assert_true(sv_eq(people[i].source_ref, is_ana ? SV("871") : SV("")));
        assert_true(people[i].may_earn);
    }
    place_close(&p);
}

static struct store_reading_result save_facts(struct place *p, const struct model_fact *facts,
                                              size_t fact_count) {
    struct err err = {0};
    struct store_reading_result result = {0};
    const struct model_item item = {
        .kind = MODEL_ITEM_MODULE, .source = SV("canvas"), .ref = SV("31"), .title = SV("Week 1")};
    const struct model_member member = {
        .person_ref = SV("871"), .sub = SV("ana"), .is_learner = true, .is_active = true};
    const struct store_reading reading = {.institution_id = p->course.institution_id,
                                          .course_id = p->course.id,
                                          .registration_id = p->course.registration_id,
                                          .items = &item,
                                          .item_count = 1,
                                          .members = &member,
                                          .member_count = 1,
                                          .facts = facts,
                                          .fact_count = fact_count,
                                          .source = SV("canvas"),
                                          .is_complete = true,
                                          .read_at = clock_now(&clock_system)};
    assert_true(store_reading_save(p->store, &reading, &result, &err));
    return result;
}

static struct store_reading_result save_fact(struct place *p, size_t fact_count, bool is_kept) {
    const struct model_fact facts[] = {
        {.person_ref = SV("871"), .is_kept = true},
        {.person_ref = SV("871"), .completion = MODEL_COMPLETION_COMPLETE, .is_posted = true}};
    return save_facts(p, is_kept ? &facts[0] : &facts[1], fact_count);
}

/* A source that no longer tells completion goes on telling scores. */
static void store_reading_save__keeps_completion_that_was_not_asked_for(void **state) {
    (void)state;
    struct place p;
    const struct model_fact told = {.person_ref = SV("871"),
                                    .completion = MODEL_COMPLETION_PASSED,
                                    .completed_at = 7 * USEC_PER_S,
                                    .has_score = true,
                                    .score = dec_from_i64(9),
                                    .is_posted = true};
    struct model_fact f = {.person_ref = SV("871"), .completion = MODEL_COMPLETION_AS_STORED};
    place_open(&p);
    assert_int_equal(save_facts(&p, &f, 1).facts_changed, 0);
    assert_int_equal(support_sql("SELECT count(*) FROM fact"), 0);
    (void)save_facts(&p, &told, 1);
    f = told;
    f.completion = MODEL_COMPLETION_AS_STORED;
    f.completed_at = 0;
    assert_int_equal(save_facts(&p, &f, 1).facts_changed, 0);
    f.score = dec_from_i64(4);
    assert_int_equal(save_facts(&p, &f, 1).facts_changed, 1);
    f.has_score = f.is_posted = false; /* graded no more */
    assert_int_equal(save_facts(&p, &f, 1).facts_changed, 1);
    assert_int_equal(support_sql("SELECT count(*) FROM fact WHERE completion = 3 AND score IS NULL "
                                 "AND extract(epoch FROM completed_at) = 7"),
                     1);
    f.completion = MODEL_COMPLETION_INCOMPLETE;
    assert_int_equal(save_facts(&p, &f, 1).facts_changed, 1);
    assert_int_equal(support_sql("SELECT completion FROM fact"), MODEL_COMPLETION_INCOMPLETE);
    place_close(&p);
}

static void store_reading_save__keeps_what_a_source_cannot_say_again(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    assert_int_equal(save_fact(&p, 1, true).facts_changed, 0); /* makes none */
    assert_int_equal(support_sql("SELECT count(*) FROM fact"), 0);
    assert_int_equal(save_fact(&p, 1, false).facts_changed, 1);
    assert_int_equal(save_fact(&p, 1, true).facts_changed, 0);
    assert_int_equal(support_sql("SELECT completion FROM fact"), MODEL_COMPLETION_COMPLETE);
    assert_int_equal(save_fact(&p, 2, true).facts_changed, 0); /* both: the one that says more */
    assert_int_equal(support_sql("SELECT completion FROM fact"), MODEL_COMPLETION_COMPLETE);
    assert_int_equal(save_fact(&p, 0, false).facts_changed, 1);
    assert_int_equal(support_sql("SELECT count(*) FROM fact"), 0);
    place_close(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(store_link__keeps_who_is_who_for_one_site),
        cmocka_unit_test(store_reading_save__keeps_what_a_source_cannot_say_again),
        cmocka_unit_test(store_reading_save__keeps_completion_that_was_not_asked_for),
        cmocka_unit_test(store_person__tells_login_and_source_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
