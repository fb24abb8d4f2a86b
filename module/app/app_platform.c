#include "app_platform.h"
#include "jose_key.h"
#include "lti_url.h"
#include "store_key.h"
#include "store_registration.h"
#include <string.h>

static bool check_url(struct sv url, const char *option, struct err *err) {
    if (!lti_url_is_safe(url) || sv_find(url, '#') < url.len) {
        return err_because(err, ERR_INPUT, "usage",
                           "--%s must be an https:// address (http:// only for 127.0.0.1 and "
                           "localhost), without a #",
                           option);
    }
    return true;
}

static bool check_id(struct sv id, const char *option, struct err *err) {
    if (id.len < 1 || id.len > 255 || !sv_is_printable_ascii(id)) {
        return err_because(err, ERR_INPUT, "usage", "--%s must be 1 to 255 plain characters",
                           option);
    }
    return true;
}

/* Each registration signs with a key of its own. */
static bool make_key(struct app *app, struct store_key_new *key, struct err *err) {
    struct jose_key_texts texts = {0};
    if (!jose_key_make(&app->arena, &texts, err)) {
        return false;
    }
    *key =
        (struct store_key_new){.kid = texts.kid, .public_jwk = texts.public_jwk, .pem = texts.pem};
    return true;
}

static bool check_new(struct store_platform_new *new, struct err *err) {
    const struct model_registration *r = &new->registration;
    if (!check_id(r->client_id, "client-id", err) || !check_url(r->issuer, "issuer", err) ||
        !check_url(r->auth_url, "auth-url", err) || !check_url(r->token_url, "token-url", err) ||
        !check_url(r->jwks_url, "jwks-url", err)) {
        return false;
    }
    for (size_t i = 0; i < new->deployment_count; i++) {
        if (!check_id(new->deployment_ids[i], "deployment", err)) {
            return false;
        }
    }
    new->institution = sv_trim(new->institution);
    if (new->deployment_count > 0 && new->institution.len == 0) {
        return err_because(
            err, ERR_INPUT, "usage",
            "--institution is missing: name the school that the deployment belongs to");
    }
    return true;
}

