/* Moodle's grade export as plain text: who it is, then for each grade item one column for each way
 * of showing it, "Quiz: Week 1 (Real)", "(Percentage)", "(Letter)", "(Feedback)", in the language
 * of whoever exported it (grade/export/lib.php, format_column_name). A word that is not known here
 * is judged by what stands below it. */
#include "grades_csv_layout.h"

enum way { WAY_NONE, WAY_REAL, WAY_PERCENTAGE, WAY_LETTER, WAY_FEEDBACK, WAYS };
#define WORDS_MAX 32

/* English, German, Spanish, French, Portuguese (Portugal, Brazil), Italian, Dutch: Moodle's own
 * language packs (lang/grades.php: real, percentage, letter; lang/moodle.php: feedback). */
static const struct {
    const char *text;
    enum way way;
} words[] = {
    {"Real", WAY_REAL},
    {"Punkte", WAY_REAL},
    {"Brut", WAY_REAL},
    {"Punteggio", WAY_REAL},
    {"Echt", WAY_REAL},
    {"Percentage", WAY_PERCENTAGE},
    {"Prozentsatz", WAY_PERCENTAGE},
    {"Prozent", WAY_PERCENTAGE},
    {"Porcentaje", WAY_PERCENTAGE},
    {"Pourcentage", WAY_PERCENTAGE},
    {"Percentagem", WAY_PERCENTAGE},
    {"Porcentagem", WAY_PERCENTAGE},
    {"Percentuale", WAY_PERCENTAGE},
    {"Letter", WAY_LETTER},
    {"Note", WAY_LETTER},
    {"Letra", WAY_LETTER},
    {"Lettre", WAY_LETTER},
    {"Lettera", WAY_LETTER},
    {"Letterale", WAY_LETTER},
    {"Feedback", WAY_FEEDBACK},
    {"Retroalimentaci\u00f3n", WAY_FEEDBACK},
    {"Coment\u00e1rios", WAY_FEEDBACK},
};

static const char *const first_names[] = {
    "First name", "Vorname", "Nombre", "Pr\u00e9nom", "Nome", "Nome pr\u00f3prio", "Voornaam"};
static const char *const last_names[] = {"Last name", "Surname",        "Nachname",  "Apellido(s)",
                                         "Apellidos", "Nom de famille", "Nom",       "Apelido",
                                         "Sobrenome", "Cognome",        "Achternaam"};
static const char *const school_numbers[] = {"ID number",
                                             "ID-Nummer",
                                             "N\u00famero de ID",
                                             "Num\u00e9ro d'identification",
                                             "N\u00famero de identifica\u00e7\u00e3o (ID)",
                                             "N\u00famero de identifica\u00e7\u00e3o",
                                             "N\u00famero ID",
                                             "Codice identificativo",
                                             "ID-nummer"};
static const char *const logins[] = {"Username",
                                     "Anmeldename",
                                     "Nombre de usuario",
                                     "Nom d'utilisateur",
                                     "Nome de utilizador",
                                     "Nome de usu\u00e1rio",
                                     "Identifica\u00e7\u00e3o de usu\u00e1rio",
                                     "Gebruikersnaam"};
static const char *const emails[] = {"Email address",
                                     "E-Mail-Adresse",
                                     "Direcci\u00f3n de correo",
                                     "Adresse de courriel",
                                     "Endere\u00e7o de e-mail",
                                     "Endere\u00e7o de email",
                                     "Indirizzo email",
                                     "E-mailadres"};
static const char *const totals[] = {"Course total",   "Kurs gesamt",      "Total del curso",
                                     "Total du cours", "Total do curso",   "Total da disciplina",
                                     "Totale corso",   "Totale del corso", "Cursustotaal"};
