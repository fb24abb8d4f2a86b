/* The probe: what a token lets us read of Canvas, in words. */
#include "grades_canvas.h"

struct need {
    const char *path; /* below the course */
    const char *what; /* "Enrolments" can or cannot be read */
    unsigned can;
};
static const struct need needs[] = {
    {"/enrollments?type[]=StudentEnrollment&per_page=1", "Enrolments", GRADES_CAN_MEMBERS},
    {"/assignments?per_page=1", "Assignments", GRADES_CAN_TITLES},
    {"/students/submissions?student_ids[]=all&grouped=1&per_page=1", "Submissions",
     GRADES_CAN_SCORES},
    {"/modules?per_page=1", "Modules", GRADES_CAN_COMPLETION},
    {"/bulk_user_progress?per_page=1", "Progress in the course", GRADES_CAN_COURSE_COMPLETION},
};

static bool is_final(const struct err *fail) {
    return fail->retry == ERR_RETRY_LATER || strcmp(fail->reason, "token") == 0 ||
           strcmp(fail->reason, "html") == 0 || strcmp(fail->reason, "not_canvas") == 0;
}

static void say(struct grades_probe *out, struct arena *a, const struct need *need,
                const struct err *fail) {
    if (fail == NULL) {
        out->can |= need->can;
        grades_probe_say(out, a, sv_printf(a, "%s can be read.", need->what));
        return;
    }
    out->is_good = false;
    grades_probe_say(out, a, sv_printf(a, "%s cannot be read: %s.", need->what, fail->text));
}

/* Canvas answers so where no module has requirements: nothing is missing. */
static bool is_without_progress(const struct need *need, const struct err *fail) {
    return need->can == GRADES_CAN_COURSE_COMPLETION &&
           (strcmp(fail->reason, "http_400") == 0 || strcmp(fail->reason, "http_404") == 0);
}

/* Totals come with the enrolments, to an account that may view all grades. */
static void totals_say(const json_t *enrolment, struct grades_probe *out, struct arena *a) {
    const struct need need = {NULL, "The course total", GRADES_CAN_COURSE_TOTAL};
    struct err fail = {0};
    const json_t *grades = json_object_get(enrolment, "grades");
    bool is_seen = json_object_get(grades, "final_score") != NULL;
    if (!is_seen) {
        (void)err_set(&fail, ERR_DENIED, "give the token's account the right to view all grades");
    }
    say(out, a, &need, is_seen ? NULL : &fail);
}

/* Whoever may not look up a user may perhaps look up the course's, which is enough. */
static void people_say(struct canvas_link *link, struct sv course, const json_t *enrolment,
                       struct grades_probe *out) {
    AUTO_ARENA scratch = {0};
    const struct need need = {NULL, "Who is who of the launches", 0};
    struct err fail = {0};
    struct sv id;
    bool is_read = false;
    if (!canvas_id(json_object_get(enrolment, "user_id"), &scratch, &id)) {
        return;
    }
    for (int i = 0; i < 2 && !is_read; i++) {
        AUTO_JSON *user = NULL;
        struct net_response response;
        struct sv url = i == 0 ? canvas_url(link, &scratch, "/api/v1/users/%.*s", SV_ARG(id))
                               : canvas_url(link, &scratch, "/api/v1/courses/%.*s/users/%.*s",
                                            SV_ARG(course), SV_ARG(id));
        fail = (struct err){0};
        is_read = canvas_get(link, url, "a person", &scratch, &response, &user, &fail);
    }
    say(out, link->io->arena, &need, is_read ? NULL : &fail);
}

static bool course_try(struct canvas_link *link, struct sv ref, struct grades_probe *out,
                       struct err *err) {
    AUTO_ARENA scratch = {0};
    AUTO_JSON *course = NULL;
    struct net_response response;
    struct sv url;
    struct sv id;
    struct arena *a = link->io->arena;
    if (!canvas_course_url(link, ref, &scratch, &url, err) ||
        !canvas_get(link, url, "the course", &scratch, &response, &course, err)) {
        return false;
    }
    if (!canvas_id(json_object_get(course, "id"), &scratch, &id)) {
        return canvas_shape("the course", err);
    }
    grades_probe_say(out, a,
                     sv_printf(a, "The course is \"%.*s\", number %.*s in Canvas.",
                               SV_ARG(canvas_text(course, "name", a)), SV_ARG(id)));
    for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
        AUTO_JSON *reply = NULL;
        struct err fail = {0};
        url = canvas_url(link, &scratch, "/api/v1/courses/%.*s%s", SV_ARG(id), needs[i].path);
        bool is_read = canvas_get(link, url, needs[i].what, &scratch, &response, &reply, &fail) ||
                       is_without_progress(&needs[i], &fail);
        if (!is_read && is_final(&fail)) {
            *err = err->code == ERR_NONE ? fail : *err;
            return false;
        }
        say(out, a, &needs[i], is_read ? NULL : &fail);
        if (i == 0 && json_array_size(reply) > 0) {
            totals_say(json_array_get(reply, 0), out, a);
            people_say(link, id, json_array_get(reply, 0), out);
        }
    }
    return true;
}

bool grades_canvas_test(const struct grades_source *source, const struct grades_course *course,
                        const struct grades_io *io, struct grades_probe *out, struct err *err) {
    AUTO_ARENA scratch = {0};
    AUTO_JSON *self = NULL;
    struct net_response response;
    struct err fail = {0};
    struct canvas_link link = {.source = source, .io = io, .started_at = clock_now(&io->clock)};
    *out = (struct grades_probe){.is_good = true};
    if (canvas_get(&link, canvas_url(&link, &scratch, "/api/v1/users/self"), "the token's account",
                   &scratch, &response, &self, &fail)) {
        out->site =
            sv_printf(io->arena, "Canvas, as %.*s", SV_ARG(canvas_text(self, "name", io->arena)));
    } else if (!canvas_is_denied(&fail)) { /* a token with few scopes may not see its own account */
        *err = err->code == ERR_NONE ? fail : *err;
        return false;
    }
    if (course != NULL && course->ref.len > 0) {
        return course_try(&link, course->ref, out, err);
    }
    grades_probe_say(out, io->arena,
                     SV("The token is good. What it may read shows in a course only: try one with "
                        "laurel source test --course ID."));
    return true;
}
