/* Decide for the people whose facts changed, some at a time, and write what follows. */
#include "job_internal.h"
#include "judge.h"

struct run {
    struct job *job;
    const struct judge_course *course;
    struct arena *arena; /* of the people at hand */
    struct store_award_new *awards;
    struct store_award_move *moves;
    size_t award_count, move_count;
    size_t people, made, moved; /* in all */
};

static void make(struct run *r, const struct judge_badge *b, const struct judge_person *p,
                 const struct badge_verdict *v, enum model_award_state state) {
    bool is_issued = state == MODEL_AWARD_ISSUED;
    AUTO_JSON *reasons = badge_reasons_json(b->plan, v, b->stored.rule_version);
    r->awards[r->award_count++] = (struct store_award_new){
        .badge_id = b->stored.id,
        .person_id = p->person.id,
        .course_id = r->course->course.id,
        .rule_version = b->stored.rule_version,
        .state = state,
        .reasons = js_dump(r->arena, reasons),
        .issued_at = is_issued ? r->job->now : 0,
        .expires_at =
            is_issued ? badge_award_expires(r->job->now, b->definition.valid_for_days) : 0,
        .is_in_gradebook = b->definition.is_in_gradebook};
}

static void move(struct run *r, const struct judge_badge *b, const struct store_award *award,
                 enum model_award_state to) {
    r->moves[r->move_count++] =
        (struct store_award_move){.award_id = award->id,
                                  .badge_id = award->badge_id,
                                  .person_id = award->person_id,
                                  .from = award->state,
                                  .to = to,
                                  .is_in_gradebook = b->definition.is_in_gradebook};
}

static void judge_one(struct run *r, const struct judge_badge *b, const struct judge_person *p) {
    struct badge_verdict v = judge_decide(b, p, r->arena);
    const struct badge_case c = judge_case(r->course, b, p, &v, r->job->now);
    const struct store_award *award = judge_award(b, p);
    switch (badge_award_next(&c)) {
    case BADGE_ACTION_PROPOSE:
        make(r, b, p, &v, MODEL_AWARD_PROPOSED);
        break;
    case BADGE_ACTION_ISSUE:
        make(r, b, p, &v, MODEL_AWARD_ISSUED);
        break;
    case BADGE_ACTION_SUSPEND:
        move(r, b, award, MODEL_AWARD_SUSPENDED);
        break;
    case BADGE_ACTION_RESTORE:
        move(r, b, award, MODEL_AWARD_ISSUED);
        break;
    case BADGE_ACTION_REVOKE:
        move(r, b, award, MODEL_AWARD_REVOKED);
        break;
    case BADGE_ACTION_REVIEW: /* the teacher's grid shows it: held, and not met any more */
    case BADGE_ACTION_NOTHING:
        break;
    }
}

static bool read_people(const struct job *job, int64_t **ids, size_t *count, struct err *err) {
    const json_t *list = json_object_get(job->payload, "people");
    *ids = NULL;
    *count = json_array_size(list);
    if (list == NULL) {
        return true;
    }
    *ids = ARENA_ARRAY(job->arena, int64_t, *count);
    for (size_t i = 0; i < *count; i++) {
        const json_t *id = json_array_get(list, i);
        if (!json_is_integer(id)) {
            return err_set(err, ERR_BUG, "the job names people by something else than numbers");
        }
        (*ids)[i] = json_integer_value(id);
    }
    return true;
}

/* What a title was found to mean is kept before anything is awarded for it. */
static bool keep_bound(const struct job *job, const struct judge_course *c,
                       const struct judge_badge *b, struct err *err) {
    struct sv bound;
    return judge_bound(c, b, job->arena, &bound, err) &&
           (bound.len == 0 ||
            store_mapping_bound_set(job->store, c->course.institution_id, b->stored.id,
                                    c->course.id, b->stored.bound, bound, err));
}

static bool note_problems(const struct job *job, const struct judge_course *c, struct err *err) {
    for (size_t i = 0; i < c->badge_count; i++) {
        if (!keep_bound(job, c, &c->badges[i], err)) {
            return false;
        }
        if (!sv_eq(c->badges[i].problem, c->badges[i].stored.problem) &&
            !store_mapping_problem_set(job->store, c->course.institution_id, c->badges[i].stored.id,
                                       c->course.id, c->badges[i].problem, err)) {
            return false;
        }
    }
    return true;
}

/* Each lot is a transaction of its own. A worker that dies between two has its job repeated from
 * the start: whoever has been judged comes out the same. */
static bool judge_some(void *ctx, const struct judge_person *people, size_t count, struct arena *a,
                       struct err *err) {
    struct run *r = ctx;
    const struct judge_course *c = r->course;
    r->arena = a;
    r->awards = ARENA_ARRAY(a, struct store_award_new, count * c->badge_count);
    r->moves = ARENA_ARRAY(a, struct store_award_move, count * c->badge_count);
    r->award_count = r->move_count = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t b = 0; b < c->badge_count; b++) {
            judge_one(r, &c->badges[b], &people[i]);
        }
    }
    const struct store_judgement judgement = {.institution_id = c->course.institution_id,
                                              .course_id = c->course.id,
                                              .awards = r->awards,
                                              .award_count = r->award_count,
                                              .moves = r->moves,
                                              .move_count = r->move_count,
                                              .now = r->job->now};
    struct store_judgement_result result = {0};
    r->people += count;
    if (r->award_count + r->move_count == 0) {
        return true;
    }
    if (!store_judgement_save(r->job->store, &judgement, &result, err)) {
        return false;
    }
    r->made += result.made;
    r->moved += result.moved;
    return true;
}

bool job_judge(struct job *job, struct err *err) {
    int64_t course_id = 0;
    int64_t *ids = NULL;
    size_t id_count = 0;
    struct judge_course course;
    if (!job_number(job, "course", &course_id, err) || !read_people(job, &ids, &id_count, err) ||
        !judge_course_load(job->store, job->row->institution_id, course_id, job->arena, &course,
                           err)) {
        return false;
    }
    struct run r = {.job = job, .course = &course};
    if (!note_problems(job, &course, err) ||
        !judge_people_each(job->store, &course, ids, id_count, judge_some, &r, err)) {
        return false;
    }
    log_event(LOG_LEVEL_INFO, "course_judged", LOG_INT("course", course_id),
              LOG_INT("people", (int64_t)r.people), LOG_INT("badges", (int64_t)course.badge_count),
              LOG_INT("made", (int64_t)r.made), LOG_INT("moved", (int64_t)r.moved));
    return true;
}
