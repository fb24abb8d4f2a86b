/* Claims judged in a test, and short names for them. Include cmocka.h first. */
#pragma once
#include "support_launch.h"

#define M LIS "membership#"
#define ID LTI "deployment_id"
#define LINK LTI "resource_link"
#define TARGET LTI "target_link_uri"
#define AGS "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
#define NRPS "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
#define DEEP "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
#define AUD "10000000000042"

/* 255 and 256 characters */
#define X16 "xxxxxxxxxxxxxxxx"
#define X64 X16 X16 X16 X16
#define X255 X64 X64 X64 X16 X16 X16 "xxxxxxxxxxxxxxx"
#define X256 X255 "x"

static inline const char *judge(struct arena *a, const struct lti_claims_check *check,
                                const json_t *payload, struct lti_launch *out) {
    static struct err err;
    struct lti_launch ignored;
    err = (struct err){0};
    bool is_taken = lti_claims_read(check, payload, a, out == NULL ? &ignored : out, &err);
    assert_int_equal(is_taken, err.reason[0] == '\0');
    assert_int_equal(err.code, is_taken ? ERR_NONE : ERR_DENIED);
    return err.reason;
}

/* The launch of a patch that must be taken. */
static inline struct lti_launch taken(struct arena *a, const char *patch) {
    AUTO_JSON *payload = launch_claims(patch);
    struct lti_claims_check check = launch_check();
    struct lti_launch out;
    const char *reason = judge(a, &check, payload, &out);
    if (reason[0] != '\0') {
        fail_msg("%s refused: %s", patch, reason);
    }
    return out;
}
