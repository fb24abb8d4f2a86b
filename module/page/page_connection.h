/* The Connection page of a badge admin: how each platform of the institution is doing and what it
 * grants. */
#pragma once
#include "page_internal.h"
#include "store_capability.h"
#include "store_connection.h"

/* What was found, and what else is known of the deployment. `found` NULL: not probed yet. */
struct page_grants {
    const struct store_capabilities *found;
    struct sv source_kind; /* empty: none is set */
    bool has_notices, offers_storage;
};
/* Lists of rows for the template: state ("met", "almost", "missed", "not_yet"), icon, word
 * ("Yes"...), title, text (the reason, with what to change; may be empty). Pure; texts built in
 * `a`. New references. */
json_t *page_connection_services(struct arena *a, const struct page_grants *grants);
/* Which kinds of rule are possible with what the source can read. */
json_t *page_connection_rules(const struct page_grants *grants);

/* Adds `canvas` (a Canvas by OAuth2: its state, and the buttons) and `events` (its live events),
 * each an object for the template or null. */
NODISCARD bool page_connection_canvas(struct page *p, json_t *obj, const struct store_connection *c,
                                      struct err *err);

/* A registration link that was made a moment ago; it is shown once. */
struct page_connection_link {
    struct sv url;
    usec_t expires_at;
};
/* link NULL: the page as it is. */
NODISCARD bool page_connection_show(struct page *p, const struct page_connection_link *link,
                                    struct err *err);
/* Platforms and deployments are the whole institution's: rights for single issuers are not enough
 * to change them. */
bool page_connection_may_change(const struct page *p);
