#include "app_source.h"
#include "app.h"
#include "app_net.h"
#include "grades_source.h"
#include "lti_url.h"
#include "source_open.h"
#include "store_source.h"

struct source_line {
    struct app_source_place place;
    struct sv kind, base_url, token_file, course, parallel, oauth_client_id, oauth_secret_file;
    bool asks_no_scopes;
};

bool app_source_find(struct app *app, const struct app_source_place *l,
                     struct store_deployment *out, struct err *err) {
    struct model_registration *all = NULL;
    struct store_deployment *deployments = NULL;
    size_t count = 0;
    size_t n = 0;
    const struct store_registration_key key = {.issuer = l->issuer, .client_id = l->client_id};
    if (!store_registration_list(app->store, &key, &app->arena, &all, &count, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!store_deployment_list(app->store, all[i].id, &app->arena, &deployments, &n, err)) {
            return false;
        }
        for (size_t d = 0; d < n; d++) {
            if (sv_eq(deployments[d].deployment_id, l->deployment)) {
                *out = deployments[d];
                return true;
            }
        }
    }
    return err_because(
        err, ERR_NOT_FOUND, "deployment",
        "there is no such platform and deployment; `laurel platform list --json` shows them");
}

static bool read_token(struct app *app, struct sv path, struct sv *token, struct err *err) {
    if (!app_read_file(&app->arena, sv_c(&app->arena, path), 8192, token, err)) {
        return false;
    }
    *token = sv_trim(*token);
    if (token->len == 0 || !sv_is_printable_ascii(*token)) {
        return err_because(err, ERR_INPUT, "token", "%.*s must hold the token and nothing else",
                           SV_ARG(path));
    }
    return true;
}

static bool is_remote(enum grades_kind kind) {
    return kind == GRADES_MOODLE || kind == GRADES_CANVAS;
}

/* Which of the two ways to a token, and is all of it there? */
static bool check_set(const struct source_line *l, enum grades_kind *kind, struct err *err) {
    if (!grades_kind_parse(l->kind, kind)) {
        return err_because(err, ERR_INPUT, "usage", "--kind must be moodle, canvas, ags or csv");
    }
    bool has_key = l->oauth_client_id.len > 0;
    if (has_key != (l->oauth_secret_file.len > 0) || (has_key && l->token_file.len > 0) ||
        (l->asks_no_scopes && !has_key) || (has_key && *kind != GRADES_CANVAS)) {
        return err_because(err, ERR_INPUT, "usage",
                           "a Canvas developer key is --kind canvas with --oauth-client-id and "
                           "--oauth-secret-file, and without --token-file");
    }
    if (is_remote(*kind) &&
        (!lti_url_is_safe(l->base_url) || (l->token_file.len == 0 && !has_key))) {
        return err_because(
            err, ERR_INPUT, "usage",
            "a %.*s source needs --base-url (https://, or http:// for 127.0.0.1) and "
            "--token-file%s",
            SV_ARG(l->kind), *kind == GRADES_CANVAS ? ", or a developer key" : "");
    }
    return true;
}

static void say_set(const struct app *app, const struct source_line *l) {
    if (l->oauth_client_id.len > 0) {
        printf("The developer key is set. Now somebody must connect it, once: a badge admin opens\n"
               "Laurel in a course of deployment %.*s, there Connection, and presses \"Connect to\n"
               "Canvas\". The key in Canvas must list this redirect URI:\n"
               "  %.*s/oauth/canvas\n",
               SV_ARG(l->place.deployment), SV_ARG(app->conf.base_url));
        return;
    }
    printf("Grades of deployment %.*s are read from %.*s. `laurel source test` tries it.\n",
           SV_ARG(l->place.deployment), SV_ARG(l->base_url.len > 0 ? l->base_url : l->kind));
}

