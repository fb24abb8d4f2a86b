#include "lti_optional.h"
#include "base_encode.h"

#define AGS_CLAIM "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
#define NRPS_CLAIM "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
#define EMAIL_MAX 320
#define LOCALE_MAX 35
#define SCOPES_COUNT_MAX 20

/* A text member, at most max_bytes of it. */
static struct sv text_of(const json_t *obj, const char *key, size_t max_bytes, struct arena *a) {
    struct sv text;
    if (!js_string(obj, key, &text) || text.len == 0) {
        return sv_of(NULL, 0);
    }
    return sv_copy(a, sv_clip_utf8(text, max_bytes));
}

/* A member that means nothing when it is cut: over max_bytes it is absent. */
static struct sv whole_of(const json_t *obj, const char *key, size_t max_bytes, struct arena *a) {
    struct sv text;
    if (!js_string(obj, key, &text) || text.len == 0 || text.len > max_bytes) {
        return sv_of(NULL, 0);
    }
    return sv_copy(a, text);
}

static const json_t *object_of(const json_t *payload, const char *key) {
    const json_t *obj = NULL;
    return js_object(payload, key, &obj) ? obj : NULL;
}

static void read_person(const json_t *payload, struct arena *a, struct model_launch *out) {
    out->name = text_of(payload, "name", LTI_NAME_MAX, a);
    out->given_name = text_of(payload, "given_name", LTI_NAME_MAX, a);
    out->family_name = text_of(payload, "family_name", LTI_NAME_MAX, a);
    out->email = whole_of(payload, "email", EMAIL_MAX, a);
    out->person_sourcedid =
        whole_of(object_of(payload, LTI_CLAIM "lis"), "person_sourcedid", LTI_ID_MAX, a);
    out->locale = whole_of(payload, "locale", LOCALE_MAX, a);
}

static bool read_context(const json_t *payload, struct arena *a, struct model_launch *out,
                         struct err *err) {
    const json_t *context = object_of(payload, LTI_CLAIM "context");
    struct sv id;
    if (!js_string(context, "id", &id) || id.len == 0) {
        return true;
    }
    if (id.len > LTI_ID_MAX) {
        return err_because(err, ERR_DENIED, "context", "the course's id is longer than %d bytes",
                           LTI_ID_MAX);
    }
    out->context_id = sv_copy(a, id);
    out->context_title = text_of(context, "title", LTI_TITLE_MAX, a);
    out->context_label = text_of(context, "label", LTI_TITLE_MAX, a);
    return true;
}

static void read_presentation(const json_t *payload, struct arena *a, struct model_launch *out) {
    static const struct sv targets[] = {SV("iframe"), SV("frame"), SV("window")};
    const json_t *presentation = object_of(payload, LTI_CLAIM "launch_presentation");
    struct sv url = whole_of(presentation, "return_url", LTI_URL_MAX, a);
    if (lti_url_is_safe(url)) {
        out->return_url = url;
    }
    struct sv target;
    if (js_string(presentation, "document_target", &target)) {
        for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
            if (sv_eq(target, targets[i])) {
                out->document_target = targets[i];
            }
        }
    }
    /* The course's language on Moodle, the person's on Canvas; the person's own claim goes first.
     */
    if (out->locale.len == 0) {
        out->locale = whole_of(presentation, "locale", LOCALE_MAX, a);
    }
}

static void read_platform(const json_t *payload, struct arena *a, struct model_launch *out) {
    const json_t *platform = object_of(payload, LTI_CLAIM "tool_platform");
    out->platform_guid = whole_of(platform, "guid", LTI_ID_MAX, a);
    out->product = text_of(platform, "product_family_code", LTI_ID_MAX, a);
    out->product_version = text_of(platform, "version", LTI_ID_MAX, a);
}

bool lti_claims_is_canvas_cloud(struct sv issuer) {
    return sv_eq(issuer, SV("https://canvas.instructure.com")) ||
           sv_eq(issuer, SV("https://canvas.beta.instructure.com")) ||
           sv_eq(issuer, SV("https://canvas.test.instructure.com"));
}

