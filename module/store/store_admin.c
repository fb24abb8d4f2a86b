#include "store_admin.h"
#include "store_internal.h"

static bool take_person(struct db_conn *conn, const struct store_grant_want *w, struct arena *a,
                        int64_t *person_id, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, w->institution_id);
    db_add_i64(&args, w->registration_id);
    db_add_text(&args, w->sub);
    if (!db_run(conn, "person_take", &args, &rows, err)) {
        return false;
    }
    *person_id = db_i64(&rows, 0, 0);
    return true;
}

static bool end_sessions(struct db_conn *conn, int64_t institution_id, int64_t person_id,
                         struct arena *a, struct err *err) {
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, person_id);
    return db_run(conn, "session_end", &args, NULL, err);
}

bool store_audit_in(struct db_conn *conn, int64_t institution_id, int64_t actor_person_id,
                    const char *action, struct sv object, struct arena *a, struct err *err) {
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64_or_null(&args, actor_person_id);
    db_add_text(&args, sv_from(action));
    db_add_text(&args, object);
    return db_run(conn, "audit_add", &args, NULL, err);
}

bool store_grant_set(struct store *store, const struct store_grant_want *w, bool is_granted,
                     bool *is_changed, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    AUTO_ROWS rows = {0};
    int64_t person_id = 0;
    if (!db_take(store->pool, STORE_WAIT_MS, &conn, err) ||
        !db_begin(conn, w->institution_id, err) || !take_person(conn, w, &a, &person_id, err)) {
        return false;
    }
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, w->institution_id);
    db_add_i64(&args, person_id);
    db_add_i64(&args, w->issuer_id);
    if (!db_run(conn, is_granted ? "admin_grant_add" : "admin_grant_remove", &args, &rows, err)) {
        return false;
    }
    *is_changed = rows.count > 0;
    if (*is_changed &&
        (!end_sessions(conn, w->institution_id, person_id, &a, err) ||
         !store_audit_in(conn, w->institution_id, 0, is_granted ? "admin_granted" : "admin_revoked",
                         sv_printf(&a, "{\"person\":%lld}", (long long)person_id), &a, err))) {
        return false;
    }
    return db_commit(conn, err);
}

bool store_grant_list(struct store *store, int64_t institution_id, struct arena *a,
                      struct store_grant **out, size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    if (!store_run(store, institution_id, "admin_grant_list", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_grant, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = (struct store_grant){.person_id = db_i64(&rows, i, 0),
                                         .registration_id = db_i64(&rows, i, 1),
                                         .sub = store_text(&rows, i, 2, a),
                                         .name = store_text(&rows, i, 3, a),
                                         .issuer_key = store_text(&rows, i, 4, a),
                                         .granted_at = db_time(&rows, i, 5)};
    }
    return true;
}
