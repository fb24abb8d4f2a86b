#include "upload.h"
#include "upload_internal.h"
#include <errno.h>
#include <unistd.h>

static bool read_at(void *ctx, size_t at, char *bytes, size_t cap, size_t *len, struct err *err) {
    const struct upload_file *file = ctx;
    size_t rest = at < file->size ? file->size - at : 0;
    ssize_t n = 0;
    do {
        n = pread(file->fd, bytes, rest < cap ? rest : cap, (off_t)(file->offset + at));
    } while (n < 0 && errno == EINTR);
    *len = n > 0 ? (size_t)n : 0;
    if (n < 0 || (n == 0 && rest > 0)) {
        return err_because(err, ERR_INPUT, "file", "the file could not be read to its end");
    }
    return true;
}

struct grades_csv_file upload_reader(const struct upload_file *file) {
    return (struct grades_csv_file){.size = file->size, .read = read_at, .ctx = (void *)file};
}

bool upload_read(const struct upload_request *req, struct upload *out, struct err *err) {
    *out = (struct upload){0};
    const struct grades_csv_file file = upload_reader(&req->file);
    return grades_csv_survey(&file, req->choices, req->arena, &out->survey, err) &&
           upload_match(req, out, err);
}

struct feed {
    const struct upload_request *req;
    const struct upload *upload;
    struct store_reading_parts *into; /* NULL: the store did not ask */
    size_t seen;
};

static bool hand_on(void *ctx, const struct model_fact *facts, size_t count, struct err *err) {
    (void)err; /* the store keeps it */
    struct feed *f = ctx;
    AUTO_ARENA a = {0};
    struct model_fact *news = ARENA_ARRAY(&a, struct model_fact, count);
    size_t n = 0;
    for (size_t i = 0; i < count; i++, f->seen++) {
        bool is_settled = f->seen < f->upload->settled_count &&
                          (f->upload->settled[f->seen / 8] >> (f->seen % 8) & 1) != 0;
        if (!is_settled) {
            news[n++] = facts[i];
        }
    }
    return n == 0 || store_reading_add(f->into, news, n);
}

static bool feed(void *ctx, struct store_reading_parts *into, struct err *err) {
    struct feed *f = ctx;
    const struct grades_csv_file file = upload_reader(&f->req->file);
    f->into = into;
    return grades_csv_facts(&file, f->req->choices, &f->upload->survey, f->upload->is_wanted,
                            hand_on, f, err);
}

bool upload_store(const struct upload_request *req, struct upload *u, usec_t since,
                  struct store_reading_result *out, struct err *err) {
    struct feed f = {.req = req, .upload = u};
    const struct store_reading reading = {.institution_id = req->course->institution_id,
                                          .course_id = req->course->id,
                                          .registration_id = req->course->registration_id,
                                          .items = u->survey.reading.items,
                                          .item_count = u->survey.reading.item_count,
                                          .members = u->members,
                                          .member_count = u->member_count,
                                          .source = SV("csv"),
                                          .is_partial = true,
                                          .read_at = since,
                                          .feed = feed,
                                          .feed_ctx = &f};
    return store_reading_save(req->store, &reading, out, err) &&
           (f.into != NULL ||
            err_because(err, ERR_CONFLICT, "upload",
                        "other grades of this course were stored meanwhile; upload the file again, "
                        "to see what it would change now"));
}
