/* The claims of a launch (LTI Core 1.3, 5.3, 5.4; 1EdTech Security Framework 1.0, 5.1.3; reference
 * lti.md 1.5 rows 6-23). Pure: no I/O, no clock.
 *
 * Reasons, in the order of the checks; the first that fails decides:
 *
 *   reason             refused when                                                        row
 *   iss                is not, byte for byte, the registration's issuer                     6
 *   aud                no string or array of strings, or names anybody but our client id    7
 *   azp                missing with several audiences; there and not our client id        8, 9
 *   exp                no number of 0..2^53, or past by more than the leeway               11
 *   iat                no number, more than the leeway ahead, or older than allowed        12
 *   exp                not after iat, or more than 24 hours after it (C6, C7)              12
 *   nbf                there and no number, or more than the leeway ahead                  13
 *   nonce              not the one of this state                                           14
 *   version            not the string 1.3.0                                                15
 *   message_type       not one we serve                                                    16
 *   deployment         no 1..255 printable ASCII, or not the one of the login              17
 *   sub                no 1..255 printable ASCII; anonymous launches are refused           18
 *   roles              no array of strings, or over 200                                    19
 *   resource_link      no object with an id of 1..255 bytes (resource link launches)       20
 *   deep_linking       settings that lti_deep_link_read refuses (deep linking launches)    20
 *   target_link_uri    not on our own origin (C23); may be absent only in deep linking     21
 *   context            there with an id of over 255 bytes                                  22
 *
 * Optional claims of another type, null or empty are absent. Texts over their bound are cut at a
 * character; optional ids and URLs over theirs are absent.
 *
 * Service URLs: a launch may name any host for AGS and NRPS, and the registration's access token
 * would be sent there (F2). So a URL counts only when it is https (http on loopback) and its host
 * is that of the registration's issuer, login, token or key set URL. Refusing the launch would lock
 * out honest platforms: all of Canvas cloud has the issuer canvas.instructure.com while services
 * live at the school's host. "Same parent domain" by the last two labels is no rule either:
 * strangers share co.uk. So a foreign URL is dropped, as if not offered, and the caller told, to
 * log it. One exception, the same as for sending tokens (lti_service_may_call): for the issuers of
 * Canvas cloud every host below .instructure.com counts, since nobody but Instructure has one. A
 * school's own domain counts when the registration's token URL is there. */
#pragma once
#include "base_json.h"
#include "lti_deep_link.h"
#include "lti_url.h"
#include "model_lti.h"

#define LTI_ID_MAX 255
#define LTI_TITLE_MAX 1000
#define LTI_NAME_MAX 500
#define LTI_CUSTOM_COUNT_MAX 100
#define LTI_CUSTOM_VALUE_MAX 4096
#define LTI_CUSTOM_BYTES_MAX ((size_t)32 << 10)
/* The custom parameter that our Canvas configuration fills with $Canvas.masqueradingUser.id. */
#define LTI_CUSTOM_MASQUERADE "canvas_masquerading_user_id"
/* The one it fills with $Canvas.user.id. */
#define LTI_CUSTOM_USER "canvas_user_id"
/* The one it fills with $Context.id.history: the courses this one was copied from, newest first;
 * cut at a comma where others are left out for their length. */
#define LTI_CUSTOM_HISTORY "ctx_history"
#define LTI_LEEWAY_MAX_S 60
#define LTI_IAT_AGE_DEFAULT_S 600
#define LTI_TOKEN_LIFE_MAX_S 86400

/* What the claims are held against. All borrowed. */
struct lti_claims_check {
    const struct model_registration *registration;
    struct sv nonce; /* of the state; empty never matches */
    /* SHA-256 of the deployment id the login named (struct lti_state), or NULL. */
    const unsigned char *deployment_digest;
    struct sv base_url; /* own origin */
    usec_t now;
    int64_t leeway_s;      /* at most LTI_LEEWAY_MAX_S is used */
    int64_t iat_age_max_s; /* 0: LTI_IAT_AGE_DEFAULT_S */
};

/* Texts live in the arena. */
struct lti_launch {
    struct model_launch launch; /* model_role is GUEST..TEACHER: ADMIN is the store's to decide */
    bool has_foreign_service_url;
    /* Of deep linking launches; empty for resource links. */
    struct lti_deep_link deep_link;
    struct sv deep_linking_json; /* dl:deep_linking_settings as it came, compact */
};

/* `payload` is the parsed token (duplicates refused); NULL is refused. Whether the deployment is
 * known and active, the nonce unused, and the user's rights beyond the course are the store's to
 * say. Fails: ERR_DENIED with a reason of the table. */
NODISCARD bool lti_claims_read(const struct lti_claims_check *check, const json_t *payload,
                               struct arena *a, struct lti_launch *out, struct err *err);

/* Is it one of the issuers that all schools of Canvas cloud share? Their pages and services are at
 * hosts below instructure.com, or at a school's own. */
bool lti_claims_is_canvas_cloud(struct sv issuer);
/* Does this service URL count for the registration? */
bool lti_claims_is_own_service(const struct model_registration *registration, struct sv url);
