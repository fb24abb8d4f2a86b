/* The course grid: learners by badges. */
#include "base_encode.h"
#include "page_copy.h"
#include "page_course.h"
#include "page_upload.h"

#define ROWS_PER_PAGE 100
#define SEARCH_BYTES_MAX 200

/* The choices above the grid; a learner fits some of them. */
static const struct choice {
    const char *key, *label;
} choices[] = {
    {"all", "All"},       {"almost", "Almost"},    {"stuck", "Stuck"},
    {"earned", "Earned"}, {"review", "To review"}, {"left", "Left the course"},
};
enum { ALL, ALMOST, STUCK, EARNED, REVIEW, LEFT, CHOICES };

struct row {
    const struct judge_person *person;
    unsigned fits; /* bits of the choices */
};

struct grid {
    struct judge_course course;
    struct judge_person *people;
    size_t people_count;
    struct row *rows; /* who may earn */
    size_t row_count;
    size_t counts[CHOICES]; /* learners */
    size_t earned_today;    /* awards */
    /* What was asked for: */
    struct sv search;
    size_t show;
    size_t page;              /* from 0 */
    const struct row **shown; /* fitting search and choice */
    size_t shown_count;
};

static void read_page_number(const struct web_form *query, struct grid *g) {
    struct err ignored = {0};
    struct sv text = {0};
    int64_t number = 1;
    if (web_form_one(query, "page", &text, &ignored) && num_parse_i64(text, 1, 1000000, &number)) {
        g->page = (size_t)number - 1;
    }
}

/* An address that says nonsense shows everybody. */
static bool read_query(struct page *p, struct grid *g, struct err *err) {
    struct web_form query = {0};
    struct sv show = {0};
    if (!web_query(p->req, &query, err) || !web_form_one(&query, "search", &g->search, err) ||
        !web_form_one(&query, "show", &show, err)) {
        return false;
    }
    g->search = sv_clip_utf8(sv_trim(g->search), SEARCH_BYTES_MAX);
    for (size_t i = 0; i < CHOICES; i++) {
        if (sv_eq(show, sv_from(choices[i].key))) {
            g->show = i;
        }
    }
    read_page_number(&query, g);
    return true;
}

static usec_t midnight(const struct page *p) {
    struct text_civil c = text_zone_civil(p->zone, p->now);
    c.hour = c.minute = c.second = 0;
    return text_zone_usec(p->zone, c);
}

/* The verdicts themselves are thrown away: the grid holds one row a learner, however many badges.
 */
static void judge_row(struct grid *g, struct row *row, usec_t today, struct arena *scratch) {
    if (!row->person->person.is_active) { /* keeps what was earned, and is counted nowhere else */
        row->fits = 1u << LEFT;
        g->counts[LEFT]++;
        return;
    }
    row->fits = 1u << ALL;
    for (size_t i = 0; i < g->course.badge_count; i++) {
        const struct page_standing s = page_standing(&g->course.badges[i], row->person, scratch);
        enum page_state state = page_staff_state(&s);
        row->fits |= state == PAGE_STATE_ALMOST ? 1u << ALMOST : 0;
        row->fits |= s.state == PAGE_STATE_EARNED ? 1u << EARNED : 0;
        row->fits |= state == PAGE_STATE_REVIEW ? 1u << REVIEW : 0;
        row->fits |= page_is_stuck(s.award, &s.verdict) ? 1u << STUCK : 0;
        g->earned_today += s.state == PAGE_STATE_EARNED && s.award->issued_at >= today;
    }
    for (size_t i = 0; i < CHOICES; i++) {
        g->counts[i] += (row->fits >> i) & 1u;
    }
}

static void judge_rows(const struct page *p, struct grid *g) {
    AUTO_ARENA scratch = {0};
    usec_t today = midnight(p);
    g->rows = ARENA_ARRAY(p->arena, struct row, g->people_count);
    for (size_t i = 0; i < g->people_count; i++) {
        if (!g->people[i].person.may_earn) {
            continue;
        }
        struct row *row = &g->rows[g->row_count++];
        row->person = &g->people[i];
        judge_row(g, row, today, &scratch);
        arena_reset(&scratch);
    }
}

static void choose_rows(const struct page *p, struct grid *g) {
    g->shown = ARENA_ARRAY(p->arena, const struct row *, g->row_count);
    for (size_t i = 0; i < g->row_count; i++) {
        const struct row *row = &g->rows[i];
        if ((row->fits & (1u << g->show)) != 0 &&
            page_search_fits(page_person_name(p, &row->person->person), g->search)) {
            g->shown[g->shown_count++] = row;
        }
    }
    if (g->page * ROWS_PER_PAGE >= g->shown_count) {
        g->page = 0;
    }
}

static void add_count(json_t *list, size_t number, const char *label, struct arena *a) {
    json_t *one = json_object();
    (void)json_object_set_new(one, "number", page_json_textf(a, "%zu", number));
    page_set_text(one, "label", sv_from(label));
    (void)json_array_append_new(list, one);
}

