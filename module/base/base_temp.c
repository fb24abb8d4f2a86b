#include "base_temp.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int create_named(const char *folder) {
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/laurel-XXXXXX", folder);
    int fd = n > 0 && (size_t)n < sizeof path ? mkostemp(path, O_CLOEXEC) : -1;
    if (fd >= 0) {
        (void)unlink(path);
    }
    return fd;
}

bool temp_file_create(int *fd, struct err *err) {
    const char *folder = getenv("TMPDIR");
    folder = folder == NULL || folder[0] != '/' ? "/var/tmp" : folder;
    *fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    *fd = *fd >= 0 ? *fd : create_named(folder); /* a file system that has none without a name */
    return *fd >= 0 || err_because(err, ERR_UPSTREAM, "busy",
                                   "The server has no room for the file now; try again later.");
}
