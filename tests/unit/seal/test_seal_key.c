#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_encode.h"
#include "seal_key.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <sys/stat.h>
#include <unistd.h>

static const unsigned char MASTER[SEAL_MASTER_BYTES] = "0123456789abcdef0123456789abcde";

/* OpenSSL's own HKDF, as the independent implementation. */
static void hkdf(const char *info, unsigned char out[32]) {
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    char digest[] = "SHA256";
    char salt[] = "laurel master key 1";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)MASTER, sizeof MASTER),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt, sizeof salt - 1),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, strlen(info)),
        OSSL_PARAM_construct_end()};
    assert_int_equal(EVP_KDF_derive(ctx, out, 32, params), 1);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
}

static void seal_mac__is_hmac_under_an_hkdf_key(void **state) {
    (void)state;
    AUTO_SEAL *seal = seal_open_bytes(MASTER);
    unsigned char key[32];
    unsigned char want[32];
    unsigned char got[32];
    size_t n = 0;
    hkdf("laurel mac lti-state", key);
    assert_non_null(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, sizeof key,
                              (const unsigned char *)"hello", 5, want, sizeof want, &n));
    seal_mac(seal, "lti-state", SV("hello"), got);
    assert_memory_equal(got, want, sizeof want);
}

static void seal_box__is_aes_256_gcm_under_an_hkdf_key(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    AUTO_SEAL *seal = seal_open_bytes(MASTER);
    struct sv box;
    struct err err = {0};
    assert_true(seal_box(seal, "tool-key", SV("row 7"), SV("secret"), &a, &box, &err));
    assert_int_equal(box.len, 6 + SEAL_BOX_OVERHEAD);
    assert_int_equal(box.ptr[0], 1);
    unsigned char key[32];
    hkdf("laurel box tool-key", key);
    unsigned char plain[16];
    int n = 0;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    const unsigned char *p = (const unsigned char *)box.ptr;
    assert_int_equal(EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, p + 1), 1);
    assert_int_equal(EVP_DecryptUpdate(c, NULL, &n, (const unsigned char *)"row 7", 5), 1);
    assert_int_equal(EVP_DecryptUpdate(c, plain, &n, p + 13, 6), 1);
    assert_int_equal(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, 16, (void *)(p + 19)), 1);
    assert_int_equal(EVP_DecryptFinal_ex(c, plain + 6, &n), 1);
    EVP_CIPHER_CTX_free(c);
    assert_memory_equal(plain, "secret", 6);
}

static void seal_mac_is__refuses_every_other_text_purpose_and_length(void **state) {
    (void)state;
    AUTO_SEAL *seal = seal_open_bytes(MASTER);
    unsigned char mac[SEAL_MAC_BYTES];
    seal_mac(seal, "a", SV("text"), mac);
    struct sv right = sv_of((const char *)mac, sizeof mac);
    assert_true(seal_mac_is(seal, "a", SV("text"), right));
    assert_false(seal_mac_is(seal, "b", SV("text"), right));
    assert_false(seal_mac_is(seal, "a", SV("texu"), right));
    assert_false(seal_mac_is(seal, "a", SV(""), right));
    assert_false(seal_mac_is(seal, "a", SV("text"), sv_head(right, 31)));
    assert_false(seal_mac_is(seal, "a", SV("text"), sv_of(NULL, 0)));
    mac[31] ^= 1;
    assert_false(seal_mac_is(seal, "a", SV("text"), right));
}

static void seal_unbox__gives_back_what_was_boxed(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    AUTO_SEAL *seal = seal_open_bytes(MASTER);
    struct err err = {0};
    static const size_t sizes[] = {0, 1, 15, 16, 17, 4096, SEAL_PLAIN_MAX};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct sv plain = sv_of(arena_alloc(&a, sizes[i]), sizes[i]);
        struct sv box;
        struct sv back;
        assert_true(seal_box(seal, "p", sv_of(NULL, 0), plain, &a, &box, &err));
        assert_true(seal_unbox(seal, "p", sv_of(NULL, 0), box, &a, &back, &err));
        assert_true(sv_eq(plain, back));
    }
    struct sv box;
    struct sv over = sv_of(arena_alloc(&a, SEAL_PLAIN_MAX + 1), SEAL_PLAIN_MAX + 1);
    assert_false(seal_box(seal, "p", sv_of(NULL, 0), over, &a, &box, &err));
    assert_string_equal(err.reason, "seal");
}

static void seal_box__never_gives_the_same_box_twice(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    AUTO_SEAL *seal = seal_open_bytes(MASTER);
    struct err err = {0};
    struct sv one;
    struct sv two;
    assert_true(seal_box(seal, "p", SV("x"), SV("y"), &a, &one, &err));
    assert_true(seal_box(seal, "p", SV("x"), SV("y"), &a, &two, &err));
    assert_false(sv_eq(one, two));
}

static void seal_unbox__refuses_what_was_moved_changed_or_cut(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    AUTO_SEAL *seal = seal_open_bytes(MASTER);
    unsigned char other_master[SEAL_MASTER_BYTES] = {1};
    AUTO_SEAL *other = seal_open_bytes(other_master);
    struct err err = {0};
    struct sv box;
    struct sv plain;
    assert_true(seal_box(seal, "p", SV("row 7"), SV("secret"), &a, &box, &err));
    assert_false(seal_unbox(other, "p", SV("row 7"), box, &a, &plain, &err));
    assert_int_equal(err.code, ERR_DENIED);
    assert_string_equal(err.reason, "seal");
    assert_false(seal_unbox(seal, "q", SV("row 7"), box, &a, &plain, &err));
    assert_false(seal_unbox(seal, "p", SV("row 8"), box, &a, &plain, &err));
    assert_false(seal_unbox(seal, "p", SV(""), box, &a, &plain, &err));
    for (size_t len = 0; len < box.len; len++) {
        assert_false(seal_unbox(seal, "p", SV("row 7"), sv_head(box, len), &a, &plain, &err));
    }
    for (size_t i = 0; i < box.len; i++) {
        char *changed = sv_c(&a, box);
        changed[i] = (char)(changed[i] ^ 0x20);
        if (seal_unbox(seal, "p", SV("row 7"), sv_of(changed, box.len), &a, &plain, &err)) {
            fail_msg("byte %zu does not count", i);
        }
    }
}

