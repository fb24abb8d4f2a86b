/* The server over a unix socket, spoken to in raw FastCGI records (FastCGI 1.0, 3.3 and 5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web_form.h"
#include "web_server.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define IO_PATIENCE_US (5 * USEC_PER_S) /* well below what the server waits for a peer */

enum record { BEGIN = 1, END = 3, PARAMS = 4, STDIN = 5, STDOUT = 6 };

struct rig {
    char folder[64], path[96], address[112];
    pid_t child;
    int ready; /* a byte arrives when the child serves */
};

static void handle(void *ctx, struct web_request *req, struct web_response *resp) {
    (void)ctx;
    if (sv_eq(req->path, SV("/slow"))) {
        (void)usleep(400 * 1000);
    }
    if (sv_eq(req->path, SV("/big"))) {
        for (int i = 0; i < 300 * 1024; i++) {
            str_add_char(&resp->body, (char)('a' + i % 26));
        }
        return;
    }
    if (sv_eq(req->path, SV("/huge"))) {
        for (int i = 0; i < 9 * 1024; i++) {
            str_add(&resp->body, sv_of(arena_alloc(req->arena, 1024), 1024));
        }
        return;
    }
    web_text(resp, 200,
             sv_printf(req->arena, "%.*s|%.*s|%zu|%s|%zu", SV_ARG(req->path), SV_ARG(req->query),
                       req->body.len, req->id,
                       req->arena->used_bytes < (size_t)64 * 1024 ? (size_t)1 : 0));
    str_add(&resp->body, req->body);
}

static bool joins(void *ctx, const struct web_request *req) {
    (void)ctx;
    return sv_starts(req->path, SV("/join/"));
}

/* How many were answered with this one; what others leave goes to `handle`. */
static void answer_many(void *ctx, struct web_joined *joined, size_t count) {
    (void)ctx;
    (void)usleep(300 * 1000);
    for (size_t i = 0; i < count; i++) {
        struct web_request *req = joined[i].req;
        joined[i].is_answered = !sv_ends(req->path, SV("/left"));
        if (joined[i].is_answered) {
            web_text(joined[i].resp, 200,
                     sv_printf(req->arena, "%.*s|%zu|%s", SV_ARG(req->path), count, req->id));
        }
    }
}

static void tell_ready(void *ctx) {
    int fd = *(int *)ctx;
    (void)!write(fd, "r", 1);
    (void)close(fd);
}

static int serve(struct rig *r, int threads, int drain_s, int ready_fd) {
    struct web_server server = {.listen = sv_from(r->address),
                                .threads = threads,
                                .drain_s = drain_s,
                                .handle = handle,
                                .joins = joins,
                                .answer_many = answer_many,
                                .ready = tell_ready,
                                .ctx = &ready_fd};
    struct err err = {0};
    bool is_good = web_server_run(&server, &err);
    if (!is_good) {
        (void)fprintf(stderr, "server: %s (%s)\n", err.text, err.reason);
    }
    return is_good ? 0 : strcmp(err.reason, "drain") == 0 ? 3 : 1;
}

static void start(struct rig *r, int threads, int drain_s) {
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    r->child = fork();
    assert_true(r->child >= 0);
    if (r->child == 0) {
        (void)close(fds[0]);
        _exit(serve(r, threads, drain_s, fds[1]));
    }
    (void)close(fds[1]);
    r->ready = fds[0];
    char c = 0;
    assert_int_equal(read(r->ready, &c, 1), 1);
}

static int set_up(void **state) {
    static struct rig rig;
    rig = (struct rig){0};
    (void)snprintf(rig.folder, sizeof rig.folder, "/tmp/laurel-web-XXXXXX");
    assert_non_null(mkdtemp(rig.folder));
    (void)snprintf(rig.path, sizeof rig.path, "%s/sock", rig.folder);
    (void)snprintf(rig.address, sizeof rig.address, "unix:%s", rig.path);
    *state = &rig;
    return 0;
}

