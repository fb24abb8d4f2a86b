#include "job_replay.h"
#include "base_encode.h"
#include "base_num.h"
#include <string.h>
#include <time.h>
#include <zlib.h>

#define REPLY_MAX ((size_t)64 << 20)
#define SIZE_BYTES 4
#define PAUSE_STEP_MS 50

void job_replay_init(struct job_replay *r) {
    (void)pthread_mutex_init(&r->lock, NULL);
    arena_init(&r->arena);
}

void job_replay_release(struct job_replay *r) {
    (void)pthread_mutex_destroy(&r->lock);
    arena_release(&r->arena);
}

/* "200", a line each for the headers that sources read, an empty line, the body. */
static void reply_write(struct str *s, const struct net_response *response) {
    static const char *const kept[] = {"Link", "Content-Type"};
    str_addf(s, "%d\n", response->status);
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        struct sv value;
        for (size_t n = 0; net_response_header(response, sv_from(kept[i]), n, &value); n++) {
            str_addf(s, "%s: %.*s\n", kept[i], SV_ARG(value));
        }
    }
    str_add_char(s, '\n');
    str_add(s, response->body);
}

struct sv job_reply_pack(const struct net_response *response, struct arena *a) {
    AUTO_ARENA scratch = {0};
    struct str plain;
    str_init(&plain, &scratch, REPLY_MAX);
    reply_write(&plain, response);
    struct sv text = str_sv(&plain);
    uLongf size = compressBound(text.len);
    unsigned char *out = arena_alloc(&scratch, SIZE_BYTES + size);
    if (plain.is_overflowed || compress2(out + SIZE_BYTES, &size, (const Bytef *)text.ptr, text.len,
                                         Z_BEST_SPEED) != Z_OK) {
        return sv_of(NULL, 0);
    }
    for (size_t i = 0; i < SIZE_BYTES; i++) {
        out[i] = (unsigned char)(text.len >> (8 * (SIZE_BYTES - 1 - i)));
    }
    return sv_copy(a, sv_of((const char *)out, SIZE_BYTES + size));
}

static bool reply_read(struct sv text, struct arena *a, struct net_response *out) {
    struct sv line;
    int64_t status = 0;
    *out = (struct net_response){.is_kept = true, .headers = ARENA_ARRAY(a, struct net_header, 16)};
    if (!sv_cut(text, '\n', &line, &text) || !num_parse_i64(line, 100, 599, &status)) {
        return false;
    }
    out->status = (int)status;
    while (sv_cut(text, '\n', &line, &text) && line.len > 0) {
        struct net_header *header = &out->headers[out->header_count];
        if (out->header_count == 16 || !sv_cut(line, ':', &header->name, &header->value)) {
            return false;
        }
        header->value = sv_trim(header->value);
        out->header_count++;
    }
    out->body = text;
    return true;
}

bool job_reply_unpack(struct sv packed, struct arena *a, struct net_response *out,
                      struct err *err) {
    uLongf size = 0;
    for (size_t i = 0; i < SIZE_BYTES && i < packed.len; i++) {
        size = size << 8 | (unsigned char)packed.ptr[i];
    }
    if (packed.len > SIZE_BYTES && size <= REPLY_MAX) {
        char *text = arena_alloc(a, size + 1);
        uLongf got = size;
        if (uncompress((Bytef *)text, &got, (const Bytef *)packed.ptr + SIZE_BYTES,
                       packed.len - SIZE_BYTES) == Z_OK &&
            got == size && reply_read(sv_of(text, size), a, out)) {
            return true;
        }
    }
    return err_set(err, ERR_BUG, "a reply that was kept cannot be read");
}

static bool break_off(struct err *err, const char *reason, const char *text) {
    (void)err_because(err, ERR_UPSTREAM, reason, "%s", text);
    return err_retry_as(err, ERR_RETRY_LATER);
}

static bool may_go_on(struct job_replay *r, struct err *err) {
    if (atomic_load(r->is_stopping)) {
        return break_off(err, "stopping", "Laurel is being restarted; the reading goes on then");
    }
    (void)pthread_mutex_lock(&r->lock);
    bool is_over = r->is_over;
    (void)pthread_mutex_unlock(&r->lock);
    return !is_over || break_off(err, "pause",
                                 "the platform asks Laurel to slow down; the reading goes on after "
                                 "the pause it wants");
}

