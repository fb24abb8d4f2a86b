#include "badge_plan.h"
#include "badge_input.h"
#include "badge_words.h"
#include <stdio.h>

#define TITLE_SHOWN_BYTES 60
#define CANDIDATES_MAX 4

static const struct sv default_letters[] = {{"A+", 2}, {"A", 1},  {"A-", 2}, {"B+", 2}, {"B", 1},
                                            {"B-", 2}, {"C+", 2}, {"C", 1},  {"C-", 2}, {"D+", 2},
                                            {"D", 1},  {"D-", 2}, {"F", 1}};
const struct badge_scale badge_scale_default = {.letters = default_letters,
                                                .count = ARRAY_LEN(default_letters)};

struct binder {
    struct arena *arena;
    const struct badge_catalogue *catalogue;
    struct badge_plan *plan;
    struct err *err;
};

/* Bytes of white space at the start: ASCII, or the no-break space that LMS editors leave (U+00A0).
 */
static size_t space_len(struct sv s) {
    if (s.len > 0 && (s.ptr[0] == ' ' || (s.ptr[0] >= '\t' && s.ptr[0] <= '\r'))) {
        return 1;
    }
    return sv_starts(s, SV("\xc2\xa0")) ? 2 : 0;
}

/* The next byte of a title with white space collapsed and trimmed; -1 at its end. */
static int next_byte(struct sv *s, bool is_first) {
    size_t skipped = 0;
    for (size_t n = space_len(*s); n > 0; n = space_len(*s)) {
        *s = sv_skip(*s, n);
        skipped += n;
    }
    if (s->len == 0) {
        return -1;
    }
    if (skipped > 0 && !is_first) {
        return ' ';
    }
    int c = (unsigned char)s->ptr[0];
    *s = sv_skip(*s, 1);
    return c;
}

static bool title_eq(struct sv a, struct sv b) {
    bool is_first = true;
    for (;;) {
        int x = next_byte(&a, is_first);
        int y = next_byte(&b, is_first);
        if (x != y) {
            return false;
        }
        if (x < 0) {
            return !is_first; /* two empty titles are no match */
        }
        is_first = false;
    }
}

enum model_item_kind badge_plan_kind(const struct badge_rule *rule) {
    switch (rule->kind) {
    case BADGE_RULE_COURSE_TOTAL:
        return rule->is_current ? MODEL_ITEM_COURSE_CURRENT : MODEL_ITEM_COURSE_FINAL;
    case BADGE_RULE_COURSE_COMPLETED:
        return MODEL_ITEM_COURSE_COMPLETION;
    case BADGE_RULE_MODULE:
        return MODEL_ITEM_MODULE;
    case BADGE_RULE_OUTCOME:
        return MODEL_ITEM_OUTCOME;
    default:
        return MODEL_ITEM_ACTIVITY;
    }
}

static const char *noun_of(const struct badge_rule *rule) {
    switch (rule->kind) {
    case BADGE_RULE_MODULE:
        return "module";
    case BADGE_RULE_OUTCOME:
        return "outcome";
    default:
        return "item";
    }
}

static bool matches(const struct badge_rule *rule, const struct model_item *item) {
    if (item->kind != badge_plan_kind(rule)) {
        return false;
    }
    if (rule->kind == BADGE_RULE_COURSE_TOTAL || rule->kind == BADGE_RULE_COURSE_COMPLETED) {
        return true;
    }
    if (rule->ref.title.len > 0) {
        return title_eq(rule->ref.title, item->title);
    }
    return sv_eq(rule->ref.source, item->source) && sv_eq(rule->ref.id, item->ref);
}

const struct model_item *badge_plan_find(const struct badge_catalogue *catalogue,
                                         const struct badge_rule *leaf) {
    const struct model_item *found = NULL;
    for (size_t i = 0; i < catalogue->item_count; i++) {
        const struct model_item *item = &catalogue->items[i];
        if (!item->is_gone && matches(leaf, item)) {
            if (found != NULL) {
                return NULL;
            }
            found = item;
        }
    }
    return found;
}

static struct sv shown(struct sv title) { return sv_clip_utf8(sv_trim(title), TITLE_SHOWN_BYTES); }

static struct sv ref_words(struct arena *a, const struct badge_rule *rule) {
    if (rule->ref.title.len > 0) {
        return sv_printf(a, "\"%.*s\"", SV_ARG(shown(rule->ref.title)));
    }
    return sv_printf(a, "{\"source\": \"%.*s\", \"id\": \"%.*s\"}", SV_ARG(shown(rule->ref.source)),
                     SV_ARG(shown(rule->ref.id)));
}

