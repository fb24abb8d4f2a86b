#include "lti_launch.h"
#include "jose_jws.h"
#include "lti_claims_shared.h"
#include "lti_frame.h"
#include "lti_handoff.h"
#include "lti_state.h"

#define ERROR_MAX 2048
#define DESCRIPTION_MAX 65536
#define DESCRIPTION_SHOWN_MAX 500
#define STORAGE_MAX 256

bool lti_launch_form_read(struct lti_form form, struct lti_launch_form *out, struct err *err) {
    *out = (struct lti_launch_form){0};
    const struct lti_field fields[] = {
        {.name = "id_token", .max_bytes = LTI_ID_TOKEN_MAX, .out = &out->id_token},
        {.name = "state", .max_bytes = LTI_STATE_TEXT_MAX, .out = &out->state},
        {.name = "error", .max_bytes = ERROR_MAX, .out = &out->error},
        {.name = "error_description", .max_bytes = DESCRIPTION_MAX, .out = &out->error_description},
        {.name = "error_uri", .max_bytes = ERROR_MAX},
        {.name = "lti_storage_target", .max_bytes = ERROR_MAX, .out = &out->storage_target},
        {.name = "storage", .max_bytes = STORAGE_MAX, .out = &out->storage},
        {.name = "handoff", .max_bytes = LTI_HANDOFF_TEXT_MAX, .out = &out->handoff}};
    if (!lti_form_take(form, fields, ARRAY_LEN(fields), err)) {
        return false;
    }
    out->storage_target = lti_frame_name(out->storage_target);
    out->error_description = sv_clip_utf8(out->error_description, DESCRIPTION_SHOWN_MAX);
    out->is_error = out->error.len > 0;
    if (out->is_error && out->id_token.len > 0) {
        return err_because(err, ERR_INPUT, "form", "a launch cannot be an error as well");
    }
    if (!out->is_error && out->id_token.len == 0) {
        return err_because(err, ERR_INPUT, "id_token",
                           "this page is opened from your course; there is no launch here");
    }
    if (!out->is_error && out->state.len == 0) {
        return err_because(err, ERR_INPUT, "state", "the launch brought its state not back");
    }
    return true;
}

bool lti_token_open(struct arena *a, struct lti_keysets *keys, const struct lti_claims_check *check,
                    struct sv token, json_t **payload, struct err *err) {
    const struct model_registration *registration = check->registration;
    struct jose_jws jws;
    if (!jose_jws_split(a, token, LTI_ID_TOKEN_MAX, &jws, err) || !jose_jws_header(a, &jws, err)) {
        return false;
    }
    struct jose_key *found = NULL;
    bool is_found = lti_keysets_find(keys, registration->id, registration->jwks_url, jws.kid,
                                     check->now, &found, err);
    AUTO_JOSE_KEY *key = found;
    if (!is_found) {
        return false;
    }
    if (!jose_key_verify_rs256(key, jws.signing_input, jws.signature)) {
        return err_because(err, ERR_DENIED, "signature", "the launch's signature is wrong");
    }
    struct err why = {0};
    if (!js_parse(jws.payload, LTI_ID_TOKEN_MAX, "the launch", payload, &why) ||
        !json_is_object(*payload)) {
        return err_because(err, ERR_DENIED, "json", "the launch is not one JSON object");
    }
    return true;
}

bool lti_launch_verify(struct arena *a, const struct lti_launch_check *check, struct sv id_token,
                       struct lti_launch *out, struct err *err) {
    json_t *root = NULL;
    bool is_open = lti_token_open(a, check->keys, &check->claims, id_token, &root, err);
    AUTO_JSON *payload = root;
    return is_open && lti_claims_read(&check->claims, payload, a, out, err);
}

struct lti_launch_refusal lti_launch_error(struct sv error) {
    static const struct lti_launch_refusal known[] = {
        {"login_required",
         "Your learning platform says that you are signed out or signed in as "
         "somebody else. Sign in there and open the tool from your course again."},
        {"launch_no_longer_valid",
         "This launch was used already or has run out. Open the tool from your course again."},
        {"access_denied",
         "Your learning platform did not let you in, perhaps because you are signed "
         "in there as somebody else. Sign in and open the tool from your course "
         "again."},
        {"unauthorized_client", "Your learning platform does not know this tool, or it is switched "
                                "off there. Ask its administrator to check the client id and to "
                                "switch the tool on."},
        {"invalid_request", "Your learning platform lost track of this launch, perhaps because two "
                            "were opened at once. Open the tool from your course again."},
        {"invalid_request_object",
         "Your learning platform refused this launch as incomplete. Open the tool from your course "
         "again; if it happens again, tell its administrator."},
        {"invalid_scope", "Your learning platform refused what this tool asked for. Tell its "
                          "administrator that the tool's registration needs a check."},
        {"unsupported_response_type",
         "Your learning platform refused how this tool asked. Tell its "
         "administrator that the tool's registration needs a check."},
        {"interaction_required", "Your learning platform wants to ask you something first. Sign in "
                                 "there and open the tool from your course again."},
        {"consent_required", "Your learning platform needs your consent first. Sign in there and "
                             "open the tool from your course again."},
        {"account_selection_required", "Your learning platform needs to know which account to use. "
                                       "Sign in there and open the tool from your course again."},
        {"server_error", "Your learning platform had a problem of its own. Try again in a few "
                         "minutes."},
        {"temporarily_unavailable", "Your learning platform is busy. Try again in a few minutes."}};
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (sv_eq(error, sv_from(known[i].code))) {
            return known[i];
        }
    }
    return (struct lti_launch_refusal){
        .code = "other",
        .sentence = "Your learning platform refused this launch. Open the tool from your course "
                    "again; if it happens again, tell its administrator."};
}
