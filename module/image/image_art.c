#include "image_art.h"
#include "image_badge.h"

static const struct image_colour COLOURS[] = {
    {"green", "#7cc79f", "#3b8f66", "#1f6b49", "#123f2c", "#ffffff"},
    {"teal", "#6fcfcb", "#1f8f8d", "#0f6a6e", "#083f45", "#ffffff"},
    {"blue", "#86b8f5", "#3b7fd6", "#1f57ad", "#11336b", "#ffffff"},
    {"indigo", "#a9adf7", "#6367dd", "#4040b0", "#25256b", "#ffffff"},
    {"purple", "#cfa4f2", "#9455cf", "#6d2fa6", "#411a66", "#ffffff"},
    {"pink", "#f5a3c7", "#d6498c", "#a82465", "#66123c", "#ffffff"},
    {"red", "#f5a097", "#d64b40", "#a8271f", "#661410", "#ffffff"},
    {"orange", "#fbc08a", "#d4701f", "#ad500d", "#632c06", "#ffffff"},
    {"gold", "#fbe9a6", "#f4cf5a", "#dba61f", "#553c05", "#553c05"},
    {"slate", "#b3c0cf", "#667a92", "#43566d", "#263442", "#ffffff"},
};

static const struct image_icon ICONS[] = {
    {"star",
     "M12 2.3L14.76 9.1L22.08 9.62L16.47 14.35L18.23 21.48L12 17.6L5.77 21.48L7.53 14.35L1.92 "
     "9.62L9.24 9.1z",
     NULL, 0},
    {"flask",
     "M8.6 2h6.8v1.9h-1.1v4.8l5.5 9.7c1 1.8-.2 3.6-2.1 3.6H6.3c-1.9 0-3.1-1.8-2.1-3.6L9.7 "
     "8.7V3.9H8.6zM9.2 13.4h5.6l-2.3-4.1V3.9h-1v5.4zM10.2 16.3a1.3 1.3 0 1 0 0 2.6a1.3 1.3 0 1 0 "
     "0-2.6zM14.3 15.2a.9.9 0 1 0 0 1.8a.9.9 0 1 0 0-1.8z",
     NULL, 0},
    {"book",
     "M11.2 6.6C9.2 5 6.3 4.3 2.5 4.4v13.8c3.8-.1 6.7.5 8.7 2zM12.8 6.6c2-1.6 4.9-2.3 "
     "8.7-2.2v13.8c-3.8-.1-6.7.5-8.7 2z",
     NULL, 0},
    {"pencil",
     "M2.6 21.4l1.3-5.6L14.7 5l4.3 4.3L8.2 20.1zM16 3.7l1.1-1.1a1.9 1.9 0 0 1 2.7 0l1.6 1.6a1.9 "
     "1.9 0 0 1 0 2.7L20.3 8z",
     NULL, 0},
    {"gear",
     "M9.8 4.9L10.2 1.7L13.8 1.7L14.2 4.9L15.5 5.5L18 3.5L20.5 6L18.5 8.5L19.1 9.8L22.3 10.2L22.3 "
     "13.8L19.1 14.2L18.5 15.5L20.5 18L18 20.5L15.5 18.5L14.2 19.1L13.8 22.3L10.2 22.3L9.8 "
     "19.1L8.5 18.5L6 20.5L3.5 18L5.5 15.5L4.9 14.2L1.7 13.8L1.7 10.2L4.9 9.8L5.5 8.5L3.5 6L6 "
     "3.5L8.5 5.5zM12 8.6a3.4 3.4 0 1 0 0 6.8a3.4 3.4 0 1 0 0-6.8z",
     NULL, 0},
    {"leaf",
     "M21 3C11 2.7 4 7 4 13.8c0 1.3.3 2.5.8 3.6C7.3 12.7 11 9.5 15.8 7.7C11.5 10.9 8.2 15 6.3 "
     "20.7l2 .7c.4-1.3.9-2.5 1.5-3.6C17.6 18.9 21.4 12.6 21 3z",
     NULL, 0},
    {"heart",
     "M12 21.2C5 15.7 2 12.3 2 8.4A5.3 5.3 0 0 1 12 5.9A5.3 5.3 0 0 1 22 8.4c0 3.9-3 7.3-10 12.8z",
     NULL, 0},
    {"trophy",
     "M7 2.6h10v1.3h4.2v3.3c0 2.8-2 4.7-4.8 4.9a5.6 5.6 0 0 1-3.3 2.8v2.5h2.3a1.1 1.1 0 0 1 1.1 "
     "1.1v2.9H7.5v-2.9a1.1 1.1 0 0 1 1.1-1.1h2.3v-2.5a5.6 5.6 0 0 1-3.3-2.8C4.8 11.9 2.8 10 2.8 "
     "7.2V3.9H7zM4.8 5.9v1.3c0 1.4.9 2.4 2.3 2.7C7 9.3 7 8.7 7 8V5.9zM19.2 5.9H17V8c0 .7 0 1.3-.1 "
     "1.9c1.4-.3 2.3-1.3 2.3-2.7z",
     NULL, 0},
    {"code", NULL, "M7.8 6.8L2.6 12l5.2 5.2M16.2 6.8l5.2 5.2l-5.2 5.2M13.9 4.6l-3.8 14.8", 2.5},
    {"globe", NULL,
     "M12 2.6a9.4 9.4 0 1 0 0 18.8a9.4 9.4 0 1 0 0-18.8zM12 2.6c-5.4 5.4-5.4 13.4 0 18.8c5.4-5.4 "
     "5.4-13.4 0-18.8zM3.7 8.6h16.6M3.7 15.4h16.6",
     1.9},
    {"music", "M20.8 2v14a3.4 3.4 0 1 1-2.2-3.2V7.3L10.4 9v9.7a3.4 3.4 0 1 1-2.2-3.2V4.7z", NULL,
     0},
    {"people",
     "M12 4.2a3.7 3.7 0 1 0 0 7.4a3.7 3.7 0 1 0 0-7.4zM5.2 20.3c0-4.3 2.8-7.1 6.8-7.1s6.8 2.8 6.8 "
     "7.1zM4.6 7.4a2.5 2.5 0 1 0 0 5a2.5 2.5 0 1 0 0-5zM19.4 7.4a2.5 2.5 0 1 0 0 5a2.5 2.5 0 1 0 "
     "0-5zM.4 18.6c0-3 1.7-4.9 4.2-4.9c.6 0 1.1.1 1.6.3c-1.5 1.2-2.4 2.8-2.7 4.6zM23.6 "
     "18.6c0-3-1.7-4.9-4.2-4.9c-.6 0-1.1.1-1.6.3c1.5 1.2 2.4 2.8 2.7 4.6z",
     NULL, 0},
    {"bulb",
     "M12 1.8a7.2 7.2 0 0 0-4.4 12.9c.8.7 1.3 1.5 1.3 2.5v.5h6.2v-.5c0-1 .5-1.8 1.3-2.5A7.2 7.2 0 "
     "0 0 12 1.8zM9 19.1h6v1.3a1.8 1.8 0 0 1-1.8 1.8h-2.4A1.8 1.8 0 0 1 9 20.4z",
     NULL, 0},
    {"check", NULL, "M4 12.8l5.4 5.4L20.4 6.6", 3.6},
};

