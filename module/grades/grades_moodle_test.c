/* The probe: what a token lets us read, in words. */
#include "grades_moodle.h"

struct need {
    const char *function;
    unsigned can;
    const char *what; /* "Grades" can or cannot be read */
};
static const struct need needs[] = {
    {MOODLE_PEOPLE, GRADES_CAN_MEMBERS, "Participants"},
    {MOODLE_CONTENTS, GRADES_CAN_TITLES, "The activities of a course"},
    {MOODLE_GRADES, GRADES_CAN_SCORES | GRADES_CAN_COURSE_TOTAL, "Grades and the course total"},
    {MOODLE_ACTIVITIES, GRADES_CAN_COMPLETION, "Completion of activities"},
    {MOODLE_COURSE, GRADES_CAN_COURSE_COMPLETION, "Completion of the course"},
    {MOODLE_MARKED, 0, "New grades of assignments"},
    {MOODLE_INFO, 0, "The last day of a course"},
};

static bool lists_function(const json_t *functions, const char *name) {
    for (size_t i = 0; i < json_array_size(functions); i++) {
        if (sv_eq(js_sv(json_object_get(json_array_get(functions, i), "name")), sv_from(name))) {
            return true;
        }
    }
    return false;
}

static void say(struct grades_probe *out, struct arena *a, const struct need *need,
                const char *why) {
    if (why == NULL) {
        out->can |= need->can;
        grades_probe_say(out, a, sv_printf(a, "%s can be read.", need->what));
        return;
    }
    out->is_good = false;
    grades_probe_say(out, a, sv_printf(a, "%s cannot be read: %s.", need->what, why));
}

static void site_take(const json_t *site, struct arena *a, struct grades_probe *out) {
    struct sv name = sv_clip_utf8(js_sv(json_object_get(site, "sitename")), 100);
    struct sv release = sv_clip_utf8(js_sv(json_object_get(site, "release")), 60);
    struct sv user = sv_clip_utf8(js_sv(json_object_get(site, "username")), 60);
    out->site =
        sv_printf(a, "%.*s, Moodle %.*s, as %.*s", SV_ARG(name), SV_ARG(release), SV_ARG(user));
}

/* The functions of the service, as the site lists them. */
static void functions_say(const json_t *site, struct arena *a, struct grades_probe *out) {
    const json_t *functions = json_object_get(site, "functions");
    for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
        bool is_listed = lists_function(functions, needs[i].function);
        say(out, a, &needs[i],
            is_listed
                ? NULL
                : arena_printf(a, "add the function %s to the web service", needs[i].function));
    }
}

/* One real call each in a course, for the first learner where one is needed. */
struct trial {
    struct moodle_link link;
    struct moodle_read read; /* collects the first people only */
    struct sv course, person;
};

static void person_find(struct trial *t) {
    const struct grades_reading *r = t->read.build.out;
    for (size_t i = 0; i < r->member_count && t->person.len == 0; i++) {
        if (r->members[i].is_learner) {
            t->person = r->members[i].person_ref;
        }
    }
}

static bool people_try(struct trial *t, struct err *err) {
    AUTO_ARENA scratch = {0};
    AUTO_JSON *reply = NULL;
    struct moodle_page page;
    const struct moodle_param params[] = {
        {"courseid", t->course},
        {"options[0][name]", SV("limitnumber")},
        {"options[0][value]", SV("50")},
        {"options[1][name]", SV("userfields")},
        {"options[1][value]", SV("id,roles")},
    };
    const struct moodle_ask ask = {.function = MOODLE_PEOPLE,
                                   .effort = MOODLE_LIST,
                                   .params = params,
                                   .count = ARRAY_LEN(params)};
    if (!moodle_call(&t->link, &ask, &scratch, &reply, err) ||
        !moodle_people_take(&t->read, reply, &page, err)) {
        return false;
    }
    person_find(t);
    return true;
}

