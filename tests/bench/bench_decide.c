/* How fast one thread judges: a rule of ten percent leaves over many learners, beside the least
 * that any evaluator must do, which is to compare ten exact ratios. Both see the same grades, take
 * turns, and must come to the same number of learners who meet it.
 *
 *   bench_decide SECONDS ROUNDS
 *
 * Prints one JSON object: evaluations a second of each round. */
#include "badge_decide.h"

#define LEAVES 10
#define ITEMS 50
#define PEOPLE 2000
#define MAXIMUM 100

struct course {
    struct arena arena;
    struct model_item items[ITEMS];
    struct badge_catalogue catalogue;
    const struct badge_plan *plan;
    struct badge_result *results;
    struct badge_evidence *evidence; /* PEOPLE */
    int64_t (*scores)[LEAVES];       /* the same, bare: PEOPLE */
    int64_t needed[LEAVES];          /* percent */
};

static _Noreturn void die(const char *why) {
    (void)fprintf(stderr, "bench_decide: %s\n", why);
    exit(2);
}

/* xorshift64: the same course in every run. */
static uint64_t chance(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void make_rule(struct course *c) {
    struct str text;
    const struct badge_rule *rule = NULL;
    struct err err = {0};
    str_init(&text, &c->arena, BADGE_RULE_BYTES_MAX);
    for (int i = 0; i < LEAVES; i++) {
        c->needed[i] = 50 + 2 * i;
        str_addf(&text, "%s{\"item\":\"Task %d\",\"min_percent\":%lld}",
                 i == 0 ? "{\"all\":[" : ",", i * 5, (long long)c->needed[i]);
    }
    str_add_c(&text, "]}");
    for (int i = 0; i < ITEMS; i++) {
        c->items[i] = (struct model_item){.kind = MODEL_ITEM_ACTIVITY,
                                          .source = SV("moodle"),
                                          .ref = sv_printf(&c->arena, "%d", i),
                                          .title = sv_printf(&c->arena, "Task %d", i),
                                          .has_maximum = true,
                                          .maximum = dec_from_i64(MAXIMUM)};
    }
    c->catalogue = (struct badge_catalogue){.items = c->items, .item_count = ITEMS};
    if (!badge_rule_parse(&c->arena, str_sv(&text), &rule, &err) ||
        !badge_plan_bind(&c->arena, rule, &c->catalogue, &c->plan, &err)) {
        die(err.text);
    }
    c->results = ARENA_ARRAY(&c->arena, struct badge_result, c->plan->node_count);
}

static void make_people(struct course *c) {
    uint64_t seed = 20261123;
    c->evidence = ARENA_ARRAY(&c->arena, struct badge_evidence, PEOPLE);
    c->scores = arena_array(&c->arena, PEOPLE, sizeof *c->scores);
    for (size_t p = 0; p < PEOPLE; p++) {
        struct model_fact *facts = ARENA_ARRAY(&c->arena, struct model_fact, ITEMS);
        for (size_t i = 0; i < ITEMS; i++) {
            int64_t score = 45 + (int64_t)(chance(&seed) % 56); /* 45..100 */
            facts[i] = (struct model_fact){.item_index = i,
                                           .has_score = true,
                                           .score = dec_from_i64(score),
                                           .is_posted = true};
            if (i % 5 == 0) {
                c->scores[p][i / 5] = score;
            }
        }
        c->evidence[p] = (struct badge_evidence){.facts = facts, .fact_count = ITEMS};
    }
}

static size_t judge_all(struct course *c) {
    size_t met = 0;
    for (size_t p = 0; p < PEOPLE; p++) {
        met += badge_decide(c->plan, &c->evidence[p], c->results).is_met ? 1 : 0;
    }
    return met;
}

/* Not inlined, and every leaf looked at, as the judge must to say what is missing. */
static __attribute__((noinline)) bool meets(const int64_t *scores, const int64_t *needed) {
    int met = 0;
    for (int i = 0; i < LEAVES; i++) {
        met += scores[i] * 100 >= needed[i] * MAXIMUM ? 1 : 0;
    }
    return met == LEAVES;
}

static size_t compare_all(struct course *c) {
    size_t met = 0;
    for (size_t p = 0; p < PEOPLE; p++) {
        met += meets(c->scores[p], c->needed) ? 1 : 0;
    }
    return met;
}

static double rate(struct course *c, size_t (*pass)(struct course *), double seconds, size_t want) {
    size_t n = 0;
    usec_t began = clock_monotonic();
    usec_t until = began + (usec_t)(seconds * (double)USEC_PER_S);
    usec_t now = began;
    while (now < until) {
        if (pass(c) != want) {
            die("the two disagree about who meets the rule");
        }
        n += PEOPLE;
        now = clock_monotonic();
    }
    return (double)n * (double)USEC_PER_S / (double)(now - began);
}

int main(int argc, char **argv) {
    static struct course c;
    int64_t seconds = 0;
    int64_t rounds = 0;
    if (argc != 3 || !num_parse_i64(sv_from(argv[1]), 1, 600, &seconds) ||
        !num_parse_i64(sv_from(argv[2]), 1, 100, &rounds)) {
        (void)fputs("usage: bench_decide SECONDS ROUNDS\n", stderr);
        return 2;
    }
    make_rule(&c);
    make_people(&c);
    size_t met = judge_all(&c);
    if (met == 0 || met == PEOPLE) {
        die("a rule that all or none meet measures nothing");
    }
    printf("{\"people\":%d,\"met\":%zu,\"leaves\":%d,\"rounds\":[", PEOPLE, met, LEAVES);
    for (int64_t i = 0; i < rounds; i++) {
        double share = (double)seconds / 2;
        double floor_s = rate(&c, compare_all, share, met);
        double judge_s = rate(&c, judge_all, share, met);
        printf("%s{\"ceiling\":%.0f,\"laurel\":%.0f}", i == 0 ? "" : ",", floor_s, judge_s);
    }
    puts("]}");
    arena_release(&c.arena);
    return 0;
}
