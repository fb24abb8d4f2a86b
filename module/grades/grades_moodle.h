/* Reading a Moodle course by its web services (reference moodle.md 7). Inside this room only. */
#pragma once
#include "base_json.h"
#include "grades_build.h"

#define MOODLE_BODY_MAX ((size_t)32 << 20)
#define MOODLE_PAGE 500        /* people a page */
#define MOODLE_ALL_AT_ONCE 200 /* up to so many people all grades come in one call */

#define MOODLE_SITE "core_webservice_get_site_info"
#define MOODLE_PEOPLE "core_enrol_get_enrolled_users"
#define MOODLE_CONTENTS "core_course_get_contents"
#define MOODLE_GRADES "gradereport_user_get_grade_items"
#define MOODLE_ACTIVITIES "core_completion_get_activities_completion_status"
#define MOODLE_COURSE "core_completion_get_course_completion_status"

struct moodle_param {
    const char *name;
    struct sv value;
};

struct moodle_link {
    const struct grades_source *source;
    const struct grades_io *io;
    int64_t requests, bytes;
};

/* Call a function; the caller owns *out. `scratch` holds the exchange. Fails with a sentence for
 * people, and as reason Moodle's errorcode or "not_moodle", "truncated", "html": ERR_DENIED PARK:
 * token refused ("invalidtoken"), function or right not granted; ERR_NOT_FOUND PARK: no such course
 * ("invalidrecord"), no such person ("invaliduser", ...); ERR_UPSTREAM: as net_fetch; PARK when
 * there is no web service, else LATER. */
NODISCARD bool moodle_call(struct moodle_link *link, const char *function,
                           const struct moodle_param *params, size_t count, struct arena *scratch,
                           json_t **out, struct err *err);
/* Judge a reply. */
NODISCARD bool moodle_reply_parse(struct sv body, const char *function, json_t **out,
                                  struct err *err);
/* The function, or the right to it, is not granted; the rest of the site may well be. */
bool moodle_is_not_granted(const struct err *err);
/* A course id as Moodle has them. Fails: ERR_INPUT PARK. */
NODISCARD bool moodle_course_check(const struct grades_course *course, struct err *err);

/* A reading under way. */
struct moodle_mark {
    size_t person; /* index + 1 of the person whose fact this is */
    size_t fact;
};
struct moodle_person {
    bool has_grades;
    size_t from, to; /* facts that came with all grades at once */
};
struct moodle_read {
    struct moodle_link link;
    struct grades_build build;
    struct grades_index modules; /* "assign:17" (kind, instance) to the item's index */
    struct moodle_mark *marks;   /* per item: the fact of the person at hand, if any */
    struct moodle_person *persons;
    size_t person_cap;
};

/* Each takes one reply apart into the reading. Fails: ERR_UPSTREAM "shape" LATER. */
NODISCARD bool moodle_people_take(struct moodle_read *m, const json_t *reply, size_t *count,
                                  struct err *err);
NODISCARD bool moodle_contents_take(struct moodle_read *m, const json_t *reply, struct err *err);
/* With `knows_people`, rows of people who are not listed as learners are left out; without, they
 * make the list. */
NODISCARD bool moodle_grades_take(struct moodle_read *m, const json_t *reply, bool knows_people,
                                  struct err *err);
NODISCARD bool moodle_activities_take(struct moodle_read *m, const json_t *reply, size_t person,
                                      struct err *err);
NODISCARD bool moodle_course_take(struct moodle_read *m, const json_t *reply, size_t person,
                                  struct err *err);

/* The fact of this person in this item; made when there is none. */
NODISCARD bool moodle_fact(struct moodle_read *m, size_t person, size_t item,
                           struct model_fact **out, struct err *err);
/* Room for one more person's notes. */
void moodle_persons_reserve(struct moodle_read *m);
NODISCARD bool moodle_shape(const char *function, struct err *err);
