#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_encode.h"
#include "credential_build.h"
#include "credential_proof.h"
#include "credential_status.h"
#include "credential_structure.h"
#include "support_credential.h"
#include <string.h>

#define BASE "https://badges.example.edu"
#define ISSUER "0195e0c2-7c3f-7d3a-9d1e-000000000001"
#define BADGE "0195e0c2-7c3f-7d3a-9d1e-000000000002"
#define AWARD "0195e0c2-7c3f-7d3a-9d1e-000000000003"
#define LIST "0195e0c2-7c3f-7d3a-9d1e-000000000004"
#define DID "did:web:badges.example.edu:issuers:" ISSUER
#define T0 (INT64_C(1709283600) * USEC_PER_S) /* 2024-03-01T09:00:00Z */

static const struct model_issuer north = {.public_id = {ISSUER, 36},
                                          .key = {"north", 5},
                                          .name = {"North College", 13},
                                          .url = {"https://north.example", 21},
                                          .email = {"b@north.example", 15},
                                          .description = {"A college.", 10},
                                          .image = {"https://north.example/i.png", 27}};
static const struct model_share nothing;

static struct model_badge lion(void) {
    return (struct model_badge){.public_id = SV(BADGE),
                                .name = SV("Lion taming"),
                                .description = SV("Can tame a lion."),
                                .criteria = SV("Tame one."),
                                .image_alt = SV("A lion"),
                                .achievement_type = SV("Badge"),
                                .tags = {SV("lions"), SV("zoo"), SV("lions")},
                                .tag_count = 3,
                                .alignments = {{.name = SV("L"), .url = SV("https://f.example/l")},
                                               {.name = SV("L"), .url = SV("https://f.example/l")}},
                                .alignment_count = 2};
}

static struct credential_award award_of(const struct model_badge *badge) {
    return (struct credential_award){.issuer = {.base_url = SV(BASE), .issuer = &north},
                                     .badge = badge,
                                     .public_id = SV(AWARD),
                                     .valid_from = T0 + 999999,
                                     .awarded_at = T0,
                                     .valid_until = T0 + 86400 * USEC_PER_S,
                                     .share = &nothing,
                                     .status_list = SV(LIST),
                                     .status_index = 94567};
}

static json_t *build_good(const struct credential_award *award) {
    struct err err = {0};
    json_t *made = NULL;
    if (!credential_build(award, &made, &err)) {
        fail_msg("%s", err.text);
    }
    /* the members of the standard, and terms of the contexts only */
    if (!credential_structure_check(made, &err) || !credential_proof_fits(made, &err)) {
        fail_msg("%s", err.text);
    }
    return made;
}

static void credential_build__gives_every_part_its_place(void **state) {
    (void)state;
    const struct model_badge badge = lion();
    const struct credential_award award = award_of(&badge);
    AUTO_JSON *c = build_good(&award);
    static const char *const want[][2] = {
        {"id", BASE "/awards/" AWARD},
        {"issuer/id", DID},
        {"issuer/name", "North College"},
        {"issuer/description", "A college."},
        {"issuer/image/id", "https://north.example/i.png"},
        {"validFrom", "2024-03-01T09:00:00Z"},
        {"awardedDate", "2024-03-01T09:00:00Z"},
        {"validUntil", "2024-03-02T09:00:00Z"},
        {"credentialSubject/achievement/id", BASE "/badges/" BADGE},
        {"credentialSubject/achievement/criteria/narrative", "Tame one."},
        {"credentialSubject/achievement/image/caption", "A lion"},
        {"credentialStatus/statusListIndex", "94567"},
        {"credentialStatus/statusPurpose", "revocation"},
        {"credentialStatus/statusListCredential", BASE "/status/" LIST},
        {"credentialSchema/0/type", "1EdTechJsonSchemaValidator2019"}};
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        assert_sv_equal(vector_text(c, want[i][0]), sv_from(want[i][1]));
    }
    /* sets hold each member once: RDF forgets doubles, and other programs warn of them */
    assert_int_equal(json_array_size(vector_at(c, "credentialSubject/achievement/tag")), 2);
    assert_int_equal(json_array_size(vector_at(c, "credentialSubject/achievement/alignment")), 1);
    assert_null(json_object_get(c, "evidence"));
}

