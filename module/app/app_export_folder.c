#include "app_export.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES_MAX 3000
#define MARK_BYTES_MAX ((size_t)64 << 10)

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

/* All but the mark, which says that the rest may go. */
static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at) {
    (void)st;
    (void)kind;
    bool is_kept =
        at->level == 0 || (at->level == 1 && strcmp(path + at->base, APP_EXPORT_MARK) == 0);
    return is_kept ? 0 : remove(path);
}

/* Everything in a folder of ours, which stays itself. */
static bool empty(struct arena *a, const char *path, struct err *err) {
    const char *mark = arena_printf(a, "%s/" APP_EXPORT_MARK, path);
    return (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 &&
            (unlink(mark) == 0 || errno == ENOENT)) ||
           failed(err, path, "cannot be emptied");
}

static bool mark(const struct app_export_folder *folder, struct err *err) {
    AUTO_ARENA a = {0};
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
           empty(&app->arena, out->part, err) && mark(out, err);
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
    errno = is_written ? errno : why;
    return failed(err, path, "cannot be written");
}

bool app_export_link(const struct app_export_folder *folder, const char *from, const char *path,
                     struct sv body, struct err *err) {
    return linkat(folder->fd, from, folder->fd, path, 0) == 0 ||
           app_export_write(folder, path, body, err);
}

bool app_export_finish(struct app_export_folder *folder, struct err *err) {
    AUTO_ARENA a = {0};
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
    return empty(&a, folder->part, err) &&
           (rmdir(folder->part) == 0 || failed(err, folder->part, "cannot be removed"));
}

void app_export_close(struct app_export_folder *folder) {
    if (folder->fd >= 0) {
        (void)close(folder->fd);
        folder->fd = -1;
    }
}
