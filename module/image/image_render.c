#include "image_render.h"
#include "base_clock.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_BYTES_MAX 4096
#define CHUNK ((size_t)64 << 10)
#define TITLE_BYTES_MAX 400

/* One socket carries the drawing there and the picture back. */
struct child {
    pid_t pid;
    int fd;
};

static bool own_folder(char path[PATH_BYTES_MAX]) {
    ssize_t n = readlink("/proc/self/exe", path, PATH_BYTES_MAX - 32);
    while (n > 0 && path[n - 1] != '/') {
        n--;
    }
    path[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static bool cannot(struct err *err, const char *why) {
    return err_because(err, ERR_BUG, "render", "pictures cannot be drawn: %s", why);
}

static bool spawn(const struct image_render *job, const char *program, int fd, pid_t *pid) {
    char name[] = "laurel-render";
    char kind[] = "png";
    char width[16];
    char height[16];
    char language[] = "LANG=C.UTF-8";
    char title[TITLE_BYTES_MAX + 1];
    char *argv[] = {name, kind, width, height, job->title == NULL ? NULL : title, NULL};
    char *envp[] = {language, NULL};
    (void)snprintf(kind, sizeof kind, "%s", job->is_pdf ? "pdf" : "png");
    (void)snprintf(title, sizeof title, "%s", job->title == NULL ? "" : job->title);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    (void)snprintf(width, sizeof width, "%d", job->width);
    (void)snprintf(height, sizeof height, "%d", job->height);
    (void)sigemptyset(&none);
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return false;
    }
    if (posix_spawnattr_init(&attributes) != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return false;
    }
    bool is_ready =
        posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO) == 0 &&
        posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO) == 0 &&
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
        posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1) == 0 &&
        posix_spawnattr_setsigmask(&attributes, &none) == 0 &&
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK) == 0;
    is_ready = is_ready && posix_spawn(pid, program, &actions, &attributes, argv, envp) == 0;
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return is_ready;
}

static bool start(const struct image_render *job, struct child *child, struct err *err) {
    char path[PATH_BYTES_MAX];
    int pair[2];
    if (job->program == NULL && !own_folder(path)) {
        return cannot(err, "the program does not know its own folder");
    }
    if (job->program == NULL) {
        (void)snprintf(path + strlen(path), 32, "laurel-render");
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return cannot(err, "no socket is to be had");
    }
    bool is_started = spawn(job, job->program == NULL ? path : job->program, pair[1], &child->pid);
    (void)close(pair[1]);
    child->fd = pair[0];
    if (!is_started) {
        (void)close(child->fd);
        return cannot(err, "laurel-render could not be started; it belongs beside laurel");
    }
    return true;
}

static int left_ms(usec_t until) {
    usec_t left = (until - clock_monotonic()) / 1000;
    return left <= 0 ? 0 : left > 1000 ? 1000 : (int)left;
}

/* Sends what fits. Also false when the child hung up early: its exit status says why. */
static void send_some(struct child *child, struct sv *rest) {
    ssize_t n = send(child->fd, rest->ptr, rest->len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
        *rest = sv_skip(*rest, (size_t)n);
    } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
        *rest = sv_of(NULL, 0);
    }
    if (rest->len == 0) {
        (void)shutdown(child->fd, SHUT_WR);
    }
}

/* True when the picture is whole: the child has closed its end. */
static bool exchange(struct child *child, struct sv svg, struct str *out) {
    usec_t until = clock_monotonic() + INT64_C(1000) * IMAGE_RENDER_MS;
    AUTO_ARENA a = {0};
    char *chunk = arena_alloc(&a, CHUNK);
    if (svg.len == 0) {
        (void)shutdown(child->fd, SHUT_WR);
    }
    while (left_ms(until) > 0 && !out->is_overflowed) {
        struct pollfd want = {.fd = child->fd,
                              .events = (short)(svg.len > 0 ? POLLIN | POLLOUT : POLLIN)};
        if (poll(&want, 1, left_ms(until)) <= 0) {
            continue;
        }
        if ((want.revents & POLLOUT) != 0 && svg.len > 0) {
            send_some(child, &svg);
        }
        if ((want.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
            ssize_t n = recv(child->fd, chunk, CHUNK, MSG_DONTWAIT);
            if (n == 0) {
                return true;
            }
            if (n < 0 && errno != EAGAIN && errno != EINTR) {
                return false;
            }
            str_add(out, sv_of(chunk, n > 0 ? (size_t)n : 0));
        }
    }
    return false;
}

bool image_render(const struct image_render *job, struct arena *a, struct sv *out,
                  struct err *err) {
    struct child child = {0};
    struct str picture;
    int status = 0;
    str_init(&picture, a, IMAGE_RENDER_BYTES_MAX);
    if (!start(job, &child, err)) {
        return false;
    }
    bool is_whole = exchange(&child, job->svg, &picture);
    (void)close(child.fd);
    if (!is_whole) {
        (void)kill(child.pid, SIGKILL);
    }
    while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
    }
    *out = str_sv(&picture);
    return (is_whole && WIFEXITED(status) && WEXITSTATUS(status) == 0 && out->len > 0) ||
           err_because(err, ERR_INPUT, "render", "this picture could not be drawn");
}
