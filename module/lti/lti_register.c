#include "lti_register.h"
#include "jose_jws.h"
#include "lti_claims.h"
#include "lti_register_words.h"
#include "lti_token.h"
#include "lti_url.h"

#define PRODUCT_MAX 100
#define PLACEMENTS_MAX 100
#define CLIENT_ID_MAX 255

const struct lti_register_service lti_register_services[LTI_REGISTER_SERVICES] = {
    {LTI_SCOPE_LINEITEM, "make a gradebook column for a badge"},
    {LTI_SCOPE_SCORE, "write into its own gradebook columns"},
    {LTI_SCOPE_RESULT_READ, "read results of its gradebook columns"},
    {LTI_SCOPE_ROSTER, "see who is in a course"},
    {LTI_SCOPE_NOTICES, "be told when a course was copied"},
};

static bool refuse(struct err *err, const char *member, const char *why) {
    return err_because(err, ERR_INPUT, "openid_configuration",
                       "the platform's configuration cannot be used: %s %s", member, why);
}

bool lti_register_check_url(struct sv url, struct err *err) {
    if (url.len == 0) {
        return err_because(err, ERR_INPUT, "openid_configuration",
                           "the platform did not say where its configuration is");
    }
    if (!lti_url_is_safe(url) || sv_find(url, '#') < url.len) {
        return err_because(
            err, ERR_INPUT, "openid_configuration",
            "the platform says that its configuration is at an address that is not https");
    }
    return true;
}

static bool is_canvas_host(struct lti_url url) {
    return url.is_tls && url.port == 443 &&
           (sv_ends(url.host, SV(".instructure.com")) || sv_ends(url.host, SV(".canvaslms.com")));
}

static bool is_extra_host(const struct lti_register_judge *judge, struct lti_url url) {
    return judge->extra_host.len > 0 && url.is_tls && sv_eq_nocase(url.host, judge->extra_host);
}

/* The same host; on loopback the port is all that tells servers apart. */
static bool is_same_host(struct lti_url left, struct lti_url right) {
    return lti_url_is_loopback(left)
               ? lti_url_same_origin(left, right)
               : left.is_tls && right.is_tls && sv_eq_nocase(left.host, right.host);
}

/* May the issuer's configuration say that this URL is its own? */
static bool is_own(const struct lti_register_judge *judge, struct sv issuer, struct lti_url home,
                   struct lti_url url) {
    return is_same_host(home, url) || is_extra_host(judge, url) ||
           (lti_claims_is_canvas_cloud(issuer) && is_canvas_host(url));
}

static bool read_issuer(const struct lti_register_judge *judge, const json_t *config,
                        struct lti_register_platform *out, struct lti_url *home, struct err *err) {
    struct lti_url served = {0};
    if (!js_string(config, "issuer", &out->issuer) || !lti_url_is_safe(out->issuer) ||
        !lti_url_read(out->issuer, home) || sv_find(out->issuer, '#') < out->issuer.len) {
        return refuse(err, "issuer", "is no https address");
    }
    if (!lti_register_check_url(judge->config_url, err) ||
        !lti_url_read(judge->config_url, &served)) {
        return refuse(err, "its address", "is no https address");
    }
    bool is_served_by_canvas = lti_claims_is_canvas_cloud(out->issuer) &&
                               (is_canvas_host(served) || is_extra_host(judge, served));
    return is_same_host(*home, served) || is_served_by_canvas ||
           refuse(err, "issuer",
                  "belongs to another host than the one that served it; where a school runs Canvas "
                  "on its own host, invite it with --config-host");
}

static bool read_endpoints(const struct lti_register_judge *judge, const json_t *config,
                           struct lti_url home, struct lti_register_platform *out,
                           struct err *err) {
    const struct {
        const char *name;
        struct sv *out;
    } rows[] = {{"authorization_endpoint", &out->auth_url},
                {"token_endpoint", &out->token_url},
                {"jwks_uri", &out->jwks_url},
                {"registration_endpoint", &out->registration_url}};
    struct lti_url url = {0};
    struct lti_url served = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!js_string(config, rows[i].name, rows[i].out) || !lti_url_is_safe(*rows[i].out) ||
            sv_find(*rows[i].out, '#') < rows[i].out->len || !lti_url_read(*rows[i].out, &url)) {
            return refuse(err, rows[i].name, "is missing or no https address");
        }
        if (!is_own(judge, out->issuer, home, url)) {
            return refuse(err, rows[i].name, "is on a host that is not the issuer's");
        }
    }
    return (lti_url_read(judge->config_url, &served) && lti_url_same_origin(served, url)) ||
           refuse(err, "registration_endpoint",
                  "is on another host than the configuration, so it gets no token");
}

