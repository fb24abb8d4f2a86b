/* Keys that sign badges, for `laurel key`. */
#include "app_key_issuer.h"
#include "issue.h"
#include "store_issuer.h"

static json_t *text(struct sv s) { return json_stringn(s.ptr == NULL ? "" : s.ptr, s.len); }

static json_t *time_or_null(usec_t t) {
    char out[RFC3339_MAX];
    return t == 0 ? json_null() : json_string(rfc3339_format(t, out));
}

static json_t *key_json(struct sv kid, const struct store_issuer_key *k) {
    return json_pack("{s:o, s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:n}", "kid", text(kid),
                     "registration", "", "badge_issuer", text(k->issuer_key), "institution",
                     text(k->institution), "alg", text(k->alg), "use",
                     k->retired_at == 0 ? "signs" : "published for ever", "created_at",
                     time_or_null(k->created_at), "signs_from", time_or_null(k->created_at),
                     "signs_until", time_or_null(k->retired_at), "published_until");
}

bool app_key_issuer_list(struct app *app, json_t *list, bool is_json, struct err *err) {
    struct store_issuer_key *keys = NULL;
    size_t count = 0;
    if (!store_issuer_key_all(app->store, &app->arena, &keys, &count, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct store_issuer_key *k = &keys[i];
        struct sv kid = sv_printf(&app->arena, "%.*s/keys/%.*s", SV_ARG(app->conf.base_url),
                                  SV_ARG(k->public_id));
        (void)json_array_append_new(list, key_json(kid, k));
        if (!is_json) {
            printf("%.*s  %.*s  badges of %.*s, %.*s  %s\n", SV_ARG(kid), SV_ARG(k->alg),
                   SV_ARG(k->issuer_key), SV_ARG(k->institution),
                   k->retired_at == 0 ? "signs" : "published for ever");
        }
    }
    return true;
}

/* Of the option's value to the name of the standards. */
static bool alg_of(struct sv name, struct sv *alg, struct err *err) {
    static const struct {
        const char *name, *alg;
    } known[] = {{"ed25519", "EdDSA"}, {"rs256", "RS256"}, {"es256", "ES256"}};
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (sv_eq_nocase(name, sv_from(known[i].name))) {
            *alg = sv_from(known[i].alg);
            return true;
        }
    }
    return err_because(err, ERR_INPUT, "usage",
                       "--alg is ed25519 (proofs inside credentials), rs256 or es256 (tokens)");
}

/* Without --alg: a new key of each kind that signs now. */
static size_t algs_now(const struct store_issuer_key *keys, size_t count, struct sv out[2]) {
    size_t n = 0;
    for (size_t i = 0; i < count && n < 2; i++) {
        if (keys[i].retired_at == 0) {
            out[n++] = keys[i].alg;
        }
    }
    return n;
}

bool app_key_issuer_rotate(struct app *app, const struct app_key_issuer *which, struct err *err) {
    int64_t institution_id = 0;
    int64_t issuer_id = 0;
    struct store_issuer_key *keys = NULL;
    size_t count = 0;
    struct sv algs[2] = {0};
    size_t n = 1;
    bool is_ok = true;
    if ((which->alg.len > 0 && !alg_of(which->alg, &algs[0], err)) ||
        !store_issuer_find(app->store, which->key, which->institution, &app->arena, &institution_id,
                           &issuer_id, err)) {
        return false;
    }
    struct issue *issue = issue_create(app->store, app->conf.base_url);
    if (which->alg.len == 0) {
        is_ok = issue_keys_ready(issue, institution_id, issuer_id, err) &&
                store_issuer_key_list(app->store, institution_id, issuer_id, &app->arena, &keys,
                                      &count, err);
        n = algs_now(keys, count, algs);
    }
    for (size_t i = 0; i < n && is_ok; i++) {
        struct sv id;
        is_ok = issue_key_rotate(issue, institution_id, issuer_id, algs[i], &app->arena, &id, err);
        if (is_ok) {
            printf("Made the %.*s key %.*s/keys/%.*s. It signs from now on; what older keys signed "
                   "stays valid, and they stay published.\n",
                   SV_ARG(algs[i]), SV_ARG(app->conf.base_url), SV_ARG(id));
        }
    }
    issue_destroy(issue);
    return is_ok;
}
