/* The nouns of LTI 1.3: registration, deployment, roles, launch. Structs and enums, no behaviour.
 * Texts are borrowed from the arena of whoever filled the struct in. */
#pragma once
#include "base_clock.h"
#include "base_str.h"

/* A platform's registration of this tool (LTI Core 1.3, 3.1.3). Issuer and client id identify it,
 * except that several may share both; then `slug` in the URL tells them apart. */
struct model_registration {
    int64_t id;
    struct sv slug; /* the REG of /lti/login/REG; never empty */
    struct sv issuer, client_id;
    struct sv auth_url, token_url, jwks_url;
    struct sv token_audience; /* empty: the token URL */
    bool trusts_admin_role;   /* LMS administrators are badge admins */
    bool is_enabled;
    struct sv product;      /* product_family_code last seen in a launch; may be empty */
    int64_t institution_id; /* whose invitation made it; 0: the operator's, schools may share it */
    bool approves_deployments; /* a new deployment joins institution_id unasked */
    bool offers_storage;       /* platform storage was offered in a login */
    struct sv scopes; /* granted by dynamic registration, space-separated; empty: not known */
};

struct model_deployment {
    int64_t id, registration_id, institution_id;
    struct sv deployment_id; /* 1..255 bytes, case-sensitive */
    bool is_active;
};

/* What somebody may do in one course, decided from the context roles of the launch alone
 * (reference: LTI Core 1.3, A.2; highest wins). */
enum model_role {
    MODEL_ROLE_GUEST,
    MODEL_ROLE_LEARNER,
    MODEL_ROLE_MENTOR,
    MODEL_ROLE_TEACHER,
    MODEL_ROLE_ADMIN /* badge admin: by grant, or by --trust-admin-role */
};

enum model_message { MODEL_MESSAGE_RESOURCE_LINK, MODEL_MESSAGE_DEEP_LINKING };

#define MODEL_MENTEES_MAX 200

/* A launch that passed every check: what is stored of it, and nothing else. */
struct model_launch {
    enum model_message message;
    int64_t registration_id;
    struct sv deployment_id;
    struct sv nonce;
    int64_t expires_at_s; /* of the token, seconds since 1970 */
    struct sv sub;
    struct sv name, given_name, family_name, email, locale; /* may be empty */
    struct sv person_sourcedid;                             /* may be empty */
    enum model_role role; /* LEARNER, TEACHER, MENTOR or GUEST; ADMIN is decided by the store */
    bool is_learner;      /* holds a learner role in the context (may also hold a teacher's) */
    bool is_lms_admin;    /* institution or system administrator */
    bool is_test_user;    /* preview or masquerade: never awarded */
    struct sv mentee_subs[MODEL_MENTEES_MAX];
    size_t mentee_count;
    struct sv context_id, context_title, context_label; /* id empty: no course */
    struct sv resource_link_id, resource_link_title;    /* id empty for deep linking */
    struct sv target_link_uri;
    struct sv return_url;      /* launch_presentation; contains secrets on Moodle: not logged */
    struct sv document_target; /* "iframe", "frame", "window" or empty */
    struct sv ags_lineitems, ags_lineitem; /* service URLs; empty when not offered */
    struct sv ags_scopes;                  /* space-separated */
    struct sv nrps_url;                    /* context_memberships_url; empty when not offered */
    /* Platform notification service (reference lti.md 9); empty when not offered. */
    struct sv notices_url, notice_types; /* types: space-separated */
    /* A migration claim of LTI 1.1 (lti1p1), not verified yet; consumer_key empty: none. */
    struct sv legacy_consumer_key, legacy_sign, legacy_user_id, legacy_resource_link_id;
    struct sv custom_json; /* object of strings, compact; "{}" when absent */
    struct sv platform_guid, product, product_version;
};
