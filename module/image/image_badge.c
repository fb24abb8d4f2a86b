#include "image_badge.h"
#include "base_encode.h"
#include "image_art.h"
#include <stdio.h>

#define BANNER_LEFT 46
#define BANNER_WIDTH 420
#define ICON_SIZE 188.0

struct drawing {
    struct str *out;
    const struct image_colour *colour;
    const struct image_shape *shape;
    const struct image_icon *icon;
    struct image_name name;
    char id[9]; /* in front of every id, so that many drawings fit one page */
};

static void add_escaped(struct str *out, struct sv text) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        const char *coded = c == '<'    ? "&lt;"
                            : c == '>'  ? "&gt;"
                            : c == '&'  ? "&amp;"
                            : c == '"'  ? "&quot;"
                            : c == '\'' ? "&#39;"
                                        : NULL;
        size_t skipped = sv_noncharacter(sv_skip(text, i));
        if (skipped > 0) {
            str_add(out, SV_REPLACEMENT);
            i += skipped - 1;
        } else if (coded != NULL) {
            str_add_c(out, coded);
        } else if ((unsigned char)c >= 0x20) { /* XML takes no other control characters */
            str_add_char(out, c);
        } else {
            str_add_char(out, ' ');
        }
    }
}

static void gradients(const struct drawing *d) {
    const struct image_colour *c = d->colour;
    str_addf(d->out,
             "<defs><linearGradient id=\"%s-rim\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"1\">"
             "<stop offset=\"0\" stop-color=\"%s\"/><stop offset=\".5\" stop-color=\"%s\"/>"
             "<stop offset=\"1\" stop-color=\"%s\"/></linearGradient>",
             d->id, c->bright, c->base, c->deep);
    str_addf(d->out,
             "<radialGradient id=\"%s-plate\" cx=\".5\" cy=\".32\" r=\".72\">"
             "<stop offset=\"0\" stop-color=\"%s\"/><stop offset=\"1\" stop-color=\"%s\"/>"
             "</radialGradient>",
             d->id, c->light, c->base);
    str_addf(d->out,
             "<linearGradient id=\"%s-gloss\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"1\">"
             "<stop offset=\"0\" stop-color=\"#fff\" stop-opacity=\".26\"/>"
             "<stop offset=\".48\" stop-color=\"#fff\" stop-opacity=\"0\"/></linearGradient>",
             d->id);
    str_addf(
        d->out,
        "<linearGradient id=\"%s-banner\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"1\">"
        "<stop offset=\"0\" stop-color=\"#ffffff\"/><stop offset=\"1\" stop-color=\"#e9edf2\"/>"
        "</linearGradient></defs>",
        d->id);
}

/* The shape at a scale, painted with `paint` (attributes). */
static void layer(const struct drawing *d, double scale, double down, const char *paint) {
    str_addf(d->out, "<path d=\"%s\" transform=\"translate(256 %.1f) scale(%.3f)\" %s/>",
             d->shape->path, d->shape->centre_y + down, scale, paint);
}

static void body(const struct drawing *d) {
    char paint[160];
    if (d->shape->tails != NULL) {
        const char *const paints[] = {d->colour->base, "#000000\" fill-opacity=\".28"};
        for (size_t i = 0; i < ARRAY_LEN(paints); i++) {
            str_addf(d->out, "<path d=\"%s\" transform=\"translate(256 %.1f)\" fill=\"%s\"/>",
                     d->shape->tails, d->shape->centre_y - 12, paints[i]);
        }
    }
    layer(d, 1, 7, "fill=\"#000\" fill-opacity=\".16\"");
    (void)snprintf(paint, sizeof paint, "fill=\"url(#%s-rim)\"", d->id);
    layer(d, 1, 0, paint);
    (void)snprintf(paint, sizeof paint,
                   "fill=\"none\" stroke=\"%s\" stroke-width=\"5\" stroke-linecap=\"round\" "
                   "stroke-dasharray=\"0 17\" stroke-opacity=\".8\"",
                   d->colour->bright);
    layer(d, .936, 0, paint);
    (void)snprintf(paint, sizeof paint,
                   "fill=\"url(#%s-plate)\" stroke=\"#fff\" stroke-width=\"7\"", d->id);
    layer(d, .868, 0, paint);
    (void)snprintf(paint, sizeof paint, "fill=\"url(#%s-gloss)\"", d->id);
    layer(d, .852, 0, paint);
}

/* Two sprigs of laurel around the icon; the second is the first in a mirror. */
static void laurel(const struct drawing *d) {
    static const char leaf[] = "M0 0C13 -9 15 -30 0 -47C-15 -30 -13 -9 0 0z";
    str_addf(d->out, "<g transform=\"translate(256 %.1f) scale(.89)\" fill=\"%s\" opacity=\".34\">",
             d->shape->icon_y + 4, d->colour->icon);
    for (int side = 0; side < 2; side++) {
        str_addf(d->out,
                 "<g%s><path d=\"M-66 123A140 140 0 0 1 -122 -70\" fill=\"none\" stroke=\"%s\" "
                 "stroke-width=\"4\" stroke-linecap=\"round\"/>",
                 side == 0 ? "" : " transform=\"scale(-1 1)\"", d->colour->icon);
        for (int i = 0; i < 7; i++) {
            int outwards = i % 2 == 0;
            str_addf(d->out,
                     "<path d=\"%s\" transform=\"rotate(-%d) translate(0 -140) rotate(%d)\"/>",
                     leaf, i == 6 ? 60 : 146 - 15 * i,
                     i == 6     ? 84
                     : outwards ? 128
                                : 48);
        }
        str_add_c(d->out, "</g>");
    }
    str_add_c(d->out, "</g>");
}

