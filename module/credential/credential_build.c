#include "credential_build.h"
#include "base_encode.h"
#include "credential_build_internal.h"
#include "credential_json.h"
#include "credential_proof.h"
#include "credential_terms.h"
#include <string.h>

#define NIL_UUID "00000000-0000-4000-8000-000000000000"

static json_t *contexts(void) {
    return json_pack("[s, s, s]", CREDENTIAL_CONTEXT_VC_URL, CREDENTIAL_CONTEXT_OB_URL,
                     CREDENTIAL_CONTEXT_EXTENSIONS_URL);
}

/* "BASE/folder/id#name" or "...#name-3". */
static struct sv part_id(struct arena *a, struct sv base_url, const char *folder, struct sv id,
                         const char *name, size_t number) {
    struct sv url = credential_url(a, base_url, folder, id);
    return number == 0 ? sv_printf(a, "%.*s#%s", SV_ARG(url), name)
                       : sv_printf(a, "%.*s#%s-%zu", SV_ARG(url), name, number);
}

/* Equal members of a set are one in RDF: they are never signed twice. */
static void append_once(json_t *list, json_t *value) {
    size_t i = 0;
    const json_t *one = NULL;
    json_array_foreach(list, i, one) {
        if (json_equal(one, value) == 1) {
            json_decref(value);
            return;
        }
    }
    if (json_array_append_new(list, value) != 0) {
        abort();
    }
}

static void put_list(json_t *object, const char *name, json_t *list) {
    if (json_array_size(list) > 0) {
        build_put(object, name, json_incref(list));
    }
}

static bool tags(json_t *achievement, const struct model_badge *badge, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_JSON *list = json_array();
    for (size_t i = 0; i < badge->tag_count; i++) {
        struct sv tag;
        if (!credential_text_clean(&a, "a tag", badge->tags[i], &tag, err)) {
            return false;
        }
        append_once(list, json_stringn(tag.ptr, tag.len));
    }
    put_list(achievement, "tag", list);
    return true;
}

static bool alignments(json_t *achievement, const struct model_badge *badge, struct err *err) {
    AUTO_JSON *list = json_array();
    for (size_t i = 0; i < badge->alignment_count; i++) {
        const struct model_alignment *m = &badge->alignments[i];
        AUTO_JSON *one = json_object();
        build_put(one, "type", build_types("Alignment", NULL));
        if (!build_put_clean(one, "targetName", "an alignment's name", m->name, err) ||
            !build_put_url(one, "targetUrl", "an alignment's url", m->url, err) ||
            !build_put_clean(one, "targetFramework", "an alignment's framework", m->framework,
                             err) ||
            !build_put_clean(one, "targetCode", "an alignment's code", m->code, err)) {
            return false;
        }
        append_once(list, json_incref(one));
    }
    put_list(achievement, "alignment", list);
    return true;
}

static bool criteria(json_t *achievement, struct sv base_url, const struct model_badge *badge,
                     struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_JSON *one = json_object();
    build_put_text(one, "id", part_id(&a, base_url, "badges", badge->public_id, "criteria", 0));
    if (!build_put_clean(one, "narrative", "criteria", badge->criteria, err)) {
        return false;
    }
    build_put(achievement, "criteria", json_incref(one));
    return true;
}

struct sv credential_picture_url(struct arena *a, struct sv base_url,
                                 const struct model_badge *badge) {
    struct sv url = credential_url(a, base_url, "badges", badge->public_id);
    bool is_png = badge->image.len > 4 &&
                  sv_eq_nocase(sv_skip(badge->image, badge->image.len - 4), SV(".png"));
    return sv_printf(a, "%.*s/image.%s", SV_ARG(url), is_png ? "png" : "svg");
}

static bool picture(json_t *achievement, struct sv base_url, const struct model_badge *badge,
                    struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_JSON *one = json_object();
    build_put_text(one, "id", credential_picture_url(&a, base_url, badge));
    build_put(one, "type", json_string("Image"));
    if (!build_put_clean(one, "caption", "image_alt", badge->image_alt, err)) {
        return false;
    }
    build_put(achievement, "image", json_incref(one));
    return true;
}

