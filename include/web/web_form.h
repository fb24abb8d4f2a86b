/* Forms and queries. Strict: what browsers do not send is refused, not guessed (WHATWG URL 5.1; RFC
 * 7578). */
#pragma once
#include "web_request.h"

#define WEB_FORM_PAIRS_MAX 4100 /* two for each column of a gradebook file, and some */
#define WEB_FORM_FILES_MAX 8

struct web_file {
    struct sv name;         /* of the field */
    struct sv filename;     /* as the browser said; never a path to be used */
    struct sv content_type; /* as the browser said; never believed */
    struct sv content;      /* borrowed from the body; empty when that is in a file: */
    size_t offset, size;    /* where it stands in the body */
};

/* In the order they were sent; names may repeat. Values are UTF-8 without NUL. */
struct web_form {
    struct web_pair *pairs;
    size_t count;
    struct web_file *files;
    size_t file_count;
};

/* application/x-www-form-urlencoded. '&' separates, ';' does not; "a[]" is a name like any other.
 * Fails: ERR_INPUT, reason "form": "%zz", NUL, no UTF-8, more than WEB_FORM_PAIRS_MAX. */
NODISCARD bool web_form_parse(struct arena *a, struct sv text, struct web_form *out,
                              struct err *err);

/* multipart/form-data; `content_type` is the whole header with its boundary. Fails: ERR_INPUT,
 * reason "form". */
NODISCARD bool web_multipart_parse(struct arena *a, struct sv content_type, struct sv body,
                                   struct web_form *out, struct err *err);

/* The same of a body in a file; values of fields are copied, of at most 64 KiB each, and files stay
 * where they are. Also fails: ERR_BUG when the file cannot be read. */
NODISCARD bool web_multipart_parse_file(struct arena *a, struct sv content_type, int fd,
                                        size_t size, struct web_form *out, struct err *err);

/* The request's query. */
NODISCARD bool web_query(const struct web_request *req, struct web_form *out, struct err *err);
/* The request's body, application/x-www-form-urlencoded and nothing else (reason "content_type":
 * 415 by web_error_status; the launch page answers 400). */
NODISCARD bool web_form(const struct web_request *req, struct web_form *out, struct err *err);
/* The request's body, either form encoding, in memory or in a file. Also fails: as req->body_err
 * says. */
NODISCARD bool web_form_upload(const struct web_request *req, struct web_form *out,
                               struct err *err);

/* The value of a name that may be there once. Absent: *value is empty with a NULL pointer. Fails:
 * ERR_INPUT, reason "repeated", when it is there twice. */
NODISCARD bool web_form_one(const struct web_form *f, const char *name, struct sv *value,
                            struct err *err);
/* The same, and ERR_INPUT, reason "missing", when it is absent or empty. */
NODISCARD bool web_form_need(const struct web_form *f, const char *name, struct sv *value,
                             struct err *err);
/* The i-th value of a repeated name (checkboxes); false past the last. */
bool web_form_nth(const struct web_form *f, const char *name, size_t i, struct sv *value);
/* The file of a field; NULL when none was chosen. */
const struct web_file *web_form_file(const struct web_form *f, const char *name);
