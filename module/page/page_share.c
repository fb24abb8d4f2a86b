/* What a learner shows of an earned badge (DESIGN 7, "Learner data"). Only they decide: the award
 * is looked up as theirs here, and the store asks again whose it is. */
#include "page_share.h"
#include "credential_build.h"
#include "page_shared.h"

#define SIGN_ATTEMPTS 5

static const struct {
    const char *value, *label, *text;
} IDENTITIES[] = {
    [MODEL_IDENTITY_NONE] = {"none", "Nobody’s name",
                             "The file proves that the badge was awarded, not to whom."},
    [MODEL_IDENTITY_EMAIL] = {"email", "My e-mail address, hidden",
                              "Nobody can read it there; who knows the address can check that the "
                              "badge is yours."},
    [MODEL_IDENTITY_LTI] = {"lti", "My account at the learning platform, hidden",
                            "Only which platform it is can be read there; the platform can check "
                            "that the badge is yours."},
    [MODEL_IDENTITY_DID] = {"wallet", "My wallet",
                            "The badge is bound to the wallet that you took it to."},
};

/* An award may be shown while it counts; what is shown already may be hidden for ever. */
static bool is_sharable(const struct store_award *award) {
    return award != NULL && award->issued_at != 0 &&
           (award->state == MODEL_AWARD_ISSUED || award->shared_at != 0);
}

struct choice {
    const char *name, *label;
    struct sv text;
    bool is_checked;
    bool is_demanded; /* by the badge */
    bool is_told;     /* when it was shared last */
};

static void add_choice(json_t *list, const struct choice *c, bool is_shared) {
    json_t *one = json_object();
    struct sv text = c->text;
    if (c->is_demanded) {
        text = !is_shared || c->is_told || c->is_checked
                   ? SV("This badge demands it: it is shown whenever you share the badge.")
                   : SV("This badge demands it since you shared it. It is not shown yet; when you "
                        "save this, it is.");
    }
    page_set_text(one, "name", sv_from(c->name));
    page_set_text(one, "label", sv_from(c->label));
    page_set_text(one, "text", text);
    page_set_bool(one, "is_checked", c->is_checked || c->is_demanded);
    page_set_bool(one, "is_demanded", c->is_demanded);
    (void)json_array_append_new(list, one);
}

static json_t *shown_model(struct arena *a, const struct model_badge *badge,
                           const struct model_share *share, const struct store_share_owner *owner) {
    json_t *list = json_array();
    bool is_shared = share->shared_at != 0;
    struct sv name = sv_trim(owner->name);
    if (name.len > 0 || share->shows_name) {
        const struct choice named = {
            .name = "name",
            .label = "My name",
            .text = name.len == 0
                        ? SV("The learning platform does not tell it any more.")
                        : sv_printf(a, "The page says “%.*s”. The signed file never does.",
                                    SV_ARG(name)),
            .is_checked = share->shows_name};
        add_choice(list, &named, is_shared);
    }
    const struct choice results = {
        .name = "results",
        .label = "My results",
        .text = SV("What you reached in each thing that the badge asks for."),
        .is_checked = share->shows_results,
        .is_demanded = badge->demands_results,
        .is_told = share->told_results};
    const struct choice evidence = {
        .name = "evidence",
        .label = "Evidence",
        .text = SV("What a teacher wrote down when they confirmed something for this badge."),
        .is_checked = share->shows_evidence,
        .is_demanded = badge->demands_evidence,
        .is_told = share->told_evidence};
    add_choice(list, &results, is_shared);
    add_choice(list, &evidence, is_shared);
    return list;
}

/* What the form says that the badge demands, for when it comes back. */
static struct sv demanded(const struct model_badge *badge) {
    return badge->demands_results && badge->demands_evidence ? SV("results,evidence")
           : badge->demands_results                          ? SV("results")
           : badge->demands_evidence                         ? SV("evidence")
                                                             : SV("none");
}

bool page_demands_words(struct page *p, const struct model_badge *badge,
                        const struct store_award *award, struct sv *out, struct err *err) {
    struct model_share share = {0};
    *out = SV("");
    if (award == NULL || !(badge->demands_results || badge->demands_evidence)) {
        return true;
    }
    if (!store_share_get(p->app->options.store, p->session.institution_id, award->id, p->arena,
                         &share, err)) {
        return false;
    }
    bool is_private = share.shared_at == 0;
    bool has_results = badge->demands_results && (is_private || share.told_results);
    bool has_evidence = badge->demands_evidence && (is_private || share.told_evidence);
    if (has_results || has_evidence) {
        *out = sv_printf(p->arena, "Your %s in it: this badge demands it.",
                         has_results && has_evidence ? "results and evidence are"
                         : has_results               ? "results are"
                                                     : "evidence is");
    }
    return true;
}

