/* Launches in a browser that keeps no cookies inside the platform's frame (DESIGN 7; reference
 * lti.md 8; attacks.md D1, D17-D19): the browser's value in the platform's storage, else a new
 * window by a hand-off that the person confirms. */
#include "base_log.h"
#include "lti_handoff.h"
#include "page_internal.h"
#include "page_lti.h"

/* Which window of the platform to ask, as asset/storage.js takes it; null when there is none. */
static json_t *frame_model(const struct page *p, const struct model_registration *registration,
                           struct sv target, struct sv state) {
    struct err ignored = {0};
    struct sv origin = {0};
    if (target.len == 0 || !web_origin(p->arena, registration->auth_url, &origin, &ignored)) {
        return json_null();
    }
    json_t *frame = json_object();
    page_set_text(frame, "name", target);
    page_set_text(frame, "origin", origin);
    page_set_text(frame, "key", lti_state_storage_key(p->arena, state));
    return frame;
}

static void allow_platform(struct page *p, const struct page_lti_arrival *a) {
    const struct model_registration *r = &a->registration;
    page_allow_platform(
        p, &(struct store_session_origins){
               .issuer = r->issuer,
               .auth_url = r->auth_url,
               .token_url = r->token_url,
               /* the page may become the shell in which the answer stands */
               .return_url = a->verified.deep_link.return_url,
               .frame_origin = page_frame_origin(p, r->issuer, a->verified.launch.return_url)});
}

bool page_lti_store_browser(struct page *p, const struct page_lti_store *store, struct err *err) {
    /* Before the launch nobody has signed on which host the platform's page is. This one shows
     * nothing of anybody and changes nothing. */
    p->resp->csp.is_framed_by_anyone = true;
    json_t *model = page_model(p, SV("Opening your badges"));
    json_t *login = json_object();
    (void)json_object_set_new(login, "frame",
                              frame_model(p, store->registration, store->target, store->state));
    page_set_text(login, "browser", store->browser);
    page_set_text(login, "next", store->next);
    (void)json_object_set_new(model, "login", login);
    page_set_text(model, "next", store->next);
    page_add_script(p, model, "storage.js");
    page_add_script(p, model, "login.js");
    return page_render(p, 200, "storage.html", model, err);
}

/* An object with one text, or null when there is none. */
static json_t *one_text(const char *key, struct sv text) {
    if (text.len == 0) {
        return json_null();
    }
    json_t *object = json_object();
    page_set_text(object, key, text);
    return object;
}

/* The form of the button: nothing of it is in any address. */
static json_t *window_model(const struct page *p, const struct page_lti_arrival *a) {
    const struct model_launch *l = &a->verified.launch;
    json_t *window = json_object();
    page_set_text(window, "action", SV("/lti/open"));
    page_set_text(window, "id_token", a->form.id_token);
    page_set_text(window, "state", a->form.state);
    page_set_text(
        window, "handoff",
        lti_handoff_mint(p->app->options.seal, a->form.id_token, a->form.state, p->now, p->arena));
    /* Who pressed the button has agreed to be this person (login CSRF). */
    struct sv name = l->name.len > 0 ? l->name : l->email;
    (void)json_object_set_new(window, "person", one_text("name", name));
    (void)json_object_set_new(window, "course", one_text("title", l->context_title));
    return window;
}

bool page_lti_offer_ways(struct page *p, const struct page_lti_arrival *a, struct err *err) {
    struct sv target =
        a->state.storage_target.len > 0 ? a->state.storage_target : a->form.storage_target;
    log_event(LOG_LEVEL_INFO, "launch_without_cookie", LOG_INT("registration", a->registration.id),
              LOG_TEXT("storage", target.len > 0 ? "offered" : "not offered"));
    if (target.len == 0) {
        const struct page_note note = {
            .registration_id = a->registration.id,
            .reason = "no_cookie",
            .text = SV("a browser kept no cookie in the platform's "
                       "page, so the launch can go on only in a new window")};
        page_notes_add(p->app->notes, p->app->options.store, &note, p->now);
    }
    allow_platform(p, a);
    json_t *model = page_model(p, SV("One more step"));
    json_t *launch = json_object();
    (void)json_object_set_new(launch, "frame",
                              frame_model(p, &a->registration, target, a->form.state));
    page_set_text(launch, "action", p->req->path);
    (void)json_object_set_new(model, "launch", launch);
    (void)json_object_set_new(model, "window", window_model(p, a));
    page_add_script(p, model, "storage.js");
    page_add_script(p, model, "shell.js");
    page_add_script(p, model, "launch.js");
    /* WebKit calls a form that leaves a foreign frame for a window of its own "cross-site". What
     * then shows that this page sent it is Origin, which no-referrer would take away. */
    p->resp->is_origin_told = true;
    return page_render(p, 401, "no_cookies.html", model, err);
}

static json_t *entry_model(const struct page_lti_entry *entry) {
    json_t *out = json_object();
    page_set_text(out, "launch", entry->launch_id);
    page_set_text(out, "token", entry->token);
    page_set_text(out, "path", entry->path);
    page_set_text(out, "who", entry->who);
    return out;
}

bool page_lti_answer_script(struct page *p, const struct page_lti_entry *entry, struct err *err) {
    AUTO_JSON *said = entry_model(entry);
    return web_json(p->resp, 200, NULL, said, err);
}

/* In its own window the browser may well keep cookies; if not, the page's script takes the token.
 */
static bool show_entry(struct page *p, const struct page_lti_arrival *a,
                       const struct page_lti_entry *entry, struct err *err) {
    if (!page_lti_keep_session(p, entry, err)) {
        return false;
    }
    allow_platform(p, a);
    json_t *model = page_model(p, SV("Opening your badges"));
    (void)json_object_set_new(model, "entry", entry_model(entry));
    page_set_text(model, "next", entry->path);
    page_add_script(p, model, "shell.js");
    page_add_script(p, model, "opened.js");
    return page_render(p, 200, "opened.html", model, err);
}

static bool open_window(struct page *p, struct page_lti_arrival *a, struct err *err) {
    usec_t minted_at = 0;
    struct page_lti_entry entry = {0};
    const struct seal *seal = p->app->options.seal;
    return page_sent_by_us(p, err) && page_lti_form(p, &a->form, err) &&
           lti_handoff_open(seal, a->form.handoff, a->form.id_token, a->form.state, p->now,
                            p->arena, &minted_at, err) &&
           /* By the time at which both were good: a token may live for a minute only (Moodle). */
           lti_state_peek(seal, a->form.state, minted_at, p->arena, &a->state, err) &&
           page_lti_verify(p, a, minted_at, err) && page_lti_keep_browser(p, &a->browser, err) &&
           page_lti_enter(p, a, &entry, err) && show_entry(p, a, &entry, err);
}

bool page_lti_open(struct page *p, struct err *err) {
    struct page_lti_arrival a = {0};
    struct err why = {0};
    if (open_window(p, &a, &why)) {
        return true;
    }
    web_response_reset(p->resp);
    return page_lti_refuse(p,
                           &(struct page_lti_refusal){.event = "launch_refused",
                                                      .why = &why,
                                                      .registration_id = a.registration.id},
                           err);
}
