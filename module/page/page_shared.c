/* Pages that anybody may open (DESIGN 3.2; LOOK "Public award"). They show what is stored now, so
 * an award that is shared no more is gone at once, and a verdict is never older than the page. */
#include "page_shared.h"
#include "base_encode.h"
#include "credential_build.h"
#include "issue_export.h"
#include "page_kept.h"
#include "web_server.h"
#include <string.h>

#define SUMMARY_BYTES_MAX 200
#define AWARDS "/awards/"

/* Forms of an award that may be taken along: one row each, as there are addresses. */
static const struct {
    const char *ending, *label;
    unsigned form; /* bit of issue_export.h; 0: always there */
} DOWNLOADS[] = {
    {".png", "Picture with the badge in it (PNG)", ISSUE_EXPORT_PNG},
    {".svg", "Picture with the badge in it (SVG)", ISSUE_EXPORT_SVG},
    {".pdf", "Certificate to print (PDF)", ISSUE_EXPORT_PDF},
    {".json", "Credential (JSON)", 0},
    {".jwt", "Signed token (JWT)", 0},
};

struct sv page_linkedin_url(struct arena *a, const struct page_linkedin *what) {
    struct str out;
    struct text_civil issued = text_zone_civil(what->zone, what->issued_at);
    struct text_civil expires = text_zone_civil(what->zone, what->expires_at);
    str_init(&out, a, (size_t)64 * 1024);
    str_add_c(&out, "https://www.linkedin.com/profile/add?startTask=CERTIFICATION_NAME&name=");
    percent_encode(&out, what->name);
    str_add_c(&out, "&organizationName=");
    percent_encode(&out, what->organization);
    str_addf(&out, "&issueYear=%d&issueMonth=%d", issued.year, issued.month);
    if (what->expires_at != 0) {
        str_addf(&out, "&expirationYear=%d&expirationMonth=%d", expires.year, expires.month);
    }
    str_add_c(&out, "&certUrl=");
    percent_encode(&out, what->url);
    str_add_c(&out, "&certId=");
    percent_encode(&out, what->id);
    return str_sv(&out);
}

static struct sv base(const struct page *p) { return p->app->options.base_url; }

static struct sv date(const struct page *p, usec_t t) {
    char text[TEXT_TIME_MAX];
    return sv_copy(p->arena, sv_from(text_date(p->zone, t, text)));
}

/* What a link to the page looks like elsewhere. */
struct card {
    struct sv title, description;
    struct sv url;  /* canonical */
    struct sv json; /* the same for programs */
    const char *json_type;
    struct sv image, image_alt; /* 1200 x 630; empty: none */
    bool is_listed;             /* search engines may */
};

static void add_card(json_t *model, const struct card *c) {
    json_t *card = json_object();
    json_t *image = json_null();
    if (c->image.len > 0) {
        image = json_object();
        page_set_text(image, "url", c->image);
        page_set_text(image, "alt", c->image_alt);
    }
    page_set_text(card, "title", c->title);
    page_set_text(card, "description", c->description);
    page_set_text(card, "url", c->url);
    page_set_text(card, "json", c->json);
    page_set_text(card, "json_type", sv_from(c->json_type));
    page_set_bool(card, "is_listed", c->is_listed);
    (void)json_object_set_new(card, "image", image);
    (void)json_object_set_new(model, "card", card);
}

static json_t *link_to(struct sv label, struct sv url) {
    json_t *one = json_object();
    page_set_text(one, "label", label);
    page_set_text(one, "url", url);
    return one;
}

