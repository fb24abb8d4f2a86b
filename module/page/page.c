/* Routes, and the way of every request: find the page, load the session, check rights, answer. */
#include "page.h"
#include "base_blob.h"
#include "base_encode.h"
#include "base_log.h"
#include "issue.h"
#include "page_internal.h"
#include "page_issued.h"
#include "page_kept.h"
#include "page_wallet.h"
#include <stdlib.h>

extern const struct blob blob_templates[];
extern const size_t blob_templates_count;
extern const struct blob blob_assets[];
extern const size_t blob_assets_count;

/* web_route.handle takes the page as its context. */
#define HANDLER(name)                                                                              \
    static bool go_##name(void *ctx, struct web_request *req, struct web_response *resp,           \
                          struct err *err) {                                                       \
        (void)req;                                                                                 \
        (void)resp;                                                                                \
        return page_##name(ctx, err);                                                              \
    }
HANDLER(lti_login)
HANDLER(lti_launch)
HANDLER(lti_launch_get)
HANDLER(lti_jwks)
HANDLER(welcome)
HANDLER(health)
HANDLER(ready)
HANDLER(metrics_show)
HANDLER(asset)
HANDLER(home)
HANDLER(student)
HANDLER(badge)
HANDLER(share)
HANDLER(teacher)
HANDLER(why)
HANDLER(why_change)
HANDLER(admin)
HANDLER(import)
HANDLER(import_confirm)
HANDLER(check)
HANDLER(fresh_state)
HANDLER(image)
HANDLER(lti_open)
HANDLER(register)
HANDLER(register_confirm)
HANDLER(canvas)
HANDLER(notices)
HANDLER(pick)
HANDLER(pick_send)
HANDLER(placed)
HANDLER(copy)
HANDLER(copy_decide)
HANDLER(items)
HANDLER(items_choose)
HANDLER(courses)
HANDLER(courses_check)
HANDLER(connection)
HANDLER(connection_probe)
HANDLER(connection_deployment)
HANDLER(connection_invite)
HANDLER(verify)
HANDLER(verify_check)
HANDLER(award_shared)
HANDLER(badge_shared)
HANDLER(badge_picture)
HANDLER(issuer_shared)
HANDLER(issuer_did)
HANDLER(key_shared)
HANDLER(key_set)
HANDLER(status_list)
HANDLER(revocations)
HANDLER(award_file)
HANDLER(badge_png)
HANDLER(ob2_award)
HANDLER(ob2_award_file)
HANDLER(ob2_badge)
HANDLER(ob2_issuer)
HANDLER(download)
HANDLER(download_all)
HANDLER(connection_revoke)
HANDLER(events)
HANDLER(oauth_start)
HANDLER(oauth_return)
HANDLER(upload)
HANDLER(upload_file)
HANDLER(upload_review)
HANDLER(upload_store)
HANDLER(wallet_offer)
HANDLER(wallet_issuer)
HANDLER(wallet_server)
HANDLER(wallet_token)
HANDLER(wallet_nonce)
HANDLER(wallet_credential)
HANDLER(wallet_deferred)
HANDLER(wallet)
HANDLER(wallet_make)

