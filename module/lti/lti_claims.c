#include "lti_claims.h"
#include "base_encode.h"
#include "lti_claims_shared.h"
#include "lti_optional.h"
#include "lti_roles.h"

#define DEEP_LINKING_SETTINGS "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"

static bool refuse(struct err *err, const char *reason, const char *text) {
    return err_because(err, ERR_DENIED, reason, "%s", text);
}

/* A string member, exactly; anything else is empty. */
static struct sv string_of(const json_t *payload, const char *key) {
    return js_sv(json_object_get(payload, key));
}

/* A value of the token for an error text: short, and nothing that could break out of a line. */
static struct sv shown(struct arena *a, struct sv value) {
    struct sv text = sv_clip_utf8(value, 120);
    return sv_is_printable_ascii(text) ? sv_copy(a, text) : SV("(not readable)");
}

/* The same of an address, without what a query may keep secret. */
static struct sv shown_url(struct arena *a, struct sv url) {
    return shown(a, sv_head(url, sv_find(url, '?')));
}

/* What the launch says of its audience: the first, when it is a list. */
static struct sv audience_of(const json_t *aud) {
    return js_sv(json_is_array(aud) ? json_array_get(aud, 0) : aud);
}

static bool check_audience(const struct lti_claims_check *check, const json_t *payload,
                           struct arena *a, struct err *err) {
    const json_t *aud = json_object_get(payload, "aud");
    struct sv ours = check->registration->client_id;
    size_t count = json_array_size(aud); /* 0 when it is no array */
    bool is_ours = ours.len > 0 && (json_is_string(aud) ? sv_eq(js_sv(aud), ours) : count > 0);
    for (size_t i = 0; i < count; i++) {
        is_ours = is_ours && json_is_string(json_array_get(aud, i)) &&
                  sv_eq(js_sv(json_array_get(aud, i)), ours);
    }
    if (!is_ours) {
        return err_because(
            err, ERR_DENIED, "aud",
            "the launch is meant for another tool, or for others too: it says client "
            "id \"%.*s\", and this registration has \"%.*s\"",
            SV_ARG(shown(a, audience_of(aud))), SV_ARG(shown(a, ours)));
    }
    const json_t *azp = json_object_get(payload, "azp");
    bool has_azp = azp != NULL && !json_is_null(azp);
    if ((count > 1 && !has_azp) || (has_azp && !(json_is_string(azp) && sv_eq(js_sv(azp), ours)))) {
        return refuse(err, "azp", "the launch was authorised for another tool");
    }
    return true;
}

struct times {
    int64_t now_s, leeway_s, age_max_s;
};

static struct times times_of(const struct lti_claims_check *check) {
    return (struct times){
        .now_s = check->now / USEC_PER_S,
        .leeway_s = check->leeway_s > LTI_LEEWAY_MAX_S ? LTI_LEEWAY_MAX_S : check->leeway_s,
        .age_max_s = check->iat_age_max_s > 0 ? check->iat_age_max_s : LTI_IAT_AGE_DEFAULT_S};
}

bool lti_claims_times(const struct lti_claims_check *check, const json_t *payload,
                      int64_t *expires_at_s, struct err *err) {
    struct times t = times_of(check);
    int64_t exp = 0;
    int64_t iat = 0;
    int64_t nbf = 0;
    if (!js_seconds(json_object_get(payload, "exp"), &exp)) {
        return refuse(err, "exp", "the launch does not say when it runs out");
    }
    if (t.now_s >= exp + t.leeway_s) {
        return err_because(err, ERR_DENIED, "exp",
                           "the launch ran out %lld seconds ago by this server's clock; open the "
                           "tool again, and check both servers' clocks",
                           (long long)(t.now_s - exp));
    }
    if (!js_seconds(json_object_get(payload, "iat"), &iat)) {
        return refuse(err, "iat", "the launch does not say when it was made");
    }
    if (iat > t.now_s + t.leeway_s) {
        return err_because(err, ERR_DENIED, "iat",
                           "the launch is from the future: the platform's clock is %lld seconds "
                           "ahead of this server's",
                           (long long)(iat - t.now_s));
    }
    if (iat < t.now_s - t.age_max_s) {
        return err_because(err, ERR_DENIED, "iat",
                           "the launch is too old: it was made %lld seconds ago by this server's "
                           "clock, or the platform's clock is that far behind",
                           (long long)(t.now_s - iat));
    }
    if (exp <= iat || exp > iat + LTI_TOKEN_LIFE_MAX_S) {
        return refuse(err, "exp", "the launch is valid for an impossible time");
    }
    const json_t *claim = json_object_get(payload, "nbf");
    bool has_nbf = claim != NULL && !json_is_null(claim);
    if (has_nbf && !js_seconds(claim, &nbf)) {
        return refuse(err, "nbf", "the launch does not say readably when it begins to be valid");
    }
    if (has_nbf && nbf > t.now_s + t.leeway_s) {
        return err_because(
            err, ERR_DENIED, "nbf",
            "the launch is valid only in %lld seconds: the platform's clock is ahead "
            "of this server's",
            (long long)(nbf - t.now_s));
    }
    *expires_at_s = exp;
    return true;
}

static bool check_nonce(const struct lti_claims_check *check, const json_t *payload,
                        struct err *err) {
    struct sv nonce = string_of(payload, "nonce");
    if (check->nonce.len == 0 || !sv_eq_secret(nonce, check->nonce)) {
        return refuse(err, "nonce", "the launch answers another login; open the tool again");
    }
    return true;
}

