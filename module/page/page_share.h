/* The part of a badge's page where its learner says what others see of it. */
#pragma once
#include "page_course.h"

/* What goes with everything that the learner takes along, since the badge demands it, in a
 * sentence; empty: nothing, or they shared it before. `award` NULL: none. */
NODISCARD bool page_demands_words(struct page *p, const struct model_badge *badge,
                                  const struct store_award *award, struct sv *out, struct err *err);

/* Sets `share` (share.html) when the badge is earned by who looks. */
NODISCARD bool page_share_add(struct page *p, json_t *model, const struct page_standing *s,
                              struct err *err);
