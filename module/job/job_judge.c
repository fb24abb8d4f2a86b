/* Decide for the people whose facts changed, and write what follows in one transaction. */
#include "badge_award.h"
#include "job_internal.h"
#include "judge.h"
#include "text_time.h"

#define GRACE_PERIOD (14 * INT64_C(86400) * USEC_PER_S)

struct run {
    struct job *job;
    const struct judge_course *course;
    struct store_award_new *awards;
    struct store_award_move *moves;
    size_t award_count, move_count;
    struct err *err;
};

static struct badge_case case_of(const struct run *r, const struct judge_badge *b,
                                 const struct judge_person *p, const struct badge_verdict *v) {
    const struct model_badge *d = &b->definition;
    struct text_civil today = text_zone_civil(r->course->zone, r->job->now);
    const struct store_award *award = judge_award(b, p);
    struct badge_case c = {.is_decidable = v->is_decidable,
                           .is_met = v->is_met,
                           .is_eligible = p->person.may_earn,
                           .is_due =
                               badge_award_is_due(d->award_on, today.year, today.month, today.day),
                           .approval = d->approval,
                           .on_grade_drop = d->on_grade_drop};
    if (award != NULL) {
        c.has_award = true;
        c.state = award->state;
        /* What was earned in another course is judged there. */
        bool is_elsewhere = award->course_id != 0 && award->course_id != r->course->course.id;
        c.is_by_hand = award->is_awarded_by_hand || is_elsewhere;
        c.is_state_by_hand = award->is_by_hand;
        c.is_grace_over = award->state == MODEL_AWARD_SUSPENDED &&
                          r->job->now - award->suspended_at > GRACE_PERIOD;
    }
    return c;
}

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
        .reasons = js_dump(r->job->arena, reasons),
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
    struct badge_verdict v = judge_decide(b, p, r->job->arena);
    const struct badge_case c = case_of(r, b, p, &v);
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

static bool note_problems(const struct run *r) {
    const struct judge_course *c = r->course;
    for (size_t i = 0; i < c->badge_count; i++) {
        if (!sv_eq(c->badges[i].problem, c->badges[i].stored.problem) &&
            !store_mapping_problem_set(r->job->store, c->course.institution_id,
                                       c->badges[i].stored.id, c->course.id, c->badges[i].problem,
                                       r->err)) {
            return false;
        }
    }
    return true;
}

bool job_judge(struct job *job, struct err *err) {
    int64_t course_id = 0;
    int64_t *ids = NULL;
    size_t id_count = 0;
    struct judge_course course;
    struct judge_person *people = NULL;
    size_t count = 0;
    if (!job_number(job, "course", &course_id, err) || !read_people(job, &ids, &id_count, err) ||
        !judge_course_load(job->store, job->row->institution_id, course_id, job->arena, &course,
                           err) ||
        !judge_people_load(job->store, &course, ids, id_count, job->arena, &people, &count, err)) {
        return false;
    }
    struct run r = {
        .job = job,
        .course = &course,
        .awards = ARENA_ARRAY(job->arena, struct store_award_new, count * course.badge_count),
        .moves = ARENA_ARRAY(job->arena, struct store_award_move, count * course.badge_count),
        .err = err};
    for (size_t i = 0; i < count; i++) {
        for (size_t b = 0; b < course.badge_count; b++) {
            judge_one(&r, &course.badges[b], &people[i]);
        }
    }
    const struct store_judgement judgement = {.institution_id = job->row->institution_id,
                                              .course_id = course_id,
                                              .awards = r.awards,
                                              .award_count = r.award_count,
                                              .moves = r.moves,
                                              .move_count = r.move_count,
                                              .now = job->now};
    struct store_judgement_result result = {0};
    if (!note_problems(&r) || !store_judgement_save(job->store, &judgement, &result, err)) {
        return false;
    }
    log_event(LOG_LEVEL_INFO, "course_judged", LOG_INT("course", course_id),
              LOG_INT("people", (int64_t)count), LOG_INT("badges", (int64_t)course.badge_count),
              LOG_INT("made", (int64_t)result.made), LOG_INT("moved", (int64_t)result.moved));
    return true;
}
