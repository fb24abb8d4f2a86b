#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_arena.h"
#include <string.h>

static void fill(unsigned char *bytes, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        assert_int_equal(bytes[i], 0); /* what is new is zero */
        bytes[i] = (unsigned char)(i * 7 + 1);
    }
}

/* From a few bytes to megabytes, with other allocations between: nothing is lost or shared. */
static void arena_grow__keeps_what_was_there_and_zeroes_what_is_new(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    size_t had = 0;
    unsigned char *bytes = NULL;
    unsigned char *others[64];
    size_t n = 0;
    for (size_t want = 16; want < (size_t)4 << 20; want += want / 2, n++) {
        bytes = arena_grow(&a, bytes, had, want);
        fill(bytes, had, want);
        others[n] = arena_alloc(&a, 1000);
        memset(others[n], 0xA5, 1000);
        had = want;
    }
    for (size_t i = 0; i < had; i++) {
        assert_int_equal(bytes[i], (unsigned char)(i * 7 + 1));
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t at = 0; at < 1000; at++) {
            assert_int_equal(others[i][at], 0xA5);
        }
    }
}

/* An array that grew to 8 MB by quarters is 8 MB, not the sum of its former selves. */
static void arena_grow__leaves_no_copies_behind(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    size_t had = 0;
    void *bytes = NULL;
    while (had < (size_t)8 << 20) {
        size_t want = had == 0 ? 4096 : had + had / 4;
        bytes = arena_grow(&a, bytes, had, want);
        had = want;
    }
    assert_true(a.used_bytes < had + ((size_t)1 << 20));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_grow__keeps_what_was_there_and_zeroes_what_is_new),
        cmocka_unit_test(arena_grow__leaves_no_copies_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
