/* One call to Canvas, and walking its pages (lti.md 11.3; attacks.md F4, F7). */
#include "base_encode.h"
#include "grades_canvas.h"
#include <stdarg.h>
#include <stdio.h>

#define BULK_MS 30000
#define TRIES 4
#define WAIT_FIRST_MS 1000
#define WAIT_MAX_MS 60000
/* Canvas's bucket drains ten a second, and each request is charged fifty in advance. */
#define REMAINING_LOW 100
#define MS_PER_UNIT 100
#define TEXT_BYTES_MAX 500
#define URL_PATH_MAX 4096

static bool fail(struct err *err, enum err_code code, enum err_retry retry, const char *reason,
                 const char *what, const char *why) {
    (void)err_because(err, code, reason, "reading %s from Canvas: %s", what, why);
    return err_retry_as(err, retry);
}

bool canvas_shape(const char *what, struct err *err) {
    return fail(err, ERR_UPSTREAM, ERR_RETRY_LATER, "shape", what, "the answer has another shape");
}

static bool damaged(const char *what, struct err *err) {
    return fail(err, ERR_UPSTREAM, ERR_RETRY_LATER, "truncated", what,
                "the answer breaks off or is damaged");
}

bool canvas_is_denied(const struct err *err) {
    return err->code == ERR_DENIED && strcmp(err->reason, "permission") == 0;
}

struct sv canvas_url(const struct canvas_link *link, struct arena *a, const char *path, ...) {
    char text[URL_PATH_MAX];
    va_list args;
    va_start(args, path);
    (void)vsnprintf(text, sizeof text, path, args);
    va_end(args);
    struct sv base = link->source->base_url;
    while (sv_ends(base, SV("/"))) {
        base = sv_head(base, base.len - 1);
    }
    return sv_printf(a, "%.*s%s", SV_ARG(base), text);
}

static bool is_throttle(const struct net_response *response) {
    struct err judged = {0};
    return (response->status == 403 || response->status == 429) &&
           !net_status_check(response, "", &judged) && judged.retry == ERR_RETRY_LATER;
}

static bool status_check(const struct net_response *response, const char *what, struct err *err) {
    struct sv challenge;
    int status = response->status;
    if (status >= 200 && status < 300) {
        return true;
    }
    if (is_throttle(response)) {
        return fail(err, ERR_UPSTREAM, ERR_RETRY_LATER, "throttle", what,
                    "Canvas asks us to slow down; Laurel tries again later");
    }
    if (status == 401 && net_response_header(response, SV("www-authenticate"), 0, &challenge)) {
        return fail(err, ERR_DENIED, ERR_RETRY_PARK, "token", what,
                    "Canvas refused the access token: it was deleted or has expired. Make a new "
                    "one in Canvas (Account, Settings, Approved Integrations) and set it with "
                    "laurel source set");
    }
    if (status == 401 || status == 403) {
        return fail(err, ERR_DENIED, ERR_RETRY_PARK, "permission", what,
                    "the token's account may not see this: give its role the right, or the token "
                    "the scope (see conf/canvas.md, Grades)");
    }
    if (status == 404) {
        return fail(err, ERR_NOT_FOUND, ERR_RETRY_PARK, "http_404", what,
                    "Canvas knows no such thing, or hides it from the token's account");
    }
    if (status >= 300 && status < 400) {
        return fail(err, ERR_UPSTREAM, ERR_RETRY_PARK, "http_3xx", what,
                    "Canvas redirects to another address: set that one as the base URL");
    }
    char task[128];
    (void)snprintf(task, sizeof task, "reading %s from Canvas", what);
    return net_status_check(response, task, err);
}

/* What one answer is read into. */
struct reply {
    const char *list;     /* member that holds the rows; NULL: the answer is the list */
    struct js_rows *rows; /* NULL: it is no list */
    json_t **whole;       /* the answer, without its rows; the caller owns it */
};

static bool body_parse(struct canvas_link *link, struct sv body, const char *what,
                       const struct reply *out, struct err *err) {
    struct sv text = sv_trim(body);
    enum err_retry retry = link->is_canvas ? ERR_RETRY_LATER : ERR_RETRY_PARK;
    if (text.len > 0 && text.ptr[0] == '<') {
        return fail(err, ERR_UPSTREAM, retry, "html", what,
                    "a web page came instead of data: check that the base URL is Canvas's own "
                    "address, such as https://school.instructure.com");
    }
    /* Prefix of old releases against script inclusion. */
    text = sv_starts(text, SV("while(1);")) ? sv_skip(text, 9) : text;
    static const char name[] = "Canvas's answer";
    if (out->rows == NULL
            ? js_parse(text, CANVAS_BODY_MAX, name, out->whole, NULL)
            : js_rows_open(text, CANVAS_BODY_MAX, name, out->list, out->whole, out->rows, NULL)) {
        link->is_canvas = true;
        return true;
    }
    bool is_started = text.len > 0 && (text.ptr[0] == '{' || text.ptr[0] == '[');
    return is_started ? damaged(what, err)
                      : fail(err, ERR_UPSTREAM, retry, "not_canvas", what,
                             "what answered is not Canvas's API: check the base URL");
}

