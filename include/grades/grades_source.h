/* The one interface of all grade sources (DESIGN 2): read a course whole, in one shape. Never
 * stores; nothing here logs. One file per source behind it. */
#pragma once
#include "base_clock.h"
#include "lti_service.h"
#include "model_fact.h"

enum grades_kind { GRADES_MOODLE, GRADES_CANVAS, GRADES_AGS, GRADES_CSV };
/* "moodle", "canvas", "ags", "csv": also model_item.source. */
const char *grades_kind_name(enum grades_kind kind);
NODISCARD bool grades_kind_parse(struct sv name, enum grades_kind *out);

/* A deployment's source, as stored. All borrowed. */
struct grades_source {
    enum grades_kind kind;
    struct sv base_url; /* moodle and canvas: the site ("https://lms.example/moodle") */
    struct sv token;    /* secret; never in an error text */
    /* Canvas: the token was refused; *token is another, in the arena. A reading asks once. Fails as
     * the reading then does. NULL: there is no other. */
    bool (*renew)(void *ctx, struct sv refused, struct arena *a, struct sv *token, struct err *err);
    void *renew_ctx;
    const struct lti_service *service; /* ags: the registration's services; else may be NULL */
};

/* How much is read. */
enum grades_scope {
    GRADES_WHOLE,   /* everything, whatever was known */
    GRADES_CHANGES, /* what may differ from the last reading; a source that cannot tell reads whole
                     */
    GRADES_LATEST /* all there is of the few whose work was graded or handed in last, and of nobody
                     else: soon there, for somebody who waits. Whoever asks reads changes next. A
                     source that has no list of that reads nobody */
};
#define GRADES_LATEST_MAX 5 /* people */

/* The course to read. Empty where not known. */
struct grades_course {
    enum grades_scope scope;
    usec_t since;                    /* but WHOLE: when the last reading that ended well began */
    const struct model_known *known; /* but WHOLE: sorted by person_ref */
    size_t known_count;
    struct sv ref;           /* context_id (Moodle: its course id; Canvas: 40 hex, or its own id) */
    struct sv lineitems_url; /* ags */
    struct sv nrps_url;      /* ags; canvas: who is in the course, by sub */
    /* Canvas: whom Laurel knows in this course. Only what an earlier reading found may stand as
     * ref: a launch's custom values are a teacher's to write (lti.md 10.4). */
    const struct model_link *links;
    size_t link_count;
    /* Addresses of the columns Laurel made there: without a grade they are nobody's missing work.
     */
    const struct sv *own;
    size_t own_count;
};

/* What one reading may use. */
struct grades_io {
    struct lti_http http;
    struct clock clock;
    struct arena *arena;  /* the reading lives here */
    int total_timeout_ms; /* of one call; 0: 30 s, since bulk reads take long */
    /* Waits, so that a source can keep to a rate limit and try again. False: it did not (too long,
     * or the worker is stopping), so the reading breaks off and is gone on with later. NULL: a
     * source never waits. */
    bool (*pause)(void *ctx, int64_t ms);
    void *pause_ctx;
    int parallel; /* requests at once, at most; 0: one */
};

/* What a reading holds. A capability that is missing means "not known", not "none". */
enum grades_can {
    GRADES_CAN_MEMBERS = 1 << 0,
    GRADES_CAN_SCORES = 1 << 1,
    GRADES_CAN_COMPLETION = 1 << 2, /* of activities */
    GRADES_CAN_COURSE_COMPLETION = 1 << 3,
    GRADES_CAN_COURSE_TOTAL = 1 << 4,
    GRADES_CAN_TITLES = 1 << 5
};

struct grades_reading {
    enum grades_kind kind;
    struct model_item *items;
    size_t item_count;
    struct model_fact *facts; /* person_ref and item_index set; ids 0 */
    size_t fact_count;
    struct model_member *members;
    size_t member_count;
    unsigned can;      /* grades_can bits */
    struct sv missing; /* one sentence per thing that is not granted; empty: nothing */
    bool is_complete;  /* people and items that are not listed here are gone, and so are facts of
                          the people listed; false: only what is listed is news */
    bool
        is_partial; /* of the people listed only the facts that are listed are news: none is gone */
    bool keeps_items; /* not everybody was read, and a column may show in others' grades only, or
                         what items there are was not told: no item is gone, and a maximum or a
                         completion that is not said stays */
    unsigned untold; /* bits 1 << model_item_kind: such items, and facts of them, could not be asked
                        for; what is stored and not listed here stays */
    bool is_few;     /* LATEST: complete for the people listed, and says nothing of others, of
                        items or of the course */
    bool has_more;   /* LATEST: others have new work too */
    bool has_letters;  /* `letters` are told */
    struct sv letters; /* the course's own grades in letters or words, a line each, the best first;
                          empty: A+ to F */
    struct sv course_ref; /* the source's own id of the course (Canvas: its number); may be empty */
    bool is_over;         /* concluded: nothing is graded any more */
    usec_t ends_at;       /* the course's last day by its source; 0: not said */
    int64_t requests, bytes;
    size_t unmatched_count;   /* learners of the source whose sub is not known; left out */
    struct model_link *links; /* found in this reading; kept when it breaks off: worth saving */
    size_t link_count;
    usec_t read_at;
};

#define GRADES_ITEMS_MAX 5000
#define GRADES_MEMBERS_MAX 50000
#define GRADES_FACTS_MAX 2000000

/* Read the whole course. All or nothing: a reading that breaks off is an error (and holds the links
 * it found, nothing else).
 * Fails: ERR_UPSTREAM LATER (transient), ERR_UPSTREAM or ERR_DENIED PARK with a sentence that says
 * what to mend (token refused, course unknown, no JSON from the site). */
NODISCARD bool grades_read(const struct grades_source *source, const struct grades_course *course,
                           const struct grades_io *io, struct grades_reading *out, struct err *err);

/* A cheap probe: what works and what is missing, in words (`laurel source test`, doctor). With a
 * course ref it tries that course too. True: usable, `out->can` and `out->words` say how far. */
struct grades_probe {
    unsigned can;
    struct sv site;   /* "Northside Moodle, release 4.5.6, as webservice user" or empty */
    struct sv *words; /* one sentence each */
    size_t word_count;
    bool is_good; /* nothing is missing */
};
NODISCARD bool grades_test(const struct grades_source *source, const struct grades_course *course,
                           const struct grades_io *io, struct grades_probe *out, struct err *err);
