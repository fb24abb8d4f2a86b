#include "credential_structure.h"
#include "credential_terms.h"
#include <string.h>

#define PATH_MAX_BYTES 200

enum shape {
    SHAPE_TEXT,
    SHAPE_URI,
    SHAPE_TIME,
    SHAPE_BOOLEAN,
    SHAPE_NUMBER,
    SHAPE_OBJECT /* of `of`; or any object */
};

enum { REQUIRED = 1, MANY = 2 };

struct class;
struct member {
    const char *name;
    enum shape shape;
    int flags;
    const struct class *of;
};

/* What an object must be: its type, unless NULL, and members. */
struct class {
    const char *type;
    const struct member *members;
    size_t count;
};

#define CLASS(id, type, ...)                                                                       \
    static const struct member id##_MEMBERS[] = {__VA_ARGS__};                                     \
    static const struct class id = {type, id##_MEMBERS, ARRAY_LEN(id##_MEMBERS)}

CLASS(IMAGE, "Image", {"id", SHAPE_URI, REQUIRED, NULL}, {"caption", SHAPE_TEXT, 0, NULL});
CLASS(ALIGNMENT, "Alignment", {"targetName", SHAPE_TEXT, REQUIRED, NULL},
      {"targetUrl", SHAPE_URI, REQUIRED, NULL}, {"targetType", SHAPE_TEXT, 0, NULL});
CLASS(IDENTIFIER_ENTRY, "IdentifierEntry", {"identifier", SHAPE_TEXT, REQUIRED, NULL},
      {"identifierType", SHAPE_TEXT, REQUIRED, NULL});
CLASS(PROFILE, "Profile", {"id", SHAPE_URI, REQUIRED, NULL}, {"name", SHAPE_TEXT, 0, NULL},
      {"url", SHAPE_URI, 0, NULL}, {"email", SHAPE_TEXT, 0, NULL},
      {"image", SHAPE_OBJECT, 0, &IMAGE},
      {"otherIdentifier", SHAPE_OBJECT, MANY, &IDENTIFIER_ENTRY});
CLASS(ISSUER, "Profile", {"id", SHAPE_URI, REQUIRED, NULL}, {"name", SHAPE_TEXT, 0, NULL},
      {"url", SHAPE_URI, 0, NULL}, {"image", SHAPE_OBJECT, 0, &IMAGE},
      {"otherIdentifier", SHAPE_OBJECT, MANY, &IDENTIFIER_ENTRY},
      {"parentOrg", SHAPE_OBJECT, 0, &PROFILE});
CLASS(CRITERIA, NULL, {"id", SHAPE_URI, 0, NULL}, {"narrative", SHAPE_TEXT, 0, NULL});
CLASS(LEVEL, "RubricCriterionLevel", {"id", SHAPE_URI, REQUIRED, NULL},
      {"name", SHAPE_TEXT, REQUIRED, NULL});
CLASS(RESULT_DESCRIPTION, "ResultDescription", {"id", SHAPE_URI, REQUIRED, NULL},
      {"name", SHAPE_TEXT, REQUIRED, NULL}, {"resultType", SHAPE_TEXT, REQUIRED, NULL},
      {"allowedValue", SHAPE_TEXT, MANY, NULL}, {"alignment", SHAPE_OBJECT, MANY, &ALIGNMENT},
      {"rubricCriterionLevel", SHAPE_OBJECT, MANY, &LEVEL});
CLASS(ACHIEVEMENT, "Achievement", {"id", SHAPE_URI, REQUIRED, NULL},
      {"name", SHAPE_TEXT, REQUIRED, NULL}, {"description", SHAPE_TEXT, REQUIRED, NULL},
      {"criteria", SHAPE_OBJECT, REQUIRED, &CRITERIA}, {"achievementType", SHAPE_TEXT, 0, NULL},
      {"alignment", SHAPE_OBJECT, MANY, &ALIGNMENT}, {"creator", SHAPE_OBJECT, 0, &PROFILE},
      {"image", SHAPE_OBJECT, 0, &IMAGE}, {"creditsAvailable", SHAPE_NUMBER, 0, NULL},
      {"tag", SHAPE_TEXT, MANY, NULL},
      {"resultDescription", SHAPE_OBJECT, MANY, &RESULT_DESCRIPTION},
      {"otherIdentifier", SHAPE_OBJECT, MANY, &IDENTIFIER_ENTRY});
CLASS(IDENTITY, "IdentityObject", {"hashed", SHAPE_BOOLEAN, REQUIRED, NULL},
      {"identityHash", SHAPE_TEXT, REQUIRED, NULL}, {"identityType", SHAPE_TEXT, REQUIRED, NULL},
      {"salt", SHAPE_TEXT, 0, NULL});
CLASS(RESULT, "Result", {"resultDescription", SHAPE_URI, 0, NULL},
      {"achievedLevel", SHAPE_URI, 0, NULL}, {"status", SHAPE_TEXT, 0, NULL},
      {"value", SHAPE_TEXT, 0, NULL}, {"alignment", SHAPE_OBJECT, MANY, &ALIGNMENT});
CLASS(SUBJECT, "AchievementSubject", {"id", SHAPE_URI, 0, NULL},
      {"achievement", SHAPE_OBJECT, REQUIRED, &ACHIEVEMENT},
      {"identifier", SHAPE_OBJECT, MANY, &IDENTITY}, {"activityStartDate", SHAPE_TIME, 0, NULL},
      {"activityEndDate", SHAPE_TIME, 0, NULL}, {"creditsEarned", SHAPE_NUMBER, 0, NULL},
      {"image", SHAPE_OBJECT, 0, &IMAGE}, {"result", SHAPE_OBJECT, MANY, &RESULT},
      {"source", SHAPE_OBJECT, 0, &PROFILE});
CLASS(ENDORSED, "EndorsementSubject", {"id", SHAPE_URI, REQUIRED, NULL},
      {"endorsementComment", SHAPE_TEXT, 0, NULL});
CLASS(EVIDENCE, "Evidence", {"id", SHAPE_URI, 0, NULL}, {"name", SHAPE_TEXT, 0, NULL},
      {"narrative", SHAPE_TEXT, 0, NULL}, {"description", SHAPE_TEXT, 0, NULL});
CLASS(SCHEMA, NULL, {"id", SHAPE_URI, REQUIRED, NULL}, {"type", SHAPE_TEXT, REQUIRED | MANY, NULL});

#define CREDENTIAL_MEMBERS                                                                         \
    {"id", SHAPE_URI, REQUIRED, NULL}, {"issuer", SHAPE_OBJECT, REQUIRED, &ISSUER},                \
        {"validFrom", SHAPE_TIME, REQUIRED, NULL}, {"validUntil", SHAPE_TIME, 0, NULL},            \
        {"awardedDate", SHAPE_TIME, 0, NULL}, {"description", SHAPE_TEXT, 0, NULL}, {              \
        "credentialSchema", SHAPE_OBJECT, MANY, &SCHEMA                                            \
    }
CLASS(AWARD, "VerifiableCredential", CREDENTIAL_MEMBERS, {"name", SHAPE_TEXT, 0, NULL},
      {"image", SHAPE_OBJECT, 0, &IMAGE}, {"evidence", SHAPE_OBJECT, MANY, &EVIDENCE},
      {"credentialSubject", SHAPE_OBJECT, REQUIRED, &SUBJECT});
CLASS(ENDORSEMENT, "VerifiableCredential", CREDENTIAL_MEMBERS, {"name", SHAPE_TEXT, REQUIRED, NULL},
      {"credentialSubject", SHAPE_OBJECT, REQUIRED, &ENDORSED});

static bool refuse(struct err *err, const char *path, const char *name, const char *why) {
    return err_because(err, ERR_INPUT, "structure", "%s%s%.60s %s", path,
                       path[0] == '\0' ? "" : ".", name, why);
}

static size_t value_count(const json_t *v) { return json_is_array(v) ? json_array_size(v) : 1; }

static const json_t *value_at(const json_t *v, size_t i) {
    return json_is_array(v) ? json_array_get(v, i) : v;
}

bool credential_has_type(const json_t *object, const char *type) {
    const json_t *types = json_object_get(object, "type");
    for (size_t i = 0; types != NULL && i < value_count(types); i++) {
        if (sv_eq(js_sv(value_at(types, i)), sv_from(type))) {
            return true;
        }
    }
    return false;
}

static bool object_check(const json_t *object, const struct class *class, const char *path,
                         struct err *err);

static bool value_check(const json_t *v, const struct member *m, const char *path,
                        struct err *err) {
    usec_t t = 0;
    char inner[PATH_MAX_BYTES];
    switch (m->shape) {
    case SHAPE_TEXT:
        return json_is_string(v) || refuse(err, path, m->name, "is no text");
    case SHAPE_URI:
        return credential_iri_is_fit(js_sv(v)) || refuse(err, path, m->name, "is no URI");
    case SHAPE_TIME:
        return rfc3339_parse(js_sv(v), &t) ||
               refuse(err, path, m->name, "is no date-time with a time zone");
    case SHAPE_BOOLEAN:
        return json_is_boolean(v) || refuse(err, path, m->name, "is neither true nor false");
    case SHAPE_NUMBER:
        return json_is_number(v) || refuse(err, path, m->name, "is no number");
    case SHAPE_OBJECT:
        break;
    }
    (void)snprintf(inner, sizeof inner, "%s%s%s", path, path[0] == '\0' ? "" : ".", m->name);
    return json_is_object(v) ? object_check(v, m->of, inner, err)
                             : refuse(err, path, m->name, "is no object");
}

static bool member_check(const json_t *object, const struct member *m, const char *path,
                         struct err *err) {
    const json_t *v = json_object_get(object, m->name);
    if (v == NULL) {
        return (m->flags & REQUIRED) == 0 || refuse(err, path, m->name, "is missing");
    }
    if (json_is_array(v) && ((m->flags & MANY) == 0 || json_array_size(v) == 0)) {
        return refuse(err, path, m->name,
                      json_array_size(v) == 0 ? "is an empty array" : "may be there only once");
    }
    for (size_t i = 0; i < value_count(v); i++) {
        if (!value_check(value_at(v, i), m, path, err)) {
            return false;
        }
    }
    return true;
}

static bool object_check(const json_t *object, const struct class *class, const char *path,
                         struct err *err) {
    if (class->type != NULL && !credential_has_type(object, class->type)) {
        return err_because(err, ERR_INPUT, "structure", "%s does not have the type %s",
                           path[0] == '\0' ? "the credential" : path, class->type);
    }
    for (size_t i = 0; i < class->count; i++) {
        if (!member_check(object, &class->members[i], path, err)) {
            return false;
        }
    }
    return true;
}

/* A context inside the document may add terms, but none of what the standards define may mean
 * something else: their terms are protected (JSON-LD 1.1, 4.1.11). */
static bool own_context_check(const json_t *context, struct err *err) {
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)context, name, value) {
        bool is_harmless = strcmp(name, "@version") == 0 || strcmp(name, "@protected") == 0;
        if (!is_harmless && (name[0] == '@' || credential_is_defined(sv_from(name)))) {
            return err_because(err, ERR_INPUT, "structure", "@context changes what `%.60s` means",
                               name);
        }
    }
    return true;
}

