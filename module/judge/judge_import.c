#include "credential_build.h"
#include "judge_internal.h"
#include <string.h>

/* Badges times courses of one file: each is a dry run over the course's people. */
#define PAIRS_MAX 2000

struct reading {
    struct store *store;
    struct arena *arena;
    struct judge_import *import;
    struct store_badge *existing;
    size_t existing_count;
    struct store_mapping *mappings;
    size_t mapping_count;
    struct store_badge_image *images;
    size_t image_count;
    struct err *err;
};

/* The institution comes from the first course the file names, and all others must agree. */
static bool take_courses(struct reading *r, struct judge_import_badge *b, size_t index) {
    const struct model_badge *badge = b->badge;
    b->course_ids = ARENA_ARRAY(r->arena, int64_t, badge->course_count);
    b->course_titles = ARENA_ARRAY(r->arena, struct sv, badge->course_count);
    for (size_t i = 0; i < badge->course_count; i++) {
        if (!store_course_take(r->store, &badge->courses[i], false, &r->import->institution_id,
                               &b->course_ids[b->course_count], r->err)) {
            return err_prefix(r->err, "badges[%zu].courses[%zu]", index, i);
        }
        b->course_count++;
    }
    return true;
}

static const struct store_badge *find_existing(const struct reading *r, struct sv key) {
    for (size_t i = 0; i < r->existing_count; i++) {
        if (sv_eq(r->existing[i].key, key)) {
            return &r->existing[i];
        }
    }
    return NULL;
}

static bool is_mapped(const struct judge_import_badge *b, int64_t course_id) {
    for (size_t i = 0; i < b->course_count; i++) {
        if (b->course_ids[i] == course_id) {
            return true;
        }
    }
    return false;
}

/* What a course says of its items, as the database has it; empty: it is not mapped. */
static struct judge_maps maps_kept(const struct reading *r, int64_t badge_id, int64_t course_id) {
    for (size_t i = 0; i < r->mapping_count; i++) {
        if (r->mappings[i].badge_id == badge_id && r->mappings[i].course_id == course_id) {
            return (struct judge_maps){.item_map = r->mappings[i].item_map,
                                       .bound = r->mappings[i].bound};
        }
    }
    return (struct judge_maps){0};
}

static bool is_same_json(struct sv left, struct sv right) {
    AUTO_JSON *l = NULL;
    AUTO_JSON *r = NULL;
    struct err ignored = {0};
    return js_parse(left, BADGE_FILE_BYTES_MAX, "a definition", &l, &ignored) &&
           js_parse(right, BADGE_FILE_BYTES_MAX, "a definition", &r, &ignored) &&
           json_equal(l, r) == 1;
}

static bool is_same_mapping(const struct reading *r, const struct judge_import_badge *b,
                            int64_t badge_id) {
    size_t have = 0;
    for (size_t i = 0; i < r->mapping_count; i++) {
        if (r->mappings[i].badge_id == badge_id) {
            if (!is_mapped(b, r->mappings[i].course_id)) {
                return false;
            }
            have++;
        }
    }
    for (size_t i = 0; i < b->course_count; i++) {
        struct sv said = b->badge->courses[i].item_map;
        if (said.len > 0 &&
            !is_same_json(said, maps_kept(r, badge_id, b->course_ids[i]).item_map)) {
            return false;
        }
    }
    return have == b->course_count;
}

static bool image_is_same(const struct store_badge_image *kept,
                          const struct store_badge_image *given) {
    return kept != NULL && sv_eq(kept->name, given->name) && sv_eq(kept->digest, given->digest);
}

static const struct store_badge_image *image_kept(const struct reading *r, int64_t badge_id) {
    for (size_t i = 0; i < r->image_count; i++) {
        if (r->images[i].badge_id == badge_id) {
            return &r->images[i];
        }
    }
    return NULL;
}

