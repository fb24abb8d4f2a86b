#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_encode.h"
#include "lti_state.h"

#define NOW (INT64_C(1760000000) * USEC_PER_S)

static const unsigned char MASTER[SEAL_MASTER_BYTES] = {1, 2, 3};

struct fixture {
    struct arena a;
    struct seal *seal;
    struct sv browser, text, nonce;
};

static int set_up(void **state) {
    static struct fixture f;
    struct err err = {0};
    arena_init(&f.a);
    f.seal = seal_open_bytes(MASTER);
    f.browser = lti_state_browser_new(&f.a);
    struct lti_state_want want = {
        .registration_id = 7, .browser = f.browser, .deployment_id = SV("57:abc"), .now = NOW};
    *state = &f;
    return lti_state_mint(f.seal, &want, &f.a, &f.text, &f.nonce, &err) ? 0 : -1;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    seal_destroy(f->seal);
    arena_release(&f->a);
    return 0;
}

static const char *open_reason(struct fixture *f, struct sv text, struct sv browser, usec_t now) {
    static struct err err;
    struct lti_state got;
    err = (struct err){0};
    bool is_open = lti_state_open(f->seal, text, browser, now, &f->a, &got, &err);
    assert_int_equal(is_open, err.reason[0] == '\0');
    assert_int_equal(err.code, is_open ? ERR_NONE : ERR_DENIED);
    return err.reason;
}

static void lti_state_open__gives_back_what_was_minted(void **state) {
    struct fixture *f = *state;
    struct lti_state got;
    struct err err = {0};
    unsigned char digest[32];
    assert_true(lti_state_open(f->seal, f->text, f->browser, NOW + 1, &f->a, &got, &err));
    assert_int_equal(got.registration_id, 7);
    assert_true(sv_eq(got.nonce, f->nonce));
    assert_int_equal(got.nonce.len, 22);
    assert_true(got.issued_at == NOW);
    assert_true(got.has_deployment);
    sha256("57:abc", 6, digest);
    assert_memory_equal(got.deployment_digest, digest, sizeof digest);
    assert_true(f->text.len <= LTI_STATE_TEXT_MAX);
}

static void lti_state_mint__never_repeats_a_nonce(void **state) {
    struct fixture *f = *state;
    struct lti_state_want want = {.registration_id = 7, .browser = f->browser, .now = NOW};
    struct sv text;
    struct sv nonce;
    struct lti_state got;
    struct err err = {0};
    assert_true(lti_state_mint(f->seal, &want, &f->a, &text, &nonce, &err));
    assert_false(sv_eq(nonce, f->nonce));
    assert_true(lti_state_open(f->seal, text, f->browser, NOW, &f->a, &got, &err));
    assert_false(got.has_deployment);
}

static void lti_state_open__keeps_ten_minutes(void **state) {
    struct fixture *f = *state;
    usec_t ttl = LTI_STATE_TTL_S * USEC_PER_S;
    assert_string_equal(open_reason(f, f->text, f->browser, NOW + ttl), "");
    assert_string_equal(open_reason(f, f->text, f->browser, NOW + ttl + 1), "state_expired");
    /* Minted by a machine whose clock is a minute ahead, but not more. */
    assert_string_equal(open_reason(f, f->text, f->browser, NOW - 60 * USEC_PER_S), "");
    assert_string_equal(open_reason(f, f->text, f->browser, NOW - 60 * USEC_PER_S - 1), "state");
}

/* attacks.md D1 */
static void lti_state_open__refuses_another_browser(void **state) {
    struct fixture *f = *state;
    struct sv other = lti_state_browser_new(&f->a);
    assert_string_equal(open_reason(f, f->text, other, NOW), "state_browser");
    assert_string_equal(open_reason(f, f->text, sv_of(NULL, 0), NOW), "state_browser");
    assert_string_equal(open_reason(f, f->text, sv_head(f->browser, 21), NOW), "state_browser");
    struct lti_state got;
    struct err err = {0};
    assert_true(lti_state_peek(f->seal, f->text, NOW, &f->a, &got, &err));
    assert_int_equal(got.registration_id, 7);
}

/* attacks.md P8, D14 */
static void lti_state_open__serves_two_tabs_of_one_browser(void **state) {
    struct fixture *f = *state;
    struct lti_state_want want = {.registration_id = 9, .browser = f->browser, .now = NOW};
    struct sv text;
    struct sv nonce;
    struct err err = {0};
    assert_true(lti_state_mint(f->seal, &want, &f->a, &text, &nonce, &err));
    assert_string_equal(open_reason(f, text, f->browser, NOW), "");
    assert_string_equal(open_reason(f, f->text, f->browser, NOW), "");
}

static struct sv with_target(struct fixture *f, struct sv target) {
    struct lti_state_want want = {
        .registration_id = 7, .browser = f->browser, .storage_target = target, .now = NOW};
    struct sv text;
    struct sv nonce;
    struct err err = {0};
    assert_true(lti_state_mint(f->seal, &want, &f->a, &text, &nonce, &err));
    return text;
}

