/* Somebody else's JSON Web Key Set (RFC 7517 5), read strictly (reference lti.md 3.5, attacks.md
 * A18-A22): keys that cannot be trusted for RS256 are left out and counted by reason, and one bad
 * key does not void the set. Never changes after parsing; safe from any thread. */
#pragma once
#include "jose_key.h"

#define JOSE_KEYSET_BYTES_MAX ((size_t)256 << 10)
#define JOSE_KEYSET_KEYS_MAX 100

struct jose_keyset;

/* Fails: ERR_INPUT "keyset" when the text is too large, no JSON object with an array `keys`, or has
 * over 100 keys. A set without a usable key is a set. The caller owns *out. */
NODISCARD bool jose_keyset_parse(struct sv text, struct jose_keyset **out, struct err *err);
/* NULL is fine. Keys that somebody holds a reference to live on. */
void jose_keyset_destroy(struct jose_keyset *set);
static inline void jose_keyset_drop(struct jose_keyset **set) { jose_keyset_destroy(*set); }
#define AUTO_JOSE_KEYSET CLEANUP(jose_keyset_drop) struct jose_keyset

/* The key, borrowed from the set, or NULL. */
struct jose_key *jose_keyset_find(const struct jose_keyset *set, struct sv kid);
/* Usable keys. */
size_t jose_keyset_count(const struct jose_keyset *set);
/* Keys left out for this reason. */
size_t jose_keyset_dropped(const struct jose_keyset *set, enum jose_drop drop);
