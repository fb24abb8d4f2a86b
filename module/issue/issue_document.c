/* What is published of issuers, badges and awards. */
#include "issue_internal.h"
#include "store_badge.h"
#include "store_public.h"

static bool gone(struct err *err) {
    return err_because(err, ERR_NOT_FOUND, "public", "there is no such page");
}

bool issue_badge_document(struct issue *issue, struct sv badge_id, struct arena *a, json_t **out,
                          struct err *err) {
    struct store_public found;
    struct store_badge stored;
    struct model_badge badge;
    if (!store_public_find(issue->store, badge_id, STORE_PUBLIC_BADGE, a, &found, err) ||
        !store_badge_get(issue->store, found.institution_id, badge_id, a, &stored, err)) {
        return false;
    }
    const struct issue_badge_text text = {
        .public_id = stored.public_id, .definition = stored.definition, .rule = stored.rule};
    return issue_badge_read(a, &text, &badge, err) &&
           credential_achievement(issue->base_url, &badge, true, out, err);
}

static bool find_issuer(struct issue *issue, struct sv issuer_id, struct arena *a,
                        struct store_public *found, struct model_issuer *out, struct err *err) {
    return store_public_find(issue->store, issuer_id, STORE_PUBLIC_ISSUER, a, found, err) &&
           store_issuer_get(issue->store, found->institution_id, found->id, a, out, err);
}

bool issue_profile_document(struct issue *issue, struct sv issuer_id, struct arena *a, json_t **out,
                            struct err *err) {
    struct store_public found;
    struct model_issuer issuer;
    if (!find_issuer(issue, issuer_id, a, &found, &issuer, err)) {
        return false;
    }
    const struct credential_issuer of = {.base_url = issue->base_url, .issuer = &issuer};
    return credential_profile(&of, true, out, err);
}

bool issue_key_read(const struct store_issuer_key *stored, json_t **jwk, struct credential_key *out,
                    struct err *err) {
    if (!js_parse(stored->public_jwk, 16384, "a stored key", jwk, err)) {
        return false;
    }
    *out = (struct credential_key){.public_id = stored->public_id,
                                   .jwk = *jwk,
                                   .is_proof_key = sv_eq(stored->alg, SV("EdDSA"))};
    return true;
}

bool issue_did_document(struct issue *issue, struct sv issuer_id, struct arena *a, json_t **out,
                        struct err *err) {
    struct store_public found;
    struct model_issuer issuer;
    struct store_issuer_key *stored = NULL;
    size_t count = 0;
    if (!find_issuer(issue, issuer_id, a, &found, &issuer, err) ||
        !store_issuer_key_list(issue->store, found.institution_id, issuer.id, a, &stored, &count,
                               err)) {
        return false;
    }
    struct credential_key *keys = ARENA_ARRAY(a, struct credential_key, count);
    AUTO_JSON *jwks = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *jwk = NULL;
        if (!issue_key_read(&stored[i], &jwk, &keys[i], err)) {
            return false;
        }
        (void)json_array_append_new(jwks, jwk);
    }
    const struct credential_issuer of = {.base_url = issue->base_url, .issuer = &issuer};
    return credential_did_document(&of, keys, count, out, err);
}

bool issue_key_document(struct issue *issue, struct sv key_id, struct arena *a, json_t **out,
                        struct err *err) {
    struct store_public found;
    struct store_issuer_key stored;
    struct credential_key key;
    json_t *parsed = NULL;
    if (!store_public_find(issue->store, key_id, STORE_PUBLIC_KEY, a, &found, err) ||
        !store_issuer_key_get(issue->store, found.institution_id, found.id, a, &stored, err) ||
        !issue_key_read(&stored, &parsed, &key, err)) {
        return false;
    }
    *out = credential_key_document(issue->base_url, &key, sv_of(NULL, 0));
    json_decref(parsed);
    return true;
}

bool issue_key_set(struct issue *issue, struct arena *a, json_t **out, struct err *err) {
    struct store_issuer_key *stored = NULL;
    size_t count = 0;
    if (!store_issuer_key_all(issue->store, a, &stored, &count, err)) {
        return false;
    }
    AUTO_JSON *keys = json_array();
    for (size_t i = 0; i < count; i++) {
        struct sv did;
        struct credential_key key;
        json_t *parsed = NULL;
        if (!credential_did(a, issue->base_url, stored[i].issuer_public_id, &did, err) ||
            !issue_key_read(&stored[i], &parsed, &key, err)) {
            return false;
        }
        (void)json_array_append_new(keys, credential_key_document(issue->base_url, &key, did));
        json_decref(parsed);
    }
    *out = json_pack("{s:O}", "keys", keys);
    return true;
}

