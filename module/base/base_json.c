#include "base_json.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* NumericDate and ids must survive a double: 2^53 (RFC 8259 6). */
#define SECONDS_MAX INT64_C(9007199254740992)

bool js_parse(struct sv text, size_t max_bytes, const char *what, json_t **out, struct err *err) {
    if (text.len > max_bytes) {
        return err_because(err, ERR_INPUT, "json_size", "%s is larger than %zu bytes", what,
                           max_bytes);
    }
    /* jansson refuses \u0000 by default, but overlooks a raw NUL behind a number. */
    if (text.len > 0 && memchr(text.ptr, 0, text.len) != NULL) {
        return err_because(err, ERR_INPUT, "json", "%s is not valid JSON: it holds a NUL", what);
    }
    json_error_t at;
    json_t *v = json_loadb(text.ptr == NULL ? "" : text.ptr, text.len,
                           JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &at);
    if (v == NULL) {
        return err_because(err, ERR_INPUT, "json", "%s is not valid JSON: %s (line %d, column %d)",
                           what, at.text, at.line, at.column);
    }
    *out = v;
    return true;
}

static const json_t *member(const json_t *obj, const char *key) {
    const json_t *v = json_is_object(obj) ? json_object_get(obj, key) : NULL;
    return json_is_null(v) ? NULL : v;
}

struct sv js_sv(const json_t *string) {
    return json_is_string(string) ? sv_of(json_string_value(string), json_string_length(string))
                                  : sv_of(NULL, 0);
}

bool js_string(const json_t *obj, const char *key, struct sv *out) {
    const json_t *v = member(obj, key);
    *out = js_sv(v);
    return v == NULL || json_is_string(v);
}

bool js_object(const json_t *obj, const char *key, const json_t **out) {
    const json_t *v = member(obj, key);
    *out = json_is_object(v) ? v : NULL;
    return v == NULL || json_is_object(v);
}

bool js_array(const json_t *obj, const char *key, const json_t **out) {
    const json_t *v = member(obj, key);
    *out = json_is_array(v) ? v : NULL;
    return v == NULL || json_is_array(v);
}

bool js_seconds(const json_t *value, int64_t *out) {
    if (json_is_integer(value)) {
        *out = json_integer_value(value);
    } else if (json_is_real(value)) {
        double d = json_real_value(value);
        if (!isfinite(d) || d < 0 || d > (double)SECONDS_MAX) {
            return false;
        }
        *out = (int64_t)d;
    } else {
        return false;
    }
    return *out >= 0 && *out <= SECONDS_MAX;
}

bool js_decimal(const json_t *value, struct dec *out) {
    if (json_is_integer(value)) {
        *out = dec_from_i64(json_integer_value(value));
        return llabs(json_integer_value(value)) < INT64_C(1000000000000000000);
    }
    if (json_is_real(value)) {
        return dec_from_double(json_real_value(value), out);
    }
    return json_is_string(value) && dec_parse(js_sv(value), out);
}

struct sv js_dump(struct arena *a, const json_t *value) {
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    struct sv copy = sv_copy(a, sv_from(text));
    free(text);
    return copy;
}
