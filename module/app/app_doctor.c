#include "app_doctor.h"
#include "grades_source.h"
#include "jose_keyset.h"
#include "net_fetch.h"
#include "source_open.h"
#include "store_credential.h"
#include "store_event.h"
#include "store_job.h"
#include "store_key.h"
#include "store_reconciliation.h"
#include "store_registration.h"
#include "store_source.h"

void app_doctor_say(struct app_doctor *d, enum app_doctor_level level, const char *what,
                    struct sv text) {
    static const char *const words[] = {"ok", "warning", "problem"};
    static const char *const shown[] = {"ok     ", "warning", "PROBLEM"};
    d->has_problem = d->has_problem || level == APP_DOCTOR_BAD;
    if (d->is_json) {
        (void)json_array_append_new(
            d->findings,
            json_pack("{s:b, s:s, s:s, s:s%}", "ok", level != APP_DOCTOR_BAD, "level", words[level],
                      "check", what, "text", text.ptr == NULL ? "" : text.ptr, text.len));
    } else {
        printf("%s  %-12s %.*s\n", shown[level], what, SV_ARG(text));
    }
}

static void report(struct app_doctor *d, bool is_good, const char *what, struct sv text) {
    app_doctor_say(d, is_good ? APP_DOCTOR_GOOD : APP_DOCTOR_BAD, what, text);
}

static bool report_err(struct app_doctor *d, const char *what, const struct err *err) {
    report(d, false, what, sv_from(err->text));
    return false;
}

static bool check_files(struct app_doctor *d) {
    struct err err = {0};
    if (!app_read_conf(d->app, &err)) {
        return report_err(d, "config", &err);
    }
    report(d, true, "config", sv_from(d->app->conf_path));
    if (!app_open_seal(d->app, &err)) {
        return report_err(d, "master key", &err);
    }
    report(d, true, "master key", sv_from(d->app->conf.master_key_file));
    return true;
}

static bool check_signing(struct app_doctor *d) {
    struct err err = {0};
    struct store_sign_state s = {0};
    if (!store_sign_state(d->app->store, &d->app->arena, &s, &err)) {
        return report_err(d, "credentials", &err);
    }
    struct sv text =
        s.refused == 0
            ? sv_printf(&d->app->arena, "%lld awards wait to be signed", (long long)s.waiting)
            : sv_printf(&d->app->arena,
                        "%lld awards cannot be signed, among them %.*s: %.*s. Mend the badge's "
                        "text, or what was written as evidence",
                        (long long)s.refused, SV_ARG(s.public_id), SV_ARG(s.problem));
    app_doctor_say(d, s.refused == 0 ? APP_DOCTOR_GOOD : APP_DOCTOR_WARN, "credentials", text);
    return true;
}

static bool check_database(struct app_doctor *d) {
    struct err err = {0};
    struct store_key *keys = NULL;
    struct store_job_counts jobs = {0};
    size_t count = 0;
    if (!app_open_store(d->app, &err) || !store_ready(d->app->store, &err)) {
        return report_err(d, "database", &err);
    }
    report(d, true, "database", SV("reachable, and of this program's schema"));
    if (!store_key_list(d->app->store, SV(""), &d->app->arena, &keys, &count, &err)) {
        return report_err(d, "keys", &err);
    }
    report(d, count > 0, "keys",
           count > 0 ? SV("a signing key is there")
                     : SV("there is no signing key yet: run `laurel key init`"));
    if (!store_job_count(d->app->store, &jobs, &err)) {
        return report_err(d, "jobs", &err);
    }
    report(d, jobs.parked + jobs.dead == 0, "jobs",
           sv_printf(&d->app->arena,
                     "%lld waiting, %lld parked until somebody changes something, %lld given up",
                     (long long)jobs.waiting, (long long)jobs.parked, (long long)jobs.dead));
    app_doctor_sync(d);
    return check_signing(d);
}

