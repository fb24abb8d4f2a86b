#include "lti_token.h"
#include "base_encode.h"
#include "jose_jws.h"

#define REPLY_MAX ((size_t)64 << 10)
#define ASSERTION_LIFE_S 240
#define ASSERTION_BACKDATED_S 60
#define LIFE_MAX_S 3600
#define LIFE_UNSAID_S 300
#define LIFE_MARGIN_S 60

static bool sign_with_key(void *ctx, const json_t *claims, struct arena *a, struct sv *jwt,
                          struct err *err) {
    return jose_jwt_sign(ctx, claims, a, jwt, err);
}

struct lti_signer lti_signer_of(const struct jose_key *key) {
    /* ctx is not const; the key stays untouched. */
    union {
        const struct jose_key *in;
        void *out;
    } ctx = {.in = key};
    return (struct lti_signer){.sign = sign_with_key, .ctx = ctx.out};
}

static bool set_text(json_t *claims, const char *name, struct sv value) {
    return json_object_set_new(claims, name, json_stringn(value.ptr, value.len)) == 0;
}

static bool assertion_build(const struct lti_token_ask *ask, struct arena *a, struct sv *jwt,
                            struct err *err) {
    const struct model_registration *r = ask->registration;
    unsigned char jti[16];
    random_bytes(jti, sizeof jti);
    int64_t now = clock_now(ask->clock) / USEC_PER_S;
    AUTO_JSON *claims = json_object();
    bool is_set =
        set_text(claims, "iss", r->client_id) && set_text(claims, "sub", r->client_id) &&
        set_text(claims, "aud", r->token_audience.len > 0 ? r->token_audience : r->token_url) &&
        json_object_set_new(claims, "iat", json_integer(now - ASSERTION_BACKDATED_S)) == 0 &&
        json_object_set_new(claims, "exp", json_integer(now + ASSERTION_LIFE_S)) == 0 &&
        set_text(claims, "jti", base64url_encode(a, jti, sizeof jti));
    if (is_set && ask->deployment_id.len > 0) {
        is_set = set_text(claims, "https://purl.imsglobal.org/spec/lti/claim/deployment_id",
                          ask->deployment_id);
    }
    if (!is_set) {
        return err_set(err, ERR_INPUT, "the registration's client id or URLs are not UTF-8");
    }
    return ask->signer->sign(ask->signer->ctx, claims, a, jwt, err);
}

static struct sv scopes_join(struct arena *a, const struct sv *scopes, size_t count) {
    struct str s;
    str_init(&s, a, 4096);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            str_add_char(&s, ' ');
        }
        str_add(&s, scopes[i]);
    }
    return str_sv(&s);
}

