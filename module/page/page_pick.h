/* What choosing content for a course and answering the platform share. */
#pragma once
#include "lti_deep_link.h"
#include "page_course.h"
#include "store_deep_link.h"

/* A deep linking request, and what may be chosen for it. */
struct page_pick {
    struct model_registration registration;
    struct store_deep_link stored;
    struct lti_deep_link asked;
    struct store_badge *badges; /* of the course */
    size_t badge_count;
    struct store_badge *all; /* of the institution: rules name them, admins may add them */
    size_t all_count;
    int64_t *columns; /* badges that have a gradebook column here, or asked for one */
    size_t column_count;
};

/* The pages that badges do not have: one row of the picker each, and the value of laurel_view. */
struct page_pick_view {
    struct sv key, title, text;
};
extern const struct page_pick_view page_pick_views[];
extern const size_t page_pick_view_count;

/* Chosen: a view or a badge, never both. */
struct page_picked {
    const struct page_pick_view *view;
    const struct store_badge *badge;
    bool is_new; /* the badge is not part of the course yet */
};

/* A badge that this admin may add to the course. */
bool page_pick_may_add(const struct page *p, const struct page_pick *pick,
                       const struct store_badge *badge);
/* Is a column with this badge's score to be made with its link? */
NODISCARD bool page_pick_has_column(const struct page *p, const struct page_pick *pick,
                                    const struct store_badge *badge, bool *has_column,
                                    struct err *err);

/* Signs the answer, shows the form that carries it to the platform and uses the request up; when
 * one of the three fails, nothing is used up. count 0: cancelled. */
NODISCARD bool page_pick_answer(struct page *p, const struct page_pick *pick,
                                const struct page_picked *picked, size_t count, struct err *err);
