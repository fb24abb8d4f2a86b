/* The items of a course, and conditions whose item is gone. */
#pragma once
#include "judge_lost.h"
#include "page_course.h"

/* Adds `lost` and `has_lost`: what is to be chosen by whoever asks. */
NODISCARD bool page_items_add_lost(struct page *p, const struct judge_course *course, json_t *model,
                                   struct err *err);
/* An item as forms name it: "moodle:17". */
struct sv page_item_value(const struct page *p, const struct model_item *item);
