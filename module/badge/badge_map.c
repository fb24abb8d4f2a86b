#include "badge_map.h"
#include "badge_file.h"
#include "badge_input.h"

#define REF_BYTES_MAX 255 /* of an id in a rule or a map */

static const struct {
    const char *name;
    enum badge_rule_kind kind;
} KINDS[] = {
    {"item", BADGE_RULE_ITEM}, {"module", BADGE_RULE_MODULE}, {"outcome", BADGE_RULE_OUTCOME}};

static bool names_something(const struct badge_rule *rule) {
    return rule->kind == BADGE_RULE_ITEM || rule->kind == BADGE_RULE_MODULE ||
           rule->kind == BADGE_RULE_OUTCOME;
}

static bool ref_eq(const struct badge_ref *a, const struct badge_ref *b) {
    return sv_eq(a->title, b->title) && sv_eq(a->source, b->source) && sv_eq(a->id, b->id);
}

bool badge_ref_eq(const struct badge_rule *left, const struct badge_rule *right) {
    return left->kind == right->kind && names_something(left) && ref_eq(&left->ref, &right->ref);
}

static bool read_entry(struct arena *a, const struct badge_doc *doc, const struct badge_path *path,
                       const json_t *value, struct badge_map_entry *out) {
    static const char *const known[] = {"item", "module", "outcome", "to"};
    size_t named = 0;
    if (!json_is_object(value)) {
        return badge_bad(doc, path, "must be {\"item\": ..., \"to\": ...}");
    }
    if (!badge_only_keys(doc, path, value, known, ARRAY_LEN(known))) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        const json_t *ref = json_object_get(value, KINDS[i].name);
        const struct badge_path at = BADGE_AT_KEY(path, KINDS[i].name);
        if (ref != NULL) {
            named++;
            out->kind = KINDS[i].kind;
            if (!badge_ref_read(a, doc, &at, ref, &out->from)) {
                return false;
            }
        }
    }
    if (named != 1) {
        return badge_bad(doc, path, "must name one item, module or outcome");
    }
    const struct badge_path to = BADGE_AT_KEY(path, "to");
    if (!json_is_object(json_object_get(value, "to"))) {
        return badge_bad(doc, &to, "must be {\"source\": \"moodle\", \"id\": \"17\"}");
    }
    return badge_ref_read(a, doc, &to, json_object_get(value, "to"), &out->to);
}

bool badge_map_read(struct arena *a, const struct badge_doc *doc, const struct badge_path *path,
                    const json_t *list, struct badge_map *out) {
    *out = (struct badge_map){0};
    if (!json_is_array(list) || json_array_size(list) > BADGE_MAP_ENTRIES_MAX) {
        return badge_bad(doc, path, "must be a list of at most %d", BADGE_MAP_ENTRIES_MAX);
    }
    out->entries = ARENA_ARRAY(a, struct badge_map_entry, json_array_size(list));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const struct badge_path at = BADGE_AT_INDEX(path, i);
        struct badge_map_entry *entry = &out->entries[i];
        if (!read_entry(a, doc, &at, json_array_get(list, i), entry)) {
            return false;
        }
        for (size_t j = 0; j < i; j++) {
            if (out->entries[j].kind == entry->kind &&
                ref_eq(&out->entries[j].from, &entry->from)) {
                return badge_bad(doc, &at, "names the same as the one at %zu", j);
            }
        }
        out->count++;
    }
    return true;
}

bool badge_map_parse(struct arena *a, struct sv text, struct badge_map *out, struct err *err) {
    AUTO_JSON *list = NULL;
    const struct badge_doc doc = {.text = text, .err = err};
    const struct badge_path root = {.key = "items"};
    return js_parse(text, BADGE_FILE_BYTES_MAX, "items", &list, err) &&
           badge_map_read(a, &doc, &root, list, out);
}

static json_t *text_json(struct sv text) { return json_stringn(text.ptr, text.len); }

static json_t *ref_json(const struct badge_ref *ref) {
    if (ref->title.len > 0) {
        return text_json(ref->title);
    }
    json_t *out = json_object();
    (void)json_object_set_new(out, "source", text_json(ref->source));
    (void)json_object_set_new(out, "id", text_json(ref->id));
    return out;
}

json_t *badge_map_json(const struct badge_map *map) {
    json_t *list = json_array();
    for (size_t i = 0; i < map->count; i++) {
        json_t *one = json_object();
        for (size_t k = 0; k < ARRAY_LEN(KINDS); k++) {
            if (KINDS[k].kind == map->entries[i].kind) {
                (void)json_object_set_new(one, KINDS[k].name, ref_json(&map->entries[i].from));
            }
        }
        (void)json_object_set_new(one, "to", ref_json(&map->entries[i].to));
        (void)json_array_append_new(list, one);
    }
    return list;
}

