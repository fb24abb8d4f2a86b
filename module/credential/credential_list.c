/* Status lists as their issuer makes them. */
#include "base_encode.h"
#include "credential_build.h"
#include "credential_build_internal.h"
#include "credential_status.h"
#include "credential_terms.h"
#include <zlib.h>

bool credential_bitstring_make(struct arena *a, int64_t length, const int64_t *set, size_t count,
                               struct sv *encoded, struct err *err) {
    size_t bytes = (size_t)length / 8;
    if (length < CREDENTIAL_BITSTRING_BITS_MIN || length % 8 != 0 ||
        bytes > CREDENTIAL_BITSTRING_BYTES_MAX) {
        return err_because(err, ERR_BUG, "bitstring", "a status list of %lld bits",
                           (long long)length);
    }
    unsigned char *bits = arena_alloc(a, bytes);
    for (size_t i = 0; i < count; i++) {
        if (set[i] < 0 || set[i] >= length) {
            return err_because(err, ERR_BUG, "bitstring", "the index %lld is outside of its list",
                               (long long)set[i]);
        }
        bits[set[i] / 8] |= (unsigned char)(0x80 >> set[i] % 8);
    }
    z_stream z = {.next_in = bits, .avail_in = (uInt)bytes};
    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        return err_set(err, ERR_BUG, "zlib does not start");
    }
    size_t room = deflateBound(&z, (uLong)bytes);
    z.next_out = arena_alloc(a, room);
    z.avail_out = (uInt)room;
    const unsigned char *out = z.next_out;
    int status = deflate(&z, Z_FINISH);
    size_t len = room - z.avail_out;
    (void)deflateEnd(&z);
    if (status != Z_STREAM_END) {
        return err_set(err, ERR_BUG, "zlib does not finish");
    }
    *encoded = sv_printf(a, "u%.*s", SV_ARG(base64url_encode(a, out, len)));
    return true;
}

bool credential_status_build(const struct credential_status_list *list, struct arena *a,
                             json_t **out, struct err *err) {
    AUTO_JSON *made = json_object();
    struct sv url = credential_url(a, list->issuer.base_url, "status", list->public_id);
    struct sv did = {0};
    struct sv encoded = {0};
    if (!credential_did(a, list->issuer.base_url, list->issuer.issuer->public_id, &did, err) ||
        !credential_bitstring_make(a, list->length, list->set, list->set_count, &encoded, err)) {
        return false;
    }
    build_put(made, "@context", json_pack("[s]", CREDENTIAL_CONTEXT_VC_URL));
    build_put_text(made, "id", url);
    build_put(made, "type", build_types("VerifiableCredential", "BitstringStatusListCredential"));
    build_put_text(made, "issuer", did);
    build_put_time(made, "validFrom", list->valid_from);
    json_t *subject = json_object();
    build_put(made, "credentialSubject", subject);
    build_put_text(subject, "id", sv_printf(a, "%.*s#list", SV_ARG(url)));
    build_put(subject, "type", json_string("BitstringStatusList"));
    build_put(subject, "statusPurpose",
              json_string(list->is_suspension ? "suspension" : "revocation"));
    build_put_text(subject, "encodedList", encoded);
    *out = json_incref(made);
    return true;
}

bool credential_revocations(const struct credential_issuer *of, const struct sv *award_public_ids,
                            size_t count, json_t **out, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_JSON *made = json_object();
    json_t *list = json_array();
    struct sv did = {0};
    if (!credential_did(&a, of->base_url, of->issuer->public_id, &did, err)) {
        json_decref(list);
        return false;
    }
    build_put_text(made, "id",
                   credential_url(&a, of->base_url, "revocations", of->issuer->public_id));
    build_put_text(made, "issuer", did);
    build_put(made, "revokedCredential", list);
    for (size_t i = 0; i < count; i++) {
        struct sv id = credential_url(&a, of->base_url, "awards", award_public_ids[i]);
        if (json_array_append_new(
                list, json_pack("{s:s%, s:b}", "id", id.ptr, id.len, "revoked", 1)) != 0) {
            abort();
        }
    }
    *out = json_incref(made);
    return true;
}
