/* Zip archives in memory, by libzip: made for downloads, read with bounds. */
#pragma once
#include "base_str.h"

#define PACK_FILES_MAX 4000
#define PACK_NAME_BYTES_MAX 300
#define PACK_FILE_BYTES_MAX ((size_t)4 << 20)   /* of one file that is read, unpacked */
#define PACK_TOTAL_BYTES_MAX ((size_t)64 << 20) /* of all of them */

struct pack_file {
    struct sv name; /* "awards/x/credential.json": UTF-8, '/' between folders */
    struct sv bytes;
    bool is_packed; /* a picture: stored as it is */
};

/* The same files give the same archive: nothing of the day or of this machine is in it. In `a`.
 * Fails: ERR_INPUT "size" when it would be larger than max_bytes; ERR_BUG "pack" (a name twice). */
NODISCARD bool pack_zip_write(struct arena *a, const struct pack_file *files, size_t count,
                              size_t max_bytes, struct sv *out, struct err *err);

/* An archive of anybody's; a copy of `bytes` is not made, so they outlive it. */
struct pack_zip;
/* Fails: ERR_INPUT "zip": no archive, more than PACK_FILES_MAX files, or together more than
 * PACK_TOTAL_BYTES_MAX. */
NODISCARD bool pack_zip_open(struct sv bytes, struct pack_zip **out, struct err *err);
void pack_zip_close(struct pack_zip **zip);
#define AUTO_ZIP CLEANUP(pack_zip_close) struct pack_zip
/* One file by its whole name, unpacked in `a`. *is_found false: there is none. Fails: ERR_INPUT
 * "zip" when it is broken, encrypted, or longer than PACK_FILE_BYTES_MAX. */
NODISCARD bool pack_zip_read(struct pack_zip *zip, struct sv name, struct arena *a, struct sv *out,
                             bool *is_found, struct err *err);
