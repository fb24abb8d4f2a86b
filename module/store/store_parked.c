#include "store_parked.h"
#include "store_internal.h"

bool store_parked_list(struct store *store, int64_t registration_id, struct arena *a,
                       struct store_parked **out, size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, registration_id);
    if (!store_run(store, 0, "parked_list", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_parked, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = (struct store_parked){.deployment_id = store_text(&rows, i, 0, a),
                                          .title = store_text(&rows, i, 1, a),
                                          .first_at = db_time(&rows, i, 2),
                                          .last_at = db_time(&rows, i, 3),
                                          .launches = db_i64(&rows, i, 4),
                                          .is_refused = db_bool(&rows, i, 5)};
    }
    return true;
}

/* Run "parked_take" or "parked_refuse": one row when the note was there. */
static bool settle(struct db_conn *conn, const char *query, const struct store_parked_choice *c,
                   struct arena *a, struct db_rows *rows, struct err *err) {
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, c->registration_id);
    db_add_text(&args, c->deployment_id);
    return db_run(conn, query, &args, rows, err) &&
           (rows->count > 0 ||
            err_because(err, ERR_NOT_FOUND, "deployment",
                        "no deployment %.*s waits for approval here; `laurel platform show` lists "
                        "those that do",
                        SV_ARG(c->deployment_id)));
}

static bool audit(struct db_conn *conn, const char *action, int64_t institution_id,
                  const struct store_parked_choice *c, struct arena *a, struct err *err) {
    return store_audit_in(conn, institution_id, c->actor_person_id, action,
                          sv_printf(a, "{\"registration\":%lld}", (long long)c->registration_id), a,
                          err);
}

bool store_parked_approve(struct store *store, const struct store_parked_choice *c,
                          struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    AUTO_ROWS rows = {0};
    return db_take(store->pool, STORE_WAIT_MS, &conn, err) &&
           db_begin(conn, c->institution_id, err) &&
           settle(conn, "parked_take", c, &a, &rows, err) &&
           store_deployment_add_in(conn, c->registration_id, c->institution_id, c->deployment_id,
                                   &a, err) &&
           audit(conn, "deployment_approved", c->institution_id, c, &a, err) &&
           db_commit(conn, err);
}

bool store_parked_refuse(struct store *store, const struct store_parked_choice *c,
                         struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    AUTO_ROWS rows = {0};
    if (!db_take(store->pool, STORE_WAIT_MS, &conn, err) ||
        !db_begin(conn, c->institution_id, err) ||
        !settle(conn, "parked_refuse", c, &a, &rows, err)) {
        return false;
    }
    return (c->institution_id == 0 ||
            audit(conn, "deployment_refused", c->institution_id, c, &a, err)) &&
           db_commit(conn, err);
}
