/* A Moodle that refuses, is broken, or grants only a part; and the probe that says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "moodle_site.h"

/* An administrator who takes a function from the service takes nobody's badge. */
static void moodle__keeps_completion_that_is_no_longer_granted(void **state) {
    struct bench *b = *state;
    reply_with(b, ACTIVITIES, 0, NOT_GRANTED);
    must_read(b);
    const struct model_fact *f = fact_of(b, "4", MODEL_ITEM_COURSE_COMPLETION, "");
    assert_int_equal(f->completion, MODEL_COMPLETION_UNKNOWN);
    assert_true(f->is_kept);
    assert_int_equal(b->reading.can & GRADES_CAN_COMPLETION, 0);
    f = fact_of(b, "4", MODEL_ITEM_ACTIVITY, "1");
    assert_int_equal(f->completion, MODEL_COMPLETION_AS_STORED);
    assert_dec(f->score, "62"); /* scores go on */
    assert_false(f->is_kept);
    f = fact_of(b, "4", MODEL_ITEM_ACTIVITY, "17"); /* keeps none */
    assert_int_equal(f->completion, MODEL_COMPLETION_UNKNOWN);
    reply_with(b, GRADES, 0, "{\"usergrades\":[{\"userid\":4,\"gradeitems\":[]}]}");
    must_read(b);
    f = fact_of(b, "4", MODEL_ITEM_ACTIVITY, "1"); /* without a grade */
    assert_int_equal(f->completion, MODEL_COMPLETION_AS_STORED);
    assert_false(f->has_score);
}

static void moodle__uses_what_is_granted_and_names_the_rest(void **state) {
    static const struct {
        const char *function, *body;
        unsigned lost;
        bool is_complete;
    } rows[] = {
        {PEOPLE, NOT_GRANTED, GRADES_CAN_MEMBERS, false},
        {CONTENTS, NOT_GRANTED, GRADES_CAN_TITLES, false},
        {GRADES, NOT_GRANTED, GRADES_CAN_SCORES | GRADES_CAN_COURSE_TOTAL, false},
        {GRADES, EXCEPTION("moodle_exception", "nopermissiontoviewgrades"),
         GRADES_CAN_SCORES | GRADES_CAN_COURSE_TOTAL, false},
        {GRADES, EXCEPTION("required_capability_exception", "nopermissions"),
         GRADES_CAN_SCORES | GRADES_CAN_COURSE_TOTAL, false},
        {ACTIVITIES, NOT_GRANTED, GRADES_CAN_COMPLETION, true},
        {COURSE, NOT_GRANTED, GRADES_CAN_COURSE_COMPLETION, true},
    };
    const unsigned all = GRADES_CAN_MEMBERS | GRADES_CAN_SCORES | GRADES_CAN_COMPLETION |
                         GRADES_CAN_COURSE_COMPLETION | GRADES_CAN_COURSE_TOTAL | GRADES_CAN_TITLES;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        void *fresh = NULL;
        (void)state;
        assert_int_equal(setup(&fresh), 0);
        struct bench *b = fresh;
        reply_with(b, rows[i].function, 0, rows[i].body);
        must_read(b);
        if (b->reading.can != (all & ~rows[i].lost) ||
            b->reading.is_complete != rows[i].is_complete ||
            memmem(b->reading.missing.ptr, b->reading.missing.len, rows[i].function,
                   strlen(rows[i].function)) == NULL) {
            fail_msg("%s: can %x, missing \"%.*s\"", rows[i].function, b->reading.can,
                     SV_ARG(b->reading.missing));
        }
        assert_int_equal(b->reading.keeps_items, rows[i].lost == GRADES_CAN_TITLES);
        /* who had completed the course has done so still */
        assert_int_equal(b->reading.untold, rows[i].lost == GRADES_CAN_COURSE_COMPLETION
                                                ? 1u << MODEL_ITEM_COURSE_COMPLETION
                                                : 0);
        if (rows[i].lost == GRADES_CAN_MEMBERS) { /* learners come from the grades then */
            assert_int_equal(b->reading.member_count, 1);
            assert_true(b->reading.members[0].is_learner);
        }
        assert_int_equal(teardown(&fresh), 0);
    }
}

