/* How fast one thread signs and checks credentials, beside the same OpenSSL operation alone with
 * the same key: RSA-2048 signing of the same bytes, Ed25519 signing and checking of 64 bytes. They
 * take turns, a tenth of a second each.
 *
 *   bench_credential SECONDS ROUNDS
 *
 * Documents: `bare` and `full` are vectors of tests/fixture/credential; `typical` is an award as
 * Laurel issues it, `shown` the same with results and evidence, which its learner chose to show.
 * Prints one JSON object: operations a second of each round, and the peak of memory. */
#include "credential_build.h"
#include "credential_jwt.h"
#include "credential_proof.h"
#include <malloc.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BASE SV("https://badges.example.edu")
#define ISSUER SV("0195e0c2-7c3f-7d3a-9d1e-000000000001")
#define BADGE SV("0195e0c2-7c3f-7d3a-9d1e-000000000002")
#define AWARD SV("0195e0c2-7c3f-7d3a-9d1e-000000000003")
#define LIST SV("0195e0c2-7c3f-7d3a-9d1e-000000000004")
#define T0 (INT64_C(1709283600) * USEC_PER_S)
#define TURN (USEC_PER_S / 10)
#define DOCUMENTS 4

#define METHOD                                                                                     \
    "did:web:badges.example.edu:issuers:0195e0c2-7c3f-7d3a-9d1e-000000000001#"                     \
    "0195e0c2-7c3f-7d3a-9d1e-000000000005"

static const struct credential_proof_options OPTIONS = {
    .created = {"2024-03-01T09:00:05Z", 20}, .verification_method = {METHOD, sizeof METHOD - 1}};

static _Noreturn void die(const char *why) {
    (void)fprintf(stderr, "bench_credential: %s\n", why);
    exit(2);
}

static json_t *issued(bool shows_all) {
    struct err err = {0};
    json_t *made = NULL;
    const struct model_issuer issuer = {.public_id = ISSUER,
                                        .name = SV("Northside College"),
                                        .url = SV("https://northside.example"),
                                        .email = SV("badges@northside.example"),
                                        .description = SV("A college in the north.")};
    const struct model_badge badge = {
        .public_id = BADGE,
        .name = SV("Safe Lab Worker"),
        .description = SV("Works safely in a chemistry laboratory: knows the signs, wears what "
                          "protects, and leaves the bench as it was."),
        .criteria = SV("To earn it:\n\n- at least 80 % in **Lab safety quiz**\n- two of: Lab 1, "
                       "Lab 2, Lab 3\n- the course completed\n"),
        .image_alt = SV("A flask on a green hexagon"),
        .achievement_type = SV("Badge"),
        .tags = {SV("science"), SV("chemistry"), SV("safety")},
        .tag_count = 3,
        .alignments = {{.name = SV("Plans and carries out investigations"),
                        .url = SV("https://frameworks.example/science/3"),
                        .framework = SV("Science practices"),
                        .code = SV("SP3")}},
        .alignment_count = 1};
    const struct model_share share = {
        .shared_at = T0,
        .identity = MODEL_IDENTITY_EMAIL,
        .identity_hash =
            SV("sha256$ebe41303590c450d254bbeacc4ccf12cf6690106fe8ec1fca9349c7a890e3e30"),
        .salt = SV("6b7d1f0a3c5e79b2d4f60813a5c7e9fb"),
        .shows_results = shows_all,
        .shows_evidence = shows_all};
    const struct credential_result results[] = {
        {.name = SV("Lab safety quiz"),
         .type = SV("Percent"),
         .value = SV("92"),
         .required = SV("80"),
         .maximum = SV("100")},
        {.name = SV("Lab 1"), .type = SV("RawScore"), .value = SV("12"), .maximum = SV("15")},
        {.name = SV("Lab 3"), .type = SV("Status"), .status = SV("Completed")}};
    const struct credential_evidence evidence[] = {
        {.name = SV("Clears the bench"), .narrative = SV("Seen on 12 May, bench 4.")}};
    const struct credential_award award = {.issuer = {.base_url = BASE, .issuer = &issuer},
                                           .badge = &badge,
                                           .public_id = AWARD,
                                           .valid_from = T0,
                                           .awarded_at = T0,
                                           .valid_until = T0 + 730 * 86400 * USEC_PER_S,
                                           .share = &share,
                                           .results = results,
                                           .result_count = shows_all ? ARRAY_LEN(results) : 0,
                                           .evidence = evidence,
                                           .evidence_count = shows_all ? 1 : 0,
                                           .status_list = LIST,
                                           .status_index = 94567};
    if (!credential_build(&award, &made, &err)) {
        die(err.text);
    }
    return made;
}

