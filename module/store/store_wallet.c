#include "store_wallet.h"
#include "base_encode.h"
#include "base_num.h"
#include "seal_key.h"
#include "store_internal.h"
#include <string.h>

#define SECRET_BYTES 32
#define TRANSACTION "wallet-transaction"
#define TRANSACTION_MAX 4096

static struct sv hash_of(struct arena *a, struct sv text) {
    unsigned char *sum = arena_alloc(a, 32);
    sha256(text.ptr, text.len, sum);
    return sv_of((const char *)sum, 32);
}

static struct sv mac_of(const struct store *store, const char *purpose, struct sv text,
                        struct arena *a) {
    unsigned char *mac = arena_alloc(a, SEAL_MAC_BYTES);
    seal_mac(store->seal, purpose, text, mac);
    return sv_of((const char *)mac, SEAL_MAC_BYTES);
}

static struct sv derive(const struct store *store, const char *purpose, struct sv id,
                        struct arena *a) {
    struct sv mac = mac_of(store, purpose, id, a);
    return base64url_encode(a, mac.ptr, mac.len);
}

/* Six digits; 2^64 is so many millions that none is likelier than another to speak of. */
static struct sv derive_digits(const struct store *store, struct sv id, struct arena *a) {
    struct sv mac = mac_of(store, "wallet-digits", id, a);
    uint64_t n = 0;
    memcpy(&n, mac.ptr, sizeof n);
    return sv_printf(a, "%06u", (unsigned)(n % 1000000));
}

/* What the database compares: bound to the code, worth nothing beside another. */
static struct sv digits_mac(const struct store *store, struct sv code, struct sv digits,
                            struct arena *a) {
    return digits.len == 0 ? SV("")
                           : mac_of(store, "wallet-digits-check",
                                    sv_printf(a, "%.*s %.*s", SV_ARG(code), SV_ARG(digits)), a);
}

static struct store_wallet_offer offer_of(const struct store *store, struct sv id, bool asks_digits,
                                          struct arena *a) {
    return (struct store_wallet_offer){.id = id,
                                       .key = derive(store, "wallet-offer", id, a),
                                       .code = derive(store, "wallet-code", id, a),
                                       .digits =
                                           asks_digits ? derive_digits(store, id, a) : SV("")};
}

static void award_args(struct db_args *args, struct arena *a, const struct store_wallet_award *w) {
    db_args_init(args, a);
    db_add_i64(args, w->institution_id);
    db_add_i64(args, w->award_id);
    db_add_i64(args, w->person_id);
}

bool store_wallet_state(struct store *store, const struct store_wallet_award *award,
                        enum store_wallet_state *out, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_ROWS rows = {0};
    struct db_args args;
    award_args(&args, &a, award);
    if (!store_run(store, award->institution_id, "wallet_award", &args, &rows, err)) {
        return false;
    }
    *out = rows.count == 0 || !db_bool(&rows, 0, 0) ? STORE_WALLET_GONE
           : db_bool(&rows, 0, 1)                   ? STORE_WALLET_IS_GOOD
           : db_bool(&rows, 0, 2)                   ? STORE_WALLET_STUCK
                                                    : STORE_WALLET_WAITS;
    return true;
}

bool store_wallet_offer_make(struct store *store, const struct store_wallet_award *award,
                             bool asks_digits, usec_t now, struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    enum store_wallet_state state = STORE_WALLET_GONE;
    char id[37];
    if (!store_wallet_state(store, award, &state, err)) {
        return false;
    }
    if (state == STORE_WALLET_GONE) {
        return err_because(err, ERR_CONFLICT, "award",
                           "only a badge that counts now can be put into a wallet");
    }
    uuid7(now, id);
    const struct store_wallet_offer offer = offer_of(store, sv_from(id), asks_digits, &a);
    db_args_init(&args, &a);
    db_add_text(&args, offer.id);
    db_add_i64(&args, award->institution_id);
    db_add_i64(&args, award->award_id);
    db_add_i64(&args, award->person_id);
    db_add_bytes(&args, hash_of(&a, offer.key));
    db_add_bytes(&args, hash_of(&a, offer.code));
    db_add_bytes(&args, digits_mac(store, offer.code, offer.digits, &a));
    db_add_i64(&args, STORE_WALLET_OFFER_S);
    return store_run(store, 0, "wallet_offer_make", &args, NULL, err);
}

