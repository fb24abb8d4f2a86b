/* A rule bound to one course: REFs became indexes, dates became instants, the tree became one
 * array. Bind once a course, decide for every person in it. Pure; a plan is read-only and safe from
 * any thread. */
#pragma once
#include "badge_rule.h"
#include "model_fact.h"

/* Letter grades, best first. */
struct badge_scale {
    const struct sv *letters;
    size_t count;
};
/* A+ A A- B+ B B- C+ C C- D+ D D- F */
extern const struct badge_scale badge_scale_default;

/* What the course's grade source can read at all. */
struct badge_source_can {
    bool has_course_total; /* course with min_percent or min_letter */
    bool has_completion;   /* "course": "completed" */
    bool has_modules, has_outcomes, has_letters;
};

/* One course as a rule sees it. Everything is borrowed and must outlive the plans bound to it. */
struct badge_catalogue {
    const struct model_item *items;
    size_t item_count;
    struct badge_source_can can;
    struct sv source_name;           /* for messages: "Moodle"; may be empty */
    const struct badge_scale *scale; /* NULL: badge_scale_default */
    /* The first instant after that day in the institution's time zone. NULL: UTC. */
    usec_t (*day_end)(void *ctx, int year, int month, int day);
    void *day_ctx;
};

#define BADGE_NO_ITEM UINT32_MAX

/* Children of a group are nodes[first_child .. first_child + child_count), always behind their
 * parent. */
struct badge_node {
    enum badge_rule_kind kind;
    enum badge_rule_test test;
    uint32_t first_child, child_count;
    uint32_t item; /* index into the catalogue, or BADGE_NO_ITEM */
    uint32_t at_least;
    int64_t points, worth; /* in units of 10^-BADGE_POINTS_SCALE */
    struct dec needed;
    int letter_rank; /* index into the scale; lower is better */
    bool has_by;
    usec_t by; /* the last instant that counts */
    const struct badge_rule *rule;
};

struct badge_plan {
    const struct badge_catalogue *catalogue;
    const struct badge_rule *rule;
    const struct badge_scale *scale;
    struct badge_node *nodes; /* [0] is the root */
    uint32_t node_count;
    /* An item of the rule was deleted in the LMS: nothing is awarded or revoked until somebody
     * mends the rule. broken_text says which, one sentence. */
    bool is_broken;
    struct sv broken_text;
};

/* Bind `rule` (borrowed, must outlive the plan) to a course. Titles match exactly once white space
 * is trimmed and collapsed; items that are gone match only when nothing else does.
 * Fails: ERR_INPUT with one of these reasons and a sentence that names what was meant:
 *   ref_none   no such item: the nearest titles
 *   ref_many   several items: each with its source and id
 *   source     a kind that the course's source cannot read
 *   maximum    a percent of an item without a maximum, or whose maximum is not above zero
 *   letter     a letter that the scale does not have */
NODISCARD bool badge_plan_bind(struct arena *a, const struct badge_rule *rule,
                               const struct badge_catalogue *catalogue,
                               const struct badge_plan **out, struct err *err);

/* The item of the course that a condition on an item, module or outcome means by itself; NULL when
 * no live one fits, or several do. */
const struct model_item *badge_plan_find(const struct badge_catalogue *catalogue,
                                         const struct badge_rule *leaf);
/* What kind of item a condition is about; of a group or another badge: ACTIVITY. */
enum model_item_kind badge_plan_kind(const struct badge_rule *leaf);