/* The parameters with which a function is tried. */
static size_t params_of(const struct trial *t, const char *function, struct moodle_param out[2]) {
    if (strcmp(function, MOODLE_MARKED) == 0) { /* of no assignment: an empty answer is one */
        out[0] = (struct moodle_param){"assignmentids[0]", SV("0")};
        return 1;
    }
    if (strcmp(function, MOODLE_INFO) == 0) {
        out[0] = (struct moodle_param){"field", SV("id")};
        out[1] = (struct moodle_param){"value", t->course};
        return 2;
    }
    out[0] = (struct moodle_param){"courseid", t->course};
    out[1] = (struct moodle_param){"userid", t->person};
    return strcmp(function, MOODLE_CONTENTS) == 0 ? 1 : 2;
}

static bool function_try(struct trial *t, const struct need *need, struct err *err) {
    if (strcmp(need->function, MOODLE_PEOPLE) == 0) {
        return people_try(t, err);
    }
    AUTO_ARENA scratch = {0};
    AUTO_JSON *reply = NULL;
    struct moodle_param params[2];
    size_t count = params_of(t, need->function, params);
    if (strcmp(params[count - 1].name, "userid") == 0 && t->person.len == 0) {
        return err_because(err, ERR_NOT_FOUND, "nobody", "the course has no learner to try it on");
    }
    const struct moodle_ask ask = {
        .function = need->function, .effort = MOODLE_LIST, .params = params, .count = count};
    bool is_read = moodle_call(&t->link, &ask, &scratch, &reply, err);
    /* "No criteria" and the like are answers too: the function is granted. */
    return is_read || (err->code == ERR_NOT_FOUND && err->retry == ERR_RETRY_NO);
}

static bool course_try(const struct grades_source *source, const struct grades_course *course,
                       const struct grades_io *io, struct grades_probe *out, struct err *err) {
    AUTO_ARENA scratch = {0};
    struct grades_reading reading;
    struct trial t = {.link = {.source = source, .io = io},
                      .course = course->ref,
                      .read = {.scratch = &scratch, .course = course}};
    grades_build_init(&t.read.build, GRADES_MOODLE, io->arena, &reading);
    for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
        struct err fail = {0};
        bool is_read = function_try(&t, &needs[i], &fail);
        if (!is_read &&
            (fail.retry == ERR_RETRY_LATER || strcmp(fail.reason, "invalidtoken") == 0 ||
             strcmp(fail.reason, "invalidrecord") == 0)) {
            *err = err->code == ERR_NONE ? fail : *err;
            return false;
        }
        say(out, io->arena, &needs[i], is_read ? NULL : fail.text);
    }
    return true;
}

bool grades_moodle_test(const struct grades_source *source, const struct grades_course *course,
                        const struct grades_io *io, struct grades_probe *out, struct err *err) {
    AUTO_ARENA scratch = {0};
    AUTO_JSON *site = NULL;
    struct err fail = {0};
    struct moodle_link link = {.source = source, .io = io};
    *out = (struct grades_probe){.is_good = true};
    bool has_course = course != NULL && course->ref.len > 0;
    if (has_course && !moodle_course_check(course, err)) {
        return false;
    }
    const struct moodle_ask ask = {.function = MOODLE_SITE, .effort = MOODLE_SHORT};
    if (moodle_call(&link, &ask, &scratch, &site, &fail)) {
        site_take(site, io->arena, out);
    } else if (!moodle_is_not_granted(&fail)) {
        *err = err->code == ERR_NONE ? fail : *err;
        return false;
    } else {
        grades_probe_say(
            out, io->arena,
            SV("Moodle does not let this token use " MOODLE_SITE ": add it to the service, so that "
               "Laurel can say more. If it is there, the token has expired or is bound to another "
               "IP address, or its account may not use the service."));
    }
    if (has_course) {
        return course_try(source, course, io, out, err);
    }
    if (site != NULL) {
        functions_say(site, io->arena, out);
    }
    out->is_good = out->is_good && site != NULL;
    return true;
}
