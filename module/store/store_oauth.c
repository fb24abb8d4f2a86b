#include "store_oauth.h"
#include "base_encode.h"
#include "seal_key.h"
#include "store_internal.h"

#define PURPOSE "canvas-oauth"

static struct sv about(struct arena *a, int64_t deployment_id, const char *column) {
    return sv_printf(a, "deployment %lld %s", (long long)deployment_id, column);
}

bool store_oauth_box(struct store *store, int64_t deployment_id, const char *column,
                     struct sv plain, struct arena *a, struct sv *box, struct err *err) {
    *box = sv_of(NULL, 0);
    return plain.len == 0 ||
           seal_box(store->seal, PURPOSE, about(a, deployment_id, column), plain, a, box, err);
}

static bool unbox(struct store *store, int64_t deployment_id, const char *column, struct sv box,
                  struct arena *a, struct sv *plain, struct err *err) {
    return box.len == 0 ||
           seal_unbox(store->seal, PURPOSE, about(a, deployment_id, column), box, a, plain, err);
}

static struct sv hash_of(struct arena *a, struct sv text) {
    unsigned char *sum = arena_alloc(a, 32);
    sha256(text.ptr, text.len, sum);
    return sv_of((const char *)sum, 32);
}

static void place_args(struct db_args *args, struct arena *a, int64_t institution_id,
                       int64_t deployment_id) {
    db_args_init(args, a);
    db_add_i64(args, institution_id);
    db_add_i64(args, deployment_id);
}

bool store_oauth_get(struct store *store, int64_t institution_id, int64_t deployment_id,
                     struct arena *a, struct store_oauth *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    place_args(&args, a, institution_id, deployment_id);
    if (!store_run(store, institution_id, "oauth_get", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_NOT_FOUND, "oauth",
                           "the deployment's grade source has no Canvas developer key");
    }
    *out = (struct store_oauth){.base_url = store_text(&rows, 0, 0, a),
                                .client_id = store_text(&rows, 0, 1, a),
                                .asks_scopes = db_bool(&rows, 0, 3),
                                .access_until = db_time(&rows, 0, 6),
                                .user_id = store_text(&rows, 0, 7, a),
                                .user_name = store_text(&rows, 0, 8, a),
                                .granted_at = db_time(&rows, 0, 9),
                                .refused = store_text(&rows, 0, 10, a)};
    return unbox(store, deployment_id, "secret", db_bytes(&rows, 0, 2, a), a, &out->secret, err) &&
           unbox(store, deployment_id, "refresh", db_bytes(&rows, 0, 4, a), a, &out->refresh,
                 err) &&
           unbox(store, deployment_id, "access", db_bytes(&rows, 0, 5, a), a, &out->access, err);
}

bool store_oauth_lease(struct store *store, int64_t institution_id, int64_t deployment_id,
                       usec_t seen, int64_t *lease, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_ROWS rows = {0};
    struct db_args args;
    place_args(&args, &a, institution_id, deployment_id);
    db_add_i64(&args, STORE_OAUTH_LEASE_S);
    db_add_i64(&args, seen);
    if (!store_run(store, institution_id, "oauth_lease", &args, &rows, err)) {
        return false;
    }
    *lease = rows.count == 0 ? 0 : db_i64(&rows, 0, 0);
    return true;
}

bool store_oauth_renewed(struct store *store, const struct store_oauth_renewal *r, bool *is_kept,
                         struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_ROWS rows = {0};
    struct db_args args;
    struct sv access;
    struct sv refresh;
    if (!store_oauth_box(store, r->deployment_id, "access", r->access, &a, &access, err) ||
        !store_oauth_box(store, r->deployment_id, "refresh", r->refresh, &a, &refresh, err)) {
        return false;
    }
    place_args(&args, &a, r->institution_id, r->deployment_id);
    db_add_i64(&args, r->lease);
    db_add_bytes(&args, access);
    db_add_i64(&args, r->lasts_s);
    db_add_bytes(&args, refresh);
    if (!store_run(store, r->institution_id, "oauth_renewed", &args, &rows, err)) {
        return false;
    }
    *is_kept = rows.count == 1;
    return true;
}

bool store_oauth_lease_end(struct store *store, int64_t institution_id, int64_t deployment_id,
                           int64_t lease, struct sv refused, struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    place_args(&args, &a, institution_id, deployment_id);
    db_add_i64(&args, lease);
    db_add_text(&args, refused);
    return store_run(store, institution_id, "oauth_lease_end", &args, NULL, err);
}

