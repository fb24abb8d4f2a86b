/* Award states (DESIGN 5, "Award"): who may move an award where, when it ends, and what a new
 * verdict asks for. */
#pragma once
#include "model_badge.h"
#include "model_fact.h"

enum badge_actor {
    BADGE_ACTOR_WORKER, /* the rule, without a person */
    BADGE_ACTOR_TEACHER,
    BADGE_ACTOR_ADMIN
};

/* May `actor` move an award `from` one state `to` another?
 *   proposed  -> issued, declined: teacher, admin
 *   issued    -> suspended: anyone; revoked: teacher, admin; expired, superseded: worker
 *   suspended -> issued, revoked: anyone; expired, superseded: worker
 * Everything else is final. Fails: ERR_CONFLICT "award_state" when nobody may, ERR_DENIED
 * "award_actor" when another may. */
NODISCARD bool badge_award_move(enum model_award_state from, enum model_award_state to,
                                enum badge_actor actor, struct err *err);
/* Live: at most one of these a badge and person (proposed, issued, suspended). */
bool badge_award_is_live(enum model_award_state state);
bool badge_award_is_final(enum model_award_state state);
/* "proposed", "issued", ... as the database and `award list` spell them. */
const char *badge_award_name(enum model_award_state state);
NODISCARD bool badge_award_parse(struct sv text, enum model_award_state *out);

/* When an award issued then ends; 0: never (valid_for_days is 0). */
usec_t badge_award_expires(usec_t issued_at, int valid_for_days);
/* Has the badge's award_on day come? Today is the institution's. Empty: always. */
bool badge_award_is_due(struct sv award_on, int year, int month, int day);

enum badge_action {
    BADGE_ACTION_NOTHING,
    BADGE_ACTION_PROPOSE, /* a new award that waits for approval */
    BADGE_ACTION_ISSUE,   /* a new award */
    BADGE_ACTION_SUSPEND, /* begin the grace period */
    BADGE_ACTION_RESTORE, /* the same credential counts again */
    BADGE_ACTION_REVIEW,  /* ask a teacher whether to keep it */
    BADGE_ACTION_REVOKE   /* the grace period is over */
};

/* Everything the next step depends on. */
struct badge_case {
    bool is_decidable; /* of the verdict; false: nothing happens */
    bool is_met;
    bool is_eligible;     /* badge_may_earn; asked for new awards only */
    bool is_due;          /* badge_award_is_due; asked for new awards only */
    bool is_breaker_open; /* the rule was stopped: nothing happens */
    enum model_approval approval;
    enum model_grade_drop on_grade_drop;

    bool has_award; /* the latest award of this badge to this person; the rest counts only then */
    enum model_award_state state;
    bool is_by_hand;       /* awarded by a person: grades do not take it away */
    bool is_state_by_hand; /* a person put it into this state: the worker leaves it there */
    bool is_review_asked;  /* a teacher was asked about this drop (and may have kept the award) */
    bool is_grace_over;    /* suspended longer than the grace period */
};

/* The one step to take now.
 *   none, or revoked by the worker: a new award once met
 *   issued: a drop follows the policy
 *   suspended by the worker: restored when met again, or when the policy is no longer `revoke`;
 *     revoked when the grace period is over
 *   anything else: nothing. What a person declined or revoked, what expired or was superseded is
 *     never awarded again by the worker; renewal is its own road. */
enum badge_action badge_award_next(const struct badge_case *c);
const char *badge_action_name(enum badge_action action);

/* Would one run of a rule do far more than its dry run said? True when `now` is more than 10 above
 * `expected` and more than twice it. For revocations `expected` is 0: more than 10 at once. */
bool badge_breaker_trips(uint32_t expected, uint32_t now);
