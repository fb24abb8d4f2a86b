#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lti_handoff.h"
#include <string.h>

#define NOW (INT64_C(1760000000) * USEC_PER_S)
#define TOKEN SV("e30.e30.c2lnbmF0dXJl")
#define STATE SV("AQIDBA")

struct fixture {
    struct arena a;
    struct seal *seal;
    struct sv text;
};

static int set_up(void **state) {
    static const unsigned char master[SEAL_MASTER_BYTES] = {1, 2, 3};
    static struct fixture f;
    arena_init(&f.a);
    f.seal = seal_open_bytes(master);
    f.text = lti_handoff_mint(f.seal, TOKEN, STATE, NOW, &f.a);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    seal_destroy(f->seal);
    arena_release(&f->a);
    return 0;
}

static const char *reason(struct fixture *f, struct sv text, struct sv id_token, struct sv started,
                          usec_t now) {
    static struct err err;
    usec_t minted_at = 0;
    err = (struct err){0};
    bool is_open = lti_handoff_open(f->seal, text, id_token, started, now, &f->a, &minted_at, &err);
    assert_int_equal(err.code, is_open ? ERR_NONE : ERR_DENIED);
    assert_true(!is_open || minted_at == NOW);
    return err.reason;
}

static void lti_handoff_open__says_when_the_launch_was_judged(void **state) {
    struct fixture *f = *state;
    assert_string_equal(reason(f, f->text, TOKEN, STATE, NOW + USEC_PER_S), "");
    assert_true(f->text.len <= LTI_HANDOFF_TEXT_MAX);
}

/* attacks.md D19 */
static void lti_handoff_open__keeps_one_minute(void **state) {
    struct fixture *f = *state;
    assert_string_equal(reason(f, f->text, TOKEN, STATE, NOW + 60 * USEC_PER_S), "");
    assert_string_equal(reason(f, f->text, TOKEN, STATE, NOW + 60 * USEC_PER_S + 1),
                        "handoff_expired");
    /* Made by a machine whose clock is a minute ahead, but not more. */
    assert_string_equal(reason(f, f->text, TOKEN, STATE, NOW - 60 * USEC_PER_S), "");
    assert_string_equal(reason(f, f->text, TOKEN, STATE, NOW - 60 * USEC_PER_S - 1),
                        "handoff_expired");
}

static void lti_handoff_open__is_for_one_token_and_state(void **state) {
    struct fixture *f = *state;
    assert_string_equal(reason(f, f->text, SV("e30.e30.b3RoZXI"), STATE, NOW), "handoff");
    assert_string_equal(reason(f, f->text, TOKEN, SV("AQIDBB"), NOW), "handoff");
    assert_string_equal(reason(f, f->text, STATE, TOKEN, NOW), "handoff");
    unsigned char other_master[SEAL_MASTER_BYTES] = {9};
    AUTO_SEAL *other = seal_open_bytes(other_master);
    struct sv foreign = lti_handoff_mint(other, TOKEN, STATE, NOW, &f->a);
    assert_string_equal(reason(f, foreign, TOKEN, STATE, NOW), "handoff");
}

static void lti_handoff_open__refuses_every_changed_and_cut_text(void **state) {
    struct fixture *f = *state;
    for (size_t i = 0; i < f->text.len; i++) {
        char *changed = sv_c(&f->a, f->text);
        changed[i] = changed[i] == '0' ? '1' : '0';
        /* The last character of 32 bytes holds two bits that base64url must have at zero. */
        assert_string_equal(reason(f, sv_of(changed, f->text.len), TOKEN, STATE, NOW), "handoff");
        assert_string_equal(reason(f, sv_head(f->text, i), TOKEN, STATE, NOW), "handoff");
    }
    struct sv later = sv_printf(&f->a, "%lld%.*s", (long long)(NOW + 1),
                                SV_ARG(sv_skip(f->text, sv_find(f->text, '.'))));
    assert_string_equal(reason(f, later, TOKEN, STATE, NOW), "handoff");
    struct sv longer = sv_printf(&f->a, "%.*sAAAA", SV_ARG(f->text));
    assert_string_equal(reason(f, longer, TOKEN, STATE, NOW), "handoff");
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(lti_handoff_open__says_when_the_launch_was_judged),
        T(lti_handoff_open__keeps_one_minute),
        T(lti_handoff_open__is_for_one_token_and_state),
        T(lti_handoff_open__refuses_every_changed_and_cut_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
