#include "app_export.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES_MAX 3000
#define MARK_BYTES_MAX ((size_t)64 << 10)
#define TAIL_BYTES_MAX 128
#define DEPTH_MAX 8
#define DRAWN ".drawn" /* certificates of an export that broke off */

static bool failed(struct err *err, const char *path, const char *what) {
    char why[128];
    return err_because(err, ERR_INPUT, "export", "%s %s: %s", path, what,
                       strerror_r(errno, why, sizeof why));
}

static bool is_empty(const char *path) {
    int n = 0;
    DIR *dir = opendir(path);
    while (dir != NULL && readdir(dir) != NULL) {
        n++;
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    return n == 2; /* "." and ".." */
}

/* Nothing there, an empty folder, or an export of the same name: what may be replaced. */
static bool check_place(struct app *app, const char *path, struct err *err) {
    struct stat st;
    struct sv text;
    json_t *parsed = NULL;
    struct err ignored = {0};
    if (lstat(path, &st) != 0) {
        return errno == ENOENT || failed(err, path, "cannot be looked at");
    }
    if (S_ISDIR(st.st_mode) && is_empty(path)) {
        return true;
    }
    const char *mark = arena_printf(&app->arena, "%s/" APP_EXPORT_MARK, path);
    bool is_read = S_ISDIR(st.st_mode) &&
                   app_read_file(&app->arena, mark, MARK_BYTES_MAX, &text, &ignored) &&
                   js_parse(text, MARK_BYTES_MAX, mark, &parsed, &ignored);
    AUTO_JSON *object = parsed;
    if (!is_read) {
        return err_because(err, ERR_CONFLICT, "export",
                           "%s is there already and is no export of Laurel; nothing was changed. "
                           "Name a folder that does not exist",
                           path);
    }
    struct sv base_url = js_sv(json_object_get(object, "base_url"));
    return sv_eq(base_url, app->conf.base_url) ||
           err_because(err, ERR_CONFLICT, "export",
                       "%s is an export of %.*s; nothing was changed. Name another folder", path,
                       SV_ARG(base_url));
}

static bool is_listed(const char *const *names, const char *name) {
    while (*names != NULL && strcmp(*names, name) != 0) {
        names++;
    }
    return *names != NULL;
}

/* Folders that are being emptied, each in the one before it. */
struct emptying {
    DIR *dirs[DEPTH_MAX];
    char names[DEPTH_MAX][NAME_MAX + 1];
    size_t depth;
};

static bool descend(struct emptying *e, int at, const char *name) {
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL || e->depth == DEPTH_MAX) {
        errno = fd >= 0 && dir != NULL ? ELOOP : errno;
        (void)(dir != NULL ? closedir(dir) : fd >= 0 ? close(fd) : 0);
        return false;
    }
    (void)snprintf(e->names[e->depth], sizeof e->names[0], "%s", name);
    e->dirs[e->depth++] = dir;
    return true;
}

/* The innermost folder has nothing more in it. */
static bool ascend(struct emptying *e) {
    (void)closedir(e->dirs[--e->depth]);
    return e->depth == 0 ||
           unlinkat(dirfd(e->dirs[e->depth - 1]), e->names[e->depth], AT_REMOVEDIR) == 0;
}

/* Linux says of a folder that it is one; what is gone already is as good. */
static bool remove_one(struct emptying *e, const char *name) {
    int at = dirfd(e->dirs[e->depth - 1]);
    return unlinkat(at, name, 0) == 0 || errno == ENOENT ||
           (errno == EISDIR && descend(e, at, name));
}

/* Everything in a folder of ours but what is named in `kept`; the folder itself stays. One name at
 * a time: there may be a million. */
static bool empty(const char *path, const char *const *kept, struct err *err) {
    static const char *const dots[] = {".", "..", NULL};
    struct emptying e = {.depth = 0};
    bool is_ok = descend(&e, AT_FDCWD, path);
    while (is_ok && e.depth > 0) {
        const struct dirent *one = readdir(e.dirs[e.depth - 1]);
        if (one == NULL) {
            is_ok = ascend(&e);
        } else if (!is_listed(dots, one->d_name) &&
                   !(e.depth == 1 && is_listed(kept, one->d_name))) {
            is_ok = remove_one(&e, one->d_name);
        }
    }
    int why = errno;
    while (e.depth > 0) {
        (void)closedir(e.dirs[--e.depth]);
    }
    errno = why;
    return is_ok || failed(err, path, "cannot be emptied");
}

