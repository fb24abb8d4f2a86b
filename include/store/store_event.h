/* Where Canvas sends live events, and what became of them (reference lti.md 12; attacks.md F16). */
#pragma once
#include "store.h"

struct store_event_feed {
    int64_t institution_id, deployment_id;
    struct sv id; /* UUID, the address */
    struct sv root_account_uuid, jwks_url;
    /* Of store_event_feed_of: */
    usec_t created_at, last_event_at;       /* last_event_at 0: none came */
    struct sv counts;                       /* JSON: verdict -> how many events */
    struct sv refused_reason, refused_text; /* the last event that was refused; empty: none */
    usec_t refused_at;
};
/* Of a deployment that is switched on. Fails: ERR_NOT_FOUND "feed". `id` is a valid UUID. */
NODISCARD bool store_event_feed_get(struct store *store, struct sv id, struct arena *a,
                                    struct store_event_feed *out, struct err *err);
/* A deployment's. Fails: ERR_NOT_FOUND "feed". */
NODISCARD bool store_event_feed_of(struct store *store, int64_t institution_id,
                                   int64_t deployment_id, struct arena *a,
                                   struct store_event_feed *out, struct err *err);
/* Sets or changes a deployment's; feed->id is the new address, or the one it had. */
NODISCARD bool store_event_feed_set(struct store *store, struct store_event_feed *feed,
                                    struct arena *a, struct err *err);
/* *was_there false: there was none. */
NODISCARD bool store_event_feed_drop(struct store *store, int64_t institution_id,
                                     int64_t deployment_id, bool *was_there, struct err *err);

enum store_event_verdict {
    STORE_EVENT_HINT,    /* a course of ours is read next */
    STORE_EVENT_AGAIN,   /* it came before: nothing was written */
    STORE_EVENT_IGNORED, /* a kind that tells us nothing */
    STORE_EVENT_UNKNOWN, /* of a course that is not known here */
    STORE_EVENT_LIMIT,   /* too many in this minute: nothing was written */
    STORE_EVENT_FEED     /* the feed is switched off: nothing was written */
};
/* A feed's events in a minute, over all processes; more are sent again by Canvas. */
#define STORE_EVENTS_A_MINUTE 6000
struct store_event {
    struct sv feed_id;
    struct sv digest;             /* what makes it single; empty: a kind that tells us nothing */
    const struct sv *course_refs; /* names the source may have for the course */
    size_t course_ref_count;
};
/* In one transaction: the event counts once, and the course it names is asked for. */
NODISCARD bool store_event_take(struct store *store, const struct store_event *event,
                                enum store_event_verdict *out, struct err *err);
/* "hint", "again", ... for logs and answers. */
const char *store_event_word(enum store_event_verdict verdict);
/* Notes that an event was refused: one note a reason, no row. */
NODISCARD bool store_event_refused(struct store *store, struct sv feed_id, struct sv reason,
                                   struct sv text, struct err *err);
