#include "lti_ags.h"
#include "base_encode.h"

#define TYPE_LINEITEM "application/vnd.ims.lis.v2.lineitem+json"
#define TYPE_LINEITEMS "application/vnd.ims.lis.v2.lineitemcontainer+json"
#define LABEL_BYTES_MAX 255
#define LINEITEMS_MAX 20000

static bool url_is_usable(struct arena *a, struct sv url, struct err *err) {
    struct net_url parts = {0};
    return net_url_split(a, url, &parts, err);
}

bool lti_ags_sub_url(struct arena *a, struct sv lineitem, struct sv name, struct sv *out,
                     struct err *err) {
    if (!url_is_usable(a, lineitem, err)) {
        return false;
    }
    struct sv whole = sv_head(lineitem, sv_find(lineitem, '#'));
    size_t mark = sv_find(whole, '?');
    struct sv path = sv_head(whole, mark);
    if (sv_ends(path, SV("/"))) {
        path = sv_head(path, path.len - 1);
    }
    *out = sv_printf(a, "%.*s/%.*s%.*s", SV_ARG(path), SV_ARG(name), SV_ARG(sv_skip(whole, mark)));
    return true;
}

/* From the first '/' behind the host to the query. */
static struct sv path_of(struct sv url) {
    struct sv whole = sv_head(url, sv_find(url, '#'));
    whole = sv_head(whole, sv_find(whole, '?'));
    struct sv scheme;
    struct sv rest;
    if (!sv_cut(whole, ':', &scheme, &rest)) {
        return sv_of(NULL, 0);
    }
    rest = sv_skip(rest, 2);
    return sv_skip(rest, sv_find(rest, '/'));
}

/* "..", plain or encoded, would lead out of the list again. */
static bool has_dots(struct sv path) {
    for (size_t i = 0; i < path.len; i++) {
        struct sv here = sv_skip(path, i);
        if (sv_starts(here, SV("/.")) ||
            (here.len >= 3 && here.ptr[0] == '%' && sv_eq_nocase(sv_head(here, 3), SV("%2e")))) {
            return true;
        }
    }
    return false;
}

bool lti_ags_is_under(struct arena *a, struct sv lineitems, struct sv lineitem) {
    struct sv list = path_of(lineitems);
    struct sv one = path_of(lineitem);
    if (sv_ends(list, SV("/"))) {
        list = sv_head(list, list.len - 1);
    }
    return net_url_same_origin(a, lineitems, lineitem) && list.len > 0 && sv_starts(one, list) &&
           one.len > list.len + 1 && one.ptr[list.len] == '/' && !has_dots(sv_skip(one, list.len));
}

bool lti_ags_query_url(struct arena *a, struct sv url, struct sv name, struct sv value,
                       struct sv *out, struct err *err) {
    if (!url_is_usable(a, url, err)) {
        return false;
    }
    struct sv whole = sv_head(url, sv_find(url, '#'));
    size_t mark = sv_find(whole, '?');
    struct str s;
    str_init(&s, a, NET_URL_MAX);
    str_add(&s, whole);
    if (mark == whole.len) {
        str_add_char(&s, '?');
    } else if (!sv_ends(whole, SV("?")) && !sv_ends(whole, SV("&"))) {
        str_add_char(&s, '&');
    }
    percent_encode(&s, name);
    str_add_char(&s, '=');
    percent_encode(&s, value);
    *out = str_sv(&s);
    return str_ok(&s, "the URL of a service", err);
}

/* False: not one we can use. */
static bool lineitem_read(const json_t *v, struct arena *a, struct lti_lineitem *out) {
    struct sv url;
    struct sv label;
    struct sv resource_id;
    struct sv tag;
    struct sv link;
    if (!json_is_object(v) || !js_string(v, "id", &url) || url.len == 0 ||
        !js_string(v, "label", &label) || !js_string(v, "resourceId", &resource_id) ||
        !js_string(v, "tag", &tag) || !js_string(v, "resourceLinkId", &link)) {
        return false;
    }
    *out = (struct lti_lineitem){.url = sv_copy(a, url),
                                 .label = sv_copy(a, label),
                                 .resource_id = sv_copy(a, resource_id),
                                 .tag = sv_copy(a, tag),
                                 .resource_link_id = sv_copy(a, link)};
    const json_t *maximum = json_object_get(v, "scoreMaximum");
    if (!js_decimal(maximum, &out->maximum)) {
        out->maximum = dec_from_i64(0);
    }
    return true;
}

