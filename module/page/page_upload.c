/* A gradebook file: taken, shown, stored. It waits in the database between the steps; what is
 * stored is the very file that was shown. */
#include "page_upload.h"
#include "base_encode.h"
#include "base_temp.h"
#include "page_course.h"
#include "web_router.h"
#include <unistd.h>

/* The form around the file. */
#define ENVELOPE_BYTES ((size_t)64 * 1024)

/* At most an eighth of the threads read such files at once (DESIGN 7). */
static bool slot_take(struct page_app *app, struct err *err) {
    if (atomic_fetch_add(&app->uploads, 1) < app->options.threads / 8 + 1) {
        return true;
    }
    atomic_fetch_sub(&app->uploads, 1);
    return err_because(err, ERR_UPSTREAM, "busy",
                       "others are uploading files just now; try again in a minute");
}

static void slot_give(struct page_app *app) { atomic_fetch_sub(&app->uploads, 1); }

bool page_upload_take(struct page *p, size_t *max_bytes, struct err *err) {
    if (!slot_take(p->app, err)) {
        return false;
    }
    *max_bytes = GRADES_CSV_BYTES_MAX + ENVELOPE_BYTES;
    return true;
}

void page_give_file(void *ctx) { slot_give(ctx); }

static struct store_upload whose(const struct page *p) {
    return (struct store_upload){.institution_id = p->session.institution_id,
                                 .course_id = p->session.context_id,
                                 .person_id = p->session.person_id};
}

static bool course_load(struct page *p, struct page_upload *u, struct err *err) {
    if (p->session.context_id == 0) {
        return err_because(err, ERR_INPUT, "course",
                           "this launch names no course; open Laurel from a course to upload its "
                           "grades");
    }
    u->req = (struct upload_request){.store = p->app->options.store,
                                     .course = &u->course,
                                     .choices = &u->choices,
                                     .arena = p->arena};
    return store_course_get(p->app->options.store, p->session.institution_id, p->session.context_id,
                            p->arena, &u->course, err);
}

bool page_upload_last(const struct page *p, struct sv *words, struct err *err) {
    usec_t at = 0;
    struct sv who;
    char when[TEXT_TIME_MAX];
    *words = sv_of(NULL, 0);
    if (!store_upload_last(p->app->options.store, p->session.institution_id, p->session.context_id,
                           p->arena, &at, &who, err)) {
        return false;
    }
    if (at != 0) {
        *words =
            sv_printf(p->arena, "Grades were last uploaded on %s%s%.*s.",
                      text_date_time(p->zone, at, when), who.len > 0 ? " by " : "", SV_ARG(who));
    }
    return true;
}

/* What is wrong with the file is said where the next one is chosen. */
static bool refuse(struct page *p, const struct err *why, struct err *err) {
    if (why->code != ERR_INPUT && why->code != ERR_CONFLICT) {
        *err = *why;
        return false;
    }
    return page_upload_ask(p, page_sentence(p->arena, sv_from(why->text)), err);
}

bool page_upload(struct page *p, struct err *err) {
    struct page_upload u = {0};
    return course_load(p, &u, err) && page_upload_ask(p, SV(""), err);
}

static bool file_take(struct page *p, struct page_upload *u, struct err *err) {
    struct web_form form = {0};
    if (!web_form_upload(p->req, &form, err)) {
        return false;
    }
    const struct web_file *file = web_form_file(&form, "file");
    if (file == NULL || !p->req->is_body_file) {
        return err_because(err, ERR_INPUT, "empty", "choose a file first");
    }
    u->req.file =
        (struct upload_file){.fd = p->req->body_fd, .offset = file->offset, .size = file->size};
    const struct store_upload key = whose(p);
    return upload_read(&u->req, &u->upload, err) && upload_compare(&u->req, &u->upload, err) &&
           store_upload_keep(u->req.store, &key, u->req.file.fd, u->req.file.offset,
                             u->req.file.size, u->digest, err);
}

bool page_upload_file(struct page *p, struct err *err) {
    struct page_upload u = {0};
    struct err why = {0};
    if (!course_load(p, &u, err)) {
        return false;
    }
    return file_take(p, &u, &why) ? page_upload_show(p, &u, err) : refuse(p, &why, err);
}

