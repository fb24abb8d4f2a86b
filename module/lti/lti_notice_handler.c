/* Telling the platform where its notices go (PNS 1.0, 3; reference lti.md 9). */
#include "lti_notice.h"

#define TYPE_JSON "application/json"
#define REPLY_MAX ((size_t)256 << 10)

/* The address that the platform has for a type; empty: none. */
static bool read_handler(struct sv body, struct sv type, struct arena *a, struct sv *out,
                         struct err *err) {
    AUTO_JSON *reply = NULL;
    const json_t *list = NULL;
    if (!js_parse(body, REPLY_MAX, "notice handlers", &reply, NULL) || !json_is_object(reply) ||
        !js_array(reply, "notice_handlers", &list)) {
        (void)err_because(err, ERR_UPSTREAM, "notices",
                          "the platform's answer about notices is not what the standard says");
        return err_retry_as(err, ERR_RETRY_LATER);
    }
    *out = sv_of("", 0);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        struct sv of = {0};
        struct sv handler = {0};
        if (js_string(one, "notice_type", &of) && sv_eq(of, type) &&
            js_string(one, "handler", &handler)) {
            *out = sv_copy(a, handler);
        }
    }
    return true;
}

static bool put(const struct lti_service *service, struct sv url,
                const struct lti_notice_handler *want, struct arena *a, struct err *err) {
    AUTO_JSON *body = json_object();
    if (json_object_set_new(body, "notice_type", json_stringn(want->type.ptr, want->type.len)) !=
            0 ||
        json_object_set_new(body, "handler", json_stringn(want->handler.ptr, want->handler.len)) !=
            0 ||
        json_object_set_new(body, "max_batch_size", json_integer(want->batch_max)) != 0) {
        return err_set(err, ERR_BUG, "our own address is not UTF-8");
    }
    const struct lti_service_call call = {.method = NET_PUT,
                                          .url = url,
                                          .what = "asking for notices",
                                          .scopes = {LTI_SCOPE_NOTICES},
                                          .accept = TYPE_JSON,
                                          .content_type = TYPE_JSON,
                                          .body = js_dump(a, body),
                                          .body_max_bytes = REPLY_MAX};
    struct net_response response;
    return lti_service_send(service, &call, a, &response, err) &&
           lti_service_check(&response, call.what, err);
}

bool lti_notice_handler_set(const struct lti_service *service, struct sv url,
                            const struct lti_notice_handler *want, struct arena *a,
                            bool *was_changed, struct err *err) {
    const struct lti_service_call call = {.method = NET_GET,
                                          .url = url,
                                          .what = "asking where notices go",
                                          .scopes = {LTI_SCOPE_NOTICES},
                                          .accept = TYPE_JSON,
                                          .body_max_bytes = REPLY_MAX};
    struct net_response response;
    struct sv have = {0};
    *was_changed = false;
    if (!lti_service_send(service, &call, a, &response, err) ||
        !lti_service_check(&response, call.what, err) ||
        !read_handler(response.body, want->type, a, &have, err)) {
        return false;
    }
    *was_changed = !sv_eq(have, want->handler);
    return !*was_changed || put(service, url, want, a, err);
}
