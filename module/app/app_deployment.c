/* laurel platform approve, refuse: deployments that came with a good launch and are not known. */
#include "app_platform.h"
#include "store_parked.h"
#include "store_registration.h"

struct want {
    struct app_which which;
    struct sv deployment, institution;
};

/* What both commands read: the registration, and the institution when one is named or known. */
static bool read_choice(struct app *app, struct want *w, struct model_registration *r,
                        struct store_parked_choice *out, struct err *err) {
    struct store_institution found = {0};
    if (!app_open_store(app, err) || !app_find_registration(app, &w->which, r, err)) {
        return false;
    }
    *out = (struct store_parked_choice){.registration_id = r->id,
                                        .deployment_id = w->deployment,
                                        .institution_id = r->institution_id};
    if (w->institution.len > 0) {
        if (!store_institution_get(app->store, w->institution, &app->arena, &found, err)) {
            return false;
        }
        out->institution_id = found.id;
    }
    return true;
}

bool app_platform_approve(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct want w = {0};
    const struct app_option options[] = {
        APP_WHICH_OPTIONS(w.which),
        {.name = "deployment",
         .text = &w.deployment,
         .is_required = true,
         .help = "ID  the deployment, as `platform show` lists it"},
        {.name = "institution",
         .text = &w.institution,
         .help = "NAME  the school it becomes; without: the registration's own"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(stdout,
                       "platform approve --registration ID --deployment ID --institution NAME",
                       "Lets in a deployment that somebody launched from and that is not known "
                       "yet. Where schools share an\nissuer and a client id, the deployment is all "
                       "that tells them apart: ask the school for its id.",
                       &line);
        return true;
    }
    struct model_registration r = {0};
    struct store_parked_choice choice = {0};
    if (!app_args_read(argc, argv, &line, err) || !read_choice(app, &w, &r, &choice, err)) {
        return false;
    }
    if (choice.institution_id == 0) {
        return err_because(err, ERR_INPUT, "usage",
                           "--institution is missing: which school is this deployment?");
    }
    if (!store_parked_approve(app->store, &choice, err)) {
        return false;
    }
    printf("Launches from deployment %.*s are let in.\n", SV_ARG(w.deployment));
    return true;
}

bool app_platform_refuse(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct want w = {0};
    const struct app_option options[] = {
        APP_WHICH_OPTIONS(w.which),
        {.name = "deployment",
         .text = &w.deployment,
         .is_required = true,
         .help = "ID  the deployment, as `platform show` lists it"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(stdout, "platform refuse --registration ID --deployment ID",
                       "Goes on refusing a deployment without asking again. `platform approve` "
                       "lets it in later.",
                       &line);
        return true;
    }
    struct model_registration r = {0};
    struct store_parked_choice choice = {0};
    if (!app_args_read(argc, argv, &line, err) || !read_choice(app, &w, &r, &choice, err) ||
        !store_parked_refuse(app->store, &choice, err)) {
        return false;
    }
    printf("Launches from deployment %.*s stay refused.\n", SV_ARG(w.deployment));
    return true;
}
