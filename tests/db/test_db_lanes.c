/* Many courses at few hosts: what is taken, in which order, and when a course is due (issue 4). */
#include "store_course.h"
#include "store_host.h"
#include "store_job.h"
#include "store_sync.h"
#include "support_db.h"
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define HOST "https://lms.example"

struct place {
    struct store *store;
    struct arena arena;
};

static void place_open(struct place *p) { *p = (struct place){.store = support_store(20)}; }

static void place_close(struct place *p) {
    store_destroy(p->store);
    arena_release(&p->arena);
}

static long long sql(struct place *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
static long long sql(struct place *p, const char *fmt, ...) {
    char text[2048];
    va_list args;
    (void)p;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return support_sql(text);
}

/* An institution `name` with a source at `url` and `courses` courses with a badge each; returns its
 * id. Nothing is due. */
static int64_t school(struct place *p, const char *name, const char *kind, const char *url,
                      int parallel, int courses) {
    (void)support_platform(p->store, &p->arena, name);
    int64_t id = sql(p, "SELECT id FROM institution WHERE name = '%s'", name);
    long long deployment =
        sql(p, "SELECT id FROM deployment WHERE institution_id = %lld", (long long)id);
    (void)sql(p,
              "INSERT INTO grade_source (institution_id, deployment_id, kind, base_url, parallel) "
              "VALUES (%lld, %lld, '%s', '%s', %d)",
              (long long)id, deployment, kind, url, parallel);
    (void)sql(p,
              "WITH c AS (INSERT INTO context (institution_id, deployment_id, context_id) "
              "SELECT %lld, %lld, n::text FROM generate_series(1, %d) n RETURNING id) "
              "INSERT INTO badge_course (institution_id, badge_id, context_id) "
              "SELECT %lld, 1, id FROM c",
              (long long)id, deployment, courses, (long long)id);
    return id;
}

/* All courses of an institution are due by the clock. */
static void all_due(struct place *p, int64_t institution) {
    struct err err = {0};
    (void)sql(p, "UPDATE context SET next_read_at = now() WHERE institution_id = %lld",
              (long long)institution);
    assert_true(store_job_schedule(p->store, &err));
}

static struct store_job take(struct place *p, bool *is_found) {
    struct err err = {0};
    struct store_job job = {0};
    if (!store_job_take(p->store, &p->arena, &job, is_found, &err)) {
        fail_msg("%s", err.text);
    }
    return job;
}

static bool takes_one_of(struct place *p, int64_t institution) {
    bool is_found = false;
    struct store_job job = take(p, &is_found);
    return is_found && job.institution_id == institution;
}

static bool takes_nothing(struct place *p) {
    bool is_found = false;
    (void)take(p, &is_found);
    return !is_found;
}

/* --- slots --- */

struct takers {
    struct place *place;
    atomic_int held, most, done, broken;
    int limit, want;
};

static void *take_and_do(void *ctx) {
    struct takers *t = ctx;
    AUTO_ARENA a = {0};
    while (atomic_load(&t->done) < t->want && atomic_load(&t->broken) == 0) {
        struct err err = {0};
        struct store_job job = {0};
        bool is_found = false;
        if (!store_job_take(t->place->store, &a, &job, &is_found, &err)) {
            atomic_fetch_add(&t->broken, 1);
            break;
        }
        if (!is_found) {
            (void)usleep(500);
            continue;
        }
        int held = atomic_fetch_add(&t->held, (int)job.slots) + (int)job.slots;
        for (int most = atomic_load(&t->most);
             held > most && !atomic_compare_exchange_weak(&t->most, &most, held);) {
        }
        (void)usleep(1500);
        atomic_fetch_sub(&t->held, (int)job.slots);
        if (!store_job_done(t->place->store, job.id, &err)) {
            atomic_fetch_add(&t->broken, 1);
        }
        atomic_fetch_add(&t->done, 1);
    }
    return NULL;
}

static int most_at_once(struct place *p, int want) {
    struct takers t = {.place = p, .want = want};
    pthread_t threads[16];
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_do, &t), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        (void)pthread_join(threads[i], NULL);
    }
    assert_int_equal(atomic_load(&t.broken), 0);
    assert_int_equal(atomic_load(&t.done), want);
    return atomic_load(&t.most);
}

