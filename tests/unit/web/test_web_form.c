#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web_form.h"
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The pairs as "name=value|", to compare. */
static struct sv flat(struct arena *a, const struct web_form *f) {
    struct str out;
    str_init(&out, a, 10000);
    for (size_t i = 0; i < f->count; i++) {
        str_addf(&out, "%.*s=%.*s|", SV_ARG(f->pairs[i].name), SV_ARG(f->pairs[i].value));
    }
    return str_sv(&out);
}

static void form_parse__reads_what_browsers_send(void **state) {
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"", ""},
        {"a=1", "a=1|"},
        {"a=1&b=2&a=3", "a=1|b=2|a=3|"},
        {"a", "a=|"},
        {"=x", "=x|"},
        {"a=b=c", "a=b=c|"},
        {"a+b=c+d%2B", "a b=c d+|"},
        {"a%5B%5D=1&a[]=2", "a[]=1|a[]=2|"},
        {"a=1;b=2", "a=1;b=2|"},
        {"&a=1&&b=2&", "a=1|b=2|"},
        {"a=%E2%82%AC", "a=\xe2\x82\xac|"},
        {"a=1%0D%0A2", "a=1\r\n2|"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct web_form f;
        struct err err = {0};
        assert_true(web_form_parse(&a, sv_from(rows[i].in), &f, &err));
        assert_string_equal(flat(&a, &f).ptr, rows[i].out);
    }
}

static void form_parse__refuses_bad_encodings_and_floods(void **state) {
    (void)state;
    static const char *const rows[] = {"a=%zz", "a=%4",     "%=1",         "a=%00",
                                       "a=%ff", "a=%c0%80", "a=%ed%a0%80", "\xff=1"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct web_form f;
        struct err err = {0};
        if (web_form_parse(&a, sv_from(rows[i]), &f, &err)) {
            fail_msg("%s was taken", rows[i]);
        }
        assert_string_equal(err.reason, "form");
    }
    AUTO_ARENA a = {0};
    struct web_form f;
    struct err err = {0};
    assert_false(web_form_parse(&a, SV("a=\0"), &f, &err));
    for (size_t n = WEB_FORM_PAIRS_MAX; n <= WEB_FORM_PAIRS_MAX + 1; n++) {
        struct str in;
        str_init(&in, &a, 100000);
        for (size_t i = 0; i < n; i++) {
            str_add_c(&in, "a=1&");
        }
        err = (struct err){0};
        assert_int_equal(web_form_parse(&a, str_sv(&in), &f, &err), n == WEB_FORM_PAIRS_MAX);
    }
}

static void form_one__refuses_repetition(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct web_form f;
    struct err err = {0};
    struct sv v;
    assert_true(web_form_parse(&a, SV("a=1&b=2&b=3&e="), &f, &err));
    assert_true(web_form_one(&f, "a", &v, &err) && sv_eq(v, SV("1")));
    assert_true(web_form_one(&f, "none", &v, &err) && v.ptr == NULL);
    assert_true(web_form_nth(&f, "b", 1, &v) && sv_eq(v, SV("3")));
    assert_false(web_form_nth(&f, "b", 2, &v));
    assert_false(web_form_one(&f, "b", &v, &err));
    assert_string_equal(err.reason, "repeated");
    assert_int_equal(v.len, 0);
    err = (struct err){0};
    assert_false(web_form_need(&f, "e", &v, &err));
    assert_string_equal(err.reason, "missing");
}

static void form__takes_its_own_content_type_only(void **state) {
    (void)state;
    static const struct {
        const char *type;
        bool is_form;
    } rows[] = {{"application/x-www-form-urlencoded", true},
                {"application/json", false},
                {"multipart/form-data", false},
                {"text/plain", false},
                {"", false}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct web_request req = {
            .arena = &a, .content_type = sv_from(rows[i].type), .body = SV("a=1")};
        struct web_form f;
        struct err err = {0};
        assert_int_equal(web_form(&req, &f, &err), rows[i].is_form);
        assert_string_equal(err.reason, rows[i].is_form ? "" : "content_type");
    }
}

#define TYPE "multipart/form-data; boundary=XX"
#define PART(head, text) "--XX\r\n" head "\r\n\r\n" text "\r\n"
#define FIELD(name, text) PART("Content-Disposition: form-data; name=\"" name "\"", text)

static void multipart_parse__separates_fields_and_files(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct web_form f;
    struct err err = {0};
    static const char body[] = FIELD("csrf", "tok") FIELD("empty", "") PART(
        "Content-Disposition: form-data; name=\"file\"; filename=\"a;b.json\"\r\nContent-Type: "
        "application/json",
        "{\r\n--X\0}") FIELD("last", "caf\xc3\xa9") "--XX--\r\n";
    assert_true(web_multipart_parse(&a, SV("multipart/form-data; charset=utf-8; boundary=\"XX\""),
                                    sv_of(body, sizeof body - 1), &f, &err));
    assert_string_equal(flat(&a, &f).ptr, "csrf=tok|empty=|last=caf\xc3\xa9|");
    const struct web_file *file = web_form_file(&f, "file");
    assert_non_null(file);
    assert_true(sv_eq(file->filename, SV("a;b.json")));
    assert_true(sv_eq(file->content_type, SV("application/json")));
    assert_true(sv_eq(file->content, SV("{\r\n--X\0}")));
    assert_null(web_form_file(&f, "other"));
}

