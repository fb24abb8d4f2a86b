#include "badge_explain.h"
#include "badge_detail.h"
#include "badge_words.h"

struct explainer {
    struct arena *arena;
    const struct badge_plan *plan;
    const struct badge_verdict *verdict;
    enum badge_voice voice;
};

static void put(json_t *obj, const char *key, json_t *value) {
    (void)json_object_set_new(obj, key, value);
}

/* Text, or null when there is none. */
static void put_text(json_t *obj, const char *key, struct sv text) {
    put(obj, key, text.len == 0 ? json_null() : json_stringn(text.ptr, text.len));
}

static struct dec units(int64_t n) {
    struct dec d = {.mantissa = n, .scale = BADGE_POINTS_SCALE};
    return dec_sub(d, dec_from_i64(0)); /* without trailing zeros */
}

/* "3 of 4 done", "60 of 100 points". */
static struct sv progress(const struct explainer *x, uint32_t i) {
    const struct badge_node *node = &x->plan->nodes[i];
    const struct badge_result *r = &x->verdict->results[i];
    char reached[DEC_TEXT_MAX];
    char needed[DEC_TEXT_MAX];
    uint32_t met = r->met < node->at_least ? r->met : node->at_least;
    switch (node->kind) {
    case BADGE_RULE_ALL:
        return sv_printf(x->arena, "%u of %u done", r->met, r->counted);
    case BADGE_RULE_AT_LEAST:
        return sv_printf(x->arena, "%u of %u done", met, node->at_least);
    case BADGE_RULE_POINTS:
        return sv_printf(x->arena, "%s of %s points", dec_format(units(r->points), reached),
                         dec_format(units(node->points), needed));
    default:
        return r->state == BADGE_MET ? SV("done") : SV("not done yet");
    }
}

static struct sv group_value(const struct explainer *x, uint32_t i) {
    const struct badge_result *r = &x->verdict->results[i];
    if (x->plan->nodes[i].kind == BADGE_RULE_ANY && r->state != BADGE_MET) {
        return SV("one of these is enough");
    }
    return progress(x, i);
}

static struct sv group_detail(const struct explainer *x, uint32_t i) {
    const struct badge_result *r = &x->verdict->results[i];
    struct sv value = group_value(x, i);
    if (r->state == BADGE_MET) {
        return sv_printf(x->arena, "Done: %.*s.", SV_ARG(value));
    }
    if (r->counted == 0) {
        return x->voice == BADGE_VOICE_LEARNER ? SV("You are excused from all of these, so they "
                                                    "cannot count; ask your teacher.")
                                               : SV("Excused from all of these, so they cannot "
                                                    "count; award by hand if it fits.");
    }
    if (r->state == BADGE_MISSED) {
        return sv_printf(x->arena, "Too late for some of these: %.*s.", SV_ARG(value));
    }
    return sv_printf(x->arena, "So far: %.*s.", SV_ARG(value));
}

static struct sv condition_text(const struct explainer *x, uint32_t i) {
    const struct badge_node *node = &x->plan->nodes[i];
    const struct model_item *item =
        node->item == BADGE_NO_ITEM ? NULL : &x->plan->catalogue->items[node->item];
    struct sv text = badge_words_condition(x->arena, node->rule, item);
    if (node->worth == 0) {
        return text;
    }
    char worth[DEC_TEXT_MAX];
    return sv_printf(x->arena, "%.*s (worth %s)", SV_ARG(text),
                     dec_format(node->rule->worth, worth));
}

