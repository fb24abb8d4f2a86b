/* Invitations, deployments that wait, and the signing keys of registrations. */
#include "base_encode.h"
#include "seal_key.h"
#include "store_invite.h"
#include "store_key.h"
#include "store_parked.h"
#include "support_db.h"

#define DAY (INT64_C(86400) * USEC_PER_S)

static const unsigned char MASTER[SEAL_MASTER_BYTES] = {1};

struct house {
    struct arena a;
    struct seal *seal;
    struct store *store;
    struct model_registration north;
};

static int setup(void **state) {
    static struct house h;
    struct err err = {0};
    arena_init(&h.a);
    h.seal = seal_open_bytes(MASTER);
    store_destroy(support_store(1));
    const struct store_options options = {
        .conninfo = support_app(), .connections = 3, .seal = h.seal};
    assert_true(store_create(&options, &h.store, &err));
    h.north = support_platform(h.store, &h.a, "north");
    *state = &h;
    return 0;
}

static int teardown(void **state) {
    struct house *h = *state;
    store_destroy(h->store);
    seal_destroy(h->seal);
    arena_release(&h->a);
    return 0;
}

static usec_t now_usec(void) { return clock_now(&clock_system); }

/* --- keys */

static void add_key(struct house *h, const char *kid, int64_t registration_id, usec_t signs_from,
                    bool is_emergency) {
    struct err err = {0};
    const struct store_key_new key = {.kid = sv_from(kid),
                                      .public_jwk = SV("{\"kty\":\"RSA\"}"),
                                      .pem = sv_from(kid),
                                      .registration_id = registration_id,
                                      .signs_from = signs_from,
                                      .is_emergency = is_emergency};
    if (!store_key_add(h->store, &key, &err)) {
        fail_msg("%s: %s", kid, err.text);
    }
}

static const char *current(struct house *h, int64_t registration_id) {
    struct err err = {0};
    struct store_key key = {0};
    struct sv pem = {0};
    if (!store_key_current(h->store, registration_id, &h->a, &key, &pem, &err)) {
        return arena_printf(&h->a, "%s", err.reason[0] == '\0' ? err.text : err.reason);
    }
    assert_true(sv_eq(pem, key.kid)); /* the box of this very key */
    return sv_c(&h->a, key.kid);
}

/* The kids that are published, in the order of the list, as one text. */
static const char *published(struct house *h, const char *slug) {
    struct err err = {0};
    struct store_key *keys = NULL;
    size_t count = 0;
    struct str out;
    str_init(&out, &h->a, 1000);
    assert_true(store_key_list(h->store, sv_from(slug), &h->a, &keys, &count, &err));
    for (size_t i = 0; i < count; i++) {
        str_addf(&out, "%s%.*s", i == 0 ? "" : " ", SV_ARG(keys[i].kid));
    }
    return sv_c(&h->a, str_sv(&out));
}

static void store_key_current__prefers_the_registrations_own_key(void **state) {
    struct house *h = *state;
    assert_string_equal(current(h, h->north.id), "key"); /* none at all: the reason */
    add_key(h, "common", 0, 0, false);
    assert_string_equal(current(h, h->north.id), "common");
    add_key(h, "own", h->north.id, 0, false);
    assert_string_equal(current(h, h->north.id), "own");
    assert_string_equal(current(h, h->north.id + 1000), "common");
    add_key(h, "newer-common", 0, 0, false);
    assert_string_equal(current(h, h->north.id), "own");
}

static void store_key_current__changes_when_the_new_keys_time_has_come(void **state) {
    struct house *h = *state;
    add_key(h, "old", h->north.id, now_usec() - 30 * DAY, false);
    add_key(h, "new", h->north.id, now_usec() + DAY, false);
    add_key(h, "newest", h->north.id, now_usec() + 3 * DAY, false);
    assert_string_equal(current(h, h->north.id), "old");
    assert_string_equal(published(h, ""), "newest new old");
    (void)support_sql("UPDATE tool_key SET signs_from = signs_from - interval '25 hours'");
    assert_string_equal(current(h, h->north.id), "new");
    (void)support_sql("UPDATE tool_key SET signs_from = signs_from - interval '50 hours'");
    assert_string_equal(current(h, h->north.id), "newest");
    /* "old" ended 51 hours ago, "new" 3 hours ago; each stays 14 days after that. */
    (void)support_sql("UPDATE tool_key SET signs_from = signs_from - interval '12 days'");
    assert_string_equal(published(h, ""), "newest new");
    (void)support_sql("UPDATE tool_key SET signs_from = signs_from - interval '3 days'");
    assert_string_equal(published(h, ""), "newest");
}

