/* Canvas Live Events: POST /events/ID (reference lti.md 12; attacks.md F16). An event is a hint:
 * the course it names is read next, and nothing else of it is believed. Canvas gives up after 15 s
 * and switches a stream off that fails for long, so what is refused is said in the answer and
 * noted, and what we are to blame for asks Canvas to send again. */
#include "base_encode.h"
#include "base_log.h"
#include "lti_event.h"
#include "page_internal.h"
#include "store_event.h"
#include <string.h>

static bool answer(struct page *p, int status, const char *key, struct sv text, struct err *err) {
    AUTO_JSON *out = json_object();
    page_set_text(out, key, text);
    return web_json(p->resp, status, NULL, out, err);
}

/* A note a minute for each reason, and a log line with it: whoever knows the address can send
 * rubbish as fast as the line allows. */
static bool is_news(struct page *p, const struct store_event_feed *feed, const char *reason) {
    unsigned char sum[32];
    uint64_t mark = 0;
    struct sv about = sv_printf(p->arena, "event %.*s %s %lld", SV_ARG(feed->id), reason,
                                (long long)(p->now / (60 * USEC_PER_S)));
    sha256(about.ptr, about.len, sum);
    memcpy(&mark, sum, sizeof mark);
    return atomic_exchange(&p->app->told[mark % PAGE_TOLD_SLOTS], mark) != mark;
}

static bool refuse(struct page *p, const struct store_event_feed *feed, const struct err *why,
                   struct err *err) {
    bool is_ours = why->code == ERR_DB || why->code == ERR_UPSTREAM || why->code == ERR_BUG;
    struct err ignored = {0};
    if (is_news(p, feed, why->reason)) {
        log_event(LOG_LEVEL_WARN, "event_refused", LOG_INT("deployment", feed->deployment_id),
                  LOG_TEXT("reason", why->reason), LOG_TEXT("code", err_code_name(why->code)));
        if (!store_event_refused(p->app->options.store, feed->id, sv_from(why->reason),
                                 page_sentence(p->arena, sv_from(why->text)), &ignored)) {
            log_err(LOG_LEVEL_WARN, "event_note", &ignored);
        }
    }
    return answer(p, is_ours ? 503 : 401, "error",
                  is_ours ? SV("try again later") : sv_from(why->text), err);
}

static bool take(struct page *p, const struct store_event_feed *feed, const struct lti_event *e,
                 enum store_event_verdict *verdict, struct err *err) {
    const struct store_event event = {
        .feed_id = feed->id,
        .digest = e->is_hint ? sv_of((const char *)e->digest, sizeof e->digest) : sv_of(NULL, 0),
        .course_refs = e->course_refs,
        .course_ref_count = e->course_ref_count};
    if (!store_event_take(p->app->options.store, &event, verdict, err)) {
        return false;
    }
    log_event(LOG_LEVEL_DEBUG, "event", LOG_INT("deployment", feed->deployment_id),
              LOG_TEXT("name", sv_c(p->arena, e->name)),
              LOG_TEXT("verdict", store_event_word(*verdict)));
    return true;
}

static bool too_many(struct page *p, struct err *err) {
    return web_header_add(p->resp, "Retry-After", SV("60"), err) &&
           answer(p, 429, "error", SV("too many events in a minute"), err);
}

bool page_events(struct page *p, struct err *err) {
    struct store_event_feed feed = {0};
    struct lti_event *events = NULL;
    size_t count = 0;
    struct err why = {0};
    enum store_event_verdict verdict = STORE_EVENT_IGNORED;
    struct sv id = web_arg(p->req, "feed");
    if (!uuid_is_valid(id)) {
        return err_because(err, ERR_NOT_FOUND, "route", "there is no such page");
    }
    if (!store_event_feed_get(p->app->options.store, id, p->arena, &feed, err)) {
        return false;
    }
    const struct lti_event_check check = {.keys_id = -feed.deployment_id,
                                          .jwks_url = feed.jwks_url,
                                          .root_account_uuid = feed.root_account_uuid,
                                          .now = p->now};
    if (!lti_event_verify(p->arena, p->app->keysets, &check, p->req->body, &events, &count, &why)) {
        return refuse(p, &feed, &why, err);
    }
    for (size_t i = 0; i < count; i++) {
        if (!take(p, &feed, &events[i], &verdict, &why)) {
            return refuse(p, &feed, &why, err);
        }
        if (verdict == STORE_EVENT_LIMIT) {
            return too_many(p, err);
        }
    }
    return answer(p, 200, "verdict", sv_from(store_event_word(verdict)), err);
}
