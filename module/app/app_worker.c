#include "app.h"
#include "app_net.h"
#include "job.h"
#include "store_course.h"
#include "store_job.h"
#include "web_server.h"
#include <malloc.h>

/* Jobs at once in one process: they wait for the LMS most of the time. */
#define THREADS 4

bool app_net_open(struct app *app, int concurrent_max, struct net_client **out, struct err *err) {
    struct net_client_config config = {.user_agent = "Laurel/" LAUREL_VERSION,
                                       .concurrent_max = concurrent_max};
    return app_read_conf(app, err) &&
           net_policy_parse(&app->arena, app->conf.outbound_allow, app->conf.outbound_count,
                            &config.policy, err) &&
           net_client_create(&config, out, err);
}

/* One heap for the few threads, and large blocks back to the system when they are freed: a course
 * of school size is read in one thread now and in another then, and each would keep what it grew
 * to. The last MiB stays: giving back and asking anew takes a third of signing a long document. */
static void bound_memory(void) {
    (void)mallopt(M_ARENA_MAX, 1);
    (void)mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    (void)mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
}

bool app_worker(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    bool is_once = false;
    const struct app_option options[] = {
        {.name = "once",
         .flag = &is_once,
         .help = "  work until nothing is due, then exit (cron, tests)"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(
            stdout, "worker [--once]",
            "Does the background work: reads courses, awards badges, fills gradebook "
            "columns. Any number\n"
            "of workers on any number of machines. SIGTERM interrupts readings, which the "
            "next worker goes\n"
            "on with, and lets other jobs finish; a worker that is killed loses nothing.",
            &line);
        return true;
    }
    struct net_client *net = NULL;
    bound_memory();
    /* Each thread may need a second connection beside a lock, and one is kept for the bell; what
     * the configuration says is for the threads of `serve`. */
    if (!app_args_read(argc, argv, &line, err) || !app_read_conf(app, err)) {
        return false;
    }
    if (!is_once) {
        web_server_block_signals();
    }
    if (app->conf.database_connections < 2 * THREADS + 2) {
        app->conf.database_connections = 2 * THREADS + 2;
    }
    if (!app_open_sealed_store(app, err) || !app_net_open(app, 0, &net, err)) {
        return false;
    }
    const struct job_options job = {.store = app->store,
                                    .net = net,
                                    .clock = clock_system,
                                    .base_url = app->conf.base_url,
                                    .threads = THREADS};
    bool is_ok = is_once ? job_run_once(&job, err) : job_run(&job, err);
    net_client_destroy(net);
    return is_ok;
}

bool app_sync(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct sv course = {0};
    const struct app_option options[] = {
        {.name = "course",
         .text = &course,
         .help = "ID  the course as its platform names it (Moodle: its number)"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(stdout, "sync [--course ID]",
                       "Makes the courses due now: all that have badges and a grade source and "
                       "whose time has come,\n"
                       "or one at once. A worker does the reading.",
                       &line);
        return true;
    }
    if (!app_args_read(argc, argv, &line, err) || !app_open_store(app, err)) {
        return false;
    }
    if (course.len == 0) {
        if (!store_sync_request_all(app->store, err)) {
            return false;
        }
        puts("All courses with badges and a grade source are due now.");
        return true;
    }
    struct store_course *found = NULL;
    size_t count = 0;
    if (!store_course_find(app->store, course, &app->arena, &found, &count, err)) {
        return false;
    }
    if (count == 0) {
        return err_because(
            err, ERR_NOT_FOUND, "course",
            "no course %.*s is known; somebody must open Laurel in it once, or a badge file "
            "must name it",
            SV_ARG(course));
    }
    for (size_t i = 0; i < count; i++) {
        if (!store_sync_request(app->store, found[i].institution_id, found[i].id, err)) {
            return false;
        }
        printf("%.*s is due now.\n", SV_ARG(found[i].title));
    }
    return true;
}