static void icon_paths(const struct drawing *d, const char *colour, const char *opacity,
                       double down) {
    double scale = ICON_SIZE / 24;
    str_addf(d->out, "<g transform=\"translate(%.1f %.1f) scale(%.1f)\" opacity=\"%s\">",
             256 - 12 * scale, d->shape->icon_y - 12 * scale + down, scale, opacity);
    if (d->icon->fill != NULL) {
        str_addf(d->out, "<path d=\"%s\" fill=\"%s\" fill-rule=\"evenodd\"/>", d->icon->fill,
                 colour);
    }
    if (d->icon->stroke != NULL) {
        str_addf(d->out,
                 "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%.1f\" "
                 "stroke-linecap=\"round\" stroke-linejoin=\"round\"/>",
                 d->icon->stroke, colour, d->icon->stroke_width);
    }
    str_add_c(d->out, "</g>");
}

static void text_line(const struct drawing *d, size_t i, double y) {
    const struct image_name *n = &d->name;
    str_addf(d->out, "<text x=\"256\" y=\"%.1f\" font-size=\"%d\">", y, n->size);
    add_escaped(d->out, n->lines[i]);
    if (n->is_cut && i + 1 == n->line_count) {
        str_add_c(d->out, "\xE2\x80\xA6");
    }
    str_add_c(d->out, "</text>");
}

static void banner(const struct drawing *d) {
    const struct image_name *n = &d->name;
    int height = n->line_count == 2 ? 2 * n->size + 32 : n->size + 38;
    int bottom = d->shape->banner_bottom;
    int top = bottom - height;
    int fold = 22;
    for (int side = 0; side < 2; side++) {
        str_addf(d->out, "<g%s>", side == 0 ? "" : " transform=\"translate(512 0) scale(-1 1)\"");
        str_addf(d->out, "<path d=\"M4 %dH96V%dH4L30 %dz\" fill=\"%s\"/>", top + fold,
                 bottom + fold, top + fold + height / 2, d->colour->base);
        str_addf(d->out, "<path d=\"M%d %dH96V%dz\" fill=\"%s\"/></g>", BANNER_LEFT, bottom,
                 bottom + fold, d->colour->deep);
    }
    str_addf(d->out,
             "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\" fill=\"#000\" "
             "fill-opacity=\".18\"/>",
             BANNER_LEFT, top + 5, BANNER_WIDTH, height);
    str_addf(
        d->out,
        "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\" fill=\"url(#%s-banner)\"/>",
        BANNER_LEFT, top, BANNER_WIDTH, height, d->id);
    str_addf(
        d->out,
        "<path d=\"M%d %dh%dM%d %dh%d\" stroke=\"%s\" stroke-width=\"3\" stroke-opacity=\".55\"/>",
        BANNER_LEFT + 8, top + 8, BANNER_WIDTH - 16, BANNER_LEFT + 8, bottom - 8, BANNER_WIDTH - 16,
        d->colour->light);
    str_addf(d->out,
             "<g fill=\"%s\" text-anchor=\"middle\" font-weight=\"700\" font-family=\"system-ui, "
             "-apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif\">",
             d->colour->deep);
    double middle = top + height / 2.0 + n->size * 0.355;
    double step = n->line_count == 2 ? n->size * 1.12 : 0;
    for (size_t i = 0; i < n->line_count; i++) {
        text_line(d, i, middle - step / 2 + step * (double)i);
    }
    str_add_c(d->out, "</g>");
}

static struct sv chosen(struct sv wish, const char *const *names, unsigned char chance) {
    size_t count = 1; /* no list is empty */
    while (names[count] != NULL) {
        count++;
    }
    return wish.len > 0 ? wish : sv_from(names[chance % count]);
}

bool image_badge_draw(const struct image_badge *badge, struct str *out, struct err *err) {
    unsigned char chance[32];
    sha256(badge->key.len == 0 ? "" : badge->key.ptr, badge->key.len, chance);
    const struct image_icon *wordy = image_icon_for_words(badge->name);
    struct drawing d = {
        .out = out,
        .colour = image_colour_find(chosen(badge->colour, image_badge_colours, chance[0])),
        .shape = image_shape_find(chosen(badge->shape, image_badge_shapes, chance[1])),
        .icon = badge->icon.len == 0 && wordy != NULL
                    ? wordy
                    : image_icon_find(chosen(badge->icon, image_badge_icons, chance[2]))};
    if (d.colour == NULL || d.shape == NULL || d.icon == NULL) {
        return err_because(err, ERR_INPUT, "art", "There is no such %s; choose one from the list.",
                           d.colour == NULL  ? "colour"
                           : d.shape == NULL ? "shape"
                                             : "icon");
    }
    if (!sv_is_utf8(badge->name)) {
        return err_because(err, ERR_INPUT, "art", "The badge's name is not valid UTF-8.");
    }
    (void)snprintf(d.id, sizeof d.id, "b%02x%02x%02x", chance[3], chance[4], chance[5]);
    d.name = image_name_fit(badge->name, BANNER_WIDTH - 36);
    str_add_c(out,
              "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 512 512\" width=\"512\" "
              "height=\"512\" role=\"img\"><title>");
    add_escaped(out, sv_clip_utf8(badge->name, 400));
    str_add_c(out, "</title>");
    gradients(&d);
    body(&d);
    laurel(&d);
    bool is_dark = d.colour->icon[1] < '8';
    icon_paths(&d, is_dark ? "#ffffff" : d.colour->deep, ".35", is_dark ? 3 : 5);
    icon_paths(&d, d.colour->icon, "1", 0);
    if (d.name.lines[0].len > 0) {
        banner(&d);
    }
    str_add_c(out, "</svg>\n");
    return str_ok(out, "The drawing", err);
}
