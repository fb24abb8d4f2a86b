#include "store_credential.h"
#include "base_json.h"
#include "store_internal.h"
#include "store_job.h"

struct model_share store_share_read(const struct db_rows *rows, int i, int col, struct arena *a) {
    return (struct model_share){.shared_at = db_time(rows, i, col),
                                .identity = (enum model_identity)db_i64(rows, i, col + 1),
                                .identity_hash = store_text(rows, i, col + 2, a),
                                .salt = store_text(rows, i, col + 3, a),
                                .platform = store_text(rows, i, col + 4, a),
                                .did = store_text(rows, i, col + 5, a),
                                .shows_results = db_bool(rows, i, col + 6),
                                .shows_evidence = db_bool(rows, i, col + 7)};
}

bool store_credential_sources(struct store *store, int64_t institution_id, const int64_t *award_ids,
                              size_t id_count, struct arena *a,
                              struct store_credential_source **out, size_t *count,
                              struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64s(&args, award_ids, id_count);
    if (!store_run(store, institution_id, "credential_sources", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_credential_source, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = (struct store_credential_source){
            .award_id = db_i64(&rows, i, 0),
            .badge_id = db_i64(&rows, i, 1),
            .issuer_id = db_i64(&rows, i, 2),
            .public_id = store_text(&rows, i, 3, a),
            .state = (enum model_award_state)db_i64(&rows, i, 4),
            .issued_at = db_time(&rows, i, 5),
            .expires_at = db_time(&rows, i, 6),
            .reasons = store_text(&rows, i, 7, a),
            .badge_public_id = store_text(&rows, i, 8, a),
            .badge_key = store_text(&rows, i, 9, a),
            .definition = store_text(&rows, i, 10, a),
            .rule = store_text(&rows, i, 11, a),
            .evidence = store_text(&rows, i, 12, a),
            .share = store_share_read(&rows, i, 13, a),
            .status_list = store_text(&rows, i, 21, a),
            .suspension_list = store_text(&rows, i, 22, a),
            .status_index = db_i64(&rows, i, 23),
            .digests = {db_bytes(&rows, i, 24, a), db_bytes(&rows, i, 25, a)},
            .valid_from = db_time(&rows, i, 26)};
        (*out)[i].share.shows_name = db_bool(&rows, i, 27);
    }
    return true;
}

bool store_credential_of_badge(struct store *store, int64_t institution_id, int64_t badge_id,
                               int64_t after, int64_t limit, struct arena *a, int64_t **ids,
                               size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, badge_id);
    db_add_i64(&args, after);
    db_add_i64(&args, limit);
    if (!store_run(store, institution_id, "credential_of_badge", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *ids = ARENA_ARRAY(a, int64_t, *count);
    for (int i = 0; i < rows.count; i++) {
        (*ids)[i] = db_i64(&rows, i, 0);
    }
    return true;
}

bool store_status_assign(struct store *store, int64_t institution_id, int64_t issuer_id,
                         const int64_t *award_ids, size_t count, const int64_t *places,
                         size_t place_count, struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, issuer_id);
    db_add_i64s(&args, award_ids, count);
    db_add_i64s(&args, places, place_count);
    return store_run(store, institution_id, "status_assign", &args, NULL, err);
}

static bool save_credentials(struct db_conn *conn, int64_t institution_id,
                             const struct store_credential_batch *b, struct arena *a,
                             struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    size_t n = b->credential_count;
    int64_t *awards = ARENA_ARRAY(a, int64_t, n);
    int64_t *forms = ARENA_ARRAY(a, int64_t, n);
    int64_t *keys = ARENA_ARRAY(a, int64_t, n);
    struct sv *bodies = ARENA_ARRAY(a, struct sv, n);
    struct sv *digests = ARENA_ARRAY(a, struct sv, n);
    struct sv *were = ARENA_ARRAY(a, struct sv, n);
    usec_t *valid_from = ARENA_ARRAY(a, usec_t, n);
    usec_t *signed_at = ARENA_ARRAY(a, usec_t, n);
    for (size_t i = 0; i < n; i++) {
        const struct store_credential *c = &b->credentials[i];
        awards[i] = c->award_id;
        forms[i] = c->form;
        keys[i] = c->key_id;
        bodies[i] = c->body;
        digests[i] = c->digest;
        were[i] = c->was_digest;
        valid_from[i] = c->valid_from;
        signed_at[i] = c->signed_at;
    }
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64s(&args, awards, n);
    db_add_i64s(&args, forms, n);
    db_add_texts(&args, bodies, n);
    db_add_bytes_array(&args, digests, n);
    db_add_bytes_array(&args, were, n);
    db_add_i64s(&args, keys, n);
    db_add_times(&args, valid_from, n);
    db_add_times(&args, signed_at, n);
    if (!db_run(conn, "credential_save", &args, &rows, err)) {
        return false;
    }
    if ((size_t)rows.count != n) {
        (void)err_because(err, ERR_CONFLICT, "signed",
                          "another worker signed one of these awards in the meantime");
        return err_retry_as(err, ERR_RETRY_LATER);
    }
    return true;
}

/* When each award was signed, or why it was not. */
static bool mark_awards(struct db_conn *conn, int64_t institution_id,
                        const struct store_credential_batch *b, struct arena *a, struct err *err) {
    struct db_args args;
    size_t n = 0;
    usec_t signed_at = 0;
    int64_t *awards = ARENA_ARRAY(a, int64_t, b->credential_count + b->problem_count);
    struct sv *problems = ARENA_ARRAY(a, struct sv, b->credential_count + b->problem_count);
    for (size_t i = 0; i < b->credential_count; i++) {
        signed_at = b->credentials[i].signed_at;
        if (n == 0 || awards[n - 1] != b->credentials[i].award_id) {
            awards[n++] = b->credentials[i].award_id;
        }
    }
    for (size_t i = 0; i < b->problem_count; i++) {
        awards[n] = b->problems[i].award_id;
        problems[n++] = b->problems[i].problem;
    }
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64s(&args, awards, n);
    db_add_time(&args, signed_at);
    db_add_texts_or_null(&args, problems, n);
    return db_run(conn, "award_signed", &args, NULL, err);
}

bool store_credential_save(struct store *store, int64_t institution_id,
                           const struct store_credential_batch *batch, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    return db_take(store->pool, STORE_WAIT_MS, &conn, err) && db_begin(conn, institution_id, err) &&
           (batch->credential_count == 0 ||
            save_credentials(conn, institution_id, batch, &a, err)) &&
           mark_awards(conn, institution_id, batch, &a, err) && db_commit(conn, err);
}

bool store_credential_get(struct store *store, int64_t institution_id, int64_t award_id,
                          enum store_form form, struct arena *a,
                          struct store_credential_public *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, award_id);
    db_add_i64(&args, form);
    if (!store_run(store, institution_id, "credential_get", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_NOT_FOUND, "award", "there is no such award");
    }
    *out = (struct store_credential_public){.award_id = db_i64(&rows, 0, 0),
                                            .badge_id = db_i64(&rows, 0, 1),
                                            .person_id = db_i64(&rows, 0, 2),
                                            .public_id = store_text(&rows, 0, 3, a),
                                            .state = (enum model_award_state)db_i64(&rows, 0, 4),
                                            .issued_at = db_time(&rows, 0, 5),
                                            .expires_at = db_time(&rows, 0, 6),
                                            .shared_at = db_time(&rows, 0, 7),
                                            .body = store_text(&rows, 0, 8, a),
                                            .valid_from = db_time(&rows, 0, 9),
                                            .signed_at = db_time(&rows, 0, 10)};
    return true;
}

