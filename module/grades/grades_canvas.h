/* Reading a Canvas course by its REST API (reference lti.md 11). Inside this room only. */
#pragma once
#include "base_json.h"
#include "grades_build.h"

#define CANVAS_BODY_MAX ((size_t)32 << 20)
#define CANVAS_LETTER_BYTES_MAX 64 /* a school's own scheme has words: "Exceeds expectations" */
#define CANVAS_PAGE 100            /* more is cut to this by Canvas */
/* A reading that needs more than this is not going to end well. */
#define CANVAS_REQUESTS_MAX 20000
#define CANVAS_BYTES_MAX ((int64_t)2 << 30)
#define CANVAS_TIME_MAX (INT64_C(1800) * USEC_PER_S)
/* People whose id is asked for one by one in one reading; the next one goes on. */
#define CANVAS_LOOKUPS_MAX 500

struct canvas_link {
    const struct grades_source *source;
    const struct grades_io *io;
    int64_t requests, bytes;
    usec_t started_at;
    bool is_canvas;    /* something answered as Canvas does */
    struct sv renewed; /* the token that stands for the source's since that was refused */
};

/* GET `url` (absolute, same origin as base_url) and parse it; the caller owns *out. One request at
 * a time, and slower while Canvas says that little is left; what is transient is tried four times
 * if io can wait, and a refused token is renewed once. `what` says in words what is read. Fails
 * with a sentence for people: ERR_DENIED PARK     "token" (refused), "permission" (not allowed to
 * see this) ERR_NOT_FOUND PARK  "http_404" ERR_UPSTREAM LATER  "throttle", "truncated", "http_5xx",
 * "too_long", as net_fetch ERR_UPSTREAM PARK   "html", "not_canvas", "http_3xx"; LATER the first
 * two, once Canvas has answered in this reading: the address is right, and what stands in front of
 * it is in a mood */
NODISCARD bool canvas_get(struct canvas_link *link, struct sv url, const char *what,
                          struct arena *scratch, struct net_response *response, json_t **out,
                          struct err *err);
/* base_url + the path. */
struct sv canvas_url(const struct canvas_link *link, struct arena *a, const char *path, ...)
    PRINTF_LIKE(3, 4);

/* A list over all its pages. */
struct canvas_list {
    struct sv url;
    const char *what;
    const char *key;    /* member that identifies a row: "id", "user_id" */
    const char *key_in; /* member of the row that holds the key; NULL: the row itself */
    const char *list;   /* member of a page that holds the rows; NULL: the page is the list */
    /* One row, each once, whatever the pages repeat. */
    bool (*take)(void *ctx, const json_t *row, struct sv key, struct err *err);
    /* A page that holds more than rows, before its rows; may be NULL. */
    bool (*take_page)(void *ctx, const json_t *page, struct err *err);
    void *ctx;
};
/* Every row of every page. Follows links of the same origin only (attacks.md F4). Fails as
 * canvas_get and with what the functions say; ERR_UPSTREAM "paging" PARK for links that lead
 * elsewhere, in a circle or on for ever, LATER for a page that brings nothing new. */
NODISCARD bool canvas_walk(struct canvas_link *link, const struct canvas_list *list,
                           struct err *err);

/* An id: a JSON integer, or a string of digits, with the shard's in front of a tilde ("7~871"). */
NODISCARD bool canvas_id(const json_t *value, struct arena *a, struct sv *out);
/* 0 unless it is an RFC 3339 time. */
usec_t canvas_time(const json_t *value);
/* A text of the row in `a`, clipped; empty when it is no string. */
struct sv canvas_text(const json_t *row, const char *key, struct arena *a);
/* A decimal or nothing: null and absent. False when it is there and no number. */
NODISCARD bool canvas_number(const json_t *row, const char *key, bool *has, struct dec *out);
NODISCARD bool canvas_shape(const char *what, struct err *err);
bool canvas_is_denied(const struct err *err); /* this alone may not be seen */

struct canvas_total {
    bool has_score;
    struct dec score;
    struct sv letter;
};

/* Somebody enrolled in the course. */
struct canvas_user {
    struct sv id, name, sis_id, login;
    bool is_learner, is_active, is_teacher;
    bool is_test; /* Student View */
    struct canvas_total final, current;
    size_t member;        /* in the reading; SIZE_MAX: their sub is not known */
    uint64_t grades_seal; /* of their enrolments and totals, in any order */
    const struct canvas_mark *known;
    bool is_due;        /* their submissions and outcomes are to be read */
    bool is_states_due; /* and how far they are in the modules */
    bool has_work;      /* their submissions were read */
    bool has_outcomes;
    bool has_progress;   /* and their progress: */
    bool has_same_steps; /* over, and as it was */
    int64_t required, done;
    usec_t completed_at;
    bool has_hidden; /* a grade of theirs is not posted */
    bool has_gap;    /* something of theirs could not be read: the next reading tries again */
};

/* What a reading left behind of somebody, to be compared with what the next one sees at a glance:
 * seals of the assignments, of their enrolments and totals, of their progress. */
struct canvas_mark {
    uint64_t work, grades, steps;
};

