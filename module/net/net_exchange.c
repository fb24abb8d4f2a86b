/* One exchange over a libcurl handle: what is asked, what is let through, and what its end means.
 */
#include "net_exchange.h"
#include <unistd.h>

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address) {
    struct net_exchange *x = ctx;
    if (purpose != CURLSOCKTYPE_IPCXN ||
        !net_policy_address(&x->client->policy, x->net_class, &x->url, &address->addr)) {
        x->refused++;
        return CURL_SOCKET_BAD;
    }
    x->opened++;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t take_body(char *bytes, size_t size, size_t count, void *ctx) {
    struct net_exchange *x = ctx;
    str_add(&x->body, sv_of(bytes, size * count));
    return x->body.is_overflowed ? 0 : size * count;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *ctx) {
    struct net_exchange *x = ctx;
    struct net_response *r = x->response;
    size_t len = size * count;
    struct sv line = sv_trim(sv_of(bytes, len));
    x->header_bytes += len;
    if (sv_starts(line, SV("HTTP/"))) { /* a final answer after 1xx starts over */
        r->header_count = 0;
        return len;
    }
    struct sv name;
    struct sv value;
    if (!sv_cut(line, ':', &name, &value)) {
        return len;
    }
    if (r->header_count == NET_HEADERS_MAX || x->header_bytes > NET_HEADER_BYTES_MAX) {
        x->is_header_flood = true;
        return 0;
    }
    r->headers[r->header_count++] = (struct net_header){.name = sv_copy(x->arena, sv_trim(name)),
                                                        .value = sv_copy(x->arena, sv_trim(value))};
    return len;
}

/* RFC 9110 5.1, 5.5: a token, and no control characters. */
static bool header_is_clean(const struct net_header *h) {
    for (size_t i = 0; i < h->name.len; i++) {
        char c = h->name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_')) {
            return false;
        }
    }
    for (size_t i = 0; i < h->value.len; i++) {
        unsigned char c = (unsigned char)h->value.ptr[i];
        if (c < ' ' || c == 0x7f) {
            return false;
        }
    }
    return h->name.len > 0 && h->value.len > 0;
}

static bool list_add(struct curl_slist **list, const char *line) {
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer == NULL) {
        return false;
    }
    *list = longer;
    return true;
}

static bool headers_build(const struct net_request *q, struct arena *a, struct curl_slist **list,
                          struct err *err) {
    bool has_accept = false;
    bool is_added = list_add(list, "Expect:");
    for (size_t i = 0; i < q->header_count && is_added; i++) {
        const struct net_header *h = &q->headers[i];
        if (!header_is_clean(h)) {
            return err_set(err, ERR_BUG, "a request header has forbidden characters");
        }
        if (q->net_class == NET_CLASS_VERIFICATION &&
            (sv_eq_nocase(h->name, SV("authorization")) || sv_eq_nocase(h->name, SV("cookie")))) {
            return err_set(err, ERR_BUG, "verification fetches carry no credentials");
        }
        has_accept = has_accept || sv_eq_nocase(h->name, SV("accept"));
        is_added = list_add(list, arena_printf(a, "%.*s: %.*s", SV_ARG(h->name), SV_ARG(h->value)));
    }
    if (is_added && !has_accept) {
        is_added = list_add(list, "Accept:");
    }
    if (is_added) { /* without one, a body goes out untyped rather than as libcurl's guess */
        const struct net_header type = {.name = SV("Content-Type"), .value = q->content_type};
        if (q->content_type.len > 0 && !header_is_clean(&type)) {
            return err_set(err, ERR_BUG, "the content type has forbidden characters");
        }
        is_added = list_add(
            list,
            arena_printf(a, q->content_type.len > 0 ? "Content-Type: %.*s" : "Content-Type:%.*s",
                         SV_ARG(q->content_type)));
    }
    return is_added || err_set(err, ERR_BUG, "no memory for request headers");
}

/* Options take long or pointer through varargs, so each is written out; the first failure counts.
 */
#define SET(option, value) (rc = rc == CURLE_OK ? curl_easy_setopt(easy, (option), (value)) : rc)

static CURLcode set_method(CURL *easy, const struct net_request *q) {
    CURLcode rc = CURLE_OK;
    switch (q->method) {
    case NET_GET:
        SET(CURLOPT_HTTPGET, 1L);
        break;
    case NET_DELETE:
        SET(CURLOPT_CUSTOMREQUEST, "DELETE");
        break;
    case NET_PUT:
    case NET_POST:
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.len);
        SET(CURLOPT_POSTFIELDS, q->body.ptr == NULL ? "" : q->body.ptr);
        if (q->method == NET_PUT) {
            SET(CURLOPT_CUSTOMREQUEST, "PUT");
        }
        break;
    }
    return rc;
}

static CURLcode set_limits(CURL *easy, const struct net_request *q, size_t body_max_bytes) {
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_CONNECTTIMEOUT_MS,
        (long)(q->connect_timeout_ms == 0 ? NET_CONNECT_MS : q->connect_timeout_ms));
    SET(CURLOPT_TIMEOUT_MS, (long)(q->total_timeout_ms == 0 ? NET_TOTAL_MS : q->total_timeout_ms));
    SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)body_max_bytes);
    SET(CURLOPT_ACCEPT_ENCODING, "gzip");
    if (q->net_class == NET_CLASS_VERIFICATION) {
        /* A connection that another class may have is not lent out. */
        SET(CURLOPT_FRESH_CONNECT, 1L);
        SET(CURLOPT_FORBID_REUSE, 1L);
    }
    return rc;
}

static CURLcode set_tls(CURL *easy, const struct net_client *c) {
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    if (c->ca_file != NULL) {
        SET(CURLOPT_CAINFO, c->ca_file);
    }
    return rc;
}

