/* The program's commands (DESIGN 3.1): one file each, a table in main.c, shared means here. */
#pragma once
#include "base_json.h"
#include "conf_config.h"
#include "seal_key.h"
#include "store.h"
#include <stdio.h>

#define APP_LIST_MAX 100

struct app {
    struct arena arena;
    const char *conf_path;
    struct conf_config conf; /* read by app_read_conf */
    struct seal *seal;       /* opened by app_open_seal; NULL until then */
    struct store *store;     /* opened by app_open_store; NULL until then */
};

/* What can follow a command on the line. Exactly one of text, number, flag and list is set. */
struct app_option {
    const char *name; /* without "--" */
    struct sv *text;
    int64_t *number;
    bool *flag;
    struct app_list *list;
    const char *help; /* "VALUE  what it means" */
    bool is_required;
};

struct app_list {
    struct sv items[APP_LIST_MAX];
    size_t count;
};

struct app_line {
    const struct app_option *options;
    size_t option_count;
    struct sv *words[2]; /* positional arguments, in order; NULL: none */
    const char *word_names;
    int words_required;
};

/* Read argv (after the command's own name). Fails: ERR_INPUT "usage". */
NODISCARD bool app_args_read(int argc, char **argv, const struct app_line *line, struct err *err);
void app_args_print(FILE *out, const char *usage, const char *about, const struct app_line *line);

NODISCARD bool app_read_conf(struct app *app, struct err *err);
NODISCARD bool app_open_seal(struct app *app, struct err *err);
/* Reads the configuration and opens the store; secrets in it stay closed. */
NODISCARD bool app_open_store(struct app *app, struct err *err);
/* The same with the master key: for what signs, or reads and writes tokens. */
NODISCARD bool app_open_sealed_store(struct app *app, struct err *err);

/* Print a value as JSON and a newline on stdout. Takes the value. */
NODISCARD bool app_print_json(json_t *value, struct err *err);
/* A copy of a file, at most max_bytes. Fails: ERR_INPUT naming it. */
NODISCARD bool app_read_file(struct arena *a, const char *path, size_t max_bytes, struct sv *out,
                             struct err *err);

struct app_command {
    const char *name;
    const char *summary;
    /* argv[0] is the command. `is_help`: print help on stdout instead. */
    bool (*run)(struct app *app, int argc, char **argv, bool is_help, struct err *err);
};

bool app_migrate(struct app *app, int argc, char **argv, bool is_help, struct err *err);
bool app_serve(struct app *app, int argc, char **argv, bool is_help, struct err *err);
bool app_platform(struct app *app, int argc, char **argv, bool is_help, struct err *err);
bool app_legacy(struct app *app, int argc, char **argv, bool is_help, struct err *err);
bool app_admin(struct app *app, int argc, char **argv, bool is_help, struct err *err);
bool app_key(struct app *app, int argc, char **argv, bool is_help, struct err *err);
bool app_worker(struct app *app, int argc, char **argv, bool is_help, struct err *err);
bool app_sync(struct app *app, int argc, char **argv, bool is_help, struct err *err);
bool app_source(struct app *app, int argc, char **argv, bool is_help, struct err *err);
bool app_source_upload(struct app *app, int argc, char **argv, bool is_help, struct err *err);
bool app_badge(struct app *app, int argc, char **argv, bool is_help, struct err *err);
bool app_award(struct app *app, int argc, char **argv, bool is_help, struct err *err);
bool app_export(struct app *app, int argc, char **argv, bool is_help, struct err *err);
bool app_verify(struct app *app, int argc, char **argv, bool is_help, struct err *err);
bool app_doctor(struct app *app, int argc, char **argv, bool is_help, struct err *err);

/* A command with sub-commands ("platform add"): finds and runs one, or prints their list. */
NODISCARD bool app_dispatch(struct app *app, const char *name, const struct app_command *table,
                            size_t count, int argc, char **argv, bool is_help, struct err *err);
