/* Decides whether a person's facts meet a rule (DESIGN 3.3, "What leaves mean"; DESIGN 5, "One
 * judge"). Pure: no I/O, no clock, no allocation; safe from any thread.
 *
 * Leaves
 *   bare item    Where the LMS keeps completion for the item: complete and passed are met,
 *                incomplete and failed are not. Where it keeps none: a complete/incomplete grade,
 *                once it is posted; else a posted score that reaches the pass mark; else, without
 *                a pass mark, any posted score above zero.
 *   min_percent  score / maximum (the fact's, else the item's), exact, boundary included. A
 *                maximum of zero or less meets nothing.
 *   min_points   score, exact, boundary included.
 *   min_letter   by the order of the scale.
 *                Only posted scores and letters count; hidden and ungraded are not yet.
 *   course       totals as above; "completed" by the completion of the course's own item.
 *   module       completion.
 *   outcome      completion; where the LMS says none, a posted score that reaches its pass mark.
 *   badge        among those held.
 *   manual       among those attested, same text.
 *   by           the time of submission, else of grading, else of completion is not after it; of
 *                a badge its issue, of a manual its first attestation. Met at an unknown time: not
 *                yet. Handed in after it: missed, whatever the grade will be.
 *   excused      neither met nor missed: left out of its group.
 *
 * Groups, of the children that are not excused; with none left a group is not met
 *   all          every one
 *   any          one
 *   at_least n   n of them; n stays as written when somebody is excused from some
 *   points       the worth of the met ones adds up to it; excused ones add nothing, the sum to
 *                reach stays as written */
#pragma once
#include "badge_plan.h"

enum badge_state {
    BADGE_NOT_YET,
    BADGE_MET,
    BADGE_MISSED,  /* its "by" is over; a group: cannot be met any more because of such children */
    BADGE_EXCUSED, /* leaves only */
    BADGE_NEEDS_TEACHER /* waits for a teacher's word and for nothing else */
};

/* Why a node is what it is; the words are in badge_explain.h. */
enum badge_why {
    BADGE_WHY_MET,
    BADGE_WHY_NO_FACT,        /* nothing known of this person here */
    BADGE_WHY_NOT_GRADED,     /* no score yet */
    BADGE_WHY_NOT_POSTED,     /* graded, not yet shown to the learner */
    BADGE_WHY_TOO_LOW,        /* score, percent or letter below what is needed */
    BADGE_WHY_NOT_COMPLETE,   /* completion says incomplete, or has not said */
    BADGE_WHY_NOT_PASSED,     /* completion says complete with a fail grade */
    BADGE_WHY_NO_MAXIMUM,     /* a percent of a fact whose maximum is not above zero */
    BADGE_WHY_UNKNOWN_LETTER, /* a letter that is not in the scale */
    BADGE_WHY_LATE,           /* after "by" */
    BADGE_WHY_NO_TIME,        /* good enough, but nobody knows when */
    BADGE_WHY_EXCUSED,
    BADGE_WHY_NOT_HELD,     /* another badge */
    BADGE_WHY_NOT_ATTESTED, /* manual */
    BADGE_WHY_GONE,         /* the item was deleted in the LMS */
    BADGE_WHY_GROUP         /* a group that is not met: see its children */
};

struct badge_held {
    struct sv key;
    usec_t issued_at; /* 0: not known */
};
struct badge_attest {
    struct sv text; /* the "manual" text confirmed */
    usec_t at;
};

/* What is known of ONE person. Everything is borrowed. */
struct badge_evidence {
    /* Sorted by item_index (into the plan's catalogue), each index at most once: badge_facts_sort.
     */
    const struct model_fact *facts;
    size_t fact_count;
    const struct badge_held *badges; /* issued, and not revoked, expired or suspended */
    size_t badge_count;
    const struct badge_attest *attests;
    size_t attest_count;
};

#define BADGE_STEPS_NEVER UINT32_MAX

struct badge_result {
    enum badge_state state;
    enum badge_why why;
    const struct model_fact *fact; /* leaves: what was seen, or NULL */
    usec_t at;                     /* the time that "by" is compared with; 0: not known */
    uint32_t met, counted;         /* groups: children met, and children not excused */
    int64_t points;                /* POINTS: worth of the met ones, in 10^-BADGE_POINTS_SCALE */
    uint32_t steps; /* leaf conditions missing on the cheapest road; BADGE_STEPS_NEVER: no road */
};

struct badge_verdict {
    bool is_decidable; /* false: the plan is broken; award nothing, revoke nothing */
    bool is_met;       /* false when not decidable */
    /* For a progress bar, total >= 1, done <= total, done == total exactly when the root is met.
     * Root `all`: met of counted children; `at_least` n: met of n; `points`: points reached
     * (rounded down) of points needed; else 0 or 1 of 1. */
    uint32_t done, total;
    uint32_t steps_left;          /* of the root: 1 is "one step away" */
    struct badge_result *results; /* one a node, as plan->nodes */
};

/* Judge. `results` has room for plan->node_count and is overwritten; the verdict points into it. */
struct badge_verdict badge_decide(const struct badge_plan *plan,
                                  const struct badge_evidence *evidence,
                                  struct badge_result *results);

/* By item_index, in place. */
void badge_facts_sort(struct model_fact *facts, size_t count);

/* May this person earn badges in the course at all (DESIGN 3.3, "Who")? Learners, active or
 * concluded, also when they teach there too; nobody else. */
bool badge_may_earn(const struct model_member *member);

/* "met", "not_yet", "missed", "excused", "needs_teacher". */
const char *badge_state_name(enum badge_state state);
/* "too_low", "late", ... */
const char *badge_why_name(enum badge_why why);