static int exit_code(struct rig *r) {
    int status = 0;
    assert_int_equal(waitpid(r->child, &status, 0), r->child);
    r->child = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int tear_down(void **state) {
    struct rig *r = *state;
    if (r->child > 0) {
        (void)kill(r->child, SIGTERM);
        (void)exit_code(r);
    }
    (void)close(r->ready);
    (void)unlink(r->path);
    (void)rmdir(r->folder);
    return 0;
}

static int dial(const struct rig *r) {
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    (void)snprintf(sa.sun_path, sizeof sa.sun_path, "%s", r->path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    struct timeval timeout = {.tv_sec = 10};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    return fd;
}

static void put(int fd, const void *bytes, size_t len) {
    const char *p = bytes;
    while (len > 0) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        assert_true(n > 0);
        p += n;
        len -= (size_t)n;
    }
}

static void put_record(int fd, enum record type, const void *bytes, size_t len) {
    unsigned char head[8] = {
        1, (unsigned char)type, 0, 1, (unsigned char)(len >> 8), (unsigned char)len, 0, 0};
    put(fd, head, 8);
    put(fd, bytes, len);
}

static void put_param(struct str *out, const char *name, const char *value) {
    str_add_char(out, (char)strlen(name));
    str_add_char(out, (char)strlen(value)); /* all of ours are shorter than 128 */
    str_add_c(out, name);
    str_add_c(out, value);
}

struct call {
    const char *method, *uri, *content_length;
    struct sv body;
    bool keep;
    bool has_hung; /* send no more than the parameters */
};

static void send_call(int fd, struct call c) {
    AUTO_ARENA a = {0};
    struct str params;
    str_init(&params, &a, 4096);
    put_param(&params, "REQUEST_METHOD", c.method);
    put_param(&params, "REQUEST_URI", c.uri);
    put_param(&params, "CONTENT_TYPE", "application/x-www-form-urlencoded");
    put_param(&params, "CONTENT_LENGTH", c.content_length == NULL ? "" : c.content_length);
    put_record(fd, BEGIN, (unsigned char[8]){0, 1, c.keep ? 1 : 0}, 8);
    put_record(fd, PARAMS, params.ptr, params.len);
    put_record(fd, PARAMS, NULL, 0);
    for (size_t at = 0; at < c.body.len; at += 60000) {
        struct sv piece = sv_head(sv_skip(c.body, at), 60000);
        put_record(fd, STDIN, piece.ptr, piece.len);
    }
    if (!c.has_hung) {
        put_record(fd, STDIN, NULL, 0);
    }
}

static bool get(int fd, void *bytes, size_t len) {
    char *p = bytes;
    while (len > 0) {
        ssize_t n = recv(fd, p, len, 0);
        if (n <= 0) {
            return false;
        }
        p += n;
        len -= (size_t)n;
    }
    return true;
}

/* All of STDOUT up to END_REQUEST; empty when the connection ended first. */
static struct sv get_reply(struct arena *a, int fd) {
    struct str out;
    str_init(&out, a, 4u << 20);
    unsigned char head[8];
    static unsigned char content[65536 + 256];
    while (get(fd, head, sizeof head)) {
        size_t len = (size_t)head[4] << 8 | head[5];
        if (!get(fd, content, len + head[6])) {
            break;
        }
        if (head[1] == END) {
            return str_sv(&out);
        }
        if (head[1] == STDOUT) {
            str_add(&out, sv_of((char *)content, len));
        }
    }
    return SV("");
}

static struct sv body_of(struct sv reply) {
    const char *p = reply.len == 0 ? NULL : memmem(reply.ptr, reply.len, "\r\n\r\n", 4);
    return p == NULL ? SV("") : sv_skip(reply, (size_t)(p - reply.ptr) + 4);
}

static bool has(struct sv text, const char *what) {
    return text.len > 0 && memmem(text.ptr, text.len, what, strlen(what)) != NULL;
}

static struct sv call(struct arena *a, const struct rig *r, struct call c) {
    int fd = dial(r);
    send_call(fd, c);
    struct sv reply = get_reply(a, fd);
    (void)close(fd);
    return reply;
}

static void server__answers_get_with_all_standing_headers(void **state) {
    struct rig *r = *state;
    start(r, 2, 5);
    AUTO_ARENA a = {0};
    struct sv reply = call(&a, r, (struct call){.method = "GET", .uri = "/a/b%20c?x=1"});
    assert_true(sv_starts(reply, SV("Status: 200 OK\r\n")));
    assert_true(has(reply, "X-Content-Type-Options: nosniff\r\n"));
    assert_true(has(reply, "Referrer-Policy: no-referrer\r\n"));
    assert_true(has(reply, "Cache-Control: no-store\r\n"));
    assert_true(has(reply, "X-Request-Id: "));
    assert_true(sv_starts(body_of(reply), SV("/a/b c|x=1|0|")));
}

static void server__gives_each_request_an_id_and_a_clean_arena(void **state) {
    struct rig *r = *state;
    start(r, 1, 5);
    AUTO_ARENA a = {0};
    struct sv big = call(&a, r, (struct call){.method = "GET", .uri = "/big"});
    assert_int_equal(body_of(big).len, 300 * 1024);
    struct sv one = body_of(call(&a, r, (struct call){.method = "GET", .uri = "/"}));
    struct sv two = body_of(call(&a, r, (struct call){.method = "GET", .uri = "/"}));
    assert_int_equal(one.len, strlen("/||0|0123456789abcdef|1"));
    assert_true(sv_ends(two, SV("|1")));
    assert_false(sv_eq(one, two));
}

static void server__sends_no_body_to_head(void **state) {
    struct rig *r = *state;
    start(r, 1, 5);
    AUTO_ARENA a = {0};
    struct sv reply = call(&a, r, (struct call){.method = "HEAD", .uri = "/big"});
    assert_true(has(reply, "Content-Length: 307200\r\n"));
    assert_int_equal(body_of(reply).len, 0);
}

static void server__reads_a_posted_body_exactly(void **state) {
    struct rig *r = *state;
    start(r, 2, 5);
    AUTO_ARENA a = {0};
    struct call c = {
        .method = "POST", .uri = "/p", .content_length = "11", .body = SV("hello=world")};
    assert_true(sv_ends(body_of(call(&a, r, c)), SV("hello=world")));
    char *large = arena_array(&a, 200000, 1);
    memset(large, 'x', 200000);
    c = (struct call){
        .method = "POST", .uri = "/p", .content_length = "200000", .body = sv_of(large, 200000)};
    assert_true(sv_starts(body_of(call(&a, r, c)), SV("/p||200000|")));
}

static void server__refuses_lengths_that_lie(void **state) {
    struct rig *r = *state;
    start(r, 2, 5);
    static const struct {
        const char *length, *body, *status;
    } rows[] = {
        {"-1", "a=b", "Status: 400"},
        {"abc", "a=b", "Status: 400"},
        {"0x3", "a=b", "Status: 400"},
        {"3 ", "a=b", "Status: 400"},
        {"4", "a=b", "Status: 400"},
        {"2", "a=b", "Status: 400"},
        {"", "a=b", "Status: 400"},
        {"262145", "a=b", "Status: 413"},
        {"99999999999999999999999", "a=b", "Status: 413"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct sv reply = call(&a, r,
                               (struct call){.method = "POST",
                                             .uri = "/p",
                                             .content_length = rows[i].length,
                                             .body = sv_from(rows[i].body)});
        if (!sv_starts(reply, sv_from(rows[i].status))) {
            fail_msg("Content-Length \"%s\": %.*s", rows[i].length, 20, reply.ptr);
        }
    }
}

static void server__takes_an_oversize_body_in_before_it_says_413(void **state) {
    struct rig *r = *state;
    start(r, 1, 5);
    AUTO_ARENA a = {0};
    char *large = arena_array(&a, 1000000, 1);
    int fd = dial(r);
    send_call(fd, (struct call){.method = "POST",
                                .uri = "/p",
                                .content_length = "1000000",
                                .body = sv_of(large, 1000000),
                                .keep = true});
    assert_true(sv_starts(get_reply(&a, fd), SV("Status: 413")));
    send_call(fd, (struct call){.method = "GET", .uri = "/next", .keep = true});
    assert_true(sv_starts(body_of(get_reply(&a, fd)), SV("/next|")));
    (void)close(fd);
}

static void server__refuses_odd_paths(void **state) {
    struct rig *r = *state;
    start(r, 1, 5);
    AUTO_ARENA a = {0};
    assert_true(sv_starts(call(&a, r, (struct call){.method = "GET", .uri = "/a/../b"}),
                          SV("Status: 400")));
    assert_true(
        sv_starts(call(&a, r, (struct call){.method = "GET", .uri = "/a%00"}), SV("Status: 400")));
}

static void server__turns_an_outgrown_answer_into_500(void **state) {
    struct rig *r = *state;
    start(r, 1, 5);
    AUTO_ARENA a = {0};
    assert_true(
        sv_starts(call(&a, r, (struct call){.method = "GET", .uri = "/huge"}), SV("Status: 500")));
}

static void server__keeps_connections_without_pinning_threads(void **state) {
    struct rig *r = *state;
    start(r, 1, 5); /* one thread, five kept connections */
    AUTO_ARENA a = {0};
    int fds[5];
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        fds[i] = dial(r);
    }
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
            send_call(fds[i], (struct call){.method = "POST",
                                            .uri = "/k",
                                            .content_length = "3",
                                            .body = SV("a=b"),
                                            .keep = true});
            assert_true(sv_ends(body_of(get_reply(&a, fds[i])), SV("a=b")));
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        (void)close(fds[i]);
    }
}

