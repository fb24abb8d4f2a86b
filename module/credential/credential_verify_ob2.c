/* Open Badges 2.0 (Specification of 2018, "Verification"): hosted assertions, whose truth is what
 * is at their address now, and signed ones, whose key the issuer's profile lists. */
#include "credential_status.h"
#include "credential_structure.h"
#include "credential_verify_internal.h"

#define MEMBER(v, name) js_sv(json_object_get((v), (name)))

struct badge {
    const json_t *assertion, *class, *issuer;
    bool is_hosted;
};

/* verification, or verify, which the context means the same by (Moodle writes it). */
static const json_t *verification_of(const json_t *object) {
    const json_t *found = json_object_get(object, "verification");
    return found != NULL ? found : json_object_get(object, "verify");
}

/* The objects that the standard wants whole: their required members, all texts. */
static const char *missing(const json_t *object, const char *const *names) {
    for (; *names != NULL; names++) {
        const json_t *v = json_object_get(object, *names);
        if (v == NULL || json_is_null(v)) {
            return *names;
        }
    }
    return NULL;
}

static struct credential_check structure(struct verify *v, const struct badge *b) {
    static const char *const assertion[] = {"id", "recipient", "badge", "issuedOn", NULL};
    static const char *const class[] = {"id",       "name",   "description", "image",
                                        "criteria", "issuer", NULL};
    static const char *const issuer[] = {"id", "name", "url", "email", NULL};
    const json_t *objects[] = {b->assertion, b->class, b->issuer};
    const char *const *names[] = {assertion, class, issuer};
    static const char *const what[] = {"assertion", "badge class", "issuer's profile"};
    for (int i = 0; i < 3; i++) {
        const char *name = missing(objects[i], names[i]);
        if (name != NULL) {
            return verify_say(v, CREDENTIAL_FAILED,
                              "It does not follow the standard: the %s has no %s.", what[i], name);
        }
    }
    if (verification_of(b->assertion) == NULL) {
        return verify_say(v, CREDENTIAL_FAILED,
                          "It does not follow the standard: the assertion has no verification.");
    }
    if (!credential_has_type(b->assertion, "Assertion") ||
        !credential_has_type(b->class, "BadgeClass")) {
        return verify_say(v, CREDENTIAL_FAILED,
                          "It does not follow the standard: it is no Assertion of a BadgeClass.");
    }
    return verify_say(v, CREDENTIAL_PASSED, "Everything the standard asks for is there.");
}

/* What is at a URL, if it says that it is that. */
static bool fetch_named(struct verify *v, struct sv url, const json_t **out,
                        struct credential_check *why) {
    if (!verify_fetch_json(v, url, out, why)) {
        return false;
    }
    if (!sv_eq(MEMBER(*out, "id"), url)) {
        *why = verify_say(v, CREDENTIAL_FAILED, "What is at %.*s has another id.", SV_ARG(url));
        return false;
    }
    return true;
}

/* A member that is a URL or an object with an id: always what is at the URL, since an object in the
 * badge says only what the badge's maker wrote. */
static bool fetch_member(struct verify *v, const json_t *object, const char *name,
                         const json_t **out, struct credential_check *why) {
    const json_t *member = json_object_get(object, name);
    return fetch_named(v, json_is_object(member) ? MEMBER(member, "id") : js_sv(member), out, why);
}

static bool lists(const json_t *list, struct sv wanted) {
    size_t i = 0;
    const json_t *one = NULL;
    json_array_foreach(list, i, one) {
        if (sv_eq(json_is_object(one) ? MEMBER(one, "id") : js_sv(one), wanted)) {
            return true;
        }
    }
    return sv_eq(json_is_object(list) ? MEMBER(list, "id") : js_sv(list), wanted);
}

/* Below the prefix, at the prefix's own host: https://good.example is no beginning of
 * https://good.example.evil.example. */
static bool is_below(struct sv id, struct sv prefix) {
    struct sv origin = verify_origin(prefix);
    return origin.len > 0 && sv_eq_nocase(origin, verify_origin(id)) && sv_starts(id, prefix);
}

