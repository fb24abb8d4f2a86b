/* JSON lines on stderr: time, level, event, request id, fields. Never tokens, names, addresses or
 * SQL parameters. One write(2) a line; a line is cut at 4 KiB. */
#pragma once
#include "base_err.h"
#include "base_str.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

void log_set_level(enum log_level level);
NODISCARD bool log_level_parse(struct sv name, enum log_level *out);
/* The id that this thread's lines carry until set again; "" for none. At most 40 characters. */
void log_set_request(const char *id);
const char *log_request(void);

struct log_field {
    const char *key;
    const char *text; /* NULL: the number counts */
    int64_t number;
};
#define LOG_TEXT(k, v) ((struct log_field){.key = (k), .text = (v)})
#define LOG_INT(k, v) ((struct log_field){.key = (k), .number = (v)})

void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t n);
#define log_event(level, event, ...)                                                               \
    log_write((level), (event), (const struct log_field[]){__VA_ARGS__},                           \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))
/* An error with its code, reason, place, sqlstate and text. */
void log_err(enum log_level level, const char *event, const struct err *err);
