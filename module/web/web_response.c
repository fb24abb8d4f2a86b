#include "web_response.h"
#include "base_encode.h"
#include "text_template.h"
#include "web_origin.h"
#include <string.h>

void web_response_init(struct web_response *resp, struct arena *a) {
    *resp = (struct web_response){
        .arena = a, .status = 200, .content_type = "text/plain; charset=utf-8"};
    str_init(&resp->headers, a, WEB_HEADERS_MAX_BYTES);
    str_init(&resp->body, a, WEB_RESPONSE_MAX_BYTES);
}

void web_response_reset(struct web_response *resp) { web_response_init(resp, resp->arena); }

static void start(struct web_response *resp, int status, const char *content_type) {
    resp->status = status;
    resp->content_type = content_type;
    resp->borrowed = sv_of(NULL, 0);
}

void web_html(struct web_response *resp, int status) {
    start(resp, status, "text/html; charset=utf-8");
}

void web_text(struct web_response *resp, int status, struct sv text) {
    start(resp, status, "text/plain; charset=utf-8");
    str_add(&resp->body, text);
}

bool web_json(struct web_response *resp, int status, const char *content_type, const json_t *value,
              struct err *err) {
    start(resp, status, content_type == NULL ? "application/json; charset=utf-8" : content_type);
    str_add(&resp->body, js_dump(resp->arena, value));
    return !resp->body.is_overflowed ||
           err_because(err, ERR_BUG, "too_long", "The answer does not fit %zu bytes",
                       WEB_RESPONSE_MAX_BYTES);
}

void web_bytes(struct web_response *resp, int status, const char *content_type, struct sv bytes) {
    start(resp, status, content_type);
    resp->borrowed = bytes;
}

static bool redirect(struct web_response *resp, int status, struct sv location, struct err *err) {
    if (!text_url_is_safe(location) || !sv_is_printable_ascii(location)) {
        return err_because(err, ERR_BUG, "location",
                           "The redirect goes neither to a path nor to https");
    }
    start(resp, status, "text/plain; charset=utf-8");
    return web_header_add(resp, "Location", location, err);
}

bool web_see_other(struct web_response *resp, struct sv location, struct err *err) {
    return redirect(resp, 303, location, err);
}

bool web_found(struct web_response *resp, struct sv location, struct err *err) {
    return redirect(resp, 302, location, err);
}

/* RFC 9110 5.6.2 */
static bool is_token(struct sv s) {
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool is_good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
        if (!is_good) {
            return false;
        }
    }
    return s.len > 0;
}

bool web_header_add(struct web_response *resp, const char *name, struct sv value, struct err *err) {
    bool is_good = is_token(sv_from(name));
    for (size_t i = 0; is_good && i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        is_good = c >= 0x20 && c != 0x7f;
    }
    size_t need = strlen(name) + value.len + 4;
    if (!is_good || need > resp->headers.max_bytes - resp->headers.len) {
        return err_because(err, ERR_BUG, "header", "The header %s cannot be sent",
                           is_good ? name : "");
    }
    str_add_c(&resp->headers, name);
    str_add_c(&resp->headers, ": ");
    str_add(&resp->headers, value);
    str_add_c(&resp->headers, "\r\n");
    return true;
}

bool web_attachment(struct web_response *resp, struct sv filename, struct err *err) {
    struct str value;
    str_init(&value, resp->arena, 2048);
    filename = sv_clip_utf8(filename, 200);
    str_add_c(&value, "attachment; filename=\"");
    for (size_t i = 0; i < filename.len; i++) {
        char c = filename.ptr[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '_' || (c == '.' && i > 0);
        str_add_char(&value, (char)(is_plain ? c : '-'));
    }
    str_add_c(&value, "\"; filename*=UTF-8''");
    percent_encode(&value, filename);
    return web_header_add(resp, "Content-Disposition", str_sv(&value), err);
}

struct sv web_cookie_name(struct arena *a, struct sv name, bool is_insecure) {
    return sv_printf(a, "%s%.*s", is_insecure ? "" : "__Host-", SV_ARG(name));
}

bool web_cookie_add(struct web_response *resp, const struct web_set_cookie *c, struct err *err) {
    bool is_good = is_token(c->name) && c->name.len <= 64 && c->value.len <= 3072;
    for (size_t i = 0; is_good && i < c->value.len; i++) {
        unsigned char b = (unsigned char)c->value.ptr[i];
        is_good = b > 0x20 && b < 0x7f && b != '"' && b != ',' && b != ';' && b != '\\';
    }
    if (!is_good) {
        return err_because(err, ERR_BUG, "header", "The cookie cannot be sent");
    }
    struct str line;
    str_init(&line, resp->arena, 4096);
    str_add(&line, web_cookie_name(resp->arena, c->name, c->is_insecure));
    str_add_char(&line, '=');
    str_add(&line, c->value);
    str_add_c(&line, "; Path=/; HttpOnly");
    if (c->max_age_s >= 0) {
        str_add_c(&line, "; Max-Age=");
        str_add_int(&line, c->max_age_s);
    }
    str_add_c(&line, c->is_insecure ? "; SameSite=Lax" : "; Secure; SameSite=None; Partitioned");
    return web_header_add(resp, "Set-Cookie", str_sv(&line), err);
}

static bool source_add(struct sv *list, size_t *count, struct sv source, struct err *err) {
    for (size_t i = 0; i < *count; i++) {
        if (sv_eq(list[i], source)) {
            return true;
        }
    }
    if (*count == WEB_CSP_ORIGINS_MAX) {
        return err_because(err, ERR_INPUT, "origin", "There are too many origins.");
    }
    list[(*count)++] = source;
    return true;
}

static bool origin_add(struct web_response *resp, struct sv *list, size_t *count, struct sv url,
                       struct err *err) {
    struct sv origin;
    return web_origin(resp->arena, url, &origin, err) && source_add(list, count, origin, err);
}

bool web_csp_frame(struct web_response *resp, struct sv origin, struct err *err) {
    return origin_add(resp, resp->csp.frame_ancestors, &resp->csp.frame_ancestor_count, origin,
                      err);
}

bool web_csp_frame_below(struct web_response *resp, struct sv domain, struct err *err) {
    struct sv origin;
    struct sv url = sv_printf(resp->arena, "https://%.*s", SV_ARG(domain));
    return web_origin(resp->arena, url, &origin, err) &&
           source_add(resp->csp.frame_ancestors, &resp->csp.frame_ancestor_count,
                      sv_printf(resp->arena, "https://*.%.*s",
                                SV_ARG(sv_skip(origin, strlen("https://")))),
                      err);
}

bool web_csp_form(struct web_response *resp, struct sv origin, struct err *err) {
    return origin_add(resp, resp->csp.form_actions, &resp->csp.form_action_count, origin, err);
}

struct sv web_response_body(const struct web_response *resp) {
    return resp->borrowed.ptr != NULL ? resp->borrowed : str_sv(&resp->body);
}
