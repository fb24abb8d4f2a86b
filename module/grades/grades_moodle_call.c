#include "base_encode.h"
#include "grades_moodle.h"

#define FORM_MAX ((size_t)16 << 10)
#define PERSON_BODY_MAX ((size_t)8 << 20)
#define WAIT_FIRST_MS 1000
#define WAIT_MAX_S 60
#define PAGE_HEAD ((size_t)8 << 10) /* so much of a web page is looked at */

static bool fail(struct err *err, enum err_code code, enum err_retry retry, const char *reason,
                 const char *text) {
    (void)err_because(err, code, reason, "%s", text);
    return err_retry_as(err, retry);
}

/* Moodle's own error codes that tell people what to do. */
struct known_code {
    const char *code;
    enum err_code as;
    enum err_retry retry;
    const char *text;
};
static const struct known_code known_codes[] = {
    {"invalidtoken", ERR_DENIED, ERR_RETRY_PARK,
     "Moodle refused the token: make a new one under Site administration, Server, Web services, "
     "Manage tokens, and set it with laurel source set"},
    {"invalidrecord", ERR_NOT_FOUND, ERR_RETRY_PARK,
     "Moodle does not know this course or this function: check the course, and Moodle's release "
     "(4.1 or newer)"},
    {"invaliduser", ERR_NOT_FOUND, ERR_RETRY_NO, "Moodle does not know this person"},
    {"usernotenroled", ERR_NOT_FOUND, ERR_RETRY_NO, "the person is not enrolled in the course"},
    {"usernotenrolled", ERR_NOT_FOUND, ERR_RETRY_NO, "the person is not enrolled in the course"},
    {"userdeleted", ERR_NOT_FOUND, ERR_RETRY_NO, "the person's account is deleted"},
    {"usernotconfirmed", ERR_NOT_FOUND, ERR_RETRY_NO, "the person's account is not confirmed yet"},
    {"guestsarenotallowed", ERR_NOT_FOUND, ERR_RETRY_NO, "the account is the guests'"},
    {"usernottracked", ERR_NOT_FOUND, ERR_RETRY_NO, "the person's completion is not tracked"},
    {"err_nocriteria", ERR_NOT_FOUND, ERR_RETRY_NO, "the course has no completion criteria"},
    {"nocriteriaset", ERR_NOT_FOUND, ERR_RETRY_NO, "the course has no completion criteria"},
    {"completionnotenabled", ERR_NOT_FOUND, ERR_RETRY_NO,
     "completion is switched off in this course"},
    {"errorcoursecontextnotvalid", ERR_DENIED, ERR_RETRY_PARK,
     "Moodle does not let this token's account into the course: if it is hidden, give the "
     "account's role moodle/course:viewhiddencourses, else moodle/course:view"},
    {"notingroup", ERR_UPSTREAM, ERR_RETRY_PARK,
     "the course has separate groups: give the role of this token's account "
     "moodle/site:accessallgroups"},
    {"accessdenied", ERR_UPSTREAM, ERR_RETRY_PARK,
     "the course has separate groups: give the role of this token's account "
     "moodle/site:accessallgroups"},
    {"invalidparameter", ERR_UPSTREAM, ERR_RETRY_PARK,
     "Moodle does not take what was asked: its release may be older than 4.1"},
    {"sitemaintenance", ERR_UPSTREAM, ERR_RETRY_LATER, "Moodle is under maintenance"},
    {"upgraderunning", ERR_UPSTREAM, ERR_RETRY_LATER, "Moodle is being upgraded"},
    {"dbconnectionfailed", ERR_UPSTREAM, ERR_RETRY_LATER, "Moodle has lost its database"},
    {"sitepolicynotagreed", ERR_DENIED, ERR_RETRY_PARK,
     "the account of this token must agree to Moodle's site policy first: log in as it once, or "
     "agree on its behalf"},
    {"usernotfullysetup", ERR_DENIED, ERR_RETRY_PARK,
     "the account of this token lacks a name or an e-mail address: complete its profile in Moodle"},
    {"forcepasswordchangenotice", ERR_DENIED, ERR_RETRY_PARK,
     "the account of this token must change its password first: set its authentication to Web "
     "services authentication"},
    {"wsaccessusersuspended", ERR_DENIED, ERR_RETRY_PARK,
     "the account of this token is suspended in Moodle"},
    {"wsaccessuserdeleted", ERR_DENIED, ERR_RETRY_PARK,
     "the account of this token is deleted in Moodle: make a new one, and a token for it"},
    {"servicenotavailable", ERR_UPSTREAM, ERR_RETRY_PARK,
     "the web service of this token is switched off: enable it in Moodle"},
    {"enablewsdescription", ERR_UPSTREAM, ERR_RETRY_PARK,
     "web services are switched off in this Moodle: enable them, and the REST protocol"},
    {"invalidiptoken", ERR_DENIED, ERR_RETRY_PARK,
     "the token is bound to another IP address than this server's"},
};

