/* A course that was copied: which badges it takes over, and which of its items count for them.
 *
 * A teacher of the new course may confirm for badges of any issuer: the rule stays as the badge's
 * admins wrote it, and choosing which items of one's own course fit it gives a teacher nothing that
 * grading does not. A badge admin with rights for some issuers decides for those. */
#include "page_copy.h"
#include "base_encode.h"
#include "judge_copy.h"
#include "page_course.h"
#include "store_copy.h"

/* Questions on one page; a form has 200 fields at most. What comes after is taken as found. */
#define QUESTIONS_MAX 150
#define TITLE_BYTES_MAX 120
#define ITEM_BYTES_MAX 480

static bool may_take(const void *ctx, const struct store_badge *badge) {
    const struct page *p = ctx;
    return p->session.role == MODEL_ROLE_TEACHER || page_may_issue(p, badge->issuer_key);
}

struct view {
    struct store_copy row;
    struct judge_copy copy;
    const struct model_item **chosen; /* one an item of the copy */
};

static bool load(struct page *p, struct view *v, struct err *err) {
    struct store *store = p->app->options.store;
    bool is_found = false;
    if (p->session.context_id != 0 &&
        !store_copy_get(store, p->session.institution_id, p->session.context_id, p->arena, &v->row,
                        &is_found, err)) {
        return false;
    }
    if (!is_found) {
        return err_because(err, ERR_NOT_FOUND, "copy",
                           "no copied course waits for an answer here; somebody may have given it");
    }
    const struct judge_copy_want want = {.institution_id = p->session.institution_id,
                                         .course_id = p->session.context_id,
                                         .origin_id = v->row.origin_id,
                                         .may_take = may_take,
                                         .ctx = p};
    if (!judge_copy_load(store, &want, p->arena, &v->copy, err)) {
        return false;
    }
    v->chosen = ARENA_ARRAY(p->arena, const struct model_item *, v->copy.item_count);
    for (size_t i = 0; i < v->copy.item_count; i++) {
        v->chosen[i] = v->copy.items[i].proposed;
    }
    return true;
}

static bool is_unread(const struct view *v) { return v->copy.course.course.synced_at == 0; }

/* What was looked at: an answer to anything else is not taken. */
static struct sv seen(const struct page *p, const struct view *v) {
    struct str all;
    unsigned char sum[32];
    str_init(&all, p->arena, (size_t)8 << 20);
    str_add(&all, v->row.origin_public_id);
    for (size_t i = 0; i < v->copy.badge_count; i++) {
        const struct store_badge *b = &v->copy.badges[i].badge->stored;
        str_addf(&all, "\n%.*s %lld", SV_ARG(b->public_id), (long long)b->rule_version);
    }
    for (size_t i = 0; i < v->copy.item_count; i++) {
        const struct badge_rule *leaf = v->copy.items[i].leaf;
        str_addf(&all, "\n%d %.*s|%.*s|%.*s", (int)leaf->kind, SV_ARG(leaf->ref.title),
                 SV_ARG(leaf->ref.source), SV_ARG(leaf->ref.id));
    }
    sha256(all.ptr, all.len, sum);
    return hex_encode(p->arena, sum, 16);
}

static struct sv value_of(const struct page *p, const struct model_item *item) {
    return sv_printf(p->arena, "%.*s:%.*s", SV_ARG(item->source), SV_ARG(item->ref));
}

/* Two items of one title are told apart by the platform's id. */
static struct sv label_of(const struct page *p, const struct view *v,
                          const struct model_item *item) {
    struct sv title = sv_clip_utf8(item->title, TITLE_BYTES_MAX);
    size_t same = 0;
    for (size_t i = 0; i < v->copy.course.item_count; i++) {
        const struct model_item *other = &v->copy.course.items[i];
        same += other->kind == item->kind && !other->is_gone && sv_eq(other->title, item->title);
    }
    return same < 2 ? title
                    : sv_printf(p->arena, "%.*s (%.*s)", SV_ARG(title),
                                SV_ARG(sv_clip_utf8(item->ref, TITLE_BYTES_MAX)));
}

static void add_option(json_t *options, struct sv value, struct sv label, bool is_chosen) {
    json_t *one = json_object();
    page_set_text(one, "value", value);
    page_set_text(one, "label", label);
    page_set_bool(one, "is_chosen", is_chosen);
    (void)json_array_append_new(options, one);
}

