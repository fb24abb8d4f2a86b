/* Wallets fetch badges here: OpenID for Verifiable Credential Issuance 1.0, pre-authorized code
 * flow (credential_wallet.h; module/README.md, "The life of an offer"). No session: whoever has the
 * code has the offer, and a transaction code stands beside it. Nothing is fetched from anywhere,
 * and no code, token, nonce, proof or DID is logged. Wallets run in browsers too, so any page may
 * ask (CORS); no cookie is looked at. */
#include "page_wallet.h"
#include "base_log.h"
#include "credential_wallet.h"
#include "issue.h"
#include "store_wallet.h"
#include <string.h>

#define INTERVAL_S 5 /* between two questions for a credential that waits */

static bool open_to_all(struct page *p, struct err *err) {
    return web_header_add(p->resp, "Access-Control-Allow-Origin", SV("*"), err) &&
           web_header_add(p->resp, "Access-Control-Expose-Headers", SV("WWW-Authenticate"), err);
}

static bool answer(struct page *p, int status, json_t *value, struct err *err) {
    AUTO_JSON *owned = value;
    return web_json(p->resp, status, "application/json", owned, err) && open_to_all(p, err);
}

static bool answer_preflight(struct page *p, struct err *err) {
    web_bytes(p->resp, 204, "text/plain; charset=utf-8", sv_of("", 0));
    return open_to_all(p, err) &&
           web_header_add(p->resp, "Access-Control-Allow-Methods", SV("POST"), err) &&
           web_header_add(p->resp, "Access-Control-Allow-Headers",
                          SV("Authorization, Content-Type"), err) &&
           web_header_add(p->resp, "Access-Control-Max-Age", SV("600"), err);
}

/* RFC 6749 5.2: ASCII without quotes and backslashes. */
static struct sv plain(struct arena *a, const char *text) {
    char *out = arena_copy(a, text, strlen(text));
    for (char *c = out; *c != '\0'; c++) {
        *c = (char)(*c < 0x20 || *c > 0x7e || *c == '\\' ? '?' : *c == '"' ? '\'' : *c);
    }
    return sv_from(out);
}

static json_t *error_body(struct page *p, const char *code, const char *text) {
    json_t *body = json_object();
    page_set_text(body, "error", sv_from(code));
    page_set_text(body, "error_description", plain(p->arena, text));
    return body;
}

/* RFC 6750 3: without a token there is nothing to say of it. */
static bool refuse_bearer(struct page *p, const struct err *why, struct err *err) {
    bool is_there = web_header(p->req, "Authorization").len > 0;
    struct sv challenge =
        is_there ? sv_printf(p->arena, "Bearer error=\"%s\", error_description=\"%.*s\"",
                             why->reason, SV_ARG(plain(p->arena, why->text)))
                 : SV("Bearer");
    return web_header_add(p->resp, "WWW-Authenticate", challenge, err) &&
           answer(p, 401, error_body(p, why->reason, why->text), err);
}

/* `code`: what a refusal without a code of the protocol is called there. */
static bool refuse(struct page *p, const char *where, const char *code, const struct err *why,
                   struct err *err) {
    bool is_ours = why->code == ERR_DB || why->code == ERR_BUG || why->code == ERR_UPSTREAM;
    log_event(is_ours ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "wallet_refused", LOG_TEXT("at", where),
              LOG_TEXT("reason", why->reason), LOG_TEXT("code", err_code_name(why->code)));
    web_response_reset(p->resp);
    if (is_ours) {
        return web_header_add(p->resp, "Retry-After", SV("5"), err) &&
               answer(p, 503,
                      error_body(p, "temporarily_unavailable", "try again in a few seconds"), err);
    }
    if (why->code == ERR_DENIED) {
        return refuse_bearer(p, why, err);
    }
    bool is_said = sv_starts(sv_from(why->reason), SV("invalid_")) ||
                   sv_starts(sv_from(why->reason), SV("unknown_")) ||
                   sv_starts(sv_from(why->reason), SV("unsupported_")) ||
                   sv_eq(sv_from(why->reason), SV("credential_request_denied"));
    return answer(p, why->code == ERR_NOT_FOUND ? 404 : 400,
                  error_body(p, is_said ? why->reason : code, why->text), err);
}