/* The badge itself: the same on its own page and on an award's. */
static void add_badge(const struct page *p, json_t *model, const struct issue_badge_view *v) {
    const struct model_badge *badge = &v->badge;
    struct sv url = credential_url(p->arena, sv_of("", 0), "badges", badge->public_id);
    json_t *alignments = json_array();
    for (size_t i = 0; i < badge->alignment_count; i++) {
        const struct model_alignment *one = &badge->alignments[i];
        json_t *object = json_object();
        page_set_text(object, "name", one->name);
        page_set_text(object, "framework", one->framework);
        (void)json_object_set_new(object, "link",
                                  text_url_is_safe(one->url) ? link_to(one->name, one->url)
                                                             : json_null());
        (void)json_array_append_new(alignments, object);
    }
    page_set_text(model, "name", badge->name);
    page_set_text(model, "description", badge->description);
    page_set_text(model, "image", sv_printf(p->arena, "%.*s/image.svg", SV_ARG(url)));
    page_set_text(model, "image_alt",
                  badge->image_alt.len > 0
                      ? badge->image_alt
                      : sv_printf(p->arena, "The badge %.*s", SV_ARG(badge->name)));
    page_set_bool(model, "has_criteria", badge->criteria.len > 0);
    page_set_text(model, "criteria", badge->criteria);
    page_set_text(model, "rule", v->rule_words);
    page_set_bool(model, "has_alignments", badge->alignment_count > 0);
    (void)json_object_set_new(model, "alignments", alignments);
    (void)json_object_set_new(
        model, "issuer",
        link_to(v->issuer_name,
                credential_url(p->arena, sv_of("", 0), "issuers", v->issuer_public_id)));
    (void)json_object_set_new(model, "badge_page", link_to(badge->name, url));
}

static struct card badge_card(const struct page *p, const struct issue_badge_view *v) {
    struct sv url = credential_url(p->arena, base(p), "badges", v->badge.public_id);
    return (struct card){
        .title = v->badge.name,
        .description = sv_printf(p->arena, "A badge by %.*s. %.*s", SV_ARG(v->issuer_name),
                                 SV_ARG(sv_clip_utf8(v->badge.description, SUMMARY_BYTES_MAX))),
        .url = url,
        .json = sv_printf(p->arena, "%.*s.json", SV_ARG(url)),
        .json_type = "application/ld+json",
        .image = sv_printf(p->arena, "%.*s/preview.png", SV_ARG(url)),
        .image_alt = v->badge.name,
        .is_listed = true};
}

/* Is it real and does it count, now? */
struct verdict {
    const char *state, *word;
    struct sv text;
};

static struct verdict verdict_of(const struct page *p, const struct store_award_page *award) {
    switch (award->state) {
    case MODEL_AWARD_ISSUED:
        break;
    case MODEL_AWARD_REVOKED:
        return (struct verdict){
            "problem", "Revoked",
            sv_printf(p->arena,
                      "The issuer withdrew it on %.*s. Neither it nor any copy of it counts.",
                      SV_ARG(date(p, award->revoked_at)))};
    case MODEL_AWARD_EXPIRED:
        return (struct verdict){
            "problem", "Expired",
            sv_printf(p->arena, "It was valid until %.*s.", SV_ARG(date(p, award->expires_at)))};
    case MODEL_AWARD_SUPERSEDED:
        return (struct verdict){"review", "Replaced",
                                SV("A newer award of this badge has taken its place.")};
    default:
        return (struct verdict){
            "review", "Suspended",
            SV("It does not count at the moment. The issuer restores or revokes it.")};
    }
    if (!award->is_signed) {
        return (struct verdict){
            "review", "Not signed yet",
            SV("The issuer signs it within minutes. Load this page again then.")};
    }
    return (struct verdict){"earned", "Valid",
                            award->expires_at == 0 ? SV("It does not expire.")
                                                   : sv_printf(p->arena, "It is valid until %.*s.",
                                                               SV_ARG(date(p, award->expires_at)))};
}

static void add_verdict(const struct page *p, json_t *model, struct verdict v) {
    json_t *verdict = json_object();
    page_set_text(verdict, "state", sv_from(v.state));
    page_set_text(verdict, "word", sv_from(v.word));
    page_set_text(verdict, "text", v.text);
    page_set_text(verdict, "checked",
                  p->app->options.kept_forms == 0
                      ? SV("checked just now")
                      : sv_printf(p->arena, "as of %.*s", SV_ARG(date(p, p->now))));
    (void)json_object_set_new(model, "verdict", verdict);
}

