/* A file that was embedded into the program at build time (sql, templates, assets). */
#pragma once
#include "base_str.h"

struct blob {
    const char *name; /* path below its folder, "launch_record.sql" */
    const unsigned char *bytes;
    size_t len;
};

/* Find by name in a table sorted by name; NULL when there is none. */
const struct blob *blob_find(const struct blob *table, size_t count, struct sv name);
static inline struct sv blob_sv(const struct blob *b) {
    return sv_of((const char *)b->bytes, b->len);
}
