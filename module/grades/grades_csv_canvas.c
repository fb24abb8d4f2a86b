/* Canvas's gradebook export: a header row, perhaps a row that marks manual posting, a row "Points
 * Possible", then a row for each student; assignments are "Title (number)", totals come last. */
#include "grades_csv_layout.h"

enum use { USE_NONE, USE_WORK, USE_SCORE, USE_LETTER, USE_OVERRIDE_SCORE, USE_OVERRIDE_LETTER };

struct column {
    enum use use;
    enum model_item_kind kind; /* of a total */
    size_t item;               /* SIZE_MAX until it is known to be one */
    struct sv title, ref;
    bool is_manual;  /* "Manual Posting" */
    bool is_derived; /* "(read only)" */
    bool has_maximum;
    struct dec maximum;
};

struct canvas {
    size_t name, first_name, id, sis_id, login, email;
    struct column *columns;
    bool has_people; /* the rows above them are over */
};

/* Totals of the whole course. Those of assignment groups have the group's name in front, those of a
 * grading period the period's behind; "Unposted" ones count what learners do not see. */
struct total {
    const char *name;
    enum use use;
    enum model_item_kind kind;
};
static const struct total totals[] = {
    {"Final Score", USE_SCORE, MODEL_ITEM_COURSE_FINAL},
    {"Final Grade", USE_LETTER, MODEL_ITEM_COURSE_FINAL},
    {"Current Score", USE_SCORE, MODEL_ITEM_COURSE_CURRENT},
    {"Current Grade", USE_LETTER, MODEL_ITEM_COURSE_CURRENT},
    {"Override Score", USE_OVERRIDE_SCORE, MODEL_ITEM_COURSE_FINAL},
    {"Override Grade", USE_OVERRIDE_LETTER, MODEL_ITEM_COURSE_FINAL},
};

static bool is_mine(const struct csv_reader *r) {
    bool has_name = csv_column(r, "Student") != SIZE_MAX || csv_column(r, "LastName") != SIZE_MAX;
    return has_name && csv_column(r, "ID") != SIZE_MAX &&
           (csv_column(r, "SIS Login ID") != SIZE_MAX || csv_column(r, "SIS User ID") != SIZE_MAX ||
            csv_column(r, "Section") != SIZE_MAX);
}

/* "Lab quiz (120)" */
static bool is_work(struct sv name, struct sv *title, struct sv *number) {
    size_t open = name.len;
    if (!sv_ends(name, SV(")"))) {
        return false;
    }
    for (size_t i = name.len - 1; i > 0; i--) {
        if (name.ptr[i - 1] == '(') {
            open = i - 1;
            break;
        }
        if (name.ptr[i - 1] < '0' || name.ptr[i - 1] > '9') {
            return false;
        }
    }
    *title = sv_trim(sv_head(name, open));
    *number =
        open == name.len ? sv_of(NULL, 0) : sv_head(sv_skip(name, open + 1), name.len - open - 2);
    return title->len > 0 && number->len > 0 && number->len <= 20;
}

/* "Final Score (2027)" is a total of a grading period that is called so. */
static bool is_period_total(struct sv title) {
    for (size_t i = 0; i < ARRAY_LEN(totals); i++) {
        if (sv_ends(title, sv_from(totals[i].name))) {
            return true;
        }
    }
    return sv_ends(title, SV("Current Points")) || sv_ends(title, SV("Final Points"));
}

static void column_find(struct csv_reader *r, size_t i, struct column *c) {
    struct sv title;
    struct sv number;
    *c = (struct column){.item = SIZE_MAX};
    if (csv_is_chosen(r, i)) {
        return;
    }
    for (size_t t = 0; t < ARRAY_LEN(totals); t++) {
        if (sv_eq_nocase(r->cells[i], sv_from(totals[t].name))) {
            c->use = totals[t].use;
            c->kind = totals[t].kind;
            return;
        }
    }
    if (is_work(r->cells[i], &title, &number) && !is_period_total(title)) {
        c->use = USE_WORK;
        c->title = sv_copy(r->arena, sv_clip_utf8(title, CSV_ITEM_BYTES_MAX));
        c->ref = sv_copy(r->arena, number);
    }
}