static int lower(char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; }

static bool contains_nocase(struct sv text, struct sv part) {
    for (size_t i = 0; part.len > 0 && i + part.len <= text.len; i++) {
        size_t n = 0;
        while (n < part.len && lower(text.ptr[i + n]) == lower(part.ptr[n])) {
            n++;
        }
        if (n == part.len) {
            return true;
        }
    }
    return false;
}

/* How far an item is from what was asked for; smaller is nearer. */
static size_t farness(const struct badge_rule *rule, const struct model_item *item) {
    struct sv wanted = shown(rule->ref.title);
    struct sv title = shown(item->title);
    if (rule->ref.title.len == 0) {
        return badge_distance(rule->ref.id, item->ref);
    }
    bool is_inside = contains_nocase(title, wanted) || contains_nocase(wanted, title);
    return is_inside ? 0 : badge_distance(wanted, title);
}

/* The nearest live items of the right kind, nearest first. Returns how many. */
static size_t nearest(const struct binder *b, const struct badge_rule *rule,
                      const struct model_item *near[CANDIDATES_MAX]) {
    size_t far[CANDIDATES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < b->catalogue->item_count; i++) {
        const struct model_item *item = &b->catalogue->items[i];
        if (item->kind != badge_plan_kind(rule) || item->is_gone) {
            continue;
        }
        size_t d = farness(rule, item);
        size_t at = count < CANDIDATES_MAX ? count++ : CANDIDATES_MAX - 1;
        if (at == CANDIDATES_MAX - 1 && count == CANDIDATES_MAX && near[at] != NULL &&
            far[at] <= d) {
            continue;
        }
        for (; at > 0 && far[at - 1] > d; at--) {
            far[at] = far[at - 1];
            near[at] = near[at - 1];
        }
        far[at] = d;
        near[at] = item;
    }
    return count;
}

static bool refuse_none(const struct binder *b, const struct badge_rule *rule) {
    const struct model_item *near[CANDIDATES_MAX] = {NULL};
    size_t count = nearest(b, rule, near);
    struct sv wanted = ref_words(b->arena, rule);
    if (count == 0) {
        return err_because(b->err, ERR_INPUT, "ref_none",
                           "%.*s matches no %s; the course has none that can be read",
                           SV_ARG(wanted), noun_of(rule));
    }
    struct str list;
    str_init(&list, b->arena, 340);
    for (size_t i = 0; i < count; i++) {
        str_addf(&list, "%s\"%.*s\"",
                 i == 0           ? ""
                 : i + 1 == count ? " or "
                                  : ", ",
                 SV_ARG(shown(near[i]->title)));
        if (rule->ref.title.len == 0) {
            str_addf(&list, " (%.*s %.*s)", SV_ARG(shown(near[i]->source)),
                     SV_ARG(shown(near[i]->ref)));
        }
    }
    return err_because(b->err, ERR_INPUT, "ref_none", "%.*s matches no %s; did you mean %s?",
                       SV_ARG(wanted), noun_of(rule), list.ptr);
}

static bool refuse_many(const struct binder *b, const struct badge_rule *rule, size_t count,
                        bool is_gone) {
    struct str list;
    str_init(&list, b->arena, 300);
    const struct model_item *first = NULL;
    size_t named = 0;
    for (size_t i = 0; i < b->catalogue->item_count && named < CANDIDATES_MAX; i++) {
        const struct model_item *item = &b->catalogue->items[i];
        if (matches(rule, item) && item->is_gone == is_gone) {
            first = first == NULL ? item : first;
            str_addf(&list, "%s%.*s %.*s \"%.*s\"", named++ > 0 ? ", " : "",
                     SV_ARG(shown(item->source)), SV_ARG(shown(item->ref)),
                     SV_ARG(sv_clip_utf8(shown(item->title), 30)));
        }
    }
    if (first == NULL) {
        return err_set(b->err, ERR_BUG, "a reference matches several items and none");
    }
    struct sv wanted = ref_words(b->arena, rule);
    return err_because(
        b->err, ERR_INPUT, "ref_many",
        "%.*s matches %zu %ss: %s%s; use {\"source\": \"%.*s\", \"id\": \"%.*s\"} or "
        "another of these",
        SV_ARG(wanted), count, noun_of(rule), list.ptr, count > named ? ", ..." : "",
        SV_ARG(shown(first->source)), SV_ARG(shown(first->ref)));
}

static bool refuse_source(const struct binder *b, const char *what, const char *instead) {
    struct sv name = b->catalogue->source_name;
    return err_because(b->err, ERR_INPUT, "source", "%.*s does not let Laurel read %s; %s",
                       SV_ARG(name.len > 0 ? name : SV("the course's grade source")), what,
                       instead);
}

