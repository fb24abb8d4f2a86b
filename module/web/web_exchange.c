#include "web_exchange.h"
#include "base_encode.h"
#include "base_log.h"
#include "base_macro.h"
#include "base_temp.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

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

/* Fill in req. True: it can be answered; *is_whole: nothing of it is left on the connection. */
static bool request_read(const struct web_server *server, FCGX_Request *fcgi,
                         struct web_request *req, bool *is_taken, bool *is_whole, struct err *err) {
    size_t want = 0;
    size_t file_max = 0;
    size_t body_max = server->body_max_bytes == 0 ? WEB_BODY_MAX_BYTES : server->body_max_bytes;
    struct arena *a = req->arena;
    bool is_read = web_request_read(a, fcgi->envp, body_max, req, &want, err);
    bool is_long = !is_read && strcmp(err->reason, "body_size") == 0;
    if (server->take_file != NULL && (is_read || is_long) && req->method == WEB_POST &&
        sv_eq(req->content_type, SV("multipart/form-data"))) {
        file_read(server, fcgi, req, &file_max, is_taken);
    }
    if (file_max > 0 || req->body_err.code != ERR_NONE) {
        *err = (struct err){0};
        *is_whole = req->body_err.code == ERR_NONE || discard(fcgi);
        return true;
    }
    is_read = is_read && body_read(fcgi, want, req, err);
    *is_whole = is_read || discard(fcgi);
    return is_read;
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

bool web_exchange(const struct web_server *server, FCGX_Request *fcgi, struct arena *a) {
    unsigned char random[8];
    random_bytes(random, sizeof random);
    struct sv id = hex_encode(a, random, sizeof random);
    log_set_request(id.ptr);

    struct web_request req = {.arena = a};
    struct web_response resp;
    web_response_init(&resp, a);
    struct err err = {0};
    bool is_taken = false;
    bool is_whole = true;
    bool is_read = request_read(server, fcgi, &req, &is_taken, &is_whole, &err);
    req.id = id.ptr;
    if (is_read) {
        server->handle(server->ctx, &req, &resp);
    } else {
        refuse(server, &resp, &err);
    }
    check_size(server, &resp);
    bool has_body = req.method != WEB_HEAD && resp.status != 204 && resp.status != 304;
    bool is_sent = send_all(fcgi, web_response_head(&resp, req.id)) &&
                   (!has_body || send_all(fcgi, web_response_body(&resp)));
    request_end(server, &req, is_taken);
    log_set_request("");
    return is_sent && is_whole;
}
