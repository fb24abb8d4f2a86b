/* "Check now": the course is read next. */
#include "page_internal.h"
#include "store_course.h"

/* A press while the reading that another one asked for has not come yet asks for nothing more,
 * unless it is overdue. */
#define PAUSE_S 5

bool page_own_path(struct sv launch_id, struct sv path) {
    struct sv prefix = SV(PAGE_PATH_LAUNCH);
    if (!sv_starts(path, prefix) || !sv_starts(sv_skip(path, prefix.len), launch_id) ||
        launch_id.len == 0) {
        return false;
    }
    struct sv rest = sv_skip(path, prefix.len + launch_id.len);
    for (size_t i = 0; i < rest.len; i++) {
        char c = rest.ptr[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                        (c == '/' && (i == 0 || rest.ptr[i - 1] != '/'));
        if (!is_plain) {
            return false;
        }
    }
    return rest.len > 0 && rest.ptr[0] == '/';
}

bool page_check(struct page *p, struct err *err) {
    struct web_form form = {0};
    struct sv back = {0};
    if (p->session.role == MODEL_ROLE_GUEST || p->session.context_id == 0) {
        return err_because(err, ERR_DENIED, "role", "grades are read for people of a course only");
    }
    if (!web_form_upload(p->req, &form, err) || !web_form_one(&form, "back", &back, err)) {
        return false;
    }
    bool is_pending = p->session.sync_requested_at > p->session.synced_at;
    bool is_too_soon = is_pending && p->now - p->session.sync_requested_at < PAUSE_S * USEC_PER_S;
    if (!is_too_soon && !store_sync_request_whole(p->app->options.store, p->session.institution_id,
                                                  p->session.context_id, err)) {
        return false;
    }
    struct sv to = page_own_path(p->launch_id, back) ? back : page_path(p, "%s", "");
    return web_see_other(p->resp, sv_printf(p->arena, "%.*s?done=checking", SV_ARG(to)), err);
}
