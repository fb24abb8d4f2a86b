/* Sends ready-made HTTP/1.1 requests, each once, over keep-alive connections, as fast as they are
 * answered.
 *
 *   bench_blast PORT CONNECTIONS REQUESTS ANSWERS CAPTURE
 *
 * REQUESTS: frames of u32 length | bytes. ANSWERS, in the same order: u32 status (0: none) | u32
 * latency in microseconds | u32 length | the first CAPTURE bytes of the answer. Integers in host
 * order. Prints one JSON object. One thread, 127.0.0.1, answers with Content-Length, chunked or
 * without a body. */
#include "base_clock.h"
#include "base_num.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define ANSWER_MAX ((size_t)1 << 20)
#define SILENCE_MS 30000

struct request {
    const char *bytes;
    uint32_t len;
};

struct answer {
    uint32_t status, us, len;
    char *bytes;
};

struct line {
    int fd;
    bool is_busy, was_retried;
    size_t request; /* index */
    usec_t began;
    size_t len;
    char *buffer; /* ANSWER_MAX + 1 bytes */
};

struct blast {
    struct request *requests;
    struct answer *answers;
    size_t count, next, done, lost, redials;
    size_t capture;
    uint16_t port;
    int epoll;
    struct line lines[CONNECTIONS_MAX];
};

static _Noreturn void die(const char *what) {
    perror(what);
    exit(2);
}

static void *allocate(size_t bytes) {
    void *p = calloc(1, bytes == 0 ? 1 : bytes);
    if (p == NULL) {
        die("memory");
    }
    return p;
}

static void dial(struct blast *b, struct line *l) {
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(b->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = l};
    int on = 1;
    l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (l->fd < 0 || connect(l->fd, (struct sockaddr *)&to, sizeof to) != 0 ||
        setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        epoll_ctl(b->epoll, EPOLL_CTL_ADD, l->fd, &event) != 0) {
        die("connect");
    }
}

static void send_all(const struct line *l, const struct request *r) {
    for (size_t sent = 0; sent < r->len;) {
        ssize_t n = send(l->fd, r->bytes + sent, r->len - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR) {
            return; /* shows as an end of input */
        }
        sent += n > 0 ? (size_t)n : 0;
    }
}

static void begin(struct blast *b, struct line *l, size_t request) {
    l->is_busy = true;
    l->request = request;
    l->len = 0;
    l->began = clock_monotonic();
    send_all(l, &b->requests[request]);
}

static void finish(struct blast *b, struct line *l, uint32_t status) {
    struct answer *a = &b->answers[l->request];
    a->status = status;
    a->us = (uint32_t)(clock_monotonic() - l->began);
    a->len = (uint32_t)(l->len < b->capture ? l->len : b->capture);
    a->bytes = allocate(a->len);
    memcpy(a->bytes, l->buffer, a->len);
    b->lost += status == 0 ? 1 : 0;
    b->done++;
    l->is_busy = false;
    l->was_retried = false;
}

/* The server closed. A request it gave no byte of an answer to was met by a kept connection's end:
 * once more. */
static void closed(struct blast *b, struct line *l) {
    (void)close(l->fd);
    b->redials++;
    dial(b, l);
    if (l->is_busy && l->len == 0 && !l->was_retried) {
        l->was_retried = true;
        begin(b, l, l->request);
    } else if (l->is_busy) {
        finish(b, l, 0);
    }
}

/* The value of a header in the head [text, end), or NULL. */
static const char *header(const char *text, const char *end, const char *name) {
    size_t len = strlen(name);
    for (const char *p = text; p != NULL && p < end; p = memchr(p, '\n', (size_t)(end - p))) {
        p += *p == '\n' ? 1 : 0;
        if ((size_t)(end - p) > len && p[len] == ':' && strncasecmp(p, name, len) == 0) {
            return p + len + 1;
        }
    }
    return NULL;
}

static bool is_chunked_over(const char *body, const char *end) {
    while (body < end) {
        const char *line_end = memchr(body, '\n', (size_t)(end - body));
        size_t size = strtoul(body, NULL, 16);
        if (line_end == NULL) {
            return false;
        }
        if (size == 0) {
            return end - line_end >= 3; /* and the empty line */
        }
        body = line_end + 1 + size + 2;
    }
    return false;
}

