#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pack_zip.h"
#include <string.h>

static struct sv made_of(struct arena *a, const struct pack_file *files, size_t count) {
    struct err err = {0};
    struct sv zip = {0};
    if (!pack_zip_write(a, files, count, (size_t)1 << 20, &zip, &err)) {
        fail_msg("%s", err.text);
    }
    return zip;
}

static struct sv read_one(struct arena *a, struct sv zip, const char *name) {
    struct err err = {0};
    AUTO_ZIP *open = NULL;
    struct sv out = {0};
    bool is_found = false;
    assert_true(pack_zip_open(zip, &open, &err));
    assert_true(pack_zip_read(open, sv_from(name), a, &out, &is_found, &err));
    return is_found ? out : SV("(none)");
}

static const struct pack_file two[] = {
    {.name = {"a/\xC3\xA4.txt", 8}, .bytes = {"one one one one", 15}},
    {.name = {"b.png", 5}, .bytes = {"\x89PNG", 4}, .is_packed = true}};

static void what_goes_in__comes_out(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct sv zip = made_of(&a, two, 2);
    for (size_t i = 0; i < 2; i++) {
        struct sv back = read_one(&a, zip, sv_c(&a, two[i].name));
        assert_true(sv_eq(back, two[i].bytes));
    }
    assert_true(sv_eq(read_one(&a, zip, "b"), SV("(none)")));
    assert_true(sv_eq(read_one(&a, zip, "../b.png"), SV("(none)")));
    assert_memory_equal(zip.ptr, "PK\x03\x04", 4);
}

static void the_same_files__give_the_same_archive(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct sv one = made_of(&a, two, 2);
    assert_true(sv_eq(made_of(&a, two, 2), one));
}

static void what_is_too_large_or_named_twice__is_refused(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err size = {0};
    struct err twice = {0};
    struct sv zip = {0};
    const struct pack_file same[] = {two[0], two[0]};
    assert_false(pack_zip_write(&a, two, 2, 100, &zip, &size));
    assert_string_equal(size.reason, "size");
    assert_false(pack_zip_write(&a, same, 2, 10000, &zip, &twice));
    assert_string_equal(twice.reason, "pack");
}

/* Every cut, and every bit of it turned: an error or the right bytes, never others (CRC-32 finds
 * all single bits). */
static void what_is_broken__gives_no_other_bytes(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct sv zip = made_of(&a, two, 2);
    for (size_t n = 0; n < zip.len; n++) {
        struct err err = {0};
        AUTO_ZIP *open = NULL;
        if (pack_zip_open(sv_head(zip, n), &open, &err)) {
            fail_msg("%zu of %zu bytes", n, zip.len);
        }
    }
    char *turned = arena_copy(&a, zip.ptr, zip.len);
    for (size_t bit = 0; bit < zip.len * 8; bit++) {
        AUTO_ARENA one = {0};
        struct err err = {0};
        AUTO_ZIP *open = NULL;
        struct sv out = {0};
        bool is_found = false;
        turned[bit / 8] = (char)(turned[bit / 8] ^ (1 << bit % 8));
        if (pack_zip_open(sv_of(turned, zip.len), &open, &err) &&
            pack_zip_read(open, two[0].name, &one, &out, &is_found, &err) && is_found) {
            assert_true(sv_eq(out, two[0].bytes));
        }
        pack_zip_close(&open);
        turned[bit / 8] = (char)(turned[bit / 8] ^ (1 << bit % 8));
    }
}

/* 5 MiB of zeros pack into 5 KiB. */
static void a_file_that_swells__is_not_unpacked(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    AUTO_ZIP *open = NULL;
    bool is_found = false;
    struct sv out = {0};
    size_t large = (size_t)5 << 20;
    char *zeros = arena_alloc(&a, large);
    memset(zeros, 0, large);
    const struct pack_file bomb = {.name = SV("bomb"), .bytes = sv_of(zeros, large)};
    struct sv zip = made_of(&a, &bomb, 1);
    assert_true(zip.len < 10000);
    assert_true(pack_zip_open(zip, &open, &err));
    assert_false(pack_zip_read(open, SV("bomb"), &a, &out, &is_found, &err));
    assert_string_equal(err.reason, "zip");
    struct pack_file many[14];
    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        many[i] = (struct pack_file){.name = sv_printf(&a, "%zu", i), .bytes = bomb.bytes};
    }
    AUTO_ZIP *all = NULL;
    struct err sum = {0};
    assert_false(pack_zip_open(made_of(&a, many, ARRAY_LEN(many)), &all, &sum));
    assert_non_null(strstr(sum.text, "too large"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in__comes_out),
        cmocka_unit_test(the_same_files__give_the_same_archive),
        cmocka_unit_test(what_is_too_large_or_named_twice__is_refused),
        cmocka_unit_test(what_is_broken__gives_no_other_bytes),
        cmocka_unit_test(a_file_that_swells__is_not_unpacked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
