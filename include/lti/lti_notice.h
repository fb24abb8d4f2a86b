/* Platform notifications (1EdTech Platform Notification Service 1.0; reference lti.md 9): what a
 * platform tells us of itself, outside any launch. Never stores.
 *
 * A notice is a token like that of a launch, without a login before it: no state and no nonce of
 * ours to match. Its id is what makes it single, and that is the store's to say. So that neither
 * can stand for the other (attacks.md F1), a notice needs the notice claim, which launches have
 * not, and must not name the message type of a launch. */
#pragma once
#include "lti_claims.h"
#include "lti_keyset.h"
#include "lti_service.h"

#define LTI_NOTICE_BODY_MAX                                                                        \
    ((size_t)256 << 10) /* what web takes of a body; we ask for 10 a batch */
#define LTI_NOTICES_MAX 100
#define LTI_NOTICE_ORIGINS_MAX 100
#define LTI_NOTICE_COPY "LtiContextCopyNotice"

/* The tokens of a delivery, {"notices": [{"jwt": "..."}, ...]}; borrowed from `a`. An element
 * without a text "jwt" gives an empty one, which verifies nowhere. Fails: ERR_INPUT "notices". */
NODISCARD bool lti_notice_batch_read(struct sv body, struct arena *a, struct sv **tokens,
                                     size_t *count, struct err *err);

/* Whom a token says it is from and for, before anything is verified: enough to find the
 * registration whose keys must have signed it. Several audiences: the first. Fails: ERR_DENIED
 * "jws", "json", "iss" or "aud". */
NODISCARD bool lti_notice_sender(struct sv token, struct arena *a, struct sv *issuer,
                                 struct sv *client_id, struct err *err);

/* Texts live in the arena. */
struct lti_notice {
    struct sv id;   /* 1..255 bytes, unique at the platform */
    struct sv type; /* "LtiContextCopyNotice", ...: kinds we do not know come too */
    struct sv deployment_id;
    int64_t expires_at_s; /* of the token */
    /* The course it is about; of a copy: the new one. id empty: none. */
    struct sv context_id, context_title, context_label;
    struct sv *origins; /* of a copy: the courses it was made from */
    size_t origin_count;
};

/* Judge a notice with its registration's keys. Reasons as in lti_launch.h and lti_claims.h, and:
 *   message_type  there, and not the notice's own type
 *   notice        no claim with an id of 1..255 bytes, a type and a time; or a copy that does not
 *                 say which course is new
 * `nonce`, `base_url` and `iat_age_max_s` of the check do not count: a batch may be late, and `exp`
 * ends it. */
NODISCARD bool lti_notice_verify(struct arena *a, struct lti_keysets *keys,
                                 const struct lti_claims_check *check, struct sv token,
                                 struct lti_notice *out, struct err *err);

/* Have the platform send notices of a type to `handler`: asked first, changed only when it differs.
 * *was_changed says. Fails as lti_service_send and lti_service_check; ERR_UPSTREAM "notices" when
 * the answer is no list of handlers. */
struct lti_notice_handler {
    struct sv type;
    struct sv handler; /* our address */
    int batch_max;
};
NODISCARD bool lti_notice_handler_set(const struct lti_service *service, struct sv url,
                                      const struct lti_notice_handler *want, struct arena *a,
                                      bool *was_changed, struct err *err);
