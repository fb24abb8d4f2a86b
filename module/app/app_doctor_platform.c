#include "app_doctor.h"
#include "jose_jws.h"
#include "jose_keyset.h"
#include "lti_token.h"
#include "page_fix.h"
#include "store_key.h"
#include "store_parked.h"
#include "store_problem.h"
#include "store_registration.h"
#include <curl/curl.h>
#include <string.h>

#define CLOCK_WARN_S 5
#define CLOCK_BAD_S 50 /* launches and tokens are refused beyond 60 */
#define PROBLEM_SHOWN_FOR ((usec_t)7 * 86400 * USEC_PER_S)

/* One platform on its way. */
struct visit {
    struct app_doctor *d;
    const struct model_registration *r;
    struct arena *arena;
};

static void say(const struct visit *v, enum app_doctor_level level, const char *what,
                struct sv words) {
    app_doctor_say(v->d, level, what,
                   sv_printf(v->arena, "%.*s (client %.*s): %.*s", SV_ARG(v->r->issuer),
                             SV_ARG(v->r->client_id), SV_ARG(words)));
}

/* The platform's Date header against the middle of the call. */
static void check_clock(const struct visit *v, const struct net_response *response, usec_t middle) {
    struct sv date = {0};
    if (!net_response_header(response, SV("date"), 0, &date)) {
        return;
    }
    long long at = (long long)curl_getdate(sv_c(v->arena, date), NULL);
    long long off = at < 0 ? 0 : at - middle / USEC_PER_S;
    long long apart = off < 0 ? -off : off;
    if (apart > CLOCK_WARN_S) {
        say(v, apart > CLOCK_BAD_S ? APP_DOCTOR_BAD : APP_DOCTOR_WARN, "clock",
            sv_printf(
                v->arena,
                "its clock is %lld seconds %s this machine's; launches are refused beyond 60: "
                "set both by NTP",
                apart, off < 0 ? "behind" : "ahead of"));
    }
}

static void check_keys(const struct visit *v) {
    AUTO_JOSE_KEYSET *keys = NULL;
    struct net_response response = {0};
    struct err err = {0};
    usec_t before = clock_now(&clock_system);
    if (!app_doctor_fetch(v->d, v->r->jwks_url, v->arena, &response, &err) ||
        !jose_keyset_parse(response.body, &keys, &err)) {
        say(v, APP_DOCTOR_BAD, "platform",
            sv_printf(v->arena, "its keys at %.*s cannot be read: %s", SV_ARG(v->r->jwks_url),
                      err.text));
        return;
    }
    check_clock(v, &response, before + (clock_now(&clock_system) - before) / 2);
    size_t count = jose_keyset_count(keys);
    say(v, count > 0 ? APP_DOCTOR_GOOD : APP_DOCTOR_BAD, "platform",
        sv_printf(v->arena, "%zu usable key%s", count, count == 1 ? "" : "s"));
}

/* Any deployment that is let in: tokens may depend on it (Canvas). */
static struct sv some_deployment(const struct visit *v) {
    struct store_deployment *all = NULL;
    size_t count = 0;
    struct err ignored = {0};
    if (store_deployment_list(v->d->app->store, v->r->id, v->arena, &all, &count, &ignored)) {
        for (size_t i = 0; i < count; i++) {
            if (all[i].is_active) {
                return all[i].deployment_id;
            }
        }
    }
    return sv_of(NULL, 0);
}

static const struct {
    const char *scope, *words;
} SCOPES[] = {{LTI_SCOPE_LINEITEM, "columns"},
              {LTI_SCOPE_SCORE, "scores"},
              {LTI_SCOPE_RESULT_READ, "results"},
              {LTI_SCOPE_ROSTER, "roster"}};

