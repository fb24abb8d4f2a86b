/* A course that was made from another (store_copy.h): which badges of the old one it could take
 * over, and which of its items stand for those their rules name. Nothing is decided here. */
#pragma once
#include "judge.h"

/* Something that rules name. */
struct judge_copy_item {
    const struct badge_rule *leaf; /* its kind and REF */
    const struct model_item *old;  /* in the old course; NULL: not there (any more) */
    /* Here, as far as it can be told: found by the old one's title, else by the REF itself; NULL:
     * nothing fits, or more than one thing does. */
    const struct model_item *proposed;
    struct sv title; /* of the old one, else as the rule names it */
};
struct judge_copy_badge {
    const struct judge_badge *badge; /* of the old course */
    const struct badge_rule *shown;  /* its rule for people: what has an id by the old title */
    size_t *items;                   /* which of the copy's items its rule names */
    size_t item_count;
};
struct judge_copy {
    struct judge_course origin, course;
    struct judge_copy_badge *badges; /* by name: those that the course does not have */
    size_t badge_count;
    struct judge_copy_item *items; /* each once, in the order the rules name them */
    size_t item_count;
};

struct judge_copy_want {
    int64_t institution_id, course_id, origin_id;
    bool (*may_take)(const void *ctx, const struct store_badge *badge); /* leave others out */
    const void *ctx;
};
/* Everything lives in `a`. */
NODISCARD bool judge_copy_load(struct store *store, const struct judge_copy_want *want,
                               struct arena *a, struct judge_copy *out, struct err *err);

/* May an item of the course stand for what a leaf names? Live, of the right kind, and with a name
 * that a rule could write. */
bool judge_copy_fits(const struct judge_copy_item *item, const struct model_item *here);

/* What choosing items means for one badge; chosen[i] stands for items[i], NULL: nothing does. */
struct judge_copy_trial {
    bool is_whole;      /* everything its rule names is there: it can be switched on */
    struct sv missing;  /* else: what is not, "Lab 1, Lab 2" */
    struct sv item_map; /* badge_map.h: what the rule does not find by itself */
    struct sv problem;  /* why it could not be judged with it, one sentence; else empty */
};
struct judge_copy_trial judge_copy_try(const struct judge_copy *copy,
                                       const struct judge_copy_badge *badge,
                                       const struct model_item *const *chosen, struct arena *a);
