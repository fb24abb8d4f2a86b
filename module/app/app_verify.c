#include "app.h"
#include "app_net.h"
#include "credential_unbake.h"
#include "credential_verify.h"
#include "net_fetch.h"
#include <unistd.h>

/* For the "s%" of json_pack, which takes no NULL. */
#define SV_JSON(s) (s).ptr == NULL ? "" : (s).ptr, (s).len

struct verify_line {
    struct sv what, email;
    bool is_json, is_offline;
};

/* Also works where nothing is installed: without a configuration file nothing private is reached.
 */
static bool open_net(struct app *app, struct net_client **out, struct err *err) {
    struct net_client_config config = {.user_agent = "Laurel/" LAUREL_VERSION};
    bool has_conf = access(app->conf_path, F_OK) == 0;
    if (has_conf && !app_read_conf(app, err)) {
        return false;
    }
    return net_policy_parse(&app->arena, app->conf.outbound_allow, app->conf.outbound_count,
                            &config.policy, err) &&
           net_client_create(&config, out, err);
}

/* Foreign documents name what is fetched: public https only (DESIGN 7). Only this machine itself,
 * if the operator listed it, may be reached by http. */
static enum net_class class_of(struct app *app, struct sv url) {
    struct net_url u = {0};
    struct err ignored = {0};
    bool is_loopback = net_url_split(&app->arena, url, &u, &ignored) && !u.is_tls &&
                       (sv_eq(u.host, SV("127.0.0.1")) || sv_eq(u.host, SV("localhost")));
    return is_loopback ? NET_CLASS_PLATFORM : NET_CLASS_VERIFICATION;
}

static void fetch(struct app *app, struct net_client *net, struct credential_source *source) {
    const struct net_header accept = {
        .name = SV("Accept"),
        .value = SV("application/vc, application/ld+json, application/json, text/plain;q=0.8, "
                    "image/png;q=0.7, image/svg+xml;q=0.7, */*;q=0.1")};
    struct err err = {0};
    struct net_response response = {0};
    const struct net_request request = {.method = NET_GET,
                                        .net_class = class_of(app, source->url),
                                        .url = source->url,
                                        .headers = &accept,
                                        .header_count = 1,
                                        .body_max_bytes = NET_VERIFICATION_BODY_MAX};
    if (!net_fetch(net, &request, &response, &app->arena, &err)) {
        source->problem = sv_copy(&app->arena, sv_from(err.text));
    } else if (response.status < 200 || response.status > 299) {
        source->problem = sv_printf(&app->arena, "it answers with status %d", response.status);
        source->is_gone = response.status == 410;
    } else {
        source->body = response.body;
    }
}

static bool judge(struct app *app, const struct verify_line *l, struct sv bytes,
                  struct credential_report *report, struct err *err) {
    struct net_client *net = NULL;
    struct credential_source sources[CREDENTIAL_FETCHES_MAX] = {0};
    struct credential_verify_input in = {
        .bytes = bytes, .now = clock_now(&clock_system), .email = l->email, .sources = sources};
    if (!l->is_offline && !open_net(app, &net, err)) {
        return false;
    }
    credential_verify(&in, &app->arena, report);
    while (net != NULL && report->next_url.len > 0 && in.source_count < CREDENTIAL_FETCHES_MAX) {
        sources[in.source_count].url = report->next_url;
        fetch(app, net, &sources[in.source_count++]);
        credential_verify(&in, &app->arena, report);
    }
    net_client_destroy(net);
    return true;
}

static bool is_shown(const struct verify_line *l, const struct credential_report *r, int check) {
    return r->checks[check].verdict != CREDENTIAL_NOT_DONE &&
           (check != CREDENTIAL_CHECK_RECIPIENT || l->email.len > 0);
}

static void print_text(const struct verify_line *l, const struct credential_report *r) {
    static const char *const marks[] = {"", "ok  ", "FAIL", "?   "};
    if (r->name.len > 0) {
        printf("%.*s, says to be from %.*s\n", SV_ARG(r->name),
               SV_ARG(r->issuer_name.len > 0 ? r->issuer_name : r->issuer_id));
    }
    for (int i = 0; i < CREDENTIAL_CHECK_COUNT; i++) {
        if (is_shown(l, r, i)) {
            printf("%s  %-10s %.*s\n", marks[r->checks[i].verdict], credential_check_name(i),
                   SV_ARG(r->checks[i].text));
        }
    }
    puts(r->is_valid ? "Valid." : "Not valid.");
}

static bool print_report(const struct verify_line *l, const struct credential_report *r,
                         struct err *err) {
    json_t *checks = json_array();
    for (int i = 0; i < CREDENTIAL_CHECK_COUNT; i++) {
        if (is_shown(l, r, i)) {
            struct sv text = r->checks[i].text;
            (void)json_array_append_new(
                checks, json_pack("{s:s, s:s, s:s%}", "check", credential_check_name(i), "verdict",
                                  credential_verdict_name(r->checks[i].verdict), "text", text.ptr,
                                  text.len));
        }
    }
    return app_print_json(
        json_pack("{s:b, s:s%, s:s%, s:s%, s:s%, s:s%, s:s%, s:o}", "valid", r->is_valid ? 1 : 0,
                  "name", SV_JSON(r->name), "issuer_name", SV_JSON(r->issuer_name), "issuer_id",
                  SV_JSON(r->issuer_id), "credential_id", SV_JSON(r->credential_id), "valid_from",
                  SV_JSON(r->valid_from), "valid_until", SV_JSON(r->valid_until), "checks", checks),
        err);
}

static bool is_url(struct sv what) {
    return sv_starts(what, SV("https://")) || sv_starts(what, SV("http://"));
}

bool app_verify(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct verify_line l = {0};
    struct credential_report report = {0};
    struct sv bytes = {0};
    const struct app_option options[] = {
        {.name = "email",
         .text = &l.email,
         .help = "ADDRESS  check also that it was awarded to this address"},
        {.name = "offline", .flag = &l.is_offline, .help = "  fetch nothing"},
        {.name = "json", .flag = &l.is_json, .help = "  print the checks as JSON"}};
    const struct app_line line = {.options = options,
                                  .option_count = ARRAY_LEN(options),
                                  .words = {&l.what},
                                  .word_names = "FILE or URL",
                                  .words_required = 1};
    if (is_help) {
        app_args_print(
            stdout, "verify FILE|URL [--email ADDRESS] [--offline] [--json]",
            "Checks anybody's Open Badge 3.0 or 2.0: JSON, a signed token, or a PNG or SVG that "
            "holds "
            "one.\n"
            "Keys and status lists that it names are fetched from public https addresses, at most\n"
            "ten. Exit status: 0 valid, 1 not valid or not to be decided, 2 wrong usage.",
            &line);
        return true;
    }
    if (!app_args_read(argc, argv, &line, err)) {
        return false;
    }
    if (is_url(l.what)) {
        bytes = l.what;
    } else if (!app_read_file(&app->arena, sv_c(&app->arena, l.what), CREDENTIAL_IMAGE_BYTES_MAX,
                              &bytes, err)) {
        return false;
    }
    if (!judge(app, &l, bytes, &report, err)) {
        return false;
    }
    if (l.is_json) {
        if (!print_report(&l, &report, err)) {
            return false;
        }
    } else {
        print_text(&l, &report);
    }
    return report.is_valid || err_because(err, ERR_INPUT, "not_valid", "%.*s is not a valid badge",
                                          SV_ARG(sv_clip_utf8(l.what, 200)));
}
