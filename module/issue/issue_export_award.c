/* Shared awards as files, a lot at a time. */
#include "base_encode.h"
#include "image_bake.h"
#include "image_render.h"
#include "issue_export_walk.h"
#include <pthread.h>
#include <stdatomic.h>

#define DRAWERS_MAX 32

/* A certificate that waits to be drawn. */
struct certificate {
    struct sv path, mark;
    struct image_render job;
    struct sv pdf;
    struct err err;
};

/* The awards of a page, with what their forms are made of. */
struct lot {
    struct arena arena;
    struct store_export_page page;
    struct store_credential_source *sources; /* sorted by id */
    size_t source_count;
    struct certificate certificates[STORE_EXPORT_PAGE];
    size_t certificate_count;
};

static bool is_wanted(const struct issue_walk *w, unsigned form) {
    return (w->options->forms & form) != 0;
}

/* --- pictures --- */

static bool bake_put(const struct issue_walk *w, const struct image_bake *bake, bool is_png,
                     struct sv path, struct arena *a, struct err *err) {
    struct sv bytes = {0};
    bool is_there =
        is_wanted(w, is_png ? ISSUE_EXPORT_PNG : ISSUE_EXPORT_SVG) && (!is_png || w->png.len > 0);
    return !is_there || ((is_png ? image_bake_png(a, w->png, bake, &bytes, err)
                                 : image_bake_svg(a, w->svg, bake, &bytes, err)) &&
                         issue_walk_put(w, path, bytes, err));
}

static bool pictures_put(const struct issue_walk *w, const struct store_export_row *award,
                         struct arena *a, struct err *err) {
    const struct image_bake json = {.form = IMAGE_BAKE_3_JSON, .text = award->json};
    const struct image_bake token = {.form = IMAGE_BAKE_3_JWT, .text = award->token};
    const struct {
        const struct image_bake *bake;
        bool is_png;
        const char *ending;
    } files[] = {{&json, false, ".svg"},
                 {&json, true, ".png"},
                 {&token, false, ".jwt.svg"},
                 {&token, true, ".jwt.png"}};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct sv path = issue_walk_path(a, "awards", award->public_id, files[i].ending);
        if (!bake_put(w, files[i].bake, files[i].is_png, path, a, err)) {
            return false;
        }
    }
    return true;
}

/* --- Open Badges 2.0 --- */

static bool ob2_put(const struct issue_walk *w, const struct store_credential_source *award,
                    struct arena *a, struct err *err) {
    json_t *made = NULL;
    bool is_gone = false;
    struct err why = {0};
    if (!is_wanted(w, ISSUE_EXPORT_OB2) || !w->has_ob2) {
        return true;
    }
    if (!issue_ob2_of(w->issue, award, a, &made, &is_gone, &why)) {
        *err = why;
        return why.code == ERR_NOT_FOUND; /* its learner is not named as 2.0 asks for */
    }
    AUTO_JSON *assertion = made;
    struct sv id = award->public_id;
    const struct image_bake bake = {.form = IMAGE_BAKE_2_JSON,
                                    .text = js_dump(a, assertion),
                                    .url = js_sv(json_object_get(assertion, "id"))};
    if (is_gone) {
        return issue_walk_put(w, issue_walk_path(a, "ob2/gone", id, ""), bake.text, err);
    }
    return issue_walk_put(w, issue_walk_path(a, "ob2/awards", id, ""), bake.text, err) &&
           bake_put(w, &bake, false, issue_walk_path(a, "ob2/awards", id, ".svg"), a, err) &&
           bake_put(w, &bake, true, issue_walk_path(a, "ob2/awards", id, ".png"), a, err);
}

/* --- certificates --- */

/* The sheet is remembered in a comment behind the PDF's end (ISO 32000-1, 7.2.3), so that a later
 * export sees that nothing has changed. */
static struct sv mark_of(struct arena *a, const struct image_render *job) {
    unsigned char sum[32];
    struct sv sheet = sv_printf(a, "%s\n%.*s", job->title, SV_ARG(job->svg));
    sha256(sheet.ptr, sheet.len, sum);
    return sv_printf(a, "%%sheet %.*s\n", SV_ARG(hex_encode(a, sum, sizeof sum)));
}

static bool certificate_add(const struct issue_walk *w, struct lot *lot,
                            const struct store_credential_source *award, struct err *err) {
    struct certificate *c = &lot->certificates[lot->certificate_count];
    struct err why = {0};
    *c = (struct certificate){0};
    if (!is_wanted(w, ISSUE_EXPORT_PDF)) {
        return true;
    }
    if (!w->options->pages.sheet(w->options->pages.ctx, w->institution_id, award, w->options->now,
                                 &lot->arena, &c->job, &why)) {
        *err = why;
        return why.code == ERR_NOT_FOUND;
    }
    c->path = issue_walk_path(&lot->arena, "awards", award->public_id, ".pdf");
    c->mark = mark_of(&lot->arena, &c->job);
    if (w->options->sink.keep(w->options->sink.ctx, c->path, c->mark)) {
        w->out->kept_certificates++;
    } else {
        lot->certificate_count++;
    }
    return true;
}

