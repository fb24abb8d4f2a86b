#include "jose_keyset.h"
#include <stdlib.h>

struct jose_keyset {
    size_t count;
    size_t dropped[JOSE_DROP_COUNT];
    struct jose_key *keys[JOSE_KEYSET_KEYS_MAX];
};

void jose_keyset_destroy(struct jose_keyset *set) {
    if (set == NULL) {
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        jose_key_unref(set->keys[i]);
    }
    free(set);
}

/* Of several keys with one kid none can be told to be the right one. */
static void drop_duplicates(struct jose_keyset *set) {
    bool is_twice[JOSE_KEYSET_KEYS_MAX] = {false};
    for (size_t i = 0; i < set->count; i++) {
        for (size_t j = i + 1; j < set->count; j++) {
            if (sv_eq(jose_key_kid(set->keys[i]), jose_key_kid(set->keys[j]))) {
                is_twice[i] = true;
                is_twice[j] = true;
            }
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < set->count; i++) {
        if (is_twice[i]) {
            jose_key_unref(set->keys[i]);
            set->dropped[JOSE_DROP_DUPLICATE]++;
        } else {
            set->keys[kept++] = set->keys[i];
        }
    }
    set->count = kept;
}

bool jose_keyset_parse(struct sv text, struct jose_keyset **out, struct err *err) {
    json_t *root = NULL;
    struct err why = {0};
    if (!js_parse(text, JOSE_KEYSET_BYTES_MAX, "the key set", &root, &why)) {
        return err_because(err, ERR_INPUT, "keyset", "%s", why.text);
    }
    AUTO_JSON *doc = root;
    const json_t *keys = NULL;
    if (!js_array(doc, "keys", &keys) || keys == NULL) {
        return err_because(err, ERR_INPUT, "keyset",
                           "the key set is not a JSON object with an array named keys");
    }
    if (json_array_size(keys) > JOSE_KEYSET_KEYS_MAX) {
        return err_because(err, ERR_INPUT, "keyset", "the key set has more than %d keys",
                           JOSE_KEYSET_KEYS_MAX);
    }
    struct jose_keyset *set = calloc(1, sizeof *set);
    if (set == NULL) {
        abort();
    }
    size_t i = 0;
    const json_t *jwk = NULL;
    json_array_foreach(keys, i, jwk) {
        enum jose_drop drop = jose_key_from_jwk(jwk, &set->keys[set->count]);
        if (drop == JOSE_DROP_NONE) {
            set->count++;
        } else {
            set->dropped[drop]++;
        }
    }
    drop_duplicates(set);
    *out = set;
    return true;
}

struct jose_key *jose_keyset_find(const struct jose_keyset *set, struct sv kid) {
    for (size_t i = 0; i < set->count; i++) {
        if (sv_eq(jose_key_kid(set->keys[i]), kid)) {
            return set->keys[i];
        }
    }
    return NULL;
}

size_t jose_keyset_count(const struct jose_keyset *set) { return set->count; }

size_t jose_keyset_dropped(const struct jose_keyset *set, enum jose_drop drop) {
    return drop > JOSE_DROP_NONE && drop < JOSE_DROP_COUNT ? set->dropped[drop] : 0;
}
