#include "store_award.h"
#include "store_internal.h"
#include "store_job.h"

/* Columns of award_list, award_history and award_rows. */
static struct store_award read_award(const struct db_rows *rows, int i, struct arena *a) {
    return (struct store_award){.id = db_i64(rows, i, 0),
                                .badge_id = db_i64(rows, i, 1),
                                .person_id = db_i64(rows, i, 2),
                                .course_id = db_i64(rows, i, 3),
                                .public_id = store_text(rows, i, 4, a),
                                .state = (enum model_award_state)db_i64(rows, i, 5),
                                .rule_version = db_i64(rows, i, 6),
                                .reasons = store_text(rows, i, 7, a),
                                .note = store_text(rows, i, 8, a),
                                .is_by_hand = db_bool(rows, i, 9),
                                .is_awarded_by_hand = db_bool(rows, i, 10),
                                .created_at = db_time(rows, i, 11),
                                .issued_at = db_time(rows, i, 12),
                                .suspended_at = db_time(rows, i, 13),
                                .revoked_at = db_time(rows, i, 14),
                                .expires_at = db_time(rows, i, 15),
                                .shared_at = db_time(rows, i, 16)};
}
#define ROW_COLUMNS 17 /* award_rows goes on behind them */

static bool list(struct store *store, int64_t institution_id, const char *name,
                 const struct db_args *args, struct arena *a, struct store_award **out,
                 size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    if (!store_run(store, institution_id, name, args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_award, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = read_award(&rows, i, a);
    }
    return true;
}

bool store_award_list(struct store *store, int64_t institution_id, const int64_t *ids,
                      size_t id_count, struct arena *a, struct store_award **out, size_t *count,
                      struct err *err) {
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64s_or_null(&args, ids, id_count);
    return list(store, institution_id, "award_list", &args, a, out, count, err);
}

bool store_award_history(struct store *store, int64_t institution_id, int64_t badge_id,
                         int64_t person_id, struct arena *a, struct store_award **out,
                         size_t *count, struct err *err) {
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, badge_id);
    db_add_i64(&args, person_id);
    return list(store, institution_id, "award_history", &args, a, out, count, err);
}

bool store_award_rows(struct store *store, const struct store_award_filter *f, struct arena *a,
                      struct store_award_row **out, size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    if (f->public_id.len > 0 && !uuid_is_valid(f->public_id)) {
        return err_because(err, ERR_INPUT, "award",
                           "%.*s is no award's id; see `laurel award list`", SV_ARG(f->public_id));
    }
    db_args_init(&args, a);
    db_add_text_or_null(&args, f->public_id);
    db_add_text_or_null(&args, f->badge_key);
    db_add_text_or_null(&args, f->sub);
    db_add_text_or_null(&args, f->context_id);
    if (!store_run(store, 0, "award_rows", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_award_row, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] =
            (struct store_award_row){.award = read_award(&rows, i, a),
                                     .institution_id = db_i64(&rows, i, ROW_COLUMNS),
                                     .badge_key = store_text(&rows, i, ROW_COLUMNS + 1, a),
                                     .badge_name = store_text(&rows, i, ROW_COLUMNS + 2, a),
                                     .issuer = store_text(&rows, i, ROW_COLUMNS + 3, a),
                                     .client_id = store_text(&rows, i, ROW_COLUMNS + 4, a),
                                     .sub = store_text(&rows, i, ROW_COLUMNS + 5, a),
                                     .name = store_text(&rows, i, ROW_COLUMNS + 6, a),
                                     .context_id = store_text(&rows, i, ROW_COLUMNS + 7, a),
                                     .course_title = store_text(&rows, i, ROW_COLUMNS + 8, a),
                                     .is_in_gradebook = db_bool(&rows, i, ROW_COLUMNS + 9)};
    }
    return true;
}

