/* A gradebook file on its way into a course: read, its people found, compared with what is stored,
 * and merged. One way for the teacher's page and the operator's command. The file is read several
 * times through a small window; what is held grows with people and columns. */
#pragma once
#include "grades_csv.h"
#include "store_course.h"

/* A file, or a part of one. */
struct upload_file {
    int fd;
    size_t offset, size;
};

struct upload_request {
    struct store *store;
    const struct store_course *course;
    struct upload_file file;
    const struct grades_csv_choices *choices; /* may be NULL */
    struct arena *arena;
};

/* What may say who somebody is, best first. A name never does, an e-mail address only where its
 * column was chosen for that (in the plain format "person" may be any of them). */
enum upload_key { UPLOAD_BY_SCHOOL, UPLOAD_BY_PLATFORM, UPLOAD_BY_LOGIN, UPLOAD_BY_EMAIL };
#define UPLOAD_KEYS 4
/* "the school's number" */
const char *upload_key_name(enum upload_key key);

/* Somebody of the file whose results are left out. */
struct upload_stranger {
    struct sv name;       /* as the file has it; may be empty */
    struct sv looked_for; /* "school's number s-77, login stranger" */
    const char *reason;   /* "nobody in this course has that" */
};

struct upload {
    struct grades_csv_survey survey;
    struct model_member *members; /* of the file, found in the course: with sub and roles */
    size_t member_count;
    bool *is_wanted;     /* by the survey's members: found */
    int64_t *person_ids; /* by the survey's members; 0: not found */
    size_t found_by[UPLOAD_KEYS];
    struct upload_stranger *strangers;
    size_t stranger_count;
    /* By upload_compare: results of those found. */
    size_t new_count, changed_count, same_count, new_items;
    unsigned char *settled; /* a bit for each, in their order: stored as it is, or says nothing */
    size_t settled_count, settled_cap;
};

/* Read the file, and find its people. *out must not be moved. Fails: ERR_INPUT with what is wrong
 * and in which row. */
NODISCARD bool upload_read(const struct upload_request *req, struct upload *out, struct err *err);
/* Count what storing it would change. Also fails as grades_csv_facts does. */
NODISCARD bool upload_compare(const struct upload_request *req, struct upload *u, struct err *err);
/* Merge it in one transaction: what differs is written, and whoever changed is judged. After
 * upload_compare; `since` is when that began. Fails: ERR_CONFLICT "upload" when another reading of
 * the course was stored since then; nothing of this one is. */
NODISCARD bool upload_store(const struct upload_request *req, struct upload *u, usec_t since,
                            struct store_reading_result *out, struct err *err);
