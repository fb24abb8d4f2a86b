#include "web_form.h"
#include "base_encode.h"

bool web_form_parse(struct arena *a, struct sv text, struct web_form *out, struct err *err) {
    size_t most = 1;
    for (size_t i = 0; i < text.len && most < WEB_FORM_PAIRS_MAX; i++) {
        most += text.ptr[i] == '&' ? 1 : 0;
    }
    *out = (struct web_form){.pairs = ARENA_ARRAY(a, struct web_pair, most)};
    for (bool is_more = text.len > 0; is_more;) {
        struct sv pair;
        struct sv name;
        struct sv value;
        is_more = sv_cut(text, '&', &pair, &text);
        if (pair.len == 0) {
            continue;
        }
        if (out->count == WEB_FORM_PAIRS_MAX) {
            return err_because(err, ERR_INPUT, "form", "The form has more than %d fields.",
                               WEB_FORM_PAIRS_MAX);
        }
        (void)sv_cut(pair, '=', &name, &value);
        struct web_pair *p = &out->pairs[out->count];
        if (!percent_decode(a, name, true, &p->name, NULL) ||
            !percent_decode(a, value, true, &p->value, NULL) || !sv_is_utf8(p->name) ||
            !sv_is_utf8(p->value)) {
            return err_because(err, ERR_INPUT, "form", "The form is not encoded correctly.");
        }
        out->count++;
    }
    return true;
}

bool web_query(const struct web_request *req, struct web_form *out, struct err *err) {
    return web_form_parse(req->arena, req->query, out, err);
}

static bool wrong_type(struct err *err) {
    return err_because(err, ERR_INPUT, "content_type", "The form was not sent as a web form is.");
}

bool web_form(const struct web_request *req, struct web_form *out, struct err *err) {
    if (!sv_eq(req->content_type, SV("application/x-www-form-urlencoded"))) {
        return wrong_type(err);
    }
    return web_form_parse(req->arena, req->body, out, err);
}

bool web_form_upload(const struct web_request *req, struct web_form *out, struct err *err) {
    if (req->body_err.code != ERR_NONE) {
        *err = req->body_err;
        return false;
    }
    if (req->is_body_file) {
        return web_multipart_parse_file(req->arena, web_header(req, "Content-Type"), req->body_fd,
                                        req->body_size, out, err);
    }
    if (sv_eq(req->content_type, SV("multipart/form-data"))) {
        return web_multipart_parse(req->arena, web_header(req, "Content-Type"), req->body, out,
                                   err);
    }
    return web_form(req, out, err);
}

bool web_form_nth(const struct web_form *f, const char *name, size_t i, struct sv *value) {
    for (size_t k = 0; k < f->count; k++) {
        if (sv_eq(f->pairs[k].name, sv_from(name)) && i-- == 0) {
            *value = f->pairs[k].value;
            return true;
        }
    }
    *value = sv_of(NULL, 0);
    return false;
}

bool web_form_one(const struct web_form *f, const char *name, struct sv *value, struct err *err) {
    struct sv second;
    if (web_form_nth(f, name, 1, &second)) {
        *value = sv_of(NULL, 0);
        return err_because(err, ERR_INPUT, "repeated", "The field \"%s\" was sent twice.", name);
    }
    (void)web_form_nth(f, name, 0, value);
    return true;
}

bool web_form_need(const struct web_form *f, const char *name, struct sv *value, struct err *err) {
    if (!web_form_one(f, name, value, err)) {
        return false;
    }
    if (value->len == 0) {
        return err_because(err, ERR_INPUT, "missing", "The field \"%s\" is missing.", name);
    }
    return true;
}

const struct web_file *web_form_file(const struct web_form *f, const char *name) {
    for (size_t i = 0; i < f->file_count; i++) {
        /* A browser sends an empty part for a field in which no file was chosen. */
        if (sv_eq(f->files[i].name, sv_from(name)) &&
            (f->files[i].filename.len > 0 || f->files[i].size > 0)) {
            return &f->files[i];
        }
    }
    return NULL;
}
