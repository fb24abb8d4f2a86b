/* The calls that Moodle answers for one person at a time, some at once. A person is taken over when
 * all of their answers are there and good, or stays as stored: never half. */
#include "grades_moodle.h"

#define SCOUTS 5    /* people at most who are read alone, to learn what is granted */
#define FRESH_S 180 /* Moodle notes a person's access once a minute, by its own clock */

/* One person's answers while they come in. */
struct job {
    unsigned want, got; /* bits of enum moodle_part */
    json_t *replies[MOODLE_OWN_PARTS];
    bool is_gone, is_failed, is_again, is_doubted;
};

struct round {
    struct moodle_crew *crew;
    const size_t *list; /* members */
    size_t count;
    struct job *jobs; /* as `list` */
    size_t position;  /* of the next request, */
    unsigned part;    /* and which */
    size_t *again;    /* members worth asking once more */
    size_t again_count;
    int streak, streak_max; /* failures in a row: then it is the site */
    int64_t asked_s;        /* how long the site wants to be left alone */
};

static const struct {
    const char *function;
    unsigned can;
    const char *missing;
} parts[MOODLE_OWN_PARTS] = {
    {MOODLE_GRADES, GRADES_CAN_SCORES, "Grades are not granted (" MOODLE_GRADES ")."},
    {MOODLE_ACTIVITIES, GRADES_CAN_COMPLETION,
     "Completion of activities is not granted (" MOODLE_ACTIVITIES
     "); without it completion of the course cannot be judged."},
    {MOODLE_COURSE, GRADES_CAN_COURSE_COMPLETION,
     "Completion of the course is not granted (" MOODLE_COURSE ")."},
};

static void replies_drop(struct job *job) {
    for (size_t i = 0; i < MOODLE_OWN_PARTS; i++) {
        json_decref(job->replies[i]);
        job->replies[i] = NULL;
    }
}

static bool grades_apply(struct moodle_read *m, const json_t *reply, size_t person,
                         struct err *err) {
    const json_t *users = NULL;
    struct sv ref;
    if (!js_array(reply, "usergrades", &users) || json_array_size(users) != 1) {
        return moodle_shape(MOODLE_GRADES, err);
    }
    return moodle_grades_take(m, json_array_get(users, 0), true, &ref, err) &&
           (sv_eq(ref, m->build.out->members[person].person_ref) ||
            moodle_shape(MOODLE_GRADES, err)); /* somebody else's */
}

static bool part_apply(struct moodle_read *m, enum moodle_part part, const json_t *reply,
                       size_t person, struct err *err) {
    switch (part) {
    case MOODLE_OWN_GRADES:
        return grades_apply(m, reply, person, err);
    case MOODLE_OWN_ACTIVITIES:
        return moodle_activities_take(m, reply, person, err);
    case MOODLE_OWN_COURSE:
        return moodle_course_take(m, reply, person, err);
    case MOODLE_OWN_PARTS:
        break;
    }
    return err_set(err, ERR_BUG, "there is no such part");
}

/* Everybody's grades came at once; these are of somebody whom that left out. */
static bool is_leftover(const struct moodle_read *m, enum moodle_part part) {
    return part == MOODLE_OWN_GRADES && m->has_report;
}

static bool person_apply(struct moodle_crew *crew, struct job *job, size_t person,
                         struct err *err) {
    struct moodle_read *m = crew->m;
    struct moodle_person *notes = &m->persons[person];
    for (size_t i = notes->from; i < notes->to; i++) { /* so that completion finds its row */
        m->cells[m->build.out->facts[i].item_index] =
            (struct moodle_cell){.person = person + 1, .fact = i};
    }
    arena_reset(m->scratch);
    for (unsigned part = 0; part < MOODLE_OWN_PARTS; part++) {
        if (job->replies[part] == NULL) {
            continue;
        }
        if (!part_apply(m, (enum moodle_part)part, job->replies[part], person, err)) {
            return false;
        }
        crew->words[part] =
            is_leftover(m, (enum moodle_part)part) ? MOODLE_REFUSED : MOODLE_GRANTED;
        m->build.out->can |= parts[part].can;
    }
    return true;
}

static void person_close(struct moodle_crew *crew, const struct job *job, size_t person) {
    struct moodle_read *m = crew->m;
    struct model_member *member = &m->build.out->members[person];
    struct moodle_person *notes = &m->persons[person];
    struct moodle_sign *sign = &notes->sign;
    sign->is_gone = job->is_gone;
    sign->is_fresh =
        sign->is_fresh || (sign->access >= 0 && m->began / USEC_PER_S - sign->access < FRESH_S);
    member->is_active = !job->is_gone; /* listed, but with no active enrolment */
    member->is_unread = false;
    member->mark = moodle_sign_text(sign, m->build.arena);
    notes->is_read = true;
    crew->read++;
}

