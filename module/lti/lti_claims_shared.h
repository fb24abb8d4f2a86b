/* What the tokens of launches and of notices have in common. Private to the room. Reasons as in
 * lti_claims.h and lti_launch.h. */
#pragma once
#include "lti_claims.h"
#include "lti_keyset.h"

/* Rows 0-5: header gate, key, signature, one JSON object. The caller owns *payload (AUTO_JSON). */
NODISCARD bool lti_token_open(struct arena *a, struct lti_keysets *keys,
                              const struct lti_claims_check *check, struct sv token,
                              json_t **payload, struct err *err);
/* Rows 6-9: issuer, audience, authorised party. */
NODISCARD bool lti_claims_sender(const struct lti_claims_check *check, const json_t *payload,
                                 struct arena *a, struct err *err);
/* Rows 11-13. */
NODISCARD bool lti_claims_times(const struct lti_claims_check *check, const json_t *payload,
                                int64_t *expires_at_s, struct err *err);
/* Row 15. */
NODISCARD bool lti_claims_version(const json_t *payload, struct err *err);
/* Row 17; *out is borrowed from the payload. */
NODISCARD bool lti_claims_deployment(const struct lti_claims_check *check, const json_t *payload,
                                     struct sv *out, struct err *err);