static bool starts_with_one(const json_t *prefixes, struct sv id) {
    size_t i = 0;
    const json_t *one = NULL;
    json_array_foreach(prefixes, i, one) {
        if (is_below(id, js_sv(one))) {
            return true;
        }
    }
    return is_below(id, js_sv(prefixes));
}

/* A hosted assertion lies where its issuer says that his badges lie: below startsWith, at one of
 * allowedOrigins, or at the host of his own profile. The badge class lies at that host, too. */
static struct credential_check scope(struct verify *v, const struct badge *b) {
    const json_t *rule = verification_of(b->issuer);
    const json_t *prefixes = json_object_get(rule, "startsWith");
    const json_t *origins = json_object_get(rule, "allowedOrigins");
    struct sv id = MEMBER(b->assertion, "id");
    struct sv issuer = MEMBER(b->issuer, "id");
    struct sv origin = verify_origin(id);
    struct sv host = sv_skip(origin, sv_starts(origin, SV("https://")) ? 8 : 7);
    bool is_home = origin.len > 0 && sv_eq_nocase(origin, verify_origin(issuer));
    bool is_class_home = sv_eq_nocase(verify_origin(MEMBER(b->class, "id")), verify_origin(issuer));
    bool is_fit = prefixes != NULL  ? starts_with_one(prefixes, id)
                  : origins != NULL ? lists(origins, host) || lists(origins, origin)
                                    : is_home;
    return is_fit && is_class_home
               ? verify_say(v, CREDENTIAL_PASSED, "It lies where its issuer %.*s keeps badges.",
                            SV_ARG(issuer))
               : verify_say(v, CREDENTIAL_FAILED,
                            "It does not lie where its issuer %.*s keeps "
                            "badges: anybody can have put it there.",
                            SV_ARG(issuer));
}

static void check_signed(struct verify *v, const struct verify_document *doc, const struct badge *b,
                         struct credential_check *signature, struct credential_check *issuer) {
    struct err err = {0};
    struct jose_proof_key *key = NULL;
    const json_t *document = NULL;
    struct sv creator = MEMBER(verification_of(b->assertion), "creator");
    struct sv issuer_id = MEMBER(b->issuer, "id");
    if (!fetch_named(v, creator, &document, signature)) {
        return;
    }
    bool is_right = jose_proof_key_from_public_pem(MEMBER(document, "publicKeyPem"), &key, &err) &&
                    credential_jwt_verify(&doc->jwt, key, &err);
    jose_proof_key_destroy(key);
    *signature = is_right ? verify_say(v, CREDENTIAL_PASSED,
                                       "The signature is right: nothing was changed since.")
                          : verify_say(v, CREDENTIAL_FAILED, "The check failed: %s.", err.text);
    bool is_his = sv_eq(MEMBER(document, "owner"), issuer_id) &&
                  lists(json_object_get(b->issuer, "publicKey"), creator);
    *issuer = is_his ? verify_say(v, CREDENTIAL_PASSED,
                                  "The key is one that the issuer %.*s lists as its own.",
                                  SV_ARG(issuer_id))
                     : verify_say(v, CREDENTIAL_FAILED,
                                  "The issuer %.*s does not list the key that signed this.",
                                  SV_ARG(issuer_id));
}

static struct credential_check revoked(struct verify *v, struct sv reason) {
    return verify_say(v, CREDENTIAL_FAILED, "The issuer has revoked it%s%.*s.",
                      reason.len > 0 ? ": " : "", SV_ARG(sv_clip_utf8(reason, 300)));
}

