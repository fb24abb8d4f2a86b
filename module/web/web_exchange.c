#include "web_exchange.h"
#include "base_encode.h"
#include "base_log.h"
#include "base_macro.h"

/* How much of a refused body is still taken in: closing on a sender makes the web server say 502.
 */
#define DISCARD_MAX_BYTES ((size_t)32 * 1024 * 1024)

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

    struct web_request req = {0};
    struct web_response resp;
    web_response_init(&resp, a);
    struct err err = {0};
    size_t want = 0;
    size_t body_max = server->body_max_bytes == 0 ? WEB_BODY_MAX_BYTES : server->body_max_bytes;
    bool is_read = web_request_read(a, fcgi->envp, body_max, &req, &want, &err) &&
                   body_read(fcgi, want, &req, &err);
    req.id = id.ptr;
    bool is_whole = is_read || discard(fcgi);
    if (is_read) {
        server->handle(server->ctx, &req, &resp);
    } else {
        refuse(server, &resp, &err);
    }
    check_size(server, &resp);
    bool has_body = req.method != WEB_HEAD && resp.status != 204 && resp.status != 304;
    bool is_sent = send_all(fcgi, web_response_head(&resp, req.id)) &&
                   (!has_body || send_all(fcgi, web_response_body(&resp)));
    log_set_request("");
    return is_sent && is_whole;
}
