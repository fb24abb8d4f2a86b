/* The Connection page's part about a Canvas by OAuth2, and about its live events. */
#include "page_connection.h"
#include "page_oauth.h"
#include "store_event.h"
#include "store_oauth.h"

/* A note that is older than the last good event, or than this, is history. */
#define REFUSED_SHOWN_FOR ((usec_t)86400 * USEC_PER_S)

static struct sv ago(const struct page *p, usec_t t) {
    char text[TEXT_TIME_MAX];
    return sv_copy(p->arena, sv_from(text_ago(p->zone, t, p->now, text)));
}

static bool is_missing(const struct err *err) { return err->code == ERR_NOT_FOUND; }

static bool add_buttons(struct page *p, json_t *obj, const struct store_connection *c,
                        const struct store_oauth *o, struct err *err) {
    json_t *connect = json_null();
    json_t *revoke = json_null();
    struct sv ticket = {0};
    if (page_connection_may_change(p) && c->is_active && c->is_enabled) {
        if (!page_oauth_ticket(p, c->id, &ticket, err)) {
            return false;
        }
        connect = json_object();
        page_set_text(connect, "action", SV("/oauth/canvas/start"));
        page_set_text(connect, "ticket", ticket);
        bool is_connected = o->refresh.len > 0 && o->refused.len == 0;
        page_set_text(connect, "label",
                      is_connected ? SV("Connect as somebody else") : SV("Connect to Canvas"));
        page_set_bool(connect, "is_main", !is_connected);
        /* Its form leaves the frame: see page_sent_by_us. */
        p->resp->is_origin_told = true;
    }
    if (page_connection_may_change(p) && o->refresh.len > 0) {
        revoke = json_object();
        page_set_text(revoke, "action", page_path(p, "connection/revoke"));
        page_set_text(revoke, "csrf", page_csrf(p));
        page_set_text(revoke, "registration", c->slug);
        page_set_text(revoke, "deployment", c->deployment_id);
    }
    (void)json_object_set_new(obj, "connect", connect);
    (void)json_object_set_new(obj, "revoke", revoke);
    return true;
}

static bool grant_model(struct page *p, const struct store_connection *c,
                        const struct store_oauth *o, json_t **out, struct err *err) {
    bool is_connected = o->refresh.len > 0 && o->refused.len == 0;
    struct sv who = o->user_name.len > 0 ? o->user_name : SV("somebody without a name");
    *out = json_object();
    page_set_text(*out, "state",
                  is_connected         ? SV("earned")
                  : o->refused.len > 0 ? SV("problem")
                                       : SV("review"));
    page_set_text(*out, "word",
                  is_connected         ? SV("Connected")
                  : o->refused.len > 0 ? SV("Must be connected again")
                                       : SV("Not connected yet"));
    page_set_text(*out, "text",
                  is_connected ? sv_printf(p->arena, "Laurel reads grades as %.*s, since %.*s.",
                                           SV_ARG(who), SV_ARG(ago(p, o->granted_at)))
                  : o->refused.len > 0
                      ? page_sentence(p->arena, o->refused)
                      : SV("The developer key is set. Somebody whose Canvas account may see the "
                           "grades of your courses must allow Laurel to read them, once. A window "
                           "opens for it."));
    return add_buttons(p, *out, c, o, err);
}

static json_t *events_model(const struct page *p, const struct store_event_feed *f) {
    bool is_refused =
        f->refused_at > f->last_event_at && p->now - f->refused_at < REFUSED_SHOWN_FOR;
    json_t *out = json_object();
    page_set_text(out, "state", is_refused ? SV("missed") : SV("met"));
    page_set_text(out, "icon", is_refused ? SV("problem") : SV("info"));
    page_set_text(out, "text",
                  is_refused ? sv_printf(p->arena, "Canvas's last event was refused %.*s. %.*s",
                                         SV_ARG(ago(p, f->refused_at)), SV_ARG(f->refused_text))
                  : f->last_event_at == 0
                      ? SV("No event has come yet. Grades are read regularly all the same.")
                      : sv_printf(p->arena, "The last came %.*s. Changed grades are read at once.",
                                  SV_ARG(ago(p, f->last_event_at))));
    return out;
}

bool page_connection_canvas(struct page *p, json_t *obj, const struct store_connection *c,
                            struct err *err) {
    struct store *store = p->app->options.store;
    struct store_oauth o = {0};
    struct store_event_feed feed = {0};
    struct err none = {0};
    json_t *canvas = json_null();
    json_t *events = json_null();
    bool is_canvas = c->id != 0 && sv_eq(c->source_kind, SV("canvas"));
    if (is_canvas &&
        store_oauth_get(store, p->session.institution_id, c->id, p->arena, &o, &none)) {
        if (!grant_model(p, c, &o, &canvas, err)) {
            json_decref(canvas);
            return false;
        }
    } else if (is_canvas && !is_missing(&none)) {
        *err = none;
        return false;
    }
    none = (struct err){0};
    if (c->id != 0 &&
        store_event_feed_of(store, p->session.institution_id, c->id, p->arena, &feed, &none)) {
        events = events_model(p, &feed);
    } else if (c->id != 0 && !is_missing(&none)) {
        json_decref(canvas);
        *err = none;
        return false;
    }
    (void)json_object_set_new(obj, "canvas", canvas);
    (void)json_object_set_new(obj, "events", events);
    return true;
}
