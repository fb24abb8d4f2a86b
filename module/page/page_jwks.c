/* Our public keys (reference lti.md 3.4): everybody's, or one registration's. */
#include "base_log.h"
#include "page_internal.h"
#include "store_key.h"

/* Platforms read a key set whole, and cap it: hundreds of schools should register with their own
 * addresses, as dynamic registration does. */
#define KEYSET_MAX_BYTES ((size_t)1 << 20)

bool page_lti_jwks(struct page *p, struct err *err) {
    struct store_key *keys = NULL;
    size_t count = 0;
    size_t bytes = 0;
    struct sv slug = web_arg(p->req, "registration");
    if (!store_key_list(p->app->options.store, slug, p->arena, &keys, &count, err)) {
        return false;
    }
    AUTO_JSON *set = json_object();
    json_t *list = json_array();
    bool is_known = slug.len == 0;
    (void)json_object_set_new(set, "keys", list);
    for (size_t i = 0; i < count; i++) {
        json_t *jwk = NULL;
        bytes += keys[i].public_jwk.len;
        if (bytes > KEYSET_MAX_BYTES) {
            log_event(LOG_LEVEL_WARN, "keyset_cut", LOG_INT("keys", (int64_t)count));
            break;
        }
        if (!js_parse(keys[i].public_jwk, 16384, "a stored key", &jwk, err)) {
            return false;
        }
        is_known = is_known || keys[i].registration.len > 0;
        (void)json_array_append_new(list, jwk);
    }
    /* A platform may look while it is being registered: what it sees then is about to change. */
    p->resp->cache = is_known ? WEB_CACHE_MINUTES : WEB_CACHE_REVALIDATE;
    return web_json(p->resp, 200, NULL, set, err);
}