/* Kinds of activities, which stand in front of a name and are no part of it. */
static const char *const kinds[] = {"Assignment",
                                    "Quiz",
                                    "Lesson",
                                    "Workshop",
                                    "Forum",
                                    "SCORM package",
                                    "Database",
                                    "Glossary",
                                    "H5P",
                                    "Choice",
                                    "External tool",
                                    "Interactive Content",
                                    "Survey",
                                    "Feedback",
                                    "Checklist",
                                    "Aufgabe",
                                    "Test",
                                    "Lektion",
                                    "Gegenseitige Beurteilung",
                                    "Lernpaket",
                                    "Datenbank",
                                    "Glossar",
                                    "Abstimmung",
                                    "Externes Tool",
                                    "Tarea",
                                    "Cuestionario",
                                    "Examen",
                                    "Lecci\u00f3n",
                                    "Taller",
                                    "Foro",
                                    "Paquete SCORM",
                                    "Base de datos",
                                    "Glosario",
                                    "Herramienta externa",
                                    "Devoir",
                                    "Le\u00e7on",
                                    "Atelier",
                                    "Paquetage SCORM",
                                    "Base de donn\u00e9es",
                                    "Glossaire",
                                    "Outil externe",
                                    "Trabalho",
                                    "Tarefa",
                                    "Teste",
                                    "Question\u00e1rio",
                                    "Li\u00e7\u00e3o",
                                    "F\u00f3rum",
                                    "Pacote SCORM",
                                    "Base de dados",
                                    "Banco de dados",
                                    "Gloss\u00e1rio",
                                    "Ferramenta externa",
                                    "Compito",
                                    "Lezione",
                                    "Pacchetto SCORM",
                                    "Glossario",
                                    "Tool esterno",
                                    "Opdracht",
                                    "Les",
                                    "SCORM-pakket",
                                    "Woordenlijst",
                                    "Externe tool"};

/* A grade item, shown in several columns. */
struct grade {
    struct sv ref, title;
    size_t at[WAYS]; /* SIZE_MAX: not shown so */
    size_t item;
    bool has_maximum;
    struct dec maximum;
};

struct moodle {
    size_t first_name, last_name, sourcedid, login, email;
    size_t address; /* of e-mail, whether it finds people or not */
    struct grade *grades;
    size_t grade_count;
    struct csv_word **judged; /* judging: by column, NULL: none */
};

/* "Quiz: Week 1 (Real)": the last word in parentheses. One that begins like a number is Canvas's.
 */
static bool split(struct sv name, struct sv *base, struct sv *word) {
    size_t open = name.len;
    if (!sv_ends(name, SV(")"))) {
        return false;
    }
    for (size_t i = name.len - 1; i > 0 && open == name.len; i--) {
        open = name.ptr[i - 1] == '(' ? i - 1 : open;
    }
    *base = sv_trim(sv_head(name, open));
    *word = open == name.len ? sv_of(NULL, 0)
                             : sv_trim(sv_head(sv_skip(name, open + 1), name.len - open - 2));
    return open < name.len && base->len > 0 && word->len > 0 &&
           !(word->ptr[0] >= '0' && word->ptr[0] <= '9');
}

static enum way way_known(struct sv word) {
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (sv_eq_nocase(word, sv_from(words[i].text))) {
            return words[i].way;
        }
    }
    return WAY_NONE;
}

static struct csv_word *word_find(const struct csv_memory *m, struct sv word) {
    for (size_t i = 0; i < m->word_count; i++) {
        if (sv_eq(m->words[i].text, word)) {
            return &m->words[i];
        }
    }
    return NULL;
}

static enum way way_of(const struct csv_reader *r, struct sv name, struct sv *base) {
    struct sv word;
    if (!split(name, base, &word)) {
        return WAY_NONE;
    }
    const struct csv_word *judged = word_find(r->memory, word);
    if (judged == NULL) {
        return way_known(word);
    }
    return judged->percents > judged->numbers + judged->others   ? WAY_PERCENTAGE
           : judged->numbers > judged->percents + judged->others ? WAY_REAL
                                                                 : WAY_NONE;
}

static bool is_mine(const struct csv_reader *r) {
    struct sv base;
    struct sv word;
    size_t found = 0;
    for (size_t i = 0; i < r->cell_count; i++) {
        found += split(r->cells[i], &base, &word) && csv_column(r, "person") == SIZE_MAX ? 1 : 0;
    }
    return found > 0;
}

