/* Reading a Moodle course from canned replies, shaped as captured (moodle.md 7). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_json.h"
#include "grades_source.h"

#define PEOPLE "core_enrol_get_enrolled_users"
#define CONTENTS "core_course_get_contents"
#define GRADES "gradereport_user_get_grade_items"
#define ACTIVITIES "core_completion_get_activities_completion_status"
#define COURSE "core_completion_get_course_completion_status"
#define SITE "core_webservice_get_site_info"

/* What the site answers to a function, for one person or (NULL) for any. */
struct canned {
    const char *function, *userid;
    int status; /* 0: 200 */
    const char *body;
};

#define SITE_ROWS 24
#define CALLS_MAX 4096

struct moodle {
    struct canned rows[SITE_ROWS];
    size_t calls;
    char last_url[256];
    char forms[64][1024]; /* the first calls */
};

struct bench {
    struct moodle moodle;
    struct arena arena;
    usec_t now;
    struct grades_source source;
    struct grades_course course;
    struct grades_io io;
    struct grades_reading reading;
    struct err err;
};

static struct sv field_of(struct sv form, struct sv name) {
    while (form.len > 0) {
        struct sv pair;
        struct sv key;
        struct sv value;
        (void)sv_cut(form, '&', &pair, &form);
        (void)sv_cut(pair, '=', &key, &value);
        if (sv_eq(key, name)) {
            return value;
        }
    }
    return sv_of(NULL, 0);
}

static bool answer(void *ctx, const struct net_request *q, struct net_response *out,
                   struct arena *a, struct err *err) {
    struct moodle *m = ctx;
    struct sv function = field_of(q->body, SV("wsfunction"));
    struct sv userid = field_of(q->body, SV("userid"));
    (void)snprintf(m->last_url, sizeof m->last_url, "%.*s", SV_ARG(q->url));
    if (m->calls < ARRAY_LEN(m->forms)) {
        (void)snprintf(m->forms[m->calls], sizeof m->forms[0], "%.*s", SV_ARG(q->body));
    }
    m->calls++;
    for (size_t i = 0; i < SITE_ROWS && m->rows[i].function != NULL; i++) {
        const struct canned *c = &m->rows[i];
        if (!sv_eq(function, sv_from(c->function)) ||
            (c->userid != NULL && !sv_eq(userid, sv_from(c->userid)))) {
            continue;
        }
        if (c->status < 0) {
            (void)err_because(err, ERR_UPSTREAM, "timeout", "it did not answer in time");
            return err_retry_as(err, ERR_RETRY_LATER);
        }
        *out = (struct net_response){.status = c->status == 0 ? 200 : c->status,
                                     .body = sv_copy(a, sv_from(c->body))};
        return true;
    }
    return err_set(err, ERR_BUG, "no canned reply to %.*s", SV_ARG(function));
}

static usec_t now_of(void *ctx) { return *(const usec_t *)ctx; }

#define TWO_PEOPLE                                                                                 \
    "[{\"id\":3,\"fullname\":\"Tea Cher\",\"email\":\"t@example.org\","                            \
    "\"roles\":[{\"roleid\":3,\"name\":\"\",\"shortname\":\"editingteacher\",\"sortorder\":0}]},"  \
    "{\"id\":4,\"fullname\":\"Stu01 Dent\",\"idnumber\":\"S01\","                                  \
    "\"roles\":[{\"roleid\":5,\"shortname\":\"student\"}]}]"
#define TWO_ACTIVITIES                                                                             \
    "[{\"id\":1,\"name\":\"General\",\"modules\":[]},{\"id\":2,\"modules\":["                      \
    "{\"id\":1,\"name\":\"Q&amp;A 1\",\"instance\":1,\"modname\":\"assign\",\"completion\":2},"    \
    "{\"id\":17,\"name\":\"Quiz\",\"instance\":5,\"modname\":\"quiz\",\"completion\":0},"          \
    "{\"id\":30,\"name\":\"Just a "                                                                \
    "label\",\"instance\":9,\"modname\":\"label\",\"completion\":0}]}]"
