/* The items of the course by title, as rules name them. As JSON for scripts: the same, in data. */
#include "page_items.h"
#include "base_encode.h"
#include <stdlib.h>

#define ROWS_PER_PAGE 50
#define SEARCH_BYTES_MAX 200
#define PEOPLE_NONE ((struct store_item_people){0})

/* The choices above the list, and what each kind of item is: its word, and how rules name it. */
enum { ALL, ACTIVITIES, MODULES, OUTCOMES, COURSE, CHOICES };
static const struct {
    const char *key, *label;
} choices[] = {[ALL] = {"all", "All"},
               [ACTIVITIES] = {"item", "Activities"},
               [MODULES] = {"module", "Modules"},
               [OUTCOMES] = {"outcome", "Outcomes"},
               [COURSE] = {"course", "Whole course"}};
static const struct {
    int choice;
    enum badge_rule_kind rule;
    const char *word;
} kinds[] = {
    [MODEL_ITEM_ACTIVITY] = {ACTIVITIES, BADGE_RULE_ITEM, "Activity"},
    [MODEL_ITEM_COURSE_FINAL] = {COURSE, BADGE_RULE_COURSE_TOTAL, "Final total"},
    [MODEL_ITEM_COURSE_CURRENT] = {COURSE, BADGE_RULE_COURSE_TOTAL, "Total so far"},
    [MODEL_ITEM_COURSE_COMPLETION] = {COURSE, BADGE_RULE_COURSE_COMPLETED, "Completion"},
    [MODEL_ITEM_MODULE] = {MODULES, BADGE_RULE_MODULE, "Module"},
    [MODEL_ITEM_OUTCOME] = {OUTCOMES, BADGE_RULE_OUTCOME, "Outcome"},
};

struct view {
    struct judge_course course;
    const struct model_item **found; /* fitting search and choice, in order */
    size_t found_count;
    size_t counts[CHOICES]; /* fitting the search */
    struct sv search;
    size_t choice;
    size_t page; /* from 0 */
    struct store_item_people *people;
    size_t people_count;
};

/* What is there first, each kind together, by title. */
static int by_title(const void *left, const void *right) {
    const struct model_item *a = *(const struct model_item *const *)left;
    const struct model_item *b = *(const struct model_item *const *)right;
    if (a->is_gone != b->is_gone) {
        return a->is_gone ? 1 : -1;
    }
    if (kinds[a->kind].choice != kinds[b->kind].choice) {
        return kinds[a->kind].choice - kinds[b->kind].choice;
    }
    int order = page_search_cmp(a->title, b->title);
    return order != 0 ? order : (a->id > b->id) - (a->id < b->id);
}

/* An address that says nonsense shows everything. */
static bool read_query(struct page *p, struct view *v, struct err *err) {
    struct web_form query = {0};
    struct sv kind = {0};
    struct sv page = {0};
    int64_t number = 1;
    if (!web_query(p->req, &query, err) || !web_form_one(&query, "search", &v->search, err) ||
        !web_form_one(&query, "kind", &kind, err) || !web_form_one(&query, "page", &page, err)) {
        return false;
    }
    v->search = sv_clip_utf8(sv_trim(v->search), SEARCH_BYTES_MAX);
    for (size_t i = 0; i < CHOICES; i++) {
        v->choice = sv_eq(kind, sv_from(choices[i].key)) ? i : v->choice;
    }
    v->page = num_parse_i64(page, 1, 1000000, &number) ? (size_t)number - 1 : 0;
    return true;
}

static void find(const struct page *p, struct view *v) {
    v->found = ARENA_ARRAY(p->arena, const struct model_item *, v->course.item_count);
    for (size_t i = 0; i < v->course.item_count; i++) {
        const struct model_item *item = &v->course.items[i];
        if (!page_search_fits(item->title, v->search)) {
            continue;
        }
        v->counts[ALL]++;
        v->counts[kinds[item->kind].choice]++;
        if (v->choice == ALL || (size_t)kinds[item->kind].choice == v->choice) {
            v->found[v->found_count++] = item;
        }
    }
    if (v->found_count > 0) {
        qsort(v->found, v->found_count, sizeof(const struct model_item *), by_title);
    }
    v->page = v->page * ROWS_PER_PAGE < v->found_count ? v->page : 0;
}

static size_t first_of(const struct view *v) { return v->page * ROWS_PER_PAGE; }

static size_t end_of(const struct view *v) {
    size_t end = first_of(v) + ROWS_PER_PAGE;
    return end < v->found_count ? end : v->found_count;
}

static bool load(struct page *p, struct view *v, struct err *err) {
    if (!read_query(p, v, err) || !page_course_load(p, &v->course, err)) {
        return false;
    }
    find(p, v);
    size_t count = end_of(v) - first_of(v);
    int64_t *ids = ARENA_ARRAY(p->arena, int64_t, count);
    for (size_t i = 0; i < count; i++) {
        ids[i] = v->found[first_of(v) + i]->id;
    }
    return count == 0 || store_item_people_list(p->app->options.store, p->session.institution_id,
                                                p->session.context_id, ids, count, p->arena,
                                                &v->people, &v->people_count, err);
}