bool page_wallet_offer(struct page *p, struct err *err) {
    struct store_wallet_offer offer = {0};
    struct err why = {0};
    if (!store_wallet_offer_find(p->app->options.store, web_arg(p->req, "offer"), p->arena, &offer,
                                 &why)) {
        return refuse(p, "offer", "invalid_request", &why, err);
    }
    return answer(
        p, 200, credential_wallet_offer(p->app->options.base_url, offer.code, offer.digits.len > 0),
        err);
}

bool page_wallet_issuer(struct page *p, struct err *err) {
    p->resp->cache = WEB_CACHE_MINUTES;
    return answer(p, 200, credential_wallet_issuer_metadata(p->app->options.base_url), err);
}

bool page_wallet_server(struct page *p, struct err *err) {
    p->resp->cache = WEB_CACHE_MINUTES;
    return answer(p, 200, credential_wallet_server_metadata(p->app->options.base_url), err);
}

static bool read_token_request(struct page *p, struct sv *code, struct sv *digits,
                               struct err *err) {
    struct web_form form = {0};
    struct sv grant = {0};
    if (!web_form(p->req, &form, err) || !web_form_need(&form, "grant_type", &grant, err)) {
        return false;
    }
    if (!sv_eq(grant, SV(CREDENTIAL_WALLET_GRANT))) {
        return err_because(err, ERR_INPUT, "unsupported_grant_type",
                           "only pre-authorized codes are taken");
    }
    return web_form_need(&form, "pre-authorized_code", code, err) &&
           web_form_one(&form, "tx_code", digits, err);
}

/* c_nonce is for wallets of drafts up to 13, which know no nonce endpoint. */
static json_t *token_answer(struct page *p, struct sv token) {
    json_t *body = json_object();
    page_set_text(body, "access_token", token);
    page_set_text(body, "token_type", SV("Bearer"));
    (void)json_object_set_new(body, "expires_in", json_integer(STORE_WALLET_TOKEN_S));
    page_set_text(body, "c_nonce", store_wallet_nonce(p->app->options.store, p->now, p->arena));
    (void)json_object_set_new(body, "c_nonce_expires_in", json_integer(STORE_WALLET_NONCE_S));
    return body;
}

bool page_wallet_token(struct page *p, struct err *err) {
    struct sv code = {0};
    struct sv digits = {0};
    struct sv token = {0};
    struct err why = {0};
    if (p->req->method == WEB_OPTIONS) {
        return answer_preflight(p, err);
    }
    return read_token_request(p, &code, &digits, &why) &&
                   store_wallet_take(p->app->options.store, code, digits, p->arena, &token, &why)
               ? answer(p, 200, token_answer(p, token), err)
               : refuse(p, "token", "invalid_request", &why, err);
}

bool page_wallet_nonce(struct page *p, struct err *err) {
    if (p->req->method == WEB_OPTIONS) {
        return answer_preflight(p, err);
    }
    json_t *body = json_object();
    page_set_text(body, "c_nonce", store_wallet_nonce(p->app->options.store, p->now, p->arena));
    return answer(p, 200, body, err);
}

/* A request on its way to a credential. */
struct asking {
    struct store_wallet_grant grant;
    struct store_wallet_wait what;
    struct sv transaction_id; /* empty: asked for the first time */
};

static bool authorize(struct page *p, struct asking *q, struct err *err) {
    struct sv token = {0};
    if (!web_bearer(p->req, &token)) {
        return err_because(err, ERR_DENIED, "invalid_token", "an access token is wanted");
    }
    if (!store_wallet_token(p->app->options.store, token, p->arena, &q->grant, err)) {
        return false;
    }
    return sv_eq(p->req->content_type, SV("application/json")) ||
           err_because(err, ERR_INPUT, "invalid_credential_request",
                       "the request is not application/json");
}

/* The proof is judged before its nonce is used up, so nobody uses up another's. */
static bool read_request(struct page *p, struct asking *q, struct err *err) {
    struct credential_wallet_request request = {0};
    struct credential_wallet_proof proof = {0};
    if (!credential_wallet_request_parse(p->req->body, p->arena, &request, err) ||
        !credential_wallet_proof_judge(request.proof, p->app->options.base_url, p->now, p->arena,
                                       &proof, err) ||
        !store_wallet_nonce_use(p->app->options.store, proof.nonce, p->now, err)) {
        return false;
    }
    q->what = (struct store_wallet_wait){
        .form = (int64_t)request.form, .is_draft_13 = request.is_draft_13, .did = proof.did};
    return true;
}

