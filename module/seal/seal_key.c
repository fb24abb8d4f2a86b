#include "seal_key.h"
#include "base_clock.h"
#include "base_encode.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOX_VERSION 1
#define NONCE_BYTES 12
#define TAG_BYTES 16
#define PURPOSE_MAX 64
#define FILE_BYTES_MAX 256

struct seal {
    unsigned char extracted[SEAL_MAC_BYTES]; /* HKDF's PRK (RFC 5869 2.2) */
};

static void close_fd(const int *fd) {
    if (*fd >= 0) {
        (void)close(*fd);
    }
}
#define AUTO_FD CLEANUP(close_fd) int

static void cipher_free(EVP_CIPHER_CTX **c) { EVP_CIPHER_CTX_free(*c); }
#define AUTO_CIPHER CLEANUP(cipher_free) EVP_CIPHER_CTX

static _Noreturn void crypto_is_broken(void) {
    static const char line[] = "{\"level\":\"error\",\"event\":\"crypto_is_broken\"}\n";
    (void)fwrite(line, 1, sizeof line - 1, stderr);
    abort();
}

static void hmac(const void *key, size_t key_len, const void *bytes, size_t len,
                 unsigned char out[SEAL_MAC_BYTES]) {
    unsigned int n = 0;
    if (HMAC(EVP_sha256(), key, (int)key_len, bytes, len, out, &n) == NULL || n != SEAL_MAC_BYTES) {
        crypto_is_broken();
    }
}

/* HKDF-Expand for one block: T(1) = HMAC(PRK, info || 0x01). */
static void derive(const struct seal *seal, const char *use, const char *purpose,
                   unsigned char key[SEAL_MAC_BYTES]) {
    char info[16 + PURPOSE_MAX + 2];
    int len = snprintf(info, sizeof info, "%s%s\x01", use, purpose);
    if (len < 0 || (size_t)len >= sizeof info) {
        abort();
    }
    hmac(seal->extracted, sizeof seal->extracted, info, (size_t)len, key);
}

struct seal *seal_open_bytes(const unsigned char master[SEAL_MASTER_BYTES]) {
    static const char salt[] = "laurel master key 1";
    struct seal *seal = malloc(sizeof *seal);
    if (seal == NULL) {
        crypto_is_broken();
    }
    hmac(salt, sizeof salt - 1, master, SEAL_MASTER_BYTES, seal->extracted);
    return seal;
}

void seal_destroy(struct seal *seal) {
    if (seal != NULL) {
        OPENSSL_cleanse(seal, sizeof *seal);
        free(seal);
    }
}

static bool read_all(int fd, char *buffer, size_t cap, size_t *len) {
    *len = 0;
    while (*len < cap) {
        ssize_t n = read(fd, buffer + *len, cap - *len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return false;
        }
        if (n == 0) {
            return true;
        }
        *len += (size_t)n;
    }
    return true;
}

static bool read_master(const char *path, struct sv text, struct seal **out, struct err *err) {
    AUTO_ARENA a;
    arena_init(&a);
    struct sv bytes;
    struct err ignored = {0};
    if (!base64_decode(&a, sv_trim(text), &bytes, &ignored) || bytes.len != SEAL_MASTER_BYTES) {
        return err_because(err, ERR_INPUT, "master_key",
                           "%s does not hold base64 of exactly 32 bytes; restore the key file, or "
                           "make a new one with `laurel key init`",
                           path);
    }
    *out = seal_open_bytes((const unsigned char *)bytes.ptr);
    OPENSSL_cleanse((void *)bytes.ptr, bytes.len);
    return true;
}

bool seal_open_file(const char *path, struct seal **out, struct err *err) {
    /* O_NONBLOCK: opening a FIFO must not hang. */
    AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        return err_because(
            err, ERR_INPUT, "master_key",
            "the master key file %s cannot be opened (%s); make one with `laurel key "
            "init`, or run laurel as the user who owns it",
            path, strerrordesc_np(errno));
    }
    if (!S_ISREG(st.st_mode)) {
        return err_because(err, ERR_INPUT, "master_key", "the master key %s is not a regular file",
                           path);
    }
    if ((st.st_mode & 077u) != 0) {
        return err_because(
            err, ERR_INPUT, "master_key",
            "the master key file %s is open to others (mode %04o); run `chmod 600 %s`", path,
            (unsigned)st.st_mode & 07777u, path);
    }
    char buffer[FILE_BYTES_MAX];
    size_t len = 0;
    bool is_done = read_all(fd, buffer, sizeof buffer, &len)
                       ? read_master(path, sv_of(buffer, len), out, err)
                       : err_because(err, ERR_INPUT, "master_key",
                                     "the master key file %s cannot be read (%s)", path,
                                     strerrordesc_np(errno));
    OPENSSL_cleanse(buffer, sizeof buffer);
    return is_done;
}

