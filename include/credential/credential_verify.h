/* Checks anybody's Open Badge: a list of checks, each with a verdict and a plain sentence (Open
 * Badges 3.0, 9; VCDM 2.0, 7.1).
 *
 * Pure. Where a document is needed that is somewhere else (a DID document, a key, a status list),
 * the report names its URL in next_url; whoever may fetch it calls again with the answer among the
 * sources. Each round does all checks anew, so that no state is carried and the order of answers
 * does not matter. At most CREDENTIAL_FETCHES_MAX different URLs are ever named.
 *
 * Open Badges 3.0 (VCDM 2.0) with eddsa-rdfc-2022, eddsa-jcs-2022 or as a token, and Open
 * Badges 2.0, hosted or signed, are verified; older ones are recognised and said to be so, which is
 * no pass. */
#pragma once
#include "base_clock.h"
#include "base_json.h"

#define CREDENTIAL_FETCHES_MAX 10

enum credential_check_kind {
    CREDENTIAL_CHECK_FORMAT,    /* readable, and what it came in */
    CREDENTIAL_CHECK_VERSION,   /* which standard */
    CREDENTIAL_CHECK_STRUCTURE, /* required members */
    CREDENTIAL_CHECK_SIGNATURE,
    CREDENTIAL_CHECK_ISSUER, /* the key is the issuer's own */
    CREDENTIAL_CHECK_DATES,
    CREDENTIAL_CHECK_STATUS,    /* revoked, suspended */
    CREDENTIAL_CHECK_RECIPIENT, /* only when an address was given */
    CREDENTIAL_CHECK_COUNT
};
/* "format", "version", ... */
const char *credential_check_name(enum credential_check_kind kind);

enum credential_verdict {
    CREDENTIAL_NOT_DONE, /* an earlier check left nothing to look at */
    CREDENTIAL_PASSED,
    CREDENTIAL_FAILED,
    CREDENTIAL_NOT_POSSIBLE /* could not be judged: unreachable, or not known to this program */
};
/* "not_done", "passed", "failed", "not_possible". */
const char *credential_verdict_name(enum credential_verdict verdict);

struct credential_check {
    enum credential_verdict verdict;
    struct sv text; /* one sentence */
};

/* What a URL answered. */
struct credential_source {
    struct sv url;     /* as next_url named it */
    struct sv body;    /* of a 2xx answer */
    struct sv problem; /* else why there is none, a clause: "its host does not answer" */
    bool is_gone;      /* 410: it was withdrawn, which is how 2.0 revokes */
};

struct credential_verify_input {
    struct sv bytes; /* a file: JSON, token, PNG, SVG; or the https URL of one */
    usec_t now;
    struct sv email; /* whose it should be; empty: not asked */
    const struct credential_source *sources;
    size_t source_count;
};

struct credential_report {
    struct credential_check checks[CREDENTIAL_CHECK_COUNT];
    bool is_valid;      /* everything that must pass has passed */
    struct sv next_url; /* what to fetch, https (or http to loopback); empty: nothing more */
    /* What the credential says of itself, without control characters; trust it only when is_valid.
     * Any may be empty. */
    struct sv name, issuer_name, issuer_id, credential_id;
    struct sv awarded, valid_from, valid_until; /* RFC 3339 if it follows the standard; a credential
                                                   that was signed again is valid from then only */
};

/* Texts live in `a` (or are the input's). Never fails: what is wrong is in the report. */
void credential_verify(const struct credential_verify_input *in, struct arena *a,
                       struct credential_report *out);

/* Fills in the rest of a source whose url is set. Texts in `a`. */
struct credential_fetcher {
    void (*fetch)(void *ctx, struct credential_source *source, struct arena *a);
    void *ctx;
};
/* All rounds, with somebody who may fetch. `in` has no sources. */
void credential_verify_with(const struct credential_verify_input *in,
                            const struct credential_fetcher *fetcher, struct arena *a,
                            struct credential_report *out);

/* Whether a check was made: those that were not have nothing to say. */
bool credential_check_is_done(const struct credential_report *report,
                              enum credential_check_kind kind);
/* {"valid", "name", "issuer_name", "issuer_id", "credential_id", "awarded", "valid_from",
 * "valid_until", "checks": [{"check", "verdict", "text"}]}. New reference. */
json_t *credential_report_json(const struct credential_report *report);
