/* What copies of awards are made of beside the signed text: Open Badges 2.0 documents and badges'
 * pictures. */
#pragma once
#include "issue.h"
#include "store_badge.h"
#include "store_picture.h"

/* Open Badges 2.0 documents (credential_ob2.h), each a new reference. The assertion is there only
 * while the award is shared and its learner is named by e-mail in it; *is_gone: it was revoked or
 * is suspended, and *out is what stands there instead (410). Fail: ERR_NOT_FOUND "public". */
NODISCARD bool issue_ob2_assertion(struct issue *issue, struct sv award_id, struct arena *a,
                                   json_t **out, bool *is_gone, struct err *err);
NODISCARD bool issue_ob2_badge(struct issue *issue, struct sv badge_id, struct arena *a,
                               json_t **out, struct err *err);
NODISCARD bool issue_ob2_issuer(struct issue *issue, struct sv issuer_id, struct arena *a,
                                json_t **out, struct err *err);

/* An award with all that its copies show. Fails: ERR_NOT_FOUND "award" when it was never issued. */
NODISCARD bool issue_award_source(struct issue *issue, int64_t institution_id, int64_t award_id,
                                  struct arena *a, struct store_credential_source *out,
                                  struct err *err);

/* A badge's drawing, and the picture it becomes. Drawing takes laurel-render some tenths of a
 * second, so what was drawn once is kept until the drawing changes. */
struct issue_picture {
    struct store_picture key; /* bytes: the PNG; empty: not drawn yet */
    struct sv svg;
};
#define ISSUE_PICTURE_SIDE 512
/* A badge's picture as SVG, in `a`: that which came with its file, else art drawn from its key and
 * name. `badge` by one who may see it. */
NODISCARD bool issue_badge_art(struct issue *issue, int64_t institution_id,
                               const struct store_badge *badge, struct arena *a, struct sv *svg,
                               struct err *err);
/* The same of a badge by its public id. Fails: ERR_NOT_FOUND "public". */
NODISCARD bool issue_art(struct issue *issue, struct sv badge_id, struct arena *a, struct sv *svg,
                         struct err *err);
/* Fails: ERR_NOT_FOUND "public". All in `a`. */
NODISCARD bool issue_picture_find(struct issue *issue, struct sv badge_id,
                                  enum store_picture_kind kind, struct arena *a,
                                  struct issue_picture *out, struct err *err);
/* Draws and keeps one that is not drawn yet. Fails: as image_render. */
NODISCARD bool issue_picture_draw(struct issue *issue, struct issue_picture *picture,
                                  struct arena *a, struct err *err);
