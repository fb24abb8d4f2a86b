#include "store_badge.h"
#include "store_internal.h"
#include "store_job.h"

static void fill(const struct db_rows *rows, struct arena *a, struct store_badge *out) {
    for (int i = 0; i < rows->count; i++) {
        out[i] = (struct store_badge){.id = db_i64(rows, i, 0),
                                      .issuer_id = db_i64(rows, i, 1),
                                      .public_id = store_text(rows, i, 2, a),
                                      .key = store_text(rows, i, 3, a),
                                      .name = store_text(rows, i, 4, a),
                                      .definition = store_text(rows, i, 5, a),
                                      .rule_version = db_i64(rows, i, 6),
                                      .rule = store_text(rows, i, 7, a),
                                      .issuer_key = store_text(rows, i, 8, a),
                                      .issuer_name = store_text(rows, i, 9, a),
                                      .problem = store_text(rows, i, 10, a),
                                      .item_map = store_text(rows, i, 11, a),
                                      .bound = store_text(rows, i, 12, a)};
    }
}

static bool list(struct store *store, int64_t institution_id, const char *name,
                 const struct db_args *args, struct arena *a, struct store_badge **out,
                 size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    if (!store_run(store, institution_id, name, args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_badge, *count);
    fill(&rows, a, *out);
    return true;
}

bool store_issuer_list(struct store *store, int64_t institution_id, struct arena *a,
                       struct model_issuer **out, size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    if (!store_run(store, institution_id, "issuer_list", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct model_issuer, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = store_issuer_read(&rows, i, a);
    }
    return true;
}

bool store_badge_list(struct store *store, int64_t institution_id, struct arena *a,
                      struct store_badge **out, size_t *count, struct err *err) {
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_text_or_null(&args, sv_of(NULL, 0));
    return list(store, institution_id, "badge_list", &args, a, out, count, err);
}

bool store_badge_list_course(struct store *store, int64_t institution_id, int64_t course_id,
                             struct arena *a, struct store_badge **out, size_t *count,
                             struct err *err) {
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, course_id);
    return list(store, institution_id, "badge_list_course", &args, a, out, count, err);
}

bool store_badge_get(struct store *store, int64_t institution_id, struct sv public_id,
                     struct arena *a, struct store_badge *out, struct err *err) {
    struct store_badge *found = NULL;
    size_t count = 0;
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_text(&args, public_id);
    if (uuid_is_valid(public_id) &&
        !list(store, institution_id, "badge_list", &args, a, &found, &count, err)) {
        return false;
    }
    if (count == 0) {
        return err_because(err, ERR_NOT_FOUND, "badge", "there is no such badge");
    }
    *out = found[0];
    return true;
}

bool store_badge_issuer(struct store *store, int64_t institution_id, int64_t badge_id,
                        int64_t *issuer_id, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, badge_id);
    if (!store_run(store, institution_id, "badge_issuer", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_NOT_FOUND, "badge", "there is no such badge");
    }
    *issuer_id = db_i64(&rows, 0, 0);
    return true;
}

