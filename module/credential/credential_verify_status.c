/* Is the credential revoked or suspended? (W3C Bitstring Status List 1.0, 3.2; VCRL 1.0.) */
#include "credential_status.h"
#include "credential_structure.h"
#include "credential_verify_internal.h"
#include <string.h>

#define ENTRIES_MAX 4
#define MEMBER(v, name) js_sv(json_object_get((v), (name)))

static bool purpose_is(const json_t *purposes, struct sv wanted) {
    size_t i = 0;
    const json_t *one = NULL;
    json_array_foreach(purposes, i, one) {
        if (sv_eq(js_sv(one), wanted)) {
            return true;
        }
    }
    return sv_eq(js_sv(purposes), wanted);
}

static struct credential_check unknown(struct verify *v, const char *why) {
    return verify_say(v, CREDENTIAL_NOT_POSSIBLE, "Whether it was revoked is not known: %s.", why);
}

/* The list credential is the issuer's, in date, and rightly signed. */
static bool list_is_good(struct verify *v, const struct verify_document *list, struct sv url,
                         struct sv issuer, struct credential_check *why) {
    struct credential_check ignored = {0};
    const json_t *c = list->credential;
    if (!credential_has_type(c, "BitstringStatusListCredential") || !sv_eq(MEMBER(c, "id"), url)) {
        *why = unknown(v, "what is at the status list's URL is no status list of that id");
        return false;
    }
    if (!sv_eq(verify_issuer_id(c), issuer)) {
        *why = unknown(v, "the status list is another issuer's");
        return false;
    }
    verify_signature(v, list, why, &ignored);
    if (why->verdict == CREDENTIAL_PASSED) {
        *why = ignored;
    }
    if (why->verdict != CREDENTIAL_PASSED) {
        *why = verify_say(v, CREDENTIAL_NOT_POSSIBLE, "The status list cannot be relied on: %.*s",
                          SV_ARG(why->text));
        return false;
    }
    *why = verify_dates(v, c);
    if (why->verdict != CREDENTIAL_PASSED) {
        *why = unknown(v, "the status list is out of date");
        return false;
    }
    return true;
}

static struct credential_check bit_check(struct verify *v, const json_t *entry,
                                         const json_t *list) {
    struct err err = {0};
    const json_t *subject = json_object_get(list, "credentialSubject");
    const json_t *size = json_object_get(entry, "statusSize");
    struct sv purpose = MEMBER(entry, "statusPurpose");
    int64_t index = 0;
    bool is_set = false;
    if (!credential_has_type(subject, "BitstringStatusList") ||
        !purpose_is(json_object_get(subject, "statusPurpose"), purpose)) {
        return unknown(v, "the status list is for another purpose");
    }
    if (size != NULL && json_number_value(size) != 1) {
        return unknown(v, "the status list has entries of several bits");
    }
    if (!num_parse_i64(MEMBER(entry, "statusListIndex"), 0, INT64_MAX, &index) ||
        !credential_bitstring_get(MEMBER(subject, "encodedList"), index, &is_set, &err)) {
        return unknown(v, err.text[0] != '\0' ? err.text : "its place in the list is no number");
    }
    if (!is_set) {
        return verify_say(v, CREDENTIAL_PASSED, "The issuer's status list does not mark it (%.*s).",
                          SV_ARG(purpose));
    }
    return verify_say(v, CREDENTIAL_FAILED, "The issuer has %s it.",
                      sv_eq(purpose, SV("suspension")) ? "suspended" : "revoked");
}

static struct credential_check bitstring_check(struct verify *v, const json_t *entry,
                                               struct sv issuer) {
    struct err err = {0};
    struct sv body;
    struct credential_check why;
    struct verify_document list = {0};
    struct sv purpose = MEMBER(entry, "statusPurpose");
    struct sv url = MEMBER(entry, "statusListCredential");
    /* ["revocation"] is signed as "revocation" is: what is no text may hide a purpose. */
    if (purpose.len == 0) {
        return unknown(v, "its status entry does not say in one word what it is for");
    }
    if (!sv_eq(purpose, SV("revocation")) && !sv_eq(purpose, SV("suspension"))) {
        return verify_say(v, CREDENTIAL_PASSED,
                          "Its status entry is for %.*s, which is not about being valid.",
                          SV_ARG(sv_clip_utf8(purpose, 50)));
    }
    if (!verify_fetch(v, url, &body, &why)) {
        return why;
    }
    if (!verify_open(v, body, &list, &err)) {
        credential_jwt_release(&list.jwt);
        return unknown(v, "what is at the status list's URL is no credential");
    }
    if (list_is_good(v, &list, url, issuer, &why)) {
        why = bit_check(v, entry, list.credential);
    }
    credential_jwt_release(&list.jwt);
    return why;
}

static struct credential_check revocation_list_check(struct verify *v, const json_t *credential,
                                                     const json_t *entry, struct sv issuer) {
    struct err err = {0};
    struct credential_check why;
    const json_t *list = NULL;
    bool is_revoked = false;
    struct sv reason;
    struct sv url = MEMBER(entry, "id");
    if (!verify_fetch_json(v, url, &list, &why)) {
        return why;
    }
    const struct credential_revocation what = {
        .list = list, .list_id = url, .issuer = issuer, .credential_id = MEMBER(credential, "id")};
    if (!credential_revocation_find(&what, &is_revoked, &reason, &err)) {
        return unknown(v, err.text);
    }
    if (!is_revoked) {
        return verify_say(v, CREDENTIAL_PASSED, "The issuer's revocation list does not name it.");
    }
    return verify_say(v, CREDENTIAL_FAILED, "The issuer has revoked it%s%.*s.",
                      reason.len > 0 ? ": " : "", SV_ARG(sv_clip_utf8(reason, 300)));
}

static struct credential_check entry_check(struct verify *v, const json_t *credential,
                                           const json_t *entry) {
    struct sv issuer = verify_issuer_id(credential);
    if (credential_has_type(entry, "BitstringStatusListEntry")) {
        return bitstring_check(v, entry, issuer);
    }
    if (credential_has_type(entry, "1EdTechRevocationList")) {
        return revocation_list_check(v, credential, entry, issuer);
    }
    return unknown(v, "it names a kind of status that this program does not know");
}

struct credential_check verify_status(struct verify *v, const json_t *credential) {
    const json_t *status = json_object_get(credential, "credentialStatus");
    size_t count = json_is_array(status) ? json_array_size(status) : status != NULL;
    struct credential_check worst = {0};
    if (count == 0) {
        return verify_say(v, CREDENTIAL_PASSED,
                          "It names no status list: its issuer cannot revoke it.");
    }
    if (count > ENTRIES_MAX) {
        return unknown(v, "it has too many status entries");
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_is_array(status) ? json_array_get(status, i) : status;
        struct credential_check one = entry_check(v, credential, entry);
        bool is_worse =
            worst.verdict == CREDENTIAL_NOT_DONE || one.verdict == CREDENTIAL_FAILED ||
            (one.verdict == CREDENTIAL_NOT_POSSIBLE && worst.verdict == CREDENTIAL_PASSED);
        worst = is_worse ? one : worst;
    }
    return worst;
}
