/* Gradebook files: how they wait, and readings that come in parts, against a real PostgreSQL. */
#include "base_temp.h"
#include "store_badge.h"
#include "store_course.h"
#include "store_upload.h"
#include "support_db.h"
#include <unistd.h>

enum { PEOPLE = 3, ITEMS = 2, FILE_BYTES = 1200000 };

struct place {
    struct store *store;
    struct arena arena;
    struct store_course course;
};

static void place_open(struct place *p, const char *name) {
    struct err err = {0};
    int64_t institution_id = 0;
    int64_t course_id = 0;
    *p = (struct place){.store = support_store(2)};
    struct model_registration registration = support_platform(p->store, &p->arena, name);
    const struct model_course_ref ref = {.issuer = registration.issuer,
                                         .client_id = registration.client_id,
                                         .deployment_id = SV("1"),
                                         .context_id = SV("77")};
    assert_true(store_course_take(p->store, &ref, true, &institution_id, &course_id, &err));
    assert_true(store_course_get(p->store, institution_id, course_id, &p->arena, &p->course, &err));
}

static void place_close(struct place *p) {
    store_destroy(p->store);
    arena_release(&p->arena);
}

/* A file of letters that differ by `seed`, behind ten bytes that are not meant. */
static int make_file(char seed) {
    struct err err = {0};
    int fd = -1;
    char *bytes = malloc(FILE_BYTES + 10);
    assert_non_null(bytes);
    memset(bytes, '#', 10);
    for (size_t i = 0; i < FILE_BYTES; i++) {
        bytes[10 + i] = (char)('a' + (i / 1000 + (size_t)seed) % 26);
    }
    assert_true(temp_file_create(&fd, &err));
    assert_int_equal(write(fd, bytes, FILE_BYTES + 10), FILE_BYTES + 10);
    free(bytes);
    return fd;
}

static bool load(const struct place *p, const struct store_upload *whose,
                 const unsigned char digest[STORE_UPLOAD_DIGEST_BYTES], int *fd, struct err *err) {
    size_t size = 0;
    *err = (struct err){0};
    assert_true(temp_file_create(fd, err));
    bool is_there = store_upload_load(p->store, whose, digest, *fd, &size, err);
    assert_true(!is_there || size == FILE_BYTES);
    return is_there;
}

static void upload__waits_as_it_was_and_for_who_brought_it(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    unsigned char first[STORE_UPLOAD_DIGEST_BYTES];
    unsigned char second[STORE_UPLOAD_DIGEST_BYTES];
    int back = -1;
    place_open(&p, "upload-waits");
    const struct store_upload mine = {p.course.institution_id, p.course.id, 1};
    const struct store_upload theirs = {p.course.institution_id, p.course.id, 2};
    int fd = make_file(1);
    int other = make_file(2);
    assert_true(store_upload_keep(p.store, &mine, fd, 10, FILE_BYTES, first, &err));
    assert_true(load(&p, &mine, first, &back, &err));
    char here[4096];
    char there[4096];
    for (off_t at = 0; at < FILE_BYTES; at += (off_t)sizeof here) {
        ssize_t n = pread(back, here, sizeof here, at);
        assert_int_equal(pread(fd, there, (size_t)n, at + 10), n);
        assert_memory_equal(here, there, n);
    }
    (void)close(back);
    assert_false(load(&p, &theirs, first, &back, &err));
    assert_string_equal(err.reason, "upload");
    (void)close(back);
    /* the next one takes its place */
    assert_true(store_upload_keep(p.store, &mine, other, 10, FILE_BYTES, second, &err));
    assert_memory_not_equal(first, second, sizeof first);
    assert_false(load(&p, &mine, first, &back, &err));
    (void)close(back);
    /* stored: it is gone, and the course says so */
    usec_t at = 0;
    struct sv who;
    err = (struct err){0};
    assert_true(store_upload_stored(p.store, &mine, &err));
    assert_false(load(&p, &mine, second, &back, &err));
    (void)close(back);
    err = (struct err){0};
    assert_true(
        store_upload_last(p.store, mine.institution_id, mine.course_id, &p.arena, &at, &who, &err));
    assert_true(at > 0);
    (void)close(fd);
    (void)close(other);
    place_close(&p);
}

