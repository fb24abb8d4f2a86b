#include "page_course.h"
#include "badge_award.h"
#include "base_encode.h"

#define TOKEN_BYTES 16

bool page_course_load(struct page *p, struct judge_course *out, struct err *err) {
    if (p->session.context_id == 0) {
        *out = (struct judge_course){.zone = p->zone};
        return true;
    }
    return judge_course_load(p->app->options.store, p->session.institution_id,
                             p->session.context_id, p->arena, out, err);
}

bool page_course_badge(const struct judge_course *course, struct sv public_id,
                       const struct judge_badge **out, struct err *err) {
    for (size_t i = 0; i < course->badge_count; i++) {
        if (sv_eq(course->badges[i].stored.public_id, public_id)) {
            *out = &course->badges[i];
            return true;
        }
    }
    return err_because(err, ERR_NOT_FOUND, "badge", "there is no such badge in this course");
}

static bool load_one(struct page *p, const struct judge_course *course, int64_t person_id,
                     struct judge_person *out, struct err *err) {
    struct judge_person *people = NULL;
    size_t count = 0;
    if (!judge_people_load(p->app->options.store, course, &person_id, 1, p->arena, &people, &count,
                           err)) {
        return false;
    }
    if (count > 0) {
        *out = people[0];
    }
    return true;
}

bool page_course_self(struct page *p, const struct judge_course *course, struct judge_person *out,
                      struct err *err) {
    *out = (struct judge_person){.person = {.id = p->session.person_id}};
    bool is_learner = p->session.role == MODEL_ROLE_LEARNER || p->session.is_learner;
    return !is_learner || p->session.context_id == 0 ||
           load_one(p, course, p->session.person_id, out, err);
}

struct sv page_person_seal(const struct seal *seal, struct arena *a, struct page_person_ref ref) {
    unsigned char mac[SEAL_MAC_BYTES];
    struct sv about = sv_printf(a, "%lld:%lld:%lld", (long long)ref.institution_id,
                                (long long)ref.course_id, (long long)ref.person_id);
    seal_mac(seal, "person", about, mac);
    return base64url_encode(a, mac, TOKEN_BYTES);
}

struct sv page_person_token(const struct page *p, int64_t person_id) {
    const struct page_person_ref ref = {.institution_id = p->session.institution_id,
                                        .course_id = p->session.context_id,
                                        .person_id = person_id};
    return page_person_seal(p->app->options.seal, p->arena, ref);
}

