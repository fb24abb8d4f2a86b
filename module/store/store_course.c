#include "store_course.h"
#include "store_host.h"
#include "store_internal.h"
#include "store_job.h"
#include <stdlib.h>

static void course_args(struct db_args *args, struct arena *a, int64_t institution_id,
                        int64_t course_id) {
    db_args_init(args, a);
    db_add_i64(args, institution_id);
    db_add_i64(args, course_id);
}

bool store_course_get(struct store *store, int64_t institution_id, int64_t course_id,
                      struct arena *a, struct store_course *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    course_args(&args, a, institution_id, course_id);
    if (!store_run(store, institution_id, "course_get", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_NOT_FOUND, "course", "there is no such course");
    }
    *out = (struct store_course){.institution_id = institution_id,
                                 .id = course_id,
                                 .registration_id = db_i64(&rows, 0, 0),
                                 .deployment_id = db_i64(&rows, 0, 1),
                                 .public_id = store_text(&rows, 0, 2, a),
                                 .context_id = store_text(&rows, 0, 3, a),
                                 .title = store_text(&rows, 0, 4, a),
                                 .time_zone = store_text(&rows, 0, 5, a),
                                 .issuer = store_text(&rows, 0, 6, a),
                                 .client_id = store_text(&rows, 0, 7, a),
                                 .platform_deployment_id = store_text(&rows, 0, 8, a),
                                 .lineitems_url = store_text(&rows, 0, 9, a),
                                 .nrps_url = store_text(&rows, 0, 10, a),
                                 .ags_scopes = store_text(&rows, 0, 11, a),
                                 .synced_at = db_time(&rows, 0, 12),
                                 .sync_requested_at = db_time(&rows, 0, 13),
                                 .sync_failed_at = db_time(&rows, 0, 14),
                                 .sync_error = store_text(&rows, 0, 15, a),
                                 .next_read_at = db_time(&rows, 0, 16),
                                 .waits_until = db_time(&rows, 0, 18),
                                 .source_read_at = db_time(&rows, 0, 20),
                                 .whole_at = db_time(&rows, 0, 21),
                                 .whole_requested_at = db_time(&rows, 0, 22),
                                 .whole_requests = db_i64(&rows, 0, 23),
                                 .letters = store_text(&rows, 0, 24, a)};
    if (out->waits_until != 0) {
        out->waits_for = store_host_words(db_text(&rows, 0, 17), db_text(&rows, 0, 19), a);
    }
    return true;
}

