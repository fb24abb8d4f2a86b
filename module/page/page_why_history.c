/* What happened to one badge of one learner. */
#include "page_why.h"
#include <stdlib.h>

struct event {
    usec_t at;
    size_t order; /* of what happened at the same time */
    struct sv text, by, reason;
};

struct history {
    struct event *events;
    size_t count;
};

#define EVENTS_PER_AWARD 4

static struct event *add(struct history *h, usec_t at, const char *text, const char *by) {
    h->events[h->count] = (struct event){
        .at = at, .order = h->count, .text = sv_from(text), .by = sv_from(by), .reason = SV("")};
    return &h->events[h->count++];
}

static const char *by_whom(bool is_person) { return is_person ? "by a teacher" : "by Laurel"; }

static bool was_proposed(const struct store_award *a) {
    return a->issued_at == 0 || (!a->is_awarded_by_hand && a->issued_at > a->created_at);
}

/* One award becomes up to four events; its note belongs to the last. */
static void add_award(struct history *h, const struct store_award *a) {
    struct event *last = NULL;
    if (was_proposed(a)) {
        last = add(h, a->created_at, "Proposed: every condition was met", "by Laurel");
    }
    if (a->issued_at != 0 && was_proposed(a)) {
        last = add(h, a->issued_at, "Awarded", "by a teacher");
    } else if (a->issued_at != 0) {
        last = add(h, a->issued_at,
                   a->is_awarded_by_hand ? "Awarded by hand" : "Awarded: every condition was met",
                   by_whom(a->is_awarded_by_hand));
    }
    if (a->suspended_at != 0) {
        bool is_person = a->state == MODEL_AWARD_SUSPENDED && a->is_by_hand;
        last = add(h, a->suspended_at, "Suspended", by_whom(is_person));
    }
    if (a->state == MODEL_AWARD_REVOKED) {
        last = add(h, a->revoked_at, "Revoked", by_whom(a->is_by_hand));
    } else if (a->state == MODEL_AWARD_EXPIRED) {
        last = add(h, a->expires_at, "Expired", "by Laurel");
    } else if (a->state == MODEL_AWARD_DECLINED && last != NULL) {
        last->text = SV("Proposed, and declined by a teacher");
        last->by = SV("");
    }
    if (last != NULL) {
        last->reason = a->note;
    }
}

static void add_attestations(const struct page *p, struct history *h, const struct page_why *why) {
    for (size_t i = 0; i < why->person.attestation_count; i++) {
        const struct store_attestation *t = &why->person.attestations[i];
        if (t->badge_id != why->badge->stored.id) {
            continue;
        }
        struct event *e = add(h, t->at, "", "by a teacher");
        e->text = sv_printf(p->arena, "Confirmed: %.*s", SV_ARG(t->condition));
        e->reason = t->evidence;
        if (t->by_name.len > 0) {
            e->by = sv_printf(p->arena, "by %.*s", SV_ARG(t->by_name));
        }
    }
}

static int newest_first(const void *left, const void *right) {
    const struct event *a = left;
    const struct event *b = right;
    if (a->at != b->at) {
        return a->at > b->at ? -1 : 1;
    }
    return (a->order < b->order) - (a->order > b->order);
}

static json_t *event_model(const struct page *p, const struct event *e) {
    char at[RFC3339_MAX];
    char when[TEXT_TIME_MAX];
    json_t *obj = json_object();
    page_set_text(obj, "at", sv_from(rfc3339_format(e->at, at)));
    page_set_text(obj, "when", sv_from(text_date_time(p->zone, e->at, when)));
    page_set_text(obj, "text", e->text);
    page_set_text(obj, "by", e->by);
    page_set_text(obj, "reason", e->reason);
    return obj;
}

bool page_why_history(struct page *p, const struct page_why *why, json_t *model, struct err *err) {
    struct store_award *awards = NULL;
    size_t count = 0;
    if (!store_award_history(p->app->options.store, p->session.institution_id,
                             why->badge->stored.id, why->person.person.id, p->arena, &awards,
                             &count, err)) {
        return false;
    }
    struct history h = {
        .events = ARENA_ARRAY(p->arena, struct event,
                              count * EVENTS_PER_AWARD + why->person.attestation_count + 1)};
    for (size_t i = 0; i < count; i++) {
        add_award(&h, &awards[i]);
    }
    add_attestations(p, &h, why);
    qsort(h.events, h.count, sizeof *h.events, newest_first);
    json_t *list = json_array();
    for (size_t i = 0; i < h.count; i++) {
        (void)json_array_append_new(list, event_model(p, &h.events[i]));
    }
    page_set_bool(model, "has_history", h.count > 0);
    (void)json_object_set_new(model, "history", list);
    return true;
}
