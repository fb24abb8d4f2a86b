#include "net_fetch.h"
#include "net_exchange.h"

static bool fetch_through_gate(struct net_client *client, const struct net_request *q,
                               struct net_exchange *x, struct net_response *out, struct err *err) {
    struct net_handle *h = NULL;
    if (!net_handle_take(client, x->url.origin, &h, err)) {
        return false;
    }
    bool is_done = net_exchange_begin(x, h->easy, q, out, err) &&
                   net_exchange_end(x, h->easy, curl_easy_perform(h->easy), err);
    net_exchange_release(x);
    net_handle_give(client, h);
    return is_done;
}

bool net_fetch(struct net_client *client, const struct net_request *request,
               struct net_response *out, struct arena *a, struct err *err) {
    struct net_exchange x;
    if (!net_exchange_judge(client, request, a, &x, err) || !net_gate_enter(&client->gate, err)) {
        return false;
    }
    bool is_done = fetch_through_gate(client, request, &x, out, err);
    net_gate_leave(&client->gate);
    return is_done;
}
