/* Courses: their items, people and facts, and when they were read. */
#pragma once
#include "model_fact.h"
#include "model_lti.h"
#include "store.h"

struct store_course {
    int64_t institution_id, id;
    int64_t registration_id, deployment_id;
    struct sv public_id;  /* UUID: in addresses */
    struct sv context_id; /* the platform's id */
    struct sv title;      /* title, else label, else the platform's id */
    struct sv time_zone;  /* the institution's */
    struct sv issuer, client_id, platform_deployment_id;
    struct sv lineitems_url, nrps_url, ags_scopes;
    usec_t synced_at, sync_requested_at, sync_failed_at;
    struct sv sync_error;
    struct sv letters;   /* its own grades in words, a line each, the best first; empty: A+ to F */
    usec_t next_read_at; /* 0: when somebody asks */
    struct sv waits_for; /* "lms.example does not answer in time": its host is left alone */
    usec_t waits_until;  /* and tried again then; 0: it is not */
    /* What decides how much is read next (job_scope.h); 0: never. */
    usec_t source_read_at;     /* when the last good reading by the course's own source began */
    usec_t whole_at;           /* and the last one of everything; 0 too after the source changed */
    usec_t whole_requested_at; /* "Check now" */
    int64_t whole_requests;    /* that the last one of everything took */
};

/* Fails: ERR_NOT_FOUND "course". */
NODISCARD bool store_course_get(struct store *store, int64_t institution_id, int64_t course_id,
                                struct arena *a, struct store_course *out, struct err *err);
/* By the platform's id; several institutions or platforms may have it, at most 100. Directory-wide:
 * for the operator's commands only. */
NODISCARD bool store_course_find(struct store *store, struct sv context_id, struct arena *a,
                                 struct store_course **out, size_t *count, struct err *err);

/* Everything the course's sources ever listed; gone items are marked. Sorted by id. */
NODISCARD bool store_item_list(struct store *store, int64_t institution_id, int64_t course_id,
                               struct arena *a, struct model_item **out, size_t *count,
                               struct err *err);

/* How many people of a course have something in an item. */
struct store_item_people {
    int64_t item_id;
    int64_t scored;    /* a score or a letter, shown to them or not */
    int64_t completed; /* complete, with or without a pass */
};
/* Of these items; those that nobody has anything in are left out. By no order. */
NODISCARD bool store_item_people_list(struct store *store, int64_t institution_id,
                                      int64_t course_id, const int64_t *ids, size_t id_count,
                                      struct arena *a, struct store_item_people **out,
                                      size_t *count, struct err *err);

/* Somebody of a course, from its list and from launches. */
struct store_person {
    int64_t id;
    struct sv sub, name, sort_name, email, sourcedid, login; /* all but sub may be empty */
    struct sv source_ref; /* the id in the course's grade source, where that is another than sub */
    bool is_learner, is_teacher, is_test_user, is_active;
    bool may_earn; /* learner there, and neither a test user nor only a teacher */
};
/* Of a course, by name; with ids only those. At most 50,000. */
NODISCARD bool store_person_list(struct store *store, int64_t institution_id, int64_t course_id,
                                 const int64_t *ids, size_t id_count, struct arena *a,
                                 struct store_person **out, size_t *count, struct err *err);

/* Everybody known in a course but test users, with the id in its grade source, if one was found:
 * who launched last comes first. At most 50,000. */
NODISCARD bool store_link_list(struct store *store, int64_t institution_id, int64_t course_id,
                               struct arena *a, struct model_link **out, size_t *count,
                               struct err *err);
/* Keep what a source said about who is who. People who are not known are left out. */
NODISCARD bool store_link_save(struct store *store, const struct store_course *course,
                               const struct model_link *links, size_t count, struct err *err);

/* The ids of everybody known in a course, in order. At most 50,000. */
NODISCARD bool store_member_ids(struct store *store, int64_t institution_id, int64_t course_id,
                                struct arena *a, int64_t **out, size_t *count, struct err *err);

/* Whom earlier readings of the course left a mark for, as its source names them, sorted by
 * person_ref (grades_course.known). At most 50,000. */
