/* Refused logins and launches: a page that a person understands, and one log line. */
#include "base_log.h"
#include "page_lti.h"
#include <string.h>

static const char *const START_AGAIN = "Go back to your course and open the link again. If it "
                                       "keeps happening, tell the people who look "
                                       "after your learning platform.";
static const char *const ASK_ADMIN = "This is a setting of the learning platform or of Laurel, so "
                                     "trying again will not help: tell the "
                                     "people who look after your learning platform.";

/* Reasons that only an administrator can do something about. */
static const char *todo_for(const struct err *why) {
    static const char *const admin[] = {"alg",   "kid",        "signature",       "iss",
                                        "aud",   "azp",        "version",         "message_type",
                                        "roles", "deployment", "target_link_uri", "registration",
                                        "keyset"};
    for (size_t i = 0; i < ARRAY_LEN(admin); i++) {
        if (strcmp(why->reason, admin[i]) == 0) {
            return ASK_ADMIN;
        }
    }
    return START_AGAIN;
}

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

bool page_lti_refuse(struct page *p, const struct page_lti_refusal *refusal, struct err *err) {
    const struct err *why = refusal->why;
    int status = refusal_status(why);
    atomic_fetch_add(&p->app->metrics.launches_refused, 1);
    log_event(LOG_LEVEL_WARN, refusal->event,
              LOG_TEXT("reason", why->reason[0] == '\0' ? "error" : why->reason),
              LOG_TEXT("code", err_code_name(why->code)), LOG_TEXT("text", why->text));
    p->resp->csp.is_framed_by_anyone = true;
    if (status == 503 && !web_header_add(p->resp, "Retry-After", SV("5"), err)) {
        return false;
    }
    json_t *model = page_model(p, SV("This page could not be opened"));
    page_set_text(model, "title", SV("This page could not be opened"));
    /* What our own parts say to each other (a database's address, a statement) is for the log. */
    bool is_ours = why->code == ERR_DB || why->code == ERR_BUG;
    page_set_text(model, "what",
                  is_ours ? SV("Laurel could not answer right now.")
                          : page_sentence(p->arena, sv_from(why->text)));
    page_set_text(model, "todo", sv_from(todo_for(why)));
    page_set_text(model, "correlation", sv_from(p->req->id));
    page_set_text(model, "reason", sv_from(why->reason));
    return page_render(p, status, "refused.html", model, err);
}
