#include "store_event.h"
#include "store_internal.h"

static const char *const WORDS[] = {
    [STORE_EVENT_HINT] = "hint",       [STORE_EVENT_AGAIN] = "again",
    [STORE_EVENT_IGNORED] = "ignored", [STORE_EVENT_UNKNOWN] = "unknown",
    [STORE_EVENT_LIMIT] = "limit",     [STORE_EVENT_FEED] = "feed",
};

const char *store_event_word(enum store_event_verdict verdict) { return WORDS[verdict]; }

static bool no_feed(struct err *err) {
    return err_because(err, ERR_NOT_FOUND, "feed", "no live events are expected at this address");
}

bool store_event_feed_get(struct store *store, struct sv id, struct arena *a,
                          struct store_event_feed *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_text(&args, id);
    if (!store_run(store, 0, "event_feed_get", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return no_feed(err);
    }
    *out = (struct store_event_feed){.id = sv_copy(a, id),
                                     .institution_id = db_i64(&rows, 0, 0),
                                     .deployment_id = db_i64(&rows, 0, 1),
                                     .root_account_uuid = store_text(&rows, 0, 2, a),
                                     .jwks_url = store_text(&rows, 0, 3, a)};
    return true;
}

bool store_event_feed_of(struct store *store, int64_t institution_id, int64_t deployment_id,
                         struct arena *a, struct store_event_feed *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, deployment_id);
    if (!store_run(store, 0, "event_feed_of", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return no_feed(err);
    }
    *out = (struct store_event_feed){.institution_id = institution_id,
                                     .deployment_id = deployment_id,
                                     .id = store_text(&rows, 0, 0, a),
                                     .root_account_uuid = store_text(&rows, 0, 1, a),
                                     .jwks_url = store_text(&rows, 0, 2, a),
                                     .created_at = db_time(&rows, 0, 3),
                                     .last_event_at = db_time(&rows, 0, 4),
                                     .counts = store_text(&rows, 0, 5, a),
                                     .refused_reason = store_text(&rows, 0, 6, a),
                                     .refused_text = store_text(&rows, 0, 7, a),
                                     .refused_at = db_time(&rows, 0, 8)};
    return true;
}

bool store_event_feed_set(struct store *store, struct store_event_feed *feed, struct arena *a,
                          struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_text(&args, feed->id);
    db_add_i64(&args, feed->institution_id);
    db_add_i64(&args, feed->deployment_id);
    db_add_text(&args, feed->root_account_uuid);
    db_add_text(&args, feed->jwks_url);
    if (!store_run(store, 0, "event_feed_set", &args, &rows, err)) {
        return false;
    }
    feed->id = store_text(&rows, 0, 0, a);
    return true;
}

bool store_event_feed_drop(struct store *store, int64_t institution_id, int64_t deployment_id,
                           bool *was_there, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, deployment_id);
    if (!store_run(store, 0, "event_feed_drop", &args, &rows, err)) {
        return false;
    }
    *was_there = rows.count > 0;
    return true;
}

bool store_event_take(struct store *store, const struct store_event *e,
                      enum store_event_verdict *out, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_text(&args, e->feed_id);
    db_add_bytes(&args, e->digest);
    db_add_texts(&args, e->course_refs, e->course_ref_count);
    db_add_i64(&args, STORE_EVENTS_A_MINUTE);
    if (!store_run(store, 0, "event_take", &args, &rows, err)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        if (sv_eq(db_text(&rows, 0, 0), sv_from(WORDS[i]))) {
            *out = (enum store_event_verdict)i;
            return true;
        }
    }
    return err_set(err, ERR_BUG, "an event has an unknown verdict");
}

bool store_event_refused(struct store *store, struct sv feed_id, struct sv reason, struct sv text,
                         struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_text(&args, feed_id);
    db_add_text(&args, reason);
    db_add_text(&args, text);
    return store_run(store, 0, "event_refused", &args, NULL, err);
}