static json_t *vector(const char *name) {
    char path[512];
    (void)snprintf(path, sizeof path, "%s/fixture/credential/%s", TEST_SOURCE_DIR, name);
    AUTO_JSON *file = json_load_file(path, JSON_DECODE_INT_AS_REAL, NULL);
    json_t *document = json_incref(json_object_get(file, "unsecuredDocument"));
    if (document == NULL) {
        die(path);
    }
    return document;
}

/* Everything an operation needs. */
struct bench {
    struct jose_proof_key *ed;
    struct jose_key *rsa;
    EVP_PKEY *ed_alone, *rsa_alone;
    json_t *document, *proof;
    struct sv input; /* what is signed of the document as a token */
    unsigned char hash[64], signature[64];
};

static EVP_PKEY *bare_key(struct sv pem) {
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return key;
}

static void make_keys(struct bench *b, struct arena *a) {
    struct err err = {0};
    struct sv ed;
    struct sv rsa;
    if (!jose_proof_key_generate(JOSE_PROOF_EDDSA, &b->ed, &err) ||
        !jose_proof_key_to_pem(b->ed, a, &ed, &err) ||
        !jose_key_generate(SV("https://badges.example.edu/keys/1"), &b->rsa, &err) ||
        !jose_key_to_pem(b->rsa, a, &rsa, &err)) {
        die(err.text);
    }
    b->ed_alone = bare_key(ed);
    b->rsa_alone = bare_key(rsa);
}

static bool bare_sign(EVP_PKEY *key, const EVP_MD *md, struct sv input, unsigned char *out,
                      size_t size) {
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool is_ok = EVP_DigestSignInit(ctx, NULL, md, NULL, key) == 1 &&
                 EVP_DigestSign(ctx, out, &size, (const unsigned char *)input.ptr, input.len) == 1;
    EVP_MD_CTX_free(ctx);
    return is_ok;
}

static bool rsa_alone(struct bench *b) {
    unsigned char out[512];
    return bare_sign(b->rsa_alone, EVP_sha256(), b->input, out, sizeof out);
}

static bool rsa_ours(struct bench *b) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct sv token;
    return credential_jwt_sign(b->rsa, b->document, &a, &token, &err);
}

static bool sign_alone(struct bench *b) {
    return bare_sign(b->ed_alone, NULL, sv_of((const char *)b->hash, 64), b->signature, 64);
}

static bool sign_ours(struct bench *b) {
    struct err err = {0};
    json_t *proof = NULL;
    bool is_ok = credential_proof_create(b->ed, b->document, &OPTIONS, &proof, &err);
    json_decref(proof);
    return is_ok;
}

static bool check_alone(struct bench *b) {
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool is_ok = EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, b->ed_alone) == 1 &&
                 EVP_DigestVerify(ctx, b->signature, 64, b->hash, 64) == 1;
    EVP_MD_CTX_free(ctx);
    return is_ok;
}

static bool check_ours(struct bench *b) {
    struct err err = {0};
    return credential_proof_verify(b->document, b->proof, b->ed, &err);
}

typedef bool operation(struct bench *b);

struct rate {
    double alone, ours;
};

/* Of this thread, so that neighbours on the machine count less. */
static usec_t cpu_now(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (usec_t)t.tv_sec * USEC_PER_S + t.tv_nsec / 1000;
}

