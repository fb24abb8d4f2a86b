/* A badge's picture: its own, or the art drawn from its data. */
#include "issue_copy.h"
#include "page_internal.h"
#include "store_badge.h"
#include "store_copy.h"

static bool find_in(struct page *p, int64_t course_id, struct sv public_id, struct store_badge *out,
                    struct err *err) {
    struct store_badge *list = NULL;
    size_t count = 0;
    if (!store_badge_list_course(p->app->options.store, p->session.institution_id, course_id,
                                 p->arena, &list, &count, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (sv_eq(list[i].public_id, public_id)) {
            *out = list[i];
            return true;
        }
    }
    return err_because(err, ERR_NOT_FOUND, "badge", "there is no such badge in this course");
}

/* Badge admins see every badge of their institution, others those of their course; a teacher also
 * those of the course it was copied from, while that is to be decided. */
static bool find(struct page *p, struct sv public_id, struct store_badge *out, struct err *err) {
    struct store *store = p->app->options.store;
    struct store_copy copy = {0};
    struct err missing = {0};
    bool is_copy = false;
    if (p->session.role == MODEL_ROLE_ADMIN) {
        return store_badge_get(store, p->session.institution_id, public_id, p->arena, out, err);
    }
    if (find_in(p, p->session.context_id, public_id, out, &missing)) {
        return true;
    }
    if (missing.code == ERR_NOT_FOUND && p->session.role == MODEL_ROLE_TEACHER &&
        store_copy_get(store, p->session.institution_id, p->session.context_id, p->arena, &copy,
                       &is_copy, err) &&
        is_copy) {
        return find_in(p, copy.origin_id, public_id, out, err);
    }
    *err = err->code == ERR_NONE ? missing : *err;
    return false;
}

bool page_image(struct page *p, struct err *err) {
    struct store_badge badge = {0};
    struct sv public_id = web_arg(p->req, "badge");
    struct sv svg = {0};
    if (!uuid_is_valid(public_id)) {
        return err_because(err, ERR_NOT_FOUND, "badge", "there is no such badge in this course");
    }
    if (!find(p, public_id, &badge, err)) {
        return false;
    }
    if (!issue_badge_art(p->app->issue, p->session.institution_id, &badge, p->arena, &svg, err)) {
        return false;
    }
    web_bytes(p->resp, 200, "image/svg+xml", svg);
    p->resp->cache = WEB_CACHE_MINUTES;
    return true;
}