static bool bad_reply(struct err *err, const char *what) {
    (void)err_because(err, ERR_UPSTREAM, "ags_reply",
                      "the platform's answer about %s is not what the standard says", what);
    return err_retry_as(err, ERR_RETRY_LATER);
}

bool lti_ags_lineitems_parse(struct sv body, struct arena *a, struct lti_lineitem **out,
                             size_t *count, struct err *err) {
    AUTO_JSON *list = NULL;
    if (!js_parse(body, LTI_SERVICE_BODY_MAX, "line items", &list, NULL) || !json_is_array(list) ||
        json_array_size(list) > LINEITEMS_MAX) {
        return bad_reply(err, "line items");
    }
    size_t n = 0;
    struct lti_lineitem *items = ARENA_ARRAY(a, struct lti_lineitem, json_array_size(list) + 1);
    for (size_t i = 0; i < json_array_size(list); i++) {
        n += lineitem_read(json_array_get(list, i), a, &items[n]) ? 1 : 0;
    }
    *out = items;
    *count = n;
    return true;
}

struct lineitems {
    struct lti_lineitem *items;
    size_t count, cap;
};

static void append(struct lineitems *list, const struct lti_lineitem *more, size_t n,
                   struct arena *a) {
    if (list->count + n > list->cap) {
        list->cap = 2 * (list->count + n);
        struct lti_lineitem *longer = ARENA_ARRAY(a, struct lti_lineitem, list->cap);
        if (list->count > 0) {
            memcpy(longer, list->items, list->count * sizeof *longer);
        }
        list->items = longer;
    }
    for (size_t i = 0; i < n; i++) {
        list->items[list->count++] = more[i];
    }
}

static bool list_with(const struct lti_service *service, struct sv first_url, const char *scope,
                      struct arena *a, struct lineitems *out, struct err *err) {
    struct lti_pages pages;
    lti_pages_init(&pages, first_url);
    while (pages.next.len > 0) {
        const struct lti_service_call call = {.method = NET_GET,
                                              .url = pages.next,
                                              .what = "reading the line items",
                                              .scopes = {scope},
                                              .accept = TYPE_LINEITEMS};
        struct net_response response;
        struct lti_lineitem *page = NULL;
        size_t page_count = 0;
        if (!lti_service_send(service, &call, a, &response, err) ||
            !lti_service_check(&response, call.what, err) ||
            !lti_ags_lineitems_parse(response.body, a, &page, &page_count, err) ||
            !lti_pages_advance(&pages, &response, a, err)) {
            return false;
        }
        if (out->count + page_count > LINEITEMS_MAX) {
            return bad_reply(err, "line items");
        }
        append(out, page, page_count, a);
    }
    return true;
}

bool lti_ags_list(const struct lti_service *service, struct sv first_url, struct arena *a,
                  struct lti_lineitem **out, size_t *count, struct err *err) {
    struct lineitems list = {0};
    struct err first = {0};
    bool is_read = list_with(service, first_url, LTI_SCOPE_LINEITEM, a, &list, &first);
    if (!is_read && first.code == ERR_DENIED && strcmp(first.reason, "scope") == 0) {
        list = (struct lineitems){0}; /* Moodle without column management: read-only */
        is_read = list_with(service, first_url, LTI_SCOPE_LINEITEM_READ, a, &list, err);
    } else if (!is_read && err->code == ERR_NONE) {
        *err = first;
    }
    *out = list.items;
    *count = list.count;
    return is_read;
}

