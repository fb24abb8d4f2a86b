/* The flat term table of the contexts that this program knows. A test holds it against
 * fixture/credential/term-table.json. Every table is sorted by name. */
#include "credential_terms_table.h"
#include "credential_terms.h"
#include <string.h>

#define OB "https://purl.imsglobal.org/spec/vc/ob/vocab.html#"
#define CRED "https://www.w3.org/2018/credentials#"
#define STATUS "https://www.w3.org/ns/credentials/status#"
#define SEC "https://w3id.org/security#"
#define SCHEMA "https://schema.org/"
#define JWT "https://www.iana.org/assignments/jwt#"
#define JOSE "https://www.iana.org/assignments/jose#"
/* Open Badges writes https where VCDM writes http: both stand in signed documents. */
#define XSDS "https://www.w3.org/2001/XMLSchema#"
#define XSD "http://www.w3.org/2001/XMLSchema#"

#define PLAIN(n, i)                                                                                \
    { .name = (n), .iri = (i) }
#define TYPED(n, i, d)                                                                             \
    { .name = (n), .iri = (i), .kind = CREDENTIAL_COERCE_TYPED, .datatype = (d) }
#define ID(n, i)                                                                                   \
    { .name = (n), .iri = (i), .kind = CREDENTIAL_COERCE_ID }
#define VOCAB(n, i)                                                                                \
    { .name = (n), .iri = (i), .kind = CREDENTIAL_COERCE_VOCAB }
#define JSON(n, i)                                                                                 \
    { .name = (n), .iri = (i), .kind = CREDENTIAL_COERCE_JSON }
#define LIST(n, i)                                                                                 \
    { .name = (n), .iri = (i), .is_list = true }
#define GRAPH(n, i)                                                                                \
    { .name = (n), .iri = (i), .kind = CREDENTIAL_COERCE_ID, .is_graph = true }
#define SCOPED(n, i, s)                                                                            \
    { .name = (n), .iri = (i), .scope = (s) }
/* Only in the newer of the two copies of context 3.0.3. */
#define NEW(n, i)                                                                                  \
    { .name = (n), .iri = (i), .is_new = true }
#define NEW_ID(n, i)                                                                               \
    { .name = (n), .iri = (i), .kind = CREDENTIAL_COERCE_ID, .is_new = true }
#define TERMS(t) t, ARRAY_LEN(t)
#define NO_TERMS NULL, 0

static const struct credential_term_rule VC_GLOBALS[] = {
    JSON("_sd", JWT "_sd"),
    PLAIN("_sd_alg", JWT "_sd_alg"),
    ID("aud", JWT "aud"),
    PLAIN("cnf", JWT "cnf"),
    PLAIN("description", SCHEMA "description"),
    TYPED("digestMultibase", SEC "digestMultibase", SEC "multibase"),
    TYPED("digestSRI", CRED "digestSRI", CRED "sriString"),
    TYPED("exp", JWT "exp", XSDS "nonNegativeInteger"),
    TYPED("iat", JWT "iat", XSDS "nonNegativeInteger"),
    ID("iss", JOSE "iss"),
    ID("jku", JOSE "jku"),
    ID("kid", JOSE "kid"),
    PLAIN("mediaType", SCHEMA "encodingFormat"),
    PLAIN("name", SCHEMA "name"),
    TYPED("nbf", JWT "nbf", XSDS "nonNegativeInteger"),
    ID("sub", JOSE "sub"),
    ID("x5u", JOSE "x5u"),
};

static const struct credential_term_rule OB_GLOBALS[] = {
    PLAIN("alignment", OB "alignment"),
    TYPED("awardedDate", OB "awardedDate", "xsd:dateTime"),
    PLAIN("endorsement", OB "endorsement"),
    NEW("endorsementJwt", OB "endorsementJwt"),
    ID("image", OB "image"),
    PLAIN("inLanguage", SCHEMA "inLanguage"),
    NEW_ID("jti", JWT "jti"),
    PLAIN("narrative", OB "narrative"),
    TYPED("url", SCHEMA "url", XSDS "anyURI"),
};

static const struct credential_term_rule STATUS_MESSAGE_TERMS[] = {
    PLAIN("message", STATUS "message"),
    PLAIN("status", STATUS "status"),
};
static const struct credential_type_rule STATUS_MESSAGE = {.terms = STATUS_MESSAGE_TERMS,
                                                           .count = 2};

