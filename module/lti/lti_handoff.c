#include "lti_handoff.h"
#include "base_encode.h"
#include "base_num.h"

#define PURPOSE "lti-handoff"

/* What the MAC stands for. */
static struct sv bytes_of(struct sv id_token, struct sv state, usec_t minted_at, struct arena *a) {
    unsigned char token[32];
    unsigned char started[32];
    sha256(id_token.ptr, id_token.len, token);
    sha256(state.ptr, state.len, started);
    struct sv token_hex = hex_encode(a, token, sizeof token);
    struct sv state_hex = hex_encode(a, started, sizeof started);
    return sv_printf(a, "%lld %.*s %.*s", (long long)minted_at, SV_ARG(token_hex),
                     SV_ARG(state_hex));
}

struct sv lti_handoff_mint(const struct seal *seal, struct sv id_token, struct sv state, usec_t now,
                           struct arena *a) {
    unsigned char mac[SEAL_MAC_BYTES];
    seal_mac(seal, PURPOSE, bytes_of(id_token, state, now, a), mac);
    struct sv text = base64url_encode(a, mac, sizeof mac);
    return sv_printf(a, "%lld.%.*s", (long long)now, SV_ARG(text));
}

static bool authentic(const struct seal *seal, struct sv text, struct sv id_token, struct sv state,
                      struct arena *a, usec_t *minted_at) {
    struct err ignored = {0};
    struct sv when;
    struct sv mac_text;
    struct sv mac;
    return text.len <= LTI_HANDOFF_TEXT_MAX && sv_cut(text, '.', &when, &mac_text) &&
           num_parse_i64(when, 0, INT64_MAX, minted_at) &&
           base64url_decode(a, mac_text, &mac, &ignored) &&
           seal_mac_is(seal, PURPOSE, bytes_of(id_token, state, *minted_at, a), mac);
}

bool lti_handoff_open(const struct seal *seal, struct sv text, struct sv id_token, struct sv state,
                      usec_t now, struct arena *a, usec_t *minted_at, struct err *err) {
    if (!authentic(seal, text, id_token, state, a, minted_at)) {
        return err_because(err, ERR_DENIED, "handoff",
                           "this window was not opened from a page of this tool; open the tool "
                           "from your course");
    }
    if (*minted_at > now + LTI_HANDOFF_SKEW_S * USEC_PER_S ||
        now - *minted_at > LTI_HANDOFF_TTL_S * USEC_PER_S) {
        return err_because(err, ERR_DENIED, "handoff_expired",
                           "the button for a new window works for one minute; open the tool from "
                           "your course again");
    }
    return true;
}
