/* What the files of the export share: where it is, and what it has of the badge at hand. */
#pragma once
#include "issue_export.h"
#include "issue_internal.h"
#include "store_export.h"

struct issue_walk {
    struct issue *issue;
    const struct issue_export *options;
    struct issue_exported *out;
    int64_t institution_id;
    json_t *keys; /* of all issuers */
    /* Of the badge at hand: */
    struct sv svg, png; /* png empty: it could not be drawn */
    bool has_ob2;       /* its issuer has an e-mail address */
};

NODISCARD bool issue_walk_put(const struct issue_walk *w, struct sv path, struct sv body,
                              struct err *err);
/* The same under `also`. */
NODISCARD bool issue_walk_put_both(const struct issue_walk *w, struct sv path, struct sv also,
                                   struct sv body, struct err *err);
/* "folder/ID.ending" */
struct sv issue_walk_path(struct arena *a, const char *folder, struct sv id, const char *ending);
/* The page at folder/ID.html, if pages are wanted. */
NODISCARD bool issue_walk_put_page(const struct issue_walk *w, enum issue_export_kind kind,
                                   struct sv path, struct sv id, struct arena *a, struct err *err);

/* Every shared award of a badge, in all its forms. */
NODISCARD bool issue_walk_awards(struct issue_walk *w, int64_t badge_id, struct err *err);
