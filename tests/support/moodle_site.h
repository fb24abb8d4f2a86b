/* A Moodle made of canned replies, shaped as captured (moodle.md 7), and a reading of it. */
#pragma once
#include "base_json.h"
#include "grades_source.h"

#define PEOPLE "core_enrol_get_enrolled_users"
#define CONTENTS "core_course_get_contents"
#define GRADES "gradereport_user_get_grade_items"
#define ACTIVITIES "core_completion_get_activities_completion_status"
#define COURSE "core_completion_get_course_completion_status"
#define SITE "core_webservice_get_site_info"
#define INFO "core_course_get_courses_by_field"
#define ASSIGNMENTS "mod_assign_get_assignments"
#define MARKED "mod_assign_get_grades"

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

static inline struct sv field_of(struct sv form, struct sv name) {
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

static inline bool answer(void *ctx, const struct net_request *q, struct net_response *out,
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

static inline usec_t now_of(void *ctx) { return *(const usec_t *)ctx; }

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
                                            "false") "," TOTAL_ROW("69.5")) "],\"warnings\":[]}"},
    {ACTIVITIES, NULL, 0, "{\"statuses\":[" STATUS("1", "2") "],\"warnings\":[]}"},
    {COURSE, NULL, 0, COMPLETION("true", "1", CRITERION("1", "true"))},
    {INFO, NULL, 0, "{\"courses\":[{\"id\":2,\"enddate\":1795900000}],\"warnings\":[]}"},
    {ASSIGNMENTS, NULL, 0, "{\"courses\":[],\"warnings\":[]}"},
    {MARKED, NULL, 0, "{\"assignments\":[],\"warnings\":[]}"},
};

static inline int setup(void **state) {
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
    b->io = (struct grades_io){.http = {.fetch = answer, .ctx = &b->moodle},
                               .clock = {now_of, &b->now},
                               .arena = &b->arena};
    *state = b;
    return 0;
}

static inline int teardown(void **state) {
    struct bench *b = *state;
    arena_release(&b->arena);
    free(b);
    return 0;
}

static inline void reply_with(struct bench *b, const char *function, int status, const char *body) {
    for (size_t i = 0; i < SITE_ROWS; i++) {
        struct canned *c = &b->moodle.rows[i];
        if (c->function == NULL || strcmp(c->function, function) == 0) {
            *c = (struct canned){.function = function, .status = status, .body = body};
            return;
        }
    }
    fail_msg("no room");
}

static inline bool read_course(struct bench *b) {
    b->err = (struct err){0};
    b->moodle.calls = 0;
    return grades_read(&b->source, &b->course, &b->io, &b->reading, &b->err);
}

static inline void must_read(struct bench *b) {
    if (!read_course(b)) {
        fail_msg("%s: %s", b->err.reason, b->err.text);
    }
}

static inline const struct model_item *item_of(struct bench *b, enum model_item_kind kind,
                                               const char *ref) {
    for (size_t i = 0; i < b->reading.item_count; i++) {
        if (b->reading.items[i].kind == kind && sv_eq(b->reading.items[i].ref, sv_from(ref))) {
            return &b->reading.items[i];
        }
    }
    return NULL;
}

static inline const struct model_fact *fact_of(struct bench *b, const char *person,
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

static inline void assert_dec(struct dec d, const char *text) {
    char plain[DEC_TEXT_MAX];
    assert_string_equal(dec_format(d, plain), text);
}
