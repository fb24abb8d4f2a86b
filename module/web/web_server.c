#include "web_server.h"
#include "base_log.h"
#include "web_exchange.h"
#include "web_socket.h"
#include <errno.h>
#include <fastcgi.h>
#include <fcgiapp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

/* One blocking read or write inside a request; the web server buffers, so it never takes long. */
#define IO_TIMEOUT_S 30
/* While draining: how long a thread waits for a request that may already be under way. */
#define DRAIN_QUIET_US ((usec_t)100 * 1000)
#define THREADS_MAX 512
#define JOINED_MAX 64 /* answered at once */
#define GATHER_US 500 /* while many come: how long they wait for more */
#define EVENTS_MAX 16

struct list {
    struct web_exchange *first, *last;
};

struct pool {
    const struct web_server *server;
    struct web_socket socket;
    int epoll;
    int wake;
    int left;                   /* counts those in `singly` */
    pthread_mutex_t list_lock;  /* also held to close a connection and to watch it again */
    struct web_exchange *spare; /* not used now: one for each thread at most */
    int spare_count;
    struct list joined;   /* read, to be answered together */
    struct list singly;   /* left over by that */
    bool is_led;          /* a thread is answering what has joined */
    pthread_mutex_t turn; /* to wait for events */
    /* Of whoever has the turn: */
    usec_t quiet_since; /* while draining */
    struct epoll_event events[EVENTS_MAX];
    int event_count, event_at; /* those that are still to be taken */
    atomic_bool is_draining;
    atomic_bool
        is_held[FD_SETSIZE]; /* connections open; libfcgi's descriptor sets end at FD_SETSIZE */
    pthread_mutex_t mutex;
    pthread_cond_t gone;
    int alive; /* threads that still run; under mutex */
    pthread_t threads[THREADS_MAX];
    int started;
};

void web_server_block_signals(void) {
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL);
}

/* FCGX_Init installs handlers of its own; give them back. */
static bool library_init(struct err *err) {
    static const int taken[] = {SIGTERM, SIGUSR1, SIGPIPE};
    struct sigaction before[ARRAY_LEN(taken)];
    for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
        (void)sigaction(taken[i], NULL, &before[i]);
    }
    int rc = FCGX_Init();
    for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
        (void)sigaction(taken[i], &before[i], NULL);
    }
    return rc == 0 || err_set(err, ERR_BUG, "libfcgi could not be started (%d)", rc);
}

/* Every watched descriptor is reported once to one thread, which arms it again when it is done. */
static bool watch(struct pool *p, int fd, int op) {
    struct epoll_event e = {.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, .data.fd = fd};
    return epoll_ctl(p->epoll, op, fd, &e) == 0;
}

/* The lock: whoever is told of the connection while it is still being armed does not close it. */
static bool watch_again(struct pool *p, int fd) {
    (void)pthread_mutex_lock(&p->list_lock);
    bool is_watched = watch(p, fd, EPOLL_CTL_MOD);
    (void)pthread_mutex_unlock(&p->list_lock);
    return is_watched;
}

static void drop(struct pool *p, int fd) {
    atomic_store(&p->is_held[fd], false);
    (void)pthread_mutex_lock(&p->list_lock);
    (void)close(fd);
    (void)pthread_mutex_unlock(&p->list_lock);
}

static void connection_add(struct pool *p, int fd) {
    struct timeval timeout = {.tv_sec = IO_TIMEOUT_S};
    int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* a unix socket says no */
    if (fd >= FD_SETSIZE) {
        log_event(LOG_LEVEL_WARN, "too_many_connections", LOG_INT("max", FD_SETSIZE));
        (void)close(fd);
        return;
    }
    atomic_store(&p->is_held[fd], true);
    if (!watch(p, fd, EPOLL_CTL_ADD)) {
        drop(p, fd);
    }
}

