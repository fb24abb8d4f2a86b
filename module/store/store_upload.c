#include "store_upload.h"
#include "base_encode.h"
#include "store_internal.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PART_BYTES ((size_t)512 * 1024)
#define PARTS_MAX 200
#define INSTITUTION_BYTES_MAX (INT64_C(2) << 30)

static void key_args(struct db_args *args, struct arena *a, const struct store_upload *u) {
    db_args_init(args, a);
    db_add_i64(args, u->institution_id);
    db_add_i64(args, u->course_id);
    db_add_i64_or_null(args, u->person_id);
}

/* Hash of hashes: a file is never in memory as a whole. */
struct digests {
    unsigned char parts[PARTS_MAX][STORE_UPLOAD_DIGEST_BYTES];
    size_t count;
};

static void digest_of(const struct digests *d, unsigned char out[STORE_UPLOAD_DIGEST_BYTES]) {
    sha256((const char *)d->parts, d->count * STORE_UPLOAD_DIGEST_BYTES, out);
}

static bool read_all(int fd, size_t offset, char *bytes, size_t len, struct err *err) {
    for (size_t done = 0; done < len;) {
        ssize_t n = pread(fd, bytes + done, len - done, (off_t)(offset + done));
        if (n <= 0 && !(n < 0 && errno == EINTR)) {
            return err_set(err, ERR_BUG, "the uploaded file could not be read (errno %d)", errno);
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool write_all(int fd, size_t offset, struct sv bytes, struct err *err) {
    for (size_t done = 0; done < bytes.len;) {
        ssize_t n = pwrite(fd, bytes.ptr + done, bytes.len - done, (off_t)(offset + done));
        if (n < 0 && errno != EINTR) {
            return err_because(err, ERR_UPSTREAM, "busy",
                               "the server has no room for the file now; try again later");
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool keep_parts(struct db_conn *conn, const struct store_upload *u, int fd, size_t offset,
                       size_t size, struct digests *digests, struct err *err) {
    AUTO_ARENA a = {0};
    char *bytes = ARENA_ARRAY(&a, char, PART_BYTES);
    for (size_t at = 0; at < size; at += PART_BYTES) {
        AUTO_ARENA one = {0};
        size_t len = size - at < PART_BYTES ? size - at : PART_BYTES;
        struct db_args args;
        if (!read_all(fd, offset + at, bytes, len, err)) {
            return false;
        }
        key_args(&args, &one, u);
        db_add_i64(&args, (int64_t)digests->count);
        db_add_bytes(&args, sv_of(bytes, len));
        if (!db_run(conn, "upload_part_add", &args, NULL, err)) {
            return false;
        }
        sha256(bytes, len, digests->parts[digests->count++]);
    }
    return true;
}

static bool keep_begin(struct db_conn *conn, const struct store_upload *u, size_t size,
                       struct arena *a, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    struct db_args key;
    key_args(&key, a, u);
    args = key;
    db_add_i64(&args, (int64_t)size);
    db_add_i64(&args, INSTITUTION_BYTES_MAX);
    if (!db_run(conn, "upload_begin", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return err_because(err, ERR_UPSTREAM, "busy",
                           "many large files wait in your school; try again in an hour, or store "
                           "or leave those that wait");
    }
    return db_run(conn, "upload_clear", &key, NULL, err);
}

bool store_upload_keep(struct store *store, const struct store_upload *upload, int fd,
                       size_t offset, size_t size, unsigned char digest[STORE_UPLOAD_DIGEST_BYTES],
                       struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    struct digests *digests = ARENA_NEW(&a, struct digests);
    struct db_args args;
    if (size == 0 || size > PARTS_MAX * PART_BYTES) {
        return err_set(err, ERR_BUG, "a file of %zu bytes cannot be kept", size);
    }
    if (!db_take(store->pool, STORE_WAIT_MS, &conn, err) ||
        !db_begin(conn, upload->institution_id, err) || !keep_begin(conn, upload, size, &a, err) ||
        !keep_parts(conn, upload, fd, offset, size, digests, err)) {
        return false;
    }
    digest_of(digests, digest);
    key_args(&args, &a, upload);
    db_add_bytes(&args, sv_of((const char *)digest, STORE_UPLOAD_DIGEST_BYTES));
    return db_run(conn, "upload_end", &args, NULL, err) && db_commit(conn, err);
}

static bool gone(struct err *err) {
    return err_because(err, ERR_CONFLICT, "upload",
                       "this file does not wait any more (it does for an hour, and until you "
                       "upload another one); upload it again");
}

static bool load_part(struct store *store, const struct store_upload *u, size_t n, int fd,
                      size_t *at, unsigned char digest[STORE_UPLOAD_DIGEST_BYTES],
                      struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_ROWS rows = {0};
    struct db_args args;
    key_args(&args, &a, u);
    db_add_i64(&args, (int64_t)n);
    if (!store_run(store, u->institution_id, "upload_part_get", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0) {
        return gone(err);
    }
    struct sv bytes = db_bytes(&rows, 0, 0, &a);
    sha256(bytes.ptr, bytes.len, digest);
    if (!write_all(fd, *at, bytes, err)) {
        return false;
    }
    *at += bytes.len;
    return true;
}

bool store_upload_load(struct store *store, const struct store_upload *upload,
                       const unsigned char digest[STORE_UPLOAD_DIGEST_BYTES], int fd, size_t *size,
                       struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_ROWS rows = {0};
    struct digests *digests = ARENA_NEW(&a, struct digests);
    unsigned char found[STORE_UPLOAD_DIGEST_BYTES];
    struct db_args args;
    size_t at = 0;
    key_args(&args, &a, upload);
    db_add_bytes(&args, sv_of((const char *)digest, STORE_UPLOAD_DIGEST_BYTES));
    if (!store_run(store, upload->institution_id, "upload_get", &args, &rows, err)) {
        return false;
    }
    *size = rows.count == 0 ? 0 : (size_t)db_i64(&rows, 0, 0);
    while (at < *size && digests->count < PARTS_MAX) {
        if (!load_part(store, upload, digests->count, fd, &at, digests->parts[digests->count],
                       err)) {
            return false;
        }
        digests->count++;
    }
    digest_of(digests, found);
    /* another upload of the same person may have come in between */
    return (*size > 0 && at == *size && memcmp(found, digest, sizeof found) == 0) || gone(err);
}

bool store_upload_stored(struct store *store, const struct store_upload *upload, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    struct db_args args;
    key_args(&args, &a, upload);
    return db_take(store->pool, STORE_WAIT_MS, &conn, err) &&
           db_begin(conn, upload->institution_id, err) &&
           db_run(conn, "upload_stored", &args, NULL, err) &&
           store_audit_in(conn, upload->institution_id, upload->person_id, "grades_uploaded",
                          sv_printf(&a, "{\"course\":%lld}", (long long)upload->course_id), &a,
                          err) &&
           db_commit(conn, err);
}

bool store_upload_last(struct store *store, int64_t institution_id, int64_t course_id,
                       struct arena *a, usec_t *at, struct sv *who, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, institution_id);
    db_add_i64(&args, course_id);
    *at = 0;
    *who = sv_of(NULL, 0);
    if (!store_run(store, institution_id, "upload_last", &args, &rows, err)) {
        return false;
    }
    if (rows.count > 0) {
        *at = db_time(&rows, 0, 0);
        *who = store_text(&rows, 0, 1, a);
    }
    return true;
}
