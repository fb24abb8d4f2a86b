#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "badge_file.h"
#include "base_json.h"

#define ISSUER                                                                                     \
    "{\"issuer\": {\"key\": \"northside\", \"name\": \"Northside College\","                       \
    " \"url\": \"https://northside.example\"},\n"
#define RULE "\"rule\": {\"item\": \"Lab 1\"}"
#define BADGE "{\"key\": \"safe-lab\", \"name\": \"Safe Lab\", \"description\": \"d\", " RULE

/* The file of DESIGN 3.3, whole. */
static const char design[] =
    "{\"issuer\": {\"key\": \"northside\", \"name\": \"Northside College\","
    " \"url\": \"https://northside.example\", \"email\": \"badges@northside.example\"},\n"
    " \"badges\": [{\n"
    "   \"key\": \"safe-lab\", \"name\": \"Safe Lab Worker\", \"description\": \"...\","
    " \"criteria\": \"Markdown\\nfor people\",\n"
    "   \"image\": \"safe-lab.svg\", \"image_alt\": \"...\", \"achievement_type\": \"Badge\","
    " \"assessment\": \"summative\",\n"
    "   \"tags\": [\"science\"], \"alignments\": [{\"name\": \"n\", \"url\": "
    "\"https://a.example/1\","
    " \"framework\": \"f\", \"code\": \"c\"}],\n"
    "   \"valid_for_days\": 730, \"award_on\": \"2027-06-30\", \"approval\": \"automatic\","
    " \"on_grade_drop\": \"keep\", \"gradebook\": true,\n"
    "   \"courses\": [{\"issuer\": \"https://lms.example\", \"client_id\": \"abc\","
    " \"deployment_id\": \"1\", \"context_id\": \"42\"}],\n"
    "   \"rule\": {\"all\": [{\"item\": \"Lab safety quiz\", \"min_percent\": 80, \"by\":"
    " \"2027-05-01\"},\n"
    "     {\"any\": [{\"item\": \"Field report\", \"min_points\": 12}, {\"at_least\": 2, \"of\":"
    " [{\"item\": \"Lab 1\"}, {\"item\": \"Lab 2\"}, {\"item\": \"Lab 3\"}]}]},\n"
    "     {\"course\": \"completed\"}]}}]}\n";

static struct badge_file *parse(struct arena *a, struct sv text) {
    struct err err = {0};
    struct badge_file *file = NULL;
    if (!badge_file_parse(a, text, &file, &err)) {
        fail_msg("%s", err.text);
    }
    return file;
}

static void badge_file_parse__reads_the_file_of_the_design(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    struct badge_file *f = parse(&a, sv_from(design));
    assert_true(sv_eq(f->issuer.key, SV("northside")));
    assert_true(sv_eq(f->issuer.email, SV("badges@northside.example")));
    assert_int_equal(f->badge_count, 1);
    const struct model_badge *b = &f->badges[0];
    assert_true(sv_eq(b->key, SV("safe-lab")) && sv_eq(b->criteria, SV("Markdown\nfor people")));
    assert_true(sv_eq(b->image, SV("safe-lab.svg")) && sv_eq(b->achievement_type, SV("Badge")));
    assert_int_equal(b->assessment, MODEL_ASSESSMENT_SUMMATIVE);
    assert_int_equal(b->tag_count, 1);
    assert_int_equal(b->alignment_count, 1);
    assert_true(sv_eq(b->alignments[0].code, SV("c")));
    assert_int_equal(b->valid_for_days, 730);
    assert_true(sv_eq(b->award_on, SV("2027-06-30")));
    assert_int_equal(b->approval, MODEL_APPROVAL_AUTOMATIC);
    assert_int_equal(b->on_grade_drop, MODEL_DROP_KEEP);
    assert_true(b->is_in_gradebook);
    assert_int_equal(b->course_count, 1);
    assert_true(sv_eq(b->courses[0].context_id, SV("42")));
    assert_int_equal(f->rules[0]->child_count, 3);
    assert_true(
        sv_starts(b->rule_json, SV("{\"all\":[{\"item\":\"Lab safety quiz\",\"min_percent\":80,")));
}

