#include "store_registration.h"
#include "store_internal.h"
#include "store_key.h"
#include <stdlib.h>
#include <string.h>

#define CACHE_SLOTS 512
#define CACHE_TTL (5 * USEC_PER_S)

/* One remembered answer: the key it answers and the registration, in an arena of its own. */
struct slot {
    struct arena arena;
    struct sv key;
    struct model_registration registration;
    usec_t read_at; /* clock_monotonic; 0: empty */
};

struct store_registration_cache {
    pthread_mutex_t lock;
    struct slot slots[CACHE_SLOTS];
};

struct store_registration_cache *store_registration_cache_create(void) {
    struct store_registration_cache *c = calloc(1, sizeof *c);
    if (c == NULL) {
        abort();
    }
    (void)pthread_mutex_init(&c->lock, NULL);
    return c;
}

void store_registration_cache_destroy(struct store_registration_cache *c) {
    if (c != NULL) {
        for (size_t i = 0; i < CACHE_SLOTS; i++) {
            arena_release(&c->slots[i].arena);
        }
        (void)pthread_mutex_destroy(&c->lock);
        free(c);
    }
}

static struct sv key_text(struct arena *a, const struct store_registration_key *k) {
    return sv_printf(a, "%lld\n%.*s\n%.*s\n%.*s", (long long)k->id, SV_ARG(k->slug),
                     SV_ARG(k->issuer), SV_ARG(k->client_id));
}

/* FNV-1a: only picks a slot, the whole key is compared. */
static struct slot *slot_of(struct store_registration_cache *c, struct sv key) {
    uint64_t h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < key.len; i++) {
        h = (h ^ (unsigned char)key.ptr[i]) * UINT64_C(1099511628211);
    }
    return &c->slots[h % CACHE_SLOTS];
}

static struct model_registration copy_registration(const struct model_registration *r,
                                                   struct arena *a) {
    struct model_registration out = *r;
    struct sv *texts[] = {&out.slug,           &out.issuer,    &out.client_id,
                          &out.auth_url,       &out.token_url, &out.jwks_url,
                          &out.token_audience, &out.product,   &out.scopes};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        *texts[i] = sv_copy(a, *texts[i]);
    }
    return out;
}

static bool cache_get(struct store_registration_cache *c, struct sv key, struct arena *a,
                      struct model_registration *out) {
    (void)pthread_mutex_lock(&c->lock);
    const struct slot *s = slot_of(c, key);
    bool is_found =
        s->read_at != 0 && clock_monotonic() - s->read_at < CACHE_TTL && sv_eq(s->key, key);
    if (is_found) {
        *out = copy_registration(&s->registration, a);
    }
    (void)pthread_mutex_unlock(&c->lock);
    return is_found;
}

static void cache_put(struct store_registration_cache *c, struct sv key,
                      const struct model_registration *r) {
    (void)pthread_mutex_lock(&c->lock);
    struct slot *s = slot_of(c, key);
    arena_reset(&s->arena);
    s->key = sv_copy(&s->arena, key);
    s->registration = copy_registration(r, &s->arena);
    s->read_at = clock_monotonic();
    (void)pthread_mutex_unlock(&c->lock);
}

void store_registration_forget(struct store *store) {
    struct store_registration_cache *c = store->registrations;
    (void)pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < CACHE_SLOTS; i++) {
        c->slots[i].read_at = 0;
    }
    (void)pthread_mutex_unlock(&c->lock);
}