/* The picture a badge names, and what becomes of the one there is. */
static bool take_picture(struct reading *r, const struct judge_pictures *pictures,
                         struct judge_import_badge *b, size_t index) {
    struct sv name = b->badge->image;
    const struct store_badge *old = find_existing(r, b->badge->key);
    const struct store_badge_image *kept = old == NULL ? NULL : image_kept(r, old->id);
    if (name.len == 0) {
        b->picture = kept == NULL ? JUDGE_PICTURE_DRAWN : JUDGE_PICTURE_REMOVED;
        return true;
    }
    if (pictures == NULL) {
        b->image_problem = SV("pictures come along with `laurel badge import` only");
    } else if (!pictures->read(pictures->ctx, name, r->arena, &b->image, &b->image_problem,
                               r->err)) {
        return err_prefix(r->err, "badges[%zu].image", index);
    }
    if (b->image.bytes.len > 0) {
        b->image.name = name;
        b->picture = image_is_same(kept, &b->image) ? JUDGE_PICTURE_SAME : JUDGE_PICTURE_CHANGED;
        return true;
    }
    bool is_kept = kept != NULL && sv_eq(kept->name, name);
    b->picture = JUDGE_PICTURE_MISSING;
    b->image_problem =
        sv_printf(r->arena, "%.*s; %s", SV_ARG(b->image_problem),
                  is_kept ? "the badge keeps the picture it has under that name"
                          : "until it comes, the badge has a picture that Laurel draws");
    return true;
}

static enum store_change change_of(const struct reading *r, const struct judge_import_badge *b) {
    const struct store_badge *old = find_existing(r, b->badge->key);
    if (old == NULL) {
        return STORE_CREATED;
    }
    bool is_same = is_same_json(old->definition, judge_definition_text(r->arena, b->badge)) &&
                   is_same_json(old->rule, b->badge->rule_json) && is_same_mapping(r, b, old->id) &&
                   b->picture != JUDGE_PICTURE_CHANGED && b->picture != JUDGE_PICTURE_REMOVED;
    return is_same ? STORE_UNCHANGED : STORE_CHANGED;
}

/* The rule bound to one mapped course, and everybody there judged. A REF that cannot be right is
 * the file's fault; what will be known once the course has been read is only a problem. */
static bool try_course(struct reading *r, struct judge_import_badge *b, size_t at, size_t index) {
    struct judge_course course;
    if (b->course_ids[at] == 0) {
        b->course_titles[at] = b->badge->courses[at].context_id;
        b->problem = sv_printf(r->arena, "%.*s: nobody has opened Laurel in this course yet",
                               SV_ARG(b->course_titles[at]));
        return true;
    }
    AUTO_ARENA scratch = {0}; /* a course may be large, and a file may name many */
    if (!judge_course_open(r->store, r->import->institution_id, b->course_ids[at], &scratch,
                           &course, r->err)) {
        return false;
    }
    course.others = r->existing;
    course.other_count = r->existing_count;
    b->course_titles[at] = sv_copy(r->arena, course.course.title);
    struct judge_badge trial = {.rule = b->rule};
    const struct store_badge *old = find_existing(r, b->badge->key);
    trial.stored.id = old == NULL ? -1 : old->id;
    struct sv said = b->badge->courses[at].item_map;
    struct judge_maps maps = maps_kept(r, trial.stored.id, b->course_ids[at]);
    maps.item_map = said.len > 0 ? said : maps.item_map;
    const struct badge_rule *here = NULL;
    struct sv problem = {0};
    if (!judge_rule_here(&scratch, b->rule, &maps, &here, r->err)) {
        return false;
    }
    if (!judge_bind(&course, here, &scratch, &trial.plan, &problem)) {
        if (course.course.synced_at != 0) {
            return err_because(
                r->err, ERR_INPUT, "rule", "badges[%zu] \"%.*s\" in the course %.*s: %.*s", index,
                SV_ARG(b->badge->name), SV_ARG(course.course.title), SV_ARG(problem));
        }
        b->problem =
            sv_printf(r->arena, "%.*s: %.*s", SV_ARG(course.course.title), SV_ARG(problem));
        return true;
    }
    struct judge_person *people = NULL;
    size_t count = 0;
    if (!judge_people_load(r->store, &course, NULL, 0, &scratch, &people, &count, r->err)) {
        return false;
    }
    struct judge_dry_run run = judge_dry_run(&trial, people, count);
    usec_t read_at = course.course.synced_at;
    b->read_at = b->read_at == 0 || read_at < b->read_at ? read_at : b->read_at;
    b->dry_run.people += run.people;
    b->dry_run.would_earn += run.would_earn;
    b->dry_run.hold += run.hold;
    b->dry_run.one_step += run.one_step;
    return true;
}

