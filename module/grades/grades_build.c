#include "grades_build.h"
#include <stdio.h>

struct grades_slot {
    struct sv key;
    size_t value;
    bool is_used;
};

void grades_index_init(struct grades_index *index, struct arena *a) {
    *index = (struct grades_index){.cap = 256, .arena = a};
    index->slots = ARENA_ARRAY(a, struct grades_slot, index->cap);
}

static size_t slot_of(const struct grades_index *index, struct sv key) {
    uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */
    for (size_t i = 0; i < key.len; i++) {
        h = (h ^ (unsigned char)key.ptr[i]) * UINT64_C(1099511628211);
    }
    size_t at = (size_t)(h ^ h >> 32) & (index->cap - 1);
    while (index->slots[at].is_used && !sv_eq(index->slots[at].key, key)) {
        at = (at + 1) & (index->cap - 1);
    }
    return at;
}

bool grades_index_find(const struct grades_index *index, struct sv key, size_t *value) {
    const struct grades_slot *slot = &index->slots[slot_of(index, key)];
    *value = slot->value;
    return slot->is_used;
}

void grades_index_put(struct grades_index *index, struct sv key, size_t value) {
    if (2 * (index->count + 1) > index->cap) {
        struct grades_index larger = {.cap = 4 * index->cap, .arena = index->arena};
        larger.slots = ARENA_ARRAY(index->arena, struct grades_slot, larger.cap);
        for (size_t i = 0; i < index->cap; i++) {
            if (index->slots[i].is_used) {
                larger.slots[slot_of(&larger, index->slots[i].key)] = index->slots[i];
            }
        }
        larger.count = index->count;
        *index = larger;
    }
    struct grades_slot *slot = &index->slots[slot_of(index, key)];
    index->count += slot->is_used ? 0 : 1;
    *slot = (struct grades_slot){.key = key, .value = value, .is_used = true};
}

void grades_build_init(struct grades_build *b, enum grades_kind kind, struct arena *a,
                       struct grades_reading *out) {
    *out = (struct grades_reading){.kind = kind};
    *b = (struct grades_build){.arena = a, .out = out};
    grades_index_init(&b->items, a);
    grades_index_init(&b->members, a);
    str_init(&b->missing, a, 8192);
}

/* A longer one when the array is full, else the array itself. A quarter at a time: a course of many
 * people and items is most of what a worker holds. */
static void *grown(struct arena *a, void *array, size_t count, size_t *cap, size_t size) {
    if (count < *cap) {
        return array;
    }
    *cap = *cap == 0 ? 64 : *cap + *cap / 4;
    return arena_grow(a, array, count * size, *cap * size);
}

static bool too_large(struct err *err, const char *what) {
    (void)err_because(err, ERR_UPSTREAM, "size", "the course has more %s than Laurel reads", what);
    return err_retry_as(err, ERR_RETRY_PARK);
}

bool grades_build_item(struct grades_build *b, enum model_item_kind kind, struct sv ref,
                       size_t *index, struct err *err) {
    char short_key[64]; /* looked up for every result, so nothing is left in the arena */
    int len = snprintf(short_key, sizeof short_key, "%d:%.*s", (int)kind, SV_ARG(ref));
    struct sv key = len < (int)sizeof short_key
                        ? sv_of(short_key, (size_t)len)
                        : sv_printf(b->arena, "%d:%.*s", (int)kind, SV_ARG(ref));
    if (grades_index_find(&b->items, key, index)) {
        return true;
    }
    struct grades_reading *out = b->out;
    if (out->item_count == GRADES_ITEMS_MAX) {
        return too_large(err, "activities and columns");
    }
    out->items = grown(b->arena, out->items, out->item_count, &b->item_cap, sizeof *out->items);
    *index = out->item_count++;
    out->items[*index] = (struct model_item){.kind = kind,
                                             .source = sv_from(grades_kind_name(out->kind)),
                                             .ref = sv_copy(b->arena, ref)};
    grades_index_put(&b->items, sv_copy(b->arena, key), *index);
    return true;
}

bool grades_build_fact(struct grades_build *b, struct sv person_ref, size_t item_index,
                       struct model_fact **fact, struct err *err) {
    struct grades_reading *out = b->out;
    if (out->fact_count == GRADES_FACTS_MAX) {
        return too_large(err, "results");
    }
    out->facts = grown(b->arena, out->facts, out->fact_count, &b->fact_cap, sizeof *out->facts);
    *fact = &out->facts[out->fact_count++];
    **fact = (struct model_fact){.person_ref = person_ref, .item_index = item_index};
    return true;
}

bool grades_build_member(struct grades_build *b, struct sv ref, size_t *index, bool *is_new,
                         struct err *err) {
    *is_new = !grades_index_find(&b->members, ref, index);
    if (!*is_new) {
        return true;
    }
    struct grades_reading *out = b->out;
    if (out->member_count == GRADES_MEMBERS_MAX) {
        return too_large(err, "people");
    }
    out->members =
        grown(b->arena, out->members, out->member_count, &b->member_cap, sizeof *out->members);
    struct sv own = sv_copy(b->arena, ref);
    *index = out->member_count++;
    out->members[*index] = (struct model_member){.person_ref = own, .sub = own, .is_active = true};
    grades_index_put(&b->members, own, *index);
    return true;
}

void grades_build_missing(struct grades_build *b, const char *sentence) {
    if (b->missing.len > 0) {
        str_add_char(&b->missing, ' ');
    }
    str_add_c(&b->missing, sentence);
}

void grades_build_finish(struct grades_build *b) { b->out->missing = str_sv(&b->missing); }