/* False: whoever reads does not wait now. */
static bool wait_ms(const struct canvas_link *link, int64_t ms) {
    return link->io->pause == NULL || ms <= 0 ||
           link->io->pause(link->io->pause_ctx, ms < WAIT_MAX_MS ? ms : WAIT_MAX_MS);
}

/* Between half and all of it, so that many workers do not come back at once. */
static int64_t jittered(int64_t ms) {
    uint32_t chance = 0;
    random_bytes(&chance, sizeof chance);
    return ms / 2 + (int64_t)(chance % (uint32_t)(ms / 2 + 1));
}

/* Goes slower before Canvas has to say so. False: whoever reads does not wait now. */
static bool keep_pace(const struct canvas_link *link, const struct net_response *response) {
    struct sv text;
    struct dec left;
    return !net_response_header(response, SV("x-rate-limit-remaining"), 0, &text) ||
           !dec_parse(sv_trim(text), &left) || dec_cmp(left, dec_from_i64(REMAINING_LOW)) >= 0 ||
           wait_ms(link, (int64_t)((REMAINING_LOW - dec_to_double(left)) * MS_PER_UNIT));
}

static bool is_within_limits(const struct canvas_link *link, const char *what, struct err *err) {
    if (link->requests < CANVAS_REQUESTS_MAX && link->bytes < CANVAS_BYTES_MAX &&
        clock_now(&link->io->clock) - link->started_at < CANVAS_TIME_MAX) {
        return true;
    }
    return fail(err, ERR_UPSTREAM, ERR_RETRY_LATER, "too_long", what,
                "the course takes more requests, bytes or time than one reading may");
}

static bool try_once(struct canvas_link *link, struct sv url, const char *what,
                     struct arena *scratch, struct net_response *response, const struct reply *out,
                     struct err *err) {
    const struct grades_io *io = link->io;
    struct sv token = link->renewed.len > 0 ? link->renewed : link->source->token;
    /* Ids pass 2^53, so they are asked for as strings (lti.md 11.3). */
    const struct net_header headers[] = {
        {SV("Authorization"), sv_printf(scratch, "Bearer %.*s", SV_ARG(token))},
        {SV("Accept"), SV("application/json+canvas-string-ids")},
    };
    const struct net_request request = {
        .method = NET_GET,
        .net_class = NET_CLASS_PLATFORM,
        .url = url,
        .headers = headers,
        .header_count = ARRAY_LEN(headers),
        .total_timeout_ms = io->total_timeout_ms == 0 ? BULK_MS : io->total_timeout_ms,
        .body_max_bytes = CANVAS_BODY_MAX,
    };
    *response = (struct net_response){0};
    link->requests++;
    if (!io->http.fetch(io->http.ctx, &request, response, scratch, err)) {
        return false;
    }
    /* What an earlier run of this reading was told already costs nothing again. */
    link->requests -= response->is_kept ? 1 : 0;
    link->bytes += response->is_kept ? 0 : (int64_t)response->body.len;
    bool is_paced = response->is_kept || keep_pace(link, response);
    if (!status_check(response, what, err)) {
        return false;
    }
    if (!is_paced) {
        return fail(err, ERR_UPSTREAM, ERR_RETRY_LATER, "paused", what,
                    "Canvas has little left for us now; Laurel goes on later");
    }
    return body_parse(link, response->body, what, out, err);
}

static bool is_token_refused(const struct err *last) {
    return last->code == ERR_DENIED && strcmp(last->reason, "token") == 0;
}

/* Is there another token to go on with? False leaves in *last what the reading ends with. */
static bool renew(struct canvas_link *link, struct err *last) {
    const struct grades_source *source = link->source;
    struct err failed = {0};
    if (!is_token_refused(last) || source->renew == NULL || link->renewed.len > 0) {
        return false;
    }
    bool is_new =
        source->renew(source->renew_ctx, source->token, link->io->arena, &link->renewed, &failed);
    *last = failed;
    return is_new;
}

static bool try_renewing(struct canvas_link *link, struct sv url, const char *what,
                         struct arena *scratch, struct net_response *response,
                         const struct reply *out, struct err *last) {
    if (try_once(link, url, what, scratch, response, out, last) ||
        (renew(link, last) && try_once(link, url, what, scratch, response, out, last))) {
        return true;
    }
    if (is_token_refused(last) && link->renewed.len > 0) {
        *last = (struct err){0};
        return fail(last, ERR_DENIED, ERR_RETRY_PARK, "token", what,
                    "Canvas refuses even a new token of what was granted to Laurel: a badge admin "
                    "must connect Canvas again on Laurel's Connection page");
    }
    return false;
}

