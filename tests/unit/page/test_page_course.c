#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "page_course.h"
#include "page_why.h"

static const unsigned char MASTER[SEAL_MASTER_BYTES] = {1, 2, 3};

/* attacks.md E7 */
static void page_person_seal__differs_by_institution_course_and_person(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    AUTO_SEAL *seal = seal_open_bytes(MASTER);
    const struct page_person_ref refs[] = {{1, 23, 4}, {12, 3, 4}, {1, 2, 34},
                                           {1, 23, 5}, {1, 24, 4}, {2, 23, 4}};
    for (size_t i = 0; i < ARRAY_LEN(refs); i++) {
        struct sv token = page_person_seal(seal, &a, refs[i]);
        assert_int_equal(token.len, 22);
        assert_true(sv_eq(token, page_person_seal(seal, &a, refs[i])));
        for (size_t j = 0; j < i; j++) {
            assert_false(sv_eq(token, page_person_seal(seal, &a, refs[j])));
        }
    }
}

static void page_person_seal__differs_by_master_key(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    static const unsigned char other[SEAL_MASTER_BYTES] = {9};
    AUTO_SEAL *seal = seal_open_bytes(MASTER);
    AUTO_SEAL *another = seal_open_bytes(other);
    const struct page_person_ref ref = {1, 2, 3};
    assert_false(sv_eq(page_person_seal(seal, &a, ref), page_person_seal(another, &a, ref)));
}

static void page_state_of__follows_award_then_verdict(void **state) {
    (void)state;
    struct badge_result waits = {.state = BADGE_NEEDS_TEACHER};
    struct badge_result open = {.state = BADGE_NOT_YET};
    static const struct store_award awards[] = {
        {.state = MODEL_AWARD_ISSUED},    {.state = MODEL_AWARD_PROPOSED},
        {.state = MODEL_AWARD_SUSPENDED}, {.state = MODEL_AWARD_REVOKED},
        {.state = MODEL_AWARD_DECLINED},  {.state = MODEL_AWARD_EXPIRED}};
    const struct {
        const char *name;
        const struct store_award *award;
        struct badge_verdict verdict;
        enum page_state want;
        bool is_stuck, is_started;
    } rows[] = {
        {"issued", &awards[0], {.is_decidable = true}, PAGE_STATE_EARNED, false, true},
        {"issued, rule broken", &awards[0], {0}, PAGE_STATE_EARNED, false, true},
        {"proposed", &awards[1], {.is_decidable = true}, PAGE_STATE_REVIEW, false, true},
        {"suspended", &awards[2], {.is_decidable = true}, PAGE_STATE_PROBLEM, true, true},
        {"revoked",
         &awards[3],
         {.is_decidable = true, .is_met = true},
         PAGE_STATE_PROBLEM,
         true,
         true},
        {"declined", &awards[4], {.is_decidable = true}, PAGE_STATE_PROBLEM, true, true},
        {"expired", &awards[5], {.is_decidable = true}, PAGE_STATE_PROBLEM, true, true},
        {"no plan", NULL, {.steps_left = BADGE_STEPS_NEVER}, PAGE_STATE_PROBLEM, false, true},
        {"waits for a word",
         NULL,
         {.is_decidable = true, .steps_left = 1, .results = &waits},
         PAGE_STATE_REVIEW,
         false,
         true},
        {"one step",
         NULL,
         {.is_decidable = true, .steps_left = 1, .results = &open},
         PAGE_STATE_ALMOST,
         false,
         true},
        {"one step, nothing done",
         NULL,
         {.is_decidable = true, .steps_left = 1, .results = &open},
         PAGE_STATE_NOT_YET,
         false,
         false},
        {"two steps",
         NULL,
         {.is_decidable = true, .steps_left = 2, .results = &open},
         PAGE_STATE_NOT_YET,
         false,
         true},
        {"no road",
         NULL,
         {.is_decidable = true, .steps_left = BADGE_STEPS_NEVER, .results = &open},
         PAGE_STATE_NOT_YET,
         true,
         true},
        {"met, not awarded yet",
         NULL,
         {.is_decidable = true, .is_met = true, .results = &open},
         PAGE_STATE_ALMOST,
         false,
         true},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (page_state_of(rows[i].award, &rows[i].verdict, rows[i].is_started) != rows[i].want ||
            page_is_stuck(rows[i].award, &rows[i].verdict) != rows[i].is_stuck) {
            fail_msg("%s", rows[i].name);
        }
    }
}

static void page_is_started__by_what_is_met_graded_or_handed_in(void **state) {
    (void)state;
    static const struct model_fact graded = {.has_score = true, .is_posted = true};
    static const struct model_fact hidden = {.has_score = true};
    static const struct model_fact handed_in = {.submitted_at = 1};
    static const struct {
        const char *name;
        struct badge_result result;
        bool want;
    } rows[] = {
        {"nothing known", {.state = BADGE_NOT_YET}, false},
        {"met", {.state = BADGE_MET}, true},
        {"graded", {.state = BADGE_NOT_YET, .fact = &graded}, true},
        {"graded, not shown to the learner", {.state = BADGE_NOT_YET, .fact = &hidden}, false},
        {"handed in", {.state = BADGE_NOT_YET, .fact = &handed_in}, true},
    };
    const struct badge_plan plan = {.node_count = 2};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct badge_result results[] = {{.state = BADGE_NOT_YET}, rows[i].result};
        const struct badge_verdict verdict = {.is_decidable = true, .results = results};
        if (page_is_started(&plan, &verdict) != rows[i].want) {
            fail_msg("%s", rows[i].name);
        }
    }
    const struct badge_verdict broken = {0};
    assert_false(page_is_started(NULL, &broken));
}

