/* Read one course from its source and merge it (DESIGN 5). The reading itself happens outside any
 * transaction; the merge is one, and adds the judge's job. */
#include "job_sync.h"
#include "grades_source.h"
#include "job_scope.h"
#include "source_open.h"
#include "store_gradebook.h"
#include "store_host.h"

/* When the last good reading began, and whom it knew. */
static bool find_known(struct job *job, const struct store_course *course,
                       struct grades_course *out, struct err *err) {
    struct model_known *known = NULL;
    out->since = course->source_read_at;
    bool is_ok = store_known_list(job->store, course->institution_id, course->id, job->arena,
                                  &known, &out->known_count, err);
    out->known = known;
    return is_ok;
}

/* Everything, or what may have changed since the last good reading. */
static bool choose_scope(struct job *job, const struct store_course *course,
                         struct grades_course *out, struct err *err) {
    const struct text_zone *zone = NULL;
    const struct job_scope_case c = {.course_id = course->id,
                                     .now = job->now,
                                     .source_read_at = course->source_read_at,
                                     .whole_at = course->whole_at,
                                     .whole_requested_at = course->whole_requested_at,
                                     .whole_requests = course->whole_requests};
    if (!text_zone_load(job->arena, TEXT_ZONE_DIR, course->time_zone, &zone, err)) {
        return false;
    }
    out->scope = job_scope_decide(&c, zone);
    return out->scope == GRADES_WHOLE || find_known(job, course, out, err);
}

static struct store_reading reading_of(const struct sync_run *run, const struct grades_reading *r) {
    const struct store_course *course = &run->course;
    return (struct store_reading){.institution_id = course->institution_id,
                                  .course_id = course->id,
                                  .registration_id = course->registration_id,
                                  .items = r->items,
                                  .item_count = r->item_count,
                                  .facts = r->facts,
                                  .fact_count = r->fact_count,
                                  .members = r->members,
                                  .member_count = r->member_count,
                                  .source = sv_from(grades_kind_name(r->kind)),
                                  .is_complete = r->is_complete,
                                  .is_partial = r->is_partial,
                                  .keeps_items = r->keeps_items,
                                  .untold = r->untold,
                                  .is_few = r->is_few,
                                  .has_letters = r->has_letters,
                                  .letters = r->letters,
                                  .course_ref = r->course_ref,
                                  .is_over = r->is_over,
                                  .ends_at = r->ends_at,
                                  .requests = r->requests,
                                  .unmatched_count = (int64_t)r->unmatched_count,
                                  .gaps = r->missing,
                                  .read_at = run->job->now};
}

/* What a reading needs of its course. */
struct opened {
    struct lti_service service;
    struct source_use use; /* the source's, as long as it is read */
    struct grades_source source;
    struct grades_course course; /* its scope is still to be chosen */
};

static bool open_course(struct sync_run *run, struct opened *out, struct err *err) {
    struct job *job = run->job;
    const struct store_course *course = &run->course;
    struct model_link *links = NULL;
    struct sv *own = NULL;
    *out = (struct opened){.course = {.ref = course->context_id,
                                      .lineitems_url = course->lineitems_url,
                                      .nrps_url = course->nrps_url}};
    if (!job_service(job, course->registration_id, course->platform_deployment_id, &out->service,
                     err)) {
        return false;
    }
    out->use = (struct source_use){
        .store = job->store, .http = out->service.http, .clock = job->app->options.clock};
    if (!source_open(&out->use, course->institution_id, course->deployment_id, job->arena,
                     &out->source, err)) {
        return false;
    }
    out->service.http = job_replay_http(&run->replay); /* the reading's, and not that of tokens */
    out->source.service = &out->service;
    if ((out->source.kind == GRADES_CANVAS &&
         !store_link_list(job->store, course->institution_id, course->id, job->arena, &links,
                          &out->course.link_count, err)) ||
        !store_line_urls(job->store, course->institution_id, course->id, job->arena, &own,
                         &out->course.own_count, err)) {
        return false;
    }
    out->course.links = links;
    out->course.own = own;
    return true;
}

/* Those few are read and merged whose work is newest, and so judged by another thread. *has_more:
 * there are others. */
static bool read_latest(struct sync_run *run, const struct opened *opened, struct job_replay *net,
                        bool *has_more, struct err *err) {
    AUTO_ARENA a = {0};
    struct grades_reading r = {0};
    struct store_reading_result result = {0};
    struct grades_course course = opened->course;
    const struct grades_io io = {.http = job_replay_http(net),
                                 .clock = run->job->app->options.clock,
                                 .arena = &a,
                                 .pause = job_replay_pause,
                                 .pause_ctx = net};
    course.scope = GRADES_LATEST;
    if (!grades_read(&opened->source, &course, &io, &r, err)) {
        return false;
    }
    *has_more = r.has_more;
    if (r.member_count == 0 || !r.is_complete) {
        return true;
    }
    const struct store_reading reading = reading_of(run, &r);
    if (!store_reading_save(run->job->store, &reading, &result, err)) {
        return false;
    }
    run->has_news = result.people_changed > 0;
    log_event(LOG_LEVEL_INFO, "latest_read", LOG_INT("course", run->course.id),
              LOG_INT("requests", r.requests), LOG_INT("people", (int64_t)r.member_count),
              LOG_INT("facts_changed", (int64_t)result.facts_changed));
    return true;
}