static const struct credential_term_rule ACHIEVEMENT[] = {
    PLAIN("achievementType", OB "achievementType"),
    PLAIN("alignment", OB "alignment"),
    PLAIN("creator", OB "creator"),
    TYPED("creditsAvailable", OB "creditsAvailable", XSDS "float"),
    ID("criteria", OB "Criteria"),
    PLAIN("fieldOfStudy", OB "fieldOfStudy"),
    PLAIN("humanCode", OB "humanCode"),
    ID("image", OB "image"),
    PLAIN("inLanguage", SCHEMA "inLanguage"),
    PLAIN("otherIdentifier", OB "otherIdentifier"),
    PLAIN("related", OB "related"),
    PLAIN("resultDescription", OB "resultDescription"),
    PLAIN("specialization", OB "specialization"),
    PLAIN("tag", SCHEMA "keywords"),
    PLAIN("version", OB "version"),
};

static const struct credential_term_rule ACHIEVEMENT_SUBJECT[] = {
    PLAIN("achievement", OB "achievement"),
    TYPED("activityEndDate", OB "activityEndDate", XSDS "date"),
    TYPED("activityStartDate", OB "activityStartDate", XSDS "date"),
    TYPED("creditsEarned", OB "creditsEarned", XSDS "float"),
    PLAIN("identifier", OB "identifier"),
    ID("image", OB "image"),
    PLAIN("licenseNumber", OB "licenseNumber"),
    PLAIN("result", OB "result"),
    PLAIN("role", OB "role"),
    ID("source", OB "source"),
    PLAIN("term", OB "term"),
};

static const struct credential_term_rule ADDRESS[] = {
    PLAIN("addressCountry", SCHEMA "addressCountry"),
    PLAIN("addressCountryCode", OB "CountryCode"),
    PLAIN("addressLocality", SCHEMA "addressLocality"),
    PLAIN("addressRegion", SCHEMA "addressRegion"),
    PLAIN("geo", OB "GeoCoordinates"),
    PLAIN("postOfficeBoxNumber", SCHEMA "postOfficeBoxNumber"),
    PLAIN("postalCode", SCHEMA "postalCode"),
    PLAIN("streetAddress", SCHEMA "streetAddress"),
};

static const struct credential_term_rule ALIGNMENT[] = {
    PLAIN("targetCode", OB "targetCode"),
    PLAIN("targetDescription", SCHEMA "targetDescription"),
    PLAIN("targetFramework", SCHEMA "targetFramework"),
    PLAIN("targetName", SCHEMA "targetName"),
    PLAIN("targetType", OB "targetType"),
    TYPED("targetUrl", SCHEMA "targetUrl", XSDS "anyURI"),
};

static const struct credential_term_rule BITSTRING_STATUS_LIST[] = {
    TYPED("encodedList", STATUS "encodedList", SEC "multibase"),
    PLAIN("statusPurpose", STATUS "statusPurpose"),
    PLAIN("ttl", STATUS "ttl"),
};

static const struct credential_term_rule BITSTRING_STATUS_LIST_ENTRY[] = {
    ID("statusListCredential", STATUS "statusListCredential"),
    PLAIN("statusListIndex", STATUS "statusListIndex"),
    SCOPED("statusMessage", STATUS "statusMessage", &STATUS_MESSAGE),
    PLAIN("statusPurpose", STATUS "statusPurpose"),
    ID("statusReference", STATUS "statusReference"),
    TYPED("statusSize", STATUS "statusSize", XSDS "integer"),
};

static const struct credential_term_rule DATA_INTEGRITY_PROOF[] = {
    PLAIN("challenge", SEC "challenge"),
    TYPED("created", "http://purl.org/dc/terms/created", XSD "dateTime"),
    TYPED("cryptosuite", SEC "cryptosuite", SEC "cryptosuiteString"),
    PLAIN("domain", SEC "domain"),
    TYPED("expires", SEC "expiration", XSD "dateTime"),
    PLAIN("nonce", SEC "nonce"),
    ID("previousProof", SEC "previousProof"),
    VOCAB("proofPurpose", SEC "proofPurpose"),
    TYPED("proofValue", SEC "proofValue", SEC "multibase"),
    ID("verificationMethod", SEC "verificationMethod"),
};

static const struct credential_term_rule ENDORSEMENT_SUBJECT[] = {
    PLAIN("endorsementComment", OB "endorsementComment"),
};

static const struct credential_term_rule EVIDENCE[] = {
    PLAIN("audience", SCHEMA "audience"),
    PLAIN("genre", SCHEMA "genre"),
};

