/* Whose work was graded or handed in last: they are read first when somebody waits. A reading of
 * changes asks for everybody's enrolment and progress; these cost three requests each. */
#include "grades_canvas.h"
#include <string.h>

/* Clocks differ, and a grade shows a little after its time: who is missed is read with the rest. */
#define OVERLAP (INT64_C(15) * USEC_PER_S)

/* Whose work is newer than what was read of them. */
struct candidate {
    struct sv id;
    usec_t at;
    bool is_seen; /* only so little newer that clocks may have made it so */
};

struct latest {
    struct canvas_read *r;
    struct candidate first[GRADES_LATEST_MAX + 1]; /* who is read, in this order; one place more */
    size_t count;
    bool has_more; /* somebody not seen yet has no place */
};

static bool is_before(const struct candidate *a, const struct candidate *b) {
    return a->is_seen != b->is_seen ? b->is_seen : a->at > b->at;
}

/* Takes whoever has the id out; `c` is then the newer of both. */
static void merge_same(struct latest *l, struct candidate *c) {
    for (size_t i = 0; i < l->count; i++) {
        if (!sv_eq(l->first[i].id, c->id)) {
            continue;
        }
        *c = is_before(&l->first[i], c) ? l->first[i] : *c;
        l->count--;
        memmove(&l->first[i], &l->first[i + 1], (l->count - i) * sizeof l->first[0]);
        return;
    }
}

static void insert(struct latest *l, struct candidate c) {
    merge_same(l, &c);
    size_t place = l->count;
    while (place > 0 && is_before(&c, &l->first[place - 1])) {
        place--;
    }
    memmove(&l->first[place + 1], &l->first[place], (l->count - place) * sizeof l->first[0]);
    l->first[place] = c;
    l->count++;
    if (l->count > GRADES_LATEST_MAX) {
        l->count = GRADES_LATEST_MAX;
        l->has_more = l->has_more || !l->first[l->count].is_seen;
    }
}

/* Of people the last reading knew, and did not see so. */
static bool latest_take(void *ctx, const json_t *row, struct sv key, struct err *err) {
    struct latest *l = ctx;
    struct sv id;
    usec_t graded = canvas_time(json_object_get(row, "graded_at"));
    usec_t submitted = canvas_time(json_object_get(row, "submitted_at"));
    usec_t at = graded > submitted ? graded : submitted;
    (void)key;
    if (js_sv(json_object_get(row, "anonymous_id")).len > 0) {
        return true;
    }
    if (!canvas_id(json_object_get(row, "user_id"), l->r->build.arena, &id)) {
        return canvas_shape("the latest submissions", err);
    }
    const struct model_known *known = canvas_known_find(l->r, id);
    if (known != NULL && at + OVERLAP > known->read_at) {
        insert(l, (struct candidate){.id = id, .at = at, .is_seen = at <= known->read_at});
    }
    return true;
}

bool canvas_latest_read(struct canvas_read *r, struct err *err) {
    struct latest l = {.r = r};
    if (!canvas_news_walk(r, r->asked->since - OVERLAP, latest_take, &l, err)) {
        return false;
    }
    for (size_t i = 0; i < l.count; i++) {
        if (!canvas_person_read(r, l.first[i].id, err)) {
            return false;
        }
    }
    r->build.out->has_more = l.has_more;
    return true;
}
