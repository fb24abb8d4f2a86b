/* Awards, badges and issuers as pages show them to anybody. */
#include "badge_rule.h"
#include "base_encode.h"
#include "issue_internal.h"
#include "judge.h"
#include "store_badge.h"

#define NAMES_BYTES_MAX ((size_t)1 << 20)
#define KEY_BYTES_MAX 16384

/* `titles`: of the badges the rule asks for. */
static bool read_badge(struct arena *a, struct sv definition, struct sv rule_json,
                       const struct badge_title *titles, size_t count, struct issue_badge_view *out,
                       struct err *err) {
    const struct badge_rule *rule = NULL;
    if (!judge_definition_read(a, definition, &out->badge, err) ||
        !badge_rule_parse(a, rule_json, &rule, err)) {
        return false;
    }
    out->rule_words = badge_rule_words(a, badge_rule_named(a, rule, titles, count));
    return true;
}

bool issue_badge_view_get(struct issue *issue, struct sv badge_id, struct arena *a,
                          struct issue_badge_view *out, struct err *err) {
    struct store_public found;
    struct store_badge stored;
    struct store_badge *all = NULL;
    struct model_issuer issuer;
    size_t count = 0;
    *out = (struct issue_badge_view){0};
    if (!store_public_find(issue->store, badge_id, STORE_PUBLIC_BADGE, a, &found, err) ||
        !store_badge_get(issue->store, found.institution_id, badge_id, a, &stored, err) ||
        !store_issuer_get(issue->store, found.institution_id, stored.issuer_id, a, &issuer, err) ||
        !store_badge_list(issue->store, found.institution_id, a, &all, &count, err)) {
        return false;
    }
    struct badge_title *titles = ARENA_ARRAY(a, struct badge_title, count);
    for (size_t i = 0; i < count; i++) {
        titles[i] = (struct badge_title){.key = all[i].key, .name = all[i].name};
    }
    out->issuer_public_id = issuer.public_id;
    out->issuer_name = issuer.name;
    if (!read_badge(a, stored.definition, stored.rule, titles, count, out, err)) {
        return false;
    }
    out->badge.public_id = stored.public_id;
    return true;
}

static bool read_titles(struct arena *a, struct sv text, struct badge_title **out, size_t *count,
                        struct err *err) {
    json_t *parsed = NULL;
    const char *key = NULL;
    json_t *name = NULL;
    if (!js_parse(text, NAMES_BYTES_MAX, "the names of badges", &parsed, err)) {
        return false;
    }
    AUTO_JSON *names = parsed;
    *out = ARENA_ARRAY(a, struct badge_title, json_object_size(names));
    json_object_foreach(names, key, name) {
        (*out)[(*count)++] =
            (struct badge_title){.key = sv_copy(a, sv_from(key)), .name = sv_copy(a, js_sv(name))};
    }
    return true;
}

static bool read_evidence(struct arena *a, struct issue_award_view *v, struct err *err) {
    AUTO_JSON *texts = NULL;
    if (!issue_evidence(a, v->award.evidence, &v->evidence, &v->evidence_count, &texts, err)) {
        return false;
    }
    for (size_t i = 0; i < v->evidence_count; i++) {
        struct credential_evidence *e = &v->evidence[i];
        *e = (struct credential_evidence){.name = sv_copy(a, e->name),
                                          .narrative = sv_copy(a, e->narrative)};
    }
    return true;
}

/* RFC 7638 3.2 for Ed25519 (RFC 8037 2): crv, kty, x, in this order. */
static bool read_key(struct issue *issue, struct arena *a, struct issue_award_view *v,
                     struct err *err) {
    unsigned char sum[32];
    json_t *parsed = NULL;
    if (v->award.public_jwk.len == 0) {
        return true;
    }
    if (!js_parse(v->award.public_jwk, KEY_BYTES_MAX, "a stored key", &parsed, err)) {
        return false;
    }
    AUTO_JSON *jwk = parsed;
    struct sv x = js_sv(json_object_get(jwk, "x"));
    struct sv text =
        sv_printf(a, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%.*s\"}", SV_ARG(x));
    sha256(text.ptr, text.len, sum);
    v->key_fingerprint = base64url_encode(a, sum, sizeof sum);
    v->key_url = credential_url(a, issue->base_url, "keys", v->award.key_public_id);
    return true;
}

bool issue_award_view_get(struct issue *issue, struct sv award_id, struct arena *a,
                          struct issue_award_view *out, struct err *err) {
    struct badge_title *titles = NULL;
    size_t count = 0;
    *out = (struct issue_award_view){0};
    struct store_award_page *award = &out->award;
    if (!store_award_page_get(issue->store, award_id, a, award, err) ||
        !read_titles(a, award->asked_badges, &titles, &count, err) ||
        !read_badge(a, award->definition, award->rule, titles, count, &out->badge, err) ||
        !issue_results(a, award->reasons, &out->results, &out->result_count, err) ||
        !read_evidence(a, out, err) || !read_key(issue, a, out, err)) {
        return false;
    }
    out->badge.badge.public_id = award->badge_public_id;
    out->badge.issuer_public_id = award->issuer_public_id;
    out->badge.issuer_name = award->issuer_name;
    return credential_did(a, issue->base_url, award->issuer_public_id, &out->did, err);
}

bool issue_issuer_view_get(struct issue *issue, struct sv issuer_id, struct arena *a,
                           struct issue_issuer_view *out, struct err *err) {
    struct store_public found;
    *out = (struct issue_issuer_view){0};
    return store_public_find(issue->store, issuer_id, STORE_PUBLIC_ISSUER, a, &found, err) &&
           store_issuer_get(issue->store, found.institution_id, found.id, a, &out->issuer, err) &&
           store_issuer_badges(issue->store, found.institution_id, found.id, a, &out->badges,
                               &out->badge_count, err) &&
           credential_did(a, issue->base_url, out->issuer.public_id, &out->did, err);
}
