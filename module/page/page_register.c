/* Dynamic registration: a platform's administrator follows an invitation inside the platform's
 * window (DESIGN 3.2; reference lti.md 7, moodle.md 6; attacks.md G12-G15, I10). */
#include "page_register.h"
#include "base_encode.h"
#include "base_log.h"
#include "jose_key.h"
#include "store_key.h"
#include <string.h>

#define SEAL_PURPOSE "register-update"

/* Into a header it goes as it is. */
static bool check_token(struct sv token, struct err *err) {
    bool is_fit = token.len <= LTI_REGISTER_TOKEN_MAX && sv_is_printable_ascii(token) &&
                  sv_find(token, ' ') == token.len;
    return is_fit || err_because(err, ERR_INPUT, "registration_token",
                                 "the platform's registration token cannot be read");
}

/* The platform's own pages may frame this one (I10). */
static void allow_framing(struct page *p, struct sv config_url) {
    struct err ignored = {0};
    if (config_url.len > 0 && !web_csp_frame(p->resp, config_url, &ignored)) {
        log_err(LOG_LEVEL_INFO, "frame_origin", &ignored);
    }
}

static bool read_visit(struct page *p, const struct web_form *form, struct page_visit *v,
                       struct err *err) {
    bool is_read = web_form_one(form, "invite", &v->code, err) &&
                   web_form_one(form, "openid_configuration", &v->config_url, err) &&
                   web_form_one(form, "registration_token", &v->token, err);
    allow_framing(p, v->config_url);
    if (!is_read ||
        !store_invite_find(p->app->options.store, v->code, p->now, p->arena, &v->invite, err)) {
        return false;
    }
    if (v->config_url.len == 0) {
        return err_because(err, ERR_INPUT, "by_hand",
                           "this link is for your learning platform, not for a browser");
    }
    return lti_register_check_url(v->config_url, err) && check_token(v->token, err);
}

/* The token goes to the origin that brought it, and nowhere else (G15). */
static size_t authorization(const struct page *p, const struct page_visit *v,
                            struct net_header out[1]) {
    out[0] = (struct net_header){SV("Authorization"),
                                 sv_printf(p->arena, "Bearer %.*s", SV_ARG(v->token))};
    return v->token.len > 0 ? 1 : 0;
}

static bool fetch_platform(struct page *p, struct page_visit *v, struct err *err) {
    struct net_header headers[1];
    struct net_response response = {0};
    const struct net_request request = {.method = NET_GET,
                                        .net_class = NET_CLASS_PLATFORM,
                                        .url = v->config_url,
                                        .headers = headers,
                                        .header_count = authorization(p, v, headers),
                                        .body_max_bytes = LTI_REGISTER_CONFIG_MAX};
    const struct lti_register_judge judge = {.config_url = v->config_url,
                                             .extra_host = v->invite.config_host};
    return net_fetch(p->app->options.net, &request, &response, p->arena, err) &&
           net_status_check(&response, "reading the platform's configuration", err) &&
           lti_register_platform_parse(&judge, response.body, p->arena, &v->platform, err);
}

/* The registration that an update is bound to, and whether this platform is its own. Without one,
 * the platform must not be told anything of a tool it has: that would change it there, before it
 * could be refused here. */
static bool find_old(struct page *p, struct page_visit *v, struct err *err) {
    if (v->invite.registration_id == 0) {
        return !lti_register_is_update(v->token, p->arena) ||
               err_because(
                   err, ERR_CONFLICT, "update",
                   "the platform wants to update a tool that it has, and this invitation is "
                   "for connecting a new one");
    }
    struct model_registration *all = NULL;
    size_t count = 0;
    const struct store_registration_key key = {.id = v->invite.registration_id};
    if (!store_registration_list(p->app->options.store, &key, p->arena, &all, &count, err)) {
        return false;
    }
    if (count != 1 || !sv_eq(all[0].issuer, v->platform.issuer)) {
        return err_because(err, ERR_DENIED, "other_platform",
                           "this invitation is for the registration of another platform");
    }
    v->old = all[0];
    return true;
}

static bool begin(struct page *p, const struct web_form *form, struct page_visit *v,
                  struct err *err) {
    return read_visit(p, form, v, err) && fetch_platform(p, v, err) && find_old(p, v, err);
}

/* Canvas takes an update by PUT; Moodle and others by POST with a token that says which. */
static enum net_method method_of(const struct page_visit *v) {
    return v->old.id != 0 && sv_eq(v->platform.product, SV("canvas")) ? NET_PUT : NET_POST;
}

static bool tell_platform(struct page *p, const struct page_visit *v, struct sv slug,
                          struct lti_register_grant *out, struct err *err) {
    struct net_header headers[1];
    struct net_response response = {0};
    const struct lti_register_tool tool = page_register_tool(p, slug);
    AUTO_JSON *body = lti_register_request(&tool, &v->platform, p->arena);
    const struct net_request request = {.method = method_of(v),
                                        .net_class = NET_CLASS_PLATFORM,
                                        .url = v->platform.registration_url,
                                        .headers = headers,
                                        .header_count = authorization(p, v, headers),
                                        .content_type = SV("application/json"),
                                        .body = js_dump(p->arena, body),
                                        .body_max_bytes = LTI_REGISTER_RESPONSE_MAX};
    if (!net_fetch(p->app->options.net, &request, &response, p->arena, err)) {
        return err_prefix(err, "registering at the platform");
    }
    if (response.status != 200 && response.status != 201) {
        return err_because(err, ERR_UPSTREAM, "registration_refused", "%s",
                           lti_register_refusal(response.status, response.body));
    }
    return lti_register_grant_parse(&v->platform, response.body, p->arena, out, err);
}