static void store_key_add__in_an_emergency_takes_back_what_the_group_had(void **state) {
    struct house *h = *state;
    add_key(h, "common", 0, 0, false);
    add_key(h, "old", h->north.id, now_usec() - DAY, false);
    add_key(h, "waiting", h->north.id, now_usec() + DAY, false);
    add_key(h, "emergency", h->north.id, 0, true);
    assert_string_equal(current(h, h->north.id), "emergency");
    assert_string_equal(published(h, ""), "common emergency old");
    assert_int_equal(support_sql("SELECT count(*) FROM tool_key WHERE kid = 'old' AND "
                                 "published_until BETWEEN now() + interval '9 minutes' AND "
                                 "now() + interval '10 minutes'"),
                     1);
    assert_int_equal(support_sql("SELECT count(*) FROM tool_key WHERE published_until IS NOT NULL"),
                     1);
    assert_string_equal(current(h, 0), "common");
    (void)support_sql("UPDATE tool_key SET published_until = now() WHERE kid = 'old'");
    assert_string_equal(published(h, ""), "common emergency");
}

static void store_key_list__gives_one_registrations_keys_and_the_common_ones(void **state) {
    struct house *h = *state;
    struct model_registration south = support_platform(h->store, &h->a, "south");
    add_key(h, "common", 0, 0, false);
    add_key(h, "n", h->north.id, 0, false);
    add_key(h, "s", south.id, 0, false);
    assert_string_equal(published(h, sv_c(&h->a, h->north.slug)), "common n");
    assert_string_equal(published(h, sv_c(&h->a, south.slug)), "common s");
    assert_string_equal(published(h, "nobody"), "common");
}

/* --- invitations */

static struct sv invite(struct house *h, int64_t registration_id, usec_t expires_at) {
    struct err err = {0};
    struct sv code = {0};
    const struct store_invite_new new = {
        .institution_id = support_sql("SELECT id FROM institution WHERE name = 'north'"),
        .registration_id = registration_id,
        .expires_at = expires_at};
    if (!store_invite_make(h->store, &new, &h->a, &code, &err)) {
        fail_msg("%s", err.text);
    }
    return code;
}

static struct model_registration platform_of(struct house *h, const char *client_id) {
    return (struct model_registration){.slug = store_registration_slug(&h->a),
                                       .issuer = SV("https://new.example"),
                                       .client_id = sv_from(client_id),
                                       .auth_url = SV("https://new.example/auth"),
                                       .token_url = SV("https://new.example/token"),
                                       .jwks_url = SV("https://new.example/jwks"),
                                       .scopes = SV("a b")};
}

static const char *use(struct house *h, const struct store_invite *v, struct model_registration *r,
                       const char *deployment) {
    static struct err err;
    err = (struct err){0};
    const struct store_key_new key = {
        .kid = r->slug, .public_jwk = SV("{\"kty\":\"RSA\"}"), .pem = SV("pem")};
    const struct store_invite_use how = {.invite = v,
                                         .registration = r,
                                         .key = v->registration_id == 0 ? &key : NULL,
                                         .deployment_id = sv_from(deployment)};
    return store_invite_use(h->store, &how, &err) ? "" : err.reason;
}

static void store_invite_use__saves_everything_once(void **state) {
    struct house *h = *state;
    struct err err = {0};
    struct store_invite v = {0};
    struct sv code = invite(h, 0, now_usec() + DAY);
    assert_true(store_invite_find(h->store, code, now_usec(), &h->a, &v, &err));
    struct model_registration r = platform_of(h, "c1");
    assert_string_equal(use(h, &v, &r, "7"), "");
    assert_int_equal(
        support_sql("SELECT count(*) FROM registration r JOIN deployment d ON d.registration_id = "
                    "r.id AND d.institution_id = r.institution_id JOIN tool_key k ON "
                    "k.registration_id = r.id AND k.kid = r.slug JOIN institution i ON i.id = "
                    "r.institution_id WHERE i.name = 'north' AND r.client_id = 'c1' AND "
                    "d.deployment_id = '7' AND r.scopes = 'a b' AND NOT r.approves_deployments"),
        1);
    assert_int_equal(support_sql("SELECT count(*) FROM audit WHERE action = 'platform_registered'"),
                     1);
    struct model_registration again = platform_of(h, "c2");
    assert_string_equal(use(h, &v, &again, "7"), "invite_used");
    assert_int_equal(support_sql("SELECT count(*) FROM registration WHERE client_id = 'c2'"), 0);
}

static void store_invite_use__overwrites_nothing(void **state) {
    struct house *h = *state;
    struct err err = {0};
    struct store_invite v = {0};
    struct sv code = invite(h, 0, now_usec() + DAY);
    assert_true(store_invite_find(h->store, code, now_usec(), &h->a, &v, &err));
    struct model_registration r = platform_of(h, "client");
    r.issuer = h->north.issuer;
    long long keys = support_sql("SELECT count(*) FROM tool_key");
    assert_string_equal(use(h, &v, &r, "1"), "registered");
    assert_int_equal(support_sql("SELECT count(*) FROM registration"), 1);
    assert_int_equal(support_sql("SELECT count(*) FROM tool_key"), keys);
    assert_true(store_invite_find(h->store, code, now_usec(), &h->a, &v, &err)); /* still good */
    /* an update lets no deployment in, were it another institution's */
    struct model_registration south = support_platform(h->store, &h->a, "south");
    struct store_invite bound = {0};
    struct sv other = invite(h, south.id, now_usec() + DAY);
    assert_true(store_invite_find(h->store, other, now_usec(), &h->a, &bound, &err));
    south.auth_url = SV("https://south.example/changed");
    long long deployments = support_sql("SELECT count(*) FROM deployment");
    assert_string_equal(use(h, &bound, &south, "1"), "");
    assert_string_equal(use(h, &bound, &south, "new"), "invite_used");
    assert_int_equal(
        support_sql("SELECT count(*) FROM registration WHERE auth_url LIKE '%changed'"), 1);
    assert_int_equal(support_sql("SELECT count(*) FROM deployment"), deployments);
}

