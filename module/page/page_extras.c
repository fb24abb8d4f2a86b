/* What few launches bring besides: the JSON that store_launch.h describes. */
#include "page_extras.h"
#include "base_encode.h"
#include "base_log.h"
#include "lti_history.h"
#include "lti_launch.h"
#include "lti_legacy.h"
#include "store_legacy.h"
#include <string.h>

/* Canvas announces its notices with every launch: what this process has told the database is not
 * told again. A restart tells it once more, which changes nothing. */
static uint64_t notices_mark(const struct page *p, const struct model_launch *l) {
    unsigned char sum[32];
    uint64_t mark = 0;
    struct sv about =
        sv_printf(p->arena, "%lld\n%.*s\n%.*s\n%.*s", (long long)l->registration_id,
                  SV_ARG(l->deployment_id), SV_ARG(l->notices_url), SV_ARG(l->notice_types));
    sha256(about.ptr, about.len, sum);
    memcpy(&mark, sum, sizeof mark);
    return mark;
}

static json_t *notices(const struct page *p, const struct model_launch *l) {
    if (l->notices_url.len == 0) {
        return NULL;
    }
    uint64_t mark = notices_mark(p, l);
    if (atomic_load(&p->app->told[mark % PAGE_TOLD_SLOTS]) == mark) {
        return NULL;
    }
    json_t *out = json_object();
    page_set_text(out, "url", l->notices_url);
    page_set_text(out, "types", l->notice_types);
    return out;
}

void page_extras_recorded(const struct page *p, const struct model_launch *launch) {
    if (launch->notices_url.len > 0) {
        uint64_t mark = notices_mark(p, launch);
        atomic_store(&p->app->told[mark % PAGE_TOLD_SLOTS], mark);
    }
}

static json_t *history(const struct page *p, const struct model_launch *l) {
    struct sv *ids = NULL;
    size_t count = 0;
    lti_history_read(l->custom_json, p->arena, &ids, &count);
    json_t *out = count == 0 || l->context_id.len == 0 ? NULL : json_array();
    for (size_t i = 0; out != NULL && i < count; i++) {
        (void)json_array_append_new(out, page_json_text(ids[i]));
    }
    return out;
}

/* A claim of LTI 1.1 counts when the old secret signed it. Otherwise the launch goes on as that of
 * somebody new, who keeps what they earn: a later launch that is signed brings both together. */
static json_t *legacy(const struct page *p, const struct page_extras_of *of) {
    const struct model_launch *l = &of->launch->launch;
    struct sv secret = {0};
    struct err why = {0};
    if (l->legacy_consumer_key.len == 0) {
        return NULL;
    }
    if (!store_legacy_secret(p->app->options.store, l->registration_id, l->legacy_consumer_key,
                             p->arena, &secret, &why)) {
        log_err(LOG_LEVEL_WARN, "legacy_claim_ignored", &why);
        return NULL;
    }
    if (!lti_legacy_is_signed(of->registration, l, secret, p->arena)) {
        log_event(LOG_LEVEL_WARN, "legacy_claim_ignored", LOG_TEXT("reason", "legacy_sign"),
                  LOG_INT("registration", l->registration_id));
        return NULL;
    }
    json_t *out = json_object();
    page_set_text(out, "consumer_key", lti_legacy_key(p->arena, l->legacy_consumer_key));
    page_set_text(out, "user_id", l->legacy_user_id);
    page_set_text(out, "resource_link_id", l->legacy_resource_link_id);
    return out;
}

/* What the answer to a deep linking launch is made from: no form says it again (E11). */
static json_t *deep_link(const struct lti_launch *launch) {
    struct err ignored = {0};
    json_t *settings = NULL;
    if (launch->launch.message != MODEL_MESSAGE_DEEP_LINKING ||
        !js_parse(launch->deep_linking_json, LTI_ID_TOKEN_MAX, "settings", &settings, &ignored)) {
        return NULL;
    }
    json_t *out = json_object();
    page_set_text(out, "return_url", launch->deep_link.return_url);
    (void)json_object_set_new(out, "settings", settings);
    return out;
}

/* Adds a member unless it is NULL. Takes the value. */
static void add(json_t *obj, const char *key, json_t *value) {
    if (value != NULL) {
        (void)json_object_set_new(obj, key, value);
    }
}

struct sv page_extras(const struct page *p, const struct page_extras_of *of) {
    const struct model_launch *l = &of->launch->launch;
    AUTO_JSON *out = json_object();
    add(out, "notices", notices(p, l));
    add(out, "history", history(p, l));
    add(out, "legacy", legacy(p, of));
    struct sv frame_origin = page_frame_origin(p, of->registration->issuer, l->return_url);
    if (frame_origin.len > 0) {
        page_set_text(out, "frame_origin", frame_origin);
    }
    add(out, "deep_link", deep_link(of->launch));
    /* the registration in memory may be some seconds old, and a choice's answer goes by the product
     */
    bool is_choice = l->message == MODEL_MESSAGE_DEEP_LINKING;
    if (l->product.len > 0 && (is_choice || !sv_eq(l->product, of->registration->product))) {
        page_set_text(out, "product", l->product);
        page_set_text(out, "platform_guid", l->platform_guid);
    }
    if (of->is_storage_offered && !of->registration->offers_storage) {
        page_set_bool(out, "storage", true);
    }
    if (json_object_size(out) == 0) {
        return sv_of(NULL, 0);
    }
    page_set_text(out, "deployment_id", l->deployment_id);
    return js_dump(p->arena, out);
}
