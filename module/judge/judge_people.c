#include "judge_internal.h"
#include <stdlib.h>
#include <string.h>

static int by_id(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* A run of rows that belong to one person, in rows sorted by person. */
#define FIND_RUN(rows, count, person, first, length)                                               \
    do {                                                                                           \
        size_t low = 0;                                                                            \
        size_t high = (count);                                                                     \
        while (low < high) {                                                                       \
            size_t mid = low + (high - low) / 2;                                                   \
            if ((rows)[mid].person_id < (person)) {                                                \
                low = mid + 1;                                                                     \
            } else {                                                                               \
                high = mid;                                                                        \
            }                                                                                      \
        }                                                                                          \
        (first) = low;                                                                             \
        while (low < (count) && (rows)[low].person_id == (person)) {                               \
            low++;                                                                                 \
        }                                                                                          \
        (length) = low - (first);                                                                  \
    } while (0)

static struct sv key_of(const struct judge_course *c, int64_t badge_id) {
    for (size_t i = 0; i < c->other_count; i++) {
        if (c->others[i].id == badge_id) {
            return c->others[i].key;
        }
    }
    return sv_of("", 0);
}

/* Badges that count as held: issued, and neither revoked, suspended nor expired. */
static void fill_held(const struct judge_course *c, struct judge_person *p, struct arena *a) {
    p->held = ARENA_ARRAY(a, struct badge_held, p->award_count);
    for (size_t i = 0; i < p->award_count; i++) {
        if (p->awards[i].state == MODEL_AWARD_ISSUED) {
            p->held[p->held_count++] = (struct badge_held){.key = key_of(c, p->awards[i].badge_id),
                                                           .issued_at = p->awards[i].issued_at};
        }
    }
}

bool judge_people_load(struct store *store, const struct judge_course *c, const int64_t *ids,
                       size_t id_count, struct arena *a, struct judge_person **out, size_t *count,
                       struct err *err) {
    struct store_person *people = NULL;
    struct model_fact *facts = NULL;
    struct store_award *awards = NULL;
    struct store_attestation *attestations = NULL;
    size_t fact_count = 0;
    size_t award_count = 0;
    size_t attestation_count = 0;
    int64_t institution = c->course.institution_id;
    if (!store_person_list(store, institution, c->course.id, ids, id_count, a, &people, count,
                           err)) {
        return false;
    }
    int64_t *listed = ARENA_ARRAY(a, int64_t, *count);
    for (size_t i = 0; i < *count; i++) {
        listed[i] = people[i].id;
    }
    if (*count > 0) {
        qsort(listed, *count, sizeof *listed, by_id);
    }
    if (!store_fact_list(store, institution, c->course.id, ids == NULL ? NULL : listed, *count,
                         c->items, c->item_count, a, &facts, &fact_count, err) ||
        !store_award_list(store, institution, listed, *count, a, &awards, &award_count, err) ||
        !store_attestation_list(store, institution, listed, *count, a, &attestations,
                                &attestation_count, err)) {
        return false;
    }
    *out = ARENA_ARRAY(a, struct judge_person, *count);
    for (size_t i = 0; i < *count; i++) {
        struct judge_person *p = &(*out)[i];
        size_t first = 0;
        p->person = people[i];
        FIND_RUN(facts, fact_count, people[i].id, first, p->fact_count);
        p->facts = facts + first;
        FIND_RUN(awards, award_count, people[i].id, first, p->award_count);
        p->awards = awards + first;
        FIND_RUN(attestations, attestation_count, people[i].id, first, p->attestation_count);
        p->attestations = attestations + first;
        badge_facts_sort(p->facts, p->fact_count);
        fill_held(c, p, a);
    }
    return true;
}

bool judge_people_each(struct store *store, const struct judge_course *c, const int64_t *ids,
                       size_t id_count, judge_take *take, void *ctx, struct err *err) {
    AUTO_ARENA all = {0};
    AUTO_ARENA some = {0};
    int64_t *everybody = NULL;
    if (ids == NULL) {
        if (!store_member_ids(store, c->course.institution_id, c->course.id, &all, &everybody,
                              &id_count, err)) {
            return false;
        }
        ids = everybody;
    }
    for (size_t first = 0; first < id_count; first += JUDGE_PEOPLE_AT_ONCE) {
        size_t left = id_count - first;
        struct judge_person *people = NULL;
        size_t count = 0;
        arena_reset(&some);
        if (!judge_people_load(store, c, ids + first,
                               left < JUDGE_PEOPLE_AT_ONCE ? left : JUDGE_PEOPLE_AT_ONCE, &some,
                               &people, &count, err) ||
            !take(ctx, people, count, &some, err)) {
            return false;
        }
    }
    return true;
}

const struct store_award *judge_award(const struct judge_badge *b, const struct judge_person *p) {
    for (size_t i = 0; i < p->award_count; i++) {
        if (p->awards[i].badge_id == b->stored.id) {
            return &p->awards[i];
        }
    }
    return NULL;
}

struct badge_verdict judge_decide(const struct judge_badge *b, const struct judge_person *p,
                                  struct arena *a) {
    if (b->plan == NULL) {
        return (struct badge_verdict){.total = 1, .steps_left = BADGE_STEPS_NEVER};
    }
    struct badge_attest *attests = ARENA_ARRAY(a, struct badge_attest, p->attestation_count);
    size_t attest_count = 0;
    for (size_t i = 0; i < p->attestation_count; i++) {
        if (p->attestations[i].badge_id == b->stored.id) {
            attests[attest_count++] = (struct badge_attest){.text = p->attestations[i].condition,
                                                            .at = p->attestations[i].at};
        }
    }
    const struct badge_evidence evidence = {.facts = p->facts,
                                            .fact_count = p->fact_count,
                                            .badges = p->held,
                                            .badge_count = p->held_count,
                                            .attests = attests,
                                            .attest_count = attest_count};
    struct badge_result *results = ARENA_ARRAY(a, struct badge_result, b->plan->node_count);
    return badge_decide(b->plan, &evidence, results);
}

json_t *judge_explain(const struct judge_badge *b, const struct judge_person *p,
                      enum badge_voice voice, struct arena *a) {
    if (b->plan != NULL) {
        struct badge_verdict verdict = judge_decide(b, p, a);
        return badge_explain(b->plan, &verdict, voice);
    }
    json_t *out =
        json_pack("{s:b, s:b, s:s, s:s, s:i, s:i, s:n, s:[]}", "met", 0, "decidable", 0, "title",
                  "", "summary", "", "done", 0, "total", 1, "steps_left", "conditions");
    struct sv next =
        voice == BADGE_VOICE_TEACHER
            ? sv_printf(a, "%.*s.", SV_ARG(b->problem))
            : SV("This badge cannot be worked out right now; your teacher has been told.");
    (void)json_object_set_new(out, "next", json_stringn(next.ptr, next.len));
    return out;
}

struct judge_dry_run judge_dry_run(const struct judge_badge *b, const struct judge_person *people,
                                   size_t count) {
    struct judge_dry_run run = {0};
    AUTO_ARENA scratch = {0};
    for (size_t i = 0; i < count; i++) {
        if (!people[i].person.may_earn || !people[i].person.is_active) {
            continue;
        }
        arena_reset(&scratch);
        run.people++;
        const struct store_award *award = judge_award(b, &people[i]);
        if (award != NULL && badge_award_is_live(award->state)) {
            run.hold++;
            continue;
        }
        if (award != NULL && badge_award_is_final(award->state) && award->is_by_hand) {
            continue; /* what a person took away stays away */
        }
        struct badge_verdict v = judge_decide(b, &people[i], &scratch);
        run.would_earn += v.is_met ? 1 : 0;
        run.one_step += !v.is_met && v.steps_left == 1 ? 1 : 0;
    }
    return run;
}
