/* The gradebook columns Laurel owns, and the scores it sent. */
#pragma once
#include "model_badge.h"
#include "store.h"

/* Everything the score of a badge and a person in a course needs; award_id is the latest. */
struct store_score {
    int64_t institution_id, award_id, badge_id, person_id, course_id, registration_id;
    enum model_award_state state;
    usec_t issued_at, revoked_at;
    struct sv sub, badge_name, badge_public_id;
    struct sv public_id; /* of the award */
    bool is_shared;
    struct sv platform_deployment_id, lineitems_url, ags_scopes;
    struct sv line_item_url; /* empty: none yet */
    bool is_column_coming;   /* a deep linking answer asked for it within minutes */
    usec_t last_sent_at; /* the timestamp of the last score for this column and person; 0: none */
    bool is_learner;     /* may earn in the course: neither staff nor a test user */
    bool is_active;      /* false: has left the course */
};
/* Of the badge, person and course of any of their awards. Fails: ERR_NOT_FOUND "award". */
NODISCARD bool store_score_get(struct store *store, int64_t institution_id, int64_t award_id,
                               struct arena *a, struct store_score *out, struct err *err);
NODISCARD bool store_score_sent(struct store *store, const struct store_score *score,
                                usec_t sent_at, struct sv outcome, struct err *err);

/* Add a score job for every issued award of a course that should have a score and has none: the
 * platform offers its gradebook since now, or a badge is to show there from now on. */
NODISCARD bool store_score_missing(struct store *store, int64_t institution_id, int64_t course_id,
                                   struct err *err);

/* A lock over one badge's column in one course, so that two workers never create two. Held until
 * released; gone with the process. Fails: ERR_CONFLICT "busy" LATER when another has it. */
struct store_line_lock;
NODISCARD bool store_line_lock_take(struct store *store, int64_t course_id, int64_t badge_id,
                                    struct store_line_lock **out, struct err *err);
void store_line_lock_release(struct store_line_lock *lock);
/* Remember the column and the name it has there, or with an empty url forget it. */
struct store_line_item {
    int64_t institution_id, course_id, badge_id;
    struct sv url, label;
};
NODISCARD bool store_line_item_set(struct store *store, const struct store_line_item *item,
                                   struct err *err);

/* The addresses of the columns Laurel made in a course. */
NODISCARD bool store_line_urls(struct store *store, int64_t institution_id, int64_t course_id,
                               struct arena *a, struct sv **out, size_t *count, struct err *err);

/* A column whose name may be an old one of its badge. */
struct store_line {
    int64_t registration_id;
    struct sv platform_deployment_id, lineitems_url, ags_scopes, url;
    struct sv badge_name, badge_public_id;
};
/* *is_found false: there is no column (any more). */
NODISCARD bool store_line_get(struct store *store, int64_t institution_id, int64_t course_id,
                              int64_t badge_id, struct arena *a, struct store_line *out,
                              bool *is_found, struct err *err);
