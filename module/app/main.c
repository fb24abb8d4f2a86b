/* laurel: turns what learners achieve in their LMS into credentials they own. */
#include "app.h"
#include "net_fetch.h"
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static const struct app_command COMMANDS[] = {
    {"migrate", "bring the database to this program's schema", app_migrate},
    {"serve", "answer the web server (FastCGI)", app_serve},
    {"worker", "do the background work: read grades, award badges", app_worker},
    {"platform", "learning platforms: invite, add, list, show, edit, approve, disable",
     app_platform},
    {"source", "where grades are read: set, list, test", app_source},
    {"admin", "badge-admin rights: grant, revoke, list", app_admin},
    {"badge", "badges and rules as files: import, export", app_badge},
    {"award", "awards: list, revoke, explain", app_award},
    {"sync", "make courses due now", app_sync},
    {"key", "master key and signing keys: init, list, rotate", app_key},
    {"verify", "check anybody's Open Badge", app_verify},
    {"export", "everything public as files for any web server", app_export},
    {"doctor", "check everything and say how to fix it", app_doctor},
};

static void print_help(FILE *out) {
    fputs("usage: laurel [-c FILE] COMMAND ...\n\n"
          "Laurel turns grades and completion in Canvas or Moodle into Open Badges.\n\n",
          out);
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
        fprintf(out, "  %-10s %s\n", COMMANDS[i].name, COMMANDS[i].summary);
    }
    fputs("\nThe configuration is FILE, else $LAUREL_CONF, else /etc/laurel/laurel.conf.\n"
          "`laurel COMMAND --help` says more. Exit status: 0 done, 2 wrong usage, 1 otherwise.\n",
          out);
}

/* Keys and tokens are in memory: no core file, no debugger of the same user (attacks.md K9). */
static void harden(void) {
    const struct rlimit none = {0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* A reader that went away, or a file that may not grow, is an error of that write, told in words.
 * All other signals end a command as they end any; serve and worker take them over. */
static void ignore_signals(void) {
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL);
    (void)sigaction(SIGXFSZ, &ignore, NULL);
}

/* Whether --help stands anywhere behind the command; it is taken out. */
static bool take_help(int *argc, char **argv) {
    int kept = 0;
    bool is_help = false;
    for (int i = 0; i < *argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            is_help = true;
        } else {
            argv[kept++] = argv[i];
        }
    }
    *argc = kept;
    return is_help;
}

static int run(struct app *app, int argc, char **argv) {
    struct err err = {0};
    bool is_help = take_help(&argc, argv);
    if (argc == 0) {
        print_help(is_help ? stdout : stderr);
        return is_help ? 0 : 2;
    }
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
        if (strcmp(argv[0], COMMANDS[i].name) != 0) {
            continue;
        }
        bool is_ok = COMMANDS[i].run(app, argc, argv, is_help, &err);
        store_destroy(app->store);
        seal_destroy(app->seal);
        if (is_ok) {
            return 0;
        }
        fprintf(stderr, "laurel: %s\n", err.text);
        return strcmp(err.reason, "usage") == 0 ? 2 : 1;
    }
    fprintf(stderr, "laurel: there is no command `%s`; see `laurel --help`\n", argv[0]);
    return 2;
}

int main(int argc, char **argv) {
    static struct app app;
    ignore_signals();
    harden();
    json_object_seed(0);
    const char *from_environment = secure_getenv("LAUREL_CONF");
    app.conf_path = from_environment == NULL ? "/etc/laurel/laurel.conf" : from_environment;
    int at = 1;
    if (at < argc && strcmp(argv[at], "--version") == 0) {
        printf("laurel %s\n", LAUREL_VERSION);
        return 0;
    }
    if (at < argc && strcmp(argv[at], "-c") == 0) {
        if (at + 1 >= argc) {
            fputs("laurel: a file name is missing behind -c; see `laurel --help`\n", stderr);
            return 2;
        }
        app.conf_path = argv[at + 1];
        at += 2;
    }
    int status = run(&app, argc - at, argv + at);
    arena_release(&app.arena);
    return status;
}
