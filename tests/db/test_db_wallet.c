/* Offers to wallets: what is good once stays good once, however many come together, and the rows
 * give nothing away (OpenID4VCI 1.0, 13). */
#include "base_encode.h"
#include "seal_key.h"
#include "store_wallet.h"
#include "support_db.h"
#include <pthread.h>

#define TAKERS 16
#define NOW (INT64_C(1800000000) * USEC_PER_S)

static const unsigned char MASTER[SEAL_MASTER_BYTES] = {9};

struct place {
    struct seal *seal;
    struct store *store;
    struct arena a;
    struct store_wallet_award award;
};

static int set_up(void **state) {
    struct place *p = calloc(1, sizeof *p);
    struct err err = {0};
    p->seal = seal_open_bytes(MASTER);
    store_destroy(support_store(1));
    const struct store_options options = {
        .conninfo = support_app(), .connections = TAKERS, .seal = p->seal};
    if (!store_create(&options, &p->store, &err)) {
        fail_msg("%s", err.text);
    }
    (void)support_platform(p->store, &p->a, "north");
    p->award = (struct store_wallet_award){
        .institution_id = support_sql("SELECT institution_id FROM deployment"), .person_id = 5};
    char sql[256];
    (void)snprintf(
        sql, sizeof sql,
        "INSERT INTO award (institution_id, public_id, badge_id, person_id, "
        "rule_version, reasons, state, issued_at, signed_at) VALUES (%lld, gen_random_uuid(), 1, "
        "5, 1, '{}', 2, now(), now()) RETURNING id",
        (long long)p->award.institution_id);
    p->award.award_id = support_sql(sql);
    *state = p;
    return 0;
}

static int tear_down(void **state) {
    struct place *p = *state;
    store_destroy(p->store);
    seal_destroy(p->seal);
    arena_release(&p->a);
    free(p);
    return 0;
}

static struct store_wallet_offer last(struct place *p) {
    struct err err = {0};
    struct store_wallet_offer offer;
    if (!store_wallet_offer_last(p->store, &p->award, &p->a, &offer, &err)) {
        fail_msg("%s", err.text);
    }
    return offer;
}

static struct store_wallet_offer make(struct place *p, bool asks_digits) {
    struct err err = {0};
    if (!store_wallet_offer_make(p->store, &p->award, asks_digits, NOW, &err)) {
        fail_msg("%s", err.text);
    }
    return last(p);
}

static bool is_found(struct place *p, struct sv key) {
    struct err err = {0};
    struct store_wallet_offer offer;
    return store_wallet_offer_find(p->store, key, &p->a, &offer, &err);
}

static struct store_wallet_grant granted(struct place *p) {
    struct err err = {0};
    struct sv token;
    struct store_wallet_grant grant = {0};
    if (!store_wallet_take(p->store, make(p, false).code, SV(""), &p->a, &token, &err) ||
        !store_wallet_token(p->store, token, &p->a, &grant, &err)) {
        fail_msg("%s", err.text);
    }
    return grant;
}

/* Many at once: each does `one`, and how many had it. */
struct crowd {
    struct place *place;
    struct sv code, digits, nonce, transaction_id;
    struct store_wallet_grant grant;
    bool (*one)(const struct crowd *c, struct arena *a, struct err *err);
    const char *reason; /* of those who had it not */
};

static void *member(void *ctx) {
    const struct crowd *c = ctx;
    AUTO_ARENA a = {0};
    struct err err = {0};
    if (c->one(c, &a, &err)) {
        return ctx;
    }
    static char odd; /* never ctx */
    return strcmp(err.reason, c->reason) == 0 ? NULL : &odd;
}

static int winners(struct crowd *c) {
    pthread_t threads[TAKERS];
    int count = 0;
    for (int i = 0; i < TAKERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, member, c), 0);
    }
    for (int i = 0; i < TAKERS; i++) {
        void *got = NULL;
        assert_int_equal(pthread_join(threads[i], &got), 0);
        assert_true(got == NULL || got == c);
        count += got == c;
    }
    return count;
}

static bool take_one(const struct crowd *c, struct arena *a, struct err *err) {
    struct sv token;
    return store_wallet_take(c->place->store, c->code, c->digits, a, &token, err);
}