static bool check_source(const struct binder *b, const struct badge_rule *rule) {
    const struct badge_source_can *can = &b->catalogue->can;
    if (rule->kind == BADGE_RULE_COURSE_TOTAL && !can->has_course_total) {
        return refuse_source(b, "course totals", "use items instead");
    }
    if (rule->kind == BADGE_RULE_COURSE_COMPLETED && !can->has_completion) {
        return refuse_source(b, "course completion", "list the items that must be complete");
    }
    if (rule->kind == BADGE_RULE_MODULE && !can->has_modules) {
        return refuse_source(b, "modules", "list the items of the module instead");
    }
    if (rule->kind == BADGE_RULE_OUTCOME && !can->has_outcomes) {
        return refuse_source(b, "outcomes", "use items instead");
    }
    if (rule->test == BADGE_TEST_LETTER && !can->has_letters) {
        return refuse_source(b, "letter grades", "use min_percent instead of min_letter");
    }
    return true;
}

static bool find_letter(const struct binder *b, struct badge_node *node) {
    const struct badge_scale *scale = b->plan->scale;
    struct str list;
    str_init(&list, b->arena, 200);
    for (size_t i = 0; i < scale->count; i++) {
        if (sv_eq(scale->letters[i], node->rule->letter)) {
            node->letter_rank = (int)i;
            return true;
        }
        str_addf(&list, "%s%.*s", i > 0 ? ", " : "", SV_ARG(shown(scale->letters[i])));
    }
    return err_because(b->err, ERR_INPUT, "letter",
                       "min_letter \"%.*s\" is not in the course's scale: %s",
                       SV_ARG(shown(node->rule->letter)), list.ptr);
}

static bool check_maximum(const struct binder *b, const struct badge_rule *rule,
                          const struct model_item *item) {
    struct sv subject = shown(badge_words_subject(b->arena, rule, item));
    if (!item->has_maximum) {
        return err_because(b->err, ERR_INPUT, "maximum",
                           "%.*s has no maximum, so a percentage of it has no meaning; use "
                           "min_points or no minimum",
                           SV_ARG(subject));
    }
    if (item->maximum.mantissa <= 0) {
        char text[DEC_TEXT_MAX];
        return err_because(b->err, ERR_INPUT, "maximum",
                           "%.*s is worth %s points, so a percentage of it has no meaning; use "
                           "min_points or no minimum",
                           SV_ARG(subject), dec_format(item->maximum, text));
    }
    return true;
}

/* Which item of the course a leaf means. */
static bool find_item(const struct binder *b, struct badge_node *node) {
    size_t live_count = 0;
    size_t gone_count = 0;
    uint32_t live = BADGE_NO_ITEM;
    uint32_t gone = BADGE_NO_ITEM;
    for (uint32_t i = 0; i < b->catalogue->item_count; i++) {
        const struct model_item *item = &b->catalogue->items[i];
        if (!matches(node->rule, item)) {
            continue;
        }
        if (item->is_gone) {
            gone_count++;
            gone = i;
        } else {
            live_count++;
            live = i;
        }
    }
    if (live_count > 1) {
        return refuse_many(b, node->rule, live_count, false);
    }
    if (live_count == 0 && gone_count > 1) {
        return refuse_many(b, node->rule, gone_count, true);
    }
    if (live_count + gone_count > 0) {
        node->item = live_count == 1 ? live : gone;
        return true;
    }
    if (node->rule->kind == BADGE_RULE_COURSE_TOTAL) {
        return err_because(b->err, ERR_INPUT, "ref_none", "this course shows no %s total",
                           node->rule->is_current ? "current" : "final");
    }
    if (node->rule->kind == BADGE_RULE_COURSE_COMPLETED) {
        return err_because(
            b->err, ERR_INPUT, "ref_none",
            "this course has no completion; switch completion tracking on in the LMS");
    }
    return refuse_none(b, node->rule);
}

/* What took the name of an item that is gone; NULL when that is not one thing. */
static const struct model_item *namesake(const struct binder *b, const struct model_item *gone) {
    const struct model_item *found = NULL;
    for (size_t i = 0; i < b->catalogue->item_count; i++) {
        const struct model_item *item = &b->catalogue->items[i];
        if (!item->is_gone && item->kind == gone->kind && title_eq(item->title, gone->title)) {
            if (found != NULL) {
                return NULL;
            }
            found = item;
        }
    }
    return found;
}

