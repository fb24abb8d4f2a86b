/* The forms of the Connection page. */
#include "base_log.h"
#include "page_connection.h"
#include "source_open.h"
#include "store_invite.h"
#include "store_parked.h"

#define INVITE_DAYS 7

static bool check_right(const struct page *p, struct err *err) {
    return page_connection_may_change(p) ||
           err_because(err, ERR_DENIED, "role",
                       "you may decide for some issuers only; platforms are connected by admins of "
                       "the whole institution");
}

static bool read_ref(struct page *p, struct web_form *form, struct store_connection_ref *out,
                     struct err *err) {
    *out = (struct store_connection_ref){.institution_id = p->session.institution_id};
    return web_form_upload(p->req, form, err) &&
           web_form_one(form, "registration", &out->slug, err) &&
           web_form_one(form, "deployment", &out->deployment_id, err);
}

static bool go_back(struct page *p, const char *done, struct err *err) {
    return web_see_other(p->resp, page_path(p, "connection?done=%s", done), err);
}

/* Any badge admin may ask again: it changes nothing. */
bool page_connection_probe(struct page *p, struct err *err) {
    struct web_form form = {0};
    struct store_connection_ref ref = {0};
    return read_ref(p, &form, &ref, err) &&
           store_connection_probe(p->app->options.store, &ref, err) && go_back(p, "probing", err);
}

/* The school decides only where its own invitation made the registration: others may be shared. */
static bool own_registration(struct page *p, struct sv slug, int64_t *id, struct err *err) {
    struct store_connection *all = NULL;
    size_t count = 0;
    if (!store_connection_list(p->app->options.store, p->session.institution_id, p->arena, &all,
                               &count, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (all[i].is_own && sv_eq(all[i].slug, slug)) {
            *id = all[i].registration_id;
            return true;
        }
    }
    return err_because(err, ERR_NOT_FOUND, "deployment",
                       "there is no such platform that this institution decides about");
}

bool page_connection_deployment(struct page *p, struct err *err) {
    struct web_form form = {0};
    struct store_connection_ref ref = {0};
    struct sv decision = {0};
    struct store_parked_choice choice = {.institution_id = p->session.institution_id,
                                         .actor_person_id = p->session.person_id};
    if (!check_right(p, err) || !read_ref(p, &form, &ref, err) ||
        !web_form_one(&form, "decision", &decision, err) ||
        !own_registration(p, ref.slug, &choice.registration_id, err)) {
        return false;
    }
    choice.deployment_id = ref.deployment_id;
    if (sv_eq(decision, SV("approve"))) {
        return store_parked_approve(p->app->options.store, &choice, err) &&
               go_back(p, "approved", err);
    }
    if (sv_eq(decision, SV("refuse"))) {
        return store_parked_refuse(p->app->options.store, &choice, err) &&
               go_back(p, "refused", err);
    }
    return err_because(err, ERR_INPUT, "form", "the form does not say approve or refuse");
}

bool page_connection_invite(struct page *p, struct err *err) {
    struct sv code = {0};
    const struct store_invite_new invite = {.institution_id = p->session.institution_id,
                                            .actor_person_id = p->session.person_id,
                                            .expires_at =
                                                p->now + (usec_t)INVITE_DAYS * 86400 * USEC_PER_S};
    if (!check_right(p, err) ||
        !store_invite_make(p->app->options.store, &invite, p->arena, &code, err)) {
        return false;
    }
    const struct page_connection_link link = {
        .url = sv_printf(p->arena, "%.*s/lti/register?invite=%.*s",
                         SV_ARG(p->app->options.base_url), SV_ARG(code)),
        .expires_at = invite.expires_at};
    return page_connection_show(p, &link, err);
}

static bool find_id(struct page *p, const struct store_connection_ref *ref, int64_t *id,
                    struct err *err) {
    struct store_connection *all = NULL;
    size_t count = 0;
    if (!store_connection_list(p->app->options.store, p->session.institution_id, p->arena, &all,
                               &count, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (sv_eq(all[i].slug, ref->slug) && sv_eq(all[i].deployment_id, ref->deployment_id)) {
            *id = all[i].id;
        }
    }
    return *id != 0 || err_because(err, ERR_NOT_FOUND, "deployment", "there is no such deployment");
}

bool page_connection_revoke(struct page *p, struct err *err) {
    struct web_form form = {0};
    struct store_connection_ref ref = {0};
    struct sv untold = {0};
    int64_t deployment_id = 0;
    const struct source_use use = {
        .store = p->app->options.store, .http = p->app->http, .clock = p->app->options.clock};
    if (!check_right(p, err) || !read_ref(p, &form, &ref, err) ||
        !find_id(p, &ref, &deployment_id, err) ||
        !source_revoke(&use, p->session.institution_id, deployment_id, p->session.person_id,
                       p->arena, &untold, err)) {
        return false;
    }
    log_event(LOG_LEVEL_INFO, "oauth_revoked", LOG_INT("deployment", deployment_id),
              LOG_TEXT("untold", sv_c(p->arena, untold)));
    return go_back(p, untold.len > 0 ? "disconnected_here" : "disconnected", err);
}
