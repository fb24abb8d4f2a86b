/* Login, launch and our public keys (DESIGN 5, "Launch"; reference lti.md 1.2-1.5, 3.4). */
#include "base_encode.h"
#include "base_log.h"
#include "lti_launch.h"
#include "lti_login.h"
#include "lti_state.h"
#include "page_internal.h"
#include "store_key.h"
#include <string.h>

/* Body and query in one array, so that a name in both shows as the duplicate it is. */
static bool read_form(struct page *p, struct lti_form *out, struct err *err) {
    struct web_form query = {0};
    struct web_form body = {0};
    if (!web_query(p->req, &query, err) ||
        (p->req->method == WEB_POST && !web_form(p->req, &body, err))) {
        return false;
    }
    struct lti_pair *pairs = ARENA_ARRAY(p->arena, struct lti_pair, query.count + body.count);
    for (size_t i = 0; i < query.count + body.count; i++) {
        const struct web_pair *w = i < query.count ? &query.pairs[i] : &body.pairs[i - query.count];
        pairs[i] = (struct lti_pair){.name = w->name, .value = w->value};
    }
    *out = (struct lti_form){.pairs = pairs, .count = query.count + body.count};
    return true;
}

/* A launch or login that goes no further: a page a person understands, and one log line. */
static bool refuse(struct page *p, const char *event, const struct err *why, int status,
                   const char *todo, struct err *err) {
    atomic_fetch_add(&p->app->metrics.launches_refused, 1);
    log_event(LOG_LEVEL_WARN, event,
              LOG_TEXT("reason", why->reason[0] == '\0' ? "error" : why->reason),
              LOG_TEXT("code", err_code_name(why->code)), LOG_TEXT("text", why->text));
    p->resp->csp.is_framed_by_anyone = true;
    if (status == 503 && !web_header_add(p->resp, "Retry-After", SV("5"), err)) {
        return false;
    }
    json_t *model = page_model(p, SV("This page could not be opened"));
    page_set_text(model, "title", SV("This page could not be opened"));
    /* What our own parts say to each other (a database's address, a statement) is for the log. */
    bool is_ours = why->code == ERR_DB || why->code == ERR_BUG;
    page_set_text(model, "what",
                  is_ours ? SV("Laurel could not answer right now.")
                          : page_sentence(p->arena, sv_from(why->text)));
    page_set_text(model, "todo", sv_from(todo));
    page_set_text(model, "correlation", sv_from(p->req->id));
    page_set_text(model, "reason", sv_from(why->reason));
    return page_render(p, status, "refused.html", model, err);
}

static const char *const START_AGAIN = "Go back to your course and open the link again. If it "
                                       "keeps happening, tell the people who look "
                                       "after your learning platform.";
static const char *const ASK_ADMIN = "This is a setting of the learning platform or of Laurel, so "
                                     "trying again will not help: tell the "
                                     "people who look after your learning platform.";

/* Reasons that only an administrator can do something about. */
static const char *todo_for(const struct err *why) {
    static const char *const admin[] = {"alg",   "kid",        "signature",       "iss",
                                        "aud",   "azp",        "version",         "message_type",
                                        "roles", "deployment", "target_link_uri", "registration",
                                        "keyset"};
    for (size_t i = 0; i < ARRAY_LEN(admin); i++) {
        if (strcmp(why->reason, admin[i]) == 0) {
            return ASK_ADMIN;
        }
    }
    return START_AGAIN;
}

static int refusal_status(const struct err *why) {
    switch (why->code) {
    case ERR_INPUT:
    case ERR_NOT_FOUND:
    case ERR_CONFLICT:
        return 400;
    case ERR_DENIED:
        return 401;
    default:
        return 503; /* our database or the platform's keys: worth another try */
    }
}

static bool find_registration(struct page *p, const struct lti_login_request *r,
                              struct model_registration *out, struct err *err) {
    const struct store_registration_key key = {
        .slug = web_arg(p->req, "registration"), .issuer = r->iss, .client_id = r->client_id};
    return store_registration_get(p->app->options.store, &key, p->arena, out, err);
}

