/* What the two files that merge a reading share. */
#pragma once
#include "model_fact.h"
#include "store_course.h"
#include "store_internal.h"

/* A fact with the person and item it belongs to, resolved. */
struct store_placed {
    int64_t person_id, item_id;
    const struct model_fact *fact;
};

#define STORE_DIGEST_BYTES 32
/* SHA-256 of one person's facts as a reading has them, with the source and which facts that are not
 * listed are gone. Two readings with the same digest leave the same facts behind, if nothing
 * else was merged for the person in between. Facts are sorted by item_id. */
void store_reading_digest(const struct store_reading *reading, const struct store_placed *facts,
                          size_t count, struct arena *scratch,
                          unsigned char out[STORE_DIGEST_BYTES]);
