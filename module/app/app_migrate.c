#include "app.h"
#include "db_migrate.h"

bool app_migrate(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    bool is_json = false;
    const struct app_option options[] = {
        {.name = "json", .flag = &is_json, .help = "       print the result as JSON"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(
            stdout, "migrate [--json]",
            "Brings the database of `migrate_database` to this program's schema. Safe to run "
            "twice and\nfrom two machines at once; refuses a database of a newer release and an "
            "altered one.",
            &line);
        return true;
    }
    struct db_migrate_report report = {0};
    if (!app_args_read(argc, argv, &line, err) || !app_read_conf(app, err) ||
        !db_migrate(app->conf.migrate_database, &report, err)) {
        return false;
    }
    if (is_json) {
        return app_print_json(
            json_pack("{s:i, s:i}", "before", report.before, "after", report.after), err);
    }
    if (report.before == report.after) {
        printf("The database is up to date (schema %d).\n", report.after);
    } else {
        printf("The database went from schema %d to %d.\n", report.before, report.after);
    }
    return true;
}
