/* Everything that is published, in pages: rows behind `after`, by id, as many as a page holds. A
 * page that is not full is the last. */
#pragma once
#include "store.h"

#define STORE_EXPORT_PAGE 100

struct store_export_row {
    int64_t id;
    struct sv public_id;
    struct sv key, name;     /* of a badge */
    struct sv suspension_id; /* of a pair of status lists; public_id is that of revocations */
    struct sv json, token;   /* of a shared award; empty: not signed yet */
};
struct store_export_page {
    struct store_export_row rows[STORE_EXPORT_PAGE];
    size_t count;
};
enum store_export_kind {
    STORE_EXPORT_INSTITUTIONS,
    STORE_EXPORT_ISSUERS,
    STORE_EXPORT_BADGES,
    STORE_EXPORT_AWARDS, /* of one badge; shared ones only */
    STORE_EXPORT_LISTS
};
struct store_export_query {
    enum store_export_kind kind;
    struct sv institution;  /* INSTITUTIONS: of this name only; empty: all */
    int64_t institution_id; /* of all others */
    int64_t badge_id;       /* AWARDS */
    int64_t after;          /* the last id of the page before; 0: the first page */
};
/* Texts in `a`. */
NODISCARD bool store_export_read(struct store *store, const struct store_export_query *query,
                                 struct arena *a, struct store_export_page *out, struct err *err);
