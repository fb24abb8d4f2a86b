/* One exchange, whoever drives it: net_fetch alone, net_fetch_all many at once. All policy, caps
 * and options are here and nowhere else. Inside this room only. */
#pragma once
#include "net_client.h"

struct net_exchange {
    struct net_client *client;
    enum net_class net_class;
    struct net_url url;
    struct arena *arena;
    struct net_response *response;
    struct curl_slist *headers;
    struct str body;
    size_t header_bytes;
    bool is_header_flood;
    int opened, refused; /* addresses that were allowed, or not */
    usec_t began;
};

/* Judge the request, before anything else is taken for it. Fails as net_policy_url. */
NODISCARD bool net_exchange_judge(struct net_client *client, const struct net_request *request,
                                  struct arena *a, struct net_exchange *x, struct err *err);
/* Make `easy` ready to run it; `x`, the request's body and `response` stay where they are until
 * net_exchange_release, which follows in any case. Fails: ERR_BUG. */
NODISCARD bool net_exchange_begin(struct net_exchange *x, CURL *easy, const struct net_request *q,
                                  struct net_response *response, struct err *err);
/* It ended so: fill the response, or say what failed. */
NODISCARD bool net_exchange_end(struct net_exchange *x, CURL *easy, CURLcode rc, struct err *err);
void net_exchange_release(struct net_exchange *x);
