#include "credential_verify.h"
#include "credential_json.h"
#include "credential_proof.h"
#include "credential_status.h"
#include "credential_structure.h"
#include "credential_terms.h"
#include "credential_unbake.h"
#include "credential_verify_internal.h"
#include <string.h>

#define MEMBER(v, name) js_sv(json_object_get((v), (name)))

const char *credential_check_name(enum credential_check_kind kind) {
    static const char *const names[CREDENTIAL_CHECK_COUNT] = {
        "format", "version", "structure", "signature", "issuer", "dates", "status", "recipient"};
    return names[kind];
}

const char *credential_verdict_name(enum credential_verdict verdict) {
    static const char *const names[] = {"not_done", "passed", "failed", "not_possible"};
    return names[verdict];
}

struct sv verify_issuer_id(const json_t *credential) {
    const json_t *issuer = json_object_get(credential, "issuer");
    return json_is_object(issuer) ? MEMBER(issuer, "id") : js_sv(issuer);
}

/* What a token consists of (RFC 7515 7.1): people also paste half an address, or a sentence. */
static bool is_token_text(struct sv text) {
    size_t dots = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool is_base64url = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '_';
        dots += c == '.';
        if (!is_base64url && c != '.') {
            return false;
        }
    }
    return dots == 2;
}

bool verify_open(struct verify *v, struct sv text, struct verify_document *out, struct err *err) {
    json_t *parsed = NULL;
    text = sv_trim(text);
    *out = (struct verify_document){.is_jwt = text.len > 0 && text.ptr[0] != '{'};
    if (out->is_jwt && !is_token_text(text)) {
        return err_because(err, ERR_INPUT, "text",
                           "it is neither JSON nor a signed token, nor an address that begins with "
                           "https://");
    }
    if (out->is_jwt) {
        bool is_read = credential_jwt_parse(text, v->arena, &out->jwt, err);
        out->credential = out->jwt.payload;
        return is_read;
    }
    if (!credential_json_parse(text, "the credential", &parsed, err)) {
        return false;
    }
    (void)json_array_append_new(v->kept, parsed);
    out->credential = parsed;
    return true;
}

/* The first embedded proof of a kind that is known; *other is how another is made, empty when there
 * is none at all. */
static const json_t *proof_of(const json_t *credential, struct sv *other) {
    const json_t *proof = json_object_get(credential, "proof");
    size_t count = json_is_array(proof) ? json_array_size(proof) : proof != NULL;
    for (size_t i = 0; i < count; i++) {
        const json_t *one = json_is_array(proof) ? json_array_get(proof, i) : proof;
        struct sv suite = MEMBER(one, "cryptosuite");
        struct sv type = MEMBER(one, "type");
        if (sv_eq(type, SV("DataIntegrityProof")) &&
            (sv_eq(suite, SV("eddsa-rdfc-2022")) || sv_eq(suite, SV("eddsa-jcs-2022")))) {
            return one;
        }
        *other = suite.len > 0 ? suite : type.len > 0 ? type : SV("a proof without a type");
    }
    return NULL;
}

/* A key's name may be a fragment of the issuer's DID document only. */
static struct sv method_of(struct verify *v, struct sv issuer_id, struct sv written) {
    return sv_starts(written, SV("#")) && sv_starts(issuer_id, SV("did:"))
               ? sv_printf(v->arena, "%.*s%.*s", SV_ARG(issuer_id), SV_ARG(written))
               : written;
}

/* `expires` of a proof, and a `created` that is still to come. */
static bool proof_is_in_time(struct verify *v, const json_t *proof) {
    usec_t t = 0;
    const json_t *created = json_object_get(proof, "created");
    const json_t *expires = json_object_get(proof, "expires");
    return (created == NULL ||
            (rfc3339_parse(js_sv(created), &t) && t <= v->in->now + VERIFY_SKEW)) &&
           (expires == NULL || (rfc3339_parse(js_sv(expires), &t) && t > v->in->now));
}

/* A judgement that failed because of what was changed, or that could not be made. */
static struct credential_check judged(struct verify *v, bool is_right, const struct err *err) {
    if (is_right) {
        return verify_say(v, CREDENTIAL_PASSED,
                          "The signature is right: nothing was changed since.");
    }
    bool is_unknown = strcmp(err->reason, "proof") == 0 || strcmp(err->reason, "context") == 0 ||
                      strcmp(err->reason, "term") == 0 || strcmp(err->reason, "value") == 0 ||
                      strcmp(err->reason, "too_hard") == 0 || strcmp(err->reason, "too_large") == 0;
    return verify_say(v, is_unknown ? CREDENTIAL_NOT_POSSIBLE : CREDENTIAL_FAILED,
                      is_unknown ? "The signature cannot be checked: %s." : "The check failed: %s.",
                      err->text);
}

