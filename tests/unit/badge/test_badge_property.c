/* badge_decide against a second, slow judge written from DESIGN 3.3 in another way: it walks the
 * JSON of the rule itself, compares thousandths by cross-multiplication, and finds "steps left" by
 * trying every set of open leaves. LAUREL_SEED=n repeats a run that failed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "badge_lab.h"

#define ROUNDS 25000
#define LEAVES_MAX 9

/* SplitMix64. */
static uint64_t chance_state;
static uint32_t chance(uint32_t below) {
    chance_state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = chance_state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ (z >> 31)) >> 16) % (below == 0 ? 1 : below);
}

/* ---- what is random: numbers in thousandths, so that both judges start from the same integers
 * ---- */

struct raw {
    bool is_there, has_score, has_maximum, is_posted, is_excused;
    int64_t score, maximum; /* thousandths */
    int letter;             /* into letters[], -1: none */
    enum model_completion completion;
    int64_t submitted, graded, completed; /* days; 0: not known */
};

struct world {
    struct raw facts[LAB_COUNT];
    bool holds_badge, has_word;
    int64_t badge_day, word_day;
};

static const char *const letters[] = {"A+", "A", "A-", "B+", "B", "B-", "C", "F", "Z"};
static const int letter_rank[] = {0, 1, 2, 3, 4, 5, 7, 12, -1};
static const char *const titles[LAB_COUNT] = {
    "Lab safety quiz", "Field report", "Lab 1",  "Lab 2", "Lab 3",
    "Journal",         "Exam",         "Survey", "Notes"};

/* Values near the thresholds, at them, and anywhere. */
static int64_t random_score(void) {
    static const int64_t near[] = {0,     1,     -1,    79999, 80000, 80001,
                                   16000, 15999, 50000, 25000, 24999, 8000};
    return chance(2) == 0 ? near[chance(ARRAY_LEN(near))] : (int64_t)chance(120000) - 5000;
}

static int64_t random_day(void) { return chance(3) == 0 ? 0 : 100 + (int64_t)chance(5); }

static struct raw random_fact(void) {
    static const int64_t maxima[] = {100000, 20000, 3000, 33333, 1, 0, -10000, 7};
    struct raw f = {.is_there = chance(8) != 0};
    f.has_score = chance(5) != 0;
    f.score = random_score();
    f.has_maximum = chance(3) == 0;
    f.maximum = maxima[chance(ARRAY_LEN(maxima))];
    f.is_posted = chance(6) != 0;
    f.is_excused = chance(7) == 0;
    f.letter = (int)chance(ARRAY_LEN(letters) + 1) - 1;
    f.completion = (enum model_completion)(chance(2) == 0 ? 0 : chance(5));
    f.submitted = random_day();
    f.graded = random_day();
    f.completed = random_day();
    return f;
}

static struct dec milli(int64_t n) { return (struct dec){.mantissa = n, .scale = 3}; }

/* Noon of a day, so that no time zone or midnight is in play. */
static usec_t noon(int64_t day) { return day == 0 ? 0 : (day * 86400 + 43200) * USEC_PER_S; }

/* ---- random rules, as text ---- */

static void add_milli(struct str *out, int64_t n) {
    str_addf(out, "%lld.%03lld", (long long)n / 1000, (long long)n % 1000);
}

