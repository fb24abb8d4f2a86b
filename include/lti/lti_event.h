/* Canvas Live Events over HTTPS, signed (reference lti.md 12; attacks.md F16): a compact JWT whose
 * claims are the event, as Canvas writes events or as Caliper does. Never stores.
 *
 * An event is a hint that a course may have changed, and nothing of it is believed but the course's
 * name: no score, no person. It is judged all the same: by the keys of one pinned address (whatever
 * the token says), and by the school it is of, since every school's events are signed by the same
 * keys. */
#pragma once
#include "base_clock.h"
#include "lti_keyset.h"

/* Where the keys of Canvas's cloud are. */
#define LTI_EVENT_JWKS "https://8axpcl50e4.execute-api.us-east-1.amazonaws.com/main/jwks"
#define LTI_EVENT_BODY_MAX ((size_t)256 << 10)
#define LTI_EVENTS_MAX 20 /* in one Caliper envelope; Canvas sends one */
#define LTI_EVENT_AGE_MAX_S 86400
#define LTI_EVENT_SKEW_S 300
#define LTI_EVENT_DIGEST_BYTES 32
#define LTI_EVENT_REFS_MAX 3

/* Texts live in the arena. */
struct lti_event {
    struct sv name; /* "grade_change", "GradeEvent"; printable ASCII, at most 64 bytes */
    bool is_hint;   /* of a kind that may change what a course's grades are */
    /* Names the grade source may have for its course: as it came, within its shard, and with the
     * shard in front ("55", "7~55"). None: it names no course. */
    struct sv course_refs[LTI_EVENT_REFS_MAX];
    size_t course_ref_count;
    unsigned char digest[LTI_EVENT_DIGEST_BYTES]; /* the same for the same event, signed again */
};

/* Borrowed. */
struct lti_event_check {
    int64_t keys_id; /* of the feed, for the cache of keys: no registration's id */
    struct sv jwks_url, root_account_uuid;
    usec_t now;
};

/* Judge a delivery; *out has at least one event. Fails: ERR_DENIED with the first that holds of
 *   "unsigned"     the body is JSON and no token: Sign Payload is off in Canvas
 *   and the reasons of jose_jws.h and lti_keyset.h, "signature", "json";
 *   "event"        neither of Canvas's shapes, or more than LTI_EVENTS_MAX
 *   "event_time"   none, older than a day, or from the future
 *   "root_account" of another school, or of none
 * ERR_UPSTREAM "keyset" or "busy" LATER when the keys cannot be had. */
NODISCARD bool lti_event_verify(struct arena *a, struct lti_keysets *keys,
                                const struct lti_event_check *check, struct sv body,
                                struct lti_event **out, size_t *count, struct err *err);
