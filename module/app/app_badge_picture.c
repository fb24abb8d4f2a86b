#include "app_badge_picture.h"
#include "base_encode.h"
#include "image_check.h"
#include "image_own.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool failed(struct err *err, const char *path, const char *what) {
    char why[128];
    return err_because(err, ERR_INPUT, "image", "the picture %s %s: %s", path, what,
                       strerror_r(errno, why, sizeof why));
}

static void close_file(const int *fd) {
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

struct app_picture_folder app_picture_folder_of(struct arena *a, const char *file) {
    const char *slash = strrchr(file, '/');
    int length = slash == NULL ? 0 : slash == file ? 1 : (int)(slash - file);
    return (struct app_picture_folder){slash == NULL ? "." : arena_printf(a, "%.*s", length, file)};
}

/* What was opened, whatever it is called by now, lies within the folder. */
static bool is_within(const char *folder, int fd) {
    char link[64];
    char root[PATH_MAX];
    char real[PATH_MAX];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (realpath(folder, root) == NULL || realpath(link, real) == NULL) {
        return false;
    }
    size_t n = strcmp(root, "/") == 0 ? 0 : strlen(root);
    return strncmp(real, root, n) == 0 && real[n] == '/';
}

static bool place_check(const char *folder, const char *path, int fd, struct err *err) {
    struct stat st = {0};
    if (!is_within(folder, fd)) {
        return err_because(err, ERR_INPUT, "image",
                           "the picture %s leads out of the badge file's folder; put the picture "
                           "itself there",
                           path);
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return err_because(err, ERR_INPUT, "image", "the picture %s is no file", path);
    }
    return true;
}

static bool read_whole(const char *path, int fd, struct arena *a, struct sv *out, struct err *err) {
    size_t most = IMAGE_PNG_MAX_BYTES + 1; /* one more: what is too large is seen to be */
    char *bytes = arena_alloc(a, most);
    ssize_t got = 1;
    size_t len = 0;
    while (got > 0 && len < most) {
        got = read(fd, bytes + len, most - len);
        if (got < 0 && errno != EINTR) {
            return failed(err, path, "cannot be read");
        }
        len += got > 0 ? (size_t)got : 0;
        got = got < 0 ? 1 : got;
    }
    *out = sv_of(bytes, len);
    return true;
}

static bool make(struct arena *a, const char *path, struct sv name, struct sv given,
                 struct store_badge_image *out, struct err *err) {
    unsigned char sum[32];
    struct image_own own = {0};
    if (!image_own_make(a, name, given, NULL, &own, err)) {
        return err_prefix(err, "%s", path);
    }
    sha256(own.bytes.ptr, own.bytes.len, sum);
    out->kind = (int)own.kind;
    out->bytes = own.bytes;
    out->digest = sv_copy(a, sv_of((const char *)sum, sizeof sum));
    return true;
}

bool app_picture_read(void *ctx, struct sv name, struct arena *a, struct store_badge_image *out,
                      struct sv *problem, struct err *err) {
    const struct app_picture_folder *folder = ctx;
    const char *path = arena_printf(a, "%s/%.*s", folder->path, SV_ARG(name));
    struct sv given = {0};
    *out = (struct store_badge_image){0};
    CLEANUP(close_file) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
        *problem = sv_printf(a, "there is no picture %s", path);
        return true;
    }
    if (fd < 0) {
        return failed(err, path, "cannot be opened");
    }
    return place_check(folder->path, path, fd, err) && read_whole(path, fd, a, &given, err) &&
           make(a, path, name, given, out, err);
}

/* All folders of the path, whose last part is the file's name. */
static bool make_folders(const char *path, struct err *err) {
    AUTO_ARENA a = {0};
    for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        const char *folder = arena_printf(&a, "%.*s", (int)(slash - path), path);
        if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
            return failed(err, folder, "cannot be given a folder");
        }
    }
    return true;
}

static bool write_whole(int fd, struct sv bytes) {
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        bytes = sv_skip(bytes, n > 0 ? (size_t)n : 0);
    }
    return true;
}

/* Whole or not at all; a symbolic link of that name is replaced, not followed. */
static bool write_file(const char *path, struct sv bytes, struct err *err) {
    AUTO_ARENA a = {0};
    const char *next = arena_printf(&a, "%s.new", path);
    if (!make_folders(path, err)) {
        return false;
    }
    (void)unlink(next);
    CLEANUP(close_file)
    int fd = open(next, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    return (fd >= 0 && write_whole(fd, bytes) && rename(next, path) == 0) ||
           failed(err, path, "cannot be written");
}

/* The name the badge's picture gets; others of that name have been written already. */
static struct sv name_of(const struct store_badge_image *images, const struct badge_file *file,
                         size_t at, struct arena *a) {
    struct sv name = file->badges[at].image;
    for (size_t i = 0; i < at; i++) {
        if (images[i].bytes.len > 0 && sv_eq(file->badges[i].image, name) &&
            !sv_eq(images[i].digest, images[at].digest)) {
            return sv_printf(a, "%.*s.%s", SV_ARG(file->badges[at].key),
                             images[at].kind == IMAGE_OWN_PNG ? "png" : "svg");
        }
    }
    return name;
}

bool app_pictures_write(struct store *store, int64_t institution_id, const char *folder,
                        struct badge_file *file, struct arena *a, struct err *err) {
    struct store_badge_image *images = ARENA_ARRAY(a, struct store_badge_image, file->badge_count);
    for (size_t i = 0; i < file->badge_count; i++) {
        struct model_badge *badge = &file->badges[i];
        if (badge->image.len == 0) {
            continue;
        }
        if (!store_badge_image_get(store, institution_id, badge->id, badge->image, a, &images[i],
                                   err)) {
            return false;
        }
        if (images[i].bytes.len > 0) {
            badge->image = name_of(images, file, i, a);
            if (!write_file(arena_printf(a, "%s/%.*s", folder, SV_ARG(badge->image)),
                            images[i].bytes, err)) {
                return false;
            }
        }
    }
    return true;
}
