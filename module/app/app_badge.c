#include "app.h"
#include "app_badge_picture.h"
#include "judge.h"
#include "store_registration.h"

static const char *change_name(enum store_change change) {
    static const char *const names[] = {"created", "changed", "unchanged"};
    return names[change];
}

static const char *picture_name(enum judge_picture picture) {
    static const char *const names[] = {"drawn", "same", "changed", "removed", "missing"};
    return names[picture];
}

static void print_picture(const struct judge_import_badge *b) {
    if (b->picture == JUDGE_PICTURE_CHANGED) {
        printf("    image changes: %.*s\n", SV_ARG(b->badge->image));
    } else if (b->picture == JUDGE_PICTURE_REMOVED) {
        puts("    image removed: the badge gets a picture that Laurel draws");
    } else if (b->picture == JUDGE_PICTURE_MISSING) {
        printf("    note: %.*s\n", SV_ARG(b->image_problem));
    }
}

static bool print_import(const struct judge_import *in, bool is_dry_run, bool is_json,
                         struct err *err) {
    json_t *list = json_array();
    for (size_t i = 0; i < in->badge_count; i++) {
        const struct judge_import_badge *b = &in->badges[i];
        const struct judge_dry_run *run = &b->dry_run;
        (void)json_array_append_new(
            list, json_pack("{s:s%, s:s, s:i, s:i, s:i, s:i, s:s%, s:s, s:s%}", "key",
                            b->badge->key.ptr, b->badge->key.len, "change", change_name(b->change),
                            "people", (int)run->people, "would_earn", (int)run->would_earn,
                            "one_step", (int)run->one_step, "hold", (int)run->hold, "problem",
                            b->problem.ptr == NULL ? "" : b->problem.ptr, b->problem.len, "image",
                            picture_name(b->picture), "image_problem",
                            b->image_problem.ptr == NULL ? "" : b->image_problem.ptr,
                            b->image_problem.len));
        if (is_json) {
            continue;
        }
        printf("%s  %.*s (%.*s), %zu course%s\n    %.*s\n", change_name(b->change),
               SV_ARG(b->badge->name), SV_ARG(b->badge->key), b->course_count,
               b->course_count == 1 ? "" : "s", SV_ARG(b->words));
        if (b->problem.len > 0) {
            printf("    note: %.*s\n", SV_ARG(b->problem));
        }
        print_picture(b);
        if (run->people > 0) {
            printf(
                "    of %zu learners %zu would earn it now, %zu are one step away, %zu hold it\n",
                run->people, run->would_earn, run->one_step, run->hold);
        }
    }
    if (is_json) {
        return app_print_json(
            json_pack("{s:b, s:o}", "dry_run", is_dry_run ? 1 : 0, "badges", list), err);
    }
    json_decref(list);
    puts(is_dry_run ? "Nothing was changed." : "Imported.");
    return true;
}

static bool badge_import(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct sv path = {0};
    struct sv institution = {0};
    bool is_dry_run = false;
    bool is_json = false;
    const struct app_option options[] = {
        {.name = "dry-run",
         .flag = &is_dry_run,
         .help = "  check and show what would happen, change nothing"},
        {.name = "institution",
         .text = &institution,
         .help = "NAME  whose badges these are, if no course says so"},
        {.name = "json", .flag = &is_json, .help = "  print the result as JSON"}};
    const struct app_line line = {.options = options,
                                  .option_count = ARRAY_LEN(options),
                                  .words = {&path},
                                  .word_names = "FILE",
                                  .words_required = 1};
    if (is_help) {
        app_args_print(
            stdout, "badge import FILE [--dry-run]",
            "Imports badges, their issuer and rules from a JSON file. Idempotent by "
            "`key`: importing twice\n"
            "changes nothing. What a badge names as \"image\" is read from the file's "
            "folder: a PNG or SVG; when\n"
            "it is not there, a note says so. Learners who meet a rule get the badge as soon as a "
            "worker has read the course.",
            &line);
        return true;
    }
    struct store_institution found = {0};
    struct judge_import in = {0};
    struct sv text = {0};
    if (!app_args_read(argc, argv, &line, err)) {
        return false;
    }
    struct app_picture_folder folder = app_picture_folder_of(&app->arena, sv_c(&app->arena, path));
    const struct judge_pictures pictures = {.read = app_picture_read, .ctx = &folder};
    return app_read_file(&app->arena, sv_c(&app->arena, path), BADGE_FILE_BYTES_MAX, &text, err) &&
           app_open_store(app, err) &&
           (institution.len == 0 ||
            store_institution_get(app->store, institution, &app->arena, &found, err)) &&
           (judge_import_read(app->store, text, found.id, &pictures, &app->arena, &in, err) ||
            err_prefix(err, "%.*s", SV_ARG(path))) &&
           (is_dry_run || judge_import_apply(app->store, &in, 0, err)) &&
           print_import(&in, is_dry_run, is_json, err);
}

/* The mappings of one badge as the file spells them. */
static void fill_courses(const struct store_mapping *all, size_t count, int64_t badge_id,
                         struct arena *a, struct model_badge *badge) {
    badge->courses = ARENA_ARRAY(a, struct model_course_ref, count);
    badge->course_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (all[i].badge_id == badge_id) {
            badge->courses[badge->course_count++] =
                (struct model_course_ref){.issuer = all[i].issuer,
                                          .client_id = all[i].client_id,
                                          .deployment_id = all[i].platform_deployment_id,
                                          .context_id = all[i].context_id,
                                          .item_map = all[i].item_map};
        }
    }
}

static bool badge_export(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct sv institution = {0};
    struct sv issuer_key = {0};
    struct sv images = {0};
    const struct app_option options[] = {
        {.name = "institution",
         .text = &institution,
         .is_required = true,
         .help = "NAME  whose badges"},
        {.name = "issuer",
         .text = &issuer_key,
         .help = "KEY  which issuer, when there are several"},
        {.name = "images", .text = &images, .help = "DIR  also writes the badges' pictures there"}};
    const struct app_line line = {.options = options, .option_count = ARRAY_LEN(options)};
    if (is_help) {
        app_args_print(stdout, "badge export --institution NAME [--issuer KEY] [--images DIR]",
                       "Prints the badges of an issuer as a file that `badge import` takes. "
                       "Pictures of their own go with\n"
                       "it: keep the file in the folder that --images names, which is made when "
                       "it is missing.",
                       &line);
        return true;
    }
    struct store_institution found = {0};
    struct judge_export out = {0};
    if (!app_args_read(argc, argv, &line, err) || !app_open_store(app, err) ||
        !store_institution_get(app->store, institution, &app->arena, &found, err) ||
        !judge_export_read(app->store, found.id, issuer_key, &app->arena, &out, err)) {
        return false;
    }
    for (size_t i = 0; i < out.file.badge_count; i++) {
        fill_courses(out.mappings, out.mapping_count, out.file.badges[i].id, &app->arena,
                     &out.file.badges[i]);
    }
    if (images.len > 0 && !app_pictures_write(app->store, found.id, sv_c(&app->arena, images),
                                              &out.file, &app->arena, err)) {
        return false;
    }
    struct sv text = badge_file_text(&app->arena, &out.file);
    (void)fwrite(text.ptr, 1, text.len, stdout);
    return true;
}

bool app_badge(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    static const struct app_command table[] = {
        {"import", "import badges and rules from a file", badge_import},
        {"export", "print badges and rules as a file", badge_export},
    };
    return app_dispatch(app, "badge", table, ARRAY_LEN(table), argc, argv, is_help, err);
}
