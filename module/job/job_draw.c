/* A badge's pictures, drawn when its texts have changed, so that nobody's request waits for it. */
#include "issue_copy.h"
#include "job_internal.h"

static bool draw(struct job *job, struct sv badge_id, enum store_picture_kind kind,
                 struct err *err) {
    struct issue_picture picture;
    return issue_picture_find(job->app->issue, badge_id, kind, job->arena, &picture, err) &&
           (picture.key.bytes.len > 0 ||
            issue_picture_draw(job->app->issue, &picture, job->arena, err));
}

bool job_draw(struct job *job, struct err *err) {
    struct sv public_id = js_sv(json_object_get(job->payload, "public_id"));
    return draw(job, public_id, STORE_PICTURE_BADGE, err) &&
           draw(job, public_id, STORE_PICTURE_PREVIEW, err);
}