static const struct credential_term_rule GEO_COORDINATES[] = {
    PLAIN("latitude", SCHEMA "latitude"),
    PLAIN("longitude", SCHEMA "longitude"),
};

static const struct credential_term_rule IDENTIFIER_ENTRY[] = {
    PLAIN("identifier", OB "identifier"),
    PLAIN("identifierType", OB "identifierType"),
};

static const struct credential_term_rule IDENTITY_OBJECT[] = {
    TYPED("hashed", OB "hashed", XSDS "boolean"),
    PLAIN("identityHash", OB "identityHash"),
    PLAIN("identityType", OB "identityType"),
    PLAIN("salt", OB "salt"),
};

static const struct credential_term_rule IMAGE[] = {
    PLAIN("caption", SCHEMA "caption"),
};

static const struct credential_term_rule JSON_SCHEMA[] = {
    JSON("jsonSchema", CRED "jsonSchema"),
};

static const struct credential_term_rule PROFILE[] = {
    PLAIN("additionalName", SCHEMA "additionalName"),
    ID("address", OB "address"),
    TYPED("dateOfBirth", OB "dateOfBirth", XSDS "date"),
    PLAIN("email", SCHEMA "email"),
    PLAIN("familyName", SCHEMA "familyName"),
    PLAIN("familyNamePrefix", OB "familyNamePrefix"),
    PLAIN("givenName", SCHEMA "givenName"),
    PLAIN("honorificPrefix", SCHEMA "honorificPrefix"),
    PLAIN("honorificSuffix", SCHEMA "honorificSuffix"),
    ID("image", OB "image"),
    PLAIN("official", OB "official"),
    PLAIN("otherIdentifier", OB "otherIdentifier"),
    ID("parentOrg", OB "parentOrg"),
    PLAIN("patronymicName", OB "patronymicName"),
    PLAIN("phone", OB "phone"),
};

static const struct credential_term_rule RELATED[] = {
    PLAIN("inLanguage", SCHEMA "inLanguage"),
    PLAIN("version", OB "version"),
};

static const struct credential_term_rule RESULT[] = {
    TYPED("achievedLevel", OB "achievedLevel", XSDS "anyURI"),
    TYPED("resultDescription", OB "resultDescription", XSDS "anyURI"),
    PLAIN("status", OB "status"),
    PLAIN("value", SCHEMA "value"),
};

static const struct credential_term_rule RESULT_DESCRIPTION[] = {
    LIST("allowedValue", OB "allowedValue"),
    TYPED("requiredLevel", OB "requiredLevel", XSDS "anyURI"),
    PLAIN("requiredValue", OB "requiredValue"),
    PLAIN("resultType", OB "resultType"),
    PLAIN("rubricCriterionLevel", OB "rubricCriterionLevel"),
    PLAIN("valueMax", OB "valueMax"),
    PLAIN("valueMin", OB "valueMin"),
};

static const struct credential_term_rule RUBRIC_CRITERION_LEVEL[] = {
    PLAIN("level", OB "level"),
    PLAIN("points", OB "points"),
};

static const struct credential_term_rule VERIFIABLE_CREDENTIAL[] = {
    ID("confidenceMethod", CRED "confidenceMethod"),
    ID("credentialSchema", CRED "credentialSchema"),
    ID("credentialStatus", CRED "credentialStatus"),
    ID("credentialSubject", CRED "credentialSubject"),
    PLAIN("description", SCHEMA "description"),
    ID("evidence", CRED "evidence"),
    ID("issuer", CRED "issuer"),
    PLAIN("name", SCHEMA "name"),
    GRAPH("proof", SEC "proof"),
    ID("refreshService", CRED "refreshService"),
    ID("relatedResource", CRED "relatedResource"),
    ID("renderMethod", CRED "renderMethod"),
    ID("termsOfUse", CRED "termsOfUse"),
    TYPED("validFrom", CRED "validFrom", XSD "dateTime"),
    TYPED("validUntil", CRED "validUntil", XSD "dateTime"),
};

static const struct credential_term_rule VERIFIABLE_PRESENTATION[] = {
    ID("holder", CRED "holder"),
    GRAPH("proof", SEC "proof"),
    ID("termsOfUse", CRED "termsOfUse"),
    GRAPH("verifiableCredential", CRED "verifiableCredential"),
};

