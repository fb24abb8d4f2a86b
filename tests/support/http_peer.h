/* A small HTTP server in the test's own process, one thread a connection, that answers badly on
 * purpose. */
#pragma once
#include "base_str.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

struct server {
    int listener, port;
    pthread_t thread;
    atomic_int connections, canary_hits;
    atomic_int inside, inside_most; /* requests that wait, now and at most */
};

/* 200,000 zero bytes, compressed (RFC 1952): 229 bytes on the wire. */
static const unsigned char bomb[229] = {
    [0] = 0x1f,   [1] = 0x8b,   [2] = 0x08,   [8] = 0x02,   [9] = 0x03,   [10] = 0xed,
    [11] = 0xc1,  [12] = 0x31,  [13] = 0x01,  [17] = 0xc2,  [18] = 0xa0,  [19] = 0xf5,
    [20] = 0x4f,  [21] = 0x6d,  [22] = 0x06,  [23] = 0x7f,  [24] = 0xa0,  [218] = 0x80,
    [219] = 0xd7, [221] = 0x7b, [222] = 0x58, [223] = 0xe0, [224] = 0x5c, [225] = 0x40,
    [226] = 0x0d, [227] = 0x03};

static inline void put(int fd, const void *bytes, size_t n) {
    const char *p = bytes;
    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        p += sent;
        n -= (size_t)sent;
    }
}

static inline void say(int fd, const char *text) { put(fd, text, strlen(text)); }

static inline void reply(int fd, const char *head, const char *body) {
    char text[256];
    (void)snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", head,
                   strlen(body));
    say(fd, text);
    say(fd, body);
}

static inline bool route_is(const char *request, const char *path) {
    const char *space = strchr(request, ' ');
    return space != NULL && strncmp(space + 1, path, strlen(path)) == 0 &&
           space[1 + strlen(path)] == ' ';
}

static inline void wait_inside(struct server *s, int ms) {
    int now = atomic_fetch_add(&s->inside, 1) + 1;
    int most = atomic_load(&s->inside_most);
    while (now > most && !atomic_compare_exchange_weak(&s->inside_most, &most, now)) {
    }
    (void)poll(NULL, 0, ms);
    (void)atomic_fetch_sub(&s->inside, 1);
}

/* False: close the connection. */
static inline bool answer(struct server *s, int fd, const char *request) {
    if (route_is(request, "/echo")) {
        reply(fd, "200 OK\r\nX-Thing:  first \r\nx-thing: second\r\nLink: <a>; rel=next", request);
        return true;
    }
    if (route_is(request, "/redirect")) {
        char head[96];
        (void)snprintf(head, sizeof head, "302 Found\r\nLocation: http://127.0.0.1:%d/canary",
                       s->port);
        reply(fd, head, "");
        return true;
    }
    if (route_is(request, "/canary")) {
        atomic_fetch_add(&s->canary_hits, 1);
        reply(fd, "200 OK", "canary");
        return true;
    }
    if (route_is(request, "/wait")) {
        wait_inside(s, 60);
        reply(fd, "200 OK", "waited");
        return true;
    }
    if (route_is(request, "/long")) {
        (void)poll(NULL, 0, 600);
        reply(fd, "200 OK", "at last");
        return true;
    }
    if (route_is(request, "/reason")) {
        reply(fd, "400 Incorrect score received{\"userId\": \"4\"}", "internal secret");
        return true;
    }
    if (route_is(request, "/announced")) {
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx");
        return false;
    }
    if (route_is(request, "/endless")) {
        say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < 4000; i++) {
            say(fd, "a\r\n0123456789\r\n");
        }
        return false;
    }
    if (route_is(request, "/bomb")) {
        say(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 229\r\n\r\n");
        put(fd, bomb, sizeof bomb);
        return true;
    }
    if (route_is(request, "/headers")) {
        say(fd, "HTTP/1.1 200 OK\r\n");
        for (int i = 0; i < 200; i++) {
            say(fd, "X-Many: yes\r\n");
        }
        say(fd, "Content-Length: 0\r\n\r\n");
        return true;
    }
    if (route_is(request, "/drip")) {
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        for (int i = 0; i < 40; i++) {
            say(fd, "x");
            (void)poll(NULL, 0, 25);
        }
        return false;
    }
    if (route_is(request, "/cut")) {
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
        return false;
    }
    if (route_is(request, "/noise")) {
        say(fd, "SSH-2.0-OpenSSH_9.2\r\n");
        return false;
    }
    return false; /* "/silent": not a word */
}

struct connection {
    struct server *server;
    int fd;
};

static inline void *serve_connection(void *ctx) {
    struct connection *c = ctx;
    static _Thread_local char request[65536];
    size_t have = 0;
    for (;;) {
        ssize_t n = recv(c->fd, request + have, sizeof request - 1 - have, 0);
        if (n <= 0) {
            break;
        }
        have += (size_t)n;
        request[have] = '\0';
        const char *end = strstr(request, "\r\n\r\n");
        const char *length = strstr(request, "Content-Length: ");
        size_t body = length == NULL ? 0 : (size_t)strtoul(length + 16, NULL, 10);
        if (end == NULL || have < (size_t)(end + 4 - request) + body) {
            continue;
        }
        if (!answer(c->server, c->fd, request)) {
            break;
        }
        have = 0;
    }
    (void)close(c->fd);
    free(c);
    return NULL;
}

static inline void *serve(void *ctx) {
    struct server *s = ctx;
    for (;;) {
        int fd = accept(s->listener, NULL, NULL);
        if (fd < 0) {
            return NULL;
        }
        atomic_fetch_add(&s->connections, 1);
        struct connection *c = calloc(1, sizeof *c);
        assert_non_null(c);
        *c = (struct connection){.server = s, .fd = fd};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, serve_connection, c), 0);
        (void)pthread_detach(thread);
    }
}

static inline int listen_anywhere(int *port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    *port = ntohs(at.sin_port);
    return fd;
}
