#include "app_key_issuer.h"
#include "app_platform.h"
#include "jose_key.h"
#include "store_key.h"
#include <string.h>
#include <unistd.h>

/* How long a new key is published before it signs: platforms that cache the key set have it by
 * then (reference lti.md 3.4). */
#define LEAD_HOURS 24

static bool add_key(struct app *app, const struct store_key_new *want, struct sv *kid,
                    struct err *err) {
    struct jose_key_texts texts = {0};
    if (!jose_key_make(&app->arena, &texts, err)) {
        return false;
    }
    struct store_key_new key = *want;
    key.kid = texts.kid;
    key.public_jwk = texts.public_jwk;
    key.pem = texts.pem;
    *kid = texts.kid;
    return store_key_add(app->store, &key, err);
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
        !store_key_list(app->store, SV(""), &app->arena, &keys, &count, err)) {
        return false;
    }
    if (count > 0 && keys[0].registration.len == 0) { /* the common ones come first */
        printf("A signing key is there: %.*s.\n", SV_ARG(keys[0].kid));
        return true;
    }
    const struct store_key_new common = {0};
    if (!add_key(app, &common, &kid, err)) {
        return false;
    }
    printf("Made the signing key %.*s.\n", SV_ARG(kid));
    return true;
}

/* What a key is for now, and until or from when ("" when there is no end). */
static const char *use_of(const struct store_key *k, usec_t now, usec_t *when) {
    bool is_to_come = k->signs_from > now;
    bool is_over = k->signs_until != 0 && k->signs_until <= now;
    *when = is_to_come ? k->signs_from : is_over ? k->published_until : k->signs_until;
    return is_to_come ? "will sign from" : is_over ? "published until" : "signs";
}

static json_t *key_json(const struct store_key *k, usec_t now) {
    usec_t when = 0;
    const char *use = use_of(k, now, &when);
    const struct {
        const char *key;
        usec_t at;
    } times[] = {{"created_at", k->created_at},
                 {"signs_from", k->signs_from},
                 {"signs_until", k->signs_until},
                 {"published_until", k->published_until}};
    json_t *out = json_pack("{s:s%, s:s%, s:s}", "kid", k->kid.ptr, k->kid.len, "registration",
                            k->registration.ptr == NULL ? "" : k->registration.ptr,
                            k->registration.len, "use", use);
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        char text[RFC3339_MAX];
        (void)json_object_set_new(
            out, times[i].key,
            times[i].at == 0 ? json_null() : json_string(rfc3339_format(times[i].at, text)));
    }
    return out;
}

static void print_key(const struct store_key *k, usec_t now) {
    usec_t when = 0;
    char text[RFC3339_MAX] = "";
    const char *use = use_of(k, now, &when);
    if (when != 0) {
        (void)rfc3339_format(when, text);
    }
    printf("%.*s  %-14.*s  %s%s%s\n", SV_ARG(k->kid),
           SV_ARG(k->registration.len == 0 ? SV("(common)") : k->registration), use,
           when == 0                   ? ""
           : strcmp(use, "signs") == 0 ? " until "
                                       : " ",
           text);
}

static bool key_list(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    bool is_json = false;
    const struct app_option options[] = {
        {.name = "json", .flag = &is_json, .help = "       print as JSON"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(stdout, "key list [--json]",
                       "Lists the signing keys that are published: whose they are (a registration, "
                       "or common to those\nwithout their own; or a badge issuer), and which sign, "
                       "will sign, or are only kept published.",
                       &line);
        return true;
    }
    struct store_key *keys = NULL;
    size_t count = 0;
    if (!app_args_read(argc, argv, &line, err) || !app_open_store(app, err) ||
        !store_key_list(app->store, SV(""), &app->arena, &keys, &count, err)) {
        return false;
    }
    usec_t now = clock_now(&clock_system);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, key_json(&keys[i], now));
        if (!is_json) {
            print_key(&keys[i], now);
        }
    }
    bool is_ok = app_key_issuer_list(app, list, is_json, err);
    if (is_ok && is_json) {
        return app_print_json(list, err);
    }
    json_decref(list);
    return is_ok;
}

static void say_rotated(const struct store_key_new *key, struct sv kid) {
    char from[RFC3339_MAX];
    if (key->is_emergency) {
        printf("The key %.*s signs from now on. The old ones are taken back in 10 minutes.\n"
               "Platforms that cached the old key set refuse Laurel until they read it again: some "
               "do at the\nfirst unknown key, some within a day. Where a key was pasted by hand, "
               "paste the new one.\n",
               SV_ARG(kid));
        return;
    }
    printf("Made the key %.*s. It is published now and signs from %s on; the old one goes on until "
           "then and\nstays published for %d days more.\n",
           SV_ARG(kid), rfc3339_format(key->signs_from, from), STORE_KEY_OVERLAP_DAYS);
}

static bool key_rotate(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct app_which which = {0};
    struct store_key_new key = {0};
    struct app_key_issuer issuer = {0};
    const struct app_option options[] = {
        {.name = "registration",
         .text = &which.slug,
         .help = "ID  the registration whose key it is (`platform list`); without: the common key"},
        {.name = "at-once",
         .flag = &key.is_emergency,
         .help = "   emergency, the old key is in wrong hands: sign with the new one now and take "
                 "the old one back"},
        {.name = "badge-issuer",
         .text = &issuer.key,
         .help =
             "KEY  a new key for this issuer's badges; it signs at once, and no old one is ever "
             "taken back"},
        {.name = "institution",
         .text = &issuer.institution,
         .help = "NAME  whose issuer, when several have one of that key"},
        {.name = "alg",
         .text = &issuer.alg,
         .help = "NAME  ed25519 (proofs inside credentials), rs256 or es256 (tokens); without: the "
                 "kinds that sign now"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(
            stdout, "key rotate [--registration ID] [--at-once] | --badge-issuer KEY [--alg NAME]",
            "Makes a new signing key. It is published at once and signs 24 hours later, so that "
            "platforms which\ncache key sets have it by then; the old one signs until then and "
            "stays published for 14 days more.",
            &line);
        return true;
    }
    struct sv kid = {0};
    struct model_registration r = {0};
    if (!app_args_read(argc, argv, &line, err)) {
        return false;
    }
    bool is_issuers = issuer.key.len > 0;
    if (is_issuers ? which.slug.len > 0 || key.is_emergency
                   : issuer.institution.len > 0 || issuer.alg.len > 0) {
        return err_because(err, ERR_INPUT, "usage",
                           "--institution and --alg go with --badge-issuer, --registration and "
                           "--at-once without it");
    }
    if (!app_open_sealed_store(app, err) ||
        (which.slug.len > 0 && !app_find_registration(app, &which, &r, err))) {
        return false;
    }
    if (is_issuers) {
        return app_key_issuer_rotate(app, &issuer, err);
    }
    key.registration_id = r.id;
    if (!key.is_emergency) {
        key.signs_from = clock_now(&clock_system) + (usec_t)LEAD_HOURS * 3600 * USEC_PER_S;
    }
    if (!add_key(app, &key, &kid, err)) {
        return false;
    }
    say_rotated(&key, kid);
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
