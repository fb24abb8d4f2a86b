/* `laurel source upload`: a gradebook file, shown before it is stored. */
#include "app.h"
#include "grades_csv.h"
#include "store_course.h"

struct upload {
    struct app *app;
    struct grades_reading reading;
    struct grades_csv_map map;
    struct store_course course;
    struct store_person *people;
    size_t people_count;
    struct model_member *members; /* of the file, found in the course */
    size_t member_count, unmatched_count;
    size_t found_by[4]; /* enum key */
};

/* What may say who somebody is, best first. A name never does. */
enum key { KEY_SCHOOL, KEY_PLATFORM, KEY_LOGIN, KEY_EMAIL };
static const char *const key_names[] = {[KEY_SCHOOL] = "the school's number",
                                        [KEY_PLATFORM] = "the platform's id",
                                        [KEY_LOGIN] = "their login",
                                        [KEY_EMAIL] = "their e-mail address"};

static bool is_same(struct sv have, struct sv wanted) {
    return have.len > 0 && wanted.len > 0 && sv_eq_nocase(have, wanted);
}

/* The plain format's "person" is whichever of the keys the teacher had. */
static bool fits(const struct upload *u, const struct model_member *m, const struct store_person *p,
                 enum key key) {
    bool is_plain = u->map.format == GRADES_CSV_PLAIN;
    struct sv ref = m->person_ref;
    switch (key) {
    case KEY_SCHOOL:
        return is_same(p->sourcedid, is_plain ? ref : m->sourcedid);
    case KEY_PLATFORM: /* the first column of Canvas's export that is an id is Canvas's own */
        return is_plain ? is_same(p->sub, ref) || is_same(p->source_ref, ref)
                        : u->map.format == GRADES_CSV_CANVAS && is_same(p->source_ref, ref);
    case KEY_LOGIN:
        return is_same(p->login, is_plain ? ref : m->login);
    default: /* on many a Canvas the login is an address */
        return is_same(p->email, is_plain                             ? ref
                                 : u->map.format == GRADES_CSV_CANVAS ? m->login
                                                                      : m->email);
    }
}

/* By the first key that fits one person only; nobody when two people fit. */
static const struct store_person *find_person(struct upload *u, const struct model_member *m) {
    for (enum key key = KEY_SCHOOL; key <= KEY_EMAIL; key++) {
        const struct store_person *found = NULL;
        size_t n = 0;
        for (size_t i = 0; i < u->people_count; i++) {
            if (fits(u, m, &u->people[i], key)) {
                found = &u->people[i];
                n++;
            }
        }
        if (n == 1) {
            u->found_by[key]++;
            return found;
        }
    }
    return NULL;
}

static bool is_taken(const struct upload *u, struct sv sub) {
    for (size_t i = 0; i < u->member_count; i++) {
        if (sv_eq(u->members[i].sub, sub)) {
            return true;
        }
    }
    return false;
}

/* The people of the file that are in the course, as members; the others are named. */
static void match_people(struct upload *u) {
    const struct grades_reading *r = &u->reading;
    u->members = ARENA_ARRAY(&u->app->arena, struct model_member, r->member_count);
    for (size_t i = 0; i < r->member_count; i++) {
        const struct model_member *row = &r->members[i];
        const struct store_person *person = find_person(u, row);
        bool is_second = person != NULL && is_taken(u, person->sub);
        if (person == NULL || is_second) {
            printf("%s: %.*s%s%.*s\n",
                   is_second ? "the same person as an earlier row"
                             : "not in the course (or not one person only)",
                   SV_ARG(row->person_ref), row->name.len > 0 ? "  " : "", SV_ARG(row->name));
            u->unmatched_count++;
            continue;
        }
        u->members[u->member_count++] = (struct model_member){.person_ref = row->person_ref,
                                                              .sub = person->sub,
                                                              .is_learner = person->is_learner,
                                                              .is_teacher = person->is_teacher,
                                                              .is_active = person->is_active};
    }
}

static bool find_course(struct app *app, struct sv id, struct store_course *out, struct err *err) {
    struct store_course *found = NULL;
    size_t count = 0;
    if (!store_course_find(app->store, id, &app->arena, &found, &count, err)) {
        return false;
    }
    if (count != 1) {
        return err_because(err, ERR_INPUT, "course",
                           "%zu courses have the id %.*s; "
                           "somebody must open Laurel in it once",
                           count, SV_ARG(id));
    }
    *out = found[0];
    return true;
}

