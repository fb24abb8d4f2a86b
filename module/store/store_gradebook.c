#include "store_gradebook.h"
#include "store_internal.h"
#include <stdlib.h>

bool store_score_get(struct store *store, int64_t institution_id, int64_t award_id, struct arena *a,
                     struct store_score *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, award_id);
    if (!store_run(store, institution_id, "score_get", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_NOT_FOUND, "award", "there is no such award in a course");
    }
    *out = (struct store_score){.institution_id = institution_id,
                                .award_id = db_i64(&rows, 0, 0),
                                .badge_id = db_i64(&rows, 0, 1),
                                .person_id = db_i64(&rows, 0, 2),
                                .course_id = db_i64(&rows, 0, 3),
                                .registration_id = db_i64(&rows, 0, 4),
                                .state = (enum model_award_state)db_i64(&rows, 0, 5),
                                .issued_at = db_time(&rows, 0, 6),
                                .revoked_at = db_time(&rows, 0, 7),
                                .sub = store_text(&rows, 0, 8, a),
                                .badge_name = store_text(&rows, 0, 9, a),
                                .badge_public_id = store_text(&rows, 0, 10, a),
                                .platform_deployment_id = store_text(&rows, 0, 11, a),
                                .lineitems_url = store_text(&rows, 0, 12, a),
                                .ags_scopes = store_text(&rows, 0, 13, a),
                                .line_item_url = store_text(&rows, 0, 14, a),
                                .last_sent_at = db_time(&rows, 0, 15),
                                .is_learner = db_bool(&rows, 0, 16),
                                .is_active = db_bool(&rows, 0, 17),
                                .is_column_coming = db_bool(&rows, 0, 18),
                                .public_id = store_text(&rows, 0, 19, a),
                                .is_shared = db_bool(&rows, 0, 20)};
    return true;
}

bool store_score_sent(struct store *store, const struct store_score *s, usec_t sent_at,
                      struct sv outcome, struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, s->institution_id);
    db_add_i64(&args, s->course_id);
    db_add_i64(&args, s->badge_id);
    db_add_i64(&args, s->person_id);
    db_add_i64(&args, s->award_id);
    db_add_time(&args, sent_at);
    db_add_text(&args, outcome);
    return store_run(store, s->institution_id, "score_sent", &args, NULL, err);
}

bool store_score_missing(struct store *store, int64_t institution_id, int64_t course_id,
                         struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, course_id);
    if (!db_take(store->pool, STORE_WAIT_MS, &conn, err) || !db_begin(conn, institution_id, err) ||
        !db_run(conn, "score_missing", &args, &rows, err)) {
        return false;
    }
    int64_t *awards = ARENA_ARRAY(&a, int64_t, (size_t)rows.count);
    for (int i = 0; i < rows.count; i++) {
        awards[i] = db_i64(&rows, i, 0);
    }
    return store_score_jobs_in(conn, institution_id, awards, (size_t)rows.count, &a, err) &&
           db_commit(conn, err);
}

struct store_line_lock {
    struct db_conn *conn; /* its open transaction holds the lock */
};

bool store_line_lock_take(struct store *store, int64_t course_id, int64_t badge_id,
                          struct store_line_lock **out, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_ROWS rows = {0};
    struct db_conn *conn = NULL;
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, course_id);
    db_add_i64(&args, badge_id);
    if (!db_take(store->pool, STORE_WAIT_MS, &conn, err)) {
        return false;
    }
    bool is_ok = db_begin(conn, 0, err) && db_run(conn, "line_lock", &args, &rows, err);
    if (is_ok && !db_bool(&rows, 0, 0)) {
        (void)err_because(err, ERR_CONFLICT, "busy", "another worker is at this gradebook column");
        (void)err_retry_as(err, ERR_RETRY_LATER);
        is_ok = false;
    }
    if (!is_ok) {
        db_give(conn);
        return false;
    }
    *out = calloc(1, sizeof **out);
    if (*out == NULL) {
        abort();
    }
    (*out)->conn = conn;
    return true;
}

void store_line_lock_release(struct store_line_lock *lock) {
    if (lock != NULL) {
        db_give(lock->conn); /* rolls back, which lets go */
        free(lock);
    }
}

bool store_line_item_set(struct store *store, const struct store_line_item *item, struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, item->institution_id);
    db_add_i64(&args, item->course_id);
    db_add_i64(&args, item->badge_id);
    if (item->url.len == 0) {
        return store_run(store, item->institution_id, "line_item_forget", &args, NULL, err);
    }
    db_add_text(&args, item->url);
    db_add_text(&args, item->label);
    return store_run(store, item->institution_id, "line_item_set", &args, NULL, err);
}

bool store_line_urls(struct store *store, int64_t institution_id, int64_t course_id,
                     struct arena *a, struct sv **out, size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, course_id);
    if (!store_run(store, institution_id, "line_urls", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct sv, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = store_text(&rows, i, 0, a);
    }
    return true;
}

bool store_line_get(struct store *store, int64_t institution_id, int64_t course_id,
                    int64_t badge_id, struct arena *a, struct store_line *out, bool *is_found,
                    struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, course_id);
    db_add_i64(&args, badge_id);
    if (!store_run(store, institution_id, "line_get", &args, &rows, err)) {
        return false;
    }
    *is_found = rows.count > 0;
    if (*is_found) {
        *out = (struct store_line){.registration_id = db_i64(&rows, 0, 0),
                                   .platform_deployment_id = store_text(&rows, 0, 1, a),
                                   .lineitems_url = store_text(&rows, 0, 2, a),
                                   .ags_scopes = store_text(&rows, 0, 3, a),
                                   .url = store_text(&rows, 0, 4, a),
                                   .badge_name = store_text(&rows, 0, 5, a),
                                   .badge_public_id = store_text(&rows, 0, 6, a)};
    }
    return true;
}
