#include "credential_json.h"
#include "credential_rdf.h"
#include <math.h>
#include <string.h>

#define JCS_MAX_BYTES (CREDENTIAL_JSON_BYTES_MAX * 2)

static bool depth_is_fit(const json_t *v, unsigned depth) {
    const char *key = NULL;
    json_t *member = NULL;
    size_t i = 0;
    if (depth > CREDENTIAL_JSON_DEPTH_MAX) {
        return false;
    }
    json_object_foreach((json_t *)v, key, member) {
        if (!depth_is_fit(member, depth + 1)) {
            return false;
        }
    }
    json_array_foreach(v, i, member) {
        if (!depth_is_fit(member, depth + 1)) {
            return false;
        }
    }
    return true;
}

bool credential_json_parse(struct sv text, const char *what, json_t **out, struct err *err) {
    json_error_t at;
    if (text.len > CREDENTIAL_JSON_BYTES_MAX) {
        return err_because(err, ERR_INPUT, "json", "%s is larger than %zu bytes", what,
                           CREDENTIAL_JSON_BYTES_MAX);
    }
    json_t *v = json_loadb(text.ptr == NULL ? "" : text.ptr, text.len,
                           JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &at);
    if (v == NULL) {
        return err_because(err, ERR_INPUT, "json", "%s is not valid JSON: %s (line %d, column %d)",
                           what, at.text, at.line, at.column);
    }
    if (!json_is_object(v) || !depth_is_fit(v, 0)) {
        json_decref(v);
        return err_because(err, ERR_INPUT, "json",
                           "%s is no JSON object, or is nested more than %d deep", what,
                           CREDENTIAL_JSON_DEPTH_MAX);
    }
    *out = v;
    return true;
}

double credential_number_of(const json_t *number) {
    return json_is_integer(number) ? (double)json_integer_value(number) : json_real_value(number);
}

/* The shortest digits that read back as d > 0: d = 0.DIGITS * 10^point. */
static int shortest(double d, char digits[20], int *point) {
    char text[40];
    for (int precision = 0; precision < 17; precision++) {
        (void)snprintf(text, sizeof text, "%.*e", precision, d);
        if (strtod(text, NULL) == d) {
            break;
        }
    }
    int n = 0;
    const char *at = text;
    for (; *at != 'e'; at++) {
        if (*at != '.') {
            digits[n++] = *at;
        }
    }
    while (n > 1 && digits[n - 1] == '0') {
        n--;
    }
    *point = (int)strtol(at + 1, NULL, 10) + 1;
    return n;
}

struct digits {
    char *out;
    size_t len;
};

static void put(struct digits *d, char c) { d->out[d->len++] = c; }

static void put_run(struct digits *d, const char *from, int n) {
    for (int i = 0; i < n; i++) {
        put(d, (char)(from == NULL ? '0' : from[i]));
    }
}

const char *credential_number_ecma(double d, char out[CREDENTIAL_NUMBER_MAX]) {
    char digits[20] = "";
    int point = 0;
    struct digits o = {.out = out};
    if (d == 0) { /* also -0 */
        (void)snprintf(out, CREDENTIAL_NUMBER_MAX, "0");
        return out;
    }
    if (d < 0) {
        put(&o, '-');
    }
    int n = shortest(fabs(d), digits, &point);
    if (n <= point && point <= 21) {
        put_run(&o, digits, n);
        put_run(&o, NULL, point - n);
    } else if (point > 0 && point < n) {
        put_run(&o, digits, point);
        put(&o, '.');
        put_run(&o, digits + point, n - point);
    } else if (point > -6 && point <= 0) {
        put_run(&o, "0.", 2);
        put_run(&o, NULL, -point);
        put_run(&o, digits, n);
    } else {
        put(&o, digits[0]);
        if (n > 1) {
            put(&o, '.');
            put_run(&o, digits + 1, n - 1);
        }
        (void)snprintf(out + o.len, CREDENTIAL_NUMBER_MAX - o.len, "e%+d", point - 1);
        return out;
    }
    out[o.len] = '\0';
    return out;
}

const char *credential_number_rdf(double d, char out[CREDENTIAL_NUMBER_MAX], bool *is_integer) {
    *is_integer = d == floor(d) && fabs(d) < 1e21;
    if (*is_integer) {
        return credential_number_ecma(d, out);
    }
    char text[40];
    (void)snprintf(text, sizeof text, "%.15e", d);
    char *e = strchr(text, 'e');
    long exponent = strtol(e + 1, NULL, 10);
    while (e[-1] == '0' && e[-2] != '.') {
        e--;
    }
    (void)snprintf(out, CREDENTIAL_NUMBER_MAX, "%.*sE%ld", (int)(e - text), text, exponent);
    return out;
}

static void jcs_string(struct str *out, struct sv text) {
    static const char from[] = "\b\t\n\f\r\"\\";
    static const char to[] = "btnfr\"\\";
    str_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        const char *at = c == '\0' ? NULL : strchr(from, c);
        if (at != NULL) {
            str_add_char(out, '\\');
            str_add_char(out, to[at - from]);
        } else if ((unsigned char)c < 0x20) {
            str_addf(out, "\\u%04x", (unsigned)(unsigned char)c);
        } else {
            str_add_char(out, c);
        }
    }
    str_add_char(out, '"');
}

struct member {
    struct sv name;
    const json_t *value;
};

static int member_cmp(const void *left, const void *right) {
    return credential_utf16_cmp(((const struct member *)left)->name,
                                ((const struct member *)right)->name);
}

static void jcs_value(struct str *out, struct arena *a, const json_t *v);

static void jcs_object(struct str *out, struct arena *a, const json_t *v) {
    size_t n = 0;
    const char *key = NULL;
    json_t *value = NULL;
    struct member *members = ARENA_ARRAY(a, struct member, json_object_size(v));
    json_object_foreach((json_t *)v, key, value) {
        members[n++] = (struct member){.name = sv_from(key), .value = value};
    }
    qsort(members, n, sizeof *members, member_cmp);
    str_add_char(out, '{');
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            str_add_char(out, ',');
        }
        jcs_string(out, members[i].name);
        str_add_char(out, ':');
        jcs_value(out, a, members[i].value);
    }
    str_add_char(out, '}');
}

static void jcs_array(struct str *out, struct arena *a, const json_t *v) {
    str_add_char(out, '[');
    for (size_t i = 0; i < json_array_size(v); i++) {
        if (i > 0) {
            str_add_char(out, ',');
        }
        jcs_value(out, a, json_array_get(v, i));
    }
    str_add_char(out, ']');
}

static void jcs_value(struct str *out, struct arena *a, const json_t *v) {
    char number[CREDENTIAL_NUMBER_MAX];
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        jcs_object(out, a, v);
        break;
    case JSON_ARRAY:
        jcs_array(out, a, v);
        break;
    case JSON_STRING:
        jcs_string(out, js_sv(v));
        break;
    case JSON_INTEGER:
    case JSON_REAL:
        str_add_c(out, credential_number_ecma(credential_number_of(v), number));
        break;
    case JSON_TRUE:
        str_add(out, SV("true"));
        break;
    case JSON_FALSE:
        str_add(out, SV("false"));
        break;
    case JSON_NULL:
        str_add(out, SV("null"));
        break;
    }
}

bool credential_jcs(const json_t *value, struct arena *a, struct sv *out, struct err *err) {
    struct str text;
    str_init(&text, a, JCS_MAX_BYTES);
    jcs_value(&text, a, value);
    *out = str_sv(&text);
    return str_ok(&text, "the canonical JSON", err);
}
