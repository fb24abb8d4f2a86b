/* The SVG part of credential_unbake. */
#pragma once
#include "base_str.h"

NODISCARD bool credential_svg_read(struct sv svg, struct arena *a, struct sv *text,
                                   struct err *err);