static bool accept_one(struct pool *p) {
    int fd = accept4(p->socket.fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0) {
        connection_add(p, fd);
        return true;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        log_event(LOG_LEVEL_WARN, "accept_failed", LOG_INT("errno", errno));
        (void)usleep(50 * 1000);
    }
    return errno == ECONNABORTED || errno == EINTR;
}

/* The peer has hung up and left nothing to read. */
static bool is_over(int fd, uint32_t events) {
    char c;
    return (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0 &&
           recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

static void put(struct pool *p, struct list *list, struct web_exchange *x) {
    x->next = NULL;
    (void)pthread_mutex_lock(&p->list_lock);
    *(list->last == NULL ? &list->first : &list->last->next) = x;
    list->last = x;
    (void)pthread_mutex_unlock(&p->list_lock);
}

/* Under the lock. NULL: there is none. */
static struct web_exchange *pop(struct list *list) {
    struct web_exchange *x = list->first;
    if (x != NULL) {
        list->first = x->next;
        list->last = list->first == NULL ? NULL : list->last;
    }
    return x;
}

static struct web_exchange *take(struct pool *p, struct list *list) {
    (void)pthread_mutex_lock(&p->list_lock);
    struct web_exchange *x = pop(list);
    (void)pthread_mutex_unlock(&p->list_lock);
    return x;
}

static struct web_exchange *exchange_take(struct pool *p) {
    (void)pthread_mutex_lock(&p->list_lock);
    struct web_exchange *x = p->spare;
    if (x != NULL) {
        p->spare = x->next;
        p->spare_count--;
    }
    (void)pthread_mutex_unlock(&p->list_lock);
    if (x == NULL) {
        x = calloc(1, sizeof *x);
        if (x == NULL || FCGX_InitRequest(&x->fcgi, -1, FCGI_FAIL_ACCEPT_ON_INTR) != 0) {
            abort();
        }
    }
    return x;
}

static void exchange_destroy(struct web_exchange *x) {
    arena_release(&x->arena);
    FCGX_Free(&x->fcgi, 0);
    free(x);
}

/* The next one is the last given back, whose memory is warm. */
static void exchange_give(struct pool *p, struct web_exchange *x) {
    (void)pthread_mutex_lock(&p->list_lock);
    bool is_spare = p->spare_count < p->server->threads;
    if (is_spare) {
        x->next = p->spare;
        p->spare = x;
        p->spare_count++;
    }
    (void)pthread_mutex_unlock(&p->list_lock);
    if (!is_spare) {
        exchange_destroy(x);
    }
}

/* Send the answer; the connection waits for its next request, or ends. The exchange is over. */
static void finish(struct pool *p, struct web_exchange *x) {
    bool is_in_order = web_exchange_send(p->server, x);
    x->fcgi.keepConnection = 1;
    FCGX_Finish_r(&x->fcgi);
    bool is_open = x->fcgi.ipcFd >= 0;
    bool is_kept = x->is_kept && is_in_order && !atomic_load(&p->is_draining);
    int fd = x->fd;
    x->fcgi.ipcFd = -1;
    exchange_give(p, x);
    if (!is_open) {
        atomic_store(&p->is_held[fd], false);
    } else if (!is_kept || !watch_again(p, fd)) {
        drop(p, fd);
    }
}

static void answer(struct pool *p, struct web_exchange *x) {
    web_exchange_answer(p->server, x);
    finish(p, x);
}

/* A thread that waits for requests is woken to answer it by itself. */
static void leave(struct pool *p, struct web_exchange *x) {
    const uint64_t one = 1;
    put(p, &p->singly, x);
    (void)!write(p->left, &one, sizeof one);
}

static struct web_exchange *take_left(struct pool *p) {
    uint64_t one = 0;
    (void)!read(p->left, &one, sizeof one);
    struct web_exchange *x = take(p, &p->singly); /* it was there before it was counted */
    (void)watch(p, p->left, EPOLL_CTL_MOD);
    return x;
}

/* What has joined so far; none: whoever joins next leads. */
static size_t take_joined(struct pool *p, struct web_exchange **batch, struct web_joined *joined) {
    size_t n = 0;
    (void)pthread_mutex_lock(&p->list_lock);
    while (n < JOINED_MAX && (batch[n] = pop(&p->joined)) != NULL) {
        joined[n] = (struct web_joined){.req = &batch[n]->req, .resp = &batch[n]->resp};
        n++;
    }
    p->is_led = n > 0;
    (void)pthread_mutex_unlock(&p->list_lock);
    return n;
}

/* Answer what has joined, and what joins meanwhile: the longer it takes the more at once. Whoever
 * comes alone never waits for others. */
static void lead(struct pool *p) {
    struct web_exchange *batch[JOINED_MAX];
    struct web_joined joined[JOINED_MAX];
    size_t n = 0;
    while ((n = take_joined(p, batch, joined)) > 0) {
        p->server->answer_many(p->server->ctx, joined, n);
        for (size_t i = 0; i < n; i++) {
            if (joined[i].is_answered) {
                finish(p, batch[i]);
            } else {
                leave(p, batch[i]);
            }
        }
        if (n > 1) {
            (void)usleep(GATHER_US);
        }
    }
}

/* True: nobody answers what has joined; the caller must lead. */
static bool join(struct pool *p, struct web_exchange *x) {
    put(p, &p->joined, x);
    (void)pthread_mutex_lock(&p->list_lock);
    bool must_lead = !p->is_led;
    p->is_led = true;
    (void)pthread_mutex_unlock(&p->list_lock);
    return must_lead;
}

/* Whether one request without a body has come as a whole, so that reading it does not wait: its
 * first record of STDIN is the empty one (FastCGI 1.0, 3.3). libfcgi passes over records of other
 * requests, and so over the end of one. */
static bool has_come(int fd) {
    unsigned char bytes[4096];
    ssize_t n = recv(fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    size_t len = n < 0 ? 0 : (size_t)n;
    FCGI_Header head;
    for (size_t at = 0; at + sizeof head <= len;) {
        memcpy(&head, bytes + at, sizeof head);
        size_t content = ((size_t)head.contentLengthB1 << 8) | head.contentLengthB0;
        at += sizeof head + content + head.paddingLength;
        if (head.requestIdB1 != bytes[2] || head.requestIdB0 != bytes[3]) {
            return false;
        }
        if (head.type == FCGI_STDIN) {
            return content == 0 && at <= len;
        }
    }
    return false;
}

/* A request is waiting on `fd`. libfcgi is handed the connection as if it had kept it from before,
 * and must not close it: it would linger for seconds on a peer that does not hang up first. */
static struct web_exchange *exchange_accept(struct pool *p, int fd) {
    struct web_exchange *x = exchange_take(p);
    x->fcgi.ipcFd = fd;
    x->fcgi.keepConnection = 1;
    x->fcgi.detached = 1;
    if (FCGX_Accept_r(&x->fcgi) != 0) {
        /* Not FastCGI, or cut off: libfcgi closed it and found no socket to accept on. */
        atomic_store(&p->is_held[fd], false);
        exchange_give(p, x);
        return NULL;
    }
    x->fd = fd;
    x->is_kept = x->fcgi.keepConnection != 0;
    return x;
}

/* The turn is kept while nothing can make this thread wait: waking another costs as much as all of
 * this. False: it was given up. */
static bool serve(struct pool *p, int fd) {
    const struct web_server *server = p->server;
    bool has_turn = server->joins != NULL && has_come(fd);
    if (!has_turn) {
        (void)pthread_mutex_unlock(&p->turn);
    }
    struct web_exchange *x = exchange_accept(p, fd);
    if (x == NULL) {
        return has_turn;
    }
    bool joins = web_exchange_head(server, x) && server->joins != NULL &&
                 server->joins(server->ctx, &x->req);
    if (has_turn && !joins) {
        (void)pthread_mutex_unlock(&p->turn);
        has_turn = false;
    }
    joins = web_exchange_rest(server, x) && joins;
    bool must_lead = joins && join(p, x);
    if (joins && !must_lead) {
        return has_turn;
    }
    if (has_turn) {
        (void)pthread_mutex_unlock(&p->turn);
    }
    if (must_lead) {
        lead(p);
    } else {
        answer(p, x);
    }
    return false;
}

/* False: the turn was given up. */
static bool take_event(struct pool *p, int fd, uint32_t events) {
    if (fd == p->left) {
        struct web_exchange *x = take_left(p);
        (void)pthread_mutex_unlock(&p->turn);
        answer(p, x);
        return false;
    }
    if (fd == p->socket.fd) {
        (void)pthread_mutex_unlock(&p->turn);
        (void)accept_one(p);
        (void)watch(p, fd, EPOLL_CTL_MOD);
        return false;
    }
    if (is_over(fd, events)) {
        drop(p, fd);
        return true;
    }
    return serve(p, fd);
}

/* Whoever has the turn: how long to wait for events; while draining, until it was quiet long
 * enough. */
static int patience_ms(const struct pool *p) {
    if (!atomic_load(&p->is_draining)) {
        return -1;
    }
    usec_t quiet = p->quiet_since == 0 ? 0 : clock_monotonic() - p->quiet_since;
    return quiet >= DRAIN_QUIET_US ? 0 : (int)((DRAIN_QUIET_US - quiet + 999) / 1000);
}

/* 1: there is one; 0: there was none in that time. */
static int next_event(struct pool *p, int wait_ms, struct epoll_event *out) {
    if (p->event_at >= p->event_count) {
        p->event_at = 0;
        p->event_count = epoll_wait(p->epoll, p->events, EVENTS_MAX, wait_ms);
    }
    if (p->event_count <= 0) {
        return p->event_count;
    }
    *out = p->events[p->event_at++];
    return 1;
}

/* One thread after the other waits for an event and then goes on to serve it, while the next takes
 * its turn: were all to wait, each event would wake another. */
static void work(struct pool *p) {
    bool has_turn = false;
    for (;;) {
        struct epoll_event e;
        if (!has_turn) {
            (void)pthread_mutex_lock(&p->turn);
            has_turn = true;
        }
        int wait_ms = patience_ms(p);
        int n = next_event(p, wait_ms, &e);
        if (n == 1 && e.data.fd != p->wake) {
            p->quiet_since = 0;
            has_turn = take_event(p, e.data.fd, e.events);
        } else if (wait_ms >= 0 && n == 0) {
            break;
        } else if (wait_ms >= 0 && p->quiet_since == 0) {
            p->quiet_since = clock_monotonic();
        }
    }
    (void)pthread_mutex_unlock(&p->turn);
}

static void *run_thread(void *arg) {
    struct pool *p = arg;
    work(p);
    (void)pthread_mutex_lock(&p->mutex);
    p->alive--;
    (void)pthread_cond_signal(&p->gone);
    (void)pthread_mutex_unlock(&p->mutex);
    return NULL;
}

static bool start_threads(struct pool *p, struct err *err) {
    bool is_good = true;
    while (is_good && p->started < p->server->threads) {
        (void)pthread_mutex_lock(&p->mutex);
        is_good = pthread_create(&p->threads[p->started], NULL, run_thread, p) == 0;
        p->started += is_good ? 1 : 0;
        p->alive += is_good ? 1 : 0;
        (void)pthread_mutex_unlock(&p->mutex);
    }
    return is_good || err_set(err, ERR_BUG, "The system has no room for another thread");
}

static void wait_for_signal(void) {
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    int number = 0;
    while (sigwait(&set, &number) != 0) {
    }
    log_event(LOG_LEVEL_INFO, "draining", LOG_INT("signal", number));
}

/* Take what was already connecting, stop listening, and wake one sleeping thread after the other
 * until all are gone, with what libraries keep for a thread: the process's end frees that, too. */
static bool drain(struct pool *p, int drain_s) {
    while (accept_one(p)) {
    }
    (void)epoll_ctl(p->epoll, EPOLL_CTL_DEL, p->socket.fd, NULL);
    web_socket_stop(&p->socket);
    atomic_store(&p->is_draining, true);
    usec_t deadline = clock_monotonic() + (usec_t)drain_s * USEC_PER_S;
    (void)pthread_mutex_lock(&p->mutex);
    while (p->alive > 0 && clock_monotonic() < deadline) {
        (void)watch(p, p->wake, EPOLL_CTL_MOD);
        struct timespec until;
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 10L * 1000 * 1000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        (void)pthread_cond_timedwait(&p->gone, &p->mutex, &until);
    }
    bool is_done = p->alive == 0;
    (void)pthread_mutex_unlock(&p->mutex);
    for (int i = 0; is_done && i < p->started; i++) {
        (void)pthread_join(p->threads[i], NULL);
    }
    return is_done;
}

static void pool_destroy(struct pool *p) {
    for (int fd = 0; fd < FD_SETSIZE; fd++) {
        if (atomic_load(&p->is_held[fd])) {
            (void)close(fd);
        }
    }
    while (p->spare_count > 0) {
        exchange_destroy(exchange_take(p));
    }
    web_socket_close(&p->socket);
    const int ours[] = {p->epoll, p->wake, p->left};
    for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
        if (ours[i] >= 0) {
            (void)close(ours[i]);
        }
    }
    (void)pthread_mutex_destroy(&p->list_lock);
    (void)pthread_mutex_destroy(&p->turn);
    (void)pthread_cond_destroy(&p->gone);
    (void)pthread_mutex_destroy(&p->mutex);
    free(p);
}

static bool pool_open(struct pool *p, struct err *err) {
    if (!web_socket_open(p->server->listen, &p->socket, err) || !library_init(err)) {
        return false;
    }
    p->epoll = epoll_create1(EPOLL_CLOEXEC);
    p->wake = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK); /* readable for ever; armed by drain() only */
    p->left = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
    struct epoll_event none = {.events = EPOLLONESHOT, .data.fd = p->wake};
    if (p->epoll < 0 || p->wake < 0 || p->left < 0 || !watch(p, p->socket.fd, EPOLL_CTL_ADD) ||
        !watch(p, p->left, EPOLL_CTL_ADD) ||
        epoll_ctl(p->epoll, EPOLL_CTL_ADD, p->wake, &none) != 0) {
        return err_set(err, ERR_BUG, "epoll could not be set up (errno %d)", errno);
    }
    return true;
}

bool web_server_run(const struct web_server *options, struct err *err) {
    if (options->threads < 1 || options->threads > THREADS_MAX) {
        return err_because(err, ERR_INPUT, "threads", "threads must be 1 to %d.", THREADS_MAX);
    }
    web_server_block_signals();
    struct pool *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return err_set(err, ERR_BUG, "out of memory");
    }
    p->server = options;
    p->socket.fd = -1;
    p->epoll = -1;
    p->wake = -1;
    p->left = -1;
    (void)pthread_mutex_init(&p->list_lock, NULL);
    (void)pthread_mutex_init(&p->turn, NULL);
    (void)pthread_mutex_init(&p->mutex, NULL);
    (void)pthread_cond_init(&p->gone, NULL);
    if (!pool_open(p, err)) {
        pool_destroy(p);
        return false;
    }
    bool is_started = start_threads(p, err);
    if (is_started) {
        if (options->ready != NULL) {
            options->ready(options->ctx);
        }
        wait_for_signal();
    }
    if (!drain(p, options->drain_s == 0 ? 30 : options->drain_s)) {
        /* Its memory is still in use: left to the end of the process. */
        return err_because(err, ERR_UPSTREAM, "drain",
                           "Requests were still running when the drain time was over.");
    }
    pool_destroy(p);
    return is_started;
}
