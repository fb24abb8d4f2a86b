#include "job_sync.h"
#include "job_sync_next.h"
#include "store_host.h"
#include <string.h>

static bool find_kept(void *ctx, const unsigned char key[32], struct arena *a, struct sv *reply,
                      struct err *err) {
    const struct sync_run *run = ctx;
    return store_kept_get(run->job->store, run->course.institution_id, run->course.id, key, a,
                          reply, err);
}

static void replay_open(struct sync_run *run) {
    bool is_moodle = sv_eq(run->source.kind, SV("moodle"));
    run->replay = (struct job_replay){
        .under = lti_http_of(run->job->app->options.net),
        .is_stopping = run->job->app->is_stopping,
        .reads_by_post = is_moodle ? sv_printf(run->job->arena, "%.*s/webservice/rest/server.php",
                                               SV_ARG(run->source.base_url))
                                   : sv_of(NULL, 0),
        .parallel = run->job->row->slots > 1 ? (int)run->job->row->slots : 1,
        .find = run->kept.started_at != 0 ? find_kept : NULL,
        .find_ctx = run,
        .kept_count = (size_t)run->kept.count,
        .kept_bytes = (size_t)run->kept.bytes};
    job_replay_init(&run->replay);
}

bool sync_run_begin(struct sync_run *run, bool *is_wanted, struct err *err) {
    struct job *job = run->job;
    struct err why = {0};
    int64_t course_id = 0;
    *is_wanted = false;
    if (!job_number(job, "course", &course_id, err) ||
        !store_sync_start(job->store, job->row->institution_id, course_id, run->is_of_few,
                          &run->sync, err) ||
        !store_course_get(job->store, job->row->institution_id, course_id, job->arena, &run->course,
                          err)) {
        return false;
    }
    job->now = run->sync.started_at;
    if (!store_source_get(job->store, run->course.institution_id, run->course.deployment_id,
                          job->arena, &run->source, &why)) {
        return sync_run_failed(run, &why, err);
    }
    if (run->source.refused_at != 0 && job->row->priority < STORE_JOB_BY_HAND) {
        return true;
    }
    if (!store_kept_begin(job->store, run->course.institution_id, course_id, &run->source,
                          &run->kept, err)) {
        return false;
    }
    job->now = run->kept.started_at != 0 ? run->kept.started_at : run->sync.started_at;
    replay_open(run);
    *is_wanted = true;
    return true;
}

void sync_run_release(struct sync_run *run) { job_replay_release(&run->replay); }

static void see(const struct sync_run *run, struct job_sync_seen *seen) {
    struct err ignored = {0};
    seen->now = clock_now(&run->job->app->options.clock);
    seen->zone = text_zone_utc;
    seen->used_at = run->sync.used_at;
    random_bytes(&seen->chance, sizeof seen->chance);
    if (!text_zone_load(run->job->arena, TEXT_ZONE_DIR, run->course.time_zone, &seen->zone,
                        &ignored)) {
        seen->zone = text_zone_utc;
    }
}

bool sync_run_done(struct sync_run *run, const struct grades_reading *reading,
                   const struct store_reading_result *result, struct err *err) {
    struct job *job = run->job;
    bool is_changed =
        run->has_news || result->people_changed + result->facts_changed + result->items_changed > 0;
    struct job_sync_seen seen = {.outcome = JOB_SYNC_READ,
                                 .is_changed = is_changed,
                                 .changed_at = run->sync.changed_at,
                                 .quiet = run->sync.quiet + 1,
                                 .is_over = reading->is_over,
                                 .ends_at = reading->ends_at};
    see(run, &seen);
    const struct store_sync_end end = {.institution_id = run->course.institution_id,
                                       .course_id = run->course.id,
                                       .started_at = job->now,
                                       .next_at = job_sync_next(&seen),
                                       .is_changed = is_changed};
    return store_host_answered(job->store, job->row->lane, err) &&
           store_sync_done(job->store, &end, err) &&
           (run->source.refused_at == 0 || store_source_accepted(job->store, &run->source, err));
}

