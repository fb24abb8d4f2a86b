#include "base_encode.h"
#include "grades_moodle.h"

#define FORM_MAX ((size_t)16 << 10)
#define BULK_MS 30000

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
    {"usernottracked", ERR_NOT_FOUND, ERR_RETRY_NO, "the person's completion is not tracked"},
    {"err_nocriteria", ERR_NOT_FOUND, ERR_RETRY_NO, "the course has no completion criteria"},
    {"nocriteriaset", ERR_NOT_FOUND, ERR_RETRY_NO, "the course has no completion criteria"},
    {"completionnotenabled", ERR_NOT_FOUND, ERR_RETRY_NO,
     "completion is switched off in this course"},
    {"invalidparameter", ERR_UPSTREAM, ERR_RETRY_PARK,
     "Moodle does not take what was asked: its release may be older than 4.1"},
    {"sitemaintenance", ERR_UPSTREAM, ERR_RETRY_LATER, "Moodle is under maintenance"},
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
        sv_starts(errorcode, SV("requirelogin")) ||
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
    return err->code == ERR_DENIED && err->retry == ERR_RETRY_PARK &&
           strcmp(err->reason, "invalidtoken") != 0 && strcmp(err->reason, "invalidiptoken") != 0;
}

bool moodle_reply_parse(struct sv body, const char *function, json_t **out, struct err *err) {
    struct sv text = sv_trim(body);
    if (text.len > 0 && text.ptr[0] == '<') {
        return fail(err, ERR_UPSTREAM, ERR_RETRY_PARK, "html",
                    "a web page came instead of data: check that the base URL is Moodle's own "
                    "address and that web services with the REST protocol are enabled");
    }
    AUTO_JSON *reply = NULL;
    if (!js_parse(text, MOODLE_BODY_MAX, "Moodle's answer", &reply, NULL)) {
        bool is_started = text.len > 0 && (text.ptr[0] == '{' || text.ptr[0] == '[');
        return is_started ? fail(err, ERR_UPSTREAM, ERR_RETRY_LATER, "truncated",
                                 "Moodle's answer breaks off or is damaged")
                          : fail(err, ERR_UPSTREAM, ERR_RETRY_PARK, "not_moodle",
                                 "what answered is not Moodle's web service: check the base URL");
    }
    if (json_object_get(reply, "exception") != NULL ||
        json_object_get(reply, "errorcode") != NULL) {
        return exception_take(reply, function, err);
    }
    *out = json_incref(reply);
    return true;
}

static bool status_check(const struct net_response *response, struct err *err) {
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

bool moodle_call(struct moodle_link *link, const char *function, const struct moodle_param *params,
                 size_t count, struct arena *scratch, json_t **out, struct err *err) {
    struct sv base = link->source->base_url;
    while (sv_ends(base, SV("/"))) {
        base = sv_head(base, base.len - 1);
    }
    struct str form;
    str_init(&form, scratch, FORM_MAX);
    str_add_c(&form, "wstoken=");
    percent_encode(&form, link->source->token);
    str_addf(&form, "&moodlewsrestformat=json&wsfunction=%s", function);
    for (size_t i = 0; i < count; i++) {
        str_add_char(&form, '&');
        percent_encode(&form, sv_from(params[i].name));
        str_add_char(&form, '=');
        percent_encode(&form, params[i].value);
    }
    if (!str_ok(&form, "the request to Moodle", err)) {
        return false;
    }
    const struct grades_io *io = link->io;
    const struct net_request request = {
        .method = NET_POST,
        .net_class = NET_CLASS_PLATFORM,
        .url = sv_printf(scratch, "%.*s/webservice/rest/server.php", SV_ARG(base)),
        .body = str_sv(&form),
        .content_type = SV("application/x-www-form-urlencoded"),
        .total_timeout_ms = io->total_timeout_ms == 0 ? BULK_MS : io->total_timeout_ms,
        .body_max_bytes = MOODLE_BODY_MAX,
    };
    struct net_response response = {0};
    link->requests++;
    if (!io->http.fetch(io->http.ctx, &request, &response, scratch, err)) {
        return false;
    }
    link->bytes += (int64_t)response.body.len;
    return status_check(&response, err) && moodle_reply_parse(response.body, function, out, err);
}

bool moodle_course_check(const struct grades_course *course, struct err *err) {
    int64_t id = 0;
    if (course != NULL && num_parse_i64(course->ref, 1, INT64_MAX, &id)) {
        return true;
    }
    return fail(err, ERR_INPUT, ERR_RETRY_PARK, "course",
                "the course has no Moodle course id: such an id is a number");
}
