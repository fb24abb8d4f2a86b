/* Revocation and recipients, the parts that are arithmetic: one bit of a Bitstring Status List (W3C
 * Bitstring Status List 1.0, 3.3), a 1EdTech revocation list (VCRL 1.0), and hashed identities
 * (Open Badges 3.0, B.1.13; 2.0 IdentityObject). Pure. */
#pragma once
#include "base_json.h"

/* A list has at least 16 KiB of bits, so that a position says little about who is meant. */
#define CREDENTIAL_BITSTRING_BITS_MIN 131072
#define CREDENTIAL_BITSTRING_BYTES_MAX ((size_t)16 << 20)

/* The bit at `index` of an encodedList: multibase 'u', base64url, gzip. Bit 0 is the highest bit of
 * the first byte. Inflates in a window, never more than CREDENTIAL_BITSTRING_BYTES_MAX. Fails:
 * ERR_INPUT "bitstring" (malformed, too short, too long, or no such index). */
NODISCARD bool credential_bitstring_get(struct sv encoded_list, int64_t index, bool *is_set,
                                        struct err *err);

/* Does the list name this credential as revoked? *reason is borrowed and may be empty. Fails:
 * ERR_INPUT "revocation_list" when it is no list, of another issuer or under another id. */
struct credential_revocation {
    const json_t *list;
    struct sv list_id, issuer, credential_id;
};
NODISCARD bool credential_revocation_find(const struct credential_revocation *what,
                                          bool *is_revoked, struct sv *reason, struct err *err);

enum credential_match { CREDENTIAL_MATCH_YES, CREDENTIAL_MATCH_NO, CREDENTIAL_MATCH_UNKNOWN };
/* Is this identity the one of `identity_hash` ("sha256$hex", "md5$hex", or plain when not hashed)?
 * As given, and in lower case. UNKNOWN for a hash that is of neither kind. */
enum credential_match credential_identity_match(struct sv identity, struct sv identity_hash,
                                                struct sv salt, bool is_hashed);
