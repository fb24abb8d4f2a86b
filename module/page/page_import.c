/* A badge file: what it would change, then the change itself. */
#include "page_admin.h"

/* The chosen file wins over pasted text. */
static bool read_text(struct page *p, const char *field, struct sv *text, struct err *err) {
    struct web_form form = {0};
    if (!web_form_upload(p->req, &form, err) || !web_form_one(&form, field, text, err)) {
        return false;
    }
    const struct web_file *file = web_form_file(&form, "file");
    if (file != NULL && file->content.len > 0) {
        *text = file->content;
    }
    return true;
}

static bool is_for_the_form(const struct err *e) {
    return e->code == ERR_INPUT || e->code == ERR_NOT_FOUND || e->code == ERR_DENIED;
}

/* What is wrong with the file is said on the page it came from, with what was sent. */
static bool refuse(struct page *p, struct sv text, const struct err *why, struct err *err) {
    if (!is_for_the_form(why)) {
        *err = *why;
        return false;
    }
    const struct page_import_retry retry = {
        .text = text, .problem = page_full_stop(p->arena, sv_from(why->text))};
    return page_admin_show(p, &retry, err);
}

static bool read_import(struct page *p, struct sv text, struct judge_import *out, struct err *err) {
    if (sv_trim(text).len == 0) {
        return err_because(err, ERR_INPUT, "empty",
                           "choose a badge file, or paste the text of one");
    }
    if (!judge_import_read(p->app->options.store, text, p->session.institution_id, NULL, p->arena,
                           out, err)) {
        return false;
    }
    if (!page_may_issue(p, out->file->issuer.key)) {
        return err_because(
            err, ERR_DENIED, "issuer",
            "your rights are for other issuers than \"%.*s\"; ask an administrator of the "
            "whole institution",
            SV_ARG(out->file->issuer.key));
    }
    return true;
}

static const char *kind_of(enum store_change change) {
    return change == STORE_CREATED ? "created" : change == STORE_CHANGED ? "changed" : "unchanged";
}

static const char *kind_word(enum store_change change) {
    return change == STORE_CREATED ? "New" : change == STORE_CHANGED ? "Changed" : "Unchanged";
}

static struct sv forecast(const struct page *p, const struct judge_import_badge *b) {
    const struct judge_dry_run *d = &b->dry_run;
    if (d->people == 0) {
        return SV("");
    }
    struct str out;
    str_init(&out, p->arena, 512);
    str_addf(&out, "%zu would earn it today, %zu %s one step away", d->would_earn, d->one_step,
             d->one_step == 1 ? "is" : "are");
    if (d->hold > 0) {
        str_addf(&out, ", %zu %s it already", d->hold, d->hold == 1 ? "holds" : "hold");
    }
    char ago[TEXT_TIME_MAX];
    str_addf(&out, ". By grades read %s.", text_ago(p->zone, b->read_at, p->now, ago));
    return str_sv(&out);
}

static void add_course(json_t *list, const char *state, struct sv text) {
    json_t *course = json_object();
    page_set_text(course, "state", sv_from(state));
    page_set_text(course, "text", text);
    (void)json_array_append_new(list, course);
}

static json_t *courses_of(const struct page *p, const struct judge_import_badge *b) {
    json_t *courses = json_array();
    for (size_t i = 0; i < b->course_count; i++) {
        add_course(
            courses, "met",
            page_course_name(p->arena, b->course_titles[i], b->badge->courses[i].context_id));
    }
    if (b->problem.len > 0) {
        add_course(courses, "problem", b->problem);
    } else if (b->course_count == 0) {
        add_course(courses, "problem", SV("In no course, so nobody can earn it yet"));
    }
    return courses;
}

/* Keys and names of the file's badges: rules name badges by key. */
static struct store_badge *names_of(struct arena *a, const struct judge_import *import) {
    struct store_badge *names = ARENA_ARRAY(a, struct store_badge, import->badge_count);
    for (size_t i = 0; i < import->badge_count; i++) {
        names[i].key = import->badges[i].badge->key;
        names[i].name = import->badges[i].badge->name;
    }
    return names;
}

static json_t *changes_of(const struct page *p, const struct judge_import_badge *b) {
    json_t *changes = json_array();
    if (b->picture == JUDGE_PICTURE_MISSING || b->picture == JUDGE_PICTURE_REMOVED) {
        json_t *one = json_object();
        page_set_text(one, "text",
                      b->picture == JUDGE_PICTURE_REMOVED
                          ? SV("Its own picture goes; Laurel draws one.")
                          : sv_printf(p->arena, "Its picture %.*s is not there: %.*s.",
                                      SV_ARG(b->badge->image), SV_ARG(b->image_problem)));
        (void)json_array_append_new(changes, one);
    }
    return changes;
}

