#include "lti_state.h"
#include "base_encode.h"
#include "lti_frame.h"
#include <string.h>

#define PURPOSE "lti-state"
#define RANDOM_BYTES 16
#define RANDOM_TEXT 22

/* The wire form; integers are big-endian. The name of the storage frame, 1 to LTI_FRAME_NAME_MAX
 * bytes, stands between the deployment and the MAC of a state that has one. */
enum {
    VERSION_PLAIN = 1,
    VERSION_STORAGE = 2,
    AT_VERSION = 0,
    AT_REGISTRATION = 1,
    AT_ISSUED = 9,
    AT_NONCE = 17,
    AT_BROWSER = AT_NONCE + RANDOM_BYTES,
    AT_HAS_DEPLOYMENT = AT_BROWSER + LTI_DIGEST_BYTES,
    AT_DEPLOYMENT = AT_HAS_DEPLOYMENT + 1,
    AT_TARGET = AT_DEPLOYMENT + LTI_DIGEST_BYTES,
    STATE_BYTES_MAX = AT_TARGET + LTI_FRAME_NAME_MAX + SEAL_MAC_BYTES
};
_Static_assert((STATE_BYTES_MAX * 4 + 2) / 3 <= LTI_STATE_TEXT_MAX, "the longest state fits");

static void put_i64(unsigned char *p, int64_t n) {
    uint64_t u = (uint64_t)n;
    for (int i = 7; i >= 0; i--) {
        p[i] = (unsigned char)(u & 0xFFu);
        u >>= 8;
    }
}

static int64_t get_i64(const unsigned char *p) {
    uint64_t u = 0;
    for (int i = 0; i < 8; i++) {
        u = u << 8 | p[i];
    }
    return (int64_t)u;
}

static struct sv random_text(struct arena *a, unsigned char raw[RANDOM_BYTES]) {
    random_bytes(raw, RANDOM_BYTES);
    return base64url_encode(a, raw, RANDOM_BYTES);
}

struct sv lti_state_browser_new(struct arena *a) {
    unsigned char raw[RANDOM_BYTES];
    return random_text(a, raw);
}

bool lti_state_browser_is_valid(struct sv browser) {
    if (browser.len != RANDOM_TEXT) {
        return false;
    }
    for (size_t i = 0; i < browser.len; i++) {
        char c = browser.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '-' || c == '_')) {
            return false;
        }
    }
    return true;
}

struct sv lti_state_storage_key(struct arena *a, struct sv text) {
    unsigned char digest[LTI_DIGEST_BYTES];
    sha256(text.ptr, text.len, digest);
    struct sv hex = hex_encode(a, digest, LTI_DIGEST_BYTES / 2);
    return sv_printf(a, "laurel_%.*s", SV_ARG(hex));
}

bool lti_state_mint(const struct seal *seal, const struct lti_state_want *want, struct arena *a,
                    struct sv *text, struct sv *nonce, struct err *err) {
    if (!lti_state_browser_is_valid(want->browser) || want->registration_id <= 0) {
        return err_because(err, ERR_BUG, "state", "a state needs a registration and a browser");
    }
    struct sv target = want->storage_target;
    if (target.len > 0 && lti_frame_name(target).len == 0) {
        return err_because(err, ERR_BUG, "state", "a storage frame's name is not checked");
    }
    unsigned char wire[STATE_BYTES_MAX] = {[AT_VERSION] =
                                               target.len > 0 ? VERSION_STORAGE : VERSION_PLAIN};
    put_i64(wire + AT_REGISTRATION, want->registration_id);
    put_i64(wire + AT_ISSUED, want->now);
    *nonce = random_text(a, wire + AT_NONCE);
    sha256(want->browser.ptr, want->browser.len, wire + AT_BROWSER);
    if (want->deployment_id.len > 0) {
        wire[AT_HAS_DEPLOYMENT] = 1;
        sha256(want->deployment_id.ptr, want->deployment_id.len, wire + AT_DEPLOYMENT);
    }
    if (target.len > 0) {
        memcpy(wire + AT_TARGET, target.ptr, target.len);
    }
    size_t len = AT_TARGET + target.len;
    seal_mac(seal, PURPOSE, sv_of((const char *)wire, len), wire + len);
    *text = base64url_encode(a, wire, len + SEAL_MAC_BYTES);
    return true;
}

/* *wire is what the MAC stands for; it is gone. */
static bool authentic(const struct seal *seal, struct sv text, struct arena *a, struct sv *wire) {
    struct err ignored = {0};
    if (text.len > LTI_STATE_TEXT_MAX || !base64url_decode(a, text, wire, &ignored) ||
        wire->len < AT_TARGET + SEAL_MAC_BYTES) {
        return false;
    }
    struct sv mac = sv_skip(*wire, wire->len - SEAL_MAC_BYTES);
    *wire = sv_head(*wire, wire->len - SEAL_MAC_BYTES);
    int version = wire->len > AT_TARGET ? VERSION_STORAGE : VERSION_PLAIN;
    return seal_mac_is(seal, PURPOSE, *wire, mac) && wire->ptr[AT_VERSION] == version;
}

bool lti_state_peek(const struct seal *seal, struct sv text, usec_t now, struct arena *a,
                    struct lti_state *out, struct err *err) {
    struct sv wire;
    if (!authentic(seal, text, a, &wire)) {
        return err_because(err, ERR_DENIED, "state",
                           "this launch was not started here; open the tool from your course");
    }
    const unsigned char *p = (const unsigned char *)wire.ptr;
    *out = (struct lti_state){.registration_id = get_i64(p + AT_REGISTRATION),
                              .nonce = base64url_encode(a, p + AT_NONCE, RANDOM_BYTES),
                              .issued_at = get_i64(p + AT_ISSUED),
                              .has_deployment = p[AT_HAS_DEPLOYMENT] == 1,
                              .storage_target = sv_skip(wire, AT_TARGET)};
    memcpy(out->deployment_digest, p + AT_DEPLOYMENT, LTI_DIGEST_BYTES);
    memcpy(out->browser_digest, p + AT_BROWSER, LTI_DIGEST_BYTES);
    if (out->issued_at > now + LTI_STATE_SKEW_S * USEC_PER_S) {
        return err_because(err, ERR_DENIED, "state",
                           "this launch was started in the future; the servers' clocks differ");
    }
    if (now - out->issued_at > LTI_STATE_TTL_S * USEC_PER_S) {
        return err_because(
            err, ERR_DENIED, "state_expired",
            "this launch took longer than ten minutes; open the tool from your course "
            "again");
    }
    return true;
}

bool lti_state_open(const struct seal *seal, struct sv text, struct sv browser, usec_t now,
                    struct arena *a, struct lti_state *out, struct err *err) {
    if (!lti_state_peek(seal, text, now, a, out, err)) {
        return false;
    }
    unsigned char digest[LTI_DIGEST_BYTES];
    sha256(browser.ptr == NULL ? "" : browser.ptr, browser.len, digest);
    if (!lti_state_browser_is_valid(browser) ||
        !sv_eq_secret(sv_of((const char *)digest, sizeof digest),
                      sv_of((const char *)out->browser_digest, sizeof out->browser_digest))) {
        return err_because(err, ERR_DENIED, "state_browser",
                           "this launch was started in another browser or window, or cookies are "
                           "blocked; open the tool from your course again");
    }
    return true;
}
