#include "text_internal.h"
#include <string.h>

struct parser {
    struct arena *arena;
    const struct text_templates *all;
    struct text_file *file;
    struct err *err;
    struct html_state html;
    int line;
    struct {
        size_t node;
        struct html_state html;
    } open[TEXT_DEPTH_MAX];
    size_t depth;
};

static bool fail(struct parser *p, const char *why) {
    return err_because(p->err, ERR_BUG, "template", "%s:%d: %s", p->file->name, p->line, why);
}

static struct text_node *node_add(struct parser *p, enum text_node_kind kind, struct sv text) {
    struct text_node *n = &p->file->nodes[p->file->count++];
    *n = (struct text_node){.kind = kind, .text = text, .line = p->line};
    return n;
}

static bool literal(struct parser *p, struct sv text) {
    if (text.len == 0) {
        return true;
    }
    (void)node_add(p, TEXT_NODE_LITERAL, text);
    for (size_t i = 0; i < text.len; i++) {
        const char *why = NULL;
        if (!html_feed(&p->html, text.ptr[i], &why)) {
            return fail(p, why);
        }
        if (text.ptr[i] == '\n') {
            p->line++;
        }
    }
    return true;
}

static bool is_key_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static bool key_parse(struct parser *p, struct text_node *n) {
    struct sv rest = n->text;
    if (sv_eq(rest, SV("."))) {
        return true;
    }
    for (bool is_more = true; is_more;) {
        struct sv step;
        is_more = sv_cut(rest, '.', &step, &rest);
        bool is_good = step.len > 0 && step.len <= 64 && n->path_len < TEXT_PATH_MAX;
        for (size_t i = 0; is_good && i < step.len; i++) {
            is_good = is_key_char(step.ptr[i]);
        }
        if (!is_good) {
            return fail(p, "a key is words of letters, digits, '_' and '-' parted by dots");
        }
        n->path[n->path_len++] = sv_c(p->arena, step);
    }
    return true;
}

static bool value(struct parser *p, struct sv tag) {
    static const struct {
        struct sv prefix;
        enum html_wish wish;
    } kinds[] = {{{"url:", 4}, HTML_WISH_URL},
                 {{"json:", 5}, HTML_WISH_JSON},
                 {{"markdown:", 9}, HTML_WISH_MARKDOWN}};
    enum html_wish wish = HTML_WISH_TEXT;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (sv_starts(tag, kinds[i].prefix)) {
            wish = kinds[i].wish;
            tag = sv_trim(sv_skip(tag, kinds[i].prefix.len));
            break;
        }
    }
    struct text_node *n = node_add(p, TEXT_NODE_VALUE, tag);
    const char *why = NULL;
    return key_parse(p, n) && (html_put(&p->html, wish, &n->output, &why) || fail(p, why));
}

static bool section_begin(struct parser *p, enum text_node_kind kind, struct sv key) {
    const char *why = NULL;
    if (p->depth == TEXT_DEPTH_MAX) {
        return fail(p, "sections are nested too deeply");
    }
    if (!html_section_begin(&p->html, &why)) {
        return fail(p, why);
    }
    p->open[p->depth].node = p->file->count;
    p->open[p->depth].html = p->html;
    p->depth++;
    return key_parse(p, node_add(p, kind, key));
}

static bool section_end(struct parser *p, struct sv key) {
    if (p->depth == 0) {
        return fail(p, "a section is closed that was not opened");
    }
    p->depth--;
    struct text_node *n = &p->file->nodes[p->open[p->depth].node];
    if (!sv_eq(n->text, key)) {
        return err_because(p->err, ERR_BUG, "template",
                           "%s:%d: {{/%.*s}} closes {{#%.*s}} of line %d", p->file->name, p->line,
                           SV_ARG(key), SV_ARG(n->text), n->line);
    }
    n->end = p->file->count;
    const char *why = NULL;
    return html_section_end(&p->open[p->depth].html, &p->html, &why) || fail(p, why);
}