static void credential_build__names_the_learner_as_they_choose(void **state) {
    (void)state;
    struct err err = {0};
    AUTO_ARENA a = {0};
    const struct model_badge badge = lion();
    struct credential_award award = award_of(&badge);
    /* the vector of Open Badges 3.0, B.1.13 */
    struct sv hash = credential_identity_hash(&a, SV("a@example.com"), SV("Kosher"));
    assert_sv_equal(hash,
                    SV("sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399"));
    const struct model_share email = {
        .identity = MODEL_IDENTITY_EMAIL, .identity_hash = hash, .salt = SV("Kosher")};
    award.share = &email;
    AUTO_JSON *by_email = build_good(&award);
    assert_sv_equal(vector_text(by_email, "credentialSubject/identifier/0/identityType"),
                    SV("emailAddress"));
    assert_sv_equal(vector_text(by_email, "credentialSubject/identifier/0/salt"), SV("Kosher"));
    assert_true(json_is_true(vector_at(by_email, "credentialSubject/identifier/0/hashed")));
    const struct model_share account = {.identity = MODEL_IDENTITY_LTI,
                                        .identity_hash = hash,
                                        .salt = SV("Kosher"),
                                        .platform = SV("https://lms.example")};
    award.share = &account;
    AUTO_JSON *by_account = build_good(&award);
    assert_sv_equal(vector_text(by_account, "credentialSubject/identifier/1/identityHash"),
                    SV("https://lms.example"));
    /* nobody is named twice in the same way: what says nothing is another for another award */
    award.share = &nothing;
    AUTO_JSON *one = build_good(&award);
    AUTO_JSON *again = build_good(&award);
    award.public_id = SV(BADGE);
    AUTO_JSON *other = build_good(&award);
    struct sv id = vector_text(one, "credentialSubject/id");
    assert_true(sv_starts(id, SV("urn:uuid:")) && uuid_is_valid(sv_skip(id, 9)));
    assert_sv_equal(vector_text(again, "credentialSubject/id"), id);
    assert_false(sv_eq(vector_text(other, "credentialSubject/id"), id));
    assert_null(json_object_get(vector_at(one, "credentialSubject"), "identifier"));
    const struct model_share wallet = {
        .identity = MODEL_IDENTITY_DID,
        .did = SV("did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd")};
    award.share = &wallet;
    AUTO_JSON *held = build_good(&award);
    assert_sv_equal(vector_text(held, "credentialSubject/id"), wallet.did);
    const struct model_share forged = {.identity = MODEL_IDENTITY_DID, .did = SV("did:key:z6Mk")};
    award.share = &forged;
    json_t *none = NULL;
    assert_false(credential_build(&award, &none, &err));
    assert_string_equal(err.reason, "did");
}

static void credential_build__shows_results_and_evidence_it_is_given(void **state) {
    (void)state;
    const struct model_badge badge = lion();
    struct credential_award award = award_of(&badge);
    const struct credential_result results[] = {
        {.name = SV("Quiz"),
         .type = SV("Percent"),
         .value = SV("92"),
         .required = SV("80"),
         .maximum = SV("100")},
        {.name = SV("Lab"), .type = SV("Status"), .status = SV("Completed")}};
    const struct credential_evidence evidence[] = {
        {.name = SV("Seen it"), .narrative = SV("On\r\nFriday\tnoon")}};
    award.results = results;
    award.result_count = 2;
    award.evidence = evidence;
    award.evidence_count = 1;
    award.is_suspended = true;
    AUTO_JSON *c = build_good(&award);
    for (int i = 0; i < 2; i++) {
        char reached[64];
        char described[96];
        (void)snprintf(reached, sizeof reached, "credentialSubject/result/%d/resultDescription", i);
        (void)snprintf(described, sizeof described,
                       "credentialSubject/achievement/resultDescription/%d/id", i);
        assert_sv_equal(vector_text(c, reached), vector_text(c, described));
    }
    assert_sv_equal(vector_text(c, "credentialSubject/result/0/value"), SV("92"));
    assert_sv_equal(vector_text(c, "credentialSubject/result/1/status"), SV("Completed"));
    assert_sv_equal(vector_text(c, "evidence/0/narrative"), SV("On\nFriday noon"));
    assert_sv_equal(vector_text(c, "evidence/0/id"), SV(BASE "/awards/" AWARD "#evidence-1"));
    assert_sv_equal(vector_text(c, "credentialStatus/statusPurpose"), SV("suspension"));
}

