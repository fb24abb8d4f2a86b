#include "lti_deep_link.h"
#include "page_lti.h"

/* A deep linking launch comes to choose content. A placed link leads to its page; whether its badge
 * is one of this course is asked there (page_placed), so that no launch pays for it. */
struct sv page_lti_path(const struct page *p, const struct lti_launch *launch) {
    const struct model_launch *l = &launch->launch;
    struct sv badge_id = {0};
    if (l->message == MODEL_MESSAGE_DEEP_LINKING) {
        return SV("pick");
    }
    switch (lti_deep_link_placed(l->custom_json, p->arena, &badge_id)) {
    case LTI_PLACED_BADGE:
        return sv_printf(p->arena, "placed/%.*s", SV_ARG(badge_id));
    case LTI_PLACED_PROGRESS:
        return l->role == MODEL_ROLE_TEACHER   ? SV("grid")
               : l->role == MODEL_ROLE_LEARNER ? SV("learner")
                                               : SV("");
    default:
        return SV("");
    }
}