static json_t *condition(const struct explainer *x, uint32_t i) {
    const struct badge_node *node = &x->plan->nodes[i];
    const struct badge_result *r = &x->verdict->results[i];
    bool is_group = badge_rule_is_group(node->kind);
    struct badge_leaf_view v = badge_leaf_view(x->arena, x->plan, x->verdict, i, x->voice);
    json_t *obj = json_object();
    json_t *children = json_array();
    put(obj, "kind", json_string(is_group ? "group" : "leaf"));
    put_text(obj, "text", condition_text(x, i));
    put(obj, "state", json_string(badge_state_name(r->state)));
    put(obj, "why", json_string(badge_why_name(r->why)));
    put_text(obj, "value", is_group ? group_value(x, i) : badge_detail_value(&v));
    put_text(obj, "needed", is_group ? sv_of(NULL, 0) : badge_detail_needed(&v));
    put_text(obj, "detail", is_group ? group_detail(x, i) : badge_detail_sentence(&v));
    for (uint32_t c = 0; c < node->child_count; c++) {
        (void)json_array_append_new(children, condition(x, node->first_child + c));
    }
    put(obj, "children", children);
    return obj;
}

/* The child to work on: what the learner can do before what waits for a teacher, cheapest first. */
static uint32_t next_child(const struct explainer *x, const struct badge_node *group) {
    uint32_t best = BADGE_NO_ITEM;
    bool is_best_own = false;
    for (uint32_t c = group->first_child; c < group->first_child + group->child_count; c++) {
        const struct badge_result *r = &x->verdict->results[c];
        bool is_own = r->state == BADGE_NOT_YET;
        if (r->steps == 0 || r->steps == BADGE_STEPS_NEVER) {
            continue;
        }
        if (best == BADGE_NO_ITEM || (is_own && !is_best_own) ||
            (is_own == is_best_own && r->steps < x->verdict->results[best].steps)) {
            best = c;
            is_best_own = is_own;
        }
    }
    return best;
}

static uint32_t missed_child(const struct explainer *x, const struct badge_node *group) {
    for (uint32_t c = group->first_child; c < group->first_child + group->child_count; c++) {
        if (x->verdict->results[c].state == BADGE_MISSED) {
            return c;
        }
    }
    return BADGE_NO_ITEM;
}

/* One sentence about what to do, or what is in the way. Empty when the rule is met. */
static struct sv next_words(const struct explainer *x) {
    const struct badge_result *results = x->verdict->results;
    uint32_t i = 0;
    if (!x->verdict->is_decidable) {
        return x->plan->broken_text;
    }
    if (results[0].state == BADGE_MET) {
        return sv_of(NULL, 0);
    }
    while (badge_rule_is_group(x->plan->nodes[i].kind)) {
        const struct badge_node *group = &x->plan->nodes[i];
        uint32_t child =
            results[i].steps == BADGE_STEPS_NEVER ? missed_child(x, group) : next_child(x, group);
        if (child == BADGE_NO_ITEM) {
            return group_detail(x, i);
        }
        i = child;
    }
    struct badge_leaf_view v = badge_leaf_view(x->arena, x->plan, x->verdict, i, x->voice);
    return badge_detail_sentence(&v);
}

json_t *badge_explain(const struct badge_plan *plan, const struct badge_verdict *verdict,
                      enum badge_voice voice) {
    AUTO_ARENA a;
    arena_init(&a);
    struct explainer x = {.arena = &a, .plan = plan, .verdict = verdict, .voice = voice};
    const struct badge_node *root = &plan->nodes[0];
    json_t *conditions = json_array();
    for (uint32_t c = 0; c < root->child_count; c++) {
        (void)json_array_append_new(conditions, condition(&x, root->first_child + c));
    }
    if (root->child_count == 0) {
        (void)json_array_append_new(conditions, condition(&x, 0));
    }
    json_t *obj = json_object();
    put(obj, "met", json_boolean(verdict->is_met));
    put(obj, "decidable", json_boolean(verdict->is_decidable));
    put_text(obj, "title", condition_text(&x, 0));
    put_text(obj, "summary", progress(&x, 0));
    put(obj, "done", json_integer(verdict->done));
    put(obj, "total", json_integer(verdict->total));
    put(obj, "steps_left",
        verdict->steps_left == BADGE_STEPS_NEVER ? json_null() : json_integer(verdict->steps_left));
    put_text(obj, "next", next_words(&x));
    put(obj, "conditions", conditions);
    return obj;
}