#define GRADE_ROW(id, mod, cmid, raw, hidden)                                                      \
    "{\"id\":" id ",\"itemname\":\"Item " id "\",\"itemtype\":\"mod\",\"itemmodule\":\"" mod       \
    "\",\"iteminstance\":1,\"itemnumber\":0,\"outcomeid\":null,\"cmid\":" cmid                     \
    ",\"graderaw\":" raw                                                                           \
    ",\"gradedatesubmitted\":null,\"gradedategraded\":1795452329,\"gradehiddenbydate\":false,"     \
    "\"gradeishidden\":" hidden ",\"gradeformatted\":\"<i class=\\\"icon\\\"></i>62.00\","         \
    "\"grademin\":0,\"grademax\":100}"
#define TOTAL_ROW(raw)                                                                             \
    "{\"id\":1,\"itemname\":null,\"itemtype\":\"course\",\"iteminstance\":2,\"graderaw\":" raw     \
    ",\"gradehiddenbydate\":false,\"gradeishidden\":false,\"grademax\":270}"
#define GRADES_OF(user, rows)                                                                      \
    "{\"userid\":" user ",\"userfullname\":\"X\",\"gradeitems\":[" rows "]}"
#define STATUS(cmid, state)                                                                        \
    "{\"cmid\":" cmid ",\"modname\":\"assign\",\"instance\":1,\"state\":" state                    \
    ",\"timecompleted\":1795452329,\"tracking\":2,\"istrackeduser\":true}"
#define CRITERION(cmid, complete)                                                                  \
    "{\"type\":4,\"title\":\"Activity completion\",\"complete\":" complete                         \
    ",\"timecompleted\":1795452329,\"details\":{\"criteria\":"                                     \
    "\"<a href=\\\"https:\\/\\/m\\/mod\\/assign\\/view.php?id=" cmid "\\\">A<\\/a>\"}}"
#define COMPLETION(done, aggregation, criteria)                                                    \
    "{\"completionstatus\":{\"completed\":" done ",\"aggregation\":" aggregation                   \
    ",\"completions\":[" criteria "]},\"warnings\":[]}"

#define EXCEPTION(kind, code)                                                                      \
    "{\"exception\":\"" kind "\",\"errorcode\":\"" code                                            \
    "\",\"message\":\"secret-internal\",\"debuginfo\":\"secret-internal\"}"
#define NOT_GRANTED EXCEPTION("webservice_access_exception", "accessexception")

static const struct canned usual[] = {
    {PEOPLE, NULL, 0, TWO_PEOPLE},
    {CONTENTS, NULL, 0, TWO_ACTIVITIES},
    {GRADES, NULL, 0,
     "{\"usergrades\":[" GRADES_OF("4", GRADE_ROW("2", "assign", "1", "62", "false") "," GRADE_ROW(
                                            "3", "quiz", "17", "\"7.50000\"",
                                            "true") "," TOTAL_ROW("69.5")) "],\"warnings\":[]}"},
    {ACTIVITIES, NULL, 0, "{\"statuses\":[" STATUS("1", "2") "],\"warnings\":[]}"},
    {COURSE, NULL, 0, COMPLETION("true", "1", CRITERION("1", "true"))},
};

static int setup(void **state) {
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
        b->moodle.rows[i] = usual[i];
    }
    b->now = INT64_C(1795460000) * USEC_PER_S;
    b->source = (struct grades_source){.kind = GRADES_MOODLE,
                                       .base_url = SV("https://lms.example/moodle/"),
                                       .token = SV("abc+secret")};
    b->course = (struct grades_course){.ref = SV("2")};
    b->io = (struct grades_io){
        .http = {answer, &b->moodle}, .clock = {now_of, &b->now}, .arena = &b->arena};
    *state = b;
    return 0;
}

