#include "lti_deep_link.h"
#include "base_encode.h"
#include "lti_ags.h"
#include "lti_claims.h"
#include "lti_optional.h"

#define DL_CLAIM "https://purl.imsglobal.org/spec/lti-dl/claim/"
#define IFRAME_WIDTH 800
#define IFRAME_HEIGHT 600

static bool refuse(struct err *err, const char *text) {
    return err_because(err, ERR_DENIED, "deep_linking", "%s", text);
}

/* Is the word in this list of texts? False when it is no list. */
static bool has_word(const json_t *list, struct sv word) {
    bool is_there = false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        is_there = is_there || sv_eq(js_sv(json_array_get(list, i)), word);
    }
    return is_there;
}

static bool read_return_url(const struct model_registration *registration, const json_t *settings,
                            struct arena *a, struct sv *out, struct err *err) {
    struct sv url;
    if (!js_string(settings, "deep_link_return_url", &url) || url.len == 0) {
        return refuse(err, "the platform does not say where the chosen content is to go");
    }
    if (url.len > LTI_URL_MAX || !lti_claims_is_own_service(registration, url)) {
        return refuse(err, "the platform wants the chosen content at an address that is not its "
                           "own, or not https");
    }
    *out = sv_copy(a, url);
    return true;
}

static bool read_data(const json_t *settings, struct arena *a, struct lti_deep_link *out,
                      struct err *err) {
    const json_t *data = json_object_get(settings, "data");
    if (data == NULL || json_is_null(data)) {
        return true;
    }
    if (!json_is_string(data) || json_string_length(data) > LTI_DEEP_LINK_DATA_MAX) {
        return refuse(err, "the platform's data for the answer is no text, or over 32 KiB");
    }
    out->has_data = true;
    out->data = sv_copy(a, js_sv(data));
    return true;
}

bool lti_deep_link_read(const struct model_registration *registration, const json_t *settings,
                        struct arena *a, struct lti_deep_link *out, struct err *err) {
    *out = (struct lti_deep_link){0};
    if (!json_is_object(settings)) {
        return refuse(err, "the deep linking launch has no settings");
    }
    if (!read_return_url(registration, settings, a, &out->return_url, err)) {
        return false;
    }
    if (!has_word(json_object_get(settings, "accept_types"), SV("ltiResourceLink"))) {
        return refuse(err, "this place of the platform takes no links to tools, and Laurel has "
                           "nothing else to add; choose it where activities or modules are added");
    }
    const json_t *targets = json_object_get(settings, "accept_presentation_document_targets");
    const json_t *lineitem = json_object_get(settings, "accept_lineitem");
    out->is_multiple = json_is_true(json_object_get(settings, "accept_multiple"));
    out->is_auto_created = json_is_true(json_object_get(settings, "auto_create"));
    out->lineitem = json_is_true(lineitem)    ? LTI_ACCEPT_YES
                    : json_is_false(lineitem) ? LTI_ACCEPT_NO
                                              : LTI_ACCEPT_UNSAID;
    out->in_iframe = has_word(targets, SV("iframe"));
    out->in_window = has_word(targets, SV("window"));
    return read_data(settings, a, out, err);
}

/* On one line, without control characters (ASCII's, and Unicode's line and paragraph ends). */
static struct sv one_line(struct arena *a, struct sv text, size_t max_bytes) {
    struct str out;
    str_init(&out, a, text.len + 1);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        struct sv here = sv_skip(text, i);
        bool is_break = sv_starts(here, SV("\xE2\x80\xA8")) || sv_starts(here, SV("\xE2\x80\xA9"));
        bool is_next_line = sv_starts(here, SV("\xC2\x85"));
        if (is_break || is_next_line) {
            i += is_break ? 2 : 1;
            str_add_char(&out, ' ');
        } else {
            bool is_control = (unsigned char)c < 0x20 || c == 0x7f;
            str_add(&out, is_control ? SV(" ") : sv_of(&text.ptr[i], 1));
        }
    }
    return sv_clip_utf8(sv_trim(str_sv(&out)), max_bytes);
}

/* Adds a text; a text that is no UTF-8 makes jansson give NULL, and the set fails. */
static bool set_text(json_t *obj, const char *key, struct sv text) {
    return json_object_set_new(obj, key,
                               json_stringn(text.ptr == NULL ? "" : text.ptr, text.len)) == 0;
}

static bool set_int(json_t *obj, const char *key, int64_t n) {
    return json_object_set_new(obj, key, json_integer(n)) == 0;
}

static bool add_icon(json_t *obj, const struct lti_deep_link_item *item) {
    if (item->icon_url.len == 0) {
        return true;
    }
    json_t *icon = json_object();
    return json_object_set_new(obj, "icon", icon) == 0 && set_text(icon, "url", item->icon_url) &&
           set_int(icon, "width", item->icon_px) && set_int(icon, "height", item->icon_px);
}

static bool add_custom(json_t *obj, const struct lti_deep_link_item *item, struct arena *a) {
    json_t *custom = json_object();
    bool is_set = json_object_set_new(obj, "custom", custom) == 0;
    for (size_t i = 0; i < item->custom_count; i++) {
        const struct lti_deep_link_custom *c = &item->custom[i];
        is_set = is_set && set_text(custom, sv_c(a, one_line(a, c->name, LTI_ID_MAX)),
                                    one_line(a, c->value, LTI_CUSTOM_VALUE_MAX));
    }
    return is_set;
}