/* An array of texts that must have `need` in it; an absent one says nothing against it. */
static bool supports(const json_t *config, const char *member, const char *need, struct err *err) {
    const json_t *list = NULL;
    size_t i = 0;
    const json_t *one = NULL;
    if (!js_array(config, member, &list)) {
        return refuse(err, member, "is no list");
    }
    json_array_foreach(list, i, one) {
        if (sv_eq(js_sv(one), sv_from(need))) {
            return true;
        }
    }
    return list == NULL || refuse(err, member, "lacks what LTI demands (RS256, private_key_jwt)");
}

static bool read_services(const json_t *config, struct lti_register_platform *out,
                          struct err *err) {
    const json_t *list = NULL;
    size_t i = 0;
    const json_t *one = NULL;
    if (!js_array(config, "scopes_supported", &list)) {
        return refuse(err, "scopes_supported", "is no list");
    }
    json_array_foreach(list, i, one) {
        for (size_t s = 0; s < LTI_REGISTER_SERVICES; s++) {
            out->offers[s] =
                out->offers[s] || sv_eq(js_sv(one), sv_from(lti_register_services[s].scope));
        }
    }
    return true;
}

static void read_placements(const json_t *message, struct arena *a, struct sv **out,
                            size_t *count) {
    const json_t *list = NULL;
    size_t i = 0;
    const json_t *one = NULL;
    if (!js_array(message, "placements", &list) || list == NULL) {
        return;
    }
    *count = 0;
    *out = ARENA_ARRAY(a, struct sv, PLACEMENTS_MAX);
    json_array_foreach(list, i, one) {
        if (json_is_string(one) && *count < PLACEMENTS_MAX) {
            (*out)[(*count)++] = sv_copy(a, js_sv(one));
        }
    }
}

static bool read_messages(const json_t *about, struct arena *a, struct lti_register_platform *out,
                          struct err *err) {
    const json_t *list = NULL;
    size_t i = 0;
    const json_t *one = NULL;
    if (!js_array(about, "messages_supported", &list)) {
        return refuse(err, "messages_supported", "is no list");
    }
    json_array_foreach(list, i, one) {
        struct sv type = js_sv(json_object_get(one, "type"));
        if (sv_eq(type, SV("LtiResourceLinkRequest"))) {
            read_placements(one, a, &out->link_placements, &out->link_placement_count);
        } else if (sv_eq(type, SV("LtiDeepLinkingRequest"))) {
            out->has_deep_linking = true;
            read_placements(one, a, &out->deep_placements, &out->deep_placement_count);
        }
    }
    return true;
}

static bool read_rest(const json_t *config, struct arena *a, struct lti_register_platform *out,
                      struct err *err) {
    const json_t *about = NULL;
    if (!js_string(config, "authorization_server", &out->token_audience) ||
        out->token_audience.len > LTI_URL_MAX || !sv_is_printable_ascii(out->token_audience)) {
        return refuse(err, "authorization_server", "is no plain text");
    }
    if (!js_object(config, "https://purl.imsglobal.org/spec/lti-platform-configuration", &about) ||
        !js_string(about, "product_family_code", &out->product)) {
        return refuse(err, "lti-platform-configuration", "is of a wrong type");
    }
    out->product = sv_clip_utf8(out->product, PRODUCT_MAX);
    if (sv_eq(out->product, SV("canvas"))) {
        out->token_audience = sv_of(NULL, 0); /* takes its token URL and nothing else: lti.md 3.2 */
    }
    return supports(config, "id_token_signing_alg_values_supported", "RS256", err) &&
           supports(config, "token_endpoint_auth_signing_alg_values_supported", "RS256", err) &&
           supports(config, "token_endpoint_auth_methods_supported", "private_key_jwt", err) &&
           read_services(config, out, err) && read_messages(about, a, out, err);
}

