/* Awards become signed credentials, against a real PostgreSQL. */
#include "credential_proof.h"
#include "credential_status.h"
#include "issue.h"
#include "seal_key.h"
#include "store_award.h"
#include "store_badge.h"
#include "store_public.h"
#include "support_db.h"
#include <pthread.h>

#define PEOPLE 450
#define BASE "https://badges.example.edu"

struct place {
    struct seal *seal;
    struct store *store;
    struct issue *issue;
    struct arena arena;
    int64_t institution_id, course_id, badge_id, issuer_id;
    usec_t now;
};

static void place_import(struct place *p, const char *description) {
    struct err err = {0};
    enum store_change change;
    const struct model_issuer issuer = {
        .key = SV("north"), .name = SV("North"), .url = SV("https://n.example")};
    const struct store_badge_new badge = {
        .key = SV("b"),
        .name = SV("B"),
        .definition = sv_printf(&p->arena, "{\"key\":\"b\",\"name\":\"B\",\"description\":\"%s\"}",
                                description),
        .rule = SV("{\"item\":\"Quiz\"}"),
        .course_ids = &p->course_id,
        .course_count = 1};
    const struct store_import import = {
        .institution_id = p->institution_id, .issuer = &issuer, .badges = &badge, .badge_count = 1};
    assert_true(store_badge_import(p->store, &import, &change, &err));
}

static void place_open(struct place *p) {
    static const unsigned char master[SEAL_MASTER_BYTES] = {1};
    struct err err = {0};
    store_destroy(support_store(1));
    *p = (struct place){.seal = seal_open_bytes(master), .now = clock_now(&clock_system)};
    const struct store_options options = {
        .conninfo = support_app(), .connections = 6, .seal = p->seal};
    assert_true(store_create(&options, &p->store, &err));
    p->issue = issue_create(p->store, SV(BASE));
    const struct model_registration r = support_platform(p->store, &p->arena, "north");
    const struct model_course_ref ref = {.issuer = r.issuer,
                                         .client_id = r.client_id,
                                         .deployment_id = SV("1"),
                                         .context_id = SV("55")};
    assert_true(store_course_take(p->store, &ref, true, &p->institution_id, &p->course_id, &err));
    place_import(p, "d");
    p->badge_id = support_sql("SELECT id FROM badge");
    p->issuer_id = support_sql("SELECT id FROM issuer");
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO person (institution_id, registration_id, sub, email) SELECT %lld, "
                   "%lld, n::text, 'Ada' || n || '@Example.org' FROM generate_series(1, %d) n",
                   (long long)p->institution_id, (long long)r.id, PEOPLE);
    (void)support_sql(sql);
    (void)support_sql("DELETE FROM job");
}

static void place_close(struct place *p) {
    issue_destroy(p->issue);
    store_destroy(p->store);
    seal_destroy(p->seal);
    arena_release(&p->arena);
}

static int64_t person(const char *sub) {
    char sql[128];
    (void)snprintf(sql, sizeof sql, "SELECT id FROM person WHERE sub = '%s'", sub);
    return support_sql(sql);
}

/* Issued to the first `count` people, as a judgement does. */
static void judge(struct place *p, size_t count) {
    static struct store_award_new awards[PEOPLE];
    struct err err = {0};
    struct store_judgement_result result;
    int64_t first = person("1");
    int64_t last = support_sql("SELECT max(id) FROM person");
    size_t n = 0;
    for (int64_t id = first; id <= last && n < count; id++) {
        awards[n++] = (struct store_award_new){.badge_id = p->badge_id,
                                               .person_id = id,
                                               .course_id = p->course_id,
                                               .rule_version = 1,
                                               .state = MODEL_AWARD_ISSUED,
                                               .issued_at = p->now};
    }
    const struct store_judgement judgement = {.institution_id = p->institution_id,
                                              .course_id = p->course_id,
                                              .awards = awards,
                                              .award_count = n,
                                              .now = p->now};
    assert_true(store_judgement_save(p->store, &judgement, &result, &err));
    assert_int_equal(result.made, count);
}

/* Signs every award of the badge; how many were. */
static size_t sign_all(struct place *p, usec_t now, size_t *problems) {
    struct err err = {0};
    int64_t *ids = NULL;
    size_t count = 0;
    struct issue_signed done;
    assert_true(store_credential_of_badge(p->store, p->institution_id, p->badge_id, 0, PEOPLE,
                                          &p->arena, &ids, &count, &err));
    if (!issue_sign(p->issue, p->institution_id, ids, count, now, &done, &err)) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(done.seen, count);
    if (problems != NULL) {
        *problems = done.problems;
    }
    return done.made;
}

