/* What Laurel says of itself: the registration request, and Canvas's developer key. */
#include "lti_claims.h"
#include "lti_register.h"
#include "lti_register_words.h"
#include "lti_url.h"

#define CANVAS "https://canvas.instructure.com/lti/"
#define NAME "Laurel"
#define ABOUT "Badges from the grades and completion of your courses."
#define LINK_LABEL "Badges"
#define DEEP_LABEL "Add badges"

static void set(json_t *o, const char *key, struct sv text) {
    (void)json_object_set_new(o, key, json_stringn(text.ptr == NULL ? "" : text.ptr, text.len));
}

static void set_c(json_t *o, const char *key, const char *text) { set(o, key, sv_from(text)); }

static json_t *texts(const char *const *list, size_t count) {
    json_t *out = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(out, json_string(list[i]));
    }
    return out;
}

/* The host with its port where the URL has one: Moodle compares both (moodle.md 6). */
static struct sv domain_of(struct sv base_url) {
    struct sv rest = sv_skip(base_url, sv_starts(base_url, SV("https://")) ? 8 : 7);
    return sv_head(rest, sv_find(rest, '/'));
}

static struct sv launch_url(const struct lti_register_tool *tool, struct arena *a) {
    return sv_printf(a, "%.*s/lti/launch", SV_ARG(tool->base_url));
}

static json_t *custom(bool is_canvas) {
    json_t *out = json_object();
    set_c(out, LTI_CUSTOM_HISTORY, "$Context.id.history");
    if (is_canvas) {
        set_c(out, LTI_CUSTOM_MASQUERADE, "$Canvas.masqueradingUser.id");
        set_c(out, "canvas_user_id", "$Canvas.user.id");
        set_c(out, "canvas_course_id", "$Canvas.course.id");
    }
    return out;
}

/* A placement goes by several names; the platform's own spelling is used. */
struct placement {
    const char *names[3]; /* the first when the platform names none */
};

static void add_placement(json_t *list, const struct placement *want, const struct sv *known,
                          size_t known_count) {
    if (known_count == 0) {
        (void)json_array_append_new(list, json_string(want->names[0]));
        return;
    }
    for (size_t n = 0; n < ARRAY_LEN(want->names) && want->names[n] != NULL; n++) {
        for (size_t k = 0; k < known_count; k++) {
            if (sv_eq(known[k], sv_from(want->names[n]))) {
                (void)json_array_append_new(list, json_string(want->names[n]));
                return;
            }
        }
    }
}

static json_t *link_message(const struct lti_register_tool *tool,
                            const struct lti_register_platform *p, bool is_canvas,
                            struct arena *a) {
    static const struct placement course = {
        {CANVAS "course_navigation", "course_navigation", NULL}};
    json_t *out = json_object();
    set_c(out, "type", "LtiResourceLinkRequest");
    set(out, "target_link_uri", launch_url(tool, a));
    set_c(out, "label", LINK_LABEL);
    if (is_canvas) {
        json_t *placements = json_array();
        add_placement(placements, &course, p->link_placements, p->link_placement_count);
        (void)json_object_set_new(out, "placements", placements);
        (void)json_object_set_new(out, CANVAS "course_navigation/default_enabled", json_true());
        set_c(out, CANVAS "visibility", "members");
    }
    return out;
}

static json_t *deep_message(const struct lti_register_tool *tool,
                            const struct lti_register_platform *p, bool is_canvas,
                            struct arena *a) {
    static const struct placement module = {
        {CANVAS "link_selection", "link_selection", "ContentArea"}};
    static const struct placement assignment = {
        {CANVAS "assignment_selection", "assignment_selection", NULL}};
    static const struct placement content = {{"ContentArea", NULL, NULL}};
    json_t *out = json_object();
    json_t *placements = json_array();
    set_c(out, "type", "LtiDeepLinkingRequest");
    set(out, "target_link_uri", launch_url(tool, a));
    set_c(out, "label", DEEP_LABEL);
    set(out, "icon_uri", tool->logo_url);
    add_placement(placements, is_canvas ? &module : &content, p->deep_placements,
                  p->deep_placement_count);
    if (is_canvas) {
        add_placement(placements, &assignment, p->deep_placements, p->deep_placement_count);
    }
    (void)json_object_set_new(out, "placements", placements);
    return out;
}

