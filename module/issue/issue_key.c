/* Issuers' keys: made, opened once, followed by others. */
#include "issue_internal.h"
#include <pthread.h>
#include <stdlib.h>

struct issue_keyring {
    pthread_mutex_t lock;
    struct arena arena;
    struct issue_key *first;
};

struct issue_keyring *issue_keyring_create(void) {
    struct issue_keyring *ring = calloc(1, sizeof *ring);
    if (ring == NULL) {
        abort();
    }
    (void)pthread_mutex_init(&ring->lock, NULL);
    return ring;
}

void issue_keyring_destroy(struct issue_keyring *ring) {
    for (struct issue_key *k = ring->first; k != NULL; k = k->next) {
        jose_proof_key_destroy(k->proof);
        jose_key_unref(k->rsa);
    }
    (void)pthread_mutex_destroy(&ring->lock);
    arena_release(&ring->arena);
    free(ring);
}

static bool alg_parse(struct sv name, enum jose_proof_alg *out, struct err *err) {
    for (int i = JOSE_PROOF_EDDSA; i <= JOSE_PROOF_RS256; i++) {
        *out = (enum jose_proof_alg)i;
        if (sv_eq(name, sv_from(jose_proof_alg_name(*out)))) {
            return true;
        }
    }
    return err_because(err, ERR_INPUT, "alg",
                       "%.*s is no algorithm of ours: EdDSA, RS256 and ES256 are", SV_ARG(name));
}

/* The three texts that are stored of a new key; the JWK has no kid. */
static bool make_texts(enum jose_proof_alg alg, struct arena *a, struct sv *jwk, struct sv *pem,
                       struct err *err) {
    struct jose_proof_key *made = NULL;
    struct jose_key *rsa = NULL;
    bool is_ok = false;
    if (alg == JOSE_PROOF_RS256) {
        is_ok = jose_key_generate(SV("key"), &rsa, err) && jose_key_to_pem(rsa, a, pem, err);
        AUTO_JSON *full = is_ok ? jose_key_public_jwk(rsa) : NULL;
        AUTO_JSON *bare = json_pack("{s:s, s:O*, s:O*}", "kty", "RSA", "n",
                                    json_object_get(full, "n"), "e", json_object_get(full, "e"));
        *jwk = js_dump(a, bare);
        jose_key_unref(rsa);
        return is_ok;
    }
    is_ok = jose_proof_key_generate(alg, &made, err) && jose_proof_key_to_pem(made, a, pem, err);
    if (is_ok) {
        AUTO_JSON *bare = jose_proof_key_jwk(made);
        *jwk = js_dump(a, bare);
    }
    jose_proof_key_destroy(made);
    return is_ok;
}

static bool make_key(struct issue *issue, int64_t institution_id, int64_t issuer_id,
                     enum jose_proof_alg alg, bool is_first, char public_id[37], struct err *err) {
    AUTO_ARENA a = {0};
    bool ignored = false;
    struct store_issuer_key_new key = {.institution_id = institution_id,
                                       .issuer_id = issuer_id,
                                       .alg = sv_from(jose_proof_alg_name(alg)),
                                       .is_first = is_first};
    uuid7(clock_now(&clock_system), public_id);
    key.public_id = sv_of(public_id, 36);
    return make_texts(alg, &a, &key.public_jwk, &key.pem, err) &&
           store_issuer_key_add(issue->store, &key, &ignored, err);
}

static const struct store_issuer_key *current(const struct store_issuer_key *keys, size_t count,
                                              bool is_proof_key) {
    for (size_t i = 0; i < count; i++) {
        if (keys[i].retired_at == 0 && sv_eq(keys[i].alg, SV("EdDSA")) == is_proof_key) {
            return &keys[i];
        }
    }
    return NULL;
}

