#include "base_err.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool err_set_at(struct err *e, enum err_code code, const char *reason, const char *file, int line,
                const char *fmt, ...) {
    if (e == NULL || e->code != ERR_NONE) {
        return false;
    }
    e->code = code;
    e->retry = ERR_RETRY_NO;
    e->file = file;
    e->line = line;
    (void)snprintf(e->reason, sizeof e->reason, "%s", reason);
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    return false;
}

bool err_prefix(struct err *e, const char *fmt, ...) {
    char old[sizeof e->text];
    memcpy(old, e->text, sizeof old);
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof e->text) {
        (void)snprintf(e->text + n, sizeof e->text - (size_t)n, ": %.480s", old);
    }
    return false;
}

bool err_retry_as(struct err *e, enum err_retry retry) {
    if (e != NULL) {
        e->retry = retry;
    }
    return false;
}

const char *err_code_name(enum err_code code) {
    switch (code) {
    case ERR_NONE:
        return "none";
    case ERR_INPUT:
        return "input";
    case ERR_DENIED:
        return "denied";
    case ERR_NOT_FOUND:
        return "not_found";
    case ERR_CONFLICT:
        return "conflict";
    case ERR_UPSTREAM:
        return "upstream";
    case ERR_DB:
        return "db";
    case ERR_BUG:
        return "bug";
    }
    return "unknown";
}