static void badge_file_parse__fills_in_defaults(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    struct badge_file *f = parse(&a, SV("\xef\xbb\xbf" ISSUER "\"badges\": [" BADGE
                                        ", \"tags\": null, \"award_on\": null}]}"));
    const struct model_badge *b = &f->badges[0];
    assert_true(sv_eq(b->achievement_type, SV("Badge")));
    assert_int_equal(b->assessment, MODEL_ASSESSMENT_NONE);
    assert_int_equal(b->valid_for_days, 0);
    assert_false(b->is_in_gradebook);
    assert_int_equal(b->course_count + b->tag_count + b->award_on.len, 0);
    assert_int_equal(parse(&a, SV(ISSUER "\"badges\": []}"))->badge_count, 0);
}

static void badge_file_text__is_a_fixed_point(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    static const char other[] =
        ISSUER "\"badges\": [" BADGE "}, {\"key\": \"b\", \"name\": \"Ünïcode \\\"q\\\"\","
               "\"description\": \"x\", \"approval\": \"teacher\", \"on_grade_drop\": \"revoke\","
               "\"assessment\": \"formative\", \"achievement_type\": \"ext:Own_1.x\","
               "\"rule\": {\"points\": 1.5, \"of\": [{\"worth\": 0.1, \"rule\": {\"badge\": "
               "\"safe-lab\"}}, {\"worth\": 1.4, \"rule\": {\"item\": {\"id\": \"7\", \"source\": "
               "\"canvas\"}, \"min_percent\": 79.95}}]}}]}";
    const char *const files[] = {design, other};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct sv once = badge_file_text(&a, parse(&a, sv_from(files[i])));
        struct sv twice = badge_file_text(&a, parse(&a, once));
        assert_string_equal(once.ptr, twice.ptr);
        assert_true(sv_ends(once, SV("}\n")));
    }
    /* nothing of the design's file is lost but what are the defaults */
    json_t *want = json_loads(design, 0, NULL);
    json_t *badge = json_array_get(json_object_get(want, "badges"), 0);
    json_object_del(badge, "achievement_type");
    json_object_del(badge, "approval");
    json_object_del(badge, "on_grade_drop");
    json_t *have = badge_file_write(parse(&a, sv_from(design)));
    assert_true(json_equal(want, have));
    json_decref(want);
    json_decref(have);
}

