/* What a platform grants, and what follows for rules, in words. */
#include "grades_source.h"
#include "page_connection.h"

enum answer { YES, PARTLY, NO, UNKNOWN };

static json_t *row(enum answer answer, const char *title, struct sv text) {
    static const struct {
        const char *state, *icon, *word;
    } words[] = {[YES] = {"met", "met", "Yes"},
                 [PARTLY] = {"almost", "almost", "Partly"},
                 [NO] = {"missed", "none", "No"},
                 [UNKNOWN] = {"not_yet", "not_yet", "Not known yet"}};
    json_t *obj = json_object();
    page_set_text(obj, "state", sv_from(words[answer].state));
    page_set_text(obj, "icon", sv_from(words[answer].icon));
    page_set_text(obj, "word", sv_from(words[answer].word));
    page_set_text(obj, "title", sv_from(title));
    page_set_text(obj, "text", text);
    return obj;
}

static void add(json_t *list, json_t *value) { (void)json_array_append_new(list, value); }

static enum answer answer_of(const struct store_finding *f) {
    return f->is_good ? YES : f->is_tried ? NO : UNKNOWN;
}

/* A finding's words; `good` when there is nothing to say against it. */
static struct sv words_of(struct arena *a, const struct store_finding *f, struct sv good) {
    return f->is_good ? good : page_sentence(a, f->text);
}

static json_t *columns(struct arena *a, const struct store_capabilities *c) {
    static const char title[] = "Gradebook columns (line items)";
    const struct store_finding *full = &c->scopes[STORE_SCOPE_LINEITEM];
    const struct store_finding *read = &c->scopes[STORE_SCOPE_LINEITEM_READ];
    if (!full->is_good && !read->is_good) {
        return row(answer_of(full), title, page_sentence(a, full->text));
    }
    if (!c->lineitems.is_good) {
        return row(answer_of(&c->lineitems), title, page_sentence(a, c->lineitems.text));
    }
    char count[TEXT_TIME_MAX];
    (void)text_count(c->lineitem_count, "column", "columns", count);
    return full->is_good
               ? row(YES, title,
                     sv_printf(a, "Laurel may read and make its own columns; it sees %s.", count))
               : row(PARTLY, title,
                     sv_printf(
                         a,
                         "Laurel sees %s but may not make one: let the tool manage columns "
                         "(Moodle: \"Use this service for grade sync and column management\").",
                         count));
}

static json_t *roster(struct arena *a, const struct store_capabilities *c) {
    static const char title[] = "Roster (names and roles)";
    const struct store_finding *scope = &c->scopes[STORE_SCOPE_ROSTER];
    const struct store_finding *f = scope->is_tried && !scope->is_good ? scope : &c->roster;
    if (!f->is_good) {
        return row(answer_of(f), title, page_sentence(a, f->text));
    }
    char people[TEXT_TIME_MAX];
    struct sv seen = sv_printf(a, "%s%s: %lld with a name, %lld with an e-mail address.",
                               text_count(c->people, "person", "people", people),
                               c->has_more_people ? " on the first page" : "", (long long)c->names,
                               (long long)c->emails);
    bool is_nameless = c->people > 0 && c->names == 0;
    return row(is_nameless ? PARTLY : YES, title,
               is_nameless ? sv_printf(a,
                                       "%.*s To see names, let the platform share them with the "
                                       "tool; badges work without.",
                                       SV_ARG(seen))
                           : seen);
}

static json_t *source(struct arena *a, const struct page_grants *g) {
    static const char title[] = "Grades and completion";
    const struct store_capabilities *c = g->found;
    struct str text;
    if (g->source_kind.len == 0) {
        return row(NO, title,
                   SV("No grade source is set for this deployment: the operator sets one with "
                      "`laurel source set`."));
    }
    str_init(&text, a, 16384);
    str_add(&text, c->source_site.len > 0 ? sv_printf(a, "%.*s. ", SV_ARG(c->source_site))
                                          : sv_of(NULL, 0));
    if (!c->source.is_good) {
        str_add(&text, page_sentence(a, c->source.text));
    }
    for (size_t i = 0; i < c->source_word_count; i++) {
        str_addf(&text, "%.*s ", SV_ARG(c->source_words[i]));
    }
    if (sv_eq(g->source_kind, SV("csv"))) {
        str_add_c(&text, "From files that are read in with `laurel source upload`.");
    }
    return row(answer_of(&c->source), title, sv_trim(str_sv(&text)));
}