/* Somebody waits: before the rest is asked for, which may take many requests. Whatever fails here
 * comes to light in the reading that follows. */
static void read_latest_first(struct sync_run *run, const struct opened *opened) {
    struct err why = {0};
    bool has_more = false;
    struct job_replay net = {.under = run->replay.under, .is_stopping = run->replay.is_stopping};
    job_replay_init(&net);
    if (!read_latest(run, opened, &net, &has_more, &why)) {
        log_err(LOG_LEVEL_DEBUG, "latest_unreadable", &why);
    }
    job_replay_release(&net);
}

static bool read_course(struct sync_run *run, struct grades_reading *out, struct err *err) {
    struct job *job = run->job;
    struct opened opened;
    if (!open_course(run, &opened, err) || !choose_scope(job, &run->course, &opened.course, err)) {
        return false;
    }
    if (opened.course.scope == GRADES_CHANGES && job->row->priority >= STORE_JOB_ASKED &&
        run->kept.started_at == 0) {
        read_latest_first(run, &opened);
    }
    const struct grades_io io = {.http = opened.service.http,
                                 .clock = job->app->options.clock,
                                 .arena = job->arena,
                                 .pause = job_replay_pause,
                                 .pause_ctx = &run->replay,
                                 .parallel = run->replay.parallel};
    return grades_read(&opened.source, &opened.course, &io, out, err);
}

/* Who is who is kept although the reading broke off: the next one need not ask again. */
static bool read_and_link(struct sync_run *run, struct grades_reading *out, struct err *err) {
    struct err failed = {0};
    bool is_read = read_course(run, out, err);
    if (!is_read &&
        !store_link_save(run->job->store, &run->course, out->links, out->link_count, &failed)) {
        *err = failed;
    }
    return is_read;
}

static bool save(struct sync_run *run, const struct grades_reading *r,
                 struct store_reading_result *result, struct err *err) {
    struct job *job = run->job;
    const struct store_course *course = &run->course;
    const struct store_reading reading = reading_of(run, r);
    size_t unread = 0;
    for (size_t i = 0; i < r->member_count; i++) {
        unread += r->members[i].is_unread && r->members[i].is_learner ? 1 : 0;
    }
    if (!store_reading_save(job->store, &reading, result, err) ||
        !store_link_save(job->store, course, r->links, r->link_count, err)) {
        return false;
    }
    log_event(LOG_LEVEL_INFO, "course_read", LOG_INT("course", course->id),
              LOG_TEXT("scope", r->is_partial || unread > 0 ? "changes" : "whole"),
              LOG_INT("requests", r->requests), LOG_INT("bytes", r->bytes),
              LOG_INT("replayed", (int64_t)run->replay.replayed),
              LOG_INT("people", (int64_t)r->member_count),
              LOG_INT("unmatched", (int64_t)r->unmatched_count),
              LOG_INT("facts", (int64_t)r->fact_count),
              LOG_INT("facts_changed", (int64_t)result->facts_changed),
              LOG_INT("people_changed", (int64_t)result->people_changed),
              LOG_TEXT("missing", sv_c(job->arena, r->missing)));
    return true;
}

static bool read_and_save(struct sync_run *run, struct err *err) {
    struct grades_reading reading = {0};
    struct store_reading_result result = {0};
    struct err why = {0};
    if (read_and_link(run, &reading, &why) && save(run, &reading, &result, &why)) {
        return sync_run_done(run, &reading, &result, err);
    }
    return sync_run_failed(run, &why, err);
}

static bool read_few(struct sync_run *run, bool *has_more, struct err *err) {
    struct opened opened;
    struct err why = {0};
    if (open_course(run, &opened, &why) &&
        find_known(run->job, &run->course, &opened.course, &why) &&
        read_latest(run, &opened, &run->replay, has_more, &why)) {
        return store_host_answered(run->job->store, run->job->row->lane, err);
    }
    return sync_run_told(run, &why, err);
}

/* The course is left in peace until `until`, and is read then; these few are not left waiting. Not
 * in the midst of a reading that broke off: it is older, and would put back what it goes on with.
 */
static bool read_few_and_rest(struct sync_run *run, usec_t until, struct err *err) {
    bool has_more = false;
    return (run->kept.started_at != 0 || read_few(run, &has_more, err)) &&
           store_sync_request_at(run->job->store, run->course.institution_id, run->course.id,
                                 has_more ? 0 : until, err);
}

bool job_sync(struct job *job, struct err *err) {
    struct sync_run run = {.job = job};
    bool is_wanted = false;
    usec_t until = json_integer_value(json_object_get(job->payload, "until"));
    run.is_of_few = job->row->priority < STORE_JOB_BY_HAND && job->now < until;
    if (!sync_run_begin(&run, &is_wanted, err)) {
        return false;
    }
    bool is_ok = !is_wanted ||
                 (run.is_of_few ? read_few_and_rest(&run, until, err) : read_and_save(&run, err));
    sync_run_release(&run);
    return is_ok;
}