bool lti_claims_is_own_service(const struct model_registration *registration, struct sv url) {
    const struct sv own[] = {registration->issuer, registration->auth_url, registration->token_url,
                             registration->jwks_url};
    struct lti_url service;
    if (!lti_url_read(url, &service) || !(service.is_tls || lti_url_is_loopback(service))) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(own); i++) {
        struct lti_url mine;
        if (lti_url_read(own[i], &mine) && sv_eq_nocase(mine.host, service.host)) {
            return true;
        }
    }
    struct sv end = SV(".instructure.com");
    return lti_claims_is_canvas_cloud(registration->issuer) && service.host.len > end.len &&
           sv_eq_nocase(sv_skip(service.host, service.host.len - end.len), end);
}

static struct sv service_url(const struct lti_claims_check *check, const json_t *obj,
                             const char *key, struct arena *a, struct lti_launch *out) {
    struct sv url = whole_of(obj, key, LTI_URL_MAX, a);
    if (url.len > 0 && !lti_claims_is_own_service(check->registration, url)) {
        out->has_foreign_service_url = true;
        return sv_of(NULL, 0);
    }
    return url;
}

/* The plain words of a list of texts, joined by spaces. */
static struct sv words_of(const json_t *obj, const char *key, struct arena *a) {
    const json_t *list = NULL;
    struct str text;
    str_init(&text, a, (size_t)(LTI_ID_MAX + 1) * SCOPES_COUNT_MAX);
    if (!js_array(obj, key, &list)) {
        return sv_of(NULL, 0);
    }
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(list, i, item) {
        struct sv scope = js_sv(item);
        bool is_scope = scope.len > 0 && scope.len <= LTI_ID_MAX && sv_is_printable_ascii(scope) &&
                        sv_find(scope, ' ') == scope.len;
        if (is_scope && i < SCOPES_COUNT_MAX) {
            if (text.len > 0) {
                str_add_char(&text, ' ');
            }
            str_add(&text, scope);
        }
    }
    return str_sv(&text);
}

static void read_services(const struct lti_claims_check *check, const json_t *payload,
                          struct arena *a, struct lti_launch *out) {
    const json_t *endpoint = object_of(payload, AGS_CLAIM);
    out->launch.ags_lineitems = service_url(check, endpoint, "lineitems", a, out);
    out->launch.ags_lineitem = service_url(check, endpoint, "lineitem", a, out);
    if (out->launch.ags_lineitems.len > 0 || out->launch.ags_lineitem.len > 0) {
        out->launch.ags_scopes = words_of(endpoint, "scope", a);
    }
    out->launch.nrps_url =
        service_url(check, object_of(payload, NRPS_CLAIM), "context_memberships_url", a, out);
    const json_t *notices = object_of(payload, LTI_CLAIM "platformnotificationservice");
    out->launch.notices_url =
        service_url(check, notices, "platform_notification_service_url", a, out);
    if (out->launch.notices_url.len > 0) {
        out->launch.notice_types = words_of(notices, "notice_types_supported", a);
    }
}

/* LTI Core 1.3, 6.1.2: user and link ids are left out where they did not change. */
static void read_legacy(const json_t *payload, struct arena *a, struct model_launch *out) {
    const json_t *claim = object_of(payload, LTI_CLAIM "lti1p1");
    out->legacy_consumer_key = whole_of(claim, "oauth_consumer_key", LTI_ID_MAX, a);
    out->legacy_sign = whole_of(claim, "oauth_consumer_key_sign", LTI_ID_MAX, a);
    out->legacy_user_id = whole_of(claim, "user_id", LTI_ID_MAX, a);
    out->legacy_resource_link_id = whole_of(claim, "resource_link_id", LTI_ID_MAX, a);
    if (out->legacy_user_id.len == 0) {
        out->legacy_user_id = out->sub;
    }
    if (out->legacy_resource_link_id.len == 0) {
        out->legacy_resource_link_id = out->resource_link_id;
    }
}

