/* Reading JSON with jansson, strictly, and taking typed members out of it. */
#pragma once
#include "base_clock.h"
#include "base_num.h"
#include "base_str.h"
#include <jansson.h>

static inline void js_free(json_t **v) { json_decref(*v); }
#define AUTO_JSON CLEANUP(js_free) json_t

/* Parse exactly one value: no duplicate names, no trailing bytes, no NUL, strict UTF-8 (RFC 8259
 * 4, 8.1). The text is at most max_bytes. The caller owns *out (AUTO_JSON). Fails: ERR_INPUT naming
 * `what` with line and column. */
NODISCARD bool js_parse(struct sv text, size_t max_bytes, const char *what, json_t **out,
                        struct err *err);

/* A list whose elements are parsed one at a time, so that a large answer never stands as a tree. */
struct js_rows {
    struct sv rest; /* from the next element on; borrows the text */
    const char *what;
    size_t count; /* elements given so far */
    bool has_list;
};
/* The list is `text` itself (member NULL), or that member of the object `text`. *around is
 * everything else, whole and owned by the caller (AUTO_JSON): the object with an empty list in
 * place, or, when there is no such list, the value as it came (has_list false). As strict as
 * js_parse about all but the inside of the elements, so text that breaks off fails here. Fails as
 * js_parse. */
NODISCARD bool js_rows_open(struct sv text, size_t max_bytes, const char *what, const char *member,
                            json_t **around, struct js_rows *out, struct err *err);
/* *row is the next element (the caller owns it, AUTO_JSON), NULL after the last one. As strict as
 * js_parse about the element; a fault deep inside shows only here, after earlier ones were given.
 */
NODISCARD bool js_rows_next(struct js_rows *rows, json_t **row, struct err *err);

/* Members of an object; borrowed. An absent member and null are the same: *out is empty or NULL.
 * False when it is there with another type. `obj` may be NULL or no object (everything is absent).
 */
NODISCARD bool js_string(const json_t *obj, const char *key, struct sv *out);
NODISCARD bool js_object(const json_t *obj, const char *key, const json_t **out);
NODISCARD bool js_array(const json_t *obj, const char *key, const json_t **out);
/* The value as sv when it is a string, else empty. */
struct sv js_sv(const json_t *string);
/* A finite number; reals are cut to whole seconds. False when it is no number or out of 0..2^53. */
NODISCARD bool js_seconds(const json_t *value, int64_t *out);
/* A JSON number, or a string that is one, as a decimal. */
NODISCARD bool js_decimal(const json_t *value, struct dec *out);
/* Compact text of a value, in the arena. */
struct sv js_dump(struct arena *a, const json_t *value);
