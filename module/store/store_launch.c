#include "store_launch.h"
#include "base_encode.h"
#include "base_json.h"
#include "store_internal.h"
#include <stdlib.h>
#include <string.h>

/* Tried on PostgreSQL alone (DESIGN 5): 16 a commit over 2 connections is the best shape. */
#define BATCH_MAX 16
#define LANES 2
/* A second lane opens for so many: fewer cost less in the next batch. */
#define LANE_MIN 4

struct ticket {
    struct ticket *next;
    const struct store_launch *launch;
    pthread_cond_t wake;
    bool is_done, is_leader, is_taken;
    struct err err; /* code ERR_NONE: recorded */
};

struct store_launch_queue {
    pthread_mutex_t lock;
    struct ticket *first, *last;
    int lanes_busy, waiting;
};

struct store_launch_queue *store_launch_queue_create(void) {
    struct store_launch_queue *q = calloc(1, sizeof *q);
    if (q == NULL) {
        abort();
    }
    (void)pthread_mutex_init(&q->lock, NULL);
    return q;
}

void store_launch_queue_destroy(struct store_launch_queue *q) {
    if (q != NULL) {
        (void)pthread_mutex_destroy(&q->lock);
        free(q);
    }
}

/* The mentees of a launch as a JSON array of texts. */
static struct sv mentees_json(const struct model_launch *l, struct arena *a) {
    struct str out;
    str_init(&out, a, 1u << 20);
    str_add_char(&out, '[');
    for (size_t i = 0; i < l->mentee_count; i++) {
        str_add_c(&out, i == 0 ? "" : ",");
        quote_json(&out, l->mentee_subs[i]);
    }
    str_add_char(&out, ']');
    return str_sv(&out);
}

static void set_verdict(struct ticket *t, struct sv verdict) {
    if (sv_eq(verdict, SV("nonce"))) {
        (void)err_because(&t->err, ERR_DENIED, "nonce",
                          "this launch was used before; start again from your course");
    } else if (sv_eq(verdict, SV("deployment"))) {
        (void)err_because(&t->err, ERR_DENIED, "deployment",
                          "this deployment of the tool is not known here; the "
                          "operator can add it with "
                          "`laurel platform add --deployment`");
    } else if (!sv_eq(verdict, SV("ok"))) {
        (void)err_set(&t->err, ERR_BUG, "launch_record gave no verdict");
    }
}

/* The texts of a launch, in the order in which sql/query/launch_record.sql takes them. */
#define TEXTS 16
static void launch_texts(const struct model_launch *l, struct sv out[TEXTS]) {
    const struct sv texts[TEXTS] = {
        l->sub,           l->name,          l->given_name,       l->family_name,
        l->email,         l->locale,        l->person_sourcedid, l->context_id,
        l->context_title, l->context_label, l->resource_link_id, l->resource_link_title,
        l->ags_lineitems, l->ags_lineitem,  l->ags_scopes,       l->nrps_url};
    memcpy(out, texts, sizeof texts);
}

/* A batch turned on its side: one array for each column. Gives the statement's name. */
static const char *add_batch(struct db_args *args, struct ticket *const *batch, size_t n) {
    int64_t registrations[BATCH_MAX];
    int64_t expires[BATCH_MAX];
    int64_t roles[BATCH_MAX];
    bool learners[BATCH_MAX];
    bool lms_admins[BATCH_MAX];
    bool test_users[BATCH_MAX];
    struct sv ids[BATCH_MAX];
    struct sv deployments[BATCH_MAX];
    struct sv nonces[BATCH_MAX];
    struct sv mentees[BATCH_MAX];
    struct sv tokens[BATCH_MAX];
    struct sv browsers[BATCH_MAX];
    struct sv texts[BATCH_MAX][TEXTS];
    struct sv extras[BATCH_MAX];
    bool has_extras = false;
    for (size_t i = 0; i < n; i++) {
        const struct store_launch *s = batch[i]->launch;
        const struct model_launch *l = s->launch;
        registrations[i] = l->registration_id;
        expires[i] = l->expires_at_s;
        roles[i] = l->role;
        learners[i] = l->is_learner;
        lms_admins[i] = l->is_lms_admin;
        test_users[i] = l->is_test_user;
        ids[i] = sv_from(s->launch_id);
        deployments[i] = l->deployment_id;
        nonces[i] = l->nonce;
        mentees[i] = mentees_json(l, args->arena);
        tokens[i] = sv_of((const char *)s->token_hash, sizeof s->token_hash);
        browsers[i] = sv_of((const char *)s->browser_hash, sizeof s->browser_hash);
        launch_texts(l, texts[i]);
        extras[i] = s->extras;
        has_extras = has_extras || s->extras.len > 0;
    }
    db_add_i64s(args, registrations, n);
    db_add_texts(args, ids, n);
    db_add_texts(args, deployments, n);
    db_add_texts(args, nonces, n);
    db_add_i64s(args, expires, n);
    for (size_t column = 0; column < TEXTS; column++) {
        struct sv one[BATCH_MAX];
        for (size_t i = 0; i < n; i++) {
            one[i] = texts[i][column];
        }
        db_add_texts(args, one, n);
    }
    db_add_i64s(args, roles, n);
    db_add_bools(args, learners, n);
    db_add_bools(args, lms_admins, n);
    db_add_bools(args, test_users, n);
    db_add_texts(args, mentees, n);
    db_add_bytes_array(args, tokens, n);
    db_add_bytes_array(args, browsers, n);
    if (has_extras) {
        db_add_texts(args, extras, n);
    }
    return has_extras ? "launch_record_with" : "launch_record";
}

