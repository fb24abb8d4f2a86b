/* `laurel source revoke` and `laurel source events`: Canvas's OAuth2 grant and live events. */
#include "app_net.h"
#include "app_source.h"
#include "base_clock.h"
#include "lti_event.h"
#include "lti_url.h"
#include "source_open.h"
#include "store_event.h"

bool app_source_revoke(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct app_source_place place = {0};
    const struct app_option options[] = {APP_SOURCE_PLACE(place)};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(stdout, "source revoke --issuer URL --client-id ID --deployment ID",
                       "Takes back what was granted to a Canvas developer key: Canvas is told, and "
                       "the tokens are\nforgotten here in any case. The key stays, to be connected "
                       "again.",
                       &line);
        return true;
    }
    struct store_deployment d = {0};
    struct net_client *net = NULL;
    struct sv untold = {0};
    if (!app_args_read(argc, argv, &line, err) || !app_open_sealed_store(app, err) ||
        !app_source_find(app, &place, &d, err) || !app_net_open(app, 0, &net, err)) {
        return false;
    }
    const struct source_use use = {
        .store = app->store, .http = lti_http_of(net), .clock = clock_system};
    bool is_done = source_revoke(&use, d.institution_id, d.id, 0, &app->arena, &untold, err);
    net_client_destroy(net);
    if (is_done && untold.len > 0) {
        printf("The tokens are forgotten here, but Canvas could not be told: %.*s.\n"
               "End the access there: Account, Settings, Approved Integrations.\n",
               SV_ARG(untold));
    } else if (is_done) {
        puts("The tokens are forgotten here and ended in Canvas.");
    }
    return is_done;
}

struct events_line {
    struct app_source_place place;
    struct sv deed, root_account, jwks_url;
    bool is_json;
};

static struct sv address_of(struct app *app, const struct store_event_feed *f) {
    return sv_printf(&app->arena, "%.*s/events/%.*s", SV_ARG(app->conf.base_url), SV_ARG(f->id));
}

/* The account's uuid must be said: the same keys sign the events of every school on Canvas's cloud,
 * so a feed that took the first account that comes could be bound by a stranger's. */
static bool need_account(struct err *err) {
    return err_because(err, ERR_INPUT, "usage",
                       "--root-account UUID is needed, since all schools' events are signed by the "
                       "same keys: signed in to Canvas as an administrator, open "
                       "/api/v1/accounts/self there and take \"uuid\"");
}

static bool enable(struct app *app, const struct events_line *l, const struct store_deployment *d,
                   struct err *err) {
    char id[37];
    uuid7(clock_now(&clock_system), id);
    struct store_event_feed feed = {.id = sv_from(id),
                                    .institution_id = d->institution_id,
                                    .deployment_id = d->id,
                                    .root_account_uuid = l->root_account,
                                    .jwks_url =
                                        l->jwks_url.len > 0 ? l->jwks_url : SV(LTI_EVENT_JWKS)};
    if (l->root_account.len == 0) {
        return need_account(err);
    }
    if (l->root_account.len > 255 || !sv_is_printable_ascii(l->root_account)) {
        return err_because(err, ERR_INPUT, "usage", "--root-account is no Canvas account's uuid");
    }
    if (!lti_url_is_safe(feed.jwks_url)) {
        return err_because(err, ERR_INPUT, "usage",
                           "--jwks-url must be https://, or http:// for 127.0.0.1");
    }
    if (!store_event_feed_set(app->store, &feed, &app->arena, err)) {
        return false;
    }
    struct sv url = address_of(app, &feed);
    if (l->is_json) {
        return app_print_json(json_pack("{s:s%}", "url", url.ptr, url.len), err);
    }
    printf(
        "In Canvas, Admin, Data Streams, + Add: delivery method HTTPS, \"Sign Payload\" on, URL\n"
        "  %.*s\n"
        "and these subscriptions: grade_change, grade_override, course_grade_change,\n"
        "submission_created, submission_updated, enrollment_created, enrollment_updated,\n"
        "enrollment_state_created, enrollment_state_updated, assignment_created,\n"
        "assignment_updated, module_created, module_updated, course_completed,\n"
        "course_progress, learning_outcome_result_created, learning_outcome_result_updated.\n"
        "Others do no harm. Keys are read from %.*s\n",
        SV_ARG(url), SV_ARG(feed.jwks_url));
    return true;
}