bool issue_revocation_document(struct issue *issue, struct sv issuer_id, struct arena *a,
                               json_t **out, struct err *err) {
    struct store_public found;
    struct model_issuer issuer;
    struct sv *awards = NULL;
    size_t count = 0;
    if (!find_issuer(issue, issuer_id, a, &found, &issuer, err) ||
        !store_revocation_list(issue->store, found.institution_id, issuer.id, a, &awards, &count,
                               err)) {
        return false;
    }
    const struct credential_issuer of = {.base_url = issue->base_url, .issuer = &issuer};
    return credential_revocations(&of, awards, count, out, err);
}

/* Either list of a row has a public id of its own. */
static bool find_list(struct issue *issue, struct sv list_id, struct arena *a,
                      struct store_public *out, struct err *err) {
    struct err why = {0};
    if (store_public_find(issue->store, list_id, STORE_PUBLIC_STATUS, a, out, &why)) {
        return true;
    }
    if (why.code != ERR_NOT_FOUND) {
        *err = why;
        return false;
    }
    return store_public_find(issue->store, list_id, STORE_PUBLIC_SUSPENSION, a, out, err);
}

static bool sign_list(struct issue *issue, int64_t institution_id,
                      const struct model_issuer *issuer, const json_t *unsigned_list,
                      struct store_status_signed *list, struct arena *a, struct err *err) {
    struct issue_pair pair;
    return issue_pair_open(issue, institution_id, issuer, &pair, err) &&
           issue_sign_json(&pair, unsigned_list, list->signed_at, list->form, a, &list->body,
                           err) &&
           store_status_save(issue->store, institution_id, list, err);
}

bool issue_status_document(struct issue *issue, struct sv list_id, enum store_form form, usec_t now,
                           struct arena *a, struct sv *body, struct err *err) {
    struct store_public found;
    struct store_status status;
    struct model_issuer issuer;
    unsigned char digest[32];
    json_t *built = NULL;
    if (!find_list(issue, list_id, a, &found, err)) {
        return false;
    }
    bool is_suspension = found.kind == STORE_PUBLIC_SUSPENSION;
    if (!store_status_get(issue->store, found.institution_id, found.id, is_suspension, form, a,
                          &status, err) ||
        !store_issuer_get(issue->store, found.institution_id, status.issuer_id, a, &issuer, err)) {
        return false;
    }
    const struct credential_status_list want = {
        .issuer = {.base_url = issue->base_url, .issuer = &issuer},
        .public_id = status.public_id,
        .is_suspension = is_suspension,
        .valid_from = now,
        .length = status.length,
        .set = status.set,
        .set_count = status.set_count};
    if (!credential_status_build(&want, a, &built, err)) {
        return false;
    }
    AUTO_JSON *list = built;
    if (!credential_digest(list, digest, err)) {
        return false;
    }
    *body = status.body;
    struct store_status_signed made = {.list_id = found.id,
                                       .is_suspension = is_suspension,
                                       .form = form,
                                       .digest = sv_of((const char *)digest, sizeof digest),
                                       .signed_at = now};
    if (sv_eq(made.digest, status.digest)) {
        return true;
    }
    if (!sign_list(issue, found.institution_id, &issuer, list, &made, a, err)) {
        return false;
    }
    *body = made.body;
    return true;
}

static bool find_shared(struct issue *issue, struct sv award_id, enum store_form form,
                        struct arena *a, int64_t *institution_id,
                        struct store_credential_public *out, struct err *err) {
    struct store_public found;
    if (!store_public_find(issue->store, award_id, STORE_PUBLIC_AWARD, a, &found, err) ||
        !store_credential_get(issue->store, found.institution_id, found.id, form, a, out, err)) {
        return false;
    }
    *institution_id = found.institution_id;
    return out->shared_at != 0 || gone(err);
}

bool issue_award_document(struct issue *issue, struct sv award_id, enum store_form form,
                          struct arena *a, struct store_credential_public *out, struct err *err) {
    int64_t institution_id = 0;
    return find_shared(issue, award_id, form, a, &institution_id, out, err) &&
           (out->body.len > 0 || gone(err));
}

bool issue_award_find(struct issue *issue, struct sv award_id, struct arena *a,
                      int64_t *institution_id, struct store_credential_public *out,
                      struct err *err) {
    return find_shared(issue, award_id, STORE_FORM_JSON, a, institution_id, out, err);
}
