#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge.h"

#define NOW (INT64_C(1800000000) * USEC_PER_S)
#define DAY (86400 * USEC_PER_S)

/* "at least 80 % in Quiz", bound to a course of one item. */
struct lab {
    struct arena arena;
    struct model_item item;
    struct judge_course course;
    struct judge_badge badge;
};

static void lab_open(struct lab *l) {
    struct err err = {0};
    *l = (struct lab){.item = {.id = 9,
                               .kind = MODEL_ITEM_ACTIVITY,
                               .source = SV("moodle"),
                               .ref = SV("1"),
                               .title = SV("Quiz"),
                               .has_maximum = true,
                               .maximum = {.mantissa = 100}},
                      .course = {.course.id = 7, .zone = text_zone_utc},
                      .badge = {.stored.id = 1, .definition.on_grade_drop = MODEL_DROP_KEEP}};
    l->course.catalogue =
        (struct badge_catalogue){.items = &l->item, .item_count = 1, .source_name = SV("Moodle")};
    if (!badge_rule_parse(&l->arena, SV("{\"item\":\"Quiz\",\"min_percent\":80}"), &l->badge.rule,
                          &err) ||
        !badge_plan_bind(&l->arena, l->badge.rule, &l->course.catalogue, &l->badge.plan, &err)) {
        fail_msg("%s", err.text);
    }
}

enum award_kind {
    NO_AWARD,
    HELD,
    HELD_BY_HAND,
    HELD_FROM_ELSEWHERE,
    WAITS,
    TAKEN_BY_A_TEACHER,
    TAKEN_BY_THE_RULE,
    SUSPENDED,
    OUT_OF_DATE
};

static struct store_award award_of(enum award_kind kind) {
    struct store_award a = {.badge_id = 1, .course_id = 7, .state = MODEL_AWARD_ISSUED};
    switch (kind) {
    case HELD_BY_HAND:
        a.is_awarded_by_hand = a.is_by_hand = true;
        break;
    case HELD_FROM_ELSEWHERE:
        a.course_id = 8;
        break;
    case WAITS:
        a.state = MODEL_AWARD_PROPOSED;
        break;
    case TAKEN_BY_A_TEACHER:
        a.is_by_hand = true;
        a.state = MODEL_AWARD_REVOKED;
        break;
    case TAKEN_BY_THE_RULE:
        a.state = MODEL_AWARD_REVOKED;
        break;
    case SUSPENDED:
        a.state = MODEL_AWARD_SUSPENDED;
        a.suspended_at = NOW - DAY;
        break;
    case OUT_OF_DATE:
        a.state = MODEL_AWARD_EXPIRED;
        break;
    case NO_AWARD:
    case HELD:
        break;
    }
    return a;
}

static void reconcile__counts_each_person_where_they_belong(void **state) {
    (void)state;
    static const struct {
        const char *who;
        int score;
        enum award_kind award;
        bool is_no_learner, has_left, is_broken, is_stale;
        enum model_grade_drop drop;
        const char *award_on;
        size_t earned_not_awarded, awarded_not_earned, unreachable;
        bool is_judged_again;
    } rows[] = {
        {.who = "met, no award", .score = 80, .earned_not_awarded = 1, .is_judged_again = true},
        {.who = "met, no award, has left",
         .score = 80,
         .has_left = true,
         .earned_not_awarded = 1,
         .is_judged_again = true},
        {.who = "met, and holds it", .score = 80, .award = HELD},
        {.who = "met, and waits for approval", .score = 80, .award = WAITS},
        {.who = "met, and a teacher took it", .score = 80, .award = TAKEN_BY_A_TEACHER},
        {.who = "met again, after the rule took it",
         .score = 80,
         .award = TAKEN_BY_THE_RULE,
         .drop = MODEL_DROP_REVOKE,
         .earned_not_awarded = 1,
         .is_judged_again = true},
        {.who = "met, and its time is over", .score = 80, .award = OUT_OF_DATE},
        {.who = "met, but its day is to come", .score = 80, .award_on = "2099-01-01"},
        {.who = "met by somebody who is no learner", .score = 80, .is_no_learner = true},
        {.who = "not met, no award", .score = 79},
        {.who = "no longer met, kept", .score = 79, .award = HELD, .awarded_not_earned = 1},
        {.who = "no longer met, for review",
         .score = 79,
         .award = HELD,
         .drop = MODEL_DROP_REVIEW,
         .awarded_not_earned = 1},
        {.who = "no longer met, and should have been suspended",
         .score = 79,
         .award = HELD,
         .drop = MODEL_DROP_REVOKE,
         .awarded_not_earned = 1,
         .is_judged_again = true},
        {.who = "never met: given by hand", .score = 79, .award = HELD_BY_HAND},
        {.who = "earned in another course", .score = 79, .award = HELD_FROM_ELSEWHERE},
        {.who = "suspended, as it should",
         .score = 79,
         .award = SUSPENDED,
         .drop = MODEL_DROP_REVOKE},
        {.who = "suspended, and met again",
         .score = 80,
         .award = SUSPENDED,
         .drop = MODEL_DROP_REVOKE,
         .is_judged_again = true},
        {.who = "the rule is broken", .score = 80, .is_broken = true, .unreachable = 1},
        {.who = "the rule is broken, held", .score = 80, .award = HELD, .is_broken = true},
        {.who = "the rule is broken, no learner",
         .score = 80,
         .is_no_learner = true,
         .is_broken = true},
        {.who = "the rule is broken, has left", .score = 80, .has_left = true, .is_broken = true},
        {.who = "the course is not read", .score = 79, .is_stale = true, .unreachable = 1},
        {.who = "the course is not read, met before",
         .score = 80,
         .is_stale = true,
         .earned_not_awarded = 1,
         .is_judged_again = true},
        {.who = "the course is not read, held", .score = 80, .award = HELD, .is_stale = true},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lab l;
        lab_open(&l);
        l.badge.definition.on_grade_drop = rows[i].drop;
        l.badge.definition.award_on = sv_from(rows[i].award_on);
        if (rows[i].is_broken) {
            l.badge.plan = NULL;
        }
        struct model_fact fact = {.item_index = 0,
                                  .has_score = true,
                                  .score = dec_from_i64(rows[i].score),
                                  .is_posted = true};
        const struct store_award award = award_of(rows[i].award);
        const struct judge_person person = {
            .person = {.id = 3, .may_earn = !rows[i].is_no_learner, .is_active = !rows[i].has_left},
            .facts = &fact,
            .fact_count = 1,
            .awards = &award,
            .award_count = rows[i].award == NO_AWARD ? 0 : 1};
        struct judge_reconciliation sum = {0};
        bool is_judged_again =
            judge_reconcile(&l.course, &l.badge, &person, rows[i].is_stale, NOW, &l.arena, &sum);
        if (sum.earned_not_awarded != rows[i].earned_not_awarded ||
            sum.awarded_not_earned != rows[i].awarded_not_earned ||
            sum.unreachable != rows[i].unreachable || is_judged_again != rows[i].is_judged_again) {
            fail_msg("%s: %zu %zu %zu %s", rows[i].who, sum.earned_not_awarded,
                     sum.awarded_not_earned, sum.unreachable, is_judged_again ? "judged" : "left");
        }
        arena_release(&l.arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reconcile__counts_each_person_where_they_belong)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