static void server__closes_what_is_not_to_be_kept(void **state) {
    struct rig *r = *state;
    start(r, 1, 5);
    AUTO_ARENA a = {0};
    int fd = dial(r);
    send_call(fd, (struct call){.method = "GET", .uri = "/"});
    assert_true(get_reply(&a, fd).len > 0);
    char c = 0;
    assert_int_equal(recv(fd, &c, 1, 0), 0);
    (void)close(fd);
}

static void server__survives_peers_that_talk_nonsense_or_leave(void **state) {
    struct rig *r = *state;
    start(r, 1, 5);
    AUTO_ARENA a = {0};
    for (int i = 0; i < 20; i++) {
        int fd = dial(r);
        if (i % 4 == 0) {
            put(fd, "GET / HTTP/1.1\r\n\r\n", 18);
        } else if (i % 4 == 1) {
            put_record(fd, BEGIN, (unsigned char[8]){0, 1, 1}, 8);
        } else if (i % 4 == 2) {
            send_call(fd, (struct call){.method = "POST",
                                        .uri = "/p",
                                        .content_length = "10",
                                        .body = SV("abc"),
                                        .has_hung = true});
        }
        (void)close(fd);
    }
    assert_true(call(&a, r, (struct call){.method = "GET", .uri = "/"}).len > 0);
}

