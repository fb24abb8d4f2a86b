/* Deep linking requests and what answering one changes, against a real PostgreSQL. */
#include "store_badge.h"
#include "store_deep_link.h"
#include "support_db.h"

struct place {
    struct store *store;
    struct arena arena;
    struct store_session session;
    char launch_id[37];
    int64_t mapped, other; /* badges: of the course, and of no course */
};

static int64_t add_badge(struct place *p, const char *key, const int64_t *course) {
    struct err err = {0};
    const struct model_issuer issuer = {
        .key = SV("north"), .name = SV("North"), .url = SV("https://n.example")};
    const struct store_badge_new badge = {.key = sv_from(key),
                                          .name = sv_from(key),
                                          .definition = SV("{}"),
                                          .rule = SV("{\"item\":\"Quiz\"}"),
                                          .course_ids = course,
                                          .course_count = course == NULL ? 0 : 1};
    const struct store_import import = {.institution_id = p->session.institution_id,
                                        .issuer = &issuer,
                                        .badges = &badge,
                                        .badge_count = 1};
    enum store_change change;
    assert_true(store_badge_import(p->store, &import, &change, &err));
    return support_sql("SELECT max(id) FROM badge");
}

static void open_launch(struct place *p, const struct model_registration *r, const char *nonce) {
    struct err err = {0};
    const struct model_launch l = {.registration_id = r->id,
                                   .deployment_id = SV("1"),
                                   .nonce = sv_from(nonce),
                                   .expires_at_s = clock_now(&clock_system) / USEC_PER_S + 60,
                                   .sub = SV("17"),
                                   .role = MODEL_ROLE_TEACHER,
                                   .context_id = SV("55")};
    struct store_launch record = {
        .launch = &l,
        .launch_id = p->launch_id,
        .extras =
            SV("{\"deployment_id\":\"1\",\"product\":\"moodle\",\"deep_link\":{\"return_url\":"
               "\"https://north.example/r\",\"settings\":{\"data\":\"\\u00e9\"}}}")};
    uuid7(clock_now(&clock_system), p->launch_id);
    assert_true(store_launch_record(p->store, &record, &err));
    assert_true(store_session_get(p->store, sv_from(p->launch_id), record.token_hash, &p->arena,
                                  &p->session, &err));
}

static void place_open(struct place *p) {
    *p = (struct place){.store = support_store(2)};
    struct model_registration r = support_platform(p->store, &p->arena, "north");
    open_launch(p, &r, "n1");
    p->mapped = add_badge(p, "mapped", &p->session.context_id);
    p->other = add_badge(p, "other", NULL);
    (void)support_sql("DELETE FROM job");
}

static void place_close(struct place *p) {
    store_destroy(p->store);
    arena_release(&p->arena);
}

static struct store_deep_link_use use_of(const struct place *p) {
    return (struct store_deep_link_use){.institution_id = p->session.institution_id,
                                        .course_id = p->session.context_id,
                                        .actor_person_id = p->session.person_id,
                                        .launch_id = sv_from(p->launch_id)};
}

static bool is_used(struct place *p) {
    struct store_deep_link got;
    struct err err = {0};
    assert_true(store_deep_link_get(p->store, p->session.institution_id, sv_from(p->launch_id),
                                    &p->arena, &got, &err));
    return got.is_used;
}

static void store_deep_link_get__gives_what_the_launch_brought(void **state) {
    (void)state;
    struct place p;
    struct store_deep_link got;
    struct err err = {0};
    place_open(&p);
    assert_true(store_deep_link_get(p.store, p.session.institution_id, sv_from(p.launch_id),
                                    &p.arena, &got, &err));
    assert_string_equal(sv_c(&p.arena, got.settings), "{\"data\": \"\xC3\xA9\"}");
    assert_string_equal(sv_c(&p.arena, got.deployment_id), "1");
    assert_string_equal(sv_c(&p.arena, got.product), "moodle");
    assert_false(got.is_used || got.is_shared);
    /* another institution does not see it */
    assert_false(store_deep_link_get(p.store, p.session.institution_id + 1, sv_from(p.launch_id),
                                     &p.arena, &got, &err));
    assert_string_equal(err.reason, "deep_link");
    place_close(&p);
}

/* attacks.md H4 */
static void store_deep_link_use__counts_once(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    place_open(&p);
    const struct store_deep_link_use use = use_of(&p);
    assert_false(is_used(&p));
    assert_true(store_deep_link_use(p.store, &use, &err));
    assert_true(is_used(&p));
    assert_false(store_deep_link_use(p.store, &use, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_string_equal(err.reason, "deep_link_used");
    assert_int_equal(support_sql("SELECT count(*) FROM job"), 0);
    place_close(&p);
}

static void store_deep_link_use__maps_a_badge_and_judges_the_course(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    place_open(&p);
    struct store_deep_link_use use = use_of(&p);
    use.mapped = use.columns = &p.other;
    use.mapped_count = use.column_count = 1;
    (void)support_sql("UPDATE context SET sync_requested_at = NULL");
    assert_true(store_deep_link_use(p.store, &use, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM badge_course"), 2);
    assert_int_equal(support_sql("SELECT count(*) FROM job WHERE kind = 'judge'"), 1);
    assert_int_equal(support_sql("SELECT count(*) FROM context WHERE sync_requested_at IS NULL"),
                     0);
    assert_int_equal(support_sql("SELECT count(*) FROM audit WHERE action = 'badge_mapped'"), 1);
    int64_t *columns = NULL;
    size_t count = 0;
    assert_true(store_column_list(p.store, use.institution_id, use.course_id, &p.arena, &columns,
                                  &count, &err));
    assert_int_equal(count, 1);
    assert_int_equal(columns[0], p.other);
    place_close(&p);
}

/* Somebody else asked for the column, or Laurel made it, since the page was shown. */
static void store_deep_link_use__changes_nothing_when_a_column_is_taken(void **state) {
    (void)state;
    static const char *const taken[] = {
        "UPDATE badge_course SET column_asked_at = now()",
        "INSERT INTO line_item (institution_id, context_id, badge_id, url) SELECT institution_id, "
        "context_id, badge_id, 'https://north.example/l' FROM badge_course"};
    for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
        struct place p;
        struct err err = {0};
        place_open(&p);
        struct store_deep_link_use use = use_of(&p);
        use.mapped = &p.other;
        use.columns = &p.mapped;
        use.mapped_count = use.column_count = 1;
        (void)support_sql(taken[i]);
        assert_false(store_deep_link_use(p.store, &use, &err));
        assert_int_equal(err.code, ERR_CONFLICT);
        assert_string_equal(err.reason, "column");
        assert_false(is_used(&p));
        assert_int_equal(support_sql("SELECT count(*) FROM badge_course"), 1);
        place_close(&p);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(store_deep_link_get__gives_what_the_launch_brought),
        cmocka_unit_test(store_deep_link_use__counts_once),
        cmocka_unit_test(store_deep_link_use__maps_a_badge_and_judges_the_course),
        cmocka_unit_test(store_deep_link_use__changes_nothing_when_a_column_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