static bool get(struct canvas_link *link, struct sv url, const char *what, struct arena *scratch,
                struct net_response *response, const struct reply *out, struct err *err) {
    int tries = link->io->pause == NULL ? 1 : TRIES;
    int64_t wait = WAIT_FIRST_MS;
    for (int i = 1;; i++) {
        struct err last = {0};
        if (!is_within_limits(link, what, err)) {
            return false;
        }
        if (try_renewing(link, url, what, scratch, response, out, &last)) {
            return true;
        }
        if (last.retry != ERR_RETRY_LATER || i == tries) {
            *err = err->code == ERR_NONE ? last : *err;
            return false;
        }
        int64_t asked = net_response_retry_after_s(response) * 1000;
        if (!wait_ms(link, asked > 0 ? asked : jittered(wait))) {
            *err = err->code == ERR_NONE ? last : *err;
            return false;
        }
        wait *= 2;
    }
}

bool canvas_get(struct canvas_link *link, struct sv url, const char *what, struct arena *scratch,
                struct net_response *response, json_t **out, struct err *err) {
    return get(link, url, what, scratch, response, &(struct reply){.whole = out}, err);
}

bool canvas_id(const json_t *value, struct arena *a, struct sv *out) {
    if (json_is_integer(value)) {
        *out = sv_printf(a, "%lld", (long long)json_integer_value(value));
        return json_integer_value(value) > 0;
    }
    struct sv text = js_sv(value);
    struct sv shard;
    struct sv local;
    bool has_shard = sv_cut(text, '~', &shard, &local);
    if (text.len > 40 || shard.len == 0 || (has_shard && local.len == 0)) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        bool is_tilde = has_shard && i == shard.len;
        if (!is_tilde && (text.ptr[i] < '0' || text.ptr[i] > '9')) {
            return false;
        }
    }
    *out = sv_copy(a, text);
    return true;
}

usec_t canvas_time(const json_t *value) {
    usec_t at = 0;
    return rfc3339_parse(js_sv(value), &at) ? at : 0;
}

struct sv canvas_text(const json_t *row, const char *key, struct arena *a) {
    return sv_copy(a, sv_clip_utf8(sv_trim(js_sv(json_object_get(row, key))), TEXT_BYTES_MAX));
}

bool canvas_number(const json_t *row, const char *key, bool *has, struct dec *out) {
    const json_t *value = json_object_get(row, key);
    *has = value != NULL && !json_is_null(value);
    *out = dec_from_i64(0);
    return !*has || js_decimal(value, out);
}

/* One row, unless an earlier page had it. */
static bool row_take(const struct canvas_list *list, const json_t *row, struct arena *memory,
                     struct grades_index *seen, size_t *fresh, struct err *err) {
    struct sv key;
    size_t before = 0;
    const json_t *holder = list->key_in == NULL ? row : json_object_get(row, list->key_in);
    if (!canvas_id(json_object_get(holder, list->key), memory, &key)) {
        return canvas_shape(list->what, err);
    }
    if (grades_index_find(seen, key, &before)) {
        return true;
    }
    grades_index_put(seen, key, 1);
    (*fresh)++;
    return list->take(list->ctx, row, key, err);
}

static bool rows_take(const struct canvas_list *list, struct js_rows *rows, struct arena *memory,
                      struct grades_index *seen, size_t *fresh, struct err *err) {
    if (!rows->has_list) {
        return canvas_shape(list->what, err);
    }
    for (;;) {
        AUTO_JSON *row = NULL;
        if (!js_rows_next(rows, &row, NULL)) {
            return damaged(list->what, err);
        }
        if (row == NULL) {
            break;
        }
        if (!row_take(list, row, memory, seen, fresh, err)) {
            return false;
        }
    }
    /* An empty page is an end like any other; one of old rows only is not. */
    *fresh += rows->count == 0 ? 1 : 0;
    return true;
}

/* An error that comes with status 200. */
static bool is_error(const struct js_rows *rows, const json_t *page) {
    return !rows->has_list &&
           (json_object_get(page, "error") != NULL || json_object_get(page, "errors") != NULL);
}

bool canvas_walk(struct canvas_link *link, const struct canvas_list *list, struct err *err) {
    AUTO_ARENA memory = {0};
    struct lti_pages pages;
    struct grades_index seen;
    lti_pages_init(&pages, list->url);
    grades_index_init(&seen, &memory);
    while (pages.next.len > 0) {
        AUTO_ARENA scratch = {0};
        AUTO_JSON *page = NULL;
        struct net_response response;
        struct js_rows rows = {0};
        const struct reply reply = {.list = list->list, .rows = &rows, .whole = &page};
        size_t fresh = 0;
        if (!get(link, pages.next, list->what, &scratch, &response, &reply, err) ||
            (is_error(&rows, page) && !fail(err, ERR_UPSTREAM, ERR_RETRY_LATER, "error", list->what,
                                            "Canvas answered with an error")) ||
            (list->take_page != NULL && !list->take_page(list->ctx, page, err)) ||
            !rows_take(list, &rows, &memory, &seen, &fresh, err)) {
            return false;
        }
        if (fresh == 0) {
            return fail(err, ERR_UPSTREAM, ERR_RETRY_LATER, "paging", list->what,
                        "a page repeats what was there before");
        }
        if (!lti_pages_advance(&pages, &response, &memory, err)) {
            return false;
        }
    }
    return true;
}