/* A reading under way. */
struct canvas_read {
    struct canvas_link link;
    struct grades_build build;
    const struct grades_course *asked;
    struct sv course; /* Canvas's id */
    bool hides_totals;
    struct sv scheme; /* id of its own grading scheme; empty: Canvas's */
    struct canvas_user *users;
    size_t user_count, user_cap;
    struct grades_index user_index; /* Canvas's id to users */
    struct grades_index work;       /* assignment's id to its struct canvas_work */
    struct canvas_work *works;
    size_t work_count, work_cap;
    struct grades_index modules; /* module's id to its item, of those with requirements */
    size_t module_count;
    struct grades_index hidden; /* "user:assignment" of grades that are not posted */
    uint64_t work_seal;         /* of how the course and its assignments are graded */
    size_t learner_count;       /* who count */
    bool has_totals;            /* some enrolment came with grades */
    bool has_unknown_work;      /* a submission named an assignment that is not listed */
    size_t lookups, misses;
};

/* How an assignment is graded. */
enum canvas_grading { CANVAS_POINTS, CANVAS_LETTER, CANVAS_PASS_FAIL, CANVAS_UNGRADED };
struct canvas_work {
    enum canvas_grading grading;
    bool is_published;
    size_t item;
};

/* Each reads one part of the course. Fails as canvas_walk, "shape" LATER besides. */
NODISCARD bool canvas_course_read(struct canvas_read *r, struct err *err);
NODISCARD bool canvas_people_read(struct canvas_read *r, struct err *err);
/* In its place: the enrolments of one. */
NODISCARD bool canvas_person_read(struct canvas_read *r, struct sv id, struct err *err);
/* In its place: of those few whose work was graded or handed in last, and whom the last reading
 * knew. Nobody: there is no such work. */
/* The letters of its scheme, the best first. A scheme that may not be seen is said to be missing.
 */
NODISCARD bool canvas_scale_read(struct canvas_read *r, struct err *err);
NODISCARD bool canvas_latest_read(struct canvas_read *r, struct err *err);
/* Finds out who is who: fills in canvas_user.member. Never by e-mail, login or name. Keeps what it
 * found when Canvas breaks off: the next reading goes on from there. */
NODISCARD bool canvas_people_match(struct canvas_read *r, struct err *err);
/* Somebody of the last reading, or NULL. */
const struct model_known *canvas_known_find(const struct canvas_read *r, struct sv id);
/* After the assignments: who is due, by their marks. All, unless changes are asked for. */
void canvas_changes_begin(struct canvas_read *r);
NODISCARD bool canvas_work_read(struct canvas_read *r, struct err *err);
/* Submissions graded, and submissions handed in, since then. */
NODISCARD bool canvas_news_walk(struct canvas_read *r, usec_t since,
                                bool (*take)(void *ctx, const json_t *row, struct sv key,
                                             struct err *err),
                                void *ctx, struct err *err);
/* Of changes: makes those due whose work was graded or handed in since the last reading. */
NODISCARD bool canvas_news_read(struct canvas_read *r, struct err *err);
NODISCARD bool canvas_submissions_read(struct canvas_read *r, struct err *err);
NODISCARD bool canvas_modules_read(struct canvas_read *r, struct err *err);
NODISCARD bool canvas_progress_read(struct canvas_read *r, struct err *err);
NODISCARD bool canvas_module_states_read(struct canvas_read *r, struct err *err);
NODISCARD bool canvas_outcomes_read(struct canvas_read *r, struct err *err);
/* At the end: totals and course completion of all who were read, what is kept of them, and
 * everybody's mark. Who is not due in anything is unread. */
NODISCARD bool canvas_people_put(struct canvas_read *r, struct err *err);
/* Makes their modules due where their progress is another than their mark says. */
void canvas_steps_compare(struct canvas_user *user);

/* The user with this id, or NULL. */
struct canvas_user *canvas_user_find(const struct canvas_read *r, struct sv id);
/* May earn, and their sub is known. */
bool canvas_user_counts(const struct canvas_user *user);
/* A new fact of this person. */
NODISCARD bool canvas_fact(struct canvas_read *r, const struct canvas_user *user, size_t item,
                           struct model_fact **out, struct err *err);
/* Nothing can be said of items of these kinds, bits 1 << model_item_kind; why is said in words. */
void canvas_untold(struct canvas_read *r, unsigned kinds, const char *missing);
/* Nothing can be said of this person's items of a kind: what is stored stays. */
NODISCARD bool canvas_keep(struct canvas_read *r, const struct canvas_user *user,
                           enum model_item_kind kind, struct err *err);
/* Any of these people by id: "user_ids[]=1&user_ids[]=2". Goes through r->users from *next on and
 * takes at most `max` who match; *next is where to go on. Empty: nobody is left. */
struct sv canvas_ids(const struct canvas_read *r, const char *name, size_t max,
                     bool (*is_wanted)(const struct canvas_user *user), size_t *next,
                     struct arena *a);
/* Most are: all in one list cost less than some by id. Never where only a few are read. */
bool canvas_is_most(const struct canvas_read *r, bool (*is_wanted)(const struct canvas_user *user));
/* The first eight bytes of a SHA-256. */
uint64_t canvas_seal(struct sv text);
/* The address of the course that was asked for. Fails: ERR_INPUT PARK. */
NODISCARD bool canvas_course_url(const struct canvas_link *link, struct sv ref, struct arena *a,
                                 struct sv *out, struct err *err);
