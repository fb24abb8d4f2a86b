/* What the pages share: the application, one request's view of it, rendering, and errors. */
#pragma once
#include "base_json.h"
#include "lti_http.h"
#include "lti_keyset.h"
#include "net_fetch.h"
#include "page.h"
#include "page_notes.h"
#include "seal_key.h"
#include "store_launch.h"
#include "store_registration.h"
#include "text_template.h"
#include "text_time.h"
#include "web_form.h"
#include "web_origin.h"
#include "web_router.h"
#include <pthread.h>
#include <stdatomic.h>

#define PAGE_COOKIE_BROWSER "laurel-browser"
#define PAGE_COOKIE_SESSION "laurel-s-" /* and the launch id */
#define PAGE_PATH_LAUNCH "/app/l/"
#define PAGE_ICON_PATH                                                                             \
    "/assets/lasting/laurel.svg" /* what platforms keep: the same in every release */
#define PAGE_BROWSER_COOKIE_S (INT64_C(30) * 86400)
#define PAGE_SESSION_COOKIE_S (INT64_C(4) * 3600)

struct issue;
struct page_kept;

struct page_metrics {
    atomic_llong requests, launches, launches_refused, errors;
};

/* Marks of what was told to the database already (page_extras.c). */
#define PAGE_TOLD_SLOTS 1024

struct page_app {
    struct page_options options;
    struct arena arena; /* what lives as long as the application */
    const struct text_templates *templates;
    struct lti_http http;
    struct lti_keysets *keysets;
    struct net_gate verify_gate; /* of the badges that strangers have checked */
    struct net_gate draw_gate;   /* of requests that have pictures drawn */
    pthread_mutex_t draw_lock;   /* one missing picture is drawn at a time, and so only once */
    struct sv asset_hash;
    struct page_metrics metrics;
    _Atomic uint64_t told[PAGE_TOLD_SLOTS];
    struct page_notes *notes; /* of refused launches */
    struct issue *issue;
    struct page_kept *kept; /* pages of shared awards */
    atomic_int uploads;     /* gradebook files that are being read */
};

/* A request on its way to an answer. */
struct page {
    struct page_app *app;
    struct web_request *req;
    struct web_response *resp;
    struct arena *arena;
    usec_t now;
    /* Pages inside a course only: */
    struct sv launch_id;
    struct store_session session;
    const struct text_zone *zone;
};

/* Flags of a route. */
enum {
    PAGE_IN_COURSE = 1, /* the session is loaded; without one: start again */
    PAGE_TEACHER = 2,   /* teachers and badge admins only */
    PAGE_ADMIN = 4,     /* badge admins only */
    PAGE_FORM = 8,      /* a change: same origin and token are checked */
    PAGE_FILE = 32,     /* a form with a gradebook file, which is kept in a file */
    PAGE_MENTOR = 16    /* also for mentors, to whom every other page is closed */
};

typedef bool page_handler(struct page *p, struct err *err);

