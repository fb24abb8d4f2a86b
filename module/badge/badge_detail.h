/* Inside the room: what is to be said about one leaf of a verdict. */
#pragma once
#include "badge_explain.h"

struct badge_leaf_view {
    struct arena *arena;
    const struct badge_node *node;
    const struct badge_result *result;
    const struct model_item *item; /* NULL for badges and manuals */
    enum badge_voice voice;
};

struct badge_leaf_view badge_leaf_view(struct arena *a, const struct badge_plan *plan,
                                       const struct badge_verdict *verdict, uint32_t node,
                                       enum badge_voice voice);
/* "92 %", "10 points", "C+", "complete"; empty when nothing is known or may be shown. */
struct sv badge_detail_value(const struct badge_leaf_view *v);
/* "80 %", "12 points", "B"; empty when there is no threshold. */
struct sv badge_detail_needed(const struct badge_leaf_view *v);
/* One sentence. */
struct sv badge_detail_sentence(const struct badge_leaf_view *v);
