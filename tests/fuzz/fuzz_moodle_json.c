/* A Moodle that answers anything. The input is cut at 0x1E into replies, given in order; the last
 * one is given for ever. */
#include "grades_source.h"
#include <stdint.h>

struct site {
    struct sv rest;
    struct sv last;
    int calls;
};

static bool answer(void *ctx, const struct net_request *q, struct net_response *out,
                   struct arena *a, struct err *err) {
    struct site *s = ctx;
    (void)q;
    if (++s->calls > 100) {
        return err_set(err, ERR_UPSTREAM, "enough");
    }
    if (s->rest.len > 0) {
        (void)sv_cut(s->rest, '\x1e', &s->last, &s->rest);
    }
    *out = (struct net_response){.status = 200, .body = sv_copy(a, s->last)};
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct site site = {.rest = sv_of((const char *)data, size)};
    const struct grades_source source = {
        .kind = GRADES_MOODLE, .base_url = SV("https://lms.example"), .token = SV("t")};
    const struct model_known known = {.person_ref = SV("4"), .mark = SV("m2 -- -1 0 0 0 0 0 0 0")};
    const struct grades_course course = {.scope = size % 2 == 0 ? GRADES_WHOLE : GRADES_CHANGES,
                                         .ref = SV("2"),
                                         .since = USEC_PER_S,
                                         .known = &known,
                                         .known_count = 1};
    const struct grades_io io = {
        .http = {.fetch = answer, .ctx = &site}, .clock = clock_system, .arena = &a};
    struct grades_reading reading;
    if (grades_read(&source, &course, &io, &reading, &err) != (err.code == ERR_NONE)) {
        abort();
    }
    for (size_t i = 0; i < reading.fact_count; i++) {
        if (reading.facts[i].item_index >= reading.item_count) {
            abort();
        }
    }
    site = (struct site){.rest = sv_of((const char *)data, size)};
    err = (struct err){0};
    struct grades_probe probe;
    return grades_test(&source, &course, &io, &probe, &err) && err.code != ERR_NONE ? abort(),
           0                                                                        : 0;
}
