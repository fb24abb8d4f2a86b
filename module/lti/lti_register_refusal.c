#include "lti_register.h"

#define SEARCHED_MAX 4096

/* Words of Moodle (moodle.md 6) and of RFC 7591 3.2.2, and what they mean for the person there. */
static const struct {
    const char *word, *sentence;
} KNOWN[] = {
    {"token_already_used", "The platform says that its registration link was used already. Start "
                           "the registration at the platform again."},
    {"missing_registration_token", "The platform wants a registration token and gave none. Start "
                                   "the registration at the platform again."},
    {"domain_targetlinkuri_mismatch",
     "The platform found that Laurel's domain and its launch address differ. The operator should "
     "look at base_url in Laurel's configuration."},
    {"invalid_redirect_uri", "The platform does not accept Laurel's launch address. The operator "
                             "should look at base_url in Laurel's configuration."},
    {"invalid_token_endpoint_auth_method",
     "The platform does not let tools sign in with a key, as LTI 1.3 demands."},
    {"missing required attribute", "The platform wants something in the registration that LTI does "
                                   "not ask for. Connect it by hand instead."},
    {"invalid_client_metadata", "The platform does not accept what Laurel says of itself. Connect "
                                "it by hand instead."},
};

static bool contains(struct sv text, struct sv word) {
    for (size_t i = 0; i + word.len <= text.len; i++) {
        if (sv_eq(sv_of(text.ptr + i, word.len), word)) {
            return true;
        }
    }
    return false;
}

const char *lti_register_refusal(int status, struct sv body) {
    struct sv searched = sv_head(body, SEARCHED_MAX);
    for (size_t i = 0; i < ARRAY_LEN(KNOWN); i++) {
        if (contains(searched, sv_from(KNOWN[i].word))) {
            return KNOWN[i].sentence;
        }
    }
    if (status == 401 || status == 403) {
        return "The platform does not accept its own registration token: it has run out, or was "
               "used already. Start the registration at the platform again.";
    }
    if (status == 404 || status == 405) {
        return "The platform has nothing at the address it gave for registrations. Start the "
               "registration at the platform again, or connect it by hand.";
    }
    if (status == 429 || status >= 500) {
        return "The platform could not do it at the moment. Start the registration there again in "
               "a few minutes.";
    }
    return "The platform refused the registration without saying why in a way that Laurel knows. "
           "Connect it by hand instead.";
}