static bool only_reads(const struct job_replay *r, const struct net_request *q) {
    return q->method == NET_GET ||
           (q->method == NET_POST && r->reads_by_post.len > 0 && sv_eq(q->url, r->reads_by_post));
}

/* Credentials in headers are not in it; what is in a body is, and cannot be had back from it. */
static void key_of(const struct net_request *q, struct arena *a, unsigned char key[32]) {
    struct sv text = sv_printf(a, "%d %.*s\n%.*s", (int)q->method, SV_ARG(q->url), SV_ARG(q->body));
    sha256(text.ptr, text.len, key);
}

/* Asked again in this run: what it was answered before was of no use. */
static void page_drop(struct job_replay *r, const unsigned char key[32]) {
    for (size_t i = 0; i < r->count; i++) {
        if (memcmp(r->pages[i].key, key, sizeof r->pages[i].key) == 0) {
            r->bytes -= r->pages[i].reply.len;
            memmove(&r->pages[i], &r->pages[i + 1], (r->count - i - 1) * sizeof *r->pages);
            r->count--;
            return;
        }
    }
}

/* True once for each key: what an earlier run had kept is not given twice either. */
static bool serve(struct job_replay *r, const unsigned char key[32]) {
    for (size_t i = 0; i < r->replayed; i++) {
        if (memcmp(r->served[i], key, sizeof r->served[i]) == 0) {
            return false;
        }
    }
    if (r->replayed == JOB_REPLAY_PAGES_MAX) {
        return false;
    }
    if (r->served == NULL) {
        r->served = arena_array(&r->arena, JOB_REPLAY_PAGES_MAX, sizeof *r->served);
    }
    memcpy(r->served[r->replayed++], key, sizeof *r->served);
    return true;
}

static void page_add(struct job_replay *r, const unsigned char key[32], struct sv packed) {
    page_drop(r, key);
    size_t bytes = r->kept_bytes + r->bytes + packed.len;
    if (packed.len == 0 || bytes > JOB_REPLAY_BYTES_MAX ||
        r->kept_count + r->count >= JOB_REPLAY_PAGES_MAX) {
        return;
    }
    if (r->pages == NULL) {
        r->pages = ARENA_ARRAY(&r->arena, struct store_kept_page, JOB_REPLAY_PAGES_MAX);
    }
    struct store_kept_page *page = &r->pages[r->count++];
    memcpy(page->key, key, sizeof page->key);
    page->reply = sv_copy(&r->arena, packed);
    r->bytes += packed.len;
}

static void note(struct job_replay *r, bool is_kept, const unsigned char key[32],
                 const struct net_response *response, bool is_answered) {
    AUTO_ARENA scratch = {0};
    bool is_good = is_answered && response->status >= 200 && response->status < 300;
    struct sv packed = is_good && is_kept ? job_reply_pack(response, &scratch) : sv_of(NULL, 0);
    int64_t wait_s = is_answered && !is_good ? net_response_retry_after_s(response) : 0;
    (void)pthread_mutex_lock(&r->lock);
    r->is_last_refused = !is_good;
    r->retry_after_s = wait_s;
    page_add(r, key, packed);
    (void)pthread_mutex_unlock(&r->lock);
}

static bool find(struct job_replay *r, const unsigned char key[32], struct arena *a,
                 struct net_response *out, bool *is_found, struct err *err) {
    AUTO_ARENA scratch = {0};
    struct sv packed = {0};
    *is_found = false;
    if (r->find == NULL) {
        return true;
    }
    if (!r->find(r->find_ctx, key, &scratch, &packed, err)) {
        return false;
    }
    if (packed.len == 0) {
        return true;
    }
    (void)pthread_mutex_lock(&r->lock);
    *is_found = serve(r, key);
    r->is_last_refused = r->is_last_refused && !*is_found;
    (void)pthread_mutex_unlock(&r->lock);
    return !*is_found || job_reply_unpack(packed, a, out, err);
}

static bool fetch(void *ctx, const struct net_request *q, struct net_response *response,
                  struct arena *a, struct err *err) {
    struct job_replay *r = ctx;
    unsigned char key[32] = {0};
    bool is_found = false;
    if (!may_go_on(r, err)) {
        return false;
    }
    key_of(q, a, key);
    if (only_reads(r, q) && !find(r, key, a, response, &is_found, err)) {
        return false;
    }
    if (is_found) {
        return true;
    }
    struct net_request asked = *q;
    asked.stop = only_reads(r, q) ? r->is_stopping : NULL; /* what writes is not cut off */
    bool is_answered = r->under.fetch(r->under.ctx, &asked, response, a, err);
    note(r, only_reads(r, q), key, response, is_answered);
    return is_answered;
}

