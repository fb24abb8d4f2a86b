#include "page_connection.h"
#include "base_log.h"
#include "page_course.h"
#include "page_fix.h"
#include "store_parked.h"
#include "store_problem.h"

/* Older problems are history. */
#define PROBLEM_SHOWN_FOR ((usec_t)14 * 86400 * USEC_PER_S)

bool page_connection_may_change(const struct page *p) { return p->session.issuer_count == 0; }

static struct sv date_time(const struct page *p, usec_t t) {
    char text[TEXT_TIME_MAX];
    return sv_copy(p->arena, sv_from(text_date_time(p->zone, t, text)));
}

static struct sv ago(const struct page *p, usec_t t) {
    char text[TEXT_TIME_MAX];
    return sv_copy(p->arena, sv_from(text_ago(p->zone, t, p->now, text)));
}

static struct sv host_of(struct sv url) {
    struct sv rest = url;
    struct sv scheme = {0};
    if (sv_cut(url, '/', &scheme, &rest) && sv_starts(rest, SV("/"))) {
        rest = sv_skip(rest, 1);
    }
    return sv_head(rest, sv_find(rest, '/'));
}

static struct sv title_of(const struct page *p, const struct store_connection *c) {
    static const struct sv known[] = {SV("Moodle"), SV("Canvas")};
    struct sv name = c->product.len > 0 ? c->product : SV("Learning platform");
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        name = sv_eq_nocase(name, known[i]) ? known[i] : name;
    }
    return sv_printf(p->arena, "%.*s at %.*s", SV_ARG(name), SV_ARG(host_of(c->issuer)));
}

/* A form's fields besides the token: which deployment it is about. */
static json_t *form_for(const struct page *p, const char *deed, const struct store_connection *c,
                        struct sv deployment_id) {
    json_t *form = json_object();
    page_set_text(form, "action", page_path(p, "connection/%s", deed));
    page_set_text(form, "csrf", page_csrf(p));
    page_set_text(form, "registration", c->slug);
    page_set_text(form, "deployment", deployment_id);
    return form;
}

/* What refused launches told of late; *is_failing: one came after the last launch that went well.
 */
