#include "page_copies.h"
#include "image_bake.h"
#include "page_course.h"
#include "page_issued.h"
#include "store_public.h"

static const struct page_copy_form FORMS[] = {
    {"json", "application/vc+ld+json", PAGE_COPY_TEXT, STORE_FORM_JSON, false},
    {"jwt", "application/vc+jwt", PAGE_COPY_TEXT, STORE_FORM_TOKEN, false},
    {"png", "image/png", PAGE_COPY_PNG, STORE_FORM_JSON, false},
    {"svg", "image/svg+xml", PAGE_COPY_SVG, STORE_FORM_JSON, false},
    {"jwt.png", "image/png", PAGE_COPY_PNG, STORE_FORM_TOKEN, false},
    {"jwt.svg", "image/svg+xml", PAGE_COPY_SVG, STORE_FORM_TOKEN, false},
    {"pdf", "application/pdf", PAGE_COPY_PDF, STORE_FORM_JSON, false},
    {"ob2.png", "image/png", PAGE_COPY_PNG, STORE_FORM_JSON, true},
    {"ob2.svg", "image/svg+xml", PAGE_COPY_SVG, STORE_FORM_JSON, true}};

const struct page_copy_form *page_copy_form(struct sv name) {
    for (size_t i = 0; i < ARRAY_LEN(FORMS); i++) {
        if (sv_eq(name, sv_from(FORMS[i].name))) {
            return &FORMS[i];
        }
    }
    return NULL;
}

static bool gone(struct err *err) {
    return err_because(err, ERR_NOT_FOUND, "public", "there is no such page");
}

static bool bake_of_ob2(struct page *p, struct sv award_id, struct image_bake *out,
                        struct err *err) {
    json_t *made = NULL;
    bool is_gone = false;
    if (!issue_ob2_assertion(p->app->issue, award_id, p->arena, &made, &is_gone, err)) {
        return false;
    }
    AUTO_JSON *assertion = made;
    *out = (struct image_bake){.form = IMAGE_BAKE_2_JSON,
                               .text = js_dump(p->arena, assertion),
                               .url = sv_copy(p->arena, js_sv(json_object_get(assertion, "id")))};
    return !is_gone || gone(err);
}

static bool text_of(struct page *p, const struct page_copy *copy, struct sv *out, struct err *err) {
    struct store_credential_public signed_one = {0};
    if (!store_credential_get(p->app->options.store, copy->institution_id, copy->award_id,
                              copy->form->text, p->arena, &signed_one, err)) {
        return false;
    }
    *out = signed_one.body;
    return out->len > 0 || gone(err);
}

static bool bake(struct page *p, const struct page_copy *copy,
                 const struct store_credential_source *award, struct sv *bytes, struct err *err) {
    struct image_bake what = {.form = copy->form->text == STORE_FORM_JSON ? IMAGE_BAKE_3_JSON
                                                                          : IMAGE_BAKE_3_JWT};
    struct sv picture = {0};
    if (copy->form->is_ob2 ? !bake_of_ob2(p, award->public_id, &what, err)
                           : !text_of(p, copy, &what.text, err)) {
        return false;
    }
    return copy->form->carrier == PAGE_COPY_PNG
               ? page_picture(p, award->badge_public_id, STORE_PICTURE_BADGE, &picture, err) &&
                     image_bake_png(p->arena, picture, &what, bytes, err)
               : issue_art(p->app->issue, award->badge_public_id, p->arena, &picture, err) &&
                     image_bake_svg(p->arena, picture, &what, bytes, err);
}

bool page_copy_make(struct page *p, const struct page_copy *copy, struct sv *bytes,
                    struct err *err) {
    struct store_credential_source award = {0};
    if (copy->form->carrier == PAGE_COPY_TEXT) {
        return text_of(p, copy, bytes, err);
    }
    if (!issue_award_source(p->app->issue, copy->institution_id, copy->award_id, p->arena, &award,
                            err)) {
        return false;
    }
    const struct page_certificate certificate = {.institution_id = copy->institution_id,
                                                 .award = &award,
                                                 .is_named =
                                                     copy->is_own || award.share.shows_name};
    return copy->form->carrier == PAGE_COPY_PDF ? page_certificate(p, &certificate, bytes, err)
                                                : bake(p, copy, &award, bytes, err);
}

