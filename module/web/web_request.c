#include "web_request.h"
#include "base_encode.h"
#include "base_num.h"
#include <string.h>

static struct sv param(char *const *params, struct sv name) {
    for (; *params != NULL; params++) {
        struct sv key;
        struct sv value;
        if (sv_cut(sv_from(*params), '=', &key, &value) && sv_eq(key, name)) {
            return value;
        }
    }
    return sv_of(NULL, 0);
}

static enum web_method method_of(struct sv name) {
    static const struct {
        struct sv name;
        enum web_method method;
    } known[] = {{{"GET", 3}, WEB_GET},        {{"HEAD", 4}, WEB_HEAD},
                 {{"POST", 4}, WEB_POST},      {{"PUT", 3}, WEB_PUT},
                 {{"PATCH", 5}, WEB_PATCH},    {{"DELETE", 6}, WEB_DELETE},
                 {{"OPTIONS", 7}, WEB_OPTIONS}};
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (sv_eq(name, known[i].name)) {
            return known[i].method;
        }
    }
    return WEB_OTHER;
}

/* One segment: decoded, and no byte in it that another reader of the path might take for structure.
 */
static bool segment_add(struct arena *a, struct str *path, struct sv raw, struct err *err) {
    struct sv text;
    if (!percent_decode(a, raw, false, &text, NULL)) {
        return err_because(err, ERR_INPUT, "path", "The address is not encoded correctly.");
    }
    bool is_good = !sv_eq(text, SV(".")) && !sv_eq(text, SV("..")) && sv_is_utf8(text);
    for (size_t i = 0; is_good && i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        is_good = c >= 0x20 && c != 0x7f && c != '/' && c != '\\' && c != ';';
    }
    if (!is_good) {
        return err_because(err, ERR_INPUT, "path", "The address holds characters it must not.");
    }
    str_add_char(path, '/');
    str_add(path, text);
    return true;
}

static bool path_read(struct arena *a, struct sv raw, struct sv *out, struct err *err) {
    if (raw.len == 0 || raw.ptr[0] != '/' || raw.len > WEB_PATH_MAX_BYTES) {
        return err_because(err, ERR_INPUT, "path", "The address is not a path, or is too long.");
    }
    struct str path;
    str_init(&path, a, WEB_PATH_MAX_BYTES);
    struct sv rest = sv_skip(raw, 1);
    for (bool is_more = true; is_more;) {
        struct sv segment;
        is_more = sv_cut(rest, '/', &segment, &rest);
        if (is_more && segment.len == 0) {
            return err_because(err, ERR_INPUT, "path", "The address holds an empty segment.");
        }
        if (!segment_add(a, &path, segment, err)) {
            return false;
        }
    }
    *out = str_sv(&path);
    return true;
}

static bool query_check(struct sv query, struct err *err) {
    if (query.len > WEB_QUERY_MAX_BYTES || !sv_is_printable_ascii(query)) {
        return err_because(err, ERR_INPUT, "query",
                           "The query of the address is too long or not encoded.");
    }
    return true;
}

static bool length_read(struct sv text, size_t max_bytes, size_t *out, struct err *err) {
    *out = 0;
    if (text.len == 0) {
        return true;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return err_because(err, ERR_INPUT, "content_length", "Content-Length is no number.");
        }
    }
    int64_t n = 0;
    if (!num_parse_i64(text, 0, (int64_t)max_bytes, &n)) {
        return err_because(err, ERR_INPUT, "body_size", "What was sent is larger than %zu bytes.",
                           max_bytes);
    }
    *out = (size_t)n;
    return true;
}

static struct sv media_type(struct arena *a, struct sv header) {
    struct sv type;
    struct sv rest;
    (void)sv_cut(header, ';', &type, &rest);
    type = sv_copy(a, sv_trim(type));
    for (size_t i = 0; i < type.len; i++) {
        char *c = (char *)type.ptr + i; /* our own copy */
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
    }
    return type;
}

bool web_request_read(struct arena *a, char *const *params, size_t body_max_bytes,
                      struct web_request *out, size_t *content_length, struct err *err) {
    *out = (struct web_request){.arena = a,
                                .id = "",
                                .params = params,
                                .method = method_of(param(params, SV("REQUEST_METHOD"))),
                                .remote_address = param(params, SV("REMOTE_ADDR")),
                                .content_type = media_type(a, param(params, SV("CONTENT_TYPE")))};
    struct sv raw_path;
    (void)sv_cut(param(params, SV("REQUEST_URI")), '?', &raw_path, &out->query);
    size_t max_bytes =
        sv_eq(out->content_type, SV("multipart/form-data")) ? WEB_UPLOAD_MAX_BYTES : body_max_bytes;
    return path_read(a, raw_path, &out->path, err) && query_check(out->query, err) &&
           length_read(param(params, SV("CONTENT_LENGTH")), max_bytes, content_length, err);
}

