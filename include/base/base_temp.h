/* Files that are gone when they are closed. */
#pragma once
#include "base_err.h"

/* An empty file without a name, in TMPDIR, else /var/tmp. Fails: ERR_UPSTREAM "busy". */
NODISCARD bool temp_file_create(int *fd, struct err *err);