/* What the nightly comparison found is for the school's admins to look at: a warning at most. */
static void check_reconciliation(struct app_doctor *d) {
    struct store_reconciliation_totals t = {0};
    struct err err = {0};
    if (!store_reconciliation_total(d->app->store, &t, &err)) {
        (void)report_err(d, "reconciliation", &err);
        return;
    }
    if (t.courses == 0) {
        return; /* the first night is still to come */
    }
    bool has_findings = t.earned_not_awarded + t.awarded_not_earned + t.unreachable > 0;
    app_doctor_say(
        d, has_findings ? APP_DOCTOR_WARN : APP_DOCTOR_GOOD, "reconciliation",
        sv_printf(&d->app->arena,
                  "last night in %lld courses: %lld badges earned and not awarded (made good), "
                  "%lld held and no longer earned, %lld people who could not be judged",
                  (long long)t.courses, (long long)t.earned_not_awarded,
                  (long long)t.awarded_not_earned, (long long)t.unreachable));
}

bool app_doctor_fetch(struct app_doctor *d, struct sv url, struct arena *a,
                      struct net_response *out, struct err *err) {
    const struct net_request request = {.method = NET_GET,
                                        .net_class = NET_CLASS_PLATFORM,
                                        .url = url,
                                        .total_timeout_ms = 5000,
                                        .body_max_bytes = JOSE_KEYSET_BYTES_MAX};
    return net_fetch(d->net, &request, out, a, err) && net_status_check(out, "the request", err);
}

/* Our own address is no platform, but the operator's own choice: it may be asked whether it
 * answers. */
static size_t allow_own_address(const struct app *app, struct sv allowed[CONF_OUTBOUND_MAX + 1]) {
    struct sv authority = sv_skip(app->conf.base_url, app->conf.is_https ? 8 : 7);
    size_t count = app->conf.outbound_count;
    for (size_t i = 0; i < count; i++) {
        allowed[i] = app->conf.outbound_allow[i];
    }
    if (sv_find(authority, ':') < authority.len && authority.ptr[authority.len - 1] != ']') {
        allowed[count++] = authority;
    }
    return count;
}

static void check_source(struct app_doctor *d, const struct store_source *row) {
    AUTO_ARENA a = {0};
    struct grades_source source = {0};
    struct grades_probe probe = {0};
    struct err err = {0};
    const struct grades_course none = {0};
    const struct grades_io io = {.http = lti_http_of(d->net), .clock = clock_system, .arena = &a};
    const struct source_use use = {.store = d->app->store, .http = io.http, .clock = clock_system};
    enum grades_kind kind = GRADES_CSV;
    if (!grades_kind_parse(row->kind, &kind) ||
        (kind != GRADES_MOODLE && kind != GRADES_CANVAS)) { /* the others need a course */
        return;
    }
    struct sv name = row->base_url.len > 0 ? row->base_url : row->kind;
    if (!source_open(&use, row->institution_id, row->deployment_id, &a, &source, &err) ||
        !grades_test(&source, &none, &io, &probe, &err)) {
        report(d, false, "source", sv_printf(&a, "%.*s: %s", SV_ARG(name), err.text));
        return;
    }
    struct str words;
    str_init(&words, &a, 2000);
    str_add(&words, name);
    for (size_t i = 0; i < probe.word_count; i++) {
        str_addf(&words, "%s %.*s", i == 0 ? ":" : "", SV_ARG(probe.words[i]));
    }
    report(d, probe.is_good, "source", str_sv(&words));
}

/* Live events: a note that is younger than the last good event says what is wrong. */
static void check_events(struct app_doctor *d, const struct store_source *row) {
    AUTO_ARENA a = {0};
    struct store_event_feed f = {0};
    struct err err = {0};
    char at[RFC3339_MAX];
    if (!store_event_feed_of(d->app->store, row->institution_id, row->deployment_id, &a, &f,
                             &err)) {
        if (err.code != ERR_NOT_FOUND) {
            (void)report_err(d, "events", &err);
        }
        return;
    }
    bool is_refused = f.refused_at > f.last_event_at;
    app_doctor_say(
        d, is_refused ? APP_DOCTOR_WARN : APP_DOCTOR_GOOD, "events",
        is_refused ? sv_printf(&a, "%.*s: %.*s", SV_ARG(row->base_url), SV_ARG(f.refused_text))
        : f.last_event_at == 0 ? sv_printf(&a, "%.*s: none has come yet", SV_ARG(row->base_url))
                               : sv_printf(&a, "%.*s: the last came at %s", SV_ARG(row->base_url),
                                           rfc3339_format(f.last_event_at, at)));
}

