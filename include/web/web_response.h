/* One HTTP response, built in the request's arena and sent when the handler returns.
 *
 * Every response carries nosniff, no-referrer, X-Request-Id, a charset for text, a
 * Content-Security-Policy and a Cache-Control (no-store unless said otherwise). No inline script or
 * style may run on any page. */
#pragma once
#include "base_json.h"
#include "base_str.h"

#define WEB_RESPONSE_MAX_BYTES ((size_t)8 * 1024 * 1024)
#define WEB_HEADERS_MAX_BYTES ((size_t)16 * 1024)
#define WEB_CSP_ORIGINS_MAX 16

enum web_cache {
    WEB_CACHE_NO_STORE,   /* personal pages */
    WEB_CACHE_REVALIDATE, /* "no-cache": public pages, asked again each time */
    WEB_CACHE_MINUTES,    /* "public, max-age=300": keys, status lists */
    WEB_CACHE_IMMUTABLE   /* "public, max-age=31536000, immutable": assets under their hash */
};

struct web_csp {
    struct sv frame_ancestors[WEB_CSP_ORIGINS_MAX]; /* none: 'none' */
    size_t frame_ancestor_count;
    bool is_framed_by_anyone; /* a page that shows nothing of anybody and changes nothing, which
                                 must be readable in the frame of a platform that is not known */
    struct sv form_actions[WEB_CSP_ORIGINS_MAX]; /* beside 'self' */
    size_t form_action_count;
};

struct web_response {
    struct arena *arena;
    int status;               /* 200 until set */
    const char *content_type; /* static storage; charset included */
    struct str headers;       /* only through web_header_add and friends */
    struct str body;          /* append to it; used unless `borrowed` is set */
    struct sv borrowed;       /* a body that lives elsewhere (assets) */
    enum web_cache cache;
    bool is_origin_told; /* Referrer-Policy same-origin, not no-referrer: our own forms carry Origin
                          */
    struct web_csp csp;
};

void web_response_init(struct web_response *resp, struct arena *a);
/* Throw away body, headers and policy, to start again with an error page. Cookies set so far go
 * too. */
void web_response_reset(struct web_response *resp);

/* Set status and content type; then append to resp->body. */
void web_html(struct web_response *resp, int status);
void web_text(struct web_response *resp, int status, struct sv text);
/* Compact JSON of `value`; `content_type` NULL: application/json. Fails: ERR_BUG when it does not
 * fit. */
NODISCARD bool web_json(struct web_response *resp, int status, const char *content_type,
                        const json_t *value, struct err *err);
/* Bytes that outlive the response; `content_type` is static storage. */
void web_bytes(struct web_response *resp, int status, const char *content_type, struct sv bytes);
/* 303 to a path of ours ("/app/...") or an absolute https (or http loopback) address. Fails:
 * ERR_BUG. */
NODISCARD bool web_see_other(struct web_response *resp, struct sv location, struct err *err);
/* The same with 302, which OpenID Connect libraries expect of an authorisation redirect. */
NODISCARD bool web_found(struct web_response *resp, struct sv location, struct err *err);
/* "Content-Disposition: attachment" with `filename` made plain ASCII, and the UTF-8 one beside it
 * (RFC 6266). */
NODISCARD bool web_attachment(struct web_response *resp, struct sv filename, struct err *err);

/* Add a header line. Fails: ERR_BUG, reason "header", when the name is no token or the value has a
 * byte below 0x20 or 0x7f (RFC 9110 5.5): nothing is split into two headers. */
NODISCARD bool web_header_add(struct web_response *resp, const char *name, struct sv value,
                              struct err *err);

struct web_set_cookie {
    struct sv name;    /* without prefix: "__Host-" is put in front when is_secure */
    struct sv value;   /* cookie-octets only (RFC 6265 4.1.1) */
    int64_t max_age_s; /* 0: delete; below 0: for the browser's session */
    bool is_insecure;  /* base_url is http to loopback: no prefix, no Secure, SameSite=Lax */
};
/* Path=/; Secure; HttpOnly; SameSite=None; Partitioned: works inside the LMS's frame. */
NODISCARD bool web_cookie_add(struct web_response *resp, const struct web_set_cookie *c,
                              struct err *err);
/* The name a cookie travels under: "__Host-NAME", or NAME when insecure. */
struct sv web_cookie_name(struct arena *a, struct sv name, bool is_insecure);

/* Let pages of this origin ("https://lms.example", port allowed) frame the page, or let its forms
 * go there (forms that redirect count too). Any https URL is cut down to its origin first; an
 * origin that is there already is not added again. Fails: ERR_INPUT, reason "origin". */
NODISCARD bool web_csp_frame(struct web_response *resp, struct sv origin, struct err *err);
NODISCARD bool web_csp_form(struct web_response *resp, struct sv origin, struct err *err);
/* Let pages of every https host below a domain ("instructure.com") frame the page. Fails as above.
 */
NODISCARD bool web_csp_frame_below(struct web_response *resp, struct sv domain, struct err *err);

/* The HTTP status an error is answered with (the only place that says so): INPUT 400, DENIED 403,
 * NOT_FOUND 404, CONFLICT 409, UPSTREAM 502, DB 503, BUG 500; by reason: "method" 405, "body_size"
 * 413, "content_type" 415, "busy" 503, "rate" 429. */
int web_error_status(const struct err *err);

/* The head as CGI sends it ("Status: 200 OK\r\n..." and an empty line), with all standing headers.
 */
struct sv web_response_head(const struct web_response *resp, const char *request_id);
struct sv web_response_body(const struct web_response *resp);