static struct sv result_words(struct arena *a, const struct credential_result *r) {
    bool is_percent = sv_eq(r->type, SV("Percent"));
    struct sv unit = is_percent ? SV("\u00a0%") : SV("");
    if (r->value.len == 0) {
        return SV("Completed");
    }
    struct sv reached =
        is_percent || r->maximum.len == 0
            ? sv_printf(a, "%.*s%.*s", SV_ARG(r->value), SV_ARG(unit))
            : sv_printf(a, "%.*s of %.*s points", SV_ARG(r->value), SV_ARG(r->maximum));
    return r->required.len == 0 ? reached
                                : sv_printf(a, "%.*s (needed: %.*s%.*s)", SV_ARG(reached),
                                            SV_ARG(r->required), SV_ARG(unit));
}

static void add_shown(const struct page *p, json_t *model, const struct issue_award_view *v) {
    json_t *results = json_array();
    json_t *evidence = json_array();
    for (size_t i = 0; i < v->result_count; i++) {
        json_t *one = json_object();
        page_set_text(one, "label", v->results[i].name);
        page_set_text(one, "value", result_words(p->arena, &v->results[i]));
        (void)json_array_append_new(results, one);
    }
    for (size_t i = 0; i < v->evidence_count; i++) {
        json_t *one = json_object();
        page_set_text(one, "label", v->evidence[i].name);
        page_set_text(one, "value", v->evidence[i].narrative);
        (void)json_array_append_new(evidence, one);
    }
    page_set_bool(model, "has_results", v->result_count > 0);
    page_set_bool(model, "has_evidence", v->evidence_count > 0);
    (void)json_object_set_new(model, "results", results);
    (void)json_object_set_new(model, "evidence", evidence);
}

/* A page that is kept as a file has only files beside it. */
static bool is_offered(const struct page *p, unsigned form) {
    unsigned kept = p->app->options.kept_forms;
    return kept == 0 || form == 0 || (kept & form) != 0;
}

static json_t *check_link(const struct page *p, struct sv url) {
    struct str check;
    if (p->app->options.kept_forms != 0) {
        return json_null();
    }
    str_init(&check, p->arena, 1024);
    str_add_c(&check, "/verify?url=");
    percent_encode(&check, url);
    return link_to(SV("Check it"), str_sv(&check));
}

static void add_checks(const struct page *p, json_t *model, const struct issue_award_view *v,
                       struct sv url) {
    json_t *downloads = json_array();
    json_t *proof = json_null();
    struct sv path = sv_skip(url, base(p).len);
    /* A certificate of what does not count is not printed. */
    bool is_good = v->award.state == MODEL_AWARD_ISSUED &&
                   (v->award.expires_at == 0 || v->award.expires_at > p->now);
    for (size_t i = 0; i < ARRAY_LEN(DOWNLOADS); i++) {
        if ((!is_good && strcmp(DOWNLOADS[i].ending, ".pdf") == 0) ||
            !is_offered(p, DOWNLOADS[i].form)) {
            continue;
        }
        (void)json_array_append_new(
            downloads, link_to(sv_from(DOWNLOADS[i].label),
                               sv_printf(p->arena, "%.*s%s", SV_ARG(path), DOWNLOADS[i].ending)));
    }
    if (v->key_url.len > 0) {
        proof = json_object();
        page_set_text(proof, "did", v->did);
        page_set_text(proof, "fingerprint", v->key_fingerprint);
        (void)json_object_set_new(proof, "key", link_to(v->key_url, v->key_url));
    }
    page_set_text(model, "url", url);
    (void)json_object_set_new(model, "check", check_link(p, url));
    page_set_bool(model, "is_signed", v->award.is_signed);
    (void)json_object_set_new(model, "proof", proof);
    (void)json_object_set_new(model, "downloads", downloads);
}

