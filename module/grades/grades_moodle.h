/* Reading a Moodle course by its web services (reference moodle.md 7). Inside this room only.
 *
 * What is cheap is asked of everybody (roster with the last access, new grades of assignments, the
 * list of activities); what costs a call per person (grade report, completion) only of people for
 * whom that looks different than last time, and of a few others in turn, since a grade that a
 * teacher changes in the gradebook shows nowhere else. */
#pragma once
#include "base_json.h"
#include "grades_build.h"

#define MOODLE_BODY_MAX ((size_t)32 << 20)
#define MOODLE_PAGE 500           /* people a page */
#define MOODLE_OVERLAP 25         /* of them seen on the page before */
#define MOODLE_ALL_AT_ONCE 200    /* up to so many learners all grades come in one call, */
#define MOODLE_ROWS_AT_ONCE 10000 /* if they are at most so many: about 600 bytes each */

#define MOODLE_SITE "core_webservice_get_site_info"
#define MOODLE_INFO "core_course_get_courses_by_field"
#define MOODLE_PEOPLE "core_enrol_get_enrolled_users"
#define MOODLE_CONTENTS "core_course_get_contents"
#define MOODLE_ASSIGNMENTS "mod_assign_get_assignments"
#define MOODLE_MARKED "mod_assign_get_grades"
#define MOODLE_GRADES "gradereport_user_get_grade_items"
#define MOODLE_ACTIVITIES "core_completion_get_activities_completion_status"
#define MOODLE_COURSE "core_completion_get_course_completion_status"

/* How long a call may take, by what Moodle has to do for it. */
enum moodle_effort {
    MOODLE_SHORT = 10000,  /* the site, the course */
    MOODLE_PERSON = 15000, /* one person */
    MOODLE_LIST = 30000,   /* a page of people, all activities, new grades */
    MOODLE_REPORT = 60000  /* everybody's grades: 25 to 35 ms a person */
};

struct moodle_param {
    const char *name;
    struct sv value;
};

struct moodle_link {
    const struct grades_source *source;
    const struct grades_io *io;
    int64_t requests, bytes;
};

/* A call: a function with its parameters, borrowed. */
struct moodle_ask {
    const char *function;
    enum moodle_effort effort;
    const struct moodle_param *params;
    size_t count;
};

/* The request for a call, in `a`. Fails: ERR_INPUT (too long). */
NODISCARD bool moodle_request(const struct moodle_link *link, const struct moodle_ask *ask,
                              struct arena *a, struct net_request *out, struct err *err);
/* Is it a reply at all, by its status? Fails: ERR_UPSTREAM PARK or LATER. */
NODISCARD bool moodle_status_check(const struct net_response *response, struct err *err);
/* Judge a reply and take it apart; the caller owns *out. Fails with a sentence for people, and as
 * reason Moodle's errorcode or "not_moodle", "truncated", "html", "site_busy": ERR_DENIED PARK:
 * token refused ("invalidtoken"), function or right not granted; ERR_NOT_FOUND PARK: no such course
 * ("invalidrecord"), NO: no such person ("invaliduser", ...); ERR_UPSTREAM PARK when there is no
 * web service, else LATER. */
NODISCARD bool moodle_reply_parse(struct sv body, const char *function, json_t **out,
                                  struct err *err);
/* The same for a reply that is a list (member NULL) or has one, to be taken row by row. The body
 * must outlive `rows`. */
NODISCARD bool moodle_reply_rows(struct sv body, const char *function, const char *member,
                                 struct js_rows *rows, struct err *err);
/* The next row (the caller owns it); NULL after the last. Fails: "truncated" LATER. */
NODISCARD bool moodle_row_next(struct js_rows *rows, json_t **row, struct err *err);

/* Make a call, again after a pause when that may help; the exchange lives in `scratch`. Fails as
 * net_fetch, moodle_status_check, moodle_reply_parse and moodle_reply_rows. */
NODISCARD bool moodle_call(struct moodle_link *link, const struct moodle_ask *ask,
                           struct arena *scratch, json_t **out, struct err *err);
NODISCARD bool moodle_call_rows(struct moodle_link *link, const struct moodle_ask *ask,
                                const char *member, struct arena *scratch, struct js_rows *rows,
                                struct err *err);
/* Wait before trying again for the nth time (from 1), longer when the site asked for it. False: it
 * is not to be tried again. */
