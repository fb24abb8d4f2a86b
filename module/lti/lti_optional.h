/* Claims that a launch may carry: of the right type, or absent (lti.md 1.5 rows 22, 23). Private to
 * the room. */
#pragma once
#include "lti_claims.h"
#include "lti_roles.h"

#define LTI_CLAIM "https://purl.imsglobal.org/spec/lti/claim/"

/* Fails: ERR_DENIED "context". */
NODISCARD bool lti_optional_read(const struct lti_claims_check *check, const json_t *payload,
                                 const struct lti_roles *roles, struct arena *a,
                                 struct lti_launch *out, struct err *err);
