/* Internal to web: one request and its response over libfcgi. */
#pragma once
#include "web_server.h"
#include <fcgiapp.h>

/* Made once and used for many requests, one after the other: by one thread at a time, and not by
 * the same one from beginning to end. */
struct web_exchange {
    FCGX_Request fcgi;
    struct arena arena;
    struct web_request req;
    struct web_response resp;
    struct err head_err; /* why it cannot be answered */
    size_t body_bytes;
    bool is_read;  /* else the refusal is in resp */
    bool is_taken; /* its file is to be given back */
    bool is_whole; /* nothing of the request is left on the connection */
    /* The server's: */
    int fd;
    bool is_kept; /* the connection, if all is in order */
    struct web_exchange *next;
};

/* Fill in the accepted request but for its body. True: it can be answered so far. */
bool web_exchange_head(const struct web_server *server, struct web_exchange *x);
/* Read what follows the head, always. True: it can be answered. */
bool web_exchange_rest(const struct web_server *server, struct web_exchange *x);
/* Have it answered, unless it was refused. */
void web_exchange_answer(const struct web_server *server, struct web_exchange *x);
/* Send the answer. True when the stream is in order, so that the connection may be kept. */
bool web_exchange_send(const struct web_server *server, struct web_exchange *x);