static int teardown(void **state) {
    struct bench *b = *state;
    arena_release(&b->arena);
    free(b);
    return 0;
}

static void reply_with(struct bench *b, const char *function, int status, const char *body) {
    for (size_t i = 0; i < SITE_ROWS; i++) {
        struct canned *c = &b->moodle.rows[i];
        if (c->function == NULL || strcmp(c->function, function) == 0) {
            *c = (struct canned){.function = function, .status = status, .body = body};
            return;
        }
    }
    fail_msg("no room");
}

static bool read_course(struct bench *b) {
    b->err = (struct err){0};
    b->moodle.calls = 0;
    return grades_read(&b->source, &b->course, &b->io, &b->reading, &b->err);
}

static void must_read(struct bench *b) {
    if (!read_course(b)) {
        fail_msg("%s: %s", b->err.reason, b->err.text);
    }
}

static const struct model_item *item_of(struct bench *b, enum model_item_kind kind,
                                        const char *ref) {
    for (size_t i = 0; i < b->reading.item_count; i++) {
        if (b->reading.items[i].kind == kind && sv_eq(b->reading.items[i].ref, sv_from(ref))) {
            return &b->reading.items[i];
        }
    }
    return NULL;
}

static const struct model_fact *fact_of(struct bench *b, const char *person,
                                        enum model_item_kind kind, const char *ref) {
    const struct model_item *item = item_of(b, kind, ref);
    const struct model_fact *found = NULL;
    for (size_t i = 0; item != NULL && i < b->reading.fact_count; i++) {
        const struct model_fact *f = &b->reading.facts[i];
        if (&b->reading.items[f->item_index] == item && sv_eq(f->person_ref, sv_from(person))) {
            assert_null(found); /* one fact for a person and item */
            found = f;
        }
    }
    return found;
}

static void assert_dec(struct dec d, const char *text) {
    char plain[DEC_TEXT_MAX];
    assert_string_equal(dec_format(d, plain), text);
}

static void moodle__reads_a_course_whole(void **state) {
    struct bench *b = *state;
    must_read(b);
    const struct grades_reading *r = &b->reading;
    assert_int_equal(r->member_count, 2);
    assert_true(r->members[0].is_teacher && !r->members[0].is_learner);
    assert_true(r->members[1].is_learner && r->members[1].is_active);
    assert_true(sv_eq(r->members[1].person_ref, SV("4")) && sv_eq(r->members[1].sub, SV("4")));
    assert_true(sv_eq(r->members[1].sourcedid, SV("S01")));
    const struct model_item *assign = item_of(b, MODEL_ITEM_ACTIVITY, "1");
    assert_true(sv_eq(assign->title, SV("Q&A 1")));
    assert_true(assign->has_completion && assign->has_maximum);
    assert_dec(assign->maximum, "100");
    assert_false(item_of(b, MODEL_ITEM_ACTIVITY, "17")->has_completion);
    assert_null(item_of(b, MODEL_ITEM_ACTIVITY, "30")); /* a label says nothing about anybody */
    const struct model_fact *f = fact_of(b, "4", MODEL_ITEM_ACTIVITY, "1");
    assert_true(f->has_score && f->is_posted);
    assert_dec(f->score, "62");
    assert_true(f->graded_at == INT64_C(1795452329) * USEC_PER_S);
    assert_int_equal(f->completion, MODEL_COMPLETION_PASSED);
    assert_true(f->completed_at == INT64_C(1795452329) * USEC_PER_S);
    f = fact_of(b, "4", MODEL_ITEM_COURSE_FINAL, "");
    assert_dec(f->score, "69.5");
    assert_dec(item_of(b, MODEL_ITEM_COURSE_FINAL, "")->maximum, "270");
    f = fact_of(b, "4", MODEL_ITEM_COURSE_COMPLETION, "");
    assert_int_equal(f->completion, MODEL_COMPLETION_COMPLETE);
    assert_true(f->completed_at == INT64_C(1795452329) * USEC_PER_S);
    assert_int_equal(r->can, GRADES_CAN_MEMBERS | GRADES_CAN_SCORES | GRADES_CAN_COMPLETION |
                                 GRADES_CAN_COURSE_COMPLETION | GRADES_CAN_COURSE_TOTAL |
                                 GRADES_CAN_TITLES);
    assert_true(r->is_complete && r->missing.len == 0);
    assert_int_equal(r->requests, 5);
    assert_true(r->bytes > 1000 && r->read_at == b->now);
}

