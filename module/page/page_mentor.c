/* The learners a mentor or parent was launched for, and nobody else. */
#include "page_course.h"

static bool is_mentee(const struct page *p, struct sv sub) {
    for (size_t i = 0; i < p->session.mentee_count; i++) {
        if (sv_eq(p->session.mentee_subs[i], sub)) {
            return true;
        }
    }
    return false;
}

/* Ids of the launch's learners who are learners of this course; others that it names are not shown
 * (attacks.md C26). */
static bool find_mentees(struct page *p, int64_t **ids, size_t *count, struct err *err) {
    struct store_person *people = NULL;
    size_t people_count = 0;
    if (p->session.context_id != 0 && p->session.mentee_count > 0 &&
        !store_person_list(p->app->options.store, p->session.institution_id, p->session.context_id,
                           NULL, 0, p->arena, &people, &people_count, err)) {
        return false;
    }
    *ids = ARENA_ARRAY(p->arena, int64_t, people_count);
    for (size_t i = 0; i < people_count; i++) {
        if (people[i].is_learner && people[i].sub.len > 0 && is_mentee(p, people[i].sub)) {
            (*ids)[(*count)++] = people[i].id;
        }
    }
    return true;
}

static json_t *medal(const struct page *p, const struct page_standing *s) {
    json_t *obj = json_object();
    page_set_text(obj, "name", s->badge->stored.name);
    page_set_text(obj, "image", page_badge_image(p, s->badge->stored.public_id));
    page_set_text(obj, "earned", page_standing_word(p, s));
    return obj;
}

static json_t *learner(const struct page *p, const struct judge_course *course,
                       const struct judge_person *person) {
    json_t *obj = json_object();
    json_t *badges = json_array();
    size_t started = 0;
    for (size_t i = 0; i < course->badge_count; i++) {
        const struct page_standing s = page_standing(&course->badges[i], person, p->arena);
        if (s.state == PAGE_STATE_EARNED) {
            (void)json_array_append_new(badges, medal(p, &s));
        } else if (s.award == NULL && s.verdict.done > 0) {
            started++;
        }
    }
    page_set_text(obj, "name", page_person_name(p, &person->person));
    page_set_bool(obj, "has_badges", json_array_size(badges) > 0);
    page_set_text(obj, "ahead",
                  started == 0 ? SV("")
                               : sv_printf(p->arena, "%zu more %s on the way.", started,
                                           started == 1 ? "badge is" : "badges are"));
    (void)json_object_set_new(obj, "badges", badges);
    return obj;
}

bool page_mentor(struct page *p, struct err *err) {
    struct judge_course course = {0};
    struct judge_person *people = NULL;
    int64_t *ids = NULL;
    size_t id_count = 0;
    size_t count = 0;
    if (!page_course_load(p, &course, err) || !find_mentees(p, &ids, &id_count, err) ||
        (id_count > 0 && !judge_people_load(p->app->options.store, &course, ids, id_count, p->arena,
                                            &people, &count, err))) {
        return false;
    }
    json_t *model = page_model(p, SV("Badges of your learners"));
    page_add_header(p, model, "");
    json_t *learners = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(learners, learner(p, &course, &people[i]));
    }
    page_set_bool(model, "has_learners", count > 0);
    (void)json_object_set_new(model, "learners", learners);
    return page_render(p, 200, "mentor.html", model, err);
}