/* The status once the answer is whole, else 0. */
static uint32_t whole(const struct line *l) {
    const char *end = l->buffer + l->len;
    const char *gap = memmem(l->buffer, l->len, "\r\n\r\n", 4);
    if (gap == NULL || l->len < 16) {
        return 0;
    }
    const char *body = gap + 4;
    uint32_t status = (uint32_t)strtoul(l->buffer + 9, NULL, 10);
    const char *length = header(l->buffer, gap, "Content-Length");
    const char *encoding = header(l->buffer, gap, "Transfer-Encoding");
    bool is_over = encoding != NULL ? is_chunked_over(body, end)
                   : length != NULL ? (size_t)(end - body) >= strtoul(length, NULL, 10)
                                    : true;
    return is_over ? status : 0;
}

static void readable(struct blast *b, struct line *l) {
    ssize_t n = recv(l->fd, l->buffer + l->len, ANSWER_MAX - l->len, 0);
    if (n < 0 && errno == EINTR) {
        return;
    }
    if (n <= 0 || !l->is_busy) {
        closed(b, l);
        return;
    }
    l->len += (size_t)n;
    l->buffer[l->len] = '\0';
    uint32_t status = whole(l);
    if (status == 0) {
        return;
    }
    const char *gap = memmem(l->buffer, l->len, "\r\n\r\n", 4);
    const char *connection = header(l->buffer, gap, "Connection");
    bool is_last = connection != NULL && strncasecmp(connection, " close", 6) == 0;
    finish(b, l, status);
    if (is_last) {
        closed(b, l);
    }
}

static void run(struct blast *b, size_t lines) {
    struct epoll_event events[CONNECTIONS_MAX];
    while (b->done < b->count) {
        for (size_t i = 0; i < lines && b->next < b->count; i++) {
            if (!b->lines[i].is_busy) {
                begin(b, &b->lines[i], b->next++);
            }
        }
        int n = epoll_wait(b->epoll, events, CONNECTIONS_MAX, SILENCE_MS);
        if (n == 0) {
            die("no answer for 30 seconds");
        }
        for (int i = 0; i < n; i++) {
            readable(b, events[i].data.ptr);
        }
    }
}

static void load(struct blast *b, const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        die(path);
    }
    size_t size = (size_t)ftell(file);
    char *all = allocate(size);
    rewind(file);
    if (fread(all, 1, size, file) != size || fclose(file) != 0) {
        die(path);
    }
    b->requests = allocate((size / sizeof(uint32_t) + 1) * sizeof *b->requests);
    for (size_t at = 0; at + sizeof(uint32_t) <= size;) {
        struct request *r = &b->requests[b->count++];
        memcpy(&r->len, all + at, sizeof r->len);
        at += sizeof r->len;
        r->bytes = all + at;
        at += r->len;
    }
    b->answers = allocate(b->count * sizeof *b->answers);
}

static void save(const struct blast *b, const char *path) {
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        die(path);
    }
    for (size_t i = 0; i < b->count; i++) {
        const struct answer *a = &b->answers[i];
        const uint32_t head[] = {a->status, a->us, a->len};
        if (fwrite(head, sizeof head, 1, file) != 1 ||
            fwrite(a->bytes, 1, a->len, file) != a->len) {
            die(path);
        }
    }
    if (fclose(file) != 0) {
        die(path);
    }
}

int main(int argc, char **argv) {
    static struct blast b;
    int64_t port = 0;
    int64_t lines = 0;
    int64_t capture = 0;
    if (argc != 6 || !num_parse_i64(sv_from(argv[1]), 1, 65535, &port) ||
        !num_parse_i64(sv_from(argv[2]), 1, CONNECTIONS_MAX, &lines) ||
        !num_parse_i64(sv_from(argv[5]), 0, (int64_t)ANSWER_MAX, &capture)) {
        (void)fputs("usage: bench_blast PORT CONNECTIONS REQUESTS ANSWERS CAPTURE\n", stderr);
        return 2;
    }
    b.port = (uint16_t)port;
    b.capture = (size_t)capture;
    load(&b, argv[3]);
    b.epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int64_t i = 0; i < lines; i++) {
        b.lines[i].buffer = allocate(ANSWER_MAX + 1);
        dial(&b, &b.lines[i]);
    }
    usec_t began = clock_monotonic();
    run(&b, (size_t)lines);
    double seconds = (double)(clock_monotonic() - began) / (double)USEC_PER_S;
    save(&b, argv[4]);
    printf("{\"n\":%zu,\"seconds\":%.6f,\"lost\":%zu,\"redials\":%zu}\n", b.count, seconds, b.lost,
           b.redials);
    return 0;
}
