#include "store_problem.h"
#include "store_internal.h"

bool store_problem_note(struct store *store, const struct store_problem_note *note,
                        struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    struct sv text = sv_clip_utf8(note->text, STORE_PROBLEM_BYTES_MAX);
    db_args_init(&args, &a);
    db_add_i64(&args, note->registration_id);
    db_add_text(&args, note->reason);
    db_add_text(&args, sv_is_utf8(text) ? text : SV("(the reason is not readable)"));
    db_add_i64(&args, note->count);
    db_add_i64(&args, STORE_PROBLEMS_MAX);
    return store_run(store, 0, "problem_note", &args, NULL, err);
}

bool store_problem_list(struct store *store, int64_t registration_id, struct arena *a,
                        struct store_problem **out, size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, registration_id);
    if (!store_run(store, 0, "problem_list", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_problem, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = (struct store_problem){.reason = store_text(&rows, i, 0, a),
                                           .text = store_text(&rows, i, 1, a),
                                           .last_at = db_time(&rows, i, 2),
                                           .count = db_i64(&rows, i, 3)};
    }
    return true;
}

bool store_problem_last_launch(struct store *store, int64_t registration_id, usec_t *launched_at,
                               struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, registration_id);
    if (!store_run(store, 0, "registration_launched", &args, &rows, err)) {
        return false;
    }
    *launched_at = db_time(&rows, 0, 0);
    return true;
}
