#include "text_markdown.h"
#include "text_template.h"
#include <cmark.h>

static void node_release(cmark_node **n) {
    if (*n != NULL) {
        cmark_node_free(*n);
    }
}
static void iter_release(cmark_iter **i) {
    if (*i != NULL) {
        cmark_iter_free(*i);
    }
}
#define AUTO_CMARK_NODE CLEANUP(node_release) cmark_node
#define AUTO_CMARK_ITER CLEANUP(iter_release) cmark_iter

/* Elements deeper than this lose their tags and keep their words: browsers slow down on deep trees.
 */
#define DEPTH_MAX 64

static bool is_link_safe(const char *url) {
    struct sv u = sv_from(url);
    for (size_t i = 0; i < u.len; i++) {
        if ((unsigned char)u.ptr[i] <= 0x20 || u.ptr[i] == 0x7f || u.ptr[i] == '\\') {
            return false;
        }
    }
    return sv_eq_nocase(sv_head(u, 8), SV("https://")) ||
           sv_eq_nocase(sv_head(u, 7), SV("http://")) ||
           (sv_eq_nocase(sv_head(u, 7), SV("mailto:")) && u.len > 7);
}

static bool is_in_tight_list(cmark_node *paragraph) {
    cmark_node *item = cmark_node_parent(paragraph);
    cmark_node *list = item == NULL ? NULL : cmark_node_parent(item);
    return list != NULL && cmark_node_get_type(list) == CMARK_NODE_LIST &&
           cmark_node_get_list_tight(list);
}

/* The HTML element of a container; NULL: none of its own. */
static const char *element(cmark_node *n) {
    static const char *const headings[] = {"h3", "h4", "h5", "h6", "h6", "h6"};
    switch (cmark_node_get_type(n)) {
    case CMARK_NODE_BLOCK_QUOTE:
        return "blockquote";
    case CMARK_NODE_LIST:
        return cmark_node_get_list_type(n) == CMARK_ORDERED_LIST ? "ol" : "ul";
    case CMARK_NODE_ITEM:
        return "li";
    case CMARK_NODE_PARAGRAPH:
        return is_in_tight_list(n) ? NULL : "p";
    case CMARK_NODE_HEADING: {
        int level = cmark_node_get_heading_level(n);
        return headings[level >= 1 && level <= 6 ? level - 1 : 5];
    }
    case CMARK_NODE_EMPH:
        return "em";
    case CMARK_NODE_STRONG:
        return "strong";
    case CMARK_NODE_LINK:
        return is_link_safe(cmark_node_get_url(n)) ? "a" : NULL;
    default:
        return NULL;
    }
}

static void open_element(cmark_node *n, const char *name, struct str *out) {
    str_addf(out, "<%s", name);
    if (cmark_node_get_type(n) == CMARK_NODE_LINK) {
        str_add_c(out, " href=\"");
        text_escape(out, sv_from(cmark_node_get_url(n)));
        str_add_c(out, "\" rel=\"nofollow noopener noreferrer\"");
    } else if (cmark_node_get_type(n) == CMARK_NODE_LIST && name[0] == 'o' &&
               cmark_node_get_list_start(n) != 1) {
        str_addf(out, " start=\"%d\"", cmark_node_get_list_start(n));
    }
    str_add_char(out, '>');
}

static void leaf(cmark_node *n, struct str *out) {
    struct sv text = sv_from(cmark_node_get_literal(n));
    switch (cmark_node_get_type(n)) {
    case CMARK_NODE_TEXT:
        text_escape(out, text);
        break;
    case CMARK_NODE_SOFTBREAK:
        str_add_char(out, '\n');
        break;
    case CMARK_NODE_LINEBREAK:
        str_add_c(out, "<br>\n");
        break;
    case CMARK_NODE_CODE:
        str_add_c(out, "<code>");
        text_escape(out, text);
        str_add_c(out, "</code>");
        break;
    case CMARK_NODE_CODE_BLOCK:
        str_add_c(out, "<pre><code>");
        text_escape(out, text);
        str_add_c(out, "</code></pre>\n");
        break;
    case CMARK_NODE_THEMATIC_BREAK:
        str_add_c(out, "<hr>\n");
        break;
    default: /* raw HTML says nothing */
        break;
    }
}