static void store_job_take__holds_no_more_slots_of_a_host_than_it_allows(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    for (int i = 0; i < 5; i++) { /* five schools, one host however it is written */
        char name[16];
        (void)snprintf(name, sizeof name, "s%d", i);
        all_due(&p, school(&p, name, "moodle", i % 2 ? HOST "/moodle" : "HTTPS://LMS.example:443",
                           0, 12));
    }
    assert_int_equal(support_sql("SELECT count(*) FROM job WHERE lane = '" HOST "'"), 60);
    /* four requests at once, two a course */
    assert_int_equal(most_at_once(&p, 60), 4);
    /* what one of them allows is the host's limit; a course then gets what is left */
    (void)support_sql("UPDATE grade_source SET parallel = 3 WHERE deployment_id = (SELECT "
                      "min(deployment_id) FROM grade_source)");
    (void)support_sql("UPDATE context SET next_read_at = now()");
    struct err err = {0};
    assert_true(store_job_schedule(p.store, &err));
    assert_int_equal(most_at_once(&p, 60), 3);
    (void)support_sql("UPDATE grade_source SET parallel = 9");
    assert_int_equal(support_sql("SELECT parallel FROM source_host"), 9);
    place_close(&p);
}

static void store_job_take__limits_a_host_of_ags_as_the_course_names_it(void **state) {
    (void)state;
    struct place p;
    place_open(&p);
    int64_t a = school(&p, "a", "ags", "", 0, 3);
    (void)support_sql("UPDATE context SET lineitems_url = 'https://school.example:8443/li/' || id");
    all_due(&p, a);
    assert_int_equal(
        support_sql("SELECT count(*) FROM job WHERE lane = 'https://school.example:8443'"), 3);
    assert_true(takes_one_of(&p, a) && takes_one_of(&p, a) && takes_nothing(&p));
    place_close(&p);
}

static void store_job_take__keeps_other_jobs_out_of_lanes(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    place_open(&p);
    int64_t a = school(&p, "a", "canvas", HOST, 1, 2);
    all_due(&p, a);
    assert_true(takes_one_of(&p, a) && takes_nothing(&p));
    const struct store_job_new judge = {
        .institution_id = a, .kind = SV("judge"), .dedupe = SV("judge:1")};
    assert_true(store_job_add(p.store, &judge, &err));
    bool is_found = false;
    struct store_job job = take(&p, &is_found);
    assert_true(is_found && sv_eq(job.kind, SV("judge")) && job.lane.len == 0);
    place_close(&p);
}

/* --- turns --- */

static void store_job_take__lets_two_hundred_courses_delay_no_other_school(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    place_open(&p);
    int64_t big = school(&p, "big", "canvas", HOST, 8, 200);
    int64_t small = school(&p, "small", "canvas", HOST, 8, 2);
    all_due(&p, big);
    (void)support_sql("UPDATE job SET run_at = now() - interval '1 hour'");
    all_due(&p, small);
    /* never served: the one that waited longest; then the one with fewest under way */
    assert_true(takes_one_of(&p, big) && takes_one_of(&p, small));
    assert_true(takes_one_of(&p, big) && takes_one_of(&p, small) && takes_one_of(&p, big));
    assert_true(takes_nothing(&p)); /* three of an institution */
    /* nothing under way: the one that was served longest ago */
    (void)support_sql("DELETE FROM job WHERE state = 'leased'");
    (void)sql(&p, "UPDATE context SET next_read_at = now() WHERE institution_id = %lld",
              (long long)small);
    (void)sql(&p, "UPDATE institution SET served_at = now() - interval '%d s' WHERE id = %lld", 9,
              (long long)small);
    assert_true(store_job_schedule(p.store, &err));
    assert_true(takes_one_of(&p, small));
    place_close(&p);
}

