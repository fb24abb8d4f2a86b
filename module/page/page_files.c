#include "page_files.h"
#include "base_blob.h"
#include "page_copies.h"
#include "page_shared.h"

extern const struct blob blob_assets[];
extern const size_t blob_assets_count;

/* A request for nothing yet: what the handlers of pages look at. */
struct visit {
    struct web_request req;
    struct web_response resp;
    struct page page;
};

static void visit_init(struct visit *v, struct page_app *app, usec_t now, struct arena *a) {
    static char *const no_params[] = {NULL};
    v->req = (struct web_request){.arena = a, .method = WEB_GET, .params = no_params};
    web_response_init(&v->resp, a);
    v->page = (struct page){.app = app,
                            .req = &v->req,
                            .resp = &v->resp,
                            .arena = a,
                            .now = now,
                            .zone = text_zone_utc};
}

static bool make_html(void *ctx, const struct issue_export_page *what, usec_t now, struct arena *a,
                      struct sv *html, struct err *err) {
    static const struct {
        const char *arg;
        page_handler *handle;
    } kinds[] = {[ISSUE_EXPORT_AWARD_PAGE] = {"award", page_award_html},
                 [ISSUE_EXPORT_BADGE_PAGE] = {"badge", page_badge_html},
                 [ISSUE_EXPORT_ISSUER_PAGE] = {"issuer", page_issuer_html}};
    struct visit v;
    visit_init(&v, ctx, now, a);
    v.req.args[0] = (struct web_pair){.name = sv_from(kinds[what->kind].arg), .value = what->id};
    v.req.arg_count = 1;
    if (!kinds[what->kind].handle(&v.page, err)) {
        return false;
    }
    *html = web_response_body(&v.resp);
    return true;
}

static bool make_sheet(void *ctx, int64_t institution_id,
                       const struct store_credential_source *award, usec_t now, struct arena *a,
                       struct image_render *job, struct err *err) {
    struct visit v;
    const struct page_certificate certificate = {
        .institution_id = institution_id, .award = award, .is_named = award->share.shows_name};
    visit_init(&v, ctx, now, a);
    return page_certificate_sheet(&v.page, &certificate, job, err);
}

/* Pages for anybody use styles and pictures, and no script. */
static bool make_asset(void *ctx, size_t *next, struct arena *a, struct sv *path, struct sv *body) {
    const struct page_app *app = ctx;
    for (; *next < blob_assets_count; (*next)++) {
        const struct blob *file = &blob_assets[*next];
        struct sv name = sv_from(file->name);
        if (sv_ends(name, SV(".css")) || sv_ends(name, SV(".svg"))) {
            *path = sv_printf(a, "assets/%.*s/%.*s", SV_ARG(app->asset_hash), SV_ARG(name));
            *body = blob_sv(file);
            (*next)++;
            return true;
        }
    }
    return false;
}

struct issue_export_pages page_files(struct page_app *app) {
    return (struct issue_export_pages){
        .html = make_html, .sheet = make_sheet, .asset = make_asset, .ctx = app};
}
