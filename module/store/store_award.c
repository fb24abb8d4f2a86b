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

bool store_score_jobs_in(struct db_conn *conn, int64_t institution_id, const int64_t *award_ids,
                         size_t count, struct arena *a, struct err *err) {
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64s(&args, award_ids, count);
    return count == 0 || db_run(conn, "score_add", &args, NULL, err);
}

static const char *action_of(enum model_award_state state) {
    static const char *const names[] = {"award_proposed",  "award_declined", "award_issued",
                                        "award_suspended", "award_revoked",  "award_expired",
                                        "award_superseded"};
    return names[state];
}

/* Awards that were made or moved in an open transaction, for what follows from that. */
struct changes {
    struct db_conn *conn;
    struct store_actor actor;
    struct arena *arena;
    int64_t *awards, *badges, *people, *scored; /* `scored` are those that the gradebook shows */
    struct sv *actions;
    size_t count, scored_count;
};

static void changes_init(struct changes *c, struct store_actor actor, size_t most,
                         struct arena *a) {
    *c = (struct changes){.actor = actor,
                          .arena = a,
                          .awards = ARENA_ARRAY(a, int64_t, most),
                          .badges = ARENA_ARRAY(a, int64_t, most),
                          .people = ARENA_ARRAY(a, int64_t, most),
                          .scored = ARENA_ARRAY(a, int64_t, most),
                          .actions = ARENA_ARRAY(a, struct sv, most)};
}

static void note(struct changes *c, int64_t award_id, int64_t badge_id, int64_t person_id,
                 enum model_award_state state, bool is_scored) {
    c->awards[c->count] = award_id;
    c->badges[c->count] = badge_id;
    c->people[c->count] = person_id;
    c->actions[c->count++] = sv_from(action_of(state));
    if (is_scored) {
        c->scored[c->scored_count++] = award_id;
    }
}

static bool make_in(struct changes *c, const struct store_award_new *awards, size_t n, usec_t now,
                    struct err *err) {
    struct arena *a = c->arena;
    int64_t *badges = ARENA_ARRAY(a, int64_t, n);
    int64_t *people = ARENA_ARRAY(a, int64_t, n);
    int64_t *courses = ARENA_ARRAY(a, int64_t, n);
    int64_t *versions = ARENA_ARRAY(a, int64_t, n);
    int64_t *states = ARENA_ARRAY(a, int64_t, n);
    struct sv *reasons = ARENA_ARRAY(a, struct sv, n);
    struct sv *notes = ARENA_ARRAY(a, struct sv, n);
    usec_t *issued = ARENA_ARRAY(a, usec_t, n);
    usec_t *expires = ARENA_ARRAY(a, usec_t, n);
    for (size_t i = 0; i < n; i++) {
        badges[i] = awards[i].badge_id;
        people[i] = awards[i].person_id;
        courses[i] = awards[i].course_id;
        versions[i] = awards[i].rule_version;
        states[i] = awards[i].state;
        reasons[i] = awards[i].reasons.len == 0 ? SV("{}") : awards[i].reasons;
        notes[i] = awards[i].note;
        issued[i] = awards[i].issued_at;
        expires[i] = awards[i].expires_at;
    }
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, c->actor.institution_id);
    db_add_bool(&args, c->actor.person_id != STORE_WORKER);
    db_add_time(&args, now);
    db_add_i64s(&args, badges, n);
    db_add_i64s(&args, people, n);
    db_add_i64s(&args, courses, n);
    db_add_i64s(&args, versions, n);
    db_add_i64s(&args, states, n);
    db_add_texts(&args, reasons, n);
    db_add_texts(&args, notes, n);
    db_add_times(&args, issued, n);
    db_add_times(&args, expires, n);
    if (n > 0 && !db_run(c->conn, "award_make", &args, &rows, err)) {
        return false;
    }
    for (int i = 0; i < rows.count; i++) {
        const struct store_award_new *w = &awards[db_i64(&rows, i, 0) - 1];
        note(c, db_i64(&rows, i, 1), w->badge_id, w->person_id, w->state,
             w->state == MODEL_AWARD_ISSUED && w->is_in_gradebook && w->course_id != 0);
    }
    return true;
}

