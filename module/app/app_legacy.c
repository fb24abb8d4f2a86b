/* What is left of LTI 1.1: the secrets that prove a migration claim, and people known from then. */
#include "app.h"
#include "grades_people.h"
#include "lti_legacy.h"
#include "store_badge.h"
#include "store_legacy.h"
#include "store_registration.h"

#define ID_MAX 255 /* of a name in the database */

struct legacy_line {
    struct sv issuer, client_id, key;
};

#define WHERE_OPTIONS(l)                                                                           \
    {.name = "issuer",                                                                             \
     .text = &(l).issuer,                                                                          \
     .is_required = true,                                                                          \
     .help = "URL  the platform's issuer"},                                                        \
        {.name = "client-id",                                                                      \
         .text = &(l).client_id,                                                                   \
         .is_required = true,                                                                      \
         .help = "ID  its client id"},                                                             \
    {                                                                                              \
        .name = "consumer-key", .text = &(l).key, .is_required = true,                             \
        .help = "KEY  the consumer key the tool had with LTI 1.1"                                  \
    }

static bool find_registration(struct app *app, const struct legacy_line *l,
                              struct model_registration *out, struct err *err) {
    struct model_registration *all = NULL;
    size_t count = 0;
    const struct store_registration_key key = {.issuer = l->issuer, .client_id = l->client_id};
    if (!store_registration_list(app->store, &key, &app->arena, &all, &count, err)) {
        return false;
    }
    if (count != 1) {
        return err_because(
            err, ERR_INPUT, "registration",
            "%zu platforms have this issuer and client id; see `laurel platform list`", count);
    }
    *out = all[0];
    return true;
}

static bool check_key(struct sv key, struct err *err) {
    return (key.len <= ID_MAX && sv_is_printable_ascii(key)) ||
           err_because(err, ERR_INPUT, "usage",
                       "--consumer-key must be at most %d plain characters", ID_MAX);
}

