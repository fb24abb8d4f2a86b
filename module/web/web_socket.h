/* Internal to web: the listening socket. */
#pragma once
#include "base_str.h"

struct web_socket {
    int fd;         /* non-blocking, close-on-exec */
    bool is_ours;   /* opened here, not passed in */
    char path[108]; /* socket file to remove at the end; "" for none */
};

/* Take the socket that was passed in, or open `listen` (see web_server.h). */
NODISCARD bool web_socket_open(struct sv address, struct web_socket *out, struct err *err);
/* Let nobody connect any more; the descriptor stays, threads may still hold its number. */
void web_socket_stop(struct web_socket *s);
void web_socket_close(struct web_socket *s);