static void badge_file_parse__says_where_and_what_to_do(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"[]", "the file must be {\"issuer\": {...}, \"badges\": [...]} (line 1, column 1)"},
        {"{\"badges\": []}", "the file needs \"issuer\" (line 1, column 1)"},
        {ISSUER "\"badgs\": []}",
         "badgs is not a known name here; did you mean \"badges\"? (line 2, column 1)"},
        {"{\"issuer\": {\"key\": \"North\", \"name\": \"n\"}, \"badges\": []}",
         "issuer.key must be 1 to 64 lower-case letters, digits and hyphens, such as \"safe-lab\" "
         "(line 1, column 20)"},
        {"{\"issuer\": {\"key\": \"n\", \"name\": \"n\", \"url\": \"http://n.example\"}, "
         "\"badges\": []}",
         "issuer.url must be a full address that begins with https:// (line 1, column 45)"},
        {"{\"issuer\": {\"key\": \"n\", \"name\": \"n\", \"url\": \"https://n.example\", "
         "\"email\": "
         "\"x\"}, \"badges\": []}",
         "issuer.email must be an e-mail address (line 1, column 75)"},
        {ISSUER "\"badges\": {}}", "badges must be a list (line 2, column 11)"},
        {ISSUER "\"badges\": null}", "the file needs \"badges\", a list (line 1, column 1)"},
        {ISSUER "\"badges\": [" BADGE "},\n" BADGE "}]}",
         "badges[1].key \"safe-lab\" is already the key of badges[0] (line 3, column 9)"},
        {ISSUER "\"badges\": [{\"key\": \"a\", \"name\": \" \"}]}",
         "badges[0].name is empty; write some text (line 2, column 33)"},
        {ISSUER "\"badges\": [{\"key\": \"a\", \"name\": \"a\"}]}",
         "badges[0] needs \"description\" (line 2, column 12)"},
        {ISSUER "\"badges\": [{\"key\": \"a\", \"name\": \"a\", \"description\": \"d\"}]}",
         "badges[0] needs \"rule\" (line 2, column 12)"},
        {ISSUER "\"badges\": [" BADGE ",\n\"assessment\": \"final\"}]}",
         "badges[0].assessment must be \"formative\" or \"summative\" (line 3, column 15)"},
        {ISSUER "\"badges\": [" BADGE ",\n\"approval\": \"auto\"}]}",
         "badges[0].approval must be \"automatic\" or \"teacher\" (line 3, column 13)"},
        {ISSUER "\"badges\": [" BADGE ",\n\"on_grade_drop\": \"Keep\"}]}",
         "badges[0].on_grade_drop must be \"keep\", \"review\" or \"revoke\" (line 3, column 18)"},
        {ISSUER "\"badges\": [" BADGE ",\n\"valid_for_days\": 36501}]}",
         "badges[0].valid_for_days must be a whole number from 1 to 36500 (line 3, column 19)"},
        {ISSUER "\"badges\": [" BADGE ",\n\"valid_for_days\": 0}]}",
         "badges[0].valid_for_days must be a whole number from 1 to 36500 (line 3, column 19)"},
        {ISSUER "\"badges\": [" BADGE ",\n\"award_on\": \"2027-06-31\"}]}",
         "badges[0].award_on must be a date like \"2027-06-30\" (line 3, column 13)"},
        {ISSUER "\"badges\": [" BADGE ",\n\"gradebook\": \"yes\"}]}",
         "badges[0].gradebook must be true or false (line 3, column 14)"},
        {ISSUER "\"badges\": [" BADGE ",\n\"image\": \"../../etc/passwd\"}]}",
         "badges[0].image must be the name of a file beside this one (line 3, column 10)"},
        {ISSUER "\"badges\": [" BADGE ",\n\"achievement_type\": \"badge\"}]}",
         "badges[0].achievement_type is not a type of Open Badges; did you mean \"Badge\"? (own "
         "types begin with ext:) (line 3, column 21)"},
        {ISSUER "\"badges\": [" BADGE ",\n\"tags\": [\"a\", 7]}]}",
         "badges[0].tags[1] must be text in quotes (line 3, column 15)"},
        {ISSUER "\"badges\": [" BADGE ",\n\"alignments\": [{\"name\": \"a\"}]}]}",
         "badges[0].alignments[0] needs \"url\" (line 3, column 16)"},
        {ISSUER "\"badges\": [" BADGE ",\n\"courses\": [{\"issuer\": \"https://l.example\", "
                "\"client_id\": \"a\", \"context_id\": \"4\"}]}]}",
         "badges[0].courses[0] needs \"deployment_id\" (line 3, column 13)"},
        {ISSUER
         "\"badges\": [" BADGE ",\n\"courses\": [{\"issuer\": \"i\", \"client_id\": \"a\", "
         "\"deployment_id\": \"1\", \"context_id\": \"4\"},\n {\"issuer\": \"i\", \"client_id\": "
         "\"a\", \"deployment_id\": \"1\", \"context_id\": \"4\"}]}]}",
         "badges[0].courses[1] is the same course as courses[0] (line 4, column 2)"},
        {ISSUER
         "\"badges\": [" BADGE "},\n{\"key\": \"b\", \"name\": \"b\", \"description\": \"d\",\n"
         "\"rule\": {\"all\": [{\"item\": \"a\"},\n  {\"item\": \"b\", \"min_percent\": -1}]}}]}",
         "badges[1].rule.all[1].min_percent must be a number from 0 to 1000, without quotes (line "
         "5, "
         "column 32)"},
        {ISSUER "\"badges\": [{\"key\": \"a\", \"name\": \"a\", \"description\": \"d\", \"rule\": "
                "{\"badge\": \"b\"}}, {\"key\": \"b\", \"name\": \"b\", \"description\": \"d\", "
                "\"rule\": {\"badge\": \"a\"}}]}",
         "these badges need each other in a loop, so nobody could earn them: \"a\" needs \"b\" "
         "needs "
         "\"a\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a;
        arena_init(&a);
        struct err err = {0};
        struct badge_file *file = NULL;
        if (badge_file_parse(&a, sv_from(rows[i].text), &file, &err)) {
            fail_msg("was taken: %s", rows[i].text);
        }
        if (strcmp(err.text, rows[i].message) != 0 || err.code != ERR_INPUT) {
            fail_msg("%s\n  says  %s\n  wants %s", rows[i].text, err.text, rows[i].message);
        }
    }
}

