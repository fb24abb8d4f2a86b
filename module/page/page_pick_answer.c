/* The answer to a deep linking request: built from the stored request and the database alone,
 * signed, and carried to the platform by the teacher's browser (attacks.md E11, H4). */
#include "jose_jws.h"
#include "lti_ags.h"
#include "page_pick.h"
#include "store_key.h"

/* A picture at an address that outlives releases: platforms keep it with the link. */
#define ICON_PX 64

/* What the item's pointers lead to. */
struct item_parts {
    struct lti_deep_link_custom custom[2];
    struct lti_lineitem_want lineitem;
};

struct answer {
    struct lti_deep_link_item items[LTI_DEEP_LINK_ITEMS_MAX];
    struct item_parts parts[LTI_DEEP_LINK_ITEMS_MAX];
    int64_t mapped[LTI_DEEP_LINK_ITEMS_MAX], columns[LTI_DEEP_LINK_ITEMS_MAX];
    size_t count, mapped_count, column_count;
};

bool page_pick_has_column(const struct page *p, const struct page_pick *pick,
                          const struct store_badge *badge, bool *has_column, struct err *err) {
    struct model_badge definition = {0};
    if (!judge_definition_read(p->arena, badge->definition, &definition, err)) {
        return false;
    }
    bool is_there = false;
    for (size_t i = 0; i < pick->column_count; i++) {
        is_there = is_there || pick->columns[i] == badge->id;
    }
    *has_column = definition.is_in_gradebook && !is_there &&
                  pick->asked.lineitem != LTI_ACCEPT_NO && p->session.context_id != 0;
    return true;
}

/* Moodle binds an activity without an address to the tool it was chosen with; with one it looks for
 * a tool that fits, and loses resourceId and tag on the way (moodle.md 5). */
static struct sv item_url(const struct page *p, const struct page_pick *pick) {
    struct sv base = p->app->options.base_url;
    return sv_eq(pick->stored.product, SV("moodle")) ? sv_of(NULL, 0)
           : pick->stored.is_shared ? sv_printf(p->arena, "%.*s/lti/launch/%.*s", SV_ARG(base),
                                                SV_ARG(pick->registration.slug))
                                    : sv_printf(p->arena, "%.*s/lti/launch", SV_ARG(base));
}

static void add_view(const struct page_pick_view *view, struct lti_deep_link_item *item,
                     struct item_parts *parts) {
    item->title = view->title;
    item->text = view->text;
    parts->custom[0] =
        (struct lti_deep_link_custom){.name = SV(LTI_CUSTOM_VIEW), .value = view->key};
    item->custom_count = 1;
}

static bool add_badge(const struct page *p, const struct page_pick *pick,
                      const struct store_badge *badge, struct answer *answer, struct err *err) {
    struct lti_deep_link_item *item = &answer->items[answer->count];
    struct item_parts *parts = &answer->parts[answer->count];
    struct model_badge definition = {0};
    bool has_column = false;
    if (!judge_definition_read(p->arena, badge->definition, &definition, err) ||
        !page_pick_has_column(p, pick, badge, &has_column, err)) {
        return false;
    }
    item->title = badge->name;
    item->text = definition.description;
    parts->custom[0] =
        (struct lti_deep_link_custom){.name = SV(LTI_CUSTOM_VIEW), .value = SV("badge")};
    parts->custom[1] =
        (struct lti_deep_link_custom){.name = SV(LTI_CUSTOM_BADGE), .value = badge->public_id};
    item->custom_count = 2;
    if (has_column) {
        /* The very column that job_score looks for. */
        parts->lineitem = (struct lti_lineitem_want){.label = badge->name,
                                                     .maximum = dec_from_i64(1),
                                                     .resource_id = badge->public_id,
                                                     .tag = SV(MODEL_BADGE_LINE_TAG)};
        item->lineitem = &parts->lineitem;
        answer->columns[answer->column_count++] = badge->id;
    }
    return true;
}