bool issue_keys_ready(struct issue *issue, int64_t institution_id, int64_t issuer_id,
                      struct err *err) {
    AUTO_ARENA a = {0};
    char ignored[37];
    struct store_issuer_key *keys = NULL;
    size_t count = 0;
    if (!store_issuer_key_list(issue->store, institution_id, issuer_id, &a, &keys, &count, err)) {
        return false;
    }
    return (current(keys, count, true) != NULL ||
            make_key(issue, institution_id, issuer_id, JOSE_PROOF_EDDSA, true, ignored, err)) &&
           (current(keys, count, false) != NULL ||
            make_key(issue, institution_id, issuer_id, JOSE_PROOF_RS256, true, ignored, err));
}

bool issue_key_rotate(struct issue *issue, int64_t institution_id, int64_t issuer_id, struct sv alg,
                      struct arena *a, struct sv *public_id, struct err *err) {
    char id[37];
    enum jose_proof_alg kind = JOSE_PROOF_EDDSA;
    if (!alg_parse(alg, &kind, err) ||
        !make_key(issue, institution_id, issuer_id, kind, false, id, err)) {
        return false;
    }
    *public_id = sv_copy(a, sv_of(id, 36));
    return true;
}

static struct issue_key *find(struct issue_keyring *ring, int64_t id) {
    (void)pthread_mutex_lock(&ring->lock);
    struct issue_key *k = ring->first;
    while (k != NULL && k->id != id) {
        k = k->next;
    }
    (void)pthread_mutex_unlock(&ring->lock);
    return k;
}

/* Two threads may have opened the same key: both copies are good. */
static const struct issue_key *keep(struct issue_keyring *ring, const struct issue_key *opened) {
    (void)pthread_mutex_lock(&ring->lock);
    struct issue_key *k = ARENA_NEW(&ring->arena, struct issue_key);
    *k = *opened;
    k->kid = sv_copy(&ring->arena, opened->kid);
    k->method = sv_copy(&ring->arena, opened->method);
    k->next = ring->first;
    ring->first = k;
    (void)pthread_mutex_unlock(&ring->lock);
    return k;
}

static bool open_key(struct issue *issue, const struct model_issuer *issuer,
                     const struct store_issuer_key *stored, const struct issue_key **out,
                     struct err *err) {
    AUTO_ARENA a = {0};
    struct sv pem;
    struct sv did;
    struct issue_key key = {.id = stored->id,
                            .kid = credential_url(&a, issue->base_url, "keys", stored->public_id)};
    *out = find(issue->ring, stored->id);
    if (*out != NULL) {
        return true;
    }
    if (!alg_parse(stored->alg, &key.alg, err) ||
        !credential_did(&a, issue->base_url, issuer->public_id, &did, err) ||
        !store_issuer_key_pem(issue->store, stored, &a, &pem, err)) {
        return false;
    }
    key.method = sv_printf(&a, "%.*s#%.*s", SV_ARG(did), SV_ARG(stored->public_id));
    bool is_ok = key.alg == JOSE_PROOF_RS256 ? jose_key_from_pem(pem, key.kid, &key.rsa, err)
                                             : jose_proof_key_from_pem(pem, &key.proof, err);
    if (is_ok) {
        *out = keep(issue->ring, &key);
    }
    return is_ok;
}

bool issue_pair_open(struct issue *issue, int64_t institution_id, const struct model_issuer *issuer,
                     struct issue_pair *out, struct err *err) {
    AUTO_ARENA a = {0};
    struct store_issuer_key *keys = NULL;
    size_t count = 0;
    if (!issue_keys_ready(issue, institution_id, issuer->id, err) ||
        !store_issuer_key_list(issue->store, institution_id, issuer->id, &a, &keys, &count, err)) {
        return false;
    }
    const struct store_issuer_key *proof = current(keys, count, true);
    const struct store_issuer_key *token = current(keys, count, false);
    if (proof == NULL || token == NULL) {
        (void)err_because(err, ERR_CONFLICT, "key", "the issuer's keys are being changed");
        return err_retry_as(err, ERR_RETRY_LATER);
    }
    return open_key(issue, issuer, proof, &out->proof, err) &&
           open_key(issue, issuer, token, &out->token, err);
}
