/* The Link header (RFC 8288 3) as platforms really send it: plain, or as Moodle's AGS does, with
 * typographic quotes around the relation and `&amp;` in the URL (moodle.md 0.3). */
#pragma once
#include "base_str.h"

/* The first URL with the relation `rel`, with &amp; undone; in `a`. False when there is none. Never
 * more than one pass over the value. */
NODISCARD bool net_link_find(struct arena *a, struct sv header, struct sv rel, struct sv *url);
