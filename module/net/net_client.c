#include "net_client.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode started = CURLE_FAILED_INIT;

static void start(void) { started = curl_global_init(CURL_GLOBAL_DEFAULT); }

static void share_lock(CURL *easy, curl_lock_data data, curl_lock_access access, void *ctx) {
    (void)easy;
    (void)access;
    struct net_client *c = ctx;
    (void)pthread_mutex_lock(&c->share_locks[data]);
}

static void share_unlock(CURL *easy, curl_lock_data data, void *ctx) {
    (void)easy;
    struct net_client *c = ctx;
    (void)pthread_mutex_unlock(&c->share_locks[data]);
}

static bool share_create(struct net_client *c) {
    c->share = curl_share_init();
    return c->share != NULL &&
           curl_share_setopt(c->share, CURLSHOPT_LOCKFUNC, share_lock) == CURLSHE_OK &&
           curl_share_setopt(c->share, CURLSHOPT_UNLOCKFUNC, share_unlock) == CURLSHE_OK &&
           curl_share_setopt(c->share, CURLSHOPT_USERDATA, c) == CURLSHE_OK &&
           curl_share_setopt(c->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) == CURLSHE_OK &&
           curl_share_setopt(c->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) == CURLSHE_OK;
}

bool net_client_create(const struct net_client_config *config, struct net_client **out,
                       struct err *err) {
    (void)pthread_once(&once, start);
    struct net_client *c = calloc(1, sizeof *c);
    if (c == NULL || started != CURLE_OK) {
        free(c);
        return err_set(err, ERR_BUG, "libcurl did not start");
    }
    c->policy = config->policy;
    c->idle_max = config->idle_max == 0 ? 16 : config->idle_max;
    net_gate_init(&c->gate, config->concurrent_max);
    (void)pthread_mutex_init(&c->lock, NULL);
    for (size_t i = 0; i < ARRAY_LEN(c->share_locks); i++) {
        (void)pthread_mutex_init(&c->share_locks[i], NULL);
    }
    c->user_agent = strdup(config->user_agent == NULL ? "Laurel" : config->user_agent);
    c->ca_file = config->ca_file == NULL ? NULL : strdup(config->ca_file);
    if (c->user_agent == NULL || (config->ca_file != NULL && c->ca_file == NULL) ||
        !share_create(c)) {
        net_client_destroy(c);
        return err_set(err, ERR_BUG, "libcurl did not start");
    }
    *out = c;
    return true;
}

static void handle_destroy(struct net_handle *h) {
    curl_easy_cleanup(h->easy);
    free(h);
}

void net_client_destroy(struct net_client *c) {
    if (c == NULL) {
        return;
    }
    while (c->idle != NULL) {
        struct net_handle *h = c->idle;
        c->idle = h->next;
        handle_destroy(h);
    }
    (void)curl_share_cleanup(c->share);
    for (size_t i = 0; i < ARRAY_LEN(c->share_locks); i++) {
        (void)pthread_mutex_destroy(&c->share_locks[i]);
    }
    (void)pthread_mutex_destroy(&c->lock);
    free(c->user_agent);
    free(c->ca_file);
    free(c);
}

/* FNV-1a: only to find a likely connection again, so a collision costs nothing. */
static uint64_t hash_of(struct sv text) {
    uint64_t h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < text.len; i++) {
        h = (h ^ (unsigned char)text.ptr[i]) * UINT64_C(1099511628211);
    }
    return h;
}

static struct net_handle *idle_take(struct net_client *c, uint64_t hash) {
    struct net_handle **at = &c->idle;
    while (*at != NULL && (*at)->origin_hash != hash) {
        at = &(*at)->next;
    }
    if (*at == NULL && c->idle_count >= c->idle_max) {
        at = &c->idle;
    }
    struct net_handle *found = *at;
    if (found != NULL) {
        *at = found->next;
        c->idle_count--;
    }
    return found;
}

bool net_handle_take(struct net_client *c, struct sv origin, struct net_handle **out,
                     struct err *err) {
    uint64_t hash = hash_of(origin);
    (void)pthread_mutex_lock(&c->lock);
    struct net_handle *h = idle_take(c, hash);
    (void)pthread_mutex_unlock(&c->lock);
    if (h == NULL) {
        h = calloc(1, sizeof *h);
        CURL *easy = curl_easy_init();
        if (h == NULL || easy == NULL) {
            curl_easy_cleanup(easy);
            free(h);
            return err_set(err, ERR_BUG, "no memory for a connection");
        }
        h->easy = easy;
    }
    h->origin_hash = hash;
    h->next = NULL;
    *out = h;
    return true;
}

void net_handle_give(struct net_client *c, struct net_handle *h) {
    curl_easy_reset(h->easy); /* keeps connections */
    (void)pthread_mutex_lock(&c->lock);
    bool is_kept = c->idle_count < c->idle_max;
    if (is_kept) {
        h->next = c->idle;
        c->idle = h;
        c->idle_count++;
    }
    (void)pthread_mutex_unlock(&c->lock);
    if (!is_kept) {
        handle_destroy(h);
    }
}
