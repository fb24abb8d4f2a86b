/* Runs a fuzz target over every file of a folder, once: the plain test run's use of the corpora. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path) {
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        return 0;
    }
    static uint8_t buffer[1 << 20];
    size_t n = fread(buffer, 1, sizeof buffer, f);
    (void)fclose(f);
    /* An exact copy, so that AddressSanitizer sees the first byte past the end. */
    uint8_t *exact = malloc(n == 0 ? 1 : n);
    if (exact == NULL) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        exact[i] = buffer[i];
    }
    (void)LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    return 1;
}

int main(int argc, char **argv) {
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    if (dir == NULL) {
        fputs("usage: fuzz_TARGET CORPUS_FOLDER\n", stderr);
        return 2;
    }
    int ran = 0;
    for (struct dirent *d = readdir(dir); d != NULL; d = readdir(dir)) {
        if (d->d_name[0] != '.') {
            char path[4096];
            (void)snprintf(path, sizeof path, "%s/%s", argv[1], d->d_name);
            ran += replay(path);
        }
    }
    (void)closedir(dir);
    printf("replayed %d inputs\n", ran);
    return ran > 0 ? 0 : 1;
}
