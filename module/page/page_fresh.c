/* When the grades on a page were read, whether that broke off since, and "Check now". */
#include "page_fresh.h"
#include "base_log.h"

#define OVERDUE_S (INT64_C(3600))       /* after the time it was to be read */
#define LONG_AGO_S (INT64_C(24) * 3600) /* where no such time is known */
#define SOON_S 60                       /* a queue that is worth a word of its own from then on */
#define QUERY_MAX 1000

static bool is_old(const struct store_fresh *f, usec_t now) {
    if (f->is_over || sv_eq(f->source_kind, SV("csv"))) {
        return false; /* nothing new is expected by itself */
    }
    return f->next_read_at != 0 ? now - f->next_read_at > OVERDUE_S * USEC_PER_S
                                : now - f->synced_at > LONG_AGO_S * USEC_PER_S;
}

enum page_fresh page_fresh_of(const struct store_fresh *f, usec_t now) {
    return f->is_reading       ? PAGE_FRESH_READING
           : f->is_queued      ? PAGE_FRESH_QUEUED
           : f->failed_at != 0 ? PAGE_FRESH_FAILED
           : f->synced_at == 0 ? PAGE_FRESH_UNREAD
           : is_old(f, now)    ? PAGE_FRESH_OLD
                               : PAGE_FRESH_GOOD;
}

json_t *page_fresh_time(const struct page *p, usec_t t) {
    char at[RFC3339_MAX];
    char ago[TEXT_TIME_MAX];
    char full[TEXT_TIME_MAX];
    if (t == 0) {
        return json_null();
    }
    json_t *out = json_object();
    page_set_text(out, "at", sv_from(rfc3339_format(t, at)));
    page_set_text(out, "ago", sv_from(text_ago(p->zone, t, p->now, ago)));
    page_set_text(out, "full", sv_from(text_date_time(p->zone, t, full)));
    return out;
}

bool page_fresh_may_ask(const struct store_fresh *f, struct err *err) {
    bool is_file = sv_eq(f->source_kind, SV("csv"));
    return (f->source_kind.len > 0 && !is_file) ||
           err_because(err, ERR_CONFLICT, "source",
                       "the grades of this course cannot be read by themselves: %s",
                       is_file ? "a teacher uploads them" : "no grade source is set for it");
}

static struct sv ago(const struct page *p, usec_t t) {
    char text[TEXT_TIME_MAX];
    return sv_copy(p->arena, sv_from(text_ago(p->zone, t, p->now, text)));
}

/* When Laurel goes on by itself. */
static struct sv again(const struct page *p, const struct store_fresh *f) {
    char text[TEXT_TIME_MAX];
    usec_t at = f->waits_until != 0 ? f->waits_until : f->next_read_at;
    return at <= p->now ? SV("")
                        : sv_printf(p->arena, " Laurel tries again at %s.",
                                    text_date_time(p->zone, at, text));
}

struct sv page_fresh_problem(const struct page *p, const struct store_fresh *f) {
    return f->failed_at == 0
               ? SV("")
               : sv_printf(p->arena, "The last reading, %.*s, broke off: %.*s%.*s",
                           SV_ARG(ago(p, f->failed_at)), SV_ARG(page_sentence(p->arena, f->error)),
                           SV_ARG(again(p, f)));
}

static bool is_staff(const struct page *p) { return p->session.role >= MODEL_ROLE_TEACHER; }

static struct sv problem_of(const struct page *p, const struct store_fresh *f) {
    if (f->source_kind.len == 0) {
        return is_staff(p) && f->synced_at == 0 /* an upload is a reading, too */
                   ? SV("Laurel cannot read grades here yet: no grade source is set for this "
                        "learning platform. The operator sets one with `laurel source set`; until "
                        "then teachers can upload the gradebook (\"Upload grades\" on the course "
                        "grid).")
                   : SV("");
    }
    if (f->failed_at == 0) {
        return SV("");
    }
    return is_staff(p)
               ? page_fresh_problem(p, f)
               : sv_printf(p->arena,
                           "The grades could not be read %.*s. Laurel will try again by itself; "
                           "what you see here may be a little old.",
                           SV_ARG(ago(p, f->failed_at)));
}

/* What is going on, before the time of the last reading. */
static struct sv now_words(const struct page *p, const struct store_fresh *f,
                           enum page_fresh state) {
    bool is_long = p->now - f->requested_at > SOON_S * USEC_PER_S;
    switch (state) {
    case PAGE_FRESH_READING:
        return SV("Reading grades now.");
    case PAGE_FRESH_QUEUED:
        return f->requested_at == 0 ? SV("Grades will be read in a moment.")
               : !is_long           ? SV("Asked for a moment ago: grades will be read in a moment.")
                          : sv_printf(p->arena, "Asked for %.*s: other courses come first.",
                                      SV_ARG(ago(p, f->requested_at)));
    default:
        return f->synced_at == 0 ? SV("Grades not read yet.") : SV("");
    }
}

