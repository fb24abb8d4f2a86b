#include "source_open.h"
#include "grades_oauth.h"
#include "store_oauth.h"
#include "store_source.h"
#include <time.h>

#define MARGIN (INT64_C(60) * USEC_PER_S)
/* Longer than a lease: then whoever held it was killed, and we are next. */
#define PATIENCE ((STORE_OAUTH_LEASE_S + 5) * USEC_PER_S)
#define LOOK_AGAIN_MS 100

struct grant {
    const struct source_use *use;
    int64_t institution_id, deployment_id;
};

static bool park(struct err *err, const char *reason, struct sv text) {
    (void)err_because(err, ERR_DENIED, reason, "%.*s", SV_ARG(text));
    return err_retry_as(err, ERR_RETRY_PARK);
}

static bool is_usable(const struct grant *g, const struct store_oauth *o, struct sv refused) {
    return o->access.len > 0 && !sv_eq_secret(o->access, refused) &&
           o->access_until > clock_now(&g->use->clock) + MARGIN;
}

/* Canvas was asked, with the lease held. */
static bool settle(const struct grant *g, int64_t lease, const struct grades_oauth_grant *got,
                   bool *is_kept, struct err *err) {
    const struct store_oauth_renewal renewal = {.institution_id = g->institution_id,
                                                .deployment_id = g->deployment_id,
                                                .lease = lease,
                                                .access = got->access,
                                                .refresh = got->refresh,
                                                .lasts_s = got->lasts_s};
    return store_oauth_renewed(g->use->store, &renewal, is_kept, err);
}

static bool give_up(const struct grant *g, int64_t lease, const struct err *why, struct err *err) {
    struct err failed = {0};
    struct sv refused = why->code == ERR_DENIED ? sv_from(why->text) : sv_of(NULL, 0);
    *err = err->code == ERR_NONE ? *why : *err;
    if (!store_oauth_lease_end(g->use->store, g->institution_id, g->deployment_id, lease, refused,
                               &failed)) {
        *err = failed;
    }
    return false;
}

static bool ask_canvas(const struct grant *g, const struct store_oauth *o, int64_t lease,
                       struct arena *a, bool *is_kept, struct err *err) {
    struct err why = {0};
    struct grades_oauth_grant got = {0};
    const struct grades_oauth_key key = {
        .base_url = o->base_url, .client_id = o->client_id, .secret = o->secret};
    if (!grades_oauth_renew(&key, o->refresh, &g->use->http, a, &got, &why)) {
        return give_up(g, lease, &why, err);
    }
    return settle(g, lease, &got, is_kept, err);
}

/* One look at the grant: *token is set when it has a good one. True with none: look again. */
static bool look(const struct grant *g, struct sv refused, struct arena *a, struct sv *token,
                 struct err *err) {
    struct store_oauth o = {0};
    int64_t lease = 0;
    bool is_kept = false;
    if (!store_oauth_get(g->use->store, g->institution_id, g->deployment_id, a, &o, err)) {
        return false;
    }
    if (o.refused.len > 0) {
        return park(err, "grant", o.refused);
    }
    if (o.refresh.len == 0) {
        return park(
            err, "not_connected",
            SV("Canvas is not connected yet: a badge admin presses \"Connect to Canvas\" on "
               "Laurel's Connection page"));
    }
    if (is_usable(g, &o, refused)) {
        *token = o.access;
        return true;
    }
    if (!store_oauth_lease(g->use->store, g->institution_id, g->deployment_id, o.access_until,
                           &lease, err)) {
        return false;
    }
    if (lease == 0) { /* somebody else asks already, or just did */
        const struct timespec pause = {.tv_nsec = LOOK_AGAIN_MS * 1000000L};
        (void)nanosleep(&pause, NULL);
        return true;
    }
    return ask_canvas(g, &o, lease, a, &is_kept, err);
}

static bool renew(void *ctx, struct sv refused, struct arena *a, struct sv *token,
                  struct err *err) {
    const struct grant *g = ctx;
    usec_t until = clock_monotonic() + PATIENCE;
    *token = sv_of(NULL, 0);
    while (clock_monotonic() < until) {
        AUTO_ARENA scratch = {0};
        if (!look(g, refused, &scratch, token, err)) {
            return false;
        }
        if (token->len > 0) {
            *token = sv_copy(a, *token);
            return true;
        }
    }
    (void)err_because(err, ERR_UPSTREAM, "busy", "Canvas takes long to answer with a new token");
    return err_retry_as(err, ERR_RETRY_LATER);
}

bool source_open(const struct source_use *use, int64_t institution_id, int64_t deployment_id,
                 struct arena *a, struct grades_source *out, struct err *err) {
    struct store_source stored = {0};
    *out = (struct grades_source){0};
    if (!store_source_get(use->store, institution_id, deployment_id, a, &stored, err)) {
        return false;
    }
    if (!grades_kind_parse(stored.kind, &out->kind)) {
        return err_set(err, ERR_BUG, "there is no kind of source \"%.*s\"", SV_ARG(stored.kind));
    }
    out->base_url = stored.base_url;
    out->token = stored.token;
    if (out->kind != GRADES_CANVAS || stored.token.len > 0) {
        return true;
    }
    struct grant *g = ARENA_NEW(a, struct grant);
    *g = (struct grant){
        .use = use, .institution_id = institution_id, .deployment_id = deployment_id};
    out->renew = renew;
    out->renew_ctx = g;
    return renew(g, sv_of(NULL, 0), a, &out->token, err);
}

bool source_revoke(const struct source_use *use, int64_t institution_id, int64_t deployment_id,
                   int64_t actor_person_id, struct arena *a, struct sv *untold, struct err *err) {
    struct store_oauth o = {0};
    struct sv token = {0};
    struct err why = {0};
    struct grant g = {.use = use, .institution_id = institution_id, .deployment_id = deployment_id};
    *untold = sv_of(NULL, 0);
    if (!store_oauth_get(use->store, institution_id, deployment_id, a, &o, err)) {
        return false;
    }
    /* Canvas ends a grant for whoever shows its token: one that is over is renewed first. A grant
     * that it refuses is over there already. */
    if (o.refresh.len > 0 && o.refused.len == 0 &&
        !(renew(&g, sv_of(NULL, 0), a, &token, &why) &&
          grades_oauth_revoke(o.base_url, token, &use->http, a, &why)) &&
        why.code != ERR_DENIED) {
        *untold = sv_copy(a, sv_from(why.text));
    }
    return store_oauth_wipe(use->store, institution_id, deployment_id, actor_person_id, err);
}