/* May this badge admin design and decide for the issuer? */
bool page_may_issue(const struct page *p, struct sv issuer_key);
/* A path of ours below this launch: page_path(p, "badges/%s", id). */
struct sv page_path(const struct page *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* "/assets/HASH/name" */
struct sv page_asset_path(const struct page *p, const char *name);

/* Dates of the page are those of this time zone; of UTC when there is none of that name. */
void page_zone_load(struct page *p, struct sv name);

/* Values for view models; texts are copied. */
json_t *page_json_text(struct sv text);
json_t *page_json_textf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
void page_set_text(json_t *object, const char *key, struct sv text);
void page_set_bool(json_t *object, const char *key, bool value);

/* The model every page starts from: `page` (title, language, styles). */
json_t *page_model(const struct page *p, struct sv title);
/* Adds `header`: course, freshness, "Check now", tabs. `current`: "learner", "grid", "badges" or
 * "". */
void page_add_header(const struct page *p, json_t *model, const char *current);
/* The same with the course's name and nothing else: of pages that show no grades. */
void page_add_plain_header(const struct page *p, json_t *model);
/* Adds `notice` after a form: the ?done= of the address picks fixed words; else null. */
void page_add_notice(const struct page *p, json_t *model);
/* Does a script of ours ask for data instead of the page? */
bool page_wants_json(const struct page *p);
/* Render a template as the answer. Takes the model. */
NODISCARD bool page_render(struct page *p, int status, const char *template, json_t *model,
                           struct err *err);
/* The error page for err; logs it. Never fails. */
void page_error(struct page *p, const struct err *err);

/* An error's words as a sentence: first letter upper case (ASCII), one full stop. Pure. */
struct sv page_sentence(struct arena *a, struct sv text);

/* The token that forms of this session carry, and its check (PAGE_FORM does it). */
struct sv page_csrf(const struct page *p);

/* page_lti.c */
page_handler page_lti_login;
page_handler page_lti_launch;
page_handler page_lti_launch_get;
/* page_public.c */
page_handler page_welcome;
page_handler page_health;
page_handler page_ready;
page_handler page_metrics_show;
page_handler page_asset;
/* page_home.c */
page_handler page_home;
/* The course's pages, one file each; they use page_course.h. */
page_handler page_student;
page_handler page_badge;
page_handler page_share;
page_handler page_teacher;
page_handler page_why;
page_handler page_why_change;
page_handler page_admin;
page_handler page_import;
page_handler page_import_confirm;
page_handler page_mentor;
/* page_upload.c */
page_handler page_upload;
page_handler page_upload_file;
page_handler page_upload_review;
page_handler page_upload_store;
/* Whether a gradebook file can be taken now; page_give_file gives its place back. */
NODISCARD bool page_upload_take(struct page *p, size_t *max_bytes, struct err *err);
page_handler page_check;
page_handler page_fresh_state;
page_handler page_items;
page_handler page_items_choose;
page_handler page_courses;
page_handler page_courses_check;
page_handler page_image;
/* page_connection.c, page_connection_change.c */
page_handler page_connection;
page_handler page_connection_probe;
page_handler page_connection_deployment;
page_handler page_connection_invite;
page_handler page_connection_revoke;
page_handler page_pick;
page_handler page_pick_send;
page_handler page_placed;
/* page_lti_cookieless.c */
page_handler page_lti_open;

/* page_session.c */
/* Load the session of /app/l/LAUNCH/ and let its platform frame the page. A token in the
 * Authorization header authorises, else the cookie of that launch; nothing else does. Fails:
 * ERR_DENIED "session", ERR_NOT_FOUND "route" when the launch id is none. */
NODISCARD bool page_session_load(struct page *p, struct err *err);
/* The origin of a school's own Canvas: Canvas's cloud has one issuer for all schools, and only the
 * launch (its return_url, signed by the platform) says on which host its pages are (reference
 * lti.md 10.5). Empty for other issuers, and for hosts that are allowed anyway. */
struct sv page_frame_origin(const struct page *p, struct sv issuer, struct sv return_url);
/* Where pages of a platform may frame ours, and where a deep linking form may go. */
void page_allow_platform(struct page *p, const struct store_session_origins *origins);
/* Was this sent by a page of ours, as far as the browser tells? Fails: ERR_DENIED "cross_site". */
NODISCARD bool page_same_origin(struct page *p, struct err *err);
/* The same for forms behind which no session's own token stands: "Origin: null" from a browser that
 * says nothing of the site, which page_same_origin leaves to such a token, may be any page's
 * (attacks.md D1). Their pages let the origin be told (web_response.is_origin_told). */
NODISCARD bool page_sent_by_us(struct page *p, struct err *err);

/* page_shell.c */
/* Is this a person's browser that opens a page of a launch without its cookie? */
bool page_needs_shell(const struct page *p);
/* The page whose script brings the session's token. Fails: ERR_DENIED "session" when there is no
 * such launch any more. */
NODISCARD bool page_shell(struct page *p, struct err *err);
/* Adds a script to the page, after those that are there. */
void page_add_script(const struct page *p, json_t *model, const char *name);
/* page_jwks.c */
page_handler page_lti_jwks;
/* page_register.c, page_canvas.c */
page_handler page_register;
page_handler page_register_confirm;
page_handler page_canvas;
/* page_verify.c */
page_handler page_verify;
page_handler page_verify_check;
/* page_notices.c, page_events.c */
page_handler page_notices;
page_handler page_events;
/* page_copies.c */
page_handler page_award_file;
page_handler page_badge_png;
page_handler page_ob2_award;
page_handler page_ob2_award_file;
page_handler page_ob2_badge;
page_handler page_ob2_issuer;
page_handler page_download;
page_handler page_download_all;
/* page_oauth.c */
page_handler page_oauth_start;
page_handler page_oauth_return;
/* page_copy.c */
page_handler page_copy;
page_handler page_copy_decide;
/* Whether a path leads to a page of that launch: what a form may send a person back to. Pure. */
bool page_own_path(struct sv launch_id, struct sv path);
