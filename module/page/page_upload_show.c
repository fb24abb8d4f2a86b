/* What the upload's pages show. */
#include "base_encode.h"
#include "page_course.h"
#include "page_upload.h"

#define STRANGERS_SHOWN 50

static json_t *model_begin(const struct page *p, struct sv title, const char *path,
                           const char *label) {
    json_t *model = page_model(p, title);
    json_t *back = json_object();
    page_add_header(p, model, "grid");
    page_add_notice(p, model);
    page_set_text(back, "url", page_path(p, "%s", path));
    page_set_text(back, "label", sv_from(label));
    (void)json_object_set_new(model, "back", back);
    return model;
}

bool page_upload_ask(struct page *p, struct sv problem, struct err *err) {
    struct sv last;
    if (!page_upload_last(p, &last, err)) {
        return false;
    }
    json_t *model = model_begin(p, SV("Upload grades"), "grid", "Course grid");
    json_t *said = json_null();
    if (problem.len > 0) {
        said = json_object();
        page_set_text(said, "text", problem);
    }
    (void)json_object_set_new(model, "problem", said);
    page_set_text(model, "last", last);
    page_set_text(model, "action", page_path(p, "upload"));
    page_set_text(model, "csrf", page_csrf(p));
    return page_render(p, problem.len > 0 ? 422 : 200, "upload.html", model, err);
}

static void add_count(const struct page *p, json_t *list, size_t number, const char *label) {
    json_t *one = json_object();
    (void)json_object_set_new(one, "number", page_json_textf(p->arena, "%zu", number));
    page_set_text(one, "label", sv_from(label));
    (void)json_array_append_new(list, one);
}

static void add_counts(const struct page *p, json_t *model, const struct upload *u) {
    json_t *counts = json_array();
    add_count(p, counts, u->new_count, u->new_count == 1 ? "new result" : "new results");
    add_count(p, counts, u->changed_count, "changed");
    add_count(p, counts, u->same_count, "unchanged");
    add_count(p, counts, u->new_items, u->new_items == 1 ? "new item" : "new items");
    (void)json_object_set_new(model, "counts", counts);
}

static struct sv people_words(const struct page *p, const struct upload *u) {
    struct str out;
    char people[TEXT_TIME_MAX];
    const char *mark = ": ";
    str_init(&out, p->arena, 512);
    str_addf(&out, "%s of the course found in the file",
             text_count((int64_t)u->member_count, "person", "people", people));
    for (size_t key = 0; key < UPLOAD_KEYS; key++) {
        if (u->found_by[key] > 0) {
            str_addf(&out, "%s%zu by %s", mark, u->found_by[key],
                     upload_key_name((enum upload_key)key));
            mark = ", ";
        }
    }
    str_add_c(&out, ".");
    if (u->survey.test_rows > 0) {
        str_addf(&out, " Canvas's test student is left out.");
    }
    return str_sv(&out);
}

static void add_strangers(const struct page *p, json_t *model, const struct upload *u) {
    json_t *list = json_array();
    size_t shown = u->stranger_count < STRANGERS_SHOWN ? u->stranger_count : STRANGERS_SHOWN;
    for (size_t i = 0; i < shown; i++) {
        const struct upload_stranger *s = &u->strangers[i];
        json_t *one = json_object();
        page_set_text(one, "name", s->name.len > 0 ? s->name : s->looked_for);
        page_set_text(one, "looked_for",
                      s->name.len > 0 ? sv_printf(p->arena, "%.*s: ", SV_ARG(s->looked_for))
                                      : SV(""));
        page_set_text(one, "reason", sv_from(s->reason));
        (void)json_array_append_new(list, one);
    }
    page_set_bool(model, "has_strangers", shown > 0);
    (void)json_object_set_new(model, "strangers", list);
    (void)json_object_set_new(model, "strangers_title",
                              page_json_textf(p->arena, "Left out: %zu", u->stranger_count));
    (void)json_object_set_new(model, "more_strangers",
                              u->stranger_count > shown ? page_json_textf(p->arena, "And %zu more.",
                                                                          u->stranger_count - shown)
                                                        : page_json_text(SV("")));
}

static void add_option(json_t *list, const char *value, const char *label, struct sv chosen) {
    json_t *one = json_object();
    page_set_text(one, "value", sv_from(value));
    page_set_text(one, "label", sv_from(label));
    page_set_bool(one, "is_chosen", sv_eq(chosen, sv_from(value)));
    (void)json_array_append_new(list, one);
}

