/* TLS against a real server: `openssl s_server`, with a certificate made here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net_fetch.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char folder[] = "/tmp/laurel-tls-XXXXXX";
static char key_file[64], cert_file[64], expired_file[64], config_file[64];

static pid_t spawn_quietly(char *const argv[]) {
    posix_spawn_file_actions_t actions;
    pid_t pid = 0;
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    for (int fd = 0; fd <= 2; fd++) {
        assert_int_equal(posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0), 0);
    }
    int rc = posix_spawnp(&pid, "openssl", &actions, NULL, argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    return rc == 0 ? pid : 0;
}

/* An OpenSSL that would agree to TLS 1.0, so that it is our own limit that is seen. */
static void loosen_openssl(void) {
    (void)snprintf(config_file, sizeof config_file, "%s/openssl.cnf", folder);
    FILE *f = fopen(config_file, "w");
    assert_non_null(f);
    assert_true(fputs("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n"
                      "MinProtocol = TLSv1\nCipherString = ALL:@SECLEVEL=0\n"
                      "[req]\ndistinguished_name = d\n[d]\n",
                      f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(setenv("OPENSSL_CONF", config_file, 1), 0);
}

/* The same certificate, but good until yesterday. */
static bool make_expired(void) {
    (void)snprintf(expired_file, sizeof expired_file, "%s/expired.pem", folder);
    FILE *key_in = fopen(key_file, "r");
    FILE *cert_in = fopen(cert_file, "r");
    FILE *out = fopen(expired_file, "w");
    assert_true(key_in != NULL && cert_in != NULL && out != NULL);
    EVP_PKEY *key = PEM_read_PrivateKey(key_in, NULL, NULL, NULL);
    X509 *cert = PEM_read_X509(cert_in, NULL, NULL, NULL);
    bool ok = key != NULL && cert != NULL &&
              X509_gmtime_adj(X509_getm_notBefore(cert), -2 * 86400L) != NULL &&
              X509_gmtime_adj(X509_getm_notAfter(cert), -86400L) != NULL &&
              X509_sign(cert, key, EVP_sha256()) > 0 && PEM_write_X509(out, cert) == 1;
    X509_free(cert);
    EVP_PKEY_free(key);
    (void)fclose(key_in);
    (void)fclose(cert_in);
    return fclose(out) == 0 && ok;
}

/* A self-signed certificate for the name localhost, and not for its address. */
static int make_certificate(void **state) {
    (void)state;
    assert_non_null(mkdtemp(folder));
    loosen_openssl();
    (void)snprintf(key_file, sizeof key_file, "%s/key.pem", folder);
    (void)snprintf(cert_file, sizeof cert_file, "%s/cert.pem", folder);
    char *const argv[] = {(char *)"openssl",
                          (char *)"req",
                          (char *)"-x509",
                          (char *)"-newkey",
                          (char *)"rsa:2048",
                          (char *)"-nodes",
                          (char *)"-days",
                          (char *)"2",
                          (char *)"-subj",
                          (char *)"/CN=localhost",
                          (char *)"-addext",
                          (char *)"subjectAltName=DNS:localhost",
                          (char *)"-keyout",
                          key_file,
                          (char *)"-out",
                          cert_file,
                          NULL};
    int status = 0;
    pid_t pid = spawn_quietly(argv);
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 && make_expired() ? 0 : -1;
}

static int remove_certificate(void **state) {
    (void)state;
    (void)unlink(key_file);
    (void)unlink(cert_file);
    (void)unlink(expired_file);
    (void)unlink(config_file);
    (void)rmdir(folder);
    return 0;
}

static int free_port(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    (void)close(fd);
    return ntohs(at.sin_port);
}

static bool is_listening(int port) {
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_open = connect(fd, (const struct sockaddr *)&at, sizeof at) == 0;
    (void)close(fd);
    return is_open;
}

/* One fetch from a fresh server with the certificate in `file`; `version` as s_server wants it, or
 * NULL. */
static bool fetch_over_tls(const char *host, char *file, const char *version, bool trusts,
                           struct net_response *response, struct arena *a, struct err *err) {
    int port = free_port();
    char *const argv[] = {(char *)"openssl", (char *)"s_server",
                          (char *)"-www",    (char *)"-quiet",
                          (char *)"-accept", arena_printf(a, "127.0.0.1:%d", port),
                          (char *)"-key",    key_file,
                          (char *)"-cert",   file,
                          (char *)"-cipher", (char *)"ALL:@SECLEVEL=0",
                          (char *)version,   NULL};
    pid_t pid = spawn_quietly(argv);
    assert_true(pid > 0);
    for (int i = 0; i < 400 && !is_listening(port); i++) {
        (void)poll(NULL, 0, 25);
    }
    struct sv entry = sv_printf(a, "%s:%d", host, port);
    struct net_client_config config = {.ca_file = trusts ? file : NULL};
    struct net_client *client = NULL;
    assert_true(net_policy_parse(a, &entry, 1, &config.policy, err));
    assert_true(net_client_create(&config, &client, err));
    const struct net_request q = {.url = sv_printf(a, "https://%s:%d/", host, port)};
    bool ok = net_fetch(client, &q, response, a, err);
    net_client_destroy(client);
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    return ok;
}

/* attacks.md G9 */
static void net_tls__is_judged(void **state) {
    (void)state;
    static const struct {
        const char *name, *host;
        char *file;
        const char *version;
        bool trusts, is_taken;
    } rows[] = {
        {"a trusted certificate for this name", "localhost", cert_file, NULL, true, true},
        {"the same with TLS 1.2 only", "localhost", cert_file, "-tls1_2", true, true},
        {"a certificate nobody vouches for", "localhost", cert_file, NULL, false, false},
        {"a certificate for another name", "127.0.0.1", cert_file, NULL, true, false},
        {"TLS 1.1", "localhost", cert_file, "-tls1_1", true, false},
        {"a trusted certificate that is over", "localhost", expired_file, NULL, true, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct net_response response = {0};
        struct err err = {0};
        bool ok = fetch_over_tls(rows[i].host, rows[i].file, rows[i].version, rows[i].trusts,
                                 &response, &a, &err);
        if (ok != rows[i].is_taken || (ok && response.status != 200)) {
            fail_msg("%s: %s", rows[i].name, ok ? "taken" : err.text);
        }
        if (!ok && (strcmp(err.reason, "tls") != 0 || err.retry != ERR_RETRY_PARK)) {
            fail_msg("%s: %s %s", rows[i].name, err.reason, err.text);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(net_tls__is_judged)};
    return cmocka_run_group_tests(tests, make_certificate, remove_certificate);
}