static void moodle__turns_every_error_into_a_clear_sentence(void **state) {
    static const struct {
        const char *function;
        int status;
        const char *body;
        enum err_code code;
        const char *reason;
        enum err_retry retry;
    } rows[] = {
        {PEOPLE, 0, EXCEPTION("moodle_exception", "invalidtoken"), ERR_DENIED, "invalidtoken",
         ERR_RETRY_PARK},
        {GRADES, 0, EXCEPTION("moodle_exception", "invalidtoken"), ERR_DENIED, "invalidtoken",
         ERR_RETRY_PARK},
        {COURSE, 0, EXCEPTION("moodle_exception", "invalidtoken"), ERR_DENIED, "invalidtoken",
         ERR_RETRY_PARK},
        {PEOPLE, 0, EXCEPTION("dml_missing_record_exception", "invalidrecord"), ERR_NOT_FOUND,
         "invalidrecord", ERR_RETRY_PARK},
        {PEOPLE, 0, EXCEPTION("invalid_parameter_exception", "invalidparameter"), ERR_UPSTREAM,
         "invalidparameter", ERR_RETRY_PARK},
        {PEOPLE, 0, EXCEPTION("moodle_exception", "sitemaintenance"), ERR_UPSTREAM,
         "sitemaintenance", ERR_RETRY_LATER},
        {PEOPLE, 0, EXCEPTION("dml_read_exception", "dmlreadexception"), ERR_UPSTREAM,
         "dmlreadexception", ERR_RETRY_LATER},
        {PEOPLE, 0, "{\"exception\":\"x\",\"errorcode\":\"<b>\\r\\n\"}", ERR_UPSTREAM, "b",
         ERR_RETRY_LATER},
        {PEOPLE, 0, "{\"exception\":\"x\"}", ERR_UPSTREAM, "exception", ERR_RETRY_LATER},
        {PEOPLE, 0, "{\"exception\":7,\"errorcode\":[]}", ERR_UPSTREAM, "shape", ERR_RETRY_LATER},
        {PEOPLE, 0, "<!DOCTYPE html><html>secret-internal</html>", ERR_UPSTREAM, "html",
         ERR_RETRY_PARK},
        {PEOPLE, 0, "<html><title>Site is undergoing MAINTENANCE</title>", ERR_UPSTREAM,
         "site_busy", ERR_RETRY_LATER},
        {CONTENTS, 0, "<html>Error: Database connection failed</html>", ERR_UPSTREAM, "site_busy",
         ERR_RETRY_LATER},
        {PEOPLE, 0, EXCEPTION("moodle_exception", "upgraderunning"), ERR_UPSTREAM, "upgraderunning",
         ERR_RETRY_LATER},
        {COURSE, 0, EXCEPTION("moodle_exception", "sitepolicynotagreed"), ERR_DENIED,
         "sitepolicynotagreed", ERR_RETRY_PARK},
        {GRADES, 0, EXCEPTION("moodle_exception", "wsaccessusersuspended"), ERR_DENIED,
         "wsaccessusersuspended", ERR_RETRY_PARK},
        {PEOPLE, 0, "<?xml version=\"1.0\"?><EXCEPTION/>", ERR_UPSTREAM, "html", ERR_RETRY_PARK},
        {PEOPLE, 503, "<html>", ERR_UPSTREAM, "http_503", ERR_RETRY_LATER},
        {PEOPLE, 404, "<html>", ERR_UPSTREAM, "http_404", ERR_RETRY_PARK},
        {PEOPLE, 403, "", ERR_UPSTREAM, "http_403", ERR_RETRY_PARK},
        {PEOPLE, 303, "", ERR_UPSTREAM, "http_3xx", ERR_RETRY_PARK},
        {PEOPLE, 0, "[{\"id\":3,\"fulln", ERR_UPSTREAM, "truncated", ERR_RETRY_LATER},
        {PEOPLE, 0, "hello", ERR_UPSTREAM, "not_moodle", ERR_RETRY_PARK},
        {PEOPLE, 0, "", ERR_UPSTREAM, "not_moodle", ERR_RETRY_PARK},
        {PEOPLE, 0, "null", ERR_UPSTREAM, "shape", ERR_RETRY_LATER},
        {PEOPLE, 0, "{}", ERR_UPSTREAM, "shape", ERR_RETRY_LATER},
        {PEOPLE, 0, "[{\"id\":\"x\"}]", ERR_UPSTREAM, "shape", ERR_RETRY_LATER},
        {CONTENTS, 0, "[{\"modules\":7}]", ERR_UPSTREAM, "shape", ERR_RETRY_LATER},
        {GRADES, 0, "{\"usergrades\":[{\"userid\":4,\"gradeitems\":[7]}]}", ERR_UPSTREAM, "shape",
         ERR_RETRY_LATER},
        {GRADES, 0, "[]", ERR_UPSTREAM, "shape", ERR_RETRY_LATER},
        {ACTIVITIES, 0, "{\"statuses\":[" STATUS("1", "5") "]}", ERR_UPSTREAM, "shape",
         ERR_RETRY_LATER},
        {ACTIVITIES, -1, "", ERR_UPSTREAM, "timeout", ERR_RETRY_LATER},
        {COURSE, 0, "{\"completionstatus\":[]}", ERR_UPSTREAM, "shape", ERR_RETRY_LATER},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        void *fresh = NULL;
        (void)state;
        assert_int_equal(setup(&fresh), 0);
        struct bench *b = fresh;
        reply_with(b, rows[i].function, rows[i].status, rows[i].body);
        if (read_course(b) || b->err.code != rows[i].code ||
            strcmp(b->err.reason, rows[i].reason) != 0 || b->err.retry != rows[i].retry) {
            fail_msg("%s %d %s: %s %s %d", rows[i].function, rows[i].status, rows[i].body,
                     err_code_name(b->err.code), b->err.reason, (int)b->err.retry);
        }
        assert_null(strstr(b->err.text, "secret"));
        assert_null(strchr(b->err.text, '<'));
        assert_int_equal(teardown(&fresh), 0);
    }
}

