/* What the files of dynamic registration share (page_register.c, page_register_show.c). */
#pragma once
#include "lti_register.h"
#include "page_internal.h"
#include "store_invite.h"

/* One registration on its way. */
struct page_visit {
    struct sv code, config_url, token; /* as the platform's window brought them */
    struct store_invite invite;
    struct lti_register_platform platform;
    struct model_registration old; /* an update only: as it is now */
};

/* This tool as platforms are told of it; slug: whose key set, empty: everybody's. */
struct lti_register_tool page_register_tool(const struct page *p, struct sv slug);

/* One line of what an update changes. */
struct page_register_row {
    const char *label;
    struct sv before, after;
};
#define PAGE_REGISTER_ROWS 5
/* The lines of an update; texts in the page's arena. */
void page_register_rows(const struct page *p, const struct page_visit *v,
                        struct page_register_row out[PAGE_REGISTER_ROWS]);

/* The question whether an update shall happen; `seal` is what the form carries back. */
NODISCARD bool page_register_ask(struct page *p, const struct page_visit *v, struct sv seal,
                                 struct err *err);
/* It is done. */
NODISCARD bool page_register_done(struct page *p, const struct page_visit *v,
                                  const struct lti_register_grant *grant, struct err *err);
/* It is not: what happened and what to do, and one log line. */
NODISCARD bool page_register_problem(struct page *p, const struct err *why, struct err *err);
