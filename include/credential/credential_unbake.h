/* Reads the credential out of a baked image (Open Badges 3.0, 5.3; 2.0 "Baking"). Pure; never
 * decodes the picture, expands no entity but XML's own five, and follows nothing. */
#pragma once
#include "base_str.h"

#define CREDENTIAL_IMAGE_BYTES_MAX ((size_t)4 << 20)

enum credential_carrier {
    CREDENTIAL_CARRIER_TEXT, /* no image: the bytes themselves */
    CREDENTIAL_CARRIER_PNG,
    CREDENTIAL_CARRIER_SVG
};

struct credential_unbaked {
    enum credential_carrier carrier;
    struct sv text; /* JSON, a compact JWS, or (Open Badges 2.0) a URL; trimmed */
};

/* PNG by its signature, SVG by a first `<`, else plain text. PNG: the iTXt chunk with the keyword
 * openbadgecredential, else the iTXt or tEXt chunk with the keyword openbadges; its CRC must be
 * right, it must not be compressed, and there must be one. SVG: the element `credential` of
 * https://purl.imsglobal.org/ob/v3p0, else `assertion` of http://openbadges.org, once; its
 * attribute verify, else its text. What people take for a badge (web pages, PDFs, other pictures,
 * archives) is named. Text lives in `a` or is borrowed. Fails: ERR_INPUT "image" with a sentence.
 */
NODISCARD bool credential_unbake(struct sv bytes, struct arena *a, struct credential_unbaked *out,
                                 struct err *err);
