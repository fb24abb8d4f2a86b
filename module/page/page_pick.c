/* Choosing badges and pages for a course: where a deep linking launch leads (lti.md 6). */
#include "page_pick.h"
#include "lti_launch.h"

#define FILTER_FROM 9  /* so many badges get a box to narrow them */
#define OTHERS_MAX 500 /* what one page shows of an institution's other badges */

const struct page_pick_view page_pick_views[] = {
    {SV("badges"), SV("My badges"),
     SV("The badges of this course: what each learner has, and what comes next.")},
    {SV("progress"), SV("Course progress"),
     SV("Where everybody stands. Teachers see the whole course, learners only themselves.")},
};
const size_t page_pick_view_count = ARRAY_LEN(page_pick_views);

/* What the form said, to be shown again with its problem. */
struct form {
    struct sv *items;
    size_t count;
    const char *problem; /* NULL: none */
};

static bool load(struct page *p, struct page_pick *out, struct err *err) {
    struct store *store = p->app->options.store;
    const struct store_registration_key key = {.id = p->session.registration_id};
    int64_t institution = p->session.institution_id;
    int64_t course = p->session.context_id;
    AUTO_JSON *settings = NULL;
    return store_deep_link_get(store, institution, p->launch_id, p->arena, &out->stored, err) &&
           store_registration_get(store, &key, p->arena, &out->registration, err) &&
           js_parse(out->stored.settings, 2 * LTI_ID_TOKEN_MAX, "stored settings", &settings,
                    err) &&
           lti_deep_link_read(&out->registration, settings, p->arena, &out->asked, err) &&
           store_badge_list_course(store, institution, course, p->arena, &out->badges,
                                   &out->badge_count, err) &&
           store_badge_list(store, institution, p->arena, &out->all, &out->all_count, err) &&
           store_column_list(store, institution, course, p->arena, &out->columns,
                             &out->column_count, err) &&
           web_csp_form(p->resp, out->asked.return_url, err);
}

static bool is_in_course(const struct page_pick *pick, int64_t badge_id) {
    bool is_there = false;
    for (size_t i = 0; i < pick->badge_count; i++) {
        is_there = is_there || pick->badges[i].id == badge_id;
    }
    return is_there;
}

bool page_pick_may_add(const struct page *p, const struct page_pick *pick,
                       const struct store_badge *badge) {
    return p->session.context_id != 0 && page_may_issue(p, badge->issuer_key) &&
           !is_in_course(pick, badge->id);
}

static bool is_chosen(const struct form *form, struct sv value) {
    bool is_there = false;
    for (size_t i = 0; i < form->count; i++) {
        is_there = is_there || sv_eq(form->items[i], value);
    }
    return is_there;
}

static json_t *choice(const struct page_pick *pick, const struct form *form, struct sv value,
                      struct sv name) {
    json_t *obj = json_object();
    page_set_text(obj, "kind", pick->asked.is_multiple ? SV("checkbox") : SV("radio"));
    page_set_text(obj, "value", value);
    page_set_text(obj, "name", name);
    page_set_bool(obj, "is_checked", is_chosen(form, value));
    return obj;
}

static bool add_badge(struct page *p, const struct page_pick *pick, const struct form *form,
                      const struct store_badge *badge, json_t *list, struct err *err) {
    const struct badge_rule *rule = NULL;
    bool has_column = false;
    if (!badge_rule_parse(p->arena, badge->rule, &rule, err) ||
        !page_pick_has_column(p, pick, badge, &has_column, err)) {
        return false;
    }
    struct sv words =
        page_badge_names(p->arena, pick->all, pick->all_count, badge_rule_words(p->arena, rule));
    json_t *obj = choice(pick, form, badge->public_id, badge->name);
    page_set_text(obj, "image", page_badge_image(p, badge->public_id));
    page_set_text(obj, "rule", page_unbroken(p->arena, words));
    page_set_text(obj, "note", has_column ? SV("Comes with a column in the gradebook.") : SV(""));
    (void)json_array_append_new(list, obj);
    return true;
}

static json_t *views(const struct page_pick *pick, const struct form *form) {
    json_t *list = json_array();
    for (size_t i = 0; i < page_pick_view_count; i++) {
        const struct page_pick_view *view = &page_pick_views[i];
        json_t *obj = choice(pick, form, view->key, view->title);
        page_set_text(obj, "text", view->text);
        (void)json_array_append_new(list, obj);
    }
    return list;
}

/* The badges of the course, and what an admin may add to it. */
static bool add_badges(struct page *p, const struct page_pick *pick, const struct form *form,
                       json_t *model, struct err *err) {
    json_t *badges = json_array();
    json_t *others = json_array();
    size_t left_out = 0;
    bool is_ok = true;
    (void)json_object_set_new(model, "badges", badges);
    (void)json_object_set_new(model, "others", others);
    for (size_t i = 0; is_ok && i < pick->badge_count; i++) {
        is_ok = add_badge(p, pick, form, &pick->badges[i], badges, err);
    }
    for (size_t i = 0; is_ok && i < pick->all_count; i++) {
        if (!page_pick_may_add(p, pick, &pick->all[i])) {
            continue;
        }
        if (json_array_size(others) == OTHERS_MAX) {
            left_out++;
            continue;
        }
        is_ok = add_badge(p, pick, form, &pick->all[i], others, err);
    }
    page_set_bool(model, "has_badges", json_array_size(badges) > 0);
    page_set_bool(model, "has_others", json_array_size(others) > 0);
    page_set_bool(model, "is_many",
                  json_array_size(badges) + json_array_size(others) >= FILTER_FROM);
    page_set_text(model, "left_out",
                  left_out == 0 ? SV("")
                                : sv_printf(p->arena,
                                            "%zu more badges are not shown here; give them to this "
                                            "course in their badge file.",
                                            left_out));
    return is_ok;
}

