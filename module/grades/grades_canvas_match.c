/* Who of Canvas's users is who of the launches (lti.md 11.4). The platform's own word only: ids
 * that Canvas gave for a sub. */
#include "grades_canvas.h"
#include "lti_nrps.h"

/* A Canvas that does not know the prefix says "not found" for everybody. */
#define MISSES_MAX 25

struct finding {
    struct canvas_read *r;
    struct grades_index tried; /* subs looked at */
    struct grades_index stale; /* and whom an earlier reading found, who is not in the course */
    size_t open;               /* learners without a sub */
    bool asks_course;          /* the token may not look up any user, but the course's */
    bool is_over;
};

static bool is_plain_sub(struct sv sub) {
    for (size_t i = 0; i < sub.len; i++) {
        char c = sub.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-')) {
            return false;
        }
    }
    return sub.len > 0 && sub.len <= 255;
}

/* A person keeps the first sub found: after Canvas merged two users the roster's comes first, the
 * past one is another name of the same person. */
static bool pair(struct finding *f, struct sv sub, struct sv id, struct err *err) {
    struct canvas_read *r = f->r;
    struct canvas_user *user = canvas_user_find(r, id);
    bool is_new = false;
    if (user == NULL || user->member != SIZE_MAX || user->is_test) {
        return true;
    }
    if (!grades_build_member(&r->build, user->id, &user->member, &is_new, err)) {
        return false;
    }
    struct model_member *member = &r->build.out->members[user->member];
    *member = (struct model_member){.person_ref = member->person_ref,
                                    .sub = sv_copy(r->build.arena, sub),
                                    .name = user->name,
                                    .sourcedid = user->sis_id,
                                    .login = user->login,
                                    .is_learner = user->is_learner,
                                    .is_teacher = user->is_teacher,
                                    .is_active = user->is_active};
    f->open -= user->is_learner ? 1 : 0;
    return true;
}

/* What was found now is kept for the next reading. */
static void remember(struct finding *f, struct sv sub, struct sv id) {
    struct grades_reading *out = f->r->build.out;
    struct arena *a = f->r->build.arena;
    if (out->links == NULL) {
        out->links = ARENA_ARRAY(a, struct model_link, CANVAS_LOOKUPS_MAX + LTI_ROSTER_MAX);
    }
    out->links[out->link_count++] =
        (struct model_link){.sub = sv_copy(a, sub), .ref = sv_copy(a, id)};
}

/* Asks Canvas whose sub this is. *id stays empty when it is nobody's. */
static bool look_up(struct finding *f, struct sv sub, struct sv *id, struct err *err) {
    struct canvas_read *r = f->r;
    AUTO_ARENA scratch = {0};
    AUTO_JSON *user = NULL;
    struct net_response response;
    *id = sv_of(NULL, 0);
    struct sv url =
        f->asks_course
            ? canvas_url(&r->link, &scratch, "/api/v1/courses/%.*s/users/lti_1_3_id:%.*s",
                         SV_ARG(r->course), SV_ARG(sub))
            : canvas_url(&r->link, &scratch, "/api/v1/users/lti_1_3_id:%.*s", SV_ARG(sub));
    r->lookups++;
    if (!canvas_get(&r->link, url, "a person", &scratch, &response, &user, err)) {
        return false;
    }
    if (!canvas_id(json_object_get(user, "id"), r->build.arena, id)) {
        return canvas_shape("a person", err);
    }
    remember(f, sub, *id);
    return true;
}

static void stop(struct finding *f, const char *why) {
    grades_build_missing(&f->r->build, why);
    f->is_over = true;
}

/* What went wrong with one look-up decides what becomes of the others. */
static bool look_up_failed(struct finding *f, const struct err *fail, struct err *err) {
    if (fail->code == ERR_NOT_FOUND) {
        if (++f->r->misses >= MISSES_MAX && f->r->build.out->link_count == 0) {
            stop(f, "This Canvas does not find people by the id of their launches "
                    "(lti_1_3_id): members cannot be matched.");
        }
        return true;
    }
    if (canvas_is_denied(fail) && !f->asks_course) {
        f->asks_course = true;
        return true;
    }
    if (canvas_is_denied(fail)) {
        stop(f, "Looking up people is not granted: members cannot be matched.");
        return true;
    }
    if (fail->retry == ERR_RETRY_LATER) { /* what is found so far is worth keeping */
        stop(f, "Canvas stopped answering while people were looked up; the next reading goes on.");
        return true;
    }
    *err = err->code == ERR_NONE ? *fail : *err;
    return false;
}

