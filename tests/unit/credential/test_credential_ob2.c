#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credential_ob2.h"
#include "credential_verify.h"
#include "support_credential.h"
#include <string.h>

#define BASE "https://badges.example.edu"
#define ISSUER "0195e0c2-7c3f-7d3a-9d1e-000000000001"
#define BADGE "0195e0c2-7c3f-7d3a-9d1e-000000000002"
#define AWARD "0195e0c2-7c3f-7d3a-9d1e-000000000003"
#define T0 (INT64_C(1709283600) * USEC_PER_S) /* 2024-03-01T09:00:00Z */

static const struct model_issuer north = {.public_id = {ISSUER, 36},
                                          .name = {"North College", 13},
                                          .url = {"https://north.example", 21},
                                          .email = {"b@north.example", 15}};
static const struct model_badge lion = {.public_id = {BADGE, 36},
                                        .name = {"Lion taming", 11},
                                        .description = {"Can tame a lion.", 16},
                                        .criteria = {"Tame one.", 9}};
/* Open Badges 3.0, B.1.13: a@example.com and the salt Kosher */
static const struct model_share ada = {
    .identity = MODEL_IDENTITY_EMAIL,
    .identity_hash = {"sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399",
                      71},
    .salt = {"Kosher", 6}};

static struct credential_ob2_award award_of(const struct model_share *share) {
    return (struct credential_ob2_award){.base_url = SV(BASE),
                                         .public_id = SV(AWARD),
                                         .badge_public_id = SV(BADGE),
                                         .share = share,
                                         .issued_at = T0,
                                         .expires_at = T0 + 86400 * USEC_PER_S};
}

/* A web with nothing but these documents in it. */
struct web {
    json_t *assertion, *class, *issuer;
    bool is_gone;
};

static void fetch(void *ctx, struct credential_source *source, struct arena *a) {
    const struct web *web = ctx;
    const json_t *all[] = {web->assertion, web->class, web->issuer};
    source->problem = SV("it answers with status 404");
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (sv_eq(js_sv(json_object_get(all[i], "id")), source->url)) {
            source->problem = sv_of(NULL, 0);
            source->body = js_dump(a, all[i]);
        }
    }
    if (web->is_gone && sv_eq(js_sv(json_object_get(web->assertion, "id")), source->url)) {
        source->problem = SV("it answers with status 410");
        source->is_gone = true;
    }
}

static struct web web_of(const struct model_share *share) {
    struct err err = {0};
    struct web web = {0};
    const struct credential_ob2_award award = award_of(share);
    const struct credential_issuer of = {.base_url = SV(BASE), .issuer = &north};
    assert_true(credential_ob2_assertion(&award, &web.assertion, &err));
    assert_true(credential_ob2_badge(SV(BASE), &lion, SV(ISSUER), &web.class, &err));
    assert_true(credential_ob2_issuer(&of, &web.issuer, &err));
    return web;
}

static void web_close(struct web *web) {
    json_decref(web->assertion);
    json_decref(web->class);
    json_decref(web->issuer);
}

static bool is_valid(struct web *web, usec_t now, const char *email) {
    AUTO_ARENA a = {0};
    struct credential_report report;
    const struct credential_fetcher fetcher = {.fetch = fetch, .ctx = web};
    const struct credential_verify_input in = {
        .bytes = SV(BASE "/ob2/awards/" AWARD), .now = now, .email = sv_from(email)};
    credential_verify_with(&in, &fetcher, &a, &report);
    return report.is_valid;
}

static void a_hosted_badge__is_valid_where_it_is_and_for_whom(void **state) {
    (void)state;
    CLEANUP(web_close) struct web web = web_of(&ada);
    assert_true(is_valid(&web, T0 + 1, ""));
    assert_true(is_valid(&web, T0 + 1, "a@example.com"));
    assert_false(is_valid(&web, T0 + 1, "b@example.com"));
    assert_true(is_valid(&web, T0 - 299 * USEC_PER_S, ""));    /* clocks differ */
    assert_false(is_valid(&web, T0 - 301 * USEC_PER_S, ""));   /* dated in the future */
    assert_false(is_valid(&web, T0 + 86401 * USEC_PER_S, "")); /* expired */
    web.is_gone = true;
    assert_false(is_valid(&web, T0 + 1, ""));
}

