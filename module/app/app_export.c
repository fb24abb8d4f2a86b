#include "app_export.h"
#include "page_files.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct export_line {
    struct sv folder, institution, forms;
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

static bool put(void *ctx, const struct issue_file *file, struct err *err) {
    AUTO_ARENA a = {0};
    const char *path = sv_c(&a, file->path);
    return app_export_write(ctx, path, file->body, err) &&
           (file->also.len == 0 ||
            app_export_link(ctx, path, sv_c(&a, file->also), file->body, err));
}

static bool keep(void *ctx, struct sv path, struct sv mark) {
    AUTO_ARENA a = {0};
    return app_export_keep(ctx, sv_c(&a, path), mark);
}

static bool read_forms(struct sv list, unsigned *out, struct err *err) {
    static const struct {
        const char *name;
        unsigned form;
    } forms[] = {{"html", ISSUE_EXPORT_HTML},
                 {"svg", ISSUE_EXPORT_SVG},
                 {"png", ISSUE_EXPORT_PNG},
                 {"pdf", ISSUE_EXPORT_PDF},
                 {"ob2", ISSUE_EXPORT_OB2}};
    struct sv one;
    *out = list.ptr == NULL ? ISSUE_EXPORT_ALL : 0;
    for (bool is_more = list.len > 0; is_more;) {
        is_more = sv_cut(list, ',', &one, &list);
        size_t i = 0;
        while (i < ARRAY_LEN(forms) && !sv_eq(one, sv_from(forms[i].name))) {
            i++;
        }
        if (i == ARRAY_LEN(forms)) {
            return err_because(err, ERR_INPUT, "usage",
                               "--forms takes html, svg, png, pdf and ob2 with commas between, "
                               "not `%.*s`",
                               SV_ARG(sv_clip_utf8(one, 100)));
        }
        *out |= forms[i].form;
    }
    return true;
}

static bool print(const struct export_line *l, const struct issue_exported *n, struct err *err) {
    if (l->is_json) {
        return app_print_json(
            json_pack("{s:s%, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "folder",
                      l->folder.ptr, l->folder.len, "institutions", (json_int_t)n->institutions,
                      "issuers", (json_int_t)n->issuers, "keys", (json_int_t)n->keys, "badges",
                      (json_int_t)n->badges, "awards", (json_int_t)n->awards, "status_lists",
                      (json_int_t)n->lists, "unsigned_awards", (json_int_t)n->unsigned_awards,
                      "refused_badges", (json_int_t)n->refused_badges, "certificates_drawn",
                      (json_int_t)n->certificates, "certificates_kept",
                      (json_int_t)n->kept_certificates, "undrawn", (json_int_t)n->undrawn),
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
    if (n->undrawn > 0) {
        printf("%zu pictures and certificates could not be drawn this time: export again. What is "
               "drawn is not drawn twice.\n",
               n->undrawn);
    }
    return true;
}

static bool write_folder(struct app *app, const struct export_line *l, unsigned forms,
                         struct app_export_folder *folder, struct issue_exported *counts,
                         struct err *err) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct page_app *pages = NULL;
    const struct page_options page_options = {.store = app->store,
                                              .base_url = app->conf.base_url,
                                              .clock = clock_system,
                                              .version = LAUREL_VERSION,
                                              .threads = 1,
                                              .kept_forms = forms};
    if (!page_create(&page_options, &pages, err)) {
        return false;
    }
    const struct issue_export options = {.institution = l->institution,
                                         .root = root_of(app, folder->part),
                                         .forms = forms,
                                         .draws_max = cores > 0 ? (unsigned)cores : 1,
                                         .now = clock_now(&clock_system),
                                         .pages = page_files(pages),
                                         .sink = {.put = put, .keep = keep, .ctx = folder}};
    struct issue *issue = issue_create(app->store, app->conf.base_url);
    bool is_ok = issue_export(issue, &options, counts, err) && app_export_finish(folder, err);
    issue_destroy(issue);
    page_destroy(pages);
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
        {.name = "forms",
         .text = &l.forms,
         .help = "LIST  beside JSON and tokens only these of html,svg,png,pdf,ob2; else all that "
                 "links\n                  may lead to (certificates, pdf, take longest: about "
                 "thirty a second on two cores)"},
        {.name = "json", .flag = &l.is_json, .help = "  print what was written as JSON"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(
            stdout, "export --static DIR [--institution NAME] [--forms LIST] [--json]",
            "Writes everything public as files that any web server can serve for ever: "
            "issuers, keys,\nstatus lists, badges and the awards that learners share, with "
            "their pages, pictures and\ncertificates. Served under the same name, badges "
            "stay verifiable without Laurel;\nDIR/README.txt says how. DIR is replaced "
            "when all is written, not before. An export that\nwas interrupted, or is made "
            "again, does not draw the same certificate twice.",
            &line);
        return true;
    }
    struct app_export_folder folder = {.fd = -1};
    struct issue_exported counts = {0};
    unsigned forms = 0;
    bool is_ok = app_args_read(argc, argv, &line, err) && read_forms(l.forms, &forms, err) &&
                 app_open_sealed_store(app, err) && store_ready(app->store, err) &&
                 app_export_open(app, l.folder, &folder, err) &&
                 write_folder(app, &l, forms, &folder, &counts, err);
    app_export_close(&folder);
    return is_ok && print(&l, &counts, err);
}
