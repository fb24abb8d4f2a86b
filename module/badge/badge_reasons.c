#include "badge_explain.h"
#include "badge_words.h"

static void put(json_t *obj, const char *key, json_t *value) {
    (void)json_object_set_new(obj, key, value);
}

static void put_text(json_t *obj, const char *key, struct sv text) {
    if (text.len > 0) {
        put(obj, key, json_stringn(text.ptr, text.len));
    }
}

static void put_dec(json_t *obj, const char *key, struct dec d) {
    char text[DEC_TEXT_MAX];
    put(obj, key, json_string(dec_format(d, text)));
}

static void put_time(json_t *obj, const char *key, usec_t t) {
    if (t != 0) {
        char text[RFC3339_MAX];
        put(obj, key, json_string(rfc3339_format(t, text)));
    }
}

static json_t *item_json(const struct model_item *item) {
    static const char *const kinds[] = {"activity",          "course_final", "course_current",
                                        "course_completion", "module",       "outcome"};
    json_t *obj = json_object();
    put(obj, "kind", json_string(kinds[item->kind]));
    put_text(obj, "source", item->source);
    put_text(obj, "id", item->ref);
    put_text(obj, "title", item->title);
    return obj;
}

static void put_fact(json_t *obj, const struct model_item *item, const struct model_fact *fact) {
    static const char *const completions[] = {"", "incomplete", "complete", "passed", "failed"};
    /* An award's record is shown to its learner: what is hidden from them stays out. */
    if (fact->is_posted && fact->has_score) {
        put_dec(obj, "score", fact->score);
    }
    if (fact->is_posted) {
        put_text(obj, "letter", fact->letter);
    }
    if (fact->has_maximum || item->has_maximum) {
        put_dec(obj, "maximum", fact->has_maximum ? fact->maximum : item->maximum);
    }
    if (fact->is_posted || item->has_completion || item->kind != MODEL_ITEM_ACTIVITY) {
        put_text(obj, "completion", sv_from(completions[fact->completion]));
    }
    put_time(obj, "submitted_at", fact->submitted_at);
    put_time(obj, "graded_at", fact->graded_at);
    put_time(obj, "completed_at", fact->completed_at);
}

/* What it was held against: a credential may show it beside the score. */
static void put_threshold(json_t *obj, const struct badge_rule *rule) {
    switch (rule->test) {
    case BADGE_TEST_PERCENT:
        put_dec(obj, "min_percent", rule->needed);
        break;
    case BADGE_TEST_POINTS:
        put_dec(obj, "min_points", rule->needed);
        break;
    case BADGE_TEST_LETTER:
        put_text(obj, "min_letter", rule->letter);
        break;
    case BADGE_TEST_BARE:
        break;
    }
}

static void add_leaves(struct arena *a, const struct badge_plan *plan,
                       const struct badge_verdict *verdict, uint32_t i, json_t *leaves) {
    const struct badge_node *node = &plan->nodes[i];
    for (uint32_t c = 0; c < node->child_count; c++) {
        add_leaves(a, plan, verdict, node->first_child + c, leaves);
    }
    if (badge_rule_is_group(node->kind)) {
        return;
    }
    const struct badge_result *r = &verdict->results[i];
    const struct model_item *item =
        node->item == BADGE_NO_ITEM ? NULL : &plan->catalogue->items[node->item];
    json_t *obj = json_object();
    put_text(obj, "text", badge_words_condition(a, node->rule, item));
    put(obj, "state", json_string(badge_state_name(r->state)));
    put(obj, "why", json_string(badge_why_name(r->why)));
    if (item != NULL) {
        put(obj, "item", item_json(item));
    }
    if (item != NULL && r->fact != NULL) {
        put_fact(obj, item, r->fact);
    }
    if (item != NULL) {
        put_threshold(obj, node->rule);
    }
    put_text(obj, "badge", node->rule->badge_key);
    if (item == NULL) {
        put_time(obj, "at", r->at);
    }
    (void)json_array_append_new(leaves, obj);
}

json_t *badge_reasons_json(const struct badge_plan *plan, const struct badge_verdict *verdict,
                           int64_t rule_version) {
    AUTO_ARENA a;
    arena_init(&a);
    json_t *leaves = json_array();
    add_leaves(&a, plan, verdict, 0, leaves);
    json_t *obj = json_object();
    put(obj, "rule_version", json_integer(rule_version));
    put(obj, "met", json_boolean(verdict->is_met));
    put(obj, "leaves", leaves);
    return obj;
}
