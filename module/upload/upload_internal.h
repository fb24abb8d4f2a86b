/* What the files of this room share. */
#pragma once
#include "upload.h"

/* Fill in members, is_wanted, person_ids, found_by and strangers. */
NODISCARD bool upload_match(const struct upload_request *req, struct upload *u, struct err *err);
/* The file as the grades room reads it; `file` is borrowed. */
struct grades_csv_file upload_reader(const struct upload_file *file);
