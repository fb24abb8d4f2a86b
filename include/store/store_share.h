/* What a learner shows of an award to the world. Private until they say otherwise. */
#pragma once
#include "model_badge.h"
#include "store.h"

/* Fails: ERR_NOT_FOUND "award". */
NODISCARD bool store_share_get(struct store *store, int64_t institution_id, int64_t award_id,
                               struct arena *a, struct model_share *out, struct err *err);

/* Whose award it is, as the learner may want to be named in it. */
struct store_share_owner {
    int64_t person_id;
    struct sv name, email; /* may be empty */
    struct sv sub, platform;
};
/* Fails: ERR_NOT_FOUND "award". */
NODISCARD bool store_share_owner(struct store *store, int64_t institution_id, int64_t award_id,
                                 struct arena *a, struct store_share_owner *out, struct err *err);

/* Set all of it (share->shared_at != 0: shared; the time of the first sharing is kept), have the
 * credential signed anew by a job if it changed, the gradebook's comment too, and write an audit
 * line: one transaction. Salt and
 * hash are the caller's (issue_share_set). Fails: ERR_NOT_FOUND "award" when that person has no
 * issued award of that id: nobody else decides. */
struct store_share_change {
    int64_t institution_id, award_id;
    int64_t person_id; /* who asks */
    const struct model_share *share;
};
NODISCARD bool store_share_set(struct store *store, const struct store_share_change *change,
                               struct err *err);