bool seal_generate(const char *path, struct err *err) {
    AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST) {
        return err_because(
            err, ERR_CONFLICT, "master_key",
            "%s exists already and is not overwritten: what was sealed with it could "
            "never be read again",
            path);
    }
    AUTO_ARENA a;
    arena_init(&a);
    unsigned char master[SEAL_MASTER_BYTES];
    random_bytes(master, sizeof master);
    struct sv text = base64_encode(&a, master, sizeof master);
    text = sv_printf(&a, "%.*s\n", SV_ARG(text));
    OPENSSL_cleanse(master, sizeof master);
    if (fd < 0 || write(fd, text.ptr, text.len) != (ssize_t)text.len || fsync(fd) != 0) {
        return err_because(err, ERR_INPUT, "master_key", "%s cannot be written (%s)", path,
                           strerrordesc_np(errno));
    }
    return true;
}

void seal_mac(const struct seal *seal, const char *purpose, struct sv bytes,
              unsigned char out[SEAL_MAC_BYTES]) {
    unsigned char key[SEAL_MAC_BYTES];
    derive(seal, "laurel mac ", purpose, key);
    hmac(key, sizeof key, bytes.ptr == NULL ? "" : bytes.ptr, bytes.len, out);
    OPENSSL_cleanse(key, sizeof key);
}

bool seal_mac_is(const struct seal *seal, const char *purpose, struct sv bytes, struct sv mac) {
    unsigned char want[SEAL_MAC_BYTES];
    seal_mac(seal, purpose, bytes, want);
    return sv_eq_secret(sv_of((const char *)want, sizeof want), mac);
}

/* One pass of AES-256-GCM over `in`; the tag is made or checked at the end. */
static bool gcm(const unsigned char key[SEAL_MAC_BYTES], const unsigned char *nonce,
                struct sv about, struct sv in, unsigned char *out, unsigned char *tag,
                bool is_sealing) {
    AUTO_CIPHER *c = EVP_CIPHER_CTX_new();
    int n = 0;
    unsigned char none[TAG_BYTES];
    if (c == NULL ||
        EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce, is_sealing ? 1 : 0) != 1 ||
        (about.len > 0 &&
         EVP_CipherUpdate(c, NULL, &n, (const unsigned char *)about.ptr, (int)about.len) != 1) ||
        (in.len > 0 &&
         EVP_CipherUpdate(c, out, &n, (const unsigned char *)in.ptr, (int)in.len) != 1) ||
        (!is_sealing && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag) != 1)) {
        crypto_is_broken();
    }
    if (EVP_CipherFinal_ex(c, none, &n) != 1) {
        return false;
    }
    if (is_sealing && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, tag) != 1) {
        crypto_is_broken();
    }
    return true;
}

bool seal_box(const struct seal *seal, const char *purpose, struct sv about, struct sv plain,
              struct arena *a, struct sv *box, struct err *err) {
    if (plain.len > SEAL_PLAIN_MAX || about.len > SEAL_PLAIN_MAX) {
        return err_because(err, ERR_INPUT, "seal", "at most %u bytes can be sealed at once",
                           SEAL_PLAIN_MAX);
    }
    unsigned char *out = arena_alloc(a, plain.len + SEAL_BOX_OVERHEAD);
    unsigned char *nonce = out + 1;
    unsigned char *text = nonce + NONCE_BYTES;
    out[0] = BOX_VERSION;
    random_bytes(nonce, NONCE_BYTES);
    unsigned char key[SEAL_MAC_BYTES];
    derive(seal, "laurel box ", purpose, key);
    bool is_sealed = gcm(key, nonce, about, plain, text, text + plain.len, true);
    OPENSSL_cleanse(key, sizeof key);
    if (!is_sealed) {
        crypto_is_broken();
    }
    *box = sv_of((const char *)out, plain.len + SEAL_BOX_OVERHEAD);
    return true;
}

bool seal_unbox(const struct seal *seal, const char *purpose, struct sv about, struct sv box,
                struct arena *a, struct sv *plain, struct err *err) {
    bool is_box = box.len >= SEAL_BOX_OVERHEAD && box.len <= SEAL_PLAIN_MAX + SEAL_BOX_OVERHEAD &&
                  about.len <= SEAL_PLAIN_MAX && (unsigned char)box.ptr[0] == BOX_VERSION;
    if (is_box) {
        size_t len = box.len - SEAL_BOX_OVERHEAD;
        struct sv text = sv_of(box.ptr + 1 + NONCE_BYTES, len);
        unsigned char tag[TAG_BYTES];
        memcpy(tag, text.ptr + len, TAG_BYTES);
        unsigned char *out = arena_alloc(a, len + 1);
        unsigned char key[SEAL_MAC_BYTES];
        derive(seal, "laurel box ", purpose, key);
        bool is_open = gcm(key, (const unsigned char *)box.ptr + 1, about, text, out, tag, false);
        OPENSSL_cleanse(key, sizeof key);
        if (is_open) {
            *plain = sv_of((const char *)out, len);
            return true;
        }
        OPENSSL_cleanse(out, len);
    }
    return err_because(
        err, ERR_DENIED, "seal",
        "a sealed value does not open: it was made with another master key, or it was "
        "changed or moved; check master_key_file");
}