static void person_fail(struct moodle_crew *crew, const struct err *why) {
    crew->last = *why;
    crew->failed++;
}

/* All that was asked of this person is there, one way or the other. */
static void settle(struct round *r, size_t position) {
    struct job *job = &r->jobs[position];
    struct err failed = {0};
    if (!job->is_failed && job->is_doubted && r->crew->doubted_count < MOODLE_SCOUTS) {
        r->crew->doubted[r->crew->doubted_count++] = r->list[position];
    } else if (job->is_failed && job->is_again) {
        r->again[r->again_count++] = r->list[position];
    } else if (job->is_failed) {
        r->crew->failed++;
    } else if (person_apply(r->crew, job, r->list[position], &failed)) {
        person_close(r->crew, job, r->list[position]);
    } else {
        person_fail(r->crew, &failed);
    }
    replies_drop(job);
}

/* Everybody's report leaves out whose enrolment has ended or is suspended; of one person it is
 * given all the same. */
static unsigned wanted(const struct moodle_crew *crew, size_t person) {
    const struct moodle_read *m = crew->m;
    bool is_left_out = m->has_report && !m->persons[person].has_grades;
    unsigned bits = is_left_out ? 1U << MOODLE_OWN_GRADES : 0;
    for (unsigned part = 0; part < MOODLE_OWN_PARTS; part++) {
        bits |= crew->words[part] == MOODLE_REFUSED ? 0 : 1U << part;
    }
    return bits;
}

static bool next(void *ctx, struct arena *a, struct net_request *request, size_t *tag) {
    struct round *r = ctx;
    const struct moodle_read *m = r->crew->m;
    while (r->position < r->count) {
        struct job *job = &r->jobs[r->position];
        if (r->part == 0) {
            job->want = wanted(r->crew, r->list[r->position]);
        }
        while (r->part < MOODLE_OWN_PARTS && (job->want & 1U << r->part) == 0) {
            r->part++;
        }
        if (r->part == MOODLE_OWN_PARTS) {
            if (job->want == 0) { /* all there is came with everybody's */
                settle(r, r->position);
            }
            r->position++;
            r->part = 0;
            continue;
        }
        const struct moodle_param params[] = {
            {"courseid", m->course->ref},
            {"userid", m->build.out->members[r->list[r->position]].person_ref}};
        const struct moodle_ask ask = {.function = parts[r->part].function,
                                       .effort = MOODLE_PERSON,
                                       .params = params,
                                       .count = ARRAY_LEN(params)};
        *tag = r->position * MOODLE_OWN_PARTS + r->part++;
        if (!moodle_request(&m->link, &ask, a, request, NULL)) {
            *request = (struct net_request){0}; /* no URL: fails as such */
        }
        return true;
    }
    return false;
}

/* The token, the address or the whole service, not this person. */
static bool is_of_the_site(const struct err *e) {
    static const char *const of_one[] = {"html",       "not_moodle",       "size",
                                         "shape",      "invalidparameter", "invalidrecord",
                                         "notingroup", "accessdenied"};
    if (e->code == ERR_BUG || (e->code == ERR_DENIED && !moodle_is_not_granted(e))) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(of_one); i++) {
        if (strcmp(e->reason, of_one[i]) == 0) {
            return false;
        }
    }
    return e->retry == ERR_RETRY_PARK && e->code == ERR_UPSTREAM;
}

static bool keeps_completion(const struct grades_reading *out) {
    for (size_t i = 0; i < out->item_count; i++) {
        if (out->items[i].has_completion) {
            return true;
        }
    }
    return false;
}

static void part_refuse(struct moodle_crew *crew, unsigned part) {
    crew->words[part] = MOODLE_REFUSED;
    /* Moodle refuses it in the same words where completion is switched off. */
    bool is_off = part == MOODLE_OWN_COURSE && !keeps_completion(crew->m->build.out);
    if (!is_off) {
        grades_build_missing(&crew->m->build, parts[part].missing);
        crew->m->build.out->untold |=
            part == MOODLE_OWN_COURSE ? 1u << MODEL_ITEM_COURSE_COMPLETION : 0;
    }
}

/* Answers that are no failure: this person has none, or nobody has. */
static bool is_answer(struct moodle_crew *crew, struct job *job, unsigned part,
                      const struct err *e) {
    if (moodle_is_person_gone(e)) {
        job->is_gone = job->is_gone || part == MOODLE_OWN_COURSE;
        return true;
    }
    if (part != MOODLE_OWN_GRADES && e->code == ERR_NOT_FOUND && e->retry == ERR_RETRY_NO) {
        if (crew->words[part] == MOODLE_UNTRIED) {
            crew->words[part] = MOODLE_REFUSED;
        }
        return true;
    }
    if (!moodle_is_not_granted(e) || crew->words[part] == MOODLE_GRANTED ||
        is_leftover(crew->m, (enum moodle_part)part)) {
        return false;
    }
    if (crew->words[part] == MOODLE_UNTRIED) {
        crew->words[part] = MOODLE_DOUBTED;
        job->is_doubted = true;
    } else if (crew->words[part] == MOODLE_DOUBTED) {
        part_refuse(crew, part);
    }
    return true;
}

