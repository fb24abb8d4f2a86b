/* What a grade source reads: items and facts, one shape for every source (DESIGN 5, "One judge").
 */
#pragma once
#include "base_clock.h"
#include "base_num.h"
#include "base_str.h"

enum model_item_kind {
    MODEL_ITEM_ACTIVITY,          /* assignment, quiz, lesson...: score and/or completion */
    MODEL_ITEM_COURSE_FINAL,      /* course total, what is missing counts zero */
    MODEL_ITEM_COURSE_CURRENT,    /* course total of what is graded so far */
    MODEL_ITEM_COURSE_COMPLETION, /* every required activity complete and not failed */
    MODEL_ITEM_MODULE,            /* requirements of a module */
    MODEL_ITEM_OUTCOME            /* mastery of an outcome */
};

/* Identity of an item: (source, kind, ref) within its course. Titles change, refs do not. */
struct model_item {
    int64_t id; /* ours; 0 before it is stored */
    enum model_item_kind kind;
    struct sv source; /* "moodle", "canvas", "csv", "ags" */
    struct sv ref;    /* the source's own id; "" for the course-wide kinds */
    struct sv title;
    bool has_maximum, has_pass_mark;
    struct dec maximum, pass_mark;
    bool has_completion; /* the LMS keeps a completion state for it */
    usec_t due_at;       /* 0: not said */
    bool is_gone;        /* was there once, not in the last complete reading */
};

enum model_completion {
    MODEL_COMPLETION_AS_STORED = -1, /* of a reading that could not ask: what is stored stays */
    MODEL_COMPLETION_UNKNOWN,        /* the LMS keeps none, or has not said */
    MODEL_COMPLETION_INCOMPLETE,
    MODEL_COMPLETION_COMPLETE,
    MODEL_COMPLETION_PASSED, /* complete with a pass grade */
    MODEL_COMPLETION_FAILED  /* "complete" with a fail grade: not met */
};

/* One person's result in one item. A course has people times items of them in memory: the order of
 * the members leaves no holes. */
struct model_fact {
    int64_t person_id; /* ours; 0 while only `person_ref` is known */
    struct sv
        person_ref; /* the source's id of the person (Moodle: user id, equal to the launch's sub) */
    int64_t item_id; /* ours; 0 while only `item_index` is known */
    struct dec score;
    struct dec maximum; /* of this row when has_maximum, else the item's counts */
    struct sv letter;   /* "B+", or empty */
    usec_t submitted_at, graded_at, completed_at; /* 0: not known */
    uint32_t item_index;                          /* into the reading's items */
    enum model_completion completion;
    bool has_score, has_maximum;
    bool is_posted; /* visible to the learner; only such scores count */
    bool is_excused;
    bool is_kept; /* of a reading: nothing new is known here, what is stored stays as it is */
};

/* Somebody listed in the course. */
struct model_member {
    struct sv person_ref; /* the source's id */
    struct sv sub;        /* the launch's sub; equal to person_ref on Moodle */
    struct sv canvas_id;  /* Canvas's own user id, where the roster was asked for it; else empty */
    struct sv name, email, sourcedid, login;
    bool is_learner; /* may earn: an active or concluded student enrolment */
    bool is_teacher; /* teacher, designer or administrator there */
    bool is_active;  /* false: enrolment has concluded */
    /* What the source wants to be told at the next reading, to see whether anything changed;
     * opaque, at most 200 bytes; may be empty. */
    struct sv mark;
    bool
        is_unread; /* their facts were not asked for, since nothing changed: what is stored stays */
};

/* Somebody of an earlier reading. */
struct model_known {
    struct sv person_ref;
    struct sv mark; /* model_member.mark of that reading */
    usec_t read_at; /* when their facts were last read, not only known to be unchanged */
};

/* Somebody as both sides name them, by the platform's own word. */
struct model_link {
    struct sv sub; /* of launches */
    struct sv ref; /* the source's own id; empty: not known yet */
};