static json_t *question(const struct page *p, const struct view *v, size_t index) {
    const struct judge_copy_item *item = &v->copy.items[index];
    json_t *out = json_object();
    json_t *options = json_array();
    add_option(options, SV(""), SV("Not in this course"), v->chosen[index] == NULL);
    for (size_t i = 0; i < v->copy.course.item_count; i++) {
        const struct model_item *here = &v->copy.course.items[i];
        if (judge_copy_fits(item, here)) {
            add_option(options, value_of(p, here), label_of(p, v, here), here == v->chosen[index]);
        }
    }
    page_set_text(out, "name", sv_printf(p->arena, "item-%zu", index));
    page_set_text(out, "title", sv_clip_utf8(item->title, ITEM_BYTES_MAX));
    page_set_text(out, "state", v->chosen[index] == NULL ? SV("problem") : SV("met"));
    (void)json_object_set_new(out, "options", options);
    return out;
}

static void set_verdict(const struct page *p, json_t *out, const struct judge_copy_trial *t) {
    if (!t->is_whole) {
        page_set_text(out, "state", SV("review"));
        page_set_text(out, "word", SV("Needs an item"));
        page_set_text(out, "text",
                      sv_printf(p->arena,
                                "Not found in this course: %.*s. Choose below what counts instead; "
                                "without it, this badge is not switched on here.",
                                SV_ARG(t->missing)));
    } else if (t->problem.len > 0) {
        page_set_text(out, "state", SV("problem"));
        page_set_text(out, "word", SV("Needs a look"));
        page_set_text(out, "text",
                      sv_printf(p->arena,
                                "%.*s If you switch it on, it waits until that is mended.",
                                SV_ARG(page_full_stop(p->arena, t->problem))));
    } else {
        page_set_text(out, "state", SV("earned"));
        page_set_text(out, "word", SV("Ready"));
        page_set_text(out, "text", SV(""));
    }
}

static json_t *badge_model(const struct page *p, const struct view *v, size_t index) {
    const struct judge_copy_badge *b = &v->copy.badges[index];
    const struct store_badge *stored = &b->badge->stored;
    json_t *out = json_object();
    struct sv words = badge_rule_words(p->arena, b->shown);
    page_set_text(out, "name", stored->name);
    page_set_text(out, "image", page_badge_image(p, stored->public_id));
    page_set_text(out, "rule", page_unbroken(p->arena, words));
    if (is_unread(v)) {
        page_set_text(out, "state", SV("not_yet"));
        page_set_text(out, "word", SV("Not looked at yet"));
        page_set_text(out, "text", SV(""));
        return out;
    }
    const struct judge_copy_trial trial = judge_copy_try(&v->copy, b, v->chosen, p->arena);
    set_verdict(p, out, &trial);
    return out;
}

static json_t *form(const struct page *p, const struct view *v, const char *decision,
                    struct sv label) {
    json_t *out = json_object();
    page_set_text(out, "action", page_path(p, "copy/%s", decision));
    page_set_text(out, "csrf", page_csrf(p));
    page_set_text(out, "seen", seen(p, v));
    page_set_text(out, "label", label);
    return out;
}

static bool show(struct page *p, const struct view *v, const char *problem, struct err *err) {
    json_t *model = page_model(p, SV("A copied course"));
    json_t *badges = json_array();
    json_t *items = json_array();
    for (size_t i = 0; i < v->copy.badge_count; i++) {
        (void)json_array_append_new(badges, badge_model(p, v, i));
    }
    for (size_t i = 0; i < v->copy.item_count && i < QUESTIONS_MAX && !is_unread(v); i++) {
        (void)json_array_append_new(items, question(p, v, i));
    }
    bool has_badges = v->copy.badge_count > 0;
    page_add_header(p, model, "");
    page_add_notice(p, model);
    if (problem != NULL) {
        json_t *notice = json_object();
        page_set_text(notice, "kind", SV("problem"));
        page_set_text(notice, "title", SV("Nothing was switched on"));
        page_set_text(notice, "text", sv_from(problem));
        (void)json_object_set_new(model, "notice", notice);
    }
    page_set_text(model, "origin", sv_clip_utf8(v->row.origin_title, TITLE_BYTES_MAX));
    page_set_bool(model, "is_unread", is_unread(v));
    page_set_bool(model, "has_badges", has_badges);
    page_set_bool(model, "has_items", json_array_size(items) > 0);
    (void)json_object_set_new(model, "badges", badges);
    (void)json_object_set_new(model, "items", items);
    (void)json_object_set_new(model, "confirm",
                              is_unread(v) || !has_badges
                                  ? json_null()
                                  : form(p, v, "confirm", SV("Switch these badges on here")));
    (void)json_object_set_new(model, "decline",
                              has_badges ? form(p, v, "decline", SV("No, leave the badges out"))
                                         : json_null());
    return page_render(p, problem == NULL ? 200 : 400, "copy.html", model, err);
}

