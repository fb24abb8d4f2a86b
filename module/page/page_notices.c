/* What platforms tell us outside launches: POST /lti/notices (reference lti.md 9; attacks.md F1,
 * F17). Each notice has its own verdict and its own log line; a platform is told the numbers only.
 */
#include "base_log.h"
#include "lti_launch.h"
#include "lti_notice.h"
#include "page_internal.h"
#include "store_notice.h"

/* A token is refused for good once `exp` and the leeway are over; its id is kept a little longer.
 */
#define KEEP_AFTER_S (INT64_C(2) * LTI_LEEWAY_MAX_S)

struct tally {
    size_t taken, refused;
    bool is_ours; /* something was not the platform's fault: it may send the batch again */
};

static bool find_registration(struct page *p, struct sv token, struct model_registration *out,
                              struct err *err) {
    struct store_registration_key key = {.slug = web_arg(p->req, "registration")};
    return lti_notice_sender(token, p->arena, &key.issuer, &key.client_id, err) &&
           store_registration_get(p->app->options.store, &key, p->arena, out, err);
}

static bool record(struct page *p, int64_t registration_id, const struct lti_notice *n,
                   const char **word, struct err *err) {
    const struct store_notice notice = {.registration_id = registration_id,
                                        .id = n->id,
                                        .keep_until = (n->expires_at_s + KEEP_AFTER_S) * USEC_PER_S,
                                        .deployment_id = n->deployment_id,
                                        .context_id = n->context_id,
                                        .context_title = n->context_title,
                                        .context_label = n->context_label,
                                        .origins = n->origins,
                                        .origin_count = n->origin_count};
    enum store_notice_verdict verdict = STORE_NOTICE_NO_DEPLOYMENT;
    if (!store_notice_record(p->app->options.store, &notice, &verdict, err)) {
        return false;
    }
    if (verdict == STORE_NOTICE_NO_DEPLOYMENT) {
        return err_because(err, ERR_DENIED, "deployment",
                           "the notice is of a deployment that is not known here");
    }
    *word = verdict == STORE_NOTICE_AGAIN ? "again" : "new";
    return true;
}

static bool take(struct page *p, struct sv token, struct err *err) {
    struct model_registration registration = {0};
    struct lti_notice notice = {0};
    const char *word = "";
    if (!find_registration(p, token, &registration, err)) {
        return false;
    }
    const struct lti_claims_check check = {
        .registration = &registration, .now = p->now, .leeway_s = LTI_LEEWAY_MAX_S};
    if (!lti_notice_verify(p->arena, p->app->keysets, &check, token, &notice, err) ||
        !record(p, registration.id, &notice, &word, err)) {
        return false;
    }
    log_event(LOG_LEVEL_INFO, "notice", LOG_INT("registration", registration.id),
              LOG_TEXT("type", sv_c(p->arena, notice.type)), LOG_TEXT("verdict", word));
    return true;
}

static struct tally take_all(struct page *p, const struct sv *tokens, size_t count) {
    struct tally tally = {0};
    for (size_t i = 0; i < count; i++) {
        struct err why = {0};
        if (take(p, tokens[i], &why)) {
            tally.taken++;
            continue;
        }
        tally.refused++;
        tally.is_ours = tally.is_ours || why.code == ERR_DB || why.code == ERR_UPSTREAM;
        log_event(LOG_LEVEL_WARN, "notice_refused", LOG_TEXT("reason", why.reason),
                  LOG_TEXT("code", err_code_name(why.code)), LOG_INT("of", (int64_t)count));
    }
    return tally;
}

static bool answer(struct page *p, int status, const struct tally *tally, const char *problem,
                   struct err *err) {
    AUTO_JSON *out = json_object();
    if (problem != NULL) {
        page_set_text(out, "error", sv_from(problem));
    } else {
        (void)json_object_set_new(out, "taken", json_integer((json_int_t)tally->taken));
        (void)json_object_set_new(out, "refused", json_integer((json_int_t)tally->refused));
    }
    return web_json(p->resp, status, NULL, out, err);
}

bool page_notices(struct page *p, struct err *err) {
    struct sv *tokens = NULL;
    size_t count = 0;
    struct err why = {0};
    bool is_json = sv_eq(p->req->content_type, SV("application/json"));
    if (!is_json || !lti_notice_batch_read(p->req->body, p->arena, &tokens, &count, &why)) {
        log_event(LOG_LEVEL_WARN, "notices_refused",
                  LOG_TEXT("reason", is_json ? why.reason : "content_type"));
        return answer(p, 400, NULL, is_json ? why.text : "send application/json", err);
    }
    struct tally tally = take_all(p, tokens, count);
    bool is_refused = tally.taken == 0 && count > 0;
    int status = tally.is_ours ? 503 : is_refused ? 401 : 200;
    return answer(p, status, &tally, NULL, err);
}