static bool build(const struct page *p, const struct page_pick *pick,
                  const struct page_picked *picked, size_t count, struct answer *out,
                  struct err *err) {
    struct sv icon = sv_printf(p->arena, "%.*s" PAGE_ICON_PATH, SV_ARG(p->app->options.base_url));
    struct sv url = item_url(p, pick);
    for (size_t i = 0; i < count; i++) {
        out->items[i] = (struct lti_deep_link_item){
            .url = url, .icon_url = icon, .icon_px = ICON_PX, .custom = out->parts[i].custom};
        if (picked[i].view != NULL) {
            add_view(picked[i].view, &out->items[i], &out->parts[i]);
        } else if (!add_badge(p, pick, picked[i].badge, out, err)) {
            return false;
        }
        if (picked[i].is_new) {
            out->mapped[out->mapped_count++] = picked[i].badge->id;
        }
        out->count++;
    }
    return true;
}

static struct sv message(const struct page *p, const struct answer *answer) {
    return answer->count == 0 ? sv_of(NULL, 0)
           : answer->count == 1
               ? sv_printf(p->arena, "Chosen: %.*s", SV_ARG(answer->items[0].title))
               : sv_printf(p->arena, "%zu things chosen.", answer->count);
}

static bool sign(struct page *p, const struct page_pick *pick, const struct answer *answer,
                 struct sv *jwt, struct err *err) {
    AUTO_JSON *claims = NULL;
    AUTO_JOSE_KEY *key = NULL;
    struct store_key row = {0};
    struct sv pem = {0};
    const struct lti_deep_link_answer say = {.client_id = pick->registration.client_id,
                                             .issuer = pick->registration.issuer,
                                             .deployment_id = pick->stored.deployment_id,
                                             .asked = &pick->asked,
                                             .items = answer->items,
                                             .item_count = answer->count,
                                             .message = message(p, answer),
                                             .now = p->now};
    return lti_deep_link_claims(&say, p->arena, &claims, err) &&
           store_key_current(p->app->options.store, pick->registration.id, p->arena, &row, &pem,
                             err) &&
           jose_key_from_pem(pem, row.kid, &key, err) &&
           jose_jwt_sign(key, claims, p->arena, jwt, err);
}

static bool show(struct page *p, const struct page_pick *pick, size_t count, struct sv jwt,
                 struct err *err) {
    json_t *model = page_model(p, SV("Back to your course"));
    page_set_text(model, "title", SV("Back to your course"));
    page_set_text(model, "text",
                  count == 0 ? SV("Nothing is added.")
                  : pick->asked.is_auto_created
                      ? SV("What you chose goes to your course now.")
                      : SV("What you chose goes to your course now. Your learning platform may ask "
                           "you to save it there."));
    page_set_text(model, "action", pick->asked.return_url);
    page_set_text(model, "jwt", jwt);
    return page_render(p, 200, "picked.html", model, err);
}

bool page_pick_answer(struct page *p, const struct page_pick *pick,
                      const struct page_picked *picked, size_t count, struct err *err) {
    struct answer *answer = ARENA_NEW(p->arena, struct answer);
    struct sv jwt = {0};
    if (!build(p, pick, picked, count, answer, err) || !sign(p, pick, answer, &jwt, err) ||
        !show(p, pick, count, jwt, err)) {
        return false;
    }
    /* Last: a page that an error has to replace is thrown away, a used request is not. */
    const struct store_deep_link_use use = {.institution_id = p->session.institution_id,
                                            .course_id = p->session.context_id,
                                            .actor_person_id = p->session.person_id,
                                            .launch_id = p->launch_id,
                                            .mapped = answer->mapped,
                                            .mapped_count = answer->mapped_count,
                                            .columns = answer->columns,
                                            .column_count = answer->column_count};
    return store_deep_link_use(p->app->options.store, &use, err);
}