static void credential_text_clean__refuses_what_cannot_be_signed(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    char *large = arena_alloc(&a, 65536);
    memset(large, 'x', 65536);
    const struct {
        struct sv text;
        const char *words;
    } rows[] = {{SV("a\x01"), "U+0001"},
                {SV("a\x0b"), "U+000B"},
                {SV("a\x1f"), "U+001F"},
                {SV("a\x7f"), "U+007F"},
                {SV("a\0b"), "UTF-8"},
                {SV("\xed\xa0\xbd"), "UTF-8"}, /* U+D83D, half a pair */
                {SV("\xff"), "UTF-8"},
                {{large, 65536}, "65536 bytes"},
                {{large, CREDENTIAL_TEXT_BYTES_MAX + 1}, "bytes"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};
        struct sv out;
        if (credential_text_clean(&a, "name", rows[i].text, &out, &err) ||
            strstr(err.text, rows[i].words) == NULL || strstr(err.text, "name") == NULL) {
            fail_msg("row %zu: %s", i, err.text);
        }
        assert_int_equal(err.code, ERR_INPUT);
    }
    struct err err = {0};
    struct sv out;
    assert_true(
        credential_text_clean(&a, "name", SV("a\r\nb\rc\td\n\xf0\x9f\xa6\x81"), &out, &err));
    assert_sv_equal(out, SV("a\nb\nc d\n\xf0\x9f\xa6\x81"));
    /* The first and last of each kind of noncharacter, and what stands beside them. */
    assert_true(credential_text_clean(
        &a, "n",
        SV("\xef\xb7\x90\xef\xb7\xaf\xef\xbf\xbe\xef\xbf\xbf\xf0\x9f\xbf\xbe\xf4\x8f\xbf\xbf"),
        &out, &err));
    assert_sv_equal(out, SV("\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd"));
    struct sv beside = SV("\xef\xb7\x8f\xef\xb7\xb0\xef\xbf\xbc\xef\xbf\xbd\xf0\x9f\xbf\xbd\xf0\x9e"
                          "\xbf\xbe\xee\xbf\xbf");
    assert_true(credential_text_clean(&a, "n", beside, &out, &err));
    assert_sv_equal(out, beside);
    assert_true(
        credential_text_clean(&a, "n", sv_of(large, CREDENTIAL_TEXT_BYTES_MAX), &out, &err));
}

static void credential_badge_check__refuses_what_others_could_not_verify(void **state) {
    (void)state;
    struct err err = {0};
    struct model_badge badge = lion();
    assert_true(credential_badge_check(&north, &badge, &err));
    badge.tags[0] = SV("\xf0\x9f\xa6\x81"); /* U+1F981 */
    badge.tags[1] = SV("\xef\xbc\xa1");     /* U+FF21: before it by code points only */
    assert_false(credential_badge_check(&north, &badge, &err));
    assert_string_equal(err.reason, "order");
    /* too much of everything, at bounded cost */
    AUTO_ARENA a = {0};
    char *large = arena_alloc(&a, CREDENTIAL_TEXT_BYTES_MAX);
    memset(large, 'x', CREDENTIAL_TEXT_BYTES_MAX);
    badge = lion();
    badge.tag_count = MODEL_TAGS_MAX;
    for (size_t i = 0; i < MODEL_TAGS_MAX; i++) {
        badge.tags[i] = sv_of(large, CREDENTIAL_TEXT_BYTES_MAX - i);
    }
    err = (struct err){0};
    assert_false(credential_badge_check(&north, &badge, &err));
    assert_string_equal(err.reason, "too_long");
    struct model_issuer bad = north;
    bad.image = SV("https://north.example/a b.png");
    badge = lion();
    err = (struct err){0};
    assert_false(credential_badge_check(&bad, &badge, &err));
    assert_non_null(strstr(err.text, "issuer.image"));
}

