/* The error value every fallible function fills in. One error, first wins, context goes in front.
 */
#pragma once
#include "base_macro.h"
#include <stdbool.h>

enum err_code {
    ERR_NONE,
    ERR_INPUT,     /* what a person or a platform sent is wrong; the text says how to mend it */
    ERR_DENIED,    /* known, but not allowed */
    ERR_NOT_FOUND, /* no such thing, or none this caller may see */
    ERR_CONFLICT,  /* true a moment ago; somebody else was first */
    ERR_UPSTREAM,  /* a platform or network failed us */
    ERR_DB,        /* PostgreSQL failed us; sqlstate says how */
    ERR_BUG        /* we failed ourselves */
};

/* What an outside failure means for whoever may try again. */
enum err_retry {
    ERR_RETRY_NO,    /* the same call gives the same answer */
    ERR_RETRY_LATER, /* transient: back off and repeat */
    ERR_RETRY_PARK   /* a person must change something first */
};

struct err {
    enum err_code code;
    enum err_retry retry;
    const char *file; /* where it was raised; static storage */
    int line;
    char sqlstate[6];
    char reason[40]; /* short machine word for logs and tests ("kid", "nonce", ...); may be "" */
    char text[512];  /* one sentence for people, never secrets */
};

/* Record an error unless one is already there. Always returns false, so `return err_set(...)`. */
#define err_set(e, code, ...) err_set_at((e), (code), "", __FILE__, __LINE__, __VA_ARGS__)
/* The same with a reason word. */
#define err_because(e, code, reason, ...)                                                          \
    err_set_at((e), (code), (reason), __FILE__, __LINE__, __VA_ARGS__)

bool err_set_at(struct err *e, enum err_code code, const char *reason, const char *file, int line,
                const char *fmt, ...) PRINTF_LIKE(6, 7);

/* Put "fmt: " in front of the text. Returns false. */
bool err_prefix(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Set the retry class of an error. Returns false. */
bool err_retry_as(struct err *e, enum err_retry retry);

/* "input", "denied", ...: for logs and JSON. */
const char *err_code_name(enum err_code code);
