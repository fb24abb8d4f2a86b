/* A rule from anybody, all the way: parse, write back, bind to a course, decide over facts made of
 * the same bytes, explain. The first line of the input is the rule, the rest are facts of 4 bytes.
 */
#include "badge_explain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ITEMS 8

static void fill_items(struct model_item items[ITEMS]) {
    static const char *const titles[ITEMS] = {"a", "b", "c", "Report", "Report", "", "m", "o"};
    static const enum model_item_kind kinds[ITEMS] = {
        MODEL_ITEM_ACTIVITY, MODEL_ITEM_ACTIVITY,     MODEL_ITEM_ACTIVITY, MODEL_ITEM_ACTIVITY,
        MODEL_ITEM_ACTIVITY, MODEL_ITEM_COURSE_FINAL, MODEL_ITEM_MODULE,   MODEL_ITEM_OUTCOME};
    for (size_t i = 0; i < ITEMS; i++) {
        items[i] = (struct model_item){.kind = kinds[i],
                                       .source = SV("moodle"),
                                       .ref = sv_from(titles[i]),
                                       .title = sv_from(titles[i]),
                                       .has_maximum = i != 2,
                                       .maximum = dec_from_i64(i == 1 ? 0 : 20),
                                       .has_pass_mark = i == 7,
                                       .has_completion = i == 2,
                                       .is_gone = i == 3};
    }
}

/* Each 4 bytes: item, score, flags, day. */
static size_t fill_facts(struct model_fact facts[ITEMS], struct sv bytes) {
    size_t count = 0;
    for (; bytes.len >= 4 && count < ITEMS; bytes = sv_skip(bytes, 4)) {
        unsigned flags = (unsigned char)bytes.ptr[2];
        facts[count++] =
            (struct model_fact){.item_index = (unsigned char)bytes.ptr[0] % (ITEMS + 1),
                                .has_score = (flags & 1u) != 0,
                                .score = dec_from_i64((signed char)bytes.ptr[1]),
                                .is_posted = (flags & 2u) != 0,
                                .is_excused = (flags & 4u) != 0,
                                .letter = (flags & 8u) != 0 ? SV("B") : SV("?"),
                                .has_maximum = (flags & 16u) != 0,
                                .maximum = dec_from_i64((signed char)bytes.ptr[3]),
                                .completion = (enum model_completion)(flags % 5),
                                .submitted_at = (unsigned char)bytes.ptr[3] * USEC_PER_S};
    }
    badge_facts_sort(facts, count);
    return count;
}

static void decide(struct arena *a, const struct badge_rule *rule, struct sv bytes) {
    struct model_item items[ITEMS];
    fill_items(items);
    struct badge_catalogue catalogue = {
        .items = items, .item_count = ITEMS, .can = {true, true, true, true, true}};
    struct err err = {0};
    const struct badge_plan *plan = NULL;
    if (!badge_plan_bind(a, rule, &catalogue, &plan, &err)) {
        if (err.code != ERR_INPUT || !sv_is_utf8(sv_from(err.text))) {
            abort();
        }
        return;
    }
    struct model_fact facts[ITEMS];
    struct badge_evidence evidence = {.facts = facts, .fact_count = fill_facts(facts, bytes)};
    struct badge_result *results = ARENA_ARRAY(a, struct badge_result, plan->node_count);
    struct badge_verdict v = badge_decide(plan, &evidence, results);
    if (v.total == 0 || v.done > v.total || (v.is_met && v.steps_left != 0) ||
        (results[0].state == BADGE_MET) != (v.done == v.total)) {
        abort();
    }
    json_decref(badge_explain(plan, &v, BADGE_VOICE_LEARNER));
    json_decref(badge_explain(plan, &v, BADGE_VOICE_TEACHER));
    json_decref(badge_reasons_json(plan, &v, 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a;
    arena_init(&a);
    struct sv text;
    struct sv facts;
    (void)sv_cut(sv_of((const char *)data, size), '\n', &text, &facts);
    struct err err = {0};
    const struct badge_rule *rule = NULL;
    if (!badge_rule_parse(&a, text, &rule, &err)) {
        if (err.code != ERR_INPUT) {
            abort();
        }
        return 0;
    }
    struct sv once = badge_rule_text(&a, rule);
    if (!badge_rule_parse(&a, once, &rule, &err) || !sv_eq(once, badge_rule_text(&a, rule))) {
        abort();
    }
    (void)badge_rule_words(&a, rule);
    decide(&a, rule, facts);
    return 0;
}
