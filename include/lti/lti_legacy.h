/* The migration claim lti1p1 (LTI Core 1.3, 6.1.2; reference lti.md 1.7): a platform says who a
 * person and which a link was when the tool was still launched by LTI 1.1, and proves with the old
 * secret that it may say so. Pure. */
#pragma once
#include "model_lti.h"

/* The claim of a launch that is verified otherwise, against the secret of its consumer key: `sign`
 * must be the base64 of HMAC-SHA256(secret, oauth_consumer_key & deployment_id & iss & client_id &
 * exp & nonce). In constant time. `exp` in whole seconds, as the launch gives it. A launch without
 * the claim, or an empty secret, is false. */
NODISCARD bool lti_legacy_is_signed(const struct model_registration *registration,
                                    const struct model_launch *launch, struct sv secret,
                                    struct arena *a);

/* How the store names somebody, or a link, of LTI 1.1: "lti1p1:KEY:ID", KEY percent-encoded, so
 * that no other key and id come to the same name. In `a`. */
struct sv lti_legacy_name(struct arena *a, struct sv consumer_key, struct sv id);
/* The KEY of that name. */
struct sv lti_legacy_key(struct arena *a, struct sv consumer_key);
