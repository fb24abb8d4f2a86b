/* Signs of change: what a mark says, and what of it counts as "may be different". */
#include "grades_moodle.h"
#include <inttypes.h>
#include <stdio.h>

uint64_t moodle_digest(uint64_t digest, struct sv text) {
    for (size_t i = 0; i < text.len; i++) {
        digest = (digest ^ (unsigned char)text.ptr[i]) * UINT64_C(1099511628211);
    }
    return (digest ^ 0xff) * UINT64_C(1099511628211); /* so that "a", "bc" is not "ab", "c" */
}

/* "m2", flags, then numbers: at most 2 + 3 + 2 * 21 + 6 * 17 bytes. */
struct sv moodle_sign_text(const struct moodle_sign *s, struct arena *a) {
    return sv_printf(a,
                     "m2 %c%c %" PRId64 " %" PRId64 " %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64
                     " %" PRIx64 " %" PRIx64,
                     s->is_fresh ? 'f' : '-', s->is_gone ? 'g' : '-', s->access, s->marked_at,
                     s->marked, s->course, s->report, s->filled, s->shape, s->columns);
}

static bool hex_parse(struct sv text, uint64_t *out) {
    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool is_digit = c >= '0' && c <= '9';
        if (!is_digit && (c < 'a' || c > 'f')) {
            return false;
        }
        *out = *out << 4 | (uint64_t)(is_digit ? c - '0' : c - 'a' + 10);
    }
    return text.len > 0 && text.len <= 16;
}

bool moodle_sign_parse(struct sv text, struct moodle_sign *out) {
    struct sv words[10];
    size_t count = 0;
    *out = (struct moodle_sign){.access = -1};
    while (text.len > 0 && count < ARRAY_LEN(words)) {
        (void)sv_cut(text, ' ', &words[count++], &text);
    }
    if (count != ARRAY_LEN(words) || text.len > 0 || !sv_eq(words[0], SV("m2")) ||
        words[1].len != 2) {
        return false;
    }
    out->is_fresh = words[1].ptr[0] == 'f';
    out->is_gone = words[1].ptr[1] == 'g';
    return num_parse_i64(words[2], -1, INT64_MAX, &out->access) &&
           num_parse_i64(words[3], 0, INT64_MAX, &out->marked_at) &&
           hex_parse(words[4], &out->marked) && hex_parse(words[5], &out->course) &&
           hex_parse(words[6], &out->report) && hex_parse(words[7], &out->filled) &&
           hex_parse(words[8], &out->shape) && hex_parse(words[9], &out->columns);
}

bool moodle_sign_differs(const struct moodle_sign *before, const struct moodle_sign *now,
                         int64_t marked_since) {
    /* What the window of new grades would show of what was known. */
    bool is_in_window = before->marked_at >= marked_since;
    int64_t marked_at = is_in_window ? before->marked_at : 0;
    uint64_t marked = is_in_window ? before->marked : 0;
    return before->is_fresh || before->access != now->access || before->course != now->course ||
           marked_at != now->marked_at || marked != now->marked ||
           (now->report != 0 && now->report != before->report);
}
