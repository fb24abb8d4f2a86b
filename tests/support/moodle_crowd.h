/* A Moodle with many people, whose state a test changes between readings, and what was asked of it.
 * Everybody has an assignment (activity 1), a quiz (2) and the course total. */
#pragma once
#include "moodle_site.h"
#include "net_fetch.h"
#include <stdlib.h>

#define CROWD_MAX 1200
#define FIRST_ID 1000
#define FIRST_GRADED 1795000000

struct somebody {
    bool is_enrolled, is_teacher, is_suspended;
    int64_t access;    /* last access to the course; -1: not shown */
    int64_t marked_at; /* of the assignment's own grade; 0: none */
    const char *marked;
    int assign, quiz;                   /* grades in the gradebook; -1: none */
    bool is_hidden;                     /* the quiz's */
    int state;                          /* completion of the assignment */
    double own_weight;                  /* 0: as everybody's */
    size_t grades, activities, courses; /* calls */
    /* The next `fails` calls of `fails_at` (NULL: any) are answered so. */
    int fails, fail_status; /* -1: no answer at all */
    const char *fails_at, *fail_body;
};

struct crowd {
    struct somebody people[CROWD_MAX];
    size_t count;
    const char *denied[4]; /* functions that are not granted */
    double weight;         /* of the quiz */
    bool has_new_quiz, has_new_label;
    bool leaves_hidden_out;   /* of the report */
    bool is_down, is_revoked; /* from `after` calls on */
    size_t after, calls, pages, reports, marked_calls, waits;
    int64_t waited_ms, retry_after_s;
    bool wont_wait;
    int64_t marked_since; /* as asked */
    void (*on_page)(struct crowd *c, size_t page);
    size_t page_cut; /* people Moodle drops from a page after counting it */
    bool ignores_paging, is_report_slow;
    size_t inside, inside_most; /* fetch_all's */
};

struct hall { /* a crowd, the readings of it and what they left */
    struct crowd crowd;
    struct arena arena; /* of all readings */
    usec_t now;
    struct grades_source source;
    struct grades_course course;
    struct grades_io io;
    struct grades_reading reading;
    struct model_known known[CROWD_MAX];
    struct err err;
};

static inline int64_t asked_number(struct sv form, const char *name) {
    int64_t n = -1;
    return num_parse_i64(field_of(form, sv_from(name)), 0, INT64_MAX, &n) ? n : -1;
}

static inline void person_row(struct str *s, const struct somebody *p, size_t i) {
    str_addf(s, "%s{\"id\":%zu,\"fullname\":\"P %zu\",", s->len == 1 ? "" : ",", FIRST_ID + i, i);
    if (p->access >= 0) {
        str_addf(s, "\"lastcourseaccess\":%lld,", (long long)p->access);
    }
    str_addf(s, "\"roles\":[{\"shortname\":\"%s\"}]}", p->is_teacher ? "teacher" : "student");
}

static inline void answer_people(struct crowd *c, struct sv form, struct str *s) {
    size_t from = c->ignores_paging ? 0 : (size_t)asked_number(form, "options%5B0%5D%5Bvalue%5D");
    size_t limit = (size_t)asked_number(form, "options%5B1%5D%5Bvalue%5D");
    size_t at = 0;
    size_t shown = 0;
    c->pages++;
    if (c->on_page != NULL) {
        c->on_page(c, c->pages);
    }
    str_add_c(s, "[");
    for (size_t i = 0; i < c->count; i++) {
        const struct somebody *p = &c->people[i];
        if (p->is_enrolled && at++ >= from && shown < limit) {
            shown++;
            if (shown > c->page_cut) {
                person_row(s, p, i);
            }
        }
    }
    str_add_c(s, "]");
}

static inline void answer_contents(const struct crowd *c, struct str *s) {
    str_add_c(s,
              "[{\"modules\":["
              "{\"id\":1,\"name\":\"A\",\"instance\":11,\"modname\":\"assign\",\"completion\":2,"
              "\"dates\":[{\"label\":\"Due:\",\"timestamp\":1795900000,\"dataid\":\"duedate\"}]},"
              "{\"id\":2,\"name\":\"Q\",\"instance\":5,\"modname\":\"quiz\",\"completion\":0}");
    if (c->has_new_quiz) {
        str_add_c(s, ",{\"id\":3,\"name\":\"N\",\"instance\":6,\"modname\":\"quiz\"}");
    }
    if (c->has_new_label) {
        str_add_c(s, ",{\"id\":4,\"name\":\"L\",\"instance\":1,\"modname\":\"label\"}");
    }
    str_add_c(s, "]}]");
}

