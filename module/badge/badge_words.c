#include "badge_words.h"

#define WORDS_BYTES_MAX ((size_t)256 * 1024)

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};

struct sv badge_words_by(struct arena *a, const struct badge_by *by) {
    if (by->is_date) {
        return sv_printf(a, "%d %s %d", by->day, months[by->month - 1], by->year);
    }
    char text[RFC3339_MAX];
    struct sv utc = sv_from(rfc3339_format(by->at, text)); /* 2027-05-01T17:00:00Z */
    int year = 0;
    int month = 0;
    int day = 0;
    if (utc.len < 16 || !date_parse(sv_head(utc, 10), &year, &month, &day)) {
        return sv_copy(a, by->text);
    }
    return sv_printf(a, "%d %s %d, %.5s UTC", day, months[month - 1], year, utc.ptr + 11);
}

struct sv badge_words_points(struct arena *a, struct dec points) {
    char text[DEC_TEXT_MAX];
    bool is_one = dec_cmp(points, dec_from_i64(1)) == 0;
    return sv_printf(a, "%s %s", dec_format(points, text), is_one ? "point" : "points");
}

struct sv badge_words_needed(struct arena *a, const struct badge_rule *rule) {
    char text[DEC_TEXT_MAX];
    switch (rule->test) {
    case BADGE_TEST_PERCENT:
        return sv_printf(a, "%s %%", dec_format(rule->needed, text));
    case BADGE_TEST_POINTS:
        return badge_words_points(a, rule->needed);
    case BADGE_TEST_LETTER:
        return rule->letter;
    case BADGE_TEST_BARE:
        break;
    }
    return sv_of(NULL, 0);
}

struct sv badge_words_subject(struct arena *a, const struct badge_rule *rule,
                              const struct model_item *item) {
    const char *noun = rule->kind == BADGE_RULE_MODULE    ? "module"
                       : rule->kind == BADGE_RULE_OUTCOME ? "outcome"
                                                          : "item";
    switch (rule->kind) {
    case BADGE_RULE_COURSE_TOTAL:
        return rule->is_current ? SV("the course total so far") : SV("the course total");
    case BADGE_RULE_COURSE_COMPLETED:
        return SV("the course");
    case BADGE_RULE_BADGE:
        return sv_printf(a, "the badge \"%.*s\"",
                         SV_ARG(rule->badge_name.len > 0 ? rule->badge_name : rule->badge_key));
    case BADGE_RULE_MANUAL:
        return rule->manual;
    default:
        break;
    }
    struct sv title = item != NULL && item->title.len > 0 ? item->title : rule->ref.title;
    if (title.len == 0) {
        return sv_printf(a, "%.*s %s %.*s", SV_ARG(rule->ref.source), noun, SV_ARG(rule->ref.id));
    }
    return rule->kind == BADGE_RULE_ITEM
               ? sv_trim(title)
               : sv_printf(a, "the %s \"%.*s\"", noun, SV_ARG(sv_trim(title)));
}

static struct sv leaf_words(struct arena *a, const struct badge_rule *rule,
                            const struct model_item *item) {
    struct sv subject = badge_words_subject(a, rule, item);
    struct sv needed = badge_words_needed(a, rule);
    switch (rule->kind) {
    case BADGE_RULE_COURSE_COMPLETED:
        return SV("the course is completed");
    case BADGE_RULE_OUTCOME:
        return sv_printf(a, "%.*s is mastered", SV_ARG(subject));
    case BADGE_RULE_BADGE:
        return sv_printf(a, "%.*s is held", SV_ARG(subject));
    case BADGE_RULE_MANUAL:
        return sv_printf(a, "a teacher confirms: %.*s", SV_ARG(subject));
    default:
        break;
    }
    switch (rule->test) {
    case BADGE_TEST_PERCENT:
        return sv_printf(a, "%.*s is at least %.*s", SV_ARG(subject), SV_ARG(needed));
    case BADGE_TEST_POINTS:
        return sv_printf(a, "%.*s has at least %.*s", SV_ARG(subject), SV_ARG(needed));
    case BADGE_TEST_LETTER:
        return sv_printf(a, "%.*s is graded %.*s or better", SV_ARG(subject), SV_ARG(needed));
    case BADGE_TEST_BARE:
        break;
    }
    return sv_printf(a, "%.*s is complete", SV_ARG(subject));
}

struct sv badge_words_condition(struct arena *a, const struct badge_rule *rule,
                                const struct model_item *item) {
    struct sv points;
    switch (rule->kind) {
    case BADGE_RULE_ALL:
        return SV("all of");
    case BADGE_RULE_ANY:
        return SV("any of");
    case BADGE_RULE_AT_LEAST:
        return sv_printf(a, "at least %d of", rule->at_least);
    case BADGE_RULE_POINTS:
        points = badge_words_points(a, rule->needed);
        return sv_printf(a, "at least %.*s from", SV_ARG(points));
    default:
        break;
    }
    struct sv words = leaf_words(a, rule, item);
    if (!rule->by.is_set) {
        return words;
    }
    struct sv by = badge_words_by(a, &rule->by);
    return sv_printf(a, "%.*s, by %.*s", SV_ARG(words), SV_ARG(by));
}

/* "LEAF" or "all of: A; any of: (B; C)". Groups inside groups stand in brackets. */
static void add_words(struct str *out, const struct badge_rule *rule, bool is_root) {
    struct sv words = badge_words_condition(out->arena, rule, NULL);
    str_add(out, words);
    if (!badge_rule_is_group(rule->kind)) {
        return;
    }
    str_add_c(out, is_root ? ": " : ": (");
    for (size_t i = 0; i < rule->child_count; i++) {
        str_add_c(out, i > 0 ? "; " : "");
        add_words(out, &rule->children[i], false);
        if (rule->kind == BADGE_RULE_POINTS) {
            char worth[DEC_TEXT_MAX];
            str_addf(out, " (worth %s)", dec_format(rule->children[i].worth, worth));
        }
    }
    str_add_c(out, is_root ? "" : ")");
}

struct sv badge_rule_words(struct arena *a, const struct badge_rule *rule) {
    struct str out;
    str_init(&out, a, WORDS_BYTES_MAX);
    str_add_c(&out, "Earned when ");
    add_words(&out, rule, true);
    str_add_c(&out, ".");
    return str_sv(&out);
}

static json_t *outline(struct arena *a, const struct badge_rule *rule) {
    struct sv text = badge_words_condition(a, rule, NULL);
    if (rule->worth.mantissa > 0) {
        char worth[DEC_TEXT_MAX];
        text = sv_printf(a, "%.*s (worth %s)", SV_ARG(text), dec_format(rule->worth, worth));
    }
    json_t *entry = json_object();
    (void)json_object_set_new(entry, "text", json_stringn(text.ptr, text.len));
    if (rule->child_count > 0) {
        json_t *children = json_array();
        for (size_t i = 0; i < rule->child_count; i++) {
            (void)json_array_append_new(children, outline(a, &rule->children[i]));
        }
        (void)json_object_set_new(entry, "children", children);
    }
    return entry;
}

json_t *badge_rule_outline(const struct badge_rule *rule) {
    AUTO_ARENA a;
    arena_init(&a);
    json_t *list = json_array();
    (void)json_array_append_new(list, outline(&a, rule));
    return list;
}
