#include "badge_award.h"

#define WORKER (1u << BADGE_ACTOR_WORKER)
#define PEOPLE ((1u << BADGE_ACTOR_TEACHER) | (1u << BADGE_ACTOR_ADMIN))

static const struct move {
    enum model_award_state from, to;
    unsigned actors;
} moves[] = {
    {MODEL_AWARD_PROPOSED, MODEL_AWARD_ISSUED, PEOPLE},
    {MODEL_AWARD_PROPOSED, MODEL_AWARD_DECLINED, PEOPLE},
    {MODEL_AWARD_ISSUED, MODEL_AWARD_SUSPENDED, WORKER | PEOPLE},
    {MODEL_AWARD_ISSUED, MODEL_AWARD_REVOKED, PEOPLE},
    {MODEL_AWARD_ISSUED, MODEL_AWARD_EXPIRED, WORKER},
    {MODEL_AWARD_ISSUED, MODEL_AWARD_SUPERSEDED, WORKER},
    {MODEL_AWARD_SUSPENDED, MODEL_AWARD_ISSUED, WORKER | PEOPLE},
    {MODEL_AWARD_SUSPENDED, MODEL_AWARD_REVOKED, WORKER | PEOPLE},
    {MODEL_AWARD_SUSPENDED, MODEL_AWARD_EXPIRED, WORKER},
    {MODEL_AWARD_SUSPENDED, MODEL_AWARD_SUPERSEDED, WORKER},
};

static const char *const state_names[] = {"proposed", "declined", "issued",    "suspended",
                                          "revoked",  "expired",  "superseded"};

const char *badge_award_name(enum model_award_state state) { return state_names[state]; }

bool badge_award_parse(struct sv text, enum model_award_state *out) {
    for (size_t i = 0; i < ARRAY_LEN(state_names); i++) {
        if (sv_eq(text, sv_from(state_names[i]))) {
            *out = (enum model_award_state)i;
            return true;
        }
    }
    return false;
}

bool badge_award_is_live(enum model_award_state state) {
    return state == MODEL_AWARD_PROPOSED || state == MODEL_AWARD_ISSUED ||
           state == MODEL_AWARD_SUSPENDED;
}

bool badge_award_is_final(enum model_award_state state) { return !badge_award_is_live(state); }

bool badge_award_move(enum model_award_state from, enum model_award_state to,
                      enum badge_actor actor, struct err *err) {
    for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
        if (moves[i].from != from || moves[i].to != to) {
            continue;
        }
        if ((moves[i].actors & (1u << actor)) != 0) {
            return true;
        }
        return err_because(err, ERR_DENIED, "award_actor",
                           actor == BADGE_ACTOR_WORKER
                               ? "only a teacher or an admin makes an award %s that is %s"
                               : "an award becomes %s (it is %s) by itself, not by hand",
                           badge_award_name(to), badge_award_name(from));
    }
    return err_because(err, ERR_CONFLICT, "award_state",
                       "the award is %s by now and cannot become %s; reload the page",
                       badge_award_name(from), badge_award_name(to));
}

usec_t badge_award_expires(usec_t issued_at, int valid_for_days) {
    return valid_for_days <= 0 ? 0 : issued_at + (usec_t)valid_for_days * 86400 * USEC_PER_S;
}

bool badge_award_is_due(struct sv award_on, int year, int month, int day) {
    int y = 0;
    int m = 0;
    int d = 0;
    if (award_on.len == 0) {
        return true;
    }
    if (!date_parse(award_on, &y, &m, &d)) {
        return false; /* never before a day that nobody can read */
    }
    if (year != y) {
        return year > y;
    }
    return month != m ? month > m : day >= d;
}

static enum badge_action award_anew(const struct badge_case *c) {
    if (!c->is_met || !c->is_eligible || !c->is_due) {
        return BADGE_ACTION_NOTHING;
    }
    return c->approval == MODEL_APPROVAL_TEACHER ? BADGE_ACTION_PROPOSE : BADGE_ACTION_ISSUE;
}

static enum badge_action after_drop(const struct badge_case *c) {
    switch (c->on_grade_drop) {
    case MODEL_DROP_REVIEW:
        return c->is_review_asked ? BADGE_ACTION_NOTHING : BADGE_ACTION_REVIEW;
    case MODEL_DROP_REVOKE:
        return BADGE_ACTION_SUSPEND;
    case MODEL_DROP_KEEP:
        break;
    }
    return BADGE_ACTION_NOTHING;
}

enum badge_action badge_award_next(const struct badge_case *c) {
    if (!c->is_decidable || c->is_breaker_open) {
        return BADGE_ACTION_NOTHING;
    }
    if (!c->has_award) {
        return award_anew(c);
    }
    switch (c->state) {
    case MODEL_AWARD_ISSUED:
        return c->is_met || c->is_by_hand ? BADGE_ACTION_NOTHING : after_drop(c);
    case MODEL_AWARD_SUSPENDED:
        if (c->is_state_by_hand) {
            return BADGE_ACTION_NOTHING;
        }
        /* also when the badge's policy became milder meanwhile: what it no longer takes, it gives
         * back */
        if (c->is_met || c->is_by_hand || c->on_grade_drop != MODEL_DROP_REVOKE) {
            return BADGE_ACTION_RESTORE;
        }
        return c->is_grace_over ? BADGE_ACTION_REVOKE : BADGE_ACTION_NOTHING;
    case MODEL_AWARD_REVOKED:
        return c->is_state_by_hand ? BADGE_ACTION_NOTHING : award_anew(c);
    case MODEL_AWARD_PROPOSED:
    case MODEL_AWARD_DECLINED:
    case MODEL_AWARD_EXPIRED:
    case MODEL_AWARD_SUPERSEDED:
        break;
    }
    return BADGE_ACTION_NOTHING;
}

const char *badge_action_name(enum badge_action action) {
    static const char *const names[] = {"nothing", "propose", "issue", "suspend",
                                        "restore", "review",  "revoke"};
    return names[action];
}

bool badge_breaker_trips(uint32_t expected, uint32_t now) {
    return now > 2 * (uint64_t)expected && now > (uint64_t)expected + 10;
}