static bool part(struct parser *p, struct sv name) {
    struct text_node *n = node_add(p, TEXT_NODE_PART, name);
    n->part = text_file_find(p->all, name);
    if (n->part == NULL) {
        return fail(p, "there is no such part");
    }
    return p->html.place == HTML_TEXT || fail(p, "a part stands between tags only");
}

static bool tag(struct parser *p, struct sv inside) {
    char sigil = '\0';
    if (inside.len > 0) {
        sigil = inside.ptr[0];
    }
    struct sv key = sv_trim(sv_skip(inside, 1));
    switch (sigil) {
    case '!':
        return true;
    case '#':
        return section_begin(p, TEXT_NODE_SECTION, key);
    case '^':
        return section_begin(p, TEXT_NODE_INVERSE, key);
    case '/':
        return section_end(p, key);
    case '>':
        return part(p, key);
    default:
        return value(p, sv_trim(inside));
    }
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

/* When the tag at [at, after) is alone on its line: where that line starts and ends. */
static bool is_alone(struct sv src, size_t at, size_t after, size_t *start, size_t *end) {
    while (at > 0 && is_blank(src.ptr[at - 1])) {
        at--;
    }
    while (after < src.len && (is_blank(src.ptr[after]) || src.ptr[after] == '\r')) {
        after++;
    }
    if ((at > 0 && src.ptr[at - 1] != '\n') || (after < src.len && src.ptr[after] != '\n')) {
        return false;
    }
    *start = at;
    *end = after < src.len ? after + 1 : after;
    return true;
}

static size_t find_pair(struct sv s, size_t from, char c) {
    for (size_t i = from; i + 1 < s.len; i++) {
        if (s.ptr[i] == c && s.ptr[i + 1] == c) {
            return i;
        }
    }
    return s.len;
}

static int lines_in(struct sv s, size_t from, size_t to) {
    int n = 0;
    for (size_t i = from; i < to; i++) {
        n += s.ptr[i] == '\n';
    }
    return n;
}

static bool parse(struct parser *p, struct sv src) {
    size_t done = 0;
    for (size_t at = find_pair(src, 0, '{'); at < src.len; at = find_pair(src, done, '{')) {
        size_t close = find_pair(src, at + 2, '}');
        if (close == src.len) {
            (void)literal(p, sv_of(src.ptr + done, at - done));
            return fail(p, "{{ is not closed by }}");
        }
        struct sv inside = sv_of(src.ptr + at + 2, close - at - 2);
        size_t start = at;
        size_t end = close + 2;
        if (end < src.len && src.ptr[end] == '}') {
            (void)literal(p, sv_of(src.ptr + done, at - done));
            return fail(p, "there is no {{{raw}}} form");
        }
        bool is_silent = inside.len > 0 && strchr("#^/>!", inside.ptr[0]) != NULL;
        if (is_silent && is_alone(src, at, close + 2, &start, &end) && start < done) {
            start = at;
        }
        if (!literal(p, sv_of(src.ptr + done, start - done)) || !tag(p, inside)) {
            return false;
        }
        p->line += lines_in(src, start, end);
        done = end;
    }
    return literal(p, sv_skip(src, done));
}

bool text_file_parse(struct arena *a, const struct text_templates *all, struct sv source,
                     struct text_file *file, struct err *err) {
    size_t tags = 0;
    for (size_t at = find_pair(source, 0, '{'); at < source.len;
         at = find_pair(source, at + 2, '{')) {
        tags++;
    }
    file->nodes = ARENA_ARRAY(a, struct text_node, 2 * tags + 1);
    struct parser p = {.arena = a, .all = all, .file = file, .err = err, .line = 1};
    if (!sv_is_utf8(source)) {
        return fail(&p, "the file is no UTF-8");
    }
    if (!parse(&p, source)) {
        return false;
    }
    if (p.depth > 0) {
        p.line = file->nodes[p.open[p.depth - 1].node].line;
        return fail(&p, "this section is not closed");
    }
    return p.html.place == HTML_TEXT || fail(&p, "the file ends inside a tag");
}
