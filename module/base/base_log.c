#include "base_log.h"
#include "base_clock.h"
#include "base_encode.h"
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096

static _Atomic int threshold = LOG_LEVEL_INFO;
static _Thread_local char request_id[41];
static const char *const NAMES[] = {"debug", "info", "warn", "error"};

void log_set_level(enum log_level level) { atomic_store(&threshold, (int)level); }

bool log_level_parse(struct sv name, enum log_level *out) {
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        if (sv_eq(name, sv_from(NAMES[i]))) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}

void log_set_request(const char *id) { (void)snprintf(request_id, sizeof request_id, "%s", id); }

const char *log_request(void) { return request_id; }

static void add_text(struct str *line, const char *key, const char *text) {
    str_add_char(line, ',');
    quote_json(line, sv_from(key));
    str_add_char(line, ':');
    quote_json(line, sv_clip_utf8(sv_from(text), 600));
}

void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t n) {
    if ((int)level < atomic_load(&threshold)) {
        return;
    }
    AUTO_ARENA arena = {0};
    struct str line;
    str_init(&line, &arena, LINE_MAX_BYTES);
    char when[RFC3339_MAX];
    str_addf(&line, "{\"time\":\"%s\",\"level\":\"%s\"",
             rfc3339_format(clock_now(&clock_system), when), NAMES[level]);
    add_text(&line, "event", event);
    if (request_id[0] != '\0') {
        add_text(&line, "request", request_id);
    }
    for (size_t i = 0; i < n; i++) {
        if (fields[i].text != NULL) {
            add_text(&line, fields[i].key, fields[i].text);
        } else {
            str_addf(&line, ",\"%s\":%lld", fields[i].key, (long long)fields[i].number);
        }
    }
    str_add_c(&line, "}\n");
    if (line.is_overflowed) { /* keep it one valid line */
        line.len = 0;
        line.is_overflowed = false;
        str_addf(&line, "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"log_line_too_long\"}\n",
                 when, NAMES[level]);
    }
    ssize_t written = write(STDERR_FILENO, line.ptr, line.len);
    (void)written;
}

void log_err(enum log_level level, const char *event, const struct err *err) {
    const char *file = err->file == NULL ? "" : err->file;
    const char *base = strrchr(file, '/');
    log_event(level, event, LOG_TEXT("code", err_code_name(err->code)),
              LOG_TEXT("reason", err->reason), LOG_TEXT("sqlstate", err->sqlstate),
              LOG_TEXT("text", err->text), LOG_TEXT("file", base == NULL ? file : base + 1),
              LOG_INT("line", err->line));
}
