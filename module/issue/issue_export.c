/* All that is published, as files. */
#include "issue_export.h"
#include "base_blob.h"
#include "base_encode.h"
#include "image_badge.h"
#include "image_bake.h"
#include "issue_internal.h"
#include "store_export.h"
#include <string.h>

extern const struct blob blob_export[];
extern const size_t blob_export_count;

#define FILE_BYTES_MAX ((size_t)1 << 20)

struct walk {
    struct issue *issue;
    const struct issue_export *options;
    struct issue_exported *out;
    int64_t institution_id;
    struct sv svg; /* picture of the badge at hand */
    json_t *keys;  /* of all issuers */
};

static bool put(const struct walk *w, struct sv path, struct sv also, struct sv body,
                struct err *err) {
    const struct issue_file file = {.path = path, .also = also, .body = body};
    return w->options->sink.put(w->options->sink.ctx, &file, err);
}

static bool put_json(const struct walk *w, struct sv path, struct arena *a, json_t *document,
                     struct err *err) {
    AUTO_JSON *owned = document;
    return put(w, path, sv_of(NULL, 0), js_dump(a, owned), err);
}

static struct sv path_of(struct arena *a, const char *folder, struct sv id, const char *ending) {
    return sv_printf(a, "%s/%.*s%s", folder, SV_ARG(id), ending);
}

/* A visitor of one row; the arena is that of its page. */
typedef bool visit(struct walk *w, const struct store_export_row *row, struct arena *a,
                   struct err *err);

static bool walk_pages(struct walk *w, struct store_export_query q, visit *each, struct err *err) {
    struct store_export_page page = {.count = STORE_EXPORT_PAGE};
    while (page.count == STORE_EXPORT_PAGE) {
        AUTO_ARENA a = {0};
        if (!store_export_read(w->issue->store, &q, &a, &page, err)) {
            return false;
        }
        for (size_t i = 0; i < page.count; i++) {
            if (!each(w, &page.rows[i], &a, err)) {
                return false;
            }
            q.after = page.rows[i].id;
        }
    }
    return true;
}

static bool walk_kind(struct walk *w, enum store_export_kind kind, visit *each, struct err *err) {
    return walk_pages(
        w, (struct store_export_query){.kind = kind, .institution_id = w->institution_id}, each,
        err);
}

static bool picture(const struct store_export_row *badge, struct arena *a, struct sv *out,
                    struct err *err) {
    struct str svg;
    const struct image_badge art = {.key = badge->key, .name = badge->name};
    str_init(&svg, a, IMAGE_BADGE_MAX_BYTES);
    if (!image_badge_draw(&art, &svg, err)) {
        return false;
    }
    *out = str_sv(&svg);
    return str_ok(&svg, "the badge's drawing", err);
}

static bool award_put(struct walk *w, const struct store_export_row *award, struct arena *a,
                      struct err *err) {
    struct sv id = award->public_id;
    struct sv baked;
    const struct image_bake bake = {.form = IMAGE_BAKE_3_JSON, .text = award->json};
    if (award->json.len == 0 || award->token.len == 0) {
        w->out->unsigned_awards++;
        return true;
    }
    w->out->awards++;
    return put(w, path_of(a, "awards", id, ""), path_of(a, "awards", id, ".json"), award->json,
               err) &&
           put(w, path_of(a, "awards", id, ".jwt"), sv_of(NULL, 0), award->token, err) &&
           image_bake_svg(a, w->svg, &bake, &baked, err) &&
           put(w, path_of(a, "awards", id, ".svg"), sv_of(NULL, 0), baked, err);
}

static bool badge_put(struct walk *w, const struct store_export_row *badge, struct arena *a,
                      struct err *err) {
    json_t *document = NULL;
    struct err why = {0};
    const struct store_export_query awards = {
        .kind = STORE_EXPORT_AWARDS, .institution_id = w->institution_id, .badge_id = badge->id};
    if (!picture(badge, a, &w->svg, err) || !walk_pages(w, awards, award_put, err) ||
        !put(w, path_of(a, "badges", badge->public_id, "/image.svg"), sv_of(NULL, 0), w->svg,
             err)) {
        return false;
    }
    if (!issue_badge_document(w->issue, badge->public_id, a, &document, &why)) {
        w->out->refused_badges++;
        *err = why;
        return why.code == ERR_INPUT; /* a text of it: the others go on */
    }
    w->out->badges++;
    return put_json(w, path_of(a, "badges", badge->public_id, ".json"), a, document, err);
}

static bool list_put(struct walk *w, struct sv id, struct arena *a, struct err *err) {
    struct sv json;
    struct sv token;
    w->out->lists++;
    return issue_status_document(w->issue, id, STORE_FORM_JSON, w->options->now, a, &json, err) &&
           issue_status_document(w->issue, id, STORE_FORM_TOKEN, w->options->now, a, &token, err) &&
           put(w, path_of(a, "status", id, ""), path_of(a, "status", id, ".json"), json, err) &&
           put(w, path_of(a, "status", id, ".jwt"), sv_of(NULL, 0), token, err);
}

static bool lists_put(struct walk *w, const struct store_export_row *pair, struct arena *a,
                      struct err *err) {
    return list_put(w, pair->public_id, a, err) && list_put(w, pair->suspension_id, a, err);
}

