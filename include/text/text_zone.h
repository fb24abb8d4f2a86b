/* Time zones read from TZif files (RFC 8536), so that every request may use another one: libc's
 * zone is one per process. A loaded zone never changes and may be used by all threads. */
#pragma once
#include "base_clock.h"

struct text_zone;

/* A moment on the wall clock of a zone (proleptic Gregorian calendar). */
struct text_civil {
    int year, month, day; /* 2027, 1..12, 1..31 */
    int hour, minute, second;
    int offset_s; /* east of UTC */
};

#define TEXT_ZONE_DIR "/usr/share/zoneinfo"
#define TEXT_ZONE_MAX_BYTES ((size_t)128 * 1024)

/* UTC; needs no file. */
extern const struct text_zone *const text_zone_utc;

/* Load `name` ("Europe/Paris"; letters, digits, '_', '+', '-', '/'; at most 64) from `dir`
 * (TEXT_ZONE_DIR). "UTC" and "" give text_zone_utc. *out lives in `a`. Fails: ERR_INPUT for a name
 * that is none, or a file that is no TZif version 2 or later. */
NODISCARD bool text_zone_load(struct arena *a, const char *dir, struct sv name,
                              const struct text_zone **out, struct err *err);

struct text_civil text_zone_civil(const struct text_zone *z, usec_t t);
/* The moment at which the zone's clock shows `c` (offset_s is not read; day 32 and hour 24 carry
 * over). Shown twice: the first time. Never shown: as if the clock had not been moved yet (02:30 of
 * a night that skips 02:00 to 03:00 is 03:30). */
usec_t text_zone_usec(const struct text_zone *z, struct text_civil c);
/* The end of that day: the zone's next midnight (or the first moment of the next day, where
 * midnight is skipped). A due date "2027-05-01" is kept by everything before it. */
usec_t text_day_end(const struct text_zone *z, int year, int month, int day);
