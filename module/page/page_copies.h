/* Awards as files: pictures that hold a credential, certificates to print, archives. Public ones
 * while their learner shares them; a learner's own at any time. */
#pragma once
#include "issue_copy.h"
#include "page_internal.h"

/* A badge's picture (a PNG in p->arena), drawn now if it never was. Drawing goes through
 * app->draw_gate. Fails: ERR_NOT_FOUND "public"; ERR_UPSTREAM "busy" (503). */
NODISCARD bool page_picture(struct page *p, struct sv badge_id, enum store_picture_kind kind,
                            struct sv *png, struct err *err);

/* A certificate as PDF. Fails: ERR_NOT_FOUND "certificate" for an award that is revoked or
 * suspended; ERR_UPSTREAM "busy". */
struct page_certificate {
    int64_t institution_id;
    const struct store_credential_source *award;
    bool is_named; /* with the learner's name */
};
struct image_render;
/* What is to be drawn for it, in p->arena. Fails: ERR_NOT_FOUND as below. */
NODISCARD bool page_certificate_sheet(struct page *p, const struct page_certificate *certificate,
                                      struct image_render *job, struct err *err);
NODISCARD bool page_certificate(struct page *p, const struct page_certificate *certificate,
                                struct sv *pdf, struct err *err);

/* One form of an award as a file. */
enum page_copy_carrier { PAGE_COPY_TEXT, PAGE_COPY_PNG, PAGE_COPY_SVG, PAGE_COPY_PDF };
struct page_copy_form {
    const char *name; /* "png": the address's ending, and the file's */
    const char *type; /* media type */
    enum page_copy_carrier carrier;
    enum store_form text;
    bool is_ob2; /* holds the 2.0 assertion, which is there only while it is shared */
};
/* NULL: there is none of that name. */
const struct page_copy_form *page_copy_form(struct sv name);
struct page_copy {
    int64_t institution_id, award_id;
    const struct page_copy_form *form;
    bool is_own; /* asked for by its learner */
};
/* Fails: ERR_NOT_FOUND; ERR_UPSTREAM "busy". In p->arena. */
NODISCARD bool page_copy_make(struct page *p, const struct page_copy *copy, struct sv *bytes,
                              struct err *err);

/* Everything of a person in the institution as one zip (badge_id: of one badge only; empty: of
 * all), with all that is needed to check it without a network. At most WEB_RESPONSE_MAX_BYTES: what
 * does not fit is left out in this order, and README.txt says so: PNG pictures, all pictures.
 * Fails: ERR_NOT_FOUND "award" without any; ERR_INPUT "size" when the credentials alone are too
 * large. */
NODISCARD bool page_archive(struct page *p, struct sv badge_id, struct sv *zip, struct err *err);

/* Adds `copies`, for the part copies.html: null, or what the learner can take away of a badge.
 * demands: of page_demands_words. */
NODISCARD bool page_add_copies(struct page *p, json_t *model, struct sv badge_id, struct sv demands,
                               struct err *err);
