/* A Canvas that answers anything. The input is cut at 0x1E into replies, given in order; the last
 * one is given for ever. A reply that starts with '>' has another page behind it. */
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
    if (++s->calls > 60) {
        return err_set(err, ERR_UPSTREAM, "enough");
    }
    if (s->rest.len > 0) {
        (void)sv_cut(s->rest, '\x1e', &s->last, &s->rest);
    }
    bool has_next = sv_starts(s->last, SV(">"));
    *out = (struct net_response){.status = 200, .body = sv_copy(a, sv_skip(s->last, has_next))};
    if (has_next) {
        out->headers = ARENA_NEW(a, struct net_header);
        out->headers[0] = (struct net_header){
            SV("Link"), sv_printf(a, "<https://c.example/p?page=%d>; rel=\"next\"", s->calls)};
        out->header_count = 1;
    }
    return true;
}

/* The same answers again, of which only changes are read: nobody has facts and is unread. */
static void changes(const struct grades_source *source, const struct grades_course *whole,
                    const struct grades_io *io, const struct grades_reading *before,
                    struct site *site, const uint8_t *data, size_t size) {
    struct model_known *known =
        ARENA_ARRAY(io->arena, struct model_known, before->member_count + 1);
    for (size_t i = 0; i < before->member_count; i++) {
        known[i].person_ref = before->members[i].person_ref;
        known[i].mark = before->members[i].mark;
    }
    struct grades_course course = *whole;
    course.scope = GRADES_CHANGES;
    course.known = known;
    course.known_count = before->member_count > 1 ? 1 : before->member_count;
    *site = (struct site){.rest = sv_of((const char *)data, size)};
    struct grades_reading reading;
    struct err err = {0};
    if (!grades_read(source, &course, io, &reading, &err)) {
        return;
    }
    for (size_t i = 0; i < reading.member_count; i++) {
        for (size_t k = 0; k < reading.fact_count; k++) {
            if (reading.members[i].is_unread &&
                sv_eq(reading.facts[k].person_ref, reading.members[i].person_ref)) {
                abort();
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct site site = {.rest = sv_of((const char *)data, size)};
    const struct model_link links[] = {{SV("s-1"), SV("871")}, {SV("s-2"), SV("")}};
    const struct grades_source source = {
        .kind = GRADES_CANVAS, .base_url = SV("https://c.example"), .token = SV("t")};
    const struct grades_course course = {.ref = SV("55"), .links = links, .link_count = 2};
    const struct grades_io io = {
        .http = {.fetch = answer, .ctx = &site}, .clock = clock_system, .arena = &a};
    struct grades_reading reading;
    bool is_read = grades_read(&source, &course, &io, &reading, &err);
    if (is_read != (err.code == ERR_NONE) || (!is_read && reading.fact_count > 0)) {
        abort();
    }
    for (size_t i = 0; i < reading.fact_count; i++) {
        const struct model_fact *f = &reading.facts[i];
        if (f->item_index >= reading.item_count || f->person_ref.len == 0 ||
            (f->is_excused && f->has_score)) {
            abort();
        }
    }
    for (size_t i = 0; i < reading.member_count; i++) {
        if (reading.members[i].sub.len == 0) {
            abort();
        }
    }
    if (is_read) {
        changes(&source, &course, &io, &reading, &site, data, size);
    }
    site = (struct site){.rest = sv_of((const char *)data, size)};
    err = (struct err){0};
    struct grades_probe probe;
    if (grades_test(&source, &course, &io, &probe, &err) && err.code != ERR_NONE) {
        abort();
    }
    return 0;
}