bool lti_register_platform_parse(const struct lti_register_judge *judge, struct sv body,
                                 struct arena *a, struct lti_register_platform *out,
                                 struct err *err) {
    AUTO_JSON *config = NULL;
    struct err why = {0};
    struct lti_url home = {0};
    *out = (struct lti_register_platform){0};
    if (!js_parse(body, LTI_REGISTER_CONFIG_MAX, "the configuration", &config, &why) ||
        !json_is_object(config)) {
        return refuse(err, "it", "is no JSON object of at most 64 KiB");
    }
    if (!read_issuer(judge, config, out, &home, err) ||
        !read_endpoints(judge, config, home, out, err) || !read_rest(config, a, out, err)) {
        return false;
    }
    struct sv *texts[] = {&out->issuer,   &out->auth_url,         &out->token_url,
                          &out->jwks_url, &out->registration_url, &out->token_audience,
                          &out->product};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        *texts[i] = sv_copy(a, *texts[i]); /* they outlive the JSON */
    }
    return true;
}

static bool bad_answer(struct err *err, const char *why) {
    return err_because(err, ERR_INPUT, "registration_response",
                       "the platform's answer to the registration cannot be used: %s", why);
}

static bool is_id(struct sv id) {
    return id.len > 0 && id.len <= CLIENT_ID_MAX && sv_is_printable_ascii(id);
}

static struct sv deployment_of(const json_t *answer) {
    const json_t *tool = json_object_get(answer, LTI_REGISTER_TOOL);
    struct sv inside = js_sv(json_object_get(tool, "deployment_id"));
    struct sv beside = js_sv(json_object_get(answer, "deployment_id"));
    return is_id(inside) ? inside : is_id(beside) ? beside : sv_of(NULL, 0);
}

bool lti_register_is_update(struct sv token, struct arena *a) {
    AUTO_JSON *claims = NULL;
    struct jose_jws jws = {0};
    struct err ignored = {0};
    return jose_jws_split(a, token, LTI_REGISTER_TOKEN_MAX, &jws, &ignored) &&
           js_parse(jws.payload, LTI_REGISTER_TOKEN_MAX, "the token", &claims, &ignored) &&
           sv_eq(js_sv(json_object_get(claims, "scope")), SV("reg-update"));
}

static void read_scopes(const struct lti_register_platform *platform, const json_t *answer,
                        struct arena *a, struct lti_register_grant *out) {
    const json_t *scope = json_object_get(answer, "scope");
    struct str granted;
    str_init(&granted, a, 1024);
    for (size_t s = 0; s < LTI_REGISTER_SERVICES; s++) {
        struct sv rest = js_sv(scope);
        bool is_listed = !json_is_string(scope);
        while (rest.len > 0) {
            struct sv one;
            (void)sv_cut(rest, ' ', &one, &rest);
            is_listed = is_listed || sv_eq(one, sv_from(lti_register_services[s].scope));
        }
        out->grants[s] = platform->offers[s] && is_listed;
        if (out->grants[s]) {
            str_add_c(&granted, granted.len == 0 ? "" : " ");
            str_add_c(&granted, lti_register_services[s].scope);
        }
    }
    out->scopes = str_sv(&granted);
}

bool lti_register_grant_parse(const struct lti_register_platform *platform, struct sv body,
                              struct arena *a, struct lti_register_grant *out, struct err *err) {
    AUTO_JSON *answer = NULL;
    struct err why = {0};
    *out = (struct lti_register_grant){0};
    if (!js_parse(body, LTI_REGISTER_RESPONSE_MAX, "the answer", &answer, &why) ||
        !json_is_object(answer)) {
        return bad_answer(err, "it is no JSON object");
    }
    struct sv client_id = js_sv(json_object_get(answer, "client_id"));
    if (!is_id(client_id)) {
        return bad_answer(err, "its client_id is missing or no text of 1 to 255 plain characters");
    }
    out->client_id = sv_copy(a, client_id);
    out->deployment_id = sv_copy(a, deployment_of(answer));
    read_scopes(platform, answer, a, out);
    return true;
}
