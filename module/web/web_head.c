/* The head of a response: status line, standing headers, Content-Security-Policy. */
#include "web_response.h"
#include <string.h>

int web_error_status(const struct err *err) {
    static const struct {
        const char *reason;
        int status;
    } reasons[] = {
        {"method", 405}, {"body_size", 413}, {"content_type", 415}, {"rate", 429}, {"busy", 503}};
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        if (strcmp(err->reason, reasons[i].reason) == 0) {
            return reasons[i].status;
        }
    }
    switch (err->code) {
    case ERR_INPUT:
        return 400;
    case ERR_DENIED:
        return 403;
    case ERR_NOT_FOUND:
        return 404;
    case ERR_CONFLICT:
        return 409;
    case ERR_UPSTREAM:
        return 502;
    case ERR_DB:
        return 503;
    default:
        return 500;
    }
}

static const char *status_words(int status) {
    static const struct {
        int status;
        const char *words;
    } known[] = {{200, "OK"},
                 {201, "Created"},
                 {202, "Accepted"},
                 {204, "No Content"},
                 {302, "Found"},
                 {303, "See Other"},
                 {304, "Not Modified"},
                 {400, "Bad Request"},
                 {401, "Unauthorized"},
                 {403, "Forbidden"},
                 {404, "Not Found"},
                 {405, "Method Not Allowed"},
                 {406, "Not Acceptable"},
                 {409, "Conflict"},
                 {410, "Gone"},
                 {413, "Content Too Large"},
                 {415, "Unsupported Media Type"},
                 {422, "Unprocessable Content"},
                 {429, "Too Many Requests"},
                 {500, "Internal Server Error"},
                 {502, "Bad Gateway"},
                 {503, "Service Unavailable"}};
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (known[i].status == status) {
            return known[i].words;
        }
    }
    return "Status";
}

static const char *cache_words(enum web_cache cache) {
    switch (cache) {
    case WEB_CACHE_REVALIDATE:
        return "no-cache";
    case WEB_CACHE_MINUTES:
        return "public, max-age=300";
    case WEB_CACHE_IMMUTABLE:
        return "public, max-age=31536000, immutable";
    default:
        return "no-store";
    }
}

static void origins(struct str *out, const struct sv *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        str_add_char(out, ' ');
        str_add(out, list[i]);
    }
}

static bool is_type(const struct web_response *resp, const char *type) {
    return strncmp(resp->content_type, type, strlen(type)) == 0;
}

static void policy(struct str *out, const struct web_response *resp) {
    str_add_c(out, "Content-Security-Policy: ");
    if (is_type(resp, "image/svg+xml")) {
        str_add_c(out, "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox\r\n");
        return;
    }
    if (is_type(resp, "text/html")) {
        str_add_c(out,
                  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
                  "font-src 'self'; connect-src 'self'; form-action 'self'");
        origins(out, resp->csp.form_actions, resp->csp.form_action_count);
        str_add_c(out, "; base-uri 'none'; ");
    } else if (!is_type(resp,
                        "application/pdf")) { /* browsers' PDF viewers are pages of their own */
        str_add_c(out, "default-src 'none'; ");
    }
    str_add_c(out, "frame-ancestors");
    if (resp->csp.is_framed_by_anyone) {
        str_add_c(out, " *\r\n");
        return;
    }
    origins(out, resp->csp.frame_ancestors, resp->csp.frame_ancestor_count);
    str_add_c(out, resp->csp.frame_ancestor_count == 0 ? " 'none'\r\n" : "\r\n");
}

struct sv web_response_head(const struct web_response *resp, const char *request_id) {
    struct str out;
    str_init(&out, resp->arena, (size_t)2 * WEB_HEADERS_MAX_BYTES);
    str_addf(&out, "Status: %d %s\r\n", resp->status, status_words(resp->status));
    bool has_body = resp->status != 204 && resp->status != 304;
    if (has_body) {
        str_addf(&out, "Content-Type: %s\r\nContent-Length: %zu\r\n", resp->content_type,
                 web_response_body(resp).len);
    }
    str_addf(&out, "X-Request-Id: %s\r\nX-Content-Type-Options: nosniff\r\n", request_id);
    str_addf(&out, "Referrer-Policy: %s\r\nCache-Control: %s\r\n",
             resp->is_origin_told ? "same-origin" : "no-referrer", cache_words(resp->cache));
    if (is_type(resp, "text/html") && resp->csp.frame_ancestor_count == 0 &&
        !resp->csp.is_framed_by_anyone) {
        str_add_c(&out, "Cross-Origin-Opener-Policy: same-origin\r\n");
    }
    policy(&out, resp);
    str_add(&out, str_sv(&resp->headers));
    str_add_c(&out, "\r\n");
    return str_sv(&out);
}
