/* The least a launch can cost behind a web server: a bare FastCGI program that checks one RS256
 * signature with a cached key and commits one single-row INSERT, each request. No claims, no replay
 * check, no pages.
 *
 *   bench_ceiling SOCKET THREADS PUBLIC-KEY.pem CONNINFO
 *
 * One thread and one connection to PostgreSQL for each request under way. Answers 303 when the
 * signature of `id_token` in the posted form is good and the row is committed, else 400. */
#include "base_clock.h"
#include "base_encode.h"
#include "base_num.h"
#include <fcgiapp.h>
#include <libpq-fe.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define THREADS_MAX 256
#define BODY_MAX 65536

struct ceiling {
    int socket;
    const char *conninfo;
    EVP_PKEY *key;
    EVP_MD *sha256;
};

struct thread {
    const struct ceiling *ceiling;
    pthread_t id;
    PGconn *pg;
    EVP_MD_CTX *digest;
    struct arena arena;
    char body[BODY_MAX];
};

static _Noreturn void die(const char *what, const char *why) {
    (void)fprintf(stderr, "%s: %s\n", what, why);
    _exit(2);
}

static bool field(struct sv form, struct sv name, struct sv *value) {
    struct sv pair;
    struct sv key;
    while (form.len > 0) {
        (void)sv_cut(form, '&', &pair, &form);
        (void)sv_cut(pair, '=', &key, value);
        if (sv_eq(key, name)) {
            return true;
        }
    }
    return false;
}

static bool is_signed(struct thread *t, struct sv token) {
    struct sv head;
    struct sv payload;
    struct sv rest;
    struct sv bytes;
    struct err ignored = {0};
    if (!sv_cut(token, '.', &head, &rest) || !sv_cut(rest, '.', &payload, &rest) ||
        !base64url_decode(&t->arena, rest, &bytes, &ignored) || EVP_MD_CTX_reset(t->digest) != 1) {
        return false;
    }
    struct sv signed_part = sv_head(token, head.len + 1 + payload.len);
    return EVP_DigestVerifyInit(t->digest, NULL, t->ceiling->sha256, NULL, t->ceiling->key) == 1 &&
           EVP_DigestVerify(t->digest, (const unsigned char *)bytes.ptr, bytes.len,
                            (const unsigned char *)signed_part.ptr, signed_part.len) == 1;
}

static bool commit_row(struct thread *t) {
    unsigned char raw[16];
    random_bytes(raw, sizeof raw);
    const char *nonce = sv_c(&t->arena, base64url_encode(&t->arena, raw, sizeof raw));
    PGresult *result = PQexecPrepared(t->pg, "row", 1, &nonce, NULL, NULL, 0);
    bool is_ok = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    return is_ok;
}

static void answer(struct thread *t, FCGX_Request *q) {
    struct sv token;
    int n = FCGX_GetStr(t->body, BODY_MAX, q->in);
    bool is_ok = n > 0 && n < BODY_MAX &&
                 field(sv_of(t->body, (size_t)n), SV("id_token"), &token) && is_signed(t, token) &&
                 commit_row(t);
    (void)FCGX_FPrintF(
        q->out, "Status: %s\r\nLocation: /\r\nCache-Control: no-store\r\nContent-Length: 0\r\n\r\n",
        is_ok ? "303 See Other" : "400 Bad Request");
    arena_reset(&t->arena);
}

static void *serve(void *arg) {
    struct thread *t = arg;
    FCGX_Request q;
    t->digest = EVP_MD_CTX_new();
    t->pg = PQconnectdb(t->ceiling->conninfo);
    PGresult *result = PQprepare(t->pg, "row", "INSERT INTO ceiling (nonce) VALUES ($1)", 1, NULL);
    if (t->digest == NULL || PQresultStatus(result) != PGRES_COMMAND_OK) {
        die("PostgreSQL", PQerrorMessage(t->pg));
    }
    PQclear(result);
    if (FCGX_InitRequest(&q, t->ceiling->socket, 0) != 0) {
        die("libfcgi", "a request cannot be prepared");
    }
    while (FCGX_Accept_r(&q) == 0) {
        answer(t, &q);
        FCGX_Finish_r(&q);
    }
    return NULL;
}

static EVP_PKEY *read_key(const char *path) {
    FILE *file = fopen(path, "r");
    EVP_PKEY *key = file == NULL ? NULL : PEM_read_PUBKEY(file, NULL, NULL, NULL);
    if (key == NULL || fclose(file) != 0) {
        die(path, "holds no public key");
    }
    return key;
}

int main(int argc, char **argv) {
    int64_t count = 0;
    if (argc != 5 || !num_parse_i64(sv_from(argv[2]), 1, THREADS_MAX, &count)) {
        (void)fputs("usage: bench_ceiling SOCKET THREADS PUBLIC-KEY.pem CONNINFO\n", stderr);
        return 2;
    }
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL);
    struct ceiling c = {.conninfo = argv[4],
                        .key = read_key(argv[3]),
                        .sha256 = EVP_MD_fetch(NULL, "SHA256", NULL)};
    struct thread *threads = calloc((size_t)count, sizeof *threads);
    if (threads == NULL || c.sha256 == NULL || FCGX_Init() != 0) {
        die("start", "no memory, SHA-256 or libfcgi");
    }
    const struct sigaction end = {.sa_handler = SIG_DFL};
    (void)sigaction(SIGTERM, &end, NULL); /* libfcgi took it over */
    c.socket = FCGX_OpenSocket(argv[1], 512);
    if (c.socket < 0 || chmod(argv[1], 0666) != 0) {
        die(argv[1], "cannot listen there");
    }
    for (int64_t i = 0; i < count; i++) {
        threads[i].ceiling = &c;
        if (pthread_create(&threads[i].id, NULL, serve, &threads[i]) != 0) {
            die("threads", "cannot be started");
        }
    }
    for (int64_t i = 0; i < count; i++) {
        (void)pthread_join(threads[i].id, NULL);
    }
    free(threads);
    return 0;
}
