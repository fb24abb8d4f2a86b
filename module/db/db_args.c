#include "db_internal.h"
#include "db_types.h"
#include <endian.h>
#include <string.h>

/* PostgreSQL counts time from 2000-01-01T00:00:00Z. */
#define POSTGRES_EPOCH (INT64_C(946684800) * USEC_PER_S)

void db_args_init(struct db_args *args, struct arena *a) {
    args->arena = a;
    args->n = 0;
}

static void add(struct db_args *args, unsigned type, const char *value, size_t len) {
    if (args->n < DB_ARGS_MAX) {
        args->type[args->n] = type;
        args->value[args->n] = value;
        args->len[args->n] = (int)len;
    }
    args->n++; /* one too many is found when the statement is run */
}

static const char *big_endian(struct arena *a, int64_t n) {
    uint64_t be = htobe64((uint64_t)n);
    return arena_copy(a, (const char *)&be, sizeof be);
}

void db_add_text(struct db_args *args, struct sv text) {
    add(args, DB_TEXT, text.ptr == NULL ? "" : text.ptr, text.len);
}

void db_add_text_or_null(struct db_args *args, struct sv text) {
    add(args, DB_TEXT, text.len == 0 ? NULL : text.ptr, text.len);
}

void db_add_i64(struct db_args *args, int64_t n) {
    add(args, DB_INT8, big_endian(args->arena, n), 8);
}

void db_add_i64_or_null(struct db_args *args, int64_t n) {
    add(args, DB_INT8, n == 0 ? NULL : big_endian(args->arena, n), n == 0 ? 0 : 8);
}

void db_add_bool(struct db_args *args, bool b) { add(args, DB_BOOL, b ? "\1" : "\0", 1); }

void db_add_bytes(struct db_args *args, struct sv bytes) {
    add(args, DB_BYTEA, bytes.ptr == NULL ? "" : bytes.ptr, bytes.len);
}

void db_add_time(struct db_args *args, usec_t t) {
    add(args, DB_TIMESTAMPTZ, t == 0 ? NULL : big_endian(args->arena, t - POSTGRES_EPOCH),
        t == 0 ? 0 : 8);
}

/* Binary arrays (array_recv): dimensions, has-null flag, element type, length, lower bound,
 * elements each with its length, -1 for NULL. */
struct array {
    struct str out;
};

static void put32(struct str *out, int32_t n) {
    uint32_t be = htobe32((uint32_t)n);
    str_add(out, sv_of((const char *)&be, sizeof be));
}

static void array_begin(struct array *arr, struct db_args *args, unsigned element, size_t n) {
    str_init(&arr->out, args->arena, (size_t)1 << 30);
    put32(&arr->out, n == 0 ? 0 : 1);
    put32(&arr->out, 1);
    put32(&arr->out, (int32_t)element);
    if (n > 0) {
        put32(&arr->out, (int32_t)n);
        put32(&arr->out, 1);
    }
}

static void array_item(struct array *arr, struct sv bytes, bool is_null) {
    put32(&arr->out, is_null ? -1 : (int32_t)bytes.len);
    if (!is_null) {
        str_add(&arr->out, bytes);
    }
}

static void array_i64(struct array *arr, int64_t n, bool is_null) {
    uint64_t be = htobe64((uint64_t)n);
    array_item(arr, sv_of((const char *)&be, sizeof be), is_null);
}

static void array_end(struct array *arr, struct db_args *args, unsigned type) {
    add(args, type, arr->out.ptr, arr->out.len);
}

static void add_svs(struct db_args *args, const struct sv *items, size_t n, unsigned element,
                    unsigned type, bool is_empty_null) {
    struct array arr;
    array_begin(&arr, args, element, n);
    for (size_t i = 0; i < n; i++) {
        array_item(&arr, items[i], is_empty_null && items[i].len == 0);
    }
    array_end(&arr, args, type);
}

void db_add_texts(struct db_args *args, const struct sv *items, size_t n) {
    add_svs(args, items, n, DB_TEXT, DB_TEXT_ARRAY, false);
}

void db_add_texts_or_null(struct db_args *args, const struct sv *items, size_t n) {
    add_svs(args, items, n, DB_TEXT, DB_TEXT_ARRAY, true);
}

void db_add_bytes_array(struct db_args *args, const struct sv *items, size_t n) {
    add_svs(args, items, n, DB_BYTEA, DB_BYTEA_ARRAY, false);
}

void db_add_i64s(struct db_args *args, const int64_t *items, size_t n) {
    struct array arr;
    array_begin(&arr, args, DB_INT8, n);
    for (size_t i = 0; i < n; i++) {
        array_i64(&arr, items[i], false);
    }
    array_end(&arr, args, DB_INT8_ARRAY);
}

void db_add_i64s_or_null(struct db_args *args, const int64_t *items, size_t n) {
    if (items == NULL) {
        add(args, DB_INT8_ARRAY, NULL, 0);
    } else {
        db_add_i64s(args, items, n);
    }
}

void db_add_bools(struct db_args *args, const bool *items, size_t n) {
    struct array arr;
    array_begin(&arr, args, DB_BOOL, n);
    for (size_t i = 0; i < n; i++) {
        array_item(&arr, sv_of(items[i] ? "\1" : "\0", 1), false);
    }
    array_end(&arr, args, DB_BOOL_ARRAY);
}

void db_add_times(struct db_args *args, const usec_t *items, size_t n) {
    struct array arr;
    array_begin(&arr, args, DB_TIMESTAMPTZ, n);
    for (size_t i = 0; i < n; i++) {
        array_i64(&arr, items[i] - POSTGRES_EPOCH, items[i] == 0);
    }
    array_end(&arr, args, DB_TIMESTAMPTZ_ARRAY);
}