static bool list_in(struct db_conn *conn, const struct store_registration_key *key, struct arena *a,
                    struct model_registration **out, size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64_or_null(&args, key->id);
    db_add_text_or_null(&args, key->slug);
    db_add_text_or_null(&args, key->issuer);
    db_add_text_or_null(&args, key->client_id);
    if (!db_run(conn, "registration_find", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct model_registration, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = (struct model_registration){.id = db_i64(&rows, i, 0),
                                                .slug = store_text(&rows, i, 1, a),
                                                .issuer = store_text(&rows, i, 2, a),
                                                .client_id = store_text(&rows, i, 3, a),
                                                .auth_url = store_text(&rows, i, 4, a),
                                                .token_url = store_text(&rows, i, 5, a),
                                                .jwks_url = store_text(&rows, i, 6, a),
                                                .token_audience = store_text(&rows, i, 7, a),
                                                .trusts_admin_role = db_bool(&rows, i, 8),
                                                .is_enabled = db_bool(&rows, i, 9),
                                                .product = store_text(&rows, i, 10, a),
                                                .institution_id = db_i64(&rows, i, 11),
                                                .approves_deployments = db_bool(&rows, i, 12),
                                                .offers_storage = db_bool(&rows, i, 13),
                                                .scopes = store_text(&rows, i, 14, a)};
    }
    return true;
}

bool store_registration_list(struct store *store, const struct store_registration_key *key,
                             struct arena *a, struct model_registration **out, size_t *count,
                             struct err *err) {
    AUTO_CONN *conn = NULL;
    return db_take(store->pool, STORE_WAIT_MS, &conn, err) &&
           list_in(conn, key, a, out, count, err);
}

bool store_registration_get(struct store *store, const struct store_registration_key *key,
                            struct arena *a, struct model_registration *out, struct err *err) {
    struct sv cache_key = key_text(a, key);
    if (cache_get(store->registrations, cache_key, a, out)) {
        return true;
    }
    struct model_registration *all = NULL;
    size_t count = 0;
    if (!store_registration_list(store, key, a, &all, &count, err)) {
        return false;
    }
    const struct model_registration *found = NULL;
    for (size_t i = 0; i < count; i++) {
        if (all[i].is_enabled && found != NULL) {
            return err_because(
                err, ERR_CONFLICT, "registration",
                "several platforms are registered with this issuer and client id; the "
                "platform must use the login address with its own ending that "
                "`laurel platform show` prints");
        }
        if (all[i].is_enabled) {
            found = &all[i];
        }
    }
    if (found == NULL) {
        return err_because(err, ERR_NOT_FOUND, "registration",
                           "this learning platform is not registered here; ask the operator to run "
                           "`laurel platform add`");
    }
    cache_put(store->registrations, cache_key, found);
    *out = *found;
    return true;
}

bool store_deployment_list(struct store *store, int64_t registration_id, struct arena *a,
                           struct store_deployment **out, size_t *count, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, registration_id);
    if (!store_run(store, 0, "deployment_list", &args, &rows, err)) {
        return false;
    }
    *count = (size_t)rows.count;
    *out = ARENA_ARRAY(a, struct store_deployment, *count);
    for (int i = 0; i < rows.count; i++) {
        (*out)[i] = (struct store_deployment){.id = db_i64(&rows, i, 0),
                                              .institution_id = db_i64(&rows, i, 1),
                                              .deployment_id = store_text(&rows, i, 2, a),
                                              .is_active = db_bool(&rows, i, 3),
                                              .institution = store_text(&rows, i, 4, a)};
    }
    return true;
}

static bool is_same_platform(const struct model_registration *a,
                             const struct model_registration *b) {
    return sv_eq(a->auth_url, b->auth_url) && sv_eq(a->token_url, b->token_url) &&
           sv_eq(a->jwks_url, b->jwks_url);
}

static bool add_key(struct store *store, struct db_conn *conn, const struct store_platform_new *p,
                    int64_t registration_id, struct arena *a, struct err *err) {
    if (p->key == NULL) {
        return true;
    }
    struct store_key_new key = *p->key;
    key.registration_id = registration_id;
    return store_key_add_in(store, conn, &key, a, err);
}

