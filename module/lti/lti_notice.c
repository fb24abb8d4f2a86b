#include "lti_notice.h"
#include "base_encode.h"
#include "jose_jws.h"
#include "lti_claims_shared.h"
#include "lti_launch.h"
#include "lti_optional.h"

static bool refuse(struct err *err, const char *reason, const char *text) {
    return err_because(err, ERR_DENIED, reason, "%s", text);
}

bool lti_notice_batch_read(struct sv body, struct arena *a, struct sv **tokens, size_t *count,
                           struct err *err) {
    AUTO_JSON *root = NULL;
    const json_t *list = NULL;
    struct err why = {0};
    if (!js_parse(body, LTI_NOTICE_BODY_MAX, "notices", &root, &why) || !json_is_object(root) ||
        !js_array(root, "notices", &list) || list == NULL) {
        return err_because(err, ERR_INPUT, "notices",
                           "this address takes {\"notices\": [{\"jwt\": \"...\"}]} of a platform");
    }
    if (json_array_size(list) > LTI_NOTICES_MAX) {
        return err_because(err, ERR_INPUT, "notices", "at most %d notices are taken at once",
                           LTI_NOTICES_MAX);
    }
    *count = json_array_size(list);
    *tokens = ARENA_ARRAY(a, struct sv, *count);
    for (size_t i = 0; i < *count; i++) {
        (*tokens)[i] = sv_copy(a, js_sv(json_object_get(json_array_get(list, i), "jwt")));
    }
    return true;
}

bool lti_notice_sender(struct sv token, struct arena *a, struct sv *issuer, struct sv *client_id,
                       struct err *err) {
    struct jose_jws jws;
    AUTO_JSON *payload = NULL;
    struct err why = {0};
    if (!jose_jws_split(a, token, LTI_ID_TOKEN_MAX, &jws, err)) {
        return false;
    }
    if (!js_parse(jws.payload, LTI_ID_TOKEN_MAX, "a notice", &payload, &why)) {
        return refuse(err, "json", "the notice is not one JSON object");
    }
    const json_t *aud = json_object_get(payload, "aud");
    *issuer = sv_copy(a, js_sv(json_object_get(payload, "iss")));
    *client_id = sv_copy(a, js_sv(json_is_array(aud) ? json_array_get(aud, 0) : aud));
    if (issuer->len == 0) {
        return refuse(err, "iss", "the notice does not say which platform it is from");
    }
    return client_id->len > 0 || refuse(err, "aud", "the notice does not say whom it is for");
}

static bool is_id(struct sv text) { return text.len > 0 && text.len <= LTI_ID_MAX; }

static bool read_claim(const json_t *payload, struct arena *a, struct lti_notice *out,
                       struct err *err) {
    const json_t *claim = NULL;
    struct sv id = {0};
    struct sv type = {0};
    struct sv at = {0};
    usec_t when = 0;
    if (!js_object(payload, LTI_CLAIM "notice", &claim) || !js_string(claim, "id", &id) ||
        !js_string(claim, "type", &type) || !js_string(claim, "timestamp", &at) || !is_id(id) ||
        !is_id(type) || !rfc3339_parse(at, &when)) {
        return refuse(err, "notice", "the token is no notice: it has no id, type and time of one");
    }
    struct sv message = {0};
    if (!js_string(payload, LTI_CLAIM "message_type", &message) ||
        (message.len > 0 && !sv_eq(message, type))) {
        return refuse(err, "message_type", "the token is for a launch and no notice");
    }
    out->id = sv_copy(a, id);
    out->type = sv_copy(a, type);
    return true;
}

static void read_origins(const json_t *payload, struct arena *a, struct lti_notice *out) {
    const json_t *list = json_object_get(payload, LTI_CLAIM "origin_contexts");
    out->origins = ARENA_ARRAY(a, struct sv, LTI_NOTICE_ORIGINS_MAX);
    for (size_t i = 0; i < json_array_size(list) && out->origin_count < LTI_NOTICE_ORIGINS_MAX;
         i++) {
        struct sv id = js_sv(json_array_get(list, i));
        if (is_id(id)) {
            out->origins[out->origin_count++] = sv_copy(a, id);
        }
    }
}

static bool read_context(const json_t *payload, struct arena *a, struct lti_notice *out,
                         struct err *err) {
    const json_t *context = NULL;
    struct sv id = {0};
    struct sv title = {0};
    struct sv label = {0};
    bool is_copy = sv_eq(out->type, SV(LTI_NOTICE_COPY));
    bool has_context = js_object(payload, LTI_CLAIM "context", &context) &&
                       js_string(context, "id", &id) && is_id(id);
    if (!is_copy) {
        return true;
    }
    if (!has_context) {
        return refuse(err, "notice", "the notice of a copy does not say which course is new");
    }
    out->context_id = sv_copy(a, id);
    if (js_string(context, "title", &title)) {
        out->context_title = sv_copy(a, sv_clip_utf8(title, LTI_TITLE_MAX));
    }
    if (js_string(context, "label", &label)) {
        out->context_label = sv_copy(a, sv_clip_utf8(label, LTI_TITLE_MAX));
    }
    read_origins(payload, a, out);
    return true;
}

bool lti_notice_verify(struct arena *a, struct lti_keysets *keys,
                       const struct lti_claims_check *check, struct sv token,
                       struct lti_notice *out, struct err *err) {
    json_t *root = NULL;
    struct sv deployment = {0};
    struct lti_claims_check late = *check;
    late.iat_age_max_s = LTI_TOKEN_LIFE_MAX_S;
    *out = (struct lti_notice){0};
    bool is_open = lti_token_open(a, keys, check, token, &root, err);
    AUTO_JSON *payload = root;
    if (!is_open || !lti_claims_sender(check, payload, a, err) ||
        !lti_claims_times(&late, payload, &out->expires_at_s, err) ||
        !lti_claims_version(payload, err) ||
        !lti_claims_deployment(check, payload, &deployment, err) ||
        !read_claim(payload, a, out, err) || !read_context(payload, a, out, err)) {
        return false;
    }
    out->deployment_id = sv_copy(a, deployment);
    return true;
}
