#include "app.h"
#include "store_admin.h"
#include "store_badge.h"
#include "store_registration.h"

struct grant_line {
    struct sv issuer, client_id, sub, institution, badge_issuer;
};

/* 0 for an empty key: the whole institution. */
static bool find_issuer(struct app *app, int64_t institution_id, struct sv key, int64_t *id,
                        struct err *err) {
    struct model_issuer *all = NULL;
    size_t count = 0;
    *id = 0;
    if (key.len == 0) {
        return true;
    }
    if (!store_issuer_list(app->store, institution_id, &app->arena, &all, &count, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (sv_eq(all[i].key, key)) {
            *id = all[i].id;
            return true;
        }
    }
    return err_because(
        err, ERR_NOT_FOUND, "issuer",
        "there is no badge issuer \"%.*s\" in this institution; `laurel badge import` makes "
        "issuers",
        SV_ARG(key));
}

static bool find_want(struct app *app, const struct grant_line *l, struct store_grant_want *want,
                      struct err *err) {
    struct store_institution institution = {0};
    struct model_registration *all = NULL;
    size_t count = 0;
    const struct store_registration_key key = {.issuer = l->issuer, .client_id = l->client_id};
    if (!app_open_store(app, err) ||
        !store_institution_get(app->store, l->institution, &app->arena, &institution, err) ||
        !store_registration_list(app->store, &key, &app->arena, &all, &count, err)) {
        return false;
    }
    if (count != 1) {
        return err_because(
            err, ERR_INPUT, "registration",
            "%zu platforms have this issuer and client id; see `laurel platform list`", count);
    }
    *want = (struct store_grant_want){
        .institution_id = institution.id, .registration_id = all[0].id, .sub = l->sub};
    return find_issuer(app, institution.id, l->badge_issuer, &want->issuer_id, err);
}

static bool set_grant(struct app *app, int argc, char **argv, bool is_help, bool is_granted,
                      struct err *err) {
    struct grant_line l = {0};
    const struct app_option options[] = {
        {.name = "issuer",
         .text = &l.issuer,
         .is_required = true,
         .help = "URL  the person's platform"},
        {.name = "client-id",
         .text = &l.client_id,
         .is_required = true,
         .help = "ID  and its client id"},
        {.name = "sub",
         .text = &l.sub,
         .is_required = true,
         .help = "ID  the person as launches name them (Moodle: the user's number)"},
        {.name = "institution",
         .text = &l.institution,
         .is_required = true,
         .help = "NAME  for which school"},
        {.name = "badge-issuer",
         .text = &l.badge_issuer,
         .help = "KEY  for the badges of this issuer only"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(
            stdout,
            is_granted ? "admin grant --issuer URL --client-id ID --sub ID --institution NAME"
                       : "admin revoke --issuer URL --client-id ID --sub ID --institution NAME",
            is_granted ? "Gives a person badge-admin rights, from the next launch on."
                       : "Takes badge-admin rights back; open sessions of the person end at once.",
            &line);
        return true;
    }
    struct store_grant_want want = {0};
    bool is_changed = false;
    if (!app_args_read(argc, argv, &line, err) || !find_want(app, &l, &want, err) ||
        !store_grant_set(app->store, &want, is_granted, &is_changed, err)) {
        return false;
    }
    printf("%.*s %s badge admin of %.*s%s.\n", SV_ARG(l.sub), is_granted ? "is" : "is no",
           SV_ARG(l.institution), is_changed ? " now" : " already");
    return true;
}

static bool admin_grant(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    return set_grant(app, argc, argv, is_help, true, err);
}

static bool admin_revoke(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    return set_grant(app, argc, argv, is_help, false, err);
}

static bool admin_list(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct sv name = {0};
    bool is_json = false;
    const struct app_option options[] = {
        {.name = "institution",
         .text = &name,
         .is_required = true,
         .help = "NAME  of which school"},
        {.name = "json", .flag = &is_json, .help = "   print as JSON"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(stdout, "admin list --institution NAME [--json]", "Lists the badge admins.",
                       &line);
        return true;
    }
    struct store_institution institution = {0};
    struct store_grant *all = NULL;
    size_t count = 0;
    if (!app_args_read(argc, argv, &line, err) || !app_open_store(app, err) ||
        !store_institution_get(app->store, name, &app->arena, &institution, err) ||
        !store_grant_list(app->store, institution.id, &app->arena, &all, &count, err)) {
        return false;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, json_pack("{s:s%, s:s%, s:s%}", "sub", all[i].sub.ptr,
                                                    all[i].sub.len, "name", all[i].name.ptr,
                                                    all[i].name.len, "issuer",
                                                    all[i].issuer_key.ptr, all[i].issuer_key.len));
        if (!is_json) {
            printf("%.*s  %.*s\n", SV_ARG(all[i].sub), SV_ARG(all[i].name));
        }
    }
    if (is_json) {
        return app_print_json(list, err);
    }
    json_decref(list);
    return true;
}

bool app_admin(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    static const struct app_command table[] = {
        {"grant", "give a person badge-admin rights", admin_grant},
        {"revoke", "take them back", admin_revoke},
        {"list", "list the badge admins of an institution", admin_list},
    };
    return app_dispatch(app, "admin", table, ARRAY_LEN(table), argc, argv, is_help, err);
}
