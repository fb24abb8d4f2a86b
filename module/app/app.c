#include "app.h"
#include <errno.h>
#include <string.h>

bool app_read_conf(struct app *app, struct err *err) {
    if (app->conf.path != NULL) {
        return true;
    }
    if (!conf_read(app->conf_path, &app->arena, &app->conf, err)) {
        return false;
    }
    log_set_level(app->conf.log_level);
    return true;
}

bool app_open_seal(struct app *app, struct err *err) {
    return app->seal != NULL ||
           (app_read_conf(app, err) && seal_open_file(app->conf.master_key_file, &app->seal, err));
}

bool app_open_store(struct app *app, struct err *err) {
    if (app->store != NULL) {
        return true;
    }
    if (!app_read_conf(app, err)) {
        return false;
    }
    const struct store_options options = {.conninfo = app->conf.database,
                                          .connections = app->conf.database_connections,
                                          .seal = app->seal};
    return store_create(&options, &app->store, err);
}

bool app_open_sealed_store(struct app *app, struct err *err) {
    return app_open_seal(app, err) && app_open_store(app, err);
}

bool app_print_json(json_t *value, struct err *err) {
    AUTO_JSON *owned = value;
    if (json_dumpf(owned, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) != 0 ||
        putchar('\n') == EOF) {
        return err_set(err, ERR_BUG, "the result could not be printed");
    }
    return true;
}

static void file_close(FILE **f) {
    if (*f != NULL) {
        (void)fclose(*f);
    }
}

bool app_read_file(struct arena *a, const char *path, size_t max_bytes, struct sv *out,
                   struct err *err) {
    char why[128];
    CLEANUP(file_close) FILE *f = fopen(path, "rb");
    if (f == NULL) {
        return err_because(err, ERR_INPUT, "file", "%s cannot be read: %s", path,
                           strerror_r(errno, why, sizeof why));
    }
    char *bytes = arena_alloc(a, max_bytes + 1);
    size_t n = fread(bytes, 1, max_bytes + 1, f);
    if (n > max_bytes || ferror(f) != 0) {
        return err_because(err, ERR_INPUT, "file", "%s %s", path,
                           n > max_bytes ? "is too large" : "cannot be read to its end");
    }
    *out = sv_of(bytes, n);
    return true;
}

bool app_dispatch(struct app *app, const char *name, const struct app_command *table, size_t count,
                  int argc, char **argv, bool is_help, struct err *err) {
    const char *word = argc > 1 ? argv[1] : "";
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, table[i].name) == 0) {
            return table[i].run(app, argc - 1, argv + 1, is_help, err);
        }
    }
    if (!is_help) {
        return err_because(err, ERR_INPUT, "usage", "%s%s%s; see `laurel %s --help`",
                           word[0] == '\0' ? "a sub-command is missing behind " : "there is no `",
                           word[0] == '\0' ? name : word, word[0] == '\0' ? "" : "`", name);
    }
    printf("usage: laurel [-c FILE] %s COMMAND ...\n\n", name);
    for (size_t i = 0; i < count; i++) {
        printf("  %-10s %s\n", table[i].name, table[i].summary);
    }
    printf("\n`laurel %s COMMAND --help` says more.\n", name);
    return true;
}