static bool move_in(struct changes *c, const struct store_award_move *w, usec_t now,
                    struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, c->arena);
    db_add_i64(&args, c->actor.institution_id);
    db_add_i64(&args, w->award_id);
    db_add_i64(&args, w->from);
    db_add_i64(&args, w->to);
    db_add_text(&args, w->note);
    db_add_bool(&args, c->actor.person_id != STORE_WORKER);
    db_add_time(&args, now);
    db_add_time(&args, w->expires_at);
    if (!db_run(c->conn, "award_move", &args, &rows, err)) {
        return false;
    }
    if (rows.count > 0) {
        note(c, w->award_id, w->badge_id, w->person_id, w->to, w->is_in_gradebook);
    }
    return true;
}

static bool audit(const struct changes *c, struct err *err) {
    int64_t person_id = c->actor.person_id == STORE_OPERATOR ? 0 : c->actor.person_id;
    struct db_args args;
    db_args_init(&args, c->arena);
    db_add_i64(&args, c->actor.institution_id);
    db_add_i64_or_null(&args, person_id);
    db_add_texts(&args, c->actions, c->count);
    db_add_i64s(&args, c->awards, c->count);
    return db_run(c->conn, "audit_awards", &args, NULL, err);
}

/* Whoever got or lost a badge may now meet, or no longer meet, a rule that asks for it. */
static bool judge_dependants(const struct changes *c, struct err *err) {
    struct db_args args;
    db_args_init(&args, c->arena);
    db_add_i64(&args, c->actor.institution_id);
    db_add_i64s(&args, c->badges, c->count);
    db_add_i64s(&args, c->people, c->count);
    return db_run(c->conn, "judge_dependants", &args, NULL, err);
}

/* What follows from all of them: the audit, the gradebook, signatures, and other badges. */
static bool follow(const struct changes *c, struct err *err) {
    int64_t institution_id = c->actor.institution_id;
    return c->count == 0 ||
           (audit(c, err) &&
            store_score_jobs_in(c->conn, institution_id, c->scored, c->scored_count, c->arena,
                                err) &&
            store_sign_awards_in(c->conn, institution_id, c->awards, c->count, c->arena, err) &&
            judge_dependants(c, err));
}

bool store_award_make(struct store *store, struct store_actor actor,
                      const struct store_award_new *award, usec_t now, bool *is_made,
                      struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    struct changes c;
    changes_init(&c, actor, 1, &a);
    if (!db_take(store->pool, STORE_WAIT_MS, &conn, err) ||
        !db_begin(conn, actor.institution_id, err)) {
        return false;
    }
    c.conn = conn;
    if (!make_in(&c, award, 1, now, err)) {
        return false;
    }
    *is_made = c.count > 0;
    return follow(&c, err) && db_commit(conn, err);
}

bool store_award_change(struct store *store, struct store_actor actor,
                        const struct store_award_move *move, usec_t now, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    struct changes c;
    changes_init(&c, actor, 1, &a);
    if (!db_take(store->pool, STORE_WAIT_MS, &conn, err) ||
        !db_begin(conn, actor.institution_id, err)) {
        return false;
    }
    c.conn = conn;
    if (!move_in(&c, move, now, err)) {
        return false;
    }
    if (c.count == 0) {
        return err_because(err, ERR_CONFLICT, "award_state",
                           "this award was changed by somebody else in the meantime");
    }
    return follow(&c, err) && db_commit(conn, err);
}

bool store_judgement_save(struct store *store, const struct store_judgement *j,
                          struct store_judgement_result *out, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    struct changes c;
    changes_init(&c, (struct store_actor){.institution_id = j->institution_id},
                 j->award_count + j->move_count, &a);
    *out = (struct store_judgement_result){0};
    if (!db_take(store->pool, STORE_WAIT_MS, &conn, err) ||
        !db_begin(conn, j->institution_id, err)) {
        return false;
    }
    c.conn = conn;
    if (!make_in(&c, j->awards, j->award_count, j->now, err)) {
        return false;
    }
    out->made = c.count;
    for (size_t i = 0; i < j->move_count; i++) {
        if (!move_in(&c, &j->moves[i], j->now, err)) {
            return false;
        }
    }
    out->moved = c.count - out->made;
    return follow(&c, err) && db_commit(conn, err);
}
