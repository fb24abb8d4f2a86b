#include "app_export.h"
#include "issue_export.h"
#include <stdlib.h>
#include <string.h>

struct export_line {
    struct sv folder, institution;
    bool is_json;
};

/* For nginx.conf, in double quotes; a path that would need more than that is left to people. */
static struct sv root_of(struct app *app, const char *path) {
    char *real = realpath(path, NULL);
    struct sv text = sv_copy(&app->arena, sv_from(real));
    size_t part = strlen(".part");
    free(real);
    return text.len <= part || strpbrk(sv_c(&app->arena, text), "\"\\$\n") != NULL
               ? SV("/srv/badges")
               : sv_head(text, text.len - part);
}

/* Below the document root, a file stands where its address says, base_url's path included. */
struct target {
    const struct app_export_folder *folder;
    struct sv below; /* "badges/" of https://host/badges; or empty */
};

static bool put(void *ctx, const struct issue_file *file, struct err *err) {
    AUTO_ARENA a = {0};
    const struct target *t = ctx;
    /* These two tell servers and people about the whole folder. */
    bool is_above = sv_eq(file->path, SV("README.txt")) || sv_eq(file->path, SV("nginx.conf")) ||
                    sv_eq(file->path, SV(".htaccess"));
    struct sv below = is_above ? sv_of(NULL, 0) : t->below;
    const char *path = arena_printf(&a, "%.*s%.*s", SV_ARG(below), SV_ARG(file->path));
    const char *also = arena_printf(&a, "%.*s%.*s", SV_ARG(below), SV_ARG(file->also));
    return app_export_write(t->folder, path, file->body, err) &&
           (file->also.len == 0 || app_export_link(t->folder, path, also, file->body, err));
}

static struct sv below_of(struct app *app) {
    struct sv url = app->conf.base_url;
    struct sv scheme;
    struct sv rest;
    (void)sv_cut(url, ':', &scheme, &rest);
    rest = sv_skip(rest, 2);
    rest = sv_skip(rest, sv_find(rest, '/') + 1);
    while (sv_ends(rest, SV("/"))) {
        rest = sv_head(rest, rest.len - 1);
    }
    return rest.len == 0 ? rest : sv_printf(&app->arena, "%.*s/", SV_ARG(rest));
}

static bool print(const struct export_line *l, const struct issue_exported *n, struct err *err) {
    if (l->is_json) {
        return app_print_json(
            json_pack("{s:s%, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "folder", l->folder.ptr,
                      l->folder.len, "institutions", (json_int_t)n->institutions, "issuers",
                      (json_int_t)n->issuers, "keys", (json_int_t)n->keys, "badges",
                      (json_int_t)n->badges, "awards", (json_int_t)n->awards, "status_lists",
                      (json_int_t)n->lists, "unsigned_awards", (json_int_t)n->unsigned_awards,
                      "refused_badges", (json_int_t)n->refused_badges),
            err);
    }
    printf("Wrote %zu shared awards, %zu badges, %zu issuers, %zu keys and %zu status lists to "
           "%.*s. Its README.txt says how to serve them.\n",
           n->awards, n->badges, n->issuers, n->keys, n->lists, SV_ARG(l->folder));
    if (n->unsigned_awards > 0) {
        printf("%zu shared awards have no credential yet and are not there: let `laurel worker "
               "--once` sign them and export again. `laurel doctor` says more.\n",
               n->unsigned_awards);
    }
    if (n->refused_badges > 0) {
        printf("%zu badges have texts that cannot be published; `laurel doctor` says which awards "
               "wait for that.\n",
               n->refused_badges);
    }
    return true;
}

static bool write_folder(struct app *app, const struct export_line *l,
                         struct app_export_folder *folder, struct issue_exported *counts,
                         struct err *err) {
    struct target target = {.folder = folder, .below = below_of(app)};
    const struct issue_export options = {.institution = l->institution,
                                         .root = root_of(app, folder->part),
                                         .now = clock_now(&clock_system),
                                         .sink = {.put = put, .ctx = &target}};
    struct issue *issue = issue_create(app->store, app->conf.base_url);
    bool is_ok = issue_export(issue, &options, counts, err) && app_export_finish(folder, err);
    issue_destroy(issue);
    return is_ok;
}

bool app_export(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct export_line l = {0};
    const struct app_option options[] = {
        {.name = "static",
         .text = &l.folder,
         .is_required = true,
         .help = "DIR  the folder to write: a new one, or an earlier export to replace"},
        {.name = "institution",
         .text = &l.institution,
         .help = "NAME  of this institution only; else of all"},
        {.name = "json", .flag = &l.is_json, .help = "  print what was written as JSON"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(stdout, "export --static DIR [--institution NAME] [--json]",
                       "Writes everything public as files that any web server can serve for ever: "
                       "issuers, keys,\nstatus lists, badges and the awards that learners share. "
                       "Served under the same name,\nbadges stay verifiable without Laurel; DIR/"
                       "README.txt says how. DIR is replaced when all\nis written, not before.",
                       &line);
        return true;
    }
    struct app_export_folder folder = {.fd = -1};
    struct issue_exported counts = {0};
    bool is_ok = app_args_read(argc, argv, &line, err) && app_open_sealed_store(app, err) &&
                 store_ready(app->store, err) && app_export_open(app, l.folder, &folder, err) &&
                 write_folder(app, &l, &folder, &counts, err);
    app_export_close(&folder);
    return is_ok && print(&l, &counts, err);
}