/* Connections with a request each on its way: /join/0, and so on. */
static void send_joined(const struct rig *r, int *fds, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char uri[32];
        (void)snprintf(uri, sizeof uri, "/join/%zu", i);
        fds[i] = dial(r);
        send_call(fds[i], (struct call){.method = "GET", .uri = uri, .keep = true});
    }
}

static void get_joined(int fd, size_t nth, size_t together) {
    AUTO_ARENA a = {0};
    struct sv body = body_of(get_reply(&a, fd));
    struct sv want = sv_printf(&a, "/join/%zu|%zu|", nth, together);
    if (!sv_starts(body, want)) {
        fail_msg("%.*s instead of %.*s", SV_ARG(body), SV_ARG(want));
    }
}

static void server__answers_at_once_what_came_during_an_answer(void **state) {
    struct rig *r = *state;
    start(r, 2, 5);
    AUTO_ARENA a = {0};
    int fds[6];
    for (int round = 0; round < 2; round++) {
        send_joined(r, fds, 1);
        (void)usleep(100 * 1000);
        int first = fds[0];
        send_joined(r, fds, ARRAY_LEN(fds));
        /* The other thread is free for all else meanwhile. */
        usec_t before = clock_monotonic();
        assert_true(has(call(&a, r, (struct call){.method = "GET", .uri = "/else"}), "/else|"));
        assert_true(clock_monotonic() - before < (usec_t)150 * 1000);
        get_joined(first, 0, 1);
        for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
            get_joined(fds[i], i, ARRAY_LEN(fds));
            (void)close(fds[i]);
        }
        (void)close(first);
    }
}

static void server__answers_singly_what_was_left(void **state) {
    struct rig *r = *state;
    AUTO_ARENA a = {0};
    for (int threads = 1; threads <= 3; threads += 2) {
        start(r, threads, 5);
        int fds[5];
        for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
            fds[i] = dial(r);
            send_call(fds[i], (struct call){.method = "GET", .uri = "/join/left", .keep = true});
        }
        for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
            assert_true(sv_starts(body_of(get_reply(&a, fds[i])), SV("/join/left||0|")));
            send_call(fds[i], (struct call){.method = "GET", .uri = "/again", .keep = true});
            assert_true(sv_starts(body_of(get_reply(&a, fds[i])), SV("/again|")));
            (void)close(fds[i]);
        }
        (void)kill(r->child, SIGTERM);
        assert_int_equal(exit_code(r), 0);
        (void)close(r->ready);
    }
    start(r, 1, 5);
}

