/* Texts and names as they may be signed. */
#include "base_encode.h"
#include "credential_build.h"
#include "credential_build_internal.h"
#include "credential_terms.h"
#include "jose_did.h"
#include "jose_proof_key.h"
#include <string.h>

static bool text_refuse(struct err *err, const char *field, const char *why) {
    return err_because(err, ERR_INPUT, "text", "%s %s", field, why);
}

/* What stands for a byte: 0 is left out. */
static bool is_left(unsigned char c) { return c >= 0x20 && c != 0x7f; }

bool credential_text_clean(struct arena *a, const char *field, struct sv text, struct sv *out,
                           struct err *err) {
    size_t n = 0;
    if (text.len > CREDENTIAL_TEXT_BYTES_MAX) {
        return err_because(err, ERR_INPUT, "text", "%s has %zu bytes; at most %zu fit a credential",
                           field, text.len, CREDENTIAL_TEXT_BYTES_MAX);
    }
    if (!sv_is_utf8(text)) {
        return text_refuse(err, field,
                           "is no valid UTF-8 (half of a character pair, or bytes of another "
                           "encoding); save the file as UTF-8");
    }
    char *clean = arena_alloc(a, text.len + 1);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool is_pair = c == '\r' && i + 1 < text.len && text.ptr[i + 1] == '\n';
        if (is_pair) {
            continue;
        }
        size_t skipped = sv_noncharacter(sv_skip(text, i));
        if (skipped > 0) {
            memcpy(clean + n, SV_REPLACEMENT.ptr, SV_REPLACEMENT.len);
            n += SV_REPLACEMENT.len;
            i += skipped - 1;
            continue;
        }
        c = c == '\r' ? '\n' : c == '\t' ? ' ' : c;
        if (!is_left(c) && c != '\n') {
            return err_because(err, ERR_INPUT, "text",
                               "%s has the control character U+%04X after \"%.*s\"; programs write "
                               "it in different ways, so take it out",
                               field, c, SV_ARG(sv_clip_utf8(sv_of(clean, n), 40)));
        }
        clean[n++] = (char)c;
    }
    *out = sv_of(clean, n);
    return true;
}

void build_put(json_t *object, const char *name, json_t *value) {
    if (value == NULL || json_object_set_new(object, name, value) != 0) {
        abort(); /* texts were checked: only memory can be short */
    }
}

void build_put_text(json_t *object, const char *name, struct sv text) {
    if (text.len > 0) {
        build_put(object, name, json_stringn(text.ptr, text.len));
    }
}

bool build_put_clean(json_t *object, const char *name, const char *field, struct sv text,
                     struct err *err) {
    AUTO_ARENA a = {0};
    struct sv clean = {0};
    if (!credential_text_clean(&a, field, text, &clean, err)) {
        return false;
    }
    build_put_text(object, name, clean);
    return true;
}

bool build_put_url(json_t *object, const char *name, const char *field, struct sv url,
                   struct err *err) {
    if (url.len > 0 && (url.len > 2048 || !credential_iri_is_fit(url) || !sv_is_utf8(url))) {
        return text_refuse(err, field, "is no address that can be signed");
    }
    build_put_text(object, name, url);
    return true;
}

json_t *build_types(const char *one, const char *two) {
    return two == NULL ? json_pack("[s]", one) : json_pack("[s, s]", one, two);
}

void build_put_time(json_t *object, const char *name, usec_t t) {
    char text[RFC3339_MAX];
    if (t != 0) {
        build_put(object, name, json_string(rfc3339_format(t - t % USEC_PER_S, text)));
    }
}

struct sv credential_url(struct arena *a, struct sv base_url, const char *folder, struct sv id) {
    return sv_printf(a, "%.*s/%s/%.*s", SV_ARG(base_url), folder, SV_ARG(id));
}

bool credential_did(struct arena *a, struct sv base_url, struct sv issuer_public_id, struct sv *did,
                    struct err *err) {
    struct str out;
    struct sv url;
    struct sv part;
    size_t scheme = sv_starts(base_url, SV("https://"))  ? 8
                    : sv_starts(base_url, SV("http://")) ? 7
                                                         : base_url.len;
    struct sv rest = sv_skip(base_url, scheme);
    str_init(&out, a, JOSE_DID_MAX);
    str_add_c(&out, "did:web");
    for (bool is_more = true, is_host = true; is_more; is_host = false) {
        is_more = sv_cut(rest, '/', &part, &rest);
        struct sv host;
        struct sv port;
        bool has_port = is_host && sv_cut(part, ':', &host, &port);
        str_add_char(&out, ':');
        str_add(&out, has_port ? host : part);
        if (has_port) {
            str_addf(&out, "%%3A%.*s", SV_ARG(port));
        }
    }
    str_addf(&out, ":issuers:%.*s", SV_ARG(issuer_public_id));
    *did = str_sv(&out);
    struct sv want =
        sv_printf(a, "%.*s/issuers/%.*s/did.json", SV_ARG(base_url), SV_ARG(issuer_public_id));
    struct err why = {0};
    return (!out.is_overflowed && jose_did_web_url(a, *did, &url, &why) && sv_eq(url, want)) ||
           err_because(err, ERR_INPUT, "did",
                       "base_url %.*s cannot be the name of an issuer: a host of letters, digits "
                       "and hyphens is needed, over https",
                       SV_ARG(sv_clip_utf8(base_url, 200)));
}

struct sv credential_identity_hash(struct arena *a, struct sv identity, struct sv salt) {
    unsigned char sum[32];
    struct sv both = sv_printf(a, "%.*s%.*s", SV_ARG(identity), SV_ARG(salt));
    sha256(both.ptr, both.len, sum);
    return sv_printf(a, "sha256$%.*s", SV_ARG(hex_encode(a, sum, sizeof sum)));
}

bool credential_wallet_check(struct sv did, struct err *err) {
    struct err ignored = {0};
    AUTO_JOSE_PROOF_KEY *key = NULL;
    return (sv_find(did, '#') == did.len && jose_proof_key_from_did(did, &key, &ignored)) ||
           err_because(err, ERR_INPUT, "did",
                       "the wallet's identifier is no did:key or did:jwk of an Ed25519, P-256 or "
                       "RSA key");
}