NODISCARD bool moodle_wait(const struct moodle_link *link, int nth, int64_t asked_s);
#define MOODLE_TRIES 3

/* The function, or the right to it, is not granted; the rest of the site may well be. */
bool moodle_is_not_granted(const struct err *err);
/* Fails, always: ERR_DENIED PARK with Moodle's code. All that is asked for is not granted, which
 * Moodle says of more than a service without functions. */
NODISCARD bool moodle_nothing_granted(const char *code, struct err *err);
/* The person is not (or no more) in the course. */
bool moodle_is_person_gone(const struct err *err);
/* A course id as Moodle has them. Fails: ERR_INPUT PARK. */
NODISCARD bool moodle_course_check(const struct grades_course *course, struct err *err);

/* What was seen of a person without a call of their own, and what came of their last one. As text
 * it is model_member.mark. */
struct moodle_sign {
    int64_t access;         /* last access to the course, seconds; -1: not shown */
    bool is_fresh;          /* so recent that Moodle may not note what follows, or not final */
    int64_t marked_at;      /* newest grade of an assignment, seconds; 0: none seen */
    uint64_t marked;        /* digest of those of that second */
    bool is_gone;           /* their last reading found no active enrolment */
    uint64_t course;        /* digest of the activities */
    uint64_t report;        /* of all their grade report says; 0: not read */
    uint64_t filled, shape; /* of which columns have a grade; of columns, maxima and weights */
    uint64_t columns;       /* of which there are, and which of them are shown */
};
/* FNV-1a, to be gone on with. */
#define MOODLE_DIGEST UINT64_C(14695981039346656037)
uint64_t moodle_digest(uint64_t digest, struct sv text);
struct sv moodle_sign_text(const struct moodle_sign *sign, struct arena *a);
/* False: it is of another version or damaged. */
NODISCARD bool moodle_sign_parse(struct sv text, struct moodle_sign *out);
/* May `now` hold something that `before` did not? */
bool moodle_sign_differs(const struct moodle_sign *before, const struct moodle_sign *now,
                         int64_t marked_since);

/* A reading under way. */
struct moodle_cell {
    size_t person; /* index + 1 of the person whose fact this is */
    size_t fact;
};
struct moodle_person {
    struct moodle_sign sign;
    const struct model_known *known; /* borrowed; NULL: new */
    struct moodle_sign before;       /* of `known` */
    bool has_before;
    size_t page; /* of the roster, where they were seen last */
    bool is_due; /* their own calls are made */
    bool has_grades, is_read;
    size_t from, to; /* facts that came with all grades at once */
};
struct moodle_read {
    struct moodle_link link;
    struct grades_build build;
    struct arena *scratch; /* of the row or person at hand */
    const struct grades_course *course;
    usec_t began;
    struct grades_index modules; /* "assign:17" (kind, instance) to the item's index */
    struct moodle_cell *cells;   /* per item: the fact of the person at hand, if any */
    struct moodle_person *persons;
    size_t person_cap;
    size_t pages;         /* of the roster, so far */
    size_t gradable;      /* activities that may have a grade */
    int64_t *assignments; /* instances */
    size_t assignment_count, assignment_cap;
    bool wants_due_dates; /* the activities did not say them */
    uint64_t course_digest;
    int64_t marked_since;            /* grades of assignments older than this were not asked for */
    bool hides_grades, hides_maxima; /* columns that the report is set not to show */
    bool shows_hidden;               /* totals count what learners do not see */
    bool hides_activities;           /* from the token's account */
    bool has_report;                 /* all grades came at once */
    bool is_stale;                   /* Moodle has not worked out all grades */
    bool hides_final;                /* some final totals cannot be told */
};

/* Each takes one reply apart into the reading. Fails: ERR_UPSTREAM "shape" LATER. */
struct moodle_page {
    size_t count, fresh; /* rows; of them never seen before, */
    size_t shared;       /* and seen on the page before */
    struct sv first;     /* whose row is the first; in the reading's arena */
};
NODISCARD bool moodle_people_take(struct moodle_read *m, const json_t *reply,
                                  struct moodle_page *page, struct err *err);
