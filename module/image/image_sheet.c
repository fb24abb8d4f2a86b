#include "image_sheet.h"
#include "base_encode.h"
#include "image_art.h"
#include "image_qr.h"
#include <string.h>

#define INK "#1d2430"
#define QUIET "#566070"
#define GREEN "#2f6f4f"
#define FONT "font-family=\"system-ui, 'Noto Sans', 'DejaVu Sans', 'Segoe UI', Arial, sans-serif\""
#define LINES_MAX 4
#define QR_SIDE 84

/* A text in lines of one size. */
struct block {
    struct sv text;
    int size, weight;
    double width; /* of a line, in units of the sheet */
    size_t lines; /* at most */
    const char *colour;
    const char *anchor; /* "start" or "middle" */
    double x, y;        /* of the first baseline */
};

static void add_text(struct str *out, struct sv text) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        const char *coded = c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : NULL;
        size_t skipped = sv_noncharacter(sv_skip(text, i));
        if (skipped > 0) {
            str_add(out, SV_REPLACEMENT);
            i += skipped - 1;
        } else if (coded != NULL) {
            str_add_c(out, coded);
        } else {
            bool is_control = (unsigned char)c < 0x20;
            str_add(out, is_control ? SV(" ") : sv_of(&c, 1));
        }
    }
}

/* How much of the text goes on one line: up to the last space that fits; a word that is too long by
 * itself is broken where the line ends. */
static size_t line_length(struct sv text, double room) {
    size_t space = 0;
    size_t at = 0;
    while (at < text.len) {
        size_t next = at + 1;
        while (next < text.len && ((unsigned char)text.ptr[next] & 0xC0u) == 0x80u) {
            next++;
        }
        if (image_text_width(sv_head(text, next)) > room) {
            return space > 0 ? space : at > 0 ? at : next;
        }
        space = text.ptr[at] == ' ' ? at : space;
        at = next;
    }
    return text.len;
}

/* Appends the block; returns the baseline below its last line. */
static double add_block(struct str *out, const struct block *b) {
    struct sv rest = sv_trim(sv_clip_utf8(b->text, 1000));
    double y = b->y;
    for (size_t i = 0; i < b->lines && rest.len > 0; i++) {
        double room = b->width / b->size;
        size_t n = line_length(rest, room);
        bool is_cut = i + 1 == b->lines && n < rest.len;
        n = is_cut ? line_length(rest, room - 0.8) : n;
        str_addf(out,
                 "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%d\" font-weight=\"%d\" fill=\"%s\" "
                 "text-anchor=\"%s\">",
                 b->x, y, b->size, b->weight, b->colour, b->anchor);
        add_text(out, sv_trim(sv_head(rest, n)));
        str_add_c(out, is_cut ? "\xE2\x80\xA6</text>" : "</text>");
        rest = sv_trim(sv_skip(rest, n));
        y += b->size * 1.25;
    }
    return y;
}

static size_t line_count(const struct block *b) {
    struct sv rest = sv_trim(sv_clip_utf8(b->text, 1000));
    size_t n = 0;
    while (n < b->lines && rest.len > 0) {
        rest = sv_trim(sv_skip(rest, line_length(rest, b->width / b->size)));
        n++;
    }
    return n;
}

/* A drawing with a style sheet goes in as a picture, or its rules would be the whole sheet's;
 * others stay lines, sharp in print. */
static void add_art(struct str *out, struct sv art, double x, double y, double side) {
    AUTO_ARENA a = {0};
    str_addf(out, "<g transform=\"translate(%.1f %.1f) scale(%.4f)\">", x, y, side / 512);
    if (memmem(art.ptr, art.len, "<style", 6) != NULL) {
        str_add_c(out, "<image width=\"512\" height=\"512\" "
                       "xlink:href=\"data:image/svg+xml;base64,");
        str_add(out, base64_encode(&a, art.ptr, art.len));
        str_add_c(out, "\"/>");
    } else {
        str_add(out, art);
    }
    str_add_c(out, "</g>");
}

static bool begin(struct str *out, int width, int height, const struct sv *texts, size_t count,
                  struct err *err) {
    for (size_t i = 0; i < count; i++) {
        if (!sv_is_utf8(texts[i])) {
            return err_because(err, ERR_INPUT, "art", "A text of the badge is not valid UTF-8.");
        }
    }
    str_addf(out,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" "
             "xmlns:xlink=\"http://www.w3.org/1999/xlink\" viewBox=\"0 0 %d %d\" width=\"%d\" "
             "height=\"%d\" " FONT "><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/>",
             width, height, width, height, width, height);
    return true;
}