static void moodle__says_that_web_services_are_switched_off(void **state) {
    struct bench *b = *state;
    reply_with(b, PEOPLE, 403, "");
    assert_false(read_course(b));
    assert_non_null(strstr(b->err.text, "REST protocol"));
}

static void moodle__goes_on_when_a_person_or_course_has_no_completion(void **state) {
    static const char *const codes[] = {"usernotenroled", "invaliduser",
                                        "userdeleted",    "usernotconfirmed",
                                        "err_nocriteria", "completionnotenabled"};
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        reply_with(b, COURSE, 0,
                   arena_printf(&b->arena,
                                "{\"exception\":\"moodle_exception\",\"errorcode\":\"%s\"}",
                                codes[i]));
        must_read(b);
        assert_null(item_of(b, MODEL_ITEM_COURSE_COMPLETION, ""));
        assert_dec(fact_of(b, "4", MODEL_ITEM_ACTIVITY, "1")->score, "62");
        bool is_gone = i < 4; /* listed, but not enrolled any more */
        assert_int_equal(b->reading.members[1].is_active, !is_gone);
    }
}

static void moodle__wants_a_numeric_course(void **state) {
    static const char *const rows[] = {"", "abc", "-1", "0", "2&wsfunction=x", "1e3"};
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        b->course.ref = sv_from(rows[i]);
        assert_false(read_course(b));
        assert_string_equal(b->err.reason, "course");
        assert_int_equal(b->moodle.calls, 0);
    }
}

#define SITE_INFO(functions)                                                                       \
    "{\"sitename\":\"Northside\",\"username\":\"ws\",\"release\":\"4.5.6\",\"functions\":"         \
    "[" functions "]}"
#define FUNCTION(name) "{\"name\":\"" name "\",\"version\":\"1\"}"

static bool probe_says(const struct grades_probe *probe, const char *part) {
    for (size_t i = 0; i < probe->word_count; i++) {
        if (memmem(probe->words[i].ptr, probe->words[i].len, part, strlen(part)) != NULL) {
            return true;
        }
    }
    return false;
}

