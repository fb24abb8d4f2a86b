/* One learner and one badge before a teacher: loaded, shown, changed. */
#pragma once
#include "page_course.h"

#define PAGE_REASON_CHARS_MIN 3
#define PAGE_REASON_CHARS_MAX 1000
#define PAGE_EVIDENCE_CHARS_MAX 2000

struct page_why {
    struct judge_course course;
    const struct judge_badge *badge;
    struct judge_person person;
    struct sv token; /* the person's, of the address */
    struct page_standing standing;
};

/* A form that could not be taken: shown again with what was typed. */
struct page_why_retry {
    const char *deed; /* "award", "revoke", "decide", "attest" */
    struct sv typed;
    struct sv problem; /* one sentence */
};

/* The learner and badge of the address. Fails: ERR_NOT_FOUND "badge" or "person". */
NODISCARD bool page_why_load(struct page *p, struct page_why *out, struct err *err);
/* The page; retry NULL: as it is. */
NODISCARD bool page_why_show(struct page *p, const struct page_why *why,
                             const struct page_why_retry *retry, struct err *err);
struct sv page_why_path(const struct page *p, const struct page_why *why, const char *deed);
/* Adds `history`: what happened to this badge and learner, newest first. */
NODISCARD bool page_why_history(struct page *p, const struct page_why *why, json_t *model,
                                struct err *err);

/* May a person write this as a reason: 3 to 1000 characters? Else *problem says what to do. Pure.
 */
bool page_reason_fits(struct sv reason, struct sv *problem);
/* Characters of UTF-8 text. */
size_t page_char_count(struct sv text);
/* A condition of the plan that only a teacher can confirm and nobody has. */
bool page_why_awaits(const struct page_why *why, uint32_t node);
