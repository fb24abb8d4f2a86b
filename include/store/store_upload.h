/* Gradebook files that wait to be stored: one for each person and course, for an hour. */
#pragma once
#include "store.h"

#define STORE_UPLOAD_DIGEST_BYTES 32

/* Whose file it is. person_id 0: the operator's, which never waits. */
struct store_upload {
    int64_t institution_id, course_id, person_id;
};

/* Keep `size` bytes (at most 100 MiB) of an open file from `offset` on, in place of what waited
 * before. *digest tells this file from any other. Fails: ERR_UPSTREAM "busy" when the files that
 * wait in this institution are 2 GiB already; ERR_BUG when the file cannot be read. */
NODISCARD bool store_upload_keep(struct store *store, const struct store_upload *upload, int fd,
                                 size_t offset, size_t size,
                                 unsigned char digest[STORE_UPLOAD_DIGEST_BYTES], struct err *err);
/* Write the file of that digest to an open, empty file. Fails: ERR_CONFLICT "upload" when it does
 * not wait any more: another came, or the hour is over. */
NODISCARD bool store_upload_load(struct store *store, const struct store_upload *upload,
                                 const unsigned char digest[STORE_UPLOAD_DIGEST_BYTES], int fd,
                                 size_t *size, struct err *err);
/* Its results are stored: it goes, and the course says when that was and whose file it was. */
NODISCARD bool store_upload_stored(struct store *store, const struct store_upload *upload,
                                   struct err *err);
/* When a file was last stored in the course, and who uploaded it (empty: the operator, or somebody
 * without a name). *at 0: never. */
NODISCARD bool store_upload_last(struct store *store, int64_t institution_id, int64_t course_id,
                                 struct arena *a, usec_t *at, struct sv *who, struct err *err);