static void lti_state_open__gives_back_the_storage_frame(void **state) {
    struct fixture *f = *state;
    const struct sv names[] = {
        SV("_parent"), SV("post_message_forwarding"), SV("x"),
        SV("0123456789012345678901234567890123456789012345678901234567890123") /* 64 */};
    struct lti_state got;
    struct err err = {0};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct sv text = with_target(f, names[i]);
        assert_true(text.len <= LTI_STATE_TEXT_MAX);
        assert_true(lti_state_open(f->seal, text, f->browser, NOW, &f->a, &got, &err));
        assert_true(sv_eq(got.storage_target, names[i]));
        assert_false(got.has_deployment);
    }
    assert_true(lti_state_open(f->seal, f->text, f->browser, NOW, &f->a, &got, &err));
    assert_int_equal(got.storage_target.len, 0);
}

/* attacks.md D17 */
static void lti_state_mint__takes_no_odd_frame_name(void **state) {
    struct fixture *f = *state;
    const struct sv names[] = {
        SV("\"><script>"), SV("a b"),
        SV("01234567890123456789012345678901234567890123456789012345678901234") /* 65 */};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct lti_state_want want = {
            .registration_id = 7, .browser = f->browser, .storage_target = names[i], .now = NOW};
        struct sv text;
        struct sv nonce;
        struct err err = {0};
        assert_false(lti_state_mint(f->seal, &want, &f->a, &text, &nonce, &err));
        assert_int_equal(err.code, ERR_BUG);
    }
}

/* SHA-256 of "abc": FIPS 180-4, example B.1. */
static void lti_state_storage_key__is_of_the_states_digest(void **state) {
    struct fixture *f = *state;
    struct sv key = lti_state_storage_key(&f->a, SV("abc"));
    assert_true(sv_eq(key, SV("laurel_ba7816bf8f01cfea414140de5dae2223")));
}

static void refuses_every_changed_byte(struct fixture *f, struct sv minted) {
    struct sv wire;
    struct err err = {0};
    assert_true(base64url_decode(&f->a, minted, &wire, &err));
    for (size_t i = 0; i < wire.len; i++) {
        char *changed = sv_c(&f->a, wire);
        changed[i] = (char)(changed[i] ^ 1);
        struct sv text = base64url_encode(&f->a, changed, wire.len);
        assert_string_equal(open_reason(f, text, f->browser, NOW), "state");
    }
}

static void lti_state_open__refuses_every_changed_byte(void **state) {
    struct fixture *f = *state;
    refuses_every_changed_byte(f, f->text);
    refuses_every_changed_byte(f, with_target(f, SV("_parent")));
}

static void lti_state_open__refuses_cut_long_and_foreign_texts(void **state) {
    struct fixture *f = *state;
    for (size_t len = 0; len < f->text.len; len++) {
        assert_string_equal(open_reason(f, sv_head(f->text, len), f->browser, NOW), "state");
    }
    struct sv longer = sv_printf(&f->a, "%.*sAAAA", SV_ARG(f->text));
    assert_string_equal(open_reason(f, longer, f->browser, NOW), "state");
    struct sv spaced = sv_printf(&f->a, " %.*s", SV_ARG(f->text));
    assert_string_equal(open_reason(f, spaced, f->browser, NOW), "state");
    size_t huge = (size_t)1 << 20;
    char *as = arena_alloc(&f->a, huge);
    memset(as, 'A', huge);
    assert_string_equal(open_reason(f, sv_of(as, huge), f->browser, NOW), "state");
    unsigned char other_master[SEAL_MASTER_BYTES] = {9};
    AUTO_SEAL *other = seal_open_bytes(other_master);
    struct lti_state got;
    struct err err = {0};
    assert_false(lti_state_open(other, f->text, f->browser, NOW, &f->a, &got, &err));
    assert_string_equal(err.reason, "state");
}

static void lti_state_mint__wants_a_registration_and_a_browser(void **state) {
    struct fixture *f = *state;
    struct lti_state_want rows[] = {
        {.registration_id = 0, .browser = f->browser, .now = NOW},
        {.registration_id = 7, .browser = SV(""), .now = NOW},
        {.registration_id = 7, .browser = SV("short"), .now = NOW},
        {.registration_id = 7, .browser = SV("0123456789012345678+21"), .now = NOW}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sv text;
        struct sv nonce;
        struct err err = {0};
        assert_false(lti_state_mint(f->seal, &rows[i], &f->a, &text, &nonce, &err));
        assert_int_equal(err.code, ERR_BUG);
    }
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(lti_state_open__gives_back_what_was_minted),
        T(lti_state_mint__never_repeats_a_nonce),
        T(lti_state_open__keeps_ten_minutes),
        T(lti_state_open__refuses_another_browser),
        T(lti_state_open__serves_two_tabs_of_one_browser),
        T(lti_state_open__gives_back_the_storage_frame),
        T(lti_state_mint__takes_no_odd_frame_name),
        T(lti_state_storage_key__is_of_the_states_digest),
        T(lti_state_open__refuses_every_changed_byte),
        T(lti_state_open__refuses_cut_long_and_foreign_texts),
        T(lti_state_mint__wants_a_registration_and_a_browser),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
