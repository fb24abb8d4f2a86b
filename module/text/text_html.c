#include "text_html.h"
#include <string.h>

static char lower(char c) { return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); }
static bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
static bool is_white(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool refuse(const char **why, const char *text) {
    *why = text;
    return false;
}

static bool is_any(const char *name, size_t len, const char *const *list) {
    for (; *list != NULL; list++) {
        if (sv_eq(sv_of(name, len), sv_from(*list))) {
            return true;
        }
    }
    return false;
}

static bool is_tag(const struct html_state *s, const char *name) {
    return sv_eq(sv_of(s->tag, s->tag_len), sv_from(name));
}

static bool is_attr(const struct html_state *s, const char *name) {
    return sv_eq(sv_of(s->attr, s->attr_len), sv_from(name));
}

static bool add(char *name, size_t *len, size_t max, char c, const char **why) {
    if (*len == max) {
        return refuse(why, "a tag or attribute name is too long");
    }
    name[(*len)++] = lower(c);
    return true;
}

/* A tag's name is complete: refuse what the policy would not run or what changes how HTML is read.
 */
static bool tag_named(const struct html_state *s, const char **why) {
    static const char *const refused[] = {"style",    "base",     "object",    "embed", "applet",
                                          "xmp",      "listing",  "plaintext", "frame", "noembed",
                                          "noframes", "frameset", NULL};
    if (is_any(s->tag, s->tag_len, refused)) {
        return refuse(why, "this element is not allowed: styles go into the style sheet, and the "
                           "rest is obsolete");
    }
    return true;
}

static bool attr_named(struct html_state *s, const char **why) {
    static const char *const refused[] = {"style", "srcdoc", "http-equiv", NULL};
    static const char *const address[] = {
        "href",     "src",  "action",     "formaction", "poster",     "cite",     "data",
        "manifest", "ping", "background", "icon",       "xlink:href", "longdesc", NULL};
    if (is_any(s->attr, s->attr_len, refused)) {
        return refuse(why, "this attribute is not allowed: the Content-Security-Policy drops it");
    }
    if (s->attr_len > 2 && s->attr[0] == 'o' && s->attr[1] == 'n') {
        return refuse(why,
                      "inline handlers are not allowed: the Content-Security-Policy drops them");
    }
    s->has_src = s->has_src || is_attr(s, "src");
    s->url = is_any(s->attr, s->attr_len, address) ? HTML_URL_START : HTML_URL_NO;
    s->value_len = 0;
    return true;
}

static bool value_ended(struct html_state *s, const char **why) {
    struct sv value = sv_of(s->value, s->value_len);
    if (s->url == HTML_URL_LITERAL && s->value_len >= 11 &&
        sv_eq_nocase(sv_head(value, 11), SV("javascript:"))) {
        return refuse(why, "a javascript: address is not allowed");
    }
    if (is_tag(s, "script") && is_attr(s, "type")) {
        s->is_data_block =
            sv_eq(value, SV("application/json")) || sv_eq(value, SV("application/ld+json"));
    }
    s->place = HTML_AFTER_VALUE;
    s->url = HTML_URL_NO;
    s->attr_len = 0;
    return true;
}

static bool tag_ended(struct html_state *s, const char **why) {
    s->place = HTML_TEXT;
    s->matched = 0;
    if (s->is_end_tag) {
        return true;
    }
    if (is_tag(s, "title") || is_tag(s, "textarea")) {
        s->place = HTML_RCDATA;
    } else if (is_tag(s, "script")) {
        if (!s->is_data_block && !s->has_src) {
            return refuse(why, "inline scripts are not allowed: put the script into an asset");
        }
        s->place = s->is_data_block ? HTML_DATA : HTML_NO_DATA;
    }
    return true;
}

static void tag_opened(struct html_state *s, char c) {
    s->is_end_tag = c == '/';
    s->has_src = false;
    s->is_data_block = false;
    s->tag_len = 0;
    s->attr_len = 0;
    s->value_len = 0;
    s->place = HTML_TAG_NAME;
}

/* Text whose only way out is its own end tag. */
static bool feed_until_end_tag(struct html_state *s, char c, const char **why) {
    if (s->place == HTML_NO_DATA && s->matched == 0 && c != '<' && !is_white(c)) {
        return refuse(why, "a script with src has no content");
    }
    bool is_name = s->matched >= 2 && s->matched - 2 < s->tag_len;
    if (s->matched == 0   ? c == '<'
        : s->matched == 1 ? c == '/'
                          : is_name && lower(c) == s->tag[s->matched - 2]) {
        s->matched++;
    } else if (s->matched == s->tag_len + 2 && (is_white(c) || c == '>' || c == '/')) {
        s->is_end_tag = true;
        s->place = c == '>' ? HTML_TEXT : HTML_IN_TAG;
        s->matched = 0;
    } else {
        s->matched = c == '<' ? 1 : 0;
    }
    return true;
}

static bool feed_in_tag(struct html_state *s, char c, const char **why) {
    if (is_white(c)) {
        s->place = HTML_IN_TAG;
        return true;
    }
    if (c == '>') {
        return tag_ended(s, why);
    }
    if (c == '/') {
        s->place = HTML_AFTER_VALUE;
        return true;
    }
    if (s->place == HTML_AFTER_VALUE) {
        return refuse(why, "white space is missing between attributes");
    }
    if (s->is_end_tag || c == '"' || c == '\'' || c == '<' || c == '=') {
        return refuse(why, "there is a stray character in a tag");
    }
    s->place = HTML_ATTR_NAME;
    s->attr_len = 0;
    return add(s->attr, &s->attr_len, sizeof s->attr, c, why);
}

static bool feed_attr_name(struct html_state *s, char c, const char **why) {
    bool is_after = s->place == HTML_AFTER_ATTR_NAME;
    if (!is_after && !is_white(c) && c != '=' && c != '>' && c != '/') {
        if (c == '"' || c == '\'' || c == '<') {
            return refuse(why, "there is a stray character in an attribute name");
        }
        return add(s->attr, &s->attr_len, sizeof s->attr, c, why);
    }
    if (is_white(c)) {
        s->place = HTML_AFTER_ATTR_NAME;
        return is_after || attr_named(s, why);
    }
    if (!is_after && !attr_named(s, why)) {
        return false;
    }
    if (c == '=') {
        s->place = HTML_BEFORE_VALUE;
        return true;
    }
    s->place = HTML_IN_TAG; /* an attribute without value */
    return feed_in_tag(s, c, why);
}

static bool feed_value(struct html_state *s, char c, const char **why) {
    if (c == s->quote) {
        return value_ended(s, why);
    }
    if (s->value_len < sizeof s->value) {
        s->value[s->value_len++] = c;
    }
    if (s->url == HTML_URL_START) {
        s->url = HTML_URL_LITERAL;
    } else if (s->url == HTML_URL_OPEN && (c == '/' || c == '?' || c == '#')) {
        s->url = HTML_URL_TAIL;
    }
    return true;
}

static bool feed_tag_open(struct html_state *s, char c, const char **why) {
    if (c == '!') {
        s->place = HTML_DECLARATION;
        s->matched = 0;
        return true;
    }
    if (c == '/' || is_letter(c)) {
        tag_opened(s, c);
        return c == '/' || add(s->tag, &s->tag_len, sizeof s->tag, c, why);
    }
    return refuse(why, "a '<' that starts no tag is written &lt;");
}

static bool feed_tag_name(struct html_state *s, char c, const char **why) {
    bool is_first_of_end = s->is_end_tag && s->tag_len == 0;
    if (is_letter(c) || (!is_first_of_end && ((c >= '0' && c <= '9') || c == '-' || c == ':'))) {
        return add(s->tag, &s->tag_len, sizeof s->tag, c, why);
    }
    if (is_first_of_end || !(is_white(c) || c == '>' || c == '/')) {
        return refuse(why, "there is a stray character in a tag name");
    }
    return tag_named(s, why) && feed_in_tag(s, c, why);
}

static void feed_declaration(struct html_state *s, char c) {
    if (c == '>') {
        s->place = HTML_TEXT;
    } else if (c == '-' && s->matched < 2) {
        s->matched++;
        if (s->matched == 2) {
            s->place = HTML_COMMENT;
            s->matched = 0;
        }
    }
}

static void feed_comment(struct html_state *s, char c) {
    if (c == '>' && s->matched >= 2) {
        s->place = HTML_TEXT;
        s->matched = 0;
    } else {
        s->matched = c == '-' ? s->matched + 1 : 0;
    }
}

bool html_feed(struct html_state *s, char c, const char **why) {
    switch (s->place) {
    case HTML_TEXT:
        if (c == '<') {
            s->place = HTML_TAG_OPEN;
        }
        return true;
    case HTML_TAG_OPEN:
        return feed_tag_open(s, c, why);
    case HTML_TAG_NAME:
        return feed_tag_name(s, c, why);
    case HTML_IN_TAG:
    case HTML_AFTER_VALUE:
        return feed_in_tag(s, c, why);
    case HTML_ATTR_NAME:
    case HTML_AFTER_ATTR_NAME:
        if (s->place == HTML_AFTER_ATTR_NAME && !is_white(c) && c != '=' && c != '>' && c != '/') {
            s->place = HTML_IN_TAG;
            return feed_in_tag(s, c, why);
        }
        return feed_attr_name(s, c, why);
    case HTML_BEFORE_VALUE:
        if (is_white(c)) {
            return true;
        }
        if (c != '"' && c != '\'') {
            return refuse(why, "attribute values must be quoted");
        }
        s->quote = c;
        s->place = HTML_VALUE;
        return true;
    case HTML_VALUE:
        return feed_value(s, c, why);
    case HTML_DATA:
    case HTML_NO_DATA:
    case HTML_RCDATA:
        return feed_until_end_tag(s, c, why);
    case HTML_COMMENT:
        feed_comment(s, c);
        return true;
    case HTML_DECLARATION:
        feed_declaration(s, c);
        return true;
    }
    return refuse(why, "the page cannot be followed");
}

/* Whether what follows this literal start of an address cannot change where it goes. */
static bool is_past_host(struct sv v) {
    if (sv_starts(v, SV("https://"))) {
        struct sv host = sv_skip(v, 8);
        size_t end = sv_find(host, '/');
        return end > 0 && end < host.len;
    }
    bool is_path = v.len > 0 && v.ptr[0] == '/' && !(v.len > 1 && v.ptr[1] == '/');
    return (is_path && v.len > 1) || sv_starts(v, SV("?")) || sv_starts(v, SV("#")) ||
           sv_starts(v, SV("mailto:"));
}

static bool put_in_address(struct html_state *s, enum html_wish wish, enum html_output *out,
                           const char **why) {
    if (wish == HTML_WISH_URL && s->url == HTML_URL_START) {
        s->url = HTML_URL_OPEN;
        *out = HTML_OUT_URL;
        return true;
    }
    if (wish != HTML_WISH_TEXT) {
        return refuse(why, "in an address only {{url:x}} at its start, or {{x}} further on");
    }
    bool is_safe = s->url == HTML_URL_TAIL ||
                   (s->url == HTML_URL_LITERAL && is_past_host(sv_of(s->value, s->value_len)));
    if (!is_safe) {
        return refuse(why, "an address starts with {{url:x}}, or with literal text up to its path");
    }
    s->url = HTML_URL_TAIL;
    *out = HTML_OUT_PERCENT;
    return true;
}

static bool put_in_value(struct html_state *s, enum html_wish wish, enum html_output *out,
                         const char **why) {
    if (s->url != HTML_URL_NO) {
        return put_in_address(s, wish, out, why);
    }
    if (is_attr(s, "srcset") || (is_tag(s, "script") && is_attr(s, "type"))) {
        return refuse(why, "this attribute takes literal text only");
    }
    if (wish == HTML_WISH_MARKDOWN) {
        return refuse(why, "{{markdown:x}} stands between tags only");
    }
    *out = wish == HTML_WISH_URL    ? HTML_OUT_URL
           : wish == HTML_WISH_JSON ? HTML_OUT_JSON_ESCAPED
                                    : HTML_OUT_ESCAPED;
    return true;
}

bool html_put(struct html_state *s, enum html_wish wish, enum html_output *out, const char **why) {
    switch (s->place) {
    case HTML_VALUE:
        return put_in_value(s, wish, out, why);
    case HTML_TEXT:
    case HTML_RCDATA:
        if (wish == HTML_WISH_JSON || (wish == HTML_WISH_MARKDOWN && s->place == HTML_RCDATA)) {
            return refuse(why, wish == HTML_WISH_JSON
                                   ? "{{json:x}} stands in a data block or a quoted attribute only"
                                   : "{{markdown:x}} stands between tags only");
        }
        s->matched = 0; /* "</" {{x}} is no end tag */
        *out = wish == HTML_WISH_MARKDOWN ? HTML_OUT_MARKDOWN
               : wish == HTML_WISH_URL    ? HTML_OUT_URL
                                          : HTML_OUT_ESCAPED;
        return true;
    case HTML_DATA:
        if (wish != HTML_WISH_JSON || s->matched != 0) {
            return refuse(why, "only {{json:x}} stands in a data block");
        }
        *out = HTML_OUT_JSON;
        return true;
    case HTML_BEFORE_VALUE:
        return refuse(why, "attribute values must be quoted");
    case HTML_NO_DATA:
        return refuse(why, "a script with src has no content");
    case HTML_COMMENT:
    case HTML_DECLARATION:
        return refuse(why, "nothing is put into an HTML comment; {{! ... }} is ours");
    default:
        return refuse(why, "nothing is put into a tag or attribute name");
    }
}

bool html_section_begin(struct html_state *s, const char **why) {
    switch (s->place) {
    case HTML_TAG_NAME:
        s->place = HTML_AFTER_VALUE;
        return tag_named(s, why);
    case HTML_ATTR_NAME:
        s->place = HTML_AFTER_VALUE;
        return attr_named(s, why);
    case HTML_TEXT:
    case HTML_IN_TAG:
    case HTML_AFTER_VALUE:
    case HTML_VALUE:
        return true;
    case HTML_DATA:
    case HTML_RCDATA:
        return s->matched == 0 || refuse(why, "a section cannot start inside an end tag");
    default:
        return refuse(why, "a section starts between tags, between attributes or inside quotes");
    }
}

bool html_section_end(const struct html_state *begin, struct html_state *s, const char **why) {
    bool was_in_tag = begin->place == HTML_IN_TAG || begin->place == HTML_AFTER_VALUE;
    bool is_in_tag = s->place == HTML_IN_TAG || s->place == HTML_AFTER_VALUE ||
                     s->place == HTML_ATTR_NAME || s->place == HTML_AFTER_ATTR_NAME;
    if (s->place == HTML_ATTR_NAME && !attr_named(s, why)) {
        return false;
    }
    bool is_same_tag = begin->tag_len == s->tag_len && memcmp(begin->tag, s->tag, s->tag_len) == 0;
    bool is_same = begin->place == s->place && begin->matched == s->matched &&
                   (s->place == HTML_TEXT ||
                    (is_same_tag && begin->url == s->url && begin->quote == s->quote));
    if (!is_same && !(was_in_tag && is_in_tag && is_same_tag)) {
        return refuse(why, "a section ends in another place of the HTML than it began");
    }
    *s = *begin;
    if (was_in_tag) {
        s->place =
            HTML_AFTER_VALUE; /* what follows must be parted from whatever the section wrote */
    }
    return true;
}