static bool find_sub(struct finding *f, struct sv sub, struct err *err) {
    size_t before = 0;
    struct sv id;
    if (f->is_over || f->open == 0 || !is_plain_sub(sub) ||
        grades_index_find(&f->tried, sub, &before)) {
        return true;
    }
    grades_index_put(&f->tried, sub, 1);
    for (int tries = 0; tries < 2; tries++) {
        struct err fail = {0};
        bool was_course = f->asks_course;
        if (f->r->lookups >= CANVAS_LOOKUPS_MAX) {
            stop(f, "There are more new people than are looked up in one reading; the next goes "
                    "on.");
            return true;
        }
        if (look_up(f, sub, &id, &fail)) {
            return pair(f, sub, id, err);
        }
        if (!look_up_failed(f, &fail, err)) {
            return false;
        }
        if (was_course == f->asks_course) {
            return true;
        }
    }
    return true;
}

/* What earlier readings found. Who is not in the course under that id has left it, mostly; but
 * Canvas may have merged that user into another, who has the same sub (lti.md 11.4). */
static bool known_pair(struct finding *f, struct err *err) {
    const struct grades_course *asked = f->r->asked;
    for (size_t i = 0; i < asked->link_count; i++) {
        const struct model_link *link = &asked->links[i];
        if (link->ref.len == 0) {
            continue;
        }
        bool is_there = canvas_user_find(f->r, link->ref) != NULL;
        grades_index_put(is_there ? &f->tried : &f->stale, link->sub, 1);
        if (!pair(f, link->sub, link->ref, err)) {
            return false;
        }
    }
    return true;
}

/* The platform's own list of members, by sub: it lists who never launched, too. Asked for the
 * course's own link it says Canvas's id of each beside (lti.md 5, the course's id works as rlid):
 * one request for fifty people instead of one for each. Some Canvases refuse that question. */
static bool roster_read(struct finding *f, struct arena *a, struct lti_roster *out) {
    const struct lti_service *service = f->r->link.source->service;
    const struct grades_course *asked = f->r->asked;
    struct err fail = {0};
    if (service == NULL || asked->nrps_url.len == 0) {
        return true;
    }
    if (lti_nrps_read_link(service, asked->nrps_url, asked->ref, a, out, &fail)) {
        return true;
    }
    fail = (struct err){0};
    *out = (struct lti_roster){0};
    return lti_nrps_read(service, asked->nrps_url, a, out, &fail);
}

static bool roster_pair(struct finding *f, const struct lti_roster *roster, struct err *err) {
    for (size_t i = 0; i < roster->count; i++) {
        const struct model_member *m = &roster->members[i];
        size_t before = 0;
        if (!m->is_learner || !is_plain_sub(m->sub) ||
            canvas_user_find(f->r, m->canvas_id) == NULL || /* of another shard: looked up */
            grades_index_find(&f->tried, m->sub, &before)) {
            continue;
        }
        struct sv sub = sv_copy(f->r->build.arena, m->sub);
        grades_index_put(&f->tried, sub, 1);
        remember(f, sub, m->canvas_id);
        if (!pair(f, sub, m->canvas_id, err)) {
            return false;
        }
    }
    return true;
}

static bool find_all(struct finding *f, const struct lti_roster *roster, struct err *err) {
    size_t before = 0;
    const struct grades_course *asked = f->r->asked;
    /* Those who opened Laurel come first: they wait for a badge. */
    for (size_t i = 0; i < asked->link_count; i++) {
        if (asked->links[i].ref.len == 0 && !find_sub(f, asked->links[i].sub, err)) {
            return false;
        }
    }
    /* Whose answer led nowhere is asked for again with everything, which is once a night. */
    bool asks_again = asked->scope == GRADES_WHOLE;
    for (size_t i = 0; i < roster->count && f->open > 0 && !f->is_over; i++) {
        struct sv sub = sv_copy(f->r->build.arena, roster->members[i].sub);
        bool is_wanted = asks_again || !grades_index_find(&f->stale, sub, &before);
        if (roster->members[i].is_learner && is_wanted && !find_sub(f, sub, err)) {
            return false;
        }
    }
    return true;
}

bool canvas_people_match(struct canvas_read *r, struct err *err) {
    struct finding f = {.r = r};
    grades_index_init(&f.tried, r->build.arena);
    grades_index_init(&f.stale, r->build.arena);
    for (size_t i = 0; i < r->user_count; i++) {
        f.open += r->users[i].is_learner ? 1 : 0;
    }
    if (!known_pair(&f, err)) {
        return false;
    }
    AUTO_ARENA scratch = {0};
    struct lti_roster roster = {0};
    if (f.open > 0 && !roster_read(&f, &scratch, &roster)) {
        grades_build_missing(&r->build,
                             "The platform's list of members (NRPS) could not be read: only those "
                             "who opened Laurel once are matched.");
    }
    if (!roster_pair(&f, &roster, err) || !find_all(&f, &roster, err)) {
        return false;
    }
    r->build.out->unmatched_count = f.open;
    return true;
}
