/* The part of `laurel key` that is about badge issuers' keys. */
#pragma once
#include "app.h"

/* Append them to `list`; print them unless is_json. */
NODISCARD bool app_key_issuer_list(struct app *app, json_t *list, bool is_json, struct err *err);

struct app_key_issuer {
    struct sv key;         /* the issuer's, as in its badge file */
    struct sv institution; /* needed when several have such an issuer */
    struct sv alg;         /* "ed25519", "rs256", "es256"; empty: what signs now */
};
/* The store is open, sealed. */
NODISCARD bool app_key_issuer_rotate(struct app *app, const struct app_key_issuer *which,
                                     struct err *err);