static struct credential_check status(struct verify *v, const struct badge *b) {
    struct credential_check why;
    const json_t *list = NULL;
    const json_t *entry = NULL;
    size_t i = 0;
    struct sv id = MEMBER(b->assertion, "id");
    bool has_list = json_object_get(b->issuer, "revocationList") != NULL;
    if (json_is_true(json_object_get(b->assertion, "revoked"))) {
        return revoked(v, MEMBER(b->assertion, "revocationReason"));
    }
    if (b->is_hosted || !has_list) {
        return verify_say(v, CREDENTIAL_PASSED,
                          b->is_hosted
                              ? "Its issuer still shows it."
                              : "It names no revocation list: its issuer cannot revoke it.");
    }
    if (!fetch_member(v, b->issuer, "revocationList", &list, &why)) {
        return why;
    }
    json_array_foreach(json_object_get(list, "revokedAssertions"), i, entry) {
        if (sv_eq(json_is_object(entry) ? MEMBER(entry, "id") : js_sv(entry), id)) {
            return revoked(v, MEMBER(entry, "revocationReason"));
        }
    }
    return verify_say(v, CREDENTIAL_PASSED, "The issuer's revocation list does not name it.");
}

static struct credential_check dates(struct verify *v, const json_t *assertion) {
    usec_t issued = 0;
    usec_t until = 0;
    const json_t *expires = json_object_get(assertion, "expires");
    if (!rfc3339_parse(MEMBER(assertion, "issuedOn"), &issued) ||
        (expires != NULL && !rfc3339_parse(js_sv(expires), &until))) {
        return verify_say(v, CREDENTIAL_FAILED, "Its dates cannot be read.");
    }
    if (issued > v->in->now + VERIFY_SKEW) {
        return verify_say(v, CREDENTIAL_FAILED, "It is dated in the future.");
    }
    return expires != NULL && until <= v->in->now
               ? verify_say(v, CREDENTIAL_FAILED, "It expired on %.*s.",
                            SV_ARG(verify_moment(v, js_sv(expires))))
               : verify_say(v, CREDENTIAL_PASSED, "It was issued on %.*s%s.",
                            SV_ARG(verify_moment(v, MEMBER(assertion, "issuedOn"))),
                            expires != NULL ? " and has not expired" : "");
}

static struct credential_check recipient(struct verify *v, const json_t *assertion) {
    const json_t *who = json_object_get(assertion, "recipient");
    enum credential_match match = CREDENTIAL_MATCH_UNKNOWN;
    if (sv_eq(MEMBER(who, "type"), SV("email"))) {
        match =
            credential_identity_match(v->in->email, MEMBER(who, "identity"), MEMBER(who, "salt"),
                                      json_is_true(json_object_get(who, "hashed")));
    }
    return match == CREDENTIAL_MATCH_YES
               ? verify_say(v, CREDENTIAL_PASSED, "It was awarded to that address.")
           : match == CREDENTIAL_MATCH_NO
               ? verify_say(v, CREDENTIAL_FAILED, "It was awarded to another address.")
               : verify_say(v, CREDENTIAL_NOT_POSSIBLE,
                            "It does not say to which e-mail address it was awarded.");
}

void verify_open_badge_2(struct verify *v, const struct verify_document *doc) {
    struct credential_check *checks = v->report->checks;
    struct credential_check *origin = &checks[CREDENTIAL_CHECK_SIGNATURE];
    struct badge b = {.assertion = doc->credential, .is_hosted = !doc->is_jwt};
    /* What is at a hosted badge's address counts, not what was handed in. */
    if ((b.is_hosted && !fetch_named(v, MEMBER(doc->credential, "id"), &b.assertion, origin)) ||
        !fetch_member(v, b.assertion, "badge", &b.class, origin) ||
        !fetch_member(v, b.class, "issuer", &b.issuer, origin)) {
        return;
    }
    verify_describe(v, MEMBER(b.class, "name"), b.issuer, b.assertion);
    checks[CREDENTIAL_CHECK_STRUCTURE] = structure(v, &b);
    if (b.is_hosted) {
        *origin = verify_say(v, CREDENTIAL_PASSED, "It is what its address shows.");
        checks[CREDENTIAL_CHECK_ISSUER] = scope(v, &b);
    } else {
        check_signed(v, doc, &b, origin, &checks[CREDENTIAL_CHECK_ISSUER]);
    }
    checks[CREDENTIAL_CHECK_DATES] = dates(v, b.assertion);
    checks[CREDENTIAL_CHECK_STATUS] = status(v, &b);
    if (v->in->email.len > 0) {
        checks[CREDENTIAL_CHECK_RECIPIENT] = recipient(v, b.assertion);
    }
}
