/* The courses of the institution: how fresh each is, what broke off, and what to do about it. */
#include "base_encode.h"
#include "page_course.h"
#include "page_fresh.h"
#include "store_courses.h"

#define SEARCH_BYTES_MAX 200
#define PROBLEM_BYTES_MAX 600
#define GAPS_BYTES_MAX 1000

static const struct choice {
    const char *key, *label;
} choices[] = {[STORE_COURSES_ALL] = {"all", "All"},
               [STORE_COURSES_PROBLEMS] = {"problems", "With problems"},
               [STORE_COURSES_UNREAD] = {"unread", "Never read"}};

/* What was asked for, by the address or by a form of the page. */
struct asked {
    struct store_courses_want want;
    struct sv after; /* "0.UUID": rank and public id of the last course before */
};

static struct store_courses_of whose(const struct page *p) {
    return (struct store_courses_of){.institution_id = p->session.institution_id,
                                     .issuer_keys = p->session.issuer_keys,
                                     .issuer_count = p->session.issuer_count};
}

/* What makes no sense shows the first page of everything. */
static bool read_asked(struct page *p, const struct web_form *form, struct asked *out,
                       struct err *err) {
    struct sv show = {0};
    struct sv rank = {0};
    *out = (struct asked){.want = {.of = whose(p)}};
    if (!web_form_one(form, "search", &out->want.search, err) ||
        !web_form_one(form, "show", &show, err) || !web_form_one(form, "after", &out->after, err)) {
        return false;
    }
    out->want.search = sv_clip_utf8(sv_trim(out->want.search), SEARCH_BYTES_MAX);
    for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
        if (sv_eq(show, sv_from(choices[i].key))) {
            out->want.show = (enum store_courses_show)i;
        }
    }
    if (!sv_cut(out->after, '.', &rank, &out->want.after) || !uuid_is_valid(out->want.after)) {
        out->after = out->want.after = SV("");
    }
    out->want.is_after_fine = sv_eq(rank, SV("1"));
    return true;
}

static struct sv list_url(const struct page *p, const struct asked *q, enum store_courses_show show,
                          struct sv after) {
    struct str url;
    str_init(&url, p->arena, 2048);
    str_add(&url, page_path(p, "courses?show=%s", choices[show].key));
    if (q->want.search.len > 0) {
        str_add_c(&url, "&search=");
        percent_encode(&url, q->want.search);
    }
    if (after.len > 0) {
        str_addf(&url, "&after=%.*s", SV_ARG(after));
    }
    return str_sv(&url);
}

static json_t *url_object(struct sv url) {
    json_t *obj = json_object();
    page_set_text(obj, "url", url);
    return obj;
}

/* When a course is read next, in words. */
static struct sv next_words(const struct page *p, const struct store_listed_course *c) {
    char in[TEXT_TIME_MAX];
    char at[TEXT_TIME_MAX];
    const struct store_fresh *f = &c->fresh;
    if (f->is_reading) {
        return SV("It is being read now.");
    }
    if (f->is_queued) {
        return SV("It is read as soon as its turn comes.");
    }
    if (f->source_kind.len == 0) {
        return SV("It cannot be read: no grade source is set for its learning platform.");
    }
    if (sv_eq(f->source_kind, SV("csv"))) {
        return SV("Next when somebody uploads a file.");
    }
    if (f->waits_until > p->now) { /* after a failure, or while its host is left in peace */
        return sv_printf(p->arena, "Laurel waits until %s.",
                         text_date_time(p->zone, f->waits_until, at));
    }
    if (c->badges == 0) {
        return SV("Next when somebody asks: no badge can be earned in it.");
    }
    if (f->next_read_at == 0) {
        return f->is_over ? SV("Next when somebody asks: the course has ended.")
                          : SV("Next when somebody opens Laurel in it, or asks.");
    }
    return sv_printf(p->arena, "Next %s.", text_until(p->zone, f->next_read_at, p->now, in));
}

static void add_problem(json_t *list, struct sv text, struct sv todo, json_t *link) {
    json_t *one = json_object();
    page_set_text(one, "text", sv_clip_utf8(text, PROBLEM_BYTES_MAX));
    page_set_text(one, "todo", todo);
    (void)json_object_set_new(one, "link", link);
    (void)json_array_append_new(list, one);
}

