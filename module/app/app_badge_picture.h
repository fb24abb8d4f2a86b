/* Pictures beside badge files: read for an import, written by an export. */
#pragma once
#include "app.h"
#include "judge.h"

/* Where a badge file is, and so are the pictures it names. */
struct app_picture_folder {
    const char *path;
};
/* The folder of `file`. In `a`. */
struct app_picture_folder app_picture_folder_of(struct arena *a, const char *file);

/* judge_pictures.read with a struct app_picture_folder: a regular file within the folder, symbolic
 * links followed as long as they stay there; judged and made by image_own_make. */
NODISCARD bool app_picture_read(void *ctx, struct sv name, struct arena *a,
                                struct store_badge_image *out, struct sv *problem, struct err *err);

/* Write the pictures of an export's badges into `folder` (made when missing), each under the name
 * its badge says. Where two badges say the same name of different pictures, the later one's is
 * called by the badge's key, in the file too. Files of these names are replaced. */
NODISCARD bool app_pictures_write(struct store *store, int64_t institution_id, const char *folder,
                                  struct badge_file *file, struct arena *a, struct err *err);
