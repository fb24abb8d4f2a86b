/* Issuers, badges, rule versions and the courses they are mapped to. */
#pragma once
#include "model_badge.h"
#include "store.h"
#include "store_picture.h"

/* A badge as it is now. `definition` is filled in by the caller's room (badge files are the badge
 * room's); here it is the JSON object of the file without rule and courses. */
struct store_badge {
    int64_t id, issuer_id;
    struct sv public_id, key, name;
    struct sv definition; /* JSON */
    int64_t rule_version;
    struct sv rule; /* JSON, canonical */
    struct sv issuer_key, issuer_name;
    struct sv problem; /* of a course: why it cannot be judged there; else empty */
    /* Of a course: which of its items stand for those the rule names (badge_map.h); else "[]". */
    struct sv item_map;
    struct sv bound; /* of a course: what the rule's titles were found to mean there; else "[]" */
};

/* The issuers of an institution, by key. */
NODISCARD bool store_issuer_list(struct store *store, int64_t institution_id, struct arena *a,
                                 struct model_issuer **out, size_t *count, struct err *err);
/* All badges of an institution, by name. */
NODISCARD bool store_badge_list(struct store *store, int64_t institution_id, struct arena *a,
                                struct store_badge **out, size_t *count, struct err *err);
/* Those mapped to a course, by name; with `problem`. */
NODISCARD bool store_badge_list_course(struct store *store, int64_t institution_id,
                                       int64_t course_id, struct arena *a, struct store_badge **out,
                                       size_t *count, struct err *err);
/* By public id, within the institution. Fails: ERR_NOT_FOUND "badge". */
NODISCARD bool store_badge_get(struct store *store, int64_t institution_id, struct sv public_id,
                               struct arena *a, struct store_badge *out, struct err *err);

/* Whose it is. Fails: ERR_NOT_FOUND "badge". */
NODISCARD bool store_badge_issuer(struct store *store, int64_t institution_id, int64_t badge_id,
                                  int64_t *issuer_id, struct err *err);

/* Where a badge can be earned. */
struct store_mapping {
    int64_t badge_id, course_id;
    struct sv course_title, issuer, client_id, platform_deployment_id, context_id, problem;
    struct sv item_map, bound; /* as of struct store_badge */
};
NODISCARD bool store_mapping_list(struct store *store, int64_t institution_id, struct arena *a,
                                  struct store_mapping **out, size_t *count, struct err *err);

/* The course a badge file names. When its deployment is known and nobody has launched from the
 * course yet, it is made (without a title) with may_make, else *course_id is 0. institution_id 0:
 * any, and *institution_id says which. Fails: ERR_NOT_FOUND "course" naming the deployment that is
 * unknown, ERR_DENIED "institution". */
NODISCARD bool store_course_take(struct store *store, const struct model_course_ref *ref,
                                 bool may_make, int64_t *institution_id, int64_t *course_id,
                                 struct err *err);

/* One badge of an import. */
struct store_badge_new {
    struct sv key, name, definition, rule; /* JSON texts, canonical */
    const int64_t *course_ids;
    size_t course_count;
    const struct sv *item_maps; /* one a course, empty: keep what there is; NULL: keep all */
    struct sv image_name;       /* as the definition names its picture; empty: the drawn one */
    const struct store_badge_image *image; /* NULL: keep what there is under that name */
};
enum store_change { STORE_CREATED, STORE_CHANGED, STORE_UNCHANGED };
struct store_import {
    int64_t institution_id;
    int64_t actor_person_id; /* 0: an operator at the shell */
    const struct model_issuer *issuer;
    const struct store_badge_new *badges;
    size_t badge_count;
};
/* Idempotent by key; in one transaction. A rule that differs becomes the next version. Mappings are
 * replaced by the file's. Every mapped course is judged anew and read soon; gradebook columns get
 * the badge's new name. changes[i] says what happened to badges[i]. */
NODISCARD bool store_badge_import(struct store *store, const struct store_import *import,
                                  enum store_change *changes, struct err *err);
/* What the rule's binding to a course's items came to; "" when it can be judged. */
NODISCARD bool store_mapping_problem_set(struct store *store, int64_t institution_id,
                                         int64_t badge_id, int64_t course_id, struct sv problem,
                                         struct err *err);
/* What the rule's titles mean in the course from now on (judge_bound), unless somebody else has
 * kept something meanwhile: `was` is what was there. */
NODISCARD bool store_mapping_bound_set(struct store *store, int64_t institution_id,
                                       int64_t badge_id, int64_t course_id, struct sv was,
                                       struct sv bound, struct err *err);
/* Somebody chose which items of a course stand for those a rule names. */
struct store_mapping_choice {
    int64_t institution_id, course_id, badge_id, person_id;
    struct sv was, item_map; /* what they saw, and what it becomes (badge_map.h) */
};
/* In one transaction with its audit line; the course is read and judged soon. Fails: ERR_CONFLICT
 * "items" when somebody has changed it since. */
NODISCARD bool store_mapping_items_set(struct store *store,
                                       const struct store_mapping_choice *choice, struct err *err);
