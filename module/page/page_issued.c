/* What is published for other programs: shared awards, badges, issuers, keys and status lists
 * (DESIGN 3.2). No session; anybody's page may read them (CORS), since wallets and verifiers run in
 * browsers.
 */
#include "page_issued.h"
#include "base_encode.h"
#include "issue_copy.h"
#include "page_shared.h"
#include <string.h>

static bool is_asked(const struct page *p, const char *suffix) {
    return sv_ends(p->req->path, sv_from(suffix));
}

/* Media types that JSON with a proof goes by, what is asked for first. */
#define VC_TYPE "application/vc+ld+json"
#define LD_TYPE "application/ld+json"
static const char *const json_types[] = {VC_TYPE, LD_TYPE, "application/vc", "application/json"};

static const char *type_of_json(const struct page *p, const char *otherwise) {
    struct sv accept = web_header(p->req, "Accept");
    for (size_t i = 0; i < ARRAY_LEN(json_types); i++) {
        size_t n = strlen(json_types[i]);
        for (size_t at = 0; at + n <= accept.len; at++) {
            struct sv rest = sv_skip(accept, at);
            bool is_whole = rest.len == n || strchr(",; ", rest.ptr[n]) != NULL;
            if (sv_eq_nocase(sv_head(rest, n), sv_from(json_types[i])) && is_whole) {
                return json_types[i];
            }
        }
    }
    return otherwise;
}

enum page_issued_form page_issued_form(const struct page *p) {
    if (is_asked(p, ".jwt") ||
        (!is_asked(p, ".json") && web_prefers(p->req, "application/vc+jwt"))) {
        return PAGE_ISSUED_TOKEN;
    }
    bool is_json = is_asked(p, ".json");
    for (size_t i = 0; i < ARRAY_LEN(json_types); i++) {
        is_json = is_json || web_prefers(p->req, json_types[i]);
    }
    return is_json ? PAGE_ISSUED_JSON : PAGE_ISSUED_HTML;
}

/* Answers with the text; 304 when the asker has it already (RFC 9110 13.1.2). */
static bool answer(struct page *p, const char *type, struct sv body, enum web_cache cache,
                   struct err *err) {
    unsigned char sum[32];
    sha256(body.ptr, body.len, sum);
    struct sv hash = sv_head(hex_encode(p->arena, sum, sizeof sum), 32);
    struct sv etag = sv_printf(p->arena, "\"%.*s\"", SV_ARG(hash));
    bool is_known = sv_eq(web_header(p->req, "If-None-Match"), etag);
    web_bytes(p->resp, is_known ? 304 : 200, type, is_known ? sv_of("", 0) : body);
    p->resp->cache = cache;
    return web_header_add(p->resp, "Access-Control-Allow-Origin", SV("*"), err) &&
           web_header_add(p->resp, "Vary", SV("Accept"), err) &&
           web_header_add(p->resp, "ETag", etag, err);
}

bool page_issued_answer(struct page *p, const char *type, struct sv body, enum web_cache cache,
                        struct err *err) {
    return answer(p, type, body, cache, err);
}

static bool answer_json(struct page *p, const char *type, json_t *value, struct err *err) {
    AUTO_JSON *owned = value;
    return answer(p, type, js_dump(p->arena, owned), WEB_CACHE_MINUTES, err);
}

static const char *token_type(const struct page *p) {
    return web_prefers(p->req, "application/vc+jwt") ? "application/vc+jwt"
                                                     : "text/plain; charset=utf-8";
}

bool page_award_shared(struct page *p, struct err *err) {
    struct store_credential_public award = {0};
    enum page_issued_form form = page_issued_form(p);
    bool is_token = form == PAGE_ISSUED_TOKEN;
    if (form == PAGE_ISSUED_HTML) {
        return page_award_html(p, err);
    }
    return web_header_add(p->resp, "X-Robots-Tag", SV("noindex"), err) &&
           issue_award_document(p->app->issue, web_arg(p->req, "award"),
                                is_token ? STORE_FORM_TOKEN : STORE_FORM_JSON, p->arena, &award,
                                err) &&
           /* Asked for again each time: it may be private again. */
           answer(p, is_token ? token_type(p) : type_of_json(p, VC_TYPE), award.body,
                  WEB_CACHE_REVALIDATE, err);
}

bool page_badge_shared(struct page *p, struct err *err) {
    json_t *made = NULL;
    if (page_issued_form(p) == PAGE_ISSUED_HTML) {
        return page_badge_html(p, err);
    }
    return issue_badge_document(p->app->issue, web_arg(p->req, "badge"), p->arena, &made, err) &&
           answer_json(p, type_of_json(p, LD_TYPE), made, err);
}

bool page_badge_picture(struct page *p, struct err *err) {
    struct sv svg = {0};
    return issue_art(p->app->issue, web_arg(p->req, "badge"), p->arena, &svg, err) &&
           answer(p, "image/svg+xml", svg, WEB_CACHE_MINUTES, err);
}

bool page_issuer_shared(struct page *p, struct err *err) {
    json_t *made = NULL;
    if (page_issued_form(p) == PAGE_ISSUED_HTML) {
        return page_issuer_html(p, err);
    }
    return issue_profile_document(p->app->issue, web_arg(p->req, "issuer"), p->arena, &made, err) &&
           answer_json(p, type_of_json(p, LD_TYPE), made, err);
}

bool page_issuer_did(struct page *p, struct err *err) {
    json_t *made = NULL;
    return issue_did_document(p->app->issue, web_arg(p->req, "issuer"), p->arena, &made, err) &&
           answer_json(p, "application/did+json", made, err);
}

bool page_key_shared(struct page *p, struct err *err) {
    json_t *made = NULL;
    return issue_key_document(p->app->issue, web_arg(p->req, "key"), p->arena, &made, err) &&
           answer_json(p, "application/jwk+json", made, err);
}

bool page_key_set(struct page *p, struct err *err) {
    json_t *made = NULL;
    return issue_key_set(p->app->issue, p->arena, &made, err) &&
           answer_json(p, "application/jwk-set+json", made, err);
}

bool page_status_list(struct page *p, struct err *err) {
    struct sv body = {0};
    bool is_token = page_issued_form(p) == PAGE_ISSUED_TOKEN;
    return issue_status_document(p->app->issue, web_arg(p->req, "list"),
                                 is_token ? STORE_FORM_TOKEN : STORE_FORM_JSON, p->now, p->arena,
                                 &body, err) &&
           answer(p, is_token ? token_type(p) : type_of_json(p, VC_TYPE), body, WEB_CACHE_MINUTES,
                  err);
}

bool page_revocations(struct page *p, struct err *err) {
    json_t *made = NULL;
    return issue_revocation_document(p->app->issue, web_arg(p->req, "issuer"), p->arena, &made,
                                     err) &&
           answer_json(p, "application/json", made, err);
}
