/* Why, or why not: one learner, one badge, for a teacher. */
#include "page_why.h"
#include "badge_award.h"
#include <string.h>

bool page_why_load(struct page *p, struct page_why *out, struct err *err) {
    *out = (struct page_why){.token = web_arg(p->req, "person")};
    if (!page_course_load(p, &out->course, err) ||
        !page_course_badge(&out->course, web_arg(p->req, "badge"), &out->badge, err) ||
        !page_person_find(p, &out->course, out->token, &out->person, err)) {
        return false;
    }
    out->standing = page_standing(out->badge, &out->person, p->arena);
    return true;
}

struct sv page_why_path(const struct page *p, const struct page_why *why, const char *deed) {
    return page_path(p, "why/%.*s/%.*s%s%s", SV_ARG(why->token),
                     SV_ARG(why->badge->stored.public_id), deed[0] == '\0' ? "" : "/", deed);
}

bool page_why_awaits(const struct page_why *why, uint32_t node) {
    const struct page_standing *s = &why->standing;
    return s->verdict.results != NULL && why->badge->plan->nodes[node].kind == BADGE_RULE_MANUAL &&
           s->verdict.results[node].why == BADGE_WHY_NOT_ATTESTED;
}

static bool has_award(const struct page_why *why, enum model_award_state state) {
    return why->standing.award != NULL && why->standing.award->state == state;
}

static json_t *form(const struct page *p, const struct page_why *why, const char *deed) {
    json_t *obj = json_object();
    page_set_text(obj, "action", page_why_path(p, why, deed));
    page_set_text(obj, "csrf", page_csrf(p));
    return obj;
}

/* Award by hand and revoke: a form with a reason. */
static json_t *reason_form(const struct page *p, const struct page_why *why, const char *deed,
                           const struct page_why_retry *retry) {
    json_t *obj = form(p, why, deed);
    bool is_again = retry != NULL && strcmp(retry->deed, deed) == 0;
    json_t *problem = json_null();
    if (is_again) {
        problem = json_object();
        page_set_text(problem, "text", retry->problem);
    }
    page_set_text(obj, "reason", is_again ? retry->typed : SV(""));
    (void)json_object_set_new(obj, "problem", problem);
    return obj;
}

static json_t *decision(const struct page *p, const struct page_why *why) {
    if (why->standing.is_in_question) {
        json_t *question = form(p, why, "decide");
        page_set_text(
            question, "text",
            SV("The grades no longer meet the rule: look at the list below. Keep the badge, or "
               "revoke it for good with a reason."));
        page_set_text(question, "approve", SV("Keep the badge"));
        page_set_text(question, "decline", SV("Revoke it"));
        return question;
    }
    if (!has_award(why, MODEL_AWARD_PROPOSED)) {
        return json_null();
    }
    json_t *obj = form(p, why, "decide");
    page_set_text(
        obj, "text",
        why->standing.verdict.is_met
            ? SV("Every condition is met. This badge asks a teacher before it is awarded.")
            : SV("Every condition was met when this was proposed. By now one is not: look "
                 "at the list below before you decide."));
    page_set_text(obj, "approve", SV("Award the badge"));
    page_set_text(obj, "decline", SV("Decline"));
    return obj;
}

static json_t *suspended(const struct page *p, const struct page_why *why) {
    if (!has_award(why, MODEL_AWARD_SUSPENDED)) {
        return json_null();
    }
    json_t *obj = form(p, why, "restore");
    page_set_text(obj, "text",
                  SV("The badge does not count at the moment. Restored, it counts again as if "
                     "nothing had happened, whatever the grades are."));
    return obj;
}

static bool is_settled(const struct page_why *why) {
    return why->standing.award != NULL && badge_award_is_live(why->standing.award->state);
}

static json_t *confirmations(const struct page *p, const struct page_why *why) {
    json_t *list = json_array();
    const struct badge_plan *plan = why->badge->plan;
    bool may_confirm = plan != NULL && why->person.person.may_earn && !is_settled(why);
    for (uint32_t i = 0; may_confirm && i < plan->node_count; i++) {
        if (!page_why_awaits(why, i)) {
            continue;
        }
        json_t *one = form(p, why, "attest");
        (void)json_object_set_new(one, "id", page_json_textf(p->arena, "c%u", i));
        page_set_text(one, "text", plan->nodes[i].rule->manual);
        page_set_text(one, "condition", plan->nodes[i].rule->manual);
        (void)json_array_append_new(list, one);
    }
    return list;
}

