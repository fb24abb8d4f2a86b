/* What the Connection page and the visit to Canvas's consent page share. */
#pragma once
#include "page_internal.h"

/* The value behind the button "Connect to Canvas": it leaves the platform's frame for a window of
 * its own, where no cookie of the session comes along. Sealed: this launch, person and deployment,
 * now. Whether that session may still do it is asked when it comes. */
NODISCARD bool page_oauth_ticket(struct page *p, int64_t deployment_id, struct sv *out,
                                 struct err *err);
