#include "app.h"
#include "jose_key.h"
#include "store_key.h"
#include <unistd.h>

/* How long a key that no longer signs stays published: the longest a platform may cache it (Canvas
 * keeps key sets for days; reference lti.md 3.4). */
#define OVERLAP_DAYS 14

static bool add_key(struct app *app, usec_t published_until, struct sv *kid, struct err *err) {
    AUTO_JOSE_KEY *key = NULL;
    struct sv pem = {0};
    if (!jose_key_generate(sv_of(NULL, 0), &key, err) ||
        !jose_key_to_pem(key, &app->arena, &pem, err)) {
        return false;
    }
    AUTO_JSON *jwk = jose_key_public_jwk(key);
    *kid = sv_copy(&app->arena, jose_key_kid(key));
    return store_key_add(app->store, *kid, js_dump(&app->arena, jwk), pem, published_until, err);
}

static bool key_init(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    const struct app_line line = {0};
    if (is_help) {
        app_args_print(stdout, "key init",
                       "Makes the file of `master_key_file` (mode 0600) if it is not there, and a "
                       "first signing "
                       "key if\nthe database has none. Keep a copy of the file away from the "
                       "database's backups: "
                       "without it\nthe stored secrets cannot be opened.",
                       &line);
        return true;
    }
    if (!app_args_read(argc, argv, &line, err) || !app_read_conf(app, err)) {
        return false;
    }
    if (access(app->conf.master_key_file, F_OK) != 0) {
        if (!seal_generate(app->conf.master_key_file, err)) {
            return false;
        }
        printf("Made the master key %s.\n", app->conf.master_key_file);
    } else {
        printf("The master key %s is there.\n", app->conf.master_key_file);
    }
    struct store_key *keys = NULL;
    struct sv kid = {0};
    size_t count = 0;
    if (!app_open_sealed_store(app, err) ||
        !store_key_list(app->store, &app->arena, &keys, &count, err)) {
        return false;
    }
    if (count > 0) {
        printf("A signing key is there: %.*s.\n", SV_ARG(keys[0].kid));
        return true;
    }
    if (!add_key(app, 0, &kid, err)) {
        return false;
    }
    printf("Made the signing key %.*s.\n", SV_ARG(kid));
    return true;
}

static bool key_list(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    bool is_json = false;
    const struct app_option options[] = {
        {.name = "json", .flag = &is_json, .help = "       print as JSON"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(stdout, "key list [--json]",
                       "Lists the signing keys that are published, newest first.", &line);
        return true;
    }
    struct store_key *keys = NULL;
    size_t count = 0;
    if (!app_args_read(argc, argv, &line, err) || !app_open_sealed_store(app, err) ||
        !store_key_list(app->store, &app->arena, &keys, &count, err)) {
        return false;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        char made[RFC3339_MAX];
        (void)rfc3339_format(keys[i].created_at, made);
        const char *use = keys[i].retired_at == 0 ? "signs" : "published";
        (void)json_array_append_new(list,
                                    json_pack("{s:s%, s:s, s:s}", "kid", keys[i].kid.ptr,
                                              keys[i].kid.len, "use", use, "created_at", made));
        if (!is_json) {
            printf("%.*s  %-9s  %s\n", SV_ARG(keys[i].kid), use, made);
        }
    }
    if (is_json) {
        return app_print_json(list, err);
    }
    json_decref(list);
    return true;
}

static bool key_rotate(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    const struct app_line line = {0};
    if (is_help) {
        app_args_print(
            stdout, "key rotate",
            "Makes a new signing key. The old ones stop signing and stay published for 14 days, so "
            "that\nplatforms which cached them go on.",
            &line);
        return true;
    }
    struct sv kid = {0};
    usec_t until = clock_now(&clock_system) + (usec_t)OVERLAP_DAYS * 86400 * USEC_PER_S;
    if (!app_args_read(argc, argv, &line, err) || !app_open_sealed_store(app, err) ||
        !add_key(app, until, &kid, err)) {
        return false;
    }
    printf("Made the signing key %.*s; the old ones stay published for %d days.\n", SV_ARG(kid),
           OVERLAP_DAYS);
    return true;
}

bool app_key(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    static const struct app_command table[] = {
        {"init", "make the master key file and a first signing key", key_init},
        {"list", "list the published signing keys", key_list},
        {"rotate", "make a new signing key, keep the old ones published", key_rotate},
    };
    return app_dispatch(app, "key", table, ARRAY_LEN(table), argc, argv, is_help, err);
}