bool credential_achievement(struct sv base_url, const struct model_badge *badge, bool is_document,
                            json_t **out, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_JSON *made = json_object();
    if (is_document) {
        build_put(made, "@context", contexts());
    }
    build_put_text(made, "id", credential_url(&a, base_url, "badges", badge->public_id));
    build_put(made, "type", build_types("Achievement", NULL));
    build_put_text(made, "achievementType", badge->achievement_type);
    if (!build_put_clean(made, "name", "name", badge->name, err) ||
        !build_put_clean(made, "description", "description", badge->description, err) ||
        !criteria(made, base_url, badge, err) || !picture(made, base_url, badge, err) ||
        !tags(made, badge, err) || !alignments(made, badge, err)) {
        return false;
    }
    *out = json_incref(made);
    return true;
}

/* A name for a person that says nothing: the same for all signings of an award, and for no two
 * awards (a UUIDv8, RFC 9562 5.8). */
static struct sv nobody(struct arena *a, struct sv award_public_id) {
    unsigned char sum[32];
    struct sv seed = sv_printf(a, "laurel-subject %.*s", SV_ARG(award_public_id));
    sha256(seed.ptr, seed.len, sum);
    sum[6] = (unsigned char)((sum[6] & 0x0f) | 0x80);
    sum[8] = (unsigned char)((sum[8] & 0x3f) | 0x80);
    struct sv hex = hex_encode(a, sum, 16);
    return sv_printf(a, "urn:uuid:%.8s-%.4s-%.4s-%.4s-%.12s", hex.ptr, hex.ptr + 8, hex.ptr + 12,
                     hex.ptr + 16, hex.ptr + 20);
}

static json_t *identity(const char *type, struct sv value, struct sv salt) {
    json_t *one = json_object();
    build_put(one, "type", json_string("IdentityObject"));
    build_put(one, "hashed", json_boolean(salt.len > 0));
    build_put_text(one, "identityHash", value);
    build_put(one, "identityType", json_string(type));
    build_put_text(one, "salt", salt);
    return one;
}

static bool identify(json_t *subject, const struct credential_award *award, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_JSON *list = json_array();
    const struct model_share *share = award->share;
    struct sv id =
        share->identity == MODEL_IDENTITY_DID ? share->did : nobody(&a, award->public_id);
    if (share->identity == MODEL_IDENTITY_DID && !credential_wallet_check(share->did, err)) {
        return false;
    }
    build_put_text(subject, "id", id);
    build_put(subject, "type", build_types("AchievementSubject", NULL));
    if (share->identity == MODEL_IDENTITY_EMAIL) {
        append_once(list, identity("emailAddress", share->identity_hash, share->salt));
    } else if (share->identity == MODEL_IDENTITY_LTI) {
        append_once(list, identity("ltiUserId", share->identity_hash, share->salt));
        append_once(list, identity("ltiPlatformId", share->platform, sv_of(NULL, 0)));
    }
    put_list(subject, "identifier", list);
    return true;
}

static bool result(const struct credential_award *award, size_t i, json_t *descriptions,
                   json_t *results, struct err *err) {
    AUTO_ARENA a = {0};
    const struct credential_result *r = &award->results[i];
    struct sv id = part_id(&a, award->issuer.base_url, "awards", award->public_id, "result", i + 1);
    AUTO_JSON *description = json_object();
    AUTO_JSON *reached = json_object();
    build_put_text(description, "id", id);
    build_put(description, "type", build_types("ResultDescription", NULL));
    build_put_text(description, "resultType", r->type);
    build_put(reached, "type", build_types("Result", NULL));
    build_put_text(reached, "resultDescription", id);
    build_put_text(reached, "status", r->status);
    if (!build_put_clean(description, "name", "a result's name", r->name, err) ||
        !build_put_clean(description, "requiredValue", "a result's threshold", r->required, err) ||
        !build_put_clean(description, "valueMax", "a result's maximum", r->maximum, err) ||
        !build_put_clean(reached, "value", "a result's value", r->value, err)) {
        return false;
    }
    append_once(descriptions, json_incref(description));
    append_once(results, json_incref(reached));
    return true;
}

static bool subject(json_t *credential, const struct credential_award *award, struct err *err) {
    AUTO_JSON *who = json_object();
    AUTO_JSON *descriptions = json_array();
    AUTO_JSON *results = json_array();
    json_t *achievement = NULL;
    if (!identify(who, award, err) ||
        !credential_achievement(award->issuer.base_url, award->badge, false, &achievement, err)) {
        return false;
    }
    build_put(who, "achievement", achievement);
    for (size_t i = 0; i < award->result_count; i++) {
        if (!result(award, i, descriptions, results, err)) {
            return false;
        }
    }
    put_list(achievement, "resultDescription", descriptions);
    put_list(who, "result", results);
    build_put(credential, "credentialSubject", json_incref(who));
    return true;
}

