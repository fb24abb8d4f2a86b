/* The store: everything that is read from or written to PostgreSQL, one file per aggregate. Safe
 * from any thread. Results live in the arena that was handed in. Every call fails with ERR_DB,
 * retry later, when PostgreSQL cannot be reached; other failures are named at the function. */
#pragma once
#include "base_clock.h"
#include "base_str.h"

struct seal;
struct store;

struct store_options {
    const char *conninfo;
    int connections;
    const struct seal *seal; /* borrowed; may be NULL for commands that need no secrets */
};

/* Does not connect. */
NODISCARD bool store_create(const struct store_options *options, struct store **out,
                            struct err *err);
void store_destroy(struct store *store);

/* Reachable, and of this binary's schema? Fails: ERR_DB, or ERR_CONFLICT with what to do. */
NODISCARD bool store_ready(struct store *store, struct err *err);
/* Delete what has expired (used nonces, sessions), end awards whose time is over, once a day have
 * every course judged, and rules and awards of every institution compared, and have awards signed
 * that have no credential yet. */
NODISCARD bool store_purge(struct store *store, struct err *err);

/* How long a page waits for a connection. */
#define STORE_WAIT_MS 5000