static json_t *link_to(const struct page *p, const char *path, const char *label) {
    json_t *link = url_object(page_path(p, "%s", path));
    page_set_text(link, "label", sv_from(label));
    return link;
}

/* What is wrong, each with what to do. */
static json_t *problems(const struct page *p, const struct store_listed_course *c) {
    json_t *list = json_array();
    bool is_here = c->id == p->session.context_id;
    if (c->fresh.failed_at != 0) {
        add_problem(list, page_fresh_problem(p, &c->fresh),
                    SV("Mend what it says, then choose Check now."),
                    link_to(p, "connection", "Look at the connection"));
    }
    for (size_t i = 0; i < c->problem_count; i++) {
        add_problem(list, page_full_stop(p->arena, c->problems[i]),
                    is_here ? SV("") : SV("Open Laurel in that course to choose its items."),
                    is_here ? link_to(p, "items", "Choose what counts instead") : json_null());
    }
    if (c->broken > (int64_t)c->problem_count) {
        char count[TEXT_TIME_MAX];
        add_problem(list,
                    sv_printf(p->arena, "%s cannot be judged either.",
                              text_count(c->broken - (int64_t)c->problem_count, "more badge",
                                         "more badges", count)),
                    SV(""), link_to(p, "badges", "See all badges"));
    }
    return list;
}

static void add_state(json_t *obj, const struct store_listed_course *c, enum page_fresh fresh) {
    static const struct {
        const char *state, *icon, *word;
    } words[] = {[PAGE_FRESH_GOOD] = {"earned", "met", "Fine"},
                 [PAGE_FRESH_OLD] = {"almost", "info", "Overdue"},
                 [PAGE_FRESH_FAILED] = {"problem", "problem", "Needs a look"},
                 [PAGE_FRESH_UNREAD] = {"not_yet", "none", "Never read"},
                 [PAGE_FRESH_QUEUED] = {"review", "refresh", "Asked for"},
                 [PAGE_FRESH_READING] = {"review", "refresh", "Being read"}};
    bool is_troubled = !c->is_fine && !page_fresh_is_busy(fresh);
    size_t i = is_troubled ? PAGE_FRESH_FAILED : fresh;
    page_set_text(obj, "state", sv_from(words[i].state));
    page_set_text(obj, "icon", sv_from(words[i].icon));
    page_set_text(obj, "word", sv_from(words[i].word));
}

static void add_number(json_t *list, int64_t number, const char *label, struct arena *a) {
    if (number > 0) {
        json_t *one = json_object();
        (void)json_object_set_new(one, "number", page_json_textf(a, "%lld", (long long)number));
        page_set_text(one, "label", sv_from(label));
        (void)json_array_append_new(list, one);
    }
}

/* What the nightly comparison found. */
static void add_numbers(const struct page *p, json_t *obj, const struct store_reconciliation *r) {
    char ago[TEXT_TIME_MAX];
    json_t *list = json_array();
    add_number(list, r->missing, "earned and not awarded", p->arena);
    add_number(list, r->excess, "held and not earned any more", p->arena);
    add_number(list, r->unjudged, "could not be judged", p->arena);
    bool is_even = json_array_size(list) == 0;
    page_set_bool(obj, "has_numbers", r->at != 0);
    page_set_text(obj, "compared",
                  r->at == 0
                      ? SV("")
                      : sv_printf(p->arena, "%s %s",
                                  is_even ? "Rules and awards agreed when compared" : "compared",
                                  text_ago(p->zone, r->at, p->now, ago)));
    (void)json_object_set_new(obj, "numbers", list);
}

static json_t *check_form(const struct page *p, const struct asked *q,
                          const struct store_listed_course *c, struct sv title) {
    json_t *form = json_object();
    page_set_text(form, "action", page_path(p, "courses/check"));
    page_set_text(form, "csrf", page_csrf(p));
    page_set_text(form, "course", c->public_id);
    page_set_text(form, "show", sv_from(choices[q->want.show].key));
    page_set_text(form, "search", q->want.search);
    page_set_text(form, "after", q->after);
    page_set_text(form, "label", title);
    return form;
}