bool page_copy(struct page *p, struct err *err) {
    struct view v = {0};
    return load(p, &v, err) && show(p, &v, NULL, err);
}

/* The answers; a question that was not asked is answered as proposed. */
static bool read_answers(struct page *p, const struct web_form *answers, struct view *v,
                         struct err *err) {
    for (size_t i = 0; i < v->copy.item_count && i < QUESTIONS_MAX; i++) {
        struct sv value = {0};
        const char *name = arena_printf(p->arena, "item-%zu", i);
        if (!web_form_one(answers, name, &value, err)) {
            return false;
        }
        v->chosen[i] = NULL;
        for (size_t k = 0; k < v->copy.course.item_count && value.len > 0; k++) {
            const struct model_item *here = &v->copy.course.items[k];
            if (judge_copy_fits(&v->copy.items[i], here) && sv_eq(value, value_of(p, here))) {
                v->chosen[i] = here;
            }
        }
        if (value.len > 0 && v->chosen[i] == NULL) {
            return err_because(err, ERR_CONFLICT, "item",
                               "an item that was chosen is not in this course any more; load the "
                               "page again");
        }
    }
    return true;
}

static size_t take_badges(const struct page *p, const struct view *v,
                          struct store_copy_badge *out) {
    size_t count = 0;
    for (size_t i = 0; i < v->copy.badge_count; i++) {
        const struct judge_copy_badge *b = &v->copy.badges[i];
        const struct judge_copy_trial trial = judge_copy_try(&v->copy, b, v->chosen, p->arena);
        if (trial.is_whole) {
            out[count++] = (struct store_copy_badge){.badge_id = b->badge->stored.id,
                                                     .item_map = trial.item_map};
        }
    }
    return count;
}

static bool confirm(struct page *p, const struct web_form *answers, struct view *v,
                    struct store_copy_answer *answer, struct err *err) {
    if (is_unread(v)) {
        return err_because(err, ERR_CONFLICT, "unread",
                           "this course's grades have not been read yet");
    }
    if (!read_answers(p, answers, v, err)) {
        return false;
    }
    struct store_copy_badge *badges =
        ARENA_ARRAY(p->arena, struct store_copy_badge, v->copy.badge_count);
    answer->badge_count = take_badges(p, v, badges);
    answer->badges = badges;
    answer->is_confirmed = true;
    return true;
}

bool page_copy_decide(struct page *p, struct err *err) {
    struct view v = {0};
    struct web_form answers = {0};
    struct sv was_seen = {0};
    struct sv decision = web_arg(p->req, "decision");
    bool is_confirmed = sv_eq(decision, SV("confirm"));
    if (!is_confirmed && !sv_eq(decision, SV("decline"))) {
        return err_because(err, ERR_NOT_FOUND, "route", "there is no such page");
    }
    if (!web_form_upload(p->req, &answers, err) ||
        !web_form_one(&answers, "seen", &was_seen, err) || !load(p, &v, err)) {
        return false;
    }
    if (!sv_eq(was_seen, seen(p, &v))) {
        return err_because(err, ERR_CONFLICT, "seen",
                           "badges or rules have changed since the page was loaded; look at it "
                           "again");
    }
    struct store_copy_answer answer = {.institution_id = p->session.institution_id,
                                       .course_id = p->session.context_id,
                                       .origin_id = v.row.origin_id,
                                       .person_id = p->session.person_id};
    if (is_confirmed && !confirm(p, &answers, &v, &answer, err)) {
        return false;
    }
    if (is_confirmed && answer.badge_count == 0) {
        return show(p, &v, "Choose an item for at least one badge, or leave the badges out.", err);
    }
    if (!store_copy_decide(p->app->options.store, &answer, err)) {
        return false;
    }
    const char *done = !is_confirmed                             ? "copy_declined"
                       : answer.badge_count < v.copy.badge_count ? "copied_some"
                                                                 : "copied";
    return web_see_other(p->resp, page_path(p, "grid?done=%s", done), err);
}
