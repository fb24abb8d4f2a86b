/* The parameters of a query or a form, decoded by the caller: body and query in one array, so that
 * a name in both shows as the duplicate it is (attacks.md B14). */
#pragma once
#include "base_str.h"

#define LTI_PAIRS_MAX 200

struct lti_pair {
    struct sv name, value; /* percent-decoded */
};

struct lti_form {
    const struct lti_pair *pairs;
    size_t count;
};

/* One field to take. */
struct lti_field {
    const char *name;
    size_t max_bytes;
    bool is_required; /* there and not empty */
    struct sv *out;   /* empty when absent; NULL: only refuse duplicates */
};

/* Take the fields out of a form; other names are ignored. Fails: ERR_INPUT "form" for more than
 * LTI_PAIRS_MAX pairs or a field that is there twice, "size" for one that is too long, and the
 * field's name as reason for a required one that is missing. */
NODISCARD bool lti_form_take(struct lti_form form, const struct lti_field *fields, size_t count,
                             struct err *err);
