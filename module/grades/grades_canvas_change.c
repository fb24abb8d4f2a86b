/* What changed since the last reading, told by marks: Canvas's lists of enrolments and of progress
 * cost a request for a hundred people, their submissions and modules many more (lti.md 11.2). Then
 * what is put down of everybody, when all is read. */
#include "base_encode.h"
#include "grades_canvas.h"
#include <stdio.h>
#include <stdlib.h>

#define SEAL_DIGITS 16
#define MARK_VERSION "1:" /* another way of sealing is another version: everybody is read anew */

uint64_t canvas_seal(struct sv text) {
    unsigned char hash[32];
    uint64_t seal = 0;
    sha256(text.ptr == NULL ? "" : text.ptr, text.len, hash);
    for (size_t i = 0; i < sizeof seal; i++) {
        seal = seal << 8 | hash[i];
    }
    return seal;
}

static bool seal_parse(struct sv *text, uint64_t *out) {
    *out = 0;
    for (size_t i = 0; i < SEAL_DIGITS; i++) {
        int c = i < text->len ? text->ptr[i] : '?';
        bool is_digit = c >= '0' && c <= '9';
        if (!is_digit && (c < 'a' || c > 'f')) {
            return false;
        }
        *out = *out << 4 | (uint64_t)(is_digit ? c - '0' : c - 'a' + 10);
    }
    *text = sv_skip(*text, SEAL_DIGITS);
    return true;
}

static const struct canvas_mark *mark_parse(struct sv text, struct arena *a) {
    struct canvas_mark *mark = ARENA_NEW(a, struct canvas_mark);
    if (!sv_starts(text, SV(MARK_VERSION))) {
        return NULL;
    }
    text = sv_skip(text, sizeof MARK_VERSION - 1);
    return seal_parse(&text, &mark->work) && seal_parse(&text, &mark->grades) &&
                   seal_parse(&text, &mark->steps) && text.len == 0
               ? mark
               : NULL;
}

static int by_person_ref(const void *left, const void *right) {
    return sv_cmp(((const struct model_known *)left)->person_ref,
                  ((const struct model_known *)right)->person_ref);
}

const struct model_known *canvas_known_find(const struct canvas_read *r, struct sv id) {
    const struct grades_course *asked = r->asked;
    const struct model_known key = {.person_ref = id};
    return asked->known_count == 0
               ? NULL
               : bsearch(&key, asked->known, asked->known_count, sizeof key, by_person_ref);
}

static const struct canvas_mark *mark_find(const struct canvas_read *r, struct sv id) {
    const struct model_known *found =
        r->asked->scope == GRADES_CHANGES ? canvas_known_find(r, id) : NULL;
    return found == NULL ? NULL : mark_parse(found->mark, r->build.arena);
}

void canvas_changes_begin(struct canvas_read *r) {
    r->work_seal += r->hides_totals ? 1 : 0;
    for (size_t i = 0; i < r->user_count; i++) {
        struct canvas_user *user = &r->users[i];
        if (!canvas_user_counts(user)) {
            continue;
        }
        r->learner_count++;
        user->known = mark_find(r, user->id);
        user->is_due = user->known == NULL || user->known->work != r->work_seal ||
                       user->known->grades != user->grades_seal;
        user->is_states_due = user->known == NULL;
    }
}

static uint64_t steps_seal(const struct canvas_user *user) {
    char text[96];
    if (user->has_same_steps) {
        return user->known->steps;
    }
    (void)snprintf(text, sizeof text, "%d %lld %lld %lld", user->has_progress,
                   (long long)user->required, (long long)user->done, (long long)user->completed_at);
    return canvas_seal(sv_from(text));
}

void canvas_steps_compare(struct canvas_user *user) {
    if (canvas_user_counts(user)) {
        user->is_states_due = user->known == NULL || user->known->steps != steps_seal(user);
    }
}

struct sv canvas_ids(const struct canvas_read *r, const char *name, size_t max,
                     bool (*is_wanted)(const struct canvas_user *user), size_t *next,
                     struct arena *a) {
    struct str ids;
    size_t n = 0;
    str_init(&ids, a, max * 64);
    for (; *next < r->user_count && n < max; (*next)++) {
        if (is_wanted(&r->users[*next])) {
            str_addf(&ids, "%s%s=%.*s", n++ == 0 ? "" : "&", name, SV_ARG(r->users[*next].id));
        }
    }
    return str_sv(&ids);
}

bool canvas_is_most(const struct canvas_read *r,
                    bool (*is_wanted)(const struct canvas_user *user)) {
    size_t wanted = 0;
    for (size_t i = 0; i < r->user_count; i++) {
        wanted += is_wanted(&r->users[i]) ? 1 : 0;
    }
    return r->asked->scope != GRADES_LATEST && 2 * wanted >= r->learner_count;
}

static bool total_item(struct canvas_read *r, enum model_item_kind kind, struct sv title,
                       size_t *index, struct err *err) {
    if (!grades_build_item(&r->build, kind, sv_of(NULL, 0), index, err)) {
        return false;
    }
    struct model_item *item = &r->build.out->items[*index];
    item->title = title;
    item->has_maximum = true;
    item->maximum = dec_from_i64(100); /* totals are percentages */
    return true;
}