static const struct web_route ROUTES[] = {
    {WEB_GET, "/", go_welcome, 0},
    {WEB_GET | WEB_POST, "/lti/login", go_lti_login, 0},
    {WEB_GET | WEB_POST, "/lti/login/:registration", go_lti_login, 0},
    {WEB_POST, "/lti/launch", go_lti_launch, 0},
    {WEB_POST, "/lti/launch/:registration", go_lti_launch, 0},
    {WEB_GET, "/lti/launch", go_lti_launch_get, 0},
    {WEB_GET, "/lti/launch/:registration", go_lti_launch_get, 0},
    {WEB_POST, "/lti/open", go_lti_open, 0},
    {WEB_GET, "/lti/jwks", go_lti_jwks, 0},
    {WEB_GET, "/lti/jwks/:registration", go_lti_jwks, 0},
    {WEB_GET, "/lti/register", go_register, 0},
    {WEB_POST, "/lti/register", go_register_confirm, 0},
    {WEB_GET, "/lti/canvas.json", go_canvas, 0},
    {WEB_POST, "/lti/notices", go_notices, 0},
    {WEB_POST, "/lti/notices/:registration", go_notices, 0},
    {WEB_GET, "/verify", go_verify, 0},
    {WEB_POST, "/verify", go_verify_check, 0},
    {WEB_POST, "/events/:feed", go_events, 0},
    {WEB_POST, "/oauth/canvas/start", go_oauth_start, 0},
    {WEB_GET, "/oauth/canvas", go_oauth_return, 0},
    {WEB_GET, "/healthz", go_health, 0},
    {WEB_GET, "/readyz", go_ready, 0},
    {WEB_GET, "/metrics", go_metrics_show, 0},
    {WEB_GET, "/assets/:hash/:name", go_asset, 0},
    {WEB_GET, "/awards/:award.json", go_award_shared, 0},
    {WEB_GET, "/awards/:award.jwt", go_award_shared, 0},
    {WEB_GET, "/awards/:award.jwt.png", go_award_file, 0},
    {WEB_GET, "/awards/:award.jwt.svg", go_award_file, 0},
    {WEB_GET, "/awards/:award.png", go_award_file, 0},
    {WEB_GET, "/awards/:award.svg", go_award_file, 0},
    {WEB_GET, "/awards/:award.pdf", go_award_file, 0},
    {WEB_GET, "/awards/:award", go_award_shared, 0},
    {WEB_GET, "/badges/:badge.json", go_badge_shared, 0},
    {WEB_GET, "/badges/:badge", go_badge_shared, 0},
    {WEB_GET, "/badges/:badge/image.svg", go_badge_picture, 0},
    {WEB_GET, "/badges/:badge/image.png", go_badge_png, 0},
    {WEB_GET, "/badges/:badge/preview.png", go_badge_png, 0},
    {WEB_GET, "/ob2/awards/:award.png", go_ob2_award_file, 0},
    {WEB_GET, "/ob2/awards/:award.svg", go_ob2_award_file, 0},
    {WEB_GET, "/ob2/awards/:award", go_ob2_award, 0},
    {WEB_GET, "/ob2/badges/:badge", go_ob2_badge, 0},
    {WEB_GET, "/ob2/issuers/:issuer", go_ob2_issuer, 0},
    {WEB_GET, "/issuers/:issuer.json", go_issuer_shared, 0},
    {WEB_GET, "/issuers/:issuer", go_issuer_shared, 0},
    {WEB_GET, "/issuers/:issuer/did.json", go_issuer_did, 0},
    {WEB_GET, "/keys/:key", go_key_shared, 0},
    {WEB_GET, "/.well-known/jwks.json", go_key_set, 0},
    {WEB_GET, "/status/:list.json", go_status_list, 0},
    {WEB_GET, "/status/:list.jwt", go_status_list, 0},
    {WEB_GET, "/status/:list", go_status_list, 0},
    {WEB_GET, "/revocations/:issuer", go_revocations, 0},
    {WEB_GET, "/offers/:offer", go_wallet_offer, 0},
    {WEB_GET, "/.well-known/openid-credential-issuer", go_wallet_issuer, 0},
    {WEB_GET, "/.well-known/oauth-authorization-server", go_wallet_server, 0},
    {WEB_POST | WEB_OPTIONS, "/oid4vci/token", go_wallet_token, 0},
    {WEB_POST | WEB_OPTIONS, "/oid4vci/nonce", go_wallet_nonce, 0},
    {WEB_POST | WEB_OPTIONS, "/oid4vci/credential", go_wallet_credential, 0},
    {WEB_POST | WEB_OPTIONS, "/oid4vci/deferred", go_wallet_deferred, 0},
    {WEB_GET, "/app/l/:launch/", go_home, PAGE_IN_COURSE | PAGE_MENTOR},
    {WEB_GET, "/app/l/:launch/learner", go_student, PAGE_IN_COURSE},
    {WEB_GET, "/app/l/:launch/grid", go_teacher, PAGE_IN_COURSE | PAGE_TEACHER},
    {WEB_GET, "/app/l/:launch/why/:person/:badge", go_why, PAGE_IN_COURSE | PAGE_TEACHER},
    {WEB_POST, "/app/l/:launch/why/:person/:badge/:deed", go_why_change,
     PAGE_IN_COURSE | PAGE_TEACHER | PAGE_FORM},
    {WEB_POST, "/app/l/:launch/check", go_check, PAGE_IN_COURSE | PAGE_FORM},
    {WEB_GET, "/app/l/:launch/fresh", go_fresh_state, PAGE_IN_COURSE | PAGE_MENTOR},
    {WEB_GET, "/app/l/:launch/badges", go_admin, PAGE_IN_COURSE | PAGE_ADMIN},
    /* Loaded again after an import that could not be read. */
    {WEB_GET, "/app/l/:launch/badges/import", go_admin, PAGE_IN_COURSE | PAGE_ADMIN},
    {WEB_POST, "/app/l/:launch/badges/import", go_import, PAGE_IN_COURSE | PAGE_ADMIN | PAGE_FORM},
    {WEB_POST, "/app/l/:launch/badges/import/confirm", go_import_confirm,
     PAGE_IN_COURSE | PAGE_ADMIN | PAGE_FORM},
    {WEB_GET, "/app/l/:launch/badges/:badge", go_badge, PAGE_IN_COURSE},
    {WEB_GET, "/app/l/:launch/badges/:badge/wallet", go_wallet, PAGE_IN_COURSE},
    {WEB_POST, "/app/l/:launch/badges/:badge/wallet", go_wallet_make, PAGE_IN_COURSE | PAGE_FORM},
    {WEB_GET, "/app/l/:launch/badges/:badge/download/:form", go_download, PAGE_IN_COURSE},
    {WEB_GET, "/app/l/:launch/download/badges.zip", go_download_all, PAGE_IN_COURSE},
    {WEB_POST, "/app/l/:launch/badges/:badge/share", go_share, PAGE_IN_COURSE | PAGE_FORM},
    /* Loaded again after a choice that could not be taken. */
    {WEB_GET, "/app/l/:launch/badges/:badge/share", go_badge, PAGE_IN_COURSE},
    {WEB_GET, "/app/l/:launch/image/:badge.svg", go_image, PAGE_IN_COURSE | PAGE_MENTOR},
    {WEB_GET, "/app/l/:launch/pick", go_pick, PAGE_IN_COURSE | PAGE_TEACHER},
    {WEB_POST, "/app/l/:launch/pick", go_pick_send, PAGE_IN_COURSE | PAGE_TEACHER | PAGE_FORM},
    {WEB_GET, "/app/l/:launch/placed/:badge", go_placed, PAGE_IN_COURSE | PAGE_MENTOR},
    {WEB_GET, "/app/l/:launch/copy", go_copy, PAGE_IN_COURSE | PAGE_TEACHER},
    {WEB_POST, "/app/l/:launch/copy/:decision", go_copy_decide,
     PAGE_IN_COURSE | PAGE_TEACHER | PAGE_FORM},
    {WEB_GET, "/app/l/:launch/items", go_items, PAGE_IN_COURSE | PAGE_TEACHER},
    {WEB_POST, "/app/l/:launch/items/choose", go_items_choose,
     PAGE_IN_COURSE | PAGE_TEACHER | PAGE_FORM},
    {WEB_GET, "/app/l/:launch/courses", go_courses, PAGE_IN_COURSE | PAGE_ADMIN},
    {WEB_POST, "/app/l/:launch/courses/check", go_courses_check,
     PAGE_IN_COURSE | PAGE_ADMIN | PAGE_FORM},
    {WEB_GET, "/app/l/:launch/connection", go_connection, PAGE_IN_COURSE | PAGE_ADMIN},
    {WEB_POST, "/app/l/:launch/connection/probe", go_connection_probe,
     PAGE_IN_COURSE | PAGE_ADMIN | PAGE_FORM},
    {WEB_POST, "/app/l/:launch/connection/deployment", go_connection_deployment,
     PAGE_IN_COURSE | PAGE_ADMIN | PAGE_FORM},
    {WEB_POST, "/app/l/:launch/connection/invite", go_connection_invite,
     PAGE_IN_COURSE | PAGE_ADMIN | PAGE_FORM},
    {WEB_POST, "/app/l/:launch/connection/revoke", go_connection_revoke,
     PAGE_IN_COURSE | PAGE_ADMIN | PAGE_FORM},
    {WEB_GET, "/app/l/:launch/upload", go_upload, PAGE_IN_COURSE | PAGE_TEACHER},
    {WEB_POST, "/app/l/:launch/upload", go_upload_file,
     PAGE_IN_COURSE | PAGE_TEACHER | PAGE_FORM | PAGE_FILE},
    {WEB_POST, "/app/l/:launch/upload/review", go_upload_review,
     PAGE_IN_COURSE | PAGE_TEACHER | PAGE_FORM},
    {WEB_POST, "/app/l/:launch/upload/store", go_upload_store,
     PAGE_IN_COURSE | PAGE_TEACHER | PAGE_FORM},
    /* Loaded again after a file was shown. */
    {WEB_GET, "/app/l/:launch/upload/:step", go_upload, PAGE_IN_COURSE | PAGE_TEACHER},
    /* Loaded again after a link was made: the link is not shown twice. */
    {WEB_GET, "/app/l/:launch/connection/invite", go_connection, PAGE_IN_COURSE | PAGE_ADMIN},
};
static const struct web_router ROUTER = {.routes = ROUTES, .count = ARRAY_LEN(ROUTES)};