/* Many exchanges on their way. */
struct many {
    struct job_replay *r;
    const struct net_many *asked;
    struct {
        size_t tag; /* the caller's */
        unsigned char key[32];
        bool is_busy, is_read;
    } slots[NET_PARALLEL_MAX];
    bool is_broken;  /* nothing more is asked: */
    struct err *err; /* and this is why */
};

static size_t slot_free(const struct many *m) {
    size_t i = 0;
    while (i < NET_PARALLEL_MAX - 1 && m->slots[i].is_busy) {
        i++;
    }
    return i;
}

/* What an earlier run was answered is handed on at once; the first that it was not is asked. */
static bool many_next(void *ctx, struct arena *a, struct net_request *request, size_t *tag) {
    struct many *m = ctx;
    size_t slot = slot_free(m);
    while (!m->is_broken) {
        struct net_response kept = {0};
        bool is_found = false;
        size_t asked = 0;
        if (!m->asked->next(m->asked->ctx, a, request, &asked)) {
            return false;
        }
        key_of(request, a, m->slots[slot].key);
        m->slots[slot].tag = asked;
        m->slots[slot].is_read = only_reads(m->r, request);
        request->stop = m->slots[slot].is_read ? m->r->is_stopping : NULL;
        if (!may_go_on(m->r, m->err) ||
            (m->slots[slot].is_read &&
             !find(m->r, m->slots[slot].key, a, &kept, &is_found, m->err))) {
            m->is_broken = true;
        } else if (!is_found) {
            m->slots[slot].is_busy = true;
            *tag = slot;
            return true;
        } else {
            m->is_broken = !m->asked->done(m->asked->ctx, asked, a, &kept, NULL, m->err);
            arena_reset(a);
        }
    }
    return false;
}

static bool many_done(void *ctx, size_t slot, struct arena *a, const struct net_response *response,
                      const struct err *failed, struct err *err) {
    static const struct net_response nothing = {0};
    struct many *m = ctx;
    m->slots[slot].is_busy = false;
    note(m->r, m->slots[slot].is_read, m->slots[slot].key, response == NULL ? &nothing : response,
         response != NULL);
    return m->asked->done(m->asked->ctx, m->slots[slot].tag, a, response, failed, err);
}

static bool fetch_all(void *ctx, const struct net_many *asked, struct err *err) {
    struct job_replay *r = ctx;
    struct many m = {.r = r, .asked = asked, .err = err};
    const struct net_many many = {
        .parallel = asked->parallel, .next = many_next, .done = many_done, .ctx = &m};
    return lti_http_fetch_all(&r->under, &many, err) && !m.is_broken;
}

struct lti_http job_replay_http(struct job_replay *r) {
    return (struct lti_http){.fetch = fetch, .ctx = r, .fetch_all = fetch_all};
}

bool job_replay_pause(void *ctx, int64_t ms) {
    struct job_replay *r = ctx;
    bool is_too_long = ms > JOB_REPLAY_PAUSE_MAX_MS;
    usec_t until = clock_monotonic() + ms * 1000;
    while (!is_too_long && !atomic_load(r->is_stopping)) {
        usec_t left_ms = (until - clock_monotonic() + 999) / 1000;
        if (left_ms <= 0) {
            return true;
        }
        const struct timespec step = {
            .tv_nsec = (left_ms < PAUSE_STEP_MS ? left_ms : PAUSE_STEP_MS) * 1000000L};
        (void)nanosleep(&step, NULL);
    }
    (void)pthread_mutex_lock(&r->lock);
    r->is_over = true;
    r->wanted_ms = is_too_long ? ms : r->wanted_ms;
    (void)pthread_mutex_unlock(&r->lock);
    return false;
}

size_t job_replay_good(const struct job_replay *r, const struct err *why) {
    bool is_ours = strcmp(why->reason, "stopping") == 0 || strcmp(why->reason, "pause") == 0 ||
                   strcmp(why->reason, "paused") == 0; /* by a source, when a pause was refused */
    if (r->is_last_refused || is_ours || why->code == ERR_DB) {
        return r->count;
    }
    size_t doubtful = r->parallel > 0 ? (size_t)r->parallel : 1;
    return r->count > doubtful ? r->count - doubtful : 0;
}
