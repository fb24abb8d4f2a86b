/* One rule: what a learner must have done (DESIGN 3.3). Parse, write, put in words. Pure: no I/O,
 * no clock.
 *
 *   RULE    {"all": [RULE...]}
 *           {"any": [RULE...]}
 *           {"at_least": n, "of": [RULE...]}
 *           {"points": n, "of": [{"rule": RULE, "worth": n}...]}
 *           or a leaf, each with an optional "by": TIME
 *   leaf    {"item": REF} with at most one of min_percent, min_points, min_letter
 *           {"course": "completed"}
 *           {"course": {"min_percent": 75}}, {"course": {"min_letter": "B"}};
 *               both may say "total": "final" (when absent) or "current"
 *           {"module": REF}, {"outcome": REF}
 *           {"badge": "key"}
 *           {"manual": "what the teacher confirms"}
 *   REF     "title" or {"source": "moodle", "id": "17"}
 *   TIME    RFC 3339, or a date, which ends at midnight in the institution's time zone
 *
 * null is an error everywhere: a lost threshold must not turn a condition into a bare one. */
#pragma once
#include "base_clock.h"
#include "base_num.h"
#include "base_str.h"
#include <jansson.h>

#define BADGE_RULE_BYTES_MAX ((size_t)64 * 1024)
/* Groups inside one another; the leaf in the innermost does not count. */
#define BADGE_RULE_DEPTH_MAX 8
#define BADGE_RULE_LEAVES_MAX 500
#define BADGE_RULE_NODES_MAX (BADGE_RULE_LEAVES_MAX * (BADGE_RULE_DEPTH_MAX + 1))
#define BADGE_TITLE_CHARS_MAX 1500
#define BADGE_MANUAL_CHARS_MAX 1000
/* "worth" and "points": at most that, with at most four decimals, so that sums are exact. */
#define BADGE_POINTS_MAX 1000000
#define BADGE_POINTS_SCALE 4

enum badge_rule_kind {
    BADGE_RULE_ALL,
    BADGE_RULE_ANY,
    BADGE_RULE_AT_LEAST,
    BADGE_RULE_POINTS,
    BADGE_RULE_ITEM,
    BADGE_RULE_COURSE_TOTAL,     /* course with min_percent or min_letter */
    BADGE_RULE_COURSE_COMPLETED, /* "course": "completed" */
    BADGE_RULE_MODULE,
    BADGE_RULE_OUTCOME,
    BADGE_RULE_BADGE,
    BADGE_RULE_MANUAL
};

/* What an item or a course total is held against. */
enum badge_rule_test {
    BADGE_TEST_BARE, /* complete, passed, or a score above zero: see badge_decide.h */
    BADGE_TEST_PERCENT,
    BADGE_TEST_POINTS,
    BADGE_TEST_LETTER
};

struct badge_ref {
    struct sv title;      /* as written; empty when named by source and id */
    struct sv source, id; /* both empty when named by title */
};

struct badge_by {
    bool is_set;
    bool is_date; /* year, month, day count; else `at` does */
    int year, month, day;
    usec_t at;
    struct sv text; /* as written */
};

struct badge_rule {
    enum badge_rule_kind kind;
    enum badge_rule_test test; /* ITEM and COURSE_TOTAL */
    struct badge_ref ref;      /* ITEM, MODULE, OUTCOME */
    struct dec needed;         /* percent, points of an item, or points of a group */
    struct sv letter;          /* min_letter */
    bool is_current;           /* COURSE_TOTAL: "total": "current" */
    struct sv badge_key;       /* BADGE */
    struct sv badge_name;      /* BADGE: for words, once badge_rule_named has looked it up */
    struct sv manual;          /* MANUAL: what the teacher confirms */
    struct badge_by by;        /* leaves */
    int at_least;              /* AT_LEAST: 1..child_count */
    struct dec worth;          /* of this rule in its POINTS group, else 0 */
    struct badge_rule *children;
    size_t child_count; /* groups: >= 1; leaves: 0 */
};

bool badge_rule_is_group(enum badge_rule_kind kind);

/* Parse `src` (borrowed only until return, <= 64 KiB). *out and its texts live in `a`.
 * Fails: ERR_INPUT, one sentence that begins with the path ("rule.all[1].min_percent") and ends
 * with line and column (both from 1, columns in characters). */
NODISCARD bool badge_rule_parse(struct arena *a, struct sv src, const struct badge_rule **out,
                                struct err *err);

/* The rule as JSON in canonical member order; new reference. Parses back to the same rule. */
json_t *badge_rule_json(const struct badge_rule *rule);
/* The same as compact text with numbers as people wrote them (79.9, not 79.900000000000006): what
 * model_badge.rule_json holds. */
struct sv badge_rule_text(struct arena *a, const struct badge_rule *rule);

/* "Earned when all of: Lab safety quiz is at least 80 %; any of: (...)." English. */
struct sv badge_rule_words(struct arena *a, const struct badge_rule *rule);
/* The same as a list for pages: [{"text": "all of", "children": [{"text": "..."}]}]; new reference.
 */
json_t *badge_rule_outline(const struct badge_rule *rule);

/* Keys of the badges the rule needs, each once, in reading order. Returns how many; *keys in `a`.
 */
size_t badge_rule_badges(struct arena *a, const struct badge_rule *rule, struct sv **keys);

/* A badge's key and what people call it. */
struct badge_title {
    struct sv key, name;
};
/* A copy of the rule, in `a`, that speaks of other badges by their names. Texts are borrowed. */
const struct badge_rule *badge_rule_named(struct arena *a, const struct badge_rule *rule,
                                          const struct badge_title *titles, size_t count);

/* A badge and the keys of those its rule needs. */
struct badge_need {
    struct sv key;
    const struct sv *needs;
    size_t need_count;
};
/* Refuses loops (a badge that in the end needs itself). Keys needed but not in the set end a path.
 * Linear in badges and needs. Fails: ERR_INPUT "badge_loop", naming the loop: "a needs b needs a".
 */
NODISCARD bool badge_loop_check(struct arena *a, const struct badge_need *set, size_t count,
                                struct err *err);
