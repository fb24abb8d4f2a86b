/* Read one course from its source and merge it (DESIGN 5). The reading itself happens outside any
 * transaction; the merge is one, and adds the judge's job. */
#include "grades_source.h"
#include "job_internal.h"
#include "store_course.h"
#include "store_source.h"
#include <time.h>

static bool pause_ms(void *ctx, int64_t ms) {
    (void)ctx;
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&pause, NULL);
    return true;
}

static bool read_course(struct job *job, const struct store_course *course,
                        struct grades_reading *out, struct err *err) {
    struct store_source stored = {0};
    struct lti_service service = {0};
    struct grades_source source = {0};
    if (!store_source_get(job->store, course->institution_id, course->deployment_id, job->arena,
                          &stored, err) ||
        !grades_kind_parse(stored.kind, &source.kind) ||
        !job_service(job, course->registration_id, course->platform_deployment_id, &service, err)) {
        return err_set(err, ERR_BUG, "there is no kind of source \"%.*s\"", SV_ARG(stored.kind));
    }
    source.base_url = stored.base_url;
    source.token = stored.token;
    source.service = &service;
    struct model_link *links = NULL;
    size_t link_count = 0;
    if (source.kind == GRADES_CANVAS &&
        !store_link_list(job->store, course->institution_id, course->id, job->arena, &links,
                         &link_count, err)) {
        return false;
    }
    const struct grades_course ref = {.ref = course->context_id,
                                      .lineitems_url = course->lineitems_url,
                                      .nrps_url = course->nrps_url,
                                      .links = links,
                                      .link_count = link_count};
    const struct grades_io io = {.http = service.http,
                                 .clock = job->app->options.clock,
                                 .arena = job->arena,
                                 .pause = pause_ms};
    return grades_read(&source, &ref, &io, out, err);
}

/* Who is who is kept although the reading broke off: the next one need not ask again. */
static bool read_and_link(struct job *job, const struct store_course *course,
                          struct grades_reading *out, struct err *err) {
    struct err failed = {0};
    bool is_read = read_course(job, course, out, err);
    if (!is_read && !store_link_save(job->store, course, out->links, out->link_count, &failed)) {
        *err = failed;
    }
    return is_read;
}

static bool save(struct job *job, const struct store_course *course, const struct grades_reading *r,
                 struct err *err) {
    const struct store_reading reading = {.institution_id = course->institution_id,
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
                                          .course_ref = r->course_ref,
                                          .is_over = r->is_over,
                                          .ends_at = r->ends_at,
                                          .read_at = job->now};
    struct store_reading_result result = {0};
    if (!store_reading_save(job->store, &reading, &result, err) ||
        !store_link_save(job->store, course, r->links, r->link_count, err)) {
        return false;
    }
    log_event(LOG_LEVEL_INFO, "course_read", LOG_INT("course", course->id),
              LOG_INT("requests", r->requests), LOG_INT("bytes", r->bytes),
              LOG_INT("people", (int64_t)r->member_count),
              LOG_INT("unmatched", (int64_t)r->unmatched_count),
              LOG_INT("facts", (int64_t)r->fact_count),
              LOG_INT("facts_changed", (int64_t)result.facts_changed),
              LOG_INT("people_changed", (int64_t)result.people_changed),
              LOG_TEXT("missing", sv_c(job->arena, r->missing)));
    return true;
}

bool job_sync(struct job *job, struct err *err) {
    int64_t course_id = 0;
    struct store_course course = {0};
    struct grades_reading reading = {0};
    if (!job_number(job, "course", &course_id, err) ||
        !store_sync_start(job->store, job->row->institution_id, course_id, err) ||
        !store_course_get(job->store, job->row->institution_id, course_id, job->arena, &course,
                          err)) {
        return false;
    }
    if (read_and_link(job, &course, &reading, err) && save(job, &course, &reading, err)) {
        return true;
    }
    if (err->code == ERR_DB) {
        return false;
    }
    /* The course's pages say why; the schedule comes back to it, so the job itself is over. */
    struct err failed = {0};
    log_event(LOG_LEVEL_WARN, "course_unreadable", LOG_INT("course", course_id),
              LOG_TEXT("reason", err->reason), LOG_TEXT("text", err->text));
    if (!store_reading_failed(job->store, job->row->institution_id, course_id, sv_from(err->text),
                              &failed)) {
        *err = failed;
        return false;
    }
    bool is_transient = err->retry == ERR_RETRY_LATER;
    if (!is_transient) {
        *err = (struct err){0};
    }
    return !is_transient;
}