static inline void grade_row(struct str *s, int id, const char *module, int grade, bool is_hidden,
                             double weight) {
    str_addf(s, "{\"id\":%d,\"itemname\":\"I%d\",\"itemtype\":\"mod\",\"itemmodule\":\"%s\",", id,
             id, module);
    str_addf(s,
             "\"itemnumber\":0,\"cmid\":%d,\"outcomeid\":null,\"weightraw\":%.3f,\"graderaw\":", id,
             weight);
    if (grade < 0) {
        str_add_c(s, "null");
    } else {
        str_addf(s, "%d", grade);
    }
    str_addf(s,
             ",\"gradedategraded\":1795452329,\"gradehiddenbydate\":false,\"grademin\":0,"
             "\"gradeishidden\":%s,\"grademax\":100},",
             is_hidden ? "true" : "false");
}

static inline void report_row(const struct crowd *c, struct str *s, size_t i) {
    const struct somebody *p = &c->people[i];
    double weight = p->own_weight != 0 ? p->own_weight : c->weight;
    str_addf(s, "{\"userid\":%zu,\"gradeitems\":[", FIRST_ID + i);
    grade_row(s, 1, "assign", p->assign, false, 1 - weight);
    if (!p->is_hidden || !c->leaves_hidden_out) {
        grade_row(s, 2, "quiz", p->quiz, p->is_hidden, weight);
    }
    if (c->has_new_quiz) {
        grade_row(s, 3, "quiz", -1, false, 0);
    }
    str_addf(s,
             "{\"id\":9,\"itemtype\":\"course\",\"graderaw\":%d,\"grademax\":200,"
             "\"gradehiddenbydate\":false,\"gradeishidden\":false}]}",
             (p->assign < 0 ? 0 : p->assign) + (p->quiz < 0 ? 0 : p->quiz));
}

static inline void answer_report(struct crowd *c, struct sv form, struct str *s) {
    int64_t user = asked_number(form, "userid");
    str_add_c(s, "{\"usergrades\":[");
    c->reports += user == 0 ? 1 : 0;
    bool is_first = true;
    for (size_t i = 0; i < c->count; i++) {
        const struct somebody *p = &c->people[i];
        if (user == 0 ? p->is_enrolled && !p->is_teacher && !p->is_suspended
                      : user == (int64_t)(FIRST_ID + i)) {
            str_add_c(s, is_first ? "" : ",");
            report_row(c, s, i);
            is_first = false;
        }
    }
    str_add_c(s, "],\"warnings\":[]}");
}

static inline void answer_marked(struct crowd *c, struct sv form, struct str *s) {
    int64_t since = asked_number(form, "since");
    bool is_first = true;
    c->marked_calls++;
    c->marked_since = since;
    str_add_c(s, "{\"assignments\":[{\"assignmentid\":11,\"grades\":[");
    for (size_t i = 0; i < c->count; i++) {
        const struct somebody *p = &c->people[i];
        if (p->marked_at >= since && p->marked_at > 0) {
            str_addf(s, "%s{\"id\":%zu,\"userid\":%zu,\"attemptnumber\":0,\"timemodified\":%lld,",
                     is_first ? "" : ",", i, FIRST_ID + i, (long long)p->marked_at);
            str_addf(s, "\"grade\":\"%s\"}", p->marked);
            is_first = false;
        }
    }
    str_add_c(s, "]}],\"warnings\":[]}");
}