bool store_oauth_begin(struct store *store, const struct store_oauth_visit *v, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_text(&args, v->launch_id);
    db_add_i64(&args, v->person_id);
    db_add_i64(&args, v->deployment_id);
    db_add_bytes(&args, hash_of(&a, v->state));
    db_add_bytes(&args, hash_of(&a, v->browser));
    db_add_i64(&args, STORE_OAUTH_STATE_S);
    if (!store_run(store, 0, "oauth_begin", &args, &rows, err)) {
        return false;
    }
    return rows.count == 1 ||
           err_because(err, ERR_DENIED, "role",
                       "only a badge admin of the whole institution may connect it, and the page "
                       "this came from is no longer open to one: open Laurel in a course again");
}

bool store_oauth_return(struct store *store, struct sv state, struct sv browser, struct arena *a,
                        struct store_oauth_return *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_bytes(&args, hash_of(a, state));
    if (!store_run(store, 0, "oauth_state_get", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_DENIED, "state",
                           "Canvas's answer is to no question of ours, or was used already");
    }
    if (!sv_eq_secret(db_bytes(&rows, 0, 3, a), hash_of(a, browser))) {
        return err_because(err, ERR_DENIED, "state_browser",
                           "this was begun in another browser than the one it ends in");
    }
    if (db_bool(&rows, 0, 4)) {
        return err_because(err, ERR_DENIED, "state_expired",
                           "it took longer than ten minutes, or Laurel was closed meanwhile");
    }
    *out = (struct store_oauth_return){.institution_id = db_i64(&rows, 0, 0),
                                       .deployment_id = db_i64(&rows, 0, 1),
                                       .person_id = db_i64(&rows, 0, 2)};
    return true;
}

bool store_oauth_burn(struct store *store, struct sv state, struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_bytes(&args, hash_of(&a, state));
    return store_run(store, 0, "oauth_state_take", &args, NULL, err);
}

static bool take_state(struct db_conn *conn, struct sv state, struct arena *a, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_bytes(&args, hash_of(a, state));
    if (!db_run(conn, "oauth_state_take", &args, &rows, err)) {
        return false;
    }
    return rows.count == 1 ||
           err_because(err, ERR_DENIED, "state", "Canvas's answer was used already");
}

static bool keep_grant(struct store *store, struct db_conn *conn, const struct store_oauth_grant *g,
                       struct arena *a, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    struct sv refresh;
    struct sv access;
    int64_t deployment_id = g->by.deployment_id;
    if (!store_oauth_box(store, deployment_id, "refresh", g->refresh, a, &refresh, err) ||
        !store_oauth_box(store, deployment_id, "access", g->access, a, &access, err)) {
        return false;
    }
    place_args(&args, a, g->by.institution_id, deployment_id);
    db_add_text(&args, g->client_id);
    db_add_bytes(&args, refresh);
    db_add_bytes(&args, access);
    db_add_i64(&args, g->lasts_s);
    db_add_text(&args, g->user_id);
    db_add_text(&args, g->user_name);
    db_add_i64(&args, g->by.person_id);
    if (!db_run(conn, "oauth_grant", &args, &rows, err)) {
        return false;
    }
    return rows.count == 1 ||
           err_because(err, ERR_CONFLICT, "oauth",
                       "the operator changed the developer key meanwhile: begin again");
}

bool store_oauth_grant(struct store *store, const struct store_oauth_grant *g, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    struct db_args due;
    place_args(&due, &a, g->by.institution_id, g->by.deployment_id);
    return db_take(store->pool, STORE_WAIT_MS, &conn, err) &&
           db_begin(conn, g->by.institution_id, err) && take_state(conn, g->state, &a, err) &&
           keep_grant(store, conn, g, &a, err) && db_run(conn, "source_due", &due, NULL, err) &&
           db_run(conn, "source_accepted", &due, NULL, err) &&
           store_audit_in(conn, g->by.institution_id, g->by.person_id, "source_connected",
                          sv_printf(&a, "{\"deployment\":%lld}", (long long)g->by.deployment_id),
                          &a, err) &&
           db_commit(conn, err);
}

bool store_oauth_wipe(struct store *store, int64_t institution_id, int64_t deployment_id,
                      int64_t actor_person_id, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    struct db_args args;
    place_args(&args, &a, institution_id, deployment_id);
    return db_take(store->pool, STORE_WAIT_MS, &conn, err) && db_begin(conn, institution_id, err) &&
           db_run(conn, "oauth_wipe", &args, NULL, err) &&
           store_audit_in(conn, institution_id, actor_person_id, "source_disconnected",
                          sv_printf(&a, "{\"deployment\":%lld}", (long long)deployment_id), &a,
                          err) &&
           db_commit(conn, err);
}
