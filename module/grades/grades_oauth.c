#include "grades_oauth.h"
#include "base_encode.h"
#include "base_json.h"

#define REPLY_MAX ((size_t)64 << 10)
#define TOKEN_MAX 4096
#define FORM_MAX ((size_t)32 << 10)
#define NAME_MAX_BYTES 200
#define LIFE_MIN_S 60
#define LIFE_MAX_S 3600
#define LIFE_UNSAID_S 300

const char *const grades_oauth_scopes[] = {
    "url:GET|/api/v1/courses/:id",
    "url:GET|/api/v1/courses/:course_id/enrollments",
    "url:GET|/api/v1/courses/:course_id/assignments",
    "url:GET|/api/v1/courses/:course_id/students/submissions",
    "url:GET|/api/v1/courses/:course_id/modules",
    "url:GET|/api/v1/courses/:course_id/modules/:module_id/items",
    "url:GET|/api/v1/courses/:course_id/bulk_user_progress",
    "url:GET|/api/v1/courses/:course_id/users/:user_id/progress",
    "url:GET|/api/v1/courses/:course_id/outcome_rollups",
    "url:GET|/api/v1/courses/:course_id/grading_standards/:grading_standard_id",
    "url:GET|/api/v1/users/:id",
    "url:GET|/api/v1/courses/:course_id/users/:id",
};
const size_t grades_oauth_scope_count = ARRAY_LEN(grades_oauth_scopes);

static bool park(struct err *err, enum err_code code, const char *reason, const char *text) {
    (void)err_because(err, code, reason, "%s", text);
    return err_retry_as(err, ERR_RETRY_PARK);
}

static void add(struct str *out, const char *name, struct sv value) {
    str_addf(out, "%s%s=", out->len == 0 ? "" : "&", name);
    percent_encode(out, value);
}

struct sv grades_oauth_url(struct arena *a, const struct grades_oauth_key *key, struct sv state) {
    struct str query;
    struct str scopes;
    str_init(&query, a, 8192);
    str_init(&scopes, a, 4096);
    for (size_t i = 0; i < grades_oauth_scope_count; i++) {
        str_addf(&scopes, "%s%s", i == 0 ? "" : " ", grades_oauth_scopes[i]);
    }
    add(&query, "client_id", key->client_id);
    add(&query, "response_type", SV("code"));
    add(&query, "redirect_uri", key->redirect_uri);
    add(&query, "state", state);
    if (key->asks_scopes) {
        add(&query, "scope", str_sv(&scopes));
    }
    struct sv pairs = str_sv(&query);
    return sv_printf(a, "%.*s/login/oauth2/auth?%.*s", SV_ARG(key->base_url), SV_ARG(pairs));
}

/* A token goes into a header line as it is. */
static bool token_is_clean(struct sv token) {
    return token.len > 0 && token.len <= TOKEN_MAX && sv_is_printable_ascii(token) &&
           sv_find(token, ' ') == token.len;
}

/* A number, or a text that is one; what is neither, or not above zero, is as if unsaid. */
static int64_t life_of(const json_t *expires_in) {
    struct dec d;
    if (!js_decimal(expires_in, &d) || dec_cmp(d, dec_from_i64(0)) <= 0) {
        return LIFE_UNSAID_S;
    }
    double seconds = dec_to_double(d);
    return seconds >= LIFE_MAX_S   ? LIFE_MAX_S
           : seconds <= LIFE_MIN_S ? LIFE_MIN_S
                                   : (int64_t)seconds;
}

static void user_of(const json_t *user, struct arena *a, struct grades_oauth_grant *out) {
    const json_t *id = json_object_get(user, "id");
    out->user_id = json_is_integer(id) ? sv_printf(a, "%lld", (long long)json_integer_value(id))
                                       : sv_copy(a, sv_clip_utf8(js_sv(id), 40));
    out->user_name =
        sv_copy(a, sv_clip_utf8(sv_trim(js_sv(json_object_get(user, "name"))), NAME_MAX_BYTES));
}

static bool reply_parse(struct sv body, struct arena *a, struct grades_oauth_grant *out,
                        struct err *err) {
    static const char not_one[] = "Canvas's token service did not answer with a token: check that "
                                  "the base URL is Canvas's own address";
    AUTO_JSON *reply = NULL;
    struct err ignored = {0};
    struct sv access;
    struct sv refresh;
    struct sv type;
    if (!js_parse(body, REPLY_MAX, "token reply", &reply, &ignored) || !json_is_object(reply) ||
        !js_string(reply, "access_token", &access) ||
        !js_string(reply, "refresh_token", &refresh) || !js_string(reply, "token_type", &type) ||
        !token_is_clean(access) || (refresh.len > 0 && !token_is_clean(refresh)) ||
        (type.len > 0 && !sv_eq_nocase(type, SV("bearer")))) {
        return park(err, ERR_UPSTREAM, "token_reply", not_one);
    }
    *out = (struct grades_oauth_grant){.access = sv_copy(a, access),
                                       .refresh = sv_copy(a, refresh),
                                       .lasts_s = life_of(json_object_get(reply, "expires_in"))};
    user_of(json_object_get(reply, "user"), a, out);
    return true;
}