static void store_job_take__puts_people_before_launches_before_the_clock(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    place_open(&p);
    int64_t a = school(&p, "a", "canvas", HOST, 8, 3);
    long long first = support_sql("SELECT min(id) FROM context");
    all_due(&p, a);
    (void)sql(&p, "UPDATE context SET sync_requested_at = now() WHERE id = %lld", first + 1);
    assert_true(store_job_schedule(p.store, &err)); /* raises the one that waits */
    assert_true(store_sync_request(p.store, a, first + 2, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM job"), 3);
    for (int i = 2; i >= 0; i--) {
        bool is_found = false;
        struct store_job job = take(&p, &is_found);
        assert_true(is_found);
        assert_int_equal(job.priority, i == 2 ? STORE_JOB_BY_HAND : i * 10);
        assert_true(sv_eq(job.payload, sv_printf(&p.arena, "{\"course\": %lld}", first + i)));
    }
    place_close(&p);
}

/* --- the breaker --- */

static void fail_host(struct place *p, const char *reason, int64_t wait_s) {
    struct err err = {0};
    struct err why = {0};
    (void)err_because(&why, ERR_UPSTREAM, reason, "it failed");
    assert_true(store_host_failed(p->store, SV(HOST), &why, wait_s, &err));
}

static long long open_for_s(void) {
    return support_sql("SELECT coalesce(round(extract(epoch FROM open_until - now())), 0) FROM "
                       "source_host WHERE lane = '" HOST "'");
}

static void let_time_pass(void) {
    (void)support_sql("UPDATE source_host SET open_until = now() - interval '1 millisecond' WHERE "
                      "open_until IS NOT NULL");
}

static void store_host_failed__closes_the_host_for_longer_each_time(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    place_open(&p);
    int64_t a = school(&p, "a", "canvas", HOST, 8, 40);
    all_due(&p, a);
    int64_t b = school(&p, "b", "canvas", "https://other.example", 8, 1);
    for (int i = 0; i < 3; i++) {
        fail_host(&p, "timeout", 0);
    }
    assert_int_equal(open_for_s(), 0);
    assert_true(takes_one_of(&p, a));
    fail_host(&p, "timeout", 0);
    assert_true(open_for_s() >= 15 && open_for_s() <= 38);
    fail_host(&p, "timeout", 0); /* one that was under way: not a fifth */
    assert_true(open_for_s() <= 38);
    assert_true(store_host_answered(p.store, SV(HOST), &err)); /* so with one that ended well */
    assert_true(takes_nothing(&p));
    all_due(&p, b);
    assert_true(takes_one_of(&p, b)); /* another host is not concerned */
    let_time_pass();
    fail_host(&p, "http_503", 0);
    assert_true(open_for_s() >= 45 && open_for_s() <= 75);
    for (int i = 0; i < 8; i++) {
        let_time_pass();
        fail_host(&p, "dns", 0);
    }
    assert_true(open_for_s() >= 1700 && open_for_s() <= 2250); /* half an hour at most */
    struct store_host *hosts = NULL;
    size_t count = 0;
    assert_true(store_host_list(p.store, &p.arena, &hosts, &count, &err));
    assert_int_equal(count, 1);
    assert_true(sv_eq(hosts[0].reason, SV("dns")) && hosts[0].open_until != 0);
    place_close(&p);
}

static void *take_once(void *ctx) {
    struct place *p = ctx;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct store_job job = {0};
    bool is_found = false;
    return store_job_take(p->store, &a, &job, &is_found, &err) && is_found ? ctx : NULL;
}

static int taken_by_many(struct place *p) {
    pthread_t threads[8];
    int taken = 0;
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, take_once, p), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        void *got = NULL;
        (void)pthread_join(threads[i], &got);
        taken += got != NULL ? 1 : 0;
    }
    return taken;
}

static void store_job_take__lets_one_reading_try_a_host_that_was_out_of_reach(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    place_open(&p);
    for (int i = 0; i < 4; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "s%d", i);
        all_due(&p, school(&p, name, "canvas", HOST, 6, 4));
    }
    for (int i = 0; i < 4; i++) {
        fail_host(&p, "connect", 0);
    }
    assert_int_equal(taken_by_many(&p), 0);
    let_time_pass();
    assert_int_equal(taken_by_many(&p), 1);
    assert_int_equal(taken_by_many(&p), 0);
    assert_true(store_host_answered(p.store, SV(HOST), &err));
    assert_int_equal(support_sql("SELECT failures FROM source_host"), 0);
    assert_int_equal(taken_by_many(&p), 5); /* six slots, one is held */
    place_close(&p);
}

