/* Badge-admin rights, and the audit trail. */
#pragma once
#include "store.h"

struct store_grant {
    int64_t person_id, registration_id;
    struct sv sub, name, issuer_key; /* issuer_key empty: the whole institution */
    usec_t granted_at;
};

struct store_grant_want {
    int64_t institution_id, registration_id;
    struct sv sub;     /* as the platform names the person; need not have launched yet */
    int64_t issuer_id; /* 0: the whole institution */
};

/* Grant or take back, with an audit line, in one transaction; sessions of the person end, so that
 * the change counts at once. *is_changed is false when it was so already. */
NODISCARD bool store_grant_set(struct store *store, const struct store_grant_want *want,
                               bool is_granted, bool *is_changed, struct err *err);
NODISCARD bool store_grant_list(struct store *store, int64_t institution_id, struct arena *a,
                                struct store_grant **out, size_t *count, struct err *err);
