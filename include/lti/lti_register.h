/* Dynamic registration (LTI Dynamic Registration 1.0; reference lti.md 7, moodle.md 6; attacks.md
 * G12-G15): judging what a platform says of itself, what Laurel asks for, and the platform's
 * answer. Pure: no I/O; safe from any thread. */
#pragma once
#include "base_json.h"

#define LTI_REGISTER_CONFIG_MAX ((size_t)64 << 10)
#define LTI_REGISTER_RESPONSE_MAX ((size_t)64 << 10)
#define LTI_REGISTER_TOKEN_MAX 8192

/* A service that Laurel can use, and what it is good for. */
struct lti_register_service {
    const char *scope;
    const char *gives; /* "fill a column of the gradebook" */
};
#define LTI_REGISTER_SERVICES 5
extern const struct lti_register_service lti_register_services[LTI_REGISTER_SERVICES];

/* What of a platform's openid-configuration is used. Texts live in the arena. */
struct lti_register_platform {
    struct sv issuer, auth_url, token_url, jwks_url, registration_url;
    struct sv token_audience; /* authorization_server; empty: the token URL */
    struct sv product;        /* product_family_code, at most 100 bytes; may be empty */
    bool offers[LTI_REGISTER_SERVICES];
    bool has_deep_linking;
    /* Placements it names for each message; none: it does not say. */
    struct sv *link_placements, *deep_placements;
    size_t link_placement_count, deep_placement_count;
};

struct lti_register_judge {
    struct sv config_url; /* where the configuration was read */
    struct sv extra_host; /* one more host that may hold endpoints, and that may serve the
                             configuration of a Canvas cloud issuer; empty: none */
};

/* May a configuration be read there? https, or http on loopback, without a fragment. Fails:
 * ERR_INPUT "openid_configuration". */
NODISCARD bool lti_register_check_url(struct sv config_url, struct err *err);

/* Read and judge a configuration of at most LTI_REGISTER_CONFIG_MAX. Its issuer must be of the host
 * that served it (and port, on loopback) and its endpoints too, except that a Canvas cloud issuer
 * may use hosts of instructure.com and canvaslms.com; registration_endpoint is of the very origin
 * that served it, since it gets the token (G15). Fails: ERR_INPUT "openid_configuration" naming the
 * member. */
NODISCARD bool lti_register_platform_parse(const struct lti_register_judge *judge, struct sv body,
                                           struct arena *a, struct lti_register_platform *out,
                                           struct err *err);

/* This tool's own addresses. */
struct lti_register_tool {
    struct sv base_url; /* "https://badges.example.edu" */
    struct sv jwks_url; /* the registration's own */
    struct sv logo_url;
};
/* The registration request: exactly what Laurel needs of what the platform offers. The caller owns
 * it. */
NODISCARD json_t *lti_register_request(const struct lti_register_tool *tool,
                                       const struct lti_register_platform *platform,
                                       struct arena *a);

/* Whether a registration token says that it changes a tool the platform already has (Moodle's scope
 * "reg-update", moodle.md 6). Nobody can check that here: it is for stopping in time, no more. */
NODISCARD bool lti_register_is_update(struct sv token, struct arena *a);

/* What the platform answered. Texts live in the arena. */
struct lti_register_grant {
    struct sv client_id;
    struct sv deployment_id; /* empty: not said, or nothing that could be one */
    bool grants[LTI_REGISTER_SERVICES];
    struct sv scopes; /* of those, space-separated */
};
/* Read an answer of status 200 or 201. A missing or unreadable scope means: as asked (RFC
 * 7591 3.2.1). Fails: ERR_INPUT "registration_response". */
NODISCARD bool lti_register_grant_parse(const struct lti_register_platform *platform,
                                        struct sv body, struct arena *a,
                                        struct lti_register_grant *out, struct err *err);

/* Why the platform refused, in our words: what it wrote is searched for words we know and never
 * repeated (G11). Static. */
const char *lti_register_refusal(int status, struct sv body);

/* The configuration of a Canvas developer key, for those who enter one by hand (reference
 * lti.md 10.3). The caller owns it. */
NODISCARD json_t *lti_register_canvas_key(const struct lti_register_tool *tool, struct arena *a);
