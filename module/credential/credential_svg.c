/* Finds one element in an SVG: a scanner of XML 1.0 markup that builds no tree. */
#include "credential_svg.h"
#include <string.h>

#define OB3_NAMESPACE "https://purl.imsglobal.org/ob/v3p0"
#define OB2_NAMESPACE "http://openbadges.org"
#define PREFIX_MAX 64

struct scan {
    struct arena *arena;
    struct sv rest;
    struct sv namespace; /* which is looked for */
    struct sv element;   /* "credential" */
    struct sv prefix;    /* bound to the namespace by now; empty: none */
    struct sv text;      /* what was found */
    unsigned found;
};

static bool refuse(struct err *err, const char *why) {
    return err_because(err, ERR_INPUT, "image", "%s", why);
}

/* Skip to just behind `end`. */
static bool skip_past(struct sv *rest, struct sv end) {
    for (size_t i = 0; i + end.len <= rest->len; i++) {
        if (memcmp(rest->ptr + i, end.ptr, end.len) == 0) {
            *rest = sv_skip(*rest, i + end.len);
            return true;
        }
    }
    return false;
}

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static struct sv trim_left(struct sv s) {
    while (s.len > 0 && is_space(s.ptr[0])) {
        s = sv_skip(s, 1);
    }
    return s;
}

/* A name, up to white space, '=', '/' or '>'. */
static struct sv name_take(struct sv *rest) {
    size_t n = 0;
    while (n < rest->len && !is_space(rest->ptr[n]) && rest->ptr[n] != '\0' &&
           strchr("=/><\"'", rest->ptr[n]) == NULL) {
        n++;
    }
    struct sv name = sv_head(*rest, n);
    *rest = sv_skip(*rest, n);
    return name;
}

static bool reference(struct sv name, struct str *out) {
    static const struct {
        struct sv name;
        char c;
    } own[] = {{{"lt", 2}, '<'},
               {{"gt", 2}, '>'},
               {{"amp", 3}, '&'},
               {{"quot", 4}, '"'},
               {{"apos", 4}, '\''}};
    for (size_t i = 0; i < ARRAY_LEN(own); i++) {
        if (sv_eq(name, own[i].name)) {
            str_add_char(out, own[i].c);
            return true;
        }
    }
    /* Characters by number: ASCII ones, which is all that writers of JSON and URLs escape. */
    bool is_hex = sv_starts(name, SV("#x"));
    unsigned c = 0;
    struct sv digits = sv_skip(name, is_hex ? 2 : 1);
    for (size_t i = 0; i < digits.len; i++) {
        char d = digits.ptr[i];
        unsigned v = d >= '0' && d <= '9'             ? (unsigned)(d - '0')
                     : is_hex && d >= 'a' && d <= 'f' ? (unsigned)(d - 'a') + 10
                     : is_hex && d >= 'A' && d <= 'F' ? (unsigned)(d - 'A') + 10
                                                      : 99;
        c = c * (is_hex ? 16 : 10) + v;
        if (v == 99 || c > 0x7e) {
            return false;
        }
    }
    bool is_fit = name.len > 1 && name.ptr[0] == '#' && digits.len > 0 &&
                  (c >= 0x20 || c == '\t' || c == '\n' || c == '\r');
    str_add_char(out, (char)c);
    return is_fit;
}

/* Undo references; *out is borrowed when there are none. */
static bool decode(struct arena *a, struct sv text, struct sv *out) {
    if (sv_find(text, '&') == text.len) {
        *out = text;
        return true;
    }
    struct str s;
    str_init(&s, a, text.len + 1);
    while (text.len > 0) {
        if (text.ptr[0] != '&') {
            size_t n = sv_find(text, '&');
            str_add(&s, sv_head(text, n));
            text = sv_skip(text, n);
            continue;
        }
        struct sv name;
        if (!sv_cut(sv_skip(text, 1), ';', &name, &text) || !reference(name, &s)) {
            return false;
        }
    }
    *out = str_sv(&s);
    return !s.is_overflowed;
}

struct tag {
    struct sv name;
    struct sv verify; /* attribute, raw */
    bool has_verify;
    bool is_empty; /* <x/> */
};

/* A start tag behind '<', with the namespace's prefix noted. */
static bool start_tag(struct scan *s, struct tag *tag) {
    *tag = (struct tag){.name = name_take(&s->rest)};
    for (;;) {
        s->rest = trim_left(s->rest);
        if (s->rest.len == 0) {
            return false;
        }
        if (s->rest.ptr[0] == '>') {
            s->rest = sv_skip(s->rest, 1);
            return tag->name.len > 0;
        }
        if (sv_starts(s->rest, SV("/>"))) {
            s->rest = sv_skip(s->rest, 2);
            tag->is_empty = true;
            return tag->name.len > 0;
        }
        struct sv name = name_take(&s->rest);
        struct sv value;
        s->rest = trim_left(s->rest);
        if (name.len == 0 || !sv_starts(s->rest, SV("="))) {
            return false;
        }
        s->rest = trim_left(sv_skip(s->rest, 1));
        if (s->rest.len == 0 || (s->rest.ptr[0] != '"' && s->rest.ptr[0] != '\'')) {
            return false;
        }
        if (!sv_cut(sv_skip(s->rest, 1), s->rest.ptr[0], &value, &s->rest)) {
            return false;
        }
        if (sv_starts(name, SV("xmlns:")) && sv_eq(value, s->namespace)) {
            s->prefix = sv_skip(name, sizeof "xmlns:" - 1);
        }
        if (sv_eq(name, SV("verify"))) {
            tag->verify = value;
            tag->has_verify = true;
        }
    }
}

