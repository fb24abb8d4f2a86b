/* Third-party initiated login (1EdTech Security Framework 1.0, 5.1.1; reference lti.md 1.2, 1.3):
 * what the platform sends, and where the browser goes next. Pure. */
#pragma once
#include "lti_form.h"
#include "model_lti.h"

#define LTI_HINT_MAX ((size_t)16 << 10)
#define LTI_PARAMETER_MAX 2048
#define LTI_LOGIN_URL_MAX ((size_t)128 << 10)

/* Borrowed from the form. */
struct lti_login_request {
    struct sv iss, login_hint, target_link_uri;
    struct sv message_hint;   /* has_message_hint */
    bool has_message_hint;    /* was sent, perhaps empty: goes back byte for byte */
    struct sv deployment_id;  /* empty: not sent */
    struct sv client_id;      /* empty: not sent */
    struct sv storage_target; /* frame name for platform storage (lti.md 8.2), at most 64 letters,
                                 digits, '_', '-', '.'; empty when not offered or odd (D17) */
};

/* GET or POST. Unknown parameters are ignored. Fails: ERR_INPUT, see lti_form_take: "iss",
 * "login_hint", "target_link_uri", "form", "size". */
NODISCARD bool lti_login_parse(struct lti_form form, struct lti_login_request *out,
                               struct err *err);

struct lti_login_want {
    const struct model_registration *registration; /* auth_url, client_id */
    const struct lti_login_request *request;
    struct sv redirect_uri; /* exactly as registered with the platform */
    struct sv state, nonce;
};

/* The URL of the authentication request (OIDC Core 3.1.2.1), every value percent-encoded, behind
 * '?' or '&' as the login URL needs. With long hints it can outgrow a Location header of a few KiB:
 * nginx needs fastcgi_buffers for it. Fails: ERR_BUG "auth_url" when the registration's URL is not
 * one (lti_url_is_safe, no fragment). */
NODISCARD bool lti_login_redirect(const struct lti_login_want *want, struct arena *a,
                                  struct sv *url, struct err *err);