static bool form_build(const struct lti_token_ask *ask, struct sv assertion, struct arena *a,
                       struct sv *form, struct err *err) {
    struct str s;
    str_init(&s, a, (size_t)32 << 10);
    str_add_c(&s, "grant_type=client_credentials&client_assertion_type=");
    percent_encode(&s, SV("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
    str_add_c(&s, "&client_assertion=");
    percent_encode(&s, assertion);
    str_add_c(&s, "&scope=");
    percent_encode(&s, scopes_join(a, ask->scopes, ask->scope_count));
    *form = str_sv(&s);
    return str_ok(&s, "the token request", err);
}

static bool park(struct err *err, enum err_code code, const char *reason, const char *text) {
    (void)err_because(err, code, reason, "%s", text);
    return err_retry_as(err, ERR_RETRY_PARK);
}

static bool is_granted(struct sv granted, struct sv scope) {
    while (granted.len > 0) {
        struct sv word;
        (void)sv_cut(granted, ' ', &word, &granted);
        if (sv_eq(word, scope)) {
            return true;
        }
    }
    return false;
}

/* RFC 6750 2.1 asks for less; what matters is that it cannot break out of a header line. */
static bool token_is_clean(struct sv token) {
    for (size_t i = 0; i < token.len; i++) {
        if (token.ptr[i] <= ' ' || token.ptr[i] >= 0x7f) {
            return false;
        }
    }
    return token.len > 0 && token.len <= LTI_TOKEN_MAX;
}

static int64_t life_of(const json_t *expires_in) {
    int64_t seconds = LIFE_UNSAID_S;
    struct dec d;
    if (json_is_string(expires_in)) {
        if (!num_parse_i64(js_sv(expires_in), INT64_MIN, INT64_MAX, &seconds)) {
            seconds = 0;
        }
    } else if (expires_in != NULL && !json_is_null(expires_in) &&
               !js_seconds(expires_in, &seconds)) {
        bool is_huge = js_decimal(expires_in, &d) && !dec_is_negative(d);
        seconds = is_huge ? LIFE_MAX_S : 0;
    }
    seconds = seconds > LIFE_MAX_S ? LIFE_MAX_S : seconds;
    return seconds > LIFE_MARGIN_S ? seconds - LIFE_MARGIN_S : 0;
}

bool lti_token_reply_parse(struct sv body, const struct sv *scopes, size_t scope_count,
                           struct arena *a, struct lti_token_grant *out, struct err *err) {
    static const char not_one[] =
        "the platform's token service did not answer with a token: check the token URL";
    AUTO_JSON *reply = NULL;
    struct sv token;
    struct sv type;
    struct sv granted;
    if (!js_parse(body, REPLY_MAX, "token reply", &reply, NULL) || !json_is_object(reply) ||
        !js_string(reply, "access_token", &token) || !js_string(reply, "token_type", &type) ||
        !js_string(reply, "scope", &granted)) {
        return park(err, ERR_UPSTREAM, "token_reply", not_one);
    }
    if (!token_is_clean(token) || (type.len > 0 && !sv_eq_nocase(type, SV("bearer")))) {
        return park(err, ERR_UPSTREAM, "token_reply", not_one);
    }
    for (size_t i = 0; i < scope_count && granted.len > 0; i++) {
        if (!is_granted(granted, scopes[i])) {
            (void)err_because(err, ERR_DENIED, "scope",
                              "the platform does not grant the scope %.*s: switch the service on "
                              "for this tool in the platform",
                              SV_ARG(sv_head(scopes[i], 100)));
            return err_retry_as(err, ERR_RETRY_PARK);
        }
    }
    *out = (struct lti_token_grant){.token = sv_copy(a, token),
                                    .scope = sv_copy(a, granted),
                                    .lasts_s = life_of(json_object_get(reply, "expires_in"))};
    return true;
}

/* What 400 and 401 say. Only words known beforehand are looked for; nothing is echoed. */
static bool refusal(struct sv body, struct err *err) {
    static const struct {
        struct sv word;
        const char *reason, *text;
    } rows[] = {
        {SV("invalid_client"), "token_refused",
         "the platform does not know this client id, or our signature does not fit the keys it has "
         "of us: compare the client id, and point its key set URL to /lti/jwks"},
        {SV("invalid_scope"), "scope",
         "the platform grants none of the scopes asked for: switch the services on for this tool "
         "in the platform"},
        {SV("unsupported_grant_type"), "token_refused",
         "the platform's token service does not take client credentials: check the token URL"},
        {SV("Cannot handle token"), "token_refused",
         "the platform says our token is from the future: check the clocks of both servers"},
        {SV("Expired token"), "token_refused",
         "the platform says our token has expired: check the clocks of both servers"},
    };
    AUTO_JSON *reply = NULL;
    struct sv error;
    if (js_parse(body, REPLY_MAX, "token error", &reply, NULL) &&
        js_string(reply, "error", &error)) {
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
            if (sv_starts(error, rows[i].word)) {
                return park(err, ERR_DENIED, rows[i].reason, rows[i].text);
            }
        }
    }
    return park(err, ERR_DENIED, "token_refused",
                "the platform's token service refused us: check client id, token audience and the "
                "key set URL registered there");
}

bool lti_token_request(const struct lti_token_ask *ask, struct arena *a,
                       struct lti_token_grant *out, struct err *err) {
    struct sv assertion = {0};
    struct sv form;
    if (!assertion_build(ask, a, &assertion, err) || !form_build(ask, assertion, a, &form, err)) {
        return false;
    }
    const struct net_request request = {
        .method = NET_POST,
        .net_class = NET_CLASS_PLATFORM,
        .url = ask->registration->token_url,
        .body = form,
        .content_type = SV("application/x-www-form-urlencoded"),
        .body_max_bytes = REPLY_MAX,
    };
    struct net_response response = {0};
    if (!ask->http->fetch(ask->http->ctx, &request, &response, a, err)) {
        return false;
    }
    if (response.status == 400 || response.status == 401 || response.status == 403) {
        return refusal(response.body, err);
    }
    if (response.status == 404) { /* Moodle answers so when it cannot fetch our keys */
        return park(err, ERR_UPSTREAM, "http_404",
                    "the token URL is wrong, or the platform cannot reach our key set: check both");
    }
    return net_status_check(&response, "asking for a token", err) &&
           lti_token_reply_parse(response.body, ask->scopes, ask->scope_count, a, out, err);
}