/* Whoever reads requests may be held up by none of them. */
static void server__goes_on_while_a_request_comes_in_pieces(void **state) {
    struct rig *r = *state;
    start(r, 2, 5);
    AUTO_ARENA a = {0};
    int begun = dial(r);
    int hung = dial(r);
    put_record(begun, BEGIN, (unsigned char[8]){0, 1, 1}, 8);
    send_call(hung, (struct call){.method = "GET", .uri = "/join/0", .has_hung = true});
    (void)close(begun); /* one thread waits for the rest of the other */
    (void)usleep(100 * 1000);
    usec_t before = clock_monotonic();
    assert_true(has(call(&a, r, (struct call){.method = "GET", .uri = "/else"}), "/else|"));
    assert_true(clock_monotonic() - before < IO_PATIENCE_US);
    put_record(hung, STDIN, NULL, 0);
    assert_true(sv_starts(body_of(get_reply(&a, hung)), SV("/join/0|")));
    (void)close(hung);
}

/* The end of another request is none of this one, which has to be waited for. */
static void server__goes_on_while_the_end_is_anothers(void **state) {
    struct rig *r = *state;
    start(r, 2, 5);
    AUTO_ARENA a = {0};
    int fd = dial(r);
    static const unsigned char both[] = {1, BEGIN, 0, 1, 0, 8,     0, 0, 0, 1, 1, 0,
                                         0, 0,     0, 0, 1, STDIN, 0, 2, 0, 0, 0, 0};
    put(fd, both, sizeof both);
    (void)usleep(100 * 1000);
    usec_t before = clock_monotonic();
    assert_true(has(call(&a, r, (struct call){.method = "GET", .uri = "/else"}), "/else|"));
    assert_true(clock_monotonic() - before < IO_PATIENCE_US);
    (void)close(fd);
}

static void server__drains_what_has_joined(void **state) {
    struct rig *r = *state;
    start(r, 4, 5);
    int fds[5];
    send_joined(r, fds, 1);
    (void)usleep(100 * 1000);
    int first = fds[0];
    send_joined(r, fds, ARRAY_LEN(fds));
    (void)usleep(50 * 1000);
    assert_int_equal(kill(r->child, SIGTERM), 0);
    get_joined(first, 0, 1);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        get_joined(fds[i], i, ARRAY_LEN(fds));
        (void)close(fds[i]);
    }
    (void)close(first);
    assert_int_equal(exit_code(r), 0);
}

static void server__drains_on_sigterm_and_answers_what_is_in_flight(void **state) {
    struct rig *r = *state;
    start(r, 4, 5);
    AUTO_ARENA a = {0};
    int idle = dial(r);
    send_call(idle, (struct call){.method = "GET", .uri = "/", .keep = true});
    assert_true(get_reply(&a, idle).len > 0);
    int busy = dial(r);
    send_call(busy, (struct call){.method = "GET", .uri = "/slow", .keep = true});
    (void)usleep(100 * 1000);
    assert_int_equal(kill(r->child, SIGTERM), 0);
    assert_true(sv_starts(body_of(get_reply(&a, busy)), SV("/slow|")));
    assert_int_equal(exit_code(r), 0);
    char c = 0;
    assert_int_equal(recv(idle, &c, 1, 0), 0);
    assert_int_equal(access(r->path, F_OK), -1);
    (void)close(idle);
    (void)close(busy);
}

static void server__says_so_when_the_drain_time_is_over(void **state) {
    struct rig *r = *state;
    start(r, 2, 5);
    (void)kill(r->child, SIGTERM);
    assert_int_equal(exit_code(r), 0);
    (void)close(r->ready);
    /* A request that hangs in the middle of its body holds its thread for longer than the drain. */
    start(r, 2, 1);
    int fd = dial(r);
    send_call(fd, (struct call){.method = "POST",
                                .uri = "/p",
                                .content_length = "10",
                                .body = SV("abc"),
                                .has_hung = true});
    (void)usleep(100 * 1000);
    (void)kill(r->child, SIGINT);
    assert_int_equal(exit_code(r), 3);
    (void)close(fd);
}

