#include "store_key.h"
#include "seal_key.h"
#include "store_internal.h"

#define PURPOSE "tool-key"

bool store_key_list(struct store *store, struct sv slug, struct arena *a, struct store_key **out,
                    size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_text_or_null(&args, slug);
    if (!store_run(store, 0, "tool_key_list", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_key, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = (struct store_key){.kid = store_text(&rows, i, 0, a),
                                       .public_jwk = store_text(&rows, i, 1, a),
                                       .created_at = db_time(&rows, i, 2),
                                       .signs_from = db_time(&rows, i, 3),
                                       .signs_until = db_time(&rows, i, 4),
                                       .published_until = db_time(&rows, i, 5),
                                       .registration = store_text(&rows, i, 6, a)};
    }
    return true;
}

bool store_key_current(struct store *store, int64_t registration_id, struct arena *a,
                       struct store_key *out, struct sv *pem, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, registration_id);
    if (!store_run(store, 0, "tool_key_current", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_NOT_FOUND, "key",
                           "there is no signing key yet: run `laurel key init`");
    }
    *out = (struct store_key){.kid = store_text(&rows, 0, 0, a),
                              .public_jwk = store_text(&rows, 0, 1, a),
                              .created_at = db_time(&rows, 0, 3),
                              .signs_from = db_time(&rows, 0, 4)};
    return seal_unbox(store->seal, PURPOSE, out->kid, db_bytes(&rows, 0, 2, a), a, pem, err) ||
           err_prefix(err,
                      "the signing key %.*s cannot be opened; master_key_file must be the one it "
                      "was made with",
                      SV_ARG(out->kid));
}

bool store_key_add_in(struct store *store, struct db_conn *conn, const struct store_key_new *key,
                      struct arena *a, struct err *err) {
    struct sv box = {0};
    struct db_args args;
    if (!seal_box(store->seal, PURPOSE, key->kid, key->pem, a, &box, err)) {
        return false;
    }
    db_args_init(&args, a);
    db_add_text(&args, key->kid);
    db_add_text(&args, key->public_jwk);
    db_add_bytes(&args, box);
    db_add_i64_or_null(&args, key->registration_id);
    db_add_time(&args, key->signs_from);
    if (!db_run(conn, "tool_key_insert", &args, NULL, err)) {
        return false;
    }
    if (!key->is_emergency) {
        return true;
    }
    db_args_init(&args, a);
    db_add_text(&args, key->kid);
    db_add_i64_or_null(&args, key->registration_id);
    return db_run(conn, "tool_key_withdraw", &args, NULL, err);
}

bool store_key_add(struct store *store, const struct store_key_new *key, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    return db_take(store->pool, STORE_WAIT_MS, &conn, err) && db_begin(conn, 0, err) &&
           store_key_add_in(store, conn, key, &a, err) && db_commit(conn, err);
}
