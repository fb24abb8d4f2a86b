/* Internal to text: a compiled template. */
#pragma once
#include "text_html.h"
#include "text_template.h"

#define TEXT_PATH_MAX 8
#define TEXT_DEPTH_MAX 32 /* sections in one file; parts in each other; scopes */

enum text_node_kind {
    TEXT_NODE_LITERAL,
    TEXT_NODE_VALUE,
    TEXT_NODE_SECTION,
    TEXT_NODE_INVERSE,
    TEXT_NODE_PART
};

struct text_file;

struct text_node {
    enum text_node_kind kind;
    enum html_output output;         /* of a value */
    struct sv text;                  /* the literal, or the key as it was written */
    const char *path[TEXT_PATH_MAX]; /* of the key; none for "." */
    size_t path_len;
    size_t end; /* of a section: index past its last node */
    const struct text_file *part;
    int line;
};

struct text_file {
    const char *name;
    struct text_node *nodes;
    size_t count;
    bool is_open, is_checked; /* while looking for cycles */
};

struct text_templates {
    struct text_file *files; /* sorted by name */
    size_t count;
};

/* Parse one file; parts are resolved among `all`. */
NODISCARD bool text_file_parse(struct arena *a, const struct text_templates *all, struct sv source,
                               struct text_file *file, struct err *err);
/* By "name.html", or by name alone; NULL when there is none. */
struct text_file *text_file_find(const struct text_templates *t, struct sv name);
