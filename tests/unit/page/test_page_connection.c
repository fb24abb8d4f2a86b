#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "grades_source.h"
#include "page_connection.h"

#define GOOD                                                                                       \
    { .is_tried = true, .is_good = true }

static const struct store_capabilities ALL = {
    .course = SV("Lab skills"),
    .scopes = {GOOD, GOOD, GOOD, GOOD, GOOD},
    .lineitems = GOOD,
    .roster = GOOD,
    .source = GOOD,
    .lineitem_count = 3,
    .people = 50,
    .names = 50,
    .emails = 2,
    .has_more_people = true,
    .source_can = GRADES_CAN_SCORES | GRADES_CAN_COMPLETION | GRADES_CAN_COURSE_COMPLETION |
                  GRADES_CAN_COURSE_TOTAL,
    .source_site = SV("Northside"),
    .source_words = {SV("Grades can be read.")},
    .source_word_count = 1};

/* The row with this title: its word, and its text. */
static const char *word_of(const json_t *list, const char *title, const char **text) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);
        if (strcmp(json_string_value(json_object_get(row, "title")), title) == 0) {
            *text = json_string_value(json_object_get(row, "text"));
            return json_string_value(json_object_get(row, "word"));
        }
    }
    fail_msg("there is no row \"%s\"", title);
    return NULL;
}

static void capabilities__come_back_as_they_were_written(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct store_capabilities found = ALL;
    struct store_capabilities back;
    found.scopes[STORE_SCOPE_SCORE] =
        (struct store_finding){.is_tried = true, .text = SV("\"not\" granted")};
    assert_true(store_capabilities_read(store_capabilities_write(&found, &a), &a, &back));
    assert_true(back.scopes[STORE_SCOPE_LINEITEM].is_good && back.roster.is_good);
    assert_true(back.scopes[STORE_SCOPE_SCORE].is_tried);
    assert_false(back.scopes[STORE_SCOPE_SCORE].is_good);
    assert_true(sv_eq(back.scopes[STORE_SCOPE_SCORE].text, SV("\"not\" granted")));
    assert_int_equal(back.people, 50);
    assert_int_equal(back.emails, 2);
    assert_int_equal(back.source_can, ALL.source_can);
    assert_true(back.has_more_people);
    assert_true(sv_eq(back.course, SV("Lab skills")));
    assert_int_equal(back.source_word_count, 1);
    assert_true(sv_eq(back.source_words[0], SV("Grades can be read.")));
}

static void capabilities__of_nothing_are_none(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct store_capabilities back;
    assert_false(store_capabilities_read(SV("{}"), &a, &back));
    assert_false(store_capabilities_read(SV(""), &a, &back));
    assert_false(store_capabilities_read(SV("[1]"), &a, &back));
    assert_true(store_capabilities_read(SV("{\"roster\":7,\"people\":\"x\"}"), &a, &back));
    assert_false(back.roster.is_tried);
    assert_int_equal(back.people, 0);
}

static void rules__follow_from_what_the_source_can_read(void **state) {
    (void)state;
    static const struct {
        const char *kind;
        int64_t can;
        const char *title, *word;
    } rows[] = {
        {"moodle", GRADES_CAN_SCORES, "A percentage or points in one item", "Yes"},
        {"moodle", GRADES_CAN_COMPLETION, "A percentage or points in one item", "No"},
        {"moodle", GRADES_CAN_COMPLETION, "An activity that is done", "Yes"},
        {"moodle", GRADES_CAN_SCORES, "An activity that is done", "Partly"},
        {"moodle", GRADES_CAN_COURSE_COMPLETION, "The course completed", "Yes"},
        {"moodle", GRADES_CAN_SCORES, "The course completed", "No"},
        {"moodle", GRADES_CAN_COURSE_TOTAL, "The course total", "Yes"},
        {"moodle", GRADES_CAN_SCORES | GRADES_CAN_COURSE_TOTAL, "A letter grade in one item",
         "Yes"},
        {"moodle", ~INT64_C(0), "A module that is done", "No"},
        {"moodle", ~INT64_C(0), "An outcome that is mastered", "No"},
        {"canvas", GRADES_CAN_SCORES, "A module that is done", "Yes"},
        {"canvas", GRADES_CAN_SCORES, "An outcome that is mastered", "Yes"},
        {"canvas", 0, "A module that is done", "No"},
        {"ags", GRADES_CAN_SCORES, "A percentage or points in one item", "Partly"},
        {"ags", GRADES_CAN_SCORES, "The course total", "No"},
        {"csv", GRADES_CAN_SCORES, "A percentage or points in one item", "Yes"},
        {"csv", GRADES_CAN_SCORES, "A letter grade in one item", "No"},
        {"", GRADES_CAN_SCORES, "A percentage or points in one item", "No"},
        {"", 0, "Another badge", "Yes"},
        {"", 0, "Something a teacher confirms", "Yes"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct store_capabilities found = ALL;
        found.source_can = rows[i].can;
        const struct page_grants grants = {.found = &found, .source_kind = sv_from(rows[i].kind)};
        AUTO_JSON *list = page_connection_rules(&grants);
        const char *text = NULL;
        print_message("row %zu: %s, %s\n", i, rows[i].kind, rows[i].title);
        assert_string_equal(word_of(list, rows[i].title, &text), rows[i].word);
        /* What is not possible says why. */
        assert_true(rows[i].word[0] == 'Y' || text[0] != '\0');
    }
}

static void services__say_what_is_granted_and_what_to_change(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct store_capabilities found = ALL;
    const char *text = NULL;
    found.scopes[STORE_SCOPE_LINEITEM] =
        (struct store_finding){.is_tried = true, .text = SV("not granted")};
    found.scopes[STORE_SCOPE_SCORE] = found.scopes[STORE_SCOPE_LINEITEM];
    found.names = 0;
    const struct page_grants grants = {
        .found = &found, .source_kind = SV("moodle"), .offers_storage = true};
    AUTO_JSON *list = page_connection_services(&a, &grants);
    assert_string_equal(word_of(list, "Gradebook columns (line items)", &text), "Partly");
    assert_string_equal(word_of(list, "Scores into the gradebook", &text), "No");
    assert_string_equal(text, "Not granted.");
    assert_string_equal(word_of(list, "Roster (names and roles)", &text), "Partly");
    assert_non_null(strstr(text, "50 people on the first page: 0 with a name, 2 with"));
    assert_string_equal(word_of(list, "Grades and completion", &text), "Yes");
    assert_string_equal(text, "Northside. Grades can be read.");
    assert_string_equal(word_of(list, "Notices of copied courses", &text), "Not known yet");
    assert_string_equal(word_of(list, "Storage where cookies are blocked", &text), "Yes");
}

static void services__before_a_probe_are_only_what_launches_told(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    const struct page_grants grants = {.has_notices = true};
    const char *text = NULL;
    AUTO_JSON *list = page_connection_services(&a, &grants);
    AUTO_JSON *rules = page_connection_rules(&grants);
    assert_int_equal(json_array_size(list), 2);
    assert_int_equal(json_array_size(rules), 0);
    assert_string_equal(word_of(list, "Notices of copied courses", &text), "Yes");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capabilities__come_back_as_they_were_written),
        cmocka_unit_test(capabilities__of_nothing_are_none),
        cmocka_unit_test(rules__follow_from_what_the_source_can_read),
        cmocka_unit_test(services__say_what_is_granted_and_what_to_change),
        cmocka_unit_test(services__before_a_probe_are_only_what_launches_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