/* The registration to add deployments to: one that is there, or a new one. */
static bool take_registration(struct store *store, struct db_conn *conn,
                              const struct store_platform_new *p, struct arena *a,
                              struct model_registration *out, bool *is_new, struct err *err) {
    const struct model_registration *want = &p->registration;
    struct model_registration *have = NULL;
    size_t count = 0;
    const struct store_registration_key key = {.issuer = want->issuer,
                                               .client_id = want->client_id};
    if (!list_in(conn, &key, a, &have, &count, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (is_same_platform(&have[i], want)) {
            *out = have[i];
            *is_new = false;
            return true;
        }
    }
    if (count > 0 && !p->is_another) {
        return err_because(
            err, ERR_CONFLICT, "registration",
            "a platform with this issuer and client id is registered with other addresses "
            "(%.*s); change it with `laurel platform edit`, or add --another if two "
            "platforms really share both",
            SV_ARG(have[0].auth_url));
    }
    *out = *want;
    out->slug = store_registration_slug(a);
    out->is_enabled = true;
    *is_new = true;
    return store_registration_insert_in(conn, out, a, &out->id, err) &&
           add_key(store, conn, p, out->id, a, err);
}

static bool add_deployments(struct db_conn *conn, const struct store_platform_new *p,
                            int64_t registration_id, struct arena *a, struct err *err) {
    if (p->deployment_count == 0) {
        return true;
    }
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_text(&args, p->institution);
    if (!db_run(conn, "institution_take", &args, &rows, err)) {
        return false;
    }
    for (size_t i = 0; i < p->deployment_count; i++) {
        if (!store_deployment_add_in(conn, registration_id, db_i64(&rows, 0, 0),
                                     p->deployment_ids[i], a, err)) {
            return false;
        }
    }
    return true;
}

bool store_platform_add(struct store *store, const struct store_platform_new *p, struct arena *a,
                        struct model_registration *out, bool *is_new, struct err *err) {
    AUTO_CONN *conn = NULL;
    return db_take(store->pool, STORE_WAIT_MS, &conn, err) && db_begin(conn, 0, err) &&
           store_registration_lock_in(conn, &p->registration, a, err) &&
           take_registration(store, conn, p, a, out, is_new, err) &&
           add_deployments(conn, p, out->id, a, err) && db_commit(conn, err);
}

bool store_registration_update(struct store *store, const struct model_registration *r,
                               struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    if (!db_take(store->pool, STORE_WAIT_MS, &conn, err) ||
        !store_registration_update_in(conn, r, &a, err)) {
        return false;
    }
    store_registration_forget(store);
    return true;
}

bool store_institution_take(struct store *store, struct sv name, int64_t *id, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_text(&args, name);
    if (!store_run(store, 0, "institution_take", &args, &rows, err)) {
        return false;
    }
    *id = db_i64(&rows, 0, 0);
    return true;
}

bool store_institution_get(struct store *store, struct sv name, struct arena *a,
                           struct store_institution *out, struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_text_or_null(&args, sv_of(NULL, 0));
    if (!store_run(store, 0, "institution_find", &args, &rows, err)) {
        return false;
    }
    struct str known;
    str_init(&known, a, 300);
    for (int i = 0; i < rows.count; i++) {
        if (sv_eq(db_text(&rows, i, 1), name)) {
            *out = (struct store_institution){.id = db_i64(&rows, i, 0),
                                              .name = store_text(&rows, i, 1, a),
                                              .time_zone = store_text(&rows, i, 2, a)};
            return true;
        }
        str_addf(&known, "%s\"%.*s\"", i == 0 ? "" : ", ", SV_ARG(db_text(&rows, i, 1)));
    }
    return err_because(err, ERR_NOT_FOUND, "institution",
                       "there is no institution \"%.*s\"; there %s", SV_ARG(name),
                       rows.count == 0 ? "is none yet: add a platform first"
                                       : arena_printf(a, "is %.*s", SV_ARG(str_sv(&known))));
}
