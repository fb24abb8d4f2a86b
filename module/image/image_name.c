#include "image_art.h"

#define SIZE_MAX_ONE 50
#define SIZE_MIN_ONE 34
#define SIZE_MAX_TWO 40
#define SIZE_MIN_TWO 30

/* Widths in a thousandth of the size, of a bold sans-serif such as Arial or DejaVu; the wider
 * counts. */
static int letter_width(unsigned c) {
    if (c < 0x80) {
        if (c == ' ' || c == '.' || c == ',' || c == ':' || c == ';' || c == '\'' || c == '|' ||
            c == '!' || c == 'i' || c == 'j' || c == 'l' || c == 'I') {
            return 350;
        }
        if (c == 'f' || c == 't' || c == 'r' || c == '(' || c == ')' || c == '-' || c == '/') {
            return 450;
        }
        if (c == 'm' || c == 'w' || c == 'M' || c == 'W' || c == '@' || c == '%') {
            return 1020;
        }
        return c >= 'A' && c <= 'Z' ? 770 : 690;
    }
    /* Ideographs, kana, Hangul, pictures: a square each. */
    return c >= 0x1100 && (c <= 0x115f || c >= 0x2e80) ? 1030 : 740;
}

static size_t letter(struct sv s, unsigned *c) {
    unsigned char b = (unsigned char)s.ptr[0];
    size_t n = b < 0x80 ? 1 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
    *c = n == 1 ? b : b & (0x7fu >> n);
    for (size_t i = 1; i < n && i < s.len; i++) {
        *c = *c << 6 | ((unsigned char)s.ptr[i] & 0x3fu);
    }
    return n < s.len ? n : s.len;
}

double image_text_width(struct sv text) {
    int width = 0;
    while (text.len > 0) {
        unsigned c = 0;
        text = sv_skip(text, letter(text, &c));
        /* Joiners and combining marks take no room. */
        bool is_mark = (c >= 0x300 && c <= 0x36f) || c == 0x200d || (c >= 0xfe00 && c <= 0xfe0f);
        width += is_mark ? 0 : letter_width(c);
    }
    return width / 1000.0;
}

static int size_for(double text_width, double width, int max) {
    int size = (int)(width / (text_width > 0 ? text_width : 1));
    return size < max ? size : max;
}

/* The longest start of the text that fits together with an ellipsis. */
static struct sv cut_to(struct sv text, double max_width) {
    double width = 0.8; /* the ellipsis */
    size_t at = 0;
    while (at < text.len) {
        unsigned c = 0;
        struct sv rest = sv_skip(text, at);
        size_t n = letter(rest, &c);
        width += image_text_width(sv_head(rest, n));
        if (width > max_width) {
            break;
        }
        at += n;
    }
    return sv_trim(sv_head(text, at));
}

/* Where a break gives the two most even lines: after a space, else after a hyphen. */
static size_t best_break(struct sv text) {
    size_t best = 0;
    double best_width = 1e9;
    for (size_t i = 1; i + 1 < text.len; i++) {
        bool is_break = text.ptr[i] == ' ' || text.ptr[i - 1] == '-';
        double left = image_text_width(sv_head(text, i));
        double right = image_text_width(sv_trim(sv_skip(text, i)));
        double wider = left > right ? left : right;
        if (is_break && wider < best_width) {
            best = i;
            best_width = wider;
        }
    }
    return best;
}

/* The last break of a line that still fits. */
static size_t last_break(struct sv text, double max_width) {
    size_t best = 0;
    for (size_t i = 1; i < text.len; i++) {
        if (text.ptr[i] == ' ' && image_text_width(sv_head(text, i)) <= max_width) {
            best = i;
        }
    }
    return best;
}

struct image_name image_name_fit(struct sv name, double width) {
    name = sv_clip_utf8(sv_trim(name), 400);
    struct image_name out = {.lines = {name}, .line_count = 1};
    double whole = image_text_width(name);
    out.size = size_for(whole, width, SIZE_MAX_ONE);
    if (out.size >= SIZE_MIN_ONE) {
        return out;
    }
    size_t at = best_break(name);
    if (at > 0) {
        out.lines[0] = sv_trim(sv_head(name, at));
        out.lines[1] = sv_trim(sv_skip(name, at));
        out.line_count = 2;
        double left = image_text_width(out.lines[0]);
        double right = image_text_width(out.lines[1]);
        out.size = size_for(left > right ? left : right, width, SIZE_MAX_TWO);
        if (out.size >= SIZE_MIN_TWO) {
            return out;
        }
    }
    /* Too long for two even lines: fill the first, cut the second. */
    double room = width / SIZE_MIN_TWO;
    out.is_cut = true;
    out.size = SIZE_MIN_TWO;
    at = last_break(name, room);
    if (at == 0) {
        out.line_count = 1;
        out.lines[0] = cut_to(name, room);
        return out;
    }
    out.line_count = 2;
    out.lines[0] = sv_trim(sv_head(name, at));
    struct sv rest = sv_trim(sv_skip(name, at));
    out.is_cut = image_text_width(rest) > room;
    out.lines[1] = out.is_cut ? cut_to(rest, room) : rest;
    return out;
}
