#include "store_host.h"
#include "store_internal.h"

bool store_host_list(struct store *store, struct arena *a, struct store_host **out, size_t *count,
                     struct err *err) {
    AUTO_ROWS rows = {0};
    if (!store_run(store, 0, "host_list", NULL, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_host, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = (struct store_host){.lane = store_text(&rows, i, 0, a),
                                        .parallel = db_i64(&rows, i, 1),
                                        .failures = db_i64(&rows, i, 2),
                                        .open_until = db_time(&rows, i, 3),
                                        .reason = store_text(&rows, i, 4, a),
                                        .error = store_text(&rows, i, 5, a)};
    }
    return true;
}

bool store_host_failed(struct store *store, struct sv lane, const struct err *why, int64_t wait_s,
                       struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_text(&args, lane);
    db_add_text(&args, sv_from(why->reason));
    db_add_text(&args, sv_from(why->text));
    db_add_i64(&args, wait_s);
    return store_run(store, 0, "host_failed", &args, NULL, err);
}

bool store_host_answered(struct store *store, struct sv lane, struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_text(&args, lane);
    return store_run(store, 0, "host_answered", &args, NULL, err);
}

struct sv store_host_words(struct sv lane, struct sv reason, struct arena *a) {
    static const struct {
        const char *reason, *words;
    } known[] = {{"dns", "is not found"},
                 {"connect", "does not take connections"},
                 {"tls", "has a certificate that is not accepted"},
                 {"timeout", "does not answer in time"},
                 {"http_408", "does not answer in time"},
                 {"throttle", "asks Laurel to slow down"},
                 {"http_429", "asks Laurel to slow down"},
                 {"network", "breaks connections off"}};
    const char *words = "answers with errors";
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (sv_eq(reason, sv_from(known[i].reason))) {
            words = known[i].words;
        }
    }
    size_t slashes = sv_find(lane, '/');
    struct sv host = slashes + 2 < lane.len ? sv_skip(lane, slashes + 2) : lane;
    return sv_printf(a, "%.*s %s", SV_ARG(host), words);
}