bool store_mapping_list(struct store *store, int64_t institution_id, struct arena *a,
                        struct store_mapping **out, size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    if (!store_run(store, institution_id, "mapping_list", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_mapping, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = (struct store_mapping){.badge_id = db_i64(&rows, i, 0),
                                           .course_id = db_i64(&rows, i, 1),
                                           .course_title = store_text(&rows, i, 2, a),
                                           .issuer = store_text(&rows, i, 3, a),
                                           .client_id = store_text(&rows, i, 4, a),
                                           .platform_deployment_id = store_text(&rows, i, 5, a),
                                           .context_id = store_text(&rows, i, 6, a),
                                           .problem = store_text(&rows, i, 7, a),
                                           .item_map = store_text(&rows, i, 8, a),
                                           .bound = store_text(&rows, i, 9, a)};
    }
    return true;
}

bool store_course_take(struct store *store, const struct model_course_ref *ref, bool may_make,
                       int64_t *institution_id, int64_t *course_id, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_text(&args, ref->issuer);
    db_add_text(&args, ref->client_id);
    db_add_text(&args, ref->deployment_id);
    if (!store_run(store, 0, "deployment_find", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(
            err, ERR_NOT_FOUND, "course",
            "course %.*s: no platform %.*s with client id %.*s and deployment %.*s is "
            "registered; `laurel platform list` shows those there are",
            SV_ARG(ref->context_id), SV_ARG(ref->issuer), SV_ARG(ref->client_id),
            SV_ARG(ref->deployment_id));
    }
    int64_t owner = db_i64(&rows, 0, 1);
    if (*institution_id != 0 && *institution_id != owner) {
        return err_because(
            err, ERR_DENIED, "institution",
            "course %.*s belongs to another institution than the other badges or your session",
            SV_ARG(ref->context_id));
    }
    *institution_id = owner;
    int64_t deployment_id = db_i64(&rows, 0, 0);
    db_args_init(&args, &a);
    db_add_i64(&args, owner);
    db_add_i64(&args, deployment_id);
    db_add_text(&args, ref->context_id);
    if (!store_run(store, owner, may_make ? "course_take" : "course_look", &args, &rows, err)) {
        return false;
    }
    *course_id = rows.count == 0 ? 0 : db_i64(&rows, 0, 0);
    return true;
}

static bool take_issuer(struct db_conn *conn, const struct store_import *in, struct arena *a,
                        int64_t *issuer_id, bool *is_changed, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, in->institution_id);
    db_add_text(&args, in->issuer->key);
    db_add_text(&args, in->issuer->name);
    db_add_text(&args, in->issuer->url);
    db_add_text(&args, in->issuer->email);
    db_add_text(&args, in->issuer->description);
    db_add_text(&args, in->issuer->image);
    if (!db_run(conn, "issuer_take", &args, &rows, err)) {
        return false;
    }
    *issuer_id = db_i64(&rows, 0, 0);
    *is_changed = db_bool(&rows, 0, 1);
    return true;
}

bool store_course_revisit_in(struct db_conn *conn, int64_t institution_id, int64_t course_id,
                             struct arena *a, struct err *err) {
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, course_id);
    struct sv payload = sv_printf(a, "{\"course\":%lld}", (long long)course_id);
    const struct store_job_new judge = {.institution_id = institution_id,
                                        .kind = SV("judge"),
                                        .dedupe =
                                            sv_printf(a, "judge:all:%lld", (long long)course_id),
                                        .payload = payload,
                                        .priority = 15};
    const struct store_job_new scores = {.institution_id = institution_id,
                                         .kind = SV("scores"),
                                         .dedupe =
                                             sv_printf(a, "scores:%lld", (long long)course_id),
                                         .payload = payload};
    return db_run(conn, "sync_request", &args, NULL, err) &&
           store_job_add_in(conn, &judge, a, err) && store_job_add_in(conn, &scores, a, err);
}

/* Columns that have the badge's old name. */
static bool rename_columns(struct db_conn *conn, int64_t institution_id, int64_t badge_id,
                           struct arena *a, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, badge_id);
    if (!db_run(conn, "line_stale", &args, &rows, err)) {
        return false;
    }
    for (int i = 0; i < rows.count; i++) {
        long long course_id = db_i64(&rows, i, 0);
        const struct store_job_new job = {
            .institution_id = institution_id,
            .kind = SV("line"),
            .dedupe = sv_printf(a, "line:%lld:%lld", course_id, (long long)badge_id),
            .payload =
                sv_printf(a, "{\"course\":%lld,\"badge\":%lld}", course_id, (long long)badge_id)};
        if (!store_job_add_in(conn, &job, a, err)) {
            return false;
        }
    }
    return true;
}

static bool map_courses(struct db_conn *conn, const struct store_import *in,
                        const struct store_badge_new *b, int64_t badge_id, struct arena *a,
                        bool *is_changed, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    struct sv *kept = ARENA_ARRAY(a, struct sv, b->course_count);
    db_args_init(&args, a);
    db_add_i64(&args, in->institution_id);
    db_add_i64(&args, badge_id);
    db_add_i64s(&args, b->course_ids, b->course_count);
    db_add_texts_or_null(&args, b->item_maps == NULL ? kept : b->item_maps, b->course_count);
    if (!db_run(conn, "badge_map", &args, &rows, err)) {
        return false;
    }
    *is_changed = rows.count > 0;
    return true;
}

/* The picture that came along, or what is left of one that is not named any more. */
static bool save_image(struct db_conn *conn, const struct store_import *in,
                       const struct store_badge_new *b, int64_t badge_id, struct arena *a,
                       bool *is_changed, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, in->institution_id);
    db_add_i64(&args, badge_id);
    db_add_text(&args, b->image_name);
    if (b->image != NULL) {
        db_add_i64(&args, b->image->kind);
        db_add_bytes(&args, b->image->digest);
        db_add_bytes(&args, b->image->bytes);
    }
    if (!db_run(conn, b->image != NULL ? "badge_image_save" : "badge_image_drop", &args, &rows,
                err)) {
        return false;
    }
    *is_changed = rows.count > 0;
    return true;
}