static void add_counts(const struct page *p, json_t *model, const struct grid *g) {
    json_t *counts = json_array();
    bool has_counts = g->course.badge_count > 0 && g->row_count > 0;
    if (has_counts) {
        add_count(counts, g->counts[ALL], g->counts[ALL] == 1 ? "learner" : "learners", p->arena);
        add_count(counts, g->earned_today, "earned today", p->arena);
        add_count(counts, g->counts[ALMOST], "almost", p->arena);
        add_count(counts, g->counts[REVIEW], "to review", p->arena);
    }
    page_set_bool(model, "has_counts", has_counts);
    (void)json_object_set_new(model, "counts", counts);
}

static struct sv grid_url(const struct page *p, const struct grid *g, size_t show, size_t page) {
    struct str url;
    str_init(&url, p->arena, 2048);
    str_add(&url, page_path(p, "grid?show=%s", choices[show].key));
    if (g->search.len > 0) {
        str_add_c(&url, "&search=");
        percent_encode(&url, g->search);
    }
    if (page > 0) {
        str_addf(&url, "&page=%zu", page + 1);
    }
    return str_sv(&url);
}

static json_t *url_object(struct sv url) {
    json_t *obj = json_object();
    page_set_text(obj, "url", url);
    return obj;
}

static void add_filter(const struct page *p, json_t *model, const struct grid *g) {
    if (g->row_count == 0 || g->course.badge_count == 0) {
        (void)json_object_set_new(model, "filter", json_null());
        return;
    }
    json_t *filter = json_object();
    json_t *options = json_array();
    size_t choice_count = g->counts[LEFT] > 0 ? CHOICES : LEFT;
    for (size_t i = 0; i < choice_count; i++) {
        json_t *option = url_object(grid_url(p, g, i, 0));
        page_set_text(option, "label", sv_from(choices[i].label));
        page_set_bool(option, "is_current", i == g->show);
        (void)json_object_set_new(option, "count", page_json_textf(p->arena, "%zu", g->counts[i]));
        (void)json_array_append_new(options, option);
    }
    bool is_filtered = g->search.len > 0 || g->show != ALL;
    page_set_text(filter, "action", page_path(p, "grid"));
    page_set_text(filter, "search", g->search);
    page_set_text(filter, "show", sv_from(choices[g->show].key));
    (void)json_object_set_new(filter, "options", options);
    (void)json_object_set_new(filter, "clear",
                              is_filtered ? url_object(page_path(p, "grid")) : json_null());
    (void)json_object_set_new(model, "filter", filter);
}

static void add_columns(const struct page *p, json_t *model, const struct judge_course *course) {
    json_t *columns = json_array();
    for (size_t i = 0; i < course->badge_count; i++) {
        const struct store_badge *badge = &course->badges[i].stored;
        json_t *column = url_object(page_badge_url(p, badge->public_id));
        page_set_text(column, "name", badge->name);
        page_set_text(column, "image", page_badge_image(p, badge->public_id));
        (void)json_array_append_new(columns, column);
    }
    (void)json_object_set_new(model, "columns", columns);
}

static const char *award_word(enum model_award_state state) {
    switch (state) {
    case MODEL_AWARD_SUSPENDED:
        return "Suspended";
    case MODEL_AWARD_REVOKED:
        return "Revoked";
    case MODEL_AWARD_DECLINED:
        return "Declined";
    case MODEL_AWARD_EXPIRED:
        return "Expired";
    default:
        return "Replaced";
    }
}

static struct sv cell_text(const struct page *p, const struct page_standing *s) {
    switch (page_staff_state(s)) {
    case PAGE_STATE_EARNED:
        return s->award == NULL ? SV("") : page_date(p, s->award->issued_at);
    case PAGE_STATE_REVIEW:
        return SV("To review");
    case PAGE_STATE_PROBLEM:
        return s->award != NULL            ? sv_from(award_word(s->award->state))
               : p->session.synced_at == 0 ? SV("Not read yet")
                                           : SV("Needs a look");
    default:
        return s->verdict.is_met
                   ? SV("All met")
                   : sv_printf(p->arena, "%u of %u", s->verdict.done, s->verdict.total);
    }
}