static void server__opens_its_socket_to_the_group_only_and_replaces_a_dead_one(void **state) {
    struct rig *r = *state;
    start(r, 1, 5);
    struct stat st;
    assert_int_equal(stat(r->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    struct web_server second = {.listen = sv_from(r->address), .threads = 1, .handle = handle};
    pid_t other = fork();
    if (other == 0) {
        struct err err = {0};
        _exit(!web_server_run(&second, &err) && strcmp(err.reason, "listen") == 0 ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(other, &status, 0), other);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);

    (void)kill(r->child, SIGKILL);
    (void)exit_code(r);
    assert_int_equal(stat(r->path, &st), 0);
    (void)close(r->ready);
    start(r, 1, 5);
    AUTO_ARENA a = {0};
    assert_true(call(&a, r, (struct call){.method = "GET", .uri = "/"}).len > 0);
}

static void server__takes_a_socket_passed_as_descriptor_0(void **state) {
    struct rig *r = *state;
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    (void)snprintf(sa.sun_path, sizeof sa.sun_path, "%s", r->path);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&sa, sizeof sa), 0);
    assert_int_equal(listen(listener, 8), 0);
    int before = dup(STDIN_FILENO);
    assert_int_equal(dup2(listener, STDIN_FILENO), STDIN_FILENO);
    (void)snprintf(r->address, sizeof r->address, "unix:/nonexistent/socket");
    start(r, 1, 5);
    if (before >= 0) {
        (void)dup2(before, STDIN_FILENO);
        (void)close(before);
    }
    (void)close(listener);
    AUTO_ARENA a = {0};
    assert_true(call(&a, r, (struct call){.method = "GET", .uri = "/"}).len > 0);
    (void)kill(r->child, SIGTERM);
    assert_int_equal(exit_code(r), 0);
    assert_int_equal(access(r->path, F_OK), 0); /* whoever opened it removes it */
}

static void server__refuses_addresses_that_are_none(void **state) {
    (void)state;
    static const char *const rows[] = {"",
                                       "unix:",
                                       "unix:relative",
                                       "9000",
                                       ":9000",
                                       "localhost:9000",
                                       "127.0.0.1:0",
                                       "127.0.0.1:70000",
                                       "1.2.3:x",
                                       "unix:/nonexistent/dir/sock"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct web_server server = {.listen = sv_from(rows[i]), .threads = 1, .handle = handle};
        struct err err = {0};
        if (web_server_run(&server, &err)) {
            fail_msg("%s was taken", rows[i]);
        }
        assert_string_equal(err.reason, "listen");
    }
}

#define SERVER_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    int null =
        open("/dev/null", O_RDONLY); /* whatever the test runner has there is no socket of ours */
    (void)dup2(null, STDIN_FILENO);
    const struct CMUnitTest tests[] = {
        SERVER_TEST(server__answers_get_with_all_standing_headers),
        SERVER_TEST(server__gives_each_request_an_id_and_a_clean_arena),
        SERVER_TEST(server__sends_no_body_to_head),
        SERVER_TEST(server__reads_a_posted_body_exactly),
        SERVER_TEST(server__refuses_lengths_that_lie),
        SERVER_TEST(server__takes_an_oversize_body_in_before_it_says_413),
        SERVER_TEST(server__refuses_odd_paths),
        SERVER_TEST(server__turns_an_outgrown_answer_into_500),
        SERVER_TEST(server__keeps_connections_without_pinning_threads),
        SERVER_TEST(server__closes_what_is_not_to_be_kept),
        SERVER_TEST(server__survives_peers_that_talk_nonsense_or_leave),
        SERVER_TEST(server__answers_at_once_what_came_during_an_answer),
        SERVER_TEST(server__answers_singly_what_was_left),
        SERVER_TEST(server__goes_on_while_a_request_comes_in_pieces),
        SERVER_TEST(server__goes_on_while_the_end_is_anothers),
        SERVER_TEST(server__drains_what_has_joined),
        SERVER_TEST(server__drains_on_sigterm_and_answers_what_is_in_flight),
        SERVER_TEST(server__says_so_when_the_drain_time_is_over),
        SERVER_TEST(server__opens_its_socket_to_the_group_only_and_replaces_a_dead_one),
        SERVER_TEST(server__takes_a_socket_passed_as_descriptor_0),
        cmocka_unit_test(server__refuses_addresses_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
