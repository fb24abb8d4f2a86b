/* Inside the room: the words of single conditions and groups. */
#pragma once
#include "badge_rule.h"
#include "model_fact.h"

/* "Lab safety quiz", or "moodle item 17" while nobody has looked it up. `item` may be NULL. */
struct sv badge_words_subject(struct arena *a, const struct badge_rule *rule,
                              const struct model_item *item);
/* "Lab safety quiz is at least 80 %, by 1 May 2027"; groups: "all of", "at least 2 of". */
struct sv badge_words_condition(struct arena *a, const struct badge_rule *rule,
                                const struct model_item *item);
/* "1 May 2027", "1 May 2027, 17:00 UTC". */
struct sv badge_words_by(struct arena *a, const struct badge_by *by);
/* "80 %", "12 points", "1 point", "B". */
struct sv badge_words_needed(struct arena *a, const struct badge_rule *rule);
struct sv badge_words_points(struct arena *a, struct dec points);