/* All of an export. The mark goes last: it says that the rest may go. */
static bool empty_whole(struct arena *a, const char *path, struct err *err) {
    static const char *const kept[] = {APP_EXPORT_MARK, NULL};
    const char *mark = arena_printf(a, "%s/" APP_EXPORT_MARK, path);
    return empty(path, kept, err) &&
           (unlink(mark) == 0 || errno == ENOENT || failed(err, mark, "cannot be removed"));
}

/* Certificates take long to draw: those of an export that broke off are put aside. */
static bool save_drawn(const struct app_export_folder *folder, struct err *err) {
    int drawn = openat(folder->fd, "awards", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (drawn < 0) {
        return errno == ENOENT || failed(err, folder->part, "cannot be read");
    }
    DIR *dir = fdopendir(drawn);
    bool is_ok = dir != NULL && (mkdirat(folder->fd, DRAWN, 0755) == 0 || errno == EEXIST);
    for (const struct dirent *one = NULL; is_ok && (one = readdir(dir)) != NULL;) {
        char to[sizeof DRAWN + sizeof one->d_name];
        (void)snprintf(to, sizeof to, DRAWN "/%s", one->d_name);
        is_ok = !sv_ends(sv_from(one->d_name), SV(".pdf")) ||
                renameat(dirfd(dir), one->d_name, folder->fd, to) == 0;
    }
    is_ok = is_ok || failed(err, folder->part, "cannot be made ready");
    (void)(dir != NULL ? closedir(dir) : close(drawn));
    return is_ok;
}

static bool mark(const struct app_export_folder *folder, struct err *err) {
    AUTO_ARENA a = {0};
    if (faccessat(folder->fd, APP_EXPORT_MARK, F_OK, 0) == 0) {
        return true; /* check_place has read it */
    }
    AUTO_JSON *object = json_pack("{s:s%}", "base_url", folder->base_url.ptr, folder->base_url.len);
    return app_export_write(folder, APP_EXPORT_MARK, js_dump(&a, object), err);
}

/* Ours alone: locked, and still what its name stands for. */
static bool lock(struct app_export_folder *folder, struct err *err) {
    struct stat here;
    struct stat named;
    if (mkdir(folder->part, 0755) != 0 && errno != EEXIST) {
        return failed(err, folder->part, "cannot be made");
    }
    folder->fd = open(folder->part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder->fd < 0) {
        return failed(err, folder->part, "cannot be opened");
    }
    if (flock(folder->fd, LOCK_EX | LOCK_NB) != 0 || fstat(folder->fd, &here) != 0 ||
        stat(folder->part, &named) != 0 || here.st_ino != named.st_ino) {
        return err_because(err, ERR_CONFLICT, "export",
                           "another export is writing to %s; wait until it is done", folder->part);
    }
    return true;
}

bool app_export_open(struct app *app, struct sv path, struct app_export_folder *out,
                     struct err *err) {
    while (path.len > 1 && sv_ends(path, SV("/"))) {
        path = sv_head(path, path.len - 1);
    }
    static const char *const kept[] = {APP_EXPORT_MARK, DRAWN, NULL};
    *out = (struct app_export_folder){.fd = -1, .base_url = app->conf.base_url};
    if (path.len == 0 || path.len > PATH_BYTES_MAX || sv_ends(path, SV("/")) ||
        sv_eq(path, SV(".")) || sv_ends(path, SV("/.")) || sv_ends(path, SV(".."))) {
        return err_because(err, ERR_INPUT, "export",
                           "`%.*s` cannot be written to; name a new folder",
                           SV_ARG(sv_clip_utf8(path, 200)));
    }
    out->path = sv_c(&app->arena, path);
    out->part = arena_printf(&app->arena, "%s.part", out->path);
    return check_place(app, out->path, err) && check_place(app, out->part, err) && lock(out, err) &&
           mark(out, err) && save_drawn(out, err) && empty(out->part, kept, err);
}

static bool make_folders(const struct app_export_folder *folder, const char *path,
                         struct err *err) {
    char parent[PATH_BYTES_MAX];
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        size_t n = (size_t)(slash - path);
        if (n >= sizeof parent) {
            errno = ENAMETOOLONG;
            return failed(err, path, "cannot be made");
        }
        memcpy(parent, path, n);
        parent[n] = '\0';
        if (mkdirat(folder->fd, parent, 0755) != 0 && errno != EEXIST) {
            return failed(err, parent, "cannot be made");
        }
    }
    return true;
}

