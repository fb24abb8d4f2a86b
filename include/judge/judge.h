/* The one judge (DESIGN 5): loads a course with its badges, people and facts, and decides with the
 * badge room's evaluator. The worker, the learner's progress, the teacher's grid and "why / why
 * not", and the dry run all come here, so they cannot disagree.
 *
 * A room of its own because both `page` and `job` need it: it may use store, badge and text. */
#pragma once
#include "badge_award.h"
#include "badge_explain.h"
#include "badge_file.h"
#include "store_award.h"
#include "store_badge.h"
#include "store_course.h"
#include "text_zone.h"

/* A badge mapped to the course. */
struct judge_badge {
    struct store_badge stored;
    struct model_badge definition; /* as in the badge file */
    const struct badge_rule *rule; /* as in the badge file; the plan's names this course's items */
    const struct badge_plan *plan; /* NULL: cannot be judged in this course; `problem` says why */
    struct sv problem;             /* one sentence, or empty */
};

struct judge_course {
    struct store_course course;
    const struct text_zone *zone;
    struct model_item *items;
    size_t item_count;
    struct badge_catalogue catalogue;
    struct judge_badge *badges; /* by name */
    size_t badge_count;
    struct store_badge *others; /* every badge of the institution: rules may ask for them */
    size_t other_count;
};

/* Everything lives in `a`. Problems of single badges are not errors: see judge_badge. */
NODISCARD bool judge_course_load(struct store *store, int64_t institution_id, int64_t course_id,
                                 struct arena *a, struct judge_course *out, struct err *err);

/* What the titles in a badge's rule mean in the course from now on, to be kept with its mapping
 * (badge_map_keep): what is found once stays that, whatever it is called later. *text is empty when
 * nothing changed. Fails: ERR_INPUT (what is stored was no such list). */
NODISCARD bool judge_bound(const struct judge_course *course, const struct judge_badge *badge,
                           struct arena *a, struct sv *text, struct err *err);

/* One person with everything known of them in the course. */
struct judge_person {
    struct store_person person;
    struct model_fact *facts; /* by item_index */
    size_t fact_count;
    const struct store_award *awards; /* the latest of each badge of the institution */
    size_t award_count;
    const struct store_attestation *attestations;
    size_t attestation_count;
    struct badge_held *held;
    size_t held_count;
};

/* ids NULL: everybody. By name. */
NODISCARD bool judge_people_load(struct store *store, const struct judge_course *course,
                                 const int64_t *ids, size_t id_count, struct arena *a,
                                 struct judge_person **out, size_t *count, struct err *err);

/* Some hundred people at a time: what a large course holds in memory is bounded by this. */
#define JUDGE_PEOPLE_AT_ONCE 250
/* Load people some at a time (ids NULL: everybody known in the course, by id) and hand each lot to
 * `take`; they and what it takes from `a` live until it returns. False when it did or a look-up
 * failed. */
typedef bool judge_take(void *ctx, const struct judge_person *people, size_t count, struct arena *a,
                        struct err *err);
NODISCARD bool judge_people_each(struct store *store, const struct judge_course *course,
                                 const int64_t *ids, size_t id_count, judge_take *take, void *ctx,
                                 struct err *err);

/* Decide one badge for one person. Not decidable (and not met) when the badge has no plan. The
 * results live in `a`. */
struct badge_verdict judge_decide(const struct judge_badge *badge,
                                  const struct judge_person *person, struct arena *a);
/* badge_explain's JSON for it; for a badge without a plan the same shape with its problem as `next`
 * and no conditions. New reference. */
json_t *judge_explain(const struct judge_badge *badge, const struct judge_person *person,
                      enum badge_voice voice, struct arena *a);
/* The person's latest award of the badge; NULL: none. */
const struct store_award *judge_award(const struct judge_badge *badge,
                                      const struct judge_person *person);

/* What badge_award_next is asked about a person and a badge. */
struct badge_case judge_case(const struct judge_course *course, const struct judge_badge *badge,
                             const struct judge_person *person, const struct badge_verdict *verdict,
                             usec_t now);

/* The nightly comparison of rules and awards: what one person adds to a badge's numbers. */
struct judge_reconciliation {
    size_t earned_not_awarded; /* met, and the award that is due is not there */
    size_t awarded_not_earned; /* held by its rule, and not met any more */
    size_t unreachable;        /* may earn, holds nothing, and could not be judged */
};
/* `is_stale`: the course's grades have not come for too long. True when judging the person again
 * would change something: a judgement was lost. Pure but for scratch memory from `a`. */
