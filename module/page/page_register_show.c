/* The pages of dynamic registration: asked, done, or why not. */
#include "base_log.h"
#include "lti_url.h"
#include "page_register.h"
#include <string.h>

#define NOT_SAID "not said"
#define CLOSE_AFTER_S 30

static struct sv product_name(const struct page_visit *v) {
    struct sv product = v->platform.product;
    return sv_eq(product, SV("moodle"))   ? SV("Moodle")
           : sv_eq(product, SV("canvas")) ? SV("Canvas")
                                          : SV("The learning platform");
}

static struct sv host_of(struct sv url) {
    struct lti_url parts = {0};
    return lti_url_read(url, &parts) ? parts.host : url;
}

/* Names of the services in a space-separated list of scopes, in words. */
static struct sv services_words(const struct page *p, struct sv scopes) {
    struct str out;
    str_init(&out, p->arena, 1024);
    for (size_t s = 0; s < LTI_REGISTER_SERVICES; s++) {
        struct sv rest = scopes;
        while (rest.len > 0) {
            struct sv one;
            (void)sv_cut(rest, ' ', &one, &rest);
            if (sv_eq(one, sv_from(lti_register_services[s].scope))) {
                str_addf(&out, "%s%s", out.len == 0 ? "" : ", ", lti_register_services[s].gives);
            }
        }
    }
    return out.len == 0 ? SV(NOT_SAID) : str_sv(&out);
}

static struct sv offered(const struct page *p, const struct page_visit *v) {
    struct str out;
    str_init(&out, p->arena, 1024);
    for (size_t s = 0; s < LTI_REGISTER_SERVICES; s++) {
        if (v->platform.offers[s]) {
            str_addf(&out, "%s%s", out.len == 0 ? "" : " ", lti_register_services[s].scope);
        }
    }
    return str_sv(&out);
}

static struct sv or_unsaid(struct sv text) { return text.len == 0 ? SV(NOT_SAID) : text; }

void page_register_rows(const struct page *p, const struct page_visit *v,
                        struct page_register_row out[PAGE_REGISTER_ROWS]) {
    const struct model_registration *old = &v->old;
    const struct lti_register_platform *new = &v->platform;
    const struct page_register_row rows[PAGE_REGISTER_ROWS] = {
        {"Login address", old->auth_url, new->auth_url},
        {"Token address", old->token_url, new->token_url},
        {"Audience of token requests", or_unsaid(old->token_audience),
         or_unsaid(new->token_audience)},
        {"Key set", old->jwks_url, new->jwks_url},
        {"Laurel may", services_words(p, old->scopes), services_words(p, offered(p, v))}};
    memcpy(out, rows, sizeof rows);
}

bool page_register_ask(struct page *p, const struct page_visit *v, struct sv seal,
                       struct err *err) {
    struct page_register_row rows[PAGE_REGISTER_ROWS];
    json_t *model = page_model(p, SV("Update the connection?"));
    json_t *list = json_array();
    size_t changed = 0;
    page_register_rows(p, v, rows);
    for (size_t i = 0; i < PAGE_REGISTER_ROWS; i++) {
        bool is_changed = !sv_eq(rows[i].before, rows[i].after);
        json_t *row = json_object();
        page_set_text(row, "label", sv_from(rows[i].label));
        page_set_text(row, "before", rows[i].before);
        page_set_text(row, "after", is_changed ? rows[i].after : SV(""));
        page_set_bool(row, "is_changed", is_changed);
        (void)json_array_append_new(list, row);
        changed += is_changed ? 1 : 0;
    }
    page_set_text(model, "lead",
                  sv_printf(p->arena, "%.*s at %.*s is connected already.", SV_ARG(product_name(v)),
                            SV_ARG(host_of(v->platform.issuer))));
    page_set_text(
        model, "summary",
        changed == 0
            ? SV("It says of itself what Laurel knows. An update tells it anew what Laurel "
                 "needs.")
            : SV("Look at what it says of itself now. Nothing has changed yet."));
    (void)json_object_set_new(model, "rows", list);
    page_set_text(model, "invite", v->code);
    page_set_text(model, "openid_configuration", v->config_url);
    page_set_text(model, "registration_token", v->token);
    page_set_text(model, "seal", seal);
    return page_render(p, 200, "register_ask.html", model, err);
}

/* What the Close button does. */
static void add_script(const struct page *p, json_t *model) {
    json_t *script = json_object();
    page_set_text(script, "url", page_asset_path(p, "register.js"));
    (void)json_array_append_new(json_object_get(json_object_get(model, "page"), "scripts"), script);
}

static void add_text(json_t *list, struct sv text) {
    json_t *one = json_object();
    page_set_text(one, "text", text);
    (void)json_array_append_new(list, one);
}

static json_t *services(const struct page_visit *v, const struct lti_register_grant *grant) {
    json_t *list = json_array();
    for (size_t s = 0; s < LTI_REGISTER_SERVICES; s++) {
        json_t *one = json_object();
        page_set_text(one, "state", grant->grants[s] ? SV("met") : SV("none"));
        page_set_text(one, "text", sv_from(lti_register_services[s].gives));
        page_set_text(one, "word",
                      grant->grants[s]        ? SV("granted")
                      : v->platform.offers[s] ? SV("not granted")
                                              : SV("not offered by this platform"));
        (void)json_array_append_new(list, one);
    }
    return list;
}

