/* laurel-render: draws one SVG as a PNG or PDF, or one PNG anew in another size, and ends. A
 * program of its own, so that `serve` and `worker` never link the drawing libraries nor parse a
 * picture's markup (DESIGN 8).
 *
 *     laurel-render png WIDTH HEIGHT <drawing.svg >picture.png
 *     laurel-render png WIDTH HEIGHT <other.png >picture.png
 *     laurel-render pdf WIDTH HEIGHT [TITLE] <sheet.svg >sheet.pdf
 *
 * Sizes are pixels (png) and points (pdf). Exit status 0, or 1 with one sentence on stderr. Before
 * the first byte is parsed it gives up whatever drawing does not need: network, other programs,
 * writing files, more than seconds and a bounded memory. Nothing outside the SVG is ever loaded. */
#include <cairo-pdf.h>
#include <errno.h>
#include <fcntl.h>
#include <librsvg/rsvg.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define INPUT_MAX ((size_t)4 << 20)
#define SIDE_MAX 4096
#define SECONDS_MAX 10
#define MEMORY_MAX ((rlim_t)1 << 30)
#define OUTPUT_MAX ((rlim_t)32 << 20)

static bool fail(const char *why) {
    (void)fprintf(stderr, "laurel-render: %s\n", why);
    return false;
}

static bool limit(int resource, rlim_t most) {
    const struct rlimit r = {.rlim_cur = most, .rlim_max = most};
    return setrlimit((__rlimit_resource_t)resource, &r) == 0;
}

static bool limit_resources(void) {
    (void)alarm(2 * SECONDS_MAX);
    bool is_limited = limit(RLIMIT_CPU, SECONDS_MAX) && limit(RLIMIT_FSIZE, OUTPUT_MAX) &&
                      limit(RLIMIT_CORE, 0) && limit(RLIMIT_NOFILE, 32);
#ifndef __SANITIZE_ADDRESS__ /* its shadow is terabytes of addresses */
    is_limited = is_limited && limit(RLIMIT_AS, MEMORY_MAX);
#endif
    return is_limited || fail("its limits cannot be set");
}

/* What a drawing never needs is refused by the kernel. */
static bool give_up_rights(void) {
    static const int forbidden[] = {SCMP_SYS(socket),
                                    SCMP_SYS(socketpair),
                                    SCMP_SYS(connect),
                                    SCMP_SYS(bind),
                                    SCMP_SYS(listen),
                                    SCMP_SYS(accept4),
                                    SCMP_SYS(sendto),
                                    SCMP_SYS(sendmsg),
                                    SCMP_SYS(execve),
                                    SCMP_SYS(execveat),
                                    SCMP_SYS(fork),
                                    SCMP_SYS(vfork),
                                    SCMP_SYS(ptrace),
                                    SCMP_SYS(process_vm_readv),
                                    SCMP_SYS(process_vm_writev),
                                    SCMP_SYS(kill),
                                    SCMP_SYS(tkill),
                                    SCMP_SYS(unlink),
                                    SCMP_SYS(unlinkat),
                                    SCMP_SYS(rename),
                                    SCMP_SYS(renameat),
                                    SCMP_SYS(renameat2),
                                    SCMP_SYS(mkdir),
                                    SCMP_SYS(mkdirat),
                                    SCMP_SYS(rmdir),
                                    SCMP_SYS(link),
                                    SCMP_SYS(linkat),
                                    SCMP_SYS(symlink),
                                    SCMP_SYS(symlinkat),
                                    SCMP_SYS(chmod),
                                    SCMP_SYS(fchmod),
                                    SCMP_SYS(fchmodat),
                                    SCMP_SYS(chown),
                                    SCMP_SYS(fchown),
                                    SCMP_SYS(fchownat),
                                    SCMP_SYS(truncate),
                                    SCMP_SYS(mount),
                                    SCMP_SYS(umount2),
                                    SCMP_SYS(setns),
                                    SCMP_SYS(unshare),
                                    SCMP_SYS(bpf),
                                    SCMP_SYS(keyctl),
                                    SCMP_SYS(add_key),
                                    SCMP_SYS(io_uring_setup),
                                    SCMP_SYS(perf_event_open),
                                    SCMP_SYS(userfaultfd),
                                    SCMP_SYS(creat),
                                    SCMP_SYS(openat2)};
    static const int opening[] = {SCMP_SYS(open), SCMP_SYS(openat)};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    bool is_good = filter != NULL && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    for (size_t i = 0; is_good && i < sizeof forbidden / sizeof *forbidden; i++) {
        is_good = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), forbidden[i], 0) == 0;
    }
    for (unsigned i = 0; is_good && i < sizeof opening / sizeof *opening; i++) {
        for (unsigned flag = O_WRONLY; is_good && flag <= O_RDWR; flag++) {
            is_good = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EROFS), opening[i], 1,
                                       SCMP_CMP(i + 1, SCMP_CMP_MASKED_EQ, O_ACCMODE, flag)) == 0;
        }
    }
    is_good = is_good && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return is_good || fail("the kernel does not let it give up its rights");
}

static bool read_all(uint8_t **out, size_t *len) {
    uint8_t *bytes = malloc(INPUT_MAX + 1);
    ssize_t got = 1;
    *len = 0;
    while (bytes != NULL && got > 0 && *len <= INPUT_MAX) {
        got = read(STDIN_FILENO, bytes + *len, INPUT_MAX + 1 - *len);
        *len += got > 0 ? (size_t)got : 0;
        got = got < 0 && errno == EINTR ? 1 : got;
    }
    *out = bytes;
    return (bytes != NULL && got == 0 && *len <= INPUT_MAX) || fail("the drawing cannot be read");
}

