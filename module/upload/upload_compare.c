/* What storing a file would change. */
#include "upload_internal.h"
#include <stdlib.h>
#include <string.h>

#define FACTS_AT_ONCE 16384

struct person {
    struct sv ref;
    int64_t id;
};

struct comparison {
    const struct upload_request *req;
    struct upload *upload;
    struct person *people; /* found, sorted by ref */
    size_t people_count;
    struct model_item *items; /* stored, sorted by id */
    size_t item_count;
    size_t *stored_at; /* by the survey's items: index of `items`; SIZE_MAX: not stored yet */
};

static int by_ref(const void *left, const void *right) {
    return sv_cmp(((const struct person *)left)->ref, ((const struct person *)right)->ref);
}

static void people_sort(struct comparison *c) {
    const struct upload *u = c->upload;
    c->people = ARENA_ARRAY(c->req->arena, struct person, u->member_count);
    for (size_t i = 0; i < u->survey.reading.member_count; i++) {
        if (u->is_wanted[i]) {
            c->people[c->people_count++] = (struct person){
                .ref = u->survey.reading.members[i].person_ref, .id = u->person_ids[i]};
        }
    }
    if (c->people_count > 0) {
        qsort(c->people, c->people_count, sizeof *c->people, by_ref);
    }
}

static int64_t person_of(const struct comparison *c, struct sv ref) {
    const struct person key = {.ref = ref};
    const struct person *found =
        c->people_count == 0 ? NULL : bsearch(&key, c->people, c->people_count, sizeof key, by_ref);
    return found == NULL ? 0 : found->id;
}

static bool items_find(struct comparison *c, struct err *err) {
    const struct grades_reading *r = &c->upload->survey.reading;
    if (!store_item_list(c->req->store, c->req->course->institution_id, c->req->course->id,
                         c->req->arena, &c->items, &c->item_count, err)) {
        return false;
    }
    c->stored_at = ARENA_ARRAY(c->req->arena, size_t, r->item_count);
    for (size_t i = 0; i < r->item_count; i++) {
        c->stored_at[i] = SIZE_MAX;
        for (size_t k = 0; k < c->item_count && c->stored_at[i] == SIZE_MAX; k++) {
            if (c->items[k].kind == r->items[i].kind && sv_eq(c->items[k].source, SV("csv")) &&
                sv_eq(c->items[k].ref, r->items[i].ref)) {
                c->stored_at[i] = k;
            }
        }
        c->upload->new_items += c->stored_at[i] == SIZE_MAX ? 1 : 0;
    }
    return true;
}

static bool is_same_number(bool has_a, struct dec a, bool has_b, struct dec b) {
    return has_a == has_b && (!has_a || dec_cmp(a, b) == 0);
}

static bool is_same(const struct model_fact *a, const struct model_fact *b) {
    return is_same_number(a->has_score, a->score, b->has_score, b->score) &&
           is_same_number(a->has_maximum, a->maximum, b->has_maximum, b->maximum) &&
           sv_eq(a->letter, b->letter) && a->is_posted == b->is_posted &&
           a->is_excused == b->is_excused && a->completion == b->completion;
}

static bool says_something(const struct model_fact *f) {
    return f->has_score || f->is_excused || f->letter.len > 0;
}

static int by_person_item(const void *left, const void *right) {
    const struct model_fact *a = left;
    const struct model_fact *b = right;
    if (a->person_id != b->person_id) {
        return a->person_id < b->person_id ? -1 : 1;
    }
    return (a->item_index > b->item_index) - (a->item_index < b->item_index);
}

static void note(struct comparison *c, bool is_settled) {
    struct upload *u = c->upload;
    if (u->settled_count == 8 * u->settled_cap) {
        size_t cap = u->settled_cap == 0 ? 4096 : 2 * u->settled_cap;
        unsigned char *more = ARENA_ARRAY(c->req->arena, unsigned char, cap);
        if (u->settled_cap > 0) {
            memcpy(more, u->settled, u->settled_cap);
        }
        u->settled = more;
        u->settled_cap = cap;
    }
    u->settled[u->settled_count / 8] |=
        (unsigned char)((is_settled ? 1u : 0u) << (u->settled_count % 8));
    u->settled_count++;
}

/* stored: sorted by person, then item. */
static void compare_one(struct comparison *c, const struct model_fact *fact, int64_t person_id,
                        const struct model_fact *stored, size_t stored_count) {
    struct upload *u = c->upload;
    size_t at = c->stored_at[fact->item_index];
    const struct model_fact key = {.person_id = person_id, .item_index = (uint32_t)at};
    const struct model_fact *old =
        stored_count == 0 || at == SIZE_MAX
            ? NULL
            : bsearch(&key, stored, stored_count, sizeof key, by_person_item);
    note(c, old == NULL ? !says_something(fact) : is_same(fact, old));
    if (old == NULL || !says_something(old)) {
        u->new_count += says_something(fact) ? 1 : 0;
    } else if (is_same(fact, old)) {
        u->same_count++;
    } else {
        u->changed_count++;
    }
}

/* People whose stored facts are looked at together: as many as bring some thousands of them. */
static size_t people_at_once(const struct comparison *c) {
    size_t most = FACTS_AT_ONCE / (c->item_count + 1);
    return most > 0 ? most : 1;
}

/* Facts of the first people, as many as are looked at together; *count becomes how many. */
static bool compare_some(struct comparison *c, const struct model_fact *facts, size_t *count,
                         struct err *err) {
    AUTO_ARENA a = {0};
    size_t most = people_at_once(c);
    int64_t *of = ARENA_ARRAY(&a, int64_t, *count);
    int64_t *ids = ARENA_ARRAY(&a, int64_t, most);
    size_t id_count = 0;
    size_t n = 0;
    struct model_fact *stored = NULL;
    size_t stored_count = 0;
    for (; n < *count; n++) {
        of[n] = person_of(c, facts[n].person_ref);
        bool is_next = n == 0 || of[n] != of[n - 1];
        if (is_next && id_count == most) {
            break;
        }
        if (is_next) {
            ids[id_count++] = of[n];
        }
    }
    *count = n;
    if (!store_fact_list(c->req->store, c->req->course->institution_id, c->req->course->id, ids,
                         id_count, c->items, c->item_count, &a, &stored, &stored_count, err)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        compare_one(c, &facts[i], of[i], stored, stored_count);
    }
    return true;
}

static bool compare_part(void *ctx, const struct model_fact *facts, size_t count, struct err *err) {
    while (count > 0) {
        size_t n = count;
        if (!compare_some(ctx, facts, &n, err)) {
            return false;
        }
        facts += n;
        count -= n;
    }
    return true;
}

bool upload_compare(const struct upload_request *req, struct upload *u, struct err *err) {
    struct comparison c = {.req = req, .upload = u};
    const struct grades_csv_file file = upload_reader(&req->file);
    people_sort(&c);
    return items_find(&c, err) &&
           grades_csv_facts(&file, req->choices, &u->survey, u->is_wanted, compare_part, &c, err);
}