/* The column of one of the names, whatever was chosen for it. */
static size_t named(const struct csv_reader *r, const char *const *names, size_t count) {
    size_t at = SIZE_MAX;
    for (size_t i = 0; i < count && at == SIZE_MAX; i++) {
        at = csv_column(r, names[i]);
    }
    return at;
}

/* Without the kind of activity in front. */
static struct sv title_of(struct sv base) {
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        size_t len = strlen(kinds[i]);
        struct sv rest = sv_trim(sv_skip(base, len)); /* French has a space before the colon */
        if (!sv_starts(base, sv_from(kinds[i]))) {
            continue;
        }
        rest = sv_starts(rest, SV("\u00a0")) ? sv_skip(rest, 2) : rest;
        if (sv_starts(rest, SV(": ")) && rest.len > 2) {
            return sv_trim(sv_skip(rest, 2));
        }
    }
    return base;
}

static bool is_course_total(struct sv base) {
    for (size_t i = 0; i < ARRAY_LEN(totals); i++) {
        if (sv_eq(base, sv_from(totals[i]))) {
            return true;
        }
    }
    return false;
}

/* The item a column belongs to: the one of its name that has no such column yet, since two items of
 * a course may share a name. */
static struct grade *grade_find(struct csv_reader *r, struct moodle *m, struct sv base,
                                enum way way) {
    size_t same = 0;
    for (size_t i = 0; i < m->grade_count; i++) {
        if (sv_eq(m->grades[i].title, base)) {
            same++;
            if (m->grades[i].at[way] == SIZE_MAX) {
                return &m->grades[i];
            }
        }
    }
    struct grade *made = &m->grades[m->grade_count++];
    *made =
        (struct grade){.title = sv_copy(r->arena, base),
                       .ref = same == 0 ? sv_copy(r->arena, base)
                                        : sv_printf(r->arena, "%.*s #%zu", SV_ARG(base), same + 1)};
    for (size_t w = 0; w < WAYS; w++) {
        made->at[w] = SIZE_MAX;
    }
    return made;
}

/* A percentage has a maximum, the bare points have none in the file. */
static void maximum_find(const struct csv_reader *r, struct grade *g) {
    size_t real = g->at[WAY_REAL];
    const struct grades_csv_choice *choice = real == SIZE_MAX ? NULL : csv_choice(r, real);
    g->has_maximum = g->at[WAY_PERCENTAGE] != SIZE_MAX;
    g->maximum = dec_from_i64(g->has_maximum ? 100 : 0);
    if (!g->has_maximum && choice != NULL && choice->maximum.len > 0) {
        g->has_maximum = csv_number(choice->maximum, &g->maximum);
    }
}

static bool items_make(struct csv_reader *r, struct moodle *m) {
    struct grades_reading *reading = r->memory->build.out;
    for (size_t i = 0; i < m->grade_count; i++) {
        struct grade *g = &m->grades[i];
        bool is_total = is_course_total(g->ref);
        enum model_item_kind kind = is_total ? MODEL_ITEM_COURSE_FINAL : MODEL_ITEM_ACTIVITY;
        g->title = is_total ? SV("Course total") : title_of(g->title);
        maximum_find(r, g);
        if (!csv_item(r, kind, is_total ? sv_of(NULL, 0) : g->ref, g->title, &g->item)) {
            return false;
        }
        if (r->out != NULL) {
            reading->items[g->item].has_maximum = g->has_maximum;
            reading->items[g->item].maximum = g->maximum;
            reading->can |= is_total ? GRADES_CAN_COURSE_TOTAL : 0;
        }
    }
    return true;
}

/* The words that no list has, when the file is read for the first time. */
static bool words_find(struct csv_reader *r, struct moodle *m) {
    struct csv_memory *memory = r->memory;
    if (r->out == NULL || memory->words != NULL) {
        return true;
    }
    memory->words = ARENA_ARRAY(csv_lasting(r), struct csv_word, WORDS_MAX);
    m->judged = ARENA_ARRAY(r->arena, struct csv_word *, r->columns);
    for (size_t i = 0; i < r->columns; i++) {
        struct sv base;
        struct sv word;
        if (!split(r->cells[i], &base, &word) || way_known(word) != WAY_NONE) {
            continue;
        }
        m->judged[i] = word_find(memory, word);
        if (m->judged[i] == NULL && memory->word_count < WORDS_MAX) {
            m->judged[i] = &memory->words[memory->word_count++];
            m->judged[i]->text = sv_copy(csv_lasting(r), word);
        }
    }
    r->is_judging = memory->word_count > 0;
    return true;
}

