/* What the commands about platforms share. */
#pragma once
#include "app.h"
#include "model_lti.h"

/* Options that name one registration. */
struct app_which {
    struct sv issuer, client_id, slug;
};
#define APP_WHICH_OPTIONS(w)                                                                       \
    {.name = "registration", .text = &(w).slug, .help = "ID  the id that `platform list` shows"},  \
        {.name = "issuer", .text = &(w).issuer, .help = "URL  or its issuer"}, {                   \
        .name = "client-id", .text = &(w).client_id, .help = "ID  and client id"                   \
    }
/* The one registration that the options name. Fails: ERR_INPUT "registration" with how many fit. */
NODISCARD bool app_find_registration(struct app *app, const struct app_which *w,
                                     struct model_registration *out, struct err *err);
/* A registration with its deployments and those that wait; the caller owns *out. */
NODISCARD bool app_registration_json(struct app *app, const struct model_registration *r,
                                     json_t **out, struct err *err);
/* Print a registration, its deployments and what to enter at the platform. */
NODISCARD bool app_show_registration(struct app *app, const struct model_registration *r,
                                     bool is_json, struct err *err);

/* app_invite.c, app_deployment.c */
bool app_platform_invite(struct app *app, int argc, char **argv, bool is_help, struct err *err);
bool app_platform_approve(struct app *app, int argc, char **argv, bool is_help, struct err *err);
bool app_platform_refuse(struct app *app, int argc, char **argv, bool is_help, struct err *err);
