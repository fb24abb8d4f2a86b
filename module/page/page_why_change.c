/* What a teacher does to one badge of one learner: award by hand, revoke, decide, restore, confirm.
 */
#include "badge_award.h"
#include "page_why.h"

size_t page_char_count(struct sv text) {
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        count += ((unsigned char)text.ptr[i] & 0xC0u) != 0x80u;
    }
    return count;
}

bool page_reason_fits(struct sv reason, struct sv *problem) {
    size_t chars = page_char_count(sv_trim(reason));
    if (chars < PAGE_REASON_CHARS_MIN) {
        *problem = SV("Write a reason of a few words. The learner can read it.");
        return false;
    }
    if (chars > PAGE_REASON_CHARS_MAX) {
        *problem = SV("The reason is too long; at most 1,000 characters are kept.");
        return false;
    }
    return true;
}

static struct store_actor actor_of(const struct page *p) {
    return (struct store_actor){.institution_id = p->session.institution_id,
                                .person_id = p->session.person_id};
}

static bool done(struct page *p, const struct page_why *why, const char *what, struct err *err) {
    struct sv path = page_why_path(p, why, "");
    return web_see_other(p->resp, sv_printf(p->arena, "%.*s?done=%s", SV_ARG(path), what), err);
}

/* Reads and checks the reason; false with *is_answered when the page was shown again instead. */
static bool take_reason(struct page *p, const struct page_why *why, const struct web_form *form,
                        const char *deed, struct sv *reason, bool *is_answered, struct err *err) {
    struct page_why_retry retry = {.deed = deed};
    *is_answered = false;
    if (!web_form_one(form, "reason", reason, err)) {
        return false;
    }
    *reason = sv_trim(*reason);
    if (page_reason_fits(*reason, &retry.problem)) {
        return true;
    }
    retry.typed = *reason;
    *is_answered = page_why_show(p, why, &retry, err);
    return false;
}

static struct sv reasons_text(struct page *p, const struct page_why *why) {
    if (why->badge->plan == NULL || !why->standing.verdict.is_decidable) {
        return SV("{}");
    }
    AUTO_JSON *reasons = badge_reasons_json(why->badge->plan, &why->standing.verdict,
                                            why->badge->stored.rule_version);
    return js_dump(p->arena, reasons);
}

/* A teacher answers for what was earned in this course; another course's award is its teachers'
 * matter, or an administrator's. Nobody decides about a badge of their own. */
static bool may_change(const struct page *p, const struct page_why *why, struct err *err) {
    const struct store_award *current = why->standing.award;
    bool is_elsewhere =
        current != NULL && current->course_id != 0 && current->course_id != p->session.context_id;
    if (why->person.person.id == p->session.person_id) {
        return err_because(err, ERR_DENIED, "own_badge",
                           "nobody decides about a badge of their own; ask another teacher");
    }
    if (is_elsewhere && !page_may_issue(p, why->badge->stored.issuer_key)) {
        return err_because(
            err, ERR_DENIED, "other_course",
            "this badge was awarded in another course; its teachers decide about it");
    }
    return true;
}

static bool award(struct page *p, const struct page_why *why, const struct web_form *form,
                  struct err *err) {
    struct sv reason = {0};
    bool is_answered = false;
    bool is_made = false;
    if (!why->person.person.may_earn) {
        return err_because(err, ERR_DENIED, "eligible",
                           "badges of this course are for its learners");
    }
    if (why->person.person.id == p->session.person_id && !may_change(p, why, err)) {
        return false;
    }
    if (!take_reason(p, why, form, "award", &reason, &is_answered, err)) {
        return is_answered;
    }
    const struct model_badge *badge = &why->badge->definition;
    const struct store_award_new new_award = {
        .badge_id = why->badge->stored.id,
        .person_id = why->person.person.id,
        .course_id = p->session.context_id,
        .rule_version = why->badge->stored.rule_version,
        .state = MODEL_AWARD_ISSUED,
        .reasons = reasons_text(p, why),
        .note = reason,
        .issued_at = p->now,
        .expires_at = badge_award_expires(p->now, badge->valid_for_days),
        .is_in_gradebook = badge->is_in_gradebook};
    if (!store_award_make(p->app->options.store, actor_of(p), &new_award, p->now, &is_made, err)) {
        return false;
    }
    if (!is_made) {
        return err_because(err, ERR_CONFLICT, "award_state",
                           "the learner has this badge, or a proposal for it, already");
    }
    return done(p, why, "awarded", err);
}