static bool grades_find(struct csv_reader *r, struct moodle *m) {
    m->grades = ARENA_ARRAY(r->arena, struct grade, r->columns);
    for (size_t i = 0; i < r->columns; i++) {
        struct sv base;
        enum way way = way_of(r, r->cells[i], &base);
        if (way == WAY_NONE || way == WAY_FEEDBACK || csv_is_chosen(r, i)) {
            continue;
        }
        if (base.len > CSV_ITEM_BYTES_MAX) {
            return csv_stop(r, "columns", "the name of column %zu is longer than %d bytes", i + 1,
                            CSV_ITEM_BYTES_MAX);
        }
        grade_find(r, m, base, way)->at[way] = i;
    }
    return items_make(r, m);
}

static bool header(struct csv_reader *r) {
    struct moodle *m = ARENA_NEW(r->arena, struct moodle);
    r->state = m;
    m->first_name = named(r, first_names, ARRAY_LEN(first_names));
    m->last_name = named(r, last_names, ARRAY_LEN(last_names));
    m->address = named(r, emails, ARRAY_LEN(emails));
    m->sourcedid = csv_identity(r, GRADES_CSV_SCHOOL, school_numbers, ARRAY_LEN(school_numbers));
    m->login = csv_identity(r, GRADES_CSV_LOGIN, logins, ARRAY_LEN(logins));
    m->email = csv_identity(r, GRADES_CSV_EMAIL, NULL, 0);
    return words_find(r, m) && (r->is_judging || grades_find(r, m));
}

static bool is_none(struct sv text) { return text.len == 0 || sv_eq(text, SV("-")); }

/* "62,00 %": in some languages with a space that does not break. */
static struct sv without_percent(struct sv text) {
    if (!sv_ends(text, SV("%"))) {
        return text;
    }
    text = sv_trim(sv_head(text, text.len - 1));
    return sv_ends(text, SV("\u00a0"))   ? sv_head(text, text.len - 2)
           : sv_ends(text, SV("\u202f")) ? sv_head(text, text.len - 3)
                                         : text;
}

static bool judge(struct csv_reader *r, const struct moodle *m) {
    struct dec number;
    for (size_t i = 0; i < r->cell_count; i++) {
        struct sv text = csv_cell(r, i);
        struct csv_word *word = m->judged[i];
        if (word == NULL || is_none(text)) {
            continue;
        }
        bool is_number = csv_number(without_percent(text), &number);
        word->percents += is_number && sv_ends(text, SV("%")) ? 1 : 0;
        word->numbers += is_number && !sv_ends(text, SV("%")) ? 1 : 0;
        word->others += is_number ? 0 : 1;
    }
    return true;
}

/* A grade on a scale is shown by its word, "Competent", in the column of points; "Error" is what
 * Moodle writes when it cannot say. */
static bool is_word(struct sv text) {
    unsigned char c = text.len > 0 ? (unsigned char)text.ptr[0] : 0;
    return text.len <= CSV_LETTER_BYTES_MAX && !sv_eq(text, SV("Error")) &&
           ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c >= 0x80);
}

static bool grade_take(struct csv_reader *r, const struct grade *g,
                       const struct model_member *member) {
    bool has_percent = g->at[WAY_PERCENTAGE] != SIZE_MAX;
    struct sv text =
        without_percent(csv_cell(r, has_percent ? g->at[WAY_PERCENTAGE] : g->at[WAY_REAL]));
    struct sv letter = csv_cell(r, g->at[WAY_LETTER]);
    struct dec score = dec_from_i64(0);
    struct model_fact *fact = NULL;
    bool has_score = !is_none(text) && csv_number(text, &score);
    if (!is_none(text) && !has_score) {
        if (has_percent || !is_word(text)) {
            return csv_stop(r, "number", "row %zu: the grade \"%.*s\" of \"%.*s\" is not a number",
                            r->row, SV_ARG(sv_clip_utf8(text, 40)),
                            SV_ARG(sv_clip_utf8(g->title, 80)));
        }
        letter = is_none(letter) ? text : letter;
    }
    if (!csv_fact(r, member, g->item, &fact)) {
        return false;
    }
    bool has_letter = !is_none(letter) && letter.len <= CSV_LETTER_BYTES_MAX;
    fact->has_score = has_score;
    fact->score = score;
    fact->letter = has_letter ? csv_letter(r, letter) : sv_of(NULL, 0);
    fact->is_posted = has_score || has_letter; /* a teacher hands in what counts */
    return true;
}

