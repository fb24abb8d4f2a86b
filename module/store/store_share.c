#include "store_share.h"
#include "store_internal.h"

bool store_share_get(struct store *store, int64_t institution_id, int64_t award_id, struct arena *a,
                     struct model_share *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, award_id);
    if (!store_run(store, institution_id, "share_get", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_NOT_FOUND, "award", "there is no such award");
    }
    *out = store_share_read(&rows, 0, 0, a);
    out->shows_name = db_bool(&rows, 0, 8);
    out->told_results = db_bool(&rows, 0, 9);
    out->told_evidence = db_bool(&rows, 0, 10);
    return true;
}

bool store_share_owner(struct store *store, int64_t institution_id, int64_t award_id,
                       struct arena *a, struct store_share_owner *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, award_id);
    if (!store_run(store, institution_id, "share_owner", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_NOT_FOUND, "award", "there is no such award");
    }
    *out = (struct store_share_owner){.person_id = db_i64(&rows, 0, 0),
                                      .email = store_text(&rows, 0, 1, a),
                                      .sub = store_text(&rows, 0, 2, a),
                                      .platform = store_text(&rows, 0, 3, a),
                                      .name = store_text(&rows, 0, 4, a)};
    return true;
}

/* What a share was before it is switched. */
struct before {
    bool was_shared, is_in_gradebook;
};

static bool switch_in(struct db_conn *conn, const struct store_share_change *c, struct arena *a,
                      struct before *before, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, c->institution_id);
    db_add_i64(&args, c->award_id);
    db_add_i64(&args, c->person_id);
    db_add_time(&args, c->share->shared_at);
    if (!db_run(conn, "share_switch", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_NOT_FOUND, "award", "you have no such award");
    }
    *before = (struct before){.was_shared = db_bool(&rows, 0, 0),
                              .is_in_gradebook = db_bool(&rows, 0, 1)};
    return true;
}

static bool save_in(struct db_conn *conn, const struct store_share_change *c, struct arena *a,
                    struct err *err) {
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, c->institution_id);
    db_add_i64(&args, c->award_id);
    db_add_i64(&args, c->share->identity);
    db_add_text(&args, c->share->identity_hash);
    db_add_text(&args, c->share->salt);
    db_add_text(&args, c->share->platform);
    db_add_text(&args, c->share->did);
    db_add_bool(&args, c->share->shows_results);
    db_add_bool(&args, c->share->shows_evidence);
    db_add_bool(&args, c->share->shows_name);
    db_add_bool(&args, c->share->told_results);
    db_add_bool(&args, c->share->told_evidence);
    return db_run(conn, "share_save", &args, NULL, err);
}

bool store_share_set(struct store *store, const struct store_share_change *c, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    struct before before = {0};
    if (!db_take(store->pool, STORE_WAIT_MS, &conn, err) ||
        !db_begin(conn, c->institution_id, err) || !switch_in(conn, c, &a, &before, err)) {
        return false;
    }
    bool is_shared = c->share->shared_at != 0;
    const char *action = is_shared == before.was_shared ? "award_share_changed"
                         : is_shared                    ? "award_shared"
                                                        : "award_unshared";
    return save_in(conn, c, &a, err) &&
           store_audit_in(conn, c->institution_id, c->person_id, action,
                          sv_printf(&a, "{\"award\":%lld,\"identity\":%d}", (long long)c->award_id,
                                    (int)c->share->identity),
                          &a, err) &&
           store_sign_awards_in(conn, c->institution_id, &c->award_id, 1, &a, err) &&
           /* The gradebook's comment has the link while there is a page behind it. */
           (!before.is_in_gradebook || is_shared == before.was_shared ||
            store_score_jobs_in(conn, c->institution_id, &c->award_id, 1, &a, err)) &&
           db_commit(conn, err);
}