bool store_wallet_offer_last(struct store *store, const struct store_wallet_award *award,
                             struct arena *a, struct store_wallet_offer *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    *out = (struct store_wallet_offer){0};
    award_args(&args, a, award);
    if (!store_run(store, 0, "wallet_offer_last", &args, &rows, err)) {
        return false;
    }
    if (rows.count > 0) {
        *out = offer_of(store, store_text(&rows, 0, 0, a), db_bool(&rows, 0, 1), a);
        out->tries = db_i64(&rows, 0, 2);
        out->expires_at = db_time(&rows, 0, 3);
        out->used_at = db_time(&rows, 0, 4);
        out->delivered_at = db_time(&rows, 0, 5);
        out->is_over = db_bool(&rows, 0, 6);
    }
    return true;
}

bool store_wallet_offer_find(struct store *store, struct sv key, struct arena *a,
                             struct store_wallet_offer *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_bytes(&args, hash_of(a, key));
    db_add_i64(&args, STORE_WALLET_TRIES);
    if (!store_run(store, 0, "wallet_offer_find", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_NOT_FOUND, "offer",
                           "there is no such offer, or it was used, or its ten minutes are over");
    }
    *out = offer_of(store, store_text(&rows, 0, 0, a), db_bool(&rows, 0, 1), a);
    return true;
}

static bool why_not_taken(const struct db_rows *rows, struct sv digits, struct err *err) {
    bool is_open = rows->count > 0;
    if (is_open && digits.len == 0) {
        return err_because(err, ERR_INPUT, "invalid_request",
                           "tx_code is missing: the learner sees it beside the offer");
    }
    if (is_open && !db_bool(rows, 0, 1)) {
        return err_because(err, ERR_INPUT, "invalid_request", "this offer asks for no tx_code");
    }
    return err_because(err, ERR_INPUT, "invalid_grant",
                       is_open ? "the tx_code is wrong"
                               : "the code is wrong, used or too old: make a new offer");
}

bool store_wallet_take(struct store *store, struct sv code, struct sv digits, struct arena *a,
                       struct sv *token, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    unsigned char random[SECRET_BYTES];
    random_bytes(random, sizeof random);
    *token = base64url_encode(a, random, sizeof random);
    db_args_init(&args, a);
    db_add_bytes(&args, hash_of(a, code));
    db_add_bytes(&args, digits_mac(store, code, digits, a));
    db_add_bytes(&args, hash_of(a, *token));
    db_add_i64(&args, STORE_WALLET_TOKEN_S);
    db_add_i64(&args, STORE_WALLET_TRIES);
    return store_run(store, 0, "wallet_offer_take", &args, &rows, err) &&
           ((rows.count == 1 && db_bool(&rows, 0, 0)) || why_not_taken(&rows, digits, err));
}

bool store_wallet_token(struct store *store, struct sv token, struct arena *a,
                        struct store_wallet_grant *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_bytes(&args, hash_of(a, token));
    if (!store_run(store, 0, "wallet_token", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_DENIED, "invalid_token", "the access token is wrong or over");
    }
    *out = (struct store_wallet_grant){.offer_id = store_text(&rows, 0, 0, a),
                                       .award = {.institution_id = db_i64(&rows, 0, 1),
                                                 .award_id = db_i64(&rows, 0, 2),
                                                 .person_id = db_i64(&rows, 0, 3)}};
    return true;
}

/* 16 random bytes, the time, and the MAC of both. */
struct nonce {
    unsigned char random[16];
    usec_t at;
    unsigned char mac[SEAL_MAC_BYTES];
};
#define NONCE_PLAIN offsetof(struct nonce, mac)

struct sv store_wallet_nonce(struct store *store, usec_t now, struct arena *a) {
    struct nonce n = {.at = now};
    random_bytes(n.random, sizeof n.random);
    seal_mac(store->seal, "wallet-nonce", sv_of((const char *)&n, NONCE_PLAIN), n.mac);
    return base64url_encode(a, &n, sizeof n);
}

