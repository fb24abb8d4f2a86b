/* Who of Canvas is who of the launches, and what modules say (lti.md 10.4, 11.2, 11.4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "canvas_site.h"
#include "fake_http.h"

#define ANA "871"
#define BEN "872"

static void canvas__never_matches_by_name_mail_or_login(void **state) {
    struct bench *b = *state;
    reply_with(b, (struct canned){.url = "/users/lti_1_3_id:", .status = 404, .body = "{}"});
    must_read(b);
    assert_int_equal(b->reading.member_count, 0);
    assert_int_equal(b->reading.fact_count, 0);
    assert_int_equal(b->reading.unmatched_count, 2);
}

static void canvas__asks_once_who_somebody_is(void **state) {
    struct bench *b = *state;
    must_read(b);
    assert_int_equal(asked(b, "/users/lti_1_3_id:"), 2);
    assert_int_equal(b->reading.link_count, 2);
    for (size_t i = 0; i < b->reading.link_count; i++) { /* as the store hands them back */
        b->links[i] = b->reading.links[i];
    }
    must_read(b);
    assert_int_equal(asked(b, "/users/lti_1_3_id:"), 0);
    assert_int_equal(b->reading.link_count, 0);
    assert_true(sv_eq(member_of(b, BEN)->sub, SV(BEN_SUB)));
}

static void canvas__asks_about_nobody_when_everybody_is_known(void **state) {
    struct bench *b = *state;
    b->links[0].ref = SV(ANA);
    b->links[1].ref = SV(BEN);
    b->links[2] = (struct model_link){.sub = SV(TEA_SUB)};
    b->course.link_count = 3;
    must_read(b);
    assert_int_equal(asked(b, "/users/"), 0);
    assert_null(member_of(b, "3"));
}

static void canvas__asks_the_course_where_users_may_not_be_looked_up(void **state) {
    struct bench *b = *state;
    reply_with(b, (struct canned){.url = "/api/v1/users/", .status = 401, .body = "{}"});
    reply_body(b, "/courses/55/users/lti_1_3_id:" ANA_SUB, "{\"id\":871}");
    reply_body(b, "/courses/55/users/lti_1_3_id:" BEN_SUB, "{\"id\":872}");
    must_read(b);
    assert_int_equal(asked(b, "/api/v1/users/"), 1); /* one refusal is enough */
    assert_int_equal(b->reading.member_count, 2);
    reply_with(b, (struct canned){.url = "/courses/55/users/", .status = 403, .body = "{}"});
    must_read(b);
    assert_int_equal(b->reading.member_count, 0);
    assert_true(has_part(b->reading.missing, "not granted"));
}

static void canvas__keeps_to_one_person_for_an_id(void **state) {
    struct bench *b = *state; /* two users were merged: both subs are Ana */
    reply_body(b, "/users/lti_1_3_id:" BEN_SUB, "{\"id\":\"871\"}");
    must_read(b);
    assert_int_equal(b->reading.member_count, 1);
    assert_true(sv_eq(member_of(b, ANA)->sub, SV(ANA_SUB)));
    assert_int_equal(b->reading.unmatched_count, 1);
}

static void canvas__takes_nobody_who_is_not_enrolled(void **state) {
    struct bench *b = *state;
    reply_body(b, "/users/lti_1_3_id:" ANA_SUB, "{\"id\":\"999\",\"name\":\"An admin\"}");
    must_read(b);
    assert_null(member_of(b, "999"));
    assert_int_equal(b->reading.member_count, 1);
    assert_int_equal(b->reading.link_count, 2); /* is remembered all the same */
}

static void canvas__sends_no_sub_that_could_be_a_path(void **state) {
    struct bench *b = *state;
    b->links[0].sub = SV("../../accounts/1");
    b->links[1].sub = SV("a?b=c");
    must_read(b);
    assert_int_equal(asked(b, "/users/"), 0);
    assert_int_equal(b->reading.unmatched_count, 2);
}