static const struct image_shape SHAPES[] = {
    {"circle", "M0 -226A226 226 0 1 1 0 226A226 226 0 1 1 0 -226z", NULL, 242, 202, 446},
    {"hexagon",
     "M-34.6 -216.0Q0.0 -236.0 34.6 -216.0L169.7 -138.0Q204.4 -118.0 204.4 -78.0L204.4 78.0Q204.4 "
     "118.0 169.7 138.0L34.6 216.0Q0.0 236.0 -34.6 216.0L-169.7 138.0Q-204.4 118.0 -204.4 "
     "78.0L-204.4 -78.0Q-204.4 -118.0 -169.7 -138.0z",
     NULL, 244, 202, 446},
    {"shield",
     "M0 -226C58 -196 128 -186 198 -188Q204 -188 204 -180L204 4C204 122 116 194 0 240C-116 194 "
     "-204 122 -204 4L-204 -180Q-204 -188 -198 -188C-128 -186 -58 -196 0 -226z",
     NULL, 240, 196, 442},
    {"ribbon",
     "M-43.6 -191.1A50 50 0 0 1 43.6 -191.1A50 50 0 0 1 122.2 -153.2A50 50 0 0 1 176.6 -85.0A50 50 "
     "0 0 1 196.0 0.0A50 50 0 0 1 176.6 85.0A50 50 0 0 1 122.2 153.2A50 50 0 0 1 43.6 191.1A50 50 "
     "0 0 1 -43.6 191.1A50 50 0 0 1 -122.2 153.2A50 50 0 0 1 -176.6 85.0A50 50 0 0 1 -196.0 0.0A50 "
     "50 0 0 1 -176.6 -85.0A50 50 0 0 1 -122.2 -153.2A50 50 0 0 1 -43.6 -191.1z",
     "M-150 60L-172 296L-112 268L-66 306L-10 100L66 306L112 268L172 296L150 60z", 216, 182, 414},
};

