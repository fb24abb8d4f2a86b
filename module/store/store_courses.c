#include "store_courses.h"
#include "store_internal.h"

static void add_of(struct db_args *args, const struct store_courses_of *of) {
    db_add_i64(args, of->institution_id);
    db_add_texts(args, of->issuer_keys, of->issuer_count);
}

static bool fill(const struct db_rows *rows, int i, struct arena *a,
                 struct store_listed_course *out, struct err *err) {
    *out = (struct store_listed_course){.is_fine = db_i64(rows, i, 0) != 0,
                                        .id = db_i64(rows, i, 1),
                                        .public_id = store_text(rows, i, 2, a),
                                        .title = store_text(rows, i, 3, a),
                                        .context_id = store_text(rows, i, 4, a),
                                        .issuer = store_text(rows, i, 5, a),
                                        .deployment_id = store_text(rows, i, 6, a),
                                        .learners = db_i64(rows, i, 17),
                                        .badges = db_i64(rows, i, 18),
                                        .broken = db_i64(rows, i, 19)};
    out->fresh = (struct store_fresh){.source_kind = store_text(rows, i, 7, a),
                                      .synced_at = db_time(rows, i, 8),
                                      .requested_at = db_time(rows, i, 9),
                                      .failed_at = db_time(rows, i, 10),
                                      .error = store_text(rows, i, 11, a),
                                      .next_read_at = db_time(rows, i, 12),
                                      .is_over = db_bool(rows, i, 13),
                                      .is_reading = db_bool(rows, i, 14),
                                      .is_queued = db_bool(rows, i, 15),
                                      .waits_until = db_time(rows, i, 16)};
    out->reconciliation = (struct store_reconciliation){.missing = db_i64(rows, i, 21),
                                                        .excess = db_i64(rows, i, 22),
                                                        .unjudged = db_i64(rows, i, 23),
                                                        .at = db_time(rows, i, 24)};
    out->gaps = store_text(rows, i, 25, a);
    return store_texts(db_text(rows, i, 20), a, &out->problems, &out->problem_count, err);
}

bool store_courses_list(struct store *store, const struct store_courses_want *want, struct arena *a,
                        struct store_listed_course **out, size_t *count, bool *has_more,
                        struct err *err) {
    static const char *const shows[] = {"all", "problems", "unread"};
    AUTO_ROWS rows = {0};
    struct db_args args;
    bool is_next = uuid_is_valid(want->after);
    db_args_init(&args, a);
    add_of(&args, &want->of);
    db_add_text(&args, want->search);
    db_add_text(&args, sv_from(shows[want->show]));
    db_add_i64(&args, is_next && want->is_after_fine ? 1 : 0);
    db_add_text_or_null(&args, is_next ? want->after : sv_of(NULL, 0));
    if (!store_run(store, want->of.institution_id, "course_page", &args, &rows, err)) {
        return false;
    }
    *has_more = rows.count > STORE_COURSES_PAGE;
    *count = *has_more ? STORE_COURSES_PAGE : (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_listed_course, *count);
    for (size_t i = 0; i < *count; i++) {
        if (!fill(&rows, (int)i, a, &(*out)[i], err)) {
            return false;
        }
    }
    return true;
}

bool store_courses_summary(struct store *store, const struct store_courses_of *of, struct arena *a,
                           struct store_courses_summary *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    add_of(&args, of);
    if (!store_run(store, of->institution_id, "course_summary", &args, &rows, err)) {
        return false;
    }
    *out = (struct store_courses_summary){.courses = db_i64(&rows, 0, 0),
                                          .read_lately = db_i64(&rows, 0, 1),
                                          .troubled = db_i64(&rows, 0, 2)};
    return true;
}

bool store_courses_find(struct store *store, const struct store_courses_of *of, struct sv public_id,
                        struct arena *a, int64_t *course_id, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    add_of(&args, of);
    db_add_text(&args, public_id);
    if (uuid_is_valid(public_id) &&
        !store_run(store, of->institution_id, "course_mine", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_NOT_FOUND, "course", "there is no such course");
    }
    *course_id = db_i64(&rows, 0, 0);
    return true;
}
