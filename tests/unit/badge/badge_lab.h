/* One course that the badge tests share, and short ways to write facts about one learner in it. */
#pragma once
#include "badge_decide.h"
#include "base_json.h"

enum lab {
    LAB_QUIZ,    /* "Lab safety quiz", 100 points */
    LAB_REPORT,  /* "Field report", 20 points */
    LAB_ONE,     /* "Lab 1": 10 points, neither completion nor pass mark */
    LAB_TWO,     /* "Lab 2" */
    LAB_THREE,   /* "Lab 3" */
    LAB_JOURNAL, /* "Journal": the LMS keeps completion */
    LAB_EXAM,    /* "Exam": 50 points, pass mark 25 */
    LAB_SURVEY,  /* "Survey": 0 points */
    LAB_NOTES,   /* "Notes": no maximum */
    LAB_TWIN_A,  /* "Report", moodle 40 */
    LAB_TWIN_B,  /* "Report", moodle 41 */
    LAB_GONE,    /* "Old essay": deleted in the LMS */
    LAB_FINAL,   /* course totals, of 100 */
    LAB_CURRENT,
    LAB_COMPLETION, /* of the course */
    LAB_WEEK,       /* module "Week 1" */
    LAB_OUTCOME,    /* outcome "Safety", mastered with 3 */
    LAB_COUNT
};

static inline struct dec lab_dec(const char *text) {
    struct dec d = {0};
    if (!dec_parse(sv_from(text), &d)) {
        abort();
    }
    return d;
}

static inline usec_t lab_time(const char *text) {
    usec_t t = 0;
    if (text != NULL && !rfc3339_parse(sv_from(text), &t)) {
        abort();
    }
    return t;
}

static inline void lab_items(struct model_item items[LAB_COUNT]) {
    static const struct {
        const char *ref, *title, *maximum;
    } rows[LAB_COUNT] = {{"17", "Lab safety quiz", "100"},
                         {"18", "Field report", "20"},
                         {"21", "Lab 1", "10"},
                         {"22", "Lab 2", "10"},
                         {"23", "Lab 3", "10"},
                         {"30", "Journal", NULL},
                         {"31", "Exam", "50"},
                         {"32", "Survey", "0"},
                         {"33", "Notes", NULL},
                         {"40", "Report", "10"},
                         {"41", "Report", "10"},
                         {"50", "Old essay", "10"},
                         {"", "Course total", "100"},
                         {"", "Course total", "100"},
                         {"", "Course completion", NULL},
                         {"m1", "Week 1", NULL},
                         {"o1", "Safety", "5"}};
    for (int i = 0; i < LAB_COUNT; i++) {
        items[i] = (struct model_item){.kind = MODEL_ITEM_ACTIVITY,
                                       .source = SV("moodle"),
                                       .ref = sv_from(rows[i].ref),
                                       .title = sv_from(rows[i].title)};
        items[i].has_maximum = rows[i].maximum != NULL;
        if (items[i].has_maximum) {
            items[i].maximum = lab_dec(rows[i].maximum);
        }
    }
    items[LAB_JOURNAL].has_completion = true;
    items[LAB_EXAM].has_pass_mark = true;
    items[LAB_EXAM].pass_mark = lab_dec("25");
    items[LAB_GONE].is_gone = true;
    items[LAB_FINAL].kind = MODEL_ITEM_COURSE_FINAL;
    items[LAB_CURRENT].kind = MODEL_ITEM_COURSE_CURRENT;
    items[LAB_COMPLETION].kind = MODEL_ITEM_COURSE_COMPLETION;
    items[LAB_WEEK].kind = MODEL_ITEM_MODULE;
    items[LAB_OUTCOME].kind = MODEL_ITEM_OUTCOME;
    items[LAB_OUTCOME].has_pass_mark = true;
    items[LAB_OUTCOME].pass_mark = lab_dec("3");
}

#define LAB_CAN_ALL                                                                                \
    {                                                                                              \
        .has_course_total = true, .has_completion = true, .has_modules = true,                     \
        .has_outcomes = true, .has_letters = true                                                  \
    }

/* A fact in words; what is not named is not known. */
struct lab_fact {
    enum lab item;
    const char *score, *maximum, *letter;
    enum model_completion completion;
    bool is_hidden, is_excused;
    const char *submitted, *graded, *completed;
};

static inline struct model_fact lab_fact(struct lab_fact f) {
    struct model_fact fact = {.item_index = (size_t)f.item,
                              .has_score = f.score != NULL,
                              .has_maximum = f.maximum != NULL,
                              .letter = sv_from(f.letter),
                              .completion = f.completion,
                              .is_posted = !f.is_hidden,
                              .is_excused = f.is_excused,
                              .submitted_at = lab_time(f.submitted),
                              .graded_at = lab_time(f.graded),
                              .completed_at = lab_time(f.completed)};
    if (fact.has_score) {
        fact.score = lab_dec(f.score);
    }
    if (fact.has_maximum) {
        fact.maximum = lab_dec(f.maximum);
    }
    return fact;
}

/* A rule bound to the course above; the struct must not move after lab_bind. */
struct lab_course {
    struct arena arena;
    struct model_item items[LAB_COUNT];
    struct badge_catalogue catalogue;
    const struct badge_plan *plan;
    struct badge_result *results;
    struct err err;
};

static inline void lab_open(struct lab_course *c) {
    *c = (struct lab_course){.catalogue = {.item_count = LAB_COUNT, .can = LAB_CAN_ALL}};
    arena_init(&c->arena);
    lab_items(c->items);
    c->catalogue.items = c->items;
    c->catalogue.source_name = SV("Moodle");
}

static inline void lab_close(struct lab_course *c) { arena_release(&c->arena); }
#define AUTO_LAB CLEANUP(lab_close) struct lab_course

/* Parse and bind. False with c->err. */
static inline bool lab_bind(struct lab_course *c, const char *rule_text) {
    const struct badge_rule *rule = NULL;
    if (!badge_rule_parse(&c->arena, sv_from(rule_text), &rule, &c->err) ||
        !badge_plan_bind(&c->arena, rule, &c->catalogue, &c->plan, &c->err)) {
        return false;
    }
    c->results = ARENA_ARRAY(&c->arena, struct badge_result, c->plan->node_count);
    return true;
}

static inline struct badge_verdict lab_decide(struct lab_course *c, const struct lab_fact *facts,
                                              size_t count) {
    struct model_fact *rows = ARENA_ARRAY(&c->arena, struct model_fact, count);
    for (size_t i = 0; i < count; i++) {
        rows[i] = lab_fact(facts[i]);
    }
    badge_facts_sort(rows, count);
    struct badge_evidence e = {.facts = rows, .fact_count = count};
    return badge_decide(c->plan, &e, c->results);
}
