/* Markdown (CommonMark 0.30, by cmark) to HTML that is safe to show to anybody.
 *
 * Raw HTML is dropped, pictures become their description, links go to http, https and mailto only
 * and carry rel="nofollow noopener noreferrer"; others become their text. Headings start at <h3>,
 * because the page around them has its own. */
#pragma once
#include "base_str.h"

#define TEXT_MARKDOWN_MAX_BYTES ((size_t)20 * 1024)

/* Appends to `out`. Fails: ERR_INPUT when the source is too large, no valid UTF-8, or `out` is
 * full. */
NODISCARD bool text_markdown(struct sv source, struct str *out, struct err *err);

/* The words alone, white space collapsed, at most max_bytes (cut at a character): for previews and
 * plain mails. Lives in `a`. Fails like text_markdown. */
NODISCARD bool text_markdown_plain(struct arena *a, struct sv source, size_t max_bytes,
                                   struct sv *out, struct err *err);