static json_t *identities_model(const struct model_share *share,
                                const struct store_share_owner *owner) {
    json_t *list = json_array();
    for (size_t i = 0; i < ARRAY_LEN(IDENTITIES); i++) {
        bool is_checked = share->identity == (enum model_identity)i;
        if (!is_checked &&
            ((i == MODEL_IDENTITY_EMAIL && owner->email.len == 0) || i == MODEL_IDENTITY_DID)) {
            continue; /* nothing is known that could be named */
        }
        json_t *one = json_object();
        page_set_text(one, "value", sv_from(IDENTITIES[i].value));
        page_set_text(one, "label", sv_from(IDENTITIES[i].label));
        page_set_text(one, "text", sv_from(IDENTITIES[i].text));
        page_set_bool(one, "is_checked", is_checked);
        (void)json_array_append_new(list, one);
    }
    return list;
}

static json_t *public_model(const struct page *p, const struct page_standing *s) {
    json_t *public = json_object();
    struct sv url =
        credential_url(p->arena, p->app->options.base_url, "awards", s->award->public_id);
    const struct page_linkedin linkedin = {.name = s->badge->stored.name,
                                           .organization = s->badge->stored.issuer_name,
                                           .issued_at = s->award->issued_at,
                                           .expires_at = s->award->expires_at,
                                           .url = url,
                                           .id = s->award->public_id,
                                           .zone = p->zone};
    page_set_text(public, "url", url);
    page_set_text(public, "linkedin", page_linkedin_url(p->arena, &linkedin));
    return public;
}

static json_t *share_model(const struct page *p, const struct page_standing *s,
                           const struct model_share *share, const struct store_share_owner *owner) {
    json_t *model = json_object();
    bool is_shared = share->shared_at != 0;
    page_set_text(model, "icon", is_shared ? SV("earned") : SV("person"));
    page_set_text(
        model, "word",
        is_shared ? sv_printf(p->arena, "Shared since %.*s", SV_ARG(page_date(p, share->shared_at)))
                  : SV("Private"));
    page_set_text(model, "text",
                  is_shared ? SV("Whoever has this link sees the badge, and what you chose below.")
                            : SV("Only you and the staff of your school see it. Share it to get a "
                                 "link that you can show to anybody."));
    page_set_text(model, "note",
                  s->award->state == MODEL_AWARD_ISSUED
                      ? SV("")
                      : SV("The badge does not count at the moment, and its page says so."));
    page_set_text(model, "action",
                  page_path(p, "badges/%.*s/share", SV_ARG(s->badge->stored.public_id)));
    page_set_text(model, "csrf", page_csrf(p));
    page_set_text(model, "demands", demanded(&s->badge->definition));
    page_set_text(model, "button", is_shared ? SV("Save") : SV("Share this badge"));
    (void)json_object_set_new(model, "public", is_shared ? public_model(p, s) : json_null());
    (void)json_object_set_new(model, "shown",
                              shown_model(p->arena, &s->badge->definition, share, owner));
    (void)json_object_set_new(model, "identities", identities_model(share, owner));
    return model;
}

bool page_share_add(struct page *p, json_t *model, const struct page_standing *s, struct err *err) {
    struct store *store = p->app->options.store;
    struct model_share share = {0};
    struct store_share_owner owner = {0};
    if (!is_sharable(s->award)) {
        return true;
    }
    if (!store_share_get(store, p->session.institution_id, s->award->id, p->arena, &share, err) ||
        !store_share_owner(store, p->session.institution_id, s->award->id, p->arena, &owner, err)) {
        return false;
    }
    (void)json_object_set_new(model, "share", share_model(p, s, &share, &owner));
    return true;
}

/* The award of who asks, as a learner of this course. */
static bool find_own(struct page *p, struct sv badge_id, const struct store_award **out,
                     const struct model_badge **definition, struct err *err) {
    struct judge_course course = {0};
    struct judge_person person = {0};
    const struct judge_badge *badge = NULL;
    if (!page_course_load(p, &course, err) || !page_course_badge(&course, badge_id, &badge, err) ||
        !page_course_self(p, &course, &person, err)) {
        return false;
    }
    *out = page_standing(badge, &person, p->arena).award;
    *definition = &badge->definition;
    return is_sharable(*out) ||
           err_because(err, ERR_NOT_FOUND, "award", "you have not earned this badge");
}

