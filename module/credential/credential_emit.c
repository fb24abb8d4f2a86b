#include "credential_json.h"
#include "credential_terms.h"
#include "credential_terms_table.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define RDF "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
#define XSD "http://www.w3.org/2001/XMLSchema#"
#define OB_OLDER_URL "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json"
#define SUITE "https://w3id.org/security/"
#define TYPES_MAX 16
/* Doubles hold every whole number up to here. */
#define WHOLE_MAX 9007199254740992.0

struct emit {
    struct credential_dataset *set;
    bool is_for_signing;
    unsigned blanks;
};

/* What holds for one object. */
struct scope {
    unsigned contexts;
    struct credential_term graph;
    const struct credential_type_rule *extra; /* terms from the member that holds the object */
    unsigned depth;
    const char *path; /* name of that member, for errors */
};

static bool is_scheme(struct sv s) {
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool is_other = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
        if (!is_letter && !(is_other && i > 0)) {
            return false;
        }
    }
    return s.len > 0;
}

static bool is_delimiter(unsigned char c) {
    switch (c) {
    case '<':
    case '>':
    case '"':
    case '{':
    case '}':
    case '|':
    case '\\':
    case '^':
    case '`':
        return true;
    default:
        return false;
    }
}

bool credential_iri_is_fit(struct sv text) {
    size_t colon = sv_find(text, ':');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= 0x20 || c == 0x7f || is_delimiter(c)) {
            return false;
        }
    }
    return colon < text.len && is_scheme(sv_head(text, colon));
}

static struct credential_term iri_term(struct sv iri) {
    return (struct credential_term){.kind = CREDENTIAL_TERM_IRI, .value = iri};
}

static struct credential_term fresh_blank(struct emit *e) {
    char text[12];
    int n = snprintf(text, sizeof text, "b%u", e->blanks++);
    return (struct credential_term){.kind = CREDENTIAL_TERM_BLANK,
                                    .value = sv_copy(e->set->arena, sv_of(text, (size_t)n))};
}

static void add(struct emit *e, struct credential_term s, struct sv predicate,
                struct credential_term o, struct credential_term graph) {
    struct credential_quad quad = {
        .subject = s, .predicate = predicate, .object = o, .graph = graph};
    credential_dataset_add(e->set, &quad);
}

static bool refuse_value(struct err *err, const char *member, const char *why) {
    return err_because(err, ERR_INPUT, "value", "`%.100s` %s", member, why);
}

static bool context_bit(const json_t *v, unsigned *contexts, struct err *err) {
    static const struct {
        struct sv url;
        unsigned bit;
    } known[] = {
        {{CREDENTIAL_CONTEXT_VC_URL, sizeof CREDENTIAL_CONTEXT_VC_URL - 1}, CREDENTIAL_CONTEXT_VC},
        {{CREDENTIAL_CONTEXT_OB_URL, sizeof CREDENTIAL_CONTEXT_OB_URL - 1}, CREDENTIAL_CONTEXT_OB},
        {{CREDENTIAL_CONTEXT_EXTENSIONS_URL, sizeof CREDENTIAL_CONTEXT_EXTENSIONS_URL - 1},
         CREDENTIAL_CONTEXT_EXTENSIONS},
        {{OB_OLDER_URL, sizeof OB_OLDER_URL - 1},
         CREDENTIAL_CONTEXT_OB | CREDENTIAL_CONTEXT_OB_OLDER},
        /* Issuers' libraries add these: no term of ours changes, and we know none of their own. */
        {{SUITE "data-integrity/v2", sizeof SUITE "data-integrity/v2" - 1}, 0},
        {{SUITE "multikey/v1", sizeof SUITE "multikey/v1" - 1}, 0},
        {{SUITE "suites/ed25519-2020/v1", sizeof SUITE "suites/ed25519-2020/v1" - 1}, 0},
    };
    if (!json_is_string(v)) {
        return err_because(err, ERR_INPUT, "context",
                           "@context holds definitions of its own, which this program does not "
                           "follow: they could change what members mean");
    }
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (sv_eq(js_sv(v), known[i].url)) {
            *contexts |= known[i].bit;
            return true;
        }
    }
    return err_because(err, ERR_INPUT, "context", "the context %.*s is not known to this program",
                       SV_ARG(sv_clip_utf8(js_sv(v), 200)));
}

static bool context_read(const json_t *v, unsigned *contexts, struct err *err) {
    size_t i = 0;
    const json_t *one = NULL;
    if (v == NULL || json_is_string(v)) {
        return v == NULL || context_bit(v, contexts, err);
    }
    if (!json_is_array(v)) {
        return context_bit(v, contexts, err);
    }
    json_array_foreach(v, i, one) {
        if (!context_bit(one, contexts, err)) {
            return false;
        }
    }
    return true;
}

/* The rules of an object's types, and a quad for each. */
struct types {
    const struct credential_type_rule *rules[TYPES_MAX];
    size_t count;
};