bool lti_ags_find(const struct lti_service *service, struct sv lineitems_url, struct sv resource_id,
                  struct sv tag, struct arena *a, struct lti_lineitem *out, bool *is_found,
                  struct err *err) {
    struct sv url = lineitems_url;
    struct lti_lineitem *items = NULL;
    size_t count = 0;
    if (!lti_ags_query_url(a, url, SV("resource_id"), resource_id, &url, err) ||
        (tag.len > 0 && !lti_ags_query_url(a, url, SV("tag"), tag, &url, err)) ||
        !lti_ags_list(service, url, a, &items, &count, err)) {
        return false;
    }
    *is_found = false;
    for (size_t i = 0; i < count; i++) { /* a platform may ignore the filters */
        if (!sv_eq(items[i].resource_id, resource_id) || !sv_eq(items[i].tag, tag)) {
            continue;
        }
        if (!*is_found || sv_cmp(items[i].url, out->url) < 0) {
            *out = items[i];
            *is_found = true;
        }
    }
    return true;
}

static bool lineitem_parse(struct sv body, struct arena *a, struct lti_lineitem *out,
                           struct err *err) {
    AUTO_JSON *v = NULL;
    if (!js_parse(body, LTI_SERVICE_BODY_MAX, "line item", &v, NULL) || !lineitem_read(v, a, out)) {
        return bad_reply(err, "a line item");
    }
    return true;
}

bool lti_ags_create(const struct lti_service *service, struct sv lineitems_url,
                    const struct lti_lineitem_want *want, struct arena *a, struct lti_lineitem *out,
                    struct err *err) {
    struct sv label = sv_clip_utf8(want->label, LABEL_BYTES_MAX);
    AUTO_JSON *v = json_object();
    if (json_object_set_new(v, "label", json_stringn(label.ptr, label.len)) != 0 ||
        json_object_set_new(v, "scoreMaximum", json_real(dec_to_double(want->maximum))) != 0 ||
        json_object_set_new(v, "resourceId",
                            json_stringn(want->resource_id.ptr, want->resource_id.len)) != 0 ||
        json_object_set_new(v, "tag", json_stringn(want->tag.ptr, want->tag.len)) != 0) {
        return err_set(err, ERR_INPUT, "the line item's texts are not UTF-8");
    }
    const struct lti_service_call call = {.method = NET_POST,
                                          .url = lineitems_url,
                                          .what = "creating the gradebook column",
                                          .scopes = {LTI_SCOPE_LINEITEM},
                                          .accept = TYPE_LINEITEM,
                                          .content_type = TYPE_LINEITEM,
                                          .body = js_dump(a, v)};
    struct net_response response;
    return lti_service_send(service, &call, a, &response, err) &&
           lti_service_check(&response, call.what, err) &&
           lineitem_parse(response.body, a, out, err);
}

bool lti_ags_find_or_create(const struct lti_service *service, struct sv lineitems_url,
                            const struct lti_lineitem_want *want, struct arena *a,
                            struct lti_lineitem *out, bool *is_created, struct err *err) {
    bool is_found = false;
    *is_created = false;
    if (!lti_ags_find(service, lineitems_url, want->resource_id, want->tag, a, out, &is_found,
                      err)) {
        return false;
    }
    if (is_found) {
        return true;
    }
    *is_created = lti_ags_create(service, lineitems_url, want, a, out, err);
    return *is_created;
}

bool lti_ags_read(const struct lti_service *service, struct sv lineitem_url, struct arena *a,
                  struct lti_lineitem *out, struct err *err) {
    const struct lti_service_call call = {.method = NET_GET,
                                          .url = lineitem_url,
                                          .what = "reading the gradebook column",
                                          .scopes = {LTI_SCOPE_LINEITEM},
                                          .accept = TYPE_LINEITEM};
    struct net_response response;
    return lti_service_send(service, &call, a, &response, err) &&
           lti_service_check(&response, call.what, err) &&
           lineitem_parse(response.body, a, out, err);
}

bool lti_ags_delete(const struct lti_service *service, struct sv lineitem_url, struct arena *a,
                    struct err *err) {
    const struct lti_service_call call = {.method = NET_DELETE,
                                          .url = lineitem_url,
                                          .what = "removing the gradebook column",
                                          .scopes = {LTI_SCOPE_LINEITEM}};
    struct net_response response;
    if (!lti_service_send(service, &call, a, &response, err)) {
        return false;
    }
    bool is_gone = response.status == 404 || response.status == 410;
    return is_gone || lti_service_check(&response, call.what, err);
}
