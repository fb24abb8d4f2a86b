/* Deployments that came with a good launch and are not known here: notes on their registration that
 * wait for an admin (attacks.md E3). None is trusted before it is approved. */
#pragma once
#include "store.h"

struct store_parked {
    struct sv deployment_id, title; /* of the course it was launched from; may be empty */
    usec_t first_at, last_at;
    int64_t launches;
    bool is_refused; /* by an admin: stays refused without asking again; may still be approved */
};

/* Those that wait, newest first, then those that were refused. */
NODISCARD bool store_parked_list(struct store *store, int64_t registration_id, struct arena *a,
                                 struct store_parked **out, size_t *count, struct err *err);

struct store_parked_choice {
    int64_t registration_id;
    struct sv deployment_id;
    int64_t institution_id;  /* whose it becomes; for a refusal: whose admin or registration, 0:
                                nobody's */
    int64_t actor_person_id; /* 0: the operator at the shell */
};
/* The deployment becomes the institution's, its note goes, the audit says who; one transaction.
 * Fails: ERR_NOT_FOUND "deployment" when none of that id waits, ERR_CONFLICT "deployment" when it
 * is another institution's by now. */
NODISCARD bool store_parked_approve(struct store *store, const struct store_parked_choice *choice,
                                    struct err *err);
/* Its launches go on being refused, and nobody is asked again. Audited for institution_id, if there
 * is one. Fails: ERR_NOT_FOUND "deployment". */
NODISCARD bool store_parked_refuse(struct store *store, const struct store_parked_choice *choice,
                                   struct err *err);
