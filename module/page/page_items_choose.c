/* A rule's item is gone: somebody of the course says what counts instead.
 *
 * A teacher may say it for badges of any issuer, as for a copied course (page_copy.c): choosing
 * which items of one's own course fit a rule gives nothing that grading does not. */
#include "base_encode.h"
#include "page_items.h"

#define TITLE_BYTES_MAX 120
#define OPTIONS_MAX 1000

struct sv page_item_value(const struct page *p, const struct model_item *item) {
    return sv_printf(p->arena, "%.*s:%.*s", SV_ARG(item->source), SV_ARG(item->ref));
}

static bool may_choose(const struct page *p, const struct judge_badge *badge) {
    return p->session.role == MODEL_ROLE_TEACHER || page_may_issue(p, badge->stored.issuer_key);
}

/* What the person saw: an answer to anything else is not taken. */
static struct sv seen_of(const struct page *p, const struct judge_badge *badge) {
    unsigned char sum[32];
    struct sv text =
        sv_printf(p->arena, "%.*s %lld %.*s", SV_ARG(badge->stored.public_id),
                  (long long)badge->stored.rule_version, SV_ARG(badge->stored.item_map));
    sha256(text.ptr, text.len, sum);
    return hex_encode(p->arena, sum, 16);
}

static json_t *option(struct sv value, struct sv label, bool is_chosen) {
    json_t *one = json_object();
    page_set_text(one, "value", value);
    page_set_text(one, "label", label);
    page_set_bool(one, "is_chosen", is_chosen);
    return one;
}

/* What may stand for it; nothing is chosen beforehand, not even what has the same name. */
static json_t *options_of(const struct page *p, const struct judge_course *course,
                          const struct judge_lost *lost) {
    json_t *list = json_array();
    (void)json_array_append_new(list, option(SV(""), SV("Choose an item"), true));
    for (size_t i = 0; i < course->item_count && json_array_size(list) < OPTIONS_MAX; i++) {
        const struct model_item *item = &course->items[i];
        if (judge_lost_fits(lost, item)) {
            struct sv title = sv_clip_utf8(sv_trim(item->title), TITLE_BYTES_MAX);
            (void)json_array_append_new(
                list, option(page_item_value(p, item),
                             sv_printf(p->arena, "%.*s (%.*s %.*s)", SV_ARG(title),
                                       SV_ARG(item->source), SV_ARG(item->ref)),
                             false));
        }
    }
    return list;
}

static json_t *lost_model(const struct page *p, const struct judge_course *course,
                          const struct judge_badge *badge, const struct judge_lost *lost,
                          size_t ref, size_t nth) {
    json_t *form = json_object();
    struct sv title = sv_clip_utf8(sv_trim(lost->title), TITLE_BYTES_MAX);
    page_set_text(form, "action", page_path(p, "items/choose"));
    page_set_text(form, "csrf", page_csrf(p));
    page_set_text(form, "badge", badge->stored.public_id);
    (void)json_object_set_new(form, "ref", page_json_textf(p->arena, "%zu", ref));
    page_set_text(form, "seen", seen_of(p, badge));
    (void)json_object_set_new(form, "id", page_json_textf(p->arena, "lost-%zu", nth));
    page_set_text(form, "label",
                  sv_printf(p->arena, "%.*s: instead of \"%.*s\"",
                            SV_ARG(sv_clip_utf8(badge->stored.name, TITLE_BYTES_MAX)),
                            SV_ARG(title)));
    page_set_text(form, "text", page_full_stop(p->arena, badge->problem));
    (void)json_object_set_new(form, "options", options_of(p, course, lost));
    return form;
}

bool page_items_add_lost(struct page *p, const struct judge_course *course, json_t *model,
                         struct err *err) {
    json_t *list = json_array();
    (void)json_object_set_new(model, "lost", list);
    for (size_t i = 0; i < course->badge_count && course->course.synced_at != 0; i++) {
        const struct judge_badge *badge = &course->badges[i];
        struct judge_lost *lost = NULL;
        size_t count = 0;
        if (badge->plan != NULL || !may_choose(p, badge)) {
            continue;
        }
        if (!judge_lost_list(course, badge, p->arena, &lost, &count, err)) {
            return false;
        }
        for (size_t k = 0; k < count; k++) {
            json_t *one = lost_model(p, course, badge, &lost[k], k, json_array_size(list));
            (void)json_array_append_new(list, one);
        }
    }
    page_set_bool(model, "has_lost", json_array_size(list) > 0);
    return true;
}

