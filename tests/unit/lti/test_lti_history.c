#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_arena.h"
#include "lti_history.h"

static void lti_history_read__gives_the_ids_in_their_order(void **state) {
    (void)state;
    /* reference lti.md 9: comma list of URL-encoded ids, newest first; Canvas ends a long one so */
    static const struct {
        const char *custom;
        const char *ids;
    } rows[] = {{"{\"ctx_history\":\"b2,a1\"}", "b2|a1|"},
                {"{\"ctx_history\":\" a%2Cb , c%20d\"}", "a,b|c d|"},
                {"{\"ctx_history\":\"b2,,a1,truncated\"}", "b2|a1|"},
                {"{\"ctx_history\":\"%zz,%00,%ff,ok\"}", "ok|"},
                {"{\"ctx_history\":\"\"}", ""},
                {"{\"ctx_history\":7}", ""},
                {"{}", ""},
                {"[]", ""},
                {"no json", ""},
                {"", ""}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct sv *ids = NULL;
        size_t count = 0;
        lti_history_read(sv_from(rows[i].custom), &a, &ids, &count);
        struct str got;
        str_init(&got, &a, 4096);
        for (size_t n = 0; n < count; n++) {
            str_addf(&got, "%.*s|", SV_ARG(ids[n]));
        }
        if (!sv_eq(str_sv(&got), sv_from(rows[i].ids))) {
            fail_msg("row %zu: %.*s", i, SV_ARG(str_sv(&got)));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lti_history_read__gives_the_ids_in_their_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
