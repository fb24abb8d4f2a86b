#include "store_picture.h"
#include "base_encode.h"
#include "store_internal.h"

static void key_args(struct db_args *args, struct arena *a, const struct store_picture *key) {
    db_args_init(args, a);
    db_add_i64(args, key->institution_id);
    db_add_i64(args, key->badge_id);
    db_add_i64(args, key->kind);
}

bool store_picture_get(struct store *store, const struct store_picture *key, struct arena *a,
                       struct sv *bytes, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    key_args(&args, a, key);
    if (!store_run(store, key->institution_id, "picture_get", &args, &rows, err)) {
        return false;
    }
    bool is_drawn = rows.count > 0 && sv_eq(db_bytes(&rows, 0, 0, a), key->digest);
    *bytes = is_drawn ? db_bytes(&rows, 0, 1, a) : sv_of(NULL, 0);
    return true;
}

bool store_picture_save(struct store *store, const struct store_picture *picture, struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    key_args(&args, &a, picture);
    db_add_bytes(&args, picture->digest);
    db_add_bytes(&args, picture->bytes);
    return store_run(store, picture->institution_id, "picture_save", &args, NULL, err);
}

bool store_badge_image_get(struct store *store, int64_t institution_id, int64_t badge_id,
                           struct sv name, struct arena *a, struct store_badge_image *out,
                           struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    *out = (struct store_badge_image){.badge_id = badge_id, .name = name};
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, badge_id);
    if (!store_run(store, institution_id, "badge_image_get", &args, &rows, err)) {
        return false;
    }
    if (rows.count > 0 && sv_eq(store_text(&rows, 0, 0, a), name)) {
        out->kind = (int)db_i64(&rows, 0, 1);
        out->digest = db_bytes(&rows, 0, 2, a);
        out->bytes = db_bytes(&rows, 0, 3, a);
    }
    return true;
}

bool store_badge_image_list(struct store *store, int64_t institution_id, struct arena *a,
                            struct store_badge_image **out, size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    if (!store_run(store, institution_id, "badge_image_list", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_badge_image, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = (struct store_badge_image){.badge_id = db_i64(&rows, i, 0),
                                               .name = store_text(&rows, i, 1, a),
                                               .digest = db_bytes(&rows, i, 2, a)};
    }
    return true;
}

bool store_mine_list(struct store *store, int64_t institution_id, int64_t person_id,
                     struct sv badge_id, struct arena *a, struct store_mine **out, size_t *count,
                     bool *is_more, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, person_id);
    db_add_text_or_null(&args, badge_id);
    bool is_any = badge_id.len == 0 || uuid_is_valid(badge_id);
    if (is_any && !store_run(store, institution_id, "award_mine", &args, &rows, err)) {
        return false;
    }
    *is_more = rows.count > STORE_MINE_MAX;
    *count = *is_more ? STORE_MINE_MAX : (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_mine, *count);
    for (int i = 0; i < (int)*count; i++) {
        (*out)[i] = (struct store_mine){.award_id = db_i64(&rows, i, 0),
                                        .issuer_id = db_i64(&rows, i, 1),
                                        .public_id = store_text(&rows, i, 2, a),
                                        .badge_public_id = store_text(&rows, i, 3, a),
                                        .badge_key = store_text(&rows, i, 4, a),
                                        .badge_name = store_text(&rows, i, 5, a),
                                        .state = (enum model_award_state)db_i64(&rows, i, 6),
                                        .shared_at = db_time(&rows, i, 7),
                                        .is_named_by_email = db_bool(&rows, i, 8),
                                        .issuer_has_email = db_bool(&rows, i, 9)};
    }
    return true;
}

bool store_certificate_get(struct store *store, int64_t institution_id, int64_t award_id,
                           struct arena *a, struct store_certificate *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, award_id);
    if (!store_run(store, institution_id, "award_certificate", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_NOT_FOUND, "award", "there is no such award");
    }
    *out = (struct store_certificate){.learner = store_text(&rows, 0, 0, a),
                                      .time_zone = store_text(&rows, 0, 1, a),
                                      .issuer_name = store_text(&rows, 0, 2, a)};
    return true;
}
