#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net_link.h"

#define LQ "\xE2\x80\x9C"
#define RQ "\xE2\x80\x9D"

static void net_link_find__reads_what_platforms_send(void **state) {
    (void)state;
    static const struct {
        const char *header, *next; /* NULL: none */
    } rows[] = {
        {"<https://a.example/?p=2>; rel=\"next\"", "https://a.example/?p=2"},
        {"<https://a.example/?p=2>;rel=next", "https://a.example/?p=2"},
        {"<https://a.example/?p=2>; rel='next'", "https://a.example/?p=2"},
        {"<https://a.example/?p=2> ; REL=\"NEXT\"", "https://a.example/?p=2"},
        {"<https://a.example/1>; rel=\"first\", <https://a.example/2>; rel=\"next\"",
         "https://a.example/2"},
        /* a comma inside the URL is no separator */
        {"<https://a.example/?a=1,2>; rel=\"first\", <https://a.example/?a=2,3>; rel=\"next\"",
         "https://a.example/?a=2,3"},
        {"<https://a.example/>; title=\"a, <b>; rel=next\"; rel=\"next\"", "https://a.example/"},
        {"<https://a.example/>; rel=\"last next\"", "https://a.example/"},
        {"<https://a.example/>; rel=\"nextish\"", NULL},
        /* the first rel of a link counts (RFC 8288 3.3) */
        {"<https://a.example/>; rel=\"last\"; rel=\"next\"", NULL},
        /* Moodle's AGS, one line (moodle.md 3.1) */
        {"<http://m:8101/mod/lti/services.php/2/lineitems?type_id=1&amp;limit=2&amp;from=0>; "
         "rel=" LQ "first" RQ ", <http://m:8101/x?type_id=1&amp;from=0>; rel=" LQ "canonical" RQ
         ", <http://m:8101/x?type_id=1&amp;limit=2&amp;from=2>; rel=" LQ "next" RQ
         ", <http://m:8101/x?type_id=1&amp;from=5>; rel=" LQ "last" RQ,
         "http://m:8101/x?type_id=1&limit=2&from=2"},
        {"<https://a.example/?a=1&amp;amp;b=2>; rel=next", "https://a.example/?a=1&amp;b=2"},
        {"", NULL},
        {"<", NULL},
        {"<https://a.example/", NULL},
        {"<https://a.example/>", NULL},
        {"<https://a.example/>; rel=", NULL},
        {"<https://a.example/>; rel=\"next", "https://a.example/"},
        {"<>; rel=\"next\"", NULL},
        {"https://a.example/; rel=\"next\"", NULL},
        {"<https://a.example/>; rel=" LQ, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct sv url = {0};
        bool found = net_link_find(&a, sv_from(rows[i].header), SV("next"), &url);
        if (found != (rows[i].next != NULL) || (found && !sv_eq(url, sv_from(rows[i].next)))) {
            fail_msg("%s: got \"%.*s\"", rows[i].header, SV_ARG(url));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(net_link_find__reads_what_platforms_send)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