static bool disable(struct app *app, const struct store_deployment *d, struct err *err) {
    bool was_there = false;
    if (!store_event_feed_drop(app->store, d->institution_id, d->id, &was_there, err)) {
        return false;
    }
    puts(was_there ? "No events are taken any more. Remove the data stream in Canvas."
                   : "There was nothing to switch off.");
    return true;
}

static const char *time_or(usec_t t, const char *otherwise, char out[RFC3339_MAX]) {
    return t == 0 ? otherwise : rfc3339_format(t, out);
}

static bool show(struct app *app, const struct events_line *l, const struct store_deployment *d,
                 struct err *err) {
    struct store_event_feed f = {0};
    char last[RFC3339_MAX];
    char refused[RFC3339_MAX];
    if (!store_event_feed_of(app->store, d->institution_id, d->id, &app->arena, &f, err)) {
        return false;
    }
    struct sv url = address_of(app, &f);
    AUTO_JSON *counts = NULL;
    if (!js_parse(f.counts, 65536, "the counts", &counts, err)) {
        return false;
    }
    if (l->is_json) {
        return app_print_json(
            json_pack("{s:s%, s:s%, s:s%, s:s, s:O, s:s%, s:s%}", "url", url.ptr, url.len,
                      "root_account", f.root_account_uuid.ptr, f.root_account_uuid.len, "jwks_url",
                      f.jwks_url.ptr, f.jwks_url.len, "last_event_at",
                      time_or(f.last_event_at, "", last), "counts", counts, "refused_reason",
                      f.refused_reason.ptr, f.refused_reason.len, "refused_text",
                      f.refused_text.ptr, f.refused_text.len),
            err);
    }
    printf("%.*s\n  account %.*s, keys %.*s\n  last event: %s  %.*s\n", SV_ARG(url),
           SV_ARG(f.root_account_uuid), SV_ARG(f.jwks_url),
           time_or(f.last_event_at, "none yet", last), SV_ARG(f.counts));
    if (f.refused_at != 0) {
        printf("  last refused: %s  %.*s\n", time_or(f.refused_at, "", refused),
               SV_ARG(f.refused_text));
    }
    return true;
}

bool app_source_events(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct events_line l = {0};
    const struct app_option options[] = {
        APP_SOURCE_PLACE(l.place),
        {.name = "root-account", .text = &l.root_account, .help = "UUID  the Canvas account's"},
        {.name = "jwks-url",
         .text = &l.jwks_url,
         .help = "URL  where the keys are that sign (default: those of Canvas's cloud)"},
        {.name = "json", .flag = &l.is_json, .help = "   print as JSON"}};
    const struct app_line line = {.options = options,
                                  .option_count = ARRAY_LEN(options),
                                  .words = {&l.deed},
                                  .word_names = "enable|disable|show",
                                  .words_required = 1};
    if (is_help) {
        app_args_print(stdout,
                       "source events enable|disable|show --issuer URL --client-id ID --deployment "
                       "ID\n              [--root-account UUID] [--jwks-url URL] [--json]",
                       "Canvas Live Events: has Canvas tell when grades change, so that the course "
                       "is read at once.\n`enable` prints the address and what to enter in Canvas.",
                       &line);
        return true;
    }
    struct store_deployment d = {0};
    if (!app_args_read(argc, argv, &line, err) || !app_open_store(app, err) ||
        !app_source_find(app, &l.place, &d, err)) {
        return false;
    }
    if (sv_eq(l.deed, SV("enable"))) {
        return enable(app, &l, &d, err);
    }
    if (sv_eq(l.deed, SV("disable"))) {
        return disable(app, &d, err);
    }
    return sv_eq(l.deed, SV("show"))
               ? show(app, &l, &d, err)
               : err_because(err, ERR_INPUT, "usage", "say enable, disable or show");
}