static json_t *tool_configuration(const struct lti_register_tool *tool,
                                  const struct lti_register_platform *p, struct arena *a) {
    static const char *const claims[] = {"iss",        "sub",         "name",
                                         "given_name", "family_name", "email"};
    bool is_canvas = sv_eq(p->product, SV("canvas"));
    json_t *out = json_object();
    json_t *messages = json_array();
    (void)json_array_append_new(messages, link_message(tool, p, is_canvas, a));
    if (p->has_deep_linking) {
        (void)json_array_append_new(messages, deep_message(tool, p, is_canvas, a));
    }
    set(out, "domain", domain_of(tool->base_url));
    set_c(out, "description", ABOUT);
    set(out, "target_link_uri", launch_url(tool, a));
    (void)json_object_set_new(out, "claims", texts(claims, ARRAY_LEN(claims)));
    (void)json_object_set_new(out, "custom_parameters", custom(is_canvas));
    (void)json_object_set_new(out, "messages", messages);
    if (is_canvas) {
        set_c(out, CANVAS "privacy_level", "public");
        set_c(out, CANVAS "tool_id", "laurel");
        set_c(out, CANVAS "vendor", NAME);
    }
    return out;
}

static struct sv scopes_of(const struct lti_register_platform *p, struct arena *a) {
    struct str out;
    str_init(&out, a, 1024);
    for (size_t s = 0; s < LTI_REGISTER_SERVICES; s++) {
        if (p->offers[s]) {
            str_add_c(&out, out.len == 0 ? "" : " ");
            str_add_c(&out, lti_register_services[s].scope);
        }
    }
    return str_sv(&out);
}

json_t *lti_register_request(const struct lti_register_tool *tool,
                             const struct lti_register_platform *p, struct arena *a) {
    static const char *const response_types[] = {"id_token"};
    static const char *const grant_types[] = {"client_credentials", "implicit"};
    json_t *out = json_object();
    json_t *redirects = json_array();
    struct sv launch = launch_url(tool, a);
    (void)json_array_append_new(redirects, json_stringn(launch.ptr, launch.len));
    set_c(out, "application_type", "web");
    (void)json_object_set_new(out, "response_types", texts(response_types, 1));
    (void)json_object_set_new(out, "grant_types", texts(grant_types, ARRAY_LEN(grant_types)));
    set(out, "initiate_login_uri", sv_printf(a, "%.*s/lti/login", SV_ARG(tool->base_url)));
    (void)json_object_set_new(out, "redirect_uris", redirects);
    set_c(out, "client_name", NAME);
    set(out, "client_uri", tool->base_url);
    set(out, "jwks_uri", tool->jwks_url);
    set(out, "logo_uri", tool->logo_url);
    set_c(out, "token_endpoint_auth_method", "private_key_jwt");
    set(out, "scope", scopes_of(p, a));
    (void)json_object_set_new(out, LTI_REGISTER_TOOL, tool_configuration(tool, p, a));
    return out;
}

static json_t *canvas_placement(const char *name, bool is_link) {
    json_t *out = json_object();
    set_c(out, "placement", name);
    set_c(out, "message_type", is_link ? "LtiResourceLinkRequest" : "LtiDeepLinkingRequest");
    set_c(out, "text", is_link ? LINK_LABEL : DEEP_LABEL);
    (void)json_object_set_new(out, "enabled", json_true());
    if (is_link) {
        set_c(out, "default", "enabled");
        set_c(out, "visibility", "members");
    }
    return out;
}

static json_t *canvas_extension(const struct lti_register_tool *tool) {
    json_t *out = json_object();
    json_t *settings = json_object();
    json_t *placements = json_array();
    (void)json_array_append_new(placements, canvas_placement("course_navigation", true));
    (void)json_array_append_new(placements, canvas_placement("link_selection", false));
    (void)json_array_append_new(placements, canvas_placement("assignment_selection", false));
    set_c(settings, "text", LINK_LABEL);
    set(settings, "icon_url", tool->logo_url);
    (void)json_object_set_new(settings, "selection_width", json_integer(800));
    (void)json_object_set_new(settings, "selection_height", json_integer(600));
    (void)json_object_set_new(settings, "placements", placements);
    set_c(out, "platform", "canvas.instructure.com");
    set(out, "domain", domain_of(tool->base_url));
    set_c(out, "tool_id", "laurel");
    set_c(out, "privacy_level", "public");
    (void)json_object_set_new(out, "settings", settings);
    return out;
}

json_t *lti_register_canvas_key(const struct lti_register_tool *tool, struct arena *a) {
    json_t *out = json_object();
    json_t *scopes = json_array();
    json_t *extensions = json_array();
    for (size_t s = 0; s < LTI_REGISTER_SERVICES; s++) {
        (void)json_array_append_new(scopes, json_string(lti_register_services[s].scope));
    }
    (void)json_array_append_new(extensions, canvas_extension(tool));
    set_c(out, "title", NAME);
    set_c(out, "description", ABOUT);
    set(out, "target_link_uri", launch_url(tool, a));
    set(out, "oidc_initiation_url", sv_printf(a, "%.*s/lti/login", SV_ARG(tool->base_url)));
    set(out, "public_jwk_url", tool->jwks_url);
    (void)json_object_set_new(out, "scopes", scopes);
    (void)json_object_set_new(out, "custom_fields", custom(true));
    (void)json_object_set_new(out, "extensions", extensions);
    return out;
}
