#include "store_issuer.h"
#include "seal_key.h"
#include "store_internal.h"

#define PURPOSE "issuer-key"

/* A box copied to another issuer or key does not open. */
static struct sv about(struct arena *a, int64_t issuer_id, struct sv public_id) {
    return sv_printf(a, "issuer %lld key %.*s", (long long)issuer_id, SV_ARG(public_id));
}

struct model_issuer store_issuer_read(const struct db_rows *rows, int i, struct arena *a) {
    return (struct model_issuer){.id = db_i64(rows, i, 0),
                                 .public_id = store_text(rows, i, 1, a),
                                 .key = store_text(rows, i, 2, a),
                                 .name = store_text(rows, i, 3, a),
                                 .url = store_text(rows, i, 4, a),
                                 .email = store_text(rows, i, 5, a),
                                 .description = store_text(rows, i, 6, a),
                                 .image = store_text(rows, i, 7, a)};
}

bool store_issuer_get(struct store *store, int64_t institution_id, int64_t issuer_id,
                      struct arena *a, struct model_issuer *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, issuer_id);
    if (!store_run(store, institution_id, "issuer_get", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_NOT_FOUND, "issuer", "there is no such issuer");
    }
    *out = store_issuer_read(&rows, 0, a);
    return true;
}

bool store_issuer_find(struct store *store, struct sv key, struct sv institution, struct arena *a,
                       int64_t *institution_id, int64_t *issuer_id, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    struct str names;
    int found = -1;
    int count = 0;
    db_args_init(&args, a);
    db_add_text(&args, key);
    if (!store_run(store, 0, "issuer_find", &args, &rows, err)) {
        return false;
    }
    str_init(&names, a, 400);
    for (int i = 0; i < rows.count; i++) {
        if (institution.len == 0 || sv_eq(db_text(&rows, i, 2), institution)) {
            str_addf(&names, "%s%.*s", count == 0 ? "" : ", ", SV_ARG(db_text(&rows, i, 2)));
            found = i;
            count++;
        }
    }
    if (count == 0) {
        return err_because(
            err, ERR_NOT_FOUND, "issuer",
            "no badge issuer has the key %.*s%s; `laurel key list` shows those there "
            "are",
            SV_ARG(key), institution.len == 0 ? "" : " in that institution");
    }
    if (count > 1) {
        return err_because(err, ERR_INPUT, "issuer",
                           "several institutions have an issuer %.*s; say which with "
                           "--institution: %.*s",
                           SV_ARG(key), SV_ARG(str_sv(&names)));
    }
    *institution_id = db_i64(&rows, found, 0);
    *issuer_id = db_i64(&rows, found, 1);
    return true;
}

static struct store_issuer_key read_key(const struct db_rows *rows, int i, struct arena *a) {
    return (struct store_issuer_key){.institution_id = db_i64(rows, i, 0),
                                     .id = db_i64(rows, i, 1),
                                     .issuer_id = db_i64(rows, i, 2),
                                     .public_id = store_text(rows, i, 3, a),
                                     .alg = store_text(rows, i, 4, a),
                                     .public_jwk = store_text(rows, i, 5, a),
                                     .created_at = db_time(rows, i, 6),
                                     .retired_at = db_time(rows, i, 7)};
}

static bool list_keys(struct store *store, int64_t institution_id, int64_t issuer_id,
                      int64_t key_id, struct arena *a, struct store_issuer_key **out, size_t *count,
                      struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64_or_null(&args, issuer_id);
    db_add_i64_or_null(&args, key_id);
    if (!store_run(store, institution_id, "issuer_key_list", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_issuer_key, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = read_key(&rows, i, a);
    }
    return true;
}

bool store_issuer_key_list(struct store *store, int64_t institution_id, int64_t issuer_id,
                           struct arena *a, struct store_issuer_key **out, size_t *count,
                           struct err *err) {
    return list_keys(store, institution_id, issuer_id, 0, a, out, count, err);
}

bool store_issuer_key_get(struct store *store, int64_t institution_id, int64_t key_id,
                          struct arena *a, struct store_issuer_key *out, struct err *err) {
    struct store_issuer_key *found = NULL;
    size_t count = 0;
    if (!list_keys(store, institution_id, 0, key_id, a, &found, &count, err)) {
        return false;
    }
    if (count == 0) {
        return err_because(err, ERR_NOT_FOUND, "key", "there is no such key");
    }
    *out = found[0];
    return true;
}

bool store_issuer_key_all(struct store *store, struct arena *a, struct store_issuer_key **out,
                          size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    if (!store_run(store, 0, "issuer_key_all", NULL, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_issuer_key, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = read_key(&rows, i, a);
        (*out)[i].issuer_public_id = store_text(&rows, i, 8, a);
        (*out)[i].issuer_key = store_text(&rows, i, 9, a);
        (*out)[i].institution = store_text(&rows, i, 10, a);
    }
    return true;
}

bool store_issuer_key_pem(struct store *store, const struct store_issuer_key *key, struct arena *a,
                          struct sv *pem, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, key->institution_id);
    db_add_i64(&args, key->id);
    if (!store_run(store, key->institution_id, "issuer_key_secret", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_NOT_FOUND, "key", "there is no such key");
    }
    return seal_unbox(store->seal, PURPOSE, about(a, key->issuer_id, key->public_id),
                      db_bytes(&rows, 0, 0, a), a, pem, err) ||
           err_prefix(err,
                      "the issuer's key %.*s cannot be opened; master_key_file must be the one it "
                      "was made with",
                      SV_ARG(key->public_id));
}

static bool insert_key(struct store *store, struct db_conn *conn,
                       const struct store_issuer_key_new *key, struct arena *a, bool *is_made,
                       struct err *err) {
    AUTO_ROWS rows = {0};
    struct sv box = {0};
    struct db_args args;
    if (!seal_box(store->seal, PURPOSE, about(a, key->issuer_id, key->public_id), key->pem, a, &box,
                  err)) {
        return false;
    }
    db_args_init(&args, a);
    db_add_i64(&args, key->institution_id);
    db_add_i64(&args, key->issuer_id);
    db_add_text(&args, key->public_id);
    db_add_text(&args, key->alg);
    db_add_text(&args, key->public_jwk);
    db_add_bytes(&args, box);
    if (!db_run(conn, "issuer_key_insert", &args, &rows, err)) {
        return false;
    }
    *is_made = rows.count > 0;
    return true;
}

bool store_issuer_key_add(struct store *store, const struct store_issuer_key_new *key,
                          bool *is_made, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, key->institution_id);
    db_add_i64(&args, key->issuer_id);
    db_add_bool(&args, sv_eq(key->alg, SV("EdDSA")));
    return db_take(store->pool, STORE_WAIT_MS, &conn, err) &&
           db_begin(conn, key->institution_id, err) &&
           (key->is_first || db_run(conn, "issuer_key_retire", &args, NULL, err)) &&
           insert_key(store, conn, key, &a, is_made, err) &&
           (!*is_made ||
            store_audit_in(conn, key->institution_id, 0, "issuer_key_made",
                           sv_printf(&a, "{\"issuer\":%lld,\"key\":\"%.*s\"}",
                                     (long long)key->issuer_id, SV_ARG(key->public_id)),
                           &a, err)) &&
           db_commit(conn, err);
}