static json_t *steps(const struct page_visit *v, const struct lti_register_grant *grant) {
    json_t *list = json_array();
    if (sv_eq(v->platform.product, SV("moodle"))) {
        add_text(list, SV("In Moodle's list of tools, choose Activate: until then it lets nobody "
                          "launch. Then edit the tool and show it in the activity chooser."));
    } else if (sv_eq(v->platform.product, SV("canvas"))) {
        add_text(list, SV("In Canvas, look over the placements and switch the tool on."));
    } else {
        add_text(list, SV("If the platform shows the tool as pending, switch it on there."));
    }
    if (v->old.id == 0 && grant->deployment_id.len == 0) {
        add_text(list,
                 v->invite.approves_deployments
                     ? SV("Open Laurel from a course: the deployment joins by itself.")
                     : SV("Open Laurel from a course once. That launch waits for approval: an "
                          "administrator of Laurel approves it with laurel platform approve, or on "
                          "the connection page."));
    }
    return list;
}

bool page_register_done(struct page *p, const struct page_visit *v,
                        const struct lti_register_grant *grant, struct err *err) {
    bool is_new = v->old.id == 0;
    json_t *model = page_model(p, is_new ? SV("Connected") : SV("Updated"));
    add_script(p, model);
    page_set_text(model, "title",
                  is_new ? SV("Laurel is connected") : SV("The connection is updated"));
    page_set_text(model, "lead",
                  sv_printf(p->arena, "%.*s at %.*s belongs to %.*s.", SV_ARG(product_name(v)),
                            SV_ARG(host_of(v->platform.issuer)), SV_ARG(v->invite.institution)));
    (void)json_object_set_new(model, "services", services(v, grant));
    (void)json_object_set_new(model, "steps", steps(v, grant));
    page_set_text(model, "client_id", grant->client_id);
    page_set_text(model, "deployment",
                  grant->deployment_id.len > 0
                      ? sv_printf(p->arena, "deployment %.*s", SV_ARG(grant->deployment_id))
                      : SV("deployment known after the first launch"));
    (void)json_object_set_new(model, "close_after_s", json_integer(CLOSE_AFTER_S));
    return page_render(p, 200, "register_done.html", model, err);
}

/* What to do, by the reason; the last one is for all others. */
static const char *todo_for(const char *reason) {
    static const struct {
        const char *reason, *todo;
    } rows[] = {
        {"invite_missing", "Ask whoever runs Laurel for an invitation link, and paste the whole of "
                           "it into the platform."},
        {"invite_unknown", "Check that the whole link was pasted, or ask for a new one."},
        {"invite_used", "If the platform shows Laurel among its tools, it is connected. Otherwise "
                        "ask whoever runs Laurel for a new link."},
        {"invite_expired", "Ask whoever runs Laurel for a new link."},
        {"by_hand", "Paste it there. Moodle: Site administration > Plugins > External tool > "
                    "Manage tools, as the tool URL. Canvas: Admin > Developer Keys or Apps, add by "
                    "registration URL."},
        {"registered", "To change the connection that is there, ask whoever runs Laurel for an "
                       "invitation bound to it (laurel platform invite --update), and delete the "
                       "tool that the platform has just made."},
        {"update",
         "Ask whoever runs Laurel for an invitation bound to the connection that is there "
         "(laurel platform invite --update), or choose to register a new tool. Nothing "
         "was changed on either side, and the invitation is still good."},
        {"client_id", "Delete the new tool at the platform, and start the update from the tool "
                      "that is there."},
        {"other_platform", "Use it at the platform it was made for, or ask for one without "
                           "--update."},
        {"seal", "Start the update at the platform again and look at what it shows."},
        {"cross_site", "Start the update at the platform again."},
        {"policy", "The operator of Laurel has to allow this host in outbound_allow."},
        {"busy", "Wait a few seconds, then start the registration at the platform again. The "
                 "invitation is still good."},
        {"openid_configuration", "Tell the people who look after the platform. The invitation is "
                                 "still good."},
        {"registration_response", "Delete the tool that the platform has just made and tell the "
                                  "people who look after the platform. The invitation is still "
                                  "good."},
        {"registration_refused", "Nothing was saved here, and the invitation is still good."},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (strcmp(reason, rows[i].reason) == 0) {
            return rows[i].todo;
        }
    }
    return "Start the registration at the platform again in a few minutes; if it has a tool named "
           "Laurel already, delete it there first. The invitation is still good.";
}

bool page_register_problem(struct page *p, const struct err *why, struct err *err) {
    int status = web_error_status(why);
    bool is_ours = why->code == ERR_DB || why->code == ERR_BUG;
    log_err(is_ours ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, "register_refused", why);
    p->resp->body.len = 0;
    /* Without a usable address of the platform it still must be readable, and shows nothing of
     * anybody. */
    p->resp->csp.is_framed_by_anyone = p->resp->csp.frame_ancestor_count == 0;
    if (status == 503 && !web_header_add(p->resp, "Retry-After", SV("5"), err)) {
        return false;
    }
    json_t *model = page_model(p, SV("Not connected"));
    add_script(p, model);
    page_set_text(model, "title", SV("Laurel was not connected"));
    page_set_text(model, "what",
                  is_ours ? SV("Laurel could not save or read something on its own side.")
                          : page_sentence(p->arena, sv_from(why->text)));
    page_set_text(model, "todo", sv_from(todo_for(why->reason)));
    page_set_text(model, "reason", sv_from(why->reason));
    page_set_text(model, "correlation", sv_from(p->req->id));
    return page_render(p, status, "register_problem.html", model, err);
}