static void sign_jobs__are_in_the_transaction_of_the_award_200_each(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    judge(&p, PEOPLE);
    assert_int_equal(support_sql("SELECT count(*) FROM job WHERE kind = 'sign'"), 3);
    assert_int_equal(support_sql("SELECT sum(jsonb_array_length(payload->'awards')) FROM job WHERE "
                                 "kind = 'sign'"),
                     PEOPLE);
    /* a move is signed too; the same move twice waits once */
    (void)support_sql("DELETE FROM job");
    struct err err = {0};
    const struct store_actor worker = {.institution_id = p.institution_id};
    struct store_award_move move = {.award_id = support_sql("SELECT min(id) FROM award"),
                                    .badge_id = p.badge_id,
                                    .person_id = person("1"),
                                    .from = MODEL_AWARD_ISSUED,
                                    .to = MODEL_AWARD_SUSPENDED};
    assert_true(store_award_change(p.store, worker, &move, p.now, &err));
    move.from = MODEL_AWARD_SUSPENDED;
    move.to = MODEL_AWARD_ISSUED;
    assert_true(store_award_change(p.store, worker, &move, p.now, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM job WHERE kind = 'sign'"), 1);
    /* a badge whose texts differ has its awards signed anew */
    (void)support_sql("DELETE FROM job");
    place_import(&p, "d");
    assert_int_equal(support_sql("SELECT count(*) FROM job WHERE kind = 'sign'"), 0);
    place_import(&p, "other");
    assert_int_equal(
        support_sql("SELECT count(*) FROM job WHERE kind = 'sign' AND payload ? 'badge'"), 1);
    place_close(&p);
}

static void issue_sign__signs_once_and_again_what_changed(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    judge(&p, 20);
    assert_int_equal(sign_all(&p, p.now, NULL), 20);
    assert_int_equal(support_sql("SELECT count(*) FROM credential"), 40);
    assert_int_equal(support_sql("SELECT count(*) FROM issuer_key"), 2);
    assert_int_equal(
        support_sql("SELECT count(*) FROM credential c JOIN award a ON a.id = c.award_id WHERE "
                    "c.valid_from = date_trunc('second', a.issued_at)"),
        40);
    assert_int_equal(sign_all(&p, p.now + USEC_PER_S, NULL), 0);
    place_import(&p, "other");
    assert_int_equal(sign_all(&p, p.now, NULL), 20);
    assert_int_equal(
        support_sql("SELECT count(*) FROM credential c JOIN award a ON a.id = c.award_id WHERE "
                    "c.valid_from > a.issued_at"),
        40);
    /* nobody is missing: and whoever is, is found */
    struct err err = {0};
    (void)support_sql("DELETE FROM job; UPDATE award SET signed_at = NULL WHERE id = (SELECT "
                      "min(id) FROM award)");
    assert_true(store_sign_missing(p.store, &err));
    assert_int_equal(support_sql("SELECT (payload->'awards'->>0)::bigint - (SELECT min(id) FROM "
                                 "award) FROM job WHERE kind = 'sign'"),
                     0);
    place_close(&p);
}

static void status_places__are_one_awards_and_tell_nothing(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    judge(&p, 300);
    (void)sign_all(&p, p.now, NULL);
    assert_int_equal(support_sql("SELECT count(DISTINCT status_index) FROM award"), 300);
    assert_int_equal(support_sql("SELECT used FROM status_list"), 300);
    /* of two that follow each other the later one is higher about half the time: 300 coins fall
     * within 5 standard deviations (43) of 150 */
    long long rises = support_sql(
        "SELECT count(*) FROM (SELECT status_index > lag(status_index) OVER (ORDER BY id) AS up "
        "FROM award) a WHERE up");
    assert_in_range(rises, 107, 193);
    assert_true(support_sql("SELECT max(status_index) - min(status_index) FROM award") > 65536);
    /* three quarters full: the next goes into a new list */
    (void)support_sql("UPDATE status_list SET used = 98304");
    (void)support_sql(
        "UPDATE award SET status_list_id = NULL WHERE id = (SELECT max(id) FROM award)");
    (void)sign_all(&p, p.now, NULL);
    assert_int_equal(support_sql("SELECT count(*) FROM status_list"), 2);
    assert_int_equal(support_sql("SELECT used FROM status_list ORDER BY id DESC LIMIT 1"), 1);
    place_close(&p);
}

static void issue_share_set__is_the_learners_alone_and_hashes_their_name(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    struct err err = {0};
    struct model_share share;
    judge(&p, 2);
    (void)sign_all(&p, p.now, NULL);
    int64_t award = support_sql("SELECT min(id) FROM award");
    struct issue_choice choice = {.institution_id = p.institution_id,
                                  .award_id = award,
                                  .person_id = person("2"),
                                  .is_shared = true,
                                  .identity = MODEL_IDENTITY_EMAIL};
    assert_false(issue_share_set(p.issue, &choice, p.now, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_int_equal(support_sql("SELECT count(*) FROM award WHERE shared_at IS NOT NULL"), 0);
    err = (struct err){0};
    (void)support_sql("DELETE FROM job");
    choice.person_id = person("1");
    assert_true(issue_share_set(p.issue, &choice, p.now, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM job WHERE kind = 'sign'"), 1);
    assert_int_equal(support_sql("SELECT count(*) FROM audit WHERE action = 'award_shared'"), 1);
    assert_true(store_share_get(p.store, p.institution_id, award, &p.arena, &share, &err));
    assert_int_equal(
        credential_identity_match(SV("ada1@example.org"), share.identity_hash, share.salt, true),
        CREDENTIAL_MATCH_YES);
    assert_int_equal(share.salt.len, 32);
    assert_int_equal(sign_all(&p, p.now, NULL), 1);
    /* the same again signs nothing: the salt is kept only for the same choice and address */
    assert_true(issue_share_set(p.issue, &choice, p.now, &err));
    assert_int_equal(sign_all(&p, p.now, NULL), 0);
    choice.identity = MODEL_IDENTITY_LTI;
    assert_true(issue_share_set(p.issue, &choice, p.now, &err));
    assert_true(store_share_get(p.store, p.institution_id, award, &p.arena, &share, &err));
    assert_true(sv_eq(share.platform, SV("https://north.example")));
    assert_int_equal(credential_identity_match(SV("1"), share.identity_hash, share.salt, true),
                     CREDENTIAL_MATCH_YES);
    choice.identity = MODEL_IDENTITY_DID;
    choice.did = SV("did:web:evil.example");
    assert_false(issue_share_set(p.issue, &choice, p.now, &err));
    assert_string_equal(err.reason, "did");
    err = (struct err){0};
    (void)support_sql("UPDATE person SET email = ''");
    choice.identity = MODEL_IDENTITY_EMAIL;
    assert_false(issue_share_set(p.issue, &choice, p.now, &err));
    assert_string_equal(err.reason, "email");
    place_close(&p);
}

static void issue_sign_for__binds_a_wallet_and_keeps_nothing(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    struct err err = {0};
    struct sv body;
    struct sv did = SV("did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd");
    judge(&p, 1);
    int64_t award = support_sql("SELECT id FROM award");
    assert_true(issue_sign_for(p.issue, p.institution_id, award, did, STORE_FORM_JSON, p.now,
                               &p.arena, &body, &err));
    json_t *parsed = NULL;
    assert_true(js_parse(body, (size_t)1 << 20, "a credential", &parsed, &err));
    AUTO_JSON *credential = parsed;
    const json_t *subject = json_object_get(credential, "credentialSubject");
    assert_true(sv_eq(js_sv(json_object_get(subject, "id")), did));
    assert_int_equal(support_sql("SELECT count(*) FROM credential"), 0);
    assert_false(issue_sign_for(p.issue, p.institution_id, award, SV("did:key:zz"), STORE_FORM_JSON,
                                p.now, &p.arena, &body, &err));
    place_close(&p);
}

static void issue_sign__notes_what_cannot_be_signed_and_goes_on(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    struct err err = {0};
    size_t problems = 0;
    judge(&p, 3);
    (void)support_sql(
        "INSERT INTO attestation (institution_id, badge_id, person_id, condition, by_person_id, "
        "evidence) SELECT institution_id, badge_id, person_id, 'seen', 1, repeat('x', 50000) "
        "FROM award "
        "ORDER BY id LIMIT 1");
    (void)support_sql("INSERT INTO award_share (institution_id, award_id, shows_evidence) SELECT "
                      "institution_id, id, true FROM award");
    assert_int_equal(sign_all(&p, p.now, &problems), 2);
    assert_int_equal(problems, 1);
    assert_int_equal(
        support_sql(
            "SELECT count(*) FROM award WHERE sign_problem LIKE 'evidence has %' AND signed_at "
            "IS NULL AND id = (SELECT min(id) FROM award)"),
        1);
    /* it is not tried for ever, but when something changed */
    (void)support_sql("DELETE FROM job");
    assert_true(store_sign_missing(p.store, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM job"), 0);
    (void)support_sql("UPDATE attestation SET evidence = 'a b'");
    assert_int_equal(sign_all(&p, p.now, &problems), 1);
    assert_int_equal(support_sql("SELECT count(*) FROM award WHERE sign_problem IS NOT NULL"), 0);
    place_close(&p);
}

static void store_credential_save__does_not_overwrite_what_another_worker_signed(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    struct err err = {0};
    judge(&p, 1);
    (void)sign_all(&p, p.now, NULL);
    int64_t award = support_sql("SELECT id FROM award");
    unsigned char old[32] = {1};
    const struct store_credential late = {.award_id = award,
                                          .key_id = 1,
                                          .form = STORE_FORM_JSON,
                                          .body = SV("stale"),
                                          .digest = sv_of((const char *)old, 32),
                                          .was_digest = sv_of((const char *)old, 32),
                                          .valid_from = p.now,
                                          .signed_at = p.now};
    const struct store_credential_batch batch = {.credentials = &late, .credential_count = 1};
    assert_false(store_credential_save(p.store, p.institution_id, &batch, &err));
    assert_string_equal(err.reason, "signed");
    assert_int_equal(err.retry, ERR_RETRY_LATER);
    assert_int_equal(support_sql("SELECT count(*) FROM credential WHERE body = 'stale'"), 0);
    place_close(&p);
}

static void issuer_keys__open_for_their_issuer_only_and_are_never_deleted(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    struct err err = {0};
    struct store_issuer_key *keys = NULL;
    size_t count = 0;
    struct sv pem;
    struct sv id;
    assert_true(issue_keys_ready(p.issue, p.institution_id, p.issuer_id, &err));
    assert_true(issue_keys_ready(p.issue, p.institution_id, p.issuer_id, &err));
    assert_true(store_issuer_key_list(p.store, p.institution_id, p.issuer_id, &p.arena, &keys,
                                      &count, &err));
    assert_int_equal(count, 2);
    assert_true(store_issuer_key_pem(p.store, &keys[0], &p.arena, &pem, &err));
    struct store_issuer_key stolen = keys[0];
    stolen.issuer_id++;
    assert_false(store_issuer_key_pem(p.store, &stolen, &p.arena, &pem, &err));
    assert_int_equal(err.code, ERR_DENIED);
    err = (struct err){0};
    assert_true(
        issue_key_rotate(p.issue, p.institution_id, p.issuer_id, SV("ES256"), &p.arena, &id, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM issuer_key WHERE retired_at IS NULL"), 2);
    assert_int_equal(support_sql("SELECT count(*) FROM issuer_key"), 3);
    PGconn *pg = PQconnectdb(support_app());
    PGresult *res = PQexec(pg, "DELETE FROM issuer_key");
    assert_string_equal(PQresultErrorField(res, PG_DIAG_SQLSTATE), "42501");
    PQclear(res);
    PQfinish(pg);
    place_close(&p);
}

struct signer {
    struct place *place;
    int64_t award_id;
    struct err err;
};

static void *sign_until_done(void *ctx) {
    struct signer *s = ctx;
    struct issue_signed done;
    do {
        s->err = (struct err){0};
    } while (!issue_sign(s->place->issue, s->place->institution_id, &s->award_id, 1, s->place->now,
                         &done, &s->err) &&
             s->err.retry == ERR_RETRY_LATER);
    return NULL;
}

static void issue_sign__by_many_at_once_makes_one_of_each(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    pthread_t threads[4];
    struct signer signers[4];
    judge(&p, 1);
    for (size_t i = 0; i < 4; i++) {
        signers[i] = (struct signer){.place = &p, .award_id = support_sql("SELECT id FROM award")};
        assert_int_equal(pthread_create(&threads[i], NULL, sign_until_done, &signers[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        (void)pthread_join(threads[i], NULL);
        assert_string_equal(signers[i].err.text, "");
    }
    assert_int_equal(support_sql("SELECT count(*) FROM credential"), 2);
    assert_int_equal(support_sql("SELECT count(*) FROM issuer_key"), 2);
    assert_int_equal(support_sql("SELECT count(*) FROM status_list"), 1);
    assert_int_equal(support_sql("SELECT used FROM status_list"), 1);
    place_close(&p);
}

static void store_public_find__knows_ids_by_their_kind(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    struct err err = {0};
    struct store_public found;
    judge(&p, 1);
    struct store_award *awards = NULL;
    size_t count = 0;
    assert_true(
        store_award_list(p.store, p.institution_id, NULL, 0, &p.arena, &awards, &count, &err));
    assert_true(store_public_find(p.store, awards[0].public_id, STORE_PUBLIC_AWARD, &p.arena,
                                  &found, &err));
    assert_int_equal(found.institution_id, p.institution_id);
    assert_int_equal(found.id, awards[0].id);
    assert_false(store_public_find(p.store, awards[0].public_id, STORE_PUBLIC_BADGE, &p.arena,
                                   &found, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    place_close(&p);
}

#define ASKED 24
#define NOBODYS "00000000-0000-4000-8000-000000000000"

/* Each ends at a time of its own, and every other one is shared. */
static void awards_init(struct place *p, struct sv *ids) {
    struct err err = {0};
    struct store_award *awards = NULL;
    size_t count = 0;
    judge(p, ASKED);
    (void)support_sql(
        "WITH n AS (SELECT id, row_number() OVER (ORDER BY public_id) AS nth FROM award), "
        "done AS (UPDATE award a SET expires_at = now() + n.nth * interval '1 hour', "
        "shared_at = CASE WHEN n.nth % 2 = 0 THEN now() END FROM n WHERE n.id = a.id "
        "RETURNING 1) SELECT count(*) FROM done");
    assert_true(
        store_award_list(p->store, p->institution_id, NULL, 0, &p->arena, &awards, &count, &err));
    assert_int_equal(count, ASKED);
    for (size_t i = 0; i < ASKED; i++) {
        ids[i] = awards[i].public_id;
    }
}

static void share(struct arena *a, struct sv public_id, bool is_shared) {
    (void)support_sql(sv_printf(a,
                                "WITH done AS (UPDATE award SET shared_at = %s WHERE public_id = "
                                "'%.*s' RETURNING 1) SELECT count(*) FROM done",
                                is_shared ? "now()" : "NULL", SV_ARG(public_id))
                          .ptr);
}

static void store_award_marks__are_of_now_and_each_ones_own(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    struct sv ids[2 * ASKED + 1]; /* each is asked for twice */
    struct sv marks[2 * ASKED + 1];
    size_t shared = 0;
    place_open(&p);
    awards_init(&p, ids);
    memcpy(ids + ASKED, ids, ASKED * sizeof *ids);
    ids[(size_t)2 * ASKED] = SV(NOBODYS);
    assert_true(store_award_marks(p.store, ids, ARRAY_LEN(ids), &p.arena, marks, &err));
    assert_int_equal(marks[(size_t)2 * ASKED].len, 0);
    for (size_t i = 0; i < ASKED; i++) {
        struct sv alone;
        assert_true(store_award_marks(p.store, &ids[i], 1, &p.arena, &alone, &err));
        assert_true(sv_eq(alone, marks[i]) && sv_eq(alone, marks[ASKED + i]));
        shared += alone.len > 0;
        for (size_t other = 0; other < i; other++) {
            assert_true(alone.len == 0 || !sv_eq(alone, marks[other]));
        }
    }
    assert_int_equal(shared, ASKED / 2);
    for (int i = 0; i < 6; i++) {
        share(&p.arena, ids[0], i % 2 == 0);
        assert_true(store_award_marks(p.store, ids, ASKED, &p.arena, marks, &err));
        assert_int_equal(marks[0].len > 0, i % 2 == 0);
    }
    place_close(&p);
}

/* Whoever replaces a function drops the settings that they do not repeat. */
static void award_marks__is_planned_once_and_by_the_index(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    assert_int_equal(support_sql("SELECT count(*) FROM pg_proc, unnest(proconfig) AS one WHERE "
                                 "proname = 'award_marks' AND one IN ('enable_seqscan=off', "
                                 "'plan_cache_mode=force_generic_plan')"),
                     2);
    place_close(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sign_jobs__are_in_the_transaction_of_the_award_200_each),
        cmocka_unit_test(issue_sign__signs_once_and_again_what_changed),
        cmocka_unit_test(status_places__are_one_awards_and_tell_nothing),
        cmocka_unit_test(issue_share_set__is_the_learners_alone_and_hashes_their_name),
        cmocka_unit_test(issue_sign_for__binds_a_wallet_and_keeps_nothing),
        cmocka_unit_test(issue_sign__notes_what_cannot_be_signed_and_goes_on),
        cmocka_unit_test(store_credential_save__does_not_overwrite_what_another_worker_signed),
        cmocka_unit_test(issuer_keys__open_for_their_issuer_only_and_are_never_deleted),
        cmocka_unit_test(issue_sign__by_many_at_once_makes_one_of_each),
        cmocka_unit_test(store_public_find__knows_ids_by_their_kind),
        cmocka_unit_test(store_award_marks__are_of_now_and_each_ones_own),
        cmocka_unit_test(award_marks__is_planned_once_and_by_the_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
