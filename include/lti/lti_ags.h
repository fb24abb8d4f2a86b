/* Assignment and Grade Services 2.0: the tool's own columns and scores (reference lti.md 4,
 * moodle.md 0, 3). Never stores; one call each. */
#pragma once
#include "base_num.h"
#include "lti_service.h"

struct lti_lineitem {
    struct sv url; /* "id" */
    struct sv label, resource_id, tag, resource_link_id;
    struct dec maximum;
};

struct lti_lineitem_want {
    struct sv label;       /* not blank; at most 255 characters are sent */
    struct dec maximum;    /* > 0 */
    struct sv resource_id; /* our badge; survives a course copy */
    struct sv tag;
};

/* URL building, on parts, so that Moodle's ?type_id=N stays behind the path (lti.md 4.2).
 * "…/lineitem?type_id=3" + "scores" -> "…/lineitem/scores?type_id=3". Fails: ERR_INPUT. */
NODISCARD bool lti_ags_sub_url(struct arena *a, struct sv lineitem, struct sv name, struct sv *out,
                               struct err *err);
/* Is a line item's URL below the list it is said to be in: same origin, and its path goes on where
 * the list's ends? Another course's or tenant's column is not (attacks.md E9). Pure. */
bool lti_ags_is_under(struct arena *a, struct sv lineitems, struct sv lineitem);
/* Add name=value to the query, percent-encoded. */
NODISCARD bool lti_ags_query_url(struct arena *a, struct sv url, struct sv name, struct sv value,
                                 struct sv *out, struct err *err);

/* One page of a container, an array of line items; those without id or with another type are
 * skipped. */
NODISCARD bool lti_ags_lineitems_parse(struct sv body, struct arena *a, struct lti_lineitem **out,
                                       size_t *count, struct err *err);

/* Every line item the platform shows us, all pages from `first_url` on. */
NODISCARD bool lti_ags_list(const struct lti_service *service, struct sv first_url, struct arena *a,
                            struct lti_lineitem **out, size_t *count, struct err *err);
/* The one with this resource id and tag; the first by URL when there are several. *is_found says.
 */
NODISCARD bool lti_ags_find(const struct lti_service *service, struct sv lineitems_url,
                            struct sv resource_id, struct sv tag, struct arena *a,
                            struct lti_lineitem *out, bool *is_found, struct err *err);
NODISCARD bool lti_ags_create(const struct lti_service *service, struct sv lineitems_url,
                              const struct lti_lineitem_want *want, struct arena *a,
                              struct lti_lineitem *out, struct err *err);
/* Find, else create. The caller holds a lock per course and badge, so that two launches cannot both
 * find nothing (F13). */
NODISCARD bool lti_ags_find_or_create(const struct lti_service *service, struct sv lineitems_url,
                                      const struct lti_lineitem_want *want, struct arena *a,
                                      struct lti_lineitem *out, bool *is_created, struct err *err);
NODISCARD bool lti_ags_read(const struct lti_service *service, struct sv lineitem_url,
                            struct arena *a, struct lti_lineitem *out, struct err *err);
/* Give a column our label and maximum. PUT replaces all there is (Moodle erases what is left out),
 * so what the platform says of the column goes back with it, members we do not know included;
 * resource id and tag are put in where it does not say them. Nothing is sent when label and maximum
 * are right: *was_changed. Fails: ERR_NOT_FOUND when it is gone. */
NODISCARD bool lti_ags_update(const struct lti_service *service, struct sv lineitem_url,
                              const struct lti_lineitem_want *want, struct arena *a,
                              bool *was_changed, struct err *err);
/* Gone already is a success. */
NODISCARD bool lti_ags_delete(const struct lti_service *service, struct sv lineitem_url,
                              struct arena *a, struct err *err);

struct lti_score {
    struct sv user_id;  /* the launch's sub */
    usec_t at;          /* see lti_ags_next_timestamp */
    struct dec given;   /* >= 0 */
    struct dec maximum; /* > 0 */
    struct sv comment;  /* plain text, may be empty */
};

enum lti_score_outcome {
    LTI_SCORE_STORED,
    LTI_SCORE_STALE,  /* 409: the platform holds something newer; stop */
    LTI_SCORE_GONE,   /* 404: the line item or course is gone; list again */
    LTI_SCORE_REFUSED /* 400, 403, 412, 422, or Moodle's 200 with "[]" (moodle.md 0.1) */
};

/* One line of compact JSON (a newline makes Moodle answer 200 to a refusal). */
NODISCARD bool lti_ags_score_json(const struct lti_score *score, struct arena *a, struct sv *out,
                                  struct err *err);
#define LTI_SCORE_REASON_MAX 200
struct lti_score_reply {
    enum lti_score_outcome outcome;
    int status;
    /* REFUSED: why, in the platform's words: one line of at most LTI_SCORE_REASON_MAX bytes, or
     * empty. Foreign text that may name people: for an admin to read, not for the log. */
    struct sv reason;
};
/* Posts a final score. True with what the platform made of it in *out; false for what may work
 * later (ERR_UPSTREAM LATER) or needs a person (PARK). */
NODISCARD bool lti_ags_score_post(const struct lti_service *service, struct sv lineitem_url,
                                  const struct lti_score *score, struct arena *a,
                                  struct lti_score_reply *out, struct err *err);
const char *lti_score_outcome_name(enum lti_score_outcome outcome);
/* The time to put on a score: the event's, but at least a whole second after the last one sent for
 * this line item and person (0: none), since Moodle refuses what is not newer by the second. */
usec_t lti_ags_next_timestamp(usec_t event, usec_t last_sent);

struct lti_result {
    struct sv user_id;
    bool has_score;
    struct dec score, maximum; /* maximum 1 when not said */
    usec_t at;                 /* Moodle's extra; 0: not said */
};
/* All results of a line item. No `limit` is sent: Moodle breaks on it (moodle.md 0.2). */
NODISCARD bool lti_ags_results(const struct lti_service *service, struct sv lineitem_url,
                               struct arena *a, struct lti_result **out, size_t *count,
                               struct err *err);
NODISCARD bool lti_ags_results_parse(struct sv body, struct arena *a, struct lti_result **out,
                                     size_t *count, struct err *err);
