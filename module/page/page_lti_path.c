#include "page_lti.h"

struct sv page_lti_path(const struct page *p, const struct lti_launch *launch) {
    (void)p;
    (void)launch;
    return SV("");
}