/* "$Canvas.user.id": a variable the platform did not know (C27). */
static bool is_template(struct sv text) {
    if (text.len < 2 || text.ptr[0] != '$') {
        return false;
    }
    for (size_t i = 1; i < text.len; i++) {
        char c = text.ptr[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool is_other = (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
        if (!is_letter && (i == 1 || !is_other)) {
            return false;
        }
    }
    return true;
}

/* Canvas gives numbers and booleans where a variable is the whole value. */
static struct sv custom_text(const json_t *value, struct arena *a) {
    if (json_is_integer(value)) {
        return sv_printf(a, "%lld", (long long)json_integer_value(value));
    }
    if (json_is_boolean(value)) {
        return json_is_true(value) ? SV("true") : SV("false");
    }
    return js_sv(value);
}

/* A long history loses its oldest courses, at a comma, rather than being lost whole. */
static struct sv history_clipped(struct sv text) {
    if (text.len <= LTI_CUSTOM_VALUE_MAX) {
        return text;
    }
    size_t end = LTI_CUSTOM_VALUE_MAX + 1;
    while (end > 0 && text.ptr[end - 1] != ',') {
        end--;
    }
    return sv_head(text, end == 0 ? 0 : end - 1);
}

static void read_custom(const json_t *payload, struct arena *a, struct model_launch *out) {
    struct str text;
    str_init(&text, a, LTI_CUSTOM_BYTES_MAX);
    str_add_char(&text, '{');
    size_t count = 0;
    const char *key = NULL;
    const json_t *value = NULL;
    json_object_foreach((json_t *)object_of(payload, LTI_CLAIM "custom"), key, value) {
        struct sv name = sv_from(key);
        struct sv content = custom_text(value, a);
        if (sv_eq(name, SV(LTI_CUSTOM_HISTORY))) {
            content = history_clipped(content);
        }
        bool is_text = json_is_string(value) || content.len > 0;
        /* Escaping makes six bytes of one at worst; the rest must still fit a closing brace. */
        bool has_room = text.len + 6 * (name.len + content.len) + 8 < LTI_CUSTOM_BYTES_MAX;
        if (!is_text || is_template(content) || name.len > LTI_ID_MAX ||
            content.len > LTI_CUSTOM_VALUE_MAX || count >= LTI_CUSTOM_COUNT_MAX || !has_room) {
            continue;
        }
        if (count++ > 0) {
            str_add_char(&text, ',');
        }
        quote_json(&text, name);
        str_add_char(&text, ':');
        quote_json(&text, content);
        if (sv_eq(name, SV(LTI_CUSTOM_MASQUERADE)) && content.len > 0) {
            out->is_test_user = true;
        }
    }
    str_add_char(&text, '}');
    out->custom_json = str_sv(&text);
}

static void add_mentee(struct model_launch *out, struct sv sub, struct arena *a) {
    if (out->mentee_count < MODEL_MENTEES_MAX && sub.len > 0 && sub.len <= LTI_ID_MAX &&
        sv_is_printable_ascii(sub)) {
        out->mentee_subs[out->mentee_count++] = sv_copy(a, sub);
    }
}

/* Only a mentor has mentees, whatever the claim says (C26). */
static void read_mentees(const json_t *payload, struct arena *a, struct model_launch *out) {
    const json_t *claim = json_object_get(payload, LTI_CLAIM "role_scope_mentor");
    add_mentee(out, js_sv(claim), a);
    size_t i = 0;
    const json_t *sub = NULL;
    json_array_foreach(claim, i, sub) { add_mentee(out, js_sv(sub), a); }
}

bool lti_optional_read(const struct lti_claims_check *check, const json_t *payload,
                       const struct lti_roles *roles, struct arena *a, struct lti_launch *out,
                       struct err *err) {
    struct model_launch *launch = &out->launch;
    if (!read_context(payload, a, launch, err)) {
        return false;
    }
    launch->is_test_user = roles->is_test_user;
    read_person(payload, a, launch);
    read_presentation(payload, a, launch);
    read_platform(payload, a, launch);
    read_custom(payload, a, launch);
    read_legacy(payload, a, launch);
    if (roles->is_mentor) {
        read_mentees(payload, a, launch);
    }
    read_services(check, payload, a, out);
    return true;
}
