/* /app/l/LAUNCH/: the page that fits the role. */
#include "page_course.h"

static json_t *medals(const struct page *p, const struct judge_course *course) {
    json_t *badges = json_array();
    for (size_t i = 0; i < course->badge_count; i++) {
        const struct store_badge *badge = &course->badges[i].stored;
        json_t *one = json_object();
        page_set_text(one, "name", badge->name);
        page_set_text(one, "image", page_badge_image(p, badge->public_id));
        (void)json_array_append_new(badges, one);
    }
    return badges;
}

static bool guest(struct page *p, struct err *err) {
    struct judge_course course = {0};
    if (!page_course_load(p, &course, err)) {
        return false;
    }
    json_t *model = page_model(p, SV("Badges"));
    page_add_plain_header(p, model);
    page_set_bool(model, "has_badges", course.badge_count > 0);
    (void)json_object_set_new(model, "badges", medals(p, &course));
    return page_render(p, 200, "guest.html", model, err);
}

bool page_home(struct page *p, struct err *err) {
    switch (p->session.role) {
    case MODEL_ROLE_LEARNER:
        return page_student(p, err);
    case MODEL_ROLE_MENTOR:
        return page_mentor(p, err);
    case MODEL_ROLE_TEACHER:
        return page_teacher(p, err);
    case MODEL_ROLE_ADMIN:
        return p->session.context_id != 0 ? page_teacher(p, err) : page_admin(p, err);
    case MODEL_ROLE_GUEST:
        break;
    }
    return guest(p, err);
}