static bool evidence(json_t *credential, const struct credential_award *award, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_JSON *list = json_array();
    for (size_t i = 0; i < award->evidence_count; i++) {
        AUTO_JSON *one = json_object();
        build_put_text(
            one, "id",
            part_id(&a, award->issuer.base_url, "awards", award->public_id, "evidence", i + 1));
        build_put(one, "type", build_types("Evidence", NULL));
        if (!build_put_clean(one, "name", "the name of evidence", award->evidence[i].name, err) ||
            !build_put_clean(one, "narrative", "evidence", award->evidence[i].narrative, err)) {
            return false;
        }
        append_once(list, json_incref(one));
    }
    put_list(credential, "evidence", list);
    return true;
}

static void status(json_t *credential, const struct credential_award *award) {
    AUTO_ARENA a = {0};
    AUTO_JSON *one = json_object();
    struct sv list = credential_url(&a, award->issuer.base_url, "status", award->status_list);
    struct sv index = sv_printf(&a, "%lld", (long long)award->status_index);
    if (award->status_list.len == 0) {
        return;
    }
    build_put_text(one, "id", sv_printf(&a, "%.*s#%.*s", SV_ARG(list), SV_ARG(index)));
    build_put(one, "type", json_string("BitstringStatusListEntry"));
    build_put(one, "statusPurpose", json_string(award->is_suspended ? "suspension" : "revocation"));
    build_put_text(one, "statusListIndex", index);
    build_put_text(one, "statusListCredential", list);
    build_put(credential, "credentialStatus", json_incref(one));
}

bool credential_build(const struct credential_award *award, json_t **out, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_JSON *made = json_object();
    json_t *issuer = NULL;
    build_put(made, "@context", contexts());
    build_put_text(made, "id",
                   credential_url(&a, award->issuer.base_url, "awards", award->public_id));
    build_put(made, "type", build_types("VerifiableCredential", "OpenBadgeCredential"));
    if (!credential_profile(&award->issuer, false, &issuer, err)) {
        return false;
    }
    build_put(made, "issuer", issuer);
    build_put_time(made, "validFrom", award->valid_from);
    build_put_time(made, "validUntil", award->valid_until);
    build_put_time(made, "awardedDate", award->awarded_at);
    if (!build_put_clean(made, "name", "name", award->badge->name, err) ||
        !subject(made, award, err) || !evidence(made, award, err)) {
        return false;
    }
    build_put(made, "credentialSchema",
              json_pack("[{s:s, s:s}]", "id", CREDENTIAL_SCHEMA_URL, "type",
                        "1EdTechJsonSchemaValidator2019"));
    status(made, award);
    size_t bytes = js_dump(&a, made).len;
    if (bytes > CREDENTIAL_BODY_BYTES_MAX) {
        return err_because(err, ERR_INPUT, "too_long",
                           "the badge's texts make a credential of %zu bytes; %zu are as much as "
                           "programs read, so shorten them",
                           bytes, CREDENTIAL_BODY_BYTES_MAX);
    }
    *out = json_incref(made);
    return true;
}

bool credential_badge_check(const struct model_issuer *issuer, const struct model_badge *badge,
                            struct err *err) {
    json_t *built = NULL;
    struct model_issuer someone = *issuer;
    struct model_badge something = *badge;
    const struct model_share share = {0};
    someone.public_id = SV(NIL_UUID);
    something.public_id = SV(NIL_UUID);
    something.criteria = badge->criteria.len == 0 ? SV("-") : badge->criteria;
    const struct credential_award award = {
        .issuer = {.base_url = SV("https://badges.example"), .issuer = &someone},
        .badge = &something,
        .public_id = SV(NIL_UUID),
        .valid_from = USEC_PER_S,
        .awarded_at = USEC_PER_S,
        .share = &share,
        .status_list = SV(NIL_UUID)};
    if (!credential_build(&award, &built, err)) {
        return false;
    }
    AUTO_JSON *document = built;
    return credential_proof_fits(document, err);
}

bool credential_digest(const json_t *unsigned_credential, unsigned char out[32], struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_JSON *copy = json_copy((json_t *)unsigned_credential);
    struct sv text;
    (void)json_object_del(copy, "validFrom");
    if (!credential_jcs(copy, &a, &text, err)) {
        return false;
    }
    sha256(text.ptr, text.len, out);
    return true;
}