static void add_leaf(struct str *out) {
    static const int64_t percents[] = {0, 50000, 80000, 79999, 100000, 33333, 105500};
    static const int64_t points[] = {0, 1, 16000, 25000, 80000};
    uint32_t item = chance(LAB_TWIN_A);
    uint32_t form = chance(12);
    if (form == 9) {
        str_add_c(out, "{\"badge\":\"first\"");
    } else if (form == 10) {
        str_add_c(out, "{\"manual\":\"Seen\"");
    } else if (form == 11) {
        static const char *const others[] = {
            "\"course\":\"completed\"", "\"module\":\"Week 1\"", "\"outcome\":\"Safety\"",
            "\"course\":{\"min_percent\":75}",
            "\"course\":{\"min_percent\":80,\"total\":\"current\"}"};
        str_addf(out, "{%s", others[chance(ARRAY_LEN(others))]);
    } else {
        bool has_percent =
            form < 4 && item != LAB_JOURNAL && item != LAB_SURVEY && item != LAB_NOTES;
        str_addf(out, "{\"item\":\"%s\"", titles[item]);
        if (has_percent) {
            str_add_c(out, ",\"min_percent\":");
            add_milli(out, percents[chance(ARRAY_LEN(percents))]);
        } else if (form < 6) {
            str_add_c(out, ",\"min_points\":");
            add_milli(out, points[chance(ARRAY_LEN(points))]);
        } else if (form == 6) {
            str_addf(out, ",\"min_letter\":\"%s\"", letters[chance(ARRAY_LEN(letters) - 1)]);
        }
    }
    if (chance(4) == 0) { /* the ends of days 101 to 103 after 1970-01-01 */
        static const char *const days[] = {"1970-04-12", "1970-04-13", "1970-04-14"};
        str_addf(out, ",\"by\":\"%s\"", days[chance(3)]);
    }
    str_add_c(out, "}");
}

/* A rule of at most *budget leaves; *budget is what remains. */
static void add_rule(struct str *out, int depth, int *budget) {
    if (depth == 0 || *budget <= 1 || chance(4) == 0) {
        (*budget)--;
        add_leaf(out);
        return;
    }
    int children = 1 + (int)chance(4);
    children = children > *budget ? *budget : children;
    uint32_t kind = chance(4);
    int64_t worth[4] = {0};
    int64_t sum = 0;
    for (int i = 0; i < children; i++) {
        worth[i] = 1 + (chance(2) == 0 ? chance(3) * 1000 : chance(2500));
        sum += worth[i];
    }
    if (kind == 0 || kind == 1) {
        str_addf(out, "{\"%s\":[", kind == 0 ? "all" : "any");
    } else if (kind == 2) {
        str_addf(out, "{\"at_least\":%d,\"of\":[", 1 + (int)chance((uint32_t)children));
    } else {
        str_add_c(out, "{\"points\":");
        add_milli(out, 1 + chance((uint32_t)sum));
        str_add_c(out, ",\"of\":[");
    }
    for (int i = 0; i < children; i++) {
        str_add_c(out, i > 0 ? "," : "");
        int reserve = children - 1 - i; /* the younger ones need a leaf each */
        *budget -= reserve;
        str_add_c(out, kind == 3 ? "{\"rule\":" : "");
        add_rule(out, depth - 1, budget);
        *budget += reserve;
        if (kind == 3) {
            str_add_c(out, ",\"worth\":");
            add_milli(out, worth[i]);
            str_add_c(out, "}");
        }
    }
    str_add_c(out, "]}");
}

/* ---- the second judge ---- */

static const char *const leaf_heads[] = {"item", "course", "module", "outcome", "badge", "manual"};

