/* Time and chance. Passed in everywhere (struct clock), so that tests decide what time it is. */
#pragma once
#include "base_str.h"
#include <time.h>

/* Microseconds since 1970-01-01T00:00:00Z. */
typedef int64_t usec_t;
#define USEC_PER_S INT64_C(1000000)

struct clock {
    usec_t (*now)(void *ctx);
    void *ctx;
};

/* CLOCK_REALTIME. */
extern const struct clock clock_system;
usec_t clock_now(const struct clock *c);
/* CLOCK_MONOTONIC, for measuring and for timeouts only. */
usec_t clock_monotonic(void);

/* Random bytes from the kernel; aborts when it has none. */
void random_bytes(void *out, size_t len);
/* A UUIDv7 (RFC 9562 5.7) as 36 lower-case characters and NUL. */
void uuid7(usec_t now, char out[37]);
bool uuid_is_valid(struct sv text);

/* "2027-05-03T09:30:00Z" (RFC 3339, UTC, whole seconds). */
#define RFC3339_MAX 32
const char *rfc3339_format(usec_t t, char out[RFC3339_MAX]);
/* RFC 3339 date-time with zone ("Z" or +hh:mm), optional fraction. */
NODISCARD bool rfc3339_parse(struct sv text, usec_t *out);
/* "2027-05-01": days checked against the calendar. */
NODISCARD bool date_parse(struct sv text, int *year, int *month, int *day);
