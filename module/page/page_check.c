/* "Check now": the course is read next. */
#include "page_fresh.h"
#include "store_course.h"

/* Pressed again and again it asks for nothing more. What learners ask for reads the whole course.
 */
#define PAUSE_S 5
#define LEARNER_PAUSE_S 60

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

static bool is_within(const struct page *p, usec_t t, int64_t seconds) {
    return t != 0 && p->now - t < seconds * USEC_PER_S;
}

/* What is said instead of asking; empty: ask. */
static const char *instead(const struct page *p, const struct store_fresh *f) {
    bool is_staff = p->session.role >= MODEL_ROLE_TEACHER;
    if (page_fresh_is_busy(page_fresh_of(f, p->now))) {
        return "?done=asked";
    }
    if (!is_staff && is_within(p, f->synced_at, LEARNER_PAUSE_S)) {
        return "?done=fresh";
    }
    return is_within(p, f->requested_at, is_staff ? PAUSE_S : LEARNER_PAUSE_S) ? "?done=asked" : "";
}

bool page_check(struct page *p, struct err *err) {
    struct web_form form = {0};
    struct sv back = {0};
    struct store_fresh fresh = {0};
    struct store *store = p->app->options.store;
    if (p->session.role == MODEL_ROLE_GUEST || p->session.context_id == 0) {
        return err_because(err, ERR_DENIED, "role", "grades are read for people of a course only");
    }
    if (!web_form_upload(p->req, &form, err) || !web_form_one(&form, "back", &back, err) ||
        !store_fresh_get(store, p->session.institution_id, p->session.context_id, p->arena, &fresh,
                         err) ||
        !page_fresh_may_ask(&fresh, err)) {
        return false;
    }
    const char *said = instead(p, &fresh);
    if (said[0] == '\0' &&
        !store_sync_request_whole(store, p->session.institution_id, p->session.context_id, err)) {
        return false;
    }
    struct sv to = page_own_path(p->launch_id, back) ? back : page_path(p, "%s", "");
    return web_see_other(p->resp, sv_printf(p->arena, "%.*s%s", SV_ARG(to), said), err);
}
