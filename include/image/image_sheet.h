/* Sheets around a badge's art, as SVG that laurel-render turns into pictures: the preview that
 * social networks and chats show for a link, and the certificate to print. Texts are laid out by
 * estimate, in any sans-serif; what does not fit is cut with an ellipsis. */
#pragma once
#include "base_str.h"

#define IMAGE_SHEET_MAX_BYTES ((size_t)3 * 1024 * 1024)
#define IMAGE_PREVIEW_WIDTH 1200
#define IMAGE_PREVIEW_HEIGHT 630
#define IMAGE_CERTIFICATE_WIDTH 842 /* points: A4, landscape */
#define IMAGE_CERTIFICATE_HEIGHT 595

/* Nothing of a person: one preview serves every award of the badge. */
struct image_preview {
    struct sv art; /* of image_badge_draw or image_own_draw */
    struct sv badge_name, issuer_name;
};
/* Append the drawing. Fails: ERR_INPUT when `out` (IMAGE_SHEET_MAX_BYTES) is full or a text is no
 * UTF-8. */
NODISCARD bool image_preview_draw(const struct image_preview *preview, struct str *out,
                                  struct err *err);

struct image_certificate {
    struct sv art;
    struct sv badge_name, issuer_name;
    struct sv learner;         /* empty: the learner shares no name */
    struct sv description;     /* what it stands for, one or two sentences */
    struct sv issued, expires; /* "3 May 2027"; expires may be empty */
    struct sv url; /* of the public page: printed, linked and in the QR code; empty: none */
};
NODISCARD bool image_certificate_draw(const struct image_certificate *certificate, struct str *out,
                                      struct err *err);
