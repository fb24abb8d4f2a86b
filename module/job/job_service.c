#include "job_internal.h"
#include "jose_jws.h"
#include "store_key.h"
#include "store_registration.h"

/* Signs with the registration's current key, opened for each assertion: a token lasts an hour. */
struct signing {
    struct store *store;
    int64_t registration_id;
};
static bool sign(void *ctx, const json_t *claims, struct arena *a, struct sv *jwt,
                 struct err *err) {
    const struct signing *with = ctx;
    struct store_key row = {0};
    struct sv pem = {0};
    AUTO_JOSE_KEY *key = NULL;
    return store_key_current(with->store, with->registration_id, a, &row, &pem, err) &&
           jose_key_from_pem(pem, row.kid, &key, err) && jose_jwt_sign(key, claims, a, jwt, err);
}

bool job_service(struct job *job, int64_t registration_id, struct sv deployment_id,
                 struct lti_service *out, struct err *err) {
    struct model_registration *registration = ARENA_NEW(job->arena, struct model_registration);
    const struct store_registration_key key = {.id = registration_id};
    if (!store_registration_get(job->store, &key, job->arena, registration, err)) {
        return err_retry_as(err, err->code == ERR_DB ? ERR_RETRY_LATER : ERR_RETRY_PARK);
    }
    struct signing *with = ARENA_NEW(job->arena, struct signing);
    *with = (struct signing){.store = job->store, .registration_id = registration_id};
    *out = (struct lti_service){.registration = registration,
                                .deployment_id = deployment_id,
                                .http = lti_http_of(job->app->options.net),
                                .signer = {.sign = sign, .ctx = with},
                                .clock = job->app->options.clock,
                                .tokens = job->app->tokens,
                                .total_timeout_ms = 30000};
    return true;
}

bool job_has_word(struct sv words, struct sv word) {
    bool is_there = false;
    while (words.len > 0) {
        struct sv one;
        (void)sv_cut(words, ' ', &one, &words);
        is_there = is_there || sv_eq(one, word);
    }
    return is_there;
}
