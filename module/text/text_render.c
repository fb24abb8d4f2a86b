#include "base_encode.h"
#include "text_internal.h"
#include "text_markdown.h"

#define SCOPES_MAX 64
#define JSON_DEPTH_MAX 64

struct render {
    struct str *out;
    struct err *err;
    const json_t *scopes[SCOPES_MAX]; /* innermost last */
    size_t depth;
};

static bool fail(struct render *r, const struct text_file *f, const struct text_node *n,
                 const char *why) {
    return err_because(r->err, ERR_BUG, "template", "%s:%d: {{%.*s}} %s", f->name, n->line,
                       SV_ARG(n->text), why);
}

void text_escape(struct str *out, struct sv text) {
    size_t done = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *coded = NULL;
        switch (text.ptr[i]) {
        case '<':
            coded = "&lt;";
            break;
        case '>':
            coded = "&gt;";
            break;
        case '&':
            coded = "&amp;";
            break;
        case '"':
            coded = "&quot;";
            break;
        case '\'':
            coded = "&#39;";
            break;
        default:
            continue;
        }
        str_add(out, sv_of(text.ptr + done, i - done));
        str_add_c(out, coded);
        done = i + 1;
    }
    str_add(out, sv_skip(text, done));
}

/* Between "//" and the path: a host with an optional port, no user info, nothing odd. */
static bool is_host_safe(struct sv host) {
    bool is_good = host.len > 0;
    for (size_t i = 0; is_good && i < host.len; i++) {
        char c = host.ptr[i];
        is_good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
    }
    return is_good;
}

static bool is_loopback(struct sv host) {
    struct sv name = host;
    if (!sv_starts(host, SV("["))) {
        struct sv port;
        (void)sv_cut(host, ':', &name, &port);
    }
    return sv_eq(name, SV("localhost")) || sv_eq(name, SV("127.0.0.1")) ||
           sv_eq(name, SV("[::1]")) || sv_starts(name, SV("[::1]:"));
}

bool text_url_is_safe(struct sv url) {
    for (size_t i = 0; i < url.len; i++) {
        unsigned char c = (unsigned char)url.ptr[i];
        if (c <= 0x20 || c == 0x7f || c == '\\') {
            return false;
        }
    }
    if (url.len > 0 && url.ptr[0] == '/') {
        return url.len == 1 || url.ptr[1] != '/';
    }
    bool is_https = sv_eq_nocase(sv_head(url, 8), SV("https://"));
    bool is_http = sv_eq_nocase(sv_head(url, 7), SV("http://"));
    if (!is_https && !is_http) {
        return false;
    }
    struct sv rest = sv_skip(url, is_https ? 8 : 7);
    size_t end = 0;
    while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?' && rest.ptr[end] != '#') {
        end++;
    }
    struct sv host = sv_head(rest, end);
    return is_host_safe(host) && (is_https || is_loopback(host));
}

/* A Credential Offer for whatever wallet this device has (OpenID4VCI 1.0, 4.1.3): nothing but the
 * encoded address of the offer may follow. */
static bool is_wallet_offer(struct sv url) {
    AUTO_ARENA a = {0};
    const struct sv start = SV("openid-credential-offer://?credential_offer_uri=");
    struct sv address = {0};
    struct sv rest = sv_skip(url, start.len);
    bool is_plain = sv_starts(url, start);
    for (size_t i = 0; is_plain && i < rest.len; i++) {
        char c = rest.ptr[i];
        is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '-' || c == '.' || c == '_' || c == '~' || c == '%';
    }
    return is_plain && percent_decode(&a, rest, false, &address, NULL) &&
           !sv_starts(address, SV("/")) && text_url_is_safe(address);
}

static const json_t *lookup(const struct render *r, const struct text_node *n) {
    if (n->path_len == 0) {
        return r->scopes[r->depth - 1];
    }
    const json_t *v = NULL;
    for (size_t i = r->depth; v == NULL && i > 0; i--) {
        const json_t *scope = r->scopes[i - 1];
        v = json_is_object(scope) ? json_object_get(scope, n->path[0]) : NULL;
    }
    for (size_t i = 1; v != NULL && i < n->path_len; i++) {
        v = json_is_object(v) ? json_object_get(v, n->path[i]) : NULL;
    }
    return v;
}

static bool json_write(struct str *out, const json_t *v, int depth) {
    if (depth == 0) {
        return false;
    }
    bool is_good = true;
    if (json_is_object(v)) {
        const char *key = NULL;
        json_t *member = NULL;
        bool is_first = true;
        str_add_char(out, '{');
        json_object_foreach((json_t *)v, key, member) {
            if (!is_first) {
                str_add_char(out, ',');
            }
            is_first = false;
            quote_json(out, sv_from(key));
            str_add_char(out, ':');
            is_good = is_good && json_write(out, member, depth - 1);
        }
        str_add_char(out, '}');
    } else if (json_is_array(v)) {
        str_add_char(out, '[');
        for (size_t i = 0; i < json_array_size(v); i++) {
            if (i > 0) {
                str_add_char(out, ',');
            }
            is_good = is_good && json_write(out, json_array_get(v, i), depth - 1);
        }
        str_add_char(out, ']');
    } else if (json_is_string(v)) {
        quote_json(out, js_sv(v));
    } else {
        str_add(out, js_dump(out->arena, v)); /* numbers, true, false, null: nothing to escape */
    }
    return is_good;
}