void page_add_broken(const struct page *p, json_t *model, const struct judge_course *course) {
    json_t *list = json_array();
    for (size_t i = 0; i < course->badge_count && course->course.synced_at != 0; i++) {
        const struct judge_badge *badge = &course->badges[i];
        if (badge->problem.len == 0) {
            continue;
        }
        json_t *one = json_object();
        json_t *link = json_object();
        page_set_text(one, "text",
                      sv_printf(p->arena, "%.*s: %.*s",
                                SV_ARG(sv_clip_utf8(badge->stored.name, TITLE_BYTES_MAX)),
                                SV_ARG(page_full_stop(p->arena, badge->problem))));
        page_set_text(link, "url", page_path(p, "items"));
        page_set_text(link, "label", SV("Look at the items of this course"));
        (void)json_object_set_new(one, "link", link);
        (void)json_array_append_new(list, one);
    }
    page_set_bool(model, "has_broken", json_array_size(list) > 0);
    (void)json_object_set_new(model, "broken", list);
}

struct choice {
    const struct judge_badge *badge;
    struct judge_lost *lost;
    size_t count;
    int64_t ref;
    struct sv seen, item;
};

static bool read_choice(struct page *p, const struct judge_course *course, struct choice *out,
                        struct err *err) {
    struct web_form form = {0};
    struct sv badge = {0};
    struct sv ref = {0};
    if (!web_form_upload(p->req, &form, err) || !web_form_one(&form, "badge", &badge, err) ||
        !web_form_one(&form, "ref", &ref, err) || !web_form_one(&form, "seen", &out->seen, err) ||
        !web_form_one(&form, "item", &out->item, err) ||
        !page_course_badge(course, badge, &out->badge, err)) {
        return false;
    }
    if (!may_choose(p, out->badge)) {
        return err_because(err, ERR_DENIED, "issuer",
                           "your rights are for badges of other issuers");
    }
    if (!judge_lost_list(course, out->badge, p->arena, &out->lost, &out->count, err)) {
        return false;
    }
    if (!sv_eq(out->seen, seen_of(p, out->badge)) ||
        !num_parse_i64(ref, 0, (int64_t)out->count - 1, &out->ref)) {
        return err_because(err, ERR_CONFLICT, "seen",
                           "the badge or the course has changed since the page was loaded; look at "
                           "it again");
    }
    return true;
}

static bool find_item(const struct page *p, const struct judge_course *course,
                      const struct choice *choice, const struct model_item **out, struct err *err) {
    if (choice->item.len == 0) {
        return err_because(err, ERR_INPUT, "item", "choose what counts instead first");
    }
    for (size_t i = 0; i < course->item_count; i++) {
        const struct model_item *item = &course->items[i];
        if (judge_lost_fits(&choice->lost[choice->ref], item) &&
            sv_eq(choice->item, page_item_value(p, item))) {
            *out = item;
            return true;
        }
    }
    return err_because(err, ERR_CONFLICT, "item",
                       "the item that was chosen is not in this course any more; load the page "
                       "again");
}

bool page_items_choose(struct page *p, struct err *err) {
    struct judge_course course = {0};
    struct choice choice = {0};
    const struct model_item *item = NULL;
    struct store_mapping_choice save = {.institution_id = p->session.institution_id,
                                        .course_id = p->session.context_id,
                                        .person_id = p->session.person_id};
    if (!page_course_load(p, &course, err) || !read_choice(p, &course, &choice, err) ||
        !find_item(p, &course, &choice, &item, err) ||
        !judge_lost_map(choice.badge, &choice.lost[choice.ref], item, p->arena, &save.item_map,
                        err)) {
        return false;
    }
    save.badge_id = choice.badge->stored.id;
    save.was = choice.badge->stored.item_map;
    return store_mapping_items_set(p->app->options.store, &save, err) &&
           web_see_other(p->resp, page_path(p, "items?done=chosen"), err);
}
