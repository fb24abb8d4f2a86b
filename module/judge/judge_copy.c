#include "judge_copy.h"
#include "judge_internal.h"

#define REF_BYTES_MAX 255 /* of an id in a rule or a map */

static bool has_badge(const struct judge_course *course, int64_t badge_id) {
    for (size_t i = 0; i < course->badge_count; i++) {
        if (course->badges[i].stored.id == badge_id) {
            return true;
        }
    }
    return false;
}

static const struct model_item *find_by(const struct judge_course *course,
                                        const struct badge_rule *leaf, struct badge_ref ref) {
    struct badge_rule named = *leaf;
    named.ref = ref;
    return badge_plan_find(&course->catalogue, &named);
}

static struct sv title_of(struct arena *a, const struct badge_rule *leaf,
                          const struct model_item *old) {
    if (old != NULL && old->title.len > 0) {
        return old->title;
    }
    return leaf->ref.title.len > 0
               ? leaf->ref.title
               : sv_printf(a, "%.*s %.*s", SV_ARG(leaf->ref.source), SV_ARG(leaf->ref.id));
}

/* `map`: what the old course itself says of its items, for it may be a copy too. */
static struct judge_copy_item item_of(const struct judge_copy *copy, const struct badge_rule *leaf,
                                      const struct badge_map *map, struct arena *a) {
    const struct badge_map_entry *entry = badge_map_find(map, leaf);
    struct judge_copy_item item = {.leaf = leaf};
    item.old = find_by(&copy->origin, leaf, entry == NULL ? leaf->ref : entry->to);
    /* The copy has what the old course's items are called by now, not what the rule calls them. */
    if (item.old != NULL) {
        item.proposed = find_by(&copy->course, leaf, (struct badge_ref){.title = item.old->title});
    }
    if (item.proposed == NULL) {
        item.proposed = find_by(&copy->course, leaf, leaf->ref);
    }
    if (item.proposed != NULL && !judge_copy_fits(&item, item.proposed)) {
        item.proposed = NULL;
    }
    item.title = title_of(a, leaf, item.old);
    return item;
}

static size_t index_of(struct judge_copy *copy, const struct badge_rule *leaf,
                       const struct badge_map *map, struct arena *a) {
    size_t i = 0;
    while (i < copy->item_count && !badge_ref_eq(copy->items[i].leaf, leaf)) {
        i++;
    }
    if (i == copy->item_count) {
        copy->items[copy->item_count++] = item_of(copy, leaf, map, a);
    }
    return i;
}

bool judge_copy_fits(const struct judge_copy_item *item, const struct model_item *here) {
    return !here->is_gone && here->kind == badge_plan_kind(item->leaf) && here->ref.len > 0 &&
           here->ref.len <= REF_BYTES_MAX;
}

static const struct badge_rule *shown_rule(const struct judge_copy *copy,
                                           const struct judge_copy_badge *badge, struct arena *a) {
    struct badge_map titles = {.entries =
                                   ARENA_ARRAY(a, struct badge_map_entry, badge->item_count)};
    for (size_t i = 0; i < badge->item_count; i++) {
        const struct judge_copy_item *item = &copy->items[badge->items[i]];
        titles.entries[titles.count++] = (struct badge_map_entry){
            .kind = item->leaf->kind, .from = item->leaf->ref, .to = {.title = item->title}};
    }
    return badge_rule_mapped(a, badge->badge->rule, &titles);
}

static bool add_badge(struct judge_copy *copy, const struct judge_badge *badge, struct arena *a,
                      struct err *err) {
    const struct badge_rule **leaves = NULL;
    struct badge_map map;
    const struct judge_maps maps = {.item_map = badge->stored.item_map,
                                    .bound = badge->stored.bound};
    if (!judge_maps_read(a, &maps, &map, err)) {
        return false;
    }
    size_t count = badge_rule_refs(a, badge->rule, &leaves);
    struct judge_copy_item *longer =
        ARENA_ARRAY(a, struct judge_copy_item, copy->item_count + count);
    for (size_t i = 0; i < copy->item_count; i++) {
        longer[i] = copy->items[i];
    }
    copy->items = longer;
    struct judge_copy_badge *out = &copy->badges[copy->badge_count++];
    *out = (struct judge_copy_badge){
        .badge = badge, .items = ARENA_ARRAY(a, size_t, count), .item_count = count};
    for (size_t i = 0; i < count; i++) {
        out->items[i] = index_of(copy, leaves[i], &map, a);
    }
    out->shown = shown_rule(copy, out, a);
    return true;
}

bool judge_copy_load(struct store *store, const struct judge_copy_want *want, struct arena *a,
                     struct judge_copy *out, struct err *err) {
    *out = (struct judge_copy){0};
    if (!judge_course_load(store, want->institution_id, want->course_id, a, &out->course, err) ||
        !judge_course_load(store, want->institution_id, want->origin_id, a, &out->origin, err)) {
        return false;
    }
    out->badges = ARENA_ARRAY(a, struct judge_copy_badge, out->origin.badge_count);
    for (size_t i = 0; i < out->origin.badge_count; i++) {
        const struct judge_badge *badge = &out->origin.badges[i];
        if (!has_badge(&out->course, badge->stored.id) &&
            want->may_take(want->ctx, &badge->stored) && !add_badge(out, badge, a, err)) {
            return false;
        }
    }
    return true;
}

static void add_missing(struct str *missing, struct sv title) {
    str_addf(missing, "%s%.*s", missing->len == 0 ? "" : ", ", SV_ARG(sv_clip_utf8(title, 100)));
}

struct judge_copy_trial judge_copy_try(const struct judge_copy *copy,
                                       const struct judge_copy_badge *badge,
                                       const struct model_item *const *chosen, struct arena *a) {
    struct judge_copy_trial trial = {.is_whole = true};
    struct badge_map map = {.entries = ARENA_ARRAY(a, struct badge_map_entry, badge->item_count)};
    struct str missing;
    str_init(&missing, a, 4096);
    for (size_t i = 0; i < badge->item_count; i++) {
        const struct judge_copy_item *item = &copy->items[badge->items[i]];
        const struct model_item *here = chosen[badge->items[i]];
        if (here == NULL) {
            trial.is_whole = false;
            add_missing(&missing, item->title);
        } else if (here != badge_plan_find(&copy->course.catalogue, item->leaf)) {
            map.entries[map.count++] =
                (struct badge_map_entry){.kind = item->leaf->kind,
                                         .from = item->leaf->ref,
                                         .to = {.source = here->source, .id = here->ref}};
        }
    }
    trial.missing = str_sv(&missing);
    trial.item_map = badge_map_text(a, &map);
    const struct badge_plan *plan = NULL;
    if (trial.is_whole) {
        (void)judge_bind(&copy->course, badge_rule_mapped(a, badge->badge->rule, &map), a, &plan,
                         &trial.problem);
    }
    return trial;
}