static void member_describe(struct csv_reader *r, const struct moodle *m,
                            struct model_member *member) {
    member->name =
        sv_trim(sv_printf(csv_lasting(r), "%.*s %.*s", SV_ARG(csv_cell(r, m->first_name)),
                          SV_ARG(csv_cell(r, m->last_name))));
    member->sourcedid = sv_copy(csv_lasting(r), csv_cell(r, m->sourcedid));
    member->login = sv_copy(csv_lasting(r), csv_cell(r, m->login));
    member->email = sv_copy(csv_lasting(r), csv_cell(r, m->email));
}

static bool row(struct csv_reader *r) {
    const struct moodle *m = r->state;
    const size_t keys[] = {m->sourcedid, m->login, m->email, m->address};
    struct model_member *member = NULL;
    struct sv ref = {0};
    if (r->is_judging) {
        return judge(r, m);
    }
    if (!csv_row_ref(r, keys, ARRAY_LEN(keys), "ID number, username or e-mail address", &ref) ||
        !csv_once(r, ref, "person") || !csv_member(r, ref, &member)) {
        return false;
    }
    if (r->is_new) {
        member_describe(r, m, member);
    }
    for (size_t i = 0; i < m->grade_count; i++) {
        if (!grade_take(r, &m->grades[i], member)) {
            return false;
        }
    }
    return true;
}

static void grade_describe(struct csv_reader *r, const struct grade *g) {
    char maximum[DEC_TEXT_MAX];
    size_t real = g->at[WAY_REAL];
    csv_describe(r, g->at[WAY_PERCENTAGE], GRADES_CSV_RESULT,
                 sv_printf(r->arena, "score of \"%.*s\", out of 100", SV_ARG(g->title)));
    csv_describe(r, g->at[WAY_LETTER], GRADES_CSV_RESULT,
                 sv_printf(r->arena, "letter of \"%.*s\"", SV_ARG(g->title)));
    if (g->at[WAY_PERCENTAGE] != SIZE_MAX) {
        csv_describe(r, real, GRADES_CSV_UNUSED, SV("not used: the percentage is there"));
        return;
    }
    csv_describe(
        r, real, GRADES_CSV_RESULT,
        g->has_maximum
            ? sv_printf(r->arena, "score of \"%.*s\", out of %s", SV_ARG(g->title),
                        dec_format(g->maximum, maximum))
            : sv_printf(r->arena,
                        "score of \"%.*s\", no maximum: say it, or export \"Percentage\" too",
                        SV_ARG(g->title)));
    if (real != SIZE_MAX) {
        r->out->columns[real].wants_maximum = true;
    }
}

static void end(struct csv_reader *r) {
    const struct moodle *m = r->state;
    for (size_t i = 0; i < m->grade_count; i++) {
        grade_describe(r, &m->grades[i]);
    }
    csv_describe(r, m->first_name, GRADES_CSV_NAME, SV("name"));
    csv_describe(r, m->last_name, GRADES_CSV_NAME, SV("name"));
    if (m->address != SIZE_MAX && !r->out->columns[m->address].is_left_out) {
        csv_describe(r, m->address, GRADES_CSV_UNUSED,
                     SV("e-mail address: finds nobody unless it is chosen"));
    }
    csv_describe_people(r, m->sourcedid, SIZE_MAX, m->login, m->email);
}

const struct csv_layout csv_moodle = {
    .format = GRADES_CSV_MOODLE, .is_mine = is_mine, .header = header, .row = row, .end = end};
