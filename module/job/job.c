/* The worker: threads that take jobs, a heart that keeps their leases, and the scheduler. */
#include "issue.h"
#include "job_internal.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define THREADS_MAX 64
#define ATTEMPTS_MAX 12
#define BACKOFF_MAX_S 3600
#define POLL_MS 1000
#define PURGE_EVERY (600 * USEC_PER_S)

static const struct {
    const char *name;
    job_kind *run;
} KINDS[] = {{"sync", job_sync},          {"judge", job_judge}, {"score", job_score},
             {"scores", job_scores},      {"probe", job_probe}, {"line", job_line},
             {"notices", job_notices},    {"sign", job_sign},   {"draw", job_draw},
             {"reconcile", job_reconcile}};

struct worker {
    struct job_app app;
    atomic_bool is_stopping;
    pthread_mutex_t lock;         /* of `running` */
    int64_t running[THREADS_MAX]; /* job ids; 0: free */
    atomic_int idle_rounds;
};

static job_kind *kind_of(struct sv name) {
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        if (sv_eq(name, sv_from(KINDS[i].name))) {
            return KINDS[i].run;
        }
    }
    return NULL;
}

bool job_number(const struct job *job, const char *key, int64_t *out, struct err *err) {
    const json_t *v = json_object_get(job->payload, key);
    if (!json_is_integer(v)) {
        return err_set(err, ERR_BUG, "the job has no number \"%s\"", key);
    }
    *out = json_integer_value(v);
    return true;
}

/* Doubling from two seconds, capped, with jitter so that what failed together does not come back
 * together. */
static usec_t backoff(usec_t now, int64_t attempts) {
    int64_t base_s = INT64_C(1) << (attempts < 1 ? 1 : attempts > 11 ? 11 : attempts);
    if (base_s > BACKOFF_MAX_S) {
        base_s = BACKOFF_MAX_S;
    }
    uint32_t random = 0;
    random_bytes(&random, sizeof random);
    return now + base_s * USEC_PER_S / 2 +
           (usec_t)(random % 1000) * (base_s * USEC_PER_S / 2) / 1000;
}

static void settle(struct job *job, const struct err *why) {
    const char *state = why->retry == ERR_RETRY_PARK ? "parked"
                        : why->retry == ERR_RETRY_LATER && job->row->attempts < ATTEMPTS_MAX
                            ? "waiting"
                            : "dead";
    struct err err = {0};
    log_event(LOG_LEVEL_WARN, "job_failed", LOG_TEXT("kind", sv_c(job->arena, job->row->kind)),
              LOG_INT("job", job->row->id), LOG_INT("attempts", job->row->attempts),
              LOG_TEXT("state", state), LOG_TEXT("reason", why->reason),
              LOG_TEXT("text", why->text));
    struct sv text = job->said.len == 0
                         ? sv_from(why->text)
                         : sv_printf(job->arena, "%s: \"%.*s\"", why->text, SV_ARG(job->said));
    if (!store_job_failed(job->store, job->row->id, sv_from(state),
                          backoff(clock_now(&job->app->options.clock), job->row->attempts), text,
                          &err)) {
        log_err(LOG_LEVEL_ERROR, "job_settle", &err); /* its lease runs out, and it comes again */
    }
}

static void perform(struct worker *w, const struct store_job *row, struct arena *a) {
    AUTO_JSON *payload = NULL;
    struct err err = {0};
    struct job job = {.app = &w->app,
                      .store = w->app.options.store,
                      .arena = a,
                      .row = row,
                      .now = clock_now(&w->app.options.clock)};
    job_kind *run = kind_of(row->kind);
    bool is_done = false;
    usec_t began = clock_monotonic();
    if (run == NULL) {
        (void)err_set(&err, ERR_BUG, "there is no kind of job \"%.*s\"", SV_ARG(row->kind));
    } else if (js_parse(row->payload, (size_t)64 << 20, "a job", &payload, &err)) {
        job.payload = payload;
        is_done = run(&job, &err);
    }
    if (!is_done) {
        settle(&job, &err);
        return;
    }
    struct err late = {0};
    if (!store_job_done(job.store, row->id, &late)) {
        log_err(LOG_LEVEL_ERROR, "job_done", &late); /* done twice does no harm */
    }
    log_event(LOG_LEVEL_DEBUG, "job_done", LOG_TEXT("kind", sv_c(a, row->kind)),
              LOG_INT("ms", (clock_monotonic() - began) / 1000));
}

static int slot_take(struct worker *w, int64_t id) {
    (void)pthread_mutex_lock(&w->lock);
    int slot = 0;
    while (slot < THREADS_MAX - 1 && w->running[slot] != 0) {
        slot++;
    }
    w->running[slot] = id;
    (void)pthread_mutex_unlock(&w->lock);
    return slot;
}

static void slot_free(struct worker *w, int slot) {
    (void)pthread_mutex_lock(&w->lock);
    w->running[slot] = 0;
    (void)pthread_mutex_unlock(&w->lock);
}

