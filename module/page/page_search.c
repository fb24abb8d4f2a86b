/* Finding people by a part of their name. */
#include "page_course.h"

/* Capital letters whose small ones follow at a fixed distance; step 2: every second one. */
static const struct fold {
    uint32_t first, last, add, step;
} folds[] = {
    {'A', 'Z', 32, 1},     {0xC0, 0xD6, 32, 1},    {0xD8, 0xDE, 32, 1},    {0x100, 0x136, 1, 2},
    {0x139, 0x147, 1, 2},  {0x14A, 0x176, 1, 2},   {0x179, 0x17D, 1, 2},   {0x391, 0x3A9, 32, 1},
    {0x400, 0x40F, 80, 1}, {0x410, 0x42F, 32, 1},  {0x460, 0x480, 1, 2},   {0x48A, 0x4BE, 1, 2},
    {0x531, 0x556, 48, 1}, {0x1E00, 0x1E94, 1, 2}, {0x1EA0, 0x1EFE, 1, 2},
};

static uint32_t fold(uint32_t c) {
    for (size_t i = 0; i < ARRAY_LEN(folds); i++) {
        if (c >= folds[i].first && c <= folds[i].last) {
            return (c - folds[i].first) % folds[i].step == 0 ? c + folds[i].add : c;
        }
    }
    return c;
}

/* The next character, folded; 0 at the end. `s` is UTF-8; other bytes stand for themselves. */
static uint32_t next(struct sv *s) {
    if (s->len == 0) {
        return 0;
    }
    unsigned char lead = (unsigned char)s->ptr[0];
    size_t len = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    uint32_t c = len == 1 ? lead : lead & (0x7Fu >> len);
    if (len > s->len) {
        len = 1;
        c = lead;
    }
    for (size_t i = 1; i < len; i++) {
        c = (c << 6) | ((unsigned char)s->ptr[i] & 0x3Fu);
    }
    *s = sv_skip(*s, len);
    return fold(c);
}

static bool begins(struct sv name, struct sv typed) {
    while (typed.len > 0) {
        if (next(&name) != next(&typed)) {
            return false;
        }
    }
    return true;
}

bool page_search_fits(struct sv name, struct sv typed) {
    typed = sv_trim(typed);
    do {
        if (begins(name, typed)) {
            return true;
        }
    } while (next(&name) != 0);
    return false;
}

int page_search_cmp(struct sv left, struct sv right) {
    for (;;) {
        uint32_t a = next(&left);
        uint32_t b = next(&right);
        if (a != b || a == 0) {
            return (a > b) - (a < b);
        }
    }
}