static struct credential_check jwt_judge(struct verify *v, const struct verify_document *doc,
                                         const struct jose_proof_key *key) {
    struct err err = {0};
    bool is_right =
        credential_jwt_verify(&doc->jwt, key, &err) && credential_jwt_claims(doc->credential, &err);
    return judged(v, is_right, &err);
}

static struct credential_check proof_judge(struct verify *v, const struct verify_document *doc,
                                           const json_t *proof, const struct jose_proof_key *key) {
    struct err err = {0};
    bool is_right = credential_proof_verify(doc->credential, proof, key, &err);
    if (is_right && !proof_is_in_time(v, proof)) {
        return verify_say(v, CREDENTIAL_FAILED,
                          "The signature has expired, or is from the future.");
    }
    return judged(v, is_right, &err);
}

void verify_signature(struct verify *v, const struct verify_document *doc,
                      struct credential_check *signature, struct credential_check *issuer) {
    struct sv other = {0};
    struct verify_key found = {0};
    const json_t *proof = doc->is_jwt ? NULL : proof_of(doc->credential, &other);
    struct verify_key_query query = {.issuer_id = verify_issuer_id(doc->credential)};
    *issuer = (struct credential_check){0};
    if (!doc->is_jwt && proof == NULL) {
        *signature =
            other.len > 0
                ? verify_say(v, CREDENTIAL_NOT_POSSIBLE,
                             "It is signed in a way that this program does not check: %.*s "
                             "(eddsa-rdfc-2022, eddsa-jcs-2022 and tokens are checked).",
                             SV_ARG(sv_clip_utf8(other, 100)))
                : verify_say(v, CREDENTIAL_FAILED, "It is not signed: anybody can have made it.");
        return;
    }
    query.method = method_of(v, query.issuer_id,
                             doc->is_jwt ? doc->jwt.kid : MEMBER(proof, "verificationMethod"));
    query.jwk = doc->is_jwt ? json_object_get(doc->jwt.header, "jwk") : NULL;
    if (query.method.len == 0 && query.jwk == NULL) {
        *signature = verify_say(v, CREDENTIAL_FAILED, "The signature does not say with which key.");
        return;
    }
    verify_key_find(v, &query, &found);
    *signature = found.signature;
    *issuer = found.issuer;
    if (found.key != NULL) {
        *signature =
            doc->is_jwt ? jwt_judge(v, doc, found.key) : proof_judge(v, doc, proof, found.key);
        jose_proof_key_destroy(found.key);
    }
}

struct credential_check verify_dates(struct verify *v, const json_t *credential) {
    usec_t from = 0;
    usec_t until = 0;
    const json_t *end = json_object_get(credential, "validUntil");
    struct sv from_text = MEMBER(credential, "validFrom");
    if (!rfc3339_parse(from_text, &from) || (end != NULL && !rfc3339_parse(js_sv(end), &until))) {
        return verify_say(v, CREDENTIAL_FAILED, "Its dates cannot be read.");
    }
    if (from > v->in->now + VERIFY_SKEW) {
        return verify_say(v, CREDENTIAL_FAILED, "It is not valid before %.*s.",
                          SV_ARG(verify_moment(v, from_text)));
    }
    if (end != NULL && until <= v->in->now) {
        return verify_say(v, CREDENTIAL_FAILED, "It expired on %.*s.",
                          SV_ARG(verify_moment(v, js_sv(end))));
    }
    return end != NULL
               ? verify_say(v, CREDENTIAL_PASSED, "It is valid from %.*s to %.*s.",
                            SV_ARG(verify_moment(v, from_text)),
                            SV_ARG(verify_moment(v, js_sv(end))))
               : verify_say(v, CREDENTIAL_PASSED, "It is valid since %.*s and does not expire.",
                            SV_ARG(verify_moment(v, from_text)));
}

