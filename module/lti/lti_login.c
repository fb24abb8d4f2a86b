#include "lti_login.h"
#include "base_encode.h"
#include "lti_frame.h"
#include "lti_url.h"

static bool was_sent(struct lti_form form, struct sv name) {
    for (size_t i = 0; i < form.count; i++) {
        if (sv_eq(form.pairs[i].name, name)) {
            return true;
        }
    }
    return false;
}

bool lti_login_parse(struct lti_form form, struct lti_login_request *out, struct err *err) {
    *out = (struct lti_login_request){0};
    const struct lti_field fields[] = {
        {.name = "iss", .max_bytes = LTI_PARAMETER_MAX, .is_required = true, .out = &out->iss},
        {.name = "login_hint",
         .max_bytes = LTI_HINT_MAX,
         .is_required = true,
         .out = &out->login_hint},
        {.name = "target_link_uri",
         .max_bytes = LTI_PARAMETER_MAX,
         .is_required = true,
         .out = &out->target_link_uri},
        {.name = "lti_message_hint", .max_bytes = LTI_HINT_MAX, .out = &out->message_hint},
        {.name = "lti_deployment_id", .max_bytes = LTI_PARAMETER_MAX, .out = &out->deployment_id},
        {.name = "client_id", .max_bytes = LTI_PARAMETER_MAX, .out = &out->client_id},
        {.name = "lti_storage_target", .max_bytes = LTI_PARAMETER_MAX, .out = &out->storage_target},
        {.name = "deployment_id", .max_bytes = LTI_PARAMETER_MAX},
        {.name = "canvas_region", .max_bytes = LTI_PARAMETER_MAX},
        {.name = "canvas_environment", .max_bytes = LTI_PARAMETER_MAX}};
    if (!lti_form_take(form, fields, ARRAY_LEN(fields), err)) {
        return false;
    }
    out->has_message_hint = was_sent(form, SV("lti_message_hint"));
    out->storage_target = lti_frame_name(out->storage_target);
    return true;
}

static void add(struct str *url, char *separator, const char *name, struct sv value) {
    if (*separator != '\0') {
        str_add_char(url, *separator);
    }
    *separator = '&';
    str_add_c(url, name);
    str_add_char(url, '=');
    percent_encode(url, value);
}

/* What stands between the login URL and the first parameter; '\0': nothing. */
static char first_separator(struct sv auth_url) {
    char last = auth_url.ptr[auth_url.len - 1];
    if (sv_find(auth_url, '?') == auth_url.len) {
        return '?';
    }
    return last == '?' || last == '&' ? '\0' : '&';
}

bool lti_login_redirect(const struct lti_login_want *want, struct arena *a, struct sv *url,
                        struct err *err) {
    const struct model_registration *registration = want->registration;
    struct sv auth_url = registration->auth_url;
    if (!lti_url_is_safe(auth_url) || sv_find(auth_url, '#') < auth_url.len) {
        return err_because(err, ERR_BUG, "auth_url",
                           "the registration's login URL is no https URL; mend it with `laurel "
                           "platform edit --auth-url`");
    }
    struct str out;
    str_init(&out, a, LTI_LOGIN_URL_MAX);
    str_add(&out, auth_url);
    char separator = first_separator(auth_url);
    add(&out, &separator, "scope", SV("openid"));
    add(&out, &separator, "response_type", SV("id_token"));
    add(&out, &separator, "response_mode", SV("form_post"));
    add(&out, &separator, "prompt", SV("none"));
    add(&out, &separator, "client_id", registration->client_id);
    add(&out, &separator, "redirect_uri", want->redirect_uri);
    add(&out, &separator, "login_hint", want->request->login_hint);
    if (want->request->has_message_hint) {
        add(&out, &separator, "lti_message_hint", want->request->message_hint);
    }
    add(&out, &separator, "state", want->state);
    add(&out, &separator, "nonce", want->nonce);
    *url = str_sv(&out);
    return str_ok(&out, "the login URL", err);
}
