/* Fetching what a verification asks for (DESIGN 7, class *verification*): GET, no credentials,
 * 256 KiB. `laurel verify` and the page share it. */
#pragma once
#include "credential_verify.h"
#include "net_fetch.h"

/* timeout_ms: of the whole exchange; 0: NET_TOTAL_MS. Fills in body or problem. */
void page_verify_fetch(struct net_client *net, enum net_class net_class, int timeout_ms,
                       struct credential_source *source, struct arena *a);