static struct store_item_people people_of(const struct view *v, const struct model_item *item) {
    for (size_t i = 0; i < v->people_count; i++) {
        if (v->people[i].item_id == item->id) {
            return v->people[i];
        }
    }
    return PEOPLE_NONE;
}

/* As a rule names it, by id; what a rule says of the whole course has none. */
static json_t *reference(const struct model_item *item) {
    json_t *out = json_object();
    json_t *ref = json_object();
    static const char *const names[] = {
        [ACTIVITIES] = "item", [MODULES] = "module", [OUTCOMES] = "outcome", [COURSE] = "course"};
    const char *name = names[kinds[item->kind].choice];
    if (item->kind == MODEL_ITEM_COURSE_COMPLETION) {
        json_decref(ref);
        page_set_text(out, name, SV("completed"));
        return out;
    }
    if (kinds[item->kind].choice == COURSE) {
        (void)json_object_set_new(ref, "min_percent", json_integer(75));
        page_set_text(ref, "total",
                      item->kind == MODEL_ITEM_COURSE_FINAL ? SV("final") : SV("current"));
    } else {
        page_set_text(ref, "source", item->source);
        page_set_text(ref, "id", item->ref);
    }
    (void)json_object_set_new(out, name, ref);
    return out;
}

/* The same by title, which also fits copies of the course; null when it does not say which. */
static json_t *title_reference(const struct view *v, const struct model_item *item) {
    const struct badge_rule leaf = {.kind = kinds[item->kind].rule,
                                    .ref = {.title = sv_trim(item->title)}};
    if (kinds[item->kind].choice == COURSE || leaf.ref.title.len == 0 ||
        badge_plan_find(&v->course.catalogue, &leaf) != item) {
        return json_null();
    }
    json_t *out = json_object();
    page_set_text(out, choices[kinds[item->kind].choice].key, leaf.ref.title);
    return out;
}

static json_t *number(bool has, struct dec d) {
    char text[DEC_TEXT_MAX];
    return has ? json_string(dec_format(d, text)) : json_null();
}

static json_t *item_data(const struct view *v, const struct model_item *item) {
    char due[RFC3339_MAX];
    struct store_item_people people = people_of(v, item);
    json_t *out = json_object();
    page_set_text(out, "kind", sv_from(kinds[item->kind].word));
    page_set_text(out, "title", item->title);
    page_set_text(out, "source", item->source);
    page_set_text(out, "id", item->ref);
    (void)json_object_set_new(out, "maximum", number(item->has_maximum, item->maximum));
    (void)json_object_set_new(out, "pass_mark", number(item->has_pass_mark, item->pass_mark));
    page_set_bool(out, "has_completion", item->has_completion);
    (void)json_object_set_new(out, "due_at",
                              item->due_at == 0 ? json_null()
                                                : json_string(rfc3339_format(item->due_at, due)));
    page_set_bool(out, "is_gone", item->is_gone);
    (void)json_object_set_new(out, "scored", json_integer(people.scored));
    (void)json_object_set_new(out, "completed", json_integer(people.completed));
    (void)json_object_set_new(out, "reference", item->is_gone ? json_null() : reference(item));
    (void)json_object_set_new(out, "title_reference",
                              item->is_gone ? json_null() : title_reference(v, item));
    return out;
}

static bool answer_json(struct page *p, const struct view *v, struct err *err) {
    AUTO_JSON *out = json_object();
    json_t *list = json_array();
    for (size_t i = first_of(v); i < end_of(v); i++) {
        (void)json_array_append_new(list, item_data(v, v->found[i]));
    }
    size_t pages = (v->found_count + ROWS_PER_PAGE - 1) / ROWS_PER_PAGE;
    (void)json_object_set_new(out, "items", list);
    (void)json_object_set_new(out, "total", json_integer((json_int_t)v->found_count));
    (void)json_object_set_new(out, "page", json_integer((json_int_t)v->page + 1));
    (void)json_object_set_new(out, "pages", json_integer((json_int_t)(pages == 0 ? 1 : pages)));
    return web_json(p->resp, 200, NULL, out, err);
}

static struct sv facts_words(const struct page *p, const struct model_item *item) {
    struct str out;
    char text[DEC_TEXT_MAX];
    str_init(&out, p->arena, 512);
    if (item->has_maximum) {
        str_addf(&out, "%s points. ", dec_format(item->maximum, text));
    }
    if (item->has_pass_mark) {
        str_addf(&out, "Pass mark %s. ", dec_format(item->pass_mark, text));
    }
    if (item->has_completion) {
        str_add_c(&out, "Completion is tracked. ");
    }
    if (item->due_at != 0) {
        char when[TEXT_TIME_MAX];
        str_addf(&out, "Due %s.", text_date_time(p->zone, item->due_at, when));
    }
    return str_sv(&out);
}