static json_t *cell(const struct page *p, const struct page_standing *s, struct sv name,
                    struct sv token) {
    bool is_on_the_way = s->state == PAGE_STATE_ALMOST || s->state == PAGE_STATE_NOT_YET;
    bool is_unread =
        s->award == NULL && s->state == PAGE_STATE_PROBLEM && p->session.synced_at == 0;
    json_t *obj = url_object(
        page_path(p, "why/%.*s/%.*s", SV_ARG(token), SV_ARG(s->badge->stored.public_id)));
    json_t *bar = json_null();
    if (is_on_the_way) {
        bar = json_object();
        (void)json_object_set_new(bar, "done", json_integer(s->verdict.done));
        (void)json_object_set_new(bar, "of", json_integer(s->verdict.total));
    }
    page_set_text(obj, "state",
                  is_unread ? SV("none") : sv_from(page_state_name(page_staff_state(s))));
    page_set_text(obj, "text", cell_text(p, s));
    page_set_text(obj, "who",
                  sv_printf(p->arena, "%.*s, %.*s", SV_ARG(name), SV_ARG(s->badge->stored.name)));
    (void)json_object_set_new(obj, "bar", bar);
    return obj;
}

static json_t *learner(const struct page *p, const struct grid *g, const struct row *row) {
    json_t *obj = json_object();
    json_t *cells = json_array();
    struct sv name = page_person_name(p, &row->person->person);
    struct sv token = page_person_token(p, row->person->person.id);
    for (size_t i = 0; i < g->course.badge_count; i++) {
        const struct page_standing s = page_standing(&g->course.badges[i], row->person, p->arena);
        (void)json_array_append_new(cells, cell(p, &s, name, token));
    }
    page_set_text(obj, "name", name);
    (void)json_object_set_new(obj, "url", json_null());
    (void)json_object_set_new(obj, "cells", cells);
    return obj;
}

static void add_learners(const struct page *p, json_t *model, const struct grid *g) {
    json_t *learners = json_array();
    size_t first = g->page * ROWS_PER_PAGE;
    for (size_t i = first; i < g->shown_count && i < first + ROWS_PER_PAGE; i++) {
        (void)json_array_append_new(learners, learner(p, g, g->shown[i]));
    }
    bool has_badges = g->course.badge_count > 0;
    page_set_bool(model, "is_without_badges", !has_badges);
    page_set_bool(model, "is_without_learners", has_badges && g->row_count == 0);
    page_set_bool(model, "is_no_match", has_badges && g->row_count > 0 && g->shown_count == 0);
    page_set_bool(model, "has_grid", has_badges && g->shown_count > 0);
    (void)json_object_set_new(model, "learners", learners);
}

static void add_paging(const struct page *p, json_t *model, const struct grid *g) {
    size_t first = g->page * ROWS_PER_PAGE;
    size_t end = first + ROWS_PER_PAGE < g->shown_count ? first + ROWS_PER_PAGE : g->shown_count;
    if (g->shown_count <= ROWS_PER_PAGE) {
        (void)json_object_set_new(model, "paging", json_null());
        return;
    }
    json_t *paging = json_object();
    (void)json_object_set_new(
        paging, "summary",
        page_json_textf(p->arena, "Learners %zu to %zu of %zu", first + 1, end, g->shown_count));
    (void)json_object_set_new(paging, "previous",
                              first == 0 ? json_null()
                                         : url_object(grid_url(p, g, g->show, g->page - 1)));
    (void)json_object_set_new(
        paging, "next",
        end == g->shown_count ? json_null() : url_object(grid_url(p, g, g->show, g->page + 1)));
    (void)json_object_set_new(model, "paging", paging);
}

/* Where no source reads the gradebook, a file is the way; elsewhere it is one more. */
static bool add_upload(const struct page *p, json_t *model, struct err *err) {
    struct sv kind = p->session.source_kind;
    bool is_way = !sv_eq(kind, SV("moodle")) && !sv_eq(kind, SV("canvas"));
    struct sv last = {0};
    if (p->session.context_id != 0 && !page_upload_last(p, &last, err)) {
        return false;
    }
    json_t *link = json_null();
    if (p->session.context_id != 0) {
        link = url_object(page_path(p, "upload"));
        page_set_text(link, "last", last);
    }
    (void)json_object_set_new(model, "upload", is_way ? link : json_null());
    (void)json_object_set_new(model, "upload_more", is_way ? json_null() : link);
    return true;
}

bool page_teacher(struct page *p, struct err *err) {
    struct grid g = {0};
    if (!read_query(p, &g, err) || !page_course_load(p, &g.course, err)) {
        return false;
    }
    if (g.course.badge_count > 0 && !judge_people_load(p->app->options.store, &g.course, NULL, 0,
                                                       p->arena, &g.people, &g.people_count, err)) {
        return false;
    }
    judge_rows(p, &g);
    choose_rows(p, &g);
    json_t *model = page_model(p, SV("Learners and badges"));
    page_add_header(p, model, "grid");
    page_add_notice(p, model);
    if (!page_add_copy(p, model, err) || !add_upload(p, model, err)) {
        json_decref(model);
        return false;
    }
    page_add_broken(p, model, &g.course);
    add_counts(p, model, &g);
    add_filter(p, model, &g);
    add_columns(p, model, &g.course);
    add_learners(p, model, &g);
    add_paging(p, model, &g);
    return page_render(p, 200, "teacher.html", model, err);
}