static void check_sources(struct app_doctor *d) {
    struct store_source *all = NULL;
    struct err err = {0};
    size_t count = 0;
    if (!store_source_list(d->app->store, &d->app->arena, &all, &count, &err)) {
        (void)report_err(d, "sources", &err);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        check_source(d, &all[i]);
        check_events(d, &all[i]);
    }
}

/* Platforms read our keys from outside: the one that signs must be among them. */
static void check_own_keys(struct app_doctor *d) {
    AUTO_ARENA a = {0};
    AUTO_JOSE_KEYSET *keys = NULL;
    struct store_key current = {0};
    struct sv pem = {0};
    struct net_response response = {0};
    struct err err = {0};
    struct sv url = sv_printf(&a, "%.*s/lti/jwks", SV_ARG(d->app->conf.base_url));
    if (!store_key_current(d->app->store, 0, &a, &current, &pem, &err) ||
        !app_doctor_fetch(d, url, &a, &response, &err) ||
        !jose_keyset_parse(response.body, &keys, &err)) {
        report(d, false, "own keys", sv_printf(&a, "%.*s: %s", SV_ARG(url), err.text));
        return;
    }
    const struct jose_key *key = jose_keyset_find(keys, current.kid);
    report(d, key != NULL, "own keys",
           key != NULL
               ? sv_printf(&a, "%.*s lists the key that signs", SV_ARG(url))
               : sv_printf(&a,
                           "%.*s does not list the key that signs (%.*s): the address leads "
                           "to another installation, or a cache is before it",
                           SV_ARG(url), SV_ARG(current.kid)));
}

static void check_web(struct app_doctor *d) {
    AUTO_ARENA a = {0};
    struct net_response response = {0};
    struct err unreachable = {0};
    struct sv health = sv_printf(&a, "%.*s/healthz", SV_ARG(d->app->conf.base_url));
    if (!app_doctor_fetch(d, health, &a, &response, &unreachable)) {
        report(d, false, "web server",
               sv_printf(
                   &a,
                   "%.*s does not answer (%s); check nginx, `listen` and that `laurel serve` runs",
                   SV_ARG(health), unreachable.text));
        return;
    }
    report(d, true, "web server", d->app->conf.base_url);
    check_own_keys(d);
}

static void check_outside(struct app_doctor *d) {
    struct arena *a = &d->app->arena;
    struct err err = {0};
    struct net_client_config config = {.user_agent = "Laurel/" LAUREL_VERSION};
    struct sv allowed[CONF_OUTBOUND_MAX + 1];
    size_t allowed_count = allow_own_address(d->app, allowed);
    struct model_registration *all = NULL;
    const struct store_registration_key any = {0};
    size_t count = 0;
    if (!net_policy_parse(a, allowed, allowed_count, &config.policy, &err) ||
        !net_client_create(&config, &d->net, &err) ||
        !store_registration_list(d->app->store, &any, a, &all, &count, &err)) {
        (void)report_err(d, "platforms", &err);
        return;
    }
    if (count == 0) {
        report(d, true, "platforms",
               SV("none is registered yet: see `laurel platform add --help`"));
    }
    for (size_t i = 0; i < count; i++) {
        app_doctor_platform(d, &all[i]);
    }
    check_sources(d);
    check_reconciliation(d);
    check_web(d);
}

bool app_doctor(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct app_doctor d = {.app = app, .findings = NULL};
    const struct app_option options[] = {
        {.name = "json", .flag = &d.is_json, .help = "   print as JSON"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(stdout, "doctor [--json]",
                       "Checks configuration, keys, database, schema, jobs, every platform, every "
                       "grade source and the "
                       "web server, and\n"
                       "says how to mend each. Exit status 1 when something is wrong.",
                       &line);
        return true;
    }
    if (!app_args_read(argc, argv, &line, err)) {
        return false;
    }
    d.findings = json_array();
    if (check_files(&d) && check_database(&d)) {
        check_outside(&d);
    }
    net_client_destroy(d.net);
    if (d.is_json && !app_print_json(json_incref(d.findings), err)) {
        json_decref(d.findings);
        return false;
    }
    json_decref(d.findings);
    return !d.has_problem ||
           err_because(err, ERR_CONFLICT, "doctor", "something needs mending: see the lines above");
}
