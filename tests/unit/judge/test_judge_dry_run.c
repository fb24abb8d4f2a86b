#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge.h"

/* Those who have left keep their awards and are counted nowhere. */
static void dry_run__counts_learners_who_are_there(void **state) {
    (void)state;
    const struct store_award award = {.badge_id = 1, .state = MODEL_AWARD_ISSUED};
    const struct judge_badge badge = {.stored.id = 1};
    const struct judge_person people[] = {
        {.person = {.may_earn = true, .is_active = true}},
        {.person = {.may_earn = true, .is_active = true}, .awards = &award, .award_count = 1},
        {.person = {.may_earn = true, .is_active = false}},
        {.person = {.may_earn = true, .is_active = false}, .awards = &award, .award_count = 1},
        {.person = {.may_earn = false, .is_active = true}}, /* staff */
    };
    struct judge_dry_run run = judge_dry_run(&badge, people, ARRAY_LEN(people));
    assert_int_equal(run.people, 2);
    assert_int_equal(run.hold, 1);
    assert_int_equal(run.would_earn, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(dry_run__counts_learners_who_are_there)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