/* [0] is VCDM's, [1] is that of Open Badges 3.0 in some version; others add to them. */
static bool context_check(const json_t *credential, struct err *err) {
    const json_t *context = json_object_get(credential, "@context");
    for (size_t i = 2; i < json_array_size(context); i++) {
        if (!own_context_check(json_array_get(context, i), err)) {
            return false;
        }
    }
    struct sv first = js_sv(json_array_get(context, 0));
    struct sv second = js_sv(json_array_get(context, 1));
    if (!sv_eq(first, SV(CREDENTIAL_CONTEXT_VC_URL))) {
        return refuse(err, "", "@context", "does not begin with " CREDENTIAL_CONTEXT_VC_URL);
    }
    return (sv_starts(second, SV("https://purl.imsglobal.org/spec/ob/v3p0/context")) &&
            sv_ends(second, SV(".json"))) ||
           refuse(err, "", "@context", "does not go on with the context of Open Badges 3.0");
}

static bool holds_id(const json_t *set, struct sv id) {
    for (size_t i = 0; set != NULL && i < value_count(set); i++) {
        if (sv_eq(js_sv(json_object_get(value_at(set, i), "id")), id)) {
            return true;
        }
    }
    return false;
}

/* What no single member shows. */
static bool subject_check(const json_t *subject, struct err *err) {
    const json_t *achievement = json_object_get(subject, "achievement");
    const json_t *criteria = json_object_get(achievement, "criteria");
    const json_t *results = json_object_get(subject, "result");
    if (json_object_get(subject, "id") == NULL && json_object_get(subject, "identifier") == NULL) {
        return refuse(err, "", "credentialSubject", "has neither id nor identifier");
    }
    if (json_object_get(criteria, "id") == NULL && json_object_get(criteria, "narrative") == NULL) {
        return refuse(err, "credentialSubject.achievement", "criteria",
                      "has neither id nor narrative");
    }
    for (size_t i = 0; results != NULL && i < value_count(results); i++) {
        struct sv described = js_sv(json_object_get(value_at(results, i), "resultDescription"));
        if (described.len > 0 &&
            !holds_id(json_object_get(achievement, "resultDescription"), described)) {
            return refuse(err, "credentialSubject.result", "resultDescription",
                          "is none of the achievement");
        }
    }
    return true;
}

bool credential_structure_check(const json_t *credential, struct err *err) {
    if (!context_check(credential, err)) {
        return false;
    }
    if (credential_has_type(credential, "EndorsementCredential")) {
        return object_check(credential, &ENDORSEMENT, "", err);
    }
    if (!credential_has_type(credential, "OpenBadgeCredential") &&
        !credential_has_type(credential, "AchievementCredential")) {
        return refuse(err, "", "type", "does not say OpenBadgeCredential");
    }
    return object_check(credential, &AWARD, "", err) &&
           subject_check(json_object_get(credential, "credentialSubject"), err);
}
