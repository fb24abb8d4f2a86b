/* What every check needs: sentences, URLs and their answers. */
#include "base_num.h"
#include "credential_json.h"
#include "credential_verify_internal.h"
#include <stdarg.h>
#include <string.h>

#define URL_MAX_BYTES 2048

struct sv verify_plain(struct arena *a, struct sv text) {
    char *copy = arena_copy(a, text.ptr, text.len);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)copy[i];
        bool is_c1 = c == 0xC2 && i + 1 < text.len && (unsigned char)copy[i + 1] < 0xA0;
        if (c < 0x20 || c == 0x7f || is_c1) {
            copy[i] = ' ';
            i += is_c1;
            copy[i] = ' ';
        }
    }
    return sv_of(copy, text.len);
}

struct credential_check verify_say(struct verify *v, enum credential_verdict verdict,
                                   const char *fmt, ...) {
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct sv whole = sv_clip_utf8(sv_from(text), sizeof text - 4);
    return (struct credential_check){.verdict = verdict, .text = verify_plain(v->arena, whole)};
}

struct sv verify_moment(struct verify *v, struct sv rfc3339) {
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    char utc[RFC3339_MAX];
    usec_t at = 0;
    int64_t day = 0;
    int64_t month = 0;
    if (!rfc3339_parse(rfc3339, &at)) {
        return rfc3339;
    }
    struct sv text = sv_from(rfc3339_format(at, utc)); /* 2027-05-03T09:30:00Z */
    bool is_read = num_parse_i64(sv_head(sv_skip(text, 5), 2), 1, 12, &month) &&
                   num_parse_i64(sv_head(sv_skip(text, 8), 2), 1, 31, &day);
    return is_read ? sv_printf(v->arena, "%d %s %.4s, %.5s UTC", (int)day, months[month - 1],
                               text.ptr, text.ptr + 11)
                   : rfc3339;
}

bool verify_url_is_fit(struct sv url) {
    struct sv rest = {0};
    if (url.len > URL_MAX_BYTES || !sv_is_printable_ascii(url)) {
        return false;
    }
    bool is_http = sv_starts(url, SV("http://"));
    if (is_http || sv_starts(url, SV("https://"))) {
        rest = sv_skip(url, is_http ? 7 : 8);
    }
    size_t end = 0;
    while (end < rest.len && strchr("/?#", rest.ptr[end]) == NULL) {
        end++;
    }
    struct sv host = sv_head(rest, end);
    struct sv name = sv_head(host, sv_find(host, ':'));
    bool is_loopback = sv_eq(name, SV("localhost")) || sv_eq(name, SV("127.0.0.1"));
    return host.len > 0 && sv_find(host, '@') == host.len && sv_find(url, ' ') == url.len &&
           sv_find(url, '\\') == url.len && (!is_http || is_loopback);
}

struct sv verify_origin(struct sv url) {
    if (!verify_url_is_fit(url)) {
        return sv_of(NULL, 0);
    }
    size_t end = sv_starts(url, SV("https://")) ? 8 : 7;
    while (end < url.len && strchr("/?#", url.ptr[end]) == NULL) {
        end++;
    }
    return sv_head(url, end);
}

bool verify_fetch(struct verify *v, struct sv url, struct sv *body, struct credential_check *why) {
    if (!verify_url_is_fit(url)) {
        *why = verify_say(v, CREDENTIAL_NOT_POSSIBLE, "%.*s is no https URL, so it is not fetched.",
                          SV_ARG(sv_clip_utf8(url, 200)));
        return false;
    }
    for (size_t i = 0; i < v->in->source_count; i++) {
        const struct credential_source *s = &v->in->sources[i];
        if (sv_eq(s->url, url)) {
            *body = s->body;
            if (s->is_gone) {
                *why = verify_say(v, CREDENTIAL_FAILED, "%.*s was withdrawn by whoever keeps it.",
                                  SV_ARG(url));
            } else if (s->problem.len > 0) {
                *why = verify_say(v, CREDENTIAL_NOT_POSSIBLE, "%.*s could not be read: %.*s.",
                                  SV_ARG(url), SV_ARG(s->problem));
            }
            return s->problem.len == 0 && !s->is_gone;
        }
    }
    bool may_go_on = v->in->source_count < CREDENTIAL_FETCHES_MAX;
    if (may_go_on && v->report->next_url.len == 0) {
        v->report->next_url = sv_copy(v->arena, url);
    }
    *why = verify_say(v, CREDENTIAL_NOT_POSSIBLE,
                      may_go_on ? "%.*s was not fetched."
                                : "%.*s was not fetched: it is one URL "
                                  "too many.",
                      SV_ARG(url));
    return false;
}

bool verify_fetch_json(struct verify *v, struct sv url, const json_t **out,
                       struct credential_check *why) {
    struct sv body = {0};
    struct err err = {0};
    json_t *parsed = NULL;
    if (!verify_fetch(v, url, &body, why)) {
        return false;
    }
    if (!credential_json_parse(body, "it", &parsed, &err)) {
        *why = verify_say(v, CREDENTIAL_NOT_POSSIBLE, "What is at %.*s cannot be read: %s.",
                          SV_ARG(url), err.text);
        return false;
    }
    (void)json_array_append_new(v->kept, parsed);
    *out = parsed;
    return true;
}