NODISCARD bool moodle_contents_take(struct moodle_read *m, const json_t *reply, struct err *err);
NODISCARD bool moodle_info_take(struct moodle_read *m, const json_t *reply, struct err *err);
NODISCARD bool moodle_assignments_take(struct moodle_read *m, const json_t *reply, struct err *err);
/* One assignment's new grades: only signs of change, no facts (hidden ones are among them). */
NODISCARD bool moodle_marked_take(struct moodle_read *m, const json_t *assignment, struct err *err);
/* One person's grades. With `knows_people`, people who are not listed as learners are left out;
 * without, they make the list. *ref is whose they are. */
NODISCARD bool moodle_grades_take(struct moodle_read *m, const json_t *user, bool knows_people,
                                  struct sv *ref, struct err *err);
/* The course totals of one person's report (`user`): Moodle's own as the one so far, since it
 * leaves out what has no grade yet, unless the course is set otherwise; and as final what it is
 * with the missing counted as zero. Where that cannot be told (means of several kinds, with
 * something missing), there is none. */
NODISCARD bool moodle_total_take(struct moodle_read *m, const json_t *user, size_t person,
                                 struct err *err);
/* What Moodle says of a grade into `fact`, whose item is set. */
void moodle_grade_fill(struct moodle_read *m, const json_t *row, bool has_score, struct dec score,
                       struct model_fact *fact);
/* Has Moodle yet to work it out anew? Then what it says is not it, and the person is read again. */
bool moodle_is_stale(struct moodle_read *m, const json_t *row, size_t person);
/* Is it shown to the learner? Only when Moodle says so of both flags: absent is hidden. */
bool moodle_is_shown(const json_t *row);
/* What is taken of a row, and what else would tell of a change in the course. `f` may be NULL. */
void moodle_row_sign(struct moodle_sign *sign, const json_t *row, const struct model_fact *f,
                     bool is_total);

NODISCARD bool moodle_activities_take(struct moodle_read *m, const json_t *reply, size_t person,
                                      struct err *err);
NODISCARD bool moodle_course_take(struct moodle_read *m, const json_t *reply, size_t person,
                                  struct err *err);

/* The values in Moodle's JSON: numbers that may come as text, booleans as 0 and 1. */
int64_t moodle_number(const json_t *value, int64_t otherwise);
usec_t moodle_time(const json_t *value); /* 0: none */
/* Text that came through Moodle's HTML filter, without its five entities; clipped. */
struct sv moodle_plain(struct arena *a, struct sv html);
NODISCARD bool moodle_id(const json_t *value, struct arena *a, struct sv *out);

/* The fact of this person in this item; made when there is none. */
NODISCARD bool moodle_fact(struct moodle_read *m, size_t person, size_t item,
                           struct model_fact **out, struct err *err);
/* Room for one more person's notes. */
void moodle_persons_reserve(struct moodle_read *m);
NODISCARD bool moodle_shape(const char *function, struct err *err);

/* Decide whose own calls are made: *list (of member indices, in `a`), changed ones first. Until
 * they are read, all learners are unread, as they were. */
void moodle_plan(struct moodle_read *m, struct arena *a, size_t **list, size_t *count);
/* Whether those who were read tell of a change that touches everybody. */
bool moodle_plan_is_moved(const struct moodle_read *m, const size_t *list, size_t count);
/* Everybody else, then; `list` has room for all members. */
void moodle_plan_rest(struct moodle_read *m, size_t *list, size_t *count);

/* What a person's own calls may bring, and whether they are still worth making. */
enum moodle_part { MOODLE_OWN_GRADES, MOODLE_OWN_ACTIVITIES, MOODLE_OWN_COURSE, MOODLE_OWN_PARTS };
enum moodle_word {
    MOODLE_UNTRIED,
    MOODLE_DOUBTED, /* not granted for one person: perhaps only for that one */
    MOODLE_GRANTED,
    MOODLE_REFUSED /* not granted, or nobody has it */
};
#define MOODLE_SCOUTS 5 /* people at most who are read alone, to learn what is granted */
struct moodle_crew {
    struct moodle_read *m;
    enum moodle_word words[MOODLE_OWN_PARTS];
    size_t doubted[MOODLE_SCOUTS], doubted_count; /* members who are to be asked once more */
    size_t read, failed;                          /* people */
    struct err last;                              /* why the last of them could not be read */
};
/* Read these people, some at once. Who cannot be read stays as stored. Fails: ERR_DENIED or
 * ERR_UPSTREAM when the site, not the person, is the reason. */
NODISCARD bool moodle_crew_read(struct moodle_crew *crew, const size_t *list, size_t count,
                                struct err *err);