static void moodle__asks_as_the_web_service_wants(void **state) {
    struct bench *b = *state;
    must_read(b);
    assert_string_equal(b->moodle.last_url,
                        "https://lms.example/moodle/webservice/rest/server.php");
    for (size_t i = 0; i < b->moodle.calls; i++) {
        struct sv form = sv_from(b->moodle.forms[i]);
        assert_true(sv_eq(field_of(form, SV("wstoken")), SV("abc%2Bsecret")));
        assert_true(sv_eq(field_of(form, SV("moodlewsrestformat")), SV("json")));
        assert_true(sv_eq(field_of(form, SV("courseid")), SV("2")));
    }
    assert_true(sv_eq(field_of(sv_from(b->moodle.forms[2]), SV("userid")), SV("0")));
}

static void moodle__marks_hidden_grades_as_not_posted(void **state) {
    struct bench *b = *state;
    must_read(b);
    const struct model_fact *f = fact_of(b, "4", MODEL_ITEM_ACTIVITY, "17");
    assert_true(f->has_score && !f->is_posted);
    assert_dec(f->score, "7.5"); /* a number sent as text */
}

static void moodle__reads_ungraded_and_odd_rows(void **state) {
    struct bench *b = *state;
    reply_with(
        b, GRADES, 0,
        "{\"usergrades\":[" GRADES_OF(
            "4",
            GRADE_ROW("2", "assign", "1", "null", "false") "," TOTAL_ROW(
                "null") ","
                        "{\"id\":40,\"itemtype\":\"category\",\"graderaw\":5,\"grademax\":10},"
                        "{\"id\":41,\"itemtype\":\"mod\",\"itemmodule\":\"quiz\",\"iteminstance\":"
                        "5,"
                        "\"itemnumber\":0,\"graderaw\":4,\"grademax\":10,\"gradeishidden\":false,"
                        "\"gradehiddenbydate\":false},"
                        "{\"id\":42,\"itemtype\":\"mod\",\"itemmodule\":\"workshop\","
                        "\"itemnumber\":1,\"cmid\":1,"
                        "\"itemname\":\"Peer "
                        "part\",\"graderaw\":3,\"grademax\":5,\"gradeishidden\":false,"
                        "\"gradehiddenbydate\":true},"
                        "{\"id\":43,\"itemtype\":\"manual\",\"itemname\":\"Extra\",\"itemnumber\":"
                        "null,"
                        "\"graderaw\":1,\"grademax\":\"2.00000\"},"
                        "{\"id\":44,\"itemtype\":\"manual\",\"graderaw\":1,\"gradeishidden\":false}"
                        ","
                        "{\"id\":45,\"itemtype\":\"manual\",\"graderaw\":1,\"gradehiddenbydate\":"
                        "false}") "]}");
    must_read(b);
    const struct model_fact *f = fact_of(b, "4", MODEL_ITEM_ACTIVITY, "1");
    assert_false(f->has_score); /* there for its completion only */
    assert_null(fact_of(b, "4", MODEL_ITEM_COURSE_FINAL, ""));
    f = fact_of(b, "4", MODEL_ITEM_ACTIVITY, "17"); /* found by kind and instance */
    assert_dec(f->score, "4");
    f = fact_of(b, "4", MODEL_ITEM_ACTIVITY, "grade:42");
    assert_true(f->has_score && !f->is_posted);
    /* no word, or half a word, on whether it is shown */
    assert_false(fact_of(b, "4", MODEL_ITEM_ACTIVITY, "grade:43")->is_posted);
    assert_false(fact_of(b, "4", MODEL_ITEM_ACTIVITY, "grade:44")->is_posted);
    assert_false(fact_of(b, "4", MODEL_ITEM_ACTIVITY, "grade:45")->is_posted);
    assert_dec(item_of(b, MODEL_ITEM_ACTIVITY, "grade:43")->maximum, "2");
    assert_null(item_of(b, MODEL_ITEM_ACTIVITY, "grade:40"));
}