static bool set_bits(struct store *store, int64_t institution_id, int64_t list_id, struct arena *a,
                     struct store_status *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, list_id);
    if (!store_run(store, institution_id, "status_set", &args, &rows, err)) {
        return false;
    }
    out->set_count = (size_t)rows.count;
    out->set = ARENA_ARRAY(a, int64_t, out->set_count);
    for (int i = 0; i < rows.count; i++) {
        out->set[i] = db_i64(&rows, i, 0);
    }
    return true;
}

bool store_status_get(struct store *store, int64_t institution_id, int64_t list_id,
                      bool is_suspension, enum store_form form, struct arena *a,
                      struct store_status *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, list_id);
    db_add_bool(&args, is_suspension);
    db_add_i64(&args, form);
    if (!store_run(store, institution_id, "status_get", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_NOT_FOUND, "status", "there is no such status list");
    }
    *out = (struct store_status){.issuer_id = db_i64(&rows, 0, 0),
                                 .public_id = store_text(&rows, 0, 1, a),
                                 .length = db_i64(&rows, 0, 2),
                                 .body = store_text(&rows, 0, 3, a),
                                 .digest = db_bytes(&rows, 0, 4, a),
                                 .signed_at = db_time(&rows, 0, 5)};
    return set_bits(store, institution_id, list_id, a, out, err);
}

bool store_status_save(struct store *store, int64_t institution_id,
                       const struct store_status_signed *list, struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, list->list_id);
    db_add_bool(&args, list->is_suspension);
    db_add_i64(&args, list->form);
    db_add_text(&args, list->body);
    db_add_bytes(&args, list->digest);
    db_add_time(&args, list->signed_at);
    return store_run(store, institution_id, "status_save", &args, NULL, err);
}

bool store_revocation_list(struct store *store, int64_t institution_id, int64_t issuer_id,
                           struct arena *a, struct sv **public_ids, size_t *count,
                           struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, issuer_id);
    if (!store_run(store, institution_id, "revocation_list", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *public_ids = ARENA_ARRAY(a, struct sv, *count);
    for (int i = 0; i < rows.count; i++) {
        (*public_ids)[i] = store_text(&rows, i, 0, a);
    }
    return true;
}

bool store_sign_awards_in(struct db_conn *conn, int64_t institution_id, const int64_t *award_ids,
                          size_t count, struct arena *a, struct err *err) {
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64s(&args, award_ids, count);
    return count == 0 || db_run(conn, "sign_awards", &args, NULL, err);
}

bool store_sign_badge_in(struct db_conn *conn, int64_t institution_id, int64_t issuer_id,
                         int64_t badge_id, struct arena *a, struct err *err) {
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, issuer_id);
    db_add_i64_or_null(&args, badge_id);
    return db_run(conn, "sign_badge", &args, NULL, err);
}

bool store_sign_badge(struct store *store, int64_t institution_id, int64_t issuer_id,
                      int64_t badge_id, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    return db_take(store->pool, STORE_WAIT_MS, &conn, err) && db_begin(conn, institution_id, err) &&
           store_sign_badge_in(conn, institution_id, issuer_id, badge_id, &a, err) &&
           db_commit(conn, err);
}

bool store_sign_missing(struct store *store, struct err *err) {
    return store_run(store, 0, "sign_missing", NULL, NULL, err);
}

bool store_sign_state(struct store *store, struct arena *a, struct store_sign_state *out,
                      struct err *err) {
    AUTO_ROWS rows = {0};
    if (!store_run(store, 0, "sign_state", NULL, &rows, err)) {
        return false;
    }
    *out = (struct store_sign_state){.waiting = db_i64(&rows, 0, 0),
                                     .refused = db_i64(&rows, 0, 1),
                                     .public_id = store_text(&rows, 0, 2, a),
                                     .problem = store_text(&rows, 0, 3, a)};
    return true;
}