static void canvas__gives_up_on_a_release_without_the_prefix(void **state) {
    struct bench *b = *state;
    struct model_link links[60];
    for (size_t i = 0; i < ARRAY_LEN(links); i++) {
        links[i] = (struct model_link){.sub = sv_printf(&b->arena, "sub-%zu", i)};
    }
    b->course.links = links;
    b->course.link_count = ARRAY_LEN(links);
    reply_with(b, (struct canned){.url = "/users/lti_1_3_id:", .status = 404, .body = "{}"});
    must_read(b);
    assert_int_equal(asked(b, "/users/"), 25);
    assert_true(has_part(b->reading.missing, "lti_1_3_id"));
    reply_with(b, (struct canned){.url = "/api/v1/users/", .status = 401, .body = "{}"});
    must_read(b);
    assert_int_equal(asked(b, "/courses/55/users/"), 25);
    /* one who is found shows that it does know it: all are asked */
    reply_with(b, (struct canned){.url = "id:sub-3", .body = "{\"id\":\"871\"}", .times = 1});
    must_read(b);
    assert_int_equal(b->canvas.calls, 1 + 1 + 1 + 60 + 4);
}

static void canvas__keeps_who_is_who_when_it_breaks_off(void **state) {
    struct bench *b = *state;
    reply_with(b, (struct canned){.url = "/students/submissions", .status = 500, .body = "<html>"});
    assert_false(read_course(b));
    assert_int_equal(b->err.retry, ERR_RETRY_LATER);
    assert_int_equal(b->reading.link_count, 2);
    assert_int_equal(b->reading.member_count + b->reading.fact_count + b->reading.item_count, 0);
    /* and goes on with the course when only a look-up fails */
    reply_with(b, (struct canned){.url = "/users/lti_1_3_id:" BEN_SUB, .status = -1});
    reply_body(b, "/students/submissions", "[]");
    must_read(b);
    assert_int_equal(b->reading.link_count, 1);
    assert_true(has_part(b->reading.missing, "goes on"));
}

#define MEMBER(sub, id)                                                                            \
    "{\"user_id\":\"" sub "\",\"roles\":[\"http://purl.imsglobal.org/vocab/lis/v2/membership#"     \
    "Learner\"],\"message\":[{\"https://purl.imsglobal.org/spec/lti/claim/custom\":"               \
    "{\"canvas_user_id\":\"" id "\"}}]}"

static struct lti_service platform_service(struct bench *b, struct fake_http *platform,
                                           struct lti_tokens *tokens) {
    static const struct model_registration registration = {
        .issuer = SV("https://canvas.instructure.com"),
        .client_id = SV("1"),
        .auth_url = SV("https://sso.canvaslms.com/api/lti/authorize_redirect"),
        .token_url = SV(SITE "/login/oauth2/token"),
        .jwks_url = SV("https://sso.canvaslms.com/jwks")};
    return (struct lti_service){.registration = &registration,
                                .deployment_id = SV("1"),
                                .http = {.fetch = fake_fetch, .ctx = platform},
                                .signer = {.sign = fake_sign},
                                .clock = {fake_now, &b->now},
                                .tokens = tokens};
}

static void canvas__lists_by_nrps_who_never_launched(void **state) {
    struct bench *b = *state;
    struct fake_http platform = {0};
    const struct fake_reply roster[] = {
        {.status = 200,
         .body = "{\"id\":\"x\",\"members\":[{\"user_id\":\"" TEA_SUB
                 "\",\"roles\":[\"http://purl.imsglobal.org/vocab/lis/v2/membership#"
                 "Instructor\"]},{\"user_id\":\"" BEN_SUB
                 "\",\"roles\":[\"http://purl.imsglobal.org/vocab/lis/v2/membership#"
                 "Learner\"]}]}"}};
    platform.replies = roster;
    platform.reply_count = 1;
    struct lti_tokens *tokens = lti_tokens_create();
    const struct lti_service service = platform_service(b, &platform, tokens);
    b->source.service = &service;
    b->course.nrps_url = SV(SITE "/api/lti/courses/55/names_and_roles");
    b->course.link_count = 1; /* Ana launched; Ben never did */
    must_read(b);
    lti_tokens_destroy(tokens);
    assert_true(sv_eq(member_of(b, BEN)->sub, SV(BEN_SUB)));
    assert_int_equal(asked(b, TEA_SUB), 0); /* learners only */
    assert_int_equal(b->reading.unmatched_count, 0);
}