static bool header(struct csv_reader *r) {
    struct canvas *c = ARENA_NEW(r->arena, struct canvas);
    r->state = c;
    c->name = csv_column(r, "Student");
    c->first_name = csv_column(r, "FirstName");
    c->name = c->name == SIZE_MAX ? csv_column(r, "LastName") : c->name;
    c->id = csv_identity(r, GRADES_CSV_PLATFORM, (const char *const[]){"ID"}, 1);
    c->sis_id = csv_identity(r, GRADES_CSV_SCHOOL, (const char *const[]){"SIS User ID"}, 1);
    c->login = csv_identity(r, GRADES_CSV_LOGIN, (const char *const[]){"SIS Login ID"}, 1);
    c->email = csv_identity(r, GRADES_CSV_EMAIL, NULL, 0);
    c->columns = ARENA_ARRAY(r->arena, struct column, r->columns);
    for (size_t i = 0; i < r->columns; i++) {
        column_find(r, i, &c->columns[i]);
        if (c->columns[i].use == USE_WORK &&
            !csv_once(r, sv_printf(&r->line, "item %.*s", SV_ARG(c->columns[i].ref)),
                      "assignment")) {
            return false;
        }
    }
    return true;
}

static bool is_posting_mark(struct sv text) {
    return sv_starts(text, SV("Manual Posting")) || sv_eq_nocase(text, SV("Muted"));
}

/* "Manual Posting" stands under assignments whose grades show only when the teacher says so, and
 * nothing else in that row. */
static bool posting_take(const struct csv_reader *r, struct canvas *c) {
    bool is_found = false;
    for (size_t i = 0; i < r->cell_count; i++) {
        if (r->cells[i].len > 0 && !is_posting_mark(r->cells[i])) {
            return false;
        }
        is_found = is_found || r->cells[i].len > 0;
    }
    for (size_t i = 0; i < r->cell_count; i++) {
        c->columns[i].is_manual = r->cells[i].len > 0;
    }
    return is_found;
}

static bool points_take(struct csv_reader *r, struct canvas *c) {
    for (size_t i = 0; i < r->cell_count; i++) {
        struct column *column = &c->columns[i];
        struct sv text = r->cells[i];
        if (column->use != USE_WORK || text.len == 0) {
            continue;
        }
        if (text.ptr[0] == '(') { /* "(read only)", in the teacher's language */
            column->is_derived = true;
        } else if (csv_number(text, &column->maximum)) {
            column->has_maximum = true;
        } else {
            return csv_stop(r, "number", "row %zu: the points possible \"%.*s\" are not a number",
                            r->row, SV_ARG(sv_clip_utf8(text, 40)));
        }
    }
    return true;
}

/* What somebody said of an assignment without points in the file. */
static void maximum_choose(const struct csv_reader *r, size_t i, struct column *column) {
    if (!column->has_maximum && r->out != NULL && r->out->columns[i].maximum.len > 0) {
        column->has_maximum = csv_number(r->out->columns[i].maximum, &column->maximum);
    }
}

static bool items_make(struct csv_reader *r, struct canvas *c) {
    struct grades_reading *reading = r->memory->build.out;
    for (size_t i = 0; i < r->columns; i++) {
        struct column *column = &c->columns[i];
        bool is_total = column->use != USE_WORK && column->use != USE_NONE;
        if (column->use == USE_NONE || column->is_derived) {
            continue;
        }
        struct sv title = !is_total                                 ? column->title
                          : column->kind == MODEL_ITEM_COURSE_FINAL ? SV("Course total")
                                                                    : SV("Current total");
        enum model_item_kind kind = is_total ? column->kind : MODEL_ITEM_ACTIVITY;
        if (!csv_item(r, kind, column->ref, title, &column->item)) {
            return false;
        }
        maximum_choose(r, i, column);
        if (r->out != NULL) {
            struct model_item *item = &reading->items[column->item];
            item->has_maximum = is_total || column->has_maximum;
            item->maximum = is_total ? dec_from_i64(100) : column->maximum;
            reading->can |= is_total ? GRADES_CAN_COURSE_TOTAL : 0;
        }
    }
    return true;
}