static void store_host_failed__stays_away_as_long_as_the_host_asks(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    place_open(&p);
    int64_t a = school(&p, "a", "canvas", HOST, 8, 4);
    all_due(&p, a);
    fail_host(&p, "throttle", 90);
    assert_true(open_for_s() >= 75 && open_for_s() <= 100);
    struct store_course course = {0};
    assert_true(store_course_get(p.store, a, support_sql("SELECT min(id) FROM context"), &p.arena,
                                 &course, &err));
    assert_true(sv_eq(course.waits_for, SV("lms.example asks Laurel to slow down")));
    assert_true(course.waits_until > clock_now(&clock_system));
    assert_true(takes_nothing(&p));
    /* somebody sets the source anew: one tries at once */
    (void)support_sql("UPDATE grade_source SET token_sealed = 'x'");
    assert_int_equal(taken_by_many(&p), 1);
    place_close(&p);
}

/* --- when a course is due --- */

static long long waiting(void) {
    return support_sql("SELECT count(*) FROM job WHERE state = 'waiting'");
}

static void store_job_schedule__adds_each_due_course_once(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    place_open(&p);
    int64_t a = school(&p, "a", "canvas", HOST, 0, 3);
    assert_true(store_job_schedule(p.store, &err));
    assert_int_equal(waiting(), 0); /* nobody asked: next_read_at is not set */
    all_due(&p, a);
    assert_int_equal(waiting(), 3);
    /* and they are not looked at again while they wait */
    assert_int_equal(support_sql("SELECT count(*) FROM context WHERE next_read_at <= now()"), 0);
    /* one that runs is not added beside itself by the clock, but by somebody who asks */
    (void)support_sql("DELETE FROM job");
    all_due(&p, a);
    assert_true(takes_one_of(&p, a));
    (void)support_sql("DELETE FROM job WHERE state = 'waiting'");
    long long running = support_sql("SELECT (payload->>'course')::bigint FROM job");
    (void)sql(&p, "UPDATE context SET next_read_at = now() WHERE id = %lld", running);
    assert_true(store_job_schedule(p.store, &err));
    assert_int_equal(waiting(), 0);
    (void)sql(&p, "UPDATE context SET sync_requested_at = now() WHERE id = %lld", running);
    assert_true(store_job_schedule(p.store, &err));
    assert_int_equal(waiting(), 1);
    place_close(&p);
}

static void store_job_schedule__leaves_out_what_cannot_be_read(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    place_open(&p);
    int64_t a = school(&p, "a", "canvas", HOST, 0, 2);
    int64_t b = school(&p, "b", "csv", "", 0, 1);
    (void)sql(&p,
              "DELETE FROM badge_course WHERE context_id = (SELECT max(id) FROM context WHERE "
              "institution_id = %lld)",
              (long long)a);
    (void)support_sql("UPDATE context SET sync_requested_at = now(), next_read_at = now()");
    (void)b;
    assert_true(store_job_schedule(p.store, &err));
    assert_int_equal(waiting(), 1);
    assert_int_equal(support_sql("SELECT count(*) FROM context WHERE sync_requested_at > coalesce("
                                 "sync_queued_at, '-infinity') OR next_read_at <= now()"),
                     0);
    place_close(&p);
}

