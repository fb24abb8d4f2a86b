/* GET /lti/canvas.json: for a Canvas administrator who enters a developer key by its URL. */
#include "page_register.h"

struct lti_register_tool page_register_tool(const struct page *p, struct sv slug) {
    struct sv base = p->app->options.base_url;
    return (struct lti_register_tool){
        .base_url = base,
        .jwks_url = slug.len == 0
                        ? sv_printf(p->arena, "%.*s/lti/jwks", SV_ARG(base))
                        : sv_printf(p->arena, "%.*s/lti/jwks/%.*s", SV_ARG(base), SV_ARG(slug)),
        .logo_url = sv_printf(p->arena, "%.*s" PAGE_ICON_PATH, SV_ARG(base))};
}

bool page_canvas(struct page *p, struct err *err) {
    const struct lti_register_tool tool = page_register_tool(p, SV(""));
    AUTO_JSON *key = lti_register_canvas_key(&tool, p->arena);
    p->resp->cache = WEB_CACHE_MINUTES;
    return web_json(p->resp, 200, NULL, key, err);
}
