#include "judge.h"
#include "text_time.h"

#define GRACE_PERIOD (14 * INT64_C(86400) * USEC_PER_S)

struct badge_case judge_case(const struct judge_course *course, const struct judge_badge *b,
                             const struct judge_person *p, const struct badge_verdict *v,
                             usec_t now) {
    const struct model_badge *d = &b->definition;
    struct text_civil today = text_zone_civil(course->zone, now);
    const struct store_award *award = judge_award(b, p);
    struct badge_case c = {.is_decidable = v->is_decidable,
                           .is_met = v->is_met,
                           .is_eligible = p->person.may_earn,
                           .is_due =
                               badge_award_is_due(d->award_on, today.year, today.month, today.day),
                           .approval = d->approval,
                           .on_grade_drop = d->on_grade_drop};
    if (award != NULL) {
        c.has_award = true;
        c.state = award->state;
        /* What was earned in another course is judged there. */
        bool is_elsewhere = award->course_id != 0 && award->course_id != course->course.id;
        c.is_by_hand = award->is_awarded_by_hand || is_elsewhere;
        c.is_state_by_hand = award->is_by_hand;
        c.is_grace_over =
            award->state == MODEL_AWARD_SUSPENDED && now - award->suspended_at > GRACE_PERIOD;
    }
    return c;
}

bool judge_reconcile(const struct judge_course *course, const struct judge_badge *b,
                     const struct judge_person *p, bool is_stale, usec_t now, struct arena *a,
                     struct judge_reconciliation *sum) {
    const struct store_award *award = judge_award(b, p);
    if (award == NULL && !p->person.may_earn) {
        return false;
    }
    struct badge_verdict v = judge_decide(b, p, a);
    const struct badge_case c = judge_case(course, b, p, &v, now);
    enum badge_action action = badge_award_next(&c);
    bool is_earned = action == BADGE_ACTION_ISSUE || action == BADGE_ACTION_PROPOSE;
    bool is_held = award != NULL && award->state == MODEL_AWARD_ISSUED;
    sum->earned_not_awarded += is_earned ? 1 : 0;
    sum->awarded_not_earned += is_held && !c.is_by_hand && v.is_decidable && !v.is_met ? 1 : 0;
    /* Who has left is expected to earn nothing more; who holds it, waits for approval or was
     * refused it has been judged. */
    sum->unreachable +=
        award == NULL && !is_earned && p->person.is_active && (is_stale || !v.is_decidable) ? 1 : 0;
    return action != BADGE_ACTION_NOTHING && action != BADGE_ACTION_REVIEW;
}
