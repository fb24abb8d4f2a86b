#include "store_copy.h"
#include "store_internal.h"
#include "store_job.h"

bool store_copy_get(struct store *store, int64_t institution_id, int64_t course_id, struct arena *a,
                    struct store_copy *out, bool *is_found, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, course_id);
    if (!store_run(store, institution_id, "course_copy_get", &args, &rows, err)) {
        return false;
    }
    *is_found = rows.count > 0;
    if (*is_found) {
        *out = (struct store_copy){.origin_id = db_i64(&rows, 0, 0),
                                   .origin_public_id = store_text(&rows, 0, 1, a),
                                   .origin_title = store_text(&rows, 0, 2, a)};
    }
    return true;
}

static bool decide(struct db_conn *conn, const struct store_copy_answer *in, struct arena *a,
                   struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, in->institution_id);
    db_add_i64(&args, in->course_id);
    db_add_i64(&args, in->origin_id);
    db_add_text(&args, in->is_confirmed ? SV("confirmed") : SV("declined"));
    db_add_i64(&args, in->person_id);
    if (!db_run(conn, "course_copy_decide", &args, &rows, err)) {
        return false;
    }
    return rows.count > 0 ||
           err_because(err, ERR_CONFLICT, "copy",
                       "somebody has answered already whether this course takes over the badges");
}

static bool add_badges(struct db_conn *conn, const struct store_copy_answer *in, struct arena *a,
                       struct err *err) {
    for (size_t i = 0; i < in->badge_count; i++) {
        struct db_args args;
        db_args_init(&args, a);
        db_add_i64(&args, in->institution_id);
        db_add_i64(&args, in->badges[i].badge_id);
        db_add_i64(&args, in->course_id);
        db_add_text(&args, in->badges[i].item_map);
        if (!db_run(conn, "badge_course_add", &args, NULL, err)) {
            return false;
        }
    }
    return true;
}

static bool audit(struct db_conn *conn, const struct store_copy_answer *in, struct arena *a,
                  struct err *err) {
    struct str object;
    str_init(&object, a, (size_t)64 << 10);
    str_addf(&object, "{\"course\":%lld,\"origin\":%lld,\"badges\":[", (long long)in->course_id,
             (long long)in->origin_id);
    for (size_t i = 0; i < in->badge_count; i++) {
        str_addf(&object, "%s%lld", i == 0 ? "" : ",", (long long)in->badges[i].badge_id);
    }
    str_add_c(&object, "]}");
    return str_ok(&object, "an audit line", err) &&
           store_audit_in(conn, in->institution_id, in->person_id,
                          in->is_confirmed ? "course_copy_confirmed" : "course_copy_declined",
                          str_sv(&object), a, err);
}

static bool read_soon(struct db_conn *conn, const struct store_copy_answer *in, struct arena *a,
                      struct err *err) {
    const struct store_job_new sync = {
        .institution_id = in->institution_id,
        .kind = SV("sync"),
        .dedupe = sv_printf(a, "sync:%lld", (long long)in->course_id),
        .payload = sv_printf(a, "{\"course\":%lld}", (long long)in->course_id),
        .priority = 10};
    return store_course_revisit_in(conn, in->institution_id, in->course_id, a, err) &&
           store_job_add_in(conn, &sync, a, err);
}

bool store_copy_decide(struct store *store, const struct store_copy_answer *in, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    return db_take(store->pool, STORE_WAIT_MS, &conn, err) &&
           db_begin(conn, in->institution_id, err) && decide(conn, in, &a, err) &&
           (!in->is_confirmed || (add_badges(conn, in, &a, err) && read_soon(conn, in, &a, err))) &&
           audit(conn, in, &a, err) && db_commit(conn, err);
}
