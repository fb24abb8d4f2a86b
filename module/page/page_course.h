/* What the pages about a course's badges share: the course as the judge sees it, people by tokens,
 * where somebody stands with a badge, and the words for it. */
#pragma once
#include "judge.h"
#include "page_internal.h"

/* The session's course; without one the same with no badges at all. */
NODISCARD bool page_course_load(struct page *p, struct judge_course *out, struct err *err);
/* A badge of the course by its public id. Fails: ERR_NOT_FOUND "badge". */
NODISCARD bool page_course_badge(const struct judge_course *course, struct sv public_id,
                                 const struct judge_badge **out, struct err *err);
/* The person of the session as a learner of the course: with facts and awards when the launch says
 * learner; everybody else looks as somebody of whom nothing is known. */
NODISCARD bool page_course_self(struct page *p, const struct judge_course *course,
                                struct judge_person *out, struct err *err);

/* How a person is called in addresses: nothing can be counted or guessed from it (DESIGN 3.2), and
 * it holds in that course only. 22 characters of base64url, in `a`. */
struct page_person_ref {
    int64_t institution_id, course_id, person_id;
};
struct sv page_person_seal(const struct seal *seal, struct arena *a, struct page_person_ref ref);
struct sv page_person_token(const struct page *p, int64_t person_id);
/* Somebody of the session's course by token. Fails: ERR_NOT_FOUND "person". */
NODISCARD bool page_person_find(struct page *p, const struct judge_course *course, struct sv token,
                                struct judge_person *out, struct err *err);
/* The name, or "Learner 4kT9x_" for somebody without. */
struct sv page_person_name(const struct page *p, const struct store_person *person);

/* As icons and colours know it. */
enum page_state {
    PAGE_STATE_EARNED,
    PAGE_STATE_ALMOST,
    PAGE_STATE_NOT_YET,
    PAGE_STATE_REVIEW, /* waits for a teacher: a proposal, or a condition to be confirmed */
    PAGE_STATE_PROBLEM /* taken back, or cannot be judged */
};
const char *page_state_name(enum page_state state);

/* Where a person stands with a badge. */
struct page_standing {
    const struct judge_badge *badge;
    const struct judge_person *person;
    const struct store_award *award; /* the latest; NULL: none */
    struct badge_verdict verdict;
    enum page_state state;
    bool is_in_question; /* held, not met any more, and the badge's policy asks a teacher */
};
/* The verdict's results live in `a`. */
struct page_standing page_standing(const struct judge_badge *badge,
                                   const struct judge_person *person, struct arena *a);
/* What it is to a teacher: a badge in question waits for one. */
static inline enum page_state page_staff_state(const struct page_standing *s) {
    return s->is_in_question ? PAGE_STATE_REVIEW : s->state;
}
/* The state that an award and a verdict come to; award NULL: none. Almost: one step away, and
 * something has been done. Pure. */
enum page_state page_state_of(const struct store_award *award, const struct badge_verdict *verdict,
                              bool is_started);
/* Whether anything of the rule is met, graded or handed in. Pure. */
bool page_is_started(const struct badge_plan *plan, const struct badge_verdict *verdict);
/* Not earned, and no road is left, or it was taken back. Pure. */
bool page_is_stuck(const struct store_award *award, const struct badge_verdict *verdict);

/* The verdict in a word or two: "Earned 3 May 2027", "Revoked 3 May 2027", "One step away". */
struct sv page_standing_word(const struct page *p, const struct page_standing *s);
/* What is to be said of an award beside its word: "Valid until 3 May 2029.", or a person's reason.
 * Empty without one. */
struct sv page_award_sentence(const struct page *p, const struct store_award *award);
/* The one next step in words, where an award or its day says more than the rule does (`next`). */
struct sv page_standing_next(const struct page *p, const struct page_standing *s, struct sv next);
/* The part progress.html; `text` is the explanation's summary. */
json_t *page_progress(const struct page_standing *s, struct sv text);
struct sv page_date(const struct page *p, usec_t t);
/* A course's title; "course 42 (not opened yet)" while only the platform's id is known. */
struct sv page_course_name(struct arena *a, struct sv title, struct sv context_id);
/* "Moodle at lms.example": where grades come from, by the source's kind and the platform. */
struct sv page_source_title(struct arena *a, struct sv kind, struct sv issuer);
struct sv page_badge_image(const struct page *p, struct sv public_id);
struct sv page_badge_url(const struct page *p, struct sv public_id);

/* Conditions (page_condition.c): badge_explain's "conditions" as condition1.html wants them, three
 * levels deep, deeper ones below each other. */
struct page_conditions {
    struct arena *arena;
    enum badge_voice voice;
    /* For `source`, said to teachers only: where a value came from and when. plan NULL: unknown. */
    const struct badge_plan *plan;
    const struct badge_verdict *verdict;
    const struct text_zone *zone;
    struct sv said; /* the sentence above the list: not said twice */
};
/* New reference. */
json_t *page_conditions(const struct page_conditions *view, const json_t *explained);
/* The same of badge_rule_outline, for a badge that no course judges; nothing is known of anybody.
 */
json_t *page_outline(struct arena *a, const struct badge_rule *rule);
/* Explains a standing in the voice and converts its conditions: "conditions", "summary", "next" of
 * the result are texts and a list as the templates take them. New reference. */
json_t *page_explain(const struct page *p, const struct judge_course *course,
                     const struct page_standing *s, enum badge_voice voice);
/* `the badge "safe-lab"` becomes `the badge "Safe Lab Worker"`; keys that none of `badges` has
 * stay. */
struct sv page_badge_names(struct arena *a, const struct store_badge *badges, size_t count,
                           struct sv text);
/* Spaces between a number and its unit do not break: "80 %", "12 points". */
struct sv page_unbroken(struct arena *a, struct sv text);
/* One full stop or question mark at the end. */
struct sv page_full_stop(struct arena *a, struct sv text);
/* First letter upper case (ASCII). */
struct sv page_sentence_case(struct arena *a, struct sv text);

/* Adds `broken` and `has_broken`: the course's badges that cannot be judged, why, and where that is
 * mended. */
void page_add_broken(const struct page *p, json_t *model, const struct judge_course *course);

/* Order of two names without regard to case, as below. Pure. */
int page_search_cmp(struct sv left, struct sv right);
/* Does the name contain the words typed, without regard to case (Latin, Greek, Cyrillic)? Pure. */
bool page_search_fits(struct sv name, struct sv typed);
