/* Secrets under the master key: message authentication and sealed storage (DESIGN 6, "Secrets at
 * rest"). The master key is 32 random bytes that are not in the database. Every purpose
 * ("lti-state", "tool-key") has keys of its own, derived with HKDF-SHA256 (RFC 5869), one for MACs
 * and one for boxes: what was made for one purpose is worth nothing for another.
 *
 * A struct seal never changes after it is opened: safe from any thread. Purposes are literals of at
 * most 64 bytes. OpenSSL failing at these primitives means that it is broken or out of memory: logs
 * and aborts. */
#pragma once
#include "base_str.h"

#define SEAL_MASTER_BYTES 32
#define SEAL_MAC_BYTES 32
/* What a box adds to its plain text: version, nonce, tag. */
#define SEAL_BOX_OVERHEAD (1 + 12 + 16)
#define SEAL_PLAIN_MAX (1u << 20)

struct seal;

/* Read base64 (RFC 4648 4) of exactly 32 bytes, white space around it allowed. Fails: ERR_INPUT
 * "master_key" with what to do: no such file, no regular file, readable or writable by group or
 * others, another content. The caller owns *out. */
NODISCARD bool seal_open_file(const char *path, struct seal **out, struct err *err);
/* From bytes in memory (tests, `doctor`). */
struct seal *seal_open_bytes(const unsigned char master[SEAL_MASTER_BYTES]);
/* Wipes the key. NULL is fine. */
void seal_destroy(struct seal *seal);
static inline void seal_drop(struct seal **seal) { seal_destroy(*seal); }
#define AUTO_SEAL CLEANUP(seal_drop) struct seal

/* Make a new master key file, mode 0600. Fails: ERR_CONFLICT "master_key" when something is there
 * already (never overwritten), ERR_INPUT when it cannot be written. */
NODISCARD bool seal_generate(const char *path, struct err *err);

/* HMAC-SHA256 (RFC 2104) of bytes under the purpose's key. */
void seal_mac(const struct seal *seal, const char *purpose, struct sv bytes,
              unsigned char out[SEAL_MAC_BYTES]);
/* Is `mac` the MAC of bytes? In constant time. */
NODISCARD bool seal_mac_is(const struct seal *seal, const char *purpose, struct sv bytes,
                           struct sv mac);

/* AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce: 0x01, nonce, ciphertext, tag, in `a`.
 * `about` is bound to the box but not in it (say, "registration 7"): a box copied to another row
 * does not open. Fails: ERR_INPUT "seal" when plain is larger than SEAL_PLAIN_MAX. */
NODISCARD bool seal_box(const struct seal *seal, const char *purpose, struct sv about,
                        struct sv plain, struct arena *a, struct sv *box, struct err *err);
/* The plain text, in `a`. Fails: ERR_DENIED "seal" when the box was made with another master key,
 * for another purpose or thing, is cut, changed or of an unknown version. */
NODISCARD bool seal_unbox(const struct seal *seal, const char *purpose, struct sv about,
                          struct sv box, struct arena *a, struct sv *plain, struct err *err);