/* What the site says to `function`; the person's own trouble comes first. */
static inline void answer_one(struct crowd *c, struct sv function, struct sv form, struct str *s,
                              int *status) {
    int64_t user = asked_number(form, "userid");
    struct somebody *p = user >= FIRST_ID && user < (int64_t)(FIRST_ID + c->count)
                             ? &c->people[user - FIRST_ID]
                             : NULL;
    bool is_own = sv_eq(function, SV(GRADES)) || sv_eq(function, SV(ACTIVITIES)) ||
                  sv_eq(function, SV(COURSE));
    if (p != NULL && is_own) {
        p->grades += sv_eq(function, SV(GRADES)) ? 1 : 0;
        p->activities += sv_eq(function, SV(ACTIVITIES)) ? 1 : 0;
        p->courses += sv_eq(function, SV(COURSE)) ? 1 : 0;
        if (p->fails > 0 && (p->fails_at == NULL || sv_eq(function, sv_from(p->fails_at)))) {
            p->fails--;
            *status = p->fail_status;
            str_add_c(s, p->fail_body == NULL ? "" : p->fail_body);
            return;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(c->denied) && c->denied[i] != NULL; i++) {
        if (sv_eq(function, sv_from(c->denied[i]))) {
            str_add_c(s, NOT_GRANTED);
            return;
        }
    }
    if (sv_eq(function, SV(PEOPLE))) {
        answer_people(c, form, s);
    } else if (sv_eq(function, SV(CONTENTS))) {
        answer_contents(c, s);
    } else if (sv_eq(function, SV(GRADES))) {
        answer_report(c, form, s);
    } else if (sv_eq(function, SV(MARKED))) {
        answer_marked(c, form, s);
    } else if (sv_eq(function, SV(ACTIVITIES))) {
        str_addf(s,
                 "{\"statuses\":[{\"cmid\":1,\"modname\":\"assign\",\"state\":%d,"
                 "\"timecompleted\":1795452329}],\"warnings\":[]}",
                 p->state);
    } else if (sv_eq(function, SV(COURSE)) && p->is_suspended) {
        str_add_c(s, EXCEPTION("moodle_exception", "usernotenroled"));
    } else if (sv_eq(function, SV(COURSE))) {
        str_addf(s, COMPLETION("%s", "1", CRITERION("1", "true")),
                 p->state == 1 ? "true" : "false");
    } else {
        str_add_c(s, "{\"courses\":[],\"warnings\":[]}");
    }
}

static inline bool crowd_fetch(void *ctx, const struct net_request *q, struct net_response *out,
                               struct arena *a, struct err *err) {
    struct crowd *c = ctx;
    struct str s;
    int status = 200;
    str_init(&s, a, (size_t)16 << 20);
    c->calls++;
    bool is_after = c->calls > c->after;
    if (c->is_revoked && is_after) {
        str_add_c(&s, EXCEPTION("moodle_exception", "invalidtoken"));
    } else {
        answer_one(c, field_of(q->body, SV("wsfunction")), q->body, &s, &status);
    }
    bool is_late = c->is_report_slow && sv_eq(field_of(q->body, SV("userid")), SV("0"));
    if (status < 0 || is_late || (c->is_down && is_after)) {
        (void)err_because(err, ERR_UPSTREAM, "timeout", "it did not answer in time");
        return err_retry_as(err, ERR_RETRY_LATER);
    }
    struct net_header *h = ARENA_ARRAY(a, struct net_header, 1);
    *h = (struct net_header){SV("Retry-After"), sv_printf(a, "%lld", (long long)c->retry_after_s)};
    *out = (struct net_response){.status = status == 0 ? 200 : status,
                                 .body = str_sv(&s),
                                 .headers = h,
                                 .header_count = c->retry_after_s > 0 ? 1 : 0};
    return true;
}

/* As many at once as are let, and the last one asked is answered first. */
static inline bool crowd_fetch_all(void *ctx, const struct net_many *many, struct err *err) {
    struct crowd *c = ctx;
    struct {
        struct arena arena;
        struct net_request request;
        size_t tag;
    } *slots = calloc(NET_PARALLEL_MAX, sizeof *slots);
    assert_non_null(slots);
    bool is_good = true;
    for (size_t n = 1; n > 0 && is_good;) {
        n = c->inside;
        while (n < (size_t)many->parallel &&
               many->next(many->ctx, &slots[n].arena, &slots[n].request, &slots[n].tag)) {
            n++;
        }
        c->inside = n;
        c->inside_most = n > c->inside_most ? n : c->inside_most;
        if (n == 0) {
            break;
        }
        n = --c->inside;
        struct net_response response = {0};
        struct err failed = {0};
        bool is_answered = crowd_fetch(c, &slots[n].request, &response, &slots[n].arena, &failed);
        is_good = many->done(many->ctx, slots[n].tag, &slots[n].arena,
                             is_answered ? &response : NULL, is_answered ? NULL : &failed, err);
        arena_reset(&slots[n].arena);
        n = 1;
    }
    c->inside = 0;
    for (size_t i = 0; i < NET_PARALLEL_MAX; i++) {
        arena_release(&slots[i].arena);
    }
    free(slots);
    return is_good;
}

static inline bool crowd_pause(void *ctx, int64_t ms) {
    struct crowd *c = ctx;
    c->waits++;
    c->waited_ms += ms;
    return !c->wont_wait;
}

static inline int hall_open(void **state) {
    struct hall *h = calloc(1, sizeof *h);
    assert_non_null(h);
    h->now = INT64_C(1795460000) * USEC_PER_S;
    h->crowd.weight = 0.5;
    h->source = (struct grades_source){
        .kind = GRADES_MOODLE, .base_url = SV("https://lms.example"), .token = SV("t")};
    h->course = (struct grades_course){.ref = SV("2")};
    h->io = (struct grades_io){
        .http = {.fetch = crowd_fetch, .ctx = &h->crowd, .fetch_all = crowd_fetch_all},
        .clock = {now_of, &h->now},
        .arena = &h->arena,
        .pause = crowd_pause,
        .pause_ctx = &h->crowd,
        .parallel = 6};
    *state = h;
    return 0;
}

static inline int hall_close(void **state) {
    struct hall *h = *state;
    arena_release(&h->arena);
    free(h);
    return 0;
}

static inline void enrol(struct hall *h, size_t count) {
    for (size_t i = h->crowd.count; i < count; i++) {
        h->crowd.people[i] = (struct somebody){.is_enrolled = true,
                                               .access = FIRST_GRADED + (int64_t)i,
                                               .marked_at = FIRST_GRADED + (int64_t)i,
                                               .marked = "60.00000",
                                               .assign = 60,
                                               .quiz = 40,
                                               .state = 1};
    }
    h->crowd.count = count;
}

static inline int known_order(const void *left, const void *right) {
    return sv_cmp(((const struct model_known *)left)->person_ref,
                  ((const struct model_known *)right)->person_ref);
}

/* What the store would keep of the reading. */
static inline void remember(struct hall *h) {
    struct model_known before[CROWD_MAX];
    size_t count = h->course.known_count;
    memcpy(before, h->known, sizeof before);
    for (size_t i = 0; i < h->reading.member_count; i++) {
        const struct model_member *m = &h->reading.members[i];
        struct model_known *k = &h->known[i];
        const struct model_known key = {.person_ref = m->person_ref};
        const struct model_known *old =
            count == 0 ? NULL : bsearch(&key, before, count, sizeof key, known_order);
        assert_true(m->mark.len <= 200);
        *k = (struct model_known){.person_ref = m->person_ref,
                                  .mark = m->mark,
                                  .read_at = !m->is_unread ? h->reading.read_at
                                             : old == NULL ? 0
                                                           : old->read_at};
    }
    qsort(h->known, h->reading.member_count, sizeof h->known[0], known_order);
    h->course.known = h->known;
    h->course.known_count = h->reading.member_count;
    h->course.since = h->reading.read_at;
}

static inline bool hall_read(struct hall *h, enum grades_scope scope) {
    struct crowd *c = &h->crowd;
    h->err = (struct err){0};
    h->course.scope = scope;
    c->calls = c->pages = c->reports = c->marked_calls = c->inside_most = 0;
    c->waits = 0;
    c->waited_ms = 0;
    for (size_t i = 0; i < c->count; i++) {
        c->people[i].grades = c->people[i].activities = c->people[i].courses = 0;
    }
    return grades_read(&h->source, &h->course, &h->io, &h->reading, &h->err);
}

/* Read, and keep what it left. */
static inline void hall_must_read(struct hall *h, enum grades_scope scope) {
    if (!hall_read(h, scope)) {
        fail_msg("%s: %s", h->err.reason, h->err.text);
    }
    remember(h);
}

static inline void later(struct hall *h, int minutes) {
    h->now += (usec_t)minutes * 60 * USEC_PER_S;
}

static inline const struct model_member *member_of(const struct hall *h, size_t person) {
    char ref[32];
    (void)snprintf(ref, sizeof ref, "%zu", FIRST_ID + person);
    for (size_t i = 0; i < h->reading.member_count; i++) {
        if (sv_eq(h->reading.members[i].person_ref, sv_from(ref))) {
            return &h->reading.members[i];
        }
    }
    return NULL;
}

static inline size_t facts_of(const struct hall *h, size_t person) {
    const struct model_member *m = member_of(h, person);
    size_t n = 0;
    for (size_t i = 0; i < h->reading.fact_count; i++) {
        n += sv_eq(h->reading.facts[i].person_ref, m->person_ref) ? 1 : 0;
    }
    return n;
}

/* NULL: none in this reading. */
static inline const struct model_fact *fact_in(const struct hall *h, size_t person,
                                               const char *ref) {
    const struct model_member *m = member_of(h, person);
    for (size_t i = 0; i < h->reading.fact_count; i++) {
        const struct model_fact *f = &h->reading.facts[i];
        const struct model_item *item = &h->reading.items[f->item_index];
        if (sv_eq(f->person_ref, m->person_ref) && item->kind == MODEL_ITEM_ACTIVITY &&
            sv_eq(item->ref, sv_from(ref))) {
            return f;
        }
    }
    return NULL;
}

static inline size_t calls_total(const struct hall *h) {
    size_t n = 0;
    for (size_t i = 0; i < h->crowd.count; i++) {
        n += h->crowd.people[i].grades;
    }
    return n;
}

static inline size_t unread_total(const struct hall *h) {
    size_t n = 0;
    for (size_t i = 0; i < h->reading.member_count; i++) {
        n += h->reading.members[i].is_unread ? 1 : 0;
    }
    return n;
}
