/* What refused launches tell about a registration: a note each on its row, by reason. A refused
 * launch adds no row anywhere (DESIGN 7), so that a flood of them fills nothing. */
#pragma once
#include "store.h"

/* Reasons a registration remembers; later ones are only logged. */
#define STORE_PROBLEMS_MAX 40
#define STORE_PROBLEM_BYTES_MAX 600

struct store_problem_note {
    int64_t registration_id;
    struct sv reason; /* a code word of ours */
    struct sv text;   /* one sentence; at most STORE_PROBLEM_BYTES_MAX are kept */
    int64_t count;    /* how often since the last note */
};
/* Adds to what is noted; the count starts afresh after a week of silence. A registration that is
 * not there is no error. */
NODISCARD bool store_problem_note(struct store *store, const struct store_problem_note *note,
                                  struct err *err);

struct store_problem {
    struct sv reason, text;
    usec_t last_at;
    int64_t count;
};
/* Of a registration, the latest first. */
NODISCARD bool store_problem_list(struct store *store, int64_t registration_id, struct arena *a,
                                  struct store_problem **out, size_t *count, struct err *err);
/* When somebody last came from the platform; 0: never. Across institutions: for the operator. */
NODISCARD bool store_problem_last_launch(struct store *store, int64_t registration_id,
                                         usec_t *launched_at, struct err *err);