static void every_document__has_its_address_and_what_the_standard_demands(void **state) {
    (void)state;
    CLEANUP(web_close) struct web web = web_of(&ada);
    const struct {
        const json_t *document;
        const char *path, *want;
    } rows[] = {{web.assertion, "@context", "https://w3id.org/openbadges/v2"},
                {web.assertion, "id", BASE "/ob2/awards/" AWARD},
                {web.assertion, "type", "Assertion"},
                {web.assertion, "badge", BASE "/ob2/badges/" BADGE},
                {web.assertion, "issuedOn", "2024-03-01T09:00:00Z"},
                {web.assertion, "expires", "2024-03-02T09:00:00Z"},
                {web.assertion, "verification/type", "HostedBadge"},
                {web.assertion, "recipient/type", "email"},
                {web.assertion, "recipient/salt", "Kosher"},
                {web.class, "id", BASE "/ob2/badges/" BADGE},
                {web.class, "type", "BadgeClass"},
                {web.class, "issuer", BASE "/ob2/issuers/" ISSUER},
                {web.class, "image/id", BASE "/badges/" BADGE "/image.png"},
                {web.class, "criteria/narrative", "Tame one."},
                {web.issuer, "id", BASE "/ob2/issuers/" ISSUER},
                {web.issuer, "type", "Issuer"},
                {web.issuer, "email", "b@north.example"},
                {web.issuer, "verification/startsWith", BASE "/ob2/awards/"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_sv_equal(vector_text(rows[i].document, rows[i].path), sv_from(rows[i].want));
    }
    assert_true(json_is_true(vector_at(web.assertion, "recipient/hashed")));
    assert_null(json_object_get(web.class, "tags"));
    assert_null(json_object_get(web.class, "alignment"));
}

static void without_an_email_address__there_is_no_document(void **state) {
    (void)state;
    struct err learner = {0};
    struct err issuer = {0};
    json_t *made = NULL;
    const enum model_identity others[] = {MODEL_IDENTITY_NONE, MODEL_IDENTITY_LTI,
                                          MODEL_IDENTITY_DID};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        struct model_share share = ada;
        share.identity = others[i];
        const struct credential_ob2_award award = award_of(&share);
        learner = (struct err){0};
        assert_false(credential_ob2_assertion(&award, &made, &learner));
        assert_int_equal(learner.code, ERR_NOT_FOUND);
    }
    struct model_issuer mute = north;
    mute.email = sv_of(NULL, 0);
    const struct credential_issuer of = {.base_url = SV(BASE), .issuer = &mute};
    assert_false(credential_ob2_issuer(&of, &made, &issuer));
    assert_int_equal(issuer.code, ERR_NOT_FOUND);
}

static void what_is_withdrawn__says_so_and_nothing_of_the_learner(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    AUTO_JSON *revoked = credential_ob2_revoked(SV(BASE), SV(AWARD), false);
    AUTO_JSON *suspended = credential_ob2_revoked(SV(BASE), SV(AWARD), true);
    assert_sv_equal(js_dump(&a, revoked),
                    SV("{\"@context\":\"https://w3id.org/openbadges/v2\",\"id\":\"" BASE
                       "/ob2/awards/" AWARD "\",\"type\":\"Assertion\",\"revoked\":true,"
                       "\"revocationReason\":\"withdrawn by its issuer\"}"));
    assert_true(json_is_true(json_object_get(suspended, "revoked")));
    assert_false(json_equal(json_object_get(suspended, "revocationReason"),
                            json_object_get(revoked, "revocationReason")));
}

static void a_text_that_programs_cannot_show__is_refused(void **state) {
    (void)state;
    struct err err = {0};
    json_t *made = NULL;
    struct model_badge bell = lion;
    bell.name = SV("Bell\x07");
    assert_false(credential_ob2_badge(SV(BASE), &bell, SV(ISSUER), &made, &err));
    assert_int_equal(err.code, ERR_INPUT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hosted_badge__is_valid_where_it_is_and_for_whom),
        cmocka_unit_test(every_document__has_its_address_and_what_the_standard_demands),
        cmocka_unit_test(without_an_email_address__there_is_no_document),
        cmocka_unit_test(what_is_withdrawn__says_so_and_nothing_of_the_learner),
        cmocka_unit_test(a_text_that_programs_cannot_show__is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