static json_t *course(const struct page *p, const struct asked *q,
                      const struct store_listed_course *c, size_t nth) {
    char learners[TEXT_TIME_MAX];
    char badges[TEXT_TIME_MAX];
    json_t *obj = json_object();
    json_t *wrong = problems(p, c);
    struct err ignored = {0};
    enum page_fresh fresh = page_fresh_of(&c->fresh, p->now);
    struct sv title = page_course_name(p->arena, c->title, c->context_id);
    page_set_text(obj, "id", sv_printf(p->arena, "c%zu", nth + 1));
    page_set_text(obj, "title", title);
    page_set_text(obj, "where",
                  sv_printf(p->arena, "%.*s, deployment %.*s",
                            SV_ARG(page_source_title(p->arena, c->fresh.source_kind, c->issuer)),
                            SV_ARG(c->deployment_id)));
    add_state(obj, c, fresh);
    (void)json_object_set_new(obj, "read", page_fresh_time(p, c->fresh.synced_at));
    page_set_text(obj, "read_word",
                  c->fresh.synced_at == 0                  ? SV("Never read.")
                  : sv_eq(c->fresh.source_kind, SV("csv")) ? SV("Uploaded")
                                                           : SV("Read"));
    page_set_text(obj, "next", next_words(p, c));
    page_set_bool(obj, "has_problems", json_array_size(wrong) > 0);
    (void)json_object_set_new(obj, "problems", wrong);
    page_set_bool(obj, "has_gaps", c->gaps.len > 0);
    page_set_text(obj, "gaps", sv_clip_utf8(c->gaps, GAPS_BYTES_MAX));
    page_set_text(obj, "counts",
                  sv_printf(p->arena, "%s, %s",
                            text_count(c->learners, "learner", "learners", learners),
                            text_count(c->badges, "badge", "badges", badges)));
    add_numbers(p, obj, &c->reconciliation);
    (void)json_object_set_new(obj, "check",
                              page_fresh_may_ask(&c->fresh, &ignored) && !page_fresh_is_busy(fresh)
                                  ? check_form(p, q, c, title)
                                  : json_null());
    return obj;
}

static void add_count(json_t *list, int64_t number, const char *one, const char *many) {
    char text[TEXT_TIME_MAX];
    struct sv digits = {0};
    struct sv label = {0};
    json_t *obj = json_object();
    (void)sv_cut(sv_from(text_count(number, one, many, text)), ' ', &digits, &label);
    page_set_text(obj, "number", digits);
    page_set_text(obj, "label", sv_from(number == 1 ? one : many));
    (void)json_array_append_new(list, obj);
}

static json_t *counts(const struct store_courses_summary *s) {
    json_t *list = json_array();
    add_count(list, s->courses, "course", "courses");
    add_count(list, s->read_lately, "read within the last hour", "read within the last hour");
    add_count(list, s->troubled, "with problems", "with problems");
    return list;
}

static json_t *filter(const struct page *p, const struct asked *q) {
    json_t *out = json_object();
    json_t *options = json_array();
    for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
        json_t *option = url_object(list_url(p, q, (enum store_courses_show)i, SV("")));
        page_set_text(option, "label", sv_from(choices[i].label));
        page_set_bool(option, "is_current", i == q->want.show);
        (void)json_array_append_new(options, option);
    }
    bool is_filtered = q->want.search.len > 0 || q->want.show != STORE_COURSES_ALL;
    page_set_text(out, "action", page_path(p, "courses"));
    page_set_text(out, "search", q->want.search);
    page_set_text(out, "show", sv_from(choices[q->want.show].key));
    (void)json_object_set_new(out, "options", options);
    (void)json_object_set_new(out, "clear",
                              is_filtered ? url_object(page_path(p, "courses")) : json_null());
    return out;
}

static json_t *paging(const struct page *p, const struct asked *q,
                      const struct store_listed_course *last, bool has_more) {
    if (!has_more && q->after.len == 0) {
        return json_null();
    }
    json_t *out = json_object();
    json_t *next = json_null();
    if (has_more && last != NULL) {
        struct sv after = sv_printf(p->arena, "%d.%.*s", last->is_fine, SV_ARG(last->public_id));
        next = url_object(list_url(p, q, q->want.show, after));
    }
    (void)json_object_set_new(out, "first",
                              q->after.len > 0 ? url_object(list_url(p, q, q->want.show, SV("")))
                                               : json_null());
    (void)json_object_set_new(out, "next", next);
    return out;
}