static bool is_leaf(const json_t *rule) {
    for (size_t i = 0; i < ARRAY_LEN(leaf_heads); i++) {
        if (json_object_get(rule, leaf_heads[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static int64_t to_milli(const json_t *n) {
    double d = json_number_value(n) * 1000.0;
    return (int64_t)(d < 0 ? d - 0.5 : d + 0.5);
}

static const struct raw *fact_of(const struct world *w, const json_t *leaf, int *index) {
    const json_t *course = json_object_get(leaf, "course");
    *index = LAB_COMPLETION;
    if (json_is_object(course)) {
        *index = json_object_get(course, "total") != NULL ? LAB_CURRENT : LAB_FINAL;
    } else if (json_object_get(leaf, "module") != NULL) {
        *index = LAB_WEEK;
    } else if (json_object_get(leaf, "outcome") != NULL) {
        *index = LAB_OUTCOME;
    } else if (json_object_get(leaf, "item") != NULL) {
        const char *title = json_string_value(json_object_get(leaf, "item"));
        for (*index = 0; strcmp(titles[*index], title) != 0;) {
            (*index)++;
        }
    }
    return &w->facts[*index];
}

static bool says_done(const struct raw *f) {
    return f->completion == MODEL_COMPLETION_COMPLETE || f->completion == MODEL_COMPLETION_PASSED;
}

static bool good_enough(const struct raw *f, const json_t *leaf, int index) {
    /* maxima and pass marks of badge_lab.h, in thousandths; 0: none */
    static const int64_t item_maximum[LAB_COUNT] = {100000, 20000,  10000, 10000, 10000, 0,
                                                    50000,  0,      0,     10000, 10000, 10000,
                                                    100000, 100000, 0,     0,     5000};
    const json_t *where =
        json_is_object(json_object_get(leaf, "course")) ? json_object_get(leaf, "course") : leaf;
    const json_t *percent = json_object_get(where, "min_percent");
    const json_t *points = json_object_get(where, "min_points");
    const json_t *letter = json_object_get(where, "min_letter");
    bool counts = f->has_score && f->is_posted;
    if (percent != NULL) {
        __int128 maximum = f->has_maximum ? f->maximum : item_maximum[index];
        /* score/max >= p/100, all in thousandths: score * 100 000 >= p * max */
        return counts && maximum > 0 && (__int128)f->score * 100000 >= to_milli(percent) * maximum;
    }
    if (points != NULL) {
        return counts && f->score >= to_milli(points);
    }
    if (letter != NULL) {
        int needed = 0;
        while (strcmp(letters[needed], json_string_value(letter)) != 0) {
            needed++;
        }
        return f->is_posted && f->letter >= 0 && letter_rank[f->letter] >= 0 &&
               letter_rank[f->letter] <= letter_rank[needed];
    }
    if (index == LAB_JOURNAL || index == LAB_COMPLETION || index == LAB_WEEK) {
        return says_done(f);
    }
    if (f->completion != MODEL_COMPLETION_UNKNOWN) {
        return says_done(f) && (f->is_posted || index == LAB_OUTCOME);
    }
    int64_t pass_mark = index == LAB_EXAM ? 25000 : index == LAB_OUTCOME ? 3000 : 1;
    return counts && f->score >= pass_mark;
}

static enum badge_state judge_leaf(const struct world *w, const json_t *leaf) {
    const char *by = json_string_value(json_object_get(leaf, "by"));
    int64_t last_day = by == NULL ? INT64_MAX : 101 + (by[9] - '2');
    bool is_held = json_object_get(leaf, "badge") != NULL;
    bool is_word = json_object_get(leaf, "manual") != NULL;
    bool is_good = false;
    int64_t day = 0;
    if (is_held || is_word) {
        is_good = is_held ? w->holds_badge : w->has_word;
        day = is_held ? w->badge_day : w->word_day;
        if (!is_good) {
            return is_held ? BADGE_NOT_YET : BADGE_NEEDS_TEACHER;
        }
    } else {
        int index = 0;
        const struct raw *f = fact_of(w, leaf, &index);
        if (!f->is_there) {
            return BADGE_NOT_YET;
        }
        if (f->is_excused) {
            return BADGE_EXCUSED;
        }
        is_good = good_enough(f, leaf, index);
        day = f->submitted != 0 ? f->submitted : f->graded != 0 ? f->graded : f->completed;
        if (!is_good) {
            return f->submitted > last_day ? BADGE_MISSED : BADGE_NOT_YET;
        }
    }
    if (by == NULL) {
        return BADGE_MET;
    }
    return day == 0 ? BADGE_NOT_YET : day > last_day ? BADGE_MISSED : BADGE_MET;
}

/* Leaf states in reading order. */
static void judge_leaves(const struct world *w, const json_t *rule, enum badge_state *out,
                         size_t *count) {
    static const char *const lists[] = {"all", "any", "of"};
    if (is_leaf(rule)) {
        out[(*count)++] = judge_leaf(w, rule);
        return;
    }
    for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
        size_t i = 0;
        json_t *child = NULL;
        json_array_foreach(json_object_get(rule, lists[l]), i, child) {
            const json_t *inner = json_object_get(child, "rule");
            judge_leaves(w, inner != NULL ? inner : child, out, count);
        }
    }
}

/* Is the rule met when leaf i is states[i]? *is_excused: the rule itself is an excused leaf. */
static bool is_met(const json_t *rule, const enum badge_state *states, size_t *at,
                   bool *is_excused) {
    *is_excused = false;
    if (is_leaf(rule)) {
        enum badge_state s = states[(*at)++];
        *is_excused = s == BADGE_EXCUSED;
        return s == BADGE_MET;
    }
    const json_t *all = json_object_get(rule, "all");
    const json_t *any = json_object_get(rule, "any");
    const json_t *list = all != NULL ? all : any != NULL ? any : json_object_get(rule, "of");
    int64_t met = 0;
    int64_t in_play = 0;
    int64_t worth = 0;
    size_t i = 0;
    json_t *child = NULL;
    json_array_foreach(list, i, child) {
        const json_t *inner = json_object_get(child, "rule");
        bool is_child_excused = false;
        bool is_child_met = is_met(inner != NULL ? inner : child, states, at, &is_child_excused);
        met += is_child_met;
        in_play += !is_child_excused;
        worth += is_child_met ? to_milli(json_object_get(child, "worth")) : 0;
    }
    if (all != NULL) {
        return in_play > 0 && met == in_play;
    }
    if (any != NULL) {
        return met > 0;
    }
    const json_t *n = json_object_get(rule, "at_least");
    return n != NULL ? met >= json_integer_value(n)
                     : worth >= to_milli(json_object_get(rule, "points"));
}

/* The fewest open leaves that, once met, meet the rule. */
static uint32_t fewest_steps(const json_t *rule, const enum badge_state *states, size_t count) {
    uint32_t best = BADGE_STEPS_NEVER;
    for (uint32_t set = 0; set < (1u << count); set++) {
        enum badge_state changed[LEAVES_MAX] = {BADGE_NOT_YET};
        uint32_t size = (uint32_t)__builtin_popcount(set);
        bool is_possible = size < best;
        for (size_t i = 0; i < count && is_possible; i++) {
            bool is_chosen = (set >> i & 1u) != 0;
            changed[i] = is_chosen ? BADGE_MET : states[i];
            is_possible =
                !is_chosen || states[i] == BADGE_NOT_YET || states[i] == BADGE_NEEDS_TEACHER;
        }
        size_t at = 0;
        bool is_excused = false;
        if (is_possible && is_met(rule, changed, &at, &is_excused)) {
            best = size;
        }
    }
    return best;
}

/* ---- both together ---- */

static void collect(const struct badge_plan *plan, const struct badge_result *results, uint32_t i,
                    enum badge_state *out, size_t *count) {
    const struct badge_node *n = &plan->nodes[i];
    for (uint32_t c = 0; c < n->child_count; c++) {
        collect(plan, results, n->first_child + c, out, count);
    }
    if (n->child_count == 0) {
        out[(*count)++] = results[i].state;
    }
}

static size_t lay_facts(const struct world *w, struct model_fact *out) {
    size_t count = 0;
    for (int i = 0; i < LAB_COUNT; i++) {
        const struct raw *f = &w->facts[i];
        if (f->is_there) {
            out[count++] =
                (struct model_fact){.item_index = (size_t)i,
                                    .has_score = f->has_score,
                                    .score = milli(f->score),
                                    .has_maximum = f->has_maximum,
                                    .maximum = milli(f->maximum),
                                    .letter = sv_from(f->letter < 0 ? NULL : letters[f->letter]),
                                    .is_posted = f->is_posted,
                                    .is_excused = f->is_excused,
                                    .completion = f->completion,
                                    .submitted_at = noon(f->submitted),
                                    .graded_at = noon(f->graded),
                                    .completed_at = noon(f->completed)};
        }
    }
    return count;
}

static void describe(const char *rule, uint64_t seed, int round, const struct world *w) {
    print_error("LAUREL_SEED=%llu, round %d\n%s\n", (unsigned long long)seed, round, rule);
    for (int i = 0; i < LAB_COUNT; i++) {
        const struct raw *f = &w->facts[i];
        print_error("  item %d: there %d score %d %lld/1000 max %d %lld/1000 posted %d excused %d "
                    "letter %d "
                    "completion %d days %lld %lld %lld\n",
                    i, f->is_there, f->has_score, (long long)f->score, f->has_maximum,
                    (long long)f->maximum, f->is_posted, f->is_excused, f->letter,
                    (int)f->completion, (long long)f->submitted, (long long)f->graded,
                    (long long)f->completed);
    }
}

static void badge_decide__agrees_with_a_slow_second_judge(void **state) {
    (void)state;
    const char *chosen = getenv("LAUREL_SEED");
    int64_t seed = 20270503;
    if (chosen != NULL && !num_parse_i64(sv_from(chosen), 0, INT64_MAX, &seed)) {
        fail_msg("LAUREL_SEED must be a number");
    }
    chance_state = (uint64_t)seed;
    size_t met_count = 0;
    size_t missed_count = 0;
    size_t stuck_count = 0;
    for (int round = 0; round < ROUNDS; round++) {
        AUTO_LAB c;
        lab_open(&c);
        struct str text;
        str_init(&text, &c.arena, 16384);
        int budget = 1 + (int)chance(round % 8 == 0 ? LEAVES_MAX : 6);
        add_rule(&text, 4, &budget);
        if (!lab_bind(&c, text.ptr)) {
            fail_msg("%s\n%s", text.ptr, c.err.text);
        }
        struct world w = {.holds_badge = chance(2) == 0, .has_word = chance(2) == 0};
        w.badge_day = random_day();
        w.word_day = random_day();
        for (int i = 0; i < LAB_COUNT; i++) {
            w.facts[i] = random_fact();
        }
        struct model_fact facts[LAB_COUNT];
        struct badge_held held = {SV("first"), noon(w.badge_day)};
        struct badge_attest word = {SV("Seen"), noon(w.word_day)};
        struct badge_evidence e = {.facts = facts,
                                   .fact_count = lay_facts(&w, facts),
                                   .badges = &held,
                                   .badge_count = w.holds_badge,
                                   .attests = &word,
                                   .attest_count = w.has_word};
        struct badge_verdict v = badge_decide(c.plan, &e, c.results);

        json_t *rule = json_loads(text.ptr, 0, NULL);
        enum badge_state want[LEAVES_MAX] = {BADGE_NOT_YET};
        enum badge_state have[LEAVES_MAX] = {BADGE_NOT_YET};
        size_t want_count = 0;
        size_t have_count = 0;
        size_t at = 0;
        bool is_excused = false;
        judge_leaves(&w, rule, want, &want_count);
        collect(c.plan, c.results, 0, have, &have_count);
        bool is_rule_met = is_met(rule, want, &at, &is_excused);
        uint32_t steps = is_excused ? BADGE_STEPS_NEVER : fewest_steps(rule, want, want_count);
        json_decref(rule);

        bool agrees = want_count == have_count && v.is_met == is_rule_met &&
                      v.steps_left == steps && (v.done == v.total) == is_rule_met &&
                      v.done <= v.total;
        for (size_t i = 0; agrees && i < want_count; i++) {
            agrees = want[i] == have[i];
        }
        if (!agrees) {
            describe(text.ptr, (uint64_t)seed, round, &w);
            for (size_t i = 0; i < want_count; i++) {
                print_error("  leaf %zu: is %s, should be %s\n", i, badge_state_name(have[i]),
                            badge_state_name(want[i]));
            }
            fail_msg("met %d, should be %d; steps %d, should be %d; bar %u of %u", v.is_met,
                     is_rule_met, (int)v.steps_left, (int)steps, v.done, v.total);
        }
        met_count += is_rule_met;
        missed_count += v.results[0].state == BADGE_MISSED;
        stuck_count += steps == BADGE_STEPS_NEVER;
    }
    /* the dice must reach every corner, or the comparison says little */
    assert_true(met_count > ROUNDS / 10 && met_count < ROUNDS * 9 / 10);
    assert_true(missed_count > ROUNDS / 200);
    assert_true(stuck_count > ROUNDS / 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(badge_decide__agrees_with_a_slow_second_judge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