/* The browser's value, kept when it has one: several tabs may be on their way at once. */
static bool keep_browser(struct page *p, struct sv *browser, struct err *err) {
    struct sv name = web_cookie_name(p->arena, SV(PAGE_COOKIE_BROWSER), false);
    if (!web_cookie(p->req, name, browser) || !lti_state_browser_is_valid(*browser)) {
        *browser = lti_state_browser_new(p->arena);
    }
    const struct web_set_cookie cookie = {
        .name = SV(PAGE_COOKIE_BROWSER), .value = *browser, .max_age_s = PAGE_BROWSER_COOKIE_S};
    return web_cookie_add(p->resp, &cookie, err);
}

static struct sv launch_url(const struct page *p) {
    struct sv slug = web_arg(p->req, "registration");
    return slug.len == 0 ? sv_printf(p->arena, "%.*s/lti/launch", SV_ARG(p->app->options.base_url))
                         : sv_printf(p->arena, "%.*s/lti/launch/%.*s",
                                     SV_ARG(p->app->options.base_url), SV_ARG(slug));
}

static bool login(struct page *p, struct err *err) {
    struct lti_form form = {0};
    struct lti_login_request request = {0};
    struct model_registration registration = {0};
    struct sv browser = {0};
    struct sv state = {0};
    struct sv nonce = {0};
    struct sv url = {0};
    if (!read_form(p, &form, err) || !lti_login_parse(form, &request, err) ||
        !find_registration(p, &request, &registration, err) || !keep_browser(p, &browser, err)) {
        return false;
    }
    const struct lti_state_want want = {.registration_id = registration.id,
                                        .browser = browser,
                                        .deployment_id = request.deployment_id,
                                        .now = p->now};
    if (!lti_state_mint(p->app->options.seal, &want, p->arena, &state, &nonce, err)) {
        return false;
    }
    const struct lti_login_want go = {.registration = &registration,
                                      .request = &request,
                                      .redirect_uri = launch_url(p),
                                      .state = state,
                                      .nonce = nonce};
    return lti_login_redirect(&go, p->arena, &url, err) && web_found(p->resp, url, err);
}

bool page_lti_login(struct page *p, struct err *err) {
    struct err why = {0};
    if (login(p, &why)) {
        return true;
    }
    web_response_reset(p->resp);
    return refuse(p, "login_refused", &why, refusal_status(&why), todo_for(&why), err);
}

bool page_lti_launch_get(struct page *p, struct err *err) {
    p->resp->csp.is_framed_by_anyone = true;
    return page_render(p, 400, "start_again.html",
                       page_model(p, SV("Please start from your course")), err);
}

/* The browser brought no cookie at all: it does not keep ours inside the platform's frame. */
static bool is_cookieless(const struct page *p, const struct err *why) {
    return strcmp(why->reason, "state_browser") == 0 && web_header(p->req, "Cookie").len == 0;
}

static bool open_state(struct page *p, struct sv text, struct lti_state *state, struct err *err) {
    struct sv browser = {0};
    struct sv name = web_cookie_name(p->arena, SV(PAGE_COOKIE_BROWSER), false);
    if (!web_cookie(p->req, name, &browser)) {
        browser = sv_of(NULL, 0);
    }
    return lti_state_open(p->app->options.seal, text, browser, p->now, p->arena, state, err);
}

/* The platform answered with an error: the pending login is used up, the words are ours. */
static bool platform_error(struct page *p, const struct lti_launch_form *form, struct err *err) {
    struct lti_state state = {0};
    struct err why = {0};
    const struct lti_launch_refusal said = lti_launch_error(form->error);
    if (open_state(p, form->state, &state, &why) &&
        store_nonce_burn(
            p->app->options.store, state.registration_id, state.nonce,
            state.issued_at + (usec_t)(LTI_STATE_TTL_S + LTI_STATE_SKEW_S) * USEC_PER_S, &why)) {
        log_event(LOG_LEVEL_WARN, "platform_error", LOG_TEXT("error", said.code));
    }
    struct err shown = {0};
    (void)err_because(&shown, ERR_DENIED, "platform_error", "%s", said.sentence);
    return refuse(p, "launch_refused", &shown, 401, START_AGAIN, err);
}