/* Each scope by itself: asked together, one that is not granted refuses all. */
static void ask_tokens(const struct visit *v, const struct jose_key *key) {
    const struct lti_http http = lti_http_of(v->d->net);
    const struct lti_signer signer = lti_signer_of(key);
    struct str granted;
    struct str refused;
    str_init(&granted, v->arena, 200);
    str_init(&refused, v->arena, 200);
    for (size_t i = 0; i < ARRAY_LEN(SCOPES); i++) {
        struct err why = {0};
        struct lti_token_grant grant = {0};
        struct sv scope = sv_from(SCOPES[i].scope);
        const struct lti_token_ask ask = {.registration = v->r,
                                          .deployment_id = some_deployment(v),
                                          .scopes = &scope,
                                          .scope_count = 1,
                                          .http = &http,
                                          .signer = &signer,
                                          .clock = &clock_system};
        bool is_granted = lti_token_request(&ask, v->arena, &grant, &why);
        if (!is_granted && strcmp(why.reason, "scope") != 0) {
            say(v, APP_DOCTOR_BAD, "token",
                sv_printf(v->arena, "%.*s gives no token: %s", SV_ARG(v->r->token_url), why.text));
            return;
        }
        struct str *list = is_granted ? &granted : &refused;
        str_addf(list, "%s%s", list->len == 0 ? "" : ", ", SCOPES[i].words);
    }
    say(v, refused.len == 0 ? APP_DOCTOR_GOOD : APP_DOCTOR_WARN, "token",
        refused.len == 0
            ? sv_printf(v->arena, "grants %.*s", SV_ARG(str_sv(&granted)))
            : sv_printf(v->arena,
                        "grants %s, not %.*s: switch them on for the tool at the platform if "
                        "badges need them",
                        granted.len == 0 ? "nothing" : granted.ptr, SV_ARG(str_sv(&refused))));
}

static void check_tokens(const struct visit *v) {
    struct store_key row = {0};
    struct sv pem = {0};
    struct err err = {0};
    AUTO_JOSE_KEY *key = NULL;
    if (!store_key_current(v->d->app->store, v->r->id, v->arena, &row, &pem, &err) ||
        !jose_key_from_pem(pem, row.kid, &key, &err)) {
        say(v, APP_DOCTOR_BAD, "token", sv_from(err.text));
        return;
    }
    ask_tokens(v, key);
}

/* What launches were refused for of late, and what to do about it. */
static void check_problems(const struct visit *v) {
    struct store_problem *all = NULL;
    size_t count = 0;
    usec_t launched_at = 0;
    usec_t now = clock_now(&clock_system);
    struct err err = {0};
    if (!store_problem_list(v->d->app->store, v->r->id, v->arena, &all, &count, &err) ||
        !store_problem_last_launch(v->d->app->store, v->r->id, &launched_at, &err)) {
        say(v, APP_DOCTOR_BAD, "launches", sv_from(err.text));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        char last[RFC3339_MAX];
        bool is_before = all[i].last_at < launched_at;
        if (now - all[i].last_at > PROBLEM_SHOWN_FOR) {
            continue;
        }
        say(v, is_before ? APP_DOCTOR_WARN : APP_DOCTOR_BAD, "launches",
            sv_printf(v->arena, "%lld time%s, last %s: %.*s. %s", (long long)all[i].count,
                      all[i].count == 1 ? "" : "s", rfc3339_format(all[i].last_at, last),
                      SV_ARG(all[i].text),
                      is_before ? "Launches have worked since." : page_fix_for(all[i].reason)));
    }
}

static void check_waiting(const struct visit *v) {
    struct store_parked *all = NULL;
    size_t count = 0;
    struct err err = {0};
    if (!store_parked_list(v->d->app->store, v->r->id, v->arena, &all, &count, &err)) {
        say(v, APP_DOCTOR_BAD, "deployments", sv_from(err.text));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        char last[RFC3339_MAX];
        if (all[i].is_refused) {
            continue;
        }
        say(v, APP_DOCTOR_WARN, "deployments",
            sv_printf(v->arena,
                      "\"%.*s\" waits for approval (%lld launch%s, last %s): `laurel platform "
                      "approve`, or the school's Connection page",
                      SV_ARG(all[i].deployment_id), (long long)all[i].launches,
                      all[i].launches == 1 ? "" : "es", rfc3339_format(all[i].last_at, last)));
    }
}

void app_doctor_platform(struct app_doctor *d, const struct model_registration *registration) {
    AUTO_ARENA a = {0};
    const struct visit v = {.d = d, .r = registration, .arena = &a};
    if (!registration->is_enabled) {
        say(&v, APP_DOCTOR_GOOD, "platform", SV("is disabled"));
        return;
    }
    check_keys(&v);
    check_tokens(&v);
    check_problems(&v);
    check_waiting(&v);
}