struct credential_check verify_recipient(struct verify *v, const json_t *credential) {
    const json_t *subject = json_object_get(credential, "credentialSubject");
    const json_t *ids = json_object_get(subject, "identifier");
    size_t count = json_is_array(ids) ? json_array_size(ids) : ids != NULL;
    enum credential_match match = CREDENTIAL_MATCH_UNKNOWN;
    for (size_t i = 0; i < count && match != CREDENTIAL_MATCH_YES; i++) {
        const json_t *one = json_is_array(ids) ? json_array_get(ids, i) : ids;
        if (sv_eq(MEMBER(one, "identityType"), SV("emailAddress"))) {
            enum credential_match this_one = credential_identity_match(
                v->in->email, MEMBER(one, "identityHash"), MEMBER(one, "salt"),
                json_is_true(json_object_get(one, "hashed")));
            match = this_one != CREDENTIAL_MATCH_UNKNOWN ? this_one : match;
        }
    }
    switch (match) {
    case CREDENTIAL_MATCH_YES:
        return verify_say(v, CREDENTIAL_PASSED, "It was awarded to that address.");
    case CREDENTIAL_MATCH_NO:
        return verify_say(v, CREDENTIAL_FAILED, "It was awarded to another address.");
    case CREDENTIAL_MATCH_UNKNOWN:
        break;
    }
    return verify_say(v, CREDENTIAL_NOT_POSSIBLE,
                      "It does not say to which e-mail address it was "
                      "awarded.");
}

static bool context_holds(const json_t *credential, const char *start) {
    const json_t *context = json_object_get(credential, "@context");
    size_t i = 0;
    const json_t *one = NULL;
    json_array_foreach(context, i, one) {
        if (sv_starts(js_sv(one), sv_from(start))) {
            return true;
        }
    }
    return sv_starts(js_sv(context), sv_from(start));
}

static bool is_open_badge_2(const json_t *credential) {
    return context_holds(credential, "https://w3id.org/openbadges/v2");
}

/* Open Badges 0.5 to 1.1, which had no contexts at first. */
static bool is_open_badge_1(const json_t *credential) {
    return context_holds(credential, "https://w3id.org/openbadges/v1") ||
           (json_object_get(credential, "@context") == NULL &&
            json_object_get(credential, "recipient") != NULL &&
            json_object_get(credential, "badge") != NULL);
}

static struct credential_check version_check(struct verify *v, const struct verify_document *doc) {
    if (context_holds(doc->credential, CREDENTIAL_CONTEXT_VC_URL)) {
        return verify_say(v, CREDENTIAL_PASSED, "It is an Open Badges 3.0 credential.");
    }
    if (is_open_badge_2(doc->credential)) {
        return verify_say(v, CREDENTIAL_PASSED, "It is an Open Badges 2.0 badge, %s.",
                          doc->is_jwt ? "signed" : "hosted");
    }
    if (context_holds(doc->credential, "https://www.w3.org/2018/credentials/v1") ||
        is_open_badge_1(doc->credential) || json_object_get(doc->credential, "vc") != NULL) {
        return verify_say(v, CREDENTIAL_NOT_POSSIBLE,
                          "It follows an older standard; this program verifies Open Badges 2.0, "
                          "and 3.0 with data model 2.0.");
    }
    return verify_say(v, CREDENTIAL_FAILED, "It is no Open Badge.");
}

/* The first of these members that is there: 3.0 and 2.0 name dates otherwise. */
static struct sv first_of(const json_t *credential, const char *const *names) {
    for (; *names != NULL; names++) {
        if (MEMBER(credential, *names).len > 0) {
            return MEMBER(credential, *names);
        }
    }
    return sv_of(NULL, 0);
}

void verify_describe(struct verify *v, struct sv name, const json_t *issuer,
                     const json_t *credential) {
    struct credential_report *r = v->report;
    r->name = verify_plain(v->arena, name);
    r->issuer_name = verify_plain(v->arena, MEMBER(issuer, "name"));
    r->issuer_id =
        verify_plain(v->arena, json_is_object(issuer) ? MEMBER(issuer, "id") : js_sv(issuer));
    r->credential_id = verify_plain(v->arena, MEMBER(credential, "id"));
    r->awarded = verify_plain(
        v->arena,
        first_of(credential, (const char *[]){"awardedDate", "issuedOn", "validFrom", NULL}));
    r->valid_from = verify_plain(
        v->arena, first_of(credential, (const char *[]){"validFrom", "issuedOn", NULL}));
    r->valid_until = verify_plain(
        v->arena, first_of(credential, (const char *[]){"validUntil", "expires", NULL}));
}

static void describe(struct verify *v, const json_t *credential) {
    const json_t *subject = json_object_get(credential, "credentialSubject");
    struct sv achievement = MEMBER(json_object_get(subject, "achievement"), "name");
    verify_describe(v, achievement.len > 0 ? achievement : MEMBER(credential, "name"),
                    json_object_get(credential, "issuer"), credential);
}