static bool type_add(struct emit *e, const struct scope *in, struct credential_term subject,
                     const json_t *v, struct types *types, struct err *err) {
    struct sv name = js_sv(v);
    const struct credential_type_rule *rule =
        json_is_string(v) ? credential_type_find(in->contexts, name) : NULL;
    bool is_iri = rule == NULL && credential_iri_is_fit(name);
    if ((rule == NULL && !is_iri) || types->count == TYPES_MAX) {
        return err_because(err, ERR_INPUT, "term", "the type `%.*s` is not defined by the contexts",
                           SV_ARG(sv_clip_utf8(name, 100)));
    }
    if (rule != NULL) {
        types->rules[types->count++] = rule;
    }
    add(e, subject, SV(RDF "type"), iri_term(rule != NULL ? sv_from(rule->iri) : name), in->graph);
    return true;
}

static bool types_read(struct emit *e, const struct scope *in, struct credential_term subject,
                       const json_t *v, struct types *types, struct err *err) {
    size_t i = 0;
    const json_t *one = NULL;
    if (v == NULL) {
        return true;
    }
    if (!json_is_array(v)) {
        return type_add(e, in, subject, v, types, err);
    }
    json_array_foreach(v, i, one) {
        if (!type_add(e, in, subject, one, types, err)) {
            return false;
        }
    }
    return i > 0 || refuse_value(err, "type", "is an empty array");
}

static const struct credential_term_rule *rule_of(const struct scope *in, const struct types *types,
                                                  struct sv name) {
    const struct credential_term_rule *rule =
        in->extra != NULL ? credential_type_term(in->extra, name) : NULL;
    for (size_t i = 0; i < types->count && rule == NULL; i++) {
        rule = credential_type_term(types->rules[i], name);
    }
    rule = rule != NULL ? rule : credential_global_term(in->contexts, name);
    bool is_older = (in->contexts & CREDENTIAL_CONTEXT_OB_OLDER) != 0;
    return rule != NULL && is_older ? credential_older_term(rule) : rule;
}

