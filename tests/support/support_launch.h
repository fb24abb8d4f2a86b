/* Launches for tests: a base object of claims, deltas on it (JSON merge patch, RFC 7396), signed at
 * run time with keys made at run time. */
#pragma once
#include "base_encode.h"
#include "base_json.h"
#include "jose_key.h"
#include "lti_launch.h"
#include <stdlib.h>
#include <string.h>

#define LAUNCH_NOW_S INT64_C(1760000030)
#define LAUNCH_NONCE "nonce-of-this-state-01"
#define LIS "http://purl.imsglobal.org/vocab/lis/v2/"
#define LTI "https://purl.imsglobal.org/spec/lti/claim/"

/* A student of Canvas cloud, as lti.md 1.7 composes one. */
static const char LAUNCH_CLAIMS[] =
    "{\"iss\":\"https://canvas.instructure.com\",\"aud\":\"10000000000042\","
    "\"azp\":\"10000000000042\",\"sub\":\"0c7f5b6e-2f3a-4c1d-9b54-0a1f6a0b7c11\","
    "\"iat\":1760000000,\"exp\":1760003600,\"nonce\":\"" LAUNCH_NONCE "\","
    "\"name\":\"Ada Lovelace\",\"given_name\":\"Ada\",\"family_name\":\"Lovelace\","
    "\"email\":\"ada@school.example\",\"locale\":\"en\",\"" LTI
    "message_type\":\"LtiResourceLinkRequest\",\"" LTI "version\":\"1.3.0\",\"" LTI
    "deployment_id\":\"57:8865aa05b4b79b64a91a86042e43af5ea8ae79eb\",\"" LTI
    "target_link_uri\":\"https://badges.example/lti/launch\",\"" LTI
    "resource_link\":{\"id\":\"6f1c\",\"title\":\"My badges\",\"description\":null},\"" LTI
    "roles\":[\"" LIS "membership#Learner\",\"" LIS "institution/person#Instructor\",\"" LIS
    "system/person#User\"],\"" LTI
    "context\":{\"id\":\"4dde05e8ca1973bcca9bffc13e1548820eee93a3\",\"label\":\"BIO-1\","
    "\"title\":\"Biology\",\"type\":[\"" LIS "course#CourseOffering\"]},\"" LTI
    "tool_platform\":{\"guid\":\"canvas-guid\",\"product_family_code\":\"canvas\","
    "\"version\":\"cloud\"},\"" LTI "launch_presentation\":{\"document_target\":\"iframe\","
    "\"return_url\":\"https://school.instructure.com/courses/55\"},\"" LTI
    "lis\":{\"person_sourcedid\":\"S01\"},\"" LTI
    "custom\":{\"canvas_user_id\":\"871\",\"canvas_course_id\":\"55\"},"
    "\"https://purl.imsglobal.org/spec/lti-ags/claim/endpoint\":{"
    "\"scope\":[\"https://purl.imsglobal.org/spec/lti-ags/scope/lineitem\","
    "\"https://purl.imsglobal.org/spec/lti-ags/scope/score\"],"
    "\"lineitems\":\"https://school.instructure.com/api/lti/courses/55/line_items\"},"
    "\"https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice\":{"
    "\"context_memberships_url\":\"https://school.instructure.com/api/lti/courses/55/nrps\","
    "\"service_versions\":[\"2.0\"]}}";

static const struct model_registration LAUNCH_REGISTRATION = {
    .id = 7,
    .issuer = SV("https://canvas.instructure.com"),
    .client_id = SV("10000000000042"),
    .auth_url = SV("https://sso.canvaslms.com/api/lti/authorize_redirect"),
    .token_url = SV("https://sso.canvaslms.com/login/oauth2/token"),
    .jwks_url = SV("https://sso.canvaslms.com/api/lti/security/jwks"),
    .is_enabled = true};

static inline struct lti_claims_check launch_check(void) {
    return (struct lti_claims_check){.registration = &LAUNCH_REGISTRATION,
                                     .nonce = SV(LAUNCH_NONCE),
                                     .base_url = SV("https://badges.example"),
                                     .now = LAUNCH_NOW_S * USEC_PER_S,
                                     .leeway_s = 60};
}

static inline json_t *launch_json(const char *text) {
    json_t *v = json_loads(text, JSON_DECODE_ANY, NULL);
    if (v == NULL) {
        (void)fprintf(stderr, "a test's own JSON is broken: %s\n", text);
        abort();
    }
    return v;
}

/* RFC 7396 2; returns a new reference. `target` is borrowed and may be changed. */
static inline json_t *launch_merge(json_t *target, json_t *patch) {
    if (!json_is_object(patch)) {
        return json_incref(patch);
    }
    json_t *out = json_is_object(target) ? json_incref(target) : json_object();
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(patch, key, value) {
        if (json_is_null(value)) {
            (void)json_object_del(out, key);
        } else {
            (void)json_object_set_new(out, key, launch_merge(json_object_get(out, key), value));
        }
    }
    return out;
}

/* The base claims with a patch (NULL: none). */
static inline json_t *launch_claims(const char *patch) {
    AUTO_JSON *base = launch_json(LAUNCH_CLAIMS);
    if (patch == NULL) {
        return json_incref(base);
    }
    AUTO_JSON *delta = launch_json(patch);
    return launch_merge(base, delta);
}

static inline struct jose_key *launch_key(const char *kid) {
    struct jose_key *key = NULL;
    struct err err = {0};
    if (!jose_key_generate(sv_from(kid), &key, &err)) {
        abort();
    }
    return key;
}

/* header.payload.signature over any bytes. */
static inline struct sv launch_sign(struct arena *a, const struct jose_key *key, struct sv header,
                                    struct sv payload) {
    struct sv h = base64url_encode(a, header.ptr, header.len);
    struct sv p = base64url_encode(a, payload.ptr, payload.len);
    struct sv input = sv_printf(a, "%.*s.%.*s", SV_ARG(h), SV_ARG(p));
    struct sv signature;
    struct err err = {0};
    if (!jose_key_sign_rs256(key, input, a, &signature, &err)) {
        abort();
    }
    struct sv s = base64url_encode(a, signature.ptr, signature.len);
    return sv_printf(a, "%.*s.%.*s", SV_ARG(input), SV_ARG(s));
}

/* {"keys": [...]} of public keys. */
static inline struct sv launch_jwks(struct arena *a, struct jose_key *const *keys, size_t count) {
    AUTO_JSON *list = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, jose_key_public_jwk(keys[i]));
    }
    AUTO_JSON *set = json_pack("{s:O}", "keys", list);
    return js_dump(a, set);
}