static bool read_identity(struct sv value, enum model_identity *out, struct err *err) {
    for (size_t i = 0; i < ARRAY_LEN(IDENTITIES); i++) {
        if (sv_eq(value, sv_from(IDENTITIES[i].value))) {
            *out = (enum model_identity)i;
            return true;
        }
    }
    return err_because(err, ERR_INPUT, "identity",
                       "choose whose name the signed file carries, or nobody's");
}

/* What was said to be demanded must be what is: nothing is shown that nobody was told of. */
static bool demands_check(const struct model_badge *badge, struct sv said, struct err *err) {
    return said.len == 0 || sv_eq(said, demanded(badge)) ||
           err_because(err, ERR_CONFLICT, "demands",
                       "what this badge demands to be shown has changed meanwhile; load the page "
                       "again and look what it says");
}

static bool read_form(struct page *p, const struct model_badge *badge,
                      const struct model_share *was, struct issue_choice *c, struct err *err) {
    struct web_form form = {0};
    struct sv what = {0};
    struct sv identity = {0};
    struct sv name = {0};
    struct sv results = {0};
    struct sv evidence = {0};
    struct sv demands = {0};
    if (!web_form_upload(p->req, &form, err) || !web_form_one(&form, "do", &what, err) ||
        !web_form_one(&form, "identity", &identity, err) ||
        !web_form_one(&form, "name", &name, err) ||
        !web_form_one(&form, "results", &results, err) ||
        !web_form_one(&form, "evidence", &evidence, err) ||
        !web_form_one(&form, "demands", &demands, err)) {
        return false;
    }
    if (sv_eq(what, SV("stop"))) { /* the choices stay for the next time */
        return true;
    }
    if (!sv_eq(what, SV("share"))) {
        return err_because(err, ERR_INPUT, "do", "choose to share the badge or to stop sharing it");
    }
    c->is_shared = true;
    c->shows_name = sv_eq(name, SV("1"));
    c->told_results = badge->demands_results;
    c->told_evidence = badge->demands_evidence;
    /* Where there was no choice, the one of before stays for when there is. */
    c->shows_results = badge->demands_results ? was->shows_results : sv_eq(results, SV("1"));
    c->shows_evidence = badge->demands_evidence ? was->shows_evidence : sv_eq(evidence, SV("1"));
    return demands_check(badge, demands, err) && read_identity(identity, &c->identity, err) &&
           (c->identity != MODEL_IDENTITY_DID || was->did.len > 0 ||
            err_because(err, ERR_INPUT, "did", "take the badge to a wallet first"));
}

/* At once, not by the job that the change has added: what somebody hides now is not shown until a
 * worker comes by. The worker may be at it already; then there is nothing left to do. */
static bool sign_now(struct page *p, int64_t award_id, struct err *err) {
    for (int attempt = 0; attempt < SIGN_ATTEMPTS; attempt++) {
        struct issue_signed done;
        *err = (struct err){0};
        if (issue_sign(p->app->issue, p->session.institution_id, &award_id, 1, p->now, &done,
                       err)) {
            return true;
        }
        if (err->retry != ERR_RETRY_LATER) {
            return false;
        }
    }
    return false;
}

bool page_share(struct page *p, struct err *err) {
    const struct store_award *award = NULL;
    const struct model_badge *badge = NULL;
    struct model_share was = {0};
    struct store_share_owner owner = {0};
    struct store *store = p->app->options.store;
    int64_t institution_id = p->session.institution_id;
    struct sv badge_id = web_arg(p->req, "badge");
    if (!find_own(p, badge_id, &award, &badge, err) ||
        !store_share_get(store, institution_id, award->id, p->arena, &was, err) ||
        !store_share_owner(store, institution_id, award->id, p->arena, &owner, err)) {
        return false;
    }
    bool has_lost_email = was.identity == MODEL_IDENTITY_EMAIL && owner.email.len == 0;
    struct issue_choice choice = {.institution_id = institution_id,
                                  .award_id = award->id,
                                  .person_id = p->session.person_id,
                                  .identity = has_lost_email ? MODEL_IDENTITY_NONE : was.identity,
                                  .did = was.did,
                                  .shows_name = was.shows_name,
                                  .shows_results = was.shows_results,
                                  .shows_evidence = was.shows_evidence};
    return read_form(p, badge, &was, &choice, err) &&
           issue_share_set(p->app->issue, &choice, p->now, err) && sign_now(p, award->id, err) &&
           web_see_other(p->resp,
                         sv_printf(p->arena, "%.*s?done=%s", SV_ARG(page_badge_url(p, badge_id)),
                                   choice.is_shared ? "shared" : "unshared"),
                         err);
}
