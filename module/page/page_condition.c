/* Explained conditions as the templates show them. */
#include "page_course.h"
#include <string.h>

#define LEVELS 3
#define NO_BREAK "\xC2\xA0"

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct sv page_unbroken(struct arena *a, struct sv text) {
    struct str out;
    str_init(&out, a, text.len * 2 + 1);
    for (size_t i = 0; i < text.len; i++) {
        struct sv rest = sv_skip(text, i + 1);
        bool is_unit = text.ptr[i] == ' ' && i > 0 && is_digit(text.ptr[i - 1]) &&
                       (sv_starts(rest, SV("%")) || sv_starts(rest, SV("point")));
        if (is_unit) {
            str_add_c(&out, NO_BREAK);
        } else {
            str_add_char(&out, text.ptr[i]);
        }
    }
    return str_sv(&out);
}

struct sv page_sentence_case(struct arena *a, struct sv text) {
    if (text.len == 0 || text.ptr[0] < 'a' || text.ptr[0] > 'z') {
        return text;
    }
    return sv_printf(a, "%c%.*s", text.ptr[0] - 'a' + 'A', SV_ARG(sv_skip(text, 1)));
}

struct sv page_full_stop(struct arena *a, struct sv text) {
    text = sv_trim(text);
    bool is_ended = text.len == 0 || sv_ends(text, SV(".")) || sv_ends(text, SV("?"));
    return is_ended ? text : sv_printf(a, "%.*s.", SV_ARG(text));
}

struct sv page_sentence(struct arena *a, struct sv text) {
    return page_sentence_case(a, page_full_stop(a, text));
}

/* "any of" alone hangs in the air. */
static struct sv group_words(struct arena *a, struct sv text) {
    bool is_open = sv_ends(text, SV(" of")) || sv_ends(text, SV(" from"));
    return is_open ? sv_printf(a, "%.*s these", SV_ARG(text)) : text;
}

static struct sv text_of(const json_t *obj, const char *key) {
    return js_sv(json_object_get(obj, key));
}

static const char *word_of(struct sv state, enum badge_voice voice) {
    bool is_teacher = voice == BADGE_VOICE_TEACHER;
    return sv_eq(state, SV("met"))       ? "Met"
           : sv_eq(state, SV("missed"))  ? "Missed"
           : sv_eq(state, SV("excused")) ? "Excused"
           : sv_eq(state, SV("needs_teacher"))
               ? (is_teacher ? "Waits for a teacher" : "Waiting for your teacher")
               : "Not yet";
}

/* The sentence where it says more than the line does, and than the one above the list. */
static struct sv detail_of(const struct page_conditions *v, const json_t *from, bool is_group) {
    struct sv state = text_of(from, "state");
    struct sv why = text_of(from, "why");
    struct sv detail = text_of(from, "detail");
    bool is_plain_group = is_group && sv_eq(why, SV("group")) && !sv_eq(state, SV("missed"));
    bool is_said = sv_eq(state, SV("met")) || is_plain_group || sv_eq(why, SV("not_attested")) ||
                   sv_eq(detail, v->said);
    return is_said ? SV("") : detail;
}

static const char *source_name(struct sv source) {
    return sv_eq(source, SV("moodle"))   ? "Moodle"
           : sv_eq(source, SV("canvas")) ? "Canvas"
           : sv_eq(source, SV("csv"))    ? "Gradebook file"
           : sv_eq(source, SV("ags"))    ? "Gradebook"
                                         : "Learning platform";
}

