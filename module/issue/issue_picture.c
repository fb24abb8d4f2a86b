/* Badges' pictures: drawn once, kept beside the badge. */
#include "badge_file.h"
#include "base_encode.h"
#include "image_badge.h"
#include "image_own.h"
#include "image_render.h"
#include "image_sheet.h"
#include "issue_copy.h"
#include "issue_internal.h"
#include "store_badge.h"
#include "store_public.h"

static bool find(struct issue *issue, struct sv badge_id, struct arena *a,
                 struct store_public *found, struct store_badge *badge, struct err *err) {
    return store_public_find(issue->store, badge_id, STORE_PUBLIC_BADGE, a, found, err) &&
           store_badge_get(issue->store, found->institution_id, badge_id, a, badge, err);
}

static bool draw_art(const struct store_badge *badge, struct arena *a, struct sv *svg,
                     struct err *err) {
    const struct image_badge art = {.key = badge->key, .name = badge->name};
    struct str out;
    str_init(&out, a, IMAGE_BADGE_MAX_BYTES);
    if (!image_badge_draw(&art, &out, err) || !str_ok(&out, "the badge's drawing", err)) {
        return false;
    }
    *svg = str_sv(&out);
    return true;
}

/* The name of the picture that came with its file; empty: none did. */
static bool own_name(const struct store_badge *badge, struct arena *a, struct sv *out,
                     struct err *err) {
    json_t *parsed = NULL;
    if (!js_parse(badge->definition, BADGE_FILE_BYTES_MAX, "a definition", &parsed, err)) {
        return false;
    }
    AUTO_JSON *definition = parsed;
    *out = sv_copy(a, js_sv(json_object_get(definition, "image")));
    return true;
}

bool issue_badge_art(struct issue *issue, int64_t institution_id, const struct store_badge *badge,
                     struct arena *a, struct sv *svg, struct err *err) {
    struct sv name = {0};
    struct store_badge_image image = {0};
    if (!own_name(badge, a, &name, err) ||
        (name.len > 0 &&
         !store_badge_image_get(issue->store, institution_id, badge->id, name, a, &image, err))) {
        return false;
    }
    const struct image_own own = {.kind = (enum image_own_kind)image.kind, .bytes = image.bytes};
    return own.bytes.len > 0 ? image_own_draw(a, &own, svg, err) : draw_art(badge, a, svg, err);
}

static bool draw_preview(const struct store_badge *badge, struct sv art, struct arena *a,
                         struct sv *svg, struct err *err) {
    const struct image_preview preview = {
        .art = art, .badge_name = badge->name, .issuer_name = badge->issuer_name};
    struct str out;
    str_init(&out, a, IMAGE_SHEET_MAX_BYTES);
    if (!image_preview_draw(&preview, &out, err)) {
        return false;
    }
    *svg = str_sv(&out);
    return true;
}

bool issue_art(struct issue *issue, struct sv badge_id, struct arena *a, struct sv *svg,
               struct err *err) {
    struct store_public found;
    struct store_badge badge;
    return find(issue, badge_id, a, &found, &badge, err) &&
           issue_badge_art(issue, found.institution_id, &badge, a, svg, err);
}

bool issue_picture_find(struct issue *issue, struct sv badge_id, enum store_picture_kind kind,
                        struct arena *a, struct issue_picture *out, struct err *err) {
    struct store_public found;
    struct store_badge badge;
    unsigned char sum[32];
    if (!find(issue, badge_id, a, &found, &badge, err) ||
        !issue_badge_art(issue, found.institution_id, &badge, a, &out->svg, err) ||
        (kind == STORE_PICTURE_PREVIEW && !draw_preview(&badge, out->svg, a, &out->svg, err))) {
        return false;
    }
    sha256(out->svg.ptr, out->svg.len, sum);
    out->key = (struct store_picture){.institution_id = found.institution_id,
                                      .badge_id = badge.id,
                                      .kind = kind,
                                      .digest = sv_copy(a, sv_of((const char *)sum, sizeof sum))};
    return store_picture_get(issue->store, &out->key, a, &out->key.bytes, err);
}

bool issue_picture_draw(struct issue *issue, struct issue_picture *picture, struct arena *a,
                        struct err *err) {
    bool is_preview = picture->key.kind == STORE_PICTURE_PREVIEW;
    const struct image_render job = {.width = is_preview ? IMAGE_PREVIEW_WIDTH : ISSUE_PICTURE_SIDE,
                                     .height =
                                         is_preview ? IMAGE_PREVIEW_HEIGHT : ISSUE_PICTURE_SIDE,
                                     .svg = picture->svg};
    return image_render(&job, a, &picture->key.bytes, err) &&
           store_picture_save(issue->store, &picture->key, err);
}