static void take__gives_one_token_to_many_takers(void **state) {
    struct place *p = *state;
    struct crowd crowd = {.place = p, .one = take_one, .reason = "invalid_grant"};
    for (int round = 0; round < 5; round++) {
        struct store_wallet_offer offer = make(p, round % 2 == 0);
        crowd.code = offer.code;
        crowd.digits = offer.digits;
        assert_int_equal(winners(&crowd), 1);
        assert_false(is_found(p, offer.key));
    }
    assert_int_equal(support_sql("SELECT count(DISTINCT token_hash) FROM wallet_offer"), 5);
}

static void take__counts_every_wrong_guess_of_many_guessers(void **state) {
    struct place *p = *state;
    struct store_wallet_offer offer = make(p, true);
    assert_int_equal(offer.digits.len, 6);
    struct crowd crowd = {.place = p,
                          .one = take_one,
                          .code = offer.code,
                          .digits = SV("wrong!"),
                          .reason = "invalid_grant"};
    assert_int_equal(winners(&crowd), 0);
    assert_int_equal(support_sql("SELECT tries FROM wallet_offer"), STORE_WALLET_TRIES);
    crowd.digits = offer.digits;
    assert_int_equal(winners(&crowd), 0);
    assert_false(is_found(p, offer.key));
}

static bool nonce_one(const struct crowd *c, struct arena *a, struct err *err) {
    (void)a;
    return store_wallet_nonce_use(c->place->store, c->nonce, NOW, err);
}

static void nonce__is_used_once_by_many(void **state) {
    struct place *p = *state;
    struct crowd crowd = {.place = p,
                          .one = nonce_one,
                          .nonce = store_wallet_nonce(p->store, NOW, &p->a),
                          .reason = "invalid_nonce"};
    assert_int_equal(winners(&crowd), 1);
}

static void nonce__lasts_five_minutes_and_is_of_this_house(void **state) {
    struct place *p = *state;
    struct err err = {0};
    usec_t end = NOW + STORE_WALLET_NONCE_S * USEC_PER_S;
    struct sv a = store_wallet_nonce(p->store, NOW, &p->a);
    struct sv b = store_wallet_nonce(p->store, NOW, &p->a);
    assert_false(sv_eq(a, b));
    assert_false(store_wallet_nonce_use(p->store, a, end + 1, &err));
    assert_string_equal(err.reason, "invalid_nonce");
    assert_int_equal(support_sql("SELECT count(*) FROM wallet_used"), 0); /* costs no row */
    err = (struct err){0};
    assert_true(store_wallet_nonce_use(p->store, a, end, &err));
    /* As good as ours in all but its MAC. */
    struct sv bytes;
    assert_true(base64url_decode(&p->a, b, &bytes, &err));
    char *bent = arena_copy(&p->a, bytes.ptr, bytes.len);
    bent[0] ^= 1;
    assert_false(
        store_wallet_nonce_use(p->store, base64url_encode(&p->a, bent, bytes.len), NOW, &err));
    assert_false(store_wallet_nonce_use(p->store, SV(""), NOW, &err));
}

static bool deliver_one(const struct crowd *c, struct arena *a, struct err *err) {
    (void)a;
    return store_wallet_delivered(c->place->store, &c->grant, c->transaction_id, err);
}

static void transaction__is_answered_once_and_for_its_token(void **state) {
    struct place *p = *state;
    struct err err = {0};
    struct store_wallet_wait got = {0};
    const struct store_wallet_wait wait = {
        .form = 1, .is_draft_13 = true, .did = SV("did:key:z6Mk with spaces")};
    struct crowd crowd = {
        .place = p, .one = deliver_one, .grant = granted(p), .reason = "invalid_transaction_id"};
    assert_true(
        store_wallet_wait_seal(p->store, &crowd.grant, &wait, &p->a, &crowd.transaction_id, &err));
    assert_true(
        store_wallet_wait_open(p->store, &crowd.grant, crowd.transaction_id, &p->a, &got, &err));
    assert_int_equal(got.form, 1);
    assert_true(got.is_draft_13 && sv_eq(got.did, wait.did));
    const struct store_wallet_grant other = granted(p);
    assert_false(store_wallet_wait_open(p->store, &other, crowd.transaction_id, &p->a, &got, &err));
    assert_string_equal(err.reason, "invalid_transaction_id");
    assert_int_equal(winners(&crowd), 1);
    assert_int_equal(support_sql("SELECT count(*) FROM audit WHERE action = 'award_to_wallet'"), 1);
    assert_int_equal(support_sql("SELECT count(delivered_at) FROM wallet_offer"), 1);
}

