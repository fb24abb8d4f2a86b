/* What an address with a public id names, before the institution is known. */
#pragma once
#include "store.h"

enum store_public_kind {
    STORE_PUBLIC_ISSUER,
    STORE_PUBLIC_BADGE,
    STORE_PUBLIC_AWARD,
    STORE_PUBLIC_KEY,
    STORE_PUBLIC_STATUS,    /* a list of revocations */
    STORE_PUBLIC_SUSPENSION /* a list of suspensions */
};
struct store_public {
    enum store_public_kind kind;
    int64_t institution_id, id;
};
/* Fails: ERR_NOT_FOUND "public" when there is nothing of that id and kind (or the id is no UUID).
 */
NODISCARD bool store_public_find(struct store *store, struct sv public_id,
                                 enum store_public_kind kind, struct arena *a,
                                 struct store_public *out, struct err *err);
