#include "judge_internal.h"

/* Which issuer is meant, and how many badges it has. */
static bool pick_issuer(struct store *store, int64_t institution_id, struct sv key, struct arena *a,
                        struct model_issuer *out, struct err *err) {
    struct model_issuer *all = NULL;
    size_t count = 0;
    if (!store_issuer_list(store, institution_id, a, &all, &count, err)) {
        return false;
    }
    struct str known;
    str_init(&known, a, 300);
    for (size_t i = 0; i < count; i++) {
        str_addf(&known, "%s%.*s", i == 0 ? "" : ", ", SV_ARG(all[i].key));
        if (sv_eq(all[i].key, key) || (key.len == 0 && count == 1)) {
            *out = all[i];
            return true;
        }
    }
    if (count == 0) {
        return err_because(err, ERR_NOT_FOUND, "issuer", "this institution has no badges yet");
    }
    return err_because(err, ERR_INPUT, "issuer", "say which issuer with --issuer: %.*s",
                       SV_ARG(str_sv(&known)));
}

bool judge_export_read(struct store *store, int64_t institution_id, struct sv issuer_key,
                       struct arena *a, struct judge_export *out, struct err *err) {
    struct store_badge *stored = NULL;
    size_t count = 0;
    *out = (struct judge_export){0};
    if (!pick_issuer(store, institution_id, issuer_key, a, &out->file.issuer, err) ||
        !store_badge_list(store, institution_id, a, &stored, &count, err) ||
        !store_mapping_list(store, institution_id, a, &out->mappings, &out->mapping_count, err)) {
        return false;
    }
    struct model_badge *badges = ARENA_ARRAY(a, struct model_badge, count);
    const struct badge_rule **rules = ARENA_ARRAY(a, const struct badge_rule *, count);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (stored[i].issuer_id == out->file.issuer.id) {
            if (!judge_badge_read(a, &stored[i], &badges[n], &rules[n], err)) {
                return false;
            }
            n++;
        }
    }
    out->file.badges = badges;
    out->file.rules = rules;
    out->file.badge_count = n;
    return true;
}
