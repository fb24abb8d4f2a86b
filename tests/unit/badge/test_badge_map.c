#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "badge_file.h"
#include "badge_map.h"
#include "base_json.h"
#include <string.h>

static const struct badge_rule *rule_of(struct arena *a, const char *text) {
    const struct badge_rule *rule = NULL;
    struct err err = {0};
    if (!badge_rule_parse(a, sv_from(text), &rule, &err)) {
        fail_msg("%s", err.text);
    }
    return rule;
}

static struct badge_map map_of(struct arena *a, const char *text) {
    struct badge_map map;
    struct err err = {0};
    if (!badge_map_parse(a, sv_from(text), &map, &err)) {
        fail_msg("%s", err.text);
    }
    return map;
}

#define MAP                                                                                        \
    "[{\"item\":{\"source\":\"moodle\",\"id\":\"17\"},\"to\":{\"source\":\"moodle\",\"id\":"       \
    "\"41\"}},"                                                                                    \
    "{\"module\":\"Week 1\",\"to\":{\"source\":\"canvas\",\"id\":\"9\"}}]"

static void map__reads_back_as_it_was_written(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct badge_map map = map_of(&a, MAP);
    assert_int_equal(map.count, 2);
    assert_true(sv_eq(badge_map_text(&a, &map), SV(MAP)));
    map = map_of(&a, "[]");
    assert_true(sv_eq(badge_map_text(&a, &map), SV("[]")));
}