static bool is_code_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Letters, digits and underscores only, so that nothing else of the peer gets into a text. */
static void code_copy(struct sv code, char out[32]) {
    size_t n = 0;
    for (size_t i = 0; i < code.len && n < 31; i++) {
        if (is_code_char(code.ptr[i])) {
            out[n++] = code.ptr[i];
        }
    }
    out[n] = '\0';
}

static bool not_granted(struct err *err, const char *code, const char *function) {
    (void)err_because(err, ERR_DENIED, code,
                      "Moodle does not let this token use %s: add the function to the web service, "
                      "and give the service user's role the right to it",
                      function);
    return err_retry_as(err, ERR_RETRY_PARK);
}

static bool exception_take(const json_t *reply, const char *function, struct err *err) {
    struct sv exception;
    struct sv errorcode;
    char code[32];
    if (!js_string(reply, "exception", &exception) || !js_string(reply, "errorcode", &errorcode)) {
        return moodle_shape(function, err);
    }
    code_copy(errorcode, code);
    for (size_t i = 0; i < ARRAY_LEN(known_codes); i++) {
        if (strcmp(code, known_codes[i].code) == 0) {
            return fail(err, known_codes[i].as, known_codes[i].retry, code, known_codes[i].text);
        }
    }
    if (strcmp(code, "accessexception") == 0 || sv_starts(errorcode, SV("nopermission")) ||
        sv_starts(errorcode, SV("requirelogin")) || sv_starts(errorcode, SV("cannotview")) ||
        sv_eq(exception, SV("webservice_access_exception")) ||
        sv_eq(exception, SV("required_capability_exception")) ||
        sv_eq(exception, SV("require_login_exception"))) {
        return not_granted(err, code[0] == '\0' ? "accessexception" : code, function);
    }
    (void)err_because(err, ERR_UPSTREAM, code[0] == '\0' ? "exception" : code,
                      "Moodle could not answer %s (%s)", function,
                      code[0] == '\0' ? "no code" : code);
    return err_retry_as(err, ERR_RETRY_LATER);
}

bool moodle_shape(const char *function, struct err *err) {
    (void)err_because(err, ERR_UPSTREAM, "shape", "Moodle's answer to %s has an unknown shape",
                      function);
    return err_retry_as(err, ERR_RETRY_LATER);
}

bool moodle_is_not_granted(const struct err *err) {
    if (err->code != ERR_DENIED || err->retry != ERR_RETRY_PARK) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(known_codes); i++) { /* of the whole token */
        if (known_codes[i].as == ERR_DENIED && strcmp(err->reason, known_codes[i].code) == 0) {
            return false;
        }
    }
    return true;
}

bool moodle_nothing_granted(const char *code, struct err *err) {
    return fail(
        err, ERR_DENIED, ERR_RETRY_PARK, code,
        "Moodle lets this token use nothing that Laurel needs: add the functions to the web "
        "service, and see that the service is enabled, that the token's account is among "
        "its authorised users and has webservice/rest:use, and that the token is neither "
        "expired nor bound to another IP address");
}

