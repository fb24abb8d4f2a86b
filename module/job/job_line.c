/* A badge was renamed: its columns get the new name. A job of its own, added by the import, so that
 * no score has to ask first what its column is called. */
#include "job_line.h"
#include "job_internal.h"
#include "store_gradebook.h"

static bool rename_line(struct job *job, int64_t course_id, int64_t badge_id,
                        const struct store_line *line, struct err *err) {
    struct lti_service service = {0};
    struct err why = {0};
    struct lti_lineitem column = {0};
    bool was_changed = false;
    const struct lti_lineitem_want want = job_line_want(line->badge_name, line->badge_public_id);
    struct store_line_item item = {.institution_id = job->row->institution_id,
                                   .course_id = course_id,
                                   .badge_id = badge_id,
                                   .url = line->url,
                                   .label = line->badge_name};
    if (!job_service(job, line->registration_id, line->platform_deployment_id, &service, err)) {
        return false;
    }
    /* The column of a link bears the name that the teacher gave the link. */
    bool is_ok = lti_ags_read(&service, line->url, job->arena, &column, &why) &&
                 (column.resource_link_id.len > 0 ||
                  lti_ags_update(&service, line->url, &want, job->arena, &was_changed, &why));
    if (!is_ok) {
        if (why.code != ERR_NOT_FOUND) {
            *err = why;
            return false;
        }
        item.url = sv_of(NULL, 0); /* gone: the next score makes it anew, under the new name */
    }
    log_event(LOG_LEVEL_INFO, "column_named", LOG_INT("course", course_id),
              LOG_INT("badge", badge_id), LOG_TEXT("changed", was_changed ? "yes" : "no"));
    return store_line_item_set(job->store, &item, err);
}

bool job_line(struct job *job, struct err *err) {
    int64_t course_id = 0;
    int64_t badge_id = 0;
    struct store_line line = {0};
    struct store_line_lock *lock = NULL;
    bool is_found = false;
    if (!job_number(job, "course", &course_id, err) || !job_number(job, "badge", &badge_id, err) ||
        !store_line_lock_take(job->store, course_id, badge_id, &lock, err)) {
        return false;
    }
    bool is_ok = store_line_get(job->store, job->row->institution_id, course_id, badge_id,
                                job->arena, &line, &is_found, err);
    bool may_rename = is_ok && is_found && job_has_word(line.ags_scopes, SV(LTI_SCOPE_LINEITEM)) &&
                      lti_ags_is_under(job->arena, line.lineitems_url, line.url);
    if (may_rename) {
        is_ok = rename_line(job, course_id, badge_id, &line, err);
    }
    store_line_lock_release(lock);
    return is_ok;
}
