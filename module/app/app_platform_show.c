/* What is known of a registration, as JSON and for people. */
#include "app_platform.h"
#include "store_parked.h"
#include "store_registration.h"

static json_t *deployments_json(const struct store_deployment *deployments, size_t count) {
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(
            list, json_pack("{s:s%, s:s%, s:b}", "deployment_id", deployments[i].deployment_id.ptr,
                            deployments[i].deployment_id.len, "institution",
                            deployments[i].institution.ptr, deployments[i].institution.len,
                            "is_active", deployments[i].is_active ? 1 : 0));
    }
    return list;
}

static json_t *parked_json(const struct store_parked *parked, size_t count) {
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        char first[RFC3339_MAX];
        char last[RFC3339_MAX];
        (void)json_array_append_new(
            list,
            json_pack("{s:s%, s:s%, s:s, s:s, s:I, s:b}", "deployment_id",
                      parked[i].deployment_id.ptr, parked[i].deployment_id.len, "title",
                      parked[i].title.ptr, parked[i].title.len, "first_at",
                      rfc3339_format(parked[i].first_at, first), "last_at",
                      rfc3339_format(parked[i].last_at, last), "launches",
                      (json_int_t)parked[i].launches, "is_refused", parked[i].is_refused ? 1 : 0));
    }
    return list;
}

static void add_texts(const struct app *app, json_t *out, const struct model_registration *r) {
    struct arena *a = (struct arena *)&app->arena;
    struct sv base = app->conf.base_url;
    const struct {
        const char *key;
        struct sv value;
    } texts[] = {
        {"registration", r->slug},
        {"issuer", r->issuer},
        {"client_id", r->client_id},
        {"auth_url", r->auth_url},
        {"token_url", r->token_url},
        {"jwks_url", r->jwks_url},
        {"token_audience", r->token_audience},
        {"tool_url", sv_printf(a, "%.*s/lti/launch", SV_ARG(base))},
        {"login_url", sv_printf(a, "%.*s/lti/login", SV_ARG(base))},
        {"launch_url", sv_printf(a, "%.*s/lti/launch", SV_ARG(base))},
        {"tool_jwks_url", sv_printf(a, "%.*s/lti/jwks", SV_ARG(base))},
        {"own_login_url", sv_printf(a, "%.*s/lti/login/%.*s", SV_ARG(base), SV_ARG(r->slug))},
        {"own_launch_url", sv_printf(a, "%.*s/lti/launch/%.*s", SV_ARG(base), SV_ARG(r->slug))},
        {"own_jwks_url", sv_printf(a, "%.*s/lti/jwks/%.*s", SV_ARG(base), SV_ARG(r->slug))},
        {"new_deployments", r->approves_deployments ? SV("approve") : SV("ask")},
        {"scopes", r->scopes},
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        (void)json_object_set_new(
            out, texts[i].key,
            json_stringn(texts[i].value.ptr == NULL ? "" : texts[i].value.ptr, texts[i].value.len));
    }
}

bool app_registration_json(struct app *app, const struct model_registration *r, json_t **out,
                           struct err *err) {
    struct store_deployment *deployments = NULL;
    struct store_parked *parked = NULL;
    size_t count = 0;
    size_t parked_count = 0;
    if (!store_deployment_list(app->store, r->id, &app->arena, &deployments, &count, err) ||
        !store_parked_list(app->store, r->id, &app->arena, &parked, &parked_count, err)) {
        return false;
    }
    *out = json_object();
    add_texts(app, *out, r);
    (void)json_object_set_new(*out, "trust_admin_role", json_boolean(r->trusts_admin_role));
    (void)json_object_set_new(*out, "is_enabled", json_boolean(r->is_enabled));
    (void)json_object_set_new(*out, "deployments", deployments_json(deployments, count));
    (void)json_object_set_new(*out, "parked", parked_json(parked, parked_count));
    return true;
}

static void print_member(const json_t *r, const char *label, const char *key) {
    printf("  %-22s %s\n", label, json_string_value(json_object_get(r, key)));
}

static void print_registration(const json_t *r) {
    printf("%s  client %s%s\n", json_string_value(json_object_get(r, "issuer")),
           json_string_value(json_object_get(r, "client_id")),
           json_is_true(json_object_get(r, "is_enabled")) ? "" : "  (disabled)");
    print_member(r, "registration", "registration");
    print_member(r, "authentication URL", "auth_url");
    print_member(r, "access token URL", "token_url");
    print_member(r, "platform keys URL", "jwks_url");
    puts("  enter at the platform:");
    print_member(r, "  tool URL", "tool_url");
    print_member(r, "  initiate login URL", "login_url");
    print_member(r, "  redirection URI", "launch_url");
    print_member(r, "  public keyset URL", "tool_jwks_url");
    puts("  or, when two platforms share issuer and client id, its own addresses:");
    print_member(r, "  initiate login URL", "own_login_url");
    print_member(r, "  redirection URI", "own_launch_url");
    print_member(r, "  public keyset URL", "own_jwks_url");
    size_t i = 0;
    const json_t *d = NULL;
    json_array_foreach(json_object_get(r, "deployments"), i, d) {
        printf("  deployment %s  %s%s\n", json_string_value(json_object_get(d, "deployment_id")),
               json_string_value(json_object_get(d, "institution")),
               json_is_true(json_object_get(d, "is_active")) ? "" : "  (inactive)");
    }
    json_array_foreach(json_object_get(r, "parked"), i, d) {
        bool is_refused = json_is_true(json_object_get(d, "is_refused"));
        printf("  deployment %s  %s, %lld launch(es) since %s from \"%s\"\n",
               json_string_value(json_object_get(d, "deployment_id")),
               is_refused ? "refused" : "waits for `laurel platform approve`",
               (long long)json_integer_value(json_object_get(d, "launches")),
               json_string_value(json_object_get(d, "first_at")),
               json_string_value(json_object_get(d, "title")));
    }
}

bool app_show_registration(struct app *app, const struct model_registration *r, bool is_json,
                           struct err *err) {
    json_t *out = NULL;
    if (!app_registration_json(app, r, &out, err)) {
        return false;
    }
    if (is_json) {
        return app_print_json(out, err);
    }
    print_registration(out);
    json_decref(out);
    return true;
}
