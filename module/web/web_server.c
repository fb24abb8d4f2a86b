#include "web_server.h"
#include "base_log.h"
#include "web_exchange.h"
#include "web_socket.h"
#include <errno.h>
#include <fcgiapp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
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

struct pool {
    const struct web_server *server;
    struct web_socket socket;
    int epoll;
    int wake;
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

static void drop(struct pool *p, int fd) {
    atomic_store(&p->is_held[fd], false);
    (void)close(fd);
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

/* A request is waiting on `fd`. libfcgi is handed the connection as if it had kept it from before,
 * and must not close it: it would linger for seconds on a peer that does not hang up first. */
static void serve(struct pool *p, FCGX_Request *fcgi, struct arena *a, int fd, uint32_t events) {
    if (is_over(fd, events)) {
        drop(p, fd);
        return;
    }
    fcgi->ipcFd = fd;
    fcgi->keepConnection = 1;
    fcgi->detached = 1;
    if (FCGX_Accept_r(fcgi) != 0) {
        /* Not FastCGI, or cut off: libfcgi closed it and found no socket to accept on. */
        atomic_store(&p->is_held[fd], false);
        return;
    }
    bool is_kept = fcgi->keepConnection != 0;
    bool is_in_order = web_exchange(p->server, fcgi, a);
    arena_reset(a);
    fcgi->keepConnection = 1;
    FCGX_Finish_r(fcgi);
    if (fcgi->ipcFd < 0) {
        atomic_store(&p->is_held[fd], false);
        return;
    }
    fcgi->ipcFd = -1;
    if (!is_kept || !is_in_order || atomic_load(&p->is_draining) || !watch(p, fd, EPOLL_CTL_MOD)) {
        drop(p, fd);
    }
}

static void work(struct pool *p, FCGX_Request *fcgi, struct arena *a) {
    usec_t quiet_since = 0;
    for (;;) {
        struct epoll_event e;
        bool is_draining = atomic_load(&p->is_draining);
        int n = epoll_wait(p->epoll, &e, 1, is_draining ? (int)(DRAIN_QUIET_US / 1000) : -1);
        if (n == 1 && e.data.fd != p->wake) {
            quiet_since = 0;
            if (e.data.fd != p->socket.fd) {
                serve(p, fcgi, a, e.data.fd, e.events);
                continue;
            }
            (void)accept_one(p);
            (void)watch(p, p->socket.fd, EPOLL_CTL_MOD);
            continue;
        }
        if (is_draining) {
            usec_t now = clock_monotonic();
            quiet_since = quiet_since == 0 ? now : quiet_since;
            if (n == 0 || now - quiet_since >= DRAIN_QUIET_US) {
                return;
            }
        }
    }
}

static void work_with_memory(struct pool *p) {
    AUTO_ARENA arena = {0};
    FCGX_Request fcgi = {0};
    if (FCGX_InitRequest(&fcgi, -1, FCGI_FAIL_ACCEPT_ON_INTR) == 0) {
        work(p, &fcgi, &arena);
        FCGX_Free(&fcgi, 0);
    }
}

static void *run_thread(void *arg) {
    struct pool *p = arg;
    work_with_memory(p);
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
    web_socket_close(&p->socket);
    if (p->epoll >= 0) {
        (void)close(p->epoll);
    }
    if (p->wake >= 0) {
        (void)close(p->wake);
    }
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
    struct epoll_event none = {.events = EPOLLONESHOT, .data.fd = p->wake};
    if (p->epoll < 0 || p->wake < 0 || !watch(p, p->socket.fd, EPOLL_CTL_ADD) ||
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