/* NRPS, asked for the course's own link, says Canvas's id beside each sub: nobody is looked up. */
static void canvas__takes_who_is_who_from_the_roster_at_once(void **state) {
    struct bench *b = *state;
    struct fake_http platform = {0};
    const struct fake_reply roster[] = {{.status = 200,
                                         .body = "{\"id\":\"x\",\"members\":[" MEMBER(
                                             ANA_SUB, "871") "," MEMBER(BEN_SUB, "872") "]}"}};
    platform.replies = roster;
    platform.reply_count = 1;
    struct lti_tokens *tokens = lti_tokens_create();
    const struct lti_service service = platform_service(b, &platform, tokens);
    b->source.service = &service;
    b->course.nrps_url = SV(SITE "/api/lti/courses/55/names_and_roles");
    b->course.link_count = 0;
    must_read(b);
    lti_tokens_destroy(tokens);
    assert_non_null(strstr(platform.seen[platform.requests - 1].url, "rlid="));
    assert_int_equal(asked(b, "lti_1_3_id"), 0);
    assert_true(sv_eq(member_of(b, ANA)->sub, SV(ANA_SUB)));
    assert_true(sv_eq(member_of(b, BEN)->sub, SV(BEN_SUB)));
    assert_int_equal(b->reading.link_count, 2);
    assert_int_equal(b->reading.unmatched_count, 0);
}

/* Canvas made one user of two: the launches' sub stays, its id is another. */
static void canvas__finds_again_whom_canvas_merged_into_another(void **state) {
    static const char *const members[] = {MEMBER(ANA_SUB, "871"), MEMBER(ANA_SUB, "8710000"),
                                          "{\"user_id\":\"" ANA_SUB
                                          "\",\"roles\":[\"http://purl.imsglobal.org/vocab/lis/v2/"
                                          "membership#Learner\"]}"}; /* without ids */
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        (void)teardown(state);
        (void)setup(state);
        struct bench *b = *state;
        struct fake_http platform = {0};
        const struct fake_reply roster[] = {
            {.status = 200,
             .body = arena_printf(&b->arena, "{\"id\":\"x\",\"members\":[%s]}", members[i])}};
        platform.replies = roster;
        platform.reply_count = 1;
        struct lti_tokens *tokens = lti_tokens_create();
        const struct lti_service service = platform_service(b, &platform, tokens);
        b->source.service = &service;
        b->course.nrps_url = SV(SITE "/api/lti/courses/55/names_and_roles");
        b->links[0].ref = SV("870"); /* who she was before */
        b->links[1].ref = SV("872");
        b->links[2] = (struct model_link){.sub = SV("left-long-ago"), .ref = SV("860")};
        b->course.link_count = 3;
        must_read(b);
        assert_true(sv_eq(member_of(b, "871")->sub, SV(ANA_SUB)));
        assert_true(b->reading.link_count == 1 && sv_eq(b->reading.links[0].ref, SV("871")));
        assert_int_equal(b->reading.unmatched_count, 0);
        assert_int_equal(asked(b, "left-long-ago"), 0);
        assert_int_equal(asked(b, "lti_1_3_id"), i == 0 ? 0 : 1);
        b->course.scope = GRADES_CHANGES; /* asks only where it costs nothing */
        must_read(b);
        lti_tokens_destroy(tokens);
        assert_int_equal(asked(b, "lti_1_3_id"), 0);
        assert_int_equal(b->reading.unmatched_count, i == 0 ? 0 : 1);
    }
}

#define MODULE(id, name, items)                                                                    \
    "{\"id\":\"" id "\",\"name\":\"" name                                                          \
    "\",\"published\":true,\"items_count\":1,\"items\":" items "}"
#define ITEM(id, requirement)                                                                      \
    "{\"id\":\"" id "\",\"type\":\"Assignment\",\"completion_requirement\":" requirement "}"