/* The text a value prints: *text borrowed from it or from `number`. */
static bool scalar(const json_t *v, char number[DEC_TEXT_MAX], struct sv *text) {
    *text = js_sv(v);
    if (json_is_string(v) || json_is_null(v)) {
        return true;
    }
    if (json_is_integer(v)) {
        (void)snprintf(number, DEC_TEXT_MAX, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
        *text = sv_from(number);
        return true;
    }
    struct dec d;
    if (json_is_real(v) && dec_from_double(json_real_value(v), &d)) {
        *text = sv_from(dec_format(d, number));
        return true;
    }
    return false;
}

static bool render_json(struct render *r, const struct text_file *f, const struct text_node *n,
                        const json_t *v) {
    if (n->output == HTML_OUT_JSON) {
        return json_write(r->out, v, JSON_DEPTH_MAX) || fail(r, f, n, "is nested too deeply");
    }
    struct str text;
    str_init(&text, r->out->arena, r->out->max_bytes);
    if (!json_write(&text, v, JSON_DEPTH_MAX)) {
        return fail(r, f, n, "is nested too deeply");
    }
    text_escape(r->out, str_sv(&text));
    r->out->is_overflowed = r->out->is_overflowed || text.is_overflowed;
    return true;
}

static bool render_value(struct render *r, const struct text_file *f, const struct text_node *n) {
    const json_t *v = lookup(r, n);
    if (v == NULL) {
        return fail(r, f, n, "has no such key in its data");
    }
    if (n->output == HTML_OUT_JSON || n->output == HTML_OUT_JSON_ESCAPED) {
        return render_json(r, f, n, v);
    }
    char number[DEC_TEXT_MAX];
    struct sv text;
    if (!scalar(v, number, &text)) {
        return fail(r, f, n, "is neither text nor number");
    }
    switch (n->output) {
    case HTML_OUT_PERCENT:
        if (sv_eq(text, SV(".")) || sv_eq(text, SV(".."))) {
            return fail(r, f, n, "would climb up the path");
        }
        percent_encode(r->out, text);
        return true;
    case HTML_OUT_URL:
        if (!text_url_is_safe(text) && !is_wallet_offer(text)) {
            return fail(r, f, n, "is no https address and no path of ours");
        }
        text_escape(r->out, text);
        return true;
    case HTML_OUT_MARKDOWN:
        return text_markdown(text, r->out, r->err) || err_prefix(r->err, "%s:%d", f->name, n->line);
    default:
        text_escape(r->out, text);
        return true;
    }
}

static bool is_shown(const json_t *v) {
    switch (json_typeof(v)) {
    case JSON_ARRAY:
        return json_array_size(v) > 0;
    case JSON_STRING:
        return json_string_length(v) > 0;
    case JSON_INTEGER:
        return json_integer_value(v) != 0;
    case JSON_REAL:
        return json_real_value(v) != 0;
    case JSON_OBJECT:
    case JSON_TRUE:
        return true;
    default:
        return false;
    }
}

static bool render_range(struct render *r, const struct text_file *f, size_t from, size_t to);

static bool render_scoped(struct render *r, const struct text_file *f, size_t at,
                          const json_t *scope) {
    if (r->depth == SCOPES_MAX) {
        return fail(r, f, &f->nodes[at], "is nested too deeply");
    }
    r->scopes[r->depth++] = scope;
    bool is_good = render_range(r, f, at + 1, f->nodes[at].end);
    r->depth--;
    return is_good;
}

static bool render_section(struct render *r, const struct text_file *f, size_t at) {
    const struct text_node *n = &f->nodes[at];
    const json_t *v = lookup(r, n);
    if (v == NULL) {
        return fail(r, f, n, "has no such key in its data");
    }
    if (n->kind == TEXT_NODE_INVERSE) {
        return is_shown(v) || render_range(r, f, at + 1, n->end);
    }
    if (!is_shown(v)) {
        return true;
    }
    if (json_is_true(v)) {
        return render_range(r, f, at + 1, n->end);
    }
    if (!json_is_array(v)) {
        return render_scoped(r, f, at, v);
    }
    for (size_t i = 0; i < json_array_size(v); i++) {
        if (!render_scoped(r, f, at, json_array_get(v, i))) {
            return false;
        }
    }
    return true;
}

static bool render_range(struct render *r, const struct text_file *f, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        const struct text_node *n = &f->nodes[i];
        switch (n->kind) {
        case TEXT_NODE_LITERAL:
            str_add(r->out, n->text);
            break;
        case TEXT_NODE_VALUE:
            if (!render_value(r, f, n)) {
                return false;
            }
            break;
        case TEXT_NODE_PART:
            if (!render_range(r, n->part, 0, n->part->count)) {
                return false;
            }
            break;
        case TEXT_NODE_SECTION:
        case TEXT_NODE_INVERSE:
            if (!render_section(r, f, i)) {
                return false;
            }
            i = n->end - 1;
            break;
        }
    }
    return true;
}

bool text_render(const struct text_templates *t, const char *name, const json_t *data,
                 struct str *out, struct err *err) {
    const struct text_file *f = text_file_find(t, sv_from(name));
    if (f == NULL) {
        return err_because(err, ERR_BUG, "template", "there is no template %s", name);
    }
    if (!json_is_object(data)) {
        return err_because(err, ERR_BUG, "template", "%s: its data is no object", f->name);
    }
    struct render r = {.out = out, .err = err, .scopes = {data}, .depth = 1};
    return render_range(&r, f, 0, f->count) && str_ok(out, f->name, err);
}
