/* All that is published, as files. */
#include "issue_export.h"
#include "base_blob.h"
#include "issue_copy.h"
#include "issue_export_walk.h"

extern const struct blob blob_export[];
extern const size_t blob_export_count;

#define FILE_BYTES_MAX ((size_t)1 << 20)

bool issue_walk_put_both(const struct issue_walk *w, struct sv path, struct sv also, struct sv body,
                         struct err *err) {
    const struct issue_file file = {.path = path, .also = also, .body = body};
    return w->options->sink.put(w->options->sink.ctx, &file, err);
}

bool issue_walk_put(const struct issue_walk *w, struct sv path, struct sv body, struct err *err) {
    return issue_walk_put_both(w, path, sv_of(NULL, 0), body, err);
}

static bool put_json(const struct issue_walk *w, struct sv path, struct arena *a, json_t *document,
                     struct err *err) {
    AUTO_JSON *owned = document;
    return issue_walk_put(w, path, js_dump(a, owned), err);
}

struct sv issue_walk_path(struct arena *a, const char *folder, struct sv id, const char *ending) {
    return sv_printf(a, "%s/%.*s%s", folder, SV_ARG(id), ending);
}

bool issue_walk_put_page(const struct issue_walk *w, enum issue_export_kind kind, struct sv path,
                         struct sv id, struct arena *a, struct err *err) {
    const struct issue_export_pages *pages = &w->options->pages;
    const struct issue_export_page what = {.kind = kind, .id = id};
    struct sv html = {0};
    return (w->options->forms & ISSUE_EXPORT_HTML) == 0 ||
           (pages->html(pages->ctx, &what, w->options->now, a, &html, err) &&
            issue_walk_put(w, path, html, err));
}

/* A visitor of one row; the arena is that of its page. */
typedef bool visit(struct issue_walk *w, const struct store_export_row *row, struct arena *a,
                   struct err *err);

static bool walk_pages(struct issue_walk *w, struct store_export_query q, visit *each,
                       struct err *err) {
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

static bool walk_kind(struct issue_walk *w, enum store_export_kind kind, visit *each,
                      struct err *err) {
    return walk_pages(
        w, (struct store_export_query){.kind = kind, .institution_id = w->institution_id}, each,
        err);
}

/* A badge's picture or preview; a drawing that cannot be made leaves *png empty. */
static bool picture(struct issue_walk *w, struct sv badge_id, enum store_picture_kind kind,
                    struct arena *a, struct sv *png, struct err *err) {
    struct issue_picture made = {0};
    struct err why = {0};
    *png = sv_of(NULL, 0);
    if (!issue_picture_find(w->issue, badge_id, kind, a, &made, err)) {
        return false;
    }
    if (made.key.bytes.len == 0 && !issue_picture_draw(w->issue, &made, a, &why)) {
        w->out->undrawn++;
        *err = why;
        return why.code == ERR_INPUT;
    }
    *png = made.key.bytes;
    return true;
}

static bool put_unless_empty(struct issue_walk *w, struct sv path, struct sv body,
                             struct err *err) {
    return body.len == 0 || issue_walk_put(w, path, body, err);
}

static bool badge_pictures_put(struct issue_walk *w, struct sv id, struct arena *a,
                               struct err *err) {
    struct sv preview = {0};
    return issue_art(w->issue, id, a, &w->svg, err) &&
           picture(w, id, STORE_PICTURE_BADGE, a, &w->png, err) &&
           picture(w, id, STORE_PICTURE_PREVIEW, a, &preview, err) &&
           issue_walk_put(w, issue_walk_path(a, "badges", id, "/image.svg"), w->svg, err) &&
           put_unless_empty(w, issue_walk_path(a, "badges", id, "/image.png"), w->png, err) &&
           put_unless_empty(w, issue_walk_path(a, "badges", id, "/preview.png"), preview, err);
}

/* A document of 2.0 that is there only for issuers with an e-mail address. */
static bool put_ob2(struct issue_walk *w, struct sv path, struct sv id,
                    bool (*make)(struct issue *, struct sv, struct arena *, json_t **,
                                 struct err *),
                    struct arena *a, bool *is_there, struct err *err) {
    json_t *document = NULL;
    struct err why = {0};
    *is_there = (w->options->forms & ISSUE_EXPORT_OB2) != 0;
    if (*is_there && !make(w->issue, id, a, &document, &why)) {
        *is_there = false;
        *err = why;
        return why.code == ERR_NOT_FOUND;
    }
    return !*is_there || put_json(w, path, a, document, err);
}

static bool badge_documents_put(struct issue_walk *w, struct sv id, struct arena *a,
                                struct err *err) {
    json_t *document = NULL;
    return issue_badge_document(w->issue, id, a, &document, err) &&
           put_json(w, issue_walk_path(a, "badges", id, ".json"), a, document, err) &&
           put_ob2(w, issue_walk_path(a, "ob2/badges", id, ""), id, issue_ob2_badge, a, &w->has_ob2,
                   err) &&
           issue_walk_put_page(w, ISSUE_EXPORT_BADGE_PAGE,
                               issue_walk_path(a, "badges", id, ".html"), id, a, err);
}

static bool badge_put(struct issue_walk *w, const struct store_export_row *badge, struct arena *a,
                      struct err *err) {
    struct err why = {0};
    w->has_ob2 = false;
    w->out->badges++;
    if (!badge_pictures_put(w, badge->public_id, a, err)) {
        return false;
    }
    if (!badge_documents_put(w, badge->public_id, a, &why)) {
        if (why.code != ERR_INPUT) {
            *err = why;
            return false;
        }
        w->out->badges--; /* a text of it: the others go on */
        w->out->refused_badges++;
    }
    return issue_walk_awards(w, badge->id, err);
}

static bool list_put(struct issue_walk *w, struct sv id, struct arena *a, struct err *err) {
    struct sv json;
    struct sv token;
    w->out->lists++;
    return issue_status_document(w->issue, id, STORE_FORM_JSON, w->options->now, a, &json, err) &&
           issue_status_document(w->issue, id, STORE_FORM_TOKEN, w->options->now, a, &token, err) &&
           issue_walk_put_both(w, issue_walk_path(a, "status", id, ""),
                               issue_walk_path(a, "status", id, ".json"), json, err) &&
           issue_walk_put(w, issue_walk_path(a, "status", id, ".jwt"), token, err);
}

static bool lists_put(struct issue_walk *w, const struct store_export_row *pair, struct arena *a,
                      struct err *err) {
    return list_put(w, pair->public_id, a, err) && list_put(w, pair->suspension_id, a, err);
}

static bool keys_put(struct issue_walk *w, const struct store_export_row *issuer, struct arena *a,
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
            put_json(w, issue_walk_path(a, "keys", key.public_id, ""), a,
                     credential_key_document(w->issue->base_url, &key, sv_of(NULL, 0)), err);
        json_decref(parsed);
        if (!is_put) {
            return false;
        }
    }
    return true;
}