static void add_award(const struct page *p, json_t *model, const struct issue_award_view *v,
                      struct sv url) {
    char iso[TEXT_TIME_MAX];
    struct sv name = sv_trim(v->award.learner);
    json_t *learner = json_null();
    if (name.len > 0) {
        learner = json_object();
        page_set_text(learner, "name", name);
    }
    const struct page_linkedin linkedin = {.name = v->badge.badge.name,
                                           .organization = v->award.issuer_name,
                                           .issued_at = v->award.issued_at,
                                           .expires_at = v->award.expires_at,
                                           .url = url,
                                           .id = web_arg(p->req, "award"),
                                           .zone = p->zone};
    add_badge(p, model, &v->badge);
    add_verdict(p, model, verdict_of(p, &v->award));
    (void)json_object_set_new(model, "learner", learner);
    page_set_text(model, "awarded", date(p, v->award.issued_at));
    page_set_text(model, "awarded_iso", sv_from(text_date_iso(p->zone, v->award.issued_at, iso)));
    page_set_text(model, "linkedin", page_linkedin_url(p->arena, &linkedin));
    add_shown(p, model, v);
    add_checks(p, model, v, url);
}

static struct card award_card(const struct page *p, const struct issue_award_view *v,
                              struct sv url) {
    struct card card = badge_card(p, &v->badge);
    struct sv name = sv_trim(v->award.learner);
    card.description = sv_printf(
        p->arena, "%s%.*s on %.*s by %.*s. %.*s", name.len > 0 ? "Awarded to " : "Awarded",
        SV_ARG(name), SV_ARG(date(p, v->award.issued_at)), SV_ARG(v->award.issuer_name),
        SV_ARG(sv_clip_utf8(v->badge.badge.description, SUMMARY_BYTES_MAX)));
    card.url = url;
    card.json = sv_printf(p->arena, "%.*s.json", SV_ARG(url));
    card.json_type = "application/vc+ld+json";
    card.is_listed = false; /* who has the link may look; the world need not find it */
    return card;
}

/* Takes the model. Its address answers programs with something else (RFC 9110 12.5.5). */
static bool show(struct page *p, const char *template, json_t *model, enum web_cache cache,
                 struct err *err) {
    if (!web_header_add(p->resp, "Vary", SV("Accept"), err)) {
        json_decref(model);
        return false;
    }
    p->resp->cache = cache;
    return page_render(p, 200, template, model, err);
}

static bool make_award(struct page *p, struct sv id, struct err *err) {
    struct issue_award_view view;
    if (!issue_award_view_get(p->app->issue, id, p->arena, &view, err)) {
        return false;
    }
    page_zone_load(p, view.award.time_zone);
    struct sv url = credential_url(p->arena, base(p), "awards", id);
    json_t *model = page_model(p, view.badge.badge.name);
    struct card card = award_card(p, &view, url);
    add_card(model, &card);
    add_award(p, model, &view, url);
    /* No copy is kept anywhere else: it may be private again. */
    return show(p, "award.html", model, WEB_CACHE_NO_STORE, err);
}

/* The page of an award as it was made a moment ago, if `mark` is still the award's. */
static bool show_kept(struct page *p, struct sv id, struct sv mark, struct err *err) {
    struct sv html = {0};
    if (!page_kept_find(p->app->kept, id, mark, p->now, p->arena, &html)) {
        return false;
    }
    web_html(p->resp, 200);
    p->resp->borrowed = html;
    return web_header_add(p->resp, "X-Robots-Tag", SV("noindex"), err) &&
           web_header_add(p->resp, "Vary", SV("Accept"), err);
}

bool page_award_html(struct page *p, struct err *err) {
    struct sv mark = p->req->known;
    struct sv id = web_arg(p->req, "award");
    if (mark.len == 0 && uuid_is_valid(id) &&
        !store_award_marks(p->app->options.store, &id, 1, p->arena, &mark, err)) {
        return false;
    }
    if (mark.len == 0) {
        return err_because(err, ERR_NOT_FOUND, "public", "there is no such page");
    }
    if (show_kept(p, id, mark, err)) {
        return true;
    }
    if (!web_header_add(p->resp, "X-Robots-Tag", SV("noindex"), err) || !make_award(p, id, err)) {
        return false;
    }
    page_kept_put(p->app->kept, id, mark, p->now, web_response_body(p->resp));
    return true;
}

static struct sv award_asked(const struct web_request *req) {
    return sv_starts(req->path, SV(AWARDS)) ? sv_skip(req->path, strlen(AWARDS)) : sv_of("", 0);
}

