/* What the nightly comparison of rules and awards found, by course and badge. */
#pragma once
#include "store.h"

struct store_reconciliation {
    int64_t course_id, badge_id;
    struct sv course_public_id, course_title; /* of store_reconciliation_list only, as these: */
    struct sv badge_key, badge_name;
    usec_t at;
    int64_t earned_not_awarded; /* met, and the award that was due was not there; it is made good */
    int64_t awarded_not_earned; /* held by the rule, and not met any more */
    int64_t unreachable;        /* may earn, and could not be judged */
};

/* Of one course, or with course_id 0 of all of the institution; by course, then badge. At most
 * 10,000. with_findings: only where a number is not 0. */
NODISCARD bool store_reconciliation_list(struct store *store, int64_t institution_id,
                                         int64_t course_id, bool with_findings, struct arena *a,
                                         struct store_reconciliation **out, size_t *count,
                                         struct err *err);

/* A course to be compared. */
struct store_reconcile_course {
    int64_t id;
    int64_t unmatched; /* learners of its source whose sub is not known */
    bool is_stale;     /* its source fails, or has not been read for a day, though it should be */
};
/* Courses with badges that were not compared since `from`, by id, the first hundred after
 * `after_id`. */
NODISCARD bool store_reconcile_course_list(struct store *store, int64_t institution_id, usec_t from,
                                           int64_t after_id, struct arena *a,
                                           struct store_reconcile_course **out, size_t *count,
                                           struct err *err);
/* Replace what is kept of a course, and have these people judged, in one transaction. */
NODISCARD bool store_reconciliation_save(struct store *store, int64_t institution_id,
                                         int64_t course_id, const struct store_reconciliation *rows,
                                         size_t count, const int64_t *to_judge,
                                         size_t to_judge_count, struct err *err);
/* Forget what is kept of badges that are of no such course any more. */
NODISCARD bool store_reconciliation_tidy(struct store *store, int64_t institution_id,
                                         struct err *err);

/* All institutions together, for the operator. */
struct store_reconciliation_totals {
    int64_t courses, earned_not_awarded, awarded_not_earned, unreachable;
    usec_t oldest; /* 0: nothing has been compared yet */
};
NODISCARD bool store_reconciliation_total(struct store *store,
                                          struct store_reconciliation_totals *out, struct err *err);
