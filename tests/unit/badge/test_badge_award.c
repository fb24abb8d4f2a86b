#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "badge_award.h"

#define P MODEL_AWARD_PROPOSED
#define D MODEL_AWARD_DECLINED
#define I MODEL_AWARD_ISSUED
#define S MODEL_AWARD_SUSPENDED
#define R MODEL_AWARD_REVOKED
#define E MODEL_AWARD_EXPIRED
#define X MODEL_AWARD_SUPERSEDED

static void badge_award_move__allows_what_the_design_draws_and_nothing_else(void **state) {
    (void)state;
    /* 'w' the worker, 'p' people; rows: from, columns: to, in the order P D I S R E X */
    static const char *const table[7][7] = {
        {"", "p", "p", "", "", "", ""},    {"", "", "", "", "", "", ""},
        {"", "", "", "wp", "p", "w", "w"}, {"", "", "wp", "", "wp", "w", "w"},
        {"", "", "", "", "", "", ""},      {"", "", "", "", "", "", ""},
        {"", "", "", "", "", "", ""},
    };
    for (int from = P; from <= X; from++) {
        for (int to = P; to <= X; to++) {
            for (int actor = BADGE_ACTOR_WORKER; actor <= BADGE_ACTOR_ADMIN; actor++) {
                struct err err = {0};
                const char *who = table[from][to];
                bool should = strchr(who, actor == BADGE_ACTOR_WORKER ? 'w' : 'p') != NULL;
                bool may =
                    badge_award_move((enum model_award_state)from, (enum model_award_state)to,
                                     (enum badge_actor)actor, &err);
                enum err_code code = should ? ERR_NONE : who[0] == '\0' ? ERR_CONFLICT : ERR_DENIED;
                if (may != should || err.code != code) {
                    fail_msg("%s to %s by %d: %d, %s",
                             badge_award_name((enum model_award_state)from),
                             badge_award_name((enum model_award_state)to), actor, may, err.text);
                }
            }
        }
    }
}

static void badge_award_name__reads_back(void **state) {
    (void)state;
    for (int s = P; s <= X; s++) {
        enum model_award_state back = P;
        assert_true(badge_award_parse(sv_from(badge_award_name((enum model_award_state)s)), &back));
        assert_int_equal(back, s);
        assert_true(badge_award_is_live(back) != badge_award_is_final(back));
    }
    enum model_award_state none;
    assert_false(badge_award_parse(SV("lost"), &none));
    assert_true(badge_award_is_live(P) && badge_award_is_live(I) && badge_award_is_live(S));
    assert_true(badge_award_is_final(R));
}

static void badge_award_expires__counts_days(void **state) {
    (void)state;
    usec_t from = 0;
    usec_t until = 0;
    assert_true(rfc3339_parse(SV("2027-05-03T09:30:00Z"), &from));
    assert_true(rfc3339_parse(SV("2029-05-02T09:30:00Z"), &until)); /* 2028 is a leap year */
    assert_true(badge_award_expires(from, 730) == until);
    assert_true(badge_award_expires(from, 0) == 0);
}

static void badge_award_is_due__from_its_day_on(void **state) {
    (void)state;
    static const struct {
        int y, m, d;
        bool is_due;
    } rows[] = {{2027, 6, 29, false},
                {2027, 6, 30, true},
                {2027, 7, 1, true},
                {2026, 12, 31, false},
                {2028, 1, 1, true}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(badge_award_is_due(SV("2027-06-30"), rows[i].y, rows[i].m, rows[i].d),
                         rows[i].is_due);
    }
    assert_true(badge_award_is_due(SV(""), 1970, 1, 1));
    assert_false(badge_award_is_due(SV("30.6.2027"), 2099, 1, 1));
}

#define NEW                                                                                        \
    { .is_decidable = true, .is_met = true, .is_eligible = true, .is_due = true }

