/* What reading a course costs, without merging it: requests, bytes, seconds and the memory it takes
 * at most. Nothing is stored; what one reading leaves is told to the next.
 *
 *   bench_read moodle|canvas BASE_URL TOKEN COURSE PARALLEL
 *
 * Reads a word a line from standard input, "whole" or "changes", and answers each with a line of
 * JSON. */
#include "grades_source.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static _Noreturn void die(const char *why) {
    (void)fprintf(stderr, "bench_read: %s\n", why);
    exit(2);
}

static int by_ref(const void *left, const void *right) {
    return sv_cmp(((const struct model_known *)left)->person_ref,
                  ((const struct model_known *)right)->person_ref);
}

/* As the store keeps it. */
static void remember(struct grades_course *course, const struct grades_reading *r,
                     struct arena *a) {
    struct model_known *known = ARENA_ARRAY(a, struct model_known, r->member_count);
    for (size_t i = 0; i < r->member_count; i++) {
        const struct model_member *m = &r->members[i];
        const struct model_known key = {.person_ref = m->person_ref};
        const struct model_known *old =
            course->known_count == 0
                ? NULL
                : bsearch(&key, course->known, course->known_count, sizeof key, by_ref);
        known[i] = (struct model_known){.person_ref = sv_copy(a, m->person_ref),
                                        .mark = sv_copy(a, m->mark),
                                        .read_at = !m->is_unread ? r->read_at
                                                   : old == NULL ? 0
                                                                 : old->read_at};
    }
    qsort(known, r->member_count, sizeof *known, by_ref);
    course->known = known;
    course->known_count = r->member_count;
    course->since = r->read_at;
}

static void print(const struct grades_reading *r, double seconds) {
    struct rusage usage;
    size_t unread = 0;
    for (size_t i = 0; i < r->member_count; i++) {
        unread += r->members[i].is_unread ? 1 : 0;
    }
    (void)getrusage(RUSAGE_SELF, &usage);
    (void)printf("{\"requests\":%lld,\"bytes\":%lld,\"seconds\":%.3f,\"people\":%zu,\"unread\":%zu,"
                 "\"facts\":%zu,\"peak_kib\":%ld}\n",
                 (long long)r->requests, (long long)r->bytes, seconds, r->member_count, unread,
                 r->fact_count, usage.ru_maxrss);
    (void)fflush(stdout);
}

int main(int argc, char **argv) {
    struct arena kept = {0};
    struct err err = {0};
    struct net_client_config config = {.user_agent = "Laurel/bench"};
    struct net_client *client = NULL;
    struct grades_source source = {0};
    int64_t parallel = 0;
    if (argc != 6 || !grades_kind_parse(sv_from(argv[1]), &source.kind) ||
        !num_parse_i64(sv_from(argv[5]), 1, NET_PARALLEL_MAX, &parallel)) {
        die("usage: bench_read moodle|canvas BASE_URL TOKEN COURSE PARALLEL");
    }
    struct sv host;
    struct sv entry = sv_skip(sv_from(argv[2]), strlen("http://"));
    (void)sv_cut(entry, '/', &host, &entry);
    if (!net_policy_parse(&kept, &host, 1, &config.policy, &err) ||
        !net_client_create(&config, &client, &err)) {
        die(err.text);
    }
    source.base_url = sv_from(argv[2]);
    source.token = sv_from(argv[3]);
    struct grades_course course = {.ref = sv_from(argv[4])};
    char line[64];
    while (fgets(line, sizeof line, stdin) != NULL) {
        AUTO_ARENA a = {0};
        struct grades_reading reading;
        const struct grades_io io = {.http = lti_http_of(client),
                                     .clock = clock_system,
                                     .arena = &a,
                                     .parallel = (int)parallel};
        course.scope = sv_eq(sv_trim(sv_from(line)), SV("changes")) ? GRADES_CHANGES : GRADES_WHOLE;
        usec_t began = clock_monotonic();
        if (!grades_read(&source, &course, &io, &reading, &err)) {
            die(err.text);
        }
        print(&reading, (double)(clock_monotonic() - began) / (double)USEC_PER_S);
        remember(&course, &reading, &kept);
    }
    net_client_destroy(client);
    arena_release(&kept);
    return 0;
}
