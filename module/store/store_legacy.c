#include "store_legacy.h"
#include "seal_key.h"
#include "store_internal.h"

#define PURPOSE "legacy-consumer"

static struct sv about(struct arena *a, int64_t registration_id, struct sv key) {
    return sv_printf(a, "registration %lld key %.*s", (long long)registration_id, SV_ARG(key));
}

static bool not_found(struct err *err) {
    return err_because(err, ERR_NOT_FOUND, "legacy_consumer",
                       "this platform has no such consumer key of LTI 1.1 here; `laurel platform "
                       "legacy add` saves one");
}

bool store_legacy_set(struct store *store, int64_t registration_id, struct sv key, struct sv secret,
                      struct err *err) {
    AUTO_ARENA a = {0};
    struct sv box = {0};
    struct db_args args;
    if (!seal_box(store->seal, PURPOSE, about(&a, registration_id, key), secret, &a, &box, err)) {
        return false;
    }
    db_args_init(&args, &a);
    db_add_i64(&args, registration_id);
    db_add_text(&args, key);
    db_add_bytes(&args, box);
    return store_run(store, 0, "legacy_set", &args, NULL, err);
}

bool store_legacy_remove(struct store *store, int64_t registration_id, struct sv key,
                         struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, registration_id);
    db_add_text(&args, key);
    return store_run(store, 0, "legacy_remove", &args, &rows, err) &&
           (rows.count > 0 || not_found(err));
}

bool store_legacy_list(struct store *store, struct arena *a, struct store_legacy_consumer **out,
                       size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    if (!store_run(store, 0, "legacy_list", NULL, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_legacy_consumer, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = (struct store_legacy_consumer){.registration_id = db_i64(&rows, i, 0),
                                                   .issuer = store_text(&rows, i, 1, a),
                                                   .client_id = store_text(&rows, i, 2, a),
                                                   .key = store_text(&rows, i, 3, a),
                                                   .created_at = db_time(&rows, i, 4)};
    }
    return true;
}

bool store_legacy_secret(struct store *store, int64_t registration_id, struct sv key,
                         struct arena *a, struct sv *secret, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, registration_id);
    db_add_text(&args, key);
    if (!store_run(store, 0, "legacy_get", &args, &rows, err)) {
        return false;
    }
    return rows.count == 0 ? not_found(err)
                           : seal_unbox(store->seal, PURPOSE, about(a, registration_id, key),
                                        db_bytes(&rows, 0, 0, a), a, secret, err);
}

static bool award(struct db_conn *conn, const struct store_legacy_import *import,
                  const struct store_legacy_person *p, int64_t person_id, usec_t now,
                  struct store_legacy_result *out, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, import->institution_id);
    db_add_i64(&args, p->badge_id);
    db_add_i64(&args, person_id);
    db_add_i64(&args, p->rule_version);
    db_add_text(&args, import->note);
    db_add_time(&args, p->issued_at);
    db_add_time(&args, now);
    if (!db_run(conn, "legacy_award", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return true; /* imported before, whatever became of it */
    }
    out->awards++;
    return store_audit_in(conn, import->institution_id, 0, "award_import",
                          sv_printf(&a, "{\"award\":%lld}", (long long)db_i64(&rows, 0, 0)), &a,
                          err);
}

static bool take(struct db_conn *conn, const struct store_legacy_import *import,
                 const struct store_legacy_person *p, usec_t now, struct store_legacy_result *out,
                 struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, import->institution_id);
    db_add_i64(&args, import->registration_id);
    db_add_text(&args, p->sub);
    db_add_text(&args, p->name);
    db_add_text(&args, p->email);
    if (!db_run(conn, "legacy_person", &args, &rows, err)) {
        return false;
    }
    out->people += db_bool(&rows, 0, 1) ? 1 : 0;
    return p->badge_id == 0 || award(conn, import, p, db_i64(&rows, 0, 0), now, out, err);
}

bool store_legacy_import(struct store *store, const struct store_legacy_import *import, usec_t now,
                         struct store_legacy_result *out, struct err *err) {
    AUTO_CONN *conn = NULL;
    *out = (struct store_legacy_result){0};
    if (!db_take(store->pool, STORE_WAIT_MS, &conn, err) ||
        !db_begin(conn, import->institution_id, err)) {
        return false;
    }
    for (size_t i = 0; i < import->count; i++) {
        if (!take(conn, import, &import->people[i], now, out, err)) {
            return false;
        }
    }
    return db_commit(conn, err);
}
