#include "net_exchange.h"

#define POLL_MS 1000

/* A place for one exchange at a time, with its own memory. */
enum slot_state { SLOT_FREE, SLOT_READY, SLOT_RUNNING };
struct slot {
    enum slot_state state;
    struct arena arena;
    CURL *easy;
    struct net_request request;
    struct net_response response;
    struct net_exchange exchange;
    size_t tag;
};

struct crowd {
    struct net_client *client;
    const struct net_many *many;
    CURLM *multi;
    struct slot slots[NET_PARALLEL_MAX];
    size_t slot_count, running;
};

static void slot_stop(struct crowd *c, struct slot *s) {
    if (s->state == SLOT_RUNNING) {
        (void)curl_multi_remove_handle(c->multi, s->easy);
        net_exchange_release(&s->exchange);
        net_gate_leave(&c->client->gate);
        c->running--;
    }
    s->state = SLOT_FREE;
}

static void crowd_release(struct crowd *c) {
    for (size_t i = 0; i < c->slot_count; i++) {
        slot_stop(c, &c->slots[i]);
        curl_easy_cleanup(c->slots[i].easy);
        arena_release(&c->slots[i].arena);
    }
    (void)curl_multi_cleanup(c->multi);
}

static bool tell(struct crowd *c, struct slot *s, const struct err *failed, struct err *err) {
    const struct net_many *many = c->many;
    return many->done(many->ctx, s->tag, &s->arena, failed == NULL ? &s->response : NULL, failed,
                      err);
}

/* Judged, through the gate, and on its way; else *failed says why not. */
static bool launch(struct crowd *c, struct slot *s, struct err *failed) {
    struct net_client *client = c->client;
    if (!net_exchange_judge(client, &s->request, &s->arena, &s->exchange, failed) ||
        !net_gate_enter(&client->gate, failed)) {
        return false;
    }
    curl_easy_reset(s->easy);
    if (net_exchange_begin(&s->exchange, s->easy, &s->request, &s->response, failed) &&
        (curl_easy_setopt(s->easy, CURLOPT_PRIVATE, s) != CURLE_OK ||
         curl_multi_add_handle(c->multi, s->easy) != CURLM_OK)) {
        (void)err_set(failed, ERR_BUG, "libcurl does not take another exchange");
    }
    if (failed->code != ERR_NONE) {
        net_exchange_release(&s->exchange);
        net_gate_leave(&client->gate);
        return false;
    }
    s->state = SLOT_RUNNING;
    c->running++;
    return true;
}

/* Fill a free place as long as there are requests. False: broken off. */
static bool slot_fill(struct crowd *c, struct slot *s, struct err *err) {
    const struct net_many *many = c->many;
    while (s->state != SLOT_RUNNING) {
        if (s->state == SLOT_FREE) {
            arena_reset(&s->arena);
            s->request = (struct net_request){0};
            if (!many->next(many->ctx, &s->arena, &s->request, &s->tag)) {
                return true;
            }
            s->state = SLOT_READY;
        }
        struct err failed = {0};
        if (launch(c, s, &failed)) {
            return true;
        }
        if (strcmp(failed.reason, "busy") == 0 && c->running > 0) {
            return true; /* our own gate is full: it waits until one of ours has come back */
        }
        s->state = SLOT_FREE;
        if (!tell(c, s, &failed, err)) {
            return false;
        }
    }
    return true;
}

static bool slot_finish(struct crowd *c, struct slot *s, CURLcode rc, struct err *err) {
    struct err failed = {0};
    bool is_good = net_exchange_end(&s->exchange, s->easy, rc, &failed);
    slot_stop(c, s);
    return tell(c, s, is_good ? NULL : &failed, err);
}

static bool collect(struct crowd *c, size_t *ended, struct err *err) {
    CURLMsg *message = NULL;
    int left = 0;
    while ((message = curl_multi_info_read(c->multi, &left)) != NULL) {
        struct slot *s = NULL;
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        CURLcode rc = message->data.result;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&s);
        ++*ended;
        if (!slot_finish(c, s, rc, err)) {
            return false;
        }
    }
    return true;
}

static bool crowd_run(struct crowd *c, struct err *err) {
    for (;;) {
        for (size_t i = 0; i < c->slot_count; i++) {
            if (!slot_fill(c, &c->slots[i], err)) {
                return false;
            }
        }
        if (c->running == 0) {
            return true;
        }
        int going = 0;
        size_t ended = 0;
        if (curl_multi_perform(c->multi, &going) != CURLM_OK) {
            return err_set(err, ERR_BUG, "libcurl cannot go on with its exchanges");
        }
        if (!collect(c, &ended, err)) {
            return false;
        }
        if (ended == 0 && curl_multi_poll(c->multi, NULL, 0, POLL_MS, NULL) != CURLM_OK) {
            return err_set(err, ERR_BUG, "libcurl cannot wait for its exchanges");
        }
    }
}

bool net_fetch_all(struct net_client *client, const struct net_many *many, struct err *err) {
    struct crowd *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return err_set(err, ERR_BUG, "no memory for connections");
    }
    c->client = client;
    c->many = many;
    size_t wanted = many->parallel < 1 ? 1 : (size_t)many->parallel;
    c->multi = curl_multi_init();
    bool is_good = c->multi != NULL;
    while (is_good && c->slot_count < wanted && c->slot_count < NET_PARALLEL_MAX) {
        CURL *easy = curl_easy_init();
        is_good = easy != NULL;
        c->slots[c->slot_count].easy = easy;
        c->slot_count += is_good ? 1 : 0;
    }
    is_good = is_good ? crowd_run(c, err) : err_set(err, ERR_BUG, "no memory for connections");
    crowd_release(c);
    free(c);
    return is_good;
}
