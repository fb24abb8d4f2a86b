#include "lti_ags.h"

#define TYPE_SCORE "application/vnd.ims.lis.v1.score+json"
#define TYPE_RESULTS "application/vnd.ims.lis.v2.resultcontainer+json"
#define COMMENT_BYTES_MAX 2000
#define RESULTS_MAX 100000

usec_t lti_ags_next_timestamp(usec_t event, usec_t last_sent) {
    usec_t least = last_sent == 0 ? 0 : last_sent + USEC_PER_S;
    return event > least ? event : least;
}

const char *lti_score_outcome_name(enum lti_score_outcome outcome) {
    static const char *const names[] = {[LTI_SCORE_STORED] = "stored",
                                        [LTI_SCORE_STALE] = "stale",
                                        [LTI_SCORE_GONE] = "gone",
                                        [LTI_SCORE_REFUSED] = "refused"};
    return names[outcome];
}

/* "2027-05-03T09:30:00.000Z": AGS 2.0 3.3.1 asks for sub-second precision and a zone. */
static struct sv timestamp(struct arena *a, usec_t t) {
    char whole[RFC3339_MAX];
    struct sv seconds = sv_from(rfc3339_format(t, whole));
    return sv_printf(a, "%.*s.%03dZ", SV_ARG(sv_head(seconds, seconds.len - 1)),
                     (int)(t % USEC_PER_S / 1000));
}

static bool set_text(json_t *v, const char *name, struct sv text) {
    return json_object_set_new(v, name, json_stringn(text.ptr, text.len)) == 0;
}

bool lti_ags_score_json(const struct lti_score *score, struct arena *a, struct sv *out,
                        struct err *err) {
    if (score->user_id.len == 0 || dec_is_negative(score->given) || score->at < 0 ||
        dec_cmp(score->maximum, dec_from_i64(0)) <= 0) {
        return err_set(err, ERR_BUG, "a score needs a person, a time, and 0 <= given, 0 < maximum");
    }
    AUTO_JSON *v = json_object();
    bool is_set =
        set_text(v, "userId", score->user_id) &&
        set_text(v, "timestamp", timestamp(a, score->at)) &&
        set_text(v, "activityProgress", SV("Completed")) &&
        set_text(v, "gradingProgress", SV("FullyGraded")) &&
        json_object_set_new(v, "scoreGiven", json_real(dec_to_double(score->given))) == 0 &&
        json_object_set_new(v, "scoreMaximum", json_real(dec_to_double(score->maximum))) == 0;
    if (is_set && score->comment.len > 0) {
        is_set = set_text(v, "comment", sv_clip_utf8(score->comment, COMMENT_BYTES_MAX));
    }
    /* Canvas makes a new attempt of every post otherwise (lti.md 4.7). */
    is_set = is_set && json_object_set_new(v, "https://canvas.instructure.com/lti/submission",
                                           json_pack("{s:b}", "new_submission", 0)) == 0;
    if (!is_set) {
        return err_set(err, ERR_INPUT, "the score's texts are not UTF-8");
    }
    /* ASCII on one line: Moodle puts a refused body into its status line (moodle.md 0.1). */
    char *text = json_dumps(v, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER |
                                   JSON_REAL_PRECISION(15));
    *out = sv_copy(a, sv_from(text));
    free(text);
    return true;
}

static bool park(struct err *err, const char *reason, const char *text) {
    (void)err_because(err, ERR_UPSTREAM, reason, "%s", text);
    return err_retry_as(err, ERR_RETRY_PARK);
}

static void set_reason(struct lti_score_reply *out, struct sv text, struct arena *a) {
    char *line = sv_c(a, sv_clip_utf8(sv_trim(text), LTI_SCORE_REASON_MAX));
    for (char *c = line; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            *c = ' ';
        }
    }
    out->reason = sv_from(line);
}

/* A refusal's own words, where Moodle and Canvas put them (moodle.md 3.2, lti.md 4.7). */
static void read_reason(const json_t *body, struct arena *a, struct lti_score_reply *out) {
    static const char *const names[] = {"reason", "message", "error_description", "error"};
    const json_t *errors = json_object_get(body, "errors");
    const json_t *places[] = {json_is_array(errors) ? json_array_get(errors, 0) : errors, body};
    for (size_t p = 0; p < ARRAY_LEN(places); p++) {
        for (size_t i = 0; i < ARRAY_LEN(names) && out->reason.len == 0; i++) {
            set_reason(out, js_sv(json_object_get(places[p], names[i])), a);
        }
    }
}

static void refuse(const struct net_response *response, struct arena *a,
                   struct lti_score_reply *out) {
    AUTO_JSON *body = NULL;
    struct err ignored = {0};
    out->outcome = LTI_SCORE_REFUSED;
    if (js_parse(sv_trim(response->body), LTI_SERVICE_BODY_MAX, "score reply", &body, &ignored)) {
        read_reason(body, a, out);
    }
}

/* A 2xx: an empty body or an object is a stored score; Moodle's "[]" and an object with an error
 * status are refusals that lost their status line (moodle.md 0.1); a page is no service at all. */
static bool judge_success(const struct net_response *response, struct arena *a,
                          struct lti_score_reply *out, struct err *err) {
    struct sv body = sv_trim(response->body);
    out->outcome = LTI_SCORE_STORED;
    if (body.len == 0) {
        return true;
    }
    if (body.ptr[0] == '<') {
        (void)err_because(err, ERR_UPSTREAM, "score_reply",
                          "the platform answered a score with a web page (is it under "
                          "maintenance?)");
        return err_retry_as(err, ERR_RETRY_LATER);
    }
    AUTO_JSON *v = NULL;
    int64_t status = 0;
    bool is_json = js_parse(body, LTI_SERVICE_BODY_MAX, "score reply", &v, NULL);
    bool is_error =
        json_is_array(v) || (js_seconds(json_object_get(v, "status"), &status) && status >= 400);
    if (is_json && is_error) {
        out->outcome = LTI_SCORE_REFUSED;
        read_reason(v, a, out);
    }
    return true;
}

