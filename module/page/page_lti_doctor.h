/* The launch doctor: what an administrator can do about a refused login or launch. The reasons are
 * those of lti_launch.h, lti_claims.h, store_launch.h and store_registration.h. */
#pragma once
#include "page_lti.h"

/* The value of the template's `admin` for a refusal: an object (said, fix, facts), or null for what
 * no administrator can mend. Nothing secret: what a login says of itself is shown clipped. Texts of
 * the model are copies. `registration` is NULL when it is not known. New reference. */
json_t *page_lti_doctor(struct page *p, const struct err *why,
                        const struct model_registration *registration);
/* What the person is told instead of the error's own words; NULL: those are for everybody. Pure. */
const char *page_lti_doctor_sentence(const struct err *why, bool has_registration);
/* Can an administrator mend it? Pure. */
bool page_lti_doctor_knows(const struct err *why, bool has_registration);
