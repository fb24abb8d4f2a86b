#include "app.h"
#include "badge_award.h"
#include "store_award.h"

static json_t *time_or_null(usec_t t) {
    char text[RFC3339_MAX];
    return t == 0 ? json_null() : json_string(rfc3339_format(t, text));
}

static json_t *sv_json(struct sv s) { return json_stringn(s.ptr == NULL ? "" : s.ptr, s.len); }

/* Its public page, while its learner shares it. */
static json_t *url_json(struct app *app, const struct store_award *award) {
    struct sv url = sv_printf(&app->arena, "%.*s/awards/%.*s", SV_ARG(app->conf.base_url),
                              SV_ARG(award->public_id));
    return award->shared_at == 0 ? json_null() : sv_json(url);
}

/* The contract's shape (DESIGN 3.1). */
static json_t *row_json(struct app *app, const struct store_award_row *r) {
    json_t *course = json_null();
    if (r->context_id.len > 0) {
        course = json_pack("{s:o, s:o}", "context_id", sv_json(r->context_id), "title",
                           sv_json(r->course_title));
    }
    return json_pack("{s:o, s:{s:o, s:o}, s:{s:o, s:o, s:o, s:o}, s:o, s:s, s:o, s:o, s:o, s:o}",
                     "id", sv_json(r->award.public_id), "badge", "key", sv_json(r->badge_key),
                     "name", sv_json(r->badge_name), "learner", "issuer", sv_json(r->issuer),
                     "client_id", sv_json(r->client_id), "sub", sv_json(r->sub), "name",
                     sv_json(r->name), "course", course, "state", badge_award_name(r->award.state),
                     "issued_at", time_or_null(r->award.issued_at), "revoked_at",
                     time_or_null(r->award.revoked_at), "expires_at",
                     time_or_null(r->award.expires_at), "url", url_json(app, &r->award));
}