static void badge_file_parse__counts_characters_not_bytes(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    for (int extra = 0; extra <= 1; extra++) {
        struct str text;
        str_init(&text, &a, 10000);
        str_add_c(&text, ISSUER "\"badges\": [{\"key\": \"a\", \"description\": \"d\", " RULE
                                ", \"name\": \"");
        for (int i = 0; i < BADGE_NAME_CHARS_MAX + extra; i++) {
            str_add_c(&text, "é");
        }
        str_add_c(&text, "\"}]}");
        struct err err = {0};
        struct badge_file *file = NULL;
        assert_int_equal(badge_file_parse(&a, str_sv(&text), &file, &err), extra == 0);
        assert_true(extra == 0 || strstr(err.text, "has 201 characters; at most 200 fit") != NULL);
    }
}

static void badge_file_parse__refuses_more_than_a_mebibyte(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    struct err err = {0};
    struct badge_file *file = NULL;
    struct sv big = sv_printf(&a, "%s%*s", design, 1024 * 1024, " ");
    assert_false(badge_file_parse(&a, big, &file, &err));
    assert_string_equal(err.reason, "json_size");
    struct sv fits = sv_head(big, BADGE_FILE_BYTES_MAX);
    err = (struct err){0};
    assert_true(badge_file_parse(&a, fits, &file, &err));
}

static void badge_key_is_valid__follows_the_grammar(void **state) {
    (void)state;
    static const char *const good[] = {
        "a", "0", "a-", "safe-lab-2",
        "a234567890123456789012345678901234567890123456789012345678901234"};
    static const char *const bad[] = {
        "",
        "-a",
        "A",
        "a_b",
        "a b",
        "é",
        "a2345678901234567890123456789012345678901234567890123456789012345"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(badge_key_is_valid(sv_from(good[i])));
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(badge_key_is_valid(sv_from(bad[i])));
    }
}

static void badge_url_is_valid__wants_https_or_loopback(void **state) {
    (void)state;
    static const char *const good[] = {"https://a.example",     "https://a.example:8443/x?y=1#z",
                                       "http://localhost:8080", "http://127.0.0.1/x",
                                       "http://[::1]:81/",      "https://127.0.0.1"};
    static const char *const bad[] = {"",
                                      "a.example",
                                      "http://a.example",
                                      "ftp://a.example",
                                      "https://",
                                      "https:///x",
                                      "https://u:p@a.example",
                                      "https://a.example/a b",
                                      "http://127.0.0.1.evil.example",
                                      "http://127.1",
                                      "https://a:0",
                                      "https://a:99999",
                                      "http://localhost.evil.example",
                                      "https://a.example/\"",
                                      "javascript:alert(1)",
                                      "https://é.example",
                                      "https://[::2]/",
                                      "http://128.0.0.1"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        if (!badge_url_is_valid(sv_from(good[i]))) {
            fail_msg("refused %s", good[i]);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (badge_url_is_valid(sv_from(bad[i]))) {
            fail_msg("took %s", bad[i]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(badge_file_parse__reads_the_file_of_the_design),
        cmocka_unit_test(badge_file_parse__fills_in_defaults),
        cmocka_unit_test(badge_file_text__is_a_fixed_point),
        cmocka_unit_test(badge_file_parse__says_where_and_what_to_do),
        cmocka_unit_test(badge_file_parse__counts_characters_not_bytes),
        cmocka_unit_test(badge_file_parse__refuses_more_than_a_mebibyte),
        cmocka_unit_test(badge_key_is_valid__follows_the_grammar),
        cmocka_unit_test(badge_url_is_valid__wants_https_or_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