bool lti_claims_version(const json_t *payload, struct err *err) {
    return sv_eq(string_of(payload, LTI_CLAIM "version"), SV("1.3.0")) ||
           refuse(err, "version", "the launch is not LTI 1.3.0");
}

static bool check_message(const json_t *payload, enum model_message *out, struct err *err) {
    if (!lti_claims_version(payload, err)) {
        return false;
    }
    struct sv type = string_of(payload, LTI_CLAIM "message_type");
    if (sv_eq(type, SV("LtiResourceLinkRequest"))) {
        *out = MODEL_MESSAGE_RESOURCE_LINK;
    } else if (sv_eq(type, SV("LtiDeepLinkingRequest"))) {
        *out = MODEL_MESSAGE_DEEP_LINKING;
    } else {
        return refuse(err, "message_type", "the launch is of a kind this tool does not know");
    }
    return true;
}

static bool is_ascii_id(struct sv id) {
    return id.len > 0 && id.len <= LTI_ID_MAX && sv_is_printable_ascii(id);
}

bool lti_claims_deployment(const struct lti_claims_check *check, const json_t *payload,
                           struct sv *out, struct err *err) {
    *out = string_of(payload, LTI_CLAIM "deployment_id");
    if (!is_ascii_id(*out)) {
        return refuse(err, "deployment", "the launch names no deployment");
    }
    unsigned char digest[32];
    sha256(out->ptr, out->len, digest);
    if (check->deployment_digest != NULL &&
        !sv_eq_secret(sv_of((const char *)digest, sizeof digest),
                      sv_of((const char *)check->deployment_digest, sizeof digest))) {
        return refuse(err, "deployment", "the launch comes from another deployment than its login");
    }
    return true;
}

static bool check_link(const struct lti_claims_check *check, const json_t *payload, struct arena *a,
                       struct lti_launch *out, struct err *err) {
    if (out->launch.message == MODEL_MESSAGE_DEEP_LINKING) {
        const json_t *settings = json_object_get(payload, DEEP_LINKING_SETTINGS);
        out->deep_linking_json = js_dump(a, settings);
        return lti_deep_link_read(check->registration, settings, a, &out->deep_link, err);
    }
    const json_t *link = json_object_get(payload, LTI_CLAIM "resource_link");
    struct sv id;
    struct sv title;
    if (!json_is_object(link) || !js_string(link, "id", &id) || id.len == 0 ||
        id.len > LTI_ID_MAX) {
        return refuse(err, "resource_link", "the launch does not say which link was opened");
    }
    out->launch.resource_link_id = sv_copy(a, id);
    if (js_string(link, "title", &title)) {
        out->launch.resource_link_title = sv_copy(a, sv_clip_utf8(title, LTI_TITLE_MAX));
    }
    return true;
}

static bool check_target(const struct lti_claims_check *check, const json_t *payload,
                         struct arena *a, struct model_launch *out, struct err *err) {
    const json_t *claim = json_object_get(payload, LTI_CLAIM "target_link_uri");
    if (out->message == MODEL_MESSAGE_DEEP_LINKING && (claim == NULL || json_is_null(claim))) {
        return true;
    }
    struct lti_url ours;
    struct lti_url target;
    if (!json_is_string(claim) || !lti_url_read(js_sv(claim), &target) ||
        !lti_url_read(check->base_url, &ours) || !lti_url_same_origin(ours, target)) {
        return err_because(err, ERR_DENIED, "target_link_uri",
                           "the launch leads to a page that is not this tool's: %.*s instead of an "
                           "address below %.*s/",
                           SV_ARG(shown_url(a, js_sv(claim))), SV_ARG(check->base_url));
    }
    out->target_link_uri = sv_copy(a, js_sv(claim));
    return true;
}

bool lti_claims_sender(const struct lti_claims_check *check, const json_t *payload, struct arena *a,
                       struct err *err) {
    struct sv issuer = check->registration->issuer;
    if (issuer.len == 0 || !sv_eq(string_of(payload, "iss"), issuer)) {
        return refuse(err, "iss", "the launch comes from another platform than its login");
    }
    return check_audience(check, payload, a, err);
}

bool lti_claims_read(const struct lti_claims_check *check, const json_t *payload, struct arena *a,
                     struct lti_launch *out, struct err *err) {
    *out = (struct lti_launch){.launch.registration_id = check->registration->id};
    struct model_launch *launch = &out->launch;
    struct sv deployment = {0};
    if (!lti_claims_sender(check, payload, a, err) ||
        !lti_claims_times(check, payload, &launch->expires_at_s, err) ||
        !check_nonce(check, payload, err) || !check_message(payload, &launch->message, err) ||
        !lti_claims_deployment(check, payload, &deployment, err)) {
        return false;
    }
    struct sv sub = string_of(payload, "sub");
    if (!is_ascii_id(sub)) {
        return refuse(
            err, "sub",
            "the launch does not say who the person is; anonymous launches are not served");
    }
    struct lti_roles roles;
    if (!lti_roles_read(json_object_get(payload, LTI_CLAIM "roles"), &roles, err) ||
        !check_link(check, payload, a, out, err) || !check_target(check, payload, a, launch, err)) {
        return false;
    }
    launch->nonce = sv_copy(a, check->nonce);
    launch->deployment_id = sv_copy(a, deployment);
    launch->sub = sv_copy(a, sub);
    launch->role = roles.role;
    launch->is_learner = roles.is_learner;
    launch->is_lms_admin = roles.is_lms_admin;
    return lti_optional_read(check, payload, &roles, a, out, err);
}
