#include "store_export.h"
#include "store_internal.h"

/* Which texts of a row its columns behind the id are. */
static struct sv *column(struct store_export_row *row, enum store_export_kind kind, int col) {
    struct sv *const badge[] = {&row->public_id, &row->key, &row->name};
    struct sv *const award[] = {&row->public_id, &row->json, &row->token};
    struct sv *const list[] = {&row->public_id, &row->suspension_id};
    return kind == STORE_EXPORT_BADGES   ? badge[col]
           : kind == STORE_EXPORT_AWARDS ? award[col]
           : kind == STORE_EXPORT_LISTS  ? list[col]
                                         : &row->public_id;
}

bool store_export_read(struct store *store, const struct store_export_query *q, struct arena *a,
                       struct store_export_page *out, struct err *err) {
    static const struct {
        const char *name;
        int texts;
    } queries[] = {[STORE_EXPORT_INSTITUTIONS] = {"export_institutions", 0},
                   [STORE_EXPORT_ISSUERS] = {"export_issuers", 1},
                   [STORE_EXPORT_BADGES] = {"export_badges", 3},
                   [STORE_EXPORT_AWARDS] = {"export_awards", 3},
                   [STORE_EXPORT_LISTS] = {"export_lists", 2}};
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    if (q->kind == STORE_EXPORT_INSTITUTIONS) {
        db_add_text_or_null(&args, q->institution);
    } else {
        db_add_i64(&args, q->institution_id);
    }
    if (q->kind == STORE_EXPORT_AWARDS) {
        db_add_i64(&args, q->badge_id);
    }
    db_add_i64(&args, q->after);
    db_add_i64(&args, STORE_EXPORT_PAGE);
    if (!store_run(store, q->institution_id, queries[q->kind].name, &args, &rows, err)) {
        return false;
    }
    out->count = (size_t)rows.count;
    for (int i = 0; i < rows.count; i++) {
        struct store_export_row *row = &out->rows[i];
        *row = (struct store_export_row){.id = db_i64(&rows, i, 0)};
        for (int col = 0; col < queries[q->kind].texts; col++) {
            *column(row, q->kind, col) = store_text(&rows, i, col + 1, a);
        }
    }
    return true;
}
