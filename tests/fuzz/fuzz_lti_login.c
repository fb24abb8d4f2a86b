/* Bytes as a form: read as a login and as the platform's answer. No hint leaves its parameter. */
#include "base_encode.h"
#include "lti_launch.h"
#include "lti_login.h"
#include <stdlib.h>
#include <string.h>

static const struct model_registration REGISTRATION = {
    .id = 1, .client_id = SV("client"), .auth_url = SV("https://lms.example/auth?a=b")};

static size_t pairs_of(struct arena *a, struct sv body, struct lti_pair *pairs, size_t max) {
    size_t n = 0;
    struct sv rest = body;
    while (rest.len > 0 && n < max) {
        struct sv part;
        struct sv name;
        struct sv value;
        struct err err = {0};
        (void)sv_cut(rest, '&', &part, &rest);
        (void)sv_cut(part, '=', &name, &value);
        if (percent_decode(a, name, true, &pairs[n].name, &err) &&
            percent_decode(a, value, true, &pairs[n].value, &err)) {
            n++;
        }
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a;
    arena_init(&a);
    struct sv bytes = sv_of((const char *)data, size);
    static struct lti_pair pairs[LTI_PAIRS_MAX + 1];
    struct lti_form form = {.pairs = pairs, .count = pairs_of(&a, bytes, pairs, ARRAY_LEN(pairs))};
    struct err err = {0};
    struct lti_login_request request;
    if (lti_login_parse(form, &request, &err)) {
        struct lti_login_want want = {.registration = &REGISTRATION,
                                      .request = &request,
                                      .redirect_uri = SV("https://badges.example/lti/launch"),
                                      .state = SV("s"),
                                      .nonce = SV("n")};
        struct sv url;
        struct lti_url read;
        if (!lti_login_redirect(&want, &a, &url, &err) || !sv_is_printable_ascii(url) ||
            !sv_ends(url, SV("&state=s&nonce=n")) ||
            (url.len <= LTI_URL_MAX && !lti_url_read(url, &read))) {
            abort();
        }
    }
    struct lti_launch_form answer;
    struct err why = {0};
    if (lti_launch_form_read(form, &answer, &why) &&
        (answer.is_error ? answer.id_token.len > 0 : answer.state.len == 0) != false) {
        abort();
    }
    (void)lti_launch_error(bytes);
    if (lti_url_is_safe(bytes) && !sv_is_printable_ascii(bytes)) {
        abort();
    }
    return 0;
}