static void moodle__maps_completion_states(void **state) {
    static const struct {
        const char *status;
        enum model_completion completion;
        bool has_time;
    } rows[] = {{STATUS("1", "0"), MODEL_COMPLETION_INCOMPLETE, false},
                {STATUS("1", "1"), MODEL_COMPLETION_COMPLETE, true},
                {STATUS("1", "2"), MODEL_COMPLETION_PASSED, true},
                {STATUS("1", "3"), MODEL_COMPLETION_FAILED, true},
                {STATUS("1", "\"2\""), MODEL_COMPLETION_PASSED, true}};
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        reply_with(b, ACTIVITIES, 0,
                   arena_printf(&b->arena, "{\"statuses\":[%s]}", rows[i].status));
        must_read(b);
        const struct model_fact *f = fact_of(b, "4", MODEL_ITEM_ACTIVITY, "1");
        if (f->completion != rows[i].completion || (f->completed_at != 0) != rows[i].has_time) {
            fail_msg("%s: %d", rows[i].status, (int)f->completion);
        }
    }
}

/* 4.1 marks the course complete with a failed activity (moodle.md 7, "Failing students"). */
static void moodle__does_not_believe_the_completed_flag(void **state) {
    static const struct {
        const char *name, *statuses, *course;
        enum model_completion completion;
    } rows[] = {
        {"passed", STATUS("1", "2"), COMPLETION("true", "1", CRITERION("1", "true")),
         MODEL_COMPLETION_COMPLETE},
        {"complete", STATUS("1", "1"), COMPLETION("true", "1", CRITERION("1", "true")),
         MODEL_COMPLETION_COMPLETE},
        {"not flagged", STATUS("1", "2"), COMPLETION("false", "1", CRITERION("1", "true")),
         MODEL_COMPLETION_INCOMPLETE},
        {"failed", STATUS("1", "3"), COMPLETION("true", "1", CRITERION("1", "true")),
         MODEL_COMPLETION_FAILED},
        {"second failed", STATUS("1", "2") "," STATUS("17", "3"),
         COMPLETION("true", "1", CRITERION("1", "true") "," CRITERION("17", "true")),
         MODEL_COMPLETION_FAILED},
        {"not required one failed", STATUS("1", "2") "," STATUS("17", "3"),
         COMPLETION("true", "1", CRITERION("1", "true")), MODEL_COMPLETION_COMPLETE},
        {"undone since", STATUS("1", "0"), COMPLETION("true", "1", CRITERION("1", "true")),
         MODEL_COMPLETION_INCOMPLETE},
        {"state not listed", STATUS("17", "2"), COMPLETION("true", "1", CRITERION("1", "true")),
         MODEL_COMPLETION_UNKNOWN},
        {"any of two", STATUS("1", "2") "," STATUS("17", "0"),
         COMPLETION("true", "2", CRITERION("1", "true") "," CRITERION("17", "false")),
         MODEL_COMPLETION_COMPLETE},
        {"any of two, the one failed", STATUS("1", "3") "," STATUS("17", "0"),
         COMPLETION("true", "2", CRITERION("1", "true") "," CRITERION("17", "false")),
         MODEL_COMPLETION_FAILED},
        {"criteria without link, one failed", STATUS("1", "3"),
         COMPLETION("true", "1", "{\"type\":4,\"complete\":true,\"details\":{\"criteria\":\"A\"}}"),
         MODEL_COMPLETION_FAILED},
        {"criteria without link, none failed", STATUS("1", "2"),
         COMPLETION("true", "1", "{\"type\":4,\"complete\":true,\"details\":{\"criteria\":\"A\"}}"),
         MODEL_COMPLETION_COMPLETE},
        {"no criteria shown, one failed", STATUS("1", "3"), COMPLETION("true", "1", ""),
         MODEL_COMPLETION_FAILED},
        {"grade criterion not met", STATUS("1", "2"),
         COMPLETION("true", "1", "{\"type\":6,\"complete\":false}"), MODEL_COMPLETION_INCOMPLETE},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        reply_with(b, ACTIVITIES, 0,
                   arena_printf(&b->arena, "{\"statuses\":[%s]}", rows[i].statuses));
        reply_with(b, COURSE, 0, rows[i].course);
        must_read(b);
        const struct model_fact *f = fact_of(b, "4", MODEL_ITEM_COURSE_COMPLETION, "");
        if (f == NULL || f->completion != rows[i].completion) {
            fail_msg("%s: %d", rows[i].name, f == NULL ? -1 : (int)f->completion);
        }
    }
}