static void credential_digest__changes_with_everything_but_valid_from(void **state) {
    (void)state;
    struct err err = {0};
    unsigned char first[32];
    unsigned char second[32];
    struct model_badge badge = lion();
    struct credential_award award = award_of(&badge);
    AUTO_JSON *one = build_good(&award);
    award.valid_from += 86400 * USEC_PER_S;
    AUTO_JSON *later = build_good(&award);
    badge.description = SV("Can tame lions.");
    AUTO_JSON *other = build_good(&award);
    assert_true(credential_digest(one, first, &err) && credential_digest(later, second, &err));
    assert_memory_equal(first, second, 32);
    assert_true(credential_digest(other, second, &err));
    assert_memory_not_equal(first, second, 32);
}

static void credential_did__spells_hosts_ports_and_paths(void **state) {
    (void)state;
    static const struct {
        const char *base, *did;
    } rows[] = {{"https://badges.example.edu", "did:web:badges.example.edu:issuers:i"},
                {"https://h.example:8443", "did:web:h.example%3A8443:issuers:i"},
                {"http://127.0.0.1:8080", "did:web:127.0.0.1%3A8080:issuers:i"},
                {"https://h.example/laurel", "did:web:h.example:laurel:issuers:i"},
                {"http://h.example", NULL},
                {"https://[::1]", NULL},
                {"h.example", NULL}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct sv did;
        bool is_ok = credential_did(&a, sv_from(rows[i].base), SV("i"), &did, &err);
        if (is_ok != (rows[i].did != NULL) || (is_ok && !sv_eq(did, sv_from(rows[i].did)))) {
            fail_msg("%s: %s", rows[i].base, is_ok ? sv_c(&a, did) : err.text);
        }
    }
}

static void credential_did_document__lists_every_key_that_ever_signed(void **state) {
    (void)state;
    struct err err = {0};
    AUTO_JOSE_PROOF_KEY *key = vector_ed25519();
    AUTO_JSON *ed = jose_proof_key_jwk(key);
    AUTO_JSON *rsa = json_pack("{s:s, s:s, s:s}", "kty", "RSA", "n", "AQAB", "e", "AQAB");
    const struct credential_key keys[] = {{.public_id = SV(BADGE), .jwk = ed, .is_proof_key = true},
                                          {.public_id = SV(AWARD), .jwk = rsa}};
    const struct credential_issuer of = {.base_url = SV(BASE), .issuer = &north};
    json_t *made = NULL;
    assert_true(credential_did_document(&of, keys, 2, &made, &err));
    AUTO_JSON *document = made;
    assert_sv_equal(vector_text(document, "id"), SV(DID));
    assert_sv_equal(vector_text(document, "verificationMethod/0/id"), SV(DID "#" BADGE));
    assert_sv_equal(vector_text(document, "verificationMethod/0/controller"), SV(DID));
    assert_sv_equal(vector_text(document, "verificationMethod/0/publicKeyMultibase"),
                    SV("z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd"));
    assert_sv_equal(vector_text(document, "verificationMethod/1/publicKeyJwk/kid"),
                    SV(BASE "/keys/" AWARD));
    assert_sv_equal(vector_text(document, "assertionMethod/0"), SV(DID "#" BADGE));
    assert_sv_equal(vector_text(document, "assertionMethod/1"), SV(DID "#" AWARD));
    AUTO_JSON *bare = credential_key_document(SV(BASE), &keys[1], SV(DID));
    assert_sv_equal(vector_text(bare, "alg"), SV("RS256"));
    assert_sv_equal(vector_text(bare, "iss"), SV(DID));
}

