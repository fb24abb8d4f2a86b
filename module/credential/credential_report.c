/* What a verification came to, as JSON. */
#include "credential_verify.h"

/* For the "s%" of json_pack, which takes no NULL. */
#define SV_JSON(s) (s).ptr == NULL ? "" : (s).ptr, (s).len

bool credential_check_is_done(const struct credential_report *report,
                              enum credential_check_kind kind) {
    return report->checks[kind].verdict != CREDENTIAL_NOT_DONE;
}

json_t *credential_report_json(const struct credential_report *r) {
    json_t *checks = json_array();
    for (int i = 0; i < CREDENTIAL_CHECK_COUNT; i++) {
        if (credential_check_is_done(r, i)) {
            (void)json_array_append_new(
                checks, json_pack("{s:s, s:s, s:s%}", "check", credential_check_name(i), "verdict",
                                  credential_verdict_name(r->checks[i].verdict), "text",
                                  SV_JSON(r->checks[i].text)));
        }
    }
    return json_pack("{s:b, s:s%, s:s%, s:s%, s:s%, s:s%, s:s%, s:s%, s:o}", "valid",
                     r->is_valid ? 1 : 0, "name", SV_JSON(r->name), "issuer_name",
                     SV_JSON(r->issuer_name), "issuer_id", SV_JSON(r->issuer_id), "credential_id",
                     SV_JSON(r->credential_id), "awarded", SV_JSON(r->awarded), "valid_from",
                     SV_JSON(r->valid_from), "valid_until", SV_JSON(r->valid_until), "checks",
                     checks);
}