#define SUBMIT "{\"type\":\"must_submit\"}"
#define STATE(id, state, at)                                                                       \
    "{\"id\":\"" id "\",\"name\":\"M\",\"state\":\"" state "\",\"completed_at\":" at "}"
#define DONE "\"2027-05-05T10:00:00Z\""

static void with_modules(struct bench *b) {
    reply_body(b, "/courses/55/modules",
               "[" MODULE("31", "Week 1", "[" ITEM("1", SUBMIT) "," ITEM("2", "null") "]") "," //
               MODULE("32", "Read me", "[" ITEM("3", "null") "]") ","                          //
               MODULE("33", "Week 2", "[" ITEM("4", SUBMIT) "]") "]");
    reply_body(b, "/bulk_user_progress",
               "[" PROGRESS("871", "2", "1", "null") "," PROGRESS("872", "2", "0", "null") "]");
    reply_body(b, "modules?student_id=871",
               "[" STATE("31", "completed", DONE) "," STATE("32", "completed", DONE) "," //
               STATE("33", "started", "null") "]");
}

static void canvas__reads_modules_with_requirements_only(void **state) {
    struct bench *b = *state;
    with_modules(b);
    must_read(b);
    assert_true(sv_eq(item_of(b, MODEL_ITEM_MODULE, "31")->title, SV("Week 1")));
    assert_null(item_of(b, MODEL_ITEM_MODULE, "32")); /* "completed" by everybody */
    const struct model_fact *f = fact_of(b, ANA, MODEL_ITEM_MODULE, "31");
    assert_int_equal(f->completion, MODEL_COMPLETION_COMPLETE);
    assert_true(f->completed_at != 0);
    assert_int_equal(fact_of(b, ANA, MODEL_ITEM_MODULE, "33")->completion,
                     MODEL_COMPLETION_INCOMPLETE);
    /* who has met nothing yet costs no request */
    assert_int_equal(asked(b, "student_id=872"), 0);
    assert_int_equal(fact_of(b, BEN, MODEL_ITEM_MODULE, "31")->completion,
                     MODEL_COMPLETION_INCOMPLETE);
    assert_true((b->reading.can & GRADES_CAN_COURSE_COMPLETION) != 0);
    assert_true(b->reading.is_complete);
}

static void canvas__asks_for_items_that_do_not_come_along(void **state) {
    struct bench *b = *state;
    reply_body(b, "/courses/55/modules?include",
               "[{\"id\":31,\"name\":\"Big\",\"published\":true,\"items_count\":200,"
               "\"items\":null},{\"id\":32,\"name\":\"Plain\",\"published\":true}]");
    reply_body(b, "/modules/31/items", "[" ITEM("1", "null") "," ITEM("2", SUBMIT) "]");
    reply_body(b, "/modules/32/items", "[" ITEM("3", "null") "]");
    reply_body(b, "/bulk_user_progress",
               "[" PROGRESS("871", "1", "0", "null") "," PROGRESS("872", "1", "0", "null") "]");
    must_read(b);
    assert_non_null(item_of(b, MODEL_ITEM_MODULE, "31"));
    assert_null(item_of(b, MODEL_ITEM_MODULE, "32"));
}

