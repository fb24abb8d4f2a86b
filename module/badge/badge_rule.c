#include "badge_file.h"
#include "badge_input.h"
#include <string.h>

bool badge_rule_is_group(enum badge_rule_kind kind) { return kind <= BADGE_RULE_POINTS; }

struct reader {
    struct arena *arena;
    const struct badge_doc *doc;
    size_t leaf_count;
};

static const struct form {
    const char *head;
    enum badge_rule_kind kind;
    const char *keys[5]; /* that may stand beside the head, itself included */
} forms[] = {
    {"all", BADGE_RULE_ALL, {"all"}},
    {"any", BADGE_RULE_ANY, {"any"}},
    {"at_least", BADGE_RULE_AT_LEAST, {"at_least", "of"}},
    {"points", BADGE_RULE_POINTS, {"points", "of"}},
    {"item", BADGE_RULE_ITEM, {"item", "min_percent", "min_points", "min_letter", "by"}},
    {"course", BADGE_RULE_COURSE_TOTAL, {"course", "by"}},
    {"module", BADGE_RULE_MODULE, {"module", "by"}},
    {"outcome", BADGE_RULE_OUTCOME, {"outcome", "by"}},
    {"badge", BADGE_RULE_BADGE, {"badge", "by"}},
    {"manual", BADGE_RULE_MANUAL, {"manual", "by"}},
};

static const char *const all_keys[] = {
    "all",     "any",   "at_least", "of", "points",      "item",       "course",    "module",
    "outcome", "badge", "manual",   "by", "min_percent", "min_points", "min_letter"};

/* Which form an object has. */
static bool read_form(struct reader *r, const struct badge_path *path, const json_t *obj,
                      const struct form **out) {
    if (!json_is_object(obj)) {
        return badge_bad(r->doc, path,
                         "must be a condition in braces, such as {\"item\": \"Lab 1\"}");
    }
    if (!badge_only_keys(r->doc, path, obj, all_keys, ARRAY_LEN(all_keys))) {
        return false;
    }
    const struct form *form = NULL;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        if (json_object_get(obj, forms[i].head) == NULL) {
            continue;
        }
        if (form != NULL) {
            return badge_bad(r->doc, path,
                             "holds both \"%s\" and \"%s\"; split it into two conditions",
                             form->head, forms[i].head);
        }
        form = &forms[i];
    }
    if (form == NULL) {
        return badge_bad(r->doc, path,
                         "is not a condition; it needs one of all, any, at_least, points, item, "
                         "course, module, outcome, badge, manual");
    }
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)obj, key, value) {
        bool is_known = false;
        for (size_t i = 0; i < ARRAY_LEN(form->keys) && form->keys[i] != NULL; i++) {
            is_known = is_known || strcmp(key, form->keys[i]) == 0;
        }
        if (!is_known) {
            struct badge_path at = BADGE_AT_KEY(path, key);
            return badge_bad(r->doc, &at, "does not go with \"%s\"", form->head);
        }
    }
    *out = form;
    return true;
}

static bool read_number(struct reader *r, const struct badge_path *path, const json_t *value,
                        int64_t max, struct dec *out) {
    if (!json_is_number(value) || !js_decimal(value, out) || dec_is_negative(*out) ||
        dec_cmp(*out, dec_from_i64(max)) > 0) {
        return badge_bad(r->doc, path, "must be a number from 0 to %lld, without quotes",
                         (long long)max);
    }
    return true;
}

static bool read_letter(struct reader *r, const struct badge_path *path, const json_t *value,
                        struct sv *out) {
    struct badge_text_limit limit = {.max_chars = 40, .is_required = true};
    if (!badge_text_value(r->arena, r->doc, path, value, limit, out)) {
        return false;
    }
    *out = sv_trim(*out);
    return true;
}

