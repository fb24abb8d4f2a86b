#include "web_exchange.h"
#include "base_encode.h"
#include "base_log.h"
#include "base_macro.h"
#include "base_temp.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define ID_BYTES 8

/* How much of a refused body is still taken in: closing on a sender makes the web server say 502.
 */
#define DISCARD_MAX_BYTES ((size_t)128 * 1024 * 1024)

/* Read what is left of the body; true at its end. */
static bool discard(FCGX_Request *fcgi) {
    char buffer[8192];
    size_t seen = 0;
    int n = 0;
    do {
        n = FCGX_GetStr(buffer, sizeof buffer, fcgi->in);
        seen += n > 0 ? (size_t)n : 0;
    } while (n == (int)sizeof buffer && seen < DISCARD_MAX_BYTES);
    return seen < DISCARD_MAX_BYTES && FCGX_GetError(fcgi->in) == 0;
}

/* Exactly `want` bytes and then the end of the stream, which must be read before the next request.
 */
static bool body_read(FCGX_Request *fcgi, size_t want, struct web_request *req, struct err *err) {
    char *bytes = arena_alloc(req->arena, want + 1);
    int n = want == 0 ? 0 : FCGX_GetStr(bytes, (int)want, fcgi->in);
    if (n < 0 || (size_t)n != want) {
        return err_because(err, ERR_INPUT, "content_length", "The request ended early.");
    }
    if (FCGX_GetChar(fcgi->in) != EOF) {
        return err_because(err, ERR_INPUT, "content_length",
                           "The request is longer than it said it would be.");
    }
    req->body = sv_of(bytes, want);
    return true;
}

static bool write_all(int fd, const char *bytes, size_t len) {
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        bytes += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* The same into a file, through a small buffer. */
static bool body_write(FCGX_Request *fcgi, size_t want, struct web_request *req, struct err *err) {
    char bytes[8192];
    while (req->body_size < want) {
        size_t rest = want - req->body_size;
        size_t most = rest < sizeof bytes ? rest : sizeof bytes;
        int n = FCGX_GetStr(bytes, (int)most, fcgi->in);
        if (n < 0 || (size_t)n != most) {
            return err_because(err, ERR_INPUT, "content_length", "The request ended early.");
        }
        if (!write_all(req->body_fd, bytes, most)) {
            return err_because(err, ERR_UPSTREAM, "busy",
                               "The server has no room for the file now; try again later.");
        }
        req->body_size += most;
    }
    return FCGX_GetChar(fcgi->in) == EOF ||
           err_because(err, ERR_INPUT, "content_length",
                       "The request is longer than it said it would be.");
}

/* A body that the application wants in a file. *is_taken: to be given back. */
static void file_read(const struct web_server *server, FCGX_Request *fcgi, struct web_request *req,
                      size_t *max_bytes, bool *is_taken) {
    struct err *err = &req->body_err;
    size_t want = 0;
    if (!server->take_file(server->ctx, req, max_bytes, err) || *max_bytes == 0) {
        return;
    }
    *is_taken = true;
    if (web_request_length(req, *max_bytes, &want, err) && temp_file_create(&req->body_fd, err)) {
        req->is_body_file = true;
        (void)body_write(fcgi, want, req, err);
    }
}

/* What follows the head. True: the request can be answered. */
static bool rest_read(const struct web_server *server, struct web_exchange *x, struct err *err) {
    struct web_request *req = &x->req;
    size_t file_max = 0;
    bool is_good = x->head_err.code == ERR_NONE;
    bool is_long = !is_good && strcmp(x->head_err.reason, "body_size") == 0;
    if (server->take_file != NULL && (is_good || is_long) && req->method == WEB_POST &&
        sv_eq(req->content_type, SV("multipart/form-data"))) {
        file_read(server, &x->fcgi, req, &file_max, &x->is_taken);
    }
    if (file_max > 0 || req->body_err.code != ERR_NONE) {
        x->is_whole = req->body_err.code == ERR_NONE || discard(&x->fcgi);
        return true;
    }
    *err = x->head_err;
    is_good = is_good && body_read(&x->fcgi, x->body_bytes, req, err);
    x->is_whole = is_good || discard(&x->fcgi);
    return is_good;
}

static void request_end(const struct web_server *server, const struct web_request *req,
                        bool is_taken) {
    if (req->is_body_file) {
        (void)close(req->body_fd);
    }
    if (is_taken) {
        server->give_file(server->ctx);
    }
}

static void refuse(const struct web_server *server, struct web_response *resp,
                   const struct err *err) {
    web_response_reset(resp);
    if (server->refuse != NULL) {
        server->refuse(server->ctx, resp, err);
    } else {
        web_text(resp, web_error_status(err), sv_from(err->text));
    }
}

/* A response that outgrew its cap must not go out cut short. */
static void check_size(const struct web_server *server, struct web_response *resp) {
    struct err err = {0};
    if (!str_ok(&resp->body, "The answer", &err) || !str_ok(&resp->headers, "The head", &err)) {
        err.code = ERR_BUG;
        log_err(LOG_LEVEL_ERROR, "response_too_large", &err);
        refuse(server, resp, &err);
    }
}

static bool send_all(FCGX_Request *fcgi, struct sv bytes) {
    return bytes.len == 0 || FCGX_PutStr(bytes.ptr, (int)bytes.len, fcgi->out) == (int)bytes.len;
}

/* Not secret, only rarely the same; the kernel is asked for many at a time. */
static struct sv request_id(struct arena *a) {
    static _Thread_local unsigned char bytes[32][ID_BYTES];
    static _Thread_local size_t left;
    if (left == 0) {
        random_bytes(bytes, sizeof bytes);
        left = ARRAY_LEN(bytes);
    }
    left--;
    return hex_encode(a, bytes[left], ID_BYTES);
}

bool web_exchange_head(const struct web_server *server, struct web_exchange *x) {
    size_t most = server->body_max_bytes == 0 ? WEB_BODY_MAX_BYTES : server->body_max_bytes;
    struct sv id = request_id(&x->arena);
    x->head_err = (struct err){0};
    x->body_bytes = 0;
    x->is_taken = false;
    web_response_init(&x->resp, &x->arena);
    bool is_good =
        web_request_read(&x->arena, x->fcgi.envp, most, &x->req, &x->body_bytes, &x->head_err);
    x->req.id = id.ptr;
    return is_good;
}

bool web_exchange_rest(const struct web_server *server, struct web_exchange *x) {
    struct err err = {0};
    log_set_request(x->req.id);
    x->is_read = rest_read(server, x, &err);
    if (!x->is_read) {
        refuse(server, &x->resp, &err);
    }
    log_set_request("");
    return x->is_read;
}

void web_exchange_answer(const struct web_server *server, struct web_exchange *x) {
    if (x->is_read) {
        log_set_request(x->req.id);
        server->handle(server->ctx, &x->req, &x->resp);
        log_set_request("");
    }
}

bool web_exchange_send(const struct web_server *server, struct web_exchange *x) {
    struct web_response *resp = &x->resp;
    log_set_request(x->req.id);
    check_size(server, resp);
    bool has_body = x->req.method != WEB_HEAD && resp->status != 204 && resp->status != 304;
    bool is_sent = send_all(&x->fcgi, web_response_head(resp, x->req.id)) &&
                   (!has_body || send_all(&x->fcgi, web_response_body(resp)));
    request_end(server, &x->req, x->is_taken);
    log_set_request("");
    arena_reset(&x->arena);
    return is_sent && x->is_whole;
}
