/* The claims of a live event, after its signature was found good: each input is signed first. */
#include "lti_event.h"
#include "support_launch.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct jose_key *key;

static bool fetch_keys(void *ctx, struct sv url, struct arena *a, struct sv *body,
                       int64_t *max_age_s, struct err *err) {
    (void)ctx;
    (void)url;
    (void)err;
    *max_age_s = -1;
    *body = launch_jwks(a, &key, 1);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct lti_keysets *keys;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct lti_event *events = NULL;
    size_t count = 0;
    if (keys == NULL) {
        key = launch_key("k1");
        keys = lti_keysets_create(&(struct lti_keysets_config){.fetch = fetch_keys});
    }
    const struct lti_event_check check = {.keys_id = -1,
                                          .jwks_url = SV("https://keys.example/jwks"),
                                          .root_account_uuid = SV("account"),
                                          .now = LAUNCH_NOW_S * USEC_PER_S};
    struct sv token = launch_sign(&a, key, SV("{\"alg\":\"RS256\",\"kid\":\"k1\"}"),
                                  sv_of((const char *)data, size));
    if (size == 0 || !lti_event_verify(&a, keys, &check, token, &events, &count, &err)) {
        return 0;
    }
    if (count == 0 || count > LTI_EVENTS_MAX) {
        abort();
    }
    for (size_t i = 0; i < count; i++) {
        if (events[i].name.len == 0 || !sv_is_printable_ascii(events[i].name) ||
            events[i].course_ref_count > LTI_EVENT_REFS_MAX) {
            abort();
        }
    }
    return 0;
}