static void page_badge_names__puts_names_for_keys(void **state) {
    (void)state;
    static const struct store_badge badges[] = {
        {.key = {"a", 1}, .name = {"Alpha", 5}},
        {.key = {"a-b", 3}, .name = {"The \"Second\"", 12}}};
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"the badge \"a\" is held", "the badge \"Alpha\" is held"},
        {"badge \"a-b\"; badge \"a\"", "badge \"The \"Second\"\"; badge \"Alpha\""},
        {"the badge \"other\" is held", "the badge \"other\" is held"},
        {"the badge \"a", "the badge \"Alpha"},
        {"a badge \"", "a badge \""},
        {"", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct sv out = page_badge_names(&a, badges, ARRAY_LEN(badges), sv_from(rows[i].in));
        if (!sv_eq(out, sv_from(rows[i].out))) {
            fail_msg("%s: %.*s", rows[i].in, SV_ARG(out));
        }
    }
}

static void page_sentence__has_a_capital_and_one_full_stop(void **state) {
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {{"there is no such page", "There is no such page."},
                {"There is no page at this address.", "There is no page at this address."},
                {"\"x\" is no number", "\"x\" is no number."},
                {"did you mean \"y\"?", "Did you mean \"y\"?"},
                {"", ""}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        assert_true(sv_eq(page_sentence(&a, sv_from(rows[i].in)), sv_from(rows[i].out)));
    }
}

static void page_search__finds_parts_of_names_without_regard_to_case(void **state) {
    (void)state;
    static const struct {
        const char *name, *typed;
        bool is_found;
    } rows[] = {
        {"Amina Diallo", "dial", true},
        {"Amina Diallo", "DIALLO", true},
        {"Amina Diallo", "", true},
        {"Amina Diallo", "  amina ", true},
        {"Amina Diallo", "allo x", false},
        {"Amina Diallo", "diallo amina", false},
        {"\xC3\x89lodie", "\xC3\xA9LO", true},                          /* Élodie, éLO */
        {"\xC5\x81ukasz", "\xC5\x82uk", true},                          /* Łukasz, łuk */
        {"\xD0\x98\xD0\xB2\xD0\xB0\xD0\xBD", "\xD0\xB8\xD0\x92", true}, /* Иван, иВ */
        {"\xD0\x81\xD0\xB6", "\xD1\x91", true},                         /* Ёж, ё */
        {"Elodie", "\xC3\xA9lodie", false},
        {"\xC3\x97", "\xC3\xB7", false}, /* the signs × and ÷ are no letters */
        {"", "a", false},
        {"", "", true},
        {"ab\xE2\x82", "b\xE2\x82",
         true}, /* cut in the middle of a character: no reading past it */
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (page_search_fits(sv_from(rows[i].name), sv_from(rows[i].typed)) != rows[i].is_found) {
            fail_msg("\"%s\" in \"%s\"", rows[i].typed, rows[i].name);
        }
    }
}

static void page_own_path__takes_pages_of_this_launch_only(void **state) {
    (void)state;
#define LAUNCH "0190a1b2-0000-7000-8000-000000000001"
    static const struct {
        const char *path;
        bool is_own;
    } rows[] = {
        {"/app/l/" LAUNCH "/", true},
        {"/app/l/" LAUNCH "/grid", true},
        {"/app/l/" LAUNCH "/why/aB3_-/" LAUNCH, true},
        {"/app/l/" LAUNCH, false},
        {"/app/l/" LAUNCH "x/", false},
        {"/app/l/0190a1b2-0000-7000-8000-000000000002/", false},
        {"/app/l/" LAUNCH "/../x", false},
        {"/app/l/" LAUNCH "//evil.example", false},
        {"/app/l/" LAUNCH "//grid", false},
        {"/app/l/" LAUNCH "/?done=revoked", false},
        {"/app/l/" LAUNCH "/a\r\nb", false},
        {"//evil.example/app/l/" LAUNCH "/", false},
        {"https://evil.example/", false},
        {"", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (page_own_path(SV(LAUNCH), sv_from(rows[i].path)) != rows[i].is_own) {
            fail_msg("%s", rows[i].path);
        }
    }
    assert_false(page_own_path(SV(""), SV("/app/l//x")));
}

static void page_reason__has_3_to_1000_characters(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct str text;
    str_init(&text, &a, 4096);
    for (int i = 0; i < 1000; i++) {
        str_add_c(&text, "\xC3\xA9"); /* é: one character, two bytes */
    }
    struct sv problem = {0};
    assert_true(page_reason_fits(str_sv(&text), &problem));
    str_add_c(&text, "e");
    assert_false(page_reason_fits(str_sv(&text), &problem));
    assert_true(page_reason_fits(SV(" ill "), &problem));
    assert_false(page_reason_fits(SV("\xC3\xA9\xC3\xA9"), &problem));
    assert_false(page_reason_fits(SV("  a     "), &problem));
    assert_true(problem.len > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_person_seal__differs_by_institution_course_and_person),
        cmocka_unit_test(page_person_seal__differs_by_master_key),
        cmocka_unit_test(page_state_of__follows_award_then_verdict),
        cmocka_unit_test(page_is_started__by_what_is_met_graded_or_handed_in),
        cmocka_unit_test(page_badge_names__puts_names_for_keys),
        cmocka_unit_test(page_sentence__has_a_capital_and_one_full_stop),
        cmocka_unit_test(page_search__finds_parts_of_names_without_regard_to_case),
        cmocka_unit_test(page_own_path__takes_pages_of_this_launch_only),
        cmocka_unit_test(page_reason__has_3_to_1000_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
