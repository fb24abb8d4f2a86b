/* Whose own calls are made. What shows nowhere but in them (a quiz graded by hand, a grade changed
 * or hidden in the gradebook, completion ticked by a teacher) is found by reading everybody in
 * turn. */
#include "grades_moodle.h"
#include <stdlib.h>

#define HOUR (INT64_C(3600) * USEC_PER_S)
#define TURN (4 * HOUR) /* in which everybody has had one, where that is possible */
#define TURN_LEAST 3
#define TURN_SHARE 4 /* at most every fourth */
#define INTERVAL_UNKNOWN HOUR

struct waiting {
    usec_t read_at;
    size_t member;
};

static int by_age(const void *left, const void *right) {
    const struct waiting *a = left;
    const struct waiting *b = right;
    if (a->read_at != b->read_at) {
        return a->read_at < b->read_at ? -1 : 1;
    }
    return (a->member > b->member) - (a->member < b->member);
}

/* How many of `people` have their turn now, so that all have had it within TURN. */
static size_t turn_count(const struct moodle_read *m, size_t people) {
    usec_t since = m->course->since;
    usec_t gap = since > 0 && since < m->began ? m->began - since : INTERVAL_UNKNOWN;
    size_t most = people / TURN_SHARE + 1;
    size_t due = gap >= TURN ? people : (size_t)((usec_t)people * gap / TURN) + 1;
    due = due < most ? due : most;
    due = due < TURN_LEAST ? TURN_LEAST : due;
    return due < people ? due : people;
}

/* As they were, and remain if they are not read. Who was due and could not be is due again: by then
 * the sign that made them so may be out of sight. */
static void leave_unread(struct moodle_read *m, size_t member, bool is_due) {
    struct model_member *who = &m->build.out->members[member];
    struct moodle_person *p = &m->persons[member];
    struct moodle_sign sign = p->before;
    sign.is_fresh = sign.is_fresh || is_due;
    p->is_due = is_due;
    who->is_unread = true;
    who->is_active = !p->has_before || !sign.is_gone;
    who->mark = p->has_before ? moodle_sign_text(&sign, m->build.arena) : sv_of(NULL, 0);
}

void moodle_plan(struct moodle_read *m, struct arena *a, size_t **list, size_t *count) {
    struct grades_reading *out = m->build.out;
    bool is_whole = m->course->scope == GRADES_WHOLE;
    *list = ARENA_ARRAY(a, size_t, out->member_count + 1);
    *count = 0;
    struct waiting *quiet = ARENA_ARRAY(a, struct waiting, out->member_count + 1);
    size_t quiet_count = 0;
    for (size_t i = 0; i < out->member_count; i++) {
        const struct moodle_person *p = &m->persons[i];
        if (!out->members[i].is_learner) {
            continue;
        }
        bool is_due = is_whole || !p->has_before ||
                      moodle_sign_differs(&p->before, &p->sign, m->marked_since);
        if (is_due) {
            (*list)[(*count)++] = i;
        } else {
            quiet[quiet_count++] = (struct waiting){.read_at = p->known->read_at, .member = i};
        }
        leave_unread(m, i, is_due);
    }
    if (quiet_count > 0) {
        qsort(quiet, quiet_count, sizeof *quiet, by_age);
    }
    size_t turns = turn_count(m, quiet_count);
    for (size_t i = 0; i < turns; i++) {
        (*list)[(*count)++] = quiet[i].member;
        m->persons[quiet[i].member].is_due = true;
    }
}

void moodle_plan_rest(struct moodle_read *m, size_t *list, size_t *count) {
    *count = 0;
    for (size_t i = 0; i < m->build.out->member_count; i++) {
        if (m->build.out->members[i].is_learner && !m->persons[i].is_due) {
            list[(*count)++] = i;
            leave_unread(m, i, true);
        }
    }
}

/* Columns, maxima and weights differ from person to person, so one word is not enough: most of
 * those who have grades in the same columns as before must say so; or most of all, that a column
 * came, went, or is shown or hidden now. */
bool moodle_plan_is_moved(const struct moodle_read *m, const size_t *list, size_t count) {
    size_t same = 0;
    size_t reshaped = 0;
    size_t asked = 0;
    size_t moved = 0;
    for (size_t i = 0; i < count; i++) {
        const struct moodle_person *p = &m->persons[list[i]];
        if (!p->is_read || !p->has_before || p->before.report == 0 || p->sign.report == 0) {
            continue;
        }
        asked++;
        moved += p->before.columns != p->sign.columns ? 1 : 0;
        if (p->before.filled == p->sign.filled) {
            same++;
            reshaped += p->before.shape != p->sign.shape ? 1 : 0;
        }
    }
    return 2 * reshaped > same || 2 * moved > asked;
}