static const struct credential_type_rule TYPES[] = {
    {"1EdTechCredentialRefresh",
     "https://purl.imsglobal.org/spec/vccr/v1p0/context.json#1EdTechCredentialRefresh",
     CREDENTIAL_CONTEXT_EXTENSIONS, NO_TERMS},
    {"1EdTechJsonSchemaValidator2019",
     "https://purl.imsglobal.org/spec/vccs/v1p0/context.json#1EdTechJsonSchemaValidator2019",
     CREDENTIAL_CONTEXT_EXTENSIONS, NO_TERMS},
    {"1EdTechRevocationList",
     "https://purl.imsglobal.org/spec/vcrl/v1p0/context.json#1EdTechRevocationList",
     CREDENTIAL_CONTEXT_EXTENSIONS, NO_TERMS},
    {"Achievement", OB "Achievement", CREDENTIAL_CONTEXT_OB, TERMS(ACHIEVEMENT)},
    {"AchievementCredential", OB "OpenBadgeCredential", CREDENTIAL_CONTEXT_OB, NO_TERMS},
    {"AchievementSubject", OB "AchievementSubject", CREDENTIAL_CONTEXT_OB,
     TERMS(ACHIEVEMENT_SUBJECT)},
    {"Address", OB "Address", CREDENTIAL_CONTEXT_OB, TERMS(ADDRESS)},
    {"Alignment", SCHEMA "AlignmentObject", CREDENTIAL_CONTEXT_OB, TERMS(ALIGNMENT)},
    {"BitstringStatusList", STATUS "BitstringStatusList", CREDENTIAL_CONTEXT_VC,
     TERMS(BITSTRING_STATUS_LIST)},
    {"BitstringStatusListCredential", STATUS "BitstringStatusListCredential", CREDENTIAL_CONTEXT_VC,
     NO_TERMS},
    {"BitstringStatusListEntry", STATUS "BitstringStatusListEntry", CREDENTIAL_CONTEXT_VC,
     TERMS(BITSTRING_STATUS_LIST_ENTRY)},
    {"Criteria", OB "Criteria", CREDENTIAL_CONTEXT_OB, NO_TERMS},
    {"DataIntegrityProof", SEC "DataIntegrityProof", CREDENTIAL_CONTEXT_VC,
     TERMS(DATA_INTEGRITY_PROOF)},
    {"EndorsementCredential", OB "EndorsementCredential", CREDENTIAL_CONTEXT_OB, NO_TERMS},
    {"EndorsementSubject", OB "EndorsementSubject", CREDENTIAL_CONTEXT_OB,
     TERMS(ENDORSEMENT_SUBJECT)},
    {"EnvelopedVerifiableCredential", CRED "EnvelopedVerifiableCredential", CREDENTIAL_CONTEXT_VC,
     NO_TERMS},
    {"EnvelopedVerifiablePresentation", CRED "EnvelopedVerifiablePresentation",
     CREDENTIAL_CONTEXT_VC, NO_TERMS},
    {"Evidence", OB "Evidence", CREDENTIAL_CONTEXT_OB, TERMS(EVIDENCE)},
    {"GeoCoordinates", OB "GeoCoordinates", CREDENTIAL_CONTEXT_OB, TERMS(GEO_COORDINATES)},
    {"IdentifierEntry", OB "IdentifierEntry", CREDENTIAL_CONTEXT_OB, TERMS(IDENTIFIER_ENTRY)},
    {"IdentityObject", OB "IdentityObject", CREDENTIAL_CONTEXT_OB, TERMS(IDENTITY_OBJECT)},
    {"Image", OB "Image", CREDENTIAL_CONTEXT_OB, TERMS(IMAGE)},
    {"JsonSchema", CRED "JsonSchema", CREDENTIAL_CONTEXT_VC, TERMS(JSON_SCHEMA)},
    {"JsonSchemaCredential", CRED "JsonSchemaCredential", CREDENTIAL_CONTEXT_VC, NO_TERMS},
    {"OpenBadgeCredential", OB "OpenBadgeCredential", CREDENTIAL_CONTEXT_OB, NO_TERMS},
    {"Profile", OB "Profile", CREDENTIAL_CONTEXT_OB, TERMS(PROFILE)},
    {"Related", OB "Related", CREDENTIAL_CONTEXT_OB, TERMS(RELATED)},
    {"Result", OB "Result", CREDENTIAL_CONTEXT_OB, TERMS(RESULT)},
    {"ResultDescription", OB "ResultDescription", CREDENTIAL_CONTEXT_OB, TERMS(RESULT_DESCRIPTION)},
    {"RubricCriterionLevel", OB "RubricCriterionLevel", CREDENTIAL_CONTEXT_OB,
     TERMS(RUBRIC_CRITERION_LEVEL)},
    {"VerifiableCredential", CRED "VerifiableCredential", CREDENTIAL_CONTEXT_VC,
     TERMS(VERIFIABLE_CREDENTIAL)},
    {"VerifiablePresentation", CRED "VerifiablePresentation", CREDENTIAL_CONTEXT_VC,
     TERMS(VERIFIABLE_PRESENTATION)},
};