static struct sv broken_words(const struct binder *b, const struct badge_rule *rule,
                              const struct model_item *item) {
    const struct model_item *other = namesake(b, item);
    struct sv hint = SV("");
    if (other != NULL) {
        hint = sv_printf(b->arena, " Something else has its name now: %.*s %.*s.",
                         SV_ARG(shown(other->source)), SV_ARG(shown(other->ref)));
    }
    return sv_printf(b->arena,
                     "%.*s is no longer in the course; nothing is awarded or taken back until the "
                     "Items page of the course says what counts instead, or the rule is "
                     "changed.%.*s",
                     SV_ARG(shown(badge_words_subject(b->arena, rule, item))), SV_ARG(hint));
}

static bool bind_item(const struct binder *b, struct badge_node *node) {
    if (!check_source(b, node->rule) || !find_item(b, node)) {
        return false;
    }
    const struct model_item *item = &b->catalogue->items[node->item];
    if (item->is_gone) {
        if (!b->plan->is_broken) {
            b->plan->broken_text = broken_words(b, node->rule, item);
        }
        b->plan->is_broken = true;
        return true;
    }
    if (node->test == BADGE_TEST_PERCENT && !check_maximum(b, node->rule, item)) {
        return false;
    }
    return node->test != BADGE_TEST_LETTER || find_letter(b, node);
}

static usec_t utc_day_end(int year, int month, int day) {
    usec_t start = 0;
    char text[RFC3339_MAX];
    int n = snprintf(text, sizeof text, "%04d-%02d-%02dT00:00:00Z", year, month, day);
    /* date_parse let the day through, so this is a time */
    return n > 0 && rfc3339_parse(sv_from(text), &start) ? start + 86400 * USEC_PER_S : 0;
}

static void bind_by(const struct binder *b, struct badge_node *node) {
    const struct badge_by *by = &node->rule->by;
    node->has_by = by->is_set;
    node->by = by->at;
    if (by->is_set && by->is_date) {
        const struct badge_catalogue *c = b->catalogue;
        usec_t end = c->day_end == NULL ? utc_day_end(by->year, by->month, by->day)
                                        : c->day_end(c->day_ctx, by->year, by->month, by->day);
        node->by = end - 1; /* midnight itself belongs to the next day */
    }
}

static size_t count_nodes(const struct badge_rule *rule) {
    size_t n = 1;
    for (size_t i = 0; i < rule->child_count; i++) {
        n += count_nodes(&rule->children[i]);
    }
    return n;
}

/* Children behind their parents, each group's side by side. */
static void lay_out(struct badge_plan *plan) {
    uint32_t end = 1;
    plan->nodes[0].rule = plan->rule;
    for (uint32_t i = 0; i < end; i++) {
        struct badge_node *node = &plan->nodes[i];
        const struct badge_rule *rule = node->rule;
        node->kind = rule->kind;
        node->test = rule->test;
        node->item = BADGE_NO_ITEM;
        node->needed = rule->needed;
        node->at_least = (uint32_t)rule->at_least;
        node->first_child = end;
        node->child_count = (uint32_t)rule->child_count;
        for (uint32_t c = 0; c < node->child_count; c++) {
            plan->nodes[end++].rule = &rule->children[c];
        }
    }
}

bool badge_plan_bind(struct arena *a, const struct badge_rule *rule,
                     const struct badge_catalogue *catalogue, const struct badge_plan **out,
                     struct err *err) {
    struct badge_plan *plan = ARENA_NEW(a, struct badge_plan);
    struct binder b = {.arena = a, .catalogue = catalogue, .plan = plan, .err = err};
    plan->catalogue = catalogue;
    plan->rule = rule;
    plan->scale = catalogue->scale == NULL ? &badge_scale_default : catalogue->scale;
    plan->node_count = (uint32_t)count_nodes(rule);
    plan->nodes = ARENA_ARRAY(a, struct badge_node, plan->node_count);
    lay_out(plan);
    for (uint32_t i = 0; i < plan->node_count; i++) {
        struct badge_node *node = &plan->nodes[i];
        bool is_elsewhere = node->kind == BADGE_RULE_BADGE || node->kind == BADGE_RULE_MANUAL;
        bool is_group = badge_rule_is_group(node->kind);
        bind_by(&b, node);
        if (!badge_units(node->rule->worth, &node->worth) ||
            (node->kind == BADGE_RULE_POINTS && !badge_units(node->needed, &node->points))) {
            return err_set(err, ERR_BUG, "points of a rule are out of range");
        }
        if (!is_group && !is_elsewhere && !bind_item(&b, node)) {
            return false;
        }
    }
    *out = plan;
    return true;
}