static void moodle__says_nothing_of_course_completion_without_activity_states(void **state) {
    struct bench *b = *state;
    reply_with(b, ACTIVITIES, 0, NOT_GRANTED);
    must_read(b);
    assert_int_equal(fact_of(b, "4", MODEL_ITEM_COURSE_COMPLETION, "")->completion,
                     MODEL_COMPLETION_UNKNOWN);
    assert_int_equal(b->reading.can & GRADES_CAN_COMPLETION, 0);
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
        {ACTIVITIES, 0, "{\"statuses\":[" STATUS("1", "4") "]}", ERR_UPSTREAM, "shape",
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
    static const char *const codes[] = {"usernotenroled", "invaliduser", "err_nocriteria",
                                        "completionnotenabled"};
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        reply_with(b, COURSE, 0,
                   arena_printf(&b->arena,
                                "{\"exception\":\"moodle_exception\",\"errorcode\":\"%s\"}",
                                codes[i]));
        must_read(b);
        assert_null(item_of(b, MODEL_ITEM_COURSE_COMPLETION, ""));
        assert_dec(fact_of(b, "4", MODEL_ITEM_ACTIVITY, "1")->score, "62");
        bool is_gone = i < 2; /* listed, but not enrolled any more */
        assert_int_equal(b->reading.members[1].is_active, !is_gone);
    }
}

static void moodle__decides_by_role_who_learns(void **state) {
    static const struct {
        const char *roles;
        bool is_learner, is_teacher;
    } rows[] = {
        {"{\"shortname\":\"student\"}", true, false},
        {"{\"shortname\":\"apprentice\"}", true, false},
        {"{\"shortname\":\"teacher\"}", false, true},
        {"{\"shortname\":\"editingteacher\"}", false, true},
        {"{\"shortname\":\"manager\"}", false, true},
        {"{\"shortname\":\"coursecreator\"}", false, true},
        {"{\"shortname\":\"student\"},{\"shortname\":\"teacher\"}", true, true},
        {"{\"shortname\":\"guest\"}", false, false},
        {"{\"shortname\":7}", false, false},
        {"", false, false},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        reply_with(b, PEOPLE, 0,
                   arena_printf(&b->arena, "[{\"id\":4,\"roles\":[%s]}]", rows[i].roles));
        must_read(b);
        const struct model_member *m = &b->reading.members[0];
        if (m->is_learner != rows[i].is_learner || m->is_teacher != rows[i].is_teacher) {
            fail_msg("%s", rows[i].roles);
        }
        if (!m->is_learner) {
            assert_int_equal(b->reading.fact_count, 0); /* grades of staff are not kept */
        }
    }
}

