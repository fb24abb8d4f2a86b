/* Courses that were made from others: what a notice (store_notice.h) or a launch's history says
 * becomes a proposal, and nothing of it counts until somebody confirms (attacks.md E8: only within
 * one deployment). */
#pragma once
#include "store.h"

struct store_copy {
    int64_t origin_id;
    struct sv origin_public_id, origin_title; /* of the course it was copied from */
};
/* The latest proposal for a course that waits for an answer; *is_found false: none. */
NODISCARD bool store_copy_get(struct store *store, int64_t institution_id, int64_t course_id,
                              struct arena *a, struct store_copy *out, bool *is_found,
                              struct err *err);

struct store_copy_badge {
    int64_t badge_id;
    struct sv item_map; /* badge_map.h */
};
struct store_copy_answer {
    int64_t institution_id, course_id, origin_id, person_id;
    bool is_confirmed;
    const struct store_copy_badge *badges; /* to be earned in the course from now on */
    size_t badge_count;
};
/* Confirm or decline, once, in one transaction with its audit line; a confirmed course is read and
 * judged soon. Badges that the course has already stay as they are. Fails: ERR_CONFLICT "copy" when
 * somebody has answered. */
NODISCARD bool store_copy_decide(struct store *store, const struct store_copy_answer *answer,
                                 struct err *err);
