/* Connecting Canvas by OAuth2 (reference lti.md 11.1; attacks.md F18, I10): a window of its own,
 * opened by a button of the Connection page, goes to Canvas's consent page and comes back here
 * once.
 *
 * The state is random, kept as a hash, single, ten minutes long, and bound to the admin's session,
 * the deployment and the browser that began. The code goes to the source's own host and no other,
 * whatever the answer says. These pages are framed by nobody and log no code, state or token. */
#include "page_oauth.h"
#include "base_encode.h"
#include "base_log.h"
#include "base_num.h"
#include "grades_oauth.h"
#include "page_lti.h"
#include "store_oauth.h"

#define PURPOSE "oauth-ticket"
#define TICKET_MAX 400
#define VALUE_MAX 4096 /* of a code */
#define STATE_BYTES 32

bool page_oauth_ticket(struct page *p, int64_t deployment_id, struct sv *out, struct err *err) {
    struct sv box = {0};
    struct sv plain =
        sv_printf(p->arena, "%.*s %lld %lld %lld", SV_ARG(p->launch_id),
                  (long long)p->session.person_id, (long long)deployment_id, (long long)p->now);
    if (!seal_box(p->app->options.seal, PURPOSE, SV(PURPOSE), plain, p->arena, &box, err)) {
        return false;
    }
    *out = base64url_encode(p->arena, box.ptr, box.len);
    return true;
}

static bool ticket_open(struct page *p, struct sv text, struct store_oauth_visit *out,
                        struct err *err) {
    struct err ignored = {0};
    struct sv box;
    struct sv plain = {0};
    struct sv person;
    struct sv deployment;
    struct sv at;
    usec_t made_at = 0;
    bool is_ours =
        text.len <= TICKET_MAX && base64url_decode(p->arena, text, &box, &ignored) &&
        seal_unbox(p->app->options.seal, PURPOSE, SV(PURPOSE), box, p->arena, &plain, &ignored) &&
        sv_cut(plain, ' ', &out->launch_id, &plain) && sv_cut(plain, ' ', &person, &plain) &&
        sv_cut(plain, ' ', &deployment, &at) &&
        num_parse_i64(person, 1, INT64_MAX, &out->person_id) &&
        num_parse_i64(deployment, 1, INT64_MAX, &out->deployment_id) &&
        num_parse_i64(at, 0, INT64_MAX, &made_at);
    if (!is_ours || p->now - made_at > PAGE_SESSION_COOKIE_S * USEC_PER_S) {
        return err_because(err, ERR_DENIED, "ticket",
                           "this window was not opened from a Connection page that is still good");
    }
    return true;
}

static struct sv redirect_uri(const struct page *p) {
    return sv_printf(p->arena, "%.*s/oauth/canvas", SV_ARG(p->app->options.base_url));
}

static struct grades_oauth_key key_of(const struct page *p, const struct store_oauth *o) {
    return (struct grades_oauth_key){.base_url = o->base_url,
                                     .client_id = o->client_id,
                                     .secret = o->secret,
                                     .redirect_uri = redirect_uri(p),
                                     .asks_scopes = o->asks_scopes};
}

struct outcome {
    const char *title;
    struct sv lead, todo;
    const char *reason;
};

static bool show(struct page *p, int status, const struct outcome *o, struct err *err) {
    json_t *model = page_model(p, sv_from(o->title));
    json_t *problem = json_null();
    page_set_text(model, "title", sv_from(o->title));
    page_set_text(model, "lead", o->lead);
    page_set_text(model, "todo", o->todo);
    page_set_text(model, "next", SV(""));
    page_set_bool(model, "is_going", false);
    if (o->reason != NULL) {
        problem = json_object();
        page_set_text(problem, "reason", sv_from(o->reason));
        page_set_text(problem, "correlation", sv_from(p->req->id));
    }
    (void)json_object_set_new(model, "problem", problem);
    return page_render(p, status, "oauth.html", model, err);
}

static bool refuse(struct page *p, const struct err *why, struct err *err) {
    bool is_ours = why->code == ERR_DB || why->code == ERR_BUG;
    log_event(LOG_LEVEL_WARN, "oauth_refused", LOG_TEXT("reason", why->reason),
              LOG_TEXT("code", err_code_name(why->code)));
    web_response_reset(p->resp);
    const struct outcome o = {
        .title = "Canvas was not connected",
        .lead = is_ours ? SV("Laurel could not answer right now. Nothing was kept.")
                        : page_sentence(p->arena, sv_from(why->text)),
        .todo = SV("Close this window, load Laurel's Connection page again and press \"Connect to "
                   "Canvas\" there."),
        .reason = why->reason[0] != '\0' ? why->reason : err_code_name(why->code)};
    return show(p, web_error_status(why), &o, err);
}

/* Not by a redirect: the page with the button need not know where forms end up (its policy would
 * have to name each school's Canvas), and where one goes is said first. */
static bool go(struct page *p, const struct store_oauth *o, struct sv state, struct err *err) {
    const struct grades_oauth_key key = key_of(p, o);
    struct sv url = grades_oauth_url(p->arena, &key, state);
    json_t *model = page_model(p, SV("Going to Canvas"));
    page_set_text(model, "title", SV("Going to Canvas"));
    page_set_text(
        model, "lead",
        sv_printf(p->arena,
                  "%.*s asks you now whether Laurel may read grades. Sign in there as the "
                  "account whose courses it shall read.",
                  SV_ARG(o->base_url)));
    page_set_text(model, "todo", SV(""));
    page_set_text(model, "next", url);
    page_set_bool(model, "is_going", true);
    (void)json_object_set_new(model, "problem", json_null());
    return page_render(p, 200, "oauth.html", model, err) &&
           web_header_add(p->resp, "Refresh", sv_printf(p->arena, "0; url=%.*s", SV_ARG(url)), err);
}

