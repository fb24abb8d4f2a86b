/* The part of a badge's page where its learner says what others see of it. */
#pragma once
#include "page_course.h"

/* Sets `share` (share.html) when the badge is earned by who looks. */
NODISCARD bool page_share_add(struct page *p, json_t *model, const struct page_standing *s,
                              struct err *err);