static bool text_is_fit(const struct emit *e, struct sv text) {
    for (size_t i = 0; e->is_for_signing && i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c < 0x20 && c != '\n') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool string_term(const struct emit *e, const struct credential_term_rule *rule,
                        struct sv text, struct credential_term *out, struct err *err) {
    if (rule->kind == CREDENTIAL_COERCE_JSON) {
        return refuse_value(err, rule->name, "is a JSON literal, which this program does not take");
    }
    if (rule->kind == CREDENTIAL_COERCE_VOCAB) {
        const char *iri = credential_purpose_iri(text);
        *out = iri_term(sv_from(iri));
        return iri != NULL || refuse_value(err, rule->name, "has a value that is not defined");
    }
    if (rule->kind == CREDENTIAL_COERCE_ID) {
        *out = iri_term(text);
        return credential_iri_is_fit(text) || refuse_value(err, rule->name, "is no absolute IRI");
    }
    *out = (struct credential_term){
        .kind = CREDENTIAL_TERM_LITERAL, .value = text, .about = sv_from(rule->datatype)};
    return text_is_fit(e, text) ||
           refuse_value(err, rule->name,
                        "has a control character, which other programs write in other ways");
}

/* Libraries differ on whole numbers that a double does not hold, and on those that ECMAScript
 * prints with an exponent (jsonld.js makes 0 of 1e-7). */
static bool number_is_fit(double d, bool is_integer) {
    char text[CREDENTIAL_NUMBER_MAX];
    return (!is_integer || fabs(d) <= WHOLE_MAX) &&
           strchr(credential_number_ecma(d, text), 'e') == NULL;
}

static bool scalar_term(const struct emit *e, const struct credential_term_rule *rule,
                        const json_t *v, struct credential_term *out, struct err *err) {
    char text[CREDENTIAL_NUMBER_MAX];
    struct sv datatype = sv_from(rule->datatype);
    bool is_integer = false;
    if (json_is_string(v)) {
        return string_term(e, rule, js_sv(v), out, err);
    }
    if (json_is_null(v) || rule->kind == CREDENTIAL_COERCE_JSON) {
        return refuse_value(err, rule->name, "is null, or a JSON literal");
    }
    *out = (struct credential_term){.kind = CREDENTIAL_TERM_LITERAL, .about = datatype};
    if (json_is_boolean(v)) {
        out->value = json_is_true(v) ? SV("true") : SV("false");
        out->about = datatype.len > 0 ? datatype : SV(XSD "boolean");
        return true;
    }
    double d = credential_number_of(v);
    out->value = sv_copy(e->set->arena, sv_from(credential_number_rdf(d, text, &is_integer)));
    if (datatype.len == 0) {
        out->about = is_integer ? SV(XSD "integer") : SV(XSD "double");
    }
    return !e->is_for_signing || number_is_fit(d, is_integer) ||
           refuse_value(err, rule->name, "is a number that programs write in different ways");
}

static bool node(struct emit *e, const struct scope *in, const json_t *object,
                 struct credential_term *subject, struct err *err);

/* One value of a member: what stands at the object's place. */
static bool value_term(struct emit *e, const struct scope *in,
                       const struct credential_term_rule *rule, const json_t *v,
                       struct credential_term *out, struct err *err) {
    if (json_is_array(v)) {
        return refuse_value(err, rule->name, "holds an array inside an array");
    }
    if (!json_is_object(v)) {
        return scalar_term(e, rule, v, out, err);
    }
    if (rule->kind == CREDENTIAL_COERCE_JSON || rule->kind == CREDENTIAL_COERCE_VOCAB) {
        return refuse_value(err, rule->name, "is an object, which this program does not take");
    }
    struct scope inner = {.contexts = in->contexts,
                          .graph = in->graph,
                          .extra = rule->scope,
                          .depth = in->depth + 1,
                          .path = rule->name};
    if (!rule->is_graph) {
        return node(e, &inner, v, out, err);
    }
    struct credential_term ignored;
    *out = fresh_blank(e);
    inner.graph = *out;
    return node(e, &inner, v, &ignored, err);
}

/* A member's value as a set: a bare one is a set of one. */
static size_t value_count(const json_t *v) { return json_is_array(v) ? json_array_size(v) : 1; }

static const json_t *value_at(const json_t *v, size_t i) {
    return json_is_array(v) ? json_array_get(v, i) : v;
}

/* rdf:first and rdf:rest cells (RDF Schema 5.2), rdf:nil at the end. */
static bool list_emit(struct emit *e, const struct scope *in, struct credential_term subject,
                      const struct credential_term_rule *rule, const json_t *values,
                      struct err *err) {
    struct credential_term cell = fresh_blank(e);
    size_t count = value_count(values);
    add(e, subject, sv_from(rule->iri), cell, in->graph);
    for (size_t i = 0; i < count; i++) {
        struct credential_term value;
        if (!value_term(e, in, rule, value_at(values, i), &value, err)) {
            return false;
        }
        struct credential_term next = i + 1 < count ? fresh_blank(e) : iri_term(SV(RDF "nil"));
        add(e, cell, SV(RDF "first"), value, in->graph);
        add(e, cell, SV(RDF "rest"), next, in->graph);
        cell = next;
    }
    return true;
}

static bool member_emit(struct emit *e, const struct scope *in, struct credential_term subject,
                        const struct credential_term_rule *rule, const json_t *v, struct err *err) {
    if (e->is_for_signing && rule->is_new) {
        return refuse_value(err, rule->name,
                            "is unknown to programs with an older copy of the context");
    }
    if (value_count(v) == 0) {
        return refuse_value(err, rule->name, "is an empty array");
    }
    if (rule->is_list) {
        return list_emit(e, in, subject, rule, v, err);
    }
    for (size_t i = 0; i < value_count(v); i++) {
        struct credential_term value;
        if (!value_term(e, in, rule, value_at(v, i), &value, err)) {
            return false;
        }
        add(e, subject, sv_from(rule->iri), value, in->graph);
    }
    return true;
}

static bool subject_of(struct emit *e, const json_t *object, const struct scope *in,
                       struct credential_term *out, struct err *err) {
    const json_t *id = json_object_get(object, "id");
    if (id == NULL) {
        *out = fresh_blank(e);
        return true;
    }
    *out = iri_term(js_sv(id));
    return (json_is_string(id) && credential_iri_is_fit(js_sv(id))) ||
           err_because(err, ERR_INPUT, "value", "the id of `%s` is no absolute IRI", in->path);
}

static bool node(struct emit *e, const struct scope *outer, const json_t *object,
                 struct credential_term *subject, struct err *err) {
    struct scope in = *outer;
    struct types types = {0};
    const char *name = NULL;
    json_t *value = NULL;
    if (in.depth > CREDENTIAL_JSON_DEPTH_MAX || json_object_size(object) == 0) {
        return refuse_value(err, in.path, "is an empty object, or nested too deep");
    }
    if (!context_read(json_object_get(object, "@context"), &in.contexts, err) ||
        !subject_of(e, object, &in, subject, err) ||
        !types_read(e, &in, *subject, json_object_get(object, "type"), &types, err)) {
        return false;
    }
    json_object_foreach((json_t *)object, name, value) {
        if (strcmp(name, "@context") == 0 || strcmp(name, "id") == 0 || strcmp(name, "type") == 0) {
            continue;
        }
        const struct credential_term_rule *rule = rule_of(&in, &types, sv_from(name));
        if (rule == NULL) {
            return err_because(err, ERR_INPUT, "term",
                               "the member `%.100s` of `%s` is not defined by the contexts", name,
                               in.path);
        }
        if (!member_emit(e, &in, *subject, rule, value, err)) {
            return false;
        }
    }
    return true;
}

bool credential_emit(const json_t *object, bool is_for_signing, struct credential_dataset *set,
                     struct err *err) {
    struct emit e = {.set = set, .is_for_signing = is_for_signing};
    struct scope top = {.path = "the document"};
    struct credential_term subject;
    return node(&e, &top, object, &subject, err);
}
