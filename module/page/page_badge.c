/* One badge, as its learner sees it. */
#include "page_copies.h"
#include "page_course.h"
#include "page_share.h"
#include "page_wallet.h"

static void add_issuer(json_t *model, struct sv name) {
    json_t *issuer = json_object();
    page_set_text(issuer, "name", name);
    (void)json_object_set_new(issuer, "link", json_null());
    (void)json_object_set_new(model, "issuer", issuer);
}

static void add_back(const struct page *p, json_t *model, bool is_in_course) {
    json_t *back = json_object();
    bool is_staff = p->session.role >= MODEL_ROLE_TEACHER;
    page_set_text(back, "url",
                  page_path(p, "%s",
                            !is_in_course ? "badges"
                            : is_staff    ? "learner"
                                          : ""));
    page_set_text(back, "label", is_in_course ? SV("All badges of this course") : SV("All badges"));
    (void)json_object_set_new(model, "back", back);
}

/* What is true of the badge whoever looks. */
static json_t *base_model(const struct page *p, const struct store_badge *stored,
                          const struct model_badge *badge, bool is_in_course) {
    json_t *model = page_model(p, stored->name);
    bool is_staff = p->session.role >= MODEL_ROLE_TEACHER;
    page_add_header(p, model, !is_in_course ? "badges" : is_staff ? "learner" : "");
    page_add_notice(p, model);
    add_back(p, model, is_in_course);
    add_issuer(model, stored->issuer_name);
    page_set_text(model, "name", stored->name);
    page_set_text(model, "description", badge->description);
    page_set_text(model, "image", page_badge_image(p, stored->public_id));
    page_set_text(model, "image_alt",
                  badge->image_alt.len > 0
                      ? badge->image_alt
                      : sv_printf(p->arena, "The badge %.*s", SV_ARG(stored->name)));
    page_set_text(model, "criteria", badge->criteria);
    page_set_bool(model, "has_criteria", badge->criteria.len > 0);
    page_wallet_add_form(p, model, stored->public_id, NULL, sv_of(NULL, 0));
    (void)json_object_set_new(model, "copies", json_null());
    page_set_bool(model, "has_links", false);
    (void)json_object_set_new(model, "links", json_array());
    (void)json_object_set_new(model, "share", json_null());
    return model;
}

static void add_standing(const struct page *p, json_t *model, const struct judge_course *course,
                         const struct page_standing *s) {
    AUTO_JSON *why = page_explain(p, course, s, BADGE_VOICE_LEARNER);
    bool has_award = s->award != NULL;
    json_t *conditions = json_object_get(why, "conditions");
    page_set_text(model, "state", sv_from(page_state_name(s->state)));
    page_set_text(model, "word", page_standing_word(p, s));
    page_set_text(model, "sentence", page_award_sentence(p, s->award));
    (void)json_object_set_new(model, "progress",
                              has_award ? json_null()
                                        : page_progress(s, js_sv(json_object_get(why, "summary"))));
    page_set_text(model, "next",
                  has_award ? SV("")
                            : page_standing_next(p, s, js_sv(json_object_get(why, "next"))));
    page_set_bool(model, "has_conditions", json_array_size(conditions) > 0);
    (void)json_object_set(model, "conditions", conditions);
}

/* Of a badge that this course does not know: what it takes, and nobody's standing. */
static void add_outline(const struct page *p, json_t *model, const struct badge_rule *rule) {
    page_set_text(model, "state", SV("not_yet"));
    page_set_text(model, "word", SV("Not part of this course"));
    page_set_text(model, "sentence", SV(""));
    page_set_text(model, "next", SV(""));
    (void)json_object_set_new(model, "progress", json_null());
    page_set_bool(model, "has_conditions", true);
    (void)json_object_set_new(model, "conditions", page_outline(p->arena, rule));
}

/* A badge admin also sees badges that this course does not have. */
static bool show_foreign(struct page *p, struct sv public_id, struct err *err) {
    struct store_badge stored = {0};
    struct model_badge definition = {0};
    const struct badge_rule *rule = NULL;
    if (!store_badge_get(p->app->options.store, p->session.institution_id, public_id, p->arena,
                         &stored, err) ||
        !judge_definition_read(p->arena, stored.definition, &definition, err) ||
        !badge_rule_parse(p->arena, stored.rule, &rule, err)) {
        return false;
    }
    json_t *model = base_model(p, &stored, &definition, false);
    add_outline(p, model, rule);
    return page_render(p, 200, "badge.html", model, err);
}

static bool show_own(struct page *p, const struct judge_course *course,
                     const struct judge_badge *badge, struct err *err) {
    struct judge_person person = {0};
    if (!page_course_self(p, course, &person, err)) {
        return false;
    }
    const struct page_standing s = page_standing(badge, &person, p->arena);
    struct sv demands = {0};
    if (!page_demands_words(p, &badge->definition, s.award, &demands, err)) {
        return false;
    }
    json_t *model = base_model(p, &badge->stored, &badge->definition, true);
    add_standing(p, model, course, &s);
    page_wallet_add_form(p, model, badge->stored.public_id, s.award, demands);
    if (!page_share_add(p, model, &s, err) ||
        !page_add_copies(p, model, badge->stored.public_id, demands, err)) {
        json_decref(model);
        return false;
    }
    return page_render(p, 200, "badge.html", model, err);
}

bool page_badge(struct page *p, struct err *err) {
    struct judge_course course = {0};
    const struct judge_badge *badge = NULL;
    struct err missing = {0};
    struct sv public_id = web_arg(p->req, "badge");
    if (!uuid_is_valid(public_id)) {
        return err_because(err, ERR_NOT_FOUND, "badge", "there is no such badge in this course");
    }
    if (!page_course_load(p, &course, err)) {
        return false;
    }
    if (page_course_badge(&course, public_id, &badge, &missing)) {
        return show_own(p, &course, badge, err);
    }
    if (p->session.role == MODEL_ROLE_ADMIN) {
        return show_foreign(p, public_id, err);
    }
    *err = missing;
    return false;
}

/* Where a link that was placed with a badge leads. The link outlives the badge, and a teacher may
 * have written anything into it: then, and for people who have no badges of their own to see, it
 * leads home. */
bool page_placed(struct page *p, struct err *err) {
    struct judge_course course = {0};
    const struct judge_badge *badge = NULL;
    struct err missing = {0};
    if (p->session.role == MODEL_ROLE_GUEST || p->session.role == MODEL_ROLE_MENTOR) {
        return page_home(p, err);
    }
    if (!page_course_load(p, &course, err)) {
        return false;
    }
    return page_course_badge(&course, web_arg(p->req, "badge"), &badge, &missing)
               ? show_own(p, &course, badge, err)
               : page_home(p, err);
}