NODISCARD bool store_known_list(struct store *store, int64_t institution_id, int64_t course_id,
                                struct arena *a, struct model_known **out, size_t *count,
                                struct err *err);

/* Facts of people in a course (ids NULL: of all), sorted by person, then item. item_index counts
 * into the items given, which are sorted by id; facts of other items are left out. */
NODISCARD bool store_fact_list(struct store *store, int64_t institution_id, int64_t course_id,
                               const int64_t *ids, size_t id_count, const struct model_item *items,
                               size_t item_count, struct arena *a, struct model_fact **out,
                               size_t *count, struct err *err);

/* An event, an import, the operator: the course is read next. Wakes a worker. */
NODISCARD bool store_sync_request(struct store *store, int64_t institution_id, int64_t course_id,
                                  struct err *err);
/* "Check now": so too, and whole, unless that was done just before. */
NODISCARD bool store_sync_request_whole(struct store *store, int64_t institution_id,
                                        int64_t course_id, struct err *err);

/* What follows a reading of a few, with the patience of a launch or an event: the course, at `at`
 * (0: as soon as job_lane in sql/migrate lets it). */
NODISCARD bool store_sync_request_at(struct store *store, int64_t institution_id, int64_t course_id,
                                     usec_t at, struct err *err);

/* Make every course with badges and a source due; for the operator. */
NODISCARD bool store_sync_request_all(struct store *store, struct err *err);

struct store_reading_parts;

/* A reading to be saved. */
struct store_reading {
    int64_t institution_id, course_id, registration_id;
    const struct model_item *items;
    size_t item_count;
    const struct model_fact *facts; /* person_ref and item_index */
    size_t fact_count;
    const struct model_member *members;
    size_t member_count;
    struct sv source;     /* "moodle": whose items these are */
    bool is_complete;     /* items of this source that are not listed are gone, people have left */
    bool is_partial;      /* facts that are not listed are not gone */
    bool keeps_items;     /* no item is gone; a maximum, pass mark or completion not said stays */
    unsigned untold;      /* bits 1 << model_item_kind: of these kinds nothing is gone */
    bool is_few;          /* complete for the people listed; says nothing of anything else */
    bool has_letters;     /* `letters` are told: */
    struct sv letters;    /* as store_course has them */
    struct sv course_ref; /* the source's own id of the course; empty: not said */
    bool is_over;
    usec_t ends_at;
    int64_t requests;        /* that it took */
    int64_t unmatched_count; /* learners of the source whose sub is not known */
    struct sv gaps;          /* what the source did not tell, in sentences; may be empty */
    usec_t read_at;          /* when it began */
    /* Facts that are too many to hold: called once, inside the transaction, it hands them to
     * store_reading_add in parts. For readings that are not complete. NULL: `facts` are all. */
    bool (*feed)(void *ctx, struct store_reading_parts *into, struct err *err);
    void *feed_ctx;
};
/* Some thousand facts, all of a person in the same part. Those of people that the reading does not
 * list are left out. */
NODISCARD bool store_reading_add(struct store_reading_parts *into, const struct model_fact *facts,
                                 size_t count);
struct store_reading_result {
    size_t people_changed, facts_changed, items_changed;
};
/* Merge a reading in one transaction: people, items and facts that differ are written, and a job to
 * judge exactly the people whose facts, items or membership changed is added in the same commit.
 * Facts that are gone from a complete reading are deleted, unless it is partial; those it lists as
 * kept stay, and so do all of members whose facts were not read (is_unread). People whose facts
 * were merged exactly so before are told by a digest and cost nothing. A reading that began before
 * the source's last one was merged changes nothing.
 *
 * A reading of a few comes before the course's own, and is not it: nobody leaves, the course keeps
 * its times, and where it met an item that is new, changed or back it changes nothing at all.
 *
 * What the course's own source says of the course, and how far a reading went, is kept with it: an
 * upload leaves that alone. */
NODISCARD bool store_reading_save(struct store *store, const struct store_reading *reading,
                                  struct store_reading_result *out, struct err *err);
