#include "store_deep_link.h"
#include "store_internal.h"

bool store_deep_link_get(struct store *store, int64_t institution_id, struct sv launch_id,
                         struct arena *a, struct store_deep_link *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_text(&args, launch_id);
    if (!store_run(store, institution_id, "deep_link_get", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_NOT_FOUND, "deep_link",
                           "your learning platform did not ask for content here; this page opens "
                           "from its \"Select content\" or \"Add content\" button");
    }
    *out = (struct store_deep_link){.settings = store_text(&rows, 0, 0, a),
                                    .is_used = db_bool(&rows, 0, 1),
                                    .product = store_text(&rows, 0, 2, a),
                                    .deployment_id = store_text(&rows, 0, 3, a),
                                    .is_shared = db_bool(&rows, 0, 4)};
    return true;
}

bool store_column_list(struct store *store, int64_t institution_id, int64_t course_id,
                       struct arena *a, int64_t **badge_ids, size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, course_id);
    if (!store_run(store, institution_id, "column_list", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *badge_ids = ARENA_ARRAY(a, int64_t, *count);
    for (int i = 0; i < rows.count; i++) {
        (*badge_ids)[i] = db_i64(&rows, i, 0);
    }
    return true;
}

static bool take(struct db_conn *conn, const struct store_deep_link_use *use, struct arena *a,
                 struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, use->institution_id);
    db_add_text(&args, use->launch_id);
    if (!db_run(conn, "deep_link_use", &args, &rows, err)) {
        return false;
    }
    return rows.count == 1 || err_because(err, ERR_CONFLICT, "deep_link_used",
                                          "this selection was sent to the course before");
}

/* Runs a statement over (institution, course, badges) that gives the badges it changed. */
static bool change(struct db_conn *conn, const char *statement,
                   const struct store_deep_link_use *use, const int64_t *badges, size_t count,
                   struct arena *a, int *changed, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    *changed = 0;
    if (count == 0) {
        return true;
    }
    db_args_init(&args, a);
    db_add_i64(&args, use->institution_id);
    db_add_i64(&args, use->course_id);
    db_add_i64s(&args, badges, count);
    if (!db_run(conn, statement, &args, &rows, err)) {
        return false;
    }
    *changed = rows.count;
    return true;
}

static bool map(struct db_conn *conn, const struct store_deep_link_use *use, struct arena *a,
                struct err *err) {
    int added = 0;
    if (!change(conn, "deep_link_map", use, use->mapped, use->mapped_count, a, &added, err)) {
        return false;
    }
    for (size_t i = 0; i < use->mapped_count; i++) {
        struct sv object = sv_printf(a, "{\"badge\":%lld,\"course\":%lld}",
                                     (long long)use->mapped[i], (long long)use->course_id);
        if (!store_audit_in(conn, use->institution_id, use->actor_person_id, "badge_mapped", object,
                            a, err)) {
            return false;
        }
    }
    return added == 0 || store_course_revisit_in(conn, use->institution_id, use->course_id, a, err);
}

static bool ask_columns(struct db_conn *conn, const struct store_deep_link_use *use,
                        struct arena *a, struct err *err) {
    int asked = 0;
    if (!change(conn, "column_ask", use, use->columns, use->column_count, a, &asked, err)) {
        return false;
    }
    return (size_t)asked == use->column_count ||
           err_because(err, ERR_CONFLICT, "column",
                       "somebody added one of these badges to the course a moment ago; load the "
                       "page again and choose once more");
}

bool store_deep_link_use(struct store *store, const struct store_deep_link_use *use,
                         struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    return db_take(store->pool, STORE_WAIT_MS, &conn, err) &&
           db_begin(conn, use->institution_id, err) && take(conn, use, &a, err) &&
           map(conn, use, &a, err) && ask_columns(conn, use, &a, err) && db_commit(conn, err);
}