json_t *page_connection_services(struct arena *a, const struct page_grants *g) {
    const struct store_capabilities *c = g->found;
    json_t *list = json_array();
    if (c != NULL) {
        const struct store_finding *score = &c->scopes[STORE_SCOPE_SCORE];
        const struct store_finding *result = &c->scopes[STORE_SCOPE_RESULT_READ];
        add(list, columns(a, c));
        add(list, row(answer_of(score), "Scores into the gradebook",
                      words_of(a, score, SV("An award appears in the gradebook as a score."))));
        add(list, row(answer_of(result), "Results of Laurel's own columns",
                      words_of(a, result, SV("Laurel may read what its columns hold."))));
        add(list, roster(a, c));
        add(list, source(a, g));
    }
    add(list, row(g->has_notices ? YES : UNKNOWN, "Notices of copied courses",
                  g->has_notices ? SV("The platform tells when a course was copied.")
                                 : SV("No launch has offered notices. A copied course is then "
                                      "recognised when somebody opens Laurel in it.")));
    add(list, row(g->offers_storage ? YES : UNKNOWN, "Storage where cookies are blocked",
                  g->offers_storage
                      ? SV("Launches stay inside the platform's page even without cookies.")
                      : SV("No login has offered it. Where a browser blocks cookies, Laurel opens "
                           "in a window of its own.")));
    return list;
}

/* Beside the flags of grades_source.h: what Canvas's interface alone has. */
#define CANVAS_ONLY (1u << 16)

/* A kind of rule, and what its source must be able to read. */
static const struct kind {
    const char *title;
    unsigned needs;
    const char *moodle, *other; /* why not: with Moodle's interface, with another source */
} KINDS[] = {
    {"A percentage or points in one item", GRADES_CAN_SCORES,
     "Add the grades to Moodle's web service, as said above.",
     "The source gives no scores, as said above."},
    {"A letter grade in one item", GRADES_CAN_SCORES | GRADES_CAN_COURSE_TOTAL,
     "Add the grades to Moodle's web service, as said above.",
     "Only the platform's own interface (a source of kind moodle or canvas) gives letters."},
    {"An activity that is done", GRADES_CAN_COMPLETION,
     "Add the completion of activities to Moodle's web service, as said above.",
     "Only the platform's own interface (a source of kind moodle or canvas) says what is done. A "
     "posted "
     "score "
     "above zero counts instead."},
    {"A module that is done", CANVAS_ONLY, "Only Canvas has modules with requirements.",
     "Needs Canvas's own interface (a source of kind canvas)."},
    {"An outcome that is mastered", CANVAS_ONLY, "Only Canvas has outcomes of this kind.",
     "Needs Canvas's own interface (a source of kind canvas)."},
    {"The course completed", GRADES_CAN_COURSE_COMPLETION,
     "Add the completion of the course to Moodle's web service, as said above.",
     "Only the platform's own interface (a source of kind moodle or canvas) says so."},
    {"The course total", GRADES_CAN_COURSE_TOTAL,
     "Add the grades to Moodle's web service, as said above.",
     "Only the platform's own interface (a source of kind moodle or canvas) gives totals."},
};

static json_t *rule(const struct page_grants *g, const struct kind *kind) {
    bool is_moodle = sv_eq(g->source_kind, SV("moodle"));
    bool is_ags = sv_eq(g->source_kind, SV("ags"));
    unsigned can = (unsigned)g->found->source_can & (CANVAS_ONLY - 1);
    can |= sv_eq(g->source_kind, SV("canvas")) && can != 0 ? CANVAS_ONLY : 0;
    if (g->source_kind.len == 0) {
        return row(NO, kind->title, SV("No grade source is set."));
    }
    if ((can & kind->needs) != kind->needs) {
        bool is_by_score = kind->needs == GRADES_CAN_COMPLETION && (can & GRADES_CAN_SCORES) != 0;
        return row(is_by_score ? PARTLY : NO, kind->title,
                   sv_from(is_moodle ? kind->moodle : kind->other));
    }
    return is_ags ? row(PARTLY, kind->title,
                        SV("Only in columns that the platform shows to Laurel: mostly its own."))
                  : row(YES, kind->title, sv_of(NULL, 0));
}

json_t *page_connection_rules(const struct page_grants *g) {
    json_t *list = json_array();
    if (g->found == NULL) {
        return list;
    }
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        add(list, rule(g, &KINDS[i]));
    }
    add(list, row(YES, "Another badge", SV("Laurel knows its own badges.")));
    add(list, row(YES, "Something a teacher confirms", SV("Teachers confirm it in Laurel.")));
    return list;
}
