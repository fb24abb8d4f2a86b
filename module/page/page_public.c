/* Pages that need no session: welcome, health, metrics, assets. */
#include "base_blob.h"
#include "base_log.h"
#include "page_internal.h"

extern const struct blob blob_assets[];
extern const size_t blob_assets_count;

bool page_welcome(struct page *p, struct err *err) {
    json_t *model = page_model(p, SV("Laurel"));
    json_t *link = json_object();
    page_set_text(link, "label", SV("Check a badge"));
    page_set_text(link, "url", SV("/verify"));
    page_set_bool(model, "has_links", true);
    (void)json_object_set_new(model, "links", json_pack("[o]", link));
    return page_render(p, 200, "welcome.html", model, err);
}

bool page_health(struct page *p, struct err *err) {
    (void)err;
    web_text(p->resp, 200, SV("ok\n"));
    return true;
}

bool page_ready(struct page *p, struct err *err) {
    (void)err;
    struct err why = {0};
    if (store_ready(p->app->options.store, &why)) {
        web_text(p->resp, 200, SV("ready\n"));
    } else {
        log_err(LOG_LEVEL_WARN, "not_ready", &why);
        web_text(p->resp, 503,
                 why.code == ERR_CONFLICT
                     ? SV("not ready: the schema does not fit; run laurel migrate\n")
                     : SV("not ready: the database does not answer\n"));
    }
    return true;
}

static bool is_loopback(struct sv address) {
    return sv_starts(address, SV("127.")) || sv_eq(address, SV("::1")) || address.len == 0;
}

bool page_metrics_show(struct page *p, struct err *err) {
    struct sv bearer = {0};
    struct sv token = p->app->options.metrics_token;
    bool is_allowed = is_loopback(p->req->remote_address) ||
                      (token.len > 0 && web_bearer(p->req, &bearer) && sv_eq_secret(bearer, token));
    if (!is_allowed) {
        return err_because(err, ERR_NOT_FOUND, "route", "there is no such page");
    }
    const struct page_metrics *m = &p->app->metrics;
    const struct {
        const char *name, *help;
        long long value;
    } rows[] = {
        {"laurel_requests_total", "Requests answered.", atomic_load(&m->requests)},
        {"laurel_launches_total", "Launches accepted.", atomic_load(&m->launches)},
        {"laurel_launches_refused_total", "Logins and launches refused.",
         atomic_load(&m->launches_refused)},
        {"laurel_errors_total", "Requests that ended in an error of ours.",
         atomic_load(&m->errors)},
    };
    struct str out;
    str_init(&out, p->arena, 8192);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        str_addf(&out, "# HELP %s %s\n# TYPE %s counter\n%s %lld\n", rows[i].name, rows[i].help,
                 rows[i].name, rows[i].name, rows[i].value);
    }
    web_text(p->resp, 200, str_sv(&out));
    return true;
}

static const char *type_of(struct sv name) {
    return sv_ends(name, SV(".css"))   ? "text/css; charset=utf-8"
           : sv_ends(name, SV(".js"))  ? "text/javascript; charset=utf-8"
           : sv_ends(name, SV(".svg")) ? "image/svg+xml"
                                       : "application/octet-stream";
}

bool page_asset(struct page *p, struct err *err) {
    const struct blob *file = blob_find(blob_assets, blob_assets_count, web_arg(p->req, "name"));
    /* Platforms keep the address of our picture with their links, whatever the release. */
    bool is_lasting = sv_eq(web_arg(p->req, "hash"), SV("lasting"));
    if (file == NULL || (!is_lasting && !sv_eq(web_arg(p->req, "hash"), p->app->asset_hash))) {
        return err_because(err, ERR_NOT_FOUND, "route", "there is no such page");
    }
    web_bytes(p->resp, 200, type_of(sv_from(file->name)), blob_sv(file));
    p->resp->cache = is_lasting ? WEB_CACHE_MINUTES : WEB_CACHE_IMMUTABLE;
    return true;
}
