/* Build tool: embed SYMBOL OUT FILE... writes a C file with the files' bytes, sorted by name, as a
 * `struct blob` table (include/base/base_blob.h). A NUL follows each file's bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static int by_name(const void *a, const void *b) {
    return strcmp(base_name(*(char *const *)a), base_name(*(char *const *)b));
}

static int write_bytes(FILE *out, const char *path, int index, size_t *len) {
    FILE *in = fopen(path, "rb");
    if (in == NULL) {
        return 0;
    }
    fprintf(out, "static const unsigned char file_%d[] = {", index);
    *len = 0;
    for (int c = getc(in); c != EOF; c = getc(in)) {
        fprintf(out, *len % 20 == 0 ? "\n%d," : "%d,", c);
        ++*len;
    }
    fputs("0};\n", out);
    return fclose(in) == 0;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fputs("usage: embed SYMBOL OUT FILE...\n", stderr);
        return 2;
    }
    int n = argc - 3;
    size_t *len = calloc((size_t)n + 1, sizeof *len);
    FILE *out = fopen(argv[2], "w");
    if (len == NULL || out == NULL) {
        fprintf(stderr, "embed: cannot write %s\n", argv[2]);
        return 1;
    }
    qsort(argv + 3, (size_t)n, sizeof *argv, by_name);
    fputs("#include \"base_blob.h\"\n", out);
    for (int i = 0; i < n; i++) {
        if (!write_bytes(out, argv[3 + i], i, &len[i])) {
            fprintf(stderr, "embed: cannot read %s\n", argv[3 + i]);
            return 1;
        }
    }
    fprintf(out, "extern const struct blob %s[];\nextern const size_t %s_count;\n", argv[1],
            argv[1]);
    fprintf(out, "const struct blob %s[] = {\n", argv[1]);
    for (int i = 0; i < n; i++) {
        fprintf(out, "{\"%s\", file_%d, %zu},\n", base_name(argv[3 + i]), i, len[i]);
    }
    fprintf(out, "{0}};\nconst size_t %s_count = %d;\n", argv[1], n);
    free(len);
    return fclose(out) == 0 ? 0 : 1;
}
