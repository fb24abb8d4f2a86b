/* How a badge's gradebook column is to look. */
#pragma once
#include "lti_ags.h"
#include "model_badge.h"

static inline struct lti_lineitem_want job_line_want(struct sv badge_name,
                                                     struct sv badge_public_id) {
    return (struct lti_lineitem_want){.label = badge_name,
                                      .maximum = dec_from_i64(1),
                                      .resource_id = badge_public_id,
                                      .tag = SV(MODEL_BADGE_LINE_TAG)};
}
