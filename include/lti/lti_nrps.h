/* Names and Role Provisioning Services 2.0: the roster of a course (reference lti.md 5, moodle.md
 * 4). The roster never grants rights in a session (attacks.md F9). */
#pragma once
#include "lti_service.h"
#include "model_fact.h"

#define LTI_ROSTER_MAX 100000

struct lti_roster {
    struct model_member *members; /* Deleted ones are left out; Inactive are !is_active */
    size_t count, cap;
    size_t pages;
};

/* Reads every page from the claim's context_memberships_url. All or nothing: a roster that breaks
 * off is an error, since absence means something. Members live in `a`. */
NODISCARD bool lti_nrps_read(const struct lti_service *service, struct sv memberships_url,
                             struct arena *a, struct lti_roster *out, struct err *err);

/* The same with what a launch of this resource link would say of each member: Canvas then gives the
 * custom parameter LTI_CUSTOM_USER, its own user id, for everybody at once
 * (model_member.canvas_id). The platform leaves out who cannot reach the link, so this is no list
 * of who is in the course. resource_link_id may be the context's id on Canvas. */
NODISCARD bool lti_nrps_read_link(const struct lti_service *service, struct sv memberships_url,
                                  struct sv resource_link_id, struct arena *a,
                                  struct lti_roster *out, struct err *err);

/* One page's body appended to `out` (a zeroed one before the first). A member without a usable
 * user_id is skipped. Fails: ERR_UPSTREAM "roster". */
NODISCARD bool lti_nrps_page_parse(struct sv body, struct arena *a, struct lti_roster *out,
                                   struct err *err);
