/* HTML templates that escape by default. There is no raw form.
 *
 *   {{x}}           text, escaped (< > & " '); dotted paths a.b; {{.}} is the current item
 *   {{url:x}}       an address: https, http to loopback, a path that starts with a single '/', or
 *                   openid-credential-offer://?credential_offer_uri= and an encoded address
 *   {{json:x}}      any value as JSON, for <script type="application/json"> and quoted attributes
 *   {{markdown:x}}  Markdown source, rendered safely (text_markdown.h); between tags only
 *   {{#x}}..{{/x}}  array: once per item; object: once, inside it; true, non-empty text, number
 * other than 0: once; false, null, 0, empty array or text: not at all
 *   {{^x}}..{{/x}}  the opposite
 *   {{>part}}       the template "part.html"; resolved when compiled, cycles are refused
 *   {{! words }}    nothing
 *
 * A key is looked up in the innermost scope first, then in the outer ones. A key that no scope has
 * is an error, also for {{#x}}: optional data is there as null. null prints nothing; true, false,
 * objects and arrays do not print. A line that holds nothing but section tags, a part or a comment
 * leaves no line behind.
 *
 * The compiler follows the HTML and refuses what cannot be made safe: unquoted attribute values,
 * {{x}} in a tag or attribute name, in an on* or style attribute, a comment, a script (but
 * {{json:x}} in a data block), any inline script or style sheet, and a section that ends in another
 * place of the HTML than it began. In href, src, action and other address attributes only {{url:x}}
 * may start the value; after a literal
 * "/...", "?...", "#...", "mailto:" or "https://host/" {{x}} is percent-encoded (RFC 3986 2.1). */
#pragma once
#include "base_blob.h"
#include "base_json.h"

struct text_templates;

/* Compile every file of the table ("course.html", ...), at most 500. *out lives in `a`, never
 * changes and may be used by all threads. `files` is borrowed for as long. Fails: ERR_BUG naming
 * file and line. */
NODISCARD bool text_templates_compile(struct arena *a, const struct blob *files, size_t count,
                                      const struct text_templates **out, struct err *err);

/* Render the template `name` ("course.html", or "course") with `data`, an object. Appends to `out`.
 * Fails: ERR_BUG naming template, line and key (missing key, wrong type, unsafe address); ERR_INPUT
 * when `out` is full. What was appended before a failure is to be thrown away. */
NODISCARD bool text_render(const struct text_templates *t, const char *name, const json_t *data,
                           struct str *out, struct err *err);

/* Escape for HTML text and quoted attributes. */
void text_escape(struct str *out, struct sv text);
/* Whether {{url:x}} would take it as an address of the web: https, http to loopback, or a path. */
bool text_url_is_safe(struct sv url);