static bool show(struct page *p, const struct page_pick *pick, const struct form *form,
                 struct err *err) {
    json_t *model = page_model(p, SV("Choose what to add"));
    json_t *problem = json_null();
    bool is_admin = p->session.role == MODEL_ROLE_ADMIN;
    if (form->problem != NULL) {
        problem = json_object();
        page_set_text(problem, "text", sv_from(form->problem));
    }
    page_add_plain_header(p, model);
    (void)json_object_set_new(model, "problem", problem);
    page_set_text(model, "lead",
                  pick->asked.is_multiple
                      ? SV("Each thing you choose becomes a link in your course.")
                      : SV("It becomes a link in your course. Here your learning platform takes "
                           "one at a time."));
    page_set_text(model, "empty",
                  is_admin
                      ? SV("Import a badge file on the Badges page of this tool, or choose "
                           "one of the pages above.")
                      : SV("A badge administrator of your school adds badges to a course; then "
                           "they are here to choose. The pages above work without any."));
    page_set_text(model, "action", page_path(p, "pick"));
    page_set_text(model, "csrf", page_csrf(p));
    (void)json_object_set_new(model, "views", views(pick, form));
    if (!add_badges(p, pick, form, model, err)) {
        json_decref(model);
        return false;
    }
    return page_render(p, form->problem == NULL ? 200 : 400, "pick.html", model, err);
}

static bool show_used(struct page *p, struct err *err) {
    json_t *model = page_model(p, SV("This selection was sent already"));
    page_set_text(model, "title", SV("This selection was sent already"));
    page_set_text(model, "what", SV("Your learning platform has it, and takes it once."));
    page_set_text(model, "todo",
                  SV("To add more, go back to your course and choose \"Select content\" or \"Add "
                     "content\" there once more."));
    page_set_text(model, "correlation", sv_from(p->req->id));
    (void)json_object_set_new(model, "back", json_null());
    return page_render(p, 409, "error.html", model, err);
}

bool page_pick(struct page *p, struct err *err) {
    struct page_pick pick = {0};
    const struct form form = {0};
    return load(p, &pick, err) &&
           (pick.stored.is_used ? show_used(p, err) : show(p, &pick, &form, err));
}

/* Each value once, in the order of the page. */
static void read_items(struct arena *a, const struct web_form *sent, struct form *out) {
    struct sv value;
    out->items = ARENA_ARRAY(a, struct sv, sent->count);
    for (size_t i = 0; web_form_nth(sent, "item", i, &value); i++) {
        if (!is_chosen(out, value)) {
            out->items[out->count++] = value;
        }
    }
}

static const char *problem_of(const struct page_pick *pick, const struct form *form) {
    if (form->count == 0) {
        return "Choose what to add first, or press Cancel.";
    }
    if (form->count > 1 && !pick->asked.is_multiple) {
        return "Your learning platform takes one thing at a time here. Choose one.";
    }
    return form->count > LTI_DEEP_LINK_ITEMS_MAX
               ? "At most 50 things can be added at once. Choose fewer, then come again."
               : NULL;
}

/* A badge nobody offered is not there, whoever asks and whether or not it exists (E1). */
static bool find(const struct page *p, const struct page_pick *pick, struct sv value,
                 struct page_picked *out, struct err *err) {
    *out = (struct page_picked){0};
    for (size_t i = 0; i < page_pick_view_count; i++) {
        if (sv_eq(page_pick_views[i].key, value)) {
            out->view = &page_pick_views[i];
        }
    }
    for (size_t i = 0; i < pick->badge_count; i++) {
        if (sv_eq(pick->badges[i].public_id, value)) {
            out->badge = &pick->badges[i];
        }
    }
    for (size_t i = 0; i < pick->all_count; i++) {
        if (sv_eq(pick->all[i].public_id, value) && page_pick_may_add(p, pick, &pick->all[i])) {
            out->badge = &pick->all[i];
            out->is_new = true;
        }
    }
    return out->view != NULL || out->badge != NULL ||
           err_because(err, ERR_NOT_FOUND, "badge", "there is no such badge in this course");
}

bool page_pick_send(struct page *p, struct err *err) {
    struct page_pick pick = {0};
    struct web_form sent = {0};
    struct sv deed = {0};
    struct form form = {0};
    struct page_picked picked[LTI_DEEP_LINK_ITEMS_MAX];
    if (!load(p, &pick, err) || !web_form_upload(p->req, &sent, err) ||
        !web_form_one(&sent, "deed", &deed, err)) {
        return false;
    }
    if (pick.stored.is_used) {
        return show_used(p, err);
    }
    if (sv_eq(deed, SV("cancel"))) {
        return page_pick_answer(p, &pick, NULL, 0, err);
    }
    read_items(p->arena, &sent, &form);
    form.problem = problem_of(&pick, &form);
    if (form.problem != NULL) {
        return show(p, &pick, &form, err);
    }
    for (size_t i = 0; i < form.count; i++) {
        if (!find(p, &pick, form.items[i], &picked[i], err)) {
            return false;
        }
    }
    return page_pick_answer(p, &pick, picked, form.count, err);
}