static void store_job_schedule__spaces_a_course_that_is_asked_for_again_and_again(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    struct store_sync sync = {0};
    place_open(&p);
    int64_t a = school(&p, "a", "canvas", HOST, 0, 1);
    long long course = support_sql("SELECT id FROM context");
    assert_true(store_sync_start(p.store, a, course, false, &sync, &err));
    (void)support_sql("UPDATE context SET sync_took_ms = 8000, sync_requested_at = now()");
    assert_true(store_job_schedule(p.store, &err));
    long long wait = support_sql("SELECT round(extract(epoch FROM run_at - now())) FROM job");
    assert_true(wait >= 20 && wait <= 40); /* five times as long as it took */
    assert_true(takes_nothing(&p));
    assert_true(store_sync_request(p.store, a, course, &err)); /* by hand at once */
    assert_false(takes_nothing(&p));
    (void)support_sql("DELETE FROM job");
    (void)support_sql("UPDATE context SET sync_started_at = now(), sync_requested_at = now() + "
                      "interval '1 millisecond'");
    assert_true(store_job_schedule(p.store, &err));
    assert_true(takes_nothing(&p));
    assert_true(store_job_schedule_now(p.store, &err)); /* who works once waits for nothing */
    assert_false(takes_nothing(&p));
    (void)support_sql("DELETE FROM job; UPDATE context SET sync_took_ms = 1, sync_requested_at = "
                      "now()");
    assert_true(store_job_schedule(p.store, &err));
    assert_true(support_sql("SELECT 1000 * extract(epoch FROM run_at - sync_started_at) FROM job, "
                            "context") >= 2000);
    place_close(&p);
}

static long long waits_ms(void) {
    return support_sql("SELECT round(1000 * extract(epoch FROM run_at - now())) FROM job WHERE "
                       "state = 'waiting'");
}

