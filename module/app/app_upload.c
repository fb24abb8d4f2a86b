/* `laurel source upload`: a gradebook file, shown before it is stored. */
#include "app.h"
#include "store_upload.h"
#include "upload.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct wish {
    struct sv path, course_id;
    struct sv school, login, email; /* names of columns */
    struct app_list left_out, maxima;
    bool is_dry_run, is_json;
};

static bool find_course(struct app *app, struct sv id, struct store_course *out, struct err *err) {
    struct store_course *found = NULL;
    size_t count = 0;
    if (!store_course_find(app->store, id, &app->arena, &found, &count, err)) {
        return false;
    }
    if (count != 1) {
        return err_because(err, ERR_INPUT, "course",
                           "%zu courses have the id %.*s; "
                           "somebody must open Laurel in it once",
                           count, SV_ARG(id));
    }
    *out = found[0];
    return true;
}

static void add_use(struct grades_csv_choice *list, size_t *count, struct sv name,
                    enum grades_csv_use use) {
    if (name.len > 0) {
        list[(*count)++] = (struct grades_csv_choice){.name = name, .has_use = true, .use = use};
    }
}

static bool choices_of(struct app *app, const struct wish *w, struct grades_csv_choices *out,
                       struct err *err) {
    struct grades_csv_choice *list =
        ARENA_ARRAY(&app->arena, struct grades_csv_choice, (size_t)2 * APP_LIST_MAX + 3);
    size_t n = 0;
    add_use(list, &n, w->school, GRADES_CSV_SCHOOL);
    add_use(list, &n, w->login, GRADES_CSV_LOGIN);
    add_use(list, &n, w->email, GRADES_CSV_EMAIL);
    for (size_t i = 0; i < w->left_out.count; i++) {
        add_use(list, &n, w->left_out.items[i], GRADES_CSV_UNUSED);
    }
    for (size_t i = 0; i < w->maxima.count; i++) {
        struct sv text = w->maxima.items[i];
        size_t eq = text.len;
        while (eq > 0 && text.ptr[eq - 1] != '=') {
            eq--;
        }
        if (eq < 2) {
            return err_because(err, ERR_INPUT, "usage",
                               "--maximum takes COLUMN=NUMBER, as --maximum \"Quiz (Real)=10\"");
        }
        list[n++] =
            (struct grades_csv_choice){.name = sv_head(text, eq - 1), .maximum = sv_skip(text, eq)};
    }
    *out = (struct grades_csv_choices){.list = list, .count = n};
    return true;
}

static void show_map(const struct upload *u) {
    printf("%s:\n", grades_csv_format_name(u->survey.format));
    for (size_t i = 0; i < u->survey.column_count; i++) {
        const struct grades_csv_column *c = &u->survey.columns[i];
        if (c->name.len > 0) {
            printf("  %-32.*s  %.*s\n", SV_ARG(sv_clip_utf8(c->name, 60)), SV_ARG(c->words));
        }
    }
}

static void show_people(const struct upload *u) {
    for (size_t i = 0; i < u->stranger_count; i++) {
        const struct upload_stranger *s = &u->strangers[i];
        printf("left out: %.*s%s%.*s (%s)\n", SV_ARG(s->looked_for), s->name.len > 0 ? "  " : "",
               SV_ARG(s->name), s->reason);
    }
    for (size_t key = 0; key < UPLOAD_KEYS; key++) {
        if (u->found_by[key] > 0) {
            printf("%zu found by %s.\n", u->found_by[key], upload_key_name((enum upload_key)key));
        }
    }
    if (u->survey.test_rows > 0) {
        printf("%zu rows of Canvas's test student are left out.\n", u->survey.test_rows);
    }
}

static json_t *sv_json(struct sv text) {
    return json_stringn(text.ptr == NULL ? "" : text.ptr, text.len);
}

static json_t *columns_json(const struct upload *u) {
    json_t *list = json_array();
    for (size_t i = 0; i < u->survey.column_count; i++) {
        const struct grades_csv_column *c = &u->survey.columns[i];
        (void)json_array_append_new(
            list, json_pack("{s:o,s:o}", "name", sv_json(c->name), "use", sv_json(c->words)));
    }
    return list;
}

static json_t *strangers_json(const struct upload *u) {
    json_t *list = json_array();
    for (size_t i = 0; i < u->stranger_count; i++) {
        const struct upload_stranger *s = &u->strangers[i];
        (void)json_array_append_new(list, json_pack("{s:o,s:o,s:s}", "name", sv_json(s->name),
                                                    "looked_for", sv_json(s->looked_for), "reason",
                                                    s->reason));
    }
    return list;
}