bool page_person_find(struct page *p, const struct judge_course *course, struct sv token,
                      struct judge_person *out, struct err *err) {
    struct store_person *people = NULL;
    size_t count = 0;
    if (p->session.context_id != 0 &&
        !store_person_list(p->app->options.store, p->session.institution_id, p->session.context_id,
                           NULL, 0, p->arena, &people, &count, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (sv_eq_secret(token, page_person_token(p, people[i].id))) {
            *out = (struct judge_person){.person = people[i]};
            return load_one(p, course, people[i].id, out, err);
        }
    }
    return err_because(err, ERR_NOT_FOUND, "person", "there is no such learner in this course");
}

struct sv page_person_name(const struct page *p, const struct store_person *person) {
    struct sv name = sv_trim(person->name);
    if (name.len > 0) {
        return name;
    }
    return sv_printf(p->arena, "Learner %.6s", page_person_token(p, person->id).ptr);
}

const char *page_state_name(enum page_state state) {
    static const char *const names[] = {"earned", "almost", "not_yet", "review", "problem"};
    return names[state];
}

static bool is_trace(const struct badge_result *result) {
    const struct model_fact *fact = result->fact;
    return result->state == BADGE_MET ||
           (fact != NULL && ((fact->has_score && fact->is_posted) || fact->submitted_at != 0));
}

bool page_is_started(const struct badge_plan *plan, const struct badge_verdict *verdict) {
    for (uint32_t i = 0; plan != NULL && verdict->results != NULL && i < plan->node_count; i++) {
        if (is_trace(&verdict->results[i])) {
            return true;
        }
    }
    return false;
}

enum page_state page_state_of(const struct store_award *award, const struct badge_verdict *verdict,
                              bool is_started) {
    if (award != NULL) {
        return award->state == MODEL_AWARD_ISSUED     ? PAGE_STATE_EARNED
               : award->state == MODEL_AWARD_PROPOSED ? PAGE_STATE_REVIEW
                                                      : PAGE_STATE_PROBLEM;
    }
    if (!verdict->is_decidable) {
        return PAGE_STATE_PROBLEM;
    }
    if (verdict->results != NULL && verdict->results[0].state == BADGE_NEEDS_TEACHER) {
        return PAGE_STATE_REVIEW;
    }
    return verdict->is_met || (verdict->steps_left == 1 && is_started) ? PAGE_STATE_ALMOST
                                                                       : PAGE_STATE_NOT_YET;
}

bool page_is_stuck(const struct store_award *award, const struct badge_verdict *verdict) {
    if (award != NULL) {
        return award->state != MODEL_AWARD_ISSUED && award->state != MODEL_AWARD_PROPOSED;
    }
    return verdict->is_decidable && !verdict->is_met && verdict->steps_left == BADGE_STEPS_NEVER;
}

struct page_standing page_standing(const struct judge_badge *badge,
                                   const struct judge_person *person, struct arena *a) {
    struct page_standing s = {.badge = badge,
                              .person = person,
                              .award = judge_award(badge, person),
                              .verdict = judge_decide(badge, person, a)};
    s.state = page_state_of(s.award, &s.verdict, page_is_started(badge->plan, &s.verdict));
    s.is_in_question = s.award != NULL && s.award->state == MODEL_AWARD_ISSUED &&
                       !s.award->is_awarded_by_hand && s.verdict.is_decidable &&
                       !s.verdict.is_met && badge->definition.on_grade_drop == MODEL_DROP_REVIEW;
    return s;
}

static usec_t award_at(const struct store_award *award) {
    if (award == NULL) {
        return 0;
    }
    switch (award->state) {
    case MODEL_AWARD_ISSUED:
        return award->issued_at;
    case MODEL_AWARD_SUSPENDED:
        return award->suspended_at;
    case MODEL_AWARD_REVOKED:
        return award->revoked_at;
    case MODEL_AWARD_EXPIRED:
        return award->expires_at;
    default:
        return award->created_at;
    }
}

struct sv page_award_sentence(const struct page *p, const struct store_award *award) {
    if (award == NULL) {
        return SV("");
    }
    switch (award->state) {
    case MODEL_AWARD_ISSUED:
        return award->expires_at == 0 ? SV("")
                                      : sv_printf(p->arena, "Valid until %.*s.",
                                                  SV_ARG(page_date(p, award->expires_at)));
    case MODEL_AWARD_PROPOSED:
        return SV("Everything is met. A teacher confirms it before it is awarded.");
    case MODEL_AWARD_SUSPENDED:
        return award->note.len > 0
                   ? award->note
                   : SV("A grade it rests on went down. It counts again when the grade does.");
    default:
        return award->note;
    }
}

struct sv page_standing_next(const struct page *p, const struct page_standing *s, struct sv next) {
    if (s->award != NULL) {
        return page_award_sentence(p, s->award);
    }
    if (!s->verdict.is_met) {
        return next;
    }
    int year = 0;
    int month = 0;
    int day = 0;
    struct text_civil today = text_zone_civil(p->zone, p->now);
    struct sv award_on = s->badge->definition.award_on;
    if (!badge_award_is_due(award_on, today.year, today.month, today.day) &&
        date_parse(award_on, &year, &month, &day)) {
        struct text_civil noon = {.year = year, .month = month, .day = day, .hour = 12};
        return sv_printf(p->arena, "Everything is met. The badge is awarded on %.*s.",
                         SV_ARG(page_date(p, text_zone_usec(p->zone, noon))));
    }
    return SV("Everything is met. The badge arrives with the next reading.");
}

struct sv page_standing_word(const struct page *p, const struct page_standing *s) {
    static const char *const words[] = {"Proposed", "Declined", "Earned",  "Suspended",
                                        "Revoked",  "Expired",  "Replaced"};
    if (s->award != NULL && s->award->state == MODEL_AWARD_PROPOSED) {
        return p->session.role >= MODEL_ROLE_TEACHER ? SV("Waits for your decision")
                                                     : SV("Waiting for your teacher");
    }
    if (s->award != NULL) {
        usec_t at = award_at(s->award);
        return at == 0 || s->award->state == MODEL_AWARD_DECLINED
                   ? sv_from(words[s->award->state])
                   : sv_printf(p->arena, "%s %.*s", words[s->award->state],
                               SV_ARG(page_date(p, at)));
    }
    if (!s->verdict.is_decidable) {
        return SV("Cannot be worked out yet");
    }
    if (s->verdict.is_met) {
        return SV("Everything is met");
    }
    if (s->state == PAGE_STATE_REVIEW) {
        return p->session.role >= MODEL_ROLE_TEACHER ? SV("Waits for a teacher to confirm")
                                                     : SV("Waiting for your teacher");
    }
    return s->state == PAGE_STATE_ALMOST ? SV("One step away") : SV("Not yet");
}

json_t *page_progress(const struct page_standing *s, struct sv text) {
    json_t *progress = json_object();
    uint32_t total = s->verdict.is_decidable ? s->verdict.total : 1;
    /* What was taken back is not on its way, whatever is met. */
    uint32_t done = s->state == PAGE_STATE_PROBLEM ? 0 : s->verdict.done;
    (void)json_object_set_new(progress, "done", json_integer(done));
    (void)json_object_set_new(progress, "of", json_integer(total == 0 ? 1 : total));
    page_set_text(progress, "text", text);
    page_set_text(progress, "state", sv_from(page_state_name(s->state)));
    return progress;
}

struct sv page_date(const struct page *p, usec_t t) {
    char out[TEXT_TIME_MAX];
    return sv_copy(p->arena, sv_from(text_date(p->zone, t, out)));
}

struct sv page_course_name(struct arena *a, struct sv title, struct sv context_id) {
    bool is_unknown = title.len == 0 || sv_eq(title, context_id);
    return is_unknown ? sv_printf(a, "course %.*s (not opened yet)", SV_ARG(context_id)) : title;
}

struct sv page_badge_image(const struct page *p, struct sv public_id) {
    return page_path(p, "image/%.*s.svg", SV_ARG(public_id));
}

struct sv page_badge_url(const struct page *p, struct sv public_id) {
    return page_path(p, "badges/%.*s", SV_ARG(public_id));
}

static struct sv host_of(struct sv url) {
    struct sv scheme = {0};
    struct sv rest = url;
    if (sv_cut(url, '/', &scheme, &rest) && sv_starts(rest, SV("/"))) {
        rest = sv_skip(rest, 1);
    }
    return sv_head(rest, sv_find(rest, '/'));
}

struct sv page_source_title(struct arena *a, struct sv kind, struct sv issuer) {
    struct sv name = kind.len == 0               ? SV("Learning platform")
                     : sv_eq(kind, SV("moodle")) ? SV("Moodle")
                     : sv_eq(kind, SV("canvas")) ? SV("Canvas")
                     : sv_eq(kind, SV("csv"))    ? SV("Gradebook files")
                                                 : SV("Gradebook");
    return sv_printf(a, "%.*s at %.*s", SV_ARG(name), SV_ARG(host_of(issuer)));
}
