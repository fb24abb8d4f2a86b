/* The gradebook: one line item per badge and course, one score per award (reference lti.md 4;
 * moodle.md 3 lists the traps). */
#include "job_internal.h"
#include "lti_ags.h"
#include "store_gradebook.h"

static bool may_score(const struct store_score *s) {
    struct sv rest = s->ags_scopes;
    bool can_score = false;
    bool can_create = false;
    while (rest.len > 0) {
        struct sv one;
        (void)sv_cut(rest, ' ', &one, &rest);
        can_score = can_score || sv_eq(one, SV(LTI_SCOPE_SCORE));
        can_create = can_create || sv_eq(one, SV(LTI_SCOPE_LINEITEM));
    }
    return can_score && s->lineitems_url.len > 0 && (can_create || s->line_item_url.len > 0);
}

/* Found or made; `fresh` is read under the lock. A column that a deep linking answer asked for
 * comes when the teacher saves the form in the LMS: a second one is not made in its way. */
static bool find_or_make(const struct lti_service *service, const struct store_score *fresh,
                         const struct lti_lineitem_want *want, struct arena *a,
                         struct lti_lineitem *out, struct err *err) {
    bool is_there = false;
    if (!fresh->is_column_coming) {
        return lti_ags_find_or_create(service, fresh->lineitems_url, want, a, out, &is_there, err);
    }
    if (!lti_ags_find(service, fresh->lineitems_url, want->resource_id, want->tag, a, out,
                      &is_there, err)) {
        return false;
    }
    if (!is_there) {
        (void)err_because(err, ERR_UPSTREAM, "column_coming",
                          "the platform was asked for this badge's column a moment ago and has not "
                          "made it yet");
        return err_retry_as(err, ERR_RETRY_LATER);
    }
    return true;
}

/* The column's address: remembered, found, or made, under a lock so that there are never two. */
static bool take_line_item(struct job *job, const struct lti_service *service,
                           struct store_score *s, struct err *err) {
    if (s->line_item_url.len > 0) {
        return true;
    }
    struct store_line_lock *lock = NULL;
    if (!store_line_lock_take(job->store, s->course_id, s->badge_id, &lock, err)) {
        return false;
    }
    struct lti_lineitem item = {0};
    const struct lti_lineitem_want want = {.label = s->badge_name,
                                           .maximum = dec_from_i64(1),
                                           .resource_id = s->badge_public_id,
                                           .tag = SV(MODEL_BADGE_LINE_TAG)};
    struct store_score fresh = {0};
    /* Another worker may have been here since we looked. */
    bool is_ok =
        store_score_get(job->store, s->institution_id, s->award_id, job->arena, &fresh, err);
    if (is_ok && fresh.line_item_url.len > 0) {
        *s = fresh;
    } else if (is_ok) {
        is_ok = find_or_make(service, &fresh, &want, job->arena, &item, err) &&
                /* an address that may not get our token is not worth remembering */
                lti_service_may_call(service, job->arena, item.url, err) &&
                store_line_item_set(job->store, s->institution_id, s->course_id, s->badge_id,
                                    item.url, err);
        s->line_item_url = item.url;
    }
    store_line_lock_release(lock);
    return is_ok;
}

static bool post(struct job *job, const struct lti_service *service, const struct store_score *s,
                 usec_t *sent_at, enum lti_score_outcome *outcome, struct err *err) {
    bool is_held = s->state == MODEL_AWARD_ISSUED;
    usec_t event = is_held ? s->issued_at : job->now;
    int status = 0;
    *sent_at = lti_ags_next_timestamp(event, s->last_sent_at);
    const struct lti_score score = {
        .user_id = s->sub,
        .at = *sent_at,
        .given = dec_from_i64(is_held ? 1 : 0),
        .maximum = dec_from_i64(1),
        .comment =
            is_held ? sv_printf(job->arena, "Badge awarded: %.*s", SV_ARG(s->badge_name))
                    : sv_printf(job->arena, "Badge no longer held: %.*s", SV_ARG(s->badge_name))};
    return lti_ags_score_post(service, s->line_item_url, &score, job->arena, outcome, &status, err);
}

bool job_score(struct job *job, struct err *err) {
    int64_t award_id = 0;
    struct store_score s = {0};
    struct lti_service service = {0};
    if (!job_number(job, "award", &award_id, err) ||
        !store_score_get(job->store, job->row->institution_id, award_id, job->arena, &s, err)) {
        return false;
    }
    if (!may_score(&s)) {
        log_event(LOG_LEVEL_INFO, "score_not_offered", LOG_INT("course", s.course_id));
        return true; /* the platform grants no column here */
    }
    if (!job_service(job, s.registration_id, s.platform_deployment_id, &service, err)) {
        return false;
    }
    /* A column that is gone is made anew, once. */
    for (int attempt = 0; attempt < 2; attempt++) {
        usec_t sent_at = 0;
        enum lti_score_outcome outcome = LTI_SCORE_REFUSED;
        if (!take_line_item(job, &service, &s, err) ||
            !post(job, &service, &s, &sent_at, &outcome, err)) {
            return false;
        }
        if (outcome != LTI_SCORE_GONE) {
            log_event(LOG_LEVEL_INFO, "score_sent", LOG_INT("award", award_id),
                      LOG_TEXT("outcome", lti_score_outcome_name(outcome)));
            return store_score_sent(job->store, &s, sent_at,
                                    sv_from(lti_score_outcome_name(outcome)), err);
        }
        if (!store_line_item_set(job->store, s.institution_id, s.course_id, s.badge_id,
                                 sv_of(NULL, 0), err)) {
            return false;
        }
        s.line_item_url = sv_of(NULL, 0);
    }
    (void)err_because(err, ERR_UPSTREAM, "gone",
                      "the gradebook column vanishes as soon as it is made");
    return err_retry_as(err, ERR_RETRY_PARK);
}

bool job_scores(struct job *job, struct err *err) {
    int64_t course_id = 0;
    return job_number(job, "course", &course_id, err) &&
           store_score_missing(job->store, job->row->institution_id, course_id, err);
}