static const struct credential_vocab_rule PURPOSES[] = {
    {"assertionMethod", SEC "assertionMethod"},
    {"authentication", SEC "authenticationMethod"},
    {"capabilityDelegation", SEC "capabilityDelegationMethod"},
    {"capabilityInvocation", SEC "capabilityInvocationMethod"},
    {"keyAgreement", SEC "keyAgreementMethod"},
};

/* As sv_cmp, which would look for the end of `with` first: nearly all differ in the first letters.
 */
static int cmp(struct sv name, const char *with) {
    size_t i = 0;
    while (i < name.len && with[i] != '\0' && name.ptr[i] == with[i]) {
        i++;
    }
    if (i == name.len) {
        return with[i] == '\0' ? 0 : -1;
    }
    return (unsigned char)name.ptr[i] < (unsigned char)with[i] ? -1 : 1;
}

static const struct credential_term_rule *find(const struct credential_term_rule *terms,
                                               size_t count, struct sv name) {
    size_t low = 0;
    while (low < count) {
        size_t middle = low + (count - low) / 2;
        int order = cmp(name, terms[middle].name);
        if (order == 0) {
            return &terms[middle];
        }
        if (order < 0) {
            count = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

const struct credential_term_rule *credential_type_term(const struct credential_type_rule *type,
                                                        struct sv name) {
    return find(type->terms, type->count, name);
}

const struct credential_term_rule *credential_global_term(unsigned contexts, struct sv name) {
    const struct credential_term_rule *rule = NULL;
    if ((contexts & CREDENTIAL_CONTEXT_VC) != 0) {
        rule = find(VC_GLOBALS, ARRAY_LEN(VC_GLOBALS), name);
    }
    if (rule == NULL && (contexts & CREDENTIAL_CONTEXT_OB) != 0) {
        rule = find(OB_GLOBALS, ARRAY_LEN(OB_GLOBALS), name);
    }
    return rule;
}

const struct credential_term_rule *credential_older_term(const struct credential_term_rule *rule) {
    static const struct credential_term_rule others[] = {PLAIN("achievement", OB "achievement-0"),
                                                         ID("image", OB "Image")};
    struct sv name = sv_from(rule->name);
    const struct credential_term_rule *other = find(others, ARRAY_LEN(others), name);
    bool is_newer = sv_eq(name, SV("awardedDate")) || sv_eq(name, SV("inLanguage"));
    return is_newer ? NULL : other != NULL ? other : rule;
}

const struct credential_type_rule *credential_type_find(unsigned contexts, struct sv name) {
    size_t low = 0;
    size_t high = ARRAY_LEN(TYPES);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = cmp(name, TYPES[middle].name);
        if (order == 0) {
            return (TYPES[middle].context & contexts) != 0 ? &TYPES[middle] : NULL;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

const struct credential_type_rule *credential_type_at(size_t index) {
    return index < ARRAY_LEN(TYPES) ? &TYPES[index] : NULL;
}

bool credential_is_defined(struct sv name) {
    const unsigned all =
        CREDENTIAL_CONTEXT_VC | CREDENTIAL_CONTEXT_OB | CREDENTIAL_CONTEXT_EXTENSIONS;
    bool is_defined = sv_eq(name, SV("id")) || sv_eq(name, SV("type")) ||
                      credential_global_term(all, name) != NULL ||
                      credential_type_find(all, name) != NULL;
    for (size_t i = 0; i < ARRAY_LEN(TYPES) && !is_defined; i++) {
        is_defined = credential_type_term(&TYPES[i], name) != NULL;
    }
    return is_defined;
}

const char *credential_purpose_iri(struct sv name) {
    for (size_t i = 0; i < ARRAY_LEN(PURPOSES); i++) {
        if (sv_eq(name, sv_from(PURPOSES[i].name))) {
            return PURPOSES[i].iri;
        }
    }
    return NULL;
}
