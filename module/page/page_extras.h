/* What few launches bring besides what every launch brings (store_launch.h, `extras`). */
#pragma once
#include "lti_claims.h"
#include "page_internal.h"

struct page_extras_of {
    const struct model_registration *registration;
    const struct lti_launch *launch;
    bool is_storage_offered; /* the login offered platform storage */
};
/* The JSON for struct store_launch, in the page's arena; empty when there is nothing to add. */
struct sv page_extras(const struct page *p, const struct page_extras_of *of);
/* The launch was recorded: what it told need not be told again. One that was not (its deployment
 * waits for approval, say) has told nothing. */
void page_extras_recorded(const struct page *p, const struct model_launch *launch);
