#include "judge_internal.h"
#include <string.h>

#define LETTERS_MAX 100

static usec_t day_end(void *ctx, int year, int month, int day) {
    return text_day_end(ctx, year, month, day);
}

/* What the source can read shows in what it did read: it lists the course's total and completion as
 * items of their own, whether or not anybody has them yet. */
static struct badge_source_can source_can(const struct model_item *items, size_t count) {
    struct badge_source_can can = {0};
    bool is_moodle = count > 0;
    for (size_t i = 0; i < count; i++) {
        enum model_item_kind kind = items[i].kind;
        can.has_course_total |=
            kind == MODEL_ITEM_COURSE_FINAL || kind == MODEL_ITEM_COURSE_CURRENT;
        can.has_completion |= kind == MODEL_ITEM_COURSE_COMPLETION;
        can.has_modules |= kind == MODEL_ITEM_MODULE;
        can.has_outcomes |= kind == MODEL_ITEM_OUTCOME;
        is_moodle = is_moodle && sv_eq(items[i].source, SV("moodle"));
    }
    can.has_letters =
        !is_moodle; /* Moodle's web services give no letters (reference moodle.md 7) */
    return can;
}

static bool is_usual(struct sv letter) {
    for (size_t i = 0; i < badge_scale_default.count; i++) {
        if (sv_eq(badge_scale_default.letters[i], letter)) {
            return true;
        }
    }
    return false;
}

/* NULL, the usual one, where all letters of the course's own are in that: a rule that wants a B+
 * holds in a course whose teachers give A, B and C. */
static const struct badge_scale *scale_of(struct sv letters, struct arena *a) {
    struct badge_scale *scale = ARENA_ARRAY(a, struct badge_scale, 1);
    struct sv *list = ARENA_ARRAY(a, struct sv, LETTERS_MAX);
    bool has_others = false;
    while (letters.len > 0 && scale->count < LETTERS_MAX) {
        (void)sv_cut(letters, '\n', &list[scale->count], &letters);
        has_others = has_others || !is_usual(list[scale->count]);
        scale->count++;
    }
    scale->letters = list;
    return has_others ? scale : NULL;
}

static void make_catalogue(struct judge_course *c, struct arena *a) {
    struct sv source = c->item_count == 0 ? sv_of(NULL, 0) : c->items[0].source;
    c->catalogue =
        (struct badge_catalogue){.items = c->items,
                                 .item_count = c->item_count,
                                 .can = source_can(c->items, c->item_count),
                                 .source_name = sv_eq(source, SV("moodle"))   ? SV("Moodle")
                                                : sv_eq(source, SV("canvas")) ? SV("Canvas")
                                                                              : source,
                                 .scale = scale_of(c->course.letters, a),
                                 .day_end = day_end,
                                 .day_ctx = (void *)c->zone};
}

bool judge_course_open(struct store *store, int64_t institution_id, int64_t course_id,
                       struct arena *a, struct judge_course *out, struct err *err) {
    *out = (struct judge_course){.zone = text_zone_utc};
    if (!store_course_get(store, institution_id, course_id, a, &out->course, err) ||
        !text_zone_load(a, TEXT_ZONE_DIR, out->course.time_zone, &out->zone, err) ||
        !store_item_list(store, institution_id, course_id, a, &out->items, &out->item_count, err)) {
        return false;
    }
    make_catalogue(out, a);
    return true;
}

bool judge_bind(const struct judge_course *course, const struct badge_rule *rule, struct arena *a,
                const struct badge_plan **plan, struct sv *problem) {
    struct err why = {0};
    *plan = NULL;
    if (course->course.synced_at == 0) {
        *problem = SV("The grades of this course have not been read yet");
        return false;
    }
    if (!badge_plan_bind(a, rule, &course->catalogue, plan, &why)) {
        *plan = NULL;
        *problem = sv_copy(a, sv_from(why.text));
        return false;
    }
    *problem = (*plan)->is_broken ? (*plan)->broken_text : sv_of("", 0);
    return !(*plan)->is_broken;
}

bool judge_badge_read(struct arena *a, const struct store_badge *stored,
                      struct model_badge *definition, const struct badge_rule **rule,
                      struct err *err) {
    struct badge_file *file = NULL;
    struct sv body = sv_trim(stored->definition);
    if (body.len < 2) {
        return err_set(err, ERR_BUG, "badge %.*s has no definition", SV_ARG(stored->key));
    }
    struct sv members = sv_head(sv_skip(body, 1), body.len - 2); /* without the braces */
    struct sv text =
        sv_printf(a,
                  "{\"issuer\":{\"key\":\"i\",\"name\":\"i\",\"url\":\"https://i.example\"},"
                  "\"badges\":[{%.*s,\"rule\":%.*s}]}",
                  SV_ARG(members), SV_ARG(stored->rule));
    if (!badge_file_parse(a, text, &file, err)) {
        return err_prefix(err, "badge %.*s as stored", SV_ARG(stored->key));
    }
    *definition = file->badges[0];
    *rule = file->rules[0];
    definition->id = stored->id;
    definition->public_id = stored->public_id;
    return true;
}