static bool move(struct page *p, const struct page_why *why, enum model_award_state to,
                 struct sv note, struct err *err) {
    const struct store_award *current = why->standing.award;
    const struct model_badge *badge = &why->badge->definition;
    enum badge_actor actor =
        p->session.role == MODEL_ROLE_ADMIN ? BADGE_ACTOR_ADMIN : BADGE_ACTOR_TEACHER;
    if (current == NULL) {
        return err_because(err, ERR_CONFLICT, "award_state",
                           "the learner does not have this badge any more");
    }
    if (!badge_award_move(current->state, to, actor, err) || !may_change(p, why, err)) {
        return false;
    }
    const struct store_award_move change = {.award_id = current->id,
                                            .badge_id = current->badge_id,
                                            .person_id = current->person_id,
                                            .from = current->state,
                                            .to = to,
                                            .note = note,
                                            .expires_at =
                                                badge_award_expires(p->now, badge->valid_for_days),
                                            .is_in_gradebook = badge->is_in_gradebook};
    return store_award_change(p->app->options.store, actor_of(p), &change, p->now, err);
}

static bool revoke(struct page *p, const struct page_why *why, const struct web_form *form,
                   struct err *err) {
    struct sv reason = {0};
    bool is_answered = false;
    if (!take_reason(p, why, form, "revoke", &reason, &is_answered, err)) {
        return is_answered;
    }
    return move(p, why, MODEL_AWARD_REVOKED, reason, err) && done(p, why, "revoked", err);
}

static bool restore(struct page *p, const struct page_why *why, const struct web_form *form,
                    struct err *err) {
    (void)form;
    /* A proposal becomes issued too, but not by this button. */
    if (why->standing.award == NULL || why->standing.award->state != MODEL_AWARD_SUSPENDED) {
        return err_because(err, ERR_CONFLICT, "award_state", "the badge is not suspended any more");
    }
    return move(p, why, MODEL_AWARD_ISSUED, SV(""), err) && done(p, why, "restored", err);
}

/* The grades no longer meet the rule, and the badge's policy asks a teacher: keep it, for good. */
static bool keep(struct page *p, const struct page_why *why, struct sv reason, struct err *err) {
    const struct store_award *current = why->standing.award;
    const struct store_award_move change = {.award_id = current->id,
                                            .badge_id = current->badge_id,
                                            .person_id = current->person_id,
                                            .from = MODEL_AWARD_ISSUED,
                                            .to = MODEL_AWARD_ISSUED,
                                            .note = reason};
    return may_change(p, why, err) &&
           store_award_change(p->app->options.store, actor_of(p), &change, p->now, err) &&
           done(p, why, "kept", err);
}

static bool approve(struct page *p, const struct page_why *why, const struct web_form *form,
                    struct err *err) {
    struct sv reason = {0};
    if (why->standing.award == NULL || why->standing.award->state != MODEL_AWARD_PROPOSED) {
        return err_because(err, ERR_CONFLICT, "award_state",
                           "this proposal has been decided meanwhile");
    }
    return web_form_one(form, "reason", &reason, err) &&
           move(p, why, MODEL_AWARD_ISSUED, sv_clip_utf8(sv_trim(reason), PAGE_REASON_CHARS_MAX),
                err) &&
           done(p, why, "awarded", err);
}

