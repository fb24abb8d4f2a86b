/* Deep Linking 2.0 (reference lti.md 6; moodle.md 1.4, 5; attacks.md H1-H8): what a platform asks
 * for when a teacher adds content, and the claims of the answer. Pure: no I/O, no clock. */
#pragma once
#include "base_clock.h"
#include "base_json.h"
#include "model_lti.h"

#define LTI_DEEP_LINK_DATA_MAX ((size_t)32 << 10) /* a whole launch has at most 48 KiB */
#define LTI_DEEP_LINK_ITEMS_MAX 50
#define LTI_DEEP_LINK_TITLE_MAX 250 /* Moodle's name of an activity takes 255 characters */
#define LTI_DEEP_LINK_TEXT_MAX 2000
#define LTI_DEEP_LINK_LIFE_S 300
/* Moodle forgives no second between two clocks (moodle.md 0.6). */
#define LTI_DEEP_LINK_BACKDATED_S 60

enum lti_accept { LTI_ACCEPT_UNSAID, LTI_ACCEPT_NO, LTI_ACCEPT_YES };

/* dl:deep_linking_settings. What they say of media types, and the title and text typed before, is
 * about other kinds of content and is not read. */
struct lti_deep_link {
    struct sv return_url;      /* of the platform's own host; its query is part of it */
    bool is_multiple;          /* several items at once; not said: one */
    enum lti_accept lineitem;  /* gradebook columns with the items */
    bool is_auto_created;      /* saved without another look */
    bool in_iframe, in_window; /* accept_presentation_document_targets */
    bool has_data;
    struct sv data; /* opaque: goes back byte for byte */
};

/* Reads the settings. Texts live in `a`. The return URL must be https (http on loopback) and on a
 * host of the registration, as lti_claims_is_own_service has it (H1). Optional members of another
 * type are absent, but for `data`, which has to go back. Fails: ERR_DENIED "deep_linking". */
NODISCARD bool lti_deep_link_read(const struct model_registration *registration,
                                  const json_t *settings, struct arena *a,
                                  struct lti_deep_link *out, struct err *err);

struct lti_deep_link_custom {
    struct sv name, value;
};

struct lti_lineitem_want;
/* One ltiResourceLink. Line breaks and other control characters go out of every text: they would
 * start another parameter on Moodle (H8). Texts are plain, never HTML (H7). */
struct lti_deep_link_item {
    struct sv title; /* cut at LTI_DEEP_LINK_TITLE_MAX bytes */
    struct sv text;  /* may be empty; cut at LTI_DEEP_LINK_TEXT_MAX */
    struct sv url;   /* empty: the tool's own address */
    struct sv icon_url;
    int icon_px; /* width and height */
    const struct lti_deep_link_custom *custom;
    size_t custom_count;
    const struct lti_lineitem_want *lineitem; /* NULL: no gradebook column */
};

/* LtiDeepLinkingResponse. All borrowed. */
struct lti_deep_link_answer {
    struct sv client_id, issuer, deployment_id;
    const struct lti_deep_link *asked;
    const struct lti_deep_link_item *items;
    size_t item_count; /* 0: nothing was chosen, which is how to cancel */
    struct sv message; /* shown to the teacher; may be empty */
    usec_t now;
};
/* The claims, with a fresh nonce and jti. A column is left out where the platform takes none, and
 * items say how they open as far as the platform cares. The caller owns *out. Fails: ERR_BUG
 * "deep_link" for texts that are no UTF-8. */
NODISCARD bool lti_deep_link_claims(const struct lti_deep_link_answer *answer, struct arena *a,
                                    json_t **out, struct err *err);

/* Where a placed link leads, from the custom parameters of a launch. A wish: teachers may write
 * anything there, so it opens a page and gives no right (C25, E5). */
#define LTI_CUSTOM_VIEW "laurel_view"
#define LTI_CUSTOM_BADGE "laurel_badge"
enum lti_placed { LTI_PLACED_NOWHERE, LTI_PLACED_BADGES, LTI_PLACED_PROGRESS, LTI_PLACED_BADGE };
/* *badge_id is a UUID when it is a badge, else empty. */
enum lti_placed lti_deep_link_placed(struct sv custom_json, struct arena *a, struct sv *badge_id);
