/* Who asks for a page inside a course, and who may frame it. */
#include "base_encode.h"
#include "base_log.h"
#include "lti_claims.h"
#include "page_internal.h"

#define TOKEN_TEXT 43 /* 32 bytes as base64url */

bool page_same_origin(struct page *p, struct err *err) {
    struct sv origin = {0};
    return web_origin(p->arena, p->app->options.base_url, &origin, err) &&
           web_same_origin_check(p->req, origin, err);
}

bool page_sent_by_us(struct page *p, struct err *err) {
    bool is_said = web_header(p->req, "Sec-Fetch-Site").len > 0 ||
                   !sv_eq(web_header(p->req, "Origin"), SV("null"));
    return page_same_origin(p, err) &&
           (is_said || err_because(err, ERR_DENIED, "cross_site",
                                   "your browser does not say which page this was sent from"));
}

static void allow_frame(struct page *p, struct sv url) {
    struct err ignored = {0};
    /* An issuer need not be an address. */
    if (url.len > 0 && !web_csp_frame(p->resp, url, &ignored)) {
        log_err(LOG_LEVEL_DEBUG, "frame_origin", &ignored);
    }
}

struct sv page_frame_origin(const struct page *p, struct sv issuer, struct sv return_url) {
    struct err ignored = {0};
    struct sv origin = {0};
    bool is_told = return_url.len > 0 && lti_claims_is_canvas_cloud(issuer) &&
                   web_origin(p->arena, return_url, &origin, &ignored);
    return is_told && !sv_ends(origin, SV(".instructure.com")) ? origin : sv_of(NULL, 0);
}

void page_allow_platform(struct page *p, const struct store_session_origins *origins) {
    struct err ignored = {0};
    allow_frame(p, origins->issuer);
    allow_frame(p, origins->auth_url);
    allow_frame(p, origins->token_url);
    allow_frame(p, origins->frame_origin);
    if ((lti_claims_is_canvas_cloud(origins->issuer) &&
         !web_csp_frame_below(p->resp, SV("instructure.com"), &ignored)) ||
        (origins->return_url.len > 0 && !web_csp_form(p->resp, origins->return_url, &ignored))) {
        log_err(LOG_LEVEL_WARN, "platform_origin", &ignored);
    }
}

bool page_session_load(struct page *p, struct err *err) {
    struct sv token = {0};
    p->launch_id = web_arg(p->req, "launch");
    if (!uuid_is_valid(p->launch_id)) {
        return err_because(err, ERR_NOT_FOUND, "route", "there is no such page");
    }
    struct sv name = web_cookie_name(
        p->arena, sv_printf(p->arena, PAGE_COOKIE_SESSION "%.*s", SV_ARG(p->launch_id)), false);
    bool is_there = web_bearer(p->req, &token) || web_cookie(p->req, name, &token);
    if (!is_there || token.len != TOKEN_TEXT) {
        return err_because(err, ERR_DENIED, "session", "this page opens from inside your course");
    }
    unsigned char hash[32];
    sha256(token.ptr, token.len, hash);
    if (!store_session_get(p->app->options.store, p->launch_id, hash, p->arena, &p->session, err)) {
        return false;
    }
    page_allow_platform(p,
                        &(struct store_session_origins){.issuer = p->session.issuer,
                                                        .auth_url = p->session.auth_url,
                                                        .token_url = p->session.token_url,
                                                        .frame_origin = p->session.frame_origin});
    return true;
}
