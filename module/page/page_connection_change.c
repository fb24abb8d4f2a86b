/* The forms of the Connection page. */
#include "base_encode.h"
#include "page_connection.h"

#define INVITE_DAYS 7

static bool check_right(const struct page *p, struct err *err) {
    return page_connection_may_change(p) ||
           err_because(err, ERR_DENIED, "role",
                       "you may decide for some issuers only; platforms are connected by admins of "
                       "the whole institution");
}

static bool read_ref(struct page *p, struct web_form *form, struct store_connection_ref *out,
                     struct err *err) {
    *out = (struct store_connection_ref){.institution_id = p->session.institution_id,
                                         .actor_person_id = p->session.person_id};
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

bool page_connection_deployment(struct page *p, struct err *err) {
    struct web_form form = {0};
    struct store_connection_ref ref = {0};
    struct sv decision = {0};
    if (!check_right(p, err) || !read_ref(p, &form, &ref, err) ||
        !web_form_one(&form, "decision", &decision, err)) {
        return false;
    }
    bool is_approved = sv_eq(decision, SV("approve"));
    if (!is_approved && !sv_eq(decision, SV("refuse"))) {
        return err_because(err, ERR_INPUT, "form", "the form does not say approve or refuse");
    }
    return store_connection_decide(p->app->options.store, &ref, is_approved, err) &&
           go_back(p, is_approved ? "approved" : "refused", err);
}

bool page_connection_invite(struct page *p, struct err *err) {
    unsigned char secret[32];
    random_bytes(secret, sizeof secret);
    struct sv code = base64url_encode(p->arena, secret, sizeof secret);
    struct store_connection_invite invite = {.institution_id = p->session.institution_id,
                                             .actor_person_id = p->session.person_id,
                                             .expires_at =
                                                 p->now + (usec_t)INVITE_DAYS * 86400 * USEC_PER_S};
    sha256(code.ptr, code.len, invite.code_hash);
    if (!check_right(p, err) || !store_connection_invite(p->app->options.store, &invite, err)) {
        return false;
    }
    const struct page_connection_link link = {
        .url = sv_printf(p->arena, "%.*s/lti/register?invite=%.*s",
                         SV_ARG(p->app->options.base_url), SV_ARG(code)),
        .expires_at = invite.expires_at};
    return page_connection_show(p, &link, err);
}