static bool answer_public(struct page *p, const struct page_copy_form *form, struct err *err) {
    struct store_credential_public award = {0};
    struct page_copy copy = {.form = form};
    struct sv bytes;
    if (!issue_award_find(p->app->issue, web_arg(p->req, "award"), p->arena, &copy.institution_id,
                          &award, err)) {
        return false;
    }
    copy.award_id = award.award_id;
    return page_copy_make(p, &copy, &bytes, err) &&
           web_header_add(p->resp, "X-Robots-Tag", SV("noindex"), err) &&
           /* Asked for again each time: it may be private again. */
           page_issued_answer(p, form->type, bytes, WEB_CACHE_REVALIDATE, err);
}

/* What follows the id in the address. */
static struct sv ending_of(const struct page *p) {
    struct sv rest = p->req->path;
    struct sv folder;
    while (sv_cut(rest, '/', &folder, &rest)) {
    }
    return sv_skip(folder, sv_find(folder, '.') + 1);
}

bool page_award_file(struct page *p, struct err *err) {
    const struct page_copy_form *form = page_copy_form(ending_of(p));
    return form == NULL ? gone(err) : answer_public(p, form, err);
}

bool page_badge_png(struct page *p, struct err *err) {
    struct sv png;
    enum store_picture_kind kind =
        sv_ends(p->req->path, SV("/preview.png")) ? STORE_PICTURE_PREVIEW : STORE_PICTURE_BADGE;
    return page_picture(p, web_arg(p->req, "badge"), kind, &png, err) &&
           page_issued_answer(p, "image/png", png, WEB_CACHE_MINUTES, err);
}

/* --- Open Badges 2.0 --- */

static const char *type_of(const struct page *p) {
    return !web_prefers(p->req, "application/ld+json") && web_prefers(p->req, "application/json")
               ? "application/json"
               : "application/ld+json";
}

static bool answer_ob2(struct page *p, json_t *made, bool is_gone, enum web_cache cache,
                       struct err *err) {
    AUTO_JSON *document = made;
    if (!page_issued_answer(p, type_of(p), js_dump(p->arena, document), cache, err)) {
        return false;
    }
    p->resp->status = is_gone ? 410 : p->resp->status;
    return true;
}

bool page_ob2_award(struct page *p, struct err *err) {
    json_t *made = NULL;
    bool is_gone = false;
    return issue_ob2_assertion(p->app->issue, web_arg(p->req, "award"), p->arena, &made, &is_gone,
                               err) &&
           answer_ob2(p, made, is_gone, is_gone ? WEB_CACHE_NO_STORE : WEB_CACHE_REVALIDATE, err) &&
           web_header_add(p->resp, "X-Robots-Tag", SV("noindex"), err);
}

bool page_ob2_award_file(struct page *p, struct err *err) {
    const struct page_copy_form *form =
        page_copy_form(sv_ends(p->req->path, SV(".png")) ? SV("ob2.png") : SV("ob2.svg"));
    return answer_public(p, form, err);
}

bool page_ob2_badge(struct page *p, struct err *err) {
    json_t *made = NULL;
    return issue_ob2_badge(p->app->issue, web_arg(p->req, "badge"), p->arena, &made, err) &&
           answer_ob2(p, made, false, WEB_CACHE_MINUTES, err);
}

bool page_ob2_issuer(struct page *p, struct err *err) {
    json_t *made = NULL;
    return issue_ob2_issuer(p->app->issue, web_arg(p->req, "issuer"), p->arena, &made, err) &&
           answer_ob2(p, made, false, WEB_CACHE_MINUTES, err);
}

/* --- a learner's own --- */

static bool hand_over(struct page *p, const char *type, struct sv bytes, struct sv filename,
                      struct err *err) {
    web_bytes(p->resp, 200, type, bytes);
    return web_attachment(p->resp, filename, err);
}

/* The latest of a badge. */
static bool find_own(struct page *p, struct sv badge_id, struct store_mine *out, struct err *err) {
    struct store_mine *found = NULL;
    size_t count = 0;
    bool is_more = false;
    if (!store_mine_list(p->app->options.store, p->session.institution_id, p->session.person_id,
                         badge_id, p->arena, &found, &count, &is_more, err)) {
        return false;
    }
    if (count == 0) {
        return err_because(err, ERR_NOT_FOUND, "award",
                           "you do not have this badge yet, or it is being signed right now: then "
                           "try again in a minute");
    }
    *out = found[0];
    return true;
}