struct folder {
    char path[64], file[80];
};

static void folder_make(struct folder *f) {
    (void)snprintf(f->path, sizeof f->path, "/tmp/laurel-seal-XXXXXX");
    assert_non_null(mkdtemp(f->path));
    (void)snprintf(f->file, sizeof f->file, "%s/master.key", f->path);
}

static void folder_drop(struct folder *f) {
    (void)unlink(f->file);
    (void)rmdir(f->path);
}

static void write_file(const struct folder *f, const char *text, mode_t mode) {
    (void)unlink(f->file);
    FILE *out = fopen(f->file, "w");
    assert_non_null(out);
    (void)fputs(text, out);
    (void)fclose(out);
    assert_int_equal(chmod(f->file, mode), 0);
}

static void seal_open_file__reads_what_seal_generate_made(void **state) {
    (void)state;
    struct folder f = {0};
    struct err err = {0};
    folder_make(&f);
    assert_true(seal_generate(f.file, &err));
    struct stat st;
    assert_int_equal(stat(f.file, &st), 0);
    assert_int_equal(st.st_mode & 07777u, 0600);
    assert_int_equal(st.st_size, 45); /* 44 characters and a line feed */
    struct seal *opened = NULL;
    assert_true(seal_open_file(f.file, &opened, &err));
    seal_destroy(opened);
    assert_false(seal_generate(f.file, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    folder_drop(&f);
}

static void seal_open_file__uses_the_bytes_that_the_file_encodes(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    struct folder f = {0};
    struct err err = {0};
    folder_make(&f);
    struct sv text = base64_encode(&a, MASTER, sizeof MASTER);
    write_file(&f, arena_printf(&a, " %.*s\r\n", SV_ARG(text)), 0400);
    struct seal *opened = NULL;
    assert_true(seal_open_file(f.file, &opened, &err));
    AUTO_SEAL *from_file = opened;
    AUTO_SEAL *from_bytes = seal_open_bytes(MASTER);
    unsigned char mac[2][SEAL_MAC_BYTES];
    seal_mac(from_file, "p", SV("x"), mac[0]);
    seal_mac(from_bytes, "p", SV("x"), mac[1]);
    assert_memory_equal(mac[0], mac[1], SEAL_MAC_BYTES);
    folder_drop(&f);
}

static void seal_open_file__refuses_open_permissions_and_other_contents(void **state) {
    (void)state;
#define KEY_44 "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZQA="
    static const struct {
        const char *name, *text;
        mode_t mode;
        const char *says;
    } rows[] = {{"readable by group", KEY_44, 0640, "chmod 600"},
                {"readable by others", KEY_44, 0604, "chmod 600"},
                {"writable by group", KEY_44, 0620, "chmod 600"},
                {"executable by others", KEY_44, 0601, "chmod 600"},
                {"empty", "", 0600, "32 bytes"},
                {"31 bytes", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZQ==", 0600, "32 bytes"},
                {"33 bytes", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZQAA", 0600, "32 bytes"},
                {"no base64", "!!!!", 0600, "32 bytes"},
                {"two lines", KEY_44 "\n" KEY_44, 0600, "32 bytes"}};
    struct folder f = {0};
    folder_make(&f);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].name);
        struct err err = {0};
        struct seal *opened = NULL;
        write_file(&f, rows[i].text, rows[i].mode);
        assert_false(seal_open_file(f.file, &opened, &err));
        assert_int_equal(err.code, ERR_INPUT);
        assert_string_equal(err.reason, "master_key");
        assert_non_null(strstr(err.text, rows[i].says));
        assert_non_null(strstr(err.text, f.file));
    }
    write_file(&f, KEY_44, 0600);
    struct err err = {0};
    struct seal *opened = NULL;
    assert_true(seal_open_file(f.file, &opened, &err));
    seal_destroy(opened);
    folder_drop(&f);
    assert_false(seal_open_file(f.file, &opened, &err));
    assert_string_equal(err.reason, "master_key");
    err = (struct err){0};
    assert_false(seal_open_file("/tmp", &opened, &err));
    assert_non_null(strstr(err.text, "regular"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seal_mac__is_hmac_under_an_hkdf_key),
        cmocka_unit_test(seal_box__is_aes_256_gcm_under_an_hkdf_key),
        cmocka_unit_test(seal_mac_is__refuses_every_other_text_purpose_and_length),
        cmocka_unit_test(seal_unbox__gives_back_what_was_boxed),
        cmocka_unit_test(seal_box__never_gives_the_same_box_twice),
        cmocka_unit_test(seal_unbox__refuses_what_was_moved_changed_or_cut),
        cmocka_unit_test(seal_open_file__reads_what_seal_generate_made),
        cmocka_unit_test(seal_open_file__uses_the_bytes_that_the_file_encodes),
        cmocka_unit_test(seal_open_file__refuses_open_permissions_and_other_contents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
