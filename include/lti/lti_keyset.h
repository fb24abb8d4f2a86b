/* Platforms' public keys, cached per registration (reference lti.md 3.5; attacks.md A6, A14, A15):
 * the same kid at two platforms is two keys. Thread-safe.
 *
 * A set is fresh for its max-age, between 5 minutes and 24 hours, one hour when not said. A kid
 * that is not in a fresh set (a rotation, or an attack) is worth one fetch a registration a minute,
 * beside the one that read the set.
 * When a fetch fails, expired keys serve for 24 hours more; without any, the next try is in 5
 * seconds. One thread fetches for all: those whose kid is in the old set go on with it, the others
 * wait. */
#pragma once
#include "base_clock.h"
#include "jose_keyset.h"

#define LTI_KEYSET_AGE_MIN_S 300
#define LTI_KEYSET_AGE_MAX_S 86400
#define LTI_KEYSET_AGE_DEFAULT_S 3600
#define LTI_KEYSET_STALE_S 86400
#define LTI_KEYSET_REFETCH_S 60
#define LTI_KEYSET_RETRY_S 5
#define LTI_KEYSET_PATIENCE_MS 1000
#define LTI_KEYSET_PATIENT 4

struct lti_keysets_config {
    /* GET the URL: *body in the arena, *max_age_s from Cache-Control or -1. Bounded in time and
     * size. */
    bool (*fetch)(void *ctx, struct sv url, struct arena *a, struct sv *body, int64_t *max_age_s,
                  struct err *err);
    /* Told of each set that was read, to log what was left out (A20, A22). May be NULL. No lock is
     * held. */
    void (*on_read)(void *ctx, int64_t registration_id, const struct jose_keyset *set);
    void *ctx;
    /* Threads that may wait for other threads' fetches at once. Up to LTI_KEYSET_PATIENT times as
     * many may while the fetch is younger than LTI_KEYSET_PATIENCE_MS: a rotation under load then
     * costs no launch. Whoever is over that is told "busy", so that a platform that hangs does not
     * hold every request thread. 0: no limit. */
    int waiters_max;
};

struct lti_keysets;
struct lti_keysets *lti_keysets_create(const struct lti_keysets_config *config);
/* Nobody may be inside. NULL is fine. */
void lti_keysets_destroy(struct lti_keysets *sets);

/* The key of this registration and kid; the caller owns a reference (AUTO_JOSE_KEY). `now` is the
 * caller's clock, the same for all calls. Another jwks_url than last time drops what was cached.
 * Fails: ERR_DENIED "kid" when the platform has no such key; ERR_UPSTREAM "keyset" LATER when its
 * keys cannot be had (the sentence names the URL and the fetch's words); ERR_UPSTREAM "busy" LATER.
 */
NODISCARD bool lti_keysets_find(struct lti_keysets *sets, int64_t registration_id,
                                struct sv jwks_url, struct sv kid, usec_t now,
                                struct jose_key **out, struct err *err);
/* Drop what is cached for a registration (it was edited, or its key must go at once). */
void lti_keysets_forget(struct lti_keysets *sets, int64_t registration_id);
