/* Inside the room: reading members out of JSON with errors that name the path, the line and the
 * column. */
#pragma once
#include "badge_rule.h"
#include "base_json.h"

/* Where a value stands: a chain up to the root. The root has up NULL and key as its display name or
 * NULL. */
struct badge_path {
    const struct badge_path *up;
    const char *key; /* NULL: an array element */
    size_t index;
};

struct badge_doc {
    struct sv text; /* what was parsed: positions are found in it again */
    struct err *err;
};

#define BADGE_AT_KEY(path, name) ((struct badge_path){.up = (path), .key = (name)})
#define BADGE_AT_INDEX(path, n) ((struct badge_path){.up = (path), .index = (n)})

/* ERR_INPUT "PATH SENTENCE (line L, column C)". Returns false. */
bool badge_bad(const struct badge_doc *doc, const struct badge_path *path, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* Refuses members whose name is not among the `known`, naming the nearest. `obj` is an object. */
NODISCARD bool badge_only_keys(const struct badge_doc *doc, const struct badge_path *path,
                               const json_t *obj, const char *const *known, size_t count);

struct badge_text_limit {
    size_t max_chars;
    bool is_required; /* else absent and null give an empty text */
    bool has_lines;   /* line breaks and tabs are welcome */
};
/* The text member `key` of `obj`, copied. Never white space only when required. */
NODISCARD bool badge_text_member(struct arena *a, const struct badge_doc *doc,
                                 const struct badge_path *path, const json_t *obj, const char *key,
                                 struct badge_text_limit limit, struct sv *out);
/* The same of a value that is there. */
NODISCARD bool badge_text_value(struct arena *a, const struct badge_doc *doc,
                                const struct badge_path *path, const json_t *value,
                                struct badge_text_limit limit, struct sv *out);

/* Characters (code points) of valid UTF-8. */
size_t badge_chars(struct sv text);
/* Edits between two texts, ASCII letters without case, of their first 64 bytes. */
size_t badge_distance(struct sv a, struct sv b);

/* A REF: a title, or an object of source and id. */
NODISCARD bool badge_ref_read(struct arena *a, const struct badge_doc *doc,
                              const struct badge_path *path, const json_t *value,
                              struct badge_ref *out);

struct badge_map;
/* The list of badge_map.h inside a bigger text. */
NODISCARD bool badge_map_read(struct arena *a, const struct badge_doc *doc,
                              const struct badge_path *path, const json_t *list,
                              struct badge_map *out);

/* One rule inside a bigger text. `path` leads to it. */
NODISCARD bool badge_rule_read(struct arena *a, const struct badge_doc *doc,
                               const struct badge_path *path, const json_t *json,
                               struct badge_rule **out);

/* A decimal in units of 10^-BADGE_POINTS_SCALE. False when it has more decimals or is over
 * BADGE_POINTS_MAX. */
NODISCARD bool badge_units(struct dec d, int64_t *out);

/* Text of JSON with numbers as people wrote them. */
struct sv badge_json_text(struct arena *a, const json_t *value, size_t indent);
