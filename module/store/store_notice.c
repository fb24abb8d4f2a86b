#include "store_notice.h"
#include "store_internal.h"

bool store_notice_record(struct store *store, const struct store_notice *n,
                         enum store_notice_verdict *out, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, n->registration_id);
    db_add_text(&args, n->id);
    db_add_time(&args, n->keep_until);
    db_add_text(&args, n->deployment_id);
    db_add_text(&args, n->context_id);
    db_add_text(&args, n->context_title);
    db_add_text(&args, n->context_label);
    db_add_texts(&args, n->origins, n->origin_count);
    if (!store_run(store, 0, "notice_record", &args, &rows, err)) {
        return false;
    }
    struct sv verdict = db_text(&rows, 0, 0);
    *out = sv_eq(verdict, SV("ok"))      ? STORE_NOTICE_NEW
           : sv_eq(verdict, SV("again")) ? STORE_NOTICE_AGAIN
                                         : STORE_NOTICE_NO_DEPLOYMENT;
    return true;
}

bool store_notice_service_get(struct store *store, int64_t deployment_id, struct arena *a,
                              struct store_notice_service *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, deployment_id);
    if (!store_run(store, 0, "deployment_notices", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_NOT_FOUND, "deployment",
                           "the deployment is unknown or switched off");
    }
    *out = (struct store_notice_service){.registration_id = db_i64(&rows, 0, 0),
                                         .platform_deployment_id = store_text(&rows, 0, 1, a),
                                         .slug = store_text(&rows, 0, 2, a),
                                         .url = store_text(&rows, 0, 3, a),
                                         .types = store_text(&rows, 0, 4, a),
                                         .is_shared = db_bool(&rows, 0, 5)};
    return true;
}

bool store_notice_service_set(struct store *store, int64_t deployment_id, struct sv handler,
                              struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, deployment_id);
    db_add_text(&args, handler);
    return store_run(store, 0, "deployment_notices_set", &args, NULL, err);
}