static bool begin(struct page *p, struct err *err) {
    struct web_form form = {0};
    struct store_oauth_visit visit = {0};
    struct store_oauth_return back = {0};
    struct store_oauth o = {0};
    struct sv ticket = {0};
    unsigned char state[STATE_BYTES];
    random_bytes(state, sizeof state);
    visit.state = base64url_encode(p->arena, state, sizeof state);
    return page_sent_by_us(p, err) && web_form(p->req, &form, err) &&
           web_form_need(&form, "ticket", &ticket, err) && ticket_open(p, ticket, &visit, err) &&
           page_lti_keep_browser(p, &visit.browser, err) &&
           store_oauth_begin(p->app->options.store, &visit, err) &&
           store_oauth_return(p->app->options.store, visit.state, visit.browser, p->arena, &back,
                              err) &&
           store_oauth_get(p->app->options.store, back.institution_id, back.deployment_id, p->arena,
                           &o, err) &&
           go(p, &o, visit.state, err);
}

bool page_oauth_start(struct page *p, struct err *err) {
    struct err why = {0};
    return begin(p, &why) || refuse(p, &why, err);
}

struct arrival {
    struct sv state, code, error;
    struct store_oauth_return by;
};

static bool read_arrival(struct page *p, struct arrival *a, struct err *err) {
    struct web_form query = {0};
    struct sv browser = {0};
    if (!web_query(p->req, &query, err) || !web_form_one(&query, "state", &a->state, err) ||
        !web_form_one(&query, "code", &a->code, err) ||
        !web_form_one(&query, "error", &a->error, err)) {
        return false;
    }
    struct sv name = web_cookie_name(p->arena, SV(PAGE_COOKIE_BROWSER), false);
    if (!web_cookie(p->req, name, &browser)) {
        browser = sv_of(NULL, 0);
    }
    return store_oauth_return(p->app->options.store, a->state, browser, p->arena, &a->by, err);
}

static bool check_answer(const struct arrival *a, struct err *err) {
    if (sv_eq(a->error, SV("access_denied"))) {
        return err_because(err, ERR_DENIED, "access_denied",
                           "it was not allowed in Canvas, so Laurel reads nothing there");
    }
    if (sv_eq(a->error, SV("invalid_scope"))) {
        return err_because(
            err, ERR_DENIED, "invalid_scope",
            "the developer key in Canvas does not offer every scope that Laurel asks "
            "for: its administrator finds the list in Laurel's guide to Canvas");
    }
    if (a->error.len > 0) {
        return err_because(err, ERR_DENIED, "oauth_error",
                           "Canvas refused; its administrator should check that the developer key "
                           "is on and lists Laurel's redirect address");
    }
    if (a->code.len == 0 || a->code.len > VALUE_MAX || !sv_is_printable_ascii(a->code)) {
        return err_because(err, ERR_INPUT, "code", "Canvas's answer holds no code");
    }
    return true;
}

static bool keep(struct page *p, const struct arrival *a, struct grades_oauth_grant *got,
                 struct err *err) {
    struct store_oauth o = {0};
    if (!check_answer(a, err) || !store_oauth_get(p->app->options.store, a->by.institution_id,
                                                  a->by.deployment_id, p->arena, &o, err)) {
        return false;
    }
    const struct grades_oauth_key key = key_of(p, &o);
    if (!grades_oauth_exchange(&key, a->code, &p->app->http, p->arena, got, err)) {
        return false;
    }
    const struct store_oauth_grant grant = {.by = a->by,
                                            .state = a->state,
                                            .client_id = o.client_id,
                                            .access = got->access,
                                            .refresh = got->refresh,
                                            .user_id = got->user_id,
                                            .user_name = got->user_name,
                                            .lasts_s = got->lasts_s};
    return store_oauth_grant(p->app->options.store, &grant, err);
}

bool page_oauth_return(struct page *p, struct err *err) {
    struct arrival a = {0};
    struct grades_oauth_grant got = {0};
    struct err why = {0};
    struct err failed = {0};
    if (!read_arrival(p, &a, &why)) {
        return refuse(p, &why, err);
    }
    if (!keep(p, &a, &got, &why)) {
        if (!store_oauth_burn(p->app->options.store, a.state, &failed)) {
            log_err(LOG_LEVEL_WARN, "oauth_burn", &failed); /* it ends in ten minutes */
        }
        return refuse(p, &why, err);
    }
    log_event(LOG_LEVEL_INFO, "oauth_connected", LOG_INT("deployment", a.by.deployment_id));
    struct sv who = got.user_name.len > 0 ? got.user_name : SV("somebody without a name");
    const struct outcome o = {
        .title = "Canvas is connected",
        .lead = sv_printf(p->arena,
                          "Laurel reads grades as %.*s, and what that account may see. The courses "
                          "are read now.",
                          SV_ARG(who)),
        .todo = SV("If that is not the account you meant, disconnect on the Connection page and "
                   "connect again. You may close this window.")};
    return show(p, 200, &o, err);
}
