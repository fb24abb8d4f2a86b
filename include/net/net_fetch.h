/* One HTTP exchange with the outside, over libcurl: address policy, no redirects, no proxies, no
 * netrc, TLS 1.2 or newer, a cap on the body counted after decompression, total time (DESIGN 7,
 * attacks.md G). Keeps connections alive between calls; safe from any thread. */
#pragma once
#include "base_clock.h"
#include "net_gate.h"
#include "net_policy.h"
#include <stdatomic.h>

#define NET_CONNECT_MS 3000
#define NET_TOTAL_MS 10000
#define NET_BODY_MAX ((size_t)1 << 20)
#define NET_VERIFICATION_BODY_MAX ((size_t)256 << 10)
#define NET_HEADERS_MAX 100
#define NET_HEADER_BYTES_MAX ((size_t)32 << 10)

enum net_method { NET_GET, NET_POST, NET_PUT, NET_DELETE };

struct net_header {
    struct sv name, value;
};

struct net_request {
    enum net_method method;
    enum net_class net_class;
    struct sv url;
    /* Sent as they are. There is no Accept unless one is given here: Moodle compares it as one
     * whole string (moodle.md 0.4), an absent one works everywhere. */
    const struct net_header *headers;
    size_t header_count;
    struct sv body; /* POST and PUT */
    struct sv content_type;
    int connect_timeout_ms;  /* 0: NET_CONNECT_MS */
    int total_timeout_ms;    /* 0: NET_TOTAL_MS */
    size_t body_max_bytes;   /* 0: NET_BODY_MAX; verification never more than its own */
    const atomic_bool *stop; /* set: broken off within a second or two; NULL: never */
};

struct net_response {
    int status; /* 100..599 */
    struct net_header *headers;
    size_t header_count;
    struct sv body;
    int64_t wire_bytes; /* body bytes as they came over the wire */
    usec_t elapsed;
    bool is_kept; /* no request was made: an earlier run of the same reading had been answered so */
};

struct net_client;

struct net_client_config {
    struct net_policy policy; /* copied; its texts must outlive the client */
    const char *user_agent;   /* "Laurel/0.1.0"; NULL: "Laurel" */
    const char *ca_file;      /* NULL: the system's; tests bring their own */
    size_t idle_max;          /* handles (with their connections) kept; 0: 16 */
    int concurrent_max;       /* more calls at once fail "busy"; 0: no limit */
};

/* Fails: ERR_BUG when libcurl cannot start. */
NODISCARD bool net_client_create(const struct net_client_config *config, struct net_client **out,
                                 struct err *err);
void net_client_destroy(struct net_client *client);

/* Any HTTP status is a success here: see net_status_check. The response lives in `a`.
 * Fails: ERR_UPSTREAM with a reason and a retry class, and never with what the peer said:
 *   "policy" "url" (PARK), "tls" (PARK), "dns" "connect" "timeout" "network" (LATER),
 *   "busy" (LATER: our own gate), "size" (PARK: over the cap), "protocol" (LATER), "stopping"
 *   (LATER: request->stop). */
NODISCARD bool net_fetch(struct net_client *client, const struct net_request *request,
                         struct net_response *out, struct arena *a, struct err *err);

/* Many exchanges, some of them at once. Everything is called in the thread that called. */
#define NET_PARALLEL_MAX 16
struct net_many {
    int parallel; /* at once, at most; cut to 1..NET_PARALLEL_MAX */
    /* The next request and a number of the caller's for it. What it points to outlives its `done`:
     * `a` is this exchange's own arena. False: none at the moment; asked again after each `done`.
     */
    bool (*next)(void *ctx, struct arena *a, struct net_request *request, size_t *tag);
    /* It ended, in any order: `response` as of net_fetch, else NULL and `failed` as of net_fetch.
     * Both, and `a`, are used again afterwards. False, with *err: break off. */
    bool (*done)(void *ctx, size_t tag, struct arena *a, const struct net_response *response,
                 const struct err *failed, struct err *err);
    void *ctx;
};

/* Run them until `next` has none and all have ended. An exchange that fails is told to `done` and
 * hinders no other; one that our own gate holds back waits for the others. Broken off, the rest is
 * closed without a word to `done`. Fails: as `done` said; ERR_BUG when libcurl cannot. */
NODISCARD bool net_fetch_all(struct net_client *client, const struct net_many *many,
                             struct err *err);

/* The nth (from 0) header of that name, without case; false when there is none. */
NODISCARD bool net_response_header(const struct net_response *response, struct sv name, size_t nth,
                                   struct sv *value);
/* Retry-After in seconds (delta form), 0 when absent or unreadable; at most a day. */
int64_t net_response_retry_after_s(const struct net_response *response);

/* True for 2xx. Else ERR_UPSTREAM "http_NNN" with `what` in the sentence: 5xx, 429, 408 and a
 * Canvas throttle (403 "Rate Limit Exceeded") LATER; 401 and 403 PARK; the rest NO. Without the
 * body. */
NODISCARD bool net_status_check(const struct net_response *response, const char *what,
                                struct err *err);
