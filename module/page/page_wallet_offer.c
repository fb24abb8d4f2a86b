/* A learner puts a badge of theirs into a wallet: an offer as a QR code, as a link, and the code
 * that goes with it. Nothing here is kept but the offer's id (store_wallet.h). */
#include "credential_wallet.h"
#include "image_qr.h"
#include "page_course.h"
#include "page_share.h"
#include "page_wallet.h"
#include "store_wallet.h"

#define QUIET_ZONE 4     /* squares around a QR code (ISO/IEC 18004) */
#define REFRESH SV("10") /* while a wallet may come */

void page_wallet_add_form(const struct page *p, json_t *model, struct sv badge_id,
                          const struct store_award *award, struct sv demands) {
    json_t *form = json_null();
    if (award != NULL && award->state == MODEL_AWARD_ISSUED) {
        form = json_object();
        page_set_text(form, "action", page_path(p, "badges/%.*s/wallet", SV_ARG(badge_id)));
        page_set_text(form, "csrf", page_csrf(p));
        page_set_text(form, "demands", demands);
    }
    (void)json_object_set_new(model, "wallet", form);
}

struct mine {
    const struct judge_badge *badge;
    const struct store_award *award;
    struct store_wallet_award key;
    struct sv demands; /* of page_demands_words */
};

static bool find_mine(struct page *p, struct mine *out, struct err *err) {
    struct judge_course *course = ARENA_NEW(p->arena, struct judge_course);
    struct judge_person *person = ARENA_NEW(p->arena, struct judge_person);
    if (!page_course_load(p, course, err) ||
        !page_course_badge(course, web_arg(p->req, "badge"), &out->badge, err) ||
        !page_course_self(p, course, person, err)) {
        return false;
    }
    out->award = judge_award(out->badge, person);
    if (out->award == NULL || out->award->state != MODEL_AWARD_ISSUED) {
        return err_because(err, ERR_NOT_FOUND, "award",
                           "you have no such badge that could go into a wallet");
    }
    out->key = (struct store_wallet_award){.institution_id = p->session.institution_id,
                                           .award_id = out->award->id,
                                           .person_id = p->session.person_id};
    return page_demands_words(p, &out->badge->definition, out->award, &out->demands, err);
}

static bool is_open(const struct page *p, const struct store_wallet_offer *offer) {
    return offer->id.len > 0 && offer->used_at == 0 && !offer->is_over &&
           offer->tries < STORE_WALLET_TRIES && offer->expires_at > p->now;
}

static bool add_offer(struct page *p, json_t *model, const struct store_wallet_offer *offer,
                      struct err *err) {
    json_t *out = json_object();
    struct str path;
    int squares = 0;
    struct sv url = sv_printf(p->arena, "%.*s/offers/%.*s", SV_ARG(p->app->options.base_url),
                              SV_ARG(offer->key));
    struct sv link = credential_wallet_offer_link(p->arena, url);
    int64_t minutes = (offer->expires_at - p->now + 59 * USEC_PER_S) / (60 * USEC_PER_S);
    (void)json_object_set_new(model, "offer", out);
    str_init(&path, p->arena, IMAGE_QR_MAX_BYTES);
    if (!image_qr_path(link, &path, &squares, err) || !str_ok(&path, "the QR code", err)) {
        return false;
    }
    page_set_text(out, "link", link);
    page_set_text(out, "qr", str_sv(&path));
    (void)json_object_set_new(out, "box",
                              page_json_textf(p->arena, "-%d -%d %d %d", QUIET_ZONE, QUIET_ZONE,
                                              squares + 2 * QUIET_ZONE, squares + 2 * QUIET_ZONE));
    page_set_bool(out, "has_code", offer->digits.len > 0);
    page_set_text(out, "code", offer->digits);
    page_set_text(out, "good",
                  minutes <= 1 ? SV("for a minute")
                               : sv_printf(p->arena, "for %lld minutes", (long long)minutes));
    return web_header_add(p->resp, "Refresh", REFRESH, err);
}

/* What has become of an offer that is not open any more. */
static bool add_outcome(struct page *p, json_t *model, const struct store_wallet_offer *offer,
                        struct err *err) {
    json_t *out = json_object();
    bool is_delivered = offer->delivered_at != 0;
    bool is_waiting = offer->used_at != 0 && !is_delivered && !offer->is_over;
    page_set_text(out, "kind", is_delivered ? SV("done") : is_waiting ? SV("info") : SV("problem"));
    page_set_text(out, "title",
                  is_delivered ? SV("Your wallet has fetched it")
                  : is_waiting ? SV("A wallet has taken the offer")
                               : SV("This offer is over"));
    page_set_text(out, "text",
                  is_delivered ? SV("The badge stays in the wallet, also when this course is gone.")
                  : is_waiting
                      ? SV("It gets the badge in a moment. This page tells when it has it.")
                  : offer->tries >= STORE_WALLET_TRIES
                      ? SV("The code was wrong five times. Make a new offer below.")
                  : offer->used_at != 0
                      ? SV("A wallet took it, and did not fetch the badge. Make a new offer below.")
                      : SV("No wallet came within ten minutes. Make a new offer below."));
    (void)json_object_set_new(model, "notice", out);
    return !is_waiting || web_header_add(p->resp, "Refresh", REFRESH, err);
}

static json_t *model_of(struct page *p, const struct mine *mine) {
    const struct store_badge *stored = &mine->badge->stored;
    json_t *model = page_model(p, SV("Put it into your wallet"));
    json_t *back = json_object();
    page_add_plain_header(p, model);
    page_set_text(back, "url", page_badge_url(p, stored->public_id));
    page_set_text(back, "label", SV("Back to the badge"));
    (void)json_object_set_new(model, "back", back);
    page_set_text(model, "name", stored->name);
    page_set_text(model, "image", page_badge_image(p, stored->public_id));
    (void)json_object_set_new(model, "notice", json_null());
    (void)json_object_set_new(model, "offer", json_null());
    page_wallet_add_form(p, model, stored->public_id, mine->award, mine->demands);
    return model;
}

bool page_wallet(struct page *p, struct err *err) {
    struct mine mine = {0};
    struct store_wallet_offer offer = {0};
    if (!find_mine(p, &mine, err) ||
        !store_wallet_offer_last(p->app->options.store, &mine.key, p->arena, &offer, err)) {
        return false;
    }
    json_t *model = model_of(p, &mine);
    bool is_good = offer.id.len == 0    ? true
                   : is_open(p, &offer) ? add_offer(p, model, &offer, err)
                                        : add_outcome(p, model, &offer, err);
    if (!is_good) {
        json_decref(model);
        return false;
    }
    return page_render(p, 200, "wallet.html", model, err);
}

bool page_wallet_make(struct page *p, struct err *err) {
    struct mine mine = {0};
    struct web_form form = {0};
    struct sv code = {0};
    return find_mine(p, &mine, err) && web_form(p->req, &form, err) &&
           web_form_one(&form, "code", &code, err) &&
           store_wallet_offer_make(p->app->options.store, &mine.key, code.len > 0, p->now, err) &&
           web_see_other(p->resp,
                         page_path(p, "badges/%.*s/wallet", SV_ARG(mine.badge->stored.public_id)),
                         err);
}