static bool hand_over_archive(struct page *p, struct sv badge_id, struct sv name, struct err *err) {
    struct sv zip = {0};
    return page_archive(p, badge_id, &zip, err) &&
           hand_over(p, "application/zip", zip, sv_printf(p->arena, "%.*s.zip", SV_ARG(name)), err);
}

bool page_download(struct page *p, struct err *err) {
    struct store_mine own = {0};
    struct sv name = web_arg(p->req, "form");
    const struct page_copy_form *form = page_copy_form(name);
    struct sv bytes;
    bool is_archive = sv_eq(name, SV("zip"));
    if (form == NULL && !is_archive) {
        return gone(err);
    }
    if (!find_own(p, web_arg(p->req, "badge"), &own, err)) {
        return false;
    }
    if (is_archive) {
        return hand_over_archive(p, own.badge_public_id, own.badge_key, err);
    }
    const struct page_copy copy = {.institution_id = p->session.institution_id,
                                   .award_id = own.award_id,
                                   .form = form,
                                   .is_own = true};
    return page_copy_make(p, &copy, &bytes, err) &&
           hand_over(p, form->type, bytes,
                     sv_printf(p->arena, "%.*s.%s", SV_ARG(own.badge_key), form->name), err);
}

bool page_download_all(struct page *p, struct err *err) {
    return hand_over_archive(p, sv_of(NULL, 0), SV("laurel-badges"), err);
}

static void add_form(const struct page *p, json_t *list, const struct store_mine *own,
                     const char *form, const char *label, const char *what) {
    json_t *one = json_object();
    page_set_text(one, "label", sv_from(label));
    page_set_text(one, "what", sv_from(what));
    page_set_text(one, "url",
                  page_path(p, "badges/%.*s/download/%s", SV_ARG(own->badge_public_id), form));
    (void)json_array_append_new(list, one);
}

static json_t *copies_of(const struct page *p, const struct store_mine *own) {
    json_t *list = json_array();
    bool is_valid = own->state != MODEL_AWARD_REVOKED && own->state != MODEL_AWARD_SUSPENDED;
    bool is_shared = own->shared_at != 0;
    add_form(p, list, own, "png", "Picture (PNG)",
             "The badge as a picture with its proof inside. Programs that collect badges read it.");
    if (is_valid) {
        add_form(p, list, own, "pdf", "Certificate (PDF)",
                 is_shared ? "To print, with your name and a code that leads to the public page."
                           : "To print, with your name. Share the badge first if it should lead to "
                             "a page where others can check it.");
    }
    add_form(p, list, own, "svg", "Drawing (SVG)", "The same picture, sharp at any size.");
    add_form(p, list, own, "json", "Credential (JSON)",
             "The signed text itself, as Open Badges 3.0.");
    add_form(p, list, own, "jwt", "Credential (JWT)", "The same as a signed token.");
    if (is_valid && is_shared && own->is_named_by_email && own->issuer_has_email) {
        add_form(p, list, own, "ob2.png", "Picture for older collections (Open Badges 2.0)",
                 "It works only as long as you share this badge: older programs look it up here "
                 "each time.");
    }
    add_form(p, list, own, "zip", "Everything (ZIP)",
             "All of these, with what it takes to check them without the internet.");
    return list;
}

bool page_add_copies(struct page *p, json_t *model, struct sv badge_id, struct sv demands,
                     struct err *err) {
    struct store_mine own = {0};
    struct err why = {0};
    json_t *copies = json_null();
    if (find_own(p, badge_id, &own, &why)) {
        copies = json_object();
        (void)json_object_set_new(copies, "forms", copies_of(p, &own));
        page_set_text(copies, "demands", demands);
        page_set_text(copies, "all", page_path(p, "download/badges.zip"));
        page_set_bool(copies, "has_older_note",
                      own.issuer_has_email && (own.shared_at == 0 || !own.is_named_by_email));
    } else if (why.code != ERR_NOT_FOUND) {
        *err = why;
        return false;
    }
    (void)json_object_set_new(model, "copies", copies);
    return true;
}