static void check_all(struct verify *v, const struct verify_document *doc) {
    struct err err = {0};
    struct credential_check *checks = v->report->checks;
    describe(v, doc->credential);
    checks[CREDENTIAL_CHECK_VERSION] = version_check(v, doc);
    if (checks[CREDENTIAL_CHECK_VERSION].verdict != CREDENTIAL_PASSED) {
        return;
    }
    if (is_open_badge_2(doc->credential) &&
        !context_holds(doc->credential, CREDENTIAL_CONTEXT_VC_URL)) {
        verify_open_badge_2(v, doc);
        return;
    }
    checks[CREDENTIAL_CHECK_STRUCTURE] =
        credential_structure_check(doc->credential, &err)
            ? verify_say(v, CREDENTIAL_PASSED, "Everything the standard asks for is there.")
            : verify_say(v, CREDENTIAL_FAILED, "It does not follow the standard: %s.", err.text);
    verify_signature(v, doc, &checks[CREDENTIAL_CHECK_SIGNATURE], &checks[CREDENTIAL_CHECK_ISSUER]);
    checks[CREDENTIAL_CHECK_DATES] = verify_dates(v, doc->credential);
    checks[CREDENTIAL_CHECK_STATUS] = verify_status(v, doc->credential);
    if (v->in->email.len > 0) {
        checks[CREDENTIAL_CHECK_RECIPIENT] = verify_recipient(v, doc->credential);
    }
}

static bool all_passed(const struct verify *v) {
    for (int i = 0; i < CREDENTIAL_CHECK_COUNT; i++) {
        bool is_asked = i != CREDENTIAL_CHECK_RECIPIENT || v->in->email.len > 0;
        if (is_asked && v->report->checks[i].verdict != CREDENTIAL_PASSED) {
            return false;
        }
    }
    return true;
}

/* A URL stands for what is there: as the whole input, or in an image of Open Badges 2.0. */
static bool follow(struct verify *v, struct sv *text) {
    struct sv url = sv_trim(*text);
    bool is_url = sv_starts(url, SV("https://")) || sv_starts(url, SV("http://"));
    return !is_url || verify_fetch(v, url, text, &v->report->checks[CREDENTIAL_CHECK_FORMAT]);
}

static bool text_of(struct verify *v, struct credential_unbaked *out) {
    struct err err = {0};
    struct sv bytes = v->in->bytes;
    if (!follow(v, &bytes)) {
        return false;
    }
    if (!credential_unbake(bytes, v->arena, out, &err)) {
        v->report->checks[CREDENTIAL_CHECK_FORMAT] =
            verify_say(v, CREDENTIAL_FAILED, "It cannot be read: %s.", err.text);
        return false;
    }
    return out->carrier == CREDENTIAL_CARRIER_TEXT || follow(v, &out->text);
}

void credential_verify(const struct credential_verify_input *in, struct arena *a,
                       struct credential_report *out) {
    static const char *const carriers[] = {"", ", in a PNG", ", in an SVG"};
    struct err err = {0};
    AUTO_JSON *kept = json_array();
    struct verify v = {.in = in, .arena = a, .report = out, .kept = kept};
    struct credential_unbaked unbaked;
    struct verify_document doc = {0};
    *out = (struct credential_report){0};
    if (!text_of(&v, &unbaked)) {
        return;
    }
    bool is_open = verify_open(&v, unbaked.text, &doc, &err);
    out->checks[CREDENTIAL_CHECK_FORMAT] =
        is_open ? verify_say(&v, CREDENTIAL_PASSED, "It is %s%s.",
                             doc.is_jwt ? "a signed token" : "JSON", carriers[unbaked.carrier])
                : verify_say(&v, CREDENTIAL_FAILED, "It cannot be read: %s.", err.text);
    if (is_open) {
        check_all(&v, &doc);
        out->is_valid = all_passed(&v);
    }
    credential_jwt_release(&doc.jwt);
}

void credential_verify_with(const struct credential_verify_input *in,
                            const struct credential_fetcher *fetcher, struct arena *a,
                            struct credential_report *out) {
    struct credential_source sources[CREDENTIAL_FETCHES_MAX] = {0};
    struct credential_verify_input round = *in;
    round.sources = sources;
    credential_verify(&round, a, out);
    while (out->next_url.len > 0 && round.source_count < CREDENTIAL_FETCHES_MAX) {
        struct credential_source *source = &sources[round.source_count++];
        source->url = out->next_url;
        fetcher->fetch(fetcher->ctx, source, a);
        credential_verify(&round, a, out);
    }
}
