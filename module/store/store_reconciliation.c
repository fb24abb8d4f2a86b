#include "store_reconciliation.h"
#include "store_internal.h"

bool store_reconciliation_list(struct store *store, int64_t institution_id, int64_t course_id,
                               bool with_findings, struct arena *a,
                               struct store_reconciliation **out, size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64_or_null(&args, course_id);
    db_add_bool(&args, with_findings);
    if (!store_run(store, institution_id, "reconciliation_list", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_reconciliation, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = (struct store_reconciliation){.course_id = db_i64(&rows, i, 0),
                                                  .badge_id = db_i64(&rows, i, 1),
                                                  .course_public_id = store_text(&rows, i, 2, a),
                                                  .course_title = store_text(&rows, i, 3, a),
                                                  .badge_key = store_text(&rows, i, 4, a),
                                                  .badge_name = store_text(&rows, i, 5, a),
                                                  .at = db_time(&rows, i, 6),
                                                  .earned_not_awarded = db_i64(&rows, i, 7),
                                                  .awarded_not_earned = db_i64(&rows, i, 8),
                                                  .unreachable = db_i64(&rows, i, 9)};
    }
    return true;
}

bool store_reconcile_course_list(struct store *store, int64_t institution_id, usec_t from,
                                 int64_t after_id, struct arena *a,
                                 struct store_reconcile_course **out, size_t *count,
                                 struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_time(&args, from);
    db_add_i64(&args, after_id);
    if (!store_run(store, institution_id, "reconcile_courses", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_reconcile_course, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = (struct store_reconcile_course){.id = db_i64(&rows, i, 0),
                                                    .unmatched = db_i64(&rows, i, 1),
                                                    .is_stale = db_bool(&rows, i, 2)};
    }
    return true;
}

bool store_reconciliation_save(struct store *store, int64_t institution_id, int64_t course_id,
                               const struct store_reconciliation *rows, size_t count,
                               const int64_t *to_judge, size_t to_judge_count, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    int64_t *badges = ARENA_ARRAY(&a, int64_t, count);
    int64_t *earned = ARENA_ARRAY(&a, int64_t, count);
    int64_t *held = ARENA_ARRAY(&a, int64_t, count);
    int64_t *unreachable = ARENA_ARRAY(&a, int64_t, count);
    for (size_t i = 0; i < count; i++) {
        badges[i] = rows[i].badge_id;
        earned[i] = rows[i].earned_not_awarded;
        held[i] = rows[i].awarded_not_earned;
        unreachable[i] = rows[i].unreachable;
    }
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, course_id);
    db_add_i64s(&args, badges, count);
    db_add_i64s(&args, earned, count);
    db_add_i64s(&args, held, count);
    db_add_i64s(&args, unreachable, count);
    return db_take(store->pool, STORE_WAIT_MS, &conn, err) && db_begin(conn, institution_id, err) &&
           db_run(conn, "reconciliation_save", &args, NULL, err) &&
           (to_judge_count == 0 || store_judge_job_in(conn, institution_id, course_id, to_judge,
                                                      to_judge_count, &a, err)) &&
           db_commit(conn, err);
}

bool store_reconciliation_tidy(struct store *store, int64_t institution_id, struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, institution_id);
    return store_run(store, institution_id, "reconciliation_tidy", &args, NULL, err);
}

bool store_reconciliation_total(struct store *store, struct store_reconciliation_totals *out,
                                struct err *err) {
    AUTO_ROWS rows = {0};
    if (!store_run(store, 0, "reconciliation_total", NULL, &rows, err)) {
        return false;
    }
    *out = (struct store_reconciliation_totals){.courses = db_i64(&rows, 0, 0),
                                                .earned_not_awarded = db_i64(&rows, 0, 1),
                                                .awarded_not_earned = db_i64(&rows, 0, 2),
                                                .unreachable = db_i64(&rows, 0, 3),
                                                .oldest = db_time(&rows, 0, 4)};
    return true;
}