bool moodle_is_person_gone(const struct err *err) {
    static const char *const codes[] = {"usernotenroled",     "usernotenrolled", "usernottracked",
                                        "invaliduser",        "userdeleted",     "usernotconfirmed",
                                        "guestsarenotallowed"};
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (strcmp(err->reason, codes[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Moodle under maintenance, and what stands in front of an overloaded one, answer with pages. */
static bool says_busy(struct sv page) {
    static const char *const words[] = {
        "maintenance", "being upgraded",          "upgrade is running",        "too busy",
        "overloaded",  "temporarily unavailable", "database connection failed"};
    page = sv_head(page, PAGE_HEAD);
    for (size_t i = 0; i < page.len; i++) {
        for (size_t w = 0; w < ARRAY_LEN(words); w++) {
            struct sv word = sv_from(words[w]);
            if (i + word.len <= page.len && sv_eq_nocase(sv_of(page.ptr + i, word.len), word)) {
                return true;
            }
        }
    }
    return false;
}

static bool page_refuse(struct sv page, struct err *err) {
    if (says_busy(page)) {
        return fail(err, ERR_UPSTREAM, ERR_RETRY_LATER, "site_busy",
                    "Moodle says that it is under maintenance or too busy");
    }
    return fail(err, ERR_UPSTREAM, ERR_RETRY_PARK, "html",
                "a web page came instead of data: check that the base URL is Moodle's own "
                "address and that web services with the REST protocol are enabled");
}

static bool damaged(struct sv text, struct err *err) {
    bool is_started = text.len > 0 && (text.ptr[0] == '{' || text.ptr[0] == '[');
    return is_started ? fail(err, ERR_UPSTREAM, ERR_RETRY_LATER, "truncated",
                             "Moodle's answer breaks off or is damaged")
                      : fail(err, ERR_UPSTREAM, ERR_RETRY_PARK, "not_moodle",
                             "what answered is not Moodle's web service: check the base URL");
}

/* An object with an exception in it is one, whatever its status was (moodle.md 7). */
static bool is_refusal(const json_t *reply) {
    return json_object_get(reply, "exception") != NULL ||
           json_object_get(reply, "errorcode") != NULL;
}

bool moodle_reply_parse(struct sv body, const char *function, json_t **out, struct err *err) {
    struct sv text = sv_trim(body);
    if (text.len > 0 && text.ptr[0] == '<') {
        return page_refuse(text, err);
    }
    AUTO_JSON *reply = NULL;
    if (!js_parse(text, MOODLE_BODY_MAX, "Moodle's answer", &reply, NULL)) {
        return damaged(text, err);
    }
    if (is_refusal(reply)) {
        return exception_take(reply, function, err);
    }
    *out = json_incref(reply);
    return true;
}

bool moodle_reply_rows(struct sv body, const char *function, const char *member,
                       struct js_rows *rows, struct err *err) {
    struct sv text = sv_trim(body);
    if (text.len > 0 && text.ptr[0] == '<') {
        return page_refuse(text, err);
    }
    AUTO_JSON *around = NULL;
    if (!js_rows_open(text, MOODLE_BODY_MAX, "Moodle's answer", member, &around, rows, NULL)) {
        return damaged(text, err);
    }
    if (is_refusal(around)) {
        return exception_take(around, function, err);
    }
    return rows->has_list || moodle_shape(function, err);
}

bool moodle_row_next(struct js_rows *rows, json_t **row, struct err *err) {
    return js_rows_next(rows, row, NULL) || damaged(SV("["), err);
}

bool moodle_status_check(const struct net_response *response, struct err *err) {
    if (response->status == 404) {
        return fail(err, ERR_UPSTREAM, ERR_RETRY_PARK, "http_404",
                    "there is no Moodle web service at this base URL: check it");
    }
    if (response->status == 403) {
        return fail(err, ERR_UPSTREAM, ERR_RETRY_PARK, "http_403",
                    "Moodle's web services or their REST protocol are switched off: enable both");
    }
    if (response->status >= 300 && response->status < 400) {
        return fail(err, ERR_UPSTREAM, ERR_RETRY_PARK, "http_3xx",
                    "Moodle redirects to another address: set that one as the base URL");
    }
    return net_status_check(response, "reading from Moodle", err);
}

bool moodle_request(const struct moodle_link *link, const struct moodle_ask *ask, struct arena *a,
                    struct net_request *out, struct err *err) {
    struct sv base = link->source->base_url;
    while (sv_ends(base, SV("/"))) {
        base = sv_head(base, base.len - 1);
    }
    struct str form;
    str_init(&form, a, FORM_MAX);
    str_add_c(&form, "wstoken=");
    percent_encode(&form, link->source->token);
    str_addf(&form, "&moodlewsrestformat=json&wsfunction=%s", ask->function);
    for (size_t i = 0; i < ask->count; i++) {
        str_add_char(&form, '&');
        percent_encode(&form, sv_from(ask->params[i].name));
        str_add_char(&form, '=');
        percent_encode(&form, ask->params[i].value);
    }
    int most_ms = link->io->total_timeout_ms;
    *out = (struct net_request){
        .method = NET_POST,
        .net_class = NET_CLASS_PLATFORM,
        .url = sv_printf(a, "%.*s/webservice/rest/server.php", SV_ARG(base)),
        .body = str_sv(&form),
        .content_type = SV("application/x-www-form-urlencoded"),
        .total_timeout_ms = most_ms > 0 && most_ms < (int)ask->effort ? most_ms : (int)ask->effort,
        .body_max_bytes = ask->effort == MOODLE_PERSON ? PERSON_BODY_MAX : MOODLE_BODY_MAX,
    };
    return str_ok(&form, "the request to Moodle", err);
}

bool moodle_wait(const struct moodle_link *link, int nth, int64_t asked_s) {
    const struct grades_io *io = link->io;
    if (io->pause == NULL || nth >= MOODLE_TRIES || asked_s > WAIT_MAX_S) {
        return false;
    }
    uint32_t chance = 0; /* so that many workers do not come back at once */
    random_bytes(&chance, sizeof chance);
    int64_t ms = (int64_t)WAIT_FIRST_MS << (2 * (nth - 1)); /* 1 s, then 4 s */
    ms = ms / 2 + (int64_t)(chance % (uint32_t)(ms / 2 + 1));
    return io->pause(io->pause_ctx, asked_s * 1000 > ms ? asked_s * 1000 : ms);
}

/* How the answer is wanted: whole, or its list row by row. */
struct want {
    json_t **whole;
    struct js_rows *rows;
    const char *member;
};

static bool answer_take(const struct net_response *response, const char *function,
                        const struct want *want, struct err *err) {
    if (!moodle_status_check(response, err)) {
        return false;
    }
    return want->rows == NULL
               ? moodle_reply_parse(response->body, function, want->whole, err)
               : moodle_reply_rows(response->body, function, want->member, want->rows, err);
}

static bool call(struct moodle_link *link, const struct moodle_ask *ask, struct arena *scratch,
                 const struct want *want, struct err *err) {
    const struct grades_io *io = link->io;
    struct net_request request;
    if (!moodle_request(link, ask, scratch, &request, err)) {
        return false;
    }
    for (int nth = 1;; nth++) {
        struct net_response response = {0};
        struct err last = {0};
        link->requests++;
        if (io->http.fetch(io->http.ctx, &request, &response, scratch, &last)) {
            link->bytes += (int64_t)response.body.len;
            if (answer_take(&response, ask->function, want, &last)) {
                return true;
            }
        }
        if (last.retry != ERR_RETRY_LATER ||
            !moodle_wait(link, nth, net_response_retry_after_s(&response))) {
            *err = err->code == ERR_NONE ? last : *err;
            return false;
        }
    }
}

bool moodle_call(struct moodle_link *link, const struct moodle_ask *ask, struct arena *scratch,
                 json_t **out, struct err *err) {
    const struct want want = {.whole = out};
    return call(link, ask, scratch, &want, err);
}

bool moodle_call_rows(struct moodle_link *link, const struct moodle_ask *ask, const char *member,
                      struct arena *scratch, struct js_rows *rows, struct err *err) {
    const struct want want = {.rows = rows, .member = member};
    return call(link, ask, scratch, &want, err);
}

bool moodle_course_check(const struct grades_course *course, struct err *err) {
    int64_t id = 0;
    if (course != NULL && num_parse_i64(course->ref, 1, INT64_MAX, &id)) {
        return true;
    }
    return fail(err, ERR_INPUT, ERR_RETRY_PARK, "course",
                "the course has no Moodle course id: such an id is a number");
}
