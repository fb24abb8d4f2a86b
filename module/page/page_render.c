/* View models that all pages share, rendering, and the error page. */
#include "base_log.h"
#include "page_fresh.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct sv page_path(const struct page *p, const char *fmt, ...) {
    char rest[512];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(rest, sizeof rest, fmt, ap);
    va_end(ap);
    return sv_printf(p->arena, PAGE_PATH_LAUNCH "%.*s/%s", SV_ARG(p->launch_id), rest);
}

struct sv page_asset_path(const struct page *p, const char *name) {
    return sv_printf(p->arena, "/assets/%.*s/%s", SV_ARG(p->app->asset_hash), name);
}

json_t *page_json_text(struct sv text) {
    json_t *v = json_stringn(text.ptr == NULL ? "" : text.ptr, text.len);
    return v == NULL ? json_string("") : v; /* not UTF-8: nothing of ours, nothing to show */
}

json_t *page_json_textf(struct arena *a, const char *fmt, ...) {
    va_list ap;
    va_list again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *text = arena_array(a, n < 0 ? 1 : (size_t)n + 1, 1);
    (void)vsnprintf(text, n < 0 ? 1 : (size_t)n + 1, fmt, again);
    va_end(again);
    return page_json_text(sv_from(text));
}

void page_set_text(json_t *object, const char *key, struct sv text) {
    (void)json_object_set_new(object, key, page_json_text(text));
}

void page_set_bool(json_t *object, const char *key, bool value) {
    (void)json_object_set_new(object, key, json_boolean(value));
}

static json_t *url_list(const struct page *p, const char *name) {
    json_t *list = json_array();
    json_t *one = json_object();
    page_set_text(one, "url", page_asset_path(p, name));
    (void)json_array_append_new(list, one);
    return list;
}

json_t *page_model(const struct page *p, struct sv title) {
    json_t *model = json_object();
    json_t *page = json_object();
    page_set_text(page, "lang", SV("en"));
    page_set_text(page, "dir", SV("ltr"));
    page_set_text(page, "title", title);
    page_set_text(page, "icon", page_asset_path(p, "laurel.svg"));
    (void)json_object_set_new(page, "styles", url_list(p, "laurel.css"));
    (void)json_object_set_new(page, "scripts", url_list(p, "laurel.js"));
    (void)json_object_set_new(model, "page", page);
    return model;
}

static void add_tab(const struct page *p, json_t *tabs, const char *label, const char *path,
                    const char *id, const char *current) {
    json_t *tab = json_object();
    page_set_text(tab, "label", sv_from(label));
    page_set_text(tab, "url", page_path(p, "%s", path));
    page_set_bool(tab, "is_current", strcmp(id, current) == 0);
    (void)json_array_append_new(tabs, tab);
}

void page_add_header(const struct page *p, json_t *model, const char *current) {
    json_t *header = json_object();
    json_t *tabs = json_array();
    bool is_staff = p->session.role >= MODEL_ROLE_TEACHER;
    bool is_in_course = p->session.context_id != 0;
    page_set_text(header, "title",
                  p->session.course_title.len > 0 ? p->session.course_title : SV("Badges"));
    (void)json_object_set_new(header, "logo", json_null());
    page_add_fresh(p, header);
    page_set_bool(header, "has_tabs", is_staff);
    if (is_staff && is_in_course) {
        add_tab(p, tabs, "Course grid", "grid", "grid", current);
        add_tab(p, tabs, "Learner view", "learner", "learner", current);
    }
    if (p->session.role == MODEL_ROLE_ADMIN) {
        add_tab(p, tabs, "Badges", "badges", "badges", current);
        if (is_in_course) {
            add_tab(p, tabs, "Items", "items", "items", current);
        }
        add_tab(p, tabs, "Courses", "courses", "courses", current);
        add_tab(p, tabs, "Connection", "connection", "connection", current);
    }
    (void)json_object_set_new(header, "tabs", tabs);
    (void)json_object_set_new(model, "header", header);
}

void page_add_plain_header(const struct page *p, json_t *model) {
    page_add_header(p, model, "");
    json_t *header = json_object_get(model, "header");
    (void)json_object_set_new(header, "fresh", json_null());
    (void)json_object_set_new(header, "problem", json_null());
    page_set_bool(header, "has_tabs", false);
}

