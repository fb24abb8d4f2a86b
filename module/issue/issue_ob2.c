/* Open Badges 2.0 documents of what the store holds. */
#include "credential_ob2.h"
#include "issue_copy.h"
#include "issue_internal.h"
#include "store_badge.h"
#include "store_public.h"

static bool gone(struct err *err) {
    return err_because(err, ERR_NOT_FOUND, "public", "there is no such page");
}

bool issue_award_source(struct issue *issue, int64_t institution_id, int64_t award_id,
                        struct arena *a, struct store_credential_source *out, struct err *err) {
    struct store_credential_source *found = NULL;
    size_t count = 0;
    if (!store_credential_sources(issue->store, institution_id, &award_id, 1, a, &found, &count,
                                  err)) {
        return false;
    }
    if (count == 0) {
        return err_because(err, ERR_NOT_FOUND, "award", "there is no such award");
    }
    *out = found[0];
    return true;
}

/* 2.0 has no assertion of an issuer that has no e-mail address. */
static bool issuer_is_fit(struct issue *issue, int64_t institution_id, int64_t issuer_id,
                          struct arena *a, struct model_issuer *out, struct err *err) {
    return store_issuer_get(issue->store, institution_id, issuer_id, a, out, err) &&
           (out->email.len > 0 || gone(err));
}

bool issue_ob2_of(const struct issue *issue, const struct store_credential_source *s,
                  struct arena *a, json_t **out, bool *is_gone, struct err *err) {
    struct credential_evidence *evidence = NULL;
    AUTO_JSON *texts = NULL;
    if (s->share.shared_at == 0 || s->share.identity != MODEL_IDENTITY_EMAIL) {
        return gone(err);
    }
    *is_gone = s->state == MODEL_AWARD_REVOKED || s->state == MODEL_AWARD_SUSPENDED;
    if (*is_gone) {
        *out = credential_ob2_revoked(issue->base_url, s->public_id,
                                      s->state == MODEL_AWARD_SUSPENDED);
        return true;
    }
    struct credential_ob2_award award = {.base_url = issue->base_url,
                                         .public_id = s->public_id,
                                         .badge_public_id = s->badge_public_id,
                                         .share = &s->share,
                                         .issued_at = s->issued_at,
                                         .expires_at = s->expires_at};
    if (s->share.shows_evidence &&
        !issue_evidence(a, s->evidence, &evidence, &award.evidence_count, &texts, err)) {
        return false;
    }
    award.evidence = evidence;
    return credential_ob2_assertion(&award, out, err);
}

bool issue_ob2_assertion(struct issue *issue, struct sv award_id, struct arena *a, json_t **out,
                         bool *is_gone, struct err *err) {
    struct store_public found = {0};
    struct store_credential_source s = {0};
    struct model_issuer issuer = {0};
    return store_public_find(issue->store, award_id, STORE_PUBLIC_AWARD, a, &found, err) &&
           issue_award_source(issue, found.institution_id, found.id, a, &s, err) &&
           issuer_is_fit(issue, found.institution_id, s.issuer_id, a, &issuer, err) &&
           issue_ob2_of(issue, &s, a, out, is_gone, err);
}

bool issue_ob2_badge(struct issue *issue, struct sv badge_id, struct arena *a, json_t **out,
                     struct err *err) {
    struct store_public found;
    struct store_badge stored;
    struct model_badge badge;
    struct model_issuer issuer;
    if (!store_public_find(issue->store, badge_id, STORE_PUBLIC_BADGE, a, &found, err) ||
        !store_badge_get(issue->store, found.institution_id, badge_id, a, &stored, err) ||
        !issuer_is_fit(issue, found.institution_id, stored.issuer_id, a, &issuer, err)) {
        return false;
    }
    const struct issue_badge_text text = {
        .public_id = stored.public_id, .definition = stored.definition, .rule = stored.rule};
    return issue_badge_read(a, &text, &badge, err) &&
           credential_ob2_badge(issue->base_url, &badge, issuer.public_id, out, err);
}

bool issue_ob2_issuer(struct issue *issue, struct sv issuer_id, struct arena *a, json_t **out,
                      struct err *err) {
    struct store_public found;
    struct model_issuer issuer;
    if (!store_public_find(issue->store, issuer_id, STORE_PUBLIC_ISSUER, a, &found, err) ||
        !issuer_is_fit(issue, found.institution_id, found.id, a, &issuer, err)) {
        return false;
    }
    const struct credential_issuer of = {.base_url = issue->base_url, .issuer = &issuer};
    return credential_ob2_issuer(&of, out, err);
}
