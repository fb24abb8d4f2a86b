/* One HTTP request, as the web server handed it over in FastCGI parameters (RFC 3875 4.1).
 *
 * Only these parameters are read: REQUEST_METHOD, REQUEST_URI, CONTENT_LENGTH, CONTENT_TYPE,
 * REMOTE_ADDR and HTTP_*. Host, scheme and forwarded-for headers are never believed: links come
 * from base_url. Everything lives in the request's arena and is valid until the response is sent.
 */
#pragma once
#include "base_str.h"

/* Bits, so that a route can name several. */
enum web_method {
    WEB_GET = 1,
    WEB_HEAD = 2,
    WEB_POST = 4,
    WEB_PUT = 8,
    WEB_PATCH = 16,
    WEB_DELETE = 32,
    WEB_OTHER = 64,   /* TRACE, CONNECT and what else there is: no route takes it */
    WEB_OPTIONS = 128 /* what browsers ask before a page of another site sends (CORS) */
};

struct web_pair {
    struct sv name, value;
};

#define WEB_PATH_MAX_BYTES 2048u
#define WEB_QUERY_MAX_BYTES ((size_t)32 * 1024)
#define WEB_BODY_MAX_BYTES ((size_t)256 * 1024) /* unless the server is told otherwise */
#define WEB_UPLOAD_MAX_BYTES                                                                       \
    ((size_t)1024 * 1024 + (size_t)64 * 1024) /* multipart/form-data: 1 MiB and its envelope */
#define WEB_ARGS_MAX 8

struct web_request {
    struct arena *arena;
    enum web_method method;
    struct sv path;  /* decoded once, "/app/l/0190.../badges"; the only one a route sees */
    struct sv query; /* raw, without '?' */
    struct sv body;  /* exactly CONTENT_LENGTH bytes */
    /* Or the body is in a file, which ends with the request (web_server.take_file). Where it could
     * not be taken, body_err says why, to whoever asks for the form. */
    bool is_body_file;
    int body_fd;
    size_t body_size;
    struct err body_err;
    struct sv
        content_type; /* media type in lower case without parameters; empty when there is none */
    struct sv remote_address;
    const char *id;  /* 16 hex digits, also in every log line and X-Request-Id */
    struct sv known; /* what web_server.answer_many found out and left to `handle`; in the arena */
    struct web_pair args[WEB_ARGS_MAX]; /* what the route's pattern named; see web_arg */
    size_t arg_count;
    char *const *params; /* "NAME=value", NULL-terminated */
};

/* Fill in everything but the body from FastCGI parameters; *content_length is how many bytes of it
 * there are (0 without CONTENT_LENGTH). `params` is borrowed. Fails: ERR_INPUT, reason "path" (not
 * absolute, over-long, "//",
 * "." or ".." segment, an encoded '/', '\', ';', control byte, no UTF-8), "query", "content_length"
 * (no plain number) or "body_size" (more than body_max_bytes, or WEB_UPLOAD_MAX_BYTES for
 * multipart/form-data; all else is filled in). */
NODISCARD bool web_request_read(struct arena *a, char *const *params, size_t body_max_bytes,
                                struct web_request *out, size_t *content_length, struct err *err);

/* CONTENT_LENGTH again, against another limit. Fails: as above. */
NODISCARD bool web_request_length(const struct web_request *req, size_t max_bytes, size_t *out,
                                  struct err *err);

/* A request header by its HTTP name ("Sec-Fetch-Site"); empty when absent. */
struct sv web_header(const struct web_request *req, const char *name);
/* What the route's pattern called `name` in the path; empty when it named none such. */
struct sv web_arg(const struct web_request *req, const char *name);
/* A cookie's value. False when it is absent, malformed, or there twice (cookie tossing, RFC
 * 6265 5.4). */
NODISCARD bool web_cookie(const struct web_request *req, struct sv name, struct sv *value);
/* Is a cookie of that name there at all, good or not? */
bool web_has_cookie(const struct web_request *req, struct sv name);
/* The token of "Authorization: Bearer ..." (RFC 6750 2.1); false when there is none. */
NODISCARD bool web_bearer(const struct web_request *req, struct sv *token);
/* How much the Accept header wants `type` ("application/json"): by q, and at the same q a type that
 * is named before one that only a range covers (RFC 9110 12.5.1). 0: not at all; WEB_WANTS_MAX:
 * named, with q=1 or none. */
#define WEB_WANTS_MAX (1000 * 4 + 3)
int web_wants(const struct web_request *req, const char *type);
/* Whether it wants `type` more than text/html, which wins a tie and by default. */
bool web_prefers(const struct web_request *req, const char *type);
