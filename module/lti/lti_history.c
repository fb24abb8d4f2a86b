#include "lti_history.h"
#include "base_encode.h"
#include "base_json.h"
#include "lti_claims.h"

void lti_history_read(struct sv custom_json, struct arena *a, struct sv **ids, size_t *count) {
    struct err ignored = {0};
    AUTO_JSON *custom = NULL;
    *count = 0;
    *ids = NULL;
    if (custom_json.len == 0 ||
        !js_parse(custom_json, LTI_CUSTOM_BYTES_MAX, "custom", &custom, &ignored)) {
        return;
    }
    struct sv rest = js_sv(json_object_get(custom, LTI_CUSTOM_HISTORY));
    *ids = ARENA_ARRAY(a, struct sv, LTI_HISTORY_MAX);
    while (rest.len > 0 && *count < LTI_HISTORY_MAX) {
        struct sv one;
        struct sv id;
        (void)sv_cut(rest, ',', &one, &rest);
        if (percent_decode(a, sv_trim(one), false, &id, &ignored) && id.len > 0 &&
            id.len <= LTI_ID_MAX && sv_is_utf8(id) && !sv_eq(id, SV("truncated"))) {
            (*ids)[(*count)++] = id;
        }
    }
}