/* Keys of a platform that were left out: worth a line, since its launches may be refused for it
 * (attacks.md A20, A22). */
static void log_keys(void *ctx, int64_t registration_id, const struct jose_keyset *set) {
    (void)ctx;
    for (int drop = JOSE_DROP_NONE + 1; drop < JOSE_DROP_COUNT; drop++) {
        size_t n = jose_keyset_dropped(set, (enum jose_drop)drop);
        if (n > 0) {
            log_event(
                LOG_LEVEL_WARN, "platform_keys_ignored", LOG_INT("registration", registration_id),
                LOG_TEXT("why", jose_drop_name((enum jose_drop)drop)), LOG_INT("keys", (int64_t)n));
        }
    }
}

/* One hash over all assets, so that a page and its files always fit together. */
static struct sv hash_assets(struct arena *a) {
    struct str all;
    str_init(&all, a, 8u << 20);
    for (size_t i = 0; i < blob_assets_count; i++) {
        str_add_c(&all, blob_assets[i].name);
        str_add(&all, blob_sv(&blob_assets[i]));
    }
    unsigned char sum[32];
    sha256(all.ptr, all.len, sum);
    return sv_head(hex_encode(a, sum, sizeof sum), 12);
}

bool page_create(const struct page_options *options, struct page_app **out, struct err *err) {
    struct page_app *app = calloc(1, sizeof *app);
    if (app == NULL) {
        abort();
    }
    app->options = *options;
    (void)pthread_mutex_init(&app->draw_lock, NULL);
    app->notes = page_notes_create();
    app->kept = page_kept_create();
    app->issue = issue_create(options->store, options->base_url);
    if (!text_templates_compile(&app->arena, blob_templates, blob_templates_count, &app->templates,
                                err)) {
        page_destroy(app);
        return false;
    }
    app->asset_hash = hash_assets(&app->arena);
    app->http = lti_http_of(options->net);
    /* At most an eighth of the threads wait on the outside at once (DESIGN 7). */
    const struct lti_keysets_config keys = {.fetch = lti_http_fetch_keyset,
                                            .on_read = log_keys,
                                            .ctx = &app->http,
                                            .waiters_max = options->threads / 8 + 1};
    app->keysets = lti_keysets_create(&keys);
    net_gate_init(&app->verify_gate, keys.waiters_max);
    net_gate_init(&app->draw_gate, keys.waiters_max);
    *out = app;
    return true;
}