static void badge_award_next__takes_one_step(void **state) {
    (void)state;
    static const struct {
        const char *name;
        struct badge_case c;
        enum badge_action action;
    } rows[] = {
        {"met", NEW, BADGE_ACTION_ISSUE},
        {"met, approval asked",
         {.is_decidable = true,
          .is_met = true,
          .is_eligible = true,
          .is_due = true,
          .approval = MODEL_APPROVAL_TEACHER},
         BADGE_ACTION_PROPOSE},
        {"not met",
         {.is_decidable = true, .is_eligible = true, .is_due = true},
         BADGE_ACTION_NOTHING},
        {"not eligible",
         {.is_decidable = true, .is_met = true, .is_due = true},
         BADGE_ACTION_NOTHING},
        {"before its day",
         {.is_decidable = true, .is_met = true, .is_eligible = true},
         BADGE_ACTION_NOTHING},
        {"broken rule",
         {.is_met = true, .is_eligible = true, .is_due = true},
         BADGE_ACTION_NOTHING},
        {"breaker open",
         {.is_decidable = true,
          .is_met = true,
          .is_eligible = true,
          .is_due = true,
          .is_breaker_open = true},
         BADGE_ACTION_NOTHING},
        {"has it, still met",
         {.is_decidable = true, .is_met = true, .has_award = true, .state = I},
         BADGE_ACTION_NOTHING},
        {"has it, not eligible any more: kept",
         {.is_decidable = true,
          .is_met = true,
          .has_award = true,
          .state = I,
          .on_grade_drop = MODEL_DROP_REVOKE},
         BADGE_ACTION_NOTHING},
        {"drop, keep", {.is_decidable = true, .has_award = true, .state = I}, BADGE_ACTION_NOTHING},
        {"drop, review",
         {.is_decidable = true, .has_award = true, .state = I, .on_grade_drop = MODEL_DROP_REVIEW},
         BADGE_ACTION_REVIEW},
        {"drop, review asked already",
         {.is_decidable = true,
          .has_award = true,
          .state = I,
          .on_grade_drop = MODEL_DROP_REVIEW,
          .is_review_asked = true},
         BADGE_ACTION_NOTHING},
        {"drop, revoke",
         {.is_decidable = true, .has_award = true, .state = I, .on_grade_drop = MODEL_DROP_REVOKE},
         BADGE_ACTION_SUSPEND},
        {"drop, revoke, but the rule is broken",
         {.has_award = true, .state = I, .on_grade_drop = MODEL_DROP_REVOKE},
         BADGE_ACTION_NOTHING},
        {"drop, revoke, but the breaker is open",
         {.is_decidable = true,
          .has_award = true,
          .state = I,
          .on_grade_drop = MODEL_DROP_REVOKE,
          .is_breaker_open = true},
         BADGE_ACTION_NOTHING},
        {"drop, revoke, but given by hand",
         {.is_decidable = true,
          .has_award = true,
          .state = I,
          .on_grade_drop = MODEL_DROP_REVOKE,
          .is_by_hand = true},
         BADGE_ACTION_NOTHING},
        {"suspended, grace runs",
         {.is_decidable = true, .has_award = true, .state = S, .on_grade_drop = MODEL_DROP_REVOKE},
         BADGE_ACTION_NOTHING},
        {"suspended, grade is back",
         {.is_decidable = true,
          .is_met = true,
          .has_award = true,
          .state = S,
          .on_grade_drop = MODEL_DROP_REVOKE},
         BADGE_ACTION_RESTORE},
        {"suspended, grade is back on the last moment",
         {.is_decidable = true,
          .is_met = true,
          .has_award = true,
          .state = S,
          .on_grade_drop = MODEL_DROP_REVOKE,
          .is_grace_over = true},
         BADGE_ACTION_RESTORE},
        {"suspended, grace is over",
         {.is_decidable = true,
          .has_award = true,
          .state = S,
          .on_grade_drop = MODEL_DROP_REVOKE,
          .is_grace_over = true},
         BADGE_ACTION_REVOKE},
        {"suspended, the policy became milder",
         {.is_decidable = true, .has_award = true, .state = S, .is_grace_over = true},
         BADGE_ACTION_RESTORE},
        {"suspended by a person",
         {.is_decidable = true,
          .is_met = true,
          .has_award = true,
          .state = S,
          .is_state_by_hand = true,
          .is_grace_over = true},
         BADGE_ACTION_NOTHING},
        {"revoked by the rule, earned afresh",
         {.is_decidable = true,
          .is_met = true,
          .is_eligible = true,
          .is_due = true,
          .has_award = true,
          .state = R},
         BADGE_ACTION_ISSUE},
        {"revoked by a person: never again",
         {.is_decidable = true,
          .is_met = true,
          .is_eligible = true,
          .is_due = true,
          .has_award = true,
          .state = R,
          .is_state_by_hand = true},
         BADGE_ACTION_NOTHING},
        {"declined",
         {.is_decidable = true,
          .is_met = true,
          .is_eligible = true,
          .is_due = true,
          .has_award = true,
          .state = D},
         BADGE_ACTION_NOTHING},
        {"proposed",
         {.is_decidable = true,
          .is_met = true,
          .is_eligible = true,
          .is_due = true,
          .has_award = true,
          .state = P},
         BADGE_ACTION_NOTHING},
        {"expired",
         {.is_decidable = true,
          .is_met = true,
          .is_eligible = true,
          .is_due = true,
          .has_award = true,
          .state = E},
         BADGE_ACTION_NOTHING},
        {"superseded",
         {.is_decidable = true,
          .is_met = true,
          .is_eligible = true,
          .is_due = true,
          .has_award = true,
          .state = X},
         BADGE_ACTION_NOTHING},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum badge_action action = badge_award_next(&rows[i].c);
        if (action != rows[i].action) {
            fail_msg("%s: %s", rows[i].name, badge_action_name(action));
        }
    }
}

static void badge_breaker_trips__far_above_the_dry_run(void **state) {
    (void)state;
    static const struct {
        uint32_t expected, now;
        bool trips;
    } rows[] = {
        {0, 10, false},       {0, 11, true},  {41, 41, false}, {41, 82, false},
        {41, 83, true},       {3, 13, false}, {3, 14, true},   {UINT32_MAX, UINT32_MAX, false},
        {0, UINT32_MAX, true}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(badge_breaker_trips(rows[i].expected, rows[i].now), rows[i].trips);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(badge_award_move__allows_what_the_design_draws_and_nothing_else),
        cmocka_unit_test(badge_award_name__reads_back),
        cmocka_unit_test(badge_award_expires__counts_days),
        cmocka_unit_test(badge_award_is_due__from_its_day_on),
        cmocka_unit_test(badge_award_next__takes_one_step),
        cmocka_unit_test(badge_breaker_trips__far_above_the_dry_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