static void store_job_schedule__reads_a_few_soon_while_a_course_is_left_in_peace(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    struct store_sync sync = {0};
    place_open(&p);
    int64_t a = school(&p, "a", "canvas", HOST, 0, 1);
    long long course = support_sql("SELECT id FROM context");
    assert_true(store_sync_start(p.store, a, course, false, &sync, &err));
    (void)support_sql("UPDATE context SET sync_took_ms = 8000, source_read_at = now(), synced_at = "
                      "now(), sync_requested_at = now() + interval '1 millisecond'");
    assert_true(store_job_schedule(p.store, &err));
    assert_true(waits_ms() > 0 && waits_ms() <= 1000);
    const char *until = "SELECT count(*) FROM job, context WHERE (payload->>'until')::bigint = "
                        "usec(sync_started_at) + 40000000";
    assert_int_equal(support_sql(until), 1);
    all_due(&p, a); /* the clock hastens nothing, and takes nothing back */
    assert_int_equal(support_sql(until), 1);
    (void)support_sql("UPDATE job SET run_at = now()");
    assert_false(takes_nothing(&p));
    assert_true(store_sync_start(p.store, a, course, true, &sync, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM context WHERE sync_started_at < now() AND "
                                 "sync_requested_at <= sync_started_at"),
                     1);
    /* the course follows, when its time has come */
    usec_t after = support_sql("SELECT usec(sync_started_at) + 40000000 FROM context");
    assert_true(store_sync_request_at(p.store, a, course, after, &err));
    assert_true(waits_ms() > 30000);
    assert_int_equal(support_sql("SELECT count(*) FROM job WHERE state = 'waiting' AND NOT payload "
                                 "? 'until' AND priority = 10"),
                     1);
    /* somebody asks again: a few before it; it does not run beside the one that is under way */
    (void)support_sql("UPDATE context SET sync_requested_at = now()");
    assert_true(store_job_schedule(p.store, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM job WHERE state = 'waiting'"), 1);
    assert_true(waits_ms() <= 1000);
    assert_int_equal(support_sql("SELECT count(*) FROM job WHERE state = 'waiting' AND payload ? "
                                 "'until'"),
                     1);
    (void)support_sql("UPDATE job SET run_at = now()");
    assert_true(takes_nothing(&p));
    (void)support_sql("DELETE FROM job WHERE state = 'leased'");
    assert_true(store_job_schedule_now(p.store, &err)); /* who works once reads the course */
    assert_int_equal(support_sql("SELECT count(*) FROM job WHERE payload ? 'until'"), 0);
    (void)support_sql("DELETE FROM job");
    /* not where its time comes nearly as soon, nor where nothing tells whose work is newest */
    static const char *const others[] = {
        "UPDATE context SET sync_took_ms = 0",
        "UPDATE context SET sync_took_ms = 8000, source_read_at = NULL",
        "UPDATE grade_source SET kind = 'moodle'; UPDATE context SET source_read_at = now()"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        (void)support_sql(others[i]);
        (void)support_sql("UPDATE context SET sync_started_at = now(), sync_requested_at = now() + "
                          "interval '1 millisecond'");
        assert_true(store_job_schedule(p.store, &err));
        assert_true(waits_ms() >= (i == 0 ? 1500 : 30000));
        assert_int_equal(support_sql("SELECT count(*) FROM job WHERE payload ? 'until'"), 0);
        (void)support_sql("DELETE FROM job");
    }
    place_close(&p);
}

static void store_sync_done__loses_no_request_of_a_reading_in_two_runs(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    struct store_sync first = {0};
    struct store_sync second = {0};
    place_open(&p);
    int64_t a = school(&p, "a", "canvas", HOST, 0, 1);
    long long course = support_sql("SELECT id FROM context");
    assert_true(store_sync_start(p.store, a, course, false, &first, &err));
    (void)support_sql("UPDATE context SET sync_requested_at = now()"); /* somebody launches */
    assert_true(store_sync_start(p.store, a, course, false, &second, &err));
    struct store_sync_end end = {.institution_id = a,
                                 .course_id = course,
                                 .started_at = first.started_at,
                                 .next_at = second.started_at + 3600 * USEC_PER_S};
    assert_true(store_sync_done(p.store, &end, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM context WHERE next_read_at <= now()"), 1);
    end.started_at = second.started_at; /* read in one run: it is in it */
    assert_true(store_sync_done(p.store, &end, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM context WHERE next_read_at > now()"), 1);
    assert_int_equal(support_sql("SELECT quiet_readings FROM context"), 2);
    end.next_at = 0; /* the course is over */
    end.is_changed = true;
    assert_true(store_sync_done(p.store, &end, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM context WHERE next_read_at IS NULL AND "
                                 "quiet_readings = 0"),
                     1);
    place_close(&p);
}

static void store_source_refused__stops_the_deployment_until_it_is_set_anew(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    place_open(&p);
    int64_t a = school(&p, "a", "canvas", HOST, 0, 3);
    long long course = support_sql("SELECT min(id) FROM context");
    struct store_source source = {0};
    assert_true(store_source_get(p.store, a, support_sql("SELECT deployment_id FROM grade_source"),
                                 &p.arena, &source, &err));
    assert_true(store_source_refused(p.store, &source, SV("no longer"), &err));
    assert_int_equal(support_sql("SELECT count(*) FROM context WHERE sync_error = 'no longer'"), 3);
    all_due(&p, a);
    (void)support_sql("UPDATE context SET sync_requested_at = now()");
    assert_true(store_job_schedule(p.store, &err));
    assert_int_equal(waiting(), 0);
    assert_true(store_sync_request(p.store, a, course, &err)); /* "Check now" tries */
    assert_int_equal(waiting(), 1);
    assert_true(store_source_get(p.store, a, source.deployment_id, &p.arena, &source, &err));
    assert_true(source.refused_at != 0);
    assert_true(store_source_accepted(p.store, &source, &err)); /* and it went well */
    assert_true(store_job_schedule(p.store, &err));
    assert_int_equal(waiting(), 3);
    /* a refusal of the token before does not stop the one that was set meanwhile */
    (void)support_sql("UPDATE grade_source SET updated_at = clock_timestamp()");
    assert_true(store_source_refused(p.store, &source, SV("the old one"), &err));
    assert_int_equal(support_sql("SELECT count(*) FROM context WHERE sync_error = 'the old one'"),
                     0);
    /* set anew after it was refused */
    assert_true(store_source_get(p.store, a, source.deployment_id, &p.arena, &source, &err));
    assert_true(store_source_refused(p.store, &source, SV("again"), &err));
    const struct store_source anew = {.institution_id = a,
                                      .deployment_id = source.deployment_id,
                                      .kind = SV("canvas"),
                                      .base_url = SV(HOST),
                                      .parallel = 5};
    assert_true(store_source_set(p.store, &anew, &err));
    assert_true(store_source_get(p.store, a, source.deployment_id, &p.arena, &source, &err));
    assert_int_equal(source.refused_at, 0);
    assert_int_equal(support_sql("SELECT parallel FROM source_host"), 5);
    place_close(&p);
}

/* --- what a reading that broke off leaves --- */

static void store_kept__is_found_again_by_the_next_run_only(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    struct store_sync sync = {0};
    struct store_kept kept = {0};
    struct store_source source = {0};
    struct sv reply = {0};
    place_open(&p);
    int64_t a = school(&p, "a", "canvas", HOST, 0, 2);
    long long course = support_sql("SELECT min(id) FROM context");
    assert_true(store_source_get(p.store, a, support_sql("SELECT deployment_id FROM grade_source"),
                                 &p.arena, &source, &err));
    assert_true(store_sync_start(p.store, a, course, false, &sync, &err));
    assert_true(store_kept_begin(p.store, a, course, &source, &kept, &err));
    assert_int_equal(kept.started_at, 0);
    struct store_kept_page pages[3] = {{.key = {1}, .reply = SV("one")},
                                       {.key = {2}, .reply = SV("two")},
                                       {.key = {1}, .reply = SV("one, later")}};
    assert_true(store_kept_add(p.store, a, course, &source, sync.started_at, pages, 3, &err));
    assert_true(store_kept_begin(p.store, a, course, &source, &kept, &err));
    assert_true(kept.started_at == sync.started_at);
    assert_int_equal(kept.count, 2);
    assert_int_equal(kept.bytes, 13);
    assert_true(store_kept_get(p.store, a, course, pages[0].key, &p.arena, &reply, &err));
    assert_true(sv_eq(reply, SV("one, later")));
    assert_true(store_kept_get(p.store, a, course + 1, pages[0].key, &p.arena, &reply, &err));
    assert_int_equal(reply.len, 0); /* another course's */
    /* too old, and gone for good */
    (void)support_sql("UPDATE reading_page SET kept_at = now() - interval '31 minutes'");
    assert_true(store_kept_begin(p.store, a, course, &source, &kept, &err));
    assert_int_equal(kept.started_at, 0);
    assert_int_equal(support_sql("SELECT count(*) FROM reading_page"), 0);
    /* of another source */
    assert_true(store_kept_add(p.store, a, course, &source, sync.started_at, pages, 2, &err));
    source.updated_at++;
    assert_true(store_kept_begin(p.store, a, course, &source, &kept, &err));
    assert_int_equal(kept.started_at, 0);
    /* of a reading that is saved */
    assert_true(store_kept_add(p.store, a, course, &source, sync.started_at, pages, 2, &err));
    (void)support_sql("UPDATE context SET synced_at = sync_started_at");
    assert_true(store_kept_begin(p.store, a, course, &source, &kept, &err));
    assert_int_equal(kept.started_at, 0);
    /* and what nobody came back for is purged */
    assert_true(store_kept_add(p.store, a, course, &source, sync.started_at, pages, 2, &err));
    (void)support_sql("UPDATE reading_page SET kept_at = now() - interval '2 hours'");
    assert_true(store_purge(p.store, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM reading_page"), 0);
    place_close(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(store_job_take__holds_no_more_slots_of_a_host_than_it_allows),
        cmocka_unit_test(store_job_take__limits_a_host_of_ags_as_the_course_names_it),
        cmocka_unit_test(store_job_take__keeps_other_jobs_out_of_lanes),
        cmocka_unit_test(store_job_take__lets_two_hundred_courses_delay_no_other_school),
        cmocka_unit_test(store_job_take__puts_people_before_launches_before_the_clock),
        cmocka_unit_test(store_host_failed__closes_the_host_for_longer_each_time),
        cmocka_unit_test(store_job_take__lets_one_reading_try_a_host_that_was_out_of_reach),
        cmocka_unit_test(store_host_failed__stays_away_as_long_as_the_host_asks),
        cmocka_unit_test(store_job_schedule__adds_each_due_course_once),
        cmocka_unit_test(store_job_schedule__leaves_out_what_cannot_be_read),
        cmocka_unit_test(store_job_schedule__spaces_a_course_that_is_asked_for_again_and_again),
        cmocka_unit_test(store_job_schedule__reads_a_few_soon_while_a_course_is_left_in_peace),
        cmocka_unit_test(store_sync_done__loses_no_request_of_a_reading_in_two_runs),
        cmocka_unit_test(store_source_refused__stops_the_deployment_until_it_is_set_anew),
        cmocka_unit_test(store_kept__is_found_again_by_the_next_run_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
