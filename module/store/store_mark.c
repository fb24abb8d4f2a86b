/* Marks of shared awards. Asking for many takes little longer than for one, and a page that is kept
 * costs little beside a round trip of its own. */
#include "store_internal.h"
#include "store_public.h"

bool store_award_marks(struct store *store, const struct sv *public_ids, size_t count,
                       struct arena *a, struct sv *marks, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_texts(&args, public_ids, count);
    if (!store_run(store, 0, "award_marks", &args, &rows, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) { /* the same award may be asked for more than once */
        marks[i] = sv_of("", 0);
        for (int row = 0; row < rows.count; row++) {
            if (sv_eq(db_text(&rows, row, 0), public_ids[i])) {
                marks[i] = store_text(&rows, row, 1, a);
            }
        }
    }
    return true;
}