bool lti_ags_score_post(const struct lti_service *service, struct sv lineitem_url,
                        const struct lti_score *score, struct arena *a, struct lti_score_reply *out,
                        struct err *err) {
    *out = (struct lti_score_reply){.outcome = LTI_SCORE_REFUSED};
    struct sv url;
    struct sv body;
    if (!lti_ags_sub_url(a, lineitem_url, SV("scores"), &url, err) ||
        !lti_ags_score_json(score, a, &body, err)) {
        return false;
    }
    const struct lti_service_call call = {.method = NET_POST,
                                          .url = url,
                                          .what = "posting a score",
                                          .scopes = {LTI_SCOPE_SCORE},
                                          .content_type = TYPE_SCORE,
                                          .body = body};
    struct net_response response;
    if (!lti_service_send(service, &call, a, &response, err)) {
        return false;
    }
    out->status = response.status;
    if (response.status >= 200 && response.status < 300) {
        return judge_success(&response, a, out, err);
    }
    if (response.status == 500 && sv_eq(sv_trim(response.body), SV("[]"))) {
        return park(err, "locked",
                    "the platform did not take the score: the column is probably locked in the "
                    "gradebook; unlock it and try again");
    }
    struct err meaning = {0};
    (void)!lti_service_check(&response, call.what, &meaning);
    if (response.status == 409) {
        out->outcome = LTI_SCORE_STALE;
        return true;
    }
    if (response.status == 404 || response.status == 410) {
        out->outcome = LTI_SCORE_GONE;
        return true;
    }
    bool is_transient = meaning.code == ERR_UPSTREAM && meaning.retry == ERR_RETRY_LATER;
    if (response.status >= 400 && response.status != 401 && !is_transient) {
        refuse(&response, a, out);
        return true;
    }
    (void)err_because(err, meaning.code, meaning.reason, "%s", meaning.text);
    return err_retry_as(err, meaning.retry);
}

static bool bad_results(struct err *err) {
    (void)err_because(err, ERR_UPSTREAM, "ags_reply",
                      "the platform's answer about results is not what the standard says");
    return err_retry_as(err, ERR_RETRY_LATER);
}

static bool result_read(const json_t *v, struct arena *a, struct lti_result *out) {
    struct sv user;
    if (!json_is_object(v) || !js_string(v, "userId", &user) || user.len == 0) {
        return false;
    }
    *out = (struct lti_result){.user_id = sv_copy(a, user), .maximum = dec_from_i64(1)};
    const json_t *score = json_object_get(v, "resultScore");
    const json_t *maximum = json_object_get(v, "resultMaximum");
    out->has_score = js_decimal(score, &out->score);
    struct dec d;
    if (js_decimal(maximum, &d) && dec_cmp(d, dec_from_i64(0)) > 0) {
        out->maximum = d;
    }
    struct sv at;
    if (js_string(v, "timestamp", &at) && at.len > 0 && !rfc3339_parse(at, &out->at)) {
        out->at = 0;
    }
    return true;
}

bool lti_ags_results_parse(struct sv body, struct arena *a, struct lti_result **out, size_t *count,
                           struct err *err) {
    AUTO_JSON *list = NULL;
    if (!js_parse(body, LTI_SERVICE_BODY_MAX, "results", &list, NULL) || !json_is_array(list) ||
        json_array_size(list) > RESULTS_MAX) {
        return bad_results(err);
    }
    size_t n = 0;
    struct lti_result *results = ARENA_ARRAY(a, struct lti_result, json_array_size(list) + 1);
    for (size_t i = 0; i < json_array_size(list); i++) {
        n += result_read(json_array_get(list, i), a, &results[n]) ? 1 : 0;
    }
    *out = results;
    *count = n;
    return true;
}

bool lti_ags_results(const struct lti_service *service, struct sv lineitem_url, struct arena *a,
                     struct lti_result **out, size_t *count, struct err *err) {
    struct lti_pages pages;
    struct sv url;
    size_t cap = 0;
    *out = NULL;
    *count = 0;
    if (!lti_ags_sub_url(a, lineitem_url, SV("results"), &url, err)) {
        return false;
    }
    lti_pages_init(&pages, url);
    while (pages.next.len > 0) {
        const struct lti_service_call call = {.method = NET_GET,
                                              .url = pages.next,
                                              .what = "reading results",
                                              .scopes = {LTI_SCOPE_RESULT_READ},
                                              .accept = TYPE_RESULTS};
        struct net_response response;
        struct lti_result *page = NULL;
        size_t n = 0;
        if (!lti_service_send(service, &call, a, &response, err) ||
            !lti_service_check(&response, call.what, err) ||
            !lti_ags_results_parse(response.body, a, &page, &n, err) ||
            !lti_pages_advance(&pages, &response, a, err)) {
            return false;
        }
        if (*count + n > RESULTS_MAX) {
            return bad_results(err);
        }
        if (*count + n > cap) {
            cap = 2 * (*count + n);
            struct lti_result *longer = ARENA_ARRAY(a, struct lti_result, cap);
            for (size_t i = 0; i < *count; i++) {
                longer[i] = (*out)[i];
            }
            *out = longer;
        }
        for (size_t i = 0; i < n; i++) {
            (*out)[(*count)++] = page[i];
        }
    }
    return true;
}
