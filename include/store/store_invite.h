/* One-time links to dynamic registration, /lti/register?invite=CODE (reference lti.md 7; attacks.md
 * G12, G14). The database has only the code's SHA-256. */
#pragma once
#include "model_lti.h"
#include "store.h"

#define STORE_INVITE_HOURS 24     /* unless said otherwise */
#define STORE_INVITES_OPEN_MAX 20 /* of an institution, before its admins may make more */

struct store_invite_new {
    int64_t institution_id;
    int64_t registration_id;   /* it may update that one and no other; 0: makes a new one */
    struct sv config_host;     /* one more host that may hold endpoints, and serve the configuration
                                  of a Canvas cloud issuer; may be empty */
    bool approves_deployments; /* policy of the registration it makes */
    usec_t expires_at;
    int64_t actor_person_id; /* 0: the operator at the shell */
};
/* *code is 43 characters of base64url (256 random bits), in `a`; shown once. Audited. Fails:
 * ERR_CONFLICT "invites" when too many are open. */
NODISCARD bool store_invite_make(struct store *store, const struct store_invite_new *invite,
                                 struct arena *a, struct sv *code, struct err *err);

struct store_invite {
    unsigned char code_hash[32];
    int64_t institution_id;
    struct sv institution;
    int64_t registration_id; /* 0: makes a new one */
    struct sv config_host;
    bool approves_deployments;
    usec_t expires_at;
};
/* Good at `now`? Fails: ERR_DENIED "invite_missing", "invite_unknown", "invite_used",
 * "invite_expired". */
NODISCARD bool store_invite_find(struct store *store, struct sv code, usec_t now, struct arena *a,
                                 struct store_invite *out, struct err *err);

struct store_key_new;
struct store_invite_use {
    const struct store_invite *invite;
    /* A new one with its slug, or the invite's with new addresses and scopes (id set): all else of
     * it stays as it is in the database. Institution and policy of a new one are the invite's. */
    struct model_registration *registration;
    const struct store_key_new *key; /* of a new one; NULL: it keeps what it has */
    /* Of a new one, as the platform said; empty: learned at the first launch. An update lets nobody
     * in: its deployments wait for approval like any other's. */
    struct sv deployment_id;
};
/* Uses the invite up and saves registration, key and deployment, with an audit line: all or
 * nothing. Sets registration->id. Fails: ERR_CONFLICT "invite_used" (somebody was faster),
 * "registered" (a new one whose issuer and client id are known here already: nothing is
 * overwritten), "deployment". */
NODISCARD bool store_invite_use(struct store *store, const struct store_invite_use *use,
                                struct err *err);
