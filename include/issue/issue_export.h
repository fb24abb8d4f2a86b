/* Everything an installation publishes, as files that any web server can serve for ever, in the
 * places that addresses name: issuers (profile, DID document), their keys, badges, status and
 * revocation lists, and the awards that learners share; with a configuration for nginx and one for
 * Apache, and a text for people. Nothing else: no private award, no name, no private key.
 *
 *   keys/ID, revocations/ISSUER             the document itself
 *   status/ID, awards/ID                    JSON; ID.json is the same, ID.jwt the token
 *   awards/ID.svg                           the badge's picture with the JSON in it
 *   issuers/ID.json, badges/ID.json         what the address without .json shows, which is a
 * folder: issuers/ID/did.json, badges/ID/image.svg .well-known/jwks.json README.txt, nginx.conf,
 * .htaccess */
#pragma once
#include "issue.h"

struct issue_file {
    struct sv path; /* relative, below what base_url names; lower-case letters, digits, "-./" */
    struct sv also; /* the same bytes under a second path; or empty */
    struct sv body;
};
/* Takes one file; borrowed until it returns. */
struct issue_file_sink {
    bool (*put)(void *ctx, const struct issue_file *file, struct err *err);
    void *ctx;
};
struct issue_export {
    struct sv institution; /* this one's only; empty: all */
    struct sv root;        /* the folder's absolute path, for nginx.conf */
    usec_t now;
    struct issue_file_sink sink;
};
struct issue_exported {
    size_t institutions, issuers, keys, badges, awards, lists;
    size_t unsigned_awards; /* shared, and left out since they have no credential yet */
    size_t refused_badges;  /* no document can be made of them; their awards are there */
};
/* Reads in pages, so memory does not grow with the number of awards. Awards come first and keys
 * last: what is signed meanwhile finds its list and its key. Fails: ERR_NOT_FOUND "institution";
 * as the sink; as signing does. */
NODISCARD bool issue_export(struct issue *issue, const struct issue_export *options,
                            struct issue_exported *out, struct err *err);
