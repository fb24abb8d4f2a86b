#include "credential_status.h"
#include "base_encode.h"
#include "jose_multibase.h"
#include <openssl/evp.h>
#include <string.h>
#include <zlib.h>

#define WINDOW_BYTES 32768

static void inflate_release(z_stream **z) { (void)inflateEnd(*z); }

static bool bits_refuse(struct err *err, const char *why) {
    return err_because(err, ERR_INPUT, "bitstring", "the status list %s", why);
}

/* Inflate all of it, since a damaged or short list must not pass, and keep one byte. */
static bool inflate_byte(struct sv gzip, size_t wanted, unsigned char *byte, size_t *total,
                         struct err *err) {
    unsigned char window[WINDOW_BYTES] = {0};
    z_stream stream = {.next_in = (Bytef *)gzip.ptr, .avail_in = (uInt)gzip.len};
    if (inflateInit2(&stream, 15 + 16) != Z_OK) { /* gzip only */
        return err_set(err, ERR_BUG, "zlib does not start");
    }
    CLEANUP(inflate_release) z_stream *z = &stream;
    int status = Z_OK;
    *total = 0;
    while (status == Z_OK) {
        z->next_out = window;
        z->avail_out = sizeof window;
        status = inflate(z, Z_NO_FLUSH);
        size_t got = sizeof window - z->avail_out;
        if (wanted >= *total && wanted < *total + got) {
            *byte = window[wanted - *total];
        }
        *total += got;
        if (*total > CREDENTIAL_BITSTRING_BYTES_MAX) {
            return bits_refuse(err, "unpacks to more than 16 MiB");
        }
    }
    if (status != Z_STREAM_END || z->avail_in != 0) {
        return bits_refuse(err, "is no whole gzip stream");
    }
    return true;
}

bool credential_bitstring_get(struct sv encoded_list, int64_t index, bool *is_set,
                              struct err *err) {
    AUTO_ARENA a = {0};
    struct err inner = {0};
    struct sv gzip;
    unsigned char byte = 0;
    size_t total = 0;
    if (encoded_list.len == 0 || encoded_list.ptr[0] != 'u' ||
        !jose_multibase_decode(&a, encoded_list, &gzip, &inner)) {
        return bits_refuse(err, "is not base64url text with u");
    }
    if (index < 0) {
        return bits_refuse(err, "has no such index");
    }
    if (!inflate_byte(gzip, (size_t)index / 8, &byte, &total, err)) {
        return false;
    }
    if (total * 8 < CREDENTIAL_BITSTRING_BITS_MIN) {
        return bits_refuse(err, "has fewer than 131,072 entries");
    }
    if ((size_t)index / 8 >= total) {
        return bits_refuse(err, "has no such index");
    }
    *is_set = (byte >> (7 - index % 8) & 1) != 0;
    return true;
}

bool credential_revocation_find(const struct credential_revocation *what, bool *is_revoked,
                                struct sv *reason, struct err *err) {
    const json_t *entries = json_object_get(what->list, "revokedCredential");
    const json_t *issuer = json_object_get(what->list, "issuer");
    struct sv issuer_id =
        json_is_object(issuer) ? js_sv(json_object_get(issuer, "id")) : js_sv(issuer);
    size_t i = 0;
    const json_t *entry = NULL;
    *is_revoked = false;
    *reason = sv_of(NULL, 0);
    if (!sv_eq(js_sv(json_object_get(what->list, "id")), what->list_id) ||
        (entries != NULL && !json_is_array(entries))) {
        return err_because(err, ERR_INPUT, "revocation_list",
                           "what is at the revocation list's URL is no revocation list of that id");
    }
    if (issuer_id.len > 0 && !sv_eq(issuer_id, what->issuer)) {
        return err_because(err, ERR_INPUT, "revocation_list",
                           "the revocation list is another issuer's");
    }
    json_array_foreach(entries, i, entry) {
        if (sv_eq(js_sv(json_object_get(entry, "id")), what->credential_id) &&
            !json_is_false(json_object_get(entry, "revoked"))) {
            *is_revoked = true;
            *reason = js_sv(json_object_get(entry, "revocationReason"));
        }
    }
    return true;
}

static bool hash_is(const char *algorithm, struct sv identity, struct sv salt, struct sv want) {
    AUTO_ARENA a = {0};
    unsigned char digest[EVP_MAX_MD_SIZE];
    size_t len = 0;
    struct str text;
    str_init(&text, &a, identity.len + salt.len + 1);
    str_add(&text, identity);
    str_add(&text, salt);
    if (EVP_Q_digest(NULL, algorithm, NULL, text.ptr, text.len, digest, &len) != 1) {
        return false;
    }
    return sv_eq_nocase(hex_encode(&a, digest, len), want);
}

enum credential_match credential_identity_match(struct sv identity, struct sv identity_hash,
                                                struct sv salt, bool is_hashed) {
    AUTO_ARENA a = {0};
    char *lower = arena_copy(&a, identity.ptr, identity.len);
    struct sv forms[2] = {identity, sv_of(lower, identity.len)};
    struct sv algorithm;
    struct sv hex;
    for (size_t i = 0; i < identity.len; i++) {
        lower[i] = (char)(lower[i] >= 'A' && lower[i] <= 'Z' ? lower[i] + 32 : lower[i]);
    }
    if (!is_hashed) {
        return sv_eq_nocase(identity, identity_hash) ? CREDENTIAL_MATCH_YES : CREDENTIAL_MATCH_NO;
    }
    bool is_cut = sv_cut(identity_hash, '$', &algorithm, &hex);
    bool is_sha = sv_eq(algorithm, SV("sha256")) && hex.len == 64;
    if (!is_cut || (!is_sha && !(sv_eq(algorithm, SV("md5")) && hex.len == 32))) {
        return CREDENTIAL_MATCH_UNKNOWN;
    }
    for (int i = 0; i < 2; i++) {
        if (hash_is(is_sha ? "SHA256" : "MD5", forms[i], salt, hex)) {
            return CREDENTIAL_MATCH_YES;
        }
    }
    return CREDENTIAL_MATCH_NO;
}