static bool save_badge(struct db_conn *conn, const struct store_import *in, int64_t issuer_id,
                       const struct store_badge_new *b, struct arena *a, enum store_change *change,
                       struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, in->institution_id);
    db_add_i64(&args, issuer_id);
    db_add_text(&args, b->key);
    db_add_text(&args, b->name);
    db_add_text(&args, b->definition);
    db_add_text(&args, b->rule);
    if (!db_run(conn, "badge_save", &args, &rows, err)) {
        return false;
    }
    int64_t badge_id = db_i64(&rows, 0, 0);
    bool is_changed = db_bool(&rows, 0, 2);
    *change = db_bool(&rows, 0, 1) ? STORE_CREATED : is_changed ? STORE_CHANGED : STORE_UNCHANGED;
    bool is_mapped_anew = false;
    bool is_drawn_anew = false;
    if (!map_courses(conn, in, b, badge_id, a, &is_mapped_anew, err) ||
        !save_image(conn, in, b, badge_id, a, &is_drawn_anew, err)) {
        return false;
    }
    if (*change == STORE_UNCHANGED && (is_mapped_anew || is_drawn_anew)) {
        *change = STORE_CHANGED;
    }
    if (*change == STORE_UNCHANGED) {
        return true;
    }
    for (size_t i = 0; i < b->course_count; i++) {
        if (!store_course_revisit_in(conn, in->institution_id, b->course_ids[i], a, err)) {
            return false;
        }
    }
    return rename_columns(conn, in->institution_id, badge_id, a, err) &&
           store_sign_badge_in(conn, in->institution_id, issuer_id, badge_id, a, err) &&
           store_audit_in(conn, in->institution_id, in->actor_person_id, "badge_imported",
                          sv_printf(a, "{\"badge\":%lld}", (long long)badge_id), a, err);
}

bool store_badge_import(struct store *store, const struct store_import *in,
                        enum store_change *changes, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    int64_t issuer_id = 0;
    bool is_issuer_changed = false;
    if (!db_take(store->pool, STORE_WAIT_MS, &conn, err) ||
        !db_begin(conn, in->institution_id, err) ||
        !take_issuer(conn, in, &a, &issuer_id, &is_issuer_changed, err)) {
        return false;
    }
    for (size_t i = 0; i < in->badge_count; i++) {
        if (!save_badge(conn, in, issuer_id, &in->badges[i], &a, &changes[i], err)) {
            return false;
        }
    }
    /* All its badges carry its name. */
    return (!is_issuer_changed ||
            store_sign_badge_in(conn, in->institution_id, issuer_id, 0, &a, err)) &&
           db_commit(conn, err);
}

bool store_mapping_problem_set(struct store *store, int64_t institution_id, int64_t badge_id,
                               int64_t course_id, struct sv problem, struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, badge_id);
    db_add_i64(&args, course_id);
    db_add_text_or_null(&args, problem);
    return store_run(store, institution_id, "mapping_problem_set", &args, NULL, err);
}

bool store_mapping_bound_set(struct store *store, int64_t institution_id, int64_t badge_id,
                             int64_t course_id, struct sv was, struct sv bound, struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, badge_id);
    db_add_i64(&args, course_id);
    db_add_text(&args, was);
    db_add_text(&args, bound);
    return store_run(store, institution_id, "mapping_bound_set", &args, NULL, err);
}

static bool set_items(struct db_conn *conn, const struct store_mapping_choice *in, struct arena *a,
                      struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, in->institution_id);
    db_add_i64(&args, in->badge_id);
    db_add_i64(&args, in->course_id);
    db_add_text(&args, in->was);
    db_add_text(&args, in->item_map);
    return db_run(conn, "mapping_items_set", &args, &rows, err) &&
           (rows.count == 1 ||
            err_because(err, ERR_CONFLICT, "items",
                        "somebody has changed the items of this badge since; load the page again"));
}

bool store_mapping_items_set(struct store *store, const struct store_mapping_choice *in,
                             struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    return db_take(store->pool, STORE_WAIT_MS, &conn, err) &&
           db_begin(conn, in->institution_id, err) && set_items(conn, in, &a, err) &&
           store_course_revisit_in(conn, in->institution_id, in->course_id, &a, err) &&
           store_audit_in(conn, in->institution_id, in->person_id, "badge_items_chosen",
                          sv_printf(&a, "{\"badge\":%lld,\"course\":%lld}", (long long)in->badge_id,
                                    (long long)in->course_id),
                          &a, err) &&
           db_commit(conn, err);
}