/* As Canvas's API says of work that is complete or not (grades_canvas_work.c). */
static enum model_completion completion_of(struct sv word) {
    return sv_eq_nocase(word, SV("complete"))     ? MODEL_COMPLETION_COMPLETE
           : sv_eq_nocase(word, SV("incomplete")) ? MODEL_COMPLETION_INCOMPLETE
                                                  : MODEL_COMPLETION_UNKNOWN;
}

/* What a column graded in words holds: "A-", "Sehr gut", "complete"; not "eight". */
static bool is_word(struct sv text) {
    unsigned char c = text.len > 0 ? (unsigned char)text.ptr[0] : 0;
    return text.len <= CSV_LETTER_BYTES_MAX &&
           ((c >= 'A' && c <= 'Z') || c >= 0x80 || completion_of(text) != MODEL_COMPLETION_UNKNOWN);
}

static bool work_take(struct csv_reader *r, const struct column *column, struct sv text,
                      const struct model_member *member) {
    struct model_fact *fact = NULL;
    struct dec score = dec_from_i64(0);
    if (sv_eq_nocase(text, SV("N/A"))) {
        return true; /* is not assigned to this one */
    }
    bool is_excused = sv_eq_nocase(text, SV("EX"));
    bool has_score = text.len > 0 && !is_excused && csv_number(text, &score);
    bool is_letter = !is_excused && !has_score && is_word(text);
    if (text.len > 0 && !is_excused && !has_score && !is_letter) {
        return csv_stop(r, "number", "row %zu: the score \"%.*s\" of \"%.*s\" is not a number",
                        r->row, SV_ARG(sv_clip_utf8(text, 40)),
                        SV_ARG(sv_clip_utf8(column->title, 80)));
    }
    if (!csv_fact(r, member, column->item, &fact)) {
        return false;
    }
    fact->is_excused = is_excused;
    fact->has_score = has_score;
    fact->score = score;
    fact->letter = is_letter ? csv_letter(r, text) : sv_of(NULL, 0);
    fact->is_posted = (has_score || is_letter) && !column->is_manual;
    fact->completion = fact->is_posted ? completion_of(fact->letter) : MODEL_COMPLETION_UNKNOWN;
    return true;
}

/* One fact for each total; an override stands above what was computed, as learners see it. */
static bool total_take(struct csv_reader *r, const struct canvas *c, enum model_item_kind kind,
                       const struct model_member *member) {
    struct dec score = dec_from_i64(0);
    struct sv letter = {0};
    size_t item = SIZE_MAX;
    bool has_score = false;
    bool is_overridden = false;
    for (size_t i = 0; i < r->columns; i++) {
        const struct column *column = &c->columns[i];
        struct sv text = csv_cell(r, i);
        bool is_letter = column->use == USE_LETTER || column->use == USE_OVERRIDE_LETTER;
        if (column->use == USE_NONE || column->use == USE_WORK || column->kind != kind) {
            continue;
        }
        item = column->item;
        if (is_letter) {
            letter = text.len > 0 && text.len <= CSV_LETTER_BYTES_MAX ? text : letter;
            continue;
        }
        struct dec number;
        if (text.len == 0 || (is_overridden && column->use == USE_SCORE)) {
            continue;
        }
        if (!csv_number(text, &number)) {
            return csv_stop(r, "number", "row %zu: the total \"%.*s\" is not a number", r->row,
                            SV_ARG(sv_clip_utf8(text, 40)));
        }
        is_overridden = is_overridden || column->use == USE_OVERRIDE_SCORE;
        has_score = true;
        score = number;
    }
    struct model_fact *fact = NULL;
    if (item == SIZE_MAX) {
        return true;
    }
    if (!csv_fact(r, member, item, &fact)) {
        return false;
    }
    fact->has_score = has_score;
    fact->score = score;
    fact->letter = csv_letter(r, letter);
    fact->is_posted = has_score || letter.len > 0;
    return true;
}

static bool is_test_student(const struct csv_reader *r, const struct canvas *c) {
    struct sv name = csv_cell(r, c->name);
    return csv_cell(r, c->sis_id).len == 0 &&
           (sv_eq(name, SV("Student, Test")) ||
            (sv_eq(name, SV("Student")) && sv_eq(csv_cell(r, c->first_name), SV("Test"))));
}