static void multipart_parse__knows_that_no_file_was_chosen(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct web_form f;
    struct err err = {0};
    assert_true(web_multipart_parse(
        &a, SV(TYPE),
        SV(PART("Content-Disposition: form-data; name=\"file\"; filename=\"\"", "") "--XX--\r\n"),
        &f, &err));
    assert_null(web_form_file(&f, "file"));
}

static void multipart_parse__refuses_what_is_not_whole(void **state) {
    (void)state;
    static const struct {
        const char *type, *body;
    } rows[] = {
        {TYPE, ""},
        {TYPE, "--XX"},
        {TYPE, "--XX\r\n"},
        {TYPE, FIELD("a", "1")},
        {TYPE, FIELD("a", "1") "--XX"},
        {TYPE, FIELD("a", "1") "--XX-"},
        {TYPE, FIELD("a", "1") "--XX--\r\ntrailing"},
        {TYPE, "preamble\r\n" FIELD("a", "1") "--XX--"},
        {TYPE, FIELD("a", "\xff") "--XX--"},
        {TYPE, PART("Content-Disposition: form-data", "1") "--XX--"},
        {TYPE, PART("Content-Disposition: attachment; name=\"a\"", "1") "--XX--"},
        {TYPE, PART("Content-Type: text/plain", "1") "--XX--"},
        {TYPE, PART("no colon", "1") "--XX--"},
        {TYPE, PART("Content-Disposition: form-data; name=\"a", "1") "--XX--"},
        {TYPE, PART("Content-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; "
                    "name=\"b\"",
                    "1") "--XX--"},
        {"multipart/form-data", FIELD("a", "1") "--XX--"},
        {"multipart/form-data; boundary=", FIELD("a", "1") "--XX--"},
        {"multipart/form-data; boundary=YY", FIELD("a", "1") "--XX--"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct web_form f;
        struct err err = {0};
        if (web_multipart_parse(&a, sv_from(rows[i].type), sv_from(rows[i].body), &f, &err)) {
            fail_msg("row %zu was taken", i);
        }
        assert_string_equal(err.reason, "form");
    }
}

static void multipart_parse__is_bounded(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    for (size_t n = WEB_FORM_FILES_MAX; n <= WEB_FORM_FILES_MAX + 1; n++) {
        struct str body;
        str_init(&body, &a, 10000);
        for (size_t i = 0; i < n; i++) {
            str_add_c(&body,
                      PART("Content-Disposition: form-data; name=\"f\"; filename=\"x\"", "1"));
        }
        str_add_c(&body, "--XX--");
        struct web_form f;
        struct err err = {0};
        assert_int_equal(web_multipart_parse(&a, SV(TYPE), str_sv(&body), &f, &err),
                         n == WEB_FORM_FILES_MAX);
    }
}

/* The window moves over the file in steps of 64 KiB: the delimiter may stand across its edge. */
static void multipart__finds_the_end_of_a_file_wherever_it_is(void **state) {
    (void)state;
    static const char head[] = "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nt0k\r\n"
                               "--b\r\nContent-Disposition: form-data; name=\"file\"; "
                               "filename=\"g.csv\"\r\n\r\n";
    enum { WINDOW = 64 * 1024 };
    for (size_t size = 2 * WINDOW - 8; size <= 2 * WINDOW + 8; size++) {
        AUTO_ARENA a = {0};
        struct web_form f;
        struct err err = {0};
        char *content = ARENA_ARRAY(&a, char, size);
        memset(content, '-', size);
        int fd = memfd_create("body", MFD_CLOEXEC);
        assert_int_equal(write(fd, head, strlen(head)), strlen(head));
        assert_int_equal(write(fd, content, size), size);
        assert_int_equal(write(fd, "\r\n--b--\r\n", 9), 9);
        size_t whole = strlen(head) + size + 9;
        bool is_form = web_multipart_parse_file(&a, SV("multipart/form-data; boundary=b"), fd,
                                                whole, &f, &err);
        const struct web_file *file = is_form ? web_form_file(&f, "file") : NULL;
        struct sv csrf = {0};
        if (file == NULL || file->size != size || file->offset != strlen(head) ||
            file->content.len != 0 || !web_form_one(&f, "csrf", &csrf, &err) ||
            !sv_eq(csrf, SV("t0k"))) {
            fail_msg("%zu bytes: %s", size, err.text);
        }
        /* cut off before the end, it is no form */
        assert_false(web_multipart_parse_file(&a, SV("multipart/form-data; boundary=b"), fd,
                                              whole - 5, &f, &err));
        (void)close(fd);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(multipart__finds_the_end_of_a_file_wherever_it_is),
        cmocka_unit_test(form_parse__reads_what_browsers_send),
        cmocka_unit_test(form_parse__refuses_bad_encodings_and_floods),
        cmocka_unit_test(form_one__refuses_repetition),
        cmocka_unit_test(form__takes_its_own_content_type_only),
        cmocka_unit_test(multipart_parse__separates_fields_and_files),
        cmocka_unit_test(multipart_parse__knows_that_no_file_was_chosen),
        cmocka_unit_test(multipart_parse__refuses_what_is_not_whole),
        cmocka_unit_test(multipart_parse__is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