static bool is_block(cmark_node *n) {
    cmark_node_type t = cmark_node_get_type(n);
    return t >= CMARK_NODE_FIRST_BLOCK && t <= CMARK_NODE_LAST_BLOCK;
}

static bool parse(struct sv source, cmark_node **doc, struct err *err) {
    if (source.len > TEXT_MARKDOWN_MAX_BYTES) {
        return err_because(err, ERR_INPUT, "markdown",
                           "The text is longer than %zu bytes; shorten it.",
                           TEXT_MARKDOWN_MAX_BYTES);
    }
    if (!sv_is_utf8(source)) {
        return err_because(err, ERR_INPUT, "markdown",
                           "The text is not valid UTF-8; save it as UTF-8.");
    }
    *doc =
        cmark_parse_document(source.ptr == NULL ? "" : source.ptr, source.len, CMARK_OPT_DEFAULT);
    return *doc != NULL || err_set(err, ERR_BUG, "cmark has no memory");
}

bool text_markdown(struct sv source, struct str *out, struct err *err) {
    AUTO_CMARK_NODE *doc = NULL;
    if (!parse(source, &doc, err)) {
        return false;
    }
    AUTO_CMARK_ITER *iter = cmark_iter_new(doc);
    int depth = 0;
    for (cmark_event_type e = cmark_iter_next(iter); e != CMARK_EVENT_DONE;
         e = cmark_iter_next(iter)) {
        cmark_node *n = cmark_iter_get_node(iter);
        const char *name = element(n);
        if (name == NULL) {
            leaf(n, out);
        } else if (e == CMARK_EVENT_ENTER) {
            if (++depth <= DEPTH_MAX) {
                open_element(n, name, out);
            }
        } else if (depth-- <= DEPTH_MAX) {
            str_addf(out, is_block(n) ? "</%s>\n" : "</%s>", name);
        }
    }
    return str_ok(out, "The formatted text", err);
}

bool text_markdown_plain(struct arena *a, struct sv source, size_t max_bytes, struct sv *out,
                         struct err *err) {
    AUTO_CMARK_NODE *doc = NULL;
    if (!parse(source, &doc, err)) {
        return false;
    }
    struct str words;
    str_init(&words, a, TEXT_MARKDOWN_MAX_BYTES * 2);
    AUTO_CMARK_ITER *iter = cmark_iter_new(doc);
    bool is_space_due = false;
    for (cmark_event_type e = cmark_iter_next(iter); e != CMARK_EVENT_DONE;
         e = cmark_iter_next(iter)) {
        cmark_node *n = cmark_iter_get_node(iter);
        cmark_node_type t = cmark_node_get_type(n);
        bool is_text = t == CMARK_NODE_TEXT || t == CMARK_NODE_CODE || t == CMARK_NODE_CODE_BLOCK;
        struct sv text = is_text ? sv_from(cmark_node_get_literal(n)) : SV("");
        is_space_due =
            is_space_due || is_block(n) || t == CMARK_NODE_SOFTBREAK || t == CMARK_NODE_LINEBREAK;
        for (size_t i = 0; i < text.len; i++) {
            if (text.ptr[i] == ' ' || (text.ptr[i] >= '\t' && text.ptr[i] <= '\r')) {
                is_space_due = true;
                continue;
            }
            if (is_space_due && words.len > 0) {
                str_add_char(&words, ' ');
            }
            is_space_due = false;
            str_add_char(&words, text.ptr[i]);
        }
    }
    *out = sv_clip_utf8(str_sv(&words), max_bytes);
    return true;
}