static bool use(struct db_conn *conn, struct sv text, int64_t seconds, struct arena *a,
                bool *is_first, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_bytes(&args, hash_of(a, text));
    db_add_i64(&args, seconds);
    bool is_done = db_run(conn, "wallet_use", &args, &rows, err);
    *is_first = is_done && rows.count == 1;
    return is_done;
}

bool store_wallet_nonce_use(struct store *store, struct sv nonce, usec_t now, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    struct nonce n;
    struct sv bytes = {0};
    struct err ignored = {0};
    bool is_good = base64url_decode(&a, nonce, &bytes, &ignored) && bytes.len == sizeof n &&
                   seal_mac_is(store->seal, "wallet-nonce", sv_head(bytes, NONCE_PLAIN),
                               sv_skip(bytes, NONCE_PLAIN));
    if (is_good) {
        memcpy(&n, bytes.ptr, sizeof n);
        /* Kept beyond its end: clocks of several machines differ. */
        is_good = now - n.at <= STORE_WALLET_NONCE_S * USEC_PER_S;
        if (is_good && (!db_take(store->pool, STORE_WAIT_MS, &conn, err) ||
                        !use(conn, nonce, INT64_C(2) * STORE_WALLET_NONCE_S, &a, &is_good, err))) {
            return false;
        }
    }
    return is_good || err_because(err, ERR_INPUT, "invalid_nonce",
                                  "the nonce was used, or is too old: get a new one");
}

bool store_wallet_wait_seal(struct store *store, const struct store_wallet_grant *grant,
                            const struct store_wallet_wait *wait, struct arena *a,
                            struct sv *transaction_id, struct err *err) {
    struct sv box = {0};
    struct sv plain = sv_printf(a, "%lld %d %.*s", (long long)wait->form, (int)wait->is_draft_13,
                                SV_ARG(wait->did));
    if (!seal_box(store->seal, TRANSACTION, grant->offer_id, plain, a, &box, err)) {
        return false;
    }
    *transaction_id = base64url_encode(a, box.ptr, box.len);
    return true;
}

static bool no_transaction(struct err *err) {
    return err_because(err, ERR_INPUT, "invalid_transaction_id",
                       "the transaction_id is not of this token, or was used");
}

bool store_wallet_wait_open(struct store *store, const struct store_wallet_grant *grant,
                            struct sv transaction_id, struct arena *a,
                            struct store_wallet_wait *out, struct err *err) {
    struct err ignored = {0};
    struct sv box = {0};
    struct sv plain = {0};
    struct sv form = {0};
    struct sv is_draft = {0};
    bool is_ours =
        transaction_id.len <= TRANSACTION_MAX &&
        base64url_decode(a, transaction_id, &box, &ignored) &&
        seal_unbox(store->seal, TRANSACTION, grant->offer_id, box, a, &plain, &ignored) &&
        sv_cut(plain, ' ', &form, &plain) && sv_cut(plain, ' ', &is_draft, &out->did) &&
        num_parse_i64(form, 0, INT8_MAX, &out->form);
    out->is_draft_13 = sv_eq(is_draft, SV("1"));
    return is_ours || no_transaction(err);
}

bool store_wallet_delivered(struct store *store, const struct store_wallet_grant *grant,
                            struct sv transaction_id, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    struct db_args args;
    bool is_first = true;
    const struct store_wallet_award *w = &grant->award;
    db_args_init(&args, &a);
    db_add_text(&args, grant->offer_id);
    if (!db_take(store->pool, STORE_WAIT_MS, &conn, err) ||
        !db_begin(conn, w->institution_id, err) ||
        (transaction_id.len > 0 &&
         !use(conn, transaction_id, STORE_WALLET_TOKEN_S, &a, &is_first, err))) {
        return false;
    }
    if (!is_first) {
        return no_transaction(err);
    }
    return db_run(conn, "wallet_delivered", &args, NULL, err) &&
           store_audit_in(conn, w->institution_id, w->person_id, "award_to_wallet",
                          sv_printf(&a, "{\"award\":%lld}", (long long)w->award_id), &a, err) &&
           db_commit(conn, err);
}