bool store_attestation_list(struct store *store, int64_t institution_id, const int64_t *ids,
                            size_t id_count, struct arena *a, struct store_attestation **out,
                            size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64s_or_null(&args, ids, id_count);
    if (!store_run(store, institution_id, "attestation_list", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_attestation, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = (struct store_attestation){.badge_id = db_i64(&rows, i, 0),
                                               .person_id = db_i64(&rows, i, 1),
                                               .condition = store_text(&rows, i, 2, a),
                                               .evidence = store_text(&rows, i, 3, a),
                                               .by_name = store_text(&rows, i, 4, a),
                                               .at = db_time(&rows, i, 5)};
    }
    return true;
}

bool store_attestation_add(struct store *store, int64_t institution_id, int64_t course_id,
                           const struct store_attestation *t, int64_t by_person_id,
                           struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, t->badge_id);
    db_add_i64(&args, t->person_id);
    db_add_text(&args, t->condition);
    db_add_i64(&args, by_person_id);
    db_add_text(&args, t->evidence);
    const struct store_job_new judge = {
        .institution_id = institution_id,
        .kind = SV("judge"),
        .dedupe = sv_printf(&a, "judge:%lld:%lld", (long long)course_id, (long long)t->person_id),
        .payload = sv_printf(&a, "{\"course\":%lld,\"people\":[%lld]}", (long long)course_id,
                             (long long)t->person_id),
        .priority = 30};
    return db_take(store->pool, STORE_WAIT_MS, &conn, err) && db_begin(conn, institution_id, err) &&
           db_run(conn, "attestation_add", &args, NULL, err) &&
           store_audit_in(conn, institution_id, by_person_id, "attested",
                          sv_printf(&a, "{\"badge\":%lld,\"person\":%lld}", (long long)t->badge_id,
                                    (long long)t->person_id),
                          &a, err) &&
           store_job_add_in(conn, &judge, &a, err) && db_commit(conn, err);
}

/* One key for all awards of a badge and person in a course: the queue runs one job of a key at a
 * time, so scores go out in order, and the job itself looks which award is the latest (F12). */
bool store_score_job_in(struct db_conn *conn, int64_t institution_id, int64_t award_id,
                        struct arena *a, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, award_id);
    if (!db_run(conn, "score_job_key", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return true; /* of no course: there is no column */
    }
    const struct store_job_new score = {
        .institution_id = institution_id,
        .kind = SV("score"),
        .dedupe = sv_printf(a, "score:%lld:%lld:%lld", (long long)db_i64(&rows, 0, 0),
                            (long long)db_i64(&rows, 0, 1), (long long)db_i64(&rows, 0, 2)),
        .payload = sv_printf(a, "{\"award\":%lld}", (long long)award_id),
        .priority = 25};
    return store_job_add_in(conn, &score, a, err);
}

static const char *action_of(enum model_award_state state) {
    static const char *const names[] = {"award_proposed",  "award_declined", "award_issued",
                                        "award_suspended", "award_revoked",  "award_expired",
                                        "award_superseded"};
    return names[state];
}

static bool audit(struct db_conn *conn, struct store_actor actor, enum model_award_state state,
                  int64_t award_id, struct arena *a, struct err *err) {
    int64_t person_id = actor.person_id == STORE_OPERATOR ? 0 : actor.person_id;
    return store_audit_in(conn, actor.institution_id, person_id, action_of(state),
                          sv_printf(a, "{\"award\":%lld}", (long long)award_id), a, err);
}

static bool make_in(struct db_conn *conn, struct store_actor actor, const struct store_award_new *w,
                    usec_t now, struct arena *a, int64_t *award_id, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, actor.institution_id);
    db_add_i64(&args, w->badge_id);
    db_add_i64(&args, w->person_id);
    db_add_i64_or_null(&args, w->course_id);
    db_add_i64(&args, w->rule_version);
    db_add_i64(&args, w->state);
    db_add_text(&args, w->reasons.len == 0 ? SV("{}") : w->reasons);
    db_add_text(&args, w->note);
    db_add_bool(&args, actor.person_id != STORE_WORKER);
    db_add_time(&args, w->issued_at);
    db_add_time(&args, w->expires_at);
    db_add_time(&args, now);
    if (!db_run(conn, "award_make", &args, &rows, err)) {
        return false;
    }
    *award_id = rows.count == 0 ? 0 : db_i64(&rows, 0, 0);
    if (*award_id == 0) {
        return true;
    }
    int64_t id = *award_id;
    bool is_scored = w->state == MODEL_AWARD_ISSUED && w->is_in_gradebook && w->course_id != 0;
    return audit(conn, actor, w->state, id, a, err) &&
           (!is_scored || store_score_job_in(conn, actor.institution_id, id, a, err));
}

