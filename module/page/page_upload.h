/* A teacher's gradebook file: the page that takes it, and what it would change. */
#pragma once
#include "page_internal.h"
#include "store_upload.h"
#include "upload.h"

/* One file on its way. */
struct page_upload {
    struct store_course course;
    struct upload_request req;
    struct grades_csv_choices choices;
    struct upload upload;
    unsigned char digest[STORE_UPLOAD_DIGEST_BYTES];
};

/* The page with the field for a file; `problem` is what was wrong with the last one, or empty. */
NODISCARD bool page_upload_ask(struct page *p, struct sv problem, struct err *err);
/* What storing it would change, its columns, and who was not found. */
NODISCARD bool page_upload_show(struct page *p, const struct page_upload *u, struct err *err);
/* "Grades were last uploaded on 3 May 2027, 10:12 by Ana Ruiz.", or empty. */
NODISCARD bool page_upload_last(const struct page *p, struct sv *words, struct err *err);
