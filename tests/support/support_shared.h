/* Test data that is not in this repository: standards' own suites. It is looked for in
 * $LAUREL_SHARED_DATA, else beside the source folder, in ../shared/data. */
#pragma once
#include "base_json.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

UNUSED static const char *shared_path(struct arena *a, const char *name) {
    const char *dir = getenv("LAUREL_SHARED_DATA");
    return arena_printf(a, "%s/%s", dir != NULL ? dir : TEST_SOURCE_DIR "/../../shared/data", name);
}

/* Whether it is there; says loudly when it is not. */
UNUSED static bool shared_is_there(const char *name) {
    AUTO_ARENA a = {0};
    const char *path = shared_path(&a, name);
    if (access(path, R_OK) == 0) {
        return true;
    }
    fprintf(stderr,
            "\n****************************************************************\n"
            "NOT RUN: %s is absent.\nSet LAUREL_SHARED_DATA to the folder that holds %s.\n"
            "****************************************************************\n\n",
            path, name);
    return false;
}

UNUSED static struct sv shared_read(struct arena *a, const char *name) {
    const char *path = shared_path(a, name);
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        fail_msg("cannot read %s", path);
        return sv_of(NULL, 0);
    }
    struct str text;
    char part[4096];
    str_init(&text, a, (size_t)16 << 20);
    for (size_t n = fread(part, 1, sizeof part, f); n > 0; n = fread(part, 1, sizeof part, f)) {
        str_add(&text, sv_of(part, n));
    }
    (void)fclose(f);
    return str_sv(&text);
}
