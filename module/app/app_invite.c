/* laurel platform invite: the link that connects a platform in one paste (reference lti.md 7.1). */
#include "app_platform.h"
#include "store_invite.h"
#include "store_registration.h"

#define HOURS_MAX 720 /* 30 days */

struct want {
    struct sv institution, update, host, policy;
    int64_t hours;
    bool is_json;
};

/* A bare host name: what a URL's host is compared with. */
static bool check_host(struct sv host, struct err *err) {
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        bool is_fit = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
        if (!is_fit || host.len > 253) {
            return err_because(err, ERR_INPUT, "usage",
                               "--config-host takes a host name in lower case, without https://");
        }
    }
    return true;
}

/* The school: the one named, else the one the registration belongs to. */
static bool find_institution(struct app *app, const struct want *w,
                             const struct model_registration *r, int64_t *id, struct err *err) {
    struct store_institution found = {0};
    if (w->institution.len == 0 && r->institution_id != 0) {
        *id = r->institution_id;
        return true;
    }
    if (w->institution.len == 0) {
        return err_because(err, ERR_INPUT, "usage",
                           "--institution is missing: which school is the platform for?");
    }
    if (w->update.len == 0) {
        return store_institution_take(app->store, w->institution, id, err);
    }
    if (!store_institution_get(app->store, w->institution, &app->arena, &found, err)) {
        return false;
    }
    *id = found.id;
    return true;
}

static bool make(struct app *app, const struct want *w, struct err *err) {
    struct model_registration r = {0};
    struct store_invite_new new = {.config_host = w->host};
    struct sv code = {0};
    const struct app_which which = {.slug = w->update};
    if ((w->update.len > 0 && !app_find_registration(app, &which, &r, err)) ||
        !find_institution(app, w, &r, &new.institution_id, err)) {
        return false;
    }
    new.registration_id = r.id;
    new.approves_deployments = sv_eq(w->policy, SV("approve"));
    new.expires_at = clock_now(&clock_system) + w->hours * 3600 * USEC_PER_S;
    if (!store_invite_make(app->store, &new, &app->arena, &code, err)) {
        return false;
    }
    char until[RFC3339_MAX];
    (void)rfc3339_format(new.expires_at, until);
    struct sv url = sv_printf(&app->arena, "%.*s/lti/register?invite=%.*s",
                              SV_ARG(app->conf.base_url), SV_ARG(code));
    if (w->is_json) {
        return app_print_json(
            json_pack("{s:s%, s:s}", "url", url.ptr, url.len, "expires_at", until), err);
    }
    printf("%.*s\n\nPaste it at the platform, where a tool is added by its registration URL. It "
           "works once, until %s.\n",
           SV_ARG(url), until);
    return true;
}

bool app_platform_invite(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct want w = {.hours = STORE_INVITE_HOURS, .policy = SV("ask")};
    const struct app_option options[] = {
        {.name = "institution",
         .text = &w.institution,
         .help = "NAME  the school whose platform it is; made when missing"},
        {.name = "update",
         .text = &w.update,
         .help = "ID  let the link update this registration (`platform list`), and no other"},
        {.name = "new-deployments",
         .text = &w.policy,
         .help = "ask|approve  must an admin approve each new deployment? (ask)"},
        {.name = "config-host",
         .text = &w.host,
         .help = "HOST  a school's own Canvas host, where the issuer is Canvas's cloud"},
        {.name = "hours", .number = &w.hours, .help = "N  how long it is good (24)"},
        {.name = "json", .flag = &w.is_json, .help = "   print as JSON"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(stdout, "platform invite --institution NAME | --update ID",
                       "Prints a link that connects a platform by dynamic registration: its "
                       "administrator pastes it where\na tool is added by URL. It works once, for "
                       "24 hours unless --hours says otherwise. An existing\nregistration is only "
                       "touched through a link made with --update for it.",
                       &line);
        return true;
    }
    if (!app_args_read(argc, argv, &line, err) || !check_host(w.host, err)) {
        return false;
    }
    w.institution = sv_trim(w.institution);
    if (w.hours < 1 || w.hours > HOURS_MAX) {
        return err_because(err, ERR_INPUT, "usage", "--hours takes 1 to %d", HOURS_MAX);
    }
    if (!sv_eq(w.policy, SV("ask")) && !sv_eq(w.policy, SV("approve"))) {
        return err_because(err, ERR_INPUT, "usage", "--new-deployments takes ask or approve");
    }
    return app_open_store(app, err) && make(app, &w, err);
}
