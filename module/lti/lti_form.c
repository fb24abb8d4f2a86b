#include "lti_form.h"

bool lti_form_take(struct lti_form form, const struct lti_field *fields, size_t count,
                   struct err *err) {
    if (form.count > LTI_PAIRS_MAX) {
        return err_because(err, ERR_INPUT, "form", "the request has more than %d parameters",
                           LTI_PAIRS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        const struct lti_field *field = &fields[i];
        const struct lti_pair *found = NULL;
        for (size_t j = 0; j < form.count; j++) {
            if (!sv_eq(form.pairs[j].name, sv_from(field->name))) {
                continue;
            }
            if (found != NULL) {
                return err_because(err, ERR_INPUT, "form", "the parameter %s was sent twice",
                                   field->name);
            }
            found = &form.pairs[j];
        }
        struct sv value = found == NULL ? sv_of(NULL, 0) : found->value;
        if (value.len > field->max_bytes) {
            return err_because(err, ERR_INPUT, "size", "the parameter %s is longer than %zu bytes",
                               field->name, field->max_bytes);
        }
        if (field->is_required && value.len == 0) {
            return err_because(err, ERR_INPUT, field->name, "the parameter %s is missing",
                               field->name);
        }
        if (field->out != NULL) {
            *field->out = value;
        }
    }
    return true;
}
