/* Everything an installation publishes, as files that any web server can serve for ever, in the
 * places that addresses name: issuers (profile, DID document), their keys, badges, status and
 * revocation lists, and the awards that learners share; with a configuration for nginx and one for
 * Apache, and a text for people. Nothing else: no private award, no name that is not shown, no
 * private key.
 *
 * - keys/ID, revocations/ISSUER, issuers/ID/did.json, .well-known/jwks.json: the document itself
 * - status/ID: JSON; ID.json is the same, ID.jwt the token
 * - awards/ID.json, .jwt, .html, and with the credential inside .svg, .png, .jwt.svg, .jwt.png;
 *   .pdf: the certificate
 * - badges/ID.json, .html, badges/ID/image.svg, image.png, preview.png; issuers/ID.json, .html
 * - ob2/awards/ID (also .svg, .png), ob2/badges/ID, ob2/issuers/ID: Open Badges 2.0;
 *   ob2/gone/ID: what ob2/awards/ID answers with 410
 * - assets/HASH/NAME: styles and pictures of the pages
 * - README.txt, nginx.conf, .htaccess */
#pragma once
#include "issue.h"

struct image_render;

/* Forms that may be left out: JSON and tokens are always there. */
enum {
    ISSUE_EXPORT_HTML = 1,
    ISSUE_EXPORT_SVG = 2,
    ISSUE_EXPORT_PNG = 4, /* of awards; badges have theirs in any case */
    ISSUE_EXPORT_PDF = 8,
    ISSUE_EXPORT_OB2 = 16,
    ISSUE_EXPORT_ALL = 31
};

/* What the room of pages makes (page_files.h); texts in `a`. */
enum issue_export_kind {
    ISSUE_EXPORT_AWARD_PAGE,
    ISSUE_EXPORT_BADGE_PAGE,
    ISSUE_EXPORT_ISSUER_PAGE
};
struct issue_export_page {
    enum issue_export_kind kind;
    struct sv id; /* public */
};
struct issue_export_pages {
    /* Fails: ERR_NOT_FOUND "public" when it is not shared any more. */
    bool (*html)(void *ctx, const struct issue_export_page *what, usec_t now, struct arena *a,
                 struct sv *html, struct err *err);
    /* What is to be drawn for a certificate. Fails: ERR_NOT_FOUND when there is none of it. */
    bool (*sheet)(void *ctx, int64_t institution_id, const struct store_credential_source *award,
                  usec_t now, struct arena *a, struct image_render *job, struct err *err);
    /* The files that pages use, one a call; *next is 0 at first. False: there are no more. */
    bool (*asset)(void *ctx, size_t *next, struct arena *a, struct sv *path, struct sv *body);
    void *ctx;
};

struct issue_file {
    struct sv path; /* relative, below what base_url names; letters, digits, "-./" */
    struct sv also; /* the same bytes under a second path; or empty */
    struct sv body;
};
struct issue_file_sink {
    /* Takes one file; borrowed until it returns. */
    bool (*put)(void *ctx, const struct issue_file *file, struct err *err);
    /* Takes the file that an earlier export has at `path`, if it ends with `mark`: a certificate
     * whose sheet is the same need not be drawn again. */
    bool (*keep)(void *ctx, struct sv path, struct sv mark);
    void *ctx;
};
struct issue_export {
    struct sv institution; /* this one's only; empty: all */
    struct sv root;        /* the folder's absolute path, for nginx.conf */
    unsigned forms;        /* ISSUE_EXPORT_HTML and so on */
    unsigned draws_max;    /* certificates drawn at once; at least 1 */
    usec_t now;
    struct issue_export_pages pages;
    struct issue_file_sink sink;
};
struct issue_exported {
    size_t institutions, issuers, keys, badges, awards, lists;
    size_t certificates, kept_certificates; /* drawn now; taken from an earlier export */
    size_t unsigned_awards; /* shared, and left out since they have no credential yet */
    size_t refused_badges;  /* no document can be made of them; their awards are there */
    size_t undrawn;         /* pictures and certificates that could not be drawn this time */
};
/* Reads in lots, so memory does not grow with the number of awards. Awards come first and keys
 * last: what is signed meanwhile finds its list and its key. Fails: ERR_NOT_FOUND "institution";
 * as the sink; as signing does; ERR_BUG "render" when laurel-render cannot be started. */
NODISCARD bool issue_export(struct issue *issue, const struct issue_export *options,
                            struct issue_exported *out, struct err *err);
