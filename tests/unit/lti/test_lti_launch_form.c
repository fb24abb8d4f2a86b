#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lti_launch.h"
#include "lti_state.h"

#define PAIR(name, value)                                                                          \
    { SV(name), SV(value) }

static void lti_launch_form_read__judges(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    char *big = arena_alloc(&a, LTI_ID_TOKEN_MAX + 2);
    memset(big, 'A', LTI_ID_TOKEN_MAX + 1);
    const struct {
        const char *name;
        struct lti_pair pairs[4];
        const char *reason;
        bool is_error;
    } rows[] = {
        {"launch", {PAIR("id_token", "t"), PAIR("state", "s")}, "", false},
        {"launch, with more",
         {PAIR("id_token", "t"), PAIR("state", "s"), PAIR("x", "y")},
         "",
         false},
        {"row 0 no id_token", {PAIR("state", "s")}, "id_token", false},
        {"row 0 no state", {PAIR("id_token", "t")}, "state", false},
        {"row 0 empty state", {PAIR("id_token", "t"), PAIR("state", "")}, "state", false},
        {"row 0 nothing", {PAIR("x", "y")}, "id_token", false},
        {"row 0 64 KiB",
         {{SV("id_token"), sv_of(big, LTI_ID_TOKEN_MAX)}, PAIR("state", "s")},
         "",
         false},
        {"row 0 over 64 KiB",
         {{SV("id_token"), sv_of(big, LTI_ID_TOKEN_MAX + 1)}, PAIR("state", "s")},
         "size",
         false},
        {"row 0 long state",
         {PAIR("id_token", "t"), {SV("state"), sv_of(big, LTI_STATE_TEXT_MAX + 1)}},
         "size",
         false},
        {"B14 id_token twice",
         {PAIR("id_token", "t"), PAIR("state", "s"), PAIR("id_token", "u")},
         "form",
         false},
        {"B14 state twice",
         {PAIR("id_token", "t"), PAIR("state", "s"), PAIR("state", "s")},
         "form",
         false},
        {"B14 id_token[]", {PAIR("id_token[]", "t"), PAIR("state", "s")}, "id_token", false},
        {"error", {PAIR("error", "access_denied"), PAIR("state", "s")}, "", true},
        {"error without state (Moodle posts an empty one)",
         {PAIR("error", "access_denied"), PAIR("state", "")},
         "",
         true},
        {"D9 markup", {PAIR("error", "<script>"), PAIR("error_description", "<b>")}, "", true},
        {"D9 description of 64 KiB",
         {PAIR("error", "x"), {SV("error_description"), sv_of(big, LTI_ID_TOKEN_MAX)}},
         "",
         true},
        {"D9 huge error", {{SV("error"), sv_of(big, 4096)}}, "size", false},
        {"D10 error and id_token",
         {PAIR("error", "x"), PAIR("id_token", "t"), PAIR("state", "s")},
         "form",
         false}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].name);
        size_t n = 0;
        while (n < 4 && rows[i].pairs[n].name.len > 0) {
            n++;
        }
        struct lti_launch_form got;
        struct err err = {0};
        bool is_read =
            lti_launch_form_read((struct lti_form){.pairs = rows[i].pairs, .count = n}, &got, &err);
        assert_string_equal(err.reason, rows[i].reason);
        assert_int_equal(is_read, rows[i].reason[0] == '\0');
        assert_int_equal(err.code, is_read ? ERR_NONE : ERR_INPUT);
        if (is_read) {
            assert_int_equal(got.is_error, rows[i].is_error);
            assert_true(got.error_description.len <= 500);
        }
    }
}

/* lti.md 1.4 */
static void lti_launch_error__has_words_for_every_known_code(void **state) {
    (void)state;
    static const char *const known[] = {"invalid_request_object", "login_required",
                                        "unauthorized_client",    "launch_no_longer_valid",
                                        "invalid_request",        "invalid_scope",
                                        "access_denied",          "unsupported_response_type"};
    struct lti_launch_refusal other = lti_launch_error(SV("<script>alert(1)</script>"));
    assert_string_equal(other.code, "other");
    assert_null(strchr(other.sentence, '<'));
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        struct lti_launch_refusal got = lti_launch_error(sv_from(known[i]));
        assert_string_equal(got.code, known[i]);
        assert_string_not_equal(got.sentence, other.sentence);
    }
    assert_string_equal(lti_launch_error(SV("Access_Denied")).code, "other");
    assert_string_equal(lti_launch_error(sv_of(NULL, 0)).code, "other");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lti_launch_form_read__judges),
        cmocka_unit_test(lti_launch_error__has_words_for_every_known_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
