/* The pool of libcurl handles behind net_fetch. Inside this room only. */
#pragma once
#include "net_fetch.h"
#include <curl/curl.h>
#include <pthread.h>

struct net_handle {
    CURL *easy;
    uint64_t origin_hash; /* of the last request: its connection is probably still open */
    struct net_handle *next;
};

struct net_client {
    struct net_policy policy;
    char *user_agent;
    char *ca_file;
    size_t idle_max;
    struct net_gate gate;
    CURLSH *share; /* addresses and TLS sessions; connections stay with their handle, since libcurl
                      cannot share those between threads */
    pthread_mutex_t share_locks[CURL_LOCK_DATA_LAST];
    pthread_mutex_t lock; /* of what follows */
    struct net_handle *idle;
    size_t idle_count;
};

/* A handle for this origin, best one that spoke to it before. Fails: ERR_BUG. */
NODISCARD bool net_handle_take(struct net_client *client, struct sv origin, struct net_handle **out,
                               struct err *err);
void net_handle_give(struct net_client *client, struct net_handle *handle);