static void credential_bitstring_make__is_what_credential_bitstring_get_reads(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct sv list;
    static const int64_t set[] = {0, 7, 8, 94567, 131071};
    assert_true(credential_bitstring_make(&a, 131072, set, ARRAY_LEN(set), &list, &err));
    for (int64_t i = 0; i < 131072; i += i < 16 || i > 131056 ? 1 : 1181) {
        bool is_set = false;
        bool want = false;
        for (size_t s = 0; s < ARRAY_LEN(set); s++) {
            want = want || set[s] == i;
        }
        assert_true(credential_bitstring_get(list, i, &is_set, &err));
        assert_int_equal(is_set, want);
    }
    static const int64_t outside = 131072;
    assert_false(credential_bitstring_make(&a, 131072, &outside, 1, &list, &err));
    assert_false(credential_bitstring_make(&a, 131064, set, 1, &list, &err));
}

static void credential_status_build__needs_no_blank_node_and_names_its_purpose(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    static const int64_t set[] = {5};
    const struct credential_status_list list = {.issuer = {.base_url = SV(BASE), .issuer = &north},
                                                .public_id = SV(LIST),
                                                .is_suspension = true,
                                                .valid_from = T0,
                                                .length = 131072,
                                                .set = set,
                                                .set_count = 1};
    json_t *made = NULL;
    assert_true(credential_status_build(&list, &a, &made, &err));
    AUTO_JSON *c = made;
    assert_sv_equal(vector_text(c, "id"), SV(BASE "/status/" LIST));
    assert_sv_equal(vector_text(c, "issuer"), SV(DID));
    assert_sv_equal(vector_text(c, "credentialSubject/id"), SV(BASE "/status/" LIST "#list"));
    assert_sv_equal(vector_text(c, "credentialSubject/statusPurpose"), SV("suspension"));
    assert_true(credential_proof_fits(c, &err));
}

static void credential_revocations__are_found_by_the_other_side(void **state) {
    (void)state;
    struct err err = {0};
    const struct sv awards[] = {SV(AWARD)};
    const struct credential_issuer of = {.base_url = SV(BASE), .issuer = &north};
    json_t *made = NULL;
    bool is_revoked = false;
    struct sv reason;
    assert_true(credential_revocations(&of, awards, 1, &made, &err));
    AUTO_JSON *list = made;
    struct credential_revocation what = {.list = list,
                                         .list_id = SV(BASE "/revocations/" ISSUER),
                                         .issuer = SV(DID),
                                         .credential_id = SV(BASE "/awards/" AWARD)};
    assert_true(credential_revocation_find(&what, &is_revoked, &reason, &err));
    assert_true(is_revoked);
    what.credential_id = SV(BASE "/awards/" BADGE);
    assert_true(credential_revocation_find(&what, &is_revoked, &reason, &err));
    assert_false(is_revoked);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(credential_build__gives_every_part_its_place),
        cmocka_unit_test(credential_build__names_the_learner_as_they_choose),
        cmocka_unit_test(credential_build__shows_results_and_evidence_it_is_given),
        cmocka_unit_test(credential_text_clean__refuses_what_cannot_be_signed),
        cmocka_unit_test(credential_badge_check__refuses_what_others_could_not_verify),
        cmocka_unit_test(credential_digest__changes_with_everything_but_valid_from),
        cmocka_unit_test(credential_did__spells_hosts_ports_and_paths),
        cmocka_unit_test(credential_did_document__lists_every_key_that_ever_signed),
        cmocka_unit_test(credential_bitstring_make__is_what_credential_bitstring_get_reads),
        cmocka_unit_test(credential_status_build__needs_no_blank_node_and_names_its_purpose),
        cmocka_unit_test(credential_revocations__are_found_by_the_other_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
