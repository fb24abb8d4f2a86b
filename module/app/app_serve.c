#include "app.h"
#include "app_net.h"
#include "page.h"
#include "web_server.h"

static void say_ready(const struct app *app) {
    log_event(LOG_LEVEL_INFO, "serving", LOG_TEXT("listen", app->conf.listen),
              LOG_INT("threads", app->conf.threads));
}

static bool serve(struct app *app, struct net_client *net, struct err *err) {
    struct page_app *pages = NULL;
    struct page_options options = {.store = app->store,
                                   .seal = app->seal,
                                   .net = net,
                                   .base_url = app->conf.base_url,
                                   .clock = clock_system,
                                   .version = LAUREL_VERSION,
                                   .threads = app->conf.threads};
    if (app->conf.metrics_token_file != NULL) {
        if (!app_read_file(&app->arena, app->conf.metrics_token_file, 4096, &options.metrics_token,
                           err)) {
            return false;
        }
        options.metrics_token = sv_trim(options.metrics_token);
    }
    if (!page_create(&options, &pages, err)) {
        return false;
    }
    const struct web_server server = {.listen = sv_from(app->conf.listen),
                                      .threads = app->conf.threads,
                                      .handle = page_handle,
                                      .joins = page_joins,
                                      .answer_many = page_answer_many,
                                      .refuse = page_refuse,
                                      .take_file = page_take_file,
                                      .give_file = page_give_file,
                                      .ctx = pages};
    say_ready(app);
    bool is_ok = web_server_run(&server, err);
    if (is_ok) {
        page_destroy(pages);
    }
    log_event(LOG_LEVEL_INFO, "served", LOG_INT("clean", is_ok ? 1 : 0));
    return is_ok;
}

bool app_serve(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    const struct app_line line = {0};
    if (is_help) {
        app_args_print(
            stdout, "serve",
            "Answers the web server over FastCGI, on `listen` or on a socket passed by systemd or\n"
            "spawn-fcgi. Any number of processes on any number of machines. SIGTERM lets requests "
            "in\n"
            "flight finish. May be started before PostgreSQL: /readyz says 503 until it is there.",
            &line);
        return true;
    }
    if (!app_args_read(argc, argv, &line, err)) {
        return false;
    }
    web_server_block_signals();
    if (!app_open_sealed_store(app, err)) {
        return false;
    }
    struct net_client *net = NULL;
    /* At most an eighth of the threads wait on the outside at once (DESIGN 7). */
    if (!app_net_open(app, app->conf.threads / 8 + 1, &net, err)) {
        return false;
    }
    bool is_ok = serve(app, net, err);
    if (is_ok) {
        net_client_destroy(net);
    }
    return is_ok;
}