/* Threads that draw: each takes the next that nobody has taken. */
struct drawers {
    struct lot *lot;
    atomic_size_t next;
};
struct drawer {
    struct drawers *all;
    struct arena arena;
    pthread_t thread;
};

static void *draw(void *ctx) {
    struct drawer *me = ctx;
    struct lot *lot = me->all->lot;
    for (size_t i = 0; (i = atomic_fetch_add(&me->all->next, 1)) < lot->certificate_count;) {
        struct certificate *c = &lot->certificates[i];
        struct sv pdf = {0};
        struct str marked;
        if (image_render(&c->job, &me->arena, &pdf, &c->err)) {
            str_init(&marked, &me->arena, pdf.len + c->mark.len + 1);
            str_add(&marked, pdf);
            str_add(&marked, c->mark);
            c->pdf = str_sv(&marked);
        }
    }
    return NULL;
}

static bool drawn_put(struct issue_walk *w, const struct certificate *c, struct err *err) {
    if (c->err.code == ERR_NONE) {
        w->out->certificates++;
        return issue_walk_put(w, c->path, c->pdf, err);
    }
    w->out->undrawn++;
    *err = c->err;
    return c->err.code == ERR_INPUT; /* the others go on */
}

static bool certificates_put(struct issue_walk *w, struct lot *lot, struct err *err) {
    struct drawers all = {.lot = lot};
    struct drawer drawers[DRAWERS_MAX] = {0};
    size_t count = 0;
    bool is_ok = true;
    while (count < w->options->draws_max && count < DRAWERS_MAX && count < lot->certificate_count) {
        drawers[count].all = &all;
        if (pthread_create(&drawers[count].thread, NULL, draw, &drawers[count]) != 0) {
            break;
        }
        count++;
    }
    if (count == 0) { /* no thread is to be had: this one */
        drawers[0].all = &all;
        (void)draw(&drawers[0]);
    }
    for (size_t i = 0; i < count; i++) {
        (void)pthread_join(drawers[i].thread, NULL);
    }
    for (size_t i = 0; i < lot->certificate_count && is_ok; i++) {
        is_ok = drawn_put(w, &lot->certificates[i], err);
    }
    for (size_t i = 0; i < DRAWERS_MAX; i++) {
        arena_release(&drawers[i].arena);
    }
    return is_ok;
}

/* --- one award, and all --- */

static const struct store_credential_source *source_of(const struct lot *lot, int64_t id) {
    for (size_t i = 0; i < lot->source_count; i++) {
        if (lot->sources[i].award_id == id) {
            return &lot->sources[i];
        }
    }
    return NULL;
}

static bool award_put(struct issue_walk *w, struct lot *lot, const struct store_export_row *award,
                      struct err *err) {
    AUTO_ARENA a = {0};
    struct err why = {0};
    struct sv id = award->public_id;
    const struct store_credential_source *source = source_of(lot, award->id);
    if (award->json.len == 0 || award->token.len == 0) {
        w->out->unsigned_awards++;
        return true;
    }
    if (source == NULL || source->share.shared_at == 0) {
        return true; /* private since a moment ago */
    }
    if (!issue_walk_put_page(w, ISSUE_EXPORT_AWARD_PAGE, issue_walk_path(&a, "awards", id, ".html"),
                             id, &a, &why)) {
        *err = why;
        return why.code == ERR_NOT_FOUND; /* the same */
    }
    w->out->awards++;
    return issue_walk_put(w, issue_walk_path(&a, "awards", id, ".json"), award->json, err) &&
           issue_walk_put(w, issue_walk_path(&a, "awards", id, ".jwt"), award->token, err) &&
           pictures_put(w, award, &a, err) && ob2_put(w, source, &a, err) &&
           certificate_add(w, lot, source, err);
}

static bool lot_put(struct issue_walk *w, struct lot *lot, struct err *err) {
    int64_t ids[STORE_EXPORT_PAGE];
    for (size_t i = 0; i < lot->page.count; i++) {
        ids[i] = lot->page.rows[i].id;
    }
    if (!store_credential_sources(w->issue->store, w->institution_id, ids, lot->page.count,
                                  &lot->arena, &lot->sources, &lot->source_count, err)) {
        return false;
    }
    for (size_t i = 0; i < lot->page.count; i++) {
        if (!award_put(w, lot, &lot->page.rows[i], err)) {
            return false;
        }
    }
    return certificates_put(w, lot, err);
}

bool issue_walk_awards(struct issue_walk *w, int64_t badge_id, struct err *err) {
    struct store_export_query q = {
        .kind = STORE_EXPORT_AWARDS, .institution_id = w->institution_id, .badge_id = badge_id};
    bool is_ok = true;
    for (bool is_more = true; is_more && is_ok;) {
        struct lot lot = {0};
        is_ok = store_export_read(w->issue->store, &q, &lot.arena, &lot.page, err) &&
                (lot.page.count == 0 || lot_put(w, &lot, err));
        is_more = lot.page.count == STORE_EXPORT_PAGE;
        q.after = is_more ? lot.page.rows[STORE_EXPORT_PAGE - 1].id : 0;
        arena_release(&lot.arena);
    }
    return is_ok;
}