static bool record(struct store *store, struct ticket **batch, size_t n, struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    db_args_init(&args, &a);
    const char *statement = add_batch(&args, batch, n);
    AUTO_ROWS rows = {0};
    if (!store_run(store, 0, statement, &args, &rows, err)) {
        return false;
    }
    for (int i = 0; i < rows.count; i++) {
        int64_t at = db_i64(&rows, i, 0) - 1;
        if (at >= 0 && at < (int64_t)n) {
            set_verdict(batch[at], db_text(&rows, i, 1));
        }
    }
    return true;
}

/* A batch fails as one (lost connection, one row PostgreSQL refuses): then each is tried alone, so
 * that nobody pays for a neighbour. A launch that had committed before the connection broke is
 * recognised by its launch id. */
static void record_batch(struct store *store, struct ticket **batch, size_t n) {
    struct err err = {0};
    if (record(store, batch, n, &err)) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct err again = {0};
        if (!record(store, &batch[i], 1, &again)) {
            batch[i]->err = again;
        }
    }
}

/* Under the lock: take up to BATCH_MAX tickets. */
static size_t take_batch(struct store_launch_queue *q, struct ticket **batch) {
    size_t n = 0;
    while (n < BATCH_MAX && q->first != NULL) {
        batch[n] = q->first;
        batch[n]->is_taken = true;
        q->waiting--;
        q->first = q->first->next;
        n++;
    }
    if (q->first == NULL) {
        q->last = NULL;
    }
    return n;
}

/* Under the lock: the lane goes to somebody who waits and leads none yet, else it is free. Two
 * lanes that end together must not both go to the same one: then one would be lost for good. */
static void pass_lane(struct store_launch_queue *q) {
    struct ticket *next = q->first;
    while (next != NULL && next->is_leader) {
        next = next->next;
    }
    if (next == NULL) {
        q->lanes_busy--;
        return;
    }
    next->is_leader = true;
    (void)pthread_cond_signal(&next->wake);
}

/* Under the lock; runs batches until its own ticket is in one (of this lane or of another), then
 * passes the lane on. */
static void lead(struct store *store, struct store_launch_queue *q, struct ticket *me) {
    while (!me->is_taken) {
        struct ticket *batch[BATCH_MAX];
        size_t n = take_batch(q, batch);
        (void)pthread_mutex_unlock(&q->lock);
        record_batch(store, batch, n);
        (void)pthread_mutex_lock(&q->lock);
        for (size_t i = 0; i < n; i++) {
            batch[i]->is_done = true;
            (void)pthread_cond_signal(&batch[i]->wake);
        }
    }
    me->is_leader = false;
    pass_lane(q);
}

bool store_launch_record(struct store *store, const struct store_launch *launch, struct err *err) {
    struct store_launch_queue *q = store->launches;
    struct ticket me = {.launch = launch};
    (void)pthread_cond_init(&me.wake, NULL);
    (void)pthread_mutex_lock(&q->lock);
    *(q->last == NULL ? &q->first : &q->last->next) = &me;
    q->last = &me;
    q->waiting++;
    if (q->lanes_busy == 0 || (q->lanes_busy < LANES && q->waiting >= LANE_MIN)) {
        q->lanes_busy++;
        me.is_leader = true;
    }
    while (!me.is_done || me.is_leader) {
        if (me.is_leader) {
            lead(store, q, &me);
        } else {
            (void)pthread_cond_wait(&me.wake, &q->lock);
        }
    }
    (void)pthread_mutex_unlock(&q->lock);
    (void)pthread_cond_destroy(&me.wake);
    if (me.err.code != ERR_NONE) {
        *err = me.err;
        return false;
    }
    return true;
}