/* Called about once a second, also while nothing comes. */
static int look_for_stop(void *stop, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
                         curl_off_t up) {
    (void)down_all;
    (void)down;
    (void)up_all;
    (void)up;
    return atomic_load((const atomic_bool *)stop) ? 1 : 0;
}

static CURLcode set_stop(CURL *easy, const struct net_request *q) {
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_NOPROGRESS, q->stop == NULL ? 1L : 0L);
    SET(CURLOPT_XFERINFOFUNCTION, look_for_stop);
    SET(CURLOPT_XFERINFODATA, q->stop);
    return rc;
}

static CURLcode set_ours(CURL *easy, struct net_exchange *x) {
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_URL, x->url.text);
    SET(CURLOPT_PROTOCOLS_STR, x->url.is_tls ? "https" : "http");
    SET(CURLOPT_SHARE, x->client->share);
    SET(CURLOPT_USERAGENT, x->client->user_agent);
    SET(CURLOPT_HTTPHEADER, x->headers);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, x);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, x);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, x);
    return rc;
}

static bool upstream(struct err *err, enum err_retry retry, const char *reason,
                     const struct net_exchange *x, const char *why) {
    (void)err_because(err, ERR_UPSTREAM, reason, "%.*s: %s", SV_ARG(sv_head(x->url.origin, 200)),
                      why);
    return err_retry_as(err, retry);
}

static bool failure(const struct net_exchange *x, CURLcode rc, struct err *err) {
    if (x->body.is_overflowed || x->is_header_flood || rc == CURLE_FILESIZE_EXCEEDED) {
        return upstream(err, ERR_RETRY_PARK, "size", x, "its answer is larger than we accept");
    }
    switch (rc) {
    case CURLE_COULDNT_CONNECT:
        if (x->refused > 0 && x->opened == 0) {
            return upstream(err, ERR_RETRY_PARK, "policy", x,
                            "it has a private address: list it in outbound_allow if a platform "
                            "lives there");
        }
        return upstream(err, ERR_RETRY_LATER, "connect", x, "no connection could be made");
    case CURLE_COULDNT_RESOLVE_HOST:
        return upstream(err, ERR_RETRY_LATER, "dns", x, "its name is not known");
    case CURLE_ABORTED_BY_CALLBACK:
        return upstream(err, ERR_RETRY_LATER, "stopping", x,
                        "Laurel is being restarted, and asks again then");
    case CURLE_OPERATION_TIMEDOUT:
        return upstream(err, ERR_RETRY_LATER, "timeout", x, "it did not answer in time");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return upstream(err, ERR_RETRY_PARK, "tls", x,
                        "its certificate is not valid for that name, or not trusted here");
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_USE_SSL_FAILED:
        return upstream(err, ERR_RETRY_PARK, "tls", x, "no TLS 1.2 or newer could be agreed on");
    case CURLE_URL_MALFORMAT:
        return upstream(err, ERR_RETRY_PARK, "url", x, "the URL cannot be used");
    case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9: the URL's scheme is judged before */
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return upstream(err, ERR_RETRY_LATER, "protocol", x, "its answer is not valid HTTP");
    case CURLE_OUT_OF_MEMORY:
        return err_set(err, ERR_BUG, "libcurl ran out of memory");
    default:
        return upstream(err, ERR_RETRY_LATER, "network", x, "the connection broke off");
    }
}

bool net_exchange_judge(struct net_client *client, const struct net_request *request,
                        struct arena *a, struct net_exchange *x, struct err *err) {
    *x = (struct net_exchange){.client = client, .net_class = request->net_class, .arena = a};
    if (request->net_class == NET_CLASS_VERIFICATION && request->method != NET_GET) {
        return err_set(err, ERR_BUG, "verification fetches are GET only");
    }
    return net_policy_url(&client->policy, a, request->net_class, request->url, &x->url, err);
}

bool net_exchange_begin(struct net_exchange *x, CURL *easy, const struct net_request *q,
                        struct net_response *response, struct err *err) {
    size_t cap = q->body_max_bytes == 0 ? NET_BODY_MAX : q->body_max_bytes;
    if (q->net_class == NET_CLASS_VERIFICATION && cap > NET_VERIFICATION_BODY_MAX) {
        cap = NET_VERIFICATION_BODY_MAX;
    }
    str_init(&x->body, x->arena, cap);
    *response =
        (struct net_response){.headers = ARENA_ARRAY(x->arena, struct net_header, NET_HEADERS_MAX)};
    x->response = response;
    if (!headers_build(q, x->arena, &x->headers, err)) {
        return false;
    }
    if (set_ours(easy, x) != CURLE_OK || set_tls(easy, x->client) != CURLE_OK ||
        set_limits(easy, q, cap) != CURLE_OK || set_method(easy, q) != CURLE_OK ||
        set_stop(easy, q) != CURLE_OK) {
        return err_set(err, ERR_BUG, "this libcurl lacks an option that is needed");
    }
    x->began = clock_monotonic();
    return true;
}

bool net_exchange_end(struct net_exchange *x, CURL *easy, CURLcode rc, struct err *err) {
    struct net_response *r = x->response;
    r->elapsed = clock_monotonic() - x->began;
    if (rc != CURLE_OK) {
        return failure(x, rc, err);
    }
    long status = 0;
    curl_off_t wire = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &wire);
    r->status = (int)status;
    r->wire_bytes = (int64_t)wire;
    r->body = str_sv(&x->body);
    return true;
}

void net_exchange_release(struct net_exchange *x) {
    curl_slist_free_all(x->headers);
    x->headers = NULL;
}