static bool total_put(struct canvas_read *r, const struct canvas_user *user, size_t item,
                      const struct canvas_total *total, struct err *err) {
    struct model_fact *fact = NULL;
    if (!total->has_score && total->letter.len == 0) {
        return true;
    }
    if (!canvas_fact(r, user, item, &fact, err)) {
        return false;
    }
    fact->has_score = total->has_score;
    fact->score = total->score;
    fact->letter = total->letter;
    fact->is_posted = !r->hides_totals; /* a course may hide totals from its learners */
    return true;
}

/* The items of the totals; *has_totals is false when they may not be seen. */
static bool total_items(struct canvas_read *r, size_t *final, size_t *current, bool *has_totals,
                        struct err *err) {
    *has_totals = false;
    bool has_learners = false;
    for (size_t i = 0; i < r->user_count; i++) {
        has_learners = has_learners || r->users[i].is_learner;
    }
    if (has_learners && !r->has_totals) {
        canvas_untold(r, 1u << MODEL_ITEM_COURSE_FINAL | 1u << MODEL_ITEM_COURSE_CURRENT,
                      "Course totals are not granted: the token's account needs the right to view "
                      "all grades.");
        return true;
    }
    *has_totals = true;
    r->build.out->can |= GRADES_CAN_COURSE_TOTAL;
    return total_item(r, MODEL_ITEM_COURSE_FINAL, SV("Course total"), final, err) &&
           total_item(r, MODEL_ITEM_COURSE_CURRENT, SV("Current total"), current, err);
}

/* Complete is what has every requirement met now: `completed_at` stays when a teacher adds one. */
static bool completion_put(struct canvas_read *r, const struct canvas_user *user, struct err *err) {
    struct model_fact *fact = NULL;
    size_t item = 0;
    if (!user->has_progress) {
        return canvas_keep(r, user, MODEL_ITEM_COURSE_COMPLETION, err);
    }
    if (!grades_build_item(&r->build, MODEL_ITEM_COURSE_COMPLETION, sv_of(NULL, 0), &item, err) ||
        !canvas_fact(r, user, item, &fact, err)) {
        return false;
    }
    bool is_complete =
        user->completed_at != 0 && user->required > 0 && user->done >= user->required;
    fact->completion = is_complete ? MODEL_COMPLETION_COMPLETE : MODEL_COMPLETION_INCOMPLETE;
    fact->completed_at = is_complete ? user->completed_at : 0;
    return true;
}

static bool kept_put(struct canvas_read *r, const struct canvas_user *user, struct err *err) {
    if (!user->is_due && (!canvas_keep(r, user, MODEL_ITEM_ACTIVITY, err) ||
                          !canvas_keep(r, user, MODEL_ITEM_OUTCOME, err))) {
        return false;
    }
    return user->is_states_due || canvas_keep(r, user, MODEL_ITEM_MODULE, err);
}

/* What could not be read has no seal, so that the next reading asks for it. */
static struct sv mark_of(const struct canvas_read *r, const struct canvas_user *user) {
    const unsigned can = r->build.out->can;
    bool has_work = (can & GRADES_CAN_SCORES) != 0 && !user->has_gap;
    bool has_steps = r->module_count == 0 || ((can & GRADES_CAN_COMPLETION) != 0 && !user->has_gap);
    return sv_printf(r->build.arena, MARK_VERSION "%016llx%016llx%016llx",
                     (unsigned long long)(has_work ? r->work_seal : 0),
                     (unsigned long long)user->grades_seal,
                     (unsigned long long)(has_steps ? steps_seal(user) : 0));
}

#define MARK_NONE "0" /* is read when they are back, whatever they were before */

/* Who takes no part now, such as somebody whose enrolment is inactive, loses nothing by it. */
static void standing_keep(struct canvas_read *r, const struct canvas_user *user) {
    if (user->member != SIZE_MAX) {
        r->build.out->members[user->member].mark = SV(MARK_NONE);
        r->build.out->members[user->member].is_unread = true;
    }
}

bool canvas_people_put(struct canvas_read *r, struct err *err) {
    size_t final = 0;
    size_t current = 0;
    bool has_totals = false;
    if (!total_items(r, &final, &current, &has_totals, err)) {
        return false;
    }
    for (size_t i = 0; i < r->user_count; i++) {
        const struct canvas_user *user = &r->users[i];
        if (!canvas_user_counts(user)) {
            standing_keep(r, user);
            continue;
        }
        struct model_member *member = &r->build.out->members[user->member];
        member->mark = mark_of(r, user);
        member->is_unread = !user->is_due && !user->is_states_due;
        if (member->is_unread) {
            continue;
        }
        if ((has_totals && (!total_put(r, user, final, &user->final, err) ||
                            !total_put(r, user, current, &user->current, err))) ||
            !completion_put(r, user, err) || !kept_put(r, user, err)) {
            return false;
        }
    }
    return true;
}