static void store_invite_use__updates_only_what_it_is_bound_to(void **state) {
    struct house *h = *state;
    struct err err = {0};
    struct store_invite v = {0};
    struct model_registration south = support_platform(h->store, &h->a, "south");
    struct sv code = invite(h, h->north.id, now_usec() + DAY);
    assert_true(store_invite_find(h->store, code, now_usec(), &h->a, &v, &err));
    const struct store_invite_use how = {.invite = &v, .registration = &south};
    assert_false(store_invite_use(h->store, &how, &err));
    assert_int_equal(err.code, ERR_BUG);
    struct model_registration changed = h->north;
    changed.jwks_url = SV("https://north.example/new");
    const struct store_invite_use good = {.invite = &v, .registration = &changed};
    err = (struct err){0};
    assert_true(store_invite_use(h->store, &good, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM registration WHERE jwks_url LIKE '%/new'"),
                     1);
}

static void store_invite_find__says_why_not(void **state) {
    struct house *h = *state;
    struct sv good = invite(h, 0, now_usec() + DAY);
    const struct {
        const char *name;
        struct sv code;
        usec_t now;
        const char *reason;
    } rows[] = {{"missing", SV(""), now_usec(), "invite_missing"},
                {"too short", SV("abc"), now_usec(), "invite_unknown"},
                {"unknown", SV("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), now_usec(),
                 "invite_unknown"},
                {"run out", good, now_usec() + DAY, "invite_expired"},
                {"good", good, now_usec(), ""}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};
        struct store_invite v = {0};
        (void)!store_invite_find(h->store, rows[i].code, rows[i].now, &h->a, &v, &err);
        if (strcmp(err.reason, rows[i].reason) != 0) {
            fail_msg("%s: %s", rows[i].name, err.reason);
        }
    }
}

/* --- deployments that wait */

static void store_parked_approve__needs_a_note_and_a_free_deployment(void **state) {
    struct house *h = *state;
    struct err err = {0};
    enum store_parking parking = STORE_PARKING_APPROVED;
    struct store_parked *parked = NULL;
    size_t count = 0;
    int64_t north = support_sql("SELECT id FROM institution WHERE name = 'north'");
    (void)support_platform(h->store, &h->a, "south");
    int64_t south = support_sql("SELECT id FROM institution WHERE name = 'south'");
    struct store_parked_choice choice = {
        .registration_id = h->north.id, .deployment_id = SV("2"), .institution_id = north};
    assert_false(store_parked_approve(h->store, &choice, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    err = (struct err){0};
    assert_true(store_deployment_park(h->store, h->north.id, SV("2"), SV("Lab"), &parking, &err));
    assert_int_equal(parking, STORE_PARKING_WAITS);
    assert_true(store_parked_list(h->store, h->north.id, &h->a, &parked, &count, &err));
    assert_int_equal(count, 1);
    assert_true(sv_eq(parked[0].title, SV("Lab")) && parked[0].launches == 1);
    /* meanwhile it became somebody else's */
    (void)support_sql(arena_printf(&h->a,
                                   "INSERT INTO deployment (registration_id, institution_id, "
                                   "deployment_id, is_active) VALUES (%lld, %lld, '2', false)",
                                   (long long)h->north.id, (long long)south));
    assert_false(store_parked_approve(h->store, &choice, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_int_equal(support_sql("SELECT count(*) FROM deployment WHERE is_active AND "
                                 "deployment_id = '2'"),
                     0);
    assert_int_equal(support_sql("SELECT count(*) FROM registration WHERE parked ? '2'"), 1);
    err = (struct err){0};
    choice.institution_id = south;
    assert_true(store_parked_approve(h->store, &choice, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM registration WHERE parked ? '2'"), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(store_key_current__prefers_the_registrations_own_key, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(store_key_current__changes_when_the_new_keys_time_has_come,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            store_key_add__in_an_emergency_takes_back_what_the_group_had, setup, teardown),
        cmocka_unit_test_setup_teardown(
            store_key_list__gives_one_registrations_keys_and_the_common_ones, setup, teardown),
        cmocka_unit_test_setup_teardown(store_invite_use__saves_everything_once, setup, teardown),
        cmocka_unit_test_setup_teardown(store_invite_use__overwrites_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(store_invite_use__updates_only_what_it_is_bound_to, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(store_invite_find__says_why_not, setup, teardown),
        cmocka_unit_test_setup_teardown(store_parked_approve__needs_a_note_and_a_free_deployment,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