/* What is to be said of the last reading, after its time. */
static struct sv note_words(const struct page *p, const struct store_fresh *f,
                            enum page_fresh state) {
    char text[TEXT_TIME_MAX];
    if (state == PAGE_FRESH_OLD) {
        return SV("That is long ago: what was graded since does not count here yet.");
    }
    if (f->waits_until > p->now && f->failed_at == 0) {
        return sv_printf(p->arena, "Laurel reads them again at %s.",
                         text_date_time(p->zone, f->waits_until, text));
    }
    return f->is_over && !page_fresh_is_busy(state)
               ? SV("The course has ended: they are read when somebody asks.")
               : SV("");
}

static bool may_check(const struct page *p, const struct store_fresh *f) {
    enum model_role role = p->session.role;
    bool is_of_course =
        role != MODEL_ROLE_GUEST && (role != MODEL_ROLE_MENTOR || p->session.is_learner);
    struct err ignored = {0};
    return is_of_course && page_fresh_may_ask(f, &ignored);
}

static json_t *check_form(const struct page *p) {
    json_t *check = json_object();
    page_set_text(check, "action", page_path(p, "check"));
    page_set_text(check, "csrf", page_csrf(p));
    page_set_text(check, "back", p->req->path);
    return check;
}

static bool is_plain(struct sv query) {
    for (size_t i = 0; i < query.len; i++) {
        char c = query.ptr[i];
        bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_word && sv_find(SV("%&=+-._~"), c) == 8) {
            return false;
        }
    }
    return query.len <= QUERY_MAX;
}

/* This very page, without what is said once after a form. */
static struct sv here(const struct page *p) {
    struct sv query = p->req->query;
    bool is_kept =
        query.len > 0 && is_plain(query) && memmem(query.ptr, query.len, "done=", 5) == NULL;
    return is_kept ? sv_printf(p->arena, "%.*s?%.*s", SV_ARG(p->req->path), SV_ARG(query))
                   : p->req->path;
}

static const char *icon_of(enum page_fresh state) {
    static const char *const icons[] = {
        [PAGE_FRESH_GOOD] = "met",       [PAGE_FRESH_OLD] = "info",
        [PAGE_FRESH_FAILED] = "problem", [PAGE_FRESH_UNREAD] = "none",
        [PAGE_FRESH_QUEUED] = "refresh", [PAGE_FRESH_READING] = "refresh"};
    return icons[state];
}

static json_t *fresh_model(const struct page *p, const struct store_fresh *f) {
    enum page_fresh state = page_fresh_of(f, p->now);
    bool is_busy = page_fresh_is_busy(state);
    json_t *out = json_object();
    json_t *busy = json_null();
    if (is_busy) {
        busy = json_object();
        page_set_text(busy, "ask", page_path(p, "fresh"));
        page_set_text(busy, "url", here(p));
    }
    page_set_text(out, "icon", sv_from(icon_of(state)));
    page_set_text(out, "now", now_words(p, f, state));
    page_set_text(out, "verb",
                  f->synced_at == 0                  ? SV("")
                  : sv_eq(f->source_kind, SV("csv")) ? SV("Grades uploaded")
                                                     : SV("Grades read"));
    (void)json_object_set_new(out, "read", page_fresh_time(p, f->synced_at));
    page_set_text(out, "note", note_words(p, f, state));
    (void)json_object_set_new(out, "busy", busy);
    (void)json_object_set_new(out, "check",
                              may_check(p, f) && !is_busy ? check_form(p) : json_null());
    return out;
}

/* Of somebody for whom nothing is read here. */
static bool is_nothing(const struct store_fresh *f) {
    return f->source_kind.len == 0 && f->synced_at == 0;
}

void page_add_fresh(const struct page *p, json_t *header) {
    struct store_fresh f = {0};
    struct err why = {0};
    json_t *fresh = json_null();
    json_t *problem = json_null();
    struct sv text = SV("");
    if (p->session.context_id == 0) {
        /* nothing is read */
    } else if (!store_fresh_get(p->app->options.store, p->session.institution_id,
                                p->session.context_id, p->arena, &f, &why)) {
        log_err(LOG_LEVEL_WARN, "fresh", &why);
        text =
            SV("It cannot be said at the moment when the grades were read. Load the page again.");
    } else {
        fresh = is_nothing(&f) ? json_null() : fresh_model(p, &f);
        text = problem_of(p, &f);
    }
    if (text.len > 0) {
        problem = json_object();
        page_set_text(problem, "text", text);
    }
    (void)json_object_set_new(header, "fresh", fresh);
    (void)json_object_set_new(header, "problem", problem);
}

/* What a page that waits for a reading asks for. */
bool page_fresh_state(struct page *p, struct err *err) {
    struct store_fresh f = {0};
    if (p->session.context_id != 0 &&
        !store_fresh_get(p->app->options.store, p->session.institution_id, p->session.context_id,
                         p->arena, &f, err)) {
        return false;
    }
    AUTO_JSON *out = json_object();
    page_set_bool(out, "is_busy", page_fresh_is_busy(page_fresh_of(&f, p->now)));
    return web_json(p->resp, 200, NULL, out, err);
}
