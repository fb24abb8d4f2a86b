/* What the files of `laurel doctor` share: one finding after another; the command fails when any is
 * bad. */
#pragma once
#include "app.h"
#include "model_lti.h"
#include "net_fetch.h"

enum app_doctor_level {
    APP_DOCTOR_GOOD,
    APP_DOCTOR_WARN, /* works, but somebody should look */
    APP_DOCTOR_BAD
};

struct app_doctor {
    struct app *app;
    struct net_client *net;
    json_t *findings;
    bool is_json, has_problem;
};

void app_doctor_say(struct app_doctor *d, enum app_doctor_level level, const char *what,
                    struct sv text);
/* GET, with five seconds; any status but success is a failure. */
NODISCARD bool app_doctor_fetch(struct app_doctor *d, struct sv url, struct arena *a,
                                struct net_response *out, struct err *err);
/* One platform: its keys and clock, its token service, what launches were refused for, and which
 * deployments wait (app_doctor_platform.c). */
void app_doctor_platform(struct app_doctor *d, const struct model_registration *registration);
/* Hosts that are left alone for a while, and courses that could not be read (app_doctor_sync.c). */
void app_doctor_sync(struct app_doctor *d);