static bool error_take(struct round *r, struct job *job, unsigned part, const struct err *e,
                       struct err *err) {
    if (is_answer(r->crew, job, part, e)) {
        r->streak = 0;
        return true;
    }
    job->is_failed = true;
    job->is_again = e->retry == ERR_RETRY_LATER;
    r->crew->last = *e;
    if (!is_of_the_site(e) && ++r->streak <= r->streak_max) {
        return true;
    }
    *err = err->code == ERR_NONE ? *e : *err;
    return false;
}

static bool done(void *ctx, size_t tag, struct arena *a, const struct net_response *response,
                 const struct err *failed, struct err *err) {
    struct round *r = ctx;
    struct moodle_link *link = &r->crew->m->link;
    size_t position = tag / MOODLE_OWN_PARTS;
    unsigned part = (unsigned)(tag % MOODLE_OWN_PARTS);
    struct job *job = &r->jobs[position];
    struct err e = {0};
    if (failed != NULL) {
        e = *failed;
    }
    (void)a;
    link->requests++;
    job->got |= 1U << part;
    if (response != NULL) {
        int64_t asked_s = net_response_retry_after_s(response);
        r->asked_s = asked_s > r->asked_s ? asked_s : r->asked_s;
        link->bytes += (int64_t)response->body.len;
        if (moodle_status_check(response, &e) &&
            moodle_reply_parse(response->body, parts[part].function, &job->replies[part], &e)) {
            r->streak = 0;
        }
    }
    if (e.code != ERR_NONE && !error_take(r, job, part, &e, err)) {
        return false;
    }
    if (job->got == job->want) {
        settle(r, position);
    }
    return true;
}

static bool round_run(struct round *r, int parallel, struct err *err) {
    const struct net_many many = {.parallel = parallel, .next = next, .done = done, .ctx = r};
    r->streak_max = 2 * parallel + 2;
    bool is_done = lti_http_fetch_all(&r->crew->m->link.io->http, &many, err);
    for (size_t i = 0; i < r->count; i++) { /* of a round that was broken off */
        replies_drop(&r->jobs[i]);
    }
    return is_done;
}

/* Ask, and again those for whom that may help. */
static bool list_read(struct moodle_crew *crew, const size_t *list, size_t count, int parallel,
                      struct err *err) {
    AUTO_ARENA a = {0};
    const struct moodle_link *link = &crew->m->link;
    for (int nth = 1; count > 0; nth++) {
        struct round r = {.crew = crew, .list = list, .count = count};
        r.jobs = ARENA_ARRAY(&a, struct job, count);
        r.again = ARENA_ARRAY(&a, size_t, count);
        if (!round_run(&r, parallel, err)) {
            return false;
        }
        if (link->io->pause == NULL || nth == MOODLE_TRIES) {
            crew->failed += r.again_count;
            return true;
        }
        if (r.again_count > 0 && !moodle_wait(link, nth, r.asked_s)) {
            *err = err->code == ERR_NONE ? crew->last : *err;
            return false;
        }
        list = r.again;
        count = r.again_count;
    }
    return true;
}

static bool has_untried(const struct moodle_crew *crew) {
    for (size_t i = 0; i < MOODLE_OWN_PARTS; i++) {
        if (crew->words[i] == MOODLE_UNTRIED || crew->words[i] == MOODLE_DOUBTED) {
            return true;
        }
    }
    return false;
}

/* Nobody else was there to ask: then it is as the doubted said. They are read with what is left. */
static bool doubted_read(struct moodle_crew *crew, struct err *err) {
    for (unsigned part = 0; part < MOODLE_OWN_PARTS; part++) {
        if (crew->words[part] == MOODLE_DOUBTED) {
            part_refuse(crew, part);
        }
    }
    size_t count = crew->doubted_count;
    crew->doubted_count = 0;
    return list_read(crew, crew->doubted, count, 1, err);
}

bool moodle_crew_read(struct moodle_crew *crew, const size_t *list, size_t count, struct err *err) {
    int parallel = crew->m->link.io->parallel;
    size_t scouted = 0;
    while (scouted < count && scouted < MOODLE_SCOUTS && has_untried(crew)) {
        if (!list_read(crew, list + scouted++, 1, 1, err)) {
            return false;
        }
    }
    if (!doubted_read(crew, err)) {
        return false;
    }
    return list_read(crew, list + scouted, count - scouted, parallel < 1 ? 1 : parallel, err);
}