static void moodle_test__names_missing_functions(void **state) {
    struct bench *b = *state;
    struct grades_probe probe;
    reply_with(b, SITE, 0, SITE_INFO(FUNCTION(PEOPLE) "," FUNCTION(CONTENTS) "," FUNCTION(GRADES)));
    assert_true(grades_test(&b->source, NULL, &b->io, &probe, &b->err));
    assert_true(sv_eq(probe.site, SV("Northside, Moodle 4.5.6, as ws")));
    assert_false(probe.is_good);
    assert_int_equal(probe.can, GRADES_CAN_MEMBERS | GRADES_CAN_TITLES | GRADES_CAN_SCORES |
                                    GRADES_CAN_COURSE_TOTAL);
    assert_true(probe_says(&probe, "add the function " COURSE));
    assert_true(probe_says(&probe, "add the function " ACTIVITIES));
    assert_true(probe_says(&probe, "Participants can be read."));
}

/* So Moodle answers an expired token, another address, an account that may not. */
static void moodle__says_why_a_token_may_be_let_do_nothing(void **state) {
    static const char *const all[] = {PEOPLE,     CONTENTS, GRADES,      INFO,
                                      ACTIVITIES, COURSE,   ASSIGNMENTS, MARKED};
    struct bench *b = *state;
    struct grades_probe probe;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        reply_with(b, all[i], 0, NOT_GRANTED);
    }
    reply_with(b, SITE, 0, NOT_GRANTED);
    assert_false(read_course(b));
    assert_int_equal(b->err.code, ERR_DENIED);
    assert_int_equal(b->err.retry, ERR_RETRY_PARK);
    assert_string_equal(b->err.reason, "accessexception");
    assert_non_null(strstr(b->err.text, "authorised users"));
    assert_non_null(strstr(b->err.text, "IP address"));
    assert_true(grades_test(&b->source, NULL, &b->io, &probe, &b->err));
    assert_false(probe.is_good);
    assert_true(probe_says(&probe, "IP address"));
}

static void moodle_test__tries_a_course(void **state) {
    struct bench *b = *state;
    struct grades_probe probe;
    reply_with(b, SITE, 0, NOT_GRANTED); /* not needed */
    assert_true(grades_test(&b->source, &b->course, &b->io, &probe, &b->err));
    assert_true(probe.is_good);
    reply_with(b, GRADES, 0, EXCEPTION("required_capability_exception", "nopermissions"));
    assert_true(grades_test(&b->source, &b->course, &b->io, &probe, &b->err));
    assert_false(probe.is_good);
    assert_true(probe_says(&probe, "Grades and the course total cannot be read"));
    assert_int_equal(probe.can & GRADES_CAN_SCORES, 0);
    assert_true((probe.can & GRADES_CAN_COMPLETION) != 0);
}

static void moodle_test__fails_on_a_refused_token(void **state) {
    struct bench *b = *state;
    struct grades_probe probe;
    reply_with(b, SITE, 0, EXCEPTION("moodle_exception", "invalidtoken"));
    assert_false(grades_test(&b->source, NULL, &b->io, &probe, &b->err));
    assert_string_equal(b->err.reason, "invalidtoken");
    assert_non_null(strstr(b->err.text, "make a new one"));
}

static void grades_kind__is_read_and_named(void **state) {
    (void)state;
    enum grades_kind kind = GRADES_MOODLE;
    assert_true(grades_kind_parse(SV("csv"), &kind));
    assert_int_equal(kind, GRADES_CSV);
    assert_false(grades_kind_parse(SV("Moodle"), &kind));
    assert_string_equal(grades_kind_name(GRADES_CANVAS), "canvas");
}

#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_BENCH(moodle__keeps_completion_that_is_no_longer_granted),
        cmocka_unit_test(moodle__uses_what_is_granted_and_names_the_rest),
        cmocka_unit_test(moodle__turns_every_error_into_a_clear_sentence),
        WITH_BENCH(moodle__says_that_web_services_are_switched_off),
        WITH_BENCH(moodle__goes_on_when_a_person_or_course_has_no_completion),
        WITH_BENCH(moodle__wants_a_numeric_course),
        WITH_BENCH(moodle_test__names_missing_functions),
        WITH_BENCH(moodle__says_why_a_token_may_be_let_do_nothing),
        WITH_BENCH(moodle_test__tries_a_course),
        WITH_BENCH(moodle_test__fails_on_a_refused_token),
        cmocka_unit_test(grades_kind__is_read_and_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
