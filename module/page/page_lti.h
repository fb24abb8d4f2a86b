/* What the files of login and launch share. */
#pragma once
#include "lti_launch.h"
#include "lti_state.h"
#include "page_internal.h"

/* A login or launch that goes no further. */
struct page_lti_refusal {
    const char *event; /* "login_refused", "launch_refused" */
    const struct err *why;
    int64_t registration_id; /* 0: not known */
    bool is_json; /* a script asked: {"reason", "text"} instead of a page, under the same status */
};
/* One log line, and a page in words: what happened, and who can do what about it. */
NODISCARD bool page_lti_refuse(struct page *p, const struct page_lti_refusal *refusal,
                               struct err *err);

/* Why the deployment of a good launch does not let it in, as the error of that launch: ERR_DENIED
 * "deployment". Always false. */
NODISCARD bool page_lti_parked(const struct model_launch *launch, enum store_parking parking,
                               struct err *err);
/* A login that asks for a page of another origin goes on (the launch says where it leads), but its
 * address is wrong at the platform: logged, and noted on the registration. */
void page_lti_note_target(struct page *p, const struct model_registration *registration,
                          struct sv target_link_uri);
/* A launch on its way: what came, what its state says, and, once it is judged, who comes. */
struct page_lti_arrival {
    struct lti_launch_form form;
    struct lti_state state;
    struct sv browser; /* the browser's value; empty when it brought none */
    struct model_registration registration;
    struct lti_launch verified;
};
/* Where a launch that was taken leads. */
struct page_lti_entry {
    struct sv launch_id, token;
    struct sv path; /* "/app/l/LAUNCH/..." */
    struct sv who;  /* the same for each launch of one person, and nothing else of them */
};

/* page_lti.c */
NODISCARD bool page_lti_form(struct page *p, struct lti_launch_form *out, struct err *err);
/* The browser's value, kept when it has one (several tabs may be on their way at once), and its
 * cookie. */
NODISCARD bool page_lti_keep_browser(struct page *p, struct sv *browser, struct err *err);
/* Judge the token of an arrival whose form and state are there, by the time `now`; fills in
 * registration and verified. Writes nothing. */
NODISCARD bool page_lti_verify(struct page *p, struct page_lti_arrival *a, usec_t now,
                               struct err *err);
/* Record a verified launch of `browser`: the nonce is used up, the session is open. */
NODISCARD bool page_lti_enter(struct page *p, const struct page_lti_arrival *a,
                              struct page_lti_entry *out, struct err *err);
/* The session's cookie. */
NODISCARD bool page_lti_keep_session(struct page *p, const struct page_lti_entry *entry,
                                     struct err *err);

/* page_lti_cookieless.c */
/* A login whose browser has sent no cookie, at a platform that offers storage. */
struct page_lti_store {
    const struct model_registration *registration;
    struct sv target;         /* the platform's frame */
    struct sv state, browser; /* what is kept, under which key */
    struct sv next;           /* the authentication request */
};
/* The page that puts the browser's value into platform storage and goes on to `next`. */
NODISCARD bool page_lti_store_browser(struct page *p, const struct page_lti_store *store,
                                      struct err *err);
/* The answer to a verified launch without a cookie: a page that asks platform storage, and offers a
 * new window. */
NODISCARD bool page_lti_offer_ways(struct page *p, const struct page_lti_arrival *a,
                                   struct err *err);
/* The launch was taken: {"launch", "token", "path", "who"} for the page's script. */
NODISCARD bool page_lti_answer_script(struct page *p, const struct page_lti_entry *entry,
                                      struct err *err);

/* Which page of the launch is opened first: the rest of the path behind /app/l/LAUNCH/, empty for
 * the one that fits the role. */
struct sv page_lti_path(const struct page *p, const struct lti_launch *launch);
