#include "badge_decide.h"
#include <stdlib.h>

static const struct model_fact *find_fact(const struct badge_evidence *e, uint32_t item) {
    size_t low = 0;
    size_t high = e->fact_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (e->facts[mid].item_index == item) {
            return &e->facts[mid];
        }
        if (e->facts[mid].item_index < item) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return NULL;
}

static bool is_done(enum model_completion c) {
    return c == MODEL_COMPLETION_COMPLETE || c == MODEL_COMPLETION_PASSED;
}

static enum badge_why judge_completion(enum model_completion c) {
    if (is_done(c)) {
        return BADGE_WHY_MET;
    }
    return c == MODEL_COMPLETION_FAILED ? BADGE_WHY_NOT_PASSED : BADGE_WHY_NOT_COMPLETE;
}

static enum badge_why judge_posted(const struct model_fact *fact) {
    if (!fact->has_score) {
        return BADGE_WHY_NOT_GRADED;
    }
    return fact->is_posted ? BADGE_WHY_MET : BADGE_WHY_NOT_POSTED;
}

/* A posted score against the pass mark; without one, against zero when `is_any_score_enough`. */
static enum badge_why judge_pass(const struct model_item *item, const struct model_fact *fact,
                                 bool is_any_score_enough) {
    enum badge_why why = judge_posted(fact);
    if (why != BADGE_WHY_MET) {
        return why;
    }
    if (!item->has_pass_mark && !is_any_score_enough) {
        return BADGE_WHY_NOT_COMPLETE;
    }
    bool is_reached =
        item->has_pass_mark ? dec_cmp(fact->score, item->pass_mark) >= 0 : fact->score.mantissa > 0;
    return is_reached ? BADGE_WHY_MET : BADGE_WHY_TOO_LOW;
}

static enum badge_why judge_bare(const struct model_item *item, const struct model_fact *fact) {
    bool has_said = fact->completion != MODEL_COMPLETION_UNKNOWN;
    if (item->has_completion) {
        return judge_completion(fact->completion);
    }
    if (has_said && !fact->is_posted && fact->completion != MODEL_COMPLETION_INCOMPLETE) {
        return BADGE_WHY_NOT_POSTED;
    }
    return has_said ? judge_completion(fact->completion) : judge_pass(item, fact, true);
}

static enum badge_why judge_outcome(const struct model_item *item, const struct model_fact *fact) {
    return fact->completion == MODEL_COMPLETION_UNKNOWN ? judge_pass(item, fact, false)
                                                        : judge_completion(fact->completion);
}

static enum badge_why judge_letter(const struct badge_plan *plan, const struct badge_node *node,
                                   const struct model_fact *fact) {
    struct sv letter = sv_trim(fact->letter);
    if (letter.len == 0) {
        return BADGE_WHY_NOT_GRADED;
    }
    if (!fact->is_posted) {
        return BADGE_WHY_NOT_POSTED;
    }
    for (size_t i = 0; i < plan->scale->count; i++) {
        if (sv_eq(plan->scale->letters[i], letter)) {
            return (int)i <= node->letter_rank ? BADGE_WHY_MET : BADGE_WHY_TOO_LOW;
        }
    }
    return BADGE_WHY_UNKNOWN_LETTER;
}

static enum badge_why judge_test(const struct badge_plan *plan, const struct badge_node *node,
                                 const struct model_item *item, const struct model_fact *fact) {
    if (node->test == BADGE_TEST_LETTER) {
        return judge_letter(plan, node, fact);
    }
    enum badge_why why = judge_posted(fact);
    if (why != BADGE_WHY_MET) {
        return why;
    }
    if (node->test == BADGE_TEST_POINTS) {
        return dec_cmp(fact->score, node->needed) >= 0 ? BADGE_WHY_MET : BADGE_WHY_TOO_LOW;
    }
    struct dec maximum = fact->has_maximum   ? fact->maximum
                         : item->has_maximum ? item->maximum
                                             : dec_from_i64(0);
    if (maximum.mantissa <= 0) {
        return BADGE_WHY_NO_MAXIMUM;
    }
    return dec_cmp_percent(fact->score, maximum, node->needed) >= 0 ? BADGE_WHY_MET
                                                                    : BADGE_WHY_TOO_LOW;
}