static bool is_use(struct sv value, enum grades_csv_use *use) {
    static const struct {
        const char *value;
        enum grades_csv_use use;
    } uses[] = {{"none", GRADES_CSV_UNUSED},
                {"school", GRADES_CSV_SCHOOL},
                {"login", GRADES_CSV_LOGIN},
                {"email", GRADES_CSV_EMAIL}};
    for (size_t i = 0; i < ARRAY_LEN(uses); i++) {
        if (sv_eq(value, sv_from(uses[i].value))) {
            *use = uses[i].use;
            return true;
        }
    }
    return false;
}

/* Fields "use-12" and "maximum-12" of the page's form; empty ones say nothing. */
static void choices_read(struct page *p, const struct web_form *form, struct page_upload *u) {
    struct grades_csv_choice *list =
        ARENA_ARRAY(p->arena, struct grades_csv_choice, GRADES_CSV_COLUMNS_MAX);
    bool *is_chosen = ARENA_ARRAY(p->arena, bool, GRADES_CSV_COLUMNS_MAX);
    size_t *at = ARENA_ARRAY(p->arena, size_t, GRADES_CSV_COLUMNS_MAX);
    for (size_t i = 0; i < form->count; i++) {
        struct sv name = form->pairs[i].name;
        struct sv value = sv_trim(form->pairs[i].value);
        bool is_maximum = sv_starts(name, SV("maximum-"));
        int64_t column = 0;
        if ((!is_maximum && !sv_starts(name, SV("use-"))) || value.len == 0 ||
            !num_parse_i64(sv_skip(name, is_maximum ? 8 : 4), 0, GRADES_CSV_COLUMNS_MAX - 1,
                           &column)) {
            continue;
        }
        if (!is_chosen[column]) {
            is_chosen[column] = true;
            at[column] = u->choices.count++;
            list[at[column]].column = (size_t)column;
        }
        struct grades_csv_choice *c = &list[at[column]];
        if (is_maximum) {
            c->maximum = value;
        } else {
            c->has_use = is_use(value, &c->use);
        }
    }
    u->choices.list = list;
}

/* The file that waits, by the digest of the page that showed it. */
static bool file_fetch(struct page *p, struct page_upload *u, struct err *err) {
    struct web_form form = {0};
    struct sv text = {0};
    struct sv digest = {0};
    struct err ignored = {0};
    const struct store_upload key = whose(p);
    if (!web_form_upload(p->req, &form, err) || !web_form_need(&form, "digest", &text, err)) {
        return false;
    }
    if (!hex_decode(p->arena, text, &digest, &ignored) || digest.len != sizeof u->digest) {
        return err_because(err, ERR_INPUT, "form",
                           "this form is not one of ours; upload the file "
                           "again");
    }
    memcpy(u->digest, digest.ptr, sizeof u->digest);
    choices_read(p, &form, u);
    return store_upload_load(u->req.store, &key, u->digest, u->req.file.fd, &u->req.file.size,
                             err) &&
           upload_read(&u->req, &u->upload, err);
}

typedef bool step(struct page *p, struct page_upload *u, struct err *err);

/* A step of a file that waits, in one of the slots. */
static bool with_file(struct page *p, step *then, struct err *err) {
    struct page_upload u = {0};
    struct err why = {0};
    if (!course_load(p, &u, err) || !slot_take(p->app, err)) {
        return false;
    }
    bool is_good = temp_file_create(&u.req.file.fd, &why);
    if (is_good) {
        is_good = file_fetch(p, &u, &why) && then(p, &u, &why);
        (void)close(u.req.file.fd);
    }
    slot_give(p->app);
    return is_good || refuse(p, &why, err);
}

static bool review(struct page *p, struct page_upload *u, struct err *err) {
    return upload_compare(&u->req, &u->upload, err) && page_upload_show(p, u, err);
}

bool page_upload_review(struct page *p, struct err *err) { return with_file(p, review, err); }

static bool store(struct page *p, struct page_upload *u, struct err *err) {
    const struct store_upload key = whose(p);
    struct store_reading_result result = {0};
    if (u->upload.member_count == 0) {
        return err_because(err, ERR_INPUT, "people",
                           "nobody of this file was found in the course; nothing was stored");
    }
    return upload_compare(&u->req, &u->upload, err) &&
           upload_store(&u->req, &u->upload, p->now, &result, err) &&
           store_upload_stored(u->req.store, &key, err) &&
           web_see_other(p->resp, page_path(p, "grid?done=uploaded"), err);
}

bool page_upload_store(struct page *p, struct err *err) { return with_file(p, store, err); }
