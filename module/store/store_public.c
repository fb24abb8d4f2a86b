#include "store_public.h"
#include "store_internal.h"

static bool gone(struct err *err) {
    return err_because(err, ERR_NOT_FOUND, "public", "there is no such page");
}

bool store_public_find(struct store *store, struct sv public_id, enum store_public_kind kind,
                       struct arena *a, struct store_public *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_text(&args, public_id);
    if (uuid_is_valid(public_id) && !store_run(store, 0, "public_find", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0 || db_i64(&rows, 0, 0) != kind) {
        return gone(err);
    }
    *out = (struct store_public){
        .kind = kind, .institution_id = db_i64(&rows, 0, 1), .id = db_i64(&rows, 0, 2)};
    return true;
}

bool store_award_page_get(struct store *store, struct sv public_id, struct arena *a,
                          struct store_award_page *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_text(&args, public_id);
    if (uuid_is_valid(public_id) && !store_run(store, 0, "award_page", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return gone(err);
    }
    *out = (struct store_award_page){.state = (enum model_award_state)db_i64(&rows, 0, 0),
                                     .issued_at = db_time(&rows, 0, 1),
                                     .revoked_at = db_time(&rows, 0, 2),
                                     .expires_at = db_time(&rows, 0, 3),
                                     .is_signed = db_bool(&rows, 0, 4),
                                     .learner = store_text(&rows, 0, 5, a),
                                     .reasons = store_text(&rows, 0, 6, a),
                                     .evidence = store_text(&rows, 0, 7, a),
                                     .badge_public_id = store_text(&rows, 0, 8, a),
                                     .definition = store_text(&rows, 0, 9, a),
                                     .rule = store_text(&rows, 0, 10, a),
                                     .asked_badges = store_text(&rows, 0, 11, a),
                                     .issuer_public_id = store_text(&rows, 0, 12, a),
                                     .issuer_name = store_text(&rows, 0, 13, a),
                                     .key_public_id = store_text(&rows, 0, 14, a),
                                     .public_jwk = store_text(&rows, 0, 15, a),
                                     .time_zone = store_text(&rows, 0, 16, a)};
    return true;
}

bool store_issuer_badges(struct store *store, int64_t institution_id, int64_t issuer_id,
                         struct arena *a, struct store_issuer_badge **out, size_t *count,
                         struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, issuer_id);
    if (!store_run(store, institution_id, "issuer_badges", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_issuer_badge, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = (struct store_issuer_badge){.public_id = store_text(&rows, i, 0, a),
                                                .name = store_text(&rows, i, 1, a),
                                                .description = store_text(&rows, i, 2, a)};
    }
    return true;
}