/* The registration as it will be. */
static struct model_registration merged(const struct page_visit *v,
                                        const struct lti_register_grant *grant) {
    struct model_registration r = v->old;
    r.issuer = v->platform.issuer;
    r.client_id = grant->client_id;
    r.auth_url = v->platform.auth_url;
    r.token_url = v->platform.token_url;
    r.jwks_url = v->platform.jwks_url;
    r.token_audience = v->platform.token_audience;
    r.product = v->platform.product;
    r.scopes = grant->scopes;
    return r;
}

static bool save(struct page *p, const struct store_invite_use *use, struct err *err) {
    if (store_invite_use(p->app->options.store, use, err)) {
        log_event(LOG_LEVEL_INFO, "platform_registered",
                  LOG_INT("registration", use->registration->id),
                  LOG_INT("is_update", use->key == NULL ? 1 : 0));
        return true;
    }
    return false;
}

static bool register_new(struct page *p, struct page_visit *v, struct err *err) {
    struct jose_key_texts texts = {0};
    struct lti_register_grant grant = {0};
    struct sv slug = store_registration_slug(p->arena);
    if (!jose_key_make(p->arena, &texts, err) || !tell_platform(p, v, slug, &grant, err)) {
        return false;
    }
    struct model_registration r = merged(v, &grant);
    r.slug = slug;
    const struct store_key_new key = {
        .kid = texts.kid, .public_jwk = texts.public_jwk, .pem = texts.pem};
    const struct store_invite_use use = {.invite = &v->invite,
                                         .registration = &r,
                                         .key = &key,
                                         .deployment_id = grant.deployment_id};
    return save(p, &use, err) && page_register_done(p, v, &grant, err);
}

static bool update(struct page *p, struct page_visit *v, struct err *err) {
    struct lti_register_grant grant = {0};
    if (!tell_platform(p, v, v->old.slug, &grant, err)) {
        return false;
    }
    if (!sv_eq(grant.client_id, v->old.client_id)) {
        return err_because(err, ERR_CONFLICT, "client_id",
                           "the platform made a new tool instead of changing the one that this "
                           "invitation is for, and Laurel saved nothing");
    }
    struct model_registration r = merged(v, &grant);
    const struct store_invite_use use = {.invite = &v->invite, .registration = &r};
    return save(p, &use, err) && page_register_done(p, v, &grant, err);
}

/* What a confirmation is about: this invitation, this platform, and every line that was shown. */
static struct sv seal_about(const struct page *p, const struct page_visit *v) {
    struct page_register_row rows[PAGE_REGISTER_ROWS];
    struct str out;
    unsigned char token[32];
    str_init(&out, p->arena, (size_t)256 << 10);
    sha256(v->token.ptr, v->token.len, token);
    str_add(&out, hex_encode(p->arena, v->invite.code_hash, sizeof v->invite.code_hash));
    str_add(&out, hex_encode(p->arena, token, sizeof token));
    str_addf(&out, "\n%lld\n%.*s\n", (long long)v->old.id, SV_ARG(v->config_url));
    page_register_rows(p, v, rows);
    for (size_t i = 0; i < PAGE_REGISTER_ROWS; i++) {
        str_addf(&out, "%s\n%.*s\n%.*s\n", rows[i].label, SV_ARG(rows[i].before),
                 SV_ARG(rows[i].after));
    }
    return str_sv(&out);
}

static bool ask(struct page *p, const struct page_visit *v, struct err *err) {
    unsigned char mac[SEAL_MAC_BYTES];
    seal_mac(p->app->options.seal, SEAL_PURPOSE, seal_about(p, v), mac);
    return page_register_ask(p, v, base64url_encode(p->arena, mac, sizeof mac), err);
}

static bool check_confirmation(struct page *p, const struct web_form *form,
                               const struct page_visit *v, struct err *err) {
    struct sv text = {0};
    struct sv mac = {0};
    struct err ignored = {0};
    if (v->old.id == 0) {
        return err_because(err, ERR_DENIED, "seal", "this invitation needs no confirmation");
    }
    if (!web_form_one(form, "seal", &text, err)) {
        return false;
    }
    return (base64url_decode(p->arena, text, &mac, &ignored) &&
            seal_mac_is(p->app->options.seal, SEAL_PURPOSE, seal_about(p, v), mac)) ||
           err_because(err, ERR_CONFLICT, "seal",
                       "what the platform says of itself is not what you were shown, so nothing "
                       "was changed");
}

bool page_register(struct page *p, struct err *err) {
    struct web_form form = {0};
    struct page_visit v = {0};
    struct err why = {0};
    if (web_query(p->req, &form, &why) && begin(p, &form, &v, &why) &&
        (v.old.id == 0 ? register_new(p, &v, &why) : ask(p, &v, &why))) {
        return true;
    }
    return page_register_problem(p, &why, err);
}

bool page_register_confirm(struct page *p, struct err *err) {
    struct web_form form = {0};
    struct page_visit v = {0};
    struct sv origin = {0};
    struct err why = {0};
    if (web_origin(p->arena, p->app->options.base_url, &origin, &why) &&
        web_same_origin_check(p->req, origin, &why) && web_form(p->req, &form, &why) &&
        begin(p, &form, &v, &why) && check_confirmation(p, &form, &v, &why) &&
        update(p, &v, &why)) {
        return true;
    }
    return page_register_problem(p, &why, err);
}
