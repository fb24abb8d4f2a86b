/* Recording launches, and finding the sessions they opened. */
#pragma once
#include "model_lti.h"
#include "store.h"

struct store_launch {
    const struct model_launch *launch;
    const char *launch_id;          /* UUIDv7, the LAUNCH of /app/l/LAUNCH/ */
    unsigned char token_hash[32];   /* SHA-256 of the session cookie's value */
    unsigned char browser_hash[32]; /* SHA-256 of the browser cookie's value */
    /* What few launches bring besides, saved in the same transaction: a JSON object, or empty.
     * - deployment_id: text, always: the platform's id
     * - deep_link: object of return_url text (validated) and settings object
     *   (dl:deep_linking_settings)
     * - notices: object of url text (validated) and types text (space-separated)
     * - history: list of context ids this course was copied from, newest first
     * - legacy: object of consumer_key, user_id, resource_link_id: a verified lti1p1 claim
     * - frame_origin: text: a school's own host, which its registration does not tell
     * - product, platform_guid: text
     * - storage: boolean: platform storage was offered in the login */
    struct sv extras;
};

/* Records nonce, person, course, membership and session of a launch: one round trip with one
 * commit, shared with the launches that come in while another batch is on its way (DESIGN 5,
 * "Launch"). Blocks until its own verdict is there. Fails: ERR_DENIED "deployment" (unknown,
 * inactive, or the registration is disabled) or "nonce" (used before); nothing was written then. */
NODISCARD bool store_launch_record(struct store *store, const struct store_launch *launch,
                                   struct err *err);

enum store_parking {
    STORE_PARKING_APPROVED, /* by the registration's policy: record the launch again */
    STORE_PARKING_WAITS,    /* for an admin */
    STORE_PARKING_INACTIVE, /* known, and switched off here */
    STORE_PARKING_FULL      /* 50 wait already: not noted */
};
/* A launch that was good but for its deployment, which is not known here: parked as a note on the
 * registration, or, where the registration's policy says so, approved at once. */
NODISCARD bool store_deployment_park(struct store *store, int64_t registration_id,
                                     struct sv deployment_id, struct sv title,
                                     enum store_parking *out, struct err *err);

/* Use up the nonce of a login that ended in an error from the platform. */
NODISCARD bool store_nonce_burn(struct store *store, int64_t registration_id, struct sv nonce,
                                usec_t expires_at, struct err *err);

/* Who is asking, in which course, with which rights: decided at the launch, read at each request.
 */
struct store_session {
    int64_t institution_id, registration_id, person_id;
    int64_t context_id; /* 0: the launch named no course */
    struct sv institution, time_zone, issuer, auth_url, token_url, person_name, course_title;
    struct sv frame_origin; /* one more origin whose pages frame ours; mostly empty */
    enum model_role role;
    bool is_learner;
    struct sv *mentee_subs;
    size_t mentee_count;
    struct sv *issuer_keys; /* a badge admin's rights: of these issuers only; none: of all */
    size_t issuer_count;
    usec_t synced_at, sync_requested_at; /* of the course; 0: never */
    struct sv sync_error;
    struct sv source_kind; /* "moodle"..., empty: no grade source is set for this deployment */
};

/* Which origins may frame the pages of a launch, and where its deep linking form may go. No secret;
 * grants nothing. All empty when there is no such session. */
struct store_session_origins {
    struct sv issuer, auth_url, token_url, return_url, frame_origin;
};
NODISCARD bool store_session_origins(struct store *store, struct sv launch_id, struct arena *a,
                                     struct store_session_origins *out, struct err *err);

/* Fails: ERR_DENIED "session" when there is none, it has expired or the token is another's. */
NODISCARD bool store_session_get(struct store *store, struct sv launch_id,
                                 const unsigned char token_hash[32], struct arena *a,
                                 struct store_session *out, struct err *err);