static bool move_in(struct db_conn *conn, struct store_actor actor,
                    const struct store_award_move *w, usec_t now, struct arena *a, bool *is_moved,
                    struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, actor.institution_id);
    db_add_i64(&args, w->award_id);
    db_add_i64(&args, w->from);
    db_add_i64(&args, w->to);
    db_add_text(&args, w->note);
    db_add_bool(&args, actor.person_id != STORE_WORKER);
    db_add_time(&args, now);
    db_add_time(&args, w->expires_at);
    if (!db_run(conn, "award_move", &args, &rows, err)) {
        return false;
    }
    *is_moved = rows.count > 0;
    return !*is_moved || (audit(conn, actor, w->to, w->award_id, a, err) &&
                          (!w->is_in_gradebook ||
                           store_score_job_in(conn, actor.institution_id, w->award_id, a, err)));
}

/* Whoever got or lost a badge may now meet, or no longer meet, a rule that asks for it. */
static bool judge_dependants(struct db_conn *conn, int64_t institution_id, const int64_t *badges,
                             const int64_t *people, size_t count, struct arena *a,
                             struct err *err) {
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64s(&args, badges, count);
    db_add_i64s(&args, people, count);
    return count == 0 || db_run(conn, "judge_dependants", &args, NULL, err);
}

bool store_award_make(struct store *store, struct store_actor actor,
                      const struct store_award_new *award, usec_t now, bool *is_made,
                      struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    int64_t id = 0;
    if (!db_take(store->pool, STORE_WAIT_MS, &conn, err) ||
        !db_begin(conn, actor.institution_id, err) ||
        !make_in(conn, actor, award, now, &a, &id, err)) {
        return false;
    }
    *is_made = id != 0;
    return store_sign_awards_in(conn, actor.institution_id, &id, *is_made ? 1 : 0, &a, err) &&
           judge_dependants(conn, actor.institution_id, &award->badge_id, &award->person_id,
                            *is_made ? 1 : 0, &a, err) &&
           db_commit(conn, err);
}

bool store_award_change(struct store *store, struct store_actor actor,
                        const struct store_award_move *move, usec_t now, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    bool is_moved = false;
    if (!db_take(store->pool, STORE_WAIT_MS, &conn, err) ||
        !db_begin(conn, actor.institution_id, err) ||
        !move_in(conn, actor, move, now, &a, &is_moved, err)) {
        return false;
    }
    if (!is_moved) {
        return err_because(err, ERR_CONFLICT, "award_state",
                           "this award was changed by somebody else in the meantime");
    }
    return store_sign_awards_in(conn, actor.institution_id, &move->award_id, 1, &a, err) &&
           judge_dependants(conn, actor.institution_id, &move->badge_id, &move->person_id, 1, &a,
                            err) &&
           db_commit(conn, err);
}

bool store_judgement_save(struct store *store, const struct store_judgement *j,
                          struct store_judgement_result *out, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    const struct store_actor worker = {.institution_id = j->institution_id};
    *out = (struct store_judgement_result){0};
    if (!db_take(store->pool, STORE_WAIT_MS, &conn, err) ||
        !db_begin(conn, j->institution_id, err)) {
        return false;
    }
    int64_t *badges = ARENA_ARRAY(&a, int64_t, j->award_count + j->move_count);
    int64_t *people = ARENA_ARRAY(&a, int64_t, j->award_count + j->move_count);
    int64_t *awards = ARENA_ARRAY(&a, int64_t, j->award_count + j->move_count);
    size_t changed = 0;
    for (size_t i = 0; i < j->award_count; i++) {
        if (!make_in(conn, worker, &j->awards[i], j->now, &a, &awards[changed], err)) {
            return false;
        }
        bool is_made = awards[changed] != 0;
        out->made += is_made ? 1 : 0;
        badges[changed] = j->awards[i].badge_id;
        people[changed] = j->awards[i].person_id;
        changed += is_made ? 1 : 0;
    }
    for (size_t i = 0; i < j->move_count; i++) {
        bool is_moved = false;
        if (!move_in(conn, worker, &j->moves[i], j->now, &a, &is_moved, err)) {
            return false;
        }
        out->moved += is_moved ? 1 : 0;
        awards[changed] = j->moves[i].award_id;
        badges[changed] = j->moves[i].badge_id;
        people[changed] = j->moves[i].person_id;
        changed += is_moved ? 1 : 0;
    }
    return store_sign_awards_in(conn, j->institution_id, awards, changed, &a, err) &&
           judge_dependants(conn, j->institution_id, badges, people, changed, &a, err) &&
           db_commit(conn, err);
}
