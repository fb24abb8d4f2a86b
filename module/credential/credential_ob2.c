#include "credential_ob2.h"
#include "credential_build_internal.h"

static struct sv address(struct arena *a, struct sv base_url, const char *kind, struct sv id) {
    return sv_printf(a, "%.*s/ob2/%s/%.*s", SV_ARG(base_url), kind, SV_ARG(id));
}

static json_t *begin(struct arena *a, struct sv base_url, const char *kind, struct sv id,
                     const char *type) {
    json_t *made = json_object();
    build_put(made, "@context", json_string(CREDENTIAL_OB2_CONTEXT_URL));
    build_put_text(made, "id", address(a, base_url, kind, id));
    build_put(made, "type", json_string(type));
    return made;
}

static bool evidence(json_t *assertion, const struct credential_ob2_award *award, struct err *err) {
    json_t *list = json_array();
    if (award->evidence_count == 0) {
        json_decref(list);
        return true;
    }
    build_put(assertion, "evidence", list);
    for (size_t i = 0; i < award->evidence_count; i++) {
        json_t *one = json_object();
        (void)json_array_append_new(list, one);
        build_put(one, "type", json_string("Evidence"));
        if (!build_put_clean(one, "name", "the name of evidence", award->evidence[i].name, err) ||
            !build_put_clean(one, "narrative", "evidence", award->evidence[i].narrative, err)) {
            return false;
        }
    }
    return true;
}

bool credential_ob2_assertion(const struct credential_ob2_award *award, json_t **out,
                              struct err *err) {
    AUTO_ARENA a = {0};
    const struct model_share *share = award->share;
    if (share->identity != MODEL_IDENTITY_EMAIL) {
        return err_because(err, ERR_NOT_FOUND, "public",
                           "Open Badges 2.0 names its learner by a hashed e-mail address, and this "
                           "one is not named so");
    }
    AUTO_JSON *made = begin(&a, award->base_url, "awards", award->public_id, "Assertion");
    build_put(made, "recipient",
              json_pack("{s:s, s:b, s:s%, s:s%}", "type", "email", "hashed", 1, "identity",
                        share->identity_hash.ptr, share->identity_hash.len, "salt", share->salt.ptr,
                        share->salt.len));
    struct sv badge = address(&a, award->base_url, "badges", award->badge_public_id);
    build_put_text(made, "badge", badge);
    build_put(made, "verification", json_pack("{s:s}", "type", "HostedBadge"));
    build_put_time(made, "issuedOn", award->issued_at);
    build_put_time(made, "expires", award->expires_at);
    struct sv picture = credential_url(&a, award->base_url, "badges", award->badge_public_id);
    build_put_text(made, "image", sv_printf(&a, "%.*s/image.png", SV_ARG(picture)));
    if (!evidence(made, award, err)) {
        return false;
    }
    *out = json_incref(made);
    return true;
}

json_t *credential_ob2_revoked(struct sv base_url, struct sv award_id, bool is_suspended) {
    AUTO_ARENA a = {0};
    json_t *made = begin(&a, base_url, "awards", award_id, "Assertion");
    build_put(made, "revoked", json_true());
    build_put(made, "revocationReason",
              json_string(is_suspended ? "suspended by its issuer, who may restore it"
                                       : "withdrawn by its issuer"));
    return made;
}

static bool alignments(json_t *class, const struct model_badge *badge, struct err *err) {
    json_t *list = json_array();
    for (size_t i = 0; i < badge->alignment_count; i++) {
        const struct model_alignment *m = &badge->alignments[i];
        json_t *one = json_object();
        (void)json_array_append_new(list, one);
        if (!build_put_clean(one, "targetName", "an alignment's name", m->name, err) ||
            !build_put_url(one, "targetUrl", "an alignment's url", m->url, err) ||
            !build_put_clean(one, "targetFramework", "an alignment's framework", m->framework,
                             err) ||
            !build_put_clean(one, "targetCode", "an alignment's code", m->code, err)) {
            json_decref(list);
            return false;
        }
    }
    if (badge->alignment_count > 0) {
        build_put(class, "alignment", list);
    } else {
        json_decref(list);
    }
    return true;
}

static bool tags(json_t *class, const struct model_badge *badge, struct err *err) {
    AUTO_JSON *list = json_array();
    for (size_t i = 0; i < badge->tag_count; i++) {
        AUTO_JSON *one = json_object();
        if (!build_put_clean(one, "tag", "tags", badge->tags[i], err)) {
            return false;
        }
        (void)json_array_append(list, json_object_get(one, "tag"));
    }
    if (badge->tag_count > 0) {
        build_put(class, "tags", json_incref(list));
    }
    return true;
}

bool credential_ob2_badge(struct sv base_url, const struct model_badge *badge,
                          struct sv issuer_public_id, json_t **out, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_JSON *made = begin(&a, base_url, "badges", badge->public_id, "BadgeClass");
    json_t *criteria = json_object();
    json_t *image = json_object();
    struct sv page = credential_url(&a, base_url, "badges", badge->public_id);
    build_put(made, "criteria", criteria);
    build_put(made, "image", image);
    build_put_text(criteria, "id", page);
    build_put_text(image, "id", sv_printf(&a, "%.*s/image.png", SV_ARG(page)));
    build_put_text(made, "issuer", address(&a, base_url, "issuers", issuer_public_id));
    if (!build_put_clean(made, "name", "name", badge->name, err) ||
        !build_put_clean(made, "description", "description", badge->description, err) ||
        !build_put_clean(criteria, "narrative", "criteria", badge->criteria, err) ||
        !build_put_clean(image, "caption", "image_alt", badge->image_alt, err) ||
        !tags(made, badge, err) || !alignments(made, badge, err)) {
        return false;
    }
    *out = json_incref(made);
    return true;
}

bool credential_ob2_issuer(const struct credential_issuer *of, json_t **out, struct err *err) {
    AUTO_ARENA a = {0};
    const struct model_issuer *m = of->issuer;
    if (m->email.len == 0) {
        return err_because(err, ERR_NOT_FOUND, "public",
                           "Open Badges 2.0 asks for the issuer's e-mail address, and this issuer "
                           "has none");
    }
    AUTO_JSON *made = begin(&a, of->base_url, "issuers", m->public_id, "Issuer");
    struct sv awards = sv_printf(&a, "%.*s/ob2/awards/", SV_ARG(of->base_url));
    if (!build_put_clean(made, "name", "issuer.name", m->name, err) ||
        !build_put_url(made, "url", "issuer.url", m->url, err) ||
        !build_put_clean(made, "email", "issuer.email", m->email, err) ||
        !build_put_clean(made, "description", "issuer.description", m->description, err) ||
        !build_put_url(made, "image", "issuer.image", m->image, err)) {
        return false;
    }
    /* Nothing else at this host is an assertion of his. */
    build_put(made, "verification",
              json_pack("{s:s, s:s%}", "type", "VerificationObject", "startsWith", awards.ptr,
                        awards.len));
    *out = json_incref(made);
    return true;
}
