/* Pictures and certificates: what laurel-render draws for requests, few at a time. */
#include "credential_build.h"
#include "image_render.h"
#include "image_sheet.h"
#include "judge.h"
#include "page_copies.h"

#define WAIT_S 5

/* Whoever finds a picture missing while another draws one waits, and looks again. */
static bool draw_first(struct page *p, struct sv badge_id, struct issue_picture *picture,
                       struct err *err) {
    struct timespec until;
    enum store_picture_kind kind = picture->key.kind;
    (void)clock_gettime(CLOCK_REALTIME, &until); /* ThreadSanitizer knows no lock by another */
    until.tv_sec += WAIT_S;
    if (pthread_mutex_timedlock(&p->app->draw_lock, &until) != 0) {
        return err_because(err, ERR_UPSTREAM, "busy",
                           "many pictures are being drawn at the moment; try again shortly");
    }
    bool is_drawn =
        issue_picture_find(p->app->issue, badge_id, kind, p->arena, picture, err) &&
        (picture->key.bytes.len > 0 || issue_picture_draw(p->app->issue, picture, p->arena, err));
    (void)pthread_mutex_unlock(&p->app->draw_lock);
    return is_drawn;
}

bool page_picture(struct page *p, struct sv badge_id, enum store_picture_kind kind, struct sv *png,
                  struct err *err) {
    struct issue_picture picture;
    if (!issue_picture_find(p->app->issue, badge_id, kind, p->arena, &picture, err)) {
        return false;
    }
    if (picture.key.bytes.len == 0) {
        if (!net_gate_enter(&p->app->draw_gate, err)) {
            return false;
        }
        bool is_drawn = draw_first(p, badge_id, &picture, err);
        net_gate_leave(&p->app->draw_gate);
        if (!is_drawn) {
            return false;
        }
    }
    *png = picture.key.bytes;
    return true;
}

static struct sv day(const struct page *p, const struct text_zone *zone, usec_t at) {
    char text[TEXT_TIME_MAX];
    return at == 0 ? sv_of(NULL, 0) : sv_copy(p->arena, sv_from(text_date(zone, at, text)));
}

static bool sheet(struct page *p, const struct page_certificate *c, struct image_render *job,
                  struct err *err) {
    const struct store_credential_source *award = c->award;
    struct store_certificate words;
    struct model_badge badge;
    const struct text_zone *zone = NULL;
    struct sv art;
    struct str out;
    bool is_shared = award->share.shared_at != 0;
    if (!store_certificate_get(p->app->options.store, c->institution_id, award->award_id, p->arena,
                               &words, err) ||
        !judge_definition_read(p->arena, award->definition, &badge, err) ||
        !text_zone_load(p->arena, TEXT_ZONE_DIR, words.time_zone, &zone, err) ||
        !issue_art(p->app->issue, award->badge_public_id, p->arena, &art, err)) {
        return false;
    }
    const struct image_certificate certificate = {
        .art = art,
        .badge_name = badge.name,
        .issuer_name = words.issuer_name,
        .learner = c->is_named ? words.learner : sv_of(NULL, 0),
        .description = badge.description,
        .issued = day(p, zone, award->issued_at),
        .expires = day(p, zone, award->expires_at),
        /* A private one has no page to lead to. */
        .url = is_shared
                   ? credential_url(p->arena, p->app->options.base_url, "awards", award->public_id)
                   : sv_of(NULL, 0)};
    str_init(&out, p->arena, IMAGE_SHEET_MAX_BYTES);
    if (!image_certificate_draw(&certificate, &out, err)) {
        return false;
    }
    *job = (struct image_render){.is_pdf = true,
                                 .width = IMAGE_CERTIFICATE_WIDTH,
                                 .height = IMAGE_CERTIFICATE_HEIGHT,
                                 .title = sv_c(p->arena, sv_clip_utf8(badge.name, 300)),
                                 .svg = str_sv(&out)};
    return true;
}

bool page_certificate_sheet(struct page *p, const struct page_certificate *certificate,
                            struct image_render *job, struct err *err) {
    enum model_award_state state = certificate->award->state;
    if (state == MODEL_AWARD_REVOKED || state == MODEL_AWARD_SUSPENDED) {
        return err_because(err, ERR_NOT_FOUND, "certificate",
                           "this badge has been %s: there is no certificate of it",
                           state == MODEL_AWARD_REVOKED ? "revoked" : "suspended");
    }
    return sheet(p, certificate, job, err);
}

bool page_certificate(struct page *p, const struct page_certificate *certificate, struct sv *pdf,
                      struct err *err) {
    struct image_render job = {0};
    if (!page_certificate_sheet(p, certificate, &job, err) ||
        !net_gate_enter(&p->app->draw_gate, err)) {
        return false;
    }
    bool is_drawn = image_render(&job, p->arena, pdf, err);
    net_gate_leave(&p->app->draw_gate);
    return is_drawn;
}