static bool read_deferred(struct page *p, struct asking *q, struct err *err) {
    json_t *parsed = NULL;
    struct err inner = {0};
    if (!js_parse(p->req->body, CREDENTIAL_WALLET_REQUEST_MAX, "the request", &parsed, &inner)) {
        return err_because(err, ERR_INPUT, "invalid_credential_request", "the request is no JSON");
    }
    AUTO_JSON *request = parsed;
    q->transaction_id = sv_copy(p->arena, js_sv(json_object_get(request, "transaction_id")));
    return store_wallet_wait_open(p->app->options.store, &q->grant, q->transaction_id, p->arena,
                                  &q->what, err);
}

static bool answer_later(struct page *p, struct asking *q, struct err *err) {
    if (q->transaction_id.len == 0 &&
        !store_wallet_wait_seal(p->app->options.store, &q->grant, &q->what, p->arena,
                                &q->transaction_id, err)) {
        return false;
    }
    return answer(p, 202, credential_wallet_deferred(q->transaction_id, INTERVAL_S), err);
}

static bool deny(struct err *err, const char *why) {
    return err_because(err, ERR_INPUT, "credential_request_denied", "%s", why);
}

/* *body stays empty when it cannot be signed right now. */
static bool sign(struct page *p, const struct asking *q, struct sv *body, struct err *err) {
    struct err why = {0};
    const struct store_wallet_award *w = &q->grant.award;
    enum store_form form =
        q->what.form == CREDENTIAL_WALLET_JWT ? STORE_FORM_TOKEN : STORE_FORM_JSON;
    if (issue_sign_for(p->app->issue, w->institution_id, w->award_id, q->what.did, form, p->now,
                       p->arena, body, &why)) {
        return true;
    }
    *body = sv_of(NULL, 0);
    if (why.code == ERR_DB || why.code == ERR_CONFLICT) {
        log_err(LOG_LEVEL_WARN, "wallet_waits", &why);
        return true;
    }
    if (why.code == ERR_INPUT || why.code == ERR_NOT_FOUND) {
        return deny(err, "the badge cannot be signed for this wallet: its school has to mend it");
    }
    *err = why;
    return false;
}

static bool deliver(struct page *p, struct asking *q, struct err *err) {
    enum store_wallet_state state = STORE_WALLET_GONE;
    struct sv body = {0};
    if (!store_wallet_state(p->app->options.store, &q->grant.award, &state, err)) {
        return false;
    }
    if (state == STORE_WALLET_GONE) {
        return deny(err, "the badge does not count any more");
    }
    if (state == STORE_WALLET_STUCK) {
        return deny(err, "the badge cannot be signed: its school has to mend it");
    }
    if (state == STORE_WALLET_IS_GOOD && !sign(p, q, &body, err)) {
        return false;
    }
    if (body.len == 0) {
        return answer_later(p, q, err);
    }
    const struct credential_wallet_request request = {.form = q->what.form == CREDENTIAL_WALLET_JWT
                                                                  ? CREDENTIAL_WALLET_JWT
                                                                  : CREDENTIAL_WALLET_LDP,
                                                      .is_draft_13 = q->what.is_draft_13};
    AUTO_JSON *response = credential_wallet_response(&request, body);
    if (response == NULL) {
        return err_because(err, ERR_BUG, "wallet", "a credential that was just signed is no JSON");
    }
    return store_wallet_delivered(p->app->options.store, &q->grant, q->transaction_id, err) &&
           answer(p, 200, json_incref(response), err);
}

static bool ask(struct page *p, const char *where,
                bool (*read)(struct page *p, struct asking *q, struct err *err), struct err *err) {
    struct asking q = {0};
    struct err why = {0};
    if (p->req->method == WEB_OPTIONS) {
        return answer_preflight(p, err);
    }
    return (authorize(p, &q, &why) && read(p, &q, &why) && deliver(p, &q, &why)) ||
           refuse(p, where, "invalid_credential_request", &why, err);
}

bool page_wallet_credential(struct page *p, struct err *err) {
    return ask(p, "credential", read_request, err);
}

bool page_wallet_deferred(struct page *p, struct err *err) {
    return ask(p, "deferred", read_deferred, err);
}