static void canvas__judges_course_completion_by_its_requirements(void **state) {
    static const struct {
        const char *name, *progress;
        enum model_completion completion;
    } rows[] = {
        {"all met", PROGRESS("871", "2", "2", DONE), MODEL_COMPLETION_COMPLETE},
        {"numbers met, Canvas has not said so", PROGRESS("871", "2", "2", "null"),
         MODEL_COMPLETION_INCOMPLETE},
        {"a requirement was added since", PROGRESS("871", "3", "2", DONE),
         MODEL_COMPLETION_INCOMPLETE},
        {"nothing is required of this one", PROGRESS("871", "0", "0", DONE),
         MODEL_COMPLETION_INCOMPLETE},
        {"half way", PROGRESS("871", "2", "1", "null"), MODEL_COMPLETION_INCOMPLETE},
        {"numbers as text", PROGRESS("871", "\"2\"", "\"2\"", DONE), MODEL_COMPLETION_COMPLETE},
    };
    struct bench *b = *state;
    with_modules(b);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        reply_body(b, "/bulk_user_progress", arena_printf(&b->arena, "[%s]", rows[i].progress));
        reply_body(b, "/users/872/progress",
                   "{\"requirement_count\":2,\"requirement_completed_count\":0,"
                   "\"completed_at\":null}");
        must_read(b);
        const struct model_fact *f = fact_of(b, ANA, MODEL_ITEM_COURSE_COMPLETION, "");
        bool is_complete = rows[i].completion == MODEL_COMPLETION_COMPLETE;
        if (f->completion != rows[i].completion || (f->completed_at != 0) != is_complete) {
            fail_msg("%s", rows[i].name);
        }
    }
    reply_body(b, "/bulk_user_progress", "[" PROGRESS("871", "null", "null", "null") "]");
    reply_body(b, "/users/871/progress", "{\"requirement_count\":null,\"completed_at\":null}");
    must_read(b);
    assert_true(fact_of(b, ANA, MODEL_ITEM_COURSE_COMPLETION, "")->is_kept); /* nothing is said */
}

static void canvas__asks_for_the_progress_of_the_concluded(void **state) {
    struct bench *b = *state; /* the list of all leaves Ben out */
    with_modules(b);
    reply_body(b, "/bulk_user_progress", "[" PROGRESS("871", "2", "1", "null") "]");
    reply_body(b, "/users/872/progress",
               "{\"requirement_count\":2,\"requirement_completed_count\":2,"
               "\"completed_at\":\"2027-04-01T10:00:00Z\"}");
    reply_body(b, "modules?student_id=872", "[" STATE("31", "completed", DONE) "]");
    must_read(b);
    assert_int_equal(fact_of(b, BEN, MODEL_ITEM_COURSE_COMPLETION, "")->completion,
                     MODEL_COMPLETION_COMPLETE);
    assert_int_equal(fact_of(b, BEN, MODEL_ITEM_MODULE, "31")->completion,
                     MODEL_COMPLETION_COMPLETE);
    /* refused: what is known of Ben must stay, and nothing else */
    reply_with(b, (struct canned){.url = "/users/872/progress", .status = 401, .body = "{}"});
    reply_with(b, (struct canned){.url = "student_id=872", .status = 401, .body = "{}"});
    must_read(b);
    assert_true(fact_of(b, BEN, MODEL_ITEM_COURSE_COMPLETION, "")->is_kept);
    assert_true(fact_of(b, BEN, MODEL_ITEM_MODULE, "31")->is_kept);
    assert_true(fact_of(b, BEN, MODEL_ITEM_MODULE, "33")->is_kept);
    assert_false(fact_of(b, ANA, MODEL_ITEM_MODULE, "31")->is_kept);
    assert_null(fact_of(b, BEN, MODEL_ITEM_ACTIVITY, "120"));
    assert_true(b->reading.is_complete);
}

static void canvas__knows_courses_without_progress(void **state) {
    struct bench *b = *state;
    with_modules(b);
    reply_with(b, (struct canned){.url = "/bulk_user_progress",
                                  .status = 400,
                                  .body = "{\"error\":{\"message\":\"not module based\"}}"});
    reply_body(b, "modules?student_id=872", "[]");
    must_read(b);
    assert_null(item_of(b, MODEL_ITEM_COURSE_COMPLETION, ""));
    assert_int_equal(b->reading.untold, 0);
    reply_body(b, "/bulk_user_progress", "{\"error\":{\"message\":\"not module based\"}}");
    must_read(b);
    assert_null(item_of(b, MODEL_ITEM_COURSE_COMPLETION, ""));
    assert_int_equal(b->reading.untold, 1u << MODEL_ITEM_COURSE_COMPLETION);
}

#define OUTCOME(id, mastery, alignments)                                                           \
    "{\"id\":\"" id "\",\"title\":\"Reasons\",\"display_name\":\"\",\"mastery_points\":" mastery   \
    ",\"points_possible\":5" alignments "}"
