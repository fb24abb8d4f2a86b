#include "store_fresh.h"
#include "store_internal.h"

bool store_fresh_get(struct store *store, int64_t institution_id, int64_t course_id,
                     struct arena *a, struct store_fresh *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, course_id);
    if (!store_run(store, institution_id, "course_fresh", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_NOT_FOUND, "course", "there is no such course");
    }
    *out = (struct store_fresh){.source_kind = store_text(&rows, 0, 0, a),
                                .synced_at = db_time(&rows, 0, 1),
                                .requested_at = db_time(&rows, 0, 2),
                                .failed_at = db_time(&rows, 0, 3),
                                .error = store_text(&rows, 0, 4, a),
                                .next_read_at = db_time(&rows, 0, 5),
                                .is_over = db_bool(&rows, 0, 6),
                                .is_reading = db_bool(&rows, 0, 7),
                                .is_queued = db_bool(&rows, 0, 8),
                                .waits_until = db_time(&rows, 0, 9)};
    return true;
}
