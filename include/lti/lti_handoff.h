/* The value behind the button "Open in a new window" (DESIGN 7; reference lti.md 8.2, procedure 3;
 * attacks.md D19). A browser that keeps no cookies in the platform's frame takes a launch that
 * passed every check but one to a window of its own: which browser began it is not known. The
 * hand-off says when that launch was judged good and is worth nothing without the very token and
 * state it was made for. Single use is the insert of the launch's nonce. Pure. */
#pragma once
#include "base_clock.h"
#include "seal_key.h"

#define LTI_HANDOFF_TTL_S 60
/* It was made ahead of our time by a machine whose clock runs ahead. */
#define LTI_HANDOFF_SKEW_S 60
#define LTI_HANDOFF_TEXT_MAX 80

/* For a launch that was verified at `now`: decimal digits, '.', base64url; in `a`. */
struct sv lti_handoff_mint(const struct seal *seal, struct sv id_token, struct sv state, usec_t now,
                           struct arena *a);
/* *minted_at is when the launch was verified: the time to judge its token and state by. Fails:
 * ERR_DENIED "handoff" (not ours, or of another token or state), "handoff_expired". */
NODISCARD bool lti_handoff_open(const struct seal *seal, struct sv text, struct sv id_token,
                                struct sv state, usec_t now, struct arena *a, usec_t *minted_at,
                                struct err *err);
