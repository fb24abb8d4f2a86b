/* Pages that anybody may open: awards that their learners share, badges, issuers. */
#pragma once
#include "issue.h"
#include "page_internal.h"

/* The answers to browsers at /awards/ID, /badges/ID and /issuers/ID (page_issued.c answers
 * programs). */
page_handler page_award_html;
page_handler page_badge_html;
page_handler page_issuer_html;

/* What LinkedIn's form "Licenses & certifications" is filled in with (reference openbadges.md 12).
 * Months are those of `zone`. */
struct page_linkedin {
    struct sv name, organization;
    usec_t issued_at, expires_at; /* expires_at 0: never */
    struct sv url, id;
    const struct text_zone *zone;
};
/* Pure. */
struct sv page_linkedin_url(struct arena *a, const struct page_linkedin *what);