/* Beginnings of words that teachers use. */
static const struct {
    const char *word, *icon;
} WORDS[] = {
    {"lab", "flask"},      {"science", "flask"}, {"chem", "flask"},      {"experiment", "flask"},
    {"read", "book"},      {"book", "book"},     {"liter", "book"},      {"library", "book"},
    {"writ", "pencil"},    {"report", "pencil"}, {"essay", "pencil"},    {"draw", "pencil"},
    {"engineer", "gear"},  {"robot", "gear"},    {"machine", "gear"},    {"workshop", "gear"},
    {"plant", "leaf"},     {"biolog", "leaf"},   {"garden", "leaf"},     {"environment", "leaf"},
    {"green", "leaf"},     {"health", "heart"},  {"care", "heart"},      {"aid", "heart"},
    {"volunt", "heart"},   {"win", "trophy"},    {"champion", "trophy"}, {"course", "trophy"},
    {"cod", "code"},       {"program", "code"},  {"comput", "code"},     {"web", "code"},
    {"geograph", "globe"}, {"world", "globe"},   {"language", "globe"},  {"global", "globe"},
    {"music", "music"},    {"choir", "music"},   {"team", "people"},     {"leader", "people"},
    {"mentor", "people"},  {"peer", "people"},   {"idea", "bulb"},       {"invent", "bulb"},
    {"think", "bulb"},     {"safe", "check"},    {"complete", "check"},  {"first", "star"},
};

const char *const image_badge_colours[] = {"green", "teal",   "blue", "indigo", "purple", "pink",
                                           "red",   "orange", "gold", "slate",  NULL};
const char *const image_badge_shapes[] = {"circle", "hexagon", "shield", "ribbon", NULL};
const char *const image_badge_icons[] = {"star",  "flask",  "book",   "pencil", "gear",
                                         "leaf",  "heart",  "trophy", "code",   "globe",
                                         "music", "people", "bulb",   "check",  NULL};

const struct image_colour *image_colour_find(struct sv name) {
    for (size_t i = 0; i < ARRAY_LEN(COLOURS); i++) {
        if (sv_eq(name, sv_from(COLOURS[i].name))) {
            return &COLOURS[i];
        }
    }
    return NULL;
}

const struct image_icon *image_icon_find(struct sv name) {
    for (size_t i = 0; i < ARRAY_LEN(ICONS); i++) {
        if (sv_eq(name, sv_from(ICONS[i].name))) {
            return &ICONS[i];
        }
    }
    return NULL;
}

const struct image_shape *image_shape_find(struct sv name) {
    for (size_t i = 0; i < ARRAY_LEN(SHAPES); i++) {
        if (sv_eq(name, sv_from(SHAPES[i].name))) {
            return &SHAPES[i];
        }
    }
    return NULL;
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

const struct image_icon *image_icon_for_words(struct sv text) {
    for (size_t at = 0; at < text.len; at++) {
        if (at > 0 && is_letter(text.ptr[at - 1])) {
            continue;
        }
        for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
            struct sv word = sv_from(WORDS[i].word);
            if (sv_eq_nocase(sv_head(sv_skip(text, at), word.len), word)) {
                return image_icon_find(sv_from(WORDS[i].icon));
            }
        }
    }
    return NULL;
}
