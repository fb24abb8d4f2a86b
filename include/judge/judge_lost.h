/* Conditions of a badge that mean nothing in a course by now: their item is gone, or no one item is
 * theirs. Somebody of the course says what counts instead; nobody guesses. */
#pragma once
#include "judge.h"

struct judge_lost {
    const struct badge_rule *leaf; /* of the badge's rule, as in the badge file */
    const struct model_item *gone; /* what it meant; NULL: nothing was ever found */
    struct sv title;               /* of that, else as the rule has it */
};
/* Those of one badge of the course; each REF once. Everything lives in `a`. Fails: ERR_INPUT (what
 * is stored was no list of items). */
NODISCARD bool judge_lost_list(const struct judge_course *course, const struct judge_badge *badge,
                               struct arena *a, struct judge_lost **out, size_t *count,
                               struct err *err);
/* May this item of the course stand for it: there, of the same kind. */
bool judge_lost_fits(const struct judge_lost *lost, const struct model_item *here);
/* The badge's list of items (struct store_badge, item_map) with `here` for it. Fails as above. */
NODISCARD bool judge_lost_map(const struct judge_badge *badge, const struct judge_lost *lost,
                              const struct model_item *here, struct arena *a, struct sv *item_map,
                              struct err *err);
