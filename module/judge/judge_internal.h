/* What the files of this room share. */
#pragma once
#include "badge_award.h"
#include "badge_map.h"
#include "base_json.h"
#include "judge.h"

/* A rule and its definition out of the database's texts, by the badge file's own parser: what is
 * stored was a valid file once. */
NODISCARD bool judge_badge_read(struct arena *a, const struct store_badge *stored,
                                struct model_badge *definition, const struct badge_rule **rule,
                                struct err *err);
/* Bind a rule; false with `problem` (one sentence) when it cannot be judged there. */
bool judge_bind(const struct judge_course *course, const struct badge_rule *rule, struct arena *a,
                const struct badge_plan **plan, struct sv *problem);
/* What a course says of a badge's items: what people chose, and what titles were found to mean. */
struct judge_maps {
    struct sv item_map, bound; /* as of struct store_badge; empty: nothing */
};
/* Both as one list. Fails: ERR_INPUT (what is stored was no such list). */
NODISCARD bool judge_maps_read(struct arena *a, const struct judge_maps *maps,
                               struct badge_map *out, struct err *err);
/* The rule as it reads in one course: with the items that stand for those it names. Fails as above.
 */
NODISCARD bool judge_rule_here(struct arena *a, const struct badge_rule *rule,
                               const struct judge_maps *maps, const struct badge_rule **out,
                               struct err *err);
/* Load course, zone and items, but no badges. */
NODISCARD bool judge_course_open(struct store *store, int64_t institution_id, int64_t course_id,
                                 struct arena *a, struct judge_course *out, struct err *err);