static enum badge_why judge_fact(const struct badge_plan *plan, const struct badge_node *node,
                                 const struct model_fact *fact) {
    const struct model_item *item = &plan->catalogue->items[node->item];
    if (item->is_gone) {
        return BADGE_WHY_GONE;
    }
    if (fact == NULL) {
        return BADGE_WHY_NO_FACT;
    }
    if (fact->is_excused) {
        return BADGE_WHY_EXCUSED;
    }
    if (node->test != BADGE_TEST_BARE) {
        return judge_test(plan, node, item, fact);
    }
    if (node->kind == BADGE_RULE_ITEM) {
        return judge_bare(item, fact);
    }
    return node->kind == BADGE_RULE_OUTCOME ? judge_outcome(item, fact)
                                            : judge_completion(fact->completion);
}

static enum badge_why judge_held(const struct badge_evidence *e, const struct badge_node *node,
                                 usec_t *at) {
    for (size_t i = 0; i < e->badge_count; i++) {
        if (sv_eq(e->badges[i].key, node->rule->badge_key)) {
            *at = e->badges[i].issued_at;
            return BADGE_WHY_MET;
        }
    }
    return BADGE_WHY_NOT_HELD;
}

/* The earliest attestation of the text: a later one must not make a "by" late. */
static enum badge_why judge_attested(const struct badge_evidence *e, const struct badge_node *node,
                                     usec_t *at) {
    bool is_found = false;
    for (size_t i = 0; i < e->attest_count; i++) {
        if (sv_eq(e->attests[i].text, node->rule->manual)) {
            *at = is_found && *at <= e->attests[i].at ? *at : e->attests[i].at;
            is_found = true;
        }
    }
    return is_found ? BADGE_WHY_MET : BADGE_WHY_NOT_ATTESTED;
}

static usec_t time_of(const struct model_fact *fact) {
    if (fact->submitted_at != 0) {
        return fact->submitted_at;
    }
    return fact->graded_at != 0 ? fact->graded_at : fact->completed_at;
}

static enum badge_why judge_by(const struct badge_node *node, const struct badge_result *r,
                               enum badge_why why) {
    if (!node->has_by || why == BADGE_WHY_EXCUSED || why == BADGE_WHY_GONE) {
        return why;
    }
    if (why == BADGE_WHY_MET) {
        return r->at == 0 ? BADGE_WHY_NO_TIME : r->at > node->by ? BADGE_WHY_LATE : BADGE_WHY_MET;
    }
    /* What is handed in late stays late, whatever it will be graded. */
    return r->fact != NULL && r->fact->submitted_at > node->by ? BADGE_WHY_LATE : why;
}

static enum badge_state state_of(enum badge_why why) {
    switch (why) {
    case BADGE_WHY_MET:
        return BADGE_MET;
    case BADGE_WHY_LATE:
        return BADGE_MISSED;
    case BADGE_WHY_EXCUSED:
        return BADGE_EXCUSED;
    case BADGE_WHY_NOT_ATTESTED:
        return BADGE_NEEDS_TEACHER;
    default:
        return BADGE_NOT_YET;
    }
}

static uint32_t leaf_steps(enum badge_state state) {
    switch (state) {
    case BADGE_MET:
        return 0;
    case BADGE_NOT_YET:
    case BADGE_NEEDS_TEACHER:
        return 1;
    default:
        return BADGE_STEPS_NEVER;
    }
}

static void decide_leaf(const struct badge_plan *plan, const struct badge_evidence *e,
                        const struct badge_node *node, struct badge_result *r) {
    enum badge_why why = BADGE_WHY_NO_FACT;
    if (node->kind == BADGE_RULE_BADGE) {
        why = judge_held(e, node, &r->at);
    } else if (node->kind == BADGE_RULE_MANUAL) {
        why = judge_attested(e, node, &r->at);
    } else {
        r->fact = find_fact(e, node->item);
        r->at = r->fact == NULL ? 0 : time_of(r->fact);
        why = judge_fact(plan, node, r->fact);
    }
    r->why = judge_by(node, r, why);
    r->state = state_of(r->why);
    r->steps = leaf_steps(r->state);
}

