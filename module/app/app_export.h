/* The folder that `laurel export` makes: written beside its place, and put there when it is whole.
 * An interrupted export leaves what was there; the next one takes the certificates that it had
 * drawn and writes all else anew. */
#pragma once
#include "app.h"

#define APP_EXPORT_MARK "laurel-export.json"

struct app_export_folder {
    const char *path; /* where it shall be */
    const char *part; /* path ".part" */
    int fd;           /* of part, locked; -1: not open */
    struct sv base_url;
};

/* Fails: ERR_CONFLICT "export" when the place holds anything but an export of this base_url, or
 * another export is at work. */
NODISCARD bool app_export_open(struct app *app, struct sv path, struct app_export_folder *out,
                               struct err *err);
/* A new file, with the folders it is in. */
NODISCARD bool app_export_write(const struct app_export_folder *folder, const char *path,
                                struct sv body, struct err *err);
/* A second name for a file, or a copy where the file system has no such thing. */
NODISCARD bool app_export_link(const struct app_export_folder *folder, const char *from,
                               const char *path, struct sv body, struct err *err);
/* `path` (folder/NAME) is to be what the export that broke off, or the one before, had there, if
 * that ends with `mark`. */
bool app_export_keep(const struct app_export_folder *folder, const char *path, struct sv mark);
/* In its place, in one step where the system can; what was there is removed. */
NODISCARD bool app_export_finish(struct app_export_folder *folder, struct err *err);
void app_export_close(struct app_export_folder *folder);
