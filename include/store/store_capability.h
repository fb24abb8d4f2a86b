/* What a probe found out about a deployment: the worker writes it, the Connection page reads it.
 * Kept as JSON in deployment.capabilities. Pure. */
#pragma once
#include "base_json.h"

enum store_scope {
    STORE_SCOPE_LINEITEM,
    STORE_SCOPE_LINEITEM_READ,
    STORE_SCOPE_RESULT_READ,
    STORE_SCOPE_SCORE,
    STORE_SCOPE_ROSTER,
    STORE_SCOPES
};

/* One thing that was tried. */
struct store_finding {
    bool is_tried; /* false: there was nothing to try it on; text says what is missing */
    bool is_good;
    struct sv text; /* why not, a sentence; may be empty when it is good */
};

#define STORE_FINDING_WORDS_MAX 32

struct store_capabilities {
    struct sv course; /* title of the course the services were tried in; empty: none */
    struct store_finding scopes[STORE_SCOPES];
    struct store_finding lineitems, roster, source;
    int64_t lineitem_count;        /* on the first page */
    int64_t people, names, emails; /* on the first page: members, those with a name, with e-mail */
    bool has_more_people;          /* there are more pages */
    int64_t source_can;            /* grades_can bits (grades_source.h) */
    struct sv source_site;         /* what the source says it is; may be empty */
    struct sv source_words[STORE_FINDING_WORDS_MAX]; /* a sentence each */
    size_t source_word_count;
};

/* Compact JSON, in `a`. Texts are clipped to 400 bytes. */
struct sv store_capabilities_write(const struct store_capabilities *found, struct arena *a);
/* False for "{}" and for what is none: nothing was probed. Texts live in `a`. */
bool store_capabilities_read(struct sv json, struct arena *a, struct store_capabilities *out);