/* What a group knows of its children. */
struct tally {
    uint32_t counted, met, missed, waiting; /* waiting: NEEDS_TEACHER */
    int64_t points_met, points_waiting;
};

static struct tally count_children(const struct badge_node *nodes,
                                   const struct badge_result *results,
                                   const struct badge_node *group) {
    struct tally t = {0};
    for (uint32_t c = group->first_child; c < group->first_child + group->child_count; c++) {
        enum badge_state state = results[c].state;
        t.counted += state != BADGE_EXCUSED;
        t.missed += state == BADGE_MISSED;
        if (state == BADGE_MET) {
            t.met++;
            t.points_met += nodes[c].worth;
        } else if (state == BADGE_NEEDS_TEACHER) {
            t.waiting++;
            t.points_waiting += nodes[c].worth;
        }
    }
    return t;
}

static bool is_enough(const struct badge_node *group, const struct tally *t, uint32_t met,
                      int64_t points) {
    switch (group->kind) {
    case BADGE_RULE_ALL:
        return t->counted > 0 && met == t->counted;
    case BADGE_RULE_ANY:
        return met > 0;
    case BADGE_RULE_AT_LEAST:
        return met >= group->at_least;
    default:
        return points >= group->points;
    }
}

static uint32_t steps_sum(const struct badge_node *group, const struct badge_result *results) {
    uint32_t sum = 0;
    for (uint32_t c = group->first_child; c < group->first_child + group->child_count; c++) {
        if (results[c].state == BADGE_EXCUSED) {
            continue;
        }
        if (results[c].steps == BADGE_STEPS_NEVER) {
            return BADGE_STEPS_NEVER;
        }
        sum += results[c].steps;
    }
    return sum;
}

/* The n cheapest children together. */
static uint32_t steps_cheapest(const struct badge_node *group, const struct badge_result *results,
                               uint32_t n) {
    uint32_t cost[BADGE_RULE_LEAVES_MAX]; /* ascending; never longer than n */
    uint32_t count = 0;
    for (uint32_t c = group->first_child; c < group->first_child + group->child_count; c++) {
        uint32_t steps = results[c].steps;
        if (steps == BADGE_STEPS_NEVER || (count == n && cost[count - 1] <= steps)) {
            continue;
        }
        uint32_t at = count < n ? count++ : count - 1;
        for (; at > 0 && cost[at - 1] > steps; at--) {
            cost[at] = cost[at - 1];
        }
        cost[at] = steps;
    }
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += cost[i];
    }
    return count < n ? BADGE_STEPS_NEVER : sum;
}

/* Fewest steps whose worth fills what is missing: a knapsack over at most 500 steps, since every
 * step is a leaf of this rule. */
static uint32_t steps_points(const struct badge_node *nodes, const struct badge_node *group,
                             const struct badge_result *results, int64_t missing) {
    int64_t best[BADGE_RULE_LEAVES_MAX + 1]; /* most worth reached with at most s steps */
    uint32_t top = 0;
    best[0] = 0;
    for (uint32_t c = group->first_child; c < group->first_child + group->child_count; c++) {
        uint32_t steps = results[c].steps;
        if (steps == 0 || steps == BADGE_STEPS_NEVER) {
            continue;
        }
        for (uint32_t s = top + 1; s <= top + steps; s++) {
            best[s] = best[top];
        }
        top += steps;
        for (uint32_t s = top; s >= steps; s--) {
            int64_t with = best[s - steps] + nodes[c].worth;
            best[s] = with > best[s] ? with : best[s];
        }
    }
    for (uint32_t s = 0; s <= top; s++) {
        if (best[s] >= missing) {
            return s;
        }
    }
    return BADGE_STEPS_NEVER;
}

