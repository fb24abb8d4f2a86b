/* The badges page of a badge admin, which also shows an import that could not be read. */
#pragma once
#include "page_course.h"

struct page_import_retry {
    struct sv text;    /* what was pasted, or the file's */
    struct sv problem; /* one sentence */
};

/* retry NULL: as it is. */
NODISCARD bool page_admin_show(struct page *p, const struct page_import_retry *retry,
                               struct err *err);
