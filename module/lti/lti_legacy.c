#include "lti_legacy.h"
#include "base_encode.h"

#define BASE_MAX ((size_t)16 << 10)

bool lti_legacy_is_signed(const struct model_registration *registration,
                          const struct model_launch *launch, struct sv secret, struct arena *a) {
    struct str base;
    unsigned char mac[32];
    if (launch->legacy_consumer_key.len == 0 || launch->legacy_sign.len == 0 || secret.len == 0) {
        return false;
    }
    str_init(&base, a, BASE_MAX);
    str_addf(&base, "%.*s&%.*s&%.*s&%.*s&%lld&%.*s", SV_ARG(launch->legacy_consumer_key),
             SV_ARG(launch->deployment_id), SV_ARG(registration->issuer),
             SV_ARG(registration->client_id), (long long)launch->expires_at_s,
             SV_ARG(launch->nonce));
    if (!str_ok(&base, "the signed text of lti1p1", NULL)) {
        return false;
    }
    hmac_sha256(secret, str_sv(&base), mac);
    return sv_eq_secret(launch->legacy_sign, base64_encode(a, mac, sizeof mac));
}

struct sv lti_legacy_key(struct arena *a, struct sv consumer_key) {
    struct str out;
    str_init(&out, a, 3 * consumer_key.len + 1);
    percent_encode(&out, consumer_key);
    return str_sv(&out);
}

struct sv lti_legacy_name(struct arena *a, struct sv consumer_key, struct sv id) {
    return sv_printf(a, "lti1p1:%.*s:%.*s", SV_ARG(lti_legacy_key(a, consumer_key)), SV_ARG(id));
}