static uint32_t group_steps(const struct badge_node *nodes, const struct badge_node *group,
                            const struct badge_result *results, const struct tally *t) {
    switch (group->kind) {
    case BADGE_RULE_ALL:
        return t->counted == 0 ? BADGE_STEPS_NEVER : steps_sum(group, results);
    case BADGE_RULE_ANY:
        return steps_cheapest(group, results, 1);
    case BADGE_RULE_AT_LEAST:
        return steps_cheapest(group, results, group->at_least);
    default:
        return steps_points(nodes, group, results, group->points - t->points_met);
    }
}

static void decide_group(const struct badge_plan *plan, const struct badge_node *group,
                         struct badge_result *results, struct badge_result *r) {
    struct tally t = count_children(plan->nodes, results, group);
    r->met = t.met;
    r->counted = t.counted;
    r->points = t.points_met;
    if (is_enough(group, &t, t.met, t.points_met)) {
        r->state = BADGE_MET;
        r->why = BADGE_WHY_MET;
        r->steps = 0;
        return;
    }
    r->why = BADGE_WHY_GROUP;
    r->steps = group_steps(plan->nodes, group, results, &t);
    bool has_open = t.counted > t.met + t.missed + t.waiting;
    if (r->steps == BADGE_STEPS_NEVER && t.missed > 0) {
        r->state = BADGE_MISSED;
    } else if (!has_open &&
               is_enough(group, &t, t.met + t.waiting, t.points_met + t.points_waiting)) {
        r->state = BADGE_NEEDS_TEACHER;
    } else {
        r->state = BADGE_NOT_YET;
    }
}

static uint32_t whole_points(int64_t units, bool is_rounded_up) {
    int64_t one = 1;
    for (int i = 0; i < BADGE_POINTS_SCALE; i++) {
        one *= 10;
    }
    return (uint32_t)((units + (is_rounded_up ? one - 1 : 0)) / one);
}

static void measure(const struct badge_plan *plan, struct badge_verdict *v) {
    const struct badge_node *root = &plan->nodes[0];
    const struct badge_result *r = &v->results[0];
    switch (root->kind) {
    case BADGE_RULE_ALL:
        v->done = r->met;
        v->total = r->counted;
        break;
    case BADGE_RULE_AT_LEAST:
        v->done = r->met;
        v->total = root->at_least;
        break;
    case BADGE_RULE_POINTS:
        v->done = whole_points(r->points, false);
        v->total = whole_points(root->points, true);
        break;
    default:
        v->total = 1;
        break;
    }
    v->total = v->total == 0 ? 1 : v->total; /* an `all` of only excused leaves */
    if (r->state == BADGE_MET) {
        v->done = v->total;
    }
}

struct badge_verdict badge_decide(const struct badge_plan *plan,
                                  const struct badge_evidence *evidence,
                                  struct badge_result *results) {
    for (uint32_t i = plan->node_count; i-- > 0;) {
        const struct badge_node *node = &plan->nodes[i];
        results[i] = (struct badge_result){0};
        if (badge_rule_is_group(node->kind)) {
            decide_group(plan, node, results, &results[i]);
        } else {
            decide_leaf(plan, evidence, node, &results[i]);
        }
    }
    struct badge_verdict v = {.is_decidable = !plan->is_broken, .results = results};
    v.is_met = v.is_decidable && results[0].state == BADGE_MET;
    v.steps_left = results[0].steps;
    measure(plan, &v);
    return v;
}

static int by_item(const void *a, const void *b) {
    const struct model_fact *x = a;
    const struct model_fact *y = b;
    return (x->item_index > y->item_index) - (x->item_index < y->item_index);
}

void badge_facts_sort(struct model_fact *facts, size_t count) {
    if (count > 1) {
        qsort(facts, count, sizeof *facts, by_item);
    }
}

bool badge_may_earn(const struct model_member *member) { return member->is_learner; }

const char *badge_state_name(enum badge_state state) {
    static const char *const names[] = {"not_yet", "met", "missed", "excused", "needs_teacher"};
    return names[state];
}

const char *badge_why_name(enum badge_why why) {
    static const char *const names[] = {
        "met",        "no_fact",      "not_graded",     "not_posted", "too_low", "not_complete",
        "not_passed", "no_maximum",   "unknown_letter", "late",       "no_time", "excused",
        "not_held",   "not_attested", "gone",           "group"};
    return names[why];
}
