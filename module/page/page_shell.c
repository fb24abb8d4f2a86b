/* Pages for a browser that keeps no cookies here (DESIGN 7, "Sessions without third-party
 * cookies"). It opens an address by a plain navigation, which can carry no Authorization header. So
 * it gets the shell: a page that shows nothing of anybody. asset/shell.js finds the token of this
 * launch in the window's own storage, asks for the same address with it, and shows the answer. */
#include "base_encode.h"
#include "page_internal.h"

/* Does the Accept header name HTML? Pictures and other programs' requests get no shell. */
static bool wants_html(const struct page *p) {
    struct sv rest = web_header(p->req, "Accept");
    for (bool is_more = rest.len > 0; is_more;) {
        struct sv type;
        struct sv parameters;
        is_more = sv_cut(rest, ',', &type, &rest);
        (void)sv_cut(type, ';', &type, &parameters);
        if (sv_eq_nocase(sv_trim(type), SV("text/html"))) {
            return true;
        }
    }
    return false;
}

bool page_needs_shell(const struct page *p) {
    struct sv launch_id = web_arg(p->req, "launch");
    struct sv name = web_cookie_name(
        p->arena, sv_printf(p->arena, PAGE_COOKIE_SESSION "%.*s", SV_ARG(launch_id)), false);
    return p->req->method == WEB_GET && uuid_is_valid(launch_id) && wants_html(p) &&
           web_header(p->req, "Authorization").len == 0 && !web_has_cookie(p->req, name);
}

void page_add_script(const struct page *p, json_t *model, const char *name) {
    json_t *script = json_object();
    page_set_text(script, "url", page_asset_path(p, name));
    (void)json_array_append_new(json_object_get(json_object_get(model, "page"), "scripts"), script);
}

bool page_shell(struct page *p, struct err *err) {
    struct store_session_origins origins = {0};
    if (!store_session_origins(p->app->options.store, web_arg(p->req, "launch"), p->arena, &origins,
                               err)) {
        return false;
    }
    if (origins.issuer.len == 0) {
        return err_because(err, ERR_DENIED, "session", "there is no such launch any more");
    }
    page_allow_platform(p, &origins);
    json_t *model = page_model(p, SV("Badges"));
    page_add_script(p, model, "shell.js");
    /* A page shown here may have a form that opens a window (page_sent_by_us). */
    p->resp->is_origin_told = true;
    /* 200, not 401: this page is all there and its script goes on. Whoever has no token learns that
     * from the request which the script makes, or would have made. */
    return page_render(p, 200, "shell.html", model, err);
}