static bool platform_add(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct store_platform_new new = {0};
    struct model_registration *r = &new.registration;
    struct app_list deployments = {0};
    bool is_json = false;
    const struct app_option options[] = {
        {.name = "issuer",
         .text = &r->issuer,
         .is_required = true,
         .help = "URL       the platform's issuer (Moodle: Platform ID), exactly"},
        {.name = "client-id",
         .text = &r->client_id,
         .is_required = true,
         .help = "ID     the client id the platform gave this tool"},
        {.name = "auth-url",
         .text = &r->auth_url,
         .is_required = true,
         .help = "URL     its authentication request URL"},
        {.name = "token-url",
         .text = &r->token_url,
         .is_required = true,
         .help = "URL    its access token URL"},
        {.name = "jwks-url",
         .text = &r->jwks_url,
         .is_required = true,
         .help = "URL     its public keyset URL"},
        {.name = "token-audience",
         .text = &r->token_audience,
         .help = "AUD  audience of token requests, if not the token URL"},
        {.name = "deployment",
         .list = &deployments,
         .help = "ID    a deployment id; may be repeated"},
        {.name = "institution",
         .text = &new.institution,
         .help = "NAME the school the deployments belong to"},
        {.name = "trust-admin-role",
         .flag = &r->trusts_admin_role,
         .help = "   the platform's administrators are badge admins"},
        {.name = "another",
         .flag = &new.is_another,
         .help = "   a second platform that shares issuer and client id"},
        {.name = "json", .flag = &is_json, .help = "   print the result as JSON"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(stdout,
                       "platform add --issuer URL --client-id ID --auth-url URL --token-url URL "
                       "--jwks-url URL\n"
                       "              --deployment ID --institution NAME",
                       "Registers a learning platform, or adds deployments to one. Prints what to "
                       "enter at the "
                       "platform.",
                       &line);
        return true;
    }
    new.deployment_ids = deployments.items;
    if (!app_args_read(argc, argv, &line, err)) {
        return false;
    }
    new.deployment_count = deployments.count;
    if (!check_new(&new, err)) {
        return false;
    }
    struct model_registration added = {0};
    struct store_key_new key = {0};
    bool is_new = false;
    new.key = &key;
    return app_open_sealed_store(app, err) && make_key(app, &key, err) &&
           store_platform_add(app->store, &new, &app->arena, &added, &is_new, err) &&
           app_show_registration(app, &added, is_json, err);
}

static size_t waiting_count(const json_t *parked) {
    size_t n = 0;
    size_t i = 0;
    const json_t *one = NULL;
    json_array_foreach(parked, i, one) {
        n += json_is_true(json_object_get(one, "is_refused")) ? 0 : 1;
    }
    return n;
}

static bool platform_list(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    bool is_json = false;
    const struct app_option options[] = {
        {.name = "json", .flag = &is_json, .help = "   print as JSON"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(stdout, "platform list [--json]", "Lists the registered platforms.", &line);
        return true;
    }
    struct model_registration *all = NULL;
    size_t count = 0;
    const struct store_registration_key any = {0};
    if (!app_args_read(argc, argv, &line, err) || !app_open_store(app, err) ||
        !store_registration_list(app->store, &any, &app->arena, &all, &count, err)) {
        return false;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *one = NULL;
        if (!app_registration_json(app, &all[i], &one, err)) {
            json_decref(list);
            return false;
        }
        size_t n = json_array_size(json_object_get(one, "deployments"));
        size_t waiting = waiting_count(json_object_get(one, "parked"));
        (void)json_array_append_new(list, one);
        if (!is_json) {
            printf("%.*s  %.*s  client %.*s  %zu deployment%s%s%s\n", SV_ARG(all[i].slug),
                   SV_ARG(all[i].issuer), SV_ARG(all[i].client_id), n, n == 1 ? "" : "s",
                   waiting == 0 ? ""
                                : arena_printf(&app->arena, ", %zu wait for approval", waiting),
                   all[i].is_enabled ? "" : "  (disabled)");
        }
    }
    if (is_json) {
        return app_print_json(list, err);
    }
    json_decref(list);
    return true;
}

/* The one registration that the options name. */
bool app_find_registration(struct app *app, const struct app_which *w,
                           struct model_registration *out, struct err *err) {
    struct model_registration *all = NULL;
    size_t count = 0;
    const struct store_registration_key key = {
        .slug = w->slug, .issuer = w->issuer, .client_id = w->client_id};
    if (!store_registration_list(app->store, &key, &app->arena, &all, &count, err)) {
        return false;
    }
    if (count != 1) {
        return err_because(
            err, ERR_INPUT, "registration",
            "%zu platforms fit; name one by --registration, as `laurel platform list` shows",
            count);
    }
    *out = all[0];
    return true;
}

static bool platform_show(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct app_which w = {0};
    bool is_json = false;
    const struct app_option options[] = {
        APP_WHICH_OPTIONS(w), {.name = "json", .flag = &is_json, .help = "   print as JSON"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(stdout, "platform show --registration ID [--json]",
                       "Shows a platform and what to enter there.", &line);
        return true;
    }
    struct model_registration r = {0};
    return app_args_read(argc, argv, &line, err) && app_open_store(app, err) &&
           app_find_registration(app, &w, &r, err) && app_show_registration(app, &r, is_json, err);
}

/* What `platform edit` was given; empty: left as it is. */
struct edit {
    struct sv auth_url, token_url, jwks_url, audience, trust, policy, institution;
};

static bool edit_addresses(const struct edit *e, struct model_registration *r, struct err *err) {
    const struct {
        const char *name;
        struct sv value;
        struct sv *target;
    } urls[] = {{"auth-url", e->auth_url, &r->auth_url},
                {"token-url", e->token_url, &r->token_url},
                {"jwks-url", e->jwks_url, &r->jwks_url}};
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        if (urls[i].value.len > 0) {
            if (!check_url(urls[i].value, urls[i].name, err)) {
                return false;
            }
            *urls[i].target = urls[i].value;
        }
    }
    if (e->audience.len > 0) {
        r->token_audience = e->audience;
    }
    return true;
}

/* One of two words, or nothing: then *out stays. */
static bool edit_choice(struct sv word, const char *option, const char *yes, const char *no,
                        bool *out, struct err *err) {
    if (word.len == 0) {
        return true;
    }
    *out = sv_eq(word, sv_from(yes));
    return *out || sv_eq(word, sv_from(no)) ||
           err_because(err, ERR_INPUT, "usage", "--%s takes %s or %s", option, yes, no);
}

/* Whose platform it is, whom it makes badge admins, and whether its new deployments join unasked.
 */
static bool edit_policy(struct app *app, const struct edit *e, struct model_registration *r,
                        struct err *err) {
    struct sv name = sv_trim(e->institution);
    if (name.len > 0) {
        struct store_institution found = {0};
        if (!store_institution_get(app->store, name, &app->arena, &found, err)) {
            return false;
        }
        r->institution_id = found.id;
    }
    if (!edit_choice(e->trust, "trust-admin-role", "yes", "no", &r->trusts_admin_role, err) ||
        !edit_choice(e->policy, "new-deployments", "approve", "ask", &r->approves_deployments,
                     err)) {
        return false;
    }
    if (r->approves_deployments && r->institution_id == 0) {
        return err_because(err, ERR_INPUT, "usage",
                           "--institution is missing: whose are the new deployments?");
    }
    return true;
}

static bool platform_edit(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct app_which w = {0};
    struct edit e = {0};
    bool is_enabled = false;
    bool is_json = false;
    const struct app_option options[] = {
        APP_WHICH_OPTIONS(w),
        {.name = "auth-url", .text = &e.auth_url, .help = "URL  new authentication request URL"},
        {.name = "token-url", .text = &e.token_url, .help = "URL  new access token URL"},
        {.name = "jwks-url", .text = &e.jwks_url, .help = "URL  new public keyset URL"},
        {.name = "token-audience",
         .text = &e.audience,
         .help = "AUD  new audience of token requests"},
        {.name = "trust-admin-role",
         .text = &e.trust,
         .help = "yes|no  are its administrators badge admins?"},
        {.name = "new-deployments",
         .text = &e.policy,
         .help = "ask|approve  must an admin approve a deployment that is not known?"},
        {.name = "institution",
         .text = &e.institution,
         .help = "NAME  the school whose platform it is: its admins approve, and new deployments "
                 "become its"},
        {.name = "enable", .flag = &is_enabled, .help = "   take a disabled platform in again"},
        {.name = "json", .flag = &is_json, .help = "   print the result as JSON"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(stdout, "platform edit --registration ID ...",
                       "Changes a platform's addresses and policies. Deployments are added with "
                       "`platform add`.",
                       &line);
        return true;
    }
    struct model_registration r = {0};
    if (!app_args_read(argc, argv, &line, err) || !app_open_store(app, err) ||
        !app_find_registration(app, &w, &r, err)) {
        return false;
    }
    if (!edit_addresses(&e, &r, err) || !edit_policy(app, &e, &r, err)) {
        return false;
    }
    r.is_enabled = r.is_enabled || is_enabled;
    return store_registration_update(app->store, &r, err) &&
           app_show_registration(app, &r, is_json, err);
}

static bool platform_disable(struct app *app, int argc, char **argv, bool is_help,
                             struct err *err) {
    struct app_which w = {0};
    const struct app_option options[] = {APP_WHICH_OPTIONS(w)};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(
            stdout, "platform disable --registration ID",
            "Refuses all launches from a platform and ends its sessions within seconds. Nothing is "
            "deleted;\n`platform edit --enable` takes it in again.",
            &line);
        return true;
    }
    struct model_registration r = {0};
    if (!app_args_read(argc, argv, &line, err) || !app_open_store(app, err) ||
        !app_find_registration(app, &w, &r, err)) {
        return false;
    }
    r.is_enabled = false;
    if (!store_registration_update(app->store, &r, err)) {
        return false;
    }
    printf("%.*s is disabled.\n", SV_ARG(r.issuer));
    return true;
}

bool app_platform(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    static const struct app_command table[] = {
        {"add", "register a platform, or add deployments to one", platform_add},
        {"list", "list the registered platforms", platform_list},
        {"show", "show one, and what to enter at the platform", platform_show},
        {"edit", "change addresses and policies", platform_edit},
        {"disable", "refuse all launches from a platform", platform_disable},
        {"legacy", "people and links of LTI 1.1: add, list, remove, import", app_legacy},
        {"invite", "print a one-time link for dynamic registration", app_platform_invite},
        {"approve", "let in a deployment that waits", app_platform_approve},
        {"refuse", "refuse a deployment that waits", app_platform_refuse},
    };
    return app_dispatch(app, "platform", table, ARRAY_LEN(table), argc, argv, is_help, err);
}
