/* The FastCGI responder: libfcgi speaks the protocol, we own the waiting.
 *
 * libfcgi pins a thread to each kept-alive connection and takes SIGTERM over. So connections wait
 * in an epoll set of ours, a thread is used only while a request is there (and one to wait for
 * them), and signals are taken by sigwait. */
#pragma once
#include "base_clock.h"
#include "web_request.h"
#include "web_response.h"

/* One of several requests that are answered together. */
struct web_joined {
    struct web_request *req;
    struct web_response *resp;
    bool is_answered;
};

struct web_server {
    struct sv listen; /* "unix:/path" (0660; a dead socket file is replaced) or "127.0.0.1:9000",
                         "[::1]:9000". A socket passed by systemd (LISTEN_FDS) or as descriptor 0
                         (spawn-fcgi) wins */
    int threads;      /* 1..512 */
    int drain_s;      /* how long requests in flight may take after SIGTERM; 0: 30 */
    size_t body_max_bytes; /* 0: WEB_BODY_MAX_BYTES */
    /* Called on any thread; always answers. req, resp and their arena end when it returns. */
    void (*handle)(void *ctx, struct web_request *req, struct web_response *resp);
    /* Requests that are answered many at once, because asking for all of them costs little more
     * than for one. Those for which `joins` is true wait until answer_many has answered those
     * before them; one thread calls it at a time, and others go on reading. What it leaves
     * unanswered goes to `handle`; it should leave what takes long. NULL: none are. */
    bool (*joins)(void *ctx, const struct web_request *req);
    void (*answer_many)(void *ctx, struct web_joined *joined, size_t count);
    /* What to answer when the request could not be read (400, 413); NULL: plain text. */
    void (*refuse)(void *ctx, struct web_response *resp, const struct err *err);
    /* Which multipart requests bring a body that is kept in a file, of at most *max_bytes; 0: not
     * this one. Called before the body is read, so rights can be looked at. False: it is not taken,
     * and the handler finds err in req->body_err. NULL: none are. */
    bool (*take_file)(void *ctx, struct web_request *req, size_t *max_bytes, struct err *err);
    /* A request that take_file said true and a size to is over. */
    void (*give_file)(void *ctx);
    void (*ready)(void *ctx); /* called once, when requests are accepted; may be NULL */
    void *ctx;
};

/* Block SIGTERM, SIGINT and SIGHUP in this thread and those it will start, and ignore SIGPIPE: for
 * programs that wait for these to end in order. Call it before any thread is started;
 * web_server_run calls it too. */
void web_server_block_signals(void);

/* Serve until SIGTERM or SIGINT: stop accepting, answer what is in flight, close idle connections,
 * return true. Fails: ERR_INPUT (bad address, in use), ERR_BUG; ERR_UPSTREAM, reason "drain", when
 * requests were still running after drain_s (their threads live on: exit the process). One call per
 * process at a time. */
NODISCARD bool web_server_run(const struct web_server *options, struct err *err);
