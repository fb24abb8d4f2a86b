/* Whose work was graded or handed in last: they are read first when somebody waits. A reading of
 * changes asks for everybody's enrolment and progress; these cost three requests each. */
#include "grades_canvas.h"

/* Clocks differ, and a grade shows a little after its time: who is missed is read with the rest. */
#define OVERLAP (INT64_C(15) * USEC_PER_S)

struct latest {
    struct canvas_read *r;
    struct sv ids[GRADES_LATEST_MAX]; /* of those whose work is newest, the newest first */
    usec_t at[GRADES_LATEST_MAX];
    size_t count;
};

static void remove_at(struct latest *l, size_t i) {
    l->count--;
    for (; i < l->count; i++) {
        l->ids[i] = l->ids[i + 1];
        l->at[i] = l->at[i + 1];
    }
}

static void insert(struct latest *l, struct sv id, usec_t at) {
    size_t place = 0;
    for (size_t i = 0; i < l->count; i++) {
        if (sv_eq(l->ids[i], id)) {
            at = l->at[i] > at ? l->at[i] : at;
            remove_at(l, i);
            break;
        }
    }
    while (place < l->count && l->at[place] >= at) {
        place++;
    }
    if (place == GRADES_LATEST_MAX) {
        return;
    }
    l->count += l->count < GRADES_LATEST_MAX ? 1 : 0;
    for (size_t i = l->count - 1; i > place; i--) {
        l->ids[i] = l->ids[i - 1];
        l->at[i] = l->at[i - 1];
    }
    l->ids[place] = id;
    l->at[place] = at;
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
        insert(l, id, at);
    }
    return true;
}

bool canvas_latest_read(struct canvas_read *r, struct err *err) {
    struct latest l = {.r = r};
    if (!canvas_news_walk(r, r->asked->since - OVERLAP, latest_take, &l, err)) {
        return false;
    }
    for (size_t i = 0; i < l.count; i++) {
        if (!canvas_person_read(r, l.ids[i], err)) {
            return false;
        }
    }
    return true;
}