static bool legacy_add(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct legacy_line l = {0};
    struct sv path = {0};
    const struct app_option options[] = {WHERE_OPTIONS(l),
                                         {.name = "secret-file",
                                          .text = &path,
                                          .is_required = true,
                                          .help = "FILE  holds its shared secret"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(
            stdout,
            "platform legacy add --issuer URL --client-id ID --consumer-key KEY --secret-file FILE",
            "Saves the shared secret the tool had with LTI 1.1, sealed. Launches that prove with "
            "it who a person\nwas then (the claim lti1p1) keep what that person holds.",
            &line);
        return true;
    }
    struct model_registration r = {0};
    struct sv secret = {0};
    if (!app_args_read(argc, argv, &line, err) || !check_key(l.key, err) ||
        !app_read_file(&app->arena, sv_c(&app->arena, path), STORE_LEGACY_SECRET_MAX, &secret,
                       err)) {
        return false;
    }
    secret = sv_trim(secret);
    if (secret.len == 0) {
        return err_because(err, ERR_INPUT, "secret", "%.*s holds no secret", SV_ARG(path));
    }
    if (!app_open_sealed_store(app, err) || !find_registration(app, &l, &r, err) ||
        !store_legacy_set(app->store, r.id, l.key, secret, err)) {
        return false;
    }
    printf("Launches signed with the secret of %.*s keep their people.\n", SV_ARG(l.key));
    return true;
}

static bool legacy_list(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    bool is_json = false;
    const struct app_option options[] = {
        {.name = "json", .flag = &is_json, .help = "   print as JSON"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(stdout, "platform legacy list [--json]",
                       "Lists the consumer keys of LTI 1.1, without their secrets.", &line);
        return true;
    }
    struct store_legacy_consumer *all = NULL;
    size_t count = 0;
    if (!app_args_read(argc, argv, &line, err) || !app_open_store(app, err) ||
        !store_legacy_list(app->store, &app->arena, &all, &count, err)) {
        return false;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct store_legacy_consumer *c = &all[i];
        char since[RFC3339_MAX];
        (void)json_array_append_new(
            list,
            json_pack("{s:s%, s:s%, s:s%, s:s}", "issuer", c->issuer.ptr, c->issuer.len,
                      "client_id", c->client_id.ptr, c->client_id.len, "consumer_key", c->key.ptr,
                      c->key.len, "created_at", rfc3339_format(c->created_at, since)));
        if (!is_json) {
            printf("%.*s  client %.*s  %.*s\n", SV_ARG(c->issuer), SV_ARG(c->client_id),
                   SV_ARG(c->key));
        }
    }
    if (is_json) {
        return app_print_json(list, err);
    }
    json_decref(list);
    return true;
}

static bool legacy_remove(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct legacy_line l = {0};
    const struct app_option options[] = {WHERE_OPTIONS(l)};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(stdout,
                       "platform legacy remove --issuer URL --client-id ID --consumer-key KEY",
                       "Forgets the secret. People who came with it keep what they hold.", &line);
        return true;
    }
    struct model_registration r = {0};
    if (!app_args_read(argc, argv, &line, err) || !app_open_store(app, err) ||
        !find_registration(app, &l, &r, err) ||
        !store_legacy_remove(app->store, r.id, l.key, err)) {
        return false;
    }
    printf("The secret of %.*s is forgotten.\n", SV_ARG(l.key));
    return true;
}

/* The badge of a row. */
static bool find_badge(const struct grades_person *row, const struct store_badge *badges,
                       size_t count, struct store_legacy_person *out, struct err *err) {
    for (size_t i = 0; i < count && row->badge.len > 0; i++) {
        if (sv_eq(badges[i].key, row->badge)) {
            out->badge_id = badges[i].id;
            out->rule_version = badges[i].rule_version;
        }
    }
    return row->badge.len == 0 || out->badge_id != 0 ||
           err_because(err, ERR_INPUT, "badge",
                       "row %zu: there is no badge \"%.*s\"; `laurel badge import` makes badges",
                       row->row, SV_ARG(row->badge));
}

static bool import_rows(struct app *app, const struct legacy_line *l,
                        struct store_legacy_import *import, const struct grades_person *rows,
                        size_t count, struct err *err) {
    struct store_badge *badges = NULL;
    size_t badge_count = 0;
    struct store_legacy_result result = {0};
    struct store_legacy_person *people =
        ARENA_ARRAY(&app->arena, struct store_legacy_person, count);
    if (!store_badge_list(app->store, import->institution_id, &app->arena, &badges, &badge_count,
                          err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        people[i] = (struct store_legacy_person){
            .sub = lti_legacy_name(&app->arena, l->key, rows[i].user_id),
            .name = rows[i].name,
            .email = rows[i].email,
            .issued_at = rows[i].issued_at};
        if (people[i].sub.len > ID_MAX) {
            return err_because(err, ERR_INPUT, "user_id",
                               "row %zu: user_id and consumer key together are too long",
                               rows[i].row);
        }
        if (!find_badge(&rows[i], badges, badge_count, &people[i], err)) {
            return false;
        }
    }
    import->people = people;
    import->count = count;
    import->note = SV("Held before, in the older system.");
    if (!store_legacy_import(app->store, import, clock_now(&clock_system), &result, err)) {
        return false;
    }
    printf("%zu rows: %zu people and %zu awards are new.\n", count, result.people, result.awards);
    return true;
}

static bool legacy_import(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct legacy_line l = {0};
    struct sv path = {0};
    struct sv school = {0};
    const struct app_option options[] = {WHERE_OPTIONS(l),
                                         {.name = "institution",
                                          .text = &school,
                                          .is_required = true,
                                          .help = "NAME  whose people they are"}};
    const struct app_line line = {.options = options,
                                  .option_count = ARRAY_LEN(options),
                                  .words = {&path},
                                  .word_names = "FILE",
                                  .words_required = 1};
    if (is_help) {
        app_args_print(
            stdout,
            "platform legacy import FILE --issuer URL --client-id ID --consumer-key KEY\n"
            "              --institution NAME",
            "Reads a CSV file with the columns user_id, name, email, badge (its key) and "
            "issued_at: "
            "people as\nLTI 1.1 named them, and what they hold. They get it when they come with a "
            "launch that proves who\nthey were. A second import changes nothing.",
            &line);
        return true;
    }
    struct model_registration r = {0};
    struct store_institution institution = {0};
    struct grades_person *rows = NULL;
    size_t count = 0;
    struct sv text = {0};
    if (!app_args_read(argc, argv, &line, err) || !check_key(l.key, err) ||
        !app_read_file(&app->arena, sv_c(&app->arena, path), GRADES_PEOPLE_BYTES_MAX, &text, err) ||
        !(grades_people_parse(text, clock_now(&clock_system), &app->arena, &rows, &count, err) ||
          err_prefix(err, "%.*s", SV_ARG(path))) ||
        !app_open_store(app, err) || !find_registration(app, &l, &r, err) ||
        !store_institution_get(app->store, school, &app->arena, &institution, err)) {
        return false;
    }
    struct store_legacy_import import = {.institution_id = institution.id, .registration_id = r.id};
    return import_rows(app, &l, &import, rows, count, err);
}

bool app_legacy(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    static const struct app_command table[] = {
        {"add", "save the secret of a consumer key", legacy_add},
        {"list", "list the consumer keys", legacy_list},
        {"remove", "forget a secret", legacy_remove},
        {"import", "people known from LTI 1.1, with their badges", legacy_import},
    };
    return app_dispatch(app, "platform legacy", table, ARRAY_LEN(table), argc, argv, is_help, err);
}