static bool write_all(int fd, struct sv body) {
    while (body.len > 0) {
        ssize_t n = write(fd, body.ptr, body.len);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        body = sv_skip(body, n < 0 ? 0 : (size_t)n);
    }
    return true;
}

bool app_export_write(const struct app_export_folder *folder, const char *path, struct sv body,
                      struct err *err) {
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(folder->fd, path, flags, 0644);
    if (fd < 0 && errno == ENOENT) {
        if (!make_folders(folder, path, err)) {
            return false;
        }
        fd = openat(folder->fd, path, flags, 0644);
    }
    if (fd < 0) {
        return failed(err, path, "cannot be written");
    }
    bool is_written = write_all(fd, body);
    int why = errno;
    if (close(fd) == 0 && is_written) {
        return true;
    }
    why = is_written ? errno : why;
    /* Nothing half: an empty mark would make the folder nobody's, and every later export stop. */
    (void)unlinkat(folder->fd, path, 0);
    errno = why;
    return failed(err, path, "cannot be written");
}

bool app_export_link(const struct app_export_folder *folder, const char *from, const char *path,
                     struct sv body, struct err *err) {
    return linkat(folder->fd, from, folder->fd, path, 0) == 0 ||
           app_export_write(folder, path, body, err);
}

static bool ends_with(int fd, struct sv mark) {
    char tail[TAIL_BYTES_MAX];
    struct stat st;
    return mark.len <= sizeof tail && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
           st.st_size >= (off_t)mark.len &&
           pread(fd, tail, mark.len, st.st_size - (off_t)mark.len) == (ssize_t)mark.len &&
           sv_eq(sv_of(tail, mark.len), mark);
}

static bool keep_from(const struct app_export_folder *folder, int at, const char *from,
                      const char *path, struct sv mark) {
    int fd = openat(at, from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool is_same = fd >= 0 && ends_with(fd, mark);
    if (fd >= 0) {
        (void)close(fd);
    }
    return is_same && linkat(at, from, folder->fd, path, 0) == 0;
}

bool app_export_keep(const struct app_export_folder *folder, const char *path, struct sv mark) {
    char from[PATH_BYTES_MAX + 256];
    const char *name = strrchr(path, '/');
    (void)snprintf(from, sizeof from, DRAWN "%s", name == NULL ? "" : name);
    if (name != NULL && keep_from(folder, folder->fd, from, path, mark)) {
        return true;
    }
    (void)snprintf(from, sizeof from, "%s/%s", folder->path, path);
    return keep_from(folder, AT_FDCWD, from, path, mark);
}

static bool remove_drawn(const struct app_export_folder *folder, struct arena *a, struct err *err) {
    static const char *const kept[] = {NULL};
    const char *drawn = arena_printf(a, "%s/" DRAWN, folder->part);
    return faccessat(AT_FDCWD, drawn, F_OK, 0) != 0 ||
           (empty(drawn, kept, err) &&
            (rmdir(drawn) == 0 || failed(err, drawn, "cannot be removed")));
}

bool app_export_finish(struct app_export_folder *folder, struct err *err) {
    AUTO_ARENA a = {0};
    if (!remove_drawn(folder, &a, err)) {
        return false;
    }
    /* On the disk before it takes the old one's place. */
    if (syncfs(folder->fd) != 0) {
        return failed(err, folder->part, "cannot be written to the disk");
    }
    if (rename(folder->part, folder->path) == 0) {
        return true; /* there was nothing, or an empty folder */
    }
    if ((errno != ENOTEMPTY && errno != EEXIST) ||
        renameat2(AT_FDCWD, folder->part, AT_FDCWD, folder->path, RENAME_EXCHANGE) != 0) {
        return failed(err, folder->part, "cannot take its place");
    }
    return empty_whole(&a, folder->part, err) &&
           (rmdir(folder->part) == 0 || failed(err, folder->part, "cannot be removed"));
}

void app_export_close(struct app_export_folder *folder) {
    if (folder->fd >= 0) {
        (void)close(folder->fd);
        folder->fd = -1;
    }
}
