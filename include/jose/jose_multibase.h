/* Multibase (W3C Controlled Identifiers 1.0, 2.4) in the two bases that Data Integrity and status
 * lists use: 'z' base58btc and 'u' base64url without padding. */
#pragma once
#include "base_str.h"

/* base58btc takes quadratic time: nothing that keys and signatures need is longer. */
#define JOSE_BASE58_BYTES_MAX 512

/* 'z' and base58btc, in `a`. At most JOSE_BASE58_BYTES_MAX bytes (a longer input is a bug and
 * aborts). */
struct sv jose_multibase_z(struct arena *a, const void *bytes, size_t len);
/* Decode either base by its first character. Strict: alphabet only, and for 'u' no padding and no
 * stray bits. Fails: ERR_INPUT "multibase". */
NODISCARD bool jose_multibase_decode(struct arena *a, struct sv text, struct sv *bytes,
                                     struct err *err);
