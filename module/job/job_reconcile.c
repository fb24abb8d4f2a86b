/* Each night: what rules say of the facts that are stored, beside the awards there are. Numbers for
 * admins; a judgement that was lost is made up for. */
#include "job_internal.h"
#include "judge.h"
#include "store_reconciliation.h"

struct compare {
    struct job *job;
    const struct judge_course *course;
    bool is_stale;
    struct judge_reconciliation *sums; /* by badge */
    int64_t *to_judge;
    size_t to_judge_count;
};

static bool compare_some(void *ctx, const struct judge_person *people, size_t count,
                         struct arena *a, struct err *err) {
    struct compare *c = ctx;
    (void)err;
    c->to_judge = arena_grow(c->job->arena, c->to_judge, c->to_judge_count * sizeof *c->to_judge,
                             (c->to_judge_count + count) * sizeof *c->to_judge);
    for (size_t i = 0; i < count; i++) {
        bool needs_judge = false;
        for (size_t b = 0; b < c->course->badge_count; b++) {
            needs_judge |= judge_reconcile(c->course, &c->course->badges[b], &people[i],
                                           c->is_stale, c->job->now, a, &c->sums[b]);
        }
        if (needs_judge) {
            c->to_judge[c->to_judge_count++] = people[i].person.id;
        }
    }
    return true;
}

static bool reconcile_course(struct job *job, const struct store_reconcile_course *which,
                             struct judge_reconciliation *total, struct err *err) {
    AUTO_ARENA a = {0};
    struct judge_course course;
    struct job inner = *job;
    inner.arena = &a;
    if (!judge_course_load(job->store, job->row->institution_id, which->id, &a, &course, err)) {
        return false;
    }
    struct compare c = {.job = &inner,
                        .course = &course,
                        .is_stale = which->is_stale,
                        .sums = ARENA_ARRAY(&a, struct judge_reconciliation, course.badge_count)};
    if (!judge_people_each(job->store, &course, NULL, 0, compare_some, &c, err)) {
        return false;
    }
    struct store_reconciliation *rows =
        ARENA_ARRAY(&a, struct store_reconciliation, course.badge_count);
    for (size_t b = 0; b < course.badge_count; b++) {
        c.sums[b].unreachable += (size_t)which->unmatched;
        rows[b] = (struct store_reconciliation){
            .badge_id = course.badges[b].stored.id,
            .earned_not_awarded = (int64_t)c.sums[b].earned_not_awarded,
            .awarded_not_earned = (int64_t)c.sums[b].awarded_not_earned,
            .unreachable = (int64_t)c.sums[b].unreachable};
        total->earned_not_awarded += c.sums[b].earned_not_awarded;
        total->awarded_not_earned += c.sums[b].awarded_not_earned;
        total->unreachable += c.sums[b].unreachable;
    }
    return store_reconciliation_save(job->store, job->row->institution_id, which->id, rows,
                                     course.badge_count, c.to_judge, c.to_judge_count, err);
}

/* A course that cannot be loaded is for the log, and keeps no other from being compared. */
static bool reconcile_or_say(struct job *job, const struct store_reconcile_course *which,
                             struct judge_reconciliation *total, struct err *err) {
    struct err failed = {0};
    if (reconcile_course(job, which, total, &failed)) {
        return true;
    }
    if (failed.code == ERR_DB) {
        *err = failed;
        return false;
    }
    log_event(LOG_LEVEL_WARN, "course_not_reconciled", LOG_INT("course", which->id),
              LOG_TEXT("text", failed.text));
    return true;
}

bool job_reconcile(struct job *job, struct err *err) {
    AUTO_ARENA a = {0};
    int64_t institution = job->row->institution_id;
    struct judge_reconciliation total = {0};
    struct store_reconcile_course *courses = NULL;
    int64_t from = 0;
    int64_t after = 0;
    size_t count = 0;
    size_t done = 0;
    if (!job_number(job, "from", &from, err)) {
        return false;
    }
    do {
        arena_reset(&a);
        if (!store_reconcile_course_list(job->store, institution, from, after, &a, &courses, &count,
                                         err)) {
            return false;
        }
        for (size_t i = 0; i < count; i++, done++) {
            after = courses[i].id;
            if (!reconcile_or_say(job, &courses[i], &total, err)) {
                return false;
            }
        }
    } while (count > 0);
    log_event(LOG_LEVEL_INFO, "reconciled", LOG_INT("institution", institution),
              LOG_INT("courses", (int64_t)done),
              LOG_INT("earned_not_awarded", (int64_t)total.earned_not_awarded),
              LOG_INT("awarded_not_earned", (int64_t)total.awarded_not_earned),
              LOG_INT("unreachable", (int64_t)total.unreachable));
    return store_reconciliation_tidy(job->store, institution, err);
}
