/* Refused logins and launches: a page that a person understands, and one log line. */
#include "base_log.h"
#include "lti_url.h"
#include "page_lti_doctor.h"
#include <string.h>

static const char *const START_AGAIN = "Go back to your course and open the link again. If it "
                                       "keeps happening, tell the people who look "
                                       "after your learning platform.";
static const char *const ASK_ADMIN = "This is a setting of the learning platform or of Laurel, so "
                                     "trying again will not help: tell the "
                                     "people who look after your learning platform.";

static int refusal_status(const struct err *why) {
    switch (why->code) {
    case ERR_INPUT:
    case ERR_NOT_FOUND:
    case ERR_CONFLICT:
        return 400;
    case ERR_DENIED:
        return 401;
    default:
        return 503; /* our database or the platform's keys: worth another try */
    }
}

/* The registration of a refusal, when it is known and enabled. */
static const struct model_registration *registration_of(struct page *p,
                                                        const struct page_lti_refusal *refusal) {
    struct model_registration *r = ARENA_NEW(p->arena, struct model_registration);
    const struct store_registration_key key = {.id = refusal->registration_id};
    struct err ignored = {0};
    return key.id != 0 && store_registration_get(p->app->options.store, &key, p->arena, r, &ignored)
               ? r
               : NULL;
}

static json_t *refused_model(struct page *p, const struct err *why,
                             const struct model_registration *registration) {
    json_t *model = page_model(p, SV("This page could not be opened"));
    /* A launch that ran out is mostly a page that was left open. */
    bool is_admins =
        page_lti_doctor_knows(why, registration != NULL) && strcmp(why->reason, "exp") != 0;
    const char *sentence = page_lti_doctor_sentence(why, registration != NULL);
    /* What our own parts say to each other (a database's address, a statement) is for the log. */
    bool is_ours = why->code == ERR_DB || why->code == ERR_BUG;
    page_set_text(model, "title", SV("This page could not be opened"));
    page_set_text(model, "what",
                  is_ours            ? SV("Laurel could not answer right now.")
                  : sentence != NULL ? sv_from(sentence)
                                     : page_sentence(p->arena, sv_from(why->text)));
    page_set_text(model, "todo", sv_from(is_admins ? ASK_ADMIN : START_AGAIN));
    (void)json_object_set_new(model, "admin",
                              is_ours ? json_null() : page_lti_doctor(p, why, registration));
    page_set_text(model, "correlation", sv_from(p->req->id));
    page_set_text(model, "reason", sv_from(why->reason));
    return model;
}

bool page_lti_refuse(struct page *p, const struct page_lti_refusal *refusal, struct err *err) {
    const struct err *why = refusal->why;
    const struct model_registration *registration = registration_of(p, refusal);
    int status = refusal_status(why);
    atomic_fetch_add(&p->app->metrics.launches_refused, 1);
    log_event(LOG_LEVEL_WARN, refusal->event,
              LOG_TEXT("reason", why->reason[0] == '\0' ? "error" : why->reason),
              LOG_TEXT("code", err_code_name(why->code)), LOG_TEXT("text", why->text));
    if (registration != NULL && page_lti_doctor_knows(why, true)) {
        const struct page_note note = {
            .registration_id = registration->id, .reason = why->reason, .text = sv_from(why->text)};
        page_notes_add(p->app->notes, p->app->options.store, &note, p->now);
    }
    p->resp->csp.is_framed_by_anyone = true;
    if (status == 503 && !web_header_add(p->resp, "Retry-After", SV("5"), err)) {
        return false;
    }
    AUTO_JSON *model = refused_model(p, why, registration);
    if (refusal->is_json) {
        AUTO_JSON *said =
            json_pack("{s:s, s:O}", "reason", why->reason, "text", json_object_get(model, "what"));
        return web_json(p->resp, status, NULL, said, err);
    }
    return page_render(p, status, "refused.html", json_incref(model), err);
}

void page_lti_note_target(struct page *p, const struct model_registration *registration,
                          struct sv target_link_uri) {
    struct lti_url ours;
    struct lti_url target;
    if (lti_url_read(p->app->options.base_url, &ours) && lti_url_read(target_link_uri, &target) &&
        lti_url_same_origin(ours, target)) {
        return;
    }
    /* A query may hold what is nobody's business. */
    struct sv shown = sv_clip_utf8(sv_head(target_link_uri, sv_find(target_link_uri, '?')), 200);
    struct sv text = sv_printf(p->arena,
                               "logins ask for a page that is not this tool's: %.*s instead of an "
                               "address below %.*s/",
                               SV_ARG(sv_is_printable_ascii(shown) ? shown : SV("(not readable)")),
                               SV_ARG(p->app->options.base_url));
    const struct page_note note = {
        .registration_id = registration->id, .reason = "login_target", .text = text};
    log_event(LOG_LEVEL_WARN, "login_target", LOG_INT("registration", registration->id));
    page_notes_add(p->app->notes, p->app->options.store, &note, p->now);
}