static bool decline(struct page *p, const struct page_why *why, const struct web_form *form,
                    struct err *err) {
    struct sv reason = {0};
    bool is_answered = false;
    if (!take_reason(p, why, form, "decide", &reason, &is_answered, err)) {
        return is_answered;
    }
    return move(p, why, MODEL_AWARD_DECLINED, reason, err) && done(p, why, "declined", err);
}

/* One form, two buttons. */
static bool decide(struct page *p, const struct page_why *why, const struct web_form *form,
                   struct err *err) {
    struct sv decision = {0};
    struct sv reason = {0};
    if (!web_form_need(form, "decision", &decision, err) ||
        !web_form_one(form, "reason", &reason, err)) {
        return false;
    }
    if (why->standing.is_in_question) {
        return sv_eq(decision, SV("approve"))
                   ? keep(p, why, sv_clip_utf8(sv_trim(reason), PAGE_REASON_CHARS_MAX), err)
                   : revoke(p, why, form, err);
    }
    if (sv_eq(decision, SV("approve"))) {
        return approve(p, why, form, err);
    }
    if (sv_eq(decision, SV("decline"))) {
        return decline(p, why, form, err);
    }
    return err_because(err, ERR_INPUT, "form", "a proposal is approved or declined");
}

static bool is_awaited(const struct page_why *why, struct sv condition) {
    const struct badge_plan *plan = why->badge->plan;
    for (uint32_t i = 0; plan != NULL && i < plan->node_count; i++) {
        if (page_why_awaits(why, i) && sv_eq(plan->nodes[i].rule->manual, condition)) {
            return true;
        }
    }
    return false;
}

static bool attest(struct page *p, const struct page_why *why, const struct web_form *form,
                   struct err *err) {
    struct sv condition = {0};
    struct sv evidence = {0};
    if (!web_form_need(form, "condition", &condition, err) ||
        !web_form_one(form, "evidence", &evidence, err)) {
        return false;
    }
    if (why->person.person.id == p->session.person_id && !may_change(p, why, err)) {
        return false;
    }
    if (!why->person.person.may_earn || !is_awaited(why, condition)) {
        return err_because(err, ERR_CONFLICT, "attestation",
                           "this condition is confirmed already, or the badge asks for it no more");
    }
    if (page_char_count(evidence) > PAGE_EVIDENCE_CHARS_MAX) {
        const struct page_why_retry retry = {
            .deed = "attest", .problem = SV("What you saw is too long; at most 2,000 characters.")};
        return page_why_show(p, why, &retry, err);
    }
    const struct store_attestation attestation = {.badge_id = why->badge->stored.id,
                                                  .person_id = why->person.person.id,
                                                  .condition = condition,
                                                  .evidence = sv_trim(evidence),
                                                  .by_name = p->session.person_name,
                                                  .at = p->now};
    return store_attestation_add(p->app->options.store, p->session.institution_id,
                                 p->session.context_id, &attestation, p->session.person_id, err) &&
           done(p, why, "attested", err);
}

bool page_why_change(struct page *p, struct err *err) {
    static const struct {
        const char *name;
        bool (*act)(struct page *, const struct page_why *, const struct web_form *, struct err *);
    } deeds[] = {
        {"award", award},     {"revoke", revoke},   {"decide", decide}, {"approve", approve},
        {"decline", decline}, {"restore", restore}, {"attest", attest},
    };
    struct page_why why = {0};
    struct web_form form = {0};
    struct sv deed = web_arg(p->req, "deed");
    for (size_t i = 0; i < ARRAY_LEN(deeds); i++) {
        if (sv_eq(deed, sv_from(deeds[i].name))) {
            return web_form_upload(p->req, &form, err) && page_why_load(p, &why, err) &&
                   deeds[i].act(p, &why, &form, err);
        }
    }
    return err_because(err, ERR_NOT_FOUND, "route", "there is no such page");
}
