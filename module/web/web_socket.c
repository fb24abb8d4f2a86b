#include "web_socket.h"
#include "base_num.h"
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024
#define SYSTEMD_FIRST_FD 3 /* sd_listen_fds(3) */

static bool is_listening(int fd) {
    int value = 0;
    socklen_t len = sizeof value;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len) == 0 && value != 0;
}

static bool passed_in(int *fd) {
    const char *pid = getenv("LISTEN_PID");
    const char *fds = getenv("LISTEN_FDS");
    int64_t count = 0;
    int64_t whose = 0;
    if (pid != NULL && fds != NULL && num_parse_i64(sv_from(pid), 1, INT32_MAX, &whose) &&
        whose == getpid() && num_parse_i64(sv_from(fds), 1, 64, &count) &&
        is_listening(SYSTEMD_FIRST_FD)) {
        *fd = SYSTEMD_FIRST_FD;
        return true;
    }
    *fd = STDIN_FILENO;
    return is_listening(STDIN_FILENO);
}

static bool sys_failed(struct sv address, const char *what, struct err *err) {
    char text[128];
    const char *why = strerror_r(errno, text, sizeof text);
    return err_because(err, ERR_INPUT, "listen", "Cannot %s %.*s: %s.", what, SV_ARG(address), why);
}

/* A socket file that nobody listens on was left by a crash. */
static bool remove_dead(struct sv address, const struct sockaddr_un *sa, struct err *err) {
    struct stat st;
    if (lstat(sa->sun_path, &st) != 0) {
        return errno == ENOENT || sys_failed(address, "look at", err);
    }
    if (!S_ISSOCK(st.st_mode)) {
        return err_because(err, ERR_INPUT, "listen", "%s is there and is no socket.", sa->sun_path);
    }
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc = connect(probe, (const struct sockaddr *)sa, sizeof *sa);
    int why = errno;
    (void)close(probe);
    if (rc == 0 || why != ECONNREFUSED) {
        return err_because(err, ERR_INPUT, "listen", "Another process listens on %s already.",
                           sa->sun_path);
    }
    return unlink(sa->sun_path) == 0 || sys_failed(address, "replace", err);
}

static bool open_unix(struct sv address, struct sv path, struct web_socket *out, struct err *err) {
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    if (path.len == 0 || path.ptr[0] != '/' || path.len >= sizeof sa.sun_path) {
        return err_because(err, ERR_INPUT, "listen",
                           "listen: unix: wants an absolute path of at most %zu bytes.",
                           sizeof sa.sun_path - 1);
    }
    memcpy(sa.sun_path, path.ptr, path.len);
    if (!remove_dead(address, &sa, err)) {
        return false;
    }
    out->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* On Linux the file is made with the socket's own mode: never open to all, not even for a
     * moment. */
    if (out->fd < 0 || fchmod(out->fd, 0660) != 0 ||
        bind(out->fd, (const struct sockaddr *)&sa, sizeof sa) != 0) {
        return sys_failed(address, "open", err);
    }
    (void)snprintf(out->path, sizeof out->path, "%s", sa.sun_path);
    if (chmod(sa.sun_path, 0660) != 0 || listen(out->fd, BACKLOG) != 0) {
        return sys_failed(address, "open", err);
    }
    return true;
}

static bool open_tcp(struct sv address, struct web_socket *out, struct err *err) {
    size_t colon = address.len;
    while (colon > 0 && address.ptr[colon - 1] != ':') {
        colon--;
    }
    char host[64] = "";
    char port[8] = "";
    struct sv name = sv_head(address, colon == 0 ? 0 : colon - 1);
    struct sv number = sv_skip(address, colon);
    if (name.len > 2 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']') {
        name = sv_of(name.ptr + 1, name.len - 2);
    }
    int64_t n = 0;
    if (name.len == 0 || name.len >= sizeof host || !num_parse_i64(number, 1, 65535, &n)) {
        return err_because(err, ERR_INPUT, "listen",
                           "listen: write \"unix:/path\" or \"127.0.0.1:9000\", not \"%.*s\".",
                           SV_ARG(address));
    }
    memcpy(host, name.ptr, name.len);
    (void)snprintf(port, sizeof port, "%d", (int)n);
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, port, &hints, &found) != 0) {
        return err_because(err, ERR_INPUT, "listen", "listen: \"%s\" is no numeric address.", host);
    }
    out->fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;
    bool is_good =
        out->fd >= 0 && setsockopt(out->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(out->fd, found->ai_addr, found->ai_addrlen) == 0 && listen(out->fd, BACKLOG) == 0;
    int why = errno;
    freeaddrinfo(found);
    errno = why;
    return is_good || sys_failed(address, "open", err);
}

bool web_socket_open(struct sv address, struct web_socket *out, struct err *err) {
    *out = (struct web_socket){.fd = -1};
    if (passed_in(&out->fd)) {
        int flags = fcntl(out->fd, F_GETFL);
        if (flags < 0 || fcntl(out->fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
            fcntl(out->fd, F_SETFD, FD_CLOEXEC) != 0) {
            return sys_failed(SV("the socket that was passed in"), "use", err);
        }
        return true;
    }
    out->fd = -1;
    out->is_ours = true;
    bool is_good = sv_starts(address, SV("unix:"))
                       ? open_unix(address, sv_skip(address, 5), out, err)
                       : open_tcp(address, out, err);
    if (!is_good) {
        web_socket_close(out);
    }
    return is_good;
}

void web_socket_stop(struct web_socket *s) {
    if (s->path[0] != '\0') {
        (void)unlink(s->path);
        s->path[0] = '\0';
    }
    if (s->fd >= 0 && s->is_ours) {
        (void)shutdown(s->fd, SHUT_RDWR);
    }
}

void web_socket_close(struct web_socket *s) {
    web_socket_stop(s);
    if (s->fd >= 0 && s->is_ours) {
        (void)close(s->fd);
    }
    s->fd = -1;
}