struct sv badge_map_text(struct arena *a, const struct badge_map *map) {
    AUTO_JSON *list = badge_map_json(map);
    return js_dump(a, list);
}

const struct badge_map_entry *badge_map_find(const struct badge_map *map,
                                             const struct badge_rule *leaf) {
    for (size_t i = 0; i < map->count && names_something(leaf); i++) {
        if (map->entries[i].kind == leaf->kind && ref_eq(&map->entries[i].from, &leaf->ref)) {
            return &map->entries[i];
        }
    }
    return NULL;
}

static void copy_mapped(struct arena *a, const struct badge_rule *in, const struct badge_map *map,
                        struct badge_rule *out) {
    const struct badge_map_entry *entry = badge_map_find(map, in);
    *out = *in;
    if (entry != NULL) {
        out->ref = entry->to;
    }
    if (in->child_count > 0) {
        out->children = ARENA_ARRAY(a, struct badge_rule, in->child_count);
        for (size_t i = 0; i < in->child_count; i++) {
            copy_mapped(a, &in->children[i], map, &out->children[i]);
        }
    }
}

const struct badge_rule *badge_rule_mapped(struct arena *a, const struct badge_rule *rule,
                                           const struct badge_map *map) {
    if (map->count == 0) {
        return rule;
    }
    struct badge_rule *out = ARENA_NEW(a, struct badge_rule);
    copy_mapped(a, rule, map, out);
    return out;
}

static void collect(const struct badge_rule *rule, const struct badge_rule **leaves,
                    size_t *count) {
    bool is_new = names_something(rule);
    for (size_t i = 0; i < *count && is_new; i++) {
        is_new = !badge_ref_eq(leaves[i], rule);
    }
    if (is_new && *count < BADGE_RULE_LEAVES_MAX) {
        leaves[(*count)++] = rule;
    }
    for (size_t i = 0; i < rule->child_count; i++) {
        collect(&rule->children[i], leaves, count);
    }
}

size_t badge_rule_refs(struct arena *a, const struct badge_rule *rule,
                       const struct badge_rule ***leaves) {
    size_t count = 0;
    *leaves = ARENA_ARRAY(a, const struct badge_rule *, BADGE_RULE_LEAVES_MAX);
    collect(rule, *leaves, &count);
    return count;
}

struct badge_map badge_map_join(struct arena *a, const struct badge_map *said,
                                const struct badge_map *kept) {
    struct badge_map out = {.entries =
                                ARENA_ARRAY(a, struct badge_map_entry, said->count + kept->count)};
    for (size_t i = 0; i < said->count; i++) {
        out.entries[out.count++] = said->entries[i];
    }
    for (size_t i = 0; i < kept->count; i++) {
        out.entries[out.count++] = kept->entries[i];
    }
    return out;
}

/* The item that a title means from now on; false when that is not settled. */
static bool settle(const struct badge_catalogue *catalogue, const struct badge_rule *leaf,
                   struct badge_map_entry *out) {
    const struct model_item *item = badge_plan_find(catalogue, leaf);
    if (item == NULL || item->ref.len == 0 || item->ref.len > REF_BYTES_MAX) {
        return false;
    }
    *out = (struct badge_map_entry){
        .kind = leaf->kind, .from = leaf->ref, .to = {.source = item->source, .id = item->ref}};
    return true;
}

bool badge_map_keep(struct arena *a, const struct badge_rule *rule,
                    const struct badge_catalogue *catalogue, const struct badge_map *said,
                    const struct badge_map *kept, struct badge_map *out) {
    const struct badge_rule **leaves = NULL;
    size_t count = badge_rule_refs(a, rule, &leaves);
    size_t old = 0;
    *out = (struct badge_map){.entries = ARENA_ARRAY(a, struct badge_map_entry, count)};
    for (size_t i = 0; i < count; i++) {
        const struct badge_map_entry *entry = badge_map_find(kept, leaves[i]);
        if (leaves[i]->ref.title.len == 0 || badge_map_find(said, leaves[i]) != NULL) {
            continue;
        }
        if (entry != NULL) {
            out->entries[out->count++] = *entry;
            old++;
        } else if (settle(catalogue, leaves[i], &out->entries[out->count])) {
            out->count++;
        }
    }
    return old < out->count || old < kept->count;
}
