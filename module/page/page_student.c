/* A learner's badges in this course. */
#include "page_course.h"
#include <stdlib.h>

#define IS_NEW_S INT64_C(86400)
#define OPEN_AT_ONCE 2

static int rank(const struct page_standing *s) {
    return s->state == PAGE_STATE_EARNED ? 0 : s->state != PAGE_STATE_PROBLEM ? 1 : 2;
}

/* Earned: the latest first. The others: the nearest first, then by name; what was taken back last.
 */
static int by_interest(const void *left, const void *right) {
    const struct page_standing *a = left;
    const struct page_standing *b = right;
    bool is_earned = a->state == PAGE_STATE_EARNED;
    if (rank(a) != rank(b)) {
        return rank(a) - rank(b);
    }
    if (is_earned && a->award->issued_at != b->award->issued_at) {
        return a->award->issued_at > b->award->issued_at ? -1 : 1;
    }
    if (!is_earned && a->verdict.steps_left != b->verdict.steps_left) {
        return a->verdict.steps_left < b->verdict.steps_left ? -1 : 1;
    }
    return sv_cmp(a->badge->stored.name, b->badge->stored.name);
}

static json_t *badge(const struct page *p, const struct page_standing *s) {
    json_t *obj = json_object();
    page_set_text(obj, "name", s->badge->stored.name);
    page_set_text(obj, "image", page_badge_image(p, s->badge->stored.public_id));
    page_set_text(obj, "url", page_badge_url(p, s->badge->stored.public_id));
    return obj;
}

static json_t *earned(const struct page *p, const struct page_standing *s) {
    json_t *obj = badge(p, s);
    page_set_text(obj, "earned", page_standing_word(p, s));
    page_set_text(obj, "shared", s->award->shared_at == 0 ? SV("Private") : SV("Shared"));
    page_set_bool(obj, "is_new", p->now - s->award->issued_at < IS_NEW_S * USEC_PER_S);
    return obj;
}

static json_t *ahead(const struct page *p, const struct judge_course *course,
                     const struct page_standing *s, bool is_open) {
    json_t *obj = badge(p, s);
    AUTO_JSON *why = page_explain(p, course, s, BADGE_VOICE_LEARNER);
    struct sv summary =
        s->award != NULL ? page_standing_word(p, s) : js_sv(json_object_get(why, "summary"));
    (void)json_object_set_new(obj, "progress", page_progress(s, summary));
    page_set_text(obj, "next", page_standing_next(p, s, js_sv(json_object_get(why, "next"))));
    page_set_bool(obj, "is_open", is_open);
    (void)json_object_set(obj, "conditions", json_object_get(why, "conditions"));
    return obj;
}

static struct page_standing *standings(struct page *p, const struct judge_course *course,
                                       const struct judge_person *person) {
    struct page_standing *all = ARENA_ARRAY(p->arena, struct page_standing, course->badge_count);
    for (size_t i = 0; i < course->badge_count; i++) {
        all[i] = page_standing(&course->badges[i], person, p->arena);
    }
    if (course->badge_count > 0) {
        qsort(all, course->badge_count, sizeof *all, by_interest);
    }
    return all;
}

static void fill(const struct page *p, json_t *model, const struct judge_course *course,
                 const struct page_standing *all) {
    json_t *done = json_array();
    json_t *open = json_array();
    for (size_t i = 0; i < course->badge_count; i++) {
        if (all[i].state == PAGE_STATE_EARNED) {
            (void)json_array_append_new(done, earned(p, &all[i]));
        } else {
            bool is_open = json_array_size(open) < OPEN_AT_ONCE;
            (void)json_array_append_new(open, ahead(p, course, &all[i], is_open));
        }
    }
    bool has_earned = json_array_size(done) > 0;
    bool has_badges = json_array_size(open) > 0;
    page_set_bool(model, "has_earned", has_earned);
    page_set_bool(model, "has_badges", has_badges);
    page_set_bool(model, "is_without_badges", !has_earned && !has_badges);
    page_set_bool(model, "is_all_earned", has_earned && !has_badges);
    (void)json_object_set_new(model, "earned", done);
    (void)json_object_set_new(model, "badges", open);
}

bool page_student(struct page *p, struct err *err) {
    struct judge_course course = {0};
    struct judge_person person = {0};
    if (!page_course_load(p, &course, err) || !page_course_self(p, &course, &person, err)) {
        return false;
    }
    json_t *model = page_model(p, SV("Your badges"));
    page_add_header(p, model, "learner");
    page_add_notice(p, model);
    page_set_text(model, "copies_all", page_path(p, "download/badges.zip"));
    fill(p, model, &course, standings(p, &course, &person));
    return page_render(p, 200, "student.html", model, err);
}
