/* A Canvas made of canned replies, shaped as in reference lti.md 11.2, and a reading of it. */
#pragma once
#include "base_json.h"
#include "grades_source.h"
#include <stdlib.h>

/* What is answered to a request whose URL holds `url` (the first row that fits). */
struct canned {
    const char *url;
    int status; /* 0: 200; -1: no answer in time; -2: a certificate that is not trusted */
    const char *body;
    const char *link;        /* Link header, or NULL */
    const char *name, *text; /* another header, or NULL */
    int times;               /* how often; 0: for ever */
};

#define SITE_ROWS 48
#define URLS_MAX 4096

struct canvas {
    struct canned rows[SITE_ROWS];
    int used[SITE_ROWS];
    size_t calls, pauses;
    char urls[64][1024]; /* the first calls */
    char authorization[128], accept[128];
    int64_t paused_ms[64];
};

struct bench {
    struct canvas canvas;
    struct arena arena;
    usec_t now;
    bool is_stopping; /* nothing is waited for */
    struct model_link links[8];
    struct grades_source source;
    struct grades_course course;
    struct grades_io io;
    struct grades_reading reading;
    struct err err;
};

static inline bool has_part(struct sv text, const char *part) {
    struct sv wanted = sv_from(part);
    for (size_t i = 0; i + wanted.len <= text.len; i++) {
        if (sv_starts(sv_skip(text, i), wanted)) {
            return true;
        }
    }
    return false;
}

static inline bool answer(void *ctx, const struct net_request *q, struct net_response *out,
                          struct arena *a, struct err *err) {
    struct canvas *c = ctx;
    if (c->calls < ARRAY_LEN(c->urls)) {
        (void)snprintf(c->urls[c->calls], sizeof c->urls[0], "%.*s", SV_ARG(q->url));
    }
    c->calls++;
    for (size_t i = 0; i < q->header_count; i++) {
        char *to = sv_eq(q->headers[i].name, SV("Authorization")) ? c->authorization : c->accept;
        (void)snprintf(to, sizeof c->accept, "%.*s", SV_ARG(q->headers[i].value));
    }
    for (size_t i = 0; i < SITE_ROWS && c->rows[i].url != NULL; i++) {
        const struct canned *row = &c->rows[i];
        if (!has_part(q->url, row->url) || (row->times > 0 && c->used[i] >= row->times)) {
            continue;
        }
        c->used[i]++;
        if (row->status == -2) {
            (void)err_because(err, ERR_UPSTREAM, "tls", "its certificate is not trusted here");
            return err_retry_as(err, ERR_RETRY_PARK);
        }
        if (row->status < 0) {
            (void)err_because(err, ERR_UPSTREAM, "timeout", "it did not answer in time");
            return err_retry_as(err, ERR_RETRY_LATER);
        }
        struct net_header *headers = ARENA_ARRAY(a, struct net_header, 2);
        *out = (struct net_response){.status = row->status == 0 ? 200 : row->status,
                                     .headers = headers,
                                     .body = sv_copy(a, sv_from(row->body))};
        if (row->link != NULL) {
            headers[out->header_count++] = (struct net_header){SV("Link"), sv_from(row->link)};
        }
        if (row->name != NULL) {
            headers[out->header_count++] =
                (struct net_header){sv_from(row->name), sv_from(row->text)};
        }
        return true;
    }
    return err_set(err, ERR_BUG, "no canned reply to %.*s", SV_ARG(q->url));
}

static inline usec_t now_of(void *ctx) { return *(const usec_t *)ctx; }

static inline bool pause_of(void *ctx, int64_t ms) {
    struct bench *b = ctx;
    if (b->canvas.pauses < ARRAY_LEN(b->canvas.paused_ms)) {
        b->canvas.paused_ms[b->canvas.pauses] = ms;
    }
    b->canvas.pauses++;
    b->now += ms * 1000;
    return !b->is_stopping;
}

#define SITE "https://school.instructure.com"
#define CONTEXT "4dde05e8ca1973bcca9bffc13e1548820eee93a3"
#define ANA_SUB "0c7f2a10-0000-4000-8000-000000000871"
#define BEN_SUB "0c7f2a10-0000-4000-8000-000000000872"
#define TEA_SUB "0c7f2a10-0000-4000-8000-000000000003"

#define COURSE                                                                                     \
    "{\"id\":\"55\",\"name\":\"Biology\",\"workflow_state\":\"available\","                        \
    "\"hide_final_grades\":false}"
#define ASSIGNMENT(id, name, points, type, more)                                                   \
    "{\"id\":\"" id "\",\"name\":\"" name "\",\"points_possible\":" points                         \
    ",\"grading_type\":\"" type "\",\"published\":true,\"due_at\":null" more "}"
#define ENROLMENT(id, user, type, state, grades)                                                   \
    "{\"id\":\"" id "\",\"user_id\":\"" user "\",\"course_id\":\"55\",\"type\":\"" type            \
    "\",\"enrollment_state\":\"" state "\",\"sis_user_id\":\"s-" user                              \
    "\",\"user\":{\"id\":\"" user "\",\"name\":\"Person " user "\",\"login_id\":\"login" user      \
    "\"}" grades "}"
