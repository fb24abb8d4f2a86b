/* Pages of shared awards that were made a moment ago, in this process's memory. Whoever takes one
 * has asked the database for the award's mark first, so a change of the award or of what is shown
 * makes the page anew; a change of the badge's, issuer's or person's words waits PAGE_KEPT_S at
 * most. Safe from any thread. */
#pragma once
#include "base_clock.h"
#include "base_str.h"

#define PAGE_KEPT_S 10
#define PAGE_KEPT_COUNT 1024
#define PAGE_KEPT_BYTES_MAX ((size_t)16 * 1024) /* longer pages are made each time */

struct page_kept;
struct page_kept *page_kept_create(void);
void page_kept_destroy(struct page_kept *kept);

/* False: there is none with that mark. *html in `a`. */
NODISCARD bool page_kept_find(struct page_kept *kept, struct sv id, struct sv mark, usec_t now,
                              struct arena *a, struct sv *html);
/* In place of another page, if need be. */
void page_kept_put(struct page_kept *kept, struct sv id, struct sv mark, usec_t now,
                   struct sv html);