bool web_request_length(const struct web_request *req, size_t max_bytes, size_t *out,
                        struct err *err) {
    return length_read(param(req->params, SV("CONTENT_LENGTH")), max_bytes, out, err);
}

struct sv web_header(const struct web_request *req, const char *name) {
    char key[64] = "HTTP_";
    size_t n = 5;
    struct sv text = sv_from(name);
    if (sv_eq_nocase(text, SV("Content-Type"))) {
        return param(req->params, SV("CONTENT_TYPE"));
    }
    for (size_t i = 0; i < text.len && n < sizeof key; i++) {
        char c = text.ptr[i];
        key[n++] = (char)(c == '-' ? '_' : c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    return param(req->params, sv_of(key, n));
}

struct sv web_arg(const struct web_request *req, const char *name) {
    for (size_t i = 0; i < req->arg_count; i++) {
        if (sv_eq(req->args[i].name, sv_from(name))) {
            return req->args[i].value;
        }
    }
    return sv_of(NULL, 0);
}

static bool is_cookie_value(struct sv v) {
    for (size_t i = 0; i < v.len; i++) {
        unsigned char c = (unsigned char)v.ptr[i];
        if (c <= 0x20 || c >= 0x7f || c == '"' || c == ',' || c == ';' || c == '\\') {
            return false;
        }
    }
    return true;
}

/* How many cookies have that name; *value is the last one's. */
static size_t cookie_count(const struct web_request *req, struct sv name, struct sv *value) {
    struct sv rest = web_header(req, "Cookie");
    *value = sv_of(NULL, 0);
    size_t found = 0;
    for (bool is_more = rest.len > 0; is_more;) {
        struct sv pair;
        struct sv key;
        struct sv text;
        is_more = sv_cut(rest, ';', &pair, &rest);
        if (sv_cut(sv_trim(pair), '=', &key, &text) && sv_eq(sv_trim(key), name)) {
            *value = sv_trim(text);
            found++;
        }
    }
    return found;
}

bool web_has_cookie(const struct web_request *req, struct sv name) {
    struct sv ignored;
    return cookie_count(req, name, &ignored) > 0;
}

bool web_cookie(const struct web_request *req, struct sv name, struct sv *value) {
    bool is_good = cookie_count(req, name, value) == 1 && is_cookie_value(*value);
    if (!is_good) {
        *value = sv_of(NULL, 0);
    }
    return is_good;
}

bool web_bearer(const struct web_request *req, struct sv *token) {
    struct sv scheme;
    bool is_good = sv_cut(web_header(req, "Authorization"), ' ', &scheme, token) &&
                   sv_eq_nocase(scheme, SV("Bearer")) && token->len > 0 && token->len <= 4096;
    for (size_t i = 0; is_good && i < token->len; i++) {
        char c = token->ptr[i];
        is_good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.' || c == '_' || c == '~' || c == '+' || c == '/' || c == '=';
    }
    if (!is_good) {
        *token = sv_of(NULL, 0);
    }
    return is_good;
}

/* The weight (RFC 9110 12.4.2) in thousandths; 0 when malformed. */
static int quality(struct sv params) {
    struct sv one;
    for (bool is_more = params.len > 0; is_more;) {
        is_more = sv_cut(params, ';', &one, &params);
        one = sv_trim(one);
        if (sv_starts(one, SV("q=")) || sv_starts(one, SV("Q="))) {
            struct dec d;
            int64_t thousandths = 0;
            if (!dec_parse(sv_skip(one, 2), &d) || dec_is_negative(d) ||
                dec_cmp(d, dec_from_i64(1)) > 0) {
                return 0;
            }
            thousandths = (int64_t)(dec_to_double(d) * 1000 + 0.5);
            return (int)thousandths;
        }
    }
    return 1000;
}

int web_wants(const struct web_request *req, const char *name) {
    int best = 0;
    int best_rank = 0;
    struct sv header = web_header(req, "Accept");
    struct sv type = sv_from(name);
    struct sv family = sv_head(type, sv_find(type, '/') + 1);
    for (bool is_more = header.len > 0; is_more;) {
        struct sv item;
        struct sv range;
        struct sv params;
        is_more = sv_cut(header, ',', &item, &header);
        (void)sv_cut(item, ';', &range, &params);
        range = sv_trim(range);
        bool is_family =
            range.len == family.len + 1 && sv_starts(range, family) && sv_ends(range, SV("*"));
        int rank = sv_eq_nocase(range, type) ? 3 : is_family ? 2 : sv_eq(range, SV("*/*")) ? 1 : 0;
        if (rank > best_rank) {
            best_rank = rank;
            best = quality(params);
        }
    }
    return best == 0 ? 0 : best * 4 + best_rank;
}

bool web_prefers(const struct web_request *req, const char *type) {
    return web_wants(req, type) > web_wants(req, "text/html");
}