static cairo_status_t put(void *ctx, const unsigned char *bytes, unsigned len) {
    (void)ctx;
    while (len > 0) {
        ssize_t n = write(STDOUT_FILENO, bytes, len);
        if (n < 0 && errno != EINTR) {
            return CAIRO_STATUS_WRITE_ERROR;
        }
        bytes += n > 0 ? n : 0;
        len -= n > 0 ? (unsigned)n : 0;
    }
    return CAIRO_STATUS_SUCCESS;
}

struct sheet {
    bool is_pdf;
    int width, height;
    const char *title;
};

static cairo_surface_t *surface_of(const struct sheet *sheet) {
    if (!sheet->is_pdf) {
        return cairo_image_surface_create(CAIRO_FORMAT_ARGB32, sheet->width, sheet->height);
    }
    cairo_surface_t *surface =
        cairo_pdf_surface_create_for_stream(put, NULL, sheet->width, sheet->height);
    if (sheet->title != NULL) {
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, sheet->title);
    }
    return surface;
}

struct input {
    const uint8_t *bytes;
    size_t len;
};

static cairo_status_t take(void *ctx, unsigned char *out, unsigned len) {
    struct input *in = ctx;
    if (len > in->len) {
        return CAIRO_STATUS_READ_ERROR;
    }
    memcpy(out, in->bytes, len);
    in->bytes += len;
    in->len -= len;
    return CAIRO_STATUS_SUCCESS;
}

static bool paint_drawing(const struct sheet *sheet, struct input in, cairo_t *pen) {
    const RsvgRectangle all = {.width = sheet->width, .height = sheet->height};
    RsvgHandle *drawing = rsvg_handle_new_from_data(in.bytes, in.len, NULL);
    bool is_good =
        drawing != NULL && rsvg_handle_render_document(drawing, pen, &all, NULL) != FALSE;
    g_clear_object(&drawing);
    return is_good;
}

static bool paint_picture(const struct sheet *sheet, struct input in, cairo_t *pen) {
    cairo_surface_t *picture = cairo_image_surface_create_from_png_stream(take, &in);
    int width = cairo_image_surface_get_width(picture);
    int height = cairo_image_surface_get_height(picture);
    bool is_good = cairo_surface_status(picture) == CAIRO_STATUS_SUCCESS && width > 0 && height > 0;
    if (is_good) {
        cairo_scale(pen, (double)sheet->width / width, (double)sheet->height / height);
        cairo_set_source_surface(pen, picture, 0, 0);
        cairo_pattern_set_extend(cairo_get_source(pen), CAIRO_EXTEND_PAD); /* clean edges */
        cairo_pattern_set_filter(cairo_get_source(pen), CAIRO_FILTER_GOOD);
        cairo_paint(pen);
    }
    cairo_surface_destroy(picture);
    return is_good;
}

static bool draw(const struct sheet *sheet, struct input in) {
    bool is_picture = in.len > 4 && memcmp(in.bytes, "\x89PNG", 4) == 0;
    cairo_surface_t *surface = surface_of(sheet);
    cairo_t *pen = cairo_create(surface);
    bool is_good = (is_picture ? paint_picture : paint_drawing)(sheet, in, pen) &&
                   cairo_status(pen) == CAIRO_STATUS_SUCCESS;
    cairo_destroy(pen);
    if (is_good && !sheet->is_pdf) {
        is_good = cairo_surface_write_to_png_stream(surface, put, NULL) == CAIRO_STATUS_SUCCESS;
    }
    cairo_surface_finish(surface);
    is_good = is_good && cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS;
    cairo_surface_destroy(surface);
    return is_good ||
           fail(is_picture ? "the picture cannot be drawn" : "the drawing cannot be drawn");
}

static bool render(const struct sheet *sheet) {
    uint8_t *bytes = NULL;
    size_t len = 0;
    bool is_good =
        read_all(&bytes, &len) && draw(sheet, (struct input){.bytes = bytes, .len = len});
    free(bytes);
    return is_good;
}

static bool read_side(const char *text, int *out) {
    char *end = NULL;
    errno = 0;
    long n = strtol(text, &end, 10);
    *out = (int)n;
    return errno == 0 && *text != '\0' && *end == '\0' && n >= 1 && n <= SIDE_MAX;
}

int main(int argc, char **argv) {
    struct sheet sheet = {0};
    bool is_png = argc == 4 && strcmp(argv[1], "png") == 0;
    sheet.is_pdf = (argc == 4 || argc == 5) && strcmp(argv[1], "pdf") == 0;
    sheet.title = argc == 5 ? argv[4] : NULL;
    if ((!is_png && !sheet.is_pdf) || !read_side(argv[2], &sheet.width) ||
        !read_side(argv[3], &sheet.height)) {
        (void)fputs("usage: laurel-render png|pdf WIDTH HEIGHT [TITLE] <DRAWING\n", stderr);
        return 2;
    }
    bool is_good = limit_resources() && give_up_rights() && render(&sheet);
    /* At once: libraries that clean up at exit may want what was given up. */
    _exit(is_good ? 0 : 1);
}
