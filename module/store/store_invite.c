#include "store_invite.h"
#include "base_encode.h"
#include "store_internal.h"
#include "store_key.h"
#include "store_registration.h"
#include <string.h>

#define CODE_LEN 43 /* 32 bytes as base64url */

static struct sv hash_sv(const unsigned char hash[32]) { return sv_of((const char *)hash, 32); }

bool store_invite_make(struct store *store, const struct store_invite_new *v, struct arena *a,
                       struct sv *code, struct err *err) {
    unsigned char secret[32];
    unsigned char hash[32];
    AUTO_CONN *conn = NULL;
    AUTO_ROWS rows = {0};
    struct db_args args;
    random_bytes(secret, sizeof secret);
    *code = base64url_encode(a, secret, sizeof secret);
    sha256(code->ptr, code->len, hash);
    db_args_init(&args, a);
    db_add_bytes(&args, hash_sv(hash));
    db_add_i64(&args, v->institution_id);
    db_add_i64_or_null(&args, v->registration_id);
    db_add_text(&args, v->config_host);
    db_add_bool(&args, v->approves_deployments);
    db_add_time(&args, v->expires_at);
    db_add_i64(&args, v->actor_person_id == 0 ? INT32_MAX : STORE_INVITES_OPEN_MAX);
    if (!db_take(store->pool, STORE_WAIT_MS, &conn, err) ||
        !db_begin(conn, v->institution_id, err) ||
        !db_run(conn, "invite_insert", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_CONFLICT, "invites",
                           "%d registration links are open already; use one of them, or wait until "
                           "they run out",
                           STORE_INVITES_OPEN_MAX);
    }
    return store_audit_in(conn, v->institution_id, v->actor_person_id, "platform_invited",
                          sv_printf(a, "{\"registration\":%lld}", (long long)v->registration_id), a,
                          err) &&
           db_commit(conn, err);
}

static bool refuse(struct err *err, const char *reason, const char *text) {
    return err_because(err, ERR_DENIED, reason, "%s", text);
}

bool store_invite_find(struct store *store, struct sv code, usec_t now, struct arena *a,
                       struct store_invite *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    if (code.len == 0) {
        return refuse(err, "invite_missing", "this address has no invitation in it");
    }
    *out = (struct store_invite){0};
    sha256(code.ptr, code.len, out->code_hash);
    db_args_init(&args, a);
    db_add_bytes(&args, hash_sv(out->code_hash));
    if (code.len == CODE_LEN && !store_run(store, 0, "invite_find", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return refuse(err, "invite_unknown", "nobody here has made this invitation");
    }
    if (!db_is_null(&rows, 0, 6)) {
        return refuse(err, "invite_used", "this invitation has been used already");
    }
    out->institution_id = db_i64(&rows, 0, 0);
    out->institution = store_text(&rows, 0, 1, a);
    out->registration_id = db_i64(&rows, 0, 2);
    out->config_host = store_text(&rows, 0, 3, a);
    out->approves_deployments = db_bool(&rows, 0, 4);
    out->expires_at = db_time(&rows, 0, 5);
    return out->expires_at > now || refuse(err, "invite_expired", "this invitation has run out");
}

static bool use_up(struct db_conn *conn, const struct store_invite *invite, struct arena *a,
                   struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_bytes(&args, hash_sv(invite->code_hash));
    return db_run(conn, "invite_use", &args, &rows, err) &&
           (rows.count > 0 ||
            err_because(err, ERR_CONFLICT, "invite_used",
                        "this invitation was used or ran out while the platform answered"));
}

static bool refuse_known(struct db_conn *conn, const struct model_registration *r, struct arena *a,
                         struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64_or_null(&args, 0);
    db_add_text_or_null(&args, sv_of(NULL, 0));
    db_add_text(&args, r->issuer);
    db_add_text(&args, r->client_id);
    return store_registration_lock_in(conn, r, a, err) &&
           db_run(conn, "registration_find", &args, &rows, err) &&
           (rows.count == 0 ||
            err_because(err, ERR_CONFLICT, "registered",
                        "this platform is connected already under the client id it just gave, and "
                        "nothing was changed"));
}

static bool save_new(struct store *store, struct db_conn *conn, const struct store_invite_use *use,
                     struct arena *a, struct err *err) {
    struct model_registration *r = use->registration;
    r->institution_id = use->invite->institution_id;
    r->approves_deployments = use->invite->approves_deployments;
    r->is_enabled = true;
    if (!refuse_known(conn, r, a, err) || !store_registration_insert_in(conn, r, a, &r->id, err)) {
        return false;
    }
    if (use->key == NULL) {
        return true;
    }
    struct store_key_new key = *use->key;
    key.registration_id = r->id;
    return store_key_add_in(store, conn, &key, a, err);
}

static bool save(struct store *store, struct db_conn *conn, const struct store_invite_use *use,
                 struct arena *a, struct err *err) {
    struct model_registration *r = use->registration;
    if (use->invite->registration_id != 0) {
        return store_registration_refresh_in(conn, r, a, err);
    }
    return save_new(store, conn, use, a, err) &&
           (use->deployment_id.len == 0 ||
            store_deployment_add_in(conn, r->id, use->invite->institution_id, use->deployment_id, a,
                                    err));
}

bool store_invite_use(struct store *store, const struct store_invite_use *use, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    struct model_registration *r = use->registration;
    int64_t institution_id = use->invite->institution_id;
    bool is_new = use->invite->registration_id == 0;
    if (!is_new && r->id != use->invite->registration_id) {
        return err_set(err, ERR_BUG, "an invitation was used for another registration");
    }
    if (!db_take(store->pool, STORE_WAIT_MS, &conn, err) || !db_begin(conn, institution_id, err) ||
        !use_up(conn, use->invite, &a, err) || !save(store, conn, use, &a, err) ||
        !store_audit_in(conn, institution_id, 0,
                        is_new ? "platform_registered" : "platform_updated",
                        sv_printf(&a, "{\"registration\":%lld}", (long long)r->id), &a, err) ||
        !db_commit(conn, err)) {
        return false;
    }
    store_registration_forget(store);
    return true;
}
