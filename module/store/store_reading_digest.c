#include "base_encode.h"
#include "store_reading.h"
#include <string.h>

/* Numbers and texts one after the other, each text behind its length: no two lists of facts are
 * written alike. Of this machine's byte order: a digest that another machine cannot tell only costs
 * a merge. */
struct writer {
    unsigned char *at;
};

static void put(struct writer *w, const void *bytes, size_t count) {
    memcpy(w->at, bytes, count);
    w->at += count;
}

static void put_number(struct writer *w, int64_t n) { put(w, &n, sizeof n); }

static void put_text(struct writer *w, struct sv text) {
    put_number(w, (int64_t)text.len);
    if (text.len > 0) {
        put(w, text.ptr, text.len);
    }
}

static void put_decimal(struct writer *w, bool has, struct dec d) {
    put_number(w, has ? d.scale : -1);
    put_number(w, has ? d.mantissa : 0);
}

#define FORMAT 1
#define NUMBERS_A_FACT 12 /* the letter's length among them */

static void put_fact(struct writer *w, const struct store_placed *placed) {
    const struct model_fact *f = placed->fact;
    put_number(w, placed->item_id);
    if (f->is_kept) { /* says nothing else */
        put_number(w, -1);
        return;
    }
    put_number(w, (f->is_posted ? 1 : 0) + (f->is_excused ? 2 : 0));
    put_number(w, f->completion);
    put_decimal(w, f->has_score, f->score);
    put_decimal(w, f->has_maximum, f->maximum);
    put_number(w, f->submitted_at);
    put_number(w, f->graded_at);
    put_number(w, f->completed_at);
    put_text(w, f->letter);
}

void store_reading_digest(const struct store_reading *reading, const struct store_placed *facts,
                          size_t count, struct arena *scratch,
                          unsigned char out[STORE_DIGEST_BYTES]) {
    size_t bytes = 4 * sizeof(int64_t) + reading->source.len;
    for (size_t i = 0; i < count; i++) {
        bytes += NUMBERS_A_FACT * sizeof(int64_t) + facts[i].fact->letter.len;
    }
    unsigned char *start = ARENA_ARRAY(scratch, unsigned char, bytes);
    struct writer w = {.at = start};
    put_number(&w, FORMAT);
    put_number(&w, (reading->is_complete ? 1 : 0) + 2 * (int64_t)reading->untold);
    put_text(&w, reading->source);
    for (size_t i = 0; i < count; i++) {
        put_fact(&w, &facts[i]);
    }
    sha256(start, (size_t)(w.at - start), out);
}