static void add_forms(const struct page *p, json_t *model, const struct page_why *why,
                      const struct page_why_retry *retry) {
    bool may_award = why->person.person.may_earn && !is_settled(why);
    bool may_revoke = has_award(why, MODEL_AWARD_ISSUED) || has_award(why, MODEL_AWARD_SUSPENDED);
    (void)json_object_set_new(model, "decision", decision(p, why));
    (void)json_object_set_new(model, "suspended", suspended(p, why));
    (void)json_object_set_new(model, "confirmations", confirmations(p, why));
    (void)json_object_set_new(model, "award",
                              may_award ? reason_form(p, why, "award", retry) : json_null());
    (void)json_object_set_new(model, "revoke",
                              may_revoke ? reason_form(p, why, "revoke", retry) : json_null());
}

static void add_verdict(const struct page *p, json_t *model, const struct page_why *why) {
    const struct page_standing *s = &why->standing;
    AUTO_JSON *told = page_explain(p, &why->course, s, BADGE_VOICE_TEACHER);
    json_t *conditions = json_object_get(told, "conditions");
    bool is_settled_now = s->award != NULL && s->award->state != MODEL_AWARD_PROPOSED;
    struct sv sentence = has_award(why, MODEL_AWARD_PROPOSED)
                             ? SV("")
                             : page_standing_next(p, s, js_sv(json_object_get(told, "next")));
    page_set_text(model, "state", sv_from(page_state_name(page_staff_state(s))));
    page_set_text(model, "word", page_standing_word(p, s));
    page_set_text(model, "sentence", sentence);
    (void)json_object_set_new(
        model, "progress",
        is_settled_now ? json_null() : page_progress(s, js_sv(json_object_get(told, "summary"))));
    page_set_bool(model, "has_conditions", json_array_size(conditions) > 0);
    (void)json_object_set(model, "conditions", conditions);
}

static void add_names(const struct page *p, json_t *model, const struct page_why *why) {
    json_t *back = json_object();
    json_t *learner = json_object();
    json_t *badge = json_object();
    page_set_text(back, "url", page_path(p, "grid"));
    page_set_text(back, "label", SV("Course grid"));
    page_set_text(learner, "name", page_person_name(p, &why->person.person));
    page_set_text(badge, "name", why->badge->stored.name);
    page_set_text(badge, "image", page_badge_image(p, why->badge->stored.public_id));
    page_set_text(badge, "url", page_badge_url(p, why->badge->stored.public_id));
    (void)json_object_set_new(model, "back", back);
    (void)json_object_set_new(model, "learner", learner);
    (void)json_object_set_new(model, "badge", badge);
}

/* Forms are far down the page. */
static void add_problem(json_t *model, const struct page_why_retry *retry) {
    if (retry == NULL) {
        return;
    }
    json_t *notice = json_object();
    page_set_text(notice, "kind", SV("problem"));
    page_set_text(notice, "title", SV("Nothing was changed"));
    page_set_text(notice, "text", retry->problem);
    (void)json_object_set_new(model, "notice", notice);
}

bool page_why_show(struct page *p, const struct page_why *why, const struct page_why_retry *retry,
                   struct err *err) {
    struct sv name = page_person_name(p, &why->person.person);
    json_t *model = page_model(
        p, sv_printf(p->arena, "%.*s: %.*s", SV_ARG(name), SV_ARG(why->badge->stored.name)));
    page_add_header(p, model, "grid");
    page_add_notice(p, model);
    add_problem(model, retry);
    add_names(p, model, why);
    add_verdict(p, model, why);
    add_forms(p, model, why, retry);
    if (!page_why_history(p, why, model, err)) {
        json_decref(model);
        return false;
    }
    return page_render(p, retry == NULL ? 200 : 400, "why.html", model, err);
}

bool page_why(struct page *p, struct err *err) {
    struct page_why why = {0};
    return page_why_load(p, &why, err) && page_why_show(p, &why, NULL, err);
}
