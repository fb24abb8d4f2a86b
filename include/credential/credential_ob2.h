/* Open Badges 2.0 (1EdTech, 2018) as an issuer hosts it, for backpacks that know nothing newer.
 * Pure. Nothing is signed: a hosted assertion is true because its address says so.
 *
 * Addresses, under base_url: ob2/awards/ID, ob2/badges/ID, ob2/issuers/ID; each document's id is
 * its address. They are documents beside those of 3.0, whose context they never carry.
 *
 * What 2.0 demands and 3.0 does not: a recipient with an identity, of which every backpack knows
 * one kind only, the salted hash of an e-mail address; and an issuer with an e-mail address. Where
 * either is missing there is no document. */
#pragma once
#include "credential_build.h"

#define CREDENTIAL_OB2_CONTEXT_URL "https://w3id.org/openbadges/v2"

struct credential_ob2_award {
    struct sv base_url;
    struct sv public_id, badge_public_id;
    const struct model_share *share; /* identity EMAIL */
    usec_t issued_at, expires_at;    /* expires_at 0: never */
    const struct credential_evidence *evidence;
    size_t evidence_count;
};
/* The Assertion, new reference. Fails: ERR_NOT_FOUND "public" when the learner is not named by
 * e-mail; ERR_INPUT "text". */
NODISCARD bool credential_ob2_assertion(const struct credential_ob2_award *award, json_t **out,
                                        struct err *err);
/* What stands at the address of an assertion that is not valid, answered with 410: id, type,
 * revoked, revocationReason. 2.0 knows no suspension: a copy must not pass meanwhile, so a
 * suspended one is withdrawn in the same way, and is there again when it is restored. The reason is
 * one of two fixed texts, never a person's note. New reference. */
json_t *credential_ob2_revoked(struct sv base_url, struct sv award_id, bool is_suspended);
/* The BadgeClass, new reference; badge->criteria must not be empty. */
NODISCARD bool credential_ob2_badge(struct sv base_url, const struct model_badge *badge,
                                    struct sv issuer_public_id, json_t **out, struct err *err);
/* The issuer's Profile, new reference. Fails: ERR_NOT_FOUND "public" without an e-mail address. */
NODISCARD bool credential_ob2_issuer(const struct credential_issuer *of, json_t **out,
                                     struct err *err);