static bool add_problems(struct page *p, json_t *obj, const struct store_connection *c,
                         bool *is_failing, struct err *err) {
    struct store_problem *all = NULL;
    size_t count = 0;
    json_t *list = json_array();
    (void)json_object_set_new(obj, "problems", list);
    if (!store_problem_list(p->app->options.store, c->registration_id, p->arena, &all, &count,
                            err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        /* A registration that schools share: whose deployment it was is not this school's business.
         */
        bool is_others = !c->is_own && sv_eq(all[i].reason, SV("deployment"));
        if (is_others || p->now - all[i].last_at > PROBLEM_SHOWN_FOR) {
            continue;
        }
        bool is_before = all[i].last_at < c->launched_at;
        json_t *one = json_object();
        char times[TEXT_TIME_MAX];
        page_set_text(one, "text", page_sentence(p->arena, all[i].text));
        page_set_text(one, "fix", is_before ? SV("") : sv_from(page_fix_for(all[i].reason)));
        page_set_text(one, "when",
                      sv_printf(p->arena, "%s, last %.*s.%s",
                                text_count(all[i].count, "time", "times", times),
                                SV_ARG(ago(p, all[i].last_at)),
                                is_before ? " Launches have worked since." : ""));
        page_set_bool(one, "is_before", is_before);
        (void)json_array_append_new(list, one);
        *is_failing = *is_failing || !is_before;
    }
    page_set_bool(obj, "has_problems", json_array_size(list) > 0);
    return true;
}

static bool add_waiting(struct page *p, json_t *obj, const struct store_connection *c,
                        struct err *err) {
    struct store_parked *all = NULL;
    size_t count = 0;
    json_t *list = json_array();
    (void)json_object_set_new(obj, "waiting", list);
    if (c->is_own && !store_parked_list(p->app->options.store, c->registration_id, p->arena, &all,
                                        &count, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        json_t *one = json_object();
        char times[TEXT_TIME_MAX];
        page_set_text(one, "deployment", all[i].deployment_id);
        page_set_text(one, "text",
                      sv_printf(p->arena, "%s%s%.*s%sTried %s, last %.*s.",
                                all[i].is_refused ? "Refused. " : "",
                                all[i].title.len > 0 ? "From \"" : "", SV_ARG(all[i].title),
                                all[i].title.len > 0 ? "\". " : "",
                                text_count(all[i].launches, "time", "times", times),
                                SV_ARG(ago(p, all[i].last_at))));
        json_t *form = json_null();
        if (page_connection_may_change(p)) {
            form = form_for(p, "deployment", c, all[i].deployment_id);
            page_set_bool(form, "may_refuse", !all[i].is_refused);
        }
        (void)json_object_set_new(one, "form", form);
        (void)json_array_append_new(list, one);
    }
    page_set_bool(obj, "has_waiting", count > 0);
    return true;
}

static void add_grants(const struct page *p, json_t *obj, const struct store_connection *c) {
    struct store_capabilities *found = ARENA_NEW(p->arena, struct store_capabilities);
    bool is_probed = c->probed_at != 0 && store_capabilities_read(c->capabilities, p->arena, found);
    const struct page_grants grants = {.found = is_probed ? found : NULL,
                                       .source_kind = c->source_kind,
                                       .has_notices = c->has_notices,
                                       .offers_storage = c->offers_storage};
    struct sv course = is_probed ? found->course : sv_of(NULL, 0);
    page_set_text(obj, "checked",
                  !is_probed ? SV("")
                  : course.len > 0
                      ? sv_printf(p->arena, "Checked %.*s, in \"%.*s\".",
                                  SV_ARG(ago(p, c->probed_at)), SV_ARG(course))
                      : sv_printf(p->arena, "Checked %.*s.", SV_ARG(ago(p, c->probed_at))));
    page_set_bool(obj, "is_probed", is_probed);
    page_set_bool(obj, "is_checking", c->is_probing);
    (void)json_object_set_new(obj, "services", page_connection_services(p->arena, &grants));
    (void)json_object_set_new(obj, "rules", page_connection_rules(&grants));
    json_t *check = json_null();
    if (c->is_active && c->is_enabled) {
        check = form_for(p, "probe", c, c->deployment_id);
        page_set_text(check, "label", is_probed ? SV("Check again") : SV("Check the platform"));
    }
    (void)json_object_set_new(obj, "check", check);
}

static void add_state(const struct page *p, json_t *obj, const struct store_connection *c,
                      bool is_failing) {
    bool is_off = !c->is_enabled || (c->id != 0 && !c->is_active);
    bool is_new = c->launched_at == 0;
    page_set_text(obj, "state",
                  is_off || (is_failing && !is_new) ? SV("problem")
                  : is_new                          ? SV("review")
                                                    : SV("earned"));
    page_set_text(obj, "word",
                  is_off       ? SV("Switched off")
                  : is_failing ? SV("Needs a look")
                  : is_new     ? SV("Not opened yet")
                               : SV("Works"));
    page_set_text(
        obj, "text",
        c->id == 0 ? SV("Registered. Open Laurel once in a course there: its deployment "
                        "then waits here for approval.")
        : is_new   ? SV("Nobody has opened Laurel from it yet.")
                 : sv_printf(p->arena, "Last opened %.*s.", SV_ARG(date_time(p, c->launched_at))));
}

static bool add_connection(struct page *p, json_t *list, const struct store_connection *c,
                           bool is_first_of_registration, struct err *err) {
    json_t *obj = json_object();
    (void)json_array_append_new(list, obj);
    bool is_failing = false;
    page_set_text(obj, "title", title_of(p, c));
    page_set_text(obj, "id", sv_printf(p->arena, "c%zu", json_array_size(list)));
    page_set_text(obj, "issuer", c->issuer);
    page_set_text(obj, "client_id", c->client_id);
    page_set_text(obj, "deployment", c->id == 0 ? SV("none yet") : c->deployment_id);
    if (!add_problems(p, obj, c, &is_failing, err)) {
        return false;
    }
    struct store_connection own = *c;
    own.is_own = c->is_own && is_first_of_registration; /* what waits is listed once */
    if (!add_waiting(p, obj, &own, err)) {
        return false;
    }
    page_set_bool(obj, "is_shared", !c->is_own);
    add_state(p, obj, c, is_failing);
    add_grants(p, obj, c);
    page_set_bool(obj, "has_deployment", c->id != 0);
    return page_connection_canvas(p, obj, c, err);
}

static json_t *connect_model(const struct page *p, const struct page_connection_link *link) {
    if (!page_connection_may_change(p)) {
        return json_null();
    }
    json_t *obj = json_object();
    json_t *made = json_null();
    if (link != NULL) {
        made = json_object();
        page_set_text(made, "url", link->url);
        page_set_text(made, "until", date_time(p, link->expires_at));
        page_set_text(
            made, "canvas",
            sv_printf(p->arena, "%.*s/lti/canvas.json", SV_ARG(p->app->options.base_url)));
    }
    page_set_text(obj, "action", page_path(p, "connection/invite"));
    page_set_text(obj, "csrf", page_csrf(p));
    (void)json_object_set_new(obj, "link", made);
    return obj;
}

bool page_connection_show(struct page *p, const struct page_connection_link *link,
                          struct err *err) {
    struct store_connection *all = NULL;
    struct err ignored = {0};
    size_t count = 0;
    bool is_checking = false;
    if (!store_connection_list(p->app->options.store, p->session.institution_id, p->arena, &all,
                               &count, err)) {
        return false;
    }
    json_t *model = page_model(p, SV("Connection"));
    json_t *list = json_array();
    (void)json_object_set_new(model, "connections", list);
    for (size_t i = 0; i < count; i++) {
        bool is_first = i == 0 || all[i].registration_id != all[i - 1].registration_id;
        is_checking = is_checking || all[i].is_probing;
        if (!add_connection(p, list, &all[i], is_first, err)) {
            json_decref(model);
            return false;
        }
    }
    /* A link is shown once: this page must not come back without it. */
    if (is_checking && link == NULL && !web_header_add(p->resp, "Refresh", SV("2"), &ignored)) {
        log_err(LOG_LEVEL_WARN, "refresh", &ignored);
    }
    page_add_header(p, model, "connection");
    page_add_notice(p, model);
    page_set_bool(model, "has_connections", count > 0);
    (void)json_object_set_new(model, "connect", connect_model(p, link));
    return page_render(p, 200, "connection.html", model, err);
}

bool page_connection(struct page *p, struct err *err) { return page_connection_show(p, NULL, err); }
