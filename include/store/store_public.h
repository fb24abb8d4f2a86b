/* What an address with a public id names, before the institution is known. */
#pragma once
#include "model_badge.h"
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

/* A shared award as its page shows it: what its learner does not show is not in it. */
struct store_award_page {
    enum model_award_state state; /* EXPIRED from that moment on, whatever the row says */
    usec_t issued_at, revoked_at, expires_at;
    bool is_signed;
    struct sv learner;  /* name; empty: not shown, or not known */
    struct sv reasons;  /* JSON; "{}" unless results are shown */
    struct sv evidence; /* JSON as store_credential_source's; "[]" unless it is shown */
    struct sv badge_public_id, definition, rule; /* rule: of the version the award met */
    struct sv asked_badges; /* JSON: names of the badges the rule asks for, by key */
    struct sv issuer_public_id, issuer_name;
    struct sv key_public_id, public_jwk; /* of the signature; empty: not signed yet */
    struct sv time_zone;                 /* the institution's */
};
/* One round trip. Fails: ERR_NOT_FOUND "public" when it is private, or there is no such award. */
NODISCARD bool store_award_page_get(struct store *store, struct sv public_id, struct arena *a,
                                    struct store_award_page *out, struct err *err);

/* For each award a text, in `a`, that changes when its state or what its learner shows does; empty
 * when it is private, or there is no such award. Every id is a UUID. One round trip, much cheaper
 * than a page, the more so for many. */
NODISCARD bool store_award_marks(struct store *store, const struct sv *public_ids, size_t count,
                                 struct arena *a, struct sv *marks, struct err *err);

/* Badges of an issuer that a course uses or somebody has earned, by name; at most 500. */
struct store_issuer_badge {
    struct sv public_id, name, description;
};
NODISCARD bool store_issuer_badges(struct store *store, int64_t institution_id, int64_t issuer_id,
                                   struct arena *a, struct store_issuer_badge **out, size_t *count,
                                   struct err *err);