void page_add_notice(const struct page *p, json_t *model) {
    static const struct {
        const char *key, *kind, *title, *text;
    } rows[] = {
        {"asked", "info", "Asked for a moment ago",
         "The line above says what has come of it so far."},
        {"fresh", "info", "The grades were read less than a minute ago",
         "Nothing newer can be here yet. Try again in a minute."},
        {"awarded", "done", "The badge is awarded", "The learner sees it at once."},
        {"kept", "done", "The badge is kept", "Grades do not take it away any more."},
        {"declined", "done", "The proposal is declined", ""},
        {"revoked", "done", "The badge is revoked",
         "It stays revoked, whatever the grades become."},
        {"restored", "done", "The badge is restored", "It counts again, as before."},
        {"attested", "done", "Confirmed", "The badge follows as soon as everything else is met."},
        {"probing", "info", "Checking the platform", "This page shows what was found in a moment."},
        {"approved", "done", "The deployment is let in", "Open Laurel there again."},
        {"refused", "done", "The deployment is refused",
         "Launches from it are turned away. You can let it in later."},
        {"disconnected", "done", "Canvas is disconnected",
         "Its tokens are forgotten here and ended there. What was read stays."},
        {"disconnected_here", "info", "Canvas is disconnected here",
         "Its tokens are forgotten here, but Canvas could not be told. End the access there: "
         "Account, Settings, Approved Integrations."},
        {"shared", "done", "The badge is shared",
         "Whoever has the link sees the badge, and what you chose."},
        {"unshared", "done", "The badge is private again", "Its page and files are gone."},
        {"chosen", "done", "The item is chosen",
         "The badge is judged by it from now on; awards follow in a moment."},
        {"imported", "done", "The badges are imported",
         "Learners who meet them already have them in a moment."},
        {"uploaded", "done", "The grades are stored",
         "Learners who meet a badge already have it in a moment."},
        {"copied", "done", "The badges are switched on",
         "Grades are read now; learners who meet them already have them in a moment."},
        {"copied_some", "done", "Some badges are switched on",
         "Those whose items this course does not have are left out. A badge admin can add them."},
        {"copy_declined", "done", "The badges are left out",
         "A badge admin can still add this course to a badge."},
    };
    struct web_form query = {0};
    struct sv done = {0};
    struct err ignored = {0};
    json_t *notice = json_null();
    if (web_query(p->req, &query, &ignored) && web_form_one(&query, "done", &done, &ignored)) {
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
            if (sv_eq(done, sv_from(rows[i].key))) {
                notice = json_object();
                page_set_text(notice, "kind", sv_from(rows[i].kind));
                page_set_text(notice, "title", sv_from(rows[i].title));
                page_set_text(notice, "text", sv_from(rows[i].text));
            }
        }
    }
    (void)json_object_set_new(model, "notice", notice);
}

bool page_wants_json(const struct page *p) {
    return sv_starts(web_header(p->req, "Accept"), SV("application/json"));
}

bool page_render(struct page *p, int status, const char *template, json_t *model, struct err *err) {
    AUTO_JSON *owned = model;
    web_html(p->resp, status);
    return text_render(p->app->templates, template, owned, &p->resp->body, err);
}

/* What an error page says. */
struct words {
    const char *title, *todo;
};

static struct words words_for(int status) {
    switch (status) {
    case 403:
        return (struct words){"This page is not for you",
                              "Go back to your course, or ask a teacher."};
    case 404:
        return (struct words){"This page is not here",
                              "Check the address, or open the badges link in your course again."};
    case 405:
        return (struct words){"This page works another way", "Open it from your course."};
    case 409:
        return (struct words){"Somebody was faster", "Load the page again and look what changed."};
    case 413:
        return (struct words){"That is too large", "Send less, or split the file."};
    case 429:
        return (struct words){"That was very often", "Wait a minute, then try again."};
    case 502:
    case 503:
        return (struct words){"Too busy at the moment",
                              "Wait a few seconds, then load the page again."};
    case 500:
        return (struct words){
            "We could not finish that",
            "Nothing was lost. Try again; if it stays, send us the reference below."};
    default:
        return (struct words){"We could not read that", "Go back, correct it and send it again."};
    }
}

static const char *what_for(const struct err *e, int status) {
    return status == 500   ? "Something went wrong on our side"
           : status == 503 ? "Our database does not answer right now"
                           : e->text;
}

static json_t *error_model(const struct page *p, const struct err *e, int status) {
    struct words w = words_for(status);
    json_t *model = page_model(p, sv_from(w.title));
    page_set_text(model, "title", sv_from(w.title));
    page_set_text(model, "what", page_sentence(p->arena, sv_from(what_for(e, status))));
    page_set_text(model, "todo", sv_from(w.todo));
    page_set_text(model, "correlation", sv_from(p->req->id == NULL ? "" : p->req->id));
    json_t *back = json_null();
    if (p->session.person_id != 0) {
        back = json_object();
        page_set_text(back, "url", page_path(p, "%s", ""));
        page_set_text(back, "label", SV("Back to the badges of this course"));
    }
    (void)json_object_set_new(model, "back", back);
    return model;
}

void page_error(struct page *p, const struct err *e) {
    int status = web_error_status(e);
    bool is_ours = status >= 500;
    log_err(is_ours ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "page_error", e);
    if (is_ours) {
        atomic_fetch_add(&p->app->metrics.errors, 1);
    }
    /* Keep what the answer must carry (Allow, framing), drop the half-made page. */
    p->resp->body.len = 0;
    p->resp->borrowed = sv_of(NULL, 0);
    p->resp->csp.is_framed_by_anyone = p->session.person_id == 0;
    struct err again = {0};
    bool is_session = strcmp(e->reason, "session") == 0;
    bool is_shown = is_session
                        ? page_render(p, 401, "start_again.html",
                                      page_model(p, SV("Please start from your course")), &again)
                        : page_render(p, status, "error.html", error_model(p, e, status), &again);
    if (status == 503 && !web_header_add(p->resp, "Retry-After", SV("5"), &again)) {
        is_shown = false;
    }
    if (!is_shown) {
        log_err(LOG_LEVEL_ERROR, "page_error_page", &again);
        p->resp->body.len = 0;
        web_text(p->resp, status, SV("We could not finish that. Try again in a moment.\n"));
    }
}