void page_destroy(struct page_app *app) {
    if (app != NULL) {
        lti_keysets_destroy(app->keysets);
        page_notes_destroy(app->notes);
        issue_destroy(app->issue);
        (void)pthread_mutex_destroy(&app->draw_lock);
        page_kept_destroy(app->kept);
        arena_release(&app->arena);
        free(app);
    }
}

void page_zone_load(struct page *p, struct sv name) {
    struct err ignored = {0};
    if (!text_zone_load(p->arena, TEXT_ZONE_DIR, name, &p->zone, &ignored)) {
        log_err(LOG_LEVEL_WARN, "time_zone", &ignored);
        p->zone = text_zone_utc;
    }
}

static bool check_form(struct page *p, struct err *err) {
    struct web_form form = {0};
    struct sv token = {0};
    if (!page_same_origin(p, err) || !web_form_upload(p->req, &form, err) ||
        !web_form_one(&form, "csrf", &token, err)) {
        return false;
    }
    if (!sv_eq_secret(token, page_csrf(p))) {
        return err_because(
            err, ERR_DENIED, "csrf",
            "this form was made for another session; load the page again and repeat");
    }
    return true;
}

static bool check_role(const struct page *p, unsigned flags, struct err *err) {
    enum model_role role = p->session.role;
    bool is_teacher = role == MODEL_ROLE_TEACHER || role == MODEL_ROLE_ADMIN;
    if (((flags & PAGE_TEACHER) != 0 && !is_teacher) ||
        ((flags & PAGE_ADMIN) != 0 && role != MODEL_ROLE_ADMIN)) {
        return err_because(err, ERR_DENIED, "role", "this page is for %s of the course",
                           (flags & PAGE_ADMIN) != 0 ? "badge administrators" : "teachers");
    }
    /* Who is a learner of the course as well has the pages of one. */
    if (role == MODEL_ROLE_MENTOR && !p->session.is_learner && (flags & PAGE_MENTOR) == 0) {
        return err_because(err, ERR_DENIED, "role",
                           "mentors see the badges of their learners, and nothing else here");
    }
    return true;
}

