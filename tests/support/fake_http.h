/* A platform made of canned replies: takes the place of the network in unit tests. Token requests
 * (URLs that end in "/token") get their own line of replies; the last of a line is given again for
 * ever. */
#pragma once
#include "lti_service.h"

struct fake_reply {
    int status; /* 0: the exchange fails, "timeout" LATER */
    const char *body;
    const char *link; /* Link header, or NULL */
    size_t body_len;  /* 0: strlen(body) */
};

#define FAKE_SEEN_MAX 512

struct fake_seen {
    enum net_method method;
    char url[1024];
    char body[8192];
    char authorization[256], accept[128], content_type[128];
};

struct fake_http {
    const struct fake_reply *replies;
    size_t reply_count, next;
    const struct fake_reply *tokens; /* NULL: token "T1", "T2"... of all scopes, for an hour */
    size_t token_count, next_token;
    size_t token_requests, requests; /* requests: without those for tokens */
    struct fake_seen seen[FAKE_SEEN_MAX];
    char token_body[8192];
};

static inline void fake_copy(char *to, size_t room, struct sv from) {
    (void)snprintf(to, room, "%.*s", SV_ARG(from));
}

static inline bool fake_answer(const struct fake_reply *reply, struct net_response *out,
                               struct arena *a, struct err *err) {
    if (reply->status == 0) {
        (void)err_because(err, ERR_UPSTREAM, "timeout", "it did not answer in time");
        return err_retry_as(err, ERR_RETRY_LATER);
    }
    size_t len = reply->body_len > 0 ? reply->body_len : strlen(reply->body);
    *out =
        (struct net_response){.status = reply->status, .body = sv_copy(a, sv_of(reply->body, len))};
    if (reply->link != NULL) {
        out->headers = ARENA_NEW(a, struct net_header);
        out->headers[0] = (struct net_header){SV("Link"), sv_from(reply->link)};
        out->header_count = 1;
    }
    return true;
}

static inline bool fake_token(struct fake_http *f, const struct net_request *q,
                              struct net_response *out, struct arena *a, struct err *err) {
    fake_copy(f->token_body, sizeof f->token_body, q->body);
    f->token_requests++;
    if (f->tokens != NULL) {
        size_t at = f->next_token < f->token_count ? f->next_token++ : f->token_count - 1;
        return fake_answer(&f->tokens[at], out, a, err);
    }
    const struct fake_reply reply = {
        .status = 200,
        .body = arena_printf(a,
                             "{\"access_token\":\"T%zu\",\"token_type\":\"Bearer\","
                             "\"expires_in\":3600}",
                             f->token_requests)};
    return fake_answer(&reply, out, a, err);
}

static inline bool fake_fetch(void *ctx, const struct net_request *q, struct net_response *out,
                              struct arena *a, struct err *err) {
    struct fake_http *f = ctx;
    if (sv_ends(q->url, SV("/token"))) {
        return fake_token(f, q, out, a, err);
    }
    if (f->requests < FAKE_SEEN_MAX) {
        struct fake_seen *seen = &f->seen[f->requests];
        seen->method = q->method;
        fake_copy(seen->url, sizeof seen->url, q->url);
        fake_copy(seen->body, sizeof seen->body, q->body);
        fake_copy(seen->content_type, sizeof seen->content_type, q->content_type);
        for (size_t i = 0; i < q->header_count; i++) {
            if (sv_eq(q->headers[i].name, SV("Authorization"))) {
                fake_copy(seen->authorization, sizeof seen->authorization, q->headers[i].value);
            } else if (sv_eq(q->headers[i].name, SV("Accept"))) {
                fake_copy(seen->accept, sizeof seen->accept, q->headers[i].value);
            }
        }
    }
    f->requests++;
    if (f->reply_count == 0) {
        return err_set(err, ERR_BUG, "no canned reply");
    }
    size_t at = f->next < f->reply_count ? f->next++ : f->reply_count - 1;
    return fake_answer(&f->replies[at], out, a, err);
}

static inline bool fake_sign(void *ctx, const json_t *claims, struct arena *a, struct sv *jwt,
                             struct err *err) {
    (void)ctx;
    (void)err;
    *jwt = js_dump(a, claims); /* readable in tests; signing is room jose's */
    return true;
}

static inline usec_t fake_now(void *ctx) { return *(const usec_t *)ctx; }
