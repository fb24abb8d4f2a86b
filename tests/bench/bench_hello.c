/* The least a page can cost behind a web server: a bare FastCGI program that says hello.
 *
 *   bench_hello SOCKET THREADS */
#include "base_num.h"
#include <fcgiapp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define THREADS_MAX 256

static _Noreturn void die(const char *what) {
    (void)fprintf(stderr, "bench_hello: %s\n", what);
    _exit(2);
}

static void *serve(void *arg) {
    FCGX_Request q;
    if (FCGX_InitRequest(&q, *(const int *)arg, 0) != 0) {
        die("a request cannot be prepared");
    }
    while (FCGX_Accept_r(&q) == 0) {
        (void)FCGX_PutS(
            "Content-Type: text/html; charset=utf-8\r\nContent-Length: 6\r\n\r\nhello\n", q.out);
        FCGX_Finish_r(&q);
    }
    return NULL;
}

int main(int argc, char **argv) {
    int64_t count = 0;
    pthread_t threads[THREADS_MAX];
    if (argc != 3 || !num_parse_i64(sv_from(argv[2]), 1, THREADS_MAX, &count)) {
        (void)fputs("usage: bench_hello SOCKET THREADS\n", stderr);
        return 2;
    }
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    const struct sigaction end = {.sa_handler = SIG_DFL};
    (void)sigaction(SIGPIPE, &ignore, NULL);
    if (FCGX_Init() != 0) {
        die("libfcgi does not start");
    }
    (void)sigaction(SIGTERM, &end, NULL); /* libfcgi took it over */
    int socket = FCGX_OpenSocket(argv[1], 512);
    if (socket < 0 || chmod(argv[1], 0666) != 0) {
        die("cannot listen there");
    }
    for (int64_t i = 0; i < count; i++) {
        if (pthread_create(&threads[i], NULL, serve, &socket) != 0) {
            die("threads cannot be started");
        }
    }
    for (int64_t i = 0; i < count; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    return 0;
}