bool judge_reconcile(const struct judge_course *course, const struct judge_badge *badge,
                     const struct judge_person *person, bool is_stale, usec_t now, struct arena *a,
                     struct judge_reconciliation *sum);

/* What would happen if the badge were switched on now: decides for everybody who may earn and is in
 * the course. Those who have left still earn from what was graded, and are counted nowhere. */
struct judge_dry_run {
    size_t people;     /* who may earn, without those who have left */
    size_t would_earn; /* met, and hold no award yet */
    size_t hold;       /* hold it already */
    size_t one_step;   /* not met, one step away */
};
struct judge_dry_run judge_dry_run(const struct judge_badge *badge,
                                   const struct judge_person *people, size_t count);

/* What an import does to a badge's picture. */
enum judge_picture {
    JUDGE_PICTURE_DRAWN,   /* none of its own, before and after */
    JUDGE_PICTURE_SAME,    /* its own, as it was */
    JUDGE_PICTURE_CHANGED, /* its own, new or other than before */
    JUDGE_PICTURE_REMOVED, /* the drawn one again */
    JUDGE_PICTURE_MISSING /* named, but not there: what is kept under that name, or the drawn one */
};
/* Where pictures that a file names come from. */
struct judge_pictures {
    /* One as image_own_make leaves it, in `a`. out->bytes empty: there is none, and *problem says
     * where it was looked for, one sentence. Fails: ERR_INPUT when it may not be used. */
    bool (*read)(void *ctx, struct sv name, struct arena *a, struct store_badge_image *out,
                 struct sv *problem, struct err *err);
    void *ctx;
};

/* A badge file read against an institution: what an import would do, without doing it. */
struct judge_import_badge {
    const struct model_badge *badge;
    const struct badge_rule *rule;
    enum store_change change;
    struct sv words; /* the rule in words */
    int64_t *course_ids;
    struct sv *course_titles;
    size_t course_count;
    struct judge_dry_run dry_run; /* over all mapped courses */
    usec_t read_at;    /* when the grades it counts by were read, the oldest of them; 0: none */
    struct sv problem; /* a course where the rule cannot be bound: one sentence; else empty */
    enum judge_picture picture;
    struct store_badge_image image; /* bytes empty: none came along */
    struct sv image_problem;        /* of MISSING: one sentence; else empty */
};
struct judge_import {
    int64_t institution_id;
    struct badge_file *file;
    struct judge_import_badge *badges;
    size_t badge_count;
};
/* Parse and check a badge file. institution_id 0: found by the courses it names. `pictures` NULL:
 * none can come along. A REF that matches
 * nothing in a course that has been read, or more than one thing, is ERR_INPUT naming the
 * candidates; a course that was never read is a problem, not an error (it is bound when it has
 * been). Nothing is written. Fails: ERR_INPUT with line and
 * column; ERR_NOT_FOUND "course"; ERR_DENIED "issuer" for a key that another issuer's badge has. */
NODISCARD bool judge_import_read(struct store *store, struct sv text, int64_t institution_id,
                                 const struct judge_pictures *pictures, struct arena *a,
                                 struct judge_import *out, struct err *err);
/* Do it. */
NODISCARD bool judge_import_apply(struct store *store, const struct judge_import *import,
                                  int64_t actor_person_id, struct err *err);
/* One badge's definition as JSON without rule and courses, canonical: what store_badge keeps. */
struct sv judge_definition_text(struct arena *a, const struct model_badge *badge);
/* And back; ids stay 0. Fails: ERR_INPUT (it was no definition). */
NODISCARD bool judge_definition_read(struct arena *a, struct sv text, struct model_badge *out,
                                     struct err *err);

/* The badges of one issuer, to be written as a file. */
struct judge_export {
    struct badge_file file; /* badges[i].id is set; courses are to be filled in from the mappings */
    struct store_mapping *mappings;
    size_t mapping_count;
};
/* issuer_key empty: the only one there is. Fails: ERR_NOT_FOUND "issuer"; ERR_INPUT "issuer" naming
 * those there are. */
NODISCARD bool judge_export_read(struct store *store, int64_t institution_id, struct sv issuer_key,
                                 struct arena *a, struct judge_export *out, struct err *err);