static void map__says_what_is_wrong_and_where(void **state) {
    (void)state;
    static const struct {
        const char *text, *place;
    } rows[] = {
        {"{}", "items must be a list"},
        {"[7]", "items[0] must be"},
        {"[{\"item\":\"a\"}]", "items[0].to must be"},
        {"[{\"to\":{\"source\":\"m\",\"id\":\"1\"}}]", "items[0] must name one"},
        {"[{\"item\":\"a\",\"module\":\"b\",\"to\":{\"source\":\"m\",\"id\":\"1\"}}]",
         "items[0] must name one"},
        {"[{\"item\":\"a\",\"to\":\"b\"}]", "items[0].to must be"},
        {"[{\"item\":\"a\",\"to\":{\"source\":\"m\"}}]", "items[0].to needs"},
        {"[{\"item\":null,\"to\":{\"source\":\"m\",\"id\":\"1\"}}]", "items[0].item"},
        {"[{\"thing\":\"a\",\"to\":{\"source\":\"m\",\"id\":\"1\"}}]", "items[0]"},
        {"[{\"item\":\"a\",\"to\":{\"source\":\"m\",\"id\":\"1\"}},"
         "{\"item\":\"a\",\"to\":{\"source\":\"m\",\"id\":\"2\"}}]",
         "items[1] names the same"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct badge_map map;
        struct err err = {0};
        bool is_read = badge_map_parse(&a, sv_from(rows[i].text), &map, &err);
        if (is_read || err.code != ERR_INPUT ||
            strncmp(err.text, rows[i].place, strlen(rows[i].place)) != 0) {
            fail_msg("%s: %s", rows[i].text, is_read ? "read" : err.text);
        }
    }
}

static void rule_mapped__changes_what_the_map_names_and_nothing_else(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct badge_map map = map_of(&a, MAP);
    const struct badge_rule *rule = rule_of(
        &a, "{\"all\":[{\"item\":{\"source\":\"moodle\",\"id\":\"17\"},\"min_percent\":80},"
            "{\"any\":[{\"item\":\"Week 1\"},{\"module\":\"Week 1\"},{\"module\":\"Week 2\"}]},"
            "{\"outcome\":{\"source\":\"moodle\",\"id\":\"17\"}},{\"course\":\"completed\"}]}");
    struct sv before = badge_rule_text(&a, rule);
    const struct badge_rule *here = badge_rule_mapped(&a, rule, &map);
    assert_true(
        sv_eq(badge_rule_text(&a, here),
              badge_rule_text(
                  &a, rule_of(&a, "{\"all\":[{\"item\":{\"source\":\"moodle\",\"id\":\"41\"},"
                                  "\"min_percent\":80},{\"any\":[{\"item\":\"Week 1\"},"
                                  "{\"module\":{\"source\":\"canvas\",\"id\":\"9\"}},"
                                  "{\"module\":\"Week 2\"}]},{\"outcome\":{\"source\":\"moodle\","
                                  "\"id\":\"17\"}},{\"course\":\"completed\"}]}"))));
    assert_true(sv_eq(before, badge_rule_text(&a, rule)));
    struct badge_map none = {0};
    assert_ptr_equal(badge_rule_mapped(&a, rule, &none), rule);
}

static void rule_refs__names_each_thing_once(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    const struct badge_rule **leaves = NULL;
    const struct badge_rule *rule = rule_of(
        &a, "{\"all\":[{\"item\":\"A\",\"min_points\":1},{\"any\":[{\"item\":\"A\"},"
            "{\"module\":\"A\"},{\"badge\":\"x\"},{\"manual\":\"m\"},{\"course\":\"completed\"}]},"
            "{\"item\":{\"source\":\"moodle\",\"id\":\"1\"}}]}");
    assert_int_equal(badge_rule_refs(&a, rule, &leaves), 3);
    assert_int_equal(leaves[0]->kind, BADGE_RULE_ITEM);
    assert_true(sv_eq(leaves[0]->ref.title, SV("A")));
    assert_int_equal(leaves[1]->kind, BADGE_RULE_MODULE);
    assert_true(sv_eq(leaves[2]->ref.id, SV("1")));
}

/* A course's items by title and id; those whose id begins with "x" are gone. */
struct course {
    struct model_item items[8];
    struct badge_catalogue catalogue;
};

static void course_of(struct course *c, const char *const (*rows)[2], size_t count) {
    *c = (struct course){.catalogue = {.items = c->items, .item_count = count}};
    for (size_t i = 0; i < count; i++) {
        c->items[i] = (struct model_item){.kind = MODEL_ITEM_ACTIVITY,
                                          .source = SV("m"),
                                          .title = sv_from(rows[i][0]),
                                          .ref = sv_from(rows[i][1]),
                                          .is_gone = rows[i][1][0] == 'x'};
    }
}
#define COURSE(c, ...)                                                                             \
    course_of(&(c), (const char *const[][2]){__VA_ARGS__},                                         \
              sizeof((const char *const[][2]){__VA_ARGS__}) / sizeof(const char *const[2]))

/* "A=1 B=2" */
static const char *keep(struct arena *a, const char *rule, const struct course *c,
                        const struct badge_map *said, struct badge_map *kept, bool *is_changed) {
    struct badge_map out;
    struct str text;
    *is_changed = badge_map_keep(a, rule_of(a, rule), &c->catalogue, said, kept, &out);
    str_init(&text, a, 1000);
    for (size_t i = 0; i < out.count; i++) {
        str_addf(&text, "%s%.*s=%.*s", i == 0 ? "" : " ", SV_ARG(out.entries[i].from.title),
                 SV_ARG(out.entries[i].to.id));
    }
    *kept = out;
    return sv_c(a, str_sv(&text));
}

#define A_AND_B "{\"all\":[{\"item\":\"A\"},{\"item\":\"B\"}]}"

static void map_keep__holds_a_title_to_the_item_it_was_found_to_mean(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct course c;
    struct badge_map none = {0};
    struct badge_map kept = {0};
    bool is_changed = false;
    COURSE(c, {"A", "1"}, {"C", "2"});
    assert_string_equal(keep(&a, A_AND_B, &c, &none, &kept, &is_changed), "A=1");
    assert_true(is_changed);
    COURSE(c, {"A", "1"}, {"B", "2"}, {"B", "3"}); /* two of a name settle nothing */
    assert_string_equal(keep(&a, A_AND_B, &c, &none, &kept, &is_changed), "A=1");
    assert_false(is_changed);
    COURSE(c, {"A", "1"}, {"B", "2"}, {"B", "x3"}); /* one that is gone is no choice */
    assert_string_equal(keep(&a, A_AND_B, &c, &none, &kept, &is_changed), "A=1 B=2");
    COURSE(c, {"B", "1"}, {"A", "2"}); /* swapped */
    assert_string_equal(keep(&a, A_AND_B, &c, &none, &kept, &is_changed), "A=1 B=2");
    COURSE(c, {"A", "x1"}, {"A", "4"}, {"B", "2"}); /* deleted, and made anew */
    assert_string_equal(keep(&a, A_AND_B, &c, &none, &kept, &is_changed), "A=1 B=2");
    assert_false(is_changed);
    const struct badge_rule *here = badge_rule_mapped(&a, rule_of(&a, "{\"item\":\"A\"}"), &kept);
    assert_true(sv_eq(here->ref.id, SV("1")));
}

static void map_keep__lets_go_of_what_a_rule_or_a_person_no_longer_needs(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct course c;
    struct badge_map none = {0};
    struct badge_map said = map_of(&a, "[{\"item\":\"A\",\"to\":{\"source\":\"m\",\"id\":\"2\"}}]");
    struct badge_map kept = {0};
    bool is_changed = false;
    COURSE(c, {"A", "1"}, {"B", "2"});
    assert_string_equal(keep(&a, A_AND_B, &c, &none, &kept, &is_changed), "A=1 B=2");
    struct badge_map old = kept;
    assert_string_equal(keep(&a, A_AND_B, &c, &said, &kept, &is_changed), "B=2");
    assert_true(is_changed);
    assert_string_equal(
        keep(&a, "{\"item\":{\"source\":\"m\",\"id\":\"1\"}}", &c, &none, &kept, &is_changed), "");
    assert_true(is_changed);
    struct badge_map both = badge_map_join(&a, &said, &old);
    const struct badge_rule *rule = rule_of(&a, "{\"item\":\"A\"}");
    assert_true(sv_eq(badge_map_find(&both, rule)->to.id, SV("2"))); /* a person's word counts */
}

#define FILE_WITH(items)                                                                           \
    "{\"issuer\":{\"key\":\"n\",\"name\":\"N\",\"url\":\"https://n.example\"},\"badges\":[{"       \
    "\"key\":\"b\",\"name\":\"B\",\"description\":\"d\",\"courses\":[{\"issuer\":"                 \
    "\"https://lms.example\",\"client_id\":\"c\",\"deployment_id\":\"1\",\"context_id\":\"42\""    \
    "" items "}],\"rule\":{\"item\":\"Lab 1\"}}]}"

static void file__carries_the_items_of_a_course(void **state) {
    (void)state;
    static const char *const kept[] = {FILE_WITH(""), FILE_WITH(",\"items\":" MAP)};
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        AUTO_ARENA a = {0};
        struct badge_file *file = NULL;
        struct err err = {0};
        if (!badge_file_parse(&a, sv_from(kept[i]), &file, &err)) {
            fail_msg("%s", err.text);
        }
        assert_true(sv_eq(file->badges[0].courses[0].item_map, i == 0 ? SV("") : SV(MAP)));
        AUTO_JSON *want = json_loads(kept[i], 0, NULL);
        AUTO_JSON *written = badge_file_write(file);
        assert_int_equal(json_equal(want, written), 1);
    }
    AUTO_ARENA a = {0};
    struct badge_file *file = NULL;
    struct err err = {0};
    assert_false(badge_file_parse(&a, SV(FILE_WITH(",\"items\":[{\"item\":\"a\"}]")), &file, &err));
    assert_non_null(strstr(err.text, "badges[0].courses[0].items[0].to"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map__reads_back_as_it_was_written),
        cmocka_unit_test(map__says_what_is_wrong_and_where),
        cmocka_unit_test(rule_mapped__changes_what_the_map_names_and_nothing_else),
        cmocka_unit_test(rule_refs__names_each_thing_once),
        cmocka_unit_test(map_keep__holds_a_title_to_the_item_it_was_found_to_mean),
        cmocka_unit_test(map_keep__lets_go_of_what_a_rule_or_a_person_no_longer_needs),
        cmocka_unit_test(file__carries_the_items_of_a_course),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