static bool add_lineitem(json_t *obj, const struct lti_lineitem_want *want, struct arena *a) {
    json_t *line = json_object();
    return json_object_set_new(obj, "lineItem", line) == 0 &&
           json_object_set_new(line, "scoreMaximum", json_real(dec_to_double(want->maximum))) ==
               0 &&
           set_text(line, "label", one_line(a, want->label, LTI_DEEP_LINK_TITLE_MAX)) &&
           set_text(line, "resourceId", want->resource_id) && set_text(line, "tag", want->tag);
}

/* Inside the page where that goes; Moodle takes the frame too when it is given both. */
static bool add_target(json_t *obj, const struct lti_deep_link *asked) {
    json_t *target = asked->in_iframe || asked->in_window ? json_object() : NULL;
    if (target == NULL) {
        return true;
    }
    if (asked->in_iframe) {
        return json_object_set_new(obj, "iframe", target) == 0 &&
               set_int(target, "width", IFRAME_WIDTH) && set_int(target, "height", IFRAME_HEIGHT);
    }
    return json_object_set_new(obj, "window", target) == 0 &&
           set_text(target, "targetName", SV("_blank"));
}

static bool add_item(json_t *list, const struct lti_deep_link_answer *answer,
                     const struct lti_deep_link_item *item, struct arena *a) {
    json_t *obj = json_object();
    struct sv text = one_line(a, item->text, LTI_DEEP_LINK_TEXT_MAX);
    bool has_column = item->lineitem != NULL && answer->asked->lineitem != LTI_ACCEPT_NO;
    return json_array_append_new(list, obj) == 0 && set_text(obj, "type", SV("ltiResourceLink")) &&
           set_text(obj, "title", one_line(a, item->title, LTI_DEEP_LINK_TITLE_MAX)) &&
           (text.len == 0 || set_text(obj, "text", text)) &&
           (item->url.len == 0 || set_text(obj, "url", item->url)) && add_icon(obj, item) &&
           add_custom(obj, item, a) && (!has_column || add_lineitem(obj, item->lineitem, a)) &&
           add_target(obj, answer->asked);
}

static struct sv fresh_id(struct arena *a) {
    unsigned char bytes[16];
    random_bytes(bytes, sizeof bytes);
    return base64url_encode(a, bytes, sizeof bytes);
}

bool lti_deep_link_claims(const struct lti_deep_link_answer *answer, struct arena *a, json_t **out,
                          struct err *err) {
    int64_t now_s = answer->now / USEC_PER_S;
    AUTO_JSON *claims = json_object();
    json_t *items = json_array();
    bool is_set =
        json_object_set_new(claims, DL_CLAIM "content_items", items) == 0 &&
        set_text(claims, "iss", answer->client_id) && set_text(claims, "aud", answer->issuer) &&
        set_int(claims, "iat", now_s - LTI_DEEP_LINK_BACKDATED_S) &&
        set_int(claims, "exp", now_s + LTI_DEEP_LINK_LIFE_S) &&
        set_text(claims, "nonce", fresh_id(a)) && set_text(claims, "jti", fresh_id(a)) &&
        set_text(claims, LTI_CLAIM "deployment_id", answer->deployment_id) &&
        set_text(claims, LTI_CLAIM "message_type", SV("LtiDeepLinkingResponse")) &&
        set_text(claims, LTI_CLAIM "version", SV("1.3.0")) &&
        (!answer->asked->has_data || set_text(claims, DL_CLAIM "data", answer->asked->data)) &&
        (answer->message.len == 0 ||
         set_text(claims, DL_CLAIM "msg", one_line(a, answer->message, LTI_TITLE_MAX)));
    for (size_t i = 0; is_set && i < answer->item_count; i++) {
        is_set = add_item(items, answer, &answer->items[i], a);
    }
    if (!is_set) {
        return err_because(err, ERR_BUG, "deep_link", "a text of the answer is no UTF-8");
    }
    *out = json_incref(claims);
    return true;
}

enum lti_placed lti_deep_link_placed(struct sv custom_json, struct arena *a, struct sv *badge_id) {
    struct err ignored = {0};
    AUTO_JSON *custom = NULL;
    *badge_id = sv_of(NULL, 0);
    if (custom_json.len == 0 ||
        !js_parse(custom_json, LTI_CUSTOM_BYTES_MAX, "custom", &custom, &ignored)) {
        return LTI_PLACED_NOWHERE;
    }
    struct sv view = js_sv(json_object_get(custom, LTI_CUSTOM_VIEW));
    struct sv badge = js_sv(json_object_get(custom, LTI_CUSTOM_BADGE));
    if (sv_eq(view, SV("badge")) && uuid_is_valid(badge)) {
        *badge_id = sv_copy(a, badge);
        return LTI_PLACED_BADGE;
    }
    return sv_eq(view, SV("badges"))     ? LTI_PLACED_BADGES
           : sv_eq(view, SV("progress")) ? LTI_PLACED_PROGRESS
                                         : LTI_PLACED_NOWHERE;
}
