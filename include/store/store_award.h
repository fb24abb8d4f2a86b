/* Awards and attestations. Every change is one transaction with its follow-up jobs (the gradebook,
 * signing, judging those whose rules ask for the badge) and its audit line. */
#pragma once
#include "model_badge.h"
#include "store.h"

struct store_award {
    int64_t id, badge_id, person_id, course_id; /* course_id 0: none */
    struct sv public_id;
    enum model_award_state state;
    int64_t rule_version;
    struct sv reasons; /* JSON: the facts seen */
    struct sv note;    /* a person's words */
    bool is_by_hand;   /* the last change was a person's */
    bool is_awarded_by_hand;
    usec_t created_at, issued_at, suspended_at, revoked_at, expires_at;
    usec_t shared_at; /* its learner shows it to the world since; 0: private */
};

/* The latest award of each badge to each person (ids NULL: of all people of the institution), of
 * all badges; sorted by person, then badge. */
NODISCARD bool store_award_list(struct store *store, int64_t institution_id, const int64_t *ids,
                                size_t id_count, struct arena *a, struct store_award **out,
                                size_t *count, struct err *err);
/* Every award, oldest first, of one badge to one person: the history. */
NODISCARD bool store_award_history(struct store *store, int64_t institution_id, int64_t badge_id,
                                   int64_t person_id, struct arena *a, struct store_award **out,
                                   size_t *count, struct err *err);

/* A confirmed {"manual": ...} condition. */
struct store_attestation {
    int64_t badge_id, person_id;
    struct sv condition, evidence, by_name;
    usec_t at;
};
NODISCARD bool store_attestation_list(struct store *store, int64_t institution_id,
                                      const int64_t *ids, size_t id_count, struct arena *a,
                                      struct store_attestation **out, size_t *count,
                                      struct err *err);
/* Save one and have the person judged, in one transaction. */
NODISCARD bool store_attestation_add(struct store *store, int64_t institution_id, int64_t course_id,
                                     const struct store_attestation *attestation,
                                     int64_t by_person_id, struct err *err);

/* A new award (state ISSUED or PROPOSED). Inserted unless a live one is there, or a person has
 * revoked or declined one before and this is the worker's. */
struct store_award_new {
    int64_t badge_id, person_id, course_id, rule_version;
    enum model_award_state state;
    struct sv reasons; /* JSON */
    struct sv note;
    usec_t issued_at, expires_at; /* 0: not issued; never */
    bool is_in_gradebook;
};
/* A move of one award. */
struct store_award_move {
    int64_t award_id, badge_id, person_id;
    enum model_award_state from, to;
    struct sv note;
    usec_t expires_at; /* of a proposal that is issued now; 0: never */
    bool is_in_gradebook;
};
/* By whom: a person of the institution, the worker by its rules, or an operator at the shell. What
 * the last two did is told apart from a person's doing by `is_by_hand` of the award. */
#define STORE_WORKER INT64_C(0)
#define STORE_OPERATOR INT64_C(-1)
struct store_actor {
    int64_t institution_id, person_id;
};
/* *is_made false: it was there already (or is barred). */
NODISCARD bool store_award_make(struct store *store, struct store_actor actor,
                                const struct store_award_new *award, usec_t now, bool *is_made,
                                struct err *err);
/* Fails: ERR_CONFLICT "award_state" when it is not in `from` any more. */
NODISCARD bool store_award_change(struct store *store, struct store_actor actor,
                                  const struct store_award_move *move, usec_t now, struct err *err);

/* What a judge's run over a course came to: all in one transaction. */
struct store_judgement {
    int64_t institution_id, course_id;
    const struct store_award_new *awards;
    size_t award_count;
    const struct store_award_move *moves;
    size_t move_count;
    usec_t now;
};
struct store_judgement_result {
    size_t made, moved;
};
NODISCARD bool store_judgement_save(struct store *store, const struct store_judgement *judgement,
                                    struct store_judgement_result *out, struct err *err);

/* For `award list` and `award revoke|explain`: across institutions, for the operator. */
struct store_award_row {
    struct store_award award;
    int64_t institution_id;
    struct sv badge_key, badge_name;
    struct sv issuer, client_id, sub, name; /* the learner's */
    struct sv context_id, course_title;     /* empty: none */
    bool is_in_gradebook;
};
struct store_award_filter {
    struct sv public_id, badge_key, sub, context_id; /* empty: any */
};
NODISCARD bool store_award_rows(struct store *store, const struct store_award_filter *filter,
                                struct arena *a, struct store_award_row **out, size_t *count,
                                struct err *err);
