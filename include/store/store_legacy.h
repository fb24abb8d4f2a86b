/* What is left of LTI 1.1: the secrets that prove a migration claim, and people known from then
 * (reference lti.md 1.7). Secrets are sealed, purpose "legacy-consumer", bound to registration and
 * key. */
#pragma once
#include "store.h"

#define STORE_LEGACY_SECRET_MAX 1024

struct store_legacy_consumer {
    int64_t registration_id;
    struct sv issuer, client_id; /* of store_legacy_list */
    struct sv key;               /* oauth_consumer_key, 1..255 bytes */
    usec_t created_at;
};

/* Set or replace. */
NODISCARD bool store_legacy_set(struct store *store, int64_t registration_id, struct sv key,
                                struct sv secret, struct err *err);
/* Fails: ERR_NOT_FOUND "legacy_consumer". */
NODISCARD bool store_legacy_remove(struct store *store, int64_t registration_id, struct sv key,
                                   struct err *err);
NODISCARD bool store_legacy_list(struct store *store, struct arena *a,
                                 struct store_legacy_consumer **out, size_t *count,
                                 struct err *err);
/* Fails: ERR_NOT_FOUND "legacy_consumer", ERR_DENIED "seal". */
NODISCARD bool store_legacy_secret(struct store *store, int64_t registration_id, struct sv key,
                                   struct arena *a, struct sv *secret, struct err *err);

/* Somebody who used the tool by LTI 1.1, and perhaps a badge they hold from then. */
struct store_legacy_person {
    struct sv sub;         /* lti_legacy_name */
    struct sv name, email; /* may be empty; never replace what is known already */
    int64_t badge_id;      /* 0: none */
    int64_t rule_version;  /* of that badge, now */
    usec_t issued_at;
};
struct store_legacy_import {
    int64_t institution_id, registration_id;
    const struct store_legacy_person *people;
    size_t count;
    struct sv note; /* of the awards */
};
struct store_legacy_result {
    size_t people, awards; /* that are new */
};
/* In one transaction; a second time changes nothing, also when people have come under their new
 * names meanwhile. Awards are by hand: no rule takes them away. Fails as the database does. */
NODISCARD bool store_legacy_import(struct store *store, const struct store_legacy_import *import,
                                   usec_t now, struct store_legacy_result *out, struct err *err);