static bool is_wanted(const struct scan *s, struct sv name) {
    struct sv prefix;
    struct sv local;
    return s->prefix.len > 0 && s->prefix.len < PREFIX_MAX && sv_cut(name, ':', &prefix, &local) &&
           sv_eq(prefix, s->prefix) && sv_eq(local, s->element);
}

/* The text of the element up to its end tag: CDATA sections as they are, else character data. */
static bool content(struct scan *s, struct sv *out) {
    struct str text;
    str_init(&text, s->arena, s->rest.len + 1);
    while (s->rest.len > 0 && !sv_starts(s->rest, SV("</"))) {
        if (sv_starts(s->rest, SV("<![CDATA["))) {
            struct sv from = sv_skip(s->rest, 9);
            s->rest = from;
            if (!skip_past(&s->rest, SV("]]>"))) {
                return false;
            }
            str_add(&text, sv_head(from, from.len - s->rest.len - 3));
        } else if (sv_starts(s->rest, SV("<!--"))) {
            if (!skip_past(&s->rest, SV("-->"))) {
                return false;
            }
        } else if (s->rest.ptr[0] == '<') {
            return false; /* an element inside */
        } else {
            struct sv plain;
            size_t n = sv_find(s->rest, '<');
            if (!decode(s->arena, sv_head(s->rest, n), &plain)) {
                return false;
            }
            str_add(&text, plain);
            s->rest = sv_skip(s->rest, n);
        }
    }
    *out = str_sv(&text);
    return s->rest.len > 0;
}

static bool element(struct scan *s, struct err *err) {
    struct tag tag;
    struct sv verify = {0};
    struct sv inside = {0};
    if (!start_tag(s, &tag)) {
        return refuse(err, "the SVG is malformed");
    }
    if (!is_wanted(s, tag.name)) {
        return true;
    }
    if (++s->found > 1) {
        return refuse(err, "the SVG holds two credentials; which one is meant is unclear");
    }
    if ((tag.has_verify && !decode(s->arena, tag.verify, &verify)) ||
        (!tag.is_empty && !content(s, &inside))) {
        return refuse(err, "the credential in the SVG is malformed");
    }
    inside = sv_trim(inside);
    /* Open Badges 2.0 repeats the assertion inside when verify is a URL: the URL counts. */
    s->text = verify.len > 0 ? verify : inside;
    return true;
}

/* Everything between '<' and its end, by kind. */
static bool markup(struct scan *s, struct err *err) {
    bool is_closed = true;
    if (sv_starts(s->rest, SV("<!--"))) {
        is_closed = skip_past(&s->rest, SV("-->"));
    } else if (sv_starts(s->rest, SV("<![CDATA["))) {
        is_closed = skip_past(&s->rest, SV("]]>"));
    } else if (sv_starts(s->rest, SV("<?"))) {
        is_closed = skip_past(&s->rest, SV("?>"));
    } else if (sv_starts(s->rest, SV("<!"))) {
        struct sv whole = s->rest;
        is_closed = skip_past(&s->rest, SV(">"));
        if (memchr(whole.ptr, '[', whole.len - s->rest.len) != NULL) {
            return refuse(err, "the SVG defines entities of its own, which are not followed");
        }
    } else if (sv_starts(s->rest, SV("</"))) {
        is_closed = skip_past(&s->rest, SV(">"));
    } else {
        s->rest = sv_skip(s->rest, 1);
        return element(s, err);
    }
    return is_closed || refuse(err, "the SVG is cut off or malformed");
}

static bool find(struct sv svg, struct arena *a, struct sv namespace, struct sv name,
                 struct sv *text, struct err *err) {
    struct scan s = {.arena = a, .rest = svg, .namespace = namespace, .element = name};
    while (s.rest.len > 0) {
        s.rest = sv_skip(s.rest, sv_find(s.rest, '<'));
        if (s.rest.len > 0 && !markup(&s, err)) {
            return false;
        }
    }
    *text = s.text;
    return true;
}

bool credential_svg_read(struct sv svg, struct arena *a, struct sv *text, struct err *err) {
    if (!sv_is_utf8(svg)) {
        return refuse(err, "the SVG is no UTF-8 text");
    }
    if (!find(svg, a, SV(OB3_NAMESPACE), SV("credential"), text, err) ||
        (text->len == 0 && !find(svg, a, SV(OB2_NAMESPACE), SV("assertion"), text, err))) {
        return false;
    }
    return text->len > 0 || refuse(err, "there is no credential in this SVG");
}