struct sv judge_definition_text(struct arena *a, const struct model_badge *badge) {
    const struct badge_rule none = {.kind = BADGE_RULE_MANUAL, .manual = SV("-")};
    const struct badge_rule *rules[1] = {&none};
    struct model_badge copy = *badge;
    copy.course_count = 0;
    const struct badge_file file = {
        .issuer = {.key = SV("i"), .name = SV("i"), .url = SV("https://i.example")},
        .badges = &copy,
        .rules = rules,
        .badge_count = 1};
    AUTO_JSON *json = badge_file_write(&file);
    json_t *one = json_array_get(json_object_get(json, "badges"), 0);
    (void)json_object_del(one, "rule");
    (void)json_object_del(one, "courses");
    return js_dump(a, one);
}

bool judge_definition_read(struct arena *a, struct sv text, struct model_badge *out,
                           struct err *err) {
    const struct store_badge stored = {
        .definition = text, .rule = SV("{\"manual\":\"-\"}"), .key = SV("definition")};
    const struct badge_rule *ignored = NULL;
    return judge_badge_read(a, &stored, out, &ignored, err);
}

static bool read_map(struct arena *a, struct sv text, struct badge_map *out, struct err *err) {
    *out = (struct badge_map){0};
    return text.len == 0 || badge_map_parse(a, text, out, err);
}

bool judge_maps_read(struct arena *a, const struct judge_maps *maps, struct badge_map *out,
                     struct err *err) {
    struct badge_map said;
    struct badge_map kept;
    if (!read_map(a, maps->item_map, &said, err) || !read_map(a, maps->bound, &kept, err)) {
        return false;
    }
    *out = badge_map_join(a, &said, &kept);
    return true;
}

bool judge_rule_here(struct arena *a, const struct badge_rule *rule, const struct judge_maps *maps,
                     const struct badge_rule **out, struct err *err) {
    struct badge_map map;
    if (!judge_maps_read(a, maps, &map, err)) {
        return false;
    }
    *out = badge_rule_mapped(a, rule, &map);
    return true;
}

bool judge_bound(const struct judge_course *course, const struct judge_badge *badge,
                 struct arena *a, struct sv *text, struct err *err) {
    struct badge_map said;
    struct badge_map kept;
    struct badge_map now;
    *text = sv_of("", 0);
    if (course->course.synced_at == 0) {
        return true;
    }
    if (!read_map(a, badge->stored.item_map, &said, err) ||
        !read_map(a, badge->stored.bound, &kept, err)) {
        return err_prefix(err, "badge %.*s as stored", SV_ARG(badge->stored.key));
    }
    if (badge_map_keep(a, badge->rule, &course->catalogue, &said, &kept, &now)) {
        *text = badge_map_text(a, &now);
    }
    return true;
}

static bool load_badges(struct store *store, struct judge_course *c, struct arena *a,
                        struct err *err) {
    struct store_badge *stored = NULL;
    if (!store_badge_list_course(store, c->course.institution_id, c->course.id, a, &stored,
                                 &c->badge_count, err) ||
        !store_badge_list(store, c->course.institution_id, a, &c->others, &c->other_count, err)) {
        return false;
    }
    struct badge_title *titles = ARENA_ARRAY(a, struct badge_title, c->other_count);
    for (size_t i = 0; i < c->other_count; i++) {
        titles[i] = (struct badge_title){.key = c->others[i].key, .name = c->others[i].name};
    }
    c->badges = ARENA_ARRAY(a, struct judge_badge, c->badge_count);
    for (size_t i = 0; i < c->badge_count; i++) {
        struct judge_badge *b = &c->badges[i];
        b->stored = stored[i];
        if (!judge_badge_read(a, &stored[i], &b->definition, &b->rule, err)) {
            return false;
        }
        b->rule = badge_rule_named(a, b->rule, titles, c->other_count);
        const struct badge_rule *here = NULL;
        const struct judge_maps maps = {.item_map = stored[i].item_map, .bound = stored[i].bound};
        if (!judge_rule_here(a, b->rule, &maps, &here, err)) {
            return err_prefix(err, "badge %.*s as stored", SV_ARG(stored[i].key));
        }
        if (!judge_bind(c, here, a, &b->plan, &b->problem) && b->plan != NULL) {
            b->plan = NULL; /* broken: nothing is awarded, nothing revoked */
        }
    }
    return true;
}

bool judge_course_load(struct store *store, int64_t institution_id, int64_t course_id,
                       struct arena *a, struct judge_course *out, struct err *err) {
    return judge_course_open(store, institution_id, course_id, a, out, err) &&
           load_badges(store, out, a, err);
}