bool image_preview_draw(const struct image_preview *preview, struct str *out, struct err *err) {
    const struct sv texts[] = {preview->badge_name, preview->issuer_name};
    if (!begin(out, IMAGE_PREVIEW_WIDTH, IMAGE_PREVIEW_HEIGHT, texts, ARRAY_LEN(texts), err)) {
        return false;
    }
    str_add_c(out, "<path fill=\"#f6f7f9\" d=\"M0 0h520v630H0z\"/><path fill=\"" GREEN
                   "\" d=\"M0 618h1200v12H0z\"/>");
    add_art(out, preview->art, 50, 99, 420);
    struct block name = {.text = preview->badge_name,
                         .size = 60,
                         .weight = 700,
                         .width = 590,
                         .lines = 3,
                         .colour = INK,
                         .anchor = "start",
                         .x = 570};
    name.y = 300 - 37.0 * (double)(line_count(&name) - (preview->badge_name.len > 0));
    const struct block kind = {.text = SV("Open Badge"),
                               .size = 28,
                               .weight = 600,
                               .width = 590,
                               .lines = 1,
                               .colour = GREEN,
                               .anchor = "start",
                               .x = 570,
                               .y = name.y - 76};
    (void)add_block(out, &kind);
    double y = add_block(out, &name);
    const struct block issuer = {.text = preview->issuer_name,
                                 .size = 32,
                                 .weight = 400,
                                 .width = 590,
                                 .lines = 2,
                                 .colour = QUIET,
                                 .anchor = "start",
                                 .x = 570,
                                 .y = y + 4};
    (void)add_block(out, &issuer);
    str_add_c(out, "</svg>\n");
    return str_ok(out, "The preview", err);
}

static void add_attribute(struct str *out, struct sv value) {
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == '"') {
            str_add_c(out, "%22");
        } else {
            add_text(out, sv_of(value.ptr + i, 1));
        }
    }
}

/* Where it can be checked: the code, and the address for those who type. */
static bool add_link(const struct image_certificate *c, struct str *out, struct err *err) {
    AUTO_ARENA a = {0};
    struct str path;
    int squares = 0;
    str_init(&path, &a, IMAGE_QR_MAX_BYTES);
    if (!image_qr_path(c->url, &path, &squares, err)) {
        return false;
    }
    str_add_c(out, "<a xlink:href=\"");
    add_attribute(out, c->url);
    str_addf(out, "\"><path fill=\"#000\" transform=\"translate(%d %d) scale(%.4f)\" d=\"",
             IMAGE_CERTIFICATE_WIDTH - 60 - QR_SIDE, IMAGE_CERTIFICATE_HEIGHT - 60 - QR_SIDE,
             QR_SIDE / (double)squares);
    str_add(out, str_sv(&path));
    str_add_c(out, "\"/>");
    const struct block words = {.text = SV("Check it, and whether it is still valid:"),
                                .size = 10,
                                .weight = 400,
                                .width = 500,
                                .lines = 1,
                                .colour = QUIET,
                                .anchor = "start",
                                .x = 60,
                                .y = IMAGE_CERTIFICATE_HEIGHT - 76};
    struct block address = words;
    address.text = c->url;
    address.y = IMAGE_CERTIFICATE_HEIGHT - 62;
    address.lines = 2;
    address.colour = GREEN;
    (void)add_block(out, &words);
    (void)add_block(out, &address);
    str_add_c(out, "</a>");
    return true;
}

bool image_certificate_draw(const struct image_certificate *c, struct str *out, struct err *err) {
    const struct sv texts[] = {c->badge_name,  c->issuer_name, c->learner,
                               c->description, c->issued,      c->expires};
    AUTO_ARENA a = {0};
    if (!begin(out, IMAGE_CERTIFICATE_WIDTH, IMAGE_CERTIFICATE_HEIGHT, texts, ARRAY_LEN(texts),
               err)) {
        return false;
    }
    str_addf(out,
             "<path fill=\"none\" stroke=\"" GREEN "\" stroke-width=\"3\" "
             "d=\"M24 24h%dv%dH24z\"/>",
             IMAGE_CERTIFICATE_WIDTH - 48, IMAGE_CERTIFICATE_HEIGHT - 48);
    add_art(out, c->art, 60, 150, 240);
    struct block line = {.width = 450, .lines = 2, .anchor = "start", .x = 340, .y = 150};
    line.text = c->issuer_name;
    line.size = 16;
    line.weight = 600;
    line.colour = GREEN;
    line.y = add_block(out, &line) + 26;
    if (c->learner.len > 0) {
        line.text = c->learner;
        line.size = 30;
        line.weight = 700;
        line.colour = INK;
        line.y = add_block(out, &line) - 8;
    }
    line.text = c->learner.len > 0 ? SV("has earned the badge") : SV("The badge");
    line.size = 14;
    line.weight = 400;
    line.colour = QUIET;
    line.y = add_block(out, &line) + 20;
    line.text = c->badge_name;
    line.size = 28;
    line.weight = 700;
    line.colour = INK;
    line.y = add_block(out, &line) - 4;
    line.text = c->description;
    line.size = 13;
    line.weight = 400;
    line.lines = LINES_MAX;
    line.y = add_block(out, &line) + 12;
    line.text = c->expires.len > 0 ? sv_printf(&a, "Issued on %.*s, valid until %.*s",
                                               SV_ARG(c->issued), SV_ARG(c->expires))
                                   : sv_printf(&a, "Issued on %.*s", SV_ARG(c->issued));
    line.colour = QUIET;
    line.lines = 1;
    (void)add_block(out, &line);
    if (c->url.len > 0 && !add_link(c, out, err)) {
        return false;
    }
    str_add_c(out, "</svg>\n");
    return str_ok(out, "The certificate", err);
}
