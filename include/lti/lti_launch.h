/* The platform's answer: a signed launch or an error (OIDC Core 3.1.2.5, 3.1.2.6; reference lti.md
 * 1.4, 1.5). Never stores. */
#pragma once
#include "lti_claims.h"
#include "lti_form.h"
#include "lti_keyset.h"

#define LTI_ID_TOKEN_MAX ((size_t)64 << 10)

/* Borrowed from the form. */
struct lti_launch_form {
    struct sv state;    /* may be empty in an error answer */
    struct sv id_token; /* empty in an error answer */
    bool is_error;
    struct sv error, error_description; /* foreign text: escape, clip, do not log */
    struct sv storage_target;           /* as in struct lti_login_request */
    /* Fields that pages of ours add when they send a launch on (page_lti_cookieless.c): */
    struct sv storage; /* the browser's value, as platform storage kept it */
    struct sv handoff; /* see lti_handoff.h */
};

/* The form of the POST; a query string's parameters count as duplicates. Fails: ERR_INPUT "form"
 * (duplicates, too many parameters, or both error and id_token: D10), "id_token" or "state" when
 * missing, "size". */
NODISCARD bool lti_launch_form_read(struct lti_form form, struct lti_launch_form *out,
                                    struct err *err);

struct lti_launch_check {
    struct lti_claims_check claims;
    struct lti_keysets *keys;
};

/* Judge the token in the order of lti.md 1.5, rows 2-23 (the caller did 0 and 1 with
 * lti_launch_form_read and lti_state_open; the state decides the registration, so that no key is
 * chosen by what a token says of itself). Fails with the first of:
 *
 *   reason        refused when                                               row
 *   jws           over 64 KiB, not three parts of strict base64url             0
 *   header        header no JSON object or with duplicates                     2
 *   alg           not RS256                                                    2
 *   crit          crit, b64, enc or zip in the header                          2
 *   typ           there and not JWT                                            2
 *   kid           no usable kid; or the platform has no such key            3, 4
 *   keyset, busy  the platform's keys cannot be had now (ERR_UPSTREAM)         4
 *   signature     wrong                                                        4
 *   json          payload no JSON object, duplicates, bad UTF-8, NUL           5
 *   iss ...       as in lti_claims.h                                        6-22
 *
 * All but the two of the keys are ERR_DENIED. */
NODISCARD bool lti_launch_verify(struct arena *a, const struct lti_launch_check *check,
                                 struct sv id_token, struct lti_launch *out, struct err *err);

/* An error answer in words. Both are static text, safe to show and to log. */
struct lti_launch_refusal {
    const char *code;     /* a known code, or "other" */
    const char *sentence; /* for the person: what happened, what to do */
};
struct lti_launch_refusal lti_launch_error(struct sv error);