static json_t *badge_model(const struct page *p, const struct judge_import_badge *b,
                           const struct store_badge *names, size_t name_count) {
    json_t *obj = json_object();
    json_t *courses = courses_of(p, b);
    json_t *changes = changes_of(p, b);
    page_set_text(obj, "name", b->badge->name);
    page_set_text(obj, "key", b->badge->key);
    page_set_text(obj, "kind", sv_from(kind_of(b->change)));
    page_set_text(obj, "word", sv_from(kind_word(b->change)));
    (void)json_object_set_new(obj, "picture", json_null());
    page_set_text(obj, "rule",
                  page_unbroken(p->arena, page_badge_names(p->arena, names, name_count, b->words)));
    page_set_bool(obj, "has_changes", json_array_size(changes) > 0);
    (void)json_object_set_new(obj, "changes", changes);
    page_set_bool(obj, "has_courses", json_array_size(courses) > 0);
    (void)json_object_set_new(obj, "courses", courses);
    page_set_text(obj, "forecast", forecast(p, b));
    return obj;
}

static struct sv summary(const struct page *p, const struct judge_import *import) {
    size_t counts[STORE_UNCHANGED + 1] = {0};
    for (size_t i = 0; i < import->badge_count; i++) {
        counts[import->badges[i].change]++;
    }
    struct str out;
    str_init(&out, p->arena, 256);
    char new_badges[TEXT_TIME_MAX];
    str_add_c(&out,
              text_count((int64_t)counts[STORE_CREATED], "new badge", "new badges", new_badges));
    str_addf(&out, ", %zu changed, %zu unchanged. Nothing has changed yet.", counts[STORE_CHANGED],
             counts[STORE_UNCHANGED]);
    return str_sv(&out);
}

static json_t *confirm(const struct page *p, const struct judge_import *import, struct sv text) {
    char badges[TEXT_TIME_MAX];
    json_t *form = json_object();
    (void)text_count((int64_t)import->badge_count, "badge", "badges", badges);
    page_set_text(form, "action", page_path(p, "badges/import/confirm"));
    page_set_text(form, "csrf", page_csrf(p));
    page_set_text(form, "plan", text);
    page_set_text(form, "label", sv_printf(p->arena, "Import %s", badges));
    page_set_text(form, "text",
                  SV("Whoever meets a badge already gets it within a minute; others when their "
                     "grades do."));
    return form;
}

static bool show(struct page *p, const struct judge_import *import, struct sv text,
                 struct err *err) {
    json_t *model = page_model(p, SV("What this file would change"));
    json_t *badges = json_array();
    json_t *back = json_object();
    const struct store_badge *names = names_of(p->arena, import);
    for (size_t i = 0; i < import->badge_count; i++) {
        (void)json_array_append_new(badges,
                                    badge_model(p, &import->badges[i], names, import->badge_count));
    }
    page_set_text(back, "url", page_path(p, "badges"));
    page_set_text(back, "label", SV("Badges"));
    page_add_header(p, model, "badges");
    page_add_notice(p, model);
    (void)json_object_set_new(model, "back", back);
    page_set_text(model, "title", SV("This file can be imported"));
    page_set_text(model, "summary", summary(p, import));
    page_set_bool(model, "has_problems", false);
    (void)json_object_set_new(model, "problems", json_array());
    page_set_bool(model, "has_badges", import->badge_count > 0);
    (void)json_object_set_new(model, "badges", badges);
    (void)json_object_set_new(model, "confirm", confirm(p, import, text));
    return page_render(p, 200, "import_dry_run.html", model, err);
}

bool page_import(struct page *p, struct err *err) {
    struct judge_import import = {0};
    struct err why = {0};
    struct sv text = {0};
    if (!read_text(p, "text", &text, err)) {
        return false;
    }
    if (!read_import(p, text, &import, &why)) {
        return refuse(p, text, &why, err);
    }
    return show(p, &import, text, err);
}

/* The text comes back from the dry run's page, and is read and checked like any other. */
bool page_import_confirm(struct page *p, struct err *err) {
    struct judge_import import = {0};
    struct err why = {0};
    struct sv text = {0};
    if (!read_text(p, "plan", &text, err)) {
        return false;
    }
    if (!read_import(p, text, &import, &why) ||
        !judge_import_apply(p->app->options.store, &import, p->session.person_id, &why)) {
        return refuse(p, text, &why, err);
    }
    return web_see_other(p->resp, page_path(p, "badges?done=imported"), err);
}
