#include "store_sync.h"
#include "store_internal.h"
#include <string.h>

static void course_args(struct db_args *args, struct arena *a, int64_t institution_id,
                        int64_t course_id) {
    db_args_init(args, a);
    db_add_i64(args, institution_id);
    db_add_i64(args, course_id);
}

bool store_sync_start(struct store *store, int64_t institution_id, int64_t course_id,
                      bool is_of_few, struct store_sync *out, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_ROWS rows = {0};
    struct db_args args;
    course_args(&args, &a, institution_id, course_id);
    db_add_bool(&args, is_of_few);
    if (!store_run(store, institution_id, "sync_start", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_NOT_FOUND, "course", "there is no such course");
    }
    *out = (struct store_sync){.started_at = db_time(&rows, 0, 0),
                               .used_at = db_time(&rows, 0, 1),
                               .changed_at = db_time(&rows, 0, 2),
                               .quiet = db_i64(&rows, 0, 3),
                               .failures = db_i64(&rows, 0, 4)};
    return true;
}

bool store_sync_done(struct store *store, const struct store_sync_end *end, struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    course_args(&args, &a, end->institution_id, end->course_id);
    db_add_time(&args, end->started_at);
    db_add_time(&args, end->next_at);
    db_add_bool(&args, end->is_changed);
    return store_run(store, end->institution_id, "sync_done", &args, NULL, err);
}

bool store_sync_failed(struct store *store, const struct store_sync_failure *failure,
                       struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    course_args(&args, &a, failure->institution_id, failure->course_id);
    db_add_text(&args, failure->text);
    db_add_time(&args, failure->next_at);
    db_add_i64(&args, failure->failures);
    return store_run(store, failure->institution_id, "sync_failed", &args, NULL, err);
}

static void source_args(struct db_args *args, struct arena *a, const struct store_source *source) {
    db_args_init(args, a);
    db_add_i64(args, source->institution_id);
    db_add_i64(args, source->deployment_id);
}

bool store_source_refused(struct store *store, const struct store_source *source, struct sv text,
                          struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    source_args(&args, &a, source);
    db_add_i64(&args, source->updated_at);
    db_add_text(&args, text);
    return store_run(store, source->institution_id, "source_refused", &args, NULL, err);
}

bool store_source_accepted(struct store *store, const struct store_source *source,
                           struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    struct db_args args;
    source_args(&args, &a, source);
    return db_take(store->pool, STORE_WAIT_MS, &conn, err) &&
           db_begin(conn, source->institution_id, err) &&
           db_run(conn, "source_accepted", &args, NULL, err) &&
           db_run(conn, "source_due", &args, NULL, err) && db_commit(conn, err);
}

bool store_kept_begin(struct store *store, int64_t institution_id, int64_t course_id,
                      const struct store_source *source, struct store_kept *out, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_ROWS rows = {0};
    struct db_args args;
    course_args(&args, &a, institution_id, course_id);
    db_add_i64(&args, source->updated_at);
    *out = (struct store_kept){0};
    if (!store_run(store, institution_id, "kept_begin", &args, &rows, err)) {
        return false;
    }
    if (rows.count > 0) {
        *out = (struct store_kept){.started_at = db_time(&rows, 0, 0),
                                   .count = db_i64(&rows, 0, 1),
                                   .bytes = db_i64(&rows, 0, 2)};
    }
    return true;
}

bool store_kept_get(struct store *store, int64_t institution_id, int64_t course_id,
                    const unsigned char key[32], struct arena *a, struct sv *reply,
                    struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    course_args(&args, a, institution_id, course_id);
    db_add_bytes(&args, sv_of((const char *)key, 32));
    *reply = sv_of(NULL, 0);
    if (!store_run(store, institution_id, "kept_get", &args, &rows, err)) {
        return false;
    }
    if (rows.count > 0) {
        *reply = db_bytes(&rows, 0, 0, a);
    }
    return true;
}

/* Bytes a statement: this bounds memory, not meaning. */
#define CHUNK_BYTES ((size_t)4 << 20)

static size_t chunk_of(const struct store_kept_page *pages, size_t count) {
    size_t bytes = 0;
    size_t n = 0;
    while (n < count && (n == 0 || bytes + pages[n].reply.len <= CHUNK_BYTES)) {
        bytes += pages[n++].reply.len;
    }
    return n;
}

bool store_kept_add(struct store *store, int64_t institution_id, int64_t course_id,
                    const struct store_source *source, usec_t started_at,
                    const struct store_kept_page *pages, size_t count, struct err *err) {
    while (count > 0) {
        AUTO_ARENA a = {0};
        struct db_args args;
        size_t n = chunk_of(pages, count);
        struct sv *keys = ARENA_ARRAY(&a, struct sv, n);
        struct sv *replies = ARENA_ARRAY(&a, struct sv, n);
        for (size_t i = 0; i < n; i++) {
            keys[i] = sv_of((const char *)pages[i].key, sizeof pages[i].key);
            replies[i] = pages[i].reply;
        }
        course_args(&args, &a, institution_id, course_id);
        db_add_time(&args, started_at);
        db_add_time(&args, source->updated_at);
        db_add_bytes_array(&args, keys, n);
        db_add_bytes_array(&args, replies, n);
        if (!store_run(store, institution_id, "kept_add", &args, NULL, err)) {
            return false;
        }
        pages += n;
        count -= n;
    }
    return true;
}

bool store_kept_forget(struct store *store, int64_t institution_id, int64_t course_id,
                       struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    course_args(&args, &a, institution_id, course_id);
    return store_run(store, institution_id, "kept_forget", &args, NULL, err);
}

bool store_sync_failing(struct store *store, int64_t most, struct arena *a,
                        struct store_failing **out, size_t *count, int64_t *all, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, most);
    if (!store_run(store, 0, "sync_failing", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *all = rows.count > 0 ? db_i64(&rows, 0, 5) : 0;
    *out = ARENA_ARRAY(a, struct store_failing, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = (struct store_failing){.institution = store_text(&rows, i, 0, a),
                                           .title = store_text(&rows, i, 1, a),
                                           .error = store_text(&rows, i, 2, a),
                                           .failed_at = db_time(&rows, i, 3),
                                           .next_read_at = db_time(&rows, i, 4)};
    }
    return true;
}