/* Badges that rules ask for must be in the file or in the institution, and go in no circle. */
static bool check_needs(struct reading *r) {
    const struct judge_import *in = r->import;
    struct badge_need *set =
        ARENA_ARRAY(r->arena, struct badge_need, in->badge_count + r->existing_count);
    size_t n = 0;
    for (size_t i = 0; i < in->badge_count; i++) {
        struct sv *needs = NULL;
        size_t need_count = badge_rule_badges(r->arena, in->badges[i].rule, &needs);
        set[n++] = (struct badge_need){
            .key = in->badges[i].badge->key, .needs = needs, .need_count = need_count};
    }
    size_t of_file = n;
    for (size_t i = 0; i < r->existing_count; i++) {
        bool is_replaced = false;
        for (size_t j = 0; j < of_file; j++) {
            is_replaced = is_replaced || sv_eq(set[j].key, r->existing[i].key);
        }
        const struct badge_rule *rule = NULL;
        if (!is_replaced) {
            if (!badge_rule_parse(r->arena, r->existing[i].rule, &rule, r->err)) {
                return false;
            }
            struct sv *needs = NULL;
            size_t need_count = badge_rule_badges(r->arena, rule, &needs);
            set[n++] = (struct badge_need){
                .key = r->existing[i].key, .needs = needs, .need_count = need_count};
        }
    }
    for (size_t i = 0; i < of_file; i++) {
        for (size_t j = 0; j < set[i].need_count; j++) {
            bool is_known = false;
            for (size_t k = 0; k < n; k++) {
                is_known = is_known || sv_eq(set[k].key, set[i].needs[j]);
            }
            if (!is_known) {
                return err_because(
                    r->err, ERR_INPUT, "badge_none",
                    "badges[%zu].rule asks for the badge \"%.*s\", which is neither in "
                    "this file nor in the institution",
                    i, SV_ARG(set[i].needs[j]));
            }
        }
    }
    return badge_loop_check(r->arena, set, n, r->err);
}

/* What could not be signed is refused now, not at the first award. */
static bool check_signing(const struct judge_import *in, size_t i, struct err *err) {
    struct model_badge badge = *in->badges[i].badge;
    if (badge.criteria.len == 0) {
        badge.criteria = in->badges[i].words;
    }
    return credential_badge_check(&in->file->issuer, &badge, err) ||
           err_prefix(err, "badges[%zu] \"%.*s\"", i, SV_ARG(badge.name));
}

