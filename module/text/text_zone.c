#include "text_zone_internal.h"
#include <fcntl.h>
#include <unistd.h>

#define DAY_S 86400
#define HEADER_BYTES 44
#define TRANSITIONS_MAX 4000

static const struct text_zone utc = {0};
const struct text_zone *const text_zone_utc = &utc;

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

static int32_t offset_at(const struct text_zone *z, int64_t t_s) {
    if (z->has_rule && (z->count == 0 || t_s >= z->at_s[z->count - 1])) {
        return zone_rule_offset(&z->rule, t_s);
    }
    size_t low = 0; /* how many transitions are over */
    size_t high = z->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (z->at_s[mid] <= t_s) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low == 0 ? z->before_s : z->after_s[low - 1];
}

struct text_civil text_zone_civil(const struct text_zone *z, usec_t t) {
    int64_t t_s = floor_div(t, USEC_PER_S);
    int32_t offset_s = offset_at(z, t_s);
    int64_t days = floor_div(t_s + offset_s, DAY_S);
    int64_t left = t_s + offset_s - days * DAY_S;
    struct text_civil c = {.hour = (int)(left / 3600),
                           .minute = (int)(left / 60 % 60),
                           .second = (int)(left % 60),
                           .offset_s = offset_s};
    zone_date(days, &c.year, &c.month, &c.day);
    return c;
}

usec_t text_zone_usec(const struct text_zone *z, struct text_civil c) {
    int64_t local_s = zone_days(c.year, c.month, c.day) * DAY_S + (int64_t)c.hour * 3600 +
                      (int64_t)c.minute * 60 + c.second;
    /* The offsets a day to either side are the only two it can be. */
    int32_t before_s = offset_at(z, local_s - DAY_S);
    int32_t after_s = offset_at(z, local_s + DAY_S);
    bool is_before = offset_at(z, local_s - before_s) == before_s;
    bool is_after = offset_at(z, local_s - after_s) == after_s;
    int64_t offset_s = is_before || !is_after ? before_s : after_s;
    if (is_before && is_after && after_s > before_s) {
        offset_s = after_s;
    }
    return (local_s - offset_s) * USEC_PER_S;
}

usec_t text_day_end(const struct text_zone *z, int year, int month, int day) {
    return text_zone_usec(z, (struct text_civil){.year = year, .month = month, .day = day + 1});
}

struct block {
    uint32_t isut, isstd, leap, time, type, chars;
};

static uint32_t be32(const unsigned char *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static bool header(struct sv file, size_t at, struct block *b) {
    if (file.len < at + HEADER_BYTES || !sv_starts(sv_skip(file, at), SV("TZif")) ||
        file.ptr[at + 4] < '2') {
        return false;
    }
    const unsigned char *p = (const unsigned char *)file.ptr + at + 20;
    *b =
        (struct block){be32(p), be32(p + 4), be32(p + 8), be32(p + 12), be32(p + 16), be32(p + 20)};
    return b->time <= TRANSITIONS_MAX && b->type >= 1 && b->type <= 256 && b->chars <= 4096 &&
           b->leap <= 1000 && b->isstd <= 256 && b->isut <= 256;
}

static size_t block_bytes(const struct block *b, size_t time_bytes) {
    return b->time * (time_bytes + 1) + (size_t)b->type * 6 + b->chars +
           b->leap * (time_bytes + 4) + b->isstd + b->isut;
}

/* The second block, with 64-bit times (RFC 8536 3.2), and the footer. */
static bool parse(struct arena *a, struct sv file, struct text_zone *z) {
    struct block b;
    if (!header(file, 0, &b)) {
        return false;
    }
    size_t at = HEADER_BYTES + block_bytes(&b, 4);
    if (!header(file, at, &b)) {
        return false;
    }
    at += HEADER_BYTES;
    size_t footer = at + block_bytes(&b, 8);
    if (file.len < footer + 2 || !sv_starts(sv_skip(file, footer), SV("\n"))) {
        return false;
    }
    const unsigned char *times = (const unsigned char *)file.ptr + at;
    const unsigned char *indexes = times + (size_t)b.time * 8;
    const unsigned char *types = indexes + b.time;
    int64_t *at_s = ARENA_ARRAY(a, int64_t, b.time + 1);
    int32_t *after_s = ARENA_ARRAY(a, int32_t, b.time + 1);
    for (size_t i = 0; i < b.time; i++) {
        at_s[i] = (int64_t)((uint64_t)be32(times + 8 * i) << 32 | be32(times + 8 * i + 4));
        if (indexes[i] >= b.type || (i > 0 && at_s[i] <= at_s[i - 1])) {
            return false;
        }
        after_s[i] = (int32_t)be32(types + (size_t)6 * indexes[i]);
    }
    *z = (struct text_zone){
        .count = b.time, .at_s = at_s, .after_s = after_s, .before_s = (int32_t)be32(types)};
    struct sv rule = sv_skip(file, footer + 1);
    size_t end = sv_find(rule, '\n');
    if (end == rule.len) {
        return false;
    }
    z->has_rule = end > 0;
    if (end > 0 && !zone_rule_parse(sv_head(rule, end), &z->rule)) {
        return false;
    }
    for (size_t i = 0; i < b.type; i++) { /* RFC 8536 3.2: sane offsets are within 26 hours */
        int32_t offset_s = (int32_t)be32(types + 6 * i);
        if (offset_s < -26 * 3600 || offset_s > 26 * 3600) {
            return false;
        }
    }
    return true;
}

static bool is_zone_name(struct sv name) {
    bool is_good = name.len > 0 && name.len <= 64 && name.ptr[0] != '/';
    for (size_t i = 0; is_good && i < name.len; i++) {
        char c = name.ptr[i];
        is_good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '+' || c == '-' || c == '/';
    }
    return is_good;
}

static struct sv read_file(struct arena *a, const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return SV("");
    }
    char *bytes = arena_alloc(a, TEXT_ZONE_MAX_BYTES);
    size_t len = 0;
    ssize_t n = 0;
    do {
        n = read(fd, bytes + len, TEXT_ZONE_MAX_BYTES - len);
        len += n > 0 ? (size_t)n : 0;
    } while (n > 0 && len < TEXT_ZONE_MAX_BYTES);
    (void)close(fd);
    return n < 0 ? SV("") : sv_of(bytes, len);
}

bool text_zone_load(struct arena *a, const char *dir, struct sv name, const struct text_zone **out,
                    struct err *err) {
    if (name.len == 0 || sv_eq(name, SV("UTC"))) {
        *out = text_zone_utc;
        return true;
    }
    struct text_zone *z = ARENA_NEW(a, struct text_zone);
    AUTO_ARENA scratch = {0};
    if (!is_zone_name(name) ||
        !parse(a, read_file(&scratch, arena_printf(&scratch, "%s/%.*s", dir, SV_ARG(name))), z)) {
        return err_because(err, ERR_INPUT, "zone",
                           "There is no time zone \"%.*s\"; use a name such as Europe/Paris.",
                           (int)(name.len < 64 ? name.len : 64), name.ptr);
    }
    *out = z;
    return true;
}
