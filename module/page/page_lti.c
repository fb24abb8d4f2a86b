/* Login, launch and our public keys (DESIGN 5, "Launch"; reference lti.md 1.2-1.5, 3.4). */
#include "page_lti.h"
#include "base_encode.h"
#include "base_log.h"
#include "lti_launch.h"
#include "lti_login.h"
#include "lti_state.h"
#include "page_extras.h"
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
    page_lti_note_target(p, &registration, request.target_link_uri);
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
    return page_lti_refuse(p, &(struct page_lti_refusal){.event = "login_refused", .why = &why},
                           err);
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
    return page_lti_refuse(p, &(struct page_lti_refusal){.event = "launch_refused", .why = &shown},
                           err);
}

static bool verify(struct page *p, const struct lti_launch_form *form,
                   struct model_registration *registration, struct lti_launch *out,
                   struct err *err) {
    struct lti_state state = {0};
    if (!open_state(p, form->state, &state, err)) {
        return false;
    }
    const struct store_registration_key key = {.id = state.registration_id};
    if (!store_registration_get(p->app->options.store, &key, p->arena, registration, err)) {
        return false;
    }
    struct sv slug = web_arg(p->req, "registration");
    if (slug.len > 0 && !sv_eq(slug, registration->slug)) {
        return err_because(err, ERR_DENIED, "state",
                           "the launch came to another platform's address");
    }
    const struct lti_launch_check check = {
        .claims = {.registration = registration,
                   .nonce = state.nonce,
                   .deployment_digest = state.has_deployment ? state.deployment_digest : NULL,
                   .base_url = p->app->options.base_url,
                   .now = p->now,
                   .leeway_s = LTI_LEEWAY_MAX_S},
        .keys = p->app->keysets};
    return lti_launch_verify(p->arena, &check, form->id_token, out, err);
}

/* Save the launch. A deployment that is not known here is parked, or joins by the registration's
 * policy; then the launch goes on. */
static bool record(struct page *p, const struct store_launch *launch, struct err *err) {
    struct store *store = p->app->options.store;
    enum store_parking parking = STORE_PARKING_WAITS;
    if (store_launch_record(store, launch, err)) {
        return true;
    }
    if (strcmp(err->reason, "deployment") != 0) {
        return false;
    }
    struct err why = {0};
    const struct model_launch *l = launch->launch;
    if (!store_deployment_park(store, l->registration_id, l->deployment_id, l->context_title,
                               &parking, &why)) {
        log_err(LOG_LEVEL_WARN, "deployment_park", &why);
        return false;
    }
    *err = (struct err){0};
    return parking == STORE_PARKING_APPROVED ? store_launch_record(store, launch, err)
                                             : page_lti_parked(l, parking, err);
}

/* Save the launch and open its session. */
static bool enter(struct page *p, const struct model_registration *registration,
                  const struct lti_launch *verified, struct err *err) {
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
    const struct page_extras_of extras = {.registration = registration, .launch = verified};
    struct store_launch launch = {
        .launch = &verified->launch, .launch_id = launch_id, .extras = page_extras(p, &extras)};
    sha256(token.ptr, token.len, launch.token_hash);
    sha256(browser.ptr, browser.len, launch.browser_hash);
    if (!record(p, &launch, err)) {
        return false;
    }
    const struct web_set_cookie cookie = {
        .name = sv_printf(p->arena, PAGE_COOKIE_SESSION "%s", launch_id),
        .value = token,
        .max_age_s = PAGE_SESSION_COOKIE_S};
    return web_cookie_add(p->resp, &cookie, err) &&
           web_see_other(p->resp,
                         sv_printf(p->arena, PAGE_PATH_LAUNCH "%s/%.*s", launch_id,
                                   SV_ARG(page_lti_path(p, verified))),
                         err);
}

static bool launch(struct page *p, const struct lti_launch_form *form,
                   struct model_registration *registration, struct err *err) {
    struct lti_launch verified = {0};
    if (!verify(p, form, registration, &verified, err)) {
        return false;
    }
    if (verified.has_foreign_service_url) {
        log_event(LOG_LEVEL_WARN, "launch_foreign_service_url",
                  LOG_INT("registration", verified.launch.registration_id));
    }
    return enter(p, registration, &verified, err);
}

bool page_lti_launch(struct page *p, struct err *err) {
    struct lti_form pairs = {0};
    struct lti_launch_form form = {0};
    struct model_registration registration = {0};
    struct err why = {0};
    if (!read_form(p, &pairs, &why) || !lti_launch_form_read(pairs, &form, &why)) {
        return page_lti_refuse(
            p, &(struct page_lti_refusal){.event = "launch_refused", .why = &why}, err);
    }
    if (form.is_error) {
        return platform_error(p, &form, err);
    }
    if (launch(p, &form, &registration, &why)) {
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
    return page_lti_refuse(p,
                           &(struct page_lti_refusal){.event = "launch_refused",
                                                      .why = &why,
                                                      .registration_id = registration.id},
                           err);
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