static bool show_json(const struct upload *u, const struct store_reading_result *stored,
                      struct err *err) {
    return app_print_json(
        json_pack("{s:s,s:o,s:i,s:i,s:i,s:o,s:i,s:i,s:i,s:i,s:o}", "format",
                  grades_csv_format_name(u->survey.format), "columns", columns_json(u), "items",
                  (int)u->survey.reading.item_count, "people", (int)u->member_count, "test_rows",
                  (int)u->survey.test_rows, "left_out", strangers_json(u), "new", (int)u->new_count,
                  "changed", (int)u->changed_count, "unchanged", (int)u->same_count, "new_items",
                  (int)u->new_items, "stored",
                  stored == NULL ? json_null() : json_integer((json_int_t)stored->facts_changed)),
        err);
}

static bool show(const struct wish *w, const struct upload *u,
                 const struct store_reading_result *stored, struct err *err) {
    if (w->is_json) {
        return show_json(u, stored, err);
    }
    show_map(u);
    show_people(u);
    printf("%zu items, %zu people of the course; %zu results are new, %zu changed, %zu "
           "unchanged.\n",
           u->survey.reading.item_count, u->member_count, u->new_count, u->changed_count,
           u->same_count);
    if (stored == NULL) {
        printf("Nothing was stored.\n");
    } else {
        printf("Stored; %zu rows changed.\n", stored->facts_changed);
    }
    return true;
}

static bool run(struct app *app, const struct wish *w, const struct upload_file *file,
                struct err *err) {
    struct store_course course = {0};
    struct grades_csv_choices choices = {0};
    struct upload u = {0};
    struct store_reading_result result = {0};
    usec_t since = clock_now(&clock_system);
    if (!choices_of(app, w, &choices, err) || !app_open_store(app, err) ||
        !find_course(app, w->course_id, &course, err)) {
        return false;
    }
    const struct upload_request req = {.store = app->store,
                                       .course = &course,
                                       .file = *file,
                                       .choices = &choices,
                                       .arena = &app->arena};
    if (!upload_read(&req, &u, err) || !upload_compare(&req, &u, err)) {
        return err_prefix(err, "%.*s", SV_ARG(w->path));
    }
    if (w->is_dry_run) {
        return show(w, &u, NULL, err);
    }
    const struct store_upload whose = {.institution_id = course.institution_id,
                                       .course_id = course.id};
    return upload_store(&req, &u, since, &result, err) &&
           store_upload_stored(app->store, &whose, err) && show(w, &u, &result, err);
}

static bool run_file(struct app *app, const struct wish *w, struct err *err) {
    struct stat st;
    int fd = open(sv_c(&app->arena, w->path), O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        (void)err_because(err, ERR_INPUT, "file", "%.*s: %s", SV_ARG(w->path),
                          fd < 0 ? strerror(errno) : "is no file");
    }
    const struct upload_file file = {.fd = fd, .size = fd < 0 ? 0 : (size_t)st.st_size};
    bool is_good = err->code == ERR_NONE && run(app, w, &file, err);
    if (fd >= 0) {
        (void)close(fd);
    }
    return is_good;
}

static void print_help(const struct app_line *line) {
    app_args_print(
        stdout, "source upload FILE --course ID [--dry-run] [--json]",
        "Reads Canvas's gradebook export, Moodle's grade export (plain text, any language), or a "
        "CSV file with\n"
        "the columns person, item, score, maximum into a course; up to 100 MB. Says what each "
        "column is used for.\n"
        "People are found by the school's number (SIS id, ID number), the platform's id or the "
        "login, never by\n"
        "name, and by e-mail address only with --email; those who are not in the course are named. "
        "A second upload\n"
        "changes only what changed; no item is deleted.",
        line);
}

bool app_source_upload(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct wish w = {0};
    const struct app_option options[] = {
        {.name = "course",
         .text = &w.course_id,
         .is_required = true,
         .help = "ID  the course as its platform names it"},
        {.name = "dry-run", .flag = &w.is_dry_run, .help = "  read, match, compare; store nothing"},
        {.name = "school-number",
         .text = &w.school,
         .help = "COLUMN  the column with the school's numbers, where it was not recognised"},
        {.name = "login", .text = &w.login, .help = "COLUMN  the same for logins"},
        {.name = "email",
         .text = &w.email,
         .help = "COLUMN  find people by the e-mail addresses of this column, too"},
        {.name = "leave-out", .list = &w.left_out, .help = "COLUMN  do not use it; repeatable"},
        {.name = "maximum",
         .list = &w.maxima,
         .help = "COLUMN=NUMBER  what points are out of, where the file does not say; repeatable"},
        {.name = "json", .flag = &w.is_json, .help = "  print JSON"}};
    const struct app_line line = {.options = options,
                                  .option_count = ARRAY_LEN(options),
                                  .words = {&w.path},
                                  .word_names = "FILE",
                                  .words_required = 1};
    if (is_help) {
        print_help(&line);
        return true;
    }
    return app_args_read(argc, argv, &line, err) && run_file(app, &w, err);
}