static void member_describe(struct csv_reader *r, const struct canvas *c, struct model_member *m) {
    struct sv name = csv_cell(r, c->name);
    struct sv first = csv_cell(r, c->first_name);
    m->name = first.len > 0 ? sv_printf(csv_lasting(r), "%.*s, %.*s", SV_ARG(name), SV_ARG(first))
                            : sv_copy(csv_lasting(r), name);
    m->sourcedid = sv_copy(csv_lasting(r), csv_cell(r, c->sis_id));
    m->login = sv_copy(csv_lasting(r), csv_cell(r, c->login));
    m->email = sv_copy(csv_lasting(r), csv_cell(r, c->email));
}

static bool member_take(struct csv_reader *r, const struct canvas *c, struct model_member **out) {
    const size_t keys[] = {c->id, c->sis_id, c->login, c->email};
    struct sv ref = {0};
    *out = NULL;
    if (is_test_student(r, c)) { /* Canvas's Student View */
        if (r->out != NULL) {
            r->out->test_rows++;
        }
        return true;
    }
    return csv_row_ref(r, keys, ARRAY_LEN(keys), "ID, SIS User ID or SIS Login ID", &ref) &&
           csv_once(r, sv_printf(&r->line, "person %.*s", SV_ARG(ref)), "person") &&
           csv_member(r, ref, out) && (!r->is_new || (member_describe(r, c, *out), true));
}

static bool person_row(struct csv_reader *r, struct canvas *c) {
    struct model_member *member = NULL;
    if (!member_take(r, c, &member)) {
        return false;
    }
    for (size_t i = 0; member != NULL && i < r->columns; i++) {
        const struct column *column = &c->columns[i];
        if (column->use == USE_WORK && column->item != SIZE_MAX &&
            !work_take(r, column, csv_cell(r, i), member)) {
            return false;
        }
    }
    return member == NULL || (total_take(r, c, MODEL_ITEM_COURSE_FINAL, member) &&
                              total_take(r, c, MODEL_ITEM_COURSE_CURRENT, member));
}

static bool row(struct csv_reader *r) {
    struct canvas *c = r->state;
    if (!c->has_people) {
        if (sv_eq(csv_cell(r, c->name), SV("Points Possible"))) {
            return points_take(r, c);
        }
        if (posting_take(r, c)) {
            return true;
        }
        c->has_people = true;
        if (!items_make(r, c)) {
            return false;
        }
    }
    return person_row(r, c);
}

static struct sv work_words(struct csv_reader *r, const struct column *column) {
    char maximum[DEC_TEXT_MAX];
    return sv_printf(r->arena, "score of \"%.*s\", %s%s%s", SV_ARG(column->title),
                     column->has_maximum ? "out of " : "no maximum",
                     column->has_maximum ? dec_format(column->maximum, maximum) : "",
                     column->is_manual
                         ? "; does not count: \"Manual Posting\" does not say whether learners see "
                           "it (delete these words where they do)"
                         : "");
}

static void end(struct csv_reader *r) {
    const struct canvas *c = r->state;
    for (size_t i = 0; i < r->columns; i++) {
        const struct column *column = &c->columns[i];
        if (column->use == USE_NONE || column->is_derived) {
            continue;
        }
        csv_describe(r, i, GRADES_CSV_RESULT,
                     column->use == USE_WORK                   ? work_words(r, column)
                     : column->kind == MODEL_ITEM_COURSE_FINAL ? SV("course total")
                                                               : SV("current total"));
        r->out->columns[i].wants_maximum =
            column->use == USE_WORK && (!column->has_maximum || r->out->columns[i].maximum.len > 0);
    }
    csv_describe(r, c->name, GRADES_CSV_NAME, SV("name"));
    csv_describe(r, c->first_name, GRADES_CSV_NAME, SV("name"));
    csv_describe_people(r, c->sis_id, c->id, c->login, c->email);
}

const struct csv_layout csv_canvas = {
    .format = GRADES_CSV_CANVAS, .is_mine = is_mine, .header = header, .row = row, .end = end};