bool page_may_issue(const struct page *p, struct sv issuer_key) {
    bool is_listed = p->session.issuer_count == 0;
    for (size_t i = 0; i < p->session.issuer_count; i++) {
        is_listed = is_listed || sv_eq(p->session.issuer_keys[i], issuer_key);
    }
    return p->session.role == MODEL_ROLE_ADMIN && is_listed;
}

static bool answer(struct page *p, struct err *err) {
    const struct web_route *route = NULL;
    if (!web_router_find(&ROUTER, p->req, p->resp, &route, err)) {
        return false;
    }
    if ((route->flags & PAGE_IN_COURSE) != 0) {
        if (page_needs_shell(p)) {
            return page_shell(p, err);
        }
        if (!page_session_load(p, err)) {
            return false;
        }
        page_zone_load(p, p->session.time_zone);
        if (!check_role(p, route->flags, err) ||
            ((route->flags & PAGE_FORM) != 0 && !check_form(p, err))) {
            return false;
        }
    }
    return route->handle(p, p->req, p->resp, err);
}

void page_handle(void *ctx, struct web_request *req, struct web_response *resp) {
    struct page_app *app = ctx;
    struct page p = {.app = app,
                     .req = req,
                     .resp = resp,
                     .arena = req->arena,
                     .now = clock_now(&app->options.clock),
                     .zone = text_zone_utc};
    struct err err = {0};
    atomic_fetch_add(&app->metrics.requests, 1);
    if (!answer(&p, &err)) {
        page_error(&p, &err);
    }
}

bool page_take_file(void *ctx, struct web_request *req, size_t *max_bytes, struct err *err) {
    struct page_app *app = ctx;
    struct web_response resp;
    const struct web_route *route = NULL;
    struct err ignored = {0};
    *max_bytes = 0;
    web_response_init(&resp, req->arena);
    if (!web_router_find(&ROUTER, req, &resp, &route, &ignored) ||
        (route->flags & PAGE_FILE) == 0) {
        return true;
    }
    struct page p = {.app = app,
                     .req = req,
                     .resp = &resp,
                     .arena = req->arena,
                     .now = clock_now(&app->options.clock),
                     .zone = text_zone_utc};
    return page_session_load(&p, err) && check_role(&p, route->flags, err) &&
           page_upload_take(&p, max_bytes, err);
}

void page_refuse(void *ctx, struct web_response *resp, const struct err *err) {
    struct page_app *app = ctx;
    struct web_request req = {.arena = resp->arena, .id = log_request()};
    struct page p = {.app = app,
                     .req = &req,
                     .resp = resp,
                     .arena = resp->arena,
                     .now = clock_now(&app->options.clock),
                     .zone = text_zone_utc};
    page_error(&p, err);
}

struct sv page_csrf(const struct page *p) {
    unsigned char mac[SEAL_MAC_BYTES];
    struct sv about =
        sv_printf(p->arena, "%.*s %lld", SV_ARG(p->launch_id), (long long)p->session.person_id);
    seal_mac(p->app->options.seal, "csrf", about, mac);
    return base64url_encode(p->arena, mac, sizeof mac);
}
