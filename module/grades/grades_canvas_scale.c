/* The grades in letters or words of a course whose grading scheme is its own. */
#include "grades_canvas.h"
#include <string.h>

#define ENTRIES_MAX 100

struct entry {
    struct sv name;
    struct dec from; /* what it takes; the best takes most */
};

/* As one line of a list. */
static bool is_name(struct sv name) {
    for (size_t i = 0; i < name.len; i++) {
        if ((unsigned char)name.ptr[i] < 0x20) {
            return false;
        }
    }
    return name.len > 0 && name.len <= CANVAS_LETTER_BYTES_MAX;
}

static size_t entries_read(const json_t *scheme, struct arena *a, struct entry entries[]) {
    size_t n = 0;
    size_t i = 0;
    const json_t *row = NULL;
    json_array_foreach(scheme, i, row) {
        struct entry e = {.name = canvas_text(row, "name", a)};
        bool has_from = false;
        if (n == ENTRIES_MAX || !is_name(e.name) ||
            !canvas_number(row, "value", &has_from, &e.from) || !has_from) {
            return 0; /* one that is missing would put the others out of order */
        }
        size_t at = n++;
        for (; at > 0 && dec_cmp(entries[at - 1].from, e.from) < 0; at--) {
            entries[at] = entries[at - 1];
        }
        entries[at] = e;
    }
    return n;
}

static bool scheme_take(struct canvas_read *r, const json_t *standard) {
    struct entry entries[ENTRIES_MAX];
    struct str letters;
    size_t n = entries_read(json_object_get(standard, "grading_scheme"), r->build.arena, entries);
    str_init(&letters, r->build.arena, (size_t)ENTRIES_MAX * (CANVAS_LETTER_BYTES_MAX + 1));
    for (size_t i = 0; i < n; i++) {
        str_addf(&letters, "%s%.*s", i == 0 ? "" : "\n", SV_ARG(entries[i].name));
    }
    r->build.out->letters = str_sv(&letters);
    r->build.out->has_letters = n > 0;
    return n > 0;
}

bool canvas_scale_read(struct canvas_read *r, struct err *err) {
    AUTO_ARENA scratch = {0};
    AUTO_JSON *standard = NULL;
    struct net_response response;
    struct err fail = {0};
    if (r->scheme.len == 0) {
        r->build.out->has_letters = true;
        return true;
    }
    struct sv url = canvas_url(&r->link, &scratch, "/api/v1/courses/%.*s/grading_standards/%.*s",
                               SV_ARG(r->course), SV_ARG(r->scheme));
    if (canvas_get(&r->link, url, "the grading scheme", &scratch, &response, &standard, &fail)) {
        if (!scheme_take(r, standard)) {
            canvas_untold(r, 0,
                          "Canvas does not tell what the letters of the course's grading scheme "
                          "are worth: write rules on points or per cent there.");
        }
        return true;
    }
    if (fail.code == ERR_NOT_FOUND) { /* it was deleted: Canvas goes by its own again */
        r->build.out->has_letters = true;
        return true;
    }
    if (canvas_is_denied(&fail)) {
        canvas_untold(r, 0,
                      "The course's grading scheme is not granted "
                      "(url:GET|/api/v1/courses/:course_id/grading_standards/"
                      ":grading_standard_id): rules know the letters A+ to F only.");
        return true;
    }
    *err = err->code == ERR_NONE ? fail : *err;
    return false;
}