static struct rate compare(struct bench *b, operation *alone, operation *ours, double seconds) {
    operation *const both[] = {alone, ours};
    usec_t spent[2] = {0};
    double n[2] = {0};
    while ((double)(spent[0] + spent[1]) < seconds * (double)USEC_PER_S) {
        for (int i = 0; i < 2; i++) {
            usec_t began = cpu_now();
            usec_t now = began;
            while (now - began < TURN) {
                for (int k = 0; k < 16; k++) {
                    if (!both[i](b)) {
                        die("an operation failed");
                    }
                }
                n[i] += 16;
                now = cpu_now();
            }
            spent[i] += now - began;
        }
    }
    return (struct rate){.alone = n[0] * (double)USEC_PER_S / (double)spent[0],
                         .ours = n[1] * (double)USEC_PER_S / (double)spent[1]};
}

static void take_document(struct bench *b, const json_t *document, struct arena *a) {
    struct err err = {0};
    bool is_disputed = false;
    struct sv token;
    b->document = json_deep_copy(document);
    if (!credential_jwt_sign(b->rsa, b->document, a, &token, &err) ||
        !credential_proof_create(b->ed, b->document, &OPTIONS, &b->proof, &err)) {
        die(err.text);
    }
    const struct credential_proof_hash what = {.document = b->document, .proof = b->proof};
    if (!credential_proof_rdfc(&what, b->hash, &is_disputed, &err) || !sign_alone(b)) {
        die(err.text);
    }
    b->input = sv_head(token, token.len - 342 - 1); /* without the signature */
}

static void leave_document(struct bench *b) {
    json_decref(b->document);
    json_decref(b->proof);
}

static void print_rate(const char *name, struct rate r) {
    printf("\"%s\":{\"alone\":%.0f,\"ours\":%.0f},", name, r.alone, r.ours);
}

/* getrusage would tell of the program that started this one, too. */
static long peak_kb(void) {
    char line[256];
    long kb = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f != NULL && kb == 0 && fgets(line, sizeof line, f) != NULL) {
        kb = strncmp(line, "VmHWM:", 6) == 0 ? strtol(line + 6, NULL, 10) : 0;
    }
    if (f != NULL) {
        (void)fclose(f);
    }
    return kb;
}

int main(int argc, char **argv) {
    AUTO_ARENA a = {0};
    struct bench b = {0};
    int64_t seconds = 0;
    int64_t rounds = 0;
    if (argc != 3 || !num_parse_i64(sv_from(argv[1]), 1, 600, &seconds) ||
        !num_parse_i64(sv_from(argv[2]), 1, 100, &rounds)) {
        (void)fputs("usage: bench_credential SECONDS ROUNDS\n", stderr);
        return 2;
    }
    (void)mallopt(M_MMAP_THRESHOLD, 128 * 1024); /* as the worker does, which signs */
    (void)mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
    make_keys(&b, &a);
    const char *const names[DOCUMENTS] = {"bare", "typical", "shown", "full"};
    json_t *documents[DOCUMENTS] = {vector("eddsa-rdfc-2022-bare.json"), issued(false),
                                    issued(true), vector("eddsa-rdfc-2022-full.json")};
    printf("{\"rounds\":[");
    for (int64_t i = 0; i < rounds; i++) {
        printf("%s{", i == 0 ? "" : ",");
        for (int d = 0; d < DOCUMENTS; d++) {
            take_document(&b, documents[d], &a);
            printf("\"%s\":{", names[d]);
            print_rate("token", compare(&b, rsa_alone, rsa_ours, (double)seconds / 3));
            print_rate("sign", compare(&b, sign_alone, sign_ours, (double)seconds / 3));
            print_rate("check", compare(&b, check_alone, check_ours, (double)seconds / 3));
            struct sv text = js_dump(&a, documents[d]);
            printf("\"bytes\":%zu}%s", text.len, d + 1 < DOCUMENTS ? "," : "}");
            leave_document(&b);
        }
    }
    printf("],\"peak_kb\":%ld}\n", peak_kb());
    for (int d = 0; d < DOCUMENTS; d++) {
        json_decref(documents[d]);
    }
    jose_proof_key_destroy(b.ed);
    jose_key_unref(b.rsa);
    EVP_PKEY_free(b.ed_alone);
    EVP_PKEY_free(b.rsa_alone);
    return 0;
}
