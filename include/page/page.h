/* The pages: everything `serve` answers (DESIGN 3.2). One file per page; templates and assets are
 * embedded. */
#pragma once
#include "base_clock.h"
#include "base_str.h"

struct store;
struct seal;
struct net_client;
struct web_request;
struct web_response;
struct web_joined;
struct page_app;

/* All borrowed for as long as the pages live. */
struct page_options {
    struct store *store;
    const struct seal *seal;
    struct net_client *net;
    struct sv base_url;
    struct clock clock;
    const char *version;
    struct sv metrics_token; /* empty: metrics to loopback only */
    int threads;             /* how many requests are served at once */
    unsigned kept_forms;     /* page_files.h; 0: a program is behind the pages */
};

/* Compiles the templates. Fails: ERR_BUG naming template and line. */
NODISCARD bool page_create(const struct page_options *options, struct page_app **out,
                           struct err *err);
void page_destroy(struct page_app *app);

/* For struct web_server: `ctx` is the struct page_app. */
void page_handle(void *ctx, struct web_request *req, struct web_response *resp);
bool page_joins(void *ctx, const struct web_request *req);
void page_answer_many(void *ctx, struct web_joined *joined, size_t count);
void page_refuse(void *ctx, struct web_response *resp, const struct err *err);
bool page_take_file(void *ctx, struct web_request *req, size_t *max_bytes, struct err *err);
void page_give_file(void *ctx);