#define ROLLUP(user, outcome, score)                                                               \
    "{\"scores\":[{\"score\":" score ",\"count\":2,\"links\":{\"outcome\":\"" outcome "\"}}],"     \
    "\"links\":{\"user\":\"" user "\",\"section\":\"7\",\"status\":\"active\"}}"
#define ALIGNED ",\"alignments\":[\"assignment_120\"]"

static void canvas__reads_outcomes_with_their_mastery(void **state) {
    struct bench *b = *state;
    reply_body(
        b, "/outcome_rollups",
        "{\"rollups\":[" ROLLUP("871", "61", "3.5") "," ROLLUP(
            "872", "61", "null") "],"
                                 "\"linked\":{\"outcomes\":[" OUTCOME("61", "3", ALIGNED) "]}}");
    must_read(b);
    const struct model_item *item = item_of(b, MODEL_ITEM_OUTCOME, "61");
    assert_true(sv_eq(item->title, SV("Reasons")));
    assert_dec(item->pass_mark, "3");
    assert_dec(item->maximum, "5");
    const struct model_fact *f = fact_of(b, ANA, MODEL_ITEM_OUTCOME, "61");
    assert_true(f->has_score && f->is_posted);
    assert_dec(f->score, "3.5");
    assert_null(fact_of(b, BEN, MODEL_ITEM_OUTCOME, "61"));
    assert_int_equal(asked(b, "/outcome_rollups"), 2);
}

/* What may not be seen now is not gone: the rules that use it would break, and awards with them. */
static void canvas__says_of_which_kinds_it_was_told_nothing(void **state) {
    const unsigned completion = 1u << MODEL_ITEM_COURSE_COMPLETION;
    const unsigned module = 1u << MODEL_ITEM_MODULE;
    const struct {
        const char *url;
        int status;
        const char *body;
        unsigned untold;
    } rows[] = {
        {"/nowhere", 0, "", 0},
        {"/modules?include", 401, "{}", module | completion},
        {"/modules?include", 403, "{}", module | completion},
        {"/modules?include", 404, "{}", module | completion}, /* hidden */
        {"/bulk_user_progress", 401, "{}", completion},
        {"/bulk_user_progress", 404, "{}", completion},
        {"modules?student_id=871", 401, "{}", module},
        {"/outcome_rollups", 401, "{}", 1u << MODEL_ITEM_OUTCOME},
        /* a key without "Allow Include Parameters" */
        {"/outcome_rollups", 200, "{\"rollups\":[" ROLLUP("871", "61", "3.5") "]}",
         1u << MODEL_ITEM_OUTCOME},
        {"/enrollments", 200, "[" ENROLMENT("1", "871", "StudentEnrollment", "active", "") "]",
         1u << MODEL_ITEM_COURSE_FINAL | 1u << MODEL_ITEM_COURSE_CURRENT},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        (void)teardown(state);
        (void)setup(state);
        struct bench *b = *state;
        with_modules(b);
        reply_with(b, (struct canned){.url = "/users/872/progress", .status = 404, .body = "{}"});
        reply_with(
            b, (struct canned){.url = rows[i].url, .status = rows[i].status, .body = rows[i].body});
        must_read(b);
        if (b->reading.untold != rows[i].untold ||
            (b->reading.missing.len > 0) != (rows[i].untold != 0)) {
            fail_msg("%s %d: %u", rows[i].url, rows[i].status, b->reading.untold);
        }
        assert_true(b->reading.is_complete); /* grades and people go on */
    }
    (void)teardown(state);
    (void)setup(state);
    struct bench *b = *state; /* what was never there is not missed */
    reply_with(b, (struct canned){.url = "/outcome_rollups", .status = 404, .body = "{}"});
    must_read(b);
    assert_true(b->reading.untold == 1u << MODEL_ITEM_OUTCOME && b->reading.missing.len == 0);
}