struct view {
    struct asked asked;
    struct store_listed_course *courses;
    size_t count;
    bool has_more, is_busy;
};

static bool load(struct page *p, struct view *v, struct err *err) {
    struct web_form query = {0};
    if (!web_query(p->req, &query, err) || !read_asked(p, &query, &v->asked, err) ||
        !store_courses_list(p->app->options.store, &v->asked.want, p->arena, &v->courses, &v->count,
                            &v->has_more, err)) {
        return false;
    }
    for (size_t i = 0; i < v->count; i++) {
        v->is_busy = v->is_busy || page_fresh_is_busy(page_fresh_of(&v->courses[i].fresh, p->now));
    }
    return true;
}

static void fill(const struct page *p, json_t *model, const struct view *v,
                 const struct store_courses_summary *summary) {
    const struct asked *q = &v->asked;
    json_t *list = json_array();
    json_t *busy = json_null();
    bool has_numbers = false;
    struct sv here = list_url(p, q, q->want.show, q->after);
    for (size_t i = 0; i < v->count; i++) {
        (void)json_array_append_new(list, course(p, q, &v->courses[i], i));
        has_numbers = has_numbers || v->courses[i].reconciliation.at != 0;
    }
    if (v->is_busy) {
        busy = url_object(here);
        page_set_text(busy, "ask", here);
    }
    (void)json_object_set_new(model, "counts", counts(summary));
    page_set_text(model, "scope",
                  q->want.of.issuer_count == 0
                      ? SV("")
                      : SV("The courses in which badges of your issuers can be earned."));
    (void)json_object_set_new(model, "filter", filter(p, q));
    page_set_bool(model, "is_empty", summary->courses == 0);
    page_set_bool(model, "is_no_match", summary->courses > 0 && v->count == 0);
    page_set_bool(model, "has_courses", v->count > 0);
    (void)json_object_set_new(model, "courses", list);
    page_set_bool(model, "has_numbers", has_numbers);
    (void)json_object_set_new(model, "busy", busy);
    (void)json_object_set_new(
        model, "paging",
        paging(p, q, v->count == 0 ? NULL : &v->courses[v->count - 1], v->has_more));
}

/* As JSON only whether a reading here is under way: what the page's script asks while it waits. */
bool page_courses(struct page *p, struct err *err) {
    struct view v = {0};
    struct store_courses_summary summary = {0};
    if (!load(p, &v, err)) {
        return false;
    }
    if (page_wants_json(p)) {
        AUTO_JSON *out = json_object();
        page_set_bool(out, "is_busy", v.is_busy);
        return web_json(p->resp, 200, NULL, out, err);
    }
    if (!store_courses_summary(p->app->options.store, &v.asked.want.of, p->arena, &summary, err)) {
        return false;
    }
    json_t *model = page_model(p, SV("Courses"));
    page_add_header(p, model, "courses");
    page_add_notice(p, model);
    fill(p, model, &v, &summary);
    return page_render(p, 200, "courses.html", model, err);
}

bool page_courses_check(struct page *p, struct err *err) {
    struct web_form form = {0};
    struct asked q = {0};
    struct sv public_id = {0};
    struct store_fresh fresh = {0};
    int64_t course_id = 0;
    int64_t institution = p->session.institution_id;
    struct store *store = p->app->options.store;
    const struct store_courses_of of = whose(p);
    if (!web_form_upload(p->req, &form, err) || !read_asked(p, &form, &q, err) ||
        !web_form_one(&form, "course", &public_id, err) ||
        !store_courses_find(store, &of, public_id, p->arena, &course_id, err) ||
        !store_fresh_get(store, institution, course_id, p->arena, &fresh, err) ||
        !page_fresh_may_ask(&fresh, err)) {
        return false;
    }
    if (!page_fresh_is_busy(page_fresh_of(&fresh, p->now)) &&
        !store_sync_request(store, institution, course_id, err)) {
        return false;
    }
    return web_see_other(p->resp, list_url(p, &q, q.want.show, q.after), err);
}