/* RFC 6749 5.2: invalid_client is of the key, every other code of the grant. What names no code is
 * not Canvas's word: nobody has to grant anew because a proxy was in a mood. */
static bool refuse(const struct net_response *response, struct err *err) {
    AUTO_JSON *reply = NULL;
    struct err ignored = {0};
    struct sv code = {0};
    if (js_parse(response->body, REPLY_MAX, "refusal", &reply, &ignored)) {
        code = js_sv(json_object_get(reply, "error"));
    }
    if (code.len == 0) {
        (void)err_because(err, ERR_UPSTREAM, "token_reply",
                          "what answers at Canvas's token address refuses without a reason; Laurel "
                          "tries again later");
        return err_retry_as(err, ERR_RETRY_LATER);
    }
    return sv_eq(code, SV("invalid_client"))
               ? park(err, ERR_DENIED, "client",
                      "Canvas does not take the developer key: see that it is switched on there, "
                      "set its id and secret again with `laurel source set`, and connect Canvas "
                      "again on Laurel's Connection page")
               : park(err, ERR_DENIED, "grant",
                      "Canvas no longer takes what was granted to Laurel (it was deleted there, or "
                      "its person has left): a badge admin must connect Canvas again on Laurel's "
                      "Connection page");
}

static bool status_check(const struct net_response *response, struct err *err) {
    int status = response->status;
    if (status == 400 || status == 401) {
        return refuse(response, err);
    }
    if (status >= 300 && status < 400) {
        return park(err, ERR_UPSTREAM, "http_3xx",
                    "Canvas redirects to another address: set that one as the base URL");
    }
    return net_status_check(response, "asking Canvas for a token", err);
}

static bool ask(const struct grades_oauth_key *key, struct str *form, const struct lti_http *http,
                struct arena *a, struct grades_oauth_grant *out, struct err *err) {
    struct net_response response = {0};
    const struct net_header headers[] = {{SV("Accept"), SV("application/json")}};
    add(form, "client_id", key->client_id);
    add(form, "client_secret", key->secret);
    const struct net_request request = {
        .method = NET_POST,
        .net_class = NET_CLASS_PLATFORM,
        .url = sv_printf(a, "%.*s/login/oauth2/token", SV_ARG(key->base_url)),
        .headers = headers,
        .header_count = ARRAY_LEN(headers),
        .content_type = SV("application/x-www-form-urlencoded"),
        .body = str_sv(form),
        .body_max_bytes = REPLY_MAX};
    return str_ok(form, "the token request", err) &&
           http->fetch(http->ctx, &request, &response, a, err) && status_check(&response, err) &&
           reply_parse(response.body, a, out, err);
}

bool grades_oauth_exchange(const struct grades_oauth_key *key, struct sv code,
                           const struct lti_http *http, struct arena *a,
                           struct grades_oauth_grant *out, struct err *err) {
    struct str form;
    str_init(&form, a, FORM_MAX);
    add(&form, "grant_type", SV("authorization_code"));
    add(&form, "redirect_uri", key->redirect_uri);
    add(&form, "code", code);
    return ask(key, &form, http, a, out, err) &&
           (out->refresh.len > 0 ||
            park(err, ERR_UPSTREAM, "token_reply",
                 "Canvas gave a token that cannot be renewed: make an API key there, not an LTI "
                 "key"));
}

bool grades_oauth_renew(const struct grades_oauth_key *key, struct sv refresh,
                        const struct lti_http *http, struct arena *a,
                        struct grades_oauth_grant *out, struct err *err) {
    struct str form;
    str_init(&form, a, FORM_MAX);
    add(&form, "grant_type", SV("refresh_token"));
    add(&form, "refresh_token", refresh);
    return ask(key, &form, http, a, out, err);
}

bool grades_oauth_revoke(struct sv base_url, struct sv access, const struct lti_http *http,
                         struct arena *a, struct err *err) {
    struct net_response response = {0};
    const struct net_header headers[] = {
        {SV("Authorization"), sv_printf(a, "Bearer %.*s", SV_ARG(access))}};
    const struct net_request request = {
        .method = NET_DELETE,
        .net_class = NET_CLASS_PLATFORM,
        .url = sv_printf(a, "%.*s/login/oauth2/token", SV_ARG(base_url)),
        .headers = headers,
        .header_count = ARRAY_LEN(headers),
        .body_max_bytes = REPLY_MAX};
    return http->fetch(http->ctx, &request, &response, a, err) && status_check(&response, err);
}
