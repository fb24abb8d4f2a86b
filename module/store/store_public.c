#include "store_public.h"
#include "store_internal.h"

bool store_public_find(struct store *store, struct sv public_id, enum store_public_kind kind,
                       struct arena *a, struct store_public *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_text(&args, public_id);
    if (uuid_is_valid(public_id) && !store_run(store, 0, "public_find", &args, &rows, err)) {
        return false;
    }
    if (rows.count == 0 || db_i64(&rows, 0, 0) != kind) {
        return err_because(err, ERR_NOT_FOUND, "public", "there is no such page");
    }
    *out = (struct store_public){
        .kind = kind, .institution_id = db_i64(&rows, 0, 1), .id = db_i64(&rows, 0, 2)};
    return true;
}