/* min_percent, min_points, min_letter: at most one. */
static bool read_test(struct reader *r, const struct badge_path *path, const json_t *obj,
                      struct badge_rule *rule) {
    static const struct {
        const char *key;
        enum badge_rule_test test;
        int64_t max;
    } tests[] = {{"min_percent", BADGE_TEST_PERCENT, 1000}, /* extra credit goes past 100 */
                 {"min_points", BADGE_TEST_POINTS, 1000000000},
                 {"min_letter", BADGE_TEST_LETTER, 0}};
    const char *first = NULL;
    for (size_t i = 0; i < ARRAY_LEN(tests); i++) {
        const json_t *value = json_object_get(obj, tests[i].key);
        if (value == NULL) {
            continue;
        }
        struct badge_path at = BADGE_AT_KEY(path, tests[i].key);
        if (first != NULL) {
            return badge_bad(r->doc, &at, "stands beside %s; keep one of them", first);
        }
        first = tests[i].key;
        rule->test = tests[i].test;
        bool is_read = rule->test == BADGE_TEST_LETTER
                           ? read_letter(r, &at, value, &rule->letter)
                           : read_number(r, &at, value, tests[i].max, &rule->needed);
        if (!is_read) {
            return false;
        }
    }
    return true;
}

bool badge_ref_read(struct arena *a, const struct badge_doc *doc, const struct badge_path *path,
                    const json_t *value, struct badge_ref *out) {
    struct badge_text_limit title = {.max_chars = BADGE_TITLE_CHARS_MAX, .is_required = true};
    if (json_is_string(value)) {
        return badge_text_value(a, doc, path, value, title, &out->title);
    }
    if (!json_is_object(value)) {
        return badge_bad(doc, path,
                         "must be a title in quotes or {\"source\": \"moodle\", \"id\": \"17\"}");
    }
    static const char *const keys[] = {"source", "id"};
    struct badge_text_limit source = {.max_chars = 32, .is_required = true};
    struct badge_text_limit id = {.max_chars = 255, .is_required = true};
    return badge_only_keys(doc, path, value, keys, ARRAY_LEN(keys)) &&
           badge_text_member(a, doc, path, value, "source", source, &out->source) &&
           badge_text_member(a, doc, path, value, "id", id, &out->id);
}

static bool read_by(struct reader *r, const struct badge_path *path, const json_t *obj,
                    struct badge_by *by) {
    const json_t *value = json_object_get(obj, "by");
    if (value == NULL) {
        return true;
    }
    struct badge_path at = BADGE_AT_KEY(path, "by");
    by->is_date =
        json_is_string(value) && date_parse(js_sv(value), &by->year, &by->month, &by->day);
    if (!by->is_date && !(json_is_string(value) && rfc3339_parse(js_sv(value), &by->at))) {
        return badge_bad(
            r->doc, &at,
            "must be a date like \"2027-05-01\" or a time like \"2027-05-01T17:00:00Z\"");
    }
    by->is_set = true;
    by->text = sv_copy(r->arena, js_sv(value));
    return true;
}

static bool read_course(struct reader *r, const struct badge_path *path, const json_t *value,
                        struct badge_rule *rule) {
    if (json_is_string(value) && sv_eq(js_sv(value), SV("completed"))) {
        rule->kind = BADGE_RULE_COURSE_COMPLETED;
        return true;
    }
    if (!json_is_object(value)) {
        return badge_bad(r->doc, path,
                         "must be \"completed\", {\"min_percent\": 75} or {\"min_letter\": \"B\"}");
    }
    static const char *const keys[] = {"min_percent", "min_letter", "total"};
    if (!badge_only_keys(r->doc, path, value, keys, ARRAY_LEN(keys)) ||
        !read_test(r, path, value, rule)) {
        return false;
    }
    if (rule->test == BADGE_TEST_BARE) {
        return badge_bad(r->doc, path, "needs \"min_percent\" or \"min_letter\"");
    }
    const json_t *total = json_object_get(value, "total");
    rule->is_current = sv_eq(js_sv(total), SV("current"));
    if (total != NULL && !rule->is_current && !sv_eq(js_sv(total), SV("final"))) {
        struct badge_path at = BADGE_AT_KEY(path, "total");
        return badge_bad(r->doc, &at, "must be \"final\" or \"current\"");
    }
    return true;
}