/* "Moodle, graded 2 May 2027, 10:12", for teachers. */
static struct sv source_of(const struct page_conditions *v, uint32_t node) {
    if (v->plan == NULL || v->verdict == NULL || v->verdict->results == NULL ||
        v->voice != BADGE_VOICE_TEACHER || v->plan->nodes[node].item == BADGE_NO_ITEM) {
        return SV("");
    }
    const struct model_item *item = &v->plan->catalogue->items[v->plan->nodes[node].item];
    const struct model_fact *fact = v->verdict->results[node].fact;
    if (fact == NULL) {
        return sv_printf(v->arena, "%s keeps nothing for it yet", source_name(item->source));
    }
    usec_t at = fact->graded_at != 0      ? fact->graded_at
                : fact->completed_at != 0 ? fact->completed_at
                                          : fact->submitted_at;
    const char *verb = fact->graded_at != 0      ? "graded"
                       : fact->completed_at != 0 ? "completed"
                                                 : "handed in";
    char when[TEXT_TIME_MAX];
    return at == 0 ? sv_printf(v->arena, "Read from %s", source_name(item->source))
                   : sv_printf(v->arena, "%s, %s %s", source_name(item->source), verb,
                               text_date_time(v->zone, at, when));
}

static json_t *line(const struct page_conditions *v, const json_t *from, uint32_t node) {
    json_t *obj = json_object();
    struct sv state = text_of(from, "state");
    struct sv needed = text_of(from, "needed");
    struct sv value = page_sentence_case(v->arena, text_of(from, "value"));
    bool is_group = sv_eq(text_of(from, "kind"), SV("group"));
    struct sv text = page_sentence_case(v->arena, group_words(v->arena, text_of(from, "text")));
    bool is_in_text = needed.len == 0 || memmem(text.ptr, text.len, needed.ptr, needed.len) != NULL;
    page_set_text(obj, "state", state);
    page_set_text(obj, "word", sv_from(word_of(state, v->voice)));
    page_set_text(obj, "text", page_unbroken(v->arena, text));
    page_set_text(obj, "value", page_unbroken(v->arena, value));
    page_set_text(obj, "needed",
                  is_in_text
                      ? SV("")
                      : page_unbroken(v->arena, sv_printf(v->arena, "needs %.*s", SV_ARG(needed))));
    page_set_text(obj, "detail", page_unbroken(v->arena, detail_of(v, from, is_group)));
    page_set_text(obj, "source", is_group ? SV("") : source_of(v, node));
    page_set_bool(obj, "has_children", false);
    (void)json_object_set_new(obj, "children", json_array());
    return obj;
}

static uint32_t child_node(const struct page_conditions *v, uint32_t node, size_t i) {
    return v->plan == NULL ? 0 : v->plan->nodes[node].first_child + (uint32_t)i;
}

/* Appends `from` and what is below it: nested while there are levels left, then one after another.
 */
static void add(const struct page_conditions *v, const json_t *from, uint32_t node, int level,
                json_t *list) {
    json_t *obj = line(v, from, node);
    (void)json_array_append_new(list, obj);
    const json_t *children = json_object_get(from, "children");
    bool is_flat = level >= LEVELS;
    json_t *into = is_flat ? list : json_object_get(obj, "children");
    for (size_t i = 0; i < json_array_size(children); i++) {
        add(v, json_array_get(children, i), child_node(v, node, i), level + 1, into);
    }
    page_set_bool(obj, "has_children", !is_flat && json_array_size(into) > 0);
}

json_t *page_conditions(const struct page_conditions *view, const json_t *explained) {
    json_t *list = json_array();
    const json_t *conditions = json_object_get(explained, "conditions");
    bool is_leaf = view->plan != NULL && !badge_rule_is_group(view->plan->nodes[0].kind);
    for (size_t i = 0; i < json_array_size(conditions); i++) {
        uint32_t node = is_leaf ? 0 : child_node(view, 0, i);
        add(view, json_array_get(conditions, i), node, 1, list);
    }
    return list;
}