static bool keys_put(struct walk *w, const struct store_export_row *issuer, struct arena *a,
                     struct err *err) {
    struct store_issuer_key *stored = NULL;
    size_t count = 0;
    struct sv did;
    if (!store_issuer_key_list(w->issue->store, w->institution_id, issuer->id, a, &stored, &count,
                               err) ||
        !credential_did(a, w->issue->base_url, issuer->public_id, &did, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct credential_key key;
        json_t *parsed = NULL;
        if (!issue_key_read(&stored[i], &parsed, &key, err)) {
            return false;
        }
        (void)json_array_append_new(w->keys,
                                    credential_key_document(w->issue->base_url, &key, did));
        w->out->keys++;
        bool is_put =
            put_json(w, path_of(a, "keys", key.public_id, ""), a,
                     credential_key_document(w->issue->base_url, &key, sv_of(NULL, 0)), err);
        json_decref(parsed);
        if (!is_put) {
            return false;
        }
    }
    return true;
}

static bool issuer_put(struct walk *w, const struct store_export_row *issuer, struct arena *a,
                       struct err *err) {
    struct sv id = issuer->public_id;
    json_t *profile = NULL;
    json_t *did = NULL;
    json_t *revocations = NULL;
    w->out->issuers++;
    return issue_revocation_document(w->issue, id, a, &revocations, err) &&
           put_json(w, path_of(a, "revocations", id, ""), a, revocations, err) &&
           issue_profile_document(w->issue, id, a, &profile, err) &&
           put_json(w, path_of(a, "issuers", id, ".json"), a, profile, err) &&
           issue_did_document(w->issue, id, a, &did, err) &&
           put_json(w, path_of(a, "issuers", id, "/did.json"), a, did, err) &&
           keys_put(w, issuer, a, err);
}

static bool institution_put(struct walk *w, const struct store_export_row *institution,
                            struct arena *a, struct err *err) {
    (void)a;
    w->institution_id = institution->id;
    w->out->institutions++;
    return walk_kind(w, STORE_EXPORT_BADGES, badge_put, err) &&
           walk_kind(w, STORE_EXPORT_LISTS, lists_put, err) &&
           walk_kind(w, STORE_EXPORT_ISSUERS, issuer_put, err);
}

/* base_url's parts: "https", "badges.example.edu", "8443", "/path" without a last slash. */
struct place {
    struct sv scheme, host, path;
};

static struct place place_of(struct sv url) {
    struct place p = {0};
    struct sv rest = {0};
    (void)sv_cut(url, ':', &p.scheme, &rest);
    rest = sv_skip(rest, 2);
    p.path = sv_skip(rest, sv_find(rest, '/'));
    p.host = sv_head(rest, rest.len - p.path.len);
    while (sv_ends(p.path, SV("/"))) {
        p.path = sv_head(p.path, p.path.len - 1);
    }
    return p;
}

/* Server files name what differs as @WORD@. */
static bool fill(struct sv text, const struct sv (*words)[2], size_t count, struct str *out) {
    for (size_t i = 0; i < text.len;) {
        struct sv rest = sv_skip(text, i);
        size_t w = 0;
        while (w < count && !sv_starts(rest, words[w][0])) {
            w++;
        }
        if (w == count) {
            str_add_char(out, text.ptr[i++]);
        } else {
            str_add(out, words[w][1]);
            i += words[w][0].len;
        }
    }
    return !out->is_overflowed;
}

static bool server_files_put(struct walk *w, struct err *err) {
    AUTO_ARENA a = {0};
    struct place place = place_of(w->issue->base_url);
    struct sv name = sv_head(place.host, sv_find(place.host, ':'));
    char day[RFC3339_MAX];
    const struct sv words[][2] = {
        {SV("@BASE@"), w->issue->base_url},
        {SV("@NAME@"), name},
        {SV("@PATH@"), place.path},
        {SV("@ROOT@"), w->options->root},
        {SV("@DAY@"), sv_head(sv_from(rfc3339_format(w->options->now, day)), 10)}};
    for (size_t i = 0; i < blob_export_count; i++) {
        struct str body;
        struct sv path = sv_from(blob_export[i].name);
        str_init(&body, &a, FILE_BYTES_MAX);
        (void)fill(blob_sv(&blob_export[i]), words, ARRAY_LEN(words), &body);
        if (!str_ok(&body, blob_export[i].name, err) ||
            !put(w, sv_eq(path, SV("htaccess")) ? SV(".htaccess") : path, sv_of(NULL, 0),
                 str_sv(&body), err)) {
            return false;
        }
    }
    return true;
}

bool issue_export(struct issue *issue, const struct issue_export *options,
                  struct issue_exported *out, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_JSON *keys = json_array();
    struct walk w = {.issue = issue, .options = options, .out = out, .keys = keys};
    const struct store_export_query all = {.kind = STORE_EXPORT_INSTITUTIONS,
                                           .institution = options->institution};
    *out = (struct issue_exported){0};
    if (!walk_pages(&w, all, institution_put, err)) {
        return false;
    }
    if (out->institutions == 0 && options->institution.len > 0) {
        return err_because(err, ERR_NOT_FOUND, "institution", "there is no institution named %.*s",
                           SV_ARG(options->institution));
    }
    return put_json(&w, SV(".well-known/jwks.json"), &a, json_pack("{s:O}", "keys", keys), err) &&
           server_files_put(&w, err);
}