static bool award_list(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct store_award_filter filter = {0};
    bool is_json = false;
    const struct app_option options[] = {
        {.name = "badge", .text = &filter.badge_key, .help = "KEY  of this badge only"},
        {.name = "sub", .text = &filter.sub, .help = "ID  of this learner only"},
        {.name = "course", .text = &filter.context_id, .help = "ID  of this course only"},
        {.name = "json", .flag = &is_json, .help = "  print as JSON"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(stdout, "award list [--badge KEY] [--sub ID] [--course ID] [--json]",
                       "Lists awards, oldest first.", &line);
        return true;
    }
    struct store_award_row *rows = NULL;
    size_t count = 0;
    if (!app_args_read(argc, argv, &line, err) || !app_open_store(app, err) ||
        !store_award_rows(app->store, &filter, &app->arena, &rows, &count, err)) {
        return false;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        if (is_json) {
            (void)json_array_append_new(list, row_json(app, &rows[i]));
        } else {
            char when[RFC3339_MAX];
            printf("%.*s  %-10s  %.*s  %.*s (%.*s)  %s\n", SV_ARG(rows[i].award.public_id),
                   badge_award_name(rows[i].award.state), SV_ARG(rows[i].badge_key),
                   SV_ARG(rows[i].name), SV_ARG(rows[i].sub),
                   rows[i].award.issued_at == 0 ? ""
                                                : rfc3339_format(rows[i].award.issued_at, when));
        }
    }
    if (is_json) {
        return app_print_json(list, err);
    }
    json_decref(list);
    return true;
}

static bool find_one(struct app *app, struct sv id, struct store_award_row *out, struct err *err) {
    struct store_award_row *rows = NULL;
    size_t count = 0;
    const struct store_award_filter filter = {.public_id = id};
    if (!app_open_store(app, err) ||
        !store_award_rows(app->store, &filter, &app->arena, &rows, &count, err)) {
        return false;
    }
    if (count != 1) {
        return err_because(err, ERR_NOT_FOUND, "award",
                           "there is no award %.*s; see `laurel award list`", SV_ARG(id));
    }
    *out = rows[0];
    return true;
}

static bool award_revoke(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct sv id = {0};
    struct sv reason = {0};
    const struct app_option options[] = {{.name = "reason",
                                          .text = &reason,
                                          .is_required = true,
                                          .help = "TEXT  why; the learner sees it"}};
    const struct app_line line = {.options = options,
                                  .option_count = ARRAY_LEN(options),
                                  .words = {&id},
                                  .word_names = "the award's id",
                                  .words_required = 1};
    if (is_help) {
        app_args_print(stdout, "award revoke ID --reason TEXT",
                       "Takes an award back for ever; it is never awarded again by itself.", &line);
        return true;
    }
    struct store_award_row row = {0};
    if (!app_args_read(argc, argv, &line, err) || !find_one(app, id, &row, err) ||
        !badge_award_move(row.award.state, MODEL_AWARD_REVOKED, BADGE_ACTOR_ADMIN, err)) {
        return false;
    }
    const struct store_award_move move = {.award_id = row.award.id,
                                          .badge_id = row.award.badge_id,
                                          .person_id = row.award.person_id,
                                          .from = row.award.state,
                                          .to = MODEL_AWARD_REVOKED,
                                          .note = reason,
                                          .is_in_gradebook = row.is_in_gradebook};
    const struct store_actor operator= {.institution_id = row.institution_id,
                                        .person_id = STORE_OPERATOR};
    if (!store_award_change(app->store, operator, & move, clock_now(&clock_system), err)) {
        return false;
    }
    printf("%.*s of %.*s is revoked.\n", SV_ARG(row.badge_name),
           SV_ARG(row.name.len > 0 ? row.name : row.sub));
    return true;
}

static bool award_explain(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct sv id = {0};
    bool is_json = false;
    const struct app_option options[] = {
        {.name = "json", .flag = &is_json, .help = "  print as JSON"}};
    const struct app_line line = {.options = options,
                                  .option_count = ARRAY_LEN(options),
                                  .words = {&id},
                                  .word_names = "the award's id",
                                  .words_required = 1};
    if (is_help) {
        app_args_print(stdout, "award explain ID [--json]",
                       "Shows why an award was made: the rule's version, each condition and the "
                       "facts seen then.",
                       &line);
        return true;
    }
    struct store_award_row row = {0};
    AUTO_JSON *reasons = NULL;
    if (!app_args_read(argc, argv, &line, err) || !find_one(app, id, &row, err) ||
        !js_parse(row.award.reasons, (size_t)1 << 20, "the stored reasons", &reasons, err)) {
        return false;
    }
    if (is_json) {
        json_t *out = row_json(app, &row);
        (void)json_object_set(out, "reasons", reasons);
        (void)json_object_set_new(out, "note", sv_json(row.award.note));
        return app_print_json(out, err);
    }
    printf("%.*s, %s, by version %lld of its rule%s\n", SV_ARG(row.badge_name),
           badge_award_name(row.award.state), (long long)row.award.rule_version,
           row.award.is_awarded_by_hand ? ", awarded by hand" : "");
    if (row.award.note.len > 0) {
        printf("  note: %.*s\n", SV_ARG(row.award.note));
    }
    size_t i = 0;
    const json_t *leaf = NULL;
    json_array_foreach(json_object_get(reasons, "leaves"), i, leaf) {
        const char *score = json_string_value(json_object_get(leaf, "score"));
        const char *maximum = json_string_value(json_object_get(leaf, "maximum"));
        const char *state = json_string_value(json_object_get(leaf, "state"));
        const char *text = json_string_value(json_object_get(leaf, "text"));
        printf("  %-8s %s%s%s%s%s\n", state == NULL ? "" : state, text == NULL ? "" : text,
               score == NULL ? "" : ": ", score == NULL ? "" : score, maximum == NULL ? "" : " of ",
               maximum == NULL ? "" : maximum);
    }
    return true;
}

bool app_award(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    static const struct app_command table[] = {
        {"list", "list awards", award_list},
        {"revoke", "take one back for ever", award_revoke},
        {"explain", "show why one was made", award_explain},
    };
    return app_dispatch(app, "award", table, ARRAY_LEN(table), argc, argv, is_help, err);
}