bool judge_import_read(struct store *store, struct sv text, int64_t institution_id,
                       const struct judge_pictures *pictures, struct arena *a,
                       struct judge_import *out, struct err *err) {
    *out = (struct judge_import){.institution_id = institution_id};
    struct reading r = {.store = store, .arena = a, .import = out, .err = err};
    if (!badge_file_parse(a, text, &out->file, err)) {
        return false;
    }
    out->badge_count = out->file->badge_count;
    out->badges = ARENA_ARRAY(a, struct judge_import_badge, out->badge_count);
    size_t pairs = 0;
    for (size_t i = 0; i < out->badge_count; i++) {
        pairs += out->file->badges[i].course_count;
    }
    if (pairs > PAIRS_MAX) {
        return err_because(
            err, ERR_INPUT, "too_many",
            "the file maps badges to courses %zu times; %d are taken at once, so split it", pairs,
            PAIRS_MAX);
    }
    for (size_t i = 0; i < out->badge_count; i++) {
        out->badges[i].badge = &out->file->badges[i];
        out->badges[i].rule = out->file->rules[i];
        out->badges[i].words = badge_rule_words(a, out->file->rules[i]);
        if (!check_signing(out, i, err)) {
            return false;
        }
        if (!take_courses(&r, &out->badges[i], i)) {
            return false;
        }
    }
    if (out->institution_id == 0) {
        return err_because(
            err, ERR_INPUT, "institution",
            "the file names no course, so it does not say whose badges these are; add "
            "\"courses\" to a badge, or use --institution");
    }
    if (!store_badge_list(store, out->institution_id, a, &r.existing, &r.existing_count, err) ||
        !store_mapping_list(store, out->institution_id, a, &r.mappings, &r.mapping_count, err) ||
        !store_badge_image_list(store, out->institution_id, a, &r.images, &r.image_count, err) ||
        !check_needs(&r)) {
        return false;
    }
    for (size_t i = 0; i < out->badge_count; i++) {
        const struct store_badge *old = find_existing(&r, out->badges[i].badge->key);
        if (old != NULL && !sv_eq(old->issuer_key, out->file->issuer.key)) {
            return err_because(err, ERR_DENIED, "issuer",
                               "badges[%zu].key \"%.*s\" belongs to the issuer \"%.*s\" already; "
                               "choose another key",
                               i, SV_ARG(old->key), SV_ARG(old->issuer_key));
        }
        if (!take_picture(&r, pictures, &out->badges[i], i)) {
            return false;
        }
        out->badges[i].change = change_of(&r, &out->badges[i]);
        for (size_t c = 0; c < out->badges[i].course_count; c++) {
            if (!try_course(&r, &out->badges[i], c, i)) {
                return false;
            }
        }
    }
    return true;
}

bool judge_import_apply(struct store *store, const struct judge_import *in, int64_t actor_person_id,
                        struct err *err) {
    AUTO_ARENA a = {0};
    struct store_badge_new *badges = ARENA_ARRAY(&a, struct store_badge_new, in->badge_count);
    enum store_change *changes = ARENA_ARRAY(&a, enum store_change, in->badge_count);
    for (size_t i = 0; i < in->badge_count; i++) {
        const struct judge_import_badge *b = &in->badges[i];
        int64_t institution_id = in->institution_id;
        for (size_t c = 0; c < b->course_count; c++) {
            if (b->course_ids[c] == 0 &&
                !store_course_take(store, &b->badge->courses[c], true, &institution_id,
                                   &b->course_ids[c], err)) {
                return false;
            }
        }
        struct sv *item_maps = ARENA_ARRAY(&a, struct sv, b->course_count);
        for (size_t c = 0; c < b->course_count; c++) {
            item_maps[c] = b->badge->courses[c].item_map;
        }
        badges[i] = (struct store_badge_new){.key = b->badge->key,
                                             .name = b->badge->name,
                                             .definition = judge_definition_text(&a, b->badge),
                                             .rule = b->badge->rule_json,
                                             .course_ids = b->course_ids,
                                             .course_count = b->course_count,
                                             .item_maps = item_maps,
                                             .image_name = b->badge->image,
                                             .image = b->image.bytes.len > 0 ? &b->image : NULL};
    }
    const struct store_import import = {.institution_id = in->institution_id,
                                        .actor_person_id = actor_person_id,
                                        .issuer = &in->file->issuer,
                                        .badges = badges,
                                        .badge_count = in->badge_count};
    return store_badge_import(store, &import, changes, err);
}
