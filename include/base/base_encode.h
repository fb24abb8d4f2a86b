/* Encodings: base64 (RFC 4648 4), base64url without padding (RFC 7515 2), hex, percent (RFC
 * 3986 2.1). */
#pragma once
#include "base_str.h"

/* Strict: alphabet only, no padding, no white space, unused trailing bits zero. */
NODISCARD bool base64url_decode(struct arena *a, struct sv text, struct sv *bytes, struct err *err);
struct sv base64url_encode(struct arena *a, const void *bytes, size_t len);
/* Standard alphabet; '=' padding required on reading when the length asks for it. */
NODISCARD bool base64_decode(struct arena *a, struct sv text, struct sv *bytes, struct err *err);
struct sv base64_encode(struct arena *a, const void *bytes, size_t len);
struct sv hex_encode(struct arena *a, const void *bytes, size_t len);
NODISCARD bool hex_decode(struct arena *a, struct sv text, struct sv *bytes, struct err *err);

/* Everything but RFC 3986 unreserved characters becomes %XX. */
void percent_encode(struct str *out, struct sv text);
/* Decode %XX, and '+' as space when is_form. Fails on "%zz" and on a decoded NUL. */
NODISCARD bool percent_decode(struct arena *a, struct sv text, bool is_form, struct sv *out,
                              struct err *err);

/* A JSON string with its quotes, as RFC 8259 7, escaping also < > & and line separators so that it
 * may stand in HTML. */
void quote_json(struct str *out, struct sv text);

/* SHA-256 of bytes, 32 bytes out (FIPS 180-4). */
void sha256(const void *bytes, size_t len, unsigned char out[32]);
/* HMAC-SHA256 of bytes under a key of any length, 32 bytes out (RFC 2104, FIPS 198-1). For other
 * people's secrets; ours are the seal room's. */
void hmac_sha256(struct sv key, struct sv bytes, unsigned char out[32]);
