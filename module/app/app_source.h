/* What the files of `laurel source` share. */
#pragma once
#include "app.h"
#include "store_registration.h"

struct app_source_place {
    struct sv issuer, client_id, deployment;
};
#define APP_SOURCE_PLACE(p)                                                                        \
    {.name = "issuer",                                                                             \
     .text = &(p).issuer,                                                                          \
     .is_required = true,                                                                          \
     .help = "URL  the platform's issuer"},                                                        \
        {.name = "client-id",                                                                      \
         .text = &(p).client_id,                                                                   \
         .is_required = true,                                                                      \
         .help = "ID  its client id"},                                                             \
    {                                                                                              \
        .name = "deployment", .text = &(p).deployment, .is_required = true,                        \
        .help = "ID  the deployment"                                                               \
    }

/* Fails: ERR_NOT_FOUND "deployment". */
NODISCARD bool app_source_find(struct app *app, const struct app_source_place *place,
                               struct store_deployment *out, struct err *err);

/* app_source_canvas.c */
bool app_source_revoke(struct app *app, int argc, char **argv, bool is_help, struct err *err);
bool app_source_events(struct app *app, int argc, char **argv, bool is_help, struct err *err);
