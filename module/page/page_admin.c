/* The badges of the institution, where grades come from, and the way to import more. */
#include "page_admin.h"
#include "page_copy.h"

struct overview {
    struct store_badge *badges;
    size_t badge_count;
    struct store_mapping *mappings;
    size_t mapping_count;
    struct store_award *awards;
    size_t award_count;
};

static bool load(struct page *p, struct overview *o, struct err *err) {
    struct store *store = p->app->options.store;
    int64_t institution = p->session.institution_id;
    return store_badge_list(store, institution, p->arena, &o->badges, &o->badge_count, err) &&
           store_mapping_list(store, institution, p->arena, &o->mappings, &o->mapping_count, err) &&
           store_award_list(store, institution, NULL, 0, p->arena, &o->awards, &o->award_count,
                            err);
}

/* The courses of a badge; true when one of them has a problem. */
static bool add_courses(const struct page *p, json_t *obj, const struct overview *o,
                        int64_t badge_id) {
    json_t *courses = json_array();
    bool has_problem = false;
    for (size_t i = 0; i < o->mapping_count; i++) {
        const struct store_mapping *m = &o->mappings[i];
        if (m->badge_id != badge_id) {
            continue;
        }
        struct sv title = page_course_name(p->arena, m->course_title, m->context_id);
        json_t *course = json_object();
        page_set_text(course, "title",
                      m->problem.len == 0
                          ? title
                          : sv_printf(p->arena, "%.*s: %.*s", SV_ARG(title), SV_ARG(m->problem)));
        (void)json_array_append_new(courses, course);
        has_problem = has_problem || m->problem.len > 0;
    }
    page_set_bool(obj, "has_courses", json_array_size(courses) > 0);
    (void)json_object_set_new(obj, "courses", courses);
    return has_problem;
}

static void add_count(const struct page *p, json_t *list, size_t number, const char *label) {
    if (number > 0) {
        json_t *one = json_object();
        (void)json_object_set_new(one, "number", page_json_textf(p->arena, "%zu", number));
        page_set_text(one, "label", sv_from(label));
        (void)json_array_append_new(list, one);
    }
}

static void add_counts(const struct page *p, json_t *obj, const struct overview *o,
                       int64_t badge_id) {
    size_t by_state[MODEL_AWARD_SUPERSEDED + 1] = {0};
    json_t *counts = json_array();
    for (size_t i = 0; i < o->award_count; i++) {
        if (o->awards[i].badge_id == badge_id) {
            by_state[o->awards[i].state]++;
        }
    }
    add_count(p, counts, by_state[MODEL_AWARD_ISSUED], "earned");
    add_count(p, counts, by_state[MODEL_AWARD_PROPOSED], "to review");
    add_count(p, counts, by_state[MODEL_AWARD_SUSPENDED], "suspended");
    add_count(p, counts, by_state[MODEL_AWARD_REVOKED], "revoked");
    page_set_bool(obj, "has_counts", json_array_size(counts) > 0);
    (void)json_object_set_new(obj, "counts", counts);
}

static bool add_badge(struct page *p, json_t *list, const struct overview *o,
                      const struct store_badge *badge, struct err *err) {
    const struct badge_rule *rule = NULL;
    if (!badge_rule_parse(p->arena, badge->rule, &rule, err)) {
        return false;
    }
    json_t *obj = json_object();
    bool has_problem = add_courses(p, obj, o, badge->id);
    bool is_on = json_is_true(json_object_get(obj, "has_courses"));
    page_set_text(obj, "name", badge->name);
    page_set_text(obj, "key", badge->key);
    page_set_text(obj, "image", page_badge_image(p, badge->public_id));
    page_set_text(obj, "url", page_badge_url(p, badge->public_id));
    page_set_text(obj, "state", has_problem ? SV("problem") : is_on ? SV("earned") : SV("not_yet"));
    page_set_text(obj, "word", has_problem ? SV("Needs a look") : is_on ? SV("On") : SV("Off"));
    struct sv words =
        page_badge_names(p->arena, o->badges, o->badge_count, badge_rule_words(p->arena, rule));
    page_set_text(obj, "rule", page_unbroken(p->arena, words));
    add_counts(p, obj, o, badge->id);
    (void)json_array_append_new(list, obj);
    return true;
}

/* The platform that this launch came from. */
static json_t *connection(const struct page *p) {
    json_t *obj = json_object();
    bool is_set = p->session.source_kind.len > 0;
    bool is_failing = p->session.sync_error.len > 0;
    page_set_text(obj, "title",
                  page_source_title(p->arena, p->session.source_kind, p->session.issuer));
    page_set_text(obj, "state", !is_set ? SV("review") : is_failing ? SV("problem") : SV("earned"));
    page_set_text(obj, "word",
                  !is_set      ? SV("Not set up")
                  : is_failing ? SV("Needs a look")
                               : SV("Works"));
    page_set_text(obj, "text",
                  !is_set      ? SV("Laurel cannot read grades here yet. The operator sets a grade "
                                         "source with laurel source set.")
                  : is_failing ? p->session.sync_error
                  : p->session.synced_at == 0
                      ? SV("Set up; nothing has been read in this course yet.")
                      : SV("Set up. The Courses page says when each course was read."));
    return obj;
}

static json_t *import_form(const struct page *p, const struct page_import_retry *retry) {
    json_t *form = json_object();
    json_t *problem = json_null();
    if (retry != NULL) {
        problem = json_object();
        page_set_text(problem, "text", retry->problem);
    }
    page_set_text(form, "action", page_path(p, "badges/import"));
    page_set_text(form, "csrf", page_csrf(p));
    page_set_text(form, "text", retry == NULL ? SV("") : retry->text);
    page_set_text(form, "limit", SV("1\xC2\xA0MiB"));
    (void)json_object_set_new(form, "problem", problem);
    return form;
}

/* The form is far down the page. */
static void add_problem(json_t *model, const struct page_import_retry *retry) {
    if (retry != NULL) {
        json_t *notice = json_object();
        page_set_text(notice, "kind", SV("problem"));
        page_set_text(notice, "title", SV("Nothing was imported"));
        page_set_text(notice, "text", retry->problem);
        (void)json_object_set_new(model, "notice", notice);
    }
}

bool page_admin_show(struct page *p, const struct page_import_retry *retry, struct err *err) {
    struct overview o = {0};
    if (!load(p, &o, err)) {
        return false;
    }
    json_t *model = page_model(p, SV("Badges"));
    json_t *badges = json_array();
    (void)json_object_set_new(model, "badges", badges);
    for (size_t i = 0; i < o.badge_count; i++) {
        if (page_may_issue(p, o.badges[i].issuer_key) &&
            !add_badge(p, badges, &o, &o.badges[i], err)) {
            json_decref(model);
            return false;
        }
    }
    json_t *connections = json_array();
    (void)json_array_append_new(connections, connection(p));
    page_add_header(p, model, "badges");
    page_add_notice(p, model);
    if (!page_add_copy(p, model, err)) {
        json_decref(connections);
        json_decref(model);
        return false;
    }
    add_problem(model, retry);
    page_set_bool(model, "has_badges", o.badge_count > 0);
    page_set_bool(model, "has_connections", true);
    (void)json_object_set_new(model, "connections", connections);
    (void)json_object_set_new(model, "import", import_form(p, retry));
    return page_render(p, retry == NULL ? 200 : 400, "admin.html", model, err);
}

bool page_admin(struct page *p, struct err *err) { return page_admin_show(p, NULL, err); }