#define GRADES(current, final, letter)                                                             \
    ",\"grades\":{\"current_score\":" current ",\"final_score\":" final                            \
    ",\"current_grade\":" letter ",\"final_grade\":" letter                                        \
    ",\"unposted_current_score\":99,\"unposted_final_score\":99}"
#define GRADED(assignment, score, grade)                                                           \
    "{\"id\":\"9" assignment "\",\"user_id\":\"871\",\"assignment_id\":\"" assignment              \
    "\",\"score\":" score ",\"grade\":" grade                                                      \
    ",\"excused\":false,\"workflow_state\":\"graded\",\"grade_matches_current_submission\":true,"  \
    "\"submitted_at\":\"2027-05-01T10:00:00Z\",\"graded_at\":\"2027-05-02T10:00:00Z\","            \
    "\"posted_at\":\"2027-05-03T10:00:00Z\",\"attempt\":1}"
#define OF(user, rows) "{\"user_id\":\"" user "\",\"section_id\":\"7\",\"submissions\":[" rows "]}"
#define PROGRESS(user, required, done, at)                                                         \
    "{\"id\":\"" user "\",\"display_name\":\"X\",\"progress\":{\"requirement_count\":" required    \
    ",\"requirement_completed_count\":" done ",\"next_requirement_url\":null,\"completed_at\":" at \
    "}}"

static const struct canned usual[] = {
    {.url = "/courses/lti_context_id:" CONTEXT, .body = COURSE},
    {.url = "/courses/55/enrollments",
     .body = "[" ENROLMENT("1", "871", "StudentEnrollment", "active",
                           GRADES("91.5", "88.2", "\"B+\"")) ","                             //
     ENROLMENT("2", "872", "StudentEnrollment", "completed", GRADES("70", "65", "null")) "," //
     ENROLMENT("3", "3", "TeacherEnrollment", "active", "") "]"},
    {.url = "/users/lti_1_3_id:" ANA_SUB, .body = "{\"id\":\"871\",\"name\":\"Ana\"}"},
    {.url = "/users/lti_1_3_id:" BEN_SUB, .body = "{\"id\":\"872\",\"name\":\"Ben\"}"},
    {.url = "/users/lti_1_3_id:" TEA_SUB, .body = "{\"id\":\"3\",\"name\":\"Tea\"}"},
    {.url = "/courses/55/assignments",
     .body = "[" ASSIGNMENT("120", "Lab safety quiz", "10", "points", "") "]"},
    {.url = "/courses/55/students/submissions",
     .body = "[" OF("871", GRADED("120", "8.5", "\"8.5\"")) "," OF("872", "") "]"},
    {.url = "/courses/55/modules", .body = "[]"},
    {.url = "/courses/55/outcome_rollups", .body = "{\"rollups\":[],\"linked\":{\"outcomes\":[]}}"},
};

static inline int setup(void **state) {
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
        b->canvas.rows[i] = usual[i];
    }
    b->links[0] = (struct model_link){.sub = SV(ANA_SUB)};
    b->links[1] = (struct model_link){.sub = SV(BEN_SUB)};
    b->now = INT64_C(1795460000) * USEC_PER_S;
    b->source = (struct grades_source){
        .kind = GRADES_CANVAS, .base_url = SV(SITE "/"), .token = SV("7~secret")};
    b->course = (struct grades_course){.ref = SV(CONTEXT), .links = b->links, .link_count = 2};
    b->io = (struct grades_io){.http = {.fetch = answer, .ctx = &b->canvas},
                               .clock = {now_of, &b->now},
                               .arena = &b->arena,
                               .pause = pause_of,
                               .pause_ctx = b};
    *state = b;
    return 0;
}

static inline int teardown(void **state) {
    struct bench *b = *state;
    arena_release(&b->arena);
    free(b);
    return 0;
}

/* Puts a reply in front of those that are there. */
static inline void reply_with(struct bench *b, struct canned row) {
    struct canvas *c = &b->canvas;
    for (size_t i = SITE_ROWS - 1; i > 0; i--) {
        c->rows[i] = c->rows[i - 1];
        c->used[i] = c->used[i - 1];
    }
    c->rows[0] = row;
    c->used[0] = 0;
}

static inline void reply_body(struct bench *b, const char *url, const char *body) {
    reply_with(b, (struct canned){.url = url, .body = body});
}

static inline bool read_course(struct bench *b) {
    b->err = (struct err){0};
    b->canvas.calls = 0;
    b->canvas.pauses = 0;
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

static inline const struct model_member *member_of(struct bench *b, const char *ref) {
    for (size_t i = 0; i < b->reading.member_count; i++) {
        if (sv_eq(b->reading.members[i].person_ref, sv_from(ref))) {
            return &b->reading.members[i];
        }
    }
    return NULL;
}

static inline size_t asked(const struct bench *b, const char *part) {
    size_t n = 0;
    for (size_t i = 0; i < b->canvas.calls && i < ARRAY_LEN(b->canvas.urls); i++) {
        n += has_part(sv_from(b->canvas.urls[i]), part) ? 1 : 0;
    }
    return n;
}

static inline void assert_dec(struct dec d, const char *text) {
    char plain[DEC_TEXT_MAX];
    assert_string_equal(dec_format(d, plain), text);
}