static void log_database(const struct err *err) { log_err(LOG_LEVEL_WARN, "worker_database", err); }

/* Take and perform one job. False when nothing was due (or the database is away). */
static bool work_one(struct worker *w, struct arena *a, struct err *err) {
    struct store_job row = {0};
    bool is_found = false;
    if (!store_job_take(w->app.options.store, a, &row, &is_found, err)) {
        return false;
    }
    if (!is_found) {
        return false;
    }
    int slot = slot_take(w, row.id);
    char id[32];
    (void)snprintf(id, sizeof id, "job-%lld", (long long)row.id);
    log_set_request(id);
    perform(w, &row, a);
    log_set_request("");
    slot_free(w, slot);
    return true;
}

static void *work(void *ctx) {
    struct worker *w = ctx;
    AUTO_ARENA a = {0};
    struct store_job_bell *bell = NULL;
    struct err ignored = {0};
    /* One thread listens for new jobs, the others look every second. */
    bool is_listener = atomic_fetch_add(&w->idle_rounds, 1) == 0;
    if (is_listener && !store_job_bell_open(w->app.options.store, &bell, &ignored)) {
        bell = NULL;
    }
    while (!atomic_load(&w->is_stopping)) {
        struct err err = {0};
        arena_reset(&a);
        if (work_one(w, &a, &err)) {
            continue;
        }
        if (err.code != ERR_NONE) {
            log_database(&err);
        }
        if (bell != NULL) {
            store_job_bell_wait(bell, POLL_MS);
        } else {
            const struct timespec pause = {.tv_nsec = 250 * 1000000L};
            (void)nanosleep(&pause, NULL);
        }
    }
    store_job_bell_close(bell);
    return NULL;
}

static void renew_leases(struct worker *w) {
    int64_t ids[THREADS_MAX];
    size_t n = 0;
    (void)pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < THREADS_MAX; i++) {
        if (w->running[i] != 0) {
            ids[n++] = w->running[i];
        }
    }
    (void)pthread_mutex_unlock(&w->lock);
    struct err err = {0};
    if (n > 0 && !store_job_renew(w->app.options.store, ids, n, &err)) {
        log_database(&err);
    }
}

/* Leases, the schedule and the purge, until somebody stops us. */
static void *beat(void *ctx) {
    struct worker *w = ctx;
    usec_t renewed = 0;
    usec_t purged = 0;
    while (!atomic_load(&w->is_stopping)) {
        struct err err = {0};
        usec_t now = clock_monotonic();
        if (!store_job_schedule(w->app.options.store, &err)) {
            log_database(&err);
        }
        if (now - renewed > STORE_JOB_LEASE_S / 3 * USEC_PER_S) {
            renew_leases(w);
            renewed = now;
        }
        struct err again = {0};
        if (now - purged > PURGE_EVERY) {
            if (!store_purge(w->app.options.store, &again)) {
                log_database(&again);
            }
            purged = now;
        }
        const struct timespec pause = {.tv_sec = 1};
        (void)nanosleep(&pause, NULL);
    }
    return NULL;
}

static void worker_init(struct worker *w, const struct job_options *options) {
    memset(w, 0, sizeof *w);
    w->app.options = *options;
    w->app.tokens = lti_tokens_create();
    w->app.issue = issue_create(options->store, options->base_url);
    w->app.is_stopping = &w->is_stopping;
    (void)pthread_mutex_init(&w->lock, NULL);
}

static void worker_release(struct worker *w) {
    lti_tokens_destroy(w->app.tokens);
    issue_destroy(w->app.issue);
    (void)pthread_mutex_destroy(&w->lock);
}

static void wait_for_signal(void) {
    sigset_t set;
    int got = 0;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    do {
        (void)sigwait(&set, &got);
    } while (got != SIGTERM && got != SIGINT);
}

bool job_run(const struct job_options *options, struct err *err) {
    static struct worker w;
    pthread_t threads[THREADS_MAX + 1];
    int n = options->threads > THREADS_MAX ? THREADS_MAX : options->threads;
    int started = 0;
    worker_init(&w, options);
    bool is_ok = pthread_create(&threads[started], NULL, beat, &w) == 0;
    for (started = is_ok ? 1 : 0; is_ok && started <= n; started++) {
        is_ok = pthread_create(&threads[started], NULL, work, &w) == 0;
    }
    if (is_ok) {
        log_event(LOG_LEVEL_INFO, "working", LOG_INT("threads", n));
        wait_for_signal();
    }
    atomic_store(&w.is_stopping, true);
    for (int i = 0; i < started; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    worker_release(&w);
    return is_ok || err_set(err, ERR_BUG, "threads cannot be started");
}

bool job_run_once(const struct job_options *options, struct err *err) {
    static struct worker w;
    AUTO_ARENA a = {0};
    worker_init(&w, options);
    bool is_ok = store_purge(options->store, err) && store_job_schedule_now(options->store, err);
    while (is_ok && work_one(&w, &a, err)) {
        arena_reset(&a);
    }
    worker_release(&w);
    return is_ok && err->code == ERR_NONE;
}
