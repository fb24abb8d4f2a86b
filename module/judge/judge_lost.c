#include "judge_lost.h"
#include "judge_copy.h"
#include "judge_internal.h"

static const struct model_item *gone_item(const struct judge_course *course,
                                          const struct badge_rule *leaf) {
    for (size_t i = 0; i < course->item_count; i++) {
        const struct model_item *item = &course->items[i];
        if (item->is_gone && item->kind == badge_plan_kind(leaf) &&
            sv_eq(item->source, leaf->ref.source) && sv_eq(item->ref, leaf->ref.id)) {
            return item;
        }
    }
    return NULL;
}

static struct sv title_of(struct arena *a, const struct badge_rule *leaf,
                          const struct model_item *gone) {
    if (gone != NULL && gone->title.len > 0) {
        return gone->title;
    }
    return leaf->ref.title.len > 0
               ? leaf->ref.title
               : sv_printf(a, "%.*s %.*s", SV_ARG(leaf->ref.source), SV_ARG(leaf->ref.id));
}

bool judge_lost_list(const struct judge_course *course, const struct judge_badge *badge,
                     struct arena *a, struct judge_lost **out, size_t *count, struct err *err) {
    const struct badge_rule **leaves = NULL;
    const struct judge_maps maps = {.item_map = badge->stored.item_map,
                                    .bound = badge->stored.bound};
    struct badge_map map;
    if (!judge_maps_read(a, &maps, &map, err)) {
        return false;
    }
    size_t leaf_count = badge_rule_refs(a, badge->rule, &leaves);
    *out = ARENA_ARRAY(a, struct judge_lost, leaf_count);
    *count = 0;
    for (size_t i = 0; i < leaf_count; i++) {
        const struct badge_map_entry *entry = badge_map_find(&map, leaves[i]);
        struct badge_rule here = *leaves[i];
        here.ref = entry == NULL ? here.ref : entry->to;
        if (badge_plan_find(&course->catalogue, &here) == NULL) {
            const struct model_item *gone = gone_item(course, &here);
            (*out)[(*count)++] = (struct judge_lost){
                .leaf = leaves[i], .gone = gone, .title = title_of(a, leaves[i], gone)};
        }
    }
    return true;
}

bool judge_lost_fits(const struct judge_lost *lost, const struct model_item *here) {
    const struct judge_copy_item item = {.leaf = lost->leaf};
    return judge_copy_fits(&item, here);
}

bool judge_lost_map(const struct judge_badge *badge, const struct judge_lost *lost,
                    const struct model_item *here, struct arena *a, struct sv *item_map,
                    struct err *err) {
    struct badge_map said;
    if (!badge_map_parse(a, badge->stored.item_map, &said, err)) {
        return false;
    }
    struct badge_map_entry one = {.kind = lost->leaf->kind,
                                  .from = lost->leaf->ref,
                                  .to = {.source = here->source, .id = here->ref}};
    struct badge_map out = {.entries = ARENA_ARRAY(a, struct badge_map_entry, said.count + 1)};
    for (size_t i = 0; i < said.count; i++) {
        if (badge_map_find(&said, lost->leaf) != &said.entries[i]) {
            out.entries[out.count++] = said.entries[i];
        }
    }
    out.entries[out.count++] = one;
    *item_map = badge_map_text(a, &out);
    return true;
}