static void show_map(const struct upload *u) {
    printf("%s:\n", grades_csv_format_name(u->map.format));
    for (size_t i = 0; i < u->map.column_count; i++) {
        const struct grades_csv_column *c = &u->map.columns[i];
        if (c->name.len > 0) {
            printf("  %-32.*s  %.*s\n", SV_ARG(sv_clip_utf8(c->name, 60)), SV_ARG(c->use));
        }
    }
}

static void show_people(const struct upload *u) {
    for (size_t key = 0; key < ARRAY_LEN(u->found_by); key++) {
        if (u->found_by[key] > 0) {
            printf("%zu found by %s.\n", u->found_by[key], key_names[key]);
        }
    }
    if (u->map.test_rows > 0) {
        printf("%zu rows of Canvas's test student are left out.\n", u->map.test_rows);
    }
}

static size_t result_count(const struct upload *u) {
    size_t n = 0;
    for (size_t i = 0; i < u->reading.fact_count; i++) {
        const struct model_fact *f = &u->reading.facts[i];
        n += f->has_score || f->is_excused || f->letter.len > 0 ? 1 : 0;
    }
    return n;
}

static bool save(struct upload *u, struct err *err) {
    const struct grades_reading *r = &u->reading;
    struct store_reading_result result = {0};
    const struct store_reading reading = {.institution_id = u->course.institution_id,
                                          .course_id = u->course.id,
                                          .registration_id = u->course.registration_id,
                                          .items = r->items,
                                          .item_count = r->item_count,
                                          .facts = r->facts,
                                          .fact_count = r->fact_count,
                                          .members = u->members,
                                          .member_count = u->member_count,
                                          .source = SV("csv"),
                                          .read_at = clock_now(&clock_system)};
    if (!store_reading_save(u->app->store, &reading, &result, err)) {
        return false;
    }
    printf("%zu items, %zu results of %zu people stored; %zu changed.\n", r->item_count,
           result_count(u), u->member_count, result.facts_changed);
    return true;
}

static bool run(struct upload *u, struct sv course_id, bool is_dry_run, struct err *err) {
    show_map(u);
    if (!app_open_store(u->app, err) || !find_course(u->app, course_id, &u->course, err) ||
        !store_person_list(u->app->store, u->course.institution_id, u->course.id, NULL, 0,
                           &u->app->arena, &u->people, &u->people_count, err)) {
        return false;
    }
    match_people(u);
    show_people(u);
    if (!is_dry_run) {
        return save(u, err);
    }
    printf("%zu items, %zu results, %zu people of the course. Nothing was stored.\n",
           u->reading.item_count, result_count(u), u->member_count);
    return true;
}

bool app_source_upload(struct app *app, int argc, char **argv, bool is_help, struct err *err) {
    struct sv path = {0};
    struct sv course_id = {0};
    bool is_dry_run = false;
    const struct app_option options[] = {
        {.name = "course",
         .text = &course_id,
         .is_required = true,
         .help = "ID  the course as its platform names it"},
        {.name = "dry-run", .flag = &is_dry_run, .help = "  read and match, store nothing"}};
    const struct app_line line = {.options = options,
                                  .option_count = ARRAY_LEN(options),
                                  .words = {&path},
                                  .word_names = "FILE",
                                  .words_required = 1};
    if (is_help) {
        app_args_print(
            stdout, "source upload FILE --course ID [--dry-run]",
            "Reads Canvas's gradebook export, Moodle's grade export (plain text), or a CSV file "
            "with the columns\n"
            "person, item, score, maximum into a course. Says what each column is used for. People "
            "are found by the\n"
            "school's number, the platform's id, the login or the e-mail address, never by name; "
            "those who are not in\n"
            "the course are named. A second upload changes only what changed; no item is deleted.",
            &line);
        return true;
    }
    struct upload u = {.app = app};
    struct sv text = {0};
    return app_args_read(argc, argv, &line, err) &&
           app_read_file(&app->arena, sv_c(&app->arena, path), GRADES_CSV_BYTES_MAX, &text, err) &&
           (grades_csv_parse(text, &app->arena, &u.reading, &u.map, err) ||
            err_prefix(err, "%.*s", SV_ARG(path))) &&
           run(&u, course_id, is_dry_run, err);
}