static bool issuer_put(struct issue_walk *w, const struct store_export_row *issuer, struct arena *a,
                       struct err *err) {
    struct sv id = issuer->public_id;
    json_t *profile = NULL;
    json_t *did = NULL;
    json_t *revocations = NULL;
    bool has_ob2 = false;
    w->out->issuers++;
    return issue_revocation_document(w->issue, id, a, &revocations, err) &&
           put_json(w, issue_walk_path(a, "revocations", id, ""), a, revocations, err) &&
           issue_profile_document(w->issue, id, a, &profile, err) &&
           put_json(w, issue_walk_path(a, "issuers", id, ".json"), a, profile, err) &&
           issue_did_document(w->issue, id, a, &did, err) &&
           put_json(w, issue_walk_path(a, "issuers", id, "/did.json"), a, did, err) &&
           put_ob2(w, issue_walk_path(a, "ob2/issuers", id, ""), id, issue_ob2_issuer, a, &has_ob2,
                   err) &&
           issue_walk_put_page(w, ISSUE_EXPORT_ISSUER_PAGE,
                               issue_walk_path(a, "issuers", id, ".html"), id, a, err) &&
           keys_put(w, issuer, a, err);
}

static bool institution_put(struct issue_walk *w, const struct store_export_row *institution,
                            struct arena *a, struct err *err) {
    (void)a;
    w->institution_id = institution->id;
    w->out->institutions++;
    return walk_kind(w, STORE_EXPORT_BADGES, badge_put, err) &&
           walk_kind(w, STORE_EXPORT_LISTS, lists_put, err) &&
           walk_kind(w, STORE_EXPORT_ISSUERS, issuer_put, err);
}

/* "badges.example.edu" of base_url, which has no path. */
static struct sv host_of(struct sv url) {
    struct sv host = sv_skip(url, sv_find(url, '/') + 2);
    return sv_head(host, sv_find(host, ':'));
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

static bool server_files_put(struct issue_walk *w, struct err *err) {
    AUTO_ARENA a = {0};
    char day[RFC3339_MAX];
    const struct sv words[][2] = {
        {SV("@BASE@"), w->issue->base_url},
        {SV("@NAME@"), host_of(w->issue->base_url)},
        {SV("@ROOT@"), w->options->root},
        {SV("@DAY@"), sv_head(sv_from(rfc3339_format(w->options->now, day)), 10)}};
    for (size_t i = 0; i < blob_export_count; i++) {
        struct str body;
        struct sv path = sv_from(blob_export[i].name);
        str_init(&body, &a, FILE_BYTES_MAX);
        (void)fill(blob_sv(&blob_export[i]), words, ARRAY_LEN(words), &body);
        if (!str_ok(&body, blob_export[i].name, err) ||
            !issue_walk_put(w, sv_eq(path, SV("htaccess")) ? SV(".htaccess") : path, str_sv(&body),
                            err)) {
            return false;
        }
    }
    return true;
}

static bool assets_put(struct issue_walk *w, struct err *err) {
    AUTO_ARENA a = {0};
    const struct issue_export_pages *pages = &w->options->pages;
    struct sv path;
    struct sv body;
    bool is_wanted = (w->options->forms & ISSUE_EXPORT_HTML) != 0;
    for (size_t next = 0; is_wanted && pages->asset(pages->ctx, &next, &a, &path, &body);) {
        if (!issue_walk_put(w, path, body, err)) {
            return false;
        }
    }
    return true;
}

bool issue_export(struct issue *issue, const struct issue_export *options,
                  struct issue_exported *out, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_JSON *keys = json_array();
    struct issue_walk w = {.issue = issue, .options = options, .out = out, .keys = keys};
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
           assets_put(&w, err) && server_files_put(&w, err);
}
