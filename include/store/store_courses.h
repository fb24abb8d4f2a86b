/* The courses of an institution as its badge admins see them: how fresh each is and what is wrong.
 */
#pragma once
#include "store_fresh.h"

#define STORE_COURSES_PAGE 50

/* Whose list it is. */
struct store_courses_of {
    int64_t institution_id;
    const struct sv *issuer_keys; /* courses with badges of these issuers, and what concerns them */
    size_t issuer_count;          /* 0: all courses of the institution */
};

enum store_courses_show { STORE_COURSES_ALL, STORE_COURSES_PROBLEMS, STORE_COURSES_UNREAD };

struct store_courses_want {
    struct store_courses_of of;
    struct sv search; /* a part of the title's first 100 characters; empty: any */
    enum store_courses_show show;
    /* The last course of the page before (struct store_listed_course), to go on behind it; public
     * id empty: the first page. One that is gone: the first page. */
    bool is_after_fine;
    struct sv after;
};

/* What the nightly comparison of rules and awards found; of the badges the list is about. */
struct store_reconciliation {
    int64_t missing;  /* met, and no award that lives or that a person took back */
    int64_t excess;   /* held, and not met any more */
    int64_t unjudged; /* may earn, and could not be judged */
    usec_t at;        /* the oldest of them; 0: never compared */
};

struct store_listed_course {
    int64_t id;
    struct sv public_id, title, context_id; /* title may be empty: nobody has opened it yet */
    struct sv issuer, deployment_id;        /* of the platform */
    struct store_fresh fresh;
    bool is_fine; /* neither did its last reading break off, nor is a rule broken there */
    int64_t learners, badges;
    int64_t broken;      /* badges that cannot be judged there */
    struct sv gaps;      /* what its last reading could not tell, in sentences; may be empty */
    struct sv *problems; /* the first of them: "Safe Lab: Quiz is no longer in the course..." */
    size_t problem_count;
    struct store_reconciliation reconciliation;
};
/* Those with problems first, then by title; at most STORE_COURSES_PAGE. */
NODISCARD bool store_courses_list(struct store *store, const struct store_courses_want *want,
                                  struct arena *a, struct store_listed_course **out, size_t *count,
                                  bool *has_more, struct err *err);

struct store_courses_summary {
    int64_t courses;
    int64_t read_lately; /* within the last hour */
    int64_t troubled;
};
NODISCARD bool store_courses_summary(struct store *store, const struct store_courses_of *of,
                                     struct arena *a, struct store_courses_summary *out,
                                     struct err *err);

/* A course of the list by its public id. Fails: ERR_NOT_FOUND "course", also for those that the
 * list does not have. */
NODISCARD bool store_courses_find(struct store *store, const struct store_courses_of *of,
                                  struct sv public_id, struct arena *a, int64_t *course_id,
                                  struct err *err);