static struct sv people_words(const struct page *p, struct store_item_people people) {
    char scored[TEXT_TIME_MAX];
    char completed[TEXT_TIME_MAX];
    (void)text_count(people.scored, "person", "people", scored);
    (void)text_count(people.completed, "person", "people", completed);
    bool has_both = people.scored > 0 && people.completed > 0;
    return people.scored == 0 && people.completed == 0 ? SV("Nobody has a score yet.")
           : has_both ? sv_printf(p->arena, "%s with a score, %s complete.", scored, completed)
           : people.scored > 0 ? sv_printf(p->arena, "%s with a score.", scored)
                               : sv_printf(p->arena, "%s complete.", completed);
}

static void add_ref(const struct page *p, json_t *list, json_t *taken) {
    AUTO_JSON *ref = taken;
    if (!json_is_null(ref)) {
        json_t *one = json_object();
        page_set_text(one, "text", js_dump(p->arena, ref));
        (void)json_array_append_new(list, one);
    }
}

static json_t *item_model(const struct page *p, const struct view *v,
                          const struct model_item *item) {
    json_t *out = json_object();
    json_t *refs = json_array();
    if (!item->is_gone) {
        add_ref(p, refs, title_reference(v, item));
        add_ref(p, refs, reference(item));
    }
    page_set_text(out, "title", item->title.len > 0 ? item->title : item->ref);
    page_set_text(out, "kind", sv_from(kinds[item->kind].word));
    page_set_bool(out, "is_gone", item->is_gone);
    page_set_text(out, "facts", facts_words(p, item));
    page_set_text(out, "people", people_words(p, people_of(v, item)));
    page_set_bool(out, "has_refs", json_array_size(refs) > 0);
    (void)json_object_set_new(out, "refs", refs);
    return out;
}

static json_t *url_of(const struct page *p, const struct view *v, size_t choice, size_t page) {
    struct str url;
    str_init(&url, p->arena, 2048);
    str_add(&url, page_path(p, "items?kind=%s", choices[choice].key));
    if (v->search.len > 0) {
        str_add_c(&url, "&search=");
        percent_encode(&url, v->search);
    }
    if (page > 0) {
        str_addf(&url, "&page=%zu", page + 1);
    }
    json_t *out = json_object();
    page_set_text(out, "url", str_sv(&url));
    return out;
}

static json_t *filter(const struct page *p, const struct view *v) {
    if (v->course.item_count == 0) {
        return json_null();
    }
    json_t *out = json_object();
    json_t *options = json_array();
    json_t *clear = json_null();
    for (size_t i = 0; i < CHOICES; i++) {
        json_t *option = url_of(p, v, i, 0);
        page_set_text(option, "label", sv_from(choices[i].label));
        page_set_bool(option, "is_current", i == v->choice);
        (void)json_object_set_new(option, "count", page_json_textf(p->arena, "%zu", v->counts[i]));
        (void)json_array_append_new(options, option);
    }
    if (v->search.len > 0 || v->choice != ALL) {
        clear = json_object();
        page_set_text(clear, "url", page_path(p, "items"));
    }
    page_set_text(out, "action", page_path(p, "items"));
    page_set_text(out, "search", v->search);
    page_set_text(out, "kind", sv_from(choices[v->choice].key));
    (void)json_object_set_new(out, "options", options);
    (void)json_object_set_new(out, "clear", clear);
    return out;
}

static json_t *paging(const struct page *p, const struct view *v) {
    if (v->found_count <= ROWS_PER_PAGE) {
        return json_null();
    }
    json_t *out = json_object();
    (void)json_object_set_new(out, "previous",
                              v->page == 0 ? json_null() : url_of(p, v, v->choice, v->page - 1));
    (void)json_object_set_new(out, "next",
                              end_of(v) == v->found_count ? json_null()
                                                          : url_of(p, v, v->choice, v->page + 1));
    return out;
}

static void fill(const struct page *p, json_t *model, const struct view *v) {
    json_t *list = json_array();
    for (size_t i = first_of(v); i < end_of(v); i++) {
        (void)json_array_append_new(list, item_model(p, v, v->found[i]));
    }
    page_set_bool(model, "is_unread", v->course.item_count == 0);
    (void)json_object_set_new(model, "filter", filter(p, v));
    page_set_text(model, "summary",
                  v->found_count == 0 ? SV("")
                                      : sv_printf(p->arena, "Items %zu to %zu of %zu",
                                                  first_of(v) + 1, end_of(v), v->found_count));
    page_set_bool(model, "is_no_match", v->course.item_count > 0 && v->found_count == 0);
    page_set_bool(model, "has_items", v->found_count > 0);
    (void)json_object_set_new(model, "items", list);
    (void)json_object_set_new(model, "paging", paging(p, v));
}

bool page_items(struct page *p, struct err *err) {
    struct view v = {0};
    if (!load(p, &v, err)) {
        return false;
    }
    if (page_wants_json(p)) {
        return answer_json(p, &v, err);
    }
    json_t *model = page_model(p, SV("Items of this course"));
    page_add_header(p, model, "items");
    page_add_notice(p, model);
    fill(p, model, &v);
    if (!page_items_add_lost(p, &v.course, model, err)) {
        json_decref(model);
        return false;
    }
    return page_render(p, 200, "items.html", model, err);
}