/* A large course: people by pages, grades one by one. */
struct large {
    struct arena arena;
    size_t people, grade_calls, all_calls, pages;
};

static bool answer_large(void *ctx, const struct net_request *q, struct net_response *out,
                         struct arena *a, struct err *err) {
    struct large *l = ctx;
    struct sv function = field_of(q->body, SV("wsfunction"));
    struct sv userid = field_of(q->body, SV("userid"));
    *out = (struct net_response){.status = 200, .body = SV("{\"statuses\":[]}")};
    if (sv_eq(function, SV(PEOPLE))) {
        int64_t from = 0;
        assert_true(
            num_parse_i64(field_of(q->body, SV("options%5B0%5D%5Bvalue%5D")), 0, 100000, &from));
        struct str s;
        str_init(&s, a, 1 << 20);
        for (size_t i = (size_t)from; i < l->people && i < (size_t)from + 500; i++) {
            str_addf(&s, "%s{\"id\":%zu,\"roles\":[{\"shortname\":\"student\"}]}",
                     i == (size_t)from ? "[" : ",", i + 10);
        }
        str_add_c(&s, s.len == 0 ? "[]" : "]");
        out->body = str_sv(&s);
        l->pages++;
    } else if (sv_eq(function, SV(CONTENTS))) {
        out->body = SV("[]");
    } else if (sv_eq(function, SV(GRADES))) {
        l->grade_calls++;
        l->all_calls += sv_eq(userid, SV("0")) ? 1 : 0;
        out->body =
            sv_printf(a, "{\"usergrades\":[{\"userid\":%.*s,\"gradeitems\":[" TOTAL_ROW("5") "]}]}",
                      SV_ARG(userid));
    } else if (sv_eq(function, SV(COURSE))) {
        out->body = SV(EXCEPTION("moodle_exception", "err_nocriteria"));
    }
    (void)err;
    return true;
}

static void moodle__reads_large_courses_person_by_person(void **state) {
    struct bench *b = *state;
    struct large l = {.people = 1001};
    b->io.http = (struct lti_http){answer_large, &l};
    must_read(b);
    assert_int_equal(b->reading.member_count, 1001);
    assert_int_equal(l.pages, 3);
    assert_int_equal(l.grade_calls, 1001);
    assert_int_equal(l.all_calls, 0);
    assert_int_equal(b->reading.fact_count, 1001);
    assert_true(sv_eq(b->reading.facts[1000].person_ref, SV("1010")));
    assert_true(b->reading.is_complete);
    l = (struct large){.people = 200};
    must_read(b);
    assert_int_equal(l.grade_calls, 1);
    assert_int_equal(l.all_calls, 1);
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
        WITH_BENCH(moodle__reads_a_course_whole),
        WITH_BENCH(moodle__asks_as_the_web_service_wants),
        WITH_BENCH(moodle__marks_hidden_grades_as_not_posted),
        WITH_BENCH(moodle__reads_ungraded_and_odd_rows),
        WITH_BENCH(moodle__maps_completion_states),
        WITH_BENCH(moodle__does_not_believe_the_completed_flag),
        WITH_BENCH(moodle__says_nothing_of_course_completion_without_activity_states),
        cmocka_unit_test(moodle__uses_what_is_granted_and_names_the_rest),
        cmocka_unit_test(moodle__turns_every_error_into_a_clear_sentence),
        WITH_BENCH(moodle__says_that_web_services_are_switched_off),
        WITH_BENCH(moodle__goes_on_when_a_person_or_course_has_no_completion),
        WITH_BENCH(moodle__decides_by_role_who_learns),
        WITH_BENCH(moodle__reads_large_courses_person_by_person),
        WITH_BENCH(moodle__wants_a_numeric_course),
        WITH_BENCH(moodle_test__names_missing_functions),
        WITH_BENCH(moodle_test__tries_a_course),
        WITH_BENCH(moodle_test__fails_on_a_refused_token),
        cmocka_unit_test(grades_kind__is_read_and_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