bool store_deployment_park(struct store *store, int64_t registration_id, struct sv deployment_id,
                           struct sv title, enum store_parking *out, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, registration_id);
    db_add_text(&args, deployment_id);
    db_add_text(&args, title);
    if (!store_run(store, 0, "deployment_park", &args, &rows, err)) {
        return false;
    }
    struct sv verdict = db_text(&rows, 0, 0);
    *out = sv_eq(verdict, SV("approved"))   ? STORE_PARKING_APPROVED
           : sv_eq(verdict, SV("inactive")) ? STORE_PARKING_INACTIVE
           : sv_eq(verdict, SV("full"))     ? STORE_PARKING_FULL
                                            : STORE_PARKING_WAITS;
    return true;
}

bool store_nonce_burn(struct store *store, int64_t registration_id, struct sv nonce,
                      usec_t expires_at, struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, registration_id);
    db_add_text(&args, nonce);
    db_add_time(&args, expires_at);
    return store_run(store, 0, "nonce_burn", &args, NULL, err);
}

/* A text[] column that the statement gives as JSON. */
bool store_texts(struct sv text, struct arena *a, struct sv **out, size_t *count, struct err *err) {
    AUTO_JSON *list = NULL;
    if (!js_parse(text, 1u << 20, "a list of texts", &list, err)) {
        return false;
    }
    *count = json_array_size(list);
    *out = ARENA_ARRAY(a, struct sv, *count);
    for (size_t i = 0; i < *count; i++) {
        (*out)[i] = sv_copy(a, js_sv(json_array_get(list, i)));
    }
    return true;
}

bool store_session_origins(struct store *store, struct sv launch_id, struct arena *a,
                           struct store_session_origins *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_text(&args, launch_id);
    *out = (struct store_session_origins){0};
    if (!store_run(store, 0, "session_origins", &args, &rows, err)) {
        return false;
    }
    if (rows.count > 0) {
        *out = (struct store_session_origins){.issuer = store_text(&rows, 0, 0, a),
                                              .auth_url = store_text(&rows, 0, 1, a),
                                              .token_url = store_text(&rows, 0, 2, a),
                                              .return_url = store_text(&rows, 0, 3, a),
                                              .frame_origin = store_text(&rows, 0, 4, a)};
    }
    return true;
}

bool store_session_get(struct store *store, struct sv launch_id, const unsigned char token_hash[32],
                       struct arena *a, struct store_session *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_text(&args, launch_id);
    db_add_bytes(&args, sv_of((const char *)token_hash, 32));
    if (!store_run(store, 0, "session_find", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_DENIED, "session",
                           "your session has ended; open Laurel again from your course");
    }
    *out = (struct store_session){.institution_id = db_i64(&rows, 0, 0),
                                  .institution = store_text(&rows, 0, 1, a),
                                  .time_zone = store_text(&rows, 0, 2, a),
                                  .registration_id = db_i64(&rows, 0, 3),
                                  .issuer = store_text(&rows, 0, 4, a),
                                  .auth_url = store_text(&rows, 0, 5, a),
                                  .person_id = db_i64(&rows, 0, 6),
                                  .person_name = store_text(&rows, 0, 7, a),
                                  .role = (enum model_role)db_i64(&rows, 0, 8),
                                  .is_learner = db_bool(&rows, 0, 9),
                                  .context_id = db_i64(&rows, 0, 11),
                                  .course_title = store_text(&rows, 0, 12, a),
                                  .synced_at = db_time(&rows, 0, 13),
                                  .sync_requested_at = db_time(&rows, 0, 14),
                                  .sync_error = store_text(&rows, 0, 15, a),
                                  .source_kind = store_text(&rows, 0, 16, a),
                                  .token_url = store_text(&rows, 0, 18, a),
                                  .frame_origin = store_text(&rows, 0, 19, a)};
    return store_texts(db_text(&rows, 0, 10), a, &out->mentee_subs, &out->mentee_count, err) &&
           store_texts(db_text(&rows, 0, 17), a, &out->issuer_keys, &out->issuer_count, err);
}