/* An outline's entry in the shape of an explained one. */
static json_t *unknown(const json_t *entry) {
    json_t *obj = json_object();
    json_t *children = json_array();
    const json_t *below = json_object_get(entry, "children");
    (void)json_object_set(obj, "text", json_object_get(entry, "text"));
    page_set_text(obj, "state", SV("not_yet"));
    page_set_text(obj, "kind", json_array_size(below) > 0 ? SV("group") : SV("leaf"));
    for (size_t i = 0; i < json_array_size(below); i++) {
        (void)json_array_append_new(children, unknown(json_array_get(below, i)));
    }
    (void)json_object_set_new(obj, "children", children);
    return obj;
}

json_t *page_outline(struct arena *a, const struct badge_rule *rule) {
    AUTO_JSON *outline = badge_rule_outline(rule);
    AUTO_JSON *explained = json_object();
    json_t *conditions = json_array();
    for (size_t i = 0; i < json_array_size(outline); i++) {
        (void)json_array_append_new(conditions, unknown(json_array_get(outline, i)));
    }
    (void)json_object_set_new(explained, "conditions", conditions);
    const struct page_conditions view = {.arena = a, .voice = BADGE_VOICE_LEARNER};
    return page_conditions(&view, explained);
}

/* Rules name badges by key; people know them by name. */
struct sv page_badge_names(struct arena *a, const struct store_badge *badges, size_t count,
                           struct sv text) {
    static const struct sv before = SV("badge \"");
    const struct sv all = text;
    struct str out;
    str_init(&out, a, text.len + (size_t)64 * 1024);
    while (text.len > 0) {
        const char *at = memmem(text.ptr, text.len, before.ptr, before.len);
        size_t skip = at == NULL ? text.len : (size_t)(at - text.ptr) + before.len;
        str_add(&out, sv_head(text, skip));
        text = sv_skip(text, skip);
        struct sv key = sv_head(text, sv_find(text, '"'));
        for (size_t i = 0; at != NULL && i < count; i++) {
            if (sv_eq(badges[i].key, key)) {
                str_add(&out, badges[i].name);
                text = sv_skip(text, key.len);
                break;
            }
        }
    }
    return out.is_overflowed ? all : str_sv(&out);
}

static void name_badges(struct arena *a, const struct judge_course *course, json_t *value) {
    static const char *const keys[] = {"text", "detail", "next"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct sv text = text_of(value, keys[i]);
        if (text.len > 0) {
            page_set_text(value, keys[i],
                          page_badge_names(a, course->others, course->other_count, text));
        }
    }
    static const char *const lists[] = {"conditions", "children"};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        json_t *list = json_object_get(value, lists[i]);
        for (size_t j = 0; j < json_array_size(list); j++) {
            name_badges(a, course, json_array_get(list, j));
        }
    }
}

/* What is to be mended is the teacher's concern. */
static struct sv next_of(const struct page_standing *s, const json_t *explained,
                         enum badge_voice voice) {
    return s->verdict.is_decidable || voice == BADGE_VOICE_TEACHER
               ? text_of(explained, "next")
               : SV("This badge cannot be worked out at the moment. Your teacher has to set "
                    "something right first.");
}

json_t *page_explain(const struct page *p, const struct judge_course *course,
                     const struct page_standing *s, enum badge_voice voice) {
    AUTO_JSON *explained = judge_explain(s->badge, s->person, voice, p->arena);
    name_badges(p->arena, course, explained);
    struct sv next = next_of(s, explained, voice);
    const struct page_conditions view = {.arena = p->arena,
                                         .voice = voice,
                                         .plan = s->badge->plan,
                                         .verdict = &s->verdict,
                                         .zone = p->zone,
                                         .said = next};
    json_t *out = json_object();
    struct sv summary = s->verdict.is_decidable
                            ? page_sentence_case(p->arena, text_of(explained, "summary"))
                            : SV("Cannot be worked out yet");
    (void)json_object_set_new(out, "conditions", page_conditions(&view, explained));
    page_set_text(out, "next", page_unbroken(p->arena, next));
    page_set_text(out, "summary", page_unbroken(p->arena, summary));
    return out;
}