/* Somebody left while the modules of each were asked for: the others' states are read. */
static void canvas__goes_on_without_the_modules_of_who_has_left_meanwhile(void **state) {
    static const int statuses[] = {401, 404};
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        (void)teardown(state);
        (void)setup(state);
        struct bench *b = *state;
        with_modules(b);
        reply_body(b, "/courses/55/enrollments",
                   "[" ENROLMENT("1", "871", "StudentEnrollment", "active", "") "," //
                   ENROLMENT("2", "872", "StudentEnrollment", "active", "") "]");
        reply_body(b, "/bulk_user_progress",
                   "[" PROGRESS("871", "2", "1", "null") "," PROGRESS("872", "2", "1", "null") "]");
        reply_with(b,
                   (struct canned){.url = "student_id=872", .status = statuses[i], .body = "{}"});
        must_read(b);
        assert_int_equal(fact_of(b, ANA, MODEL_ITEM_MODULE, "31")->completion,
                         MODEL_COMPLETION_COMPLETE);
        assert_true(fact_of(b, BEN, MODEL_ITEM_MODULE, "31")->is_kept);
        assert_int_equal(b->reading.untold & 1u << MODEL_ITEM_MODULE, 0);
        struct sv mark = member_of(b, BEN)->mark;
        b->course.known = &(const struct model_known){.person_ref = SV(BEN), .mark = mark};
        b->course.known_count = 1;
        b->course.scope = GRADES_CHANGES;
        must_read(b);
        assert_int_equal(asked(b, "student_id=872"), 1); /* once more */
        assert_true(!member_of(b, BEN)->is_unread);
    }
}

/* Canvas's roll-up counts a grade that is not posted: it must not show through a badge
 * (attacks.md F15). */
static void canvas__takes_no_outcome_from_hidden_grades(void **state) {
    static const struct {
        const char *name, *alignments;
        bool is_posted;
    } rows[] = {
        {"the hidden grade counts for it", ",\"alignments\":[\"assignment_120\"]", false},
        {"it does not", ",\"alignments\":[\"assignment_999\"]", true},
        {"nobody knows", "", false},
        {"something else counts, too", ",\"alignments\":[\"assignment_999\",\"live_1\"]", false},
    };
    struct bench *b = *state;
    reply_body(b, "/students/submissions",
               "[" OF("871", "{\"assignment_id\":\"120\",\"score\":5,\"grade\":\"5\","
                             "\"workflow_state\":\"graded\",\"posted_at\":null}") "," //
               OF("872", "") "]");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        reply_body(b, "/outcome_rollups",
                   arena_printf(&b->arena,
                                "{\"rollups\":[" ROLLUP("871", "61", "5") "," //
                                ROLLUP("872", "61", "5") "],\"linked\":{\"outcomes\":[" OUTCOME(
                                    "61", "3", "%s") "]}}",
                                rows[i].alignments));
        must_read(b);
        if (fact_of(b, ANA, MODEL_ITEM_OUTCOME, "61")->is_posted != rows[i].is_posted) {
            fail_msg("%s", rows[i].name);
        }
        assert_true(fact_of(b, BEN, MODEL_ITEM_OUTCOME, "61")->is_posted);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(canvas__never_matches_by_name_mail_or_login, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__asks_once_who_somebody_is, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__asks_about_nobody_when_everybody_is_known, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__asks_the_course_where_users_may_not_be_looked_up,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__keeps_to_one_person_for_an_id, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__takes_nobody_who_is_not_enrolled, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__sends_no_sub_that_could_be_a_path, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__gives_up_on_a_release_without_the_prefix, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__keeps_who_is_who_when_it_breaks_off, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__lists_by_nrps_who_never_launched, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__takes_who_is_who_from_the_roster_at_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__finds_again_whom_canvas_merged_into_another, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__reads_modules_with_requirements_only, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__asks_for_items_that_do_not_come_along, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__judges_course_completion_by_its_requirements, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__says_of_which_kinds_it_was_told_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            canvas__goes_on_without_the_modules_of_who_has_left_meanwhile, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__asks_for_the_progress_of_the_concluded, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__knows_courses_without_progress, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__reads_outcomes_with_their_mastery, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__takes_no_outcome_from_hidden_grades, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
