/* Login and launch (DESIGN 5, "Launch"; reference lti.md 1.2-1.5). */
#include "page_lti.h"
#include "base_encode.h"
#include "base_log.h"
#include "lti_launch.h"
#include "lti_login.h"
#include "lti_state.h"
#include "page_extras.h"
#include "page_internal.h"
#include <string.h>

/* Body and query in one array, so that a name in both shows as the duplicate it is. */
static bool read_pairs(struct page *p, struct lti_form *out, struct err *err) {
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

static struct sv browser_cookie(const struct page *p) {
    return web_cookie_name(p->arena, SV(PAGE_COOKIE_BROWSER), false);
}

bool page_lti_keep_browser(struct page *p, struct sv *browser, struct err *err) {
    if (!web_cookie(p->req, browser_cookie(p), browser) || !lti_state_browser_is_valid(*browser)) {
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
    if (!read_pairs(p, &form, err) || !lti_login_parse(form, &request, err) ||
        !find_registration(p, &request, &registration, err) ||
        !page_lti_keep_browser(p, &browser, err)) {
        return false;
    }
    page_lti_note_target(p, &registration, request.target_link_uri);
    const struct lti_state_want want = {.registration_id = registration.id,
                                        .browser = browser,
                                        .deployment_id = request.deployment_id,
                                        .storage_target = request.storage_target,
                                        .now = p->now};
    if (!lti_state_mint(p->app->options.seal, &want, p->arena, &state, &nonce, err)) {
        return false;
    }
    const struct lti_login_want go = {.registration = &registration,
                                      .request = &request,
                                      .redirect_uri = launch_url(p),
                                      .state = state,
                                      .nonce = nonce};
    if (!lti_login_redirect(&go, p->arena, &url, err)) {
        return false;
    }
    /* A browser that sent its cookie keeps cookies here: nothing to put elsewhere. */
    bool needs_storage =
        request.storage_target.len > 0 && !web_has_cookie(p->req, browser_cookie(p));
    return needs_storage
               ? page_lti_store_browser(p,
                                        &(struct page_lti_store){.registration = &registration,
                                                                 .target = request.storage_target,
                                                                 .state = state,
                                                                 .browser = browser,
                                                                 .next = url},
                                        err)
               : web_found(p->resp, url, err);
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

/* The state, opened with what the browser brought: its cookie, or what platform storage kept. */
static bool open_state(struct page *p, struct page_lti_arrival *a, struct err *err) {
    a->browser = a->form.storage;
    if (a->browser.len == 0 && !web_cookie(p->req, browser_cookie(p), &a->browser)) {
        a->browser = sv_of(NULL, 0);
    }
    return lti_state_open(p->app->options.seal, a->form.state, a->browser, p->now, p->arena,
                          &a->state, err);
}

/* Which of the platform's error answers an administrator can do something about. */
static void note_answer(struct page *p, int64_t registration_id, const char *code) {
    static const char *const admins[] = {"unauthorized_client", "invalid_scope",
                                         "unsupported_response_type"};
    for (size_t i = 0; i < ARRAY_LEN(admins); i++) {
        if (strcmp(code, admins[i]) == 0) {
            const struct page_note note = {.registration_id = registration_id,
                                           .reason = admins[i],
                                           .text = sv_printf(p->arena,
                                                             "the platform refused to "
                                                             "begin a launch: %s",
                                                             code)};
            page_notes_add(p->app->notes, p->app->options.store, &note, p->now);
        }
    }
}

/* The platform answered with an error: the pending login is used up, the words are ours. */
static bool platform_error(struct page *p, struct page_lti_arrival *a, struct err *err) {
    struct err why = {0};
    const struct lti_launch_refusal said = lti_launch_error(a->form.error);
    if (open_state(p, a, &why) &&
        store_nonce_burn(
            p->app->options.store, a->state.registration_id, a->state.nonce,
            a->state.issued_at + (usec_t)(LTI_STATE_TTL_S + LTI_STATE_SKEW_S) * USEC_PER_S, &why)) {
        log_event(LOG_LEVEL_WARN, "platform_error", LOG_TEXT("error", said.code));
        note_answer(p, a->state.registration_id, said.code);
    }
    struct err shown = {0};
    (void)err_because(&shown, ERR_DENIED, "platform_error", "%s", said.sentence);
    return page_lti_refuse(p, &(struct page_lti_refusal){.event = "launch_refused", .why = &shown},
                           err);
}

bool page_lti_verify(struct page *p, struct page_lti_arrival *a, usec_t now, struct err *err) {
    const struct store_registration_key key = {.id = a->state.registration_id};
    if (!store_registration_get(p->app->options.store, &key, p->arena, &a->registration, err)) {
        return false;
    }
    struct sv slug = web_arg(p->req, "registration");
    if (slug.len > 0 && !sv_eq(slug, a->registration.slug)) {
        return err_because(err, ERR_DENIED, "state",
                           "the launch came to another platform's address");
    }
    const struct lti_launch_check check = {
        .claims = {.registration = &a->registration,
                   .nonce = a->state.nonce,
                   .deployment_digest = a->state.has_deployment ? a->state.deployment_digest : NULL,
                   .base_url = p->app->options.base_url,
                   .now = now,
                   .leeway_s = LTI_LEEWAY_MAX_S},
        .keys = p->app->keysets};
    if (!lti_launch_verify(p->arena, &check, a->form.id_token, &a->verified, err)) {
        return false;
    }
    if (a->verified.has_foreign_service_url) {
        log_event(LOG_LEVEL_WARN, "launch_foreign_service_url",
                  LOG_INT("registration", a->registration.id));
    }
    return true;
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

static struct sv who_of(const struct page *p, const struct model_launch *l) {
    unsigned char mac[SEAL_MAC_BYTES];
    struct sv about =
        sv_printf(p->arena, "%lld %.*s", (long long)l->registration_id, SV_ARG(l->sub));
    seal_mac(p->app->options.seal, "window-person", about, mac);
    return base64url_encode(p->arena, mac, sizeof mac);
}

bool page_lti_enter(struct page *p, const struct page_lti_arrival *a, struct page_lti_entry *out,
                    struct err *err) {
    char *launch_id = arena_alloc(p->arena, 37);
    uuid7(p->now, launch_id);
    unsigned char secret[32];
    random_bytes(secret, sizeof secret);
    *out =
        (struct page_lti_entry){.launch_id = sv_from(launch_id),
                                .token = base64url_encode(p->arena, secret, sizeof secret),
                                .who = who_of(p, &a->verified.launch),
                                .path = sv_printf(p->arena, PAGE_PATH_LAUNCH "%s/%.*s", launch_id,
                                                  SV_ARG(page_lti_path(p, &a->verified)))};
    const struct page_extras_of extras = {.registration = &a->registration,
                                          .launch = &a->verified,
                                          .is_storage_offered = a->state.storage_target.len > 0 ||
                                                                a->form.storage_target.len > 0};
    struct store_launch launch = {
        .launch = &a->verified.launch, .launch_id = launch_id, .extras = page_extras(p, &extras)};
    sha256(out->token.ptr, out->token.len, launch.token_hash);
    sha256(a->browser.ptr, a->browser.len, launch.browser_hash);
    if (!record(p, &launch, err)) {
        return false;
    }
    page_extras_recorded(p, &a->verified.launch);
    atomic_fetch_add(&p->app->metrics.launches, 1);
    return true;
}

bool page_lti_keep_session(struct page *p, const struct page_lti_entry *entry, struct err *err) {
    const struct web_set_cookie cookie = {
        .name = sv_printf(p->arena, PAGE_COOKIE_SESSION "%.*s", SV_ARG(entry->launch_id)),
        .value = entry->token,
        .max_age_s = PAGE_SESSION_COOKIE_S};
    return web_cookie_add(p->resp, &cookie, err);
}

/* The usual launch: the browser's cookie came back, so the session's will. */
static bool launch(struct page *p, struct page_lti_arrival *a, struct err *err) {
    struct page_lti_entry entry = {0};
    return open_state(p, a, err) && page_lti_verify(p, a, p->now, err) &&
           page_lti_enter(p, a, &entry, err) && page_lti_keep_session(p, &entry, err) &&
           web_see_other(p->resp, entry.path, err);
}

/* The browser's value comes from platform storage: the answer goes to the script that asked. */
static bool launch_by_storage(struct page *p, struct page_lti_arrival *a, struct err *err) {
    struct page_lti_entry entry = {0};
    return page_same_origin(p, err) && open_state(p, a, err) &&
           page_lti_verify(p, a, p->now, err) && page_lti_enter(p, a, &entry, err) &&
           page_lti_answer_script(p, &entry, err);
}

/* No cookie at all came back. The launch is judged, but for its browser, and nothing is written. */
static bool launch_without_browser(struct page *p, struct page_lti_arrival *a, struct err *err) {
    return lti_state_peek(p->app->options.seal, a->form.state, p->now, p->arena, &a->state, err) &&
           page_lti_verify(p, a, p->now, err) && page_lti_offer_ways(p, a, err);
}

bool page_lti_form(struct page *p, struct lti_launch_form *out, struct err *err) {
    struct lti_form pairs = {0};
    return read_pairs(p, &pairs, err) && lti_launch_form_read(pairs, out, err);
}

bool page_lti_launch(struct page *p, struct err *err) {
    struct page_lti_arrival a = {0};
    struct err why = {0};
    bool is_read = page_lti_form(p, &a.form, &why);
    if (is_read && a.form.is_error) {
        return platform_error(p, &a, err);
    }
    bool is_by_storage = a.form.storage.len > 0;
    bool is_answered = is_read && (is_by_storage ? launch_by_storage(p, &a, &why)
                                   : web_has_cookie(p->req, browser_cookie(p))
                                       ? launch(p, &a, &why)
                                       : launch_without_browser(p, &a, &why));
    if (is_answered) {
        return true;
    }
    web_response_reset(p->resp);
    return page_lti_refuse(p,
                           &(struct page_lti_refusal){.event = "launch_refused",
                                                      .why = &why,
                                                      .registration_id = a.registration.id,
                                                      .is_json = is_by_storage},
                           err);
}