static void upload__is_gone_after_an_hour(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    unsigned char digest[STORE_UPLOAD_DIGEST_BYTES];
    int back = -1;
    place_open(&p, "upload-gone");
    const struct store_upload mine = {p.course.institution_id, p.course.id, 1};
    int fd = make_file(3);
    assert_true(store_upload_keep(p.store, &mine, fd, 0, FILE_BYTES, digest, &err));
    assert_true(store_purge(p.store, &err));
    assert_true(load(&p, &mine, digest, &back, &err)); /* not yet */
    (void)close(back);
    (void)support_sql("UPDATE upload SET created_at = now() - interval '61 minutes'");
    assert_false(load(&p, &mine, digest, &back, &err));
    (void)close(back);
    err = (struct err){0};
    assert_true(store_purge(p.store, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM upload"), 0);
    assert_int_equal(support_sql("SELECT count(*) FROM upload_part"), 0);
    (void)close(fd);
    place_close(&p);
}

static bool feed(void *ctx, struct store_reading_parts *into, struct err *err) {
    static const char *const people[PEOPLE] = {"r1", "r2", "r3"};
    const char *score = ctx;
    for (size_t i = 0; i < PEOPLE; i++) {
        struct model_fact facts[ITEMS] = {0};
        for (size_t k = 0; k < ITEMS; k++) {
            facts[k] = (struct model_fact){.person_ref = sv_from(people[i]),
                                           .item_index = k,
                                           .has_score = true,
                                           .is_posted = true};
            assert_true(dec_parse(sv_from(score), &facts[k].score));
        }
        if (sv_eq(sv_from(score), SV("13")) && i == 2) {
            return err_because(err, ERR_INPUT, "test", "the last part is broken");
        }
        if (!store_reading_add(into, facts, ITEMS)) {
            return false;
        }
    }
    return true;
}

static bool save(const struct place *p, const char *score, struct store_reading_result *result,
                 struct err *err) {
    static const struct model_item items[ITEMS] = {
        {.source = {"csv", 3}, .ref = {"a", 1}, .title = {"A", 1}},
        {.source = {"csv", 3}, .ref = {"b", 1}, .title = {"B", 1}}};
    static const struct model_member members[2] = {
        /* r3 is nobody's */
        {.person_ref = {"r1", 2}, .sub = {"ana", 3}, .is_learner = true, .is_active = true},
        {.person_ref = {"r2", 2}, .sub = {"ben", 3}, .is_learner = true, .is_active = true}};
    const struct store_reading reading = {.institution_id = p->course.institution_id,
                                          .course_id = p->course.id,
                                          .registration_id = p->course.registration_id,
                                          .items = items,
                                          .item_count = ITEMS,
                                          .members = members,
                                          .member_count = 2,
                                          .source = SV("csv"),
                                          .is_partial = true,
                                          .read_at = clock_now(&clock_system),
                                          .feed = feed,
                                          .feed_ctx = (void *)score};
    return store_reading_save(p->store, &reading, result, err);
}

static void reading__in_parts_is_one_reading(void **state) {
    (void)state;
    struct place p;
    struct err err = {0};
    struct store_reading_result result = {0};
    place_open(&p, "upload-parts");
    assert_true(save(&p, "7", &result, &err));
    assert_int_equal(result.facts_changed, 4);
    assert_true(save(&p, "7.0", &result, &err));
    assert_int_equal(result.facts_changed, 0);
    assert_int_equal(result.people_changed, 0);
    /* what fails in its last part leaves nothing of the others */
    assert_false(save(&p, "13", &result, &err));
    assert_string_equal(err.reason, "test");
    assert_int_equal(support_sql("SELECT count(*) FROM fact WHERE score = 13"), 0);
    place_close(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(upload__waits_as_it_was_and_for_who_brought_it),
        cmocka_unit_test(upload__is_gone_after_an_hour),
        cmocka_unit_test(reading__in_parts_is_one_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
