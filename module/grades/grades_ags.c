/* What a platform shows a tool through its own LTI services: its columns, and members. */
#include "grades_build.h"
#include "lti_ags.h"
#include "lti_nrps.h"

static bool members_read(const struct grades_source *source, const struct grades_course *course,
                         struct grades_build *b, struct err *err) {
    struct lti_roster roster = {0};
    if (course->nrps_url.len == 0) {
        grades_build_missing(b, "The platform offers no list of members (NRPS) for this course.");
        return true;
    }
    if (!lti_nrps_read(source->service, course->nrps_url, b->arena, &roster, err)) {
        return false;
    }
    for (size_t i = 0; i < roster.count; i++) {
        size_t index = 0;
        bool is_new = false;
        if (!grades_build_member(b, roster.members[i].person_ref, &index, &is_new, err)) {
            return false;
        }
        b->out->members[index] = roster.members[i];
    }
    b->out->requests += (int64_t)roster.pages;
    b->out->can |= GRADES_CAN_MEMBERS;
    return true;
}

static bool results_read(const struct grades_source *source, const struct lti_lineitem *lineitem,
                         struct grades_build *b, struct err *err) {
    struct lti_result *results = NULL;
    size_t count = 0;
    size_t index = 0;
    if (!grades_build_item(b, MODEL_ITEM_ACTIVITY, lineitem->url, &index, err) ||
        !lti_ags_results(source->service, lineitem->url, b->arena, &results, &count, err)) {
        return false;
    }
    struct model_item *item = &b->out->items[index];
    item->title = lineitem->label;
    item->maximum = lineitem->maximum;
    item->has_maximum = dec_cmp(lineitem->maximum, dec_from_i64(0)) > 0;
    b->out->requests++;
    struct grades_index seen; /* one row a person, whatever the platform sends */
    grades_index_init(&seen, b->arena);
    for (size_t i = 0; i < count; i++) {
        struct model_fact *fact = NULL;
        size_t before = 0;
        if (!results[i].has_score || grades_index_find(&seen, results[i].user_id, &before)) {
            continue;
        }
        grades_index_put(&seen, results[i].user_id, i);
        if (!grades_build_fact(b, results[i].user_id, index, &fact, err)) {
            return false;
        }
        fact->has_score = true;
        fact->score = results[i].score;
        fact->has_maximum = true;
        fact->maximum = results[i].maximum;
        fact->is_posted = true;
        fact->graded_at = results[i].at;
    }
    return true;
}

static bool is_usable(const struct grades_source *source, const struct grades_course *course,
                      struct err *err) {
    if (source->service != NULL && course != NULL && course->lineitems_url.len > 0) {
        return true;
    }
    (void)err_because(err, ERR_INPUT, "no_lineitems",
                      "the platform offered no line items (AGS) for this course: open Laurel there "
                      "once, with the grade service switched on for the tool");
    return err_retry_as(err, ERR_RETRY_PARK);
}

bool grades_ags_read(const struct grades_source *source, const struct grades_course *course,
                     const struct grades_io *io, struct grades_reading *out, struct err *err) {
    struct grades_build b;
    struct lti_lineitem *lineitems = NULL;
    size_t count = 0;
    if (!is_usable(source, course, err)) {
        return false;
    }
    grades_build_init(&b, GRADES_AGS, io->arena, out);
    if (!members_read(source, course, &b, err) ||
        !lti_ags_list(source->service, course->lineitems_url, io->arena, &lineitems, &count, err)) {
        return false;
    }
    out->requests++;
    for (size_t i = 0; i < count; i++) {
        if (!results_read(source, &lineitems[i], &b, err)) {
            return false;
        }
    }
    grades_build_missing(&b, "LTI shows a tool its own columns only; completion and other grades "
                             "need the platform's own interface.");
    grades_build_finish(&b);
    out->can |= GRADES_CAN_SCORES | GRADES_CAN_TITLES;
    out->is_complete = (out->can & GRADES_CAN_MEMBERS) != 0;
    out->read_at = clock_now(&io->clock);
    return true;
}

bool grades_ags_test(const struct grades_source *source, const struct grades_course *course,
                     const struct grades_io *io, struct grades_probe *out, struct err *err) {
    struct lti_lineitem *lineitems = NULL;
    size_t count = 0;
    *out = (struct grades_probe){0};
    if (!is_usable(source, course, err) ||
        !lti_ags_list(source->service, course->lineitems_url, io->arena, &lineitems, &count, err)) {
        return false;
    }
    out->can = GRADES_CAN_SCORES | GRADES_CAN_TITLES;
    grades_probe_say(out, io->arena,
                     sv_printf(io->arena, "%zu columns of this tool can be read.", count));
    struct lti_roster roster = {0};
    struct err members = {0};
    if (course->nrps_url.len > 0 &&
        lti_nrps_read(source->service, course->nrps_url, io->arena, &roster, &members)) {
        out->can |= GRADES_CAN_MEMBERS;
        grades_probe_say(out, io->arena,
                         sv_printf(io->arena, "%zu members can be read.", roster.count));
    } else {
        grades_probe_say(out, io->arena,
                         sv_printf(io->arena, "Members cannot be read: %s.",
                                   course->nrps_url.len > 0 ? members.text : "not offered"));
    }
    out->is_good = (out->can & GRADES_CAN_MEMBERS) != 0;
    return true;
}
