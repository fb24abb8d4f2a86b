/* The name of a frame that a platform offers for its storage (attacks.md D17). */
#pragma once
#include "base_str.h"

/* It travels inside the state (lti_state.h), which some platforms keep short. */
#define LTI_FRAME_NAME_MAX 64

/* The name when it is one of letters, digits, '_', '-' and '.', else empty. */
struct sv lti_frame_name(struct sv text);
