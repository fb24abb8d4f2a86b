/* Internal to text: a small HTML reader that knows where in the page the template's next tag
 * stands. It follows WHATWG HTML 13.2.5 as far as our own templates need and refuses the rest. */
#pragma once
#include "base_str.h"

enum html_place {
    HTML_TEXT,
    HTML_TAG_OPEN, /* after '<' */
    HTML_TAG_NAME,
    HTML_IN_TAG, /* white space before an attribute */
    HTML_ATTR_NAME,
    HTML_AFTER_ATTR_NAME, /* white space after it */
    HTML_BEFORE_VALUE,    /* after '=' */
    HTML_VALUE,           /* inside quotes */
    HTML_AFTER_VALUE,     /* white space, '/' or '>' must follow */
    HTML_DATA,            /* <script type="application/json"> */
    HTML_NO_DATA,         /* <script src="..."> */
    HTML_RCDATA,          /* <title>, <textarea> */
    HTML_COMMENT,
    HTML_DECLARATION /* <!doctype html> */
};

/* How far the value of an address attribute has come. */
enum html_url {
    HTML_URL_NO,      /* no address attribute */
    HTML_URL_START,   /* nothing yet */
    HTML_URL_LITERAL, /* literal text, in `value` */
    HTML_URL_OPEN,    /* after {{url:x}}: {{x}} could still change the host */
    HTML_URL_TAIL     /* past the host: {{x}} is percent-encoded */
};

struct html_state {
    enum html_place place;
    enum html_url url;
    char quote;
    bool is_end_tag, has_src, is_data_block;
    char tag[24], attr[24];
    char value[128]; /* the start of the literal value */
    size_t tag_len, attr_len, value_len;
    size_t matched; /* of the end tag of DATA, NO_DATA, RCDATA, or of "-->" */
};

/* One byte of literal text. False with *why (static storage) when the page is not one we can
 * follow. */
bool html_feed(struct html_state *s, char c, const char **why);

/* What {{x}} and its relatives turn into at a place. */
enum html_output {
    HTML_OUT_ESCAPED,
    HTML_OUT_PERCENT, /* in an address, past its start */
    HTML_OUT_URL,     /* checked, then escaped */
    HTML_OUT_JSON,    /* in a data block */
    HTML_OUT_JSON_ESCAPED,
    HTML_OUT_MARKDOWN
};
enum html_wish { HTML_WISH_TEXT, HTML_WISH_URL, HTML_WISH_JSON, HTML_WISH_MARKDOWN };

/* Decide what a value may be here and move the state past it. */
bool html_put(struct html_state *s, enum html_wish wish, enum html_output *out, const char **why);

/* Whether a section may start here (a tag or attribute name before it is complete); and whether it
 * may end in `s` when it started in `begin`: then `s` becomes the state after it, whether it was
 * shown or not. */
bool html_section_begin(struct html_state *s, const char **why);
bool html_section_end(const struct html_state *begin, struct html_state *s, const char **why);
