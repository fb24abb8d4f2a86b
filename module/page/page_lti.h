/* What the files of login and launch share. */
#pragma once
#include "lti_launch.h"
#include "page_internal.h"

/* A login or launch that goes no further. */
struct page_lti_refusal {
    const char *event; /* "login_refused", "launch_refused" */
    const struct err *why;
    int64_t registration_id; /* 0: not known */
};
/* One log line, and a page in words: what happened, and who can do what about it. */
NODISCARD bool page_lti_refuse(struct page *p, const struct page_lti_refusal *refusal,
                               struct err *err);

/* Why the deployment of a good launch does not let it in, as the error of that launch: ERR_DENIED
 * "deployment". Always false. */
NODISCARD bool page_lti_parked(const struct model_launch *launch, enum store_parking parking,
                               struct err *err);
/* A login that asks for a page of another origin goes on (the launch says where it leads), but its
 * address is wrong at the platform: logged, and noted on the registration. */
void page_lti_note_target(struct page *p, const struct model_registration *registration,
                          struct sv target_link_uri);

/* Which page of the launch is opened first: the rest of the path behind /app/l/LAUNCH/, empty for
 * the one that fits the role. */
struct sv page_lti_path(const struct page *p, const struct lti_launch *launch);
