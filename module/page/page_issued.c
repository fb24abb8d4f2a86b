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

#define VC_TYPE "application/vc+ld+json"
#define LD_TYPE "application/ld+json"
#define TEXT_TYPE "text/plain; charset=utf-8"
/* Media types that JSON with a proof, and a token, go by. */
static const char *const json_types[] = {VC_TYPE, LD_TYPE, "application/vc", "application/json"};
static const char *const token_types[] = {"application/vc+jwt", "application/jwt", "text/plain"};

/* The type that is wanted most, and by how much. NULL: the first by default. */
static const char *most_wanted(const struct page *p, const char *const *types, size_t count,
                               int *how_much) {
    const char *best = NULL;
    *how_much = 0;
    for (size_t i = 0; i < count; i++) {
        int this_much = web_wants(p->req, types[i]);
        if (this_much > *how_much) {
            *how_much = this_much;
            best = types[i];
        }
    }
    return best;
}

static const char *type_of_json(const struct page *p, const char *otherwise) {
    int most = 0;
    const char *best = most_wanted(p, json_types, ARRAY_LEN(json_types), &most);
    return best != NULL && most > web_wants(p->req, otherwise) ? best : otherwise;
}

static const char *type_of_token(const struct page *p) {
    int most = 0;
    const char *best = most_wanted(p, token_types, ARRAY_LEN(token_types), &most);
    return best != NULL && most > web_wants(p->req, "text/plain") ? best : TEXT_TYPE;
}

enum page_issued_form page_issued_form(const struct page *p) {
    int json = 0;
    int token = 0;
    if (is_asked(p, ".jwt") || is_asked(p, ".json")) {
        return is_asked(p, ".jwt") ? PAGE_ISSUED_TOKEN : PAGE_ISSUED_JSON;
    }
    int html = web_wants(p->req, "text/html");
    if (html == WEB_WANTS_MAX) { /* a browser: nothing is wanted more */
        return PAGE_ISSUED_HTML;
    }
    (void)most_wanted(p, json_types, ARRAY_LEN(json_types), &json);
    (void)most_wanted(p, token_types, ARRAY_LEN(token_types), &token);
    return token > json && token > html ? PAGE_ISSUED_TOKEN
           : json > html                ? PAGE_ISSUED_JSON
                                        : PAGE_ISSUED_HTML;
}

/* Does If-None-Match name the tag? Servers on the way make tags weak when they compress (RFC 9110
 * 13.1.2). */
static bool is_known(const struct page *p, struct sv etag) {
    struct sv rest = web_header(p->req, "If-None-Match");
    struct sv one;
    for (bool is_more = rest.len > 0; is_more;) {
        is_more = sv_cut(rest, ',', &one, &rest);
        one = sv_trim(one);
        one = sv_starts(one, SV("W/")) ? sv_skip(one, 2) : one;
        if (sv_eq(one, etag) || sv_eq(one, SV("*"))) {
            return true;
        }
    }
    return false;
}

/* Answers with the text; 304 when the asker has it already. */
static bool answer(struct page *p, const char *type, struct sv body, enum web_cache cache,
                   struct err *err) {
    unsigned char sum[32];
    sha256(body.ptr, body.len, sum);
    struct sv hash = sv_head(hex_encode(p->arena, sum, sizeof sum), 32);
    struct sv etag = sv_printf(p->arena, "\"%.*s\"", SV_ARG(hash));
    bool is_there = is_known(p, etag);
    web_bytes(p->resp, is_there ? 304 : 200, type, is_there ? sv_of("", 0) : body);
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
           answer(p, is_token ? type_of_token(p) : type_of_json(p, VC_TYPE), award.body,
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
           answer(p, is_token ? type_of_token(p) : type_of_json(p, VC_TYPE), body,
                  WEB_CACHE_MINUTES, err);
}

bool page_revocations(struct page *p, struct err *err) {
    json_t *made = NULL;
    return issue_revocation_document(p->app->issue, web_arg(p->req, "issuer"), p->arena, &made,
                                     err) &&
           answer_json(p, "application/json", made, err);
}