static bool read_leaf(struct reader *r, const struct badge_path *path, const json_t *obj,
                      const struct form *form, struct badge_rule *rule) {
    if (++r->leaf_count > BADGE_RULE_LEAVES_MAX) {
        return badge_bad(r->doc, path, "is one condition too many; a rule holds at most %d",
                         BADGE_RULE_LEAVES_MAX);
    }
    const json_t *value = json_object_get(obj, form->head);
    struct badge_path at = BADGE_AT_KEY(path, form->head);
    struct badge_text_limit key = {.max_chars = 64, .is_required = true};
    struct badge_text_limit manual = {.max_chars = BADGE_MANUAL_CHARS_MAX, .is_required = true};
    bool is_read = false;
    switch (form->kind) {
    case BADGE_RULE_COURSE_TOTAL:
        is_read = read_course(r, &at, value, rule);
        break;
    case BADGE_RULE_BADGE:
        is_read = badge_text_value(r->arena, r->doc, &at, value, key, &rule->badge_key);
        if (is_read && !badge_key_is_valid(rule->badge_key)) {
            return badge_bad(r->doc, &at,
                             "must be a badge's key: lower-case letters, digits and hyphens");
        }
        break;
    case BADGE_RULE_MANUAL:
        is_read = badge_text_value(r->arena, r->doc, &at, value, manual, &rule->manual);
        break;
    default:
        is_read = badge_ref_read(r->arena, r->doc, &at, value, &rule->ref);
        break;
    }
    return is_read && (form->kind != BADGE_RULE_ITEM || read_test(r, path, obj, rule)) &&
           read_by(r, path, obj, &rule->by);
}

static bool read_rule(struct reader *r, const struct badge_path *path, const json_t *obj,
                      int groups_around, struct badge_rule *rule);

bool badge_units(struct dec d, int64_t *out) {
    if (d.scale > BADGE_POINTS_SCALE || dec_cmp(d, dec_from_i64(BADGE_POINTS_MAX)) > 0) {
        return false;
    }
    *out = d.mantissa;
    for (int i = d.scale; i < BADGE_POINTS_SCALE; i++) {
        *out *= 10;
    }
    return true;
}

/* A number of points above zero that badge_units takes. */
static bool read_points(struct reader *r, const struct badge_path *path, const json_t *obj,
                        const char *key, struct dec *out, int64_t *units) {
    const json_t *value = json_object_get(obj, key);
    if (value == NULL) {
        return badge_bad(r->doc, path, "needs \"%s\"", key);
    }
    struct badge_path at = BADGE_AT_KEY(path, key);
    if (!json_is_number(value) || !js_decimal(value, out) || out->mantissa <= 0 ||
        !badge_units(*out, units)) {
        return badge_bad(r->doc, &at,
                         "must be a number above 0, at most %d and with at most %d decimals",
                         BADGE_POINTS_MAX, BADGE_POINTS_SCALE);
    }
    return true;
}

/* {"rule": {...}, "worth": 40} */
static bool read_worth(struct reader *r, const struct badge_path *path, const json_t *obj,
                       int groups_around, struct badge_rule *child, int64_t *sum) {
    static const char *const keys[] = {"rule", "worth"};
    if (!json_is_object(obj)) {
        return badge_bad(r->doc, path, "must be {\"rule\": {...}, \"worth\": 40}");
    }
    if (!badge_only_keys(r->doc, path, obj, keys, ARRAY_LEN(keys))) {
        return false;
    }
    const json_t *inner = json_object_get(obj, "rule");
    if (inner == NULL) {
        return badge_bad(r->doc, path, "needs \"rule\"");
    }
    int64_t units = 0;
    struct badge_path at = BADGE_AT_KEY(path, "rule");
    if (!read_points(r, path, obj, "worth", &child->worth, &units) ||
        !read_rule(r, &at, inner, groups_around, child)) {
        return false;
    }
    *sum += units;
    return true;
}

static bool read_children(struct reader *r, const struct badge_path *path, const json_t *list,
                          int groups_around, struct badge_rule *rule, int64_t *sum) {
    if (!json_is_array(list) || json_array_size(list) == 0) {
        return badge_bad(r->doc, path, "must be a list of at least one condition");
    }
    if (json_array_size(list) > BADGE_RULE_LEAVES_MAX) {
        return badge_bad(r->doc, path, "lists %zu conditions; a rule holds at most %d",
                         json_array_size(list), BADGE_RULE_LEAVES_MAX);
    }
    rule->child_count = json_array_size(list);
    rule->children = ARENA_ARRAY(r->arena, struct badge_rule, rule->child_count);
    for (size_t i = 0; i < rule->child_count; i++) {
        struct badge_path at = BADGE_AT_INDEX(path, i);
        const json_t *child = json_array_get(list, i);
        bool is_read = rule->kind == BADGE_RULE_POINTS
                           ? read_worth(r, &at, child, groups_around, &rule->children[i], sum)
                           : read_rule(r, &at, child, groups_around, &rule->children[i]);
        if (!is_read) {
            return false;
        }
    }
    return true;
}

