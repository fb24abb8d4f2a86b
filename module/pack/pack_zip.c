#include "pack_zip.h"
#include <stdlib.h>
#include <zip.h>

/* 1 January 1980, the first day that the format knows. */
#define DOS_DATE 0x0021
#define DOS_TIME 0

static void source_free(zip_source_t **source) {
    if (*source != NULL) {
        zip_source_free(*source);
    }
}
#define AUTO_SOURCE CLEANUP(source_free) zip_source_t

static void discard(zip_t **zip) {
    if (*zip != NULL) {
        zip_discard(*zip);
    }
}
#define AUTO_DISCARD CLEANUP(discard) zip_t

static bool broken(struct err *err, const char *why) {
    return err_because(err, ERR_BUG, "pack", "the archive cannot be made: %s", why);
}

static bool add(zip_t *zip, struct arena *a, const struct pack_file *file, struct err *err) {
    zip_source_t *source = zip_source_buffer(zip, file->bytes.ptr, file->bytes.len, 0);
    if (source == NULL) {
        return broken(err, zip_strerror(zip));
    }
    zip_int64_t at = zip_file_add(zip, sv_c(a, file->name), source, ZIP_FL_ENC_UTF_8);
    if (at < 0) {
        zip_source_free(source);
        return broken(err, zip_strerror(zip));
    }
    return (zip_set_file_compression(zip, (zip_uint64_t)at,
                                     file->is_packed ? ZIP_CM_STORE : ZIP_CM_DEFLATE, 0) == 0 &&
            zip_file_set_dostime(zip, (zip_uint64_t)at, DOS_TIME, DOS_DATE, 0) == 0) ||
           broken(err, zip_strerror(zip));
}

static bool take(zip_source_t *source, struct arena *a, size_t max_bytes, struct sv *out,
                 struct err *err) {
    zip_stat_t about;
    zip_stat_init(&about);
    if (zip_source_stat(source, &about) != 0 || (about.valid & ZIP_STAT_SIZE) == 0 ||
        zip_source_open(source) != 0) {
        return broken(err, "its size is not known");
    }
    if (about.size > max_bytes) {
        (void)zip_source_close(source);
        return err_because(err, ERR_INPUT, "size", "the archive would be larger than %zu bytes",
                           max_bytes);
    }
    char *bytes = arena_alloc(a, (size_t)about.size + 1);
    zip_int64_t n = zip_source_read(source, bytes, about.size);
    (void)zip_source_close(source);
    *out = sv_of(bytes, (size_t)about.size);
    return (n >= 0 && (zip_uint64_t)n == about.size) || broken(err, "it cannot be read again");
}

bool pack_zip_write(struct arena *a, const struct pack_file *files, size_t count, size_t max_bytes,
                    struct sv *out, struct err *err) {
    zip_error_t why;
    zip_error_init(&why);
    AUTO_SOURCE *source = zip_source_buffer_create(NULL, 0, 0, &why);
    AUTO_DISCARD *zip = source == NULL ? NULL : zip_open_from_source(source, ZIP_TRUNCATE, &why);
    if (zip == NULL) {
        return broken(err, zip_error_strerror(&why));
    }
    zip_source_keep(source); /* the archive has the other reference */
    for (size_t i = 0; i < count; i++) {
        if (!add(zip, a, &files[i], err)) {
            return false;
        }
    }
    if (zip_close(zip) != 0) {
        return broken(err, zip_strerror(zip));
    }
    zip = NULL;
    return take(source, a, max_bytes, out, err);
}

struct pack_zip {
    zip_t *zip;
};

static bool unfit(struct err *err, const char *why) {
    return err_because(err, ERR_INPUT, "zip", "the archive cannot be read: %s", why);
}

/* What the directory says; what a file really holds is bounded again when it is read. */
static bool check_sizes(zip_t *zip, struct err *err) {
    zip_uint64_t total = 0;
    zip_int64_t count = zip_get_num_entries(zip, 0);
    if (count > PACK_FILES_MAX) {
        return unfit(err, "it holds too many files");
    }
    for (zip_int64_t i = 0; i < count; i++) {
        zip_stat_t about;
        if (zip_stat_index(zip, (zip_uint64_t)i, 0, &about) != 0 ||
            (about.valid & ZIP_STAT_SIZE) == 0 || about.size > PACK_TOTAL_BYTES_MAX) {
            return unfit(err, "its directory is broken, or a file is too large");
        }
        total += about.size;
    }
    return total <= PACK_TOTAL_BYTES_MAX || unfit(err, "what it holds is too large");
}

bool pack_zip_open(struct sv bytes, struct pack_zip **out, struct err *err) {
    zip_error_t why;
    zip_error_init(&why);
    if (bytes.len == 0) {
        return unfit(err, "it is empty"); /* which libzip takes for an archive of nothing */
    }
    zip_source_t *source = zip_source_buffer_create(bytes.ptr, bytes.len, 0, &why);
    zip_t *zip = source == NULL ? NULL : zip_open_from_source(source, ZIP_RDONLY, &why);
    if (zip == NULL) {
        zip_source_free(source);
        return unfit(err, zip_error_strerror(&why));
    }
    AUTO_DISCARD *open = zip;
    if (!check_sizes(zip, err)) {
        return false;
    }
    *out = calloc(1, sizeof **out);
    if (*out == NULL) {
        abort();
    }
    (*out)->zip = zip;
    open = NULL;
    return true;
}

void pack_zip_close(struct pack_zip **zip) {
    if (*zip != NULL) {
        zip_discard((*zip)->zip);
        free(*zip);
    }
    *zip = NULL;
}

/* To its end and no further: libzip compares the checksum when it meets the end. There is room for
 * one byte more. */
static bool read_whole(zip_file_t *file, char *bytes, size_t size) {
    size_t done = 0;
    zip_int64_t n = 1;
    while (n > 0 && done <= size) {
        n = zip_fread(file, bytes + done, size + 1 - done);
        done += n > 0 ? (size_t)n : 0;
    }
    return n == 0 && done == size;
}

bool pack_zip_read(struct pack_zip *zip, struct sv name, struct arena *a, struct sv *out,
                   bool *is_found, struct err *err) {
    zip_stat_t about;
    zip_int64_t at = name.len > PACK_NAME_BYTES_MAX || !sv_is_utf8(name)
                         ? -1
                         : zip_name_locate(zip->zip, sv_c(a, name), ZIP_FL_ENC_UTF_8);
    *is_found = at >= 0;
    if (at < 0) {
        return true;
    }
    if (zip_stat_index(zip->zip, (zip_uint64_t)at, 0, &about) != 0 ||
        (about.valid & ZIP_STAT_SIZE) == 0 || about.size > PACK_FILE_BYTES_MAX) {
        return unfit(err, "a file in it is too large");
    }
    zip_file_t *file = zip_fopen_index(zip->zip, (zip_uint64_t)at, 0);
    if (file == NULL) {
        return unfit(err, zip_strerror(zip->zip));
    }
    char *bytes = arena_alloc(a, (size_t)about.size + 1);
    bool is_right = read_whole(file, bytes, (size_t)about.size);
    *out = sv_of(bytes, (size_t)about.size);
    return (zip_fclose(file) == 0 && is_right) || unfit(err, "a file in it is broken");
}
