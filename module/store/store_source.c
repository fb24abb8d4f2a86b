#include "store_source.h"
#include "seal_key.h"
#include "store_internal.h"

#define PURPOSE "grade-source"

static struct sv about(struct arena *a, int64_t deployment_id) {
    return sv_printf(a, "deployment %lld", (long long)deployment_id);
}

/* The developer key, or none any more. Before the source itself changes: it is compared with. */
static bool set_key(struct store *store, struct db_conn *conn, const struct store_source *s,
                    struct arena *a, struct err *err) {
    bool has_key = s->oauth_client_id.len > 0;
    struct sv box = {0};
    struct db_args forget;
    db_args_init(&forget, a);
    db_add_i64(&forget, s->institution_id);
    db_add_i64(&forget, s->deployment_id);
    db_add_bool(&forget, has_key);
    if (!store_oauth_box(store, s->deployment_id, "secret", s->oauth_secret, a, &box, err) ||
        !db_run(conn, "oauth_forget", &forget, NULL, err)) {
        return false;
    }
    struct db_args key;
    db_args_init(&key, a);
    db_add_i64(&key, s->institution_id);
    db_add_i64(&key, s->deployment_id);
    db_add_text(&key, s->oauth_client_id);
    db_add_bytes(&key, box);
    db_add_bool(&key, s->oauth_asks_scopes);
    db_add_text(&key, s->base_url);
    return !has_key || db_run(conn, "oauth_key_set", &key, NULL, err);
}

bool store_source_set(struct store *store, const struct store_source *s, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    struct sv box = {0};
    if (s->token.len > 0 &&
        !seal_box(store->seal, PURPOSE, about(&a, s->deployment_id), s->token, &a, &box, err)) {
        return false;
    }
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, s->institution_id);
    db_add_i64(&args, s->deployment_id);
    db_add_text(&args, s->kind);
    db_add_text(&args, s->base_url);
    db_add_bytes(&args, box);
    db_add_i64(&args, s->parallel);
    struct db_args due;
    db_args_init(&due, &a);
    db_add_i64(&due, s->institution_id);
    db_add_i64(&due, s->deployment_id);
    struct db_args forget; /* ids of people are those of one site */
    db_args_init(&forget, &a);
    db_add_i64(&forget, s->institution_id);
    db_add_i64(&forget, s->deployment_id);
    db_add_text(&forget, s->kind);
    db_add_text(&forget, s->base_url);
    return db_take(store->pool, STORE_WAIT_MS, &conn, err) &&
           db_begin(conn, s->institution_id, err) &&
           db_run(conn, "link_forget", &forget, NULL, err) && set_key(store, conn, s, &a, err) &&
           db_run(conn, "source_set", &args, NULL, err) &&
           db_run(conn, "source_due", &due, NULL, err) &&
           store_audit_in(conn, s->institution_id, 0, "source_set",
                          sv_printf(&a, "{\"deployment\":%lld}", (long long)s->deployment_id), &a,
                          err) &&
           db_commit(conn, err);
}

bool store_source_get(struct store *store, int64_t institution_id, int64_t deployment_id,
                      struct arena *a, struct store_source *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, deployment_id);
    if (!store_run(store, institution_id, "source_get", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_NOT_FOUND, "source",
                           "no grade source is set for this deployment; the operator sets one with "
                           "`laurel source set`");
    }
    *out = (struct store_source){.institution_id = institution_id,
                                 .deployment_id = deployment_id,
                                 .kind = store_text(&rows, 0, 0, a),
                                 .base_url = store_text(&rows, 0, 1, a),
                                 .updated_at = db_time(&rows, 0, 3),
                                 .refused_at = db_time(&rows, 0, 4)};
    struct sv box = db_bytes(&rows, 0, 2, a);
    return box.len == 0 ||
           seal_unbox(store->seal, PURPOSE, about(a, deployment_id), box, a, &out->token, err);
}

bool store_source_list(struct store *store, struct arena *a, struct store_source **out,
                       size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    if (!store_run(store, 0, "source_list", NULL, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_source, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = (struct store_source){.institution_id = db_i64(&rows, i, 0),
                                          .deployment_id = db_i64(&rows, i, 1),
                                          .kind = store_text(&rows, i, 2, a),
                                          .base_url = store_text(&rows, i, 3, a),
                                          .updated_at = db_time(&rows, i, 4),
                                          .issuer = store_text(&rows, i, 5, a),
                                          .client_id = store_text(&rows, i, 6, a),
                                          .platform_deployment_id = store_text(&rows, i, 7, a),
                                          .institution = store_text(&rows, i, 8, a),
                                          .parallel = db_i64(&rows, i, 9),
                                          .refused_at = db_time(&rows, i, 10),
                                          .oauth_client_id = store_text(&rows, i, 11, a),
                                          .oauth_state = store_text(&rows, i, 12, a),
                                          .oauth_user = store_text(&rows, i, 13, a)};
    }
    return true;
}