static void make__leaves_one_open_offer_of_an_award_however_many_ask(void **state) {
    struct place *p = *state;
    struct store_wallet_offer first = make(p, false);
    assert_true(is_found(p, first.key));
    struct store_wallet_offer second = make(p, false);
    assert_false(is_found(p, first.key));
    assert_true(is_found(p, second.key));
    assert_int_equal(support_sql("SELECT count(*) FROM wallet_offer"), 1);
}

static void make__is_for_the_learner_and_an_award_that_counts(void **state) {
    struct place *p = *state;
    struct err err = {0};
    struct store_wallet_award stranger = p->award;
    stranger.person_id = 6;
    assert_false(store_wallet_offer_make(p->store, &stranger, false, NOW, &err));
    assert_string_equal(err.reason, "award");
    struct store_wallet_award elsewhere = p->award;
    elsewhere.institution_id++;
    err = (struct err){0};
    assert_false(store_wallet_offer_make(p->store, &elsewhere, false, NOW, &err));
    static const char *const changes[] = {"state = 3", "state = 2, expires_at = now()"};
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        char sql[128];
        (void)snprintf(sql, sizeof sql, "UPDATE award SET %s", changes[i]);
        (void)support_sql(sql);
        err = (struct err){0};
        assert_false(store_wallet_offer_make(p->store, &p->award, false, NOW, &err));
    }
    assert_int_equal(support_sql("SELECT count(*) FROM wallet_offer"), 0);
}

/* Without the master key the rows are worth nothing. */
static void offer__is_not_to_be_had_from_its_row(void **state) {
    struct place *p = *state;
    struct store_wallet_offer mine = make(p, true);
    static const unsigned char other_master[SEAL_MASTER_BYTES] = {10};
    AUTO_SEAL *seal = seal_open_bytes(other_master);
    struct store *store = NULL;
    struct err err = {0};
    const struct store_options options = {
        .conninfo = support_app(), .connections = 1, .seal = seal};
    assert_true(store_create(&options, &store, &err));
    struct store_wallet_offer theirs;
    assert_true(store_wallet_offer_last(store, &p->award, &p->a, &theirs, &err));
    assert_true(sv_eq(theirs.id, mine.id));
    assert_false(sv_eq(theirs.key, mine.key) || sv_eq(theirs.code, mine.code));
    assert_false(is_found(p, theirs.key));
    struct sv token;
    assert_false(store_wallet_take(store, mine.code, mine.digits, &p->a, &token, &err));
    store_destroy(store);
}

static void purge__forgets_after_a_day(void **state) {
    struct place *p = *state;
    struct err err = {0};
    (void)make(p, false);
    assert_true(
        store_wallet_nonce_use(p->store, store_wallet_nonce(p->store, NOW, &p->a), NOW, &err));
    assert_true(store_purge(p->store, &err));
    assert_int_equal(support_sql("SELECT (SELECT count(*) FROM wallet_offer) + (SELECT count(*) "
                                 "FROM wallet_used)"),
                     2);
    (void)support_sql("UPDATE wallet_offer SET created_at = now() - interval '25 hours'");
    (void)support_sql("UPDATE wallet_used SET expires_at = now() - interval '1 second'");
    assert_true(store_purge(p->store, &err));
    assert_int_equal(support_sql("SELECT (SELECT count(*) FROM wallet_offer) + (SELECT count(*) "
                                 "FROM wallet_used)"),
                     0);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(take__gives_one_token_to_many_takers),
        TEST(take__counts_every_wrong_guess_of_many_guessers),
        TEST(nonce__is_used_once_by_many),
        TEST(nonce__lasts_five_minutes_and_is_of_this_house),
        TEST(transaction__is_answered_once_and_for_its_token),
        TEST(make__leaves_one_open_offer_of_an_award_however_many_ask),
        TEST(make__is_for_the_learner_and_an_award_that_counts),
        TEST(offer__is_not_to_be_had_from_its_row),
        TEST(purge__forgets_after_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