static bool verify(struct page *p, const struct lti_launch_form *form, struct lti_launch *out,
                   struct err *err) {
    struct lti_state state = {0};
    struct model_registration registration = {0};
    if (!open_state(p, form->state, &state, err)) {
        return false;
    }
    const struct store_registration_key key = {.id = state.registration_id};
    if (!store_registration_get(p->app->options.store, &key, p->arena, &registration, err)) {
        return false;
    }
    struct sv slug = web_arg(p->req, "registration");
    if (slug.len > 0 && !sv_eq(slug, registration.slug)) {
        return err_because(err, ERR_DENIED, "state",
                           "the launch came to another platform's address");
    }
    const struct lti_launch_check check = {
        .claims = {.registration = &registration,
                   .nonce = state.nonce,
                   .deployment_digest = state.has_deployment ? state.deployment_digest : NULL,
                   .base_url = p->app->options.base_url,
                   .now = p->now,
                   .leeway_s = LTI_LEEWAY_MAX_S},
        .keys = p->app->keysets};
    return lti_launch_verify(p->arena, &check, form->id_token, out, err);
}

/* Save the launch and open its session. */
static bool enter(struct page *p, const struct lti_launch *verified, struct err *err) {
    char launch_id[37];
    uuid7(p->now, launch_id);
    unsigned char secret[32];
    random_bytes(secret, sizeof secret);
    struct sv token = base64url_encode(p->arena, secret, sizeof secret);
    struct sv browser = {0};
    struct sv name = web_cookie_name(p->arena, SV(PAGE_COOKIE_BROWSER), false);
    if (!web_cookie(p->req, name, &browser)) {
        return err_set(err, ERR_BUG, "the browser's cookie vanished");
    }
    struct store_launch record = {.launch = &verified->launch, .launch_id = launch_id};
    sha256(token.ptr, token.len, record.token_hash);
    sha256(browser.ptr, browser.len, record.browser_hash);
    if (!store_launch_record(p->app->options.store, &record, err)) {
        return false;
    }
    const struct web_set_cookie cookie = {
        .name = sv_printf(p->arena, PAGE_COOKIE_SESSION "%s", launch_id),
        .value = token,
        .max_age_s = PAGE_SESSION_COOKIE_S};
    return web_cookie_add(p->resp, &cookie, err) &&
           web_see_other(p->resp, sv_printf(p->arena, PAGE_PATH_LAUNCH "%s/", launch_id), err);
}

static bool launch(struct page *p, const struct lti_launch_form *form, struct err *err) {
    struct lti_launch verified = {0};
    if (!verify(p, form, &verified, err)) {
        return false;
    }
    if (verified.has_foreign_service_url) {
        log_event(LOG_LEVEL_WARN, "launch_foreign_service_url",
                  LOG_INT("registration", verified.launch.registration_id));
    }
    return enter(p, &verified, err);
}

bool page_lti_launch(struct page *p, struct err *err) {
    struct lti_form pairs = {0};
    struct lti_launch_form form = {0};
    struct err why = {0};
    if (!read_form(p, &pairs, &why) || !lti_launch_form_read(pairs, &form, &why)) {
        return refuse(p, "launch_refused", &why, 400, START_AGAIN, err);
    }
    if (form.is_error) {
        return platform_error(p, &form, err);
    }
    if (launch(p, &form, &why)) {
        atomic_fetch_add(&p->app->metrics.launches, 1);
        return true;
    }
    web_response_reset(p->resp);
    if (is_cookieless(p, &why)) {
        log_event(LOG_LEVEL_WARN, "launch_refused", LOG_TEXT("reason", why.reason),
                  LOG_TEXT("text", "no cookie came back"));
        p->resp->csp.is_framed_by_anyone = true;
        json_t *model = page_model(p, SV("One more step"));
        (void)json_object_set_new(model, "window", json_null());
        return page_render(p, 401, "no_cookies.html", model, err);
    }
    return refuse(p, "launch_refused", &why, refusal_status(&why), todo_for(&why), err);
}

bool page_lti_jwks(struct page *p, struct err *err) {
    struct store_key *keys = NULL;
    size_t count = 0;
    if (!store_key_list(p->app->options.store, p->arena, &keys, &count, err)) {
        return false;
    }
    AUTO_JSON *set = json_object();
    json_t *list = json_array();
    (void)json_object_set_new(set, "keys", list);
    for (size_t i = 0; i < count; i++) {
        json_t *jwk = NULL;
        if (!js_parse(keys[i].public_jwk, 16384, "a stored key", &jwk, err)) {
            return false;
        }
        (void)json_array_append_new(list, jwk);
    }
    p->resp->cache = WEB_CACHE_MINUTES;
    return web_json(p->resp, 200, NULL, set, err);
}
