#include "store_capability.h"

#define TEXT_MAX 400
#define JSON_MAX ((size_t)64 << 10)

/* One row a finding: where it stands in the struct, and its name in the JSON. */
static const struct place {
    const char *name;
    size_t offset;
} PLACES[] = {
    {"lineitem", offsetof(struct store_capabilities, scopes[STORE_SCOPE_LINEITEM])},
    {"lineitem_read", offsetof(struct store_capabilities, scopes[STORE_SCOPE_LINEITEM_READ])},
    {"result_read", offsetof(struct store_capabilities, scopes[STORE_SCOPE_RESULT_READ])},
    {"score", offsetof(struct store_capabilities, scopes[STORE_SCOPE_SCORE])},
    {"roster_scope", offsetof(struct store_capabilities, scopes[STORE_SCOPE_ROSTER])},
    {"lineitems", offsetof(struct store_capabilities, lineitems)},
    {"roster", offsetof(struct store_capabilities, roster)},
    {"source", offsetof(struct store_capabilities, source)},
};
static const struct place NUMBERS[] = {
    {"lineitem_count", offsetof(struct store_capabilities, lineitem_count)},
    {"people", offsetof(struct store_capabilities, people)},
    {"names", offsetof(struct store_capabilities, names)},
    {"emails", offsetof(struct store_capabilities, emails)},
    {"source_can", offsetof(struct store_capabilities, source_can)},
};

static json_t *text_of(struct sv text) {
    struct sv clipped = sv_clip_utf8(text, TEXT_MAX);
    json_t *value = clipped.len == 0 ? NULL : json_stringn(clipped.ptr, clipped.len);
    return value == NULL ? json_string("") : value;
}

static json_t *finding_of(const struct store_finding *f) {
    json_t *obj = json_object();
    (void)json_object_set_new(obj, "tried", json_boolean(f->is_tried));
    (void)json_object_set_new(obj, "good", json_boolean(f->is_good));
    (void)json_object_set_new(obj, "text", text_of(f->text));
    return obj;
}

struct sv store_capabilities_write(const struct store_capabilities *found, struct arena *a) {
    AUTO_JSON *obj = json_object();
    json_t *words = json_array();
    for (size_t i = 0; i < ARRAY_LEN(PLACES); i++) {
        (void)json_object_set_new(
            obj, PLACES[i].name,
            finding_of((const void *)((const char *)found + PLACES[i].offset)));
    }
    for (size_t i = 0; i < ARRAY_LEN(NUMBERS); i++) {
        const int64_t *n = (const void *)((const char *)found + NUMBERS[i].offset);
        (void)json_object_set_new(obj, NUMBERS[i].name, json_integer(*n));
    }
    for (size_t i = 0; i < found->source_word_count; i++) {
        (void)json_array_append_new(words, text_of(found->source_words[i]));
    }
    (void)json_object_set_new(obj, "course", text_of(found->course));
    (void)json_object_set_new(obj, "more_people", json_boolean(found->has_more_people));
    (void)json_object_set_new(obj, "source_site", text_of(found->source_site));
    (void)json_object_set_new(obj, "source_words", words);
    return js_dump(a, obj);
}

static void finding_read(const json_t *obj, struct arena *a, struct store_finding *out) {
    *out = (struct store_finding){.is_tried = json_is_true(json_object_get(obj, "tried")),
                                  .is_good = json_is_true(json_object_get(obj, "good")),
                                  .text = sv_copy(a, js_sv(json_object_get(obj, "text")))};
}

bool store_capabilities_read(struct sv json, struct arena *a, struct store_capabilities *out) {
    AUTO_JSON *obj = NULL;
    *out = (struct store_capabilities){0};
    if (!js_parse(json, JSON_MAX, "capabilities", &obj, NULL) || json_object_size(obj) == 0) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(PLACES); i++) {
        finding_read(json_object_get(obj, PLACES[i].name), a,
                     (void *)((char *)out + PLACES[i].offset));
    }
    for (size_t i = 0; i < ARRAY_LEN(NUMBERS); i++) {
        int64_t *n = (void *)((char *)out + NUMBERS[i].offset);
        *n = json_integer_value(json_object_get(obj, NUMBERS[i].name));
    }
    const json_t *words = json_object_get(obj, "source_words");
    for (size_t i = 0; i < json_array_size(words) && i < STORE_FINDING_WORDS_MAX; i++) {
        out->source_words[out->source_word_count++] = sv_copy(a, js_sv(json_array_get(words, i)));
    }
    out->course = sv_copy(a, js_sv(json_object_get(obj, "course")));
    out->has_more_people = json_is_true(json_object_get(obj, "more_people"));
    out->source_site = sv_copy(a, js_sv(json_object_get(obj, "source_site")));
    return true;
}
