/* A gradebook file that is a text in memory, read as the program reads it: the survey, then the
 * results, all of them kept. Used by unit tests and the fuzz target. */
#pragma once
#include "grades_csv.h"
#include <string.h>

struct csv_text {
    struct sv text;
    size_t chunk; /* bytes a read gives at most; 0: as many as are asked for */
    size_t reads; /* how often it was begun */
    struct model_fact *facts;
    size_t fact_count, part_count, largest_part;
    struct arena *arena;
};

static inline bool csv_text_read(void *ctx, size_t at, char *bytes, size_t cap, size_t *len,
                                 struct err *err) {
    struct csv_text *t = ctx;
    (void)err;
    struct sv rest = sv_skip(t->text, at);
    size_t most = t->chunk > 0 && t->chunk < cap ? t->chunk : cap;
    t->reads += at == 0 ? 1 : 0;
    *len = rest.len < most ? rest.len : most;
    if (*len > 0) {
        memcpy(bytes, rest.ptr, *len);
    }
    return true;
}

/* Letters are gone when the call returns: kept in the arena. */
static inline bool csv_text_take(void *ctx, const struct model_fact *facts, size_t count,
                                 struct err *err) {
    struct csv_text *t = ctx;
    (void)err;
    struct model_fact *all = ARENA_ARRAY(t->arena, struct model_fact, t->fact_count + count);
    if (t->fact_count > 0) {
        memcpy(all, t->facts, t->fact_count * sizeof *all);
    }
    for (size_t i = 0; i < count; i++) {
        all[t->fact_count + i] = facts[i];
        all[t->fact_count + i].letter = sv_copy(t->arena, facts[i].letter);
    }
    t->facts = all;
    t->fact_count += count;
    t->part_count++;
    t->largest_part = count > t->largest_part ? count : t->largest_part;
    return true;
}

/* Both readings. What failed leaves nothing behind. */
static inline bool csv_text_parse(struct csv_text *t, const struct grades_csv_choices *choices,
                                  struct arena *a, struct grades_csv_survey *out, struct err *err) {
    const struct grades_csv_file file = {.size = t->text.len, .read = csv_text_read, .ctx = t};
    t->arena = a;
    t->facts = NULL;
    t->fact_count = 0;
    t->part_count = 0;
    t->largest_part = 0;
    t->reads = 0;
    if (!grades_csv_survey(&file, choices, a, out, err)) {
        return false;
    }
    if (!grades_csv_facts(&file, choices, out, NULL, csv_text_take, t, err)) {
        *out = (struct grades_csv_survey){0};
        return false;
    }
    out->reading.facts = t->facts;
    out->reading.fact_count = t->fact_count;
    return true;
}
