#include "store_connection.h"
#include "store_internal.h"
#include "store_job.h"

static struct store_connection connection(const struct db_rows *rows, int i, struct arena *a) {
    return (struct store_connection){.registration_id = db_i64(rows, i, 0),
                                     .id = db_i64(rows, i, 1),
                                     .slug = store_text(rows, i, 2, a),
                                     .issuer = store_text(rows, i, 3, a),
                                     .client_id = store_text(rows, i, 4, a),
                                     .product = store_text(rows, i, 5, a),
                                     .deployment_id = store_text(rows, i, 6, a),
                                     .is_enabled = db_bool(rows, i, 7),
                                     .is_active = db_bool(rows, i, 8),
                                     .is_own = db_bool(rows, i, 9),
                                     .offers_storage = db_bool(rows, i, 10),
                                     .has_notices = db_bool(rows, i, 11),
                                     .is_probing = db_bool(rows, i, 12),
                                     .source_kind = store_text(rows, i, 13, a),
                                     .capabilities = store_text(rows, i, 14, a),
                                     .probed_at = db_time(rows, i, 15),
                                     .launched_at = db_time(rows, i, 16)};
}

bool store_connection_list(struct store *store, int64_t institution_id, struct arena *a,
                           struct store_connection **out, size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    if (!store_run(store, institution_id, "connection_list", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_connection, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = connection(&rows, i, a);
    }
    return true;
}

static bool not_found(struct err *err) {
    return err_because(err, ERR_NOT_FOUND, "deployment", "this institution has no such deployment");
}

bool store_connection_probe(struct store *store, const struct store_connection_ref *ref,
                            struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, ref->institution_id);
    db_add_text(&args, ref->slug);
    db_add_text(&args, ref->deployment_id);
    if (!store_run(store, 0, "connection_find", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return not_found(err);
    }
    long long id = db_i64(&rows, 0, 0);
    const struct store_job_new job = {.institution_id = ref->institution_id,
                                      .kind = SV("probe"),
                                      .dedupe = sv_printf(&a, "probe:%lld", id),
                                      .payload = sv_printf(&a, "{\"deployment\":%lld}", id),
                                      .priority = 10};
    return store_job_add(store, &job, err);
}

bool store_probe_get(struct store *store, int64_t institution_id, int64_t deployment_id,
                     struct arena *a, struct store_probe *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, deployment_id);
    if (!store_run(store, institution_id, "probe_get", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_NOT_FOUND, "deployment", "there is no such deployment");
    }
    *out = (struct store_probe){.registration_id = db_i64(&rows, 0, 0),
                                .deployment_id = deployment_id,
                                .platform_deployment_id = store_text(&rows, 0, 1, a),
                                .has_course = db_bool(&rows, 0, 2),
                                .course_title = store_text(&rows, 0, 3, a),
                                .context_id = store_text(&rows, 0, 4, a),
                                .lineitems_url = store_text(&rows, 0, 5, a),
                                .nrps_url = store_text(&rows, 0, 6, a)};
    return true;
}

bool store_probe_save(struct store *store, int64_t institution_id, int64_t deployment_id,
                      struct sv capabilities, struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, deployment_id);
    db_add_text(&args, capabilities);
    return store_run(store, 0, "probe_save", &args, NULL, err);
}