bool store_course_find(struct store *store, struct sv context_id, struct arena *a,
                       struct store_course **out, size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_text(&args, context_id);
    if (!store_run(store, 0, "course_find", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_course, *count);
    for (int i = 0; i < rows.count; i++) {
        if (!store_course_get(store, db_i64(&rows, i, 0), db_i64(&rows, i, 1), a, &(*out)[i],
                              err)) {
            return false;
        }
    }
    return true;
}

static bool read_decimal(const struct db_rows *rows, int row, int col, struct dec *out) {
    return !db_is_null(rows, row, col) && dec_parse(db_text(rows, row, col), out);
}

bool store_item_list(struct store *store, int64_t institution_id, int64_t course_id,
                     struct arena *a, struct model_item **out, size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    course_args(&args, a, institution_id, course_id);
    if (!store_run(store, institution_id, "item_list", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct model_item, *count);
    for (int i = 0; i < rows.count; i++) {
        struct model_item *item = &(*out)[i];
        *item = (struct model_item){.id = db_i64(&rows, i, 0),
                                    .kind = (enum model_item_kind)db_i64(&rows, i, 1),
                                    .source = store_text(&rows, i, 2, a),
                                    .ref = store_text(&rows, i, 3, a),
                                    .title = store_text(&rows, i, 4, a),
                                    .has_completion = db_bool(&rows, i, 7),
                                    .is_gone = db_bool(&rows, i, 8),
                                    .due_at = db_time(&rows, i, 9)};
        item->has_maximum = read_decimal(&rows, i, 5, &item->maximum);
        item->has_pass_mark = read_decimal(&rows, i, 6, &item->pass_mark);
    }
    return true;
}

bool store_item_people_list(struct store *store, int64_t institution_id, int64_t course_id,
                            const int64_t *ids, size_t id_count, struct arena *a,
                            struct store_item_people **out, size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    course_args(&args, a, institution_id, course_id);
    db_add_i64s(&args, ids, id_count);
    if (!store_run(store, institution_id, "item_people", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_item_people, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = (struct store_item_people){.item_id = db_i64(&rows, i, 0),
                                               .scored = db_i64(&rows, i, 1),
                                               .completed = db_i64(&rows, i, 2)};
    }
    return true;
}

bool store_person_list(struct store *store, int64_t institution_id, int64_t course_id,
                       const int64_t *ids, size_t id_count, struct arena *a,
                       struct store_person **out, size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    course_args(&args, a, institution_id, course_id);
    db_add_i64s_or_null(&args, ids, id_count);
    if (!store_run(store, institution_id, "person_list", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_person, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = (struct store_person){.id = db_i64(&rows, i, 0),
                                          .sub = store_text(&rows, i, 1, a),
                                          .name = store_text(&rows, i, 2, a),
                                          .sort_name = store_text(&rows, i, 3, a),
                                          .email = store_text(&rows, i, 4, a),
                                          .sourcedid = store_text(&rows, i, 5, a),
                                          .is_learner = db_bool(&rows, i, 6),
                                          .is_teacher = db_bool(&rows, i, 7),
                                          .is_test_user = db_bool(&rows, i, 8),
                                          .is_active = db_bool(&rows, i, 9),
                                          .may_earn = db_bool(&rows, i, 10),
                                          .login = store_text(&rows, i, 11, a),
                                          .source_ref = store_text(&rows, i, 12, a)};
    }
    return true;
}

bool store_link_list(struct store *store, int64_t institution_id, int64_t course_id,
                     struct arena *a, struct model_link **out, size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    course_args(&args, a, institution_id, course_id);
    if (!store_run(store, institution_id, "link_list", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct model_link, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = (struct model_link){.sub = store_text(&rows, i, 0, a),
                                        .ref = store_text(&rows, i, 1, a)};
    }
    return true;
}

bool store_link_save(struct store *store, const struct store_course *course,
                     const struct model_link *links, size_t count, struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    if (count == 0) {
        return true;
    }
    struct sv *subs = ARENA_ARRAY(&a, struct sv, count);
    struct sv *refs = ARENA_ARRAY(&a, struct sv, count);
    for (size_t i = 0; i < count; i++) {
        subs[i] = links[i].sub;
        refs[i] = links[i].ref;
    }
    db_args_init(&args, &a);
    db_add_i64(&args, course->institution_id);
    db_add_i64(&args, course->deployment_id);
    db_add_i64(&args, course->registration_id);
    db_add_texts(&args, subs, count);
    db_add_texts(&args, refs, count);
    return store_run(store, course->institution_id, "link_save", &args, NULL, err);
}

bool store_member_ids(struct store *store, int64_t institution_id, int64_t course_id,
                      struct arena *a, int64_t **out, size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    course_args(&args, a, institution_id, course_id);
    if (!store_run(store, institution_id, "member_ids", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, int64_t, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = db_i64(&rows, i, 0);
    }
    return true;
}

static int by_person_ref(const void *left, const void *right) {
    return sv_cmp(((const struct model_known *)left)->person_ref,
                  ((const struct model_known *)right)->person_ref);
}

bool store_known_list(struct store *store, int64_t institution_id, int64_t course_id,
                      struct arena *a, struct model_known **out, size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    course_args(&args, a, institution_id, course_id);
    if (!store_run(store, institution_id, "known_list", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct model_known, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = (struct model_known){.person_ref = store_text(&rows, i, 0, a),
                                         .mark = store_text(&rows, i, 1, a),
                                         .read_at = db_time(&rows, i, 2)};
    }
    if (*count > 0) {
        qsort(*out, *count, sizeof **out, by_person_ref);
    }
    return true;
}

static const struct model_item *item_by_id(const struct model_item *items, size_t count,
                                           int64_t id) {
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (items[mid].id == id) {
            return &items[mid];
        }
        low = items[mid].id < id ? mid + 1 : low;
        high = items[mid].id < id ? high : mid;
    }
    return NULL;
}

bool store_fact_list(struct store *store, int64_t institution_id, int64_t course_id,
                     const int64_t *ids, size_t id_count, const struct model_item *items,
                     size_t item_count, struct arena *a, struct model_fact **out, size_t *count,
                     struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    course_args(&args, a, institution_id, course_id);
    db_add_i64s_or_null(&args, ids, id_count);
    if (!store_run(store, institution_id, "fact_list", &args, &rows, err)) {
        return false;
    }
    *count = 0;
    *out = ARENA_ARRAY(a, struct model_fact, (size_t)rows.count);
    for (int i = 0; i < rows.count; i++) {
        const struct model_item *item = item_by_id(items, item_count, db_i64(&rows, i, 1));
        if (item == NULL) {
            continue;
        }
        struct model_fact *fact = &(*out)[(*count)++];
        *fact = (struct model_fact){.person_id = db_i64(&rows, i, 0),
                                    .item_id = item->id,
                                    .item_index = (uint32_t)(item - items),
                                    .letter = store_text(&rows, i, 4, a),
                                    .is_posted = db_bool(&rows, i, 5),
                                    .is_excused = db_bool(&rows, i, 6),
                                    .completion = (enum model_completion)db_i64(&rows, i, 7),
                                    .submitted_at = db_time(&rows, i, 8),
                                    .graded_at = db_time(&rows, i, 9),
                                    .completed_at = db_time(&rows, i, 10)};
        fact->has_score = read_decimal(&rows, i, 2, &fact->score);
        fact->has_maximum = read_decimal(&rows, i, 3, &fact->maximum);
    }
    return true;
}

static struct store_job_new sync_job(int64_t institution_id, int64_t course_id, int64_t priority,
                                     struct arena *a) {
    return (struct store_job_new){.institution_id = institution_id,
                                  .kind = SV("sync"),
                                  .dedupe = sv_printf(a, "sync:%lld", (long long)course_id),
                                  .payload =
                                      sv_printf(a, "{\"course\":%lld}", (long long)course_id),
                                  .priority = priority};
}

static bool sync_request(struct store *store, int64_t institution_id, int64_t course_id,
                         const char *statement, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    struct db_args args;
    course_args(&args, &a, institution_id, course_id);
    const struct store_job_new job = sync_job(institution_id, course_id, STORE_JOB_BY_HAND, &a);
    return db_take(store->pool, STORE_WAIT_MS, &conn, err) && db_begin(conn, institution_id, err) &&
           db_run(conn, statement, &args, NULL, err) && store_job_add_in(conn, &job, &a, err) &&
           db_commit(conn, err);
}

bool store_sync_request(struct store *store, int64_t institution_id, int64_t course_id,
                        struct err *err) {
    return sync_request(store, institution_id, course_id, "sync_request", err);
}

bool store_sync_request_whole(struct store *store, int64_t institution_id, int64_t course_id,
                              struct err *err) {
    return sync_request(store, institution_id, course_id, "sync_request_whole", err);
}

bool store_sync_request_at(struct store *store, int64_t institution_id, int64_t course_id,
                           usec_t at, struct err *err) {
    AUTO_ARENA a = {0};
    struct store_job_new job = sync_job(institution_id, course_id, STORE_JOB_ASKED, &a);
    job.run_at = at;
    return store_job_add(store, &job, err);
}

bool store_sync_request_all(struct store *store, struct err *err) {
    return store_run(store, 0, "sync_request_all", NULL, NULL, err);
}
