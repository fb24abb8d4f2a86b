/* The name of a frame that a platform offers for its storage (attacks.md D17). */
#pragma once
#include "base_str.h"

#define LTI_FRAME_NAME_MAX 100

/* The name when it is one of letters, digits, '_', '-' and '.', else empty. */
struct sv lti_frame_name(struct sv text);
