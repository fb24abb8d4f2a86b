/* "This course was copied from ...": on the grid and the badges' page, until somebody answers. */
#include "page_copy.h"
#include "store_badge.h"
#include "store_copy.h"

static bool is_among(const struct store_badge *list, size_t count, int64_t id) {
    for (size_t i = 0; i < count; i++) {
        if (list[i].id == id) {
            return true;
        }
    }
    return false;
}

/* Badges of the old course that this one does not have, of issuers the person may decide for. */
static bool count_badges(struct page *p, const struct store_copy *copy, size_t *out,
                         struct err *err) {
    struct store *store = p->app->options.store;
    struct store_badge *theirs = NULL;
    struct store_badge *ours = NULL;
    size_t their_count = 0;
    size_t our_count = 0;
    *out = 0;
    if (!store_badge_list_course(store, p->session.institution_id, copy->origin_id, p->arena,
                                 &theirs, &their_count, err) ||
        !store_badge_list_course(store, p->session.institution_id, p->session.context_id, p->arena,
                                 &ours, &our_count, err)) {
        return false;
    }
    for (size_t i = 0; i < their_count; i++) {
        bool may_take =
            p->session.role == MODEL_ROLE_TEACHER || page_may_issue(p, theirs[i].issuer_key);
        *out += may_take && !is_among(ours, our_count, theirs[i].id);
    }
    return true;
}

bool page_add_copy(struct page *p, json_t *model, struct err *err) {
    struct store_copy copy = {0};
    bool is_found = false;
    size_t count = 0;
    if (p->session.context_id != 0 &&
        !store_copy_get(p->app->options.store, p->session.institution_id, p->session.context_id,
                        p->arena, &copy, &is_found, err)) {
        return false;
    }
    if (is_found && !count_badges(p, &copy, &count, err)) {
        return false;
    }
    json_t *out = json_null();
    if (count > 0) {
        out = json_object();
        page_set_text(out, "origin", copy.origin_title);
        page_set_text(out, "text",
                      count == 1 ? SV("1 badge can be earned there. Nothing is awarded here until "
                                      "you switch it on.")
                                 : sv_printf(p->arena,
                                             "%zu badges can be earned there. Nothing is awarded "
                                             "here until you switch them on.",
                                             count));
        page_set_text(out, "url", page_path(p, "copy"));
    }
    (void)json_object_set_new(model, "copy", out);
    return true;
}