static bool read_at_least(struct reader *r, const struct badge_path *path, const json_t *value,
                          struct badge_rule *rule) {
    struct badge_path at = BADGE_AT_KEY(path, "at_least");
    json_int_t n = json_is_integer(value) ? json_integer_value(value) : 0;
    if (n < 1) {
        return badge_bad(r->doc, &at, "must be a whole number from 1");
    }
    if (n > (json_int_t)rule->child_count) {
        return badge_bad(r->doc, &at, "asks for more than the %zu conditions listed",
                         rule->child_count);
    }
    rule->at_least = (int)n;
    return true;
}

static bool read_group(struct reader *r, const struct badge_path *path, const json_t *obj,
                       const struct form *form, int groups_around, struct badge_rule *rule) {
    if (groups_around >= BADGE_RULE_DEPTH_MAX) {
        return badge_bad(r->doc, path, "is nested too deeply; at most %d groups inside one another",
                         BADGE_RULE_DEPTH_MAX);
    }
    const char *list_key =
        rule->kind == BADGE_RULE_ALL || rule->kind == BADGE_RULE_ANY ? form->head : "of";
    const json_t *list = json_object_get(obj, list_key);
    if (list == NULL) {
        return badge_bad(r->doc, path, "needs \"of\", the list to choose from");
    }
    int64_t sum = 0;
    int64_t needed = 0;
    struct badge_path at = BADGE_AT_KEY(path, list_key);
    if (!read_children(r, &at, list, groups_around + 1, rule, &sum)) {
        return false;
    }
    if (rule->kind == BADGE_RULE_AT_LEAST) {
        return read_at_least(r, path, json_object_get(obj, "at_least"), rule);
    }
    if (rule->kind != BADGE_RULE_POINTS) {
        return true;
    }
    if (!read_points(r, path, obj, "points", &rule->needed, &needed)) {
        return false;
    }
    if (sum < needed) {
        struct badge_path points_at = BADGE_AT_KEY(path, "points");
        char text[DEC_TEXT_MAX];
        struct dec reach = {.mantissa = sum, .scale = BADGE_POINTS_SCALE};
        return badge_bad(r->doc, &points_at,
                         "cannot be reached: all conditions together are worth %s",
                         dec_format(dec_sub(reach, dec_from_i64(0)), text));
    }
    return true;
}

static bool read_rule(struct reader *r, const struct badge_path *path, const json_t *obj,
                      int groups_around, struct badge_rule *rule) {
    const struct form *form = NULL;
    if (!read_form(r, path, obj, &form) || form == NULL) {
        return false;
    }
    rule->kind = form->kind;
    return badge_rule_is_group(form->kind) ? read_group(r, path, obj, form, groups_around, rule)
                                           : read_leaf(r, path, obj, form, rule);
}

bool badge_rule_read(struct arena *a, const struct badge_doc *doc, const struct badge_path *path,
                     const json_t *json, struct badge_rule **out) {
    struct reader r = {.arena = a, .doc = doc};
    struct badge_rule *rule = ARENA_NEW(a, struct badge_rule);
    if (!read_rule(&r, path, json, 0, rule)) {
        return false;
    }
    if (badge_rule_text(a, rule).len > BADGE_RULE_BYTES_MAX) {
        return badge_bad(doc, path, "is larger than %zu bytes", BADGE_RULE_BYTES_MAX);
    }
    *out = rule;
    return true;
}

bool badge_rule_parse(struct arena *a, struct sv src, const struct badge_rule **out,
                      struct err *err) {
    AUTO_JSON *json = NULL;
    if (!js_parse(src, BADGE_RULE_BYTES_MAX, "the rule", &json, err)) {
        return false;
    }
    struct badge_doc doc = {.text = src, .err = err};
    struct badge_path root = {.key = "rule"};
    struct badge_rule *rule = NULL;
    if (!badge_rule_read(a, &doc, &root, json, &rule)) {
        return false;
    }
    *out = rule;
    return true;
}