static bool source_set(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct source_line l = {0};
    const struct app_option options[] = {
        APP_SOURCE_PLACE(l.place),
        {.name = "kind",
         .text = &l.kind,
         .is_required = true,
         .help = "moodle|canvas|ags|csv  where grades come from"},
        {.name = "base-url",
         .text = &l.base_url,
         .help = "URL  the site's address (Moodle: its start page; Canvas: its host)"},
        {.name = "token-file",
         .text = &l.token_file,
         .help = "FILE  holds the web-service or access token"},
        {.name = "parallel",
         .text = &l.parallel,
         .help = "N  requests at once to its host, 1 to 16 (default: canvas and ags 2, moodle 4)"},
        {.name = "oauth-client-id",
         .text = &l.oauth_client_id,
         .help = "ID  Canvas: an API developer key instead of a token"},
        {.name = "oauth-secret-file",
         .text = &l.oauth_secret_file,
         .help = "FILE  holds the developer key's secret"},
        {.name = "oauth-no-scopes",
         .flag = &l.asks_no_scopes,
         .help = "   the key enforces no scopes, so ask for none"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(
            stdout,
            "source set --issuer URL --client-id ID --deployment ID --kind moodle|canvas\n"
            "              --base-url URL --token-file FILE [--parallel N]\n"
            "       source set ... --kind canvas --base-url URL --oauth-client-id ID\n"
            "              --oauth-secret-file FILE [--oauth-no-scopes]",
            "Says where the grades of a deployment's courses are read. Secrets are stored sealed.\n"
            "A Canvas developer key is then connected in the browser, on the Connection page.\n"
            "Over all workers a host never gets more requests at once than the least that the\n"
            "sources on it allow.",
            &line);
        return true;
    }
    enum grades_kind kind = GRADES_MOODLE;
    struct store_deployment deployment = {0};
    struct sv token = {0};
    struct sv secret = {0};
    if (!app_args_read(argc, argv, &line, err) || !check_set(&l, &kind, err)) {
        return false;
    }
    int64_t parallel = 0;
    if (l.parallel.len > 0 && !num_parse_i64(l.parallel, 1, 16, &parallel)) {
        return err_because(err, ERR_INPUT, "usage", "--parallel must be a number from 1 to 16");
    }
    while (l.base_url.len > 0 && l.base_url.ptr[l.base_url.len - 1] == '/') {
        l.base_url.len--;
    }
    if (!app_open_sealed_store(app, err) || !app_source_find(app, &l.place, &deployment, err) ||
        (l.token_file.len > 0 && !read_token(app, l.token_file, &token, err)) ||
        (l.oauth_secret_file.len > 0 && !read_token(app, l.oauth_secret_file, &secret, err))) {
        return false;
    }
    const struct store_source source = {.institution_id = deployment.institution_id,
                                        .deployment_id = deployment.id,
                                        .kind = l.kind,
                                        .base_url = l.base_url,
                                        .token = token,
                                        .parallel = parallel,
                                        .oauth_client_id = l.oauth_client_id,
                                        .oauth_secret = secret,
                                        .oauth_asks_scopes = !l.asks_no_scopes};
    if (!store_source_set(app->store, &source, err)) {
        return false;
    }
    say_set(app, &l);
    return true;
}

static bool source_list(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    bool is_json = false;
    const struct app_option options[] = {
        {.name = "json", .flag = &is_json, .help = "   print as JSON"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(stdout, "source list [--json]",
                       "Lists the grade sources, without their tokens.", &line);
        return true;
    }
    struct store_source *all = NULL;
    size_t count = 0;
    if (!app_args_read(argc, argv, &line, err) || !app_open_store(app, err) ||
        !store_source_list(app->store, &app->arena, &all, &count, err)) {
        return false;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct store_source *s = &all[i];
        (void)json_array_append_new(
            list,
            json_pack("{s:s%, s:s%, s:s%, s:s%, s:s%, s:s%, s:I, s:b, s:s%, s:s%, s:s%}", "issuer",
                      s->issuer.ptr, s->issuer.len, "client_id", s->client_id.ptr, s->client_id.len,
                      "deployment_id", s->platform_deployment_id.ptr, s->platform_deployment_id.len,
                      "kind", s->kind.ptr, s->kind.len, "base_url", s->base_url.ptr,
                      s->base_url.len, "institution", s->institution.ptr, s->institution.len,
                      "parallel", (json_int_t)s->parallel, "token_refused", s->refused_at != 0,
                      "oauth_client_id", s->oauth_client_id.ptr, s->oauth_client_id.len,
                      "oauth_state", s->oauth_state.ptr, s->oauth_state.len, "oauth_user",
                      s->oauth_user.ptr, s->oauth_user.len));
        if (!is_json) {
            printf("%.*s  deployment %.*s  %.*s  %.*s  %lld at once%s%s%.*s\n", SV_ARG(s->issuer),
                   SV_ARG(s->platform_deployment_id), SV_ARG(s->kind), SV_ARG(s->base_url),
                   (long long)s->parallel, s->refused_at != 0 ? "  token refused" : "",
                   s->oauth_state.len > 0 ? "  developer key: " : "", SV_ARG(s->oauth_state));
        }
    }
    if (is_json) {
        return app_print_json(list, err);
    }
    json_decref(list);
    return true;
}

static bool probe(struct app *app, struct net_client *net, const struct store_deployment *d,
                  struct sv course, struct err *err) {
    struct grades_source source = {0};
    struct grades_probe out = {0};
    const struct grades_course ref = {.ref = course};
    const struct grades_io io = {
        .http = lti_http_of(net), .clock = clock_system, .arena = &app->arena};
    const struct source_use use = {.store = app->store, .http = io.http, .clock = clock_system};
    if (!source_open(&use, d->institution_id, d->id, &app->arena, &source, err)) {
        return false;
    }
    if (!grades_test(&source, &ref, &io, &out, err)) {
        return false;
    }
    if (out.site.len > 0) {
        printf("%.*s\n", SV_ARG(out.site));
    }
    for (size_t i = 0; i < out.word_count; i++) {
        printf("  %.*s\n", SV_ARG(out.words[i]));
    }
    return out.is_good ||
           err_because(err, ERR_DENIED, "source",
                       "the source works, but some things are missing: see the lines above");
}

static bool source_test(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct source_line l = {0};
    const struct app_option options[] = {
        APP_SOURCE_PLACE(l.place),
        {.name = "course",
         .text = &l.course,
         .help = "ID  try this course too (its number in the address bar)"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(
            stdout, "source test --issuer URL --client-id ID --deployment ID [--course ID]",
            "Tries a grade source and says what works, what is missing and how to mend it.", &line);
        return true;
    }
    struct store_deployment deployment = {0};
    struct net_client *net = NULL;
    if (!app_args_read(argc, argv, &line, err) || !app_open_sealed_store(app, err) ||
        !app_source_find(app, &l.place, &deployment, err) || !app_net_open(app, 0, &net, err)) {
        return false;
    }
    bool is_ok = probe(app, net, &deployment, l.course, err);
    net_client_destroy(net);
    return is_ok;
}

bool app_source(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    static const struct app_command table[] = {
        {"set", "say where a deployment's grades are read", source_set},
        {"list", "list the grade sources", source_list},
        {"upload", "read a CSV file into a course", app_source_upload},
        {"test", "try one and say what is missing", source_test},
        {"revoke", "take back what was granted to a Canvas developer key", app_source_revoke},
        {"events", "expect Canvas's live events", app_source_events},
    };
    return app_dispatch(app, "source", table, ARRAY_LEN(table), argc, argv, is_help, err);
}