static bool is_reason(const struct err *why, const char *const *reasons, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(why->reason, reasons[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The host is out of reach, or overrun: other courses there would fare no better. */
static bool is_host_failure(const struct err *why) {
    static const char *const reasons[] = {
        "dns", "connect", "tls", "timeout", "network", "throttle", "http_408", "http_429",
        /* a Moodle's own words, with status 200 */
        "site_busy", "sitemaintenance", "upgraderunning", "dbconnectionfailed"};
    return is_reason(why, reasons, ARRAY_LEN(reasons)) || strncmp(why->reason, "http_5", 6) == 0;
}

static bool is_token_refused(const struct err *why) {
    static const char *const reasons[] = {"token", "invalidtoken"};
    return is_reason(why, reasons, ARRAY_LEN(reasons));
}

static bool tell_host(const struct sync_run *run, const struct err *why, struct err *err) {
    struct sv lane = run->job->row->lane;
    if (is_host_failure(why)) {
        return store_host_failed(run->job->store, lane, why, run->replay.retry_after_s, err);
    }
    bool has_answered =
        run->replay.count > 0 || why->code == ERR_DENIED || why->code == ERR_NOT_FOUND;
    return !has_answered || store_host_answered(run->job->store, lane, err);
}

bool sync_run_told(const struct sync_run *run, const struct err *why, struct err *err) {
    if (why->code == ERR_DB) {
        *err = *why;
        return false;
    }
    log_err(LOG_LEVEL_DEBUG, "latest_unreadable", why);
    return tell_host(run, why, err);
}

/* Pages that do not go together: which of them is wrong cannot be told. */
static bool is_contradiction(const struct err *why) {
    static const char *const reasons[] = {"paging", "roster_moves"};
    return is_reason(why, reasons, ARRAY_LEN(reasons));
}

/* What this run was answered, for the next one. A run that broke off at something an earlier run
 * had kept starts afresh, and at once: the host was not even asked, or not for that. */
static bool keep_pages(const struct sync_run *run, const struct err *why,
                       enum job_sync_outcome outcome, bool *got_further, bool *is_stuck,
                       struct err *err) {
    const struct store_course *course = &run->course;
    bool is_odd = is_contradiction(why);
    size_t good = is_odd ? 0 : job_replay_good(&run->replay, why);
    *is_stuck = (run->replay.count == 0 || is_odd) && run->replay.replayed > 0 &&
                !run->replay.is_last_refused && outcome == JOB_SYNC_LATER &&
                run->replay.wanted_ms == 0;
    *got_further = outcome == JOB_SYNC_LATER && good > 0;
    if (outcome == JOB_SYNC_MEND || *is_stuck || is_odd) {
        return store_kept_forget(run->job->store, course->institution_id, course->id, err);
    }
    return store_kept_add(run->job->store, course->institution_id, course->id, &run->source,
                          run->job->now, run->replay.pages, good, err);
}

static enum job_sync_outcome outcome_of(const struct sync_run *run, const struct err *why) {
    bool is_stopping =
        strcmp(why->reason, "stopping") == 0 ||
        (strcmp(why->reason, "paused") == 0 && atomic_load(run->job->app->is_stopping));
    return is_stopping                     ? JOB_SYNC_STOPPING
           : why->retry == ERR_RETRY_LATER ? JOB_SYNC_LATER
                                           : JOB_SYNC_MEND;
}

static void log_failure(const struct sync_run *run, const struct err *why, bool got_further) {
    log_event(LOG_LEVEL_WARN, "course_unreadable", LOG_INT("course", run->course.id),
              LOG_TEXT("reason", why->reason), LOG_TEXT("text", why->text),
              LOG_INT("replayed", (int64_t)run->replay.replayed),
              LOG_INT("got_further", got_further));
}

bool sync_run_failed(struct sync_run *run, const struct err *why, struct err *err) {
    struct job_sync_seen seen = {.outcome = outcome_of(run, why)};
    bool is_stuck = false;
    if (why->code == ERR_DB) {
        *err = *why;
        return false; /* the queue tries again */
    }
    if (!keep_pages(run, why, seen.outcome, &seen.got_further, &is_stuck, err) ||
        !tell_host(run, why, err)) {
        return false;
    }
    log_failure(run, why, seen.got_further);
    if (is_token_refused(why)) {
        return store_source_refused(run->job->store, &run->source, sv_from(why->text), err);
    }
    bool is_stopping = seen.outcome == JOB_SYNC_STOPPING;
    int64_t wanted_ms = run->replay.retry_after_s * 1000;
    seen.wait_ms = wanted_ms > run->replay.wanted_ms ? wanted_ms : run->replay.wanted_ms;
    seen.failures =
        is_stopping ? run->sync.failures : (seen.got_further ? 0 : run->sync.failures + 1);
    see(run, &seen);
    const struct store_sync_failure failure = {.institution_id = run->course.institution_id,
                                               .course_id = run->course.id,
                                               .text = sv_from(is_stopping ? "" : why->text),
                                               .next_at =
                                                   is_stuck ? seen.now : job_sync_next(&seen),
                                               .failures = seen.failures};
    return store_sync_failed(run->job->store, &failure, err);
}
