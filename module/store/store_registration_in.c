/* What several transactions do with registrations, each inside the one that is open. */
#include "store_internal.h"
#include "store_registration.h"

struct sv store_registration_slug(struct arena *a) {
    unsigned char random[6];
    random_bytes(random, sizeof random);
    return sv_printf(a, "%02x%02x%02x%02x%02x%02x", random[0], random[1], random[2], random[3],
                     random[4], random[5]);
}

bool store_registration_lock_in(struct db_conn *conn, const struct model_registration *r,
                                struct arena *a, struct err *err) {
    struct db_args args;
    db_args_init(&args, a);
    db_add_text(&args, r->issuer);
    db_add_text(&args, r->client_id);
    return db_run(conn, "registration_lock", &args, NULL, err);
}

bool store_registration_insert_in(struct db_conn *conn, const struct model_registration *r,
                                  struct arena *a, int64_t *id, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_text(&args, r->slug);
    db_add_text(&args, r->issuer);
    db_add_text(&args, r->client_id);
    db_add_text(&args, r->auth_url);
    db_add_text(&args, r->token_url);
    db_add_text(&args, r->jwks_url);
    db_add_text_or_null(&args, r->token_audience);
    db_add_bool(&args, r->trusts_admin_role);
    db_add_i64_or_null(&args, r->institution_id);
    db_add_bool(&args, r->approves_deployments);
    db_add_text(&args, r->product);
    db_add_text(&args, r->scopes);
    if (!db_run(conn, "registration_insert", &args, &rows, err)) {
        return false;
    }
    *id = db_i64(&rows, 0, 0);
    return true;
}

bool store_registration_update_in(struct db_conn *conn, const struct model_registration *r,
                                  struct arena *a, struct err *err) {
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, r->id);
    db_add_text(&args, r->auth_url);
    db_add_text(&args, r->token_url);
    db_add_text(&args, r->jwks_url);
    db_add_text_or_null(&args, r->token_audience);
    db_add_bool(&args, r->trusts_admin_role);
    db_add_bool(&args, r->is_enabled);
    db_add_bool(&args, r->approves_deployments);
    db_add_i64_or_null(&args, r->institution_id);
    db_add_text(&args, r->scopes);
    return db_run(conn, "registration_update", &args, NULL, err);
}

bool store_registration_refresh_in(struct db_conn *conn, const struct model_registration *r,
                                   struct arena *a, struct err *err) {
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, r->id);
    db_add_text(&args, r->auth_url);
    db_add_text(&args, r->token_url);
    db_add_text(&args, r->jwks_url);
    db_add_text_or_null(&args, r->token_audience);
    db_add_text(&args, r->scopes);
    return db_run(conn, "registration_refresh", &args, NULL, err);
}

bool store_deployment_add_in(struct db_conn *conn, int64_t registration_id, int64_t institution_id,
                             struct sv deployment_id, struct arena *a, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, registration_id);
    db_add_i64(&args, institution_id);
    db_add_text(&args, deployment_id);
    return db_run(conn, "deployment_insert", &args, &rows, err) &&
           (db_i64(&rows, 0, 1) == institution_id ||
            err_because(err, ERR_CONFLICT, "deployment",
                        "deployment %.*s already belongs to another institution",
                        SV_ARG(deployment_id)));
}
