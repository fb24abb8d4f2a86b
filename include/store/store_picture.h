/* Badges' pictures as they were drawn, and what a learner's own copies are made of. */
#pragma once
#include "model_badge.h"
#include "store.h"

enum store_picture_kind { STORE_PICTURE_BADGE, STORE_PICTURE_PREVIEW };
struct store_picture {
    int64_t institution_id, badge_id;
    enum store_picture_kind kind;
    struct sv digest; /* SHA-256 of the drawing */
    struct sv bytes;  /* PNG */
};
/* The picture of `key` (institution, badge, kind), if that drawing was drawn already; else
 * *bytes is empty. In `a`. */
NODISCARD bool store_picture_get(struct store *store, const struct store_picture *key,
                                 struct arena *a, struct sv *bytes, struct err *err);
NODISCARD bool store_picture_save(struct store *store, const struct store_picture *picture,
                                  struct err *err);

/* A picture that came with a badge's file, as image_own_make left it. */
struct store_badge_image {
    int64_t badge_id;
    struct sv name; /* as the definition names it; another one there: it does not count any more */
    int kind;       /* enum image_own_kind */
    struct sv digest; /* SHA-256 of the bytes */
    struct sv bytes;
};
/* The badge's, if it has one of that name; else out->bytes is empty. In `a`. */
NODISCARD bool store_badge_image_get(struct store *store, int64_t institution_id, int64_t badge_id,
                                     struct sv name, struct arena *a, struct store_badge_image *out,
                                     struct err *err);
/* All of an institution, without bytes and kinds. */
NODISCARD bool store_badge_image_list(struct store *store, int64_t institution_id, struct arena *a,
                                      struct store_badge_image **out, size_t *count,
                                      struct err *err);

/* One of a person's awards that has been signed. */
struct store_mine {
    int64_t award_id, issuer_id;
    struct sv public_id, badge_public_id, badge_key, badge_name;
    enum model_award_state state;
    usec_t shared_at; /* 0: private */
    bool is_named_by_email;
    bool issuer_has_email; /* Open Badges 2.0 demands one */
};
#define STORE_MINE_MAX 500
/* The latest first, at most STORE_MINE_MAX (*is_more: there are others); badge_id: a badge's
 * public id, empty: of all. */
NODISCARD bool store_mine_list(struct store *store, int64_t institution_id, int64_t person_id,
                               struct sv badge_id, struct arena *a, struct store_mine **out,
                               size_t *count, bool *is_more, struct err *err);

/* What a certificate says beside the award. Fails: ERR_NOT_FOUND "award". */
struct store_certificate {
    struct sv learner, time_zone, issuer_name;
};
NODISCARD bool store_certificate_get(struct store *store, int64_t institution_id, int64_t award_id,
                                     struct arena *a, struct store_certificate *out,
                                     struct err *err);
