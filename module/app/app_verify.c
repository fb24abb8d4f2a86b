#include "app.h"
#include "app_net.h"
#include "credential_unbake.h"
#include "credential_verify.h"
#include "pack_zip.h"
#include "page_verify.h"
#include <unistd.h>

#define ARCHIVE_BYTES_MAX ((size_t)32 << 20)

struct verify_line {
    struct sv what, email, from;
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

struct outside {
    struct app *app;
    struct net_client *net;
};

static void fetch(void *ctx, struct credential_source *source, struct arena *a) {
    const struct outside *o = ctx;
    page_verify_fetch(o->net, class_of(o->app, source->url), 0, source, a);
}

/* What "Download everything" gave: a file for each address that a check asks for. */
struct packed {
    struct pack_zip *zip;
    const json_t *urls;
};

static void fetch_packed(void *ctx, struct credential_source *source, struct arena *a) {
    const struct packed *packed = ctx;
    struct err err = {0};
    bool is_found = false;
    struct sv name = js_sv(json_object_get(packed->urls, sv_c(a, source->url)));
    if (name.len > 0 && !pack_zip_read(packed->zip, name, a, &source->body, &is_found, &err)) {
        source->problem = sv_copy(a, sv_from(err.text));
    } else if (!is_found) {
        source->problem = SV("the archive does not hold it");
    }
}

static bool open_packed(struct app *app, struct sv path, struct pack_zip **zip, json_t **urls,
                        struct err *err) {
    struct sv bytes = {0};
    struct sv text = {0};
    bool is_found = false;
    if (!app_read_file(&app->arena, sv_c(&app->arena, path), ARCHIVE_BYTES_MAX, &bytes, err) ||
        !pack_zip_open(bytes, zip, err) ||
        !pack_zip_read(*zip, SV("urls.json"), &app->arena, &text, &is_found, err)) {
        return false;
    }
    if (!is_found) {
        return err_because(err, ERR_INPUT, "zip",
                           "there is no urls.json in %.*s: it is no archive that Laurel made",
                           SV_ARG(sv_clip_utf8(path, 200)));
    }
    return js_parse(text, PACK_FILE_BYTES_MAX, "urls.json", urls, err);
}

static bool judge_packed(struct app *app, const struct verify_line *l,
                         const struct credential_verify_input *in, struct credential_report *report,
                         struct err *err) {
    AUTO_ZIP *zip = NULL;
    AUTO_JSON *urls = NULL;
    if (!open_packed(app, l->from, &zip, &urls, err)) {
        return false;
    }
    struct packed packed = {.zip = zip, .urls = urls};
    const struct credential_fetcher fetcher = {.fetch = fetch_packed, .ctx = &packed};
    credential_verify_with(in, &fetcher, &app->arena, report);
    return true;
}

static bool judge(struct app *app, const struct verify_line *l, struct sv bytes,
                  struct credential_report *report, struct err *err) {
    struct outside outside = {.app = app};
    const struct credential_verify_input in = {
        .bytes = bytes, .now = clock_now(&clock_system), .email = l->email};
    if (l->from.len > 0) {
        return judge_packed(app, l, &in, report, err);
    }
    if (l->is_offline) {
        credential_verify(&in, &app->arena, report);
        return true;
    }
    if (!open_net(app, &outside.net, err)) {
        return false;
    }
    const struct credential_fetcher fetcher = {.fetch = fetch, .ctx = &outside};
    credential_verify_with(&in, &fetcher, &app->arena, report);
    net_client_destroy(outside.net);
    return true;
}

static void print_text(const struct credential_report *r) {
    static const char *const marks[] = {"", "ok  ", "FAIL", "?   "};
    if (r->name.len > 0) {
        printf("%.*s, says to be from %.*s\n", SV_ARG(r->name),
               SV_ARG(r->issuer_name.len > 0 ? r->issuer_name : r->issuer_id));
    }
    bool is_failed = false;
    for (int i = 0; i < CREDENTIAL_CHECK_COUNT; i++) {
        is_failed = is_failed || r->checks[i].verdict == CREDENTIAL_FAILED;
        if (credential_check_is_done(r, i)) {
            printf("%s  %-10s %.*s\n", marks[r->checks[i].verdict], credential_check_name(i),
                   SV_ARG(r->checks[i].text));
        }
    }
    puts(r->is_valid ? "Valid." : is_failed ? "Not valid." : "It could not be checked to the end.");
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
        {.name = "from",
         .text = &l.from,
         .help = "ZIP  fetch nothing: take documents from an archive of \"Download all your "
                 "badges\""},
        {.name = "offline", .flag = &l.is_offline, .help = "  fetch nothing"},
        {.name = "json", .flag = &l.is_json, .help = "  print the checks as JSON"}};
    const struct app_line line = {.options = options,
                                  .option_count = ARRAY_LEN(options),
                                  .words = {&l.what},
                                  .word_names = "FILE or URL",
                                  .words_required = 1};
    if (is_help) {
        app_args_print(
            stdout, "verify FILE|URL [--email ADDRESS] [--from ZIP | --offline] [--json]",
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
        if (!app_print_json(credential_report_json(&report), err)) {
            return false;
        }
    } else {
        print_text(&report);
        if (l.from.len > 0) {
            puts(
                "Checked with the keys and status lists of the archive, as they were when it was "
                "made. Whoever made\nit could have put in their own: compare the issuer's did.json "
                "in it with the published one.");
        }
    }
    return report.is_valid || err_because(err, ERR_INPUT, "not_valid", "%.*s is not a valid badge",
                                          SV_ARG(sv_clip_utf8(l.what, 200)));
}