/* What the form said of a column, as the value of its field. */
static struct sv chosen_for(const struct page_upload *u, size_t column) {
    for (size_t i = 0; i < u->choices.count; i++) {
        const struct grades_csv_choice *c = &u->choices.list[i];
        if (c->column == column && c->has_use) {
            return c->use == GRADES_CSV_UNUSED   ? SV("none")
                   : c->use == GRADES_CSV_SCHOOL ? SV("school")
                   : c->use == GRADES_CSV_LOGIN  ? SV("login")
                                                 : SV("email");
        }
    }
    return SV("");
}

static json_t *options_of(const struct page_upload *u, size_t column) {
    const struct grades_csv_column *c = &u->upload.survey.columns[column];
    json_t *list = json_array();
    struct sv chosen = chosen_for(u, column);
    bool is_used = c->use != GRADES_CSV_UNUSED || c->is_left_out;
    if (u->upload.survey.format == GRADES_CSV_PLAIN) {
        return list;
    }
    add_option(list, "", is_used ? "As recognised" : "Not used", chosen);
    if (is_used) {
        add_option(list, "none", "Leave out", chosen);
    }
    if (c->is_choosable) {
        add_option(list, "school", "Finds people: school's number", chosen);
        add_option(list, "login", "Finds people: login", chosen);
        add_option(list, "email", "Finds people: e-mail address", chosen);
    }
    return list;
}

static json_t *column_model(const struct page *p, const struct page_upload *u, size_t column) {
    const struct grades_csv_column *c = &u->upload.survey.columns[column];
    json_t *one = json_object();
    json_t *options = options_of(u, column);
    page_set_text(one, "name", c->name);
    page_set_text(one, "words", page_sentence_case(p->arena, c->words));
    page_set_text(one, "state", c->use == GRADES_CSV_UNUSED ? SV("not_yet") : SV("met"));
    (void)json_object_set_new(one, "field", page_json_textf(p->arena, "use-%zu", column));
    page_set_bool(one, "has_options", json_array_size(options) > 0);
    (void)json_object_set_new(one, "options", options);
    json_t *maximum = json_null();
    if (c->wants_maximum) {
        maximum = json_object();
        (void)json_object_set_new(maximum, "number",
                                  page_json_textf(p->arena, "maximum-%zu", column));
        page_set_text(maximum, "value", c->maximum);
    }
    (void)json_object_set_new(one, "maximum", maximum);
    return one;
}

static void add_columns(const struct page *p, json_t *model, const struct page_upload *u) {
    json_t *used = json_array();
    json_t *unused = json_array();
    for (size_t i = 0; i < u->upload.survey.column_count; i++) {
        const struct grades_csv_column *c = &u->upload.survey.columns[i];
        if (c->name.len > 0) {
            (void)json_array_append_new(c->use == GRADES_CSV_UNUSED && !c->is_left_out ? unused
                                                                                       : used,
                                        column_model(p, u, i));
        }
    }
    page_set_bool(model, "has_unused", json_array_size(unused) > 0);
    (void)json_object_set_new(
        model, "unused_title",
        page_json_textf(p->arena, "Columns that are not used: %zu", json_array_size(unused)));
    (void)json_object_set_new(model, "columns", used);
    (void)json_object_set_new(model, "unused", unused);
}

bool page_upload_show(struct page *p, const struct page_upload *u, struct err *err) {
    const struct upload *up = &u->upload;
    bool is_good = up->member_count > 0;
    json_t *model = model_begin(p, SV("What this file would change"), "upload", "Another file");
    page_set_text(model, "title",
                  is_good ? SV("This file can be stored") : SV("Nobody of this file was found"));
    page_set_text(model, "format",
                  sv_printf(p->arena, "%s. Nothing has been stored yet.",
                            grades_csv_format_name(up->survey.format)));
    page_set_text(model, "people", people_words(p, up));
    page_set_text(model, "review", page_path(p, "upload/review"));
    page_set_text(model, "store", page_path(p, "upload/store"));
    page_set_text(model, "csrf", page_csrf(p));
    page_set_text(model, "digest", hex_encode(p->arena, u->digest, sizeof u->digest));
    page_set_bool(model, "can_store", is_good);
    page_set_bool(model, "can_choose", up->survey.format != GRADES_CSV_PLAIN);
    add_counts(p, model, up);
    add_strangers(p, model, up);
    add_columns(p, model, u);
    return page_render(p, 200, "upload_review.html", model, err);
}
