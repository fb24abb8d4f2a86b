#include "badge_file.h"
#include <string.h>

static const char *const assessments[] = {"", "formative", "summative"};
static const char *const approvals[] = {"automatic", "teacher"};
static const char *const drops[] = {"keep", "review", "revoke"};

const char *badge_assessment_name(enum model_assessment v) { return assessments[v]; }
const char *badge_approval_name(enum model_approval v) { return approvals[v]; }
const char *badge_grade_drop_name(enum model_grade_drop v) { return drops[v]; }

/* Index of `text` in `names`, or count. */
static size_t among(const char *const *names, size_t count, struct sv text) {
    size_t i = 0;
    while (i < count && !sv_eq(text, sv_from(names[i]))) {
        i++;
    }
    return i;
}

bool badge_assessment_parse(struct sv text, enum model_assessment *out) {
    size_t i = among(assessments, ARRAY_LEN(assessments), text);
    *out = i < ARRAY_LEN(assessments) ? (enum model_assessment)i : MODEL_ASSESSMENT_NONE;
    return i < ARRAY_LEN(assessments);
}

bool badge_approval_parse(struct sv text, enum model_approval *out) {
    size_t i = among(approvals, ARRAY_LEN(approvals), text);
    *out = i < ARRAY_LEN(approvals) ? (enum model_approval)i : MODEL_APPROVAL_TEACHER;
    return i < ARRAY_LEN(approvals);
}

bool badge_grade_drop_parse(struct sv text, enum model_grade_drop *out) {
    size_t i = among(drops, ARRAY_LEN(drops), text);
    *out = i < ARRAY_LEN(drops) ? (enum model_grade_drop)i : MODEL_DROP_KEEP;
    return i < ARRAY_LEN(drops);
}

static bool is_key_char(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool badge_key_is_valid(struct sv key) {
    if (key.len == 0 || key.len > 64 || !is_key_char(key.ptr[0])) {
        return false;
    }
    for (size_t i = 1; i < key.len; i++) {
        if (!is_key_char(key.ptr[i]) && key.ptr[i] != '-') {
            return false;
        }
    }
    return true;
}

/* "127.0.0.1": four numbers, the first 127. */
static bool is_loopback_v4(struct sv host) {
    struct sv part;
    int parts = 0;
    for (bool has_more = true; has_more; parts++) {
        int64_t n = 0;
        has_more = sv_cut(host, '.', &part, &host);
        if (part.len > 3 || !num_parse_i64(part, 0, 255, &n) || (parts == 0 && n != 127)) {
            return false;
        }
    }
    return parts == 4;
}

static bool is_loopback(struct sv host) {
    return sv_eq_nocase(host, SV("localhost")) || sv_eq(host, SV("[::1]")) || is_loopback_v4(host);
}

static bool host_is_valid(struct sv host) {
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_letter && c != '.' && c != '-') {
            return sv_eq(host, SV("[::1]"));
        }
    }
    return host.len > 0 && host.ptr[0] != '.' && host.ptr[0] != '-';
}

bool badge_url_is_valid(struct sv url) {
    bool is_https = sv_starts(url, SV("https://"));
    if (!is_https && !sv_starts(url, SV("http://"))) {
        return false;
    }
    for (size_t i = 0; i < url.len; i++) {
        /* RFC 3986 2: what no URL holds unescaped; no RFC 3987 letters either */
        if (url.ptr[i] <= ' ' || url.ptr[i] >= 0x7f || strchr("\"<>\\^`{|}", url.ptr[i]) != NULL) {
            return false;
        }
    }
    struct sv rest = sv_skip(url, is_https ? 8 : 7);
    size_t end = 0;
    while (end < rest.len && strchr("/?#", rest.ptr[end]) == NULL) {
        end++;
    }
    struct sv host = sv_head(rest, end);
    size_t bracket = sv_find(host, ']');
    size_t colon = bracket < host.len ? bracket + 1 : sv_find(host, ':');
    int64_t port = 0;
    if (colon < host.len &&
        (host.ptr[colon] != ':' || !num_parse_i64(sv_skip(host, colon + 1), 1, 65535, &port))) {
        return false;
    }
    host = sv_head(host, colon);
    return host_is_valid(host) && (is_https || is_loopback(host));
}
