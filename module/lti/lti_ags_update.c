/* A column's new label (AGS 2.0, 3.2.7: PUT replaces the whole line item). */
#include "lti_ags.h"

#define TYPE_LINEITEM "application/vnd.ims.lis.v2.lineitem+json"
#define LABEL_BYTES_MAX 255

/* The line item as the platform has it, whole. */
static bool get(const struct lti_service *service, struct sv url, struct arena *a, json_t **out,
                struct err *err) {
    const struct lti_service_call call = {.method = NET_GET,
                                          .url = url,
                                          .what = "reading the gradebook column",
                                          .scopes = {LTI_SCOPE_LINEITEM},
                                          .accept = TYPE_LINEITEM};
    struct net_response response;
    if (!lti_service_send(service, &call, a, &response, err) ||
        !lti_service_check(&response, call.what, err)) {
        return false;
    }
    if (!js_parse(response.body, LTI_SERVICE_BODY_MAX, "line item", out, NULL) ||
        !json_is_object(*out)) {
        (void)err_because(err, ERR_UPSTREAM, "ags_reply",
                          "the platform's answer about a line item is not what the standard says");
        return err_retry_as(err, ERR_RETRY_LATER);
    }
    return true;
}

static bool is_right(const json_t *item, struct sv label, struct dec maximum) {
    struct dec have;
    return sv_eq(js_sv(json_object_get(item, "label")), label) &&
           js_decimal(json_object_get(item, "scoreMaximum"), &have) && dec_cmp(have, maximum) == 0;
}

static bool set_text(json_t *item, const char *name, struct sv text) {
    return json_object_set_new(item, name, json_stringn(text.ptr, text.len)) == 0;
}

/* Ours, where the platform does not say it: "" and absent are the same (lti.md 4.3). */
static bool fill(json_t *item, const char *name, struct sv ours) {
    return js_sv(json_object_get(item, name)).len > 0 || ours.len == 0 ||
           set_text(item, name, ours);
}

static bool put(const struct lti_service *service, struct sv url, const json_t *item,
                struct arena *a, struct err *err) {
    const struct lti_service_call call = {.method = NET_PUT,
                                          .url = url,
                                          .what = "renaming the gradebook column",
                                          .scopes = {LTI_SCOPE_LINEITEM},
                                          .accept = TYPE_LINEITEM,
                                          .content_type = TYPE_LINEITEM,
                                          .body = js_dump(a, item)};
    struct net_response response;
    return lti_service_send(service, &call, a, &response, err) &&
           lti_service_check(&response, call.what, err);
}

bool lti_ags_update(const struct lti_service *service, struct sv lineitem_url,
                    const struct lti_lineitem_want *want, struct arena *a, bool *was_changed,
                    struct err *err) {
    json_t *parsed = NULL;
    *was_changed = false;
    bool is_read = get(service, lineitem_url, a, &parsed, err);
    AUTO_JSON *item = parsed;
    if (!is_read) {
        return false;
    }
    struct sv label = sv_clip_utf8(want->label, LABEL_BYTES_MAX);
    if (is_right(item, label, want->maximum)) {
        return true;
    }
    if (!set_text(item, "label", label) ||
        json_object_set_new(item, "scoreMaximum", json_real(dec_to_double(want->maximum))) != 0 ||
        !fill(item, "resourceId", want->resource_id) || !fill(item, "tag", want->tag)) {
        return err_set(err, ERR_INPUT, "the line item's texts are not UTF-8");
    }
    *was_changed = put(service, lineitem_url, item, a, err);
    return *was_changed;
}