bool page_joins(void *ctx, const struct web_request *req) {
    (void)ctx;
    return (req->method & (WEB_GET | WEB_HEAD)) != 0 && uuid_is_valid(award_asked(req)) &&
           web_wants(req, "text/html") == WEB_WANTS_MAX;
}

void page_answer_many(void *ctx, struct web_joined *joined, size_t count) {
    struct page_app *app = ctx;
    struct arena *a = joined[0].req->arena;
    struct sv *ids = ARENA_ARRAY(a, struct sv, count);
    struct sv *marks = ARENA_ARRAY(a, struct sv, count);
    struct err ignored = {0}; /* each asks for itself then, and says why it cannot */
    usec_t now = clock_now(&app->options.clock);
    for (size_t i = 0; i < count; i++) {
        ids[i] = award_asked(joined[i].req);
    }
    if (!store_award_marks(app->options.store, ids, count, a, marks, &ignored)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct page p = {.app = app,
                         .req = joined[i].req,
                         .resp = joined[i].resp,
                         .arena = joined[i].req->arena,
                         .now = now};
        joined[i].is_answered = marks[i].len > 0 && show_kept(&p, ids[i], marks[i], &ignored);
        joined[i].req->known = joined[i].is_answered ? sv_of("", 0) : sv_copy(p.arena, marks[i]);
        atomic_fetch_add(&app->metrics.requests, joined[i].is_answered ? 1 : 0);
    }
}

bool page_badge_html(struct page *p, struct err *err) {
    struct issue_badge_view view;
    if (!issue_badge_view_get(p->app->issue, web_arg(p->req, "badge"), p->arena, &view, err)) {
        return false;
    }
    json_t *model = page_model(p, view.badge.name);
    struct card card = badge_card(p, &view);
    add_card(model, &card);
    add_badge(p, model, &view);
    page_set_bool(model, "is_kept", p->app->options.kept_forms != 0);
    return show(p, "badge_public.html", model, WEB_CACHE_MINUTES, err);
}

static json_t *issuer_badges(const struct page *p, const struct issue_issuer_view *v) {
    json_t *badges = json_array();
    for (size_t i = 0; i < v->badge_count; i++) {
        struct sv url = credential_url(p->arena, sv_of("", 0), "badges", v->badges[i].public_id);
        json_t *one = json_object();
        page_set_text(one, "name", v->badges[i].name);
        page_set_text(one, "description", v->badges[i].description);
        page_set_text(one, "url", url);
        page_set_text(one, "image", sv_printf(p->arena, "%.*s/image.svg", SV_ARG(url)));
        (void)json_array_append_new(badges, one);
    }
    return badges;
}

bool page_issuer_html(struct page *p, struct err *err) {
    struct issue_issuer_view view;
    struct sv id = web_arg(p->req, "issuer");
    if (!issue_issuer_view_get(p->app->issue, id, p->arena, &view, err)) {
        return false;
    }
    const struct model_issuer *issuer = &view.issuer;
    struct sv url = credential_url(p->arena, base(p), "issuers", id);
    const struct card card = {
        .title = issuer->name,
        .description = issuer->description.len > 0
                           ? sv_clip_utf8(issuer->description, SUMMARY_BYTES_MAX)
                           : sv_printf(p->arena, "Badges by %.*s.", SV_ARG(issuer->name)),
        .url = url,
        .json = sv_printf(p->arena, "%.*s.json", SV_ARG(url)),
        .json_type = "application/ld+json",
        .is_listed = true};
    json_t *model = page_model(p, issuer->name);
    add_card(model, &card);
    page_set_text(model, "name", issuer->name);
    page_set_text(model, "description", issuer->description);
    page_set_text(model, "email", issuer->email);
    page_set_bool(model, "has_email", issuer->email.len > 0);
    page_set_text(model, "did", view.did);
    (void)json_object_set_new(model, "site",
                              text_url_is_safe(issuer->url) ? link_to(issuer->url, issuer->url)
                                                            : json_null());
    page_set_bool(model, "has_badges", view.badge_count > 0);
    (void)json_object_set_new(model, "badges", issuer_badges(p, &view));
    return show(p, "issuer.html", model, WEB_CACHE_MINUTES, err);
}
