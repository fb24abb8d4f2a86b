/* Where a course was copied from, as the custom parameter LTI_CUSTOM_HISTORY says it
 * ($Context.id.history; reference lti.md 9). Pure. */
#pragma once
#include "base_str.h"

#define LTI_HISTORY_MAX 1000

/* Context ids, newest first, out of a launch's custom_json; count 0 when it says nothing. Ids that
 * are no 1..255 bytes of text and Canvas's closing word "truncated" are left out. They name courses
 * of any platform: only those of the same deployment may count (attacks.md E8). */
void lti_history_read(struct sv custom_json, struct arena *a, struct sv **ids, size_t *count);
