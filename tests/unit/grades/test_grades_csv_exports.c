/* The gradebook exports of Canvas (lib/gradebook_exporter.rb) and Moodle (gradeexport_txt). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "csv_text.h"
#include <stdlib.h>

struct sheet {
    struct arena arena;
    struct grades_csv_survey map;
    struct grades_reading r; /* the survey's, with all facts */
    struct grades_csv_choices choices;
    struct err err;
};

static int setup(void **state) {
    *state = calloc(1, sizeof(struct sheet));
    return *state == NULL ? -1 : 0;
}

static int teardown(void **state) {
    struct sheet *s = *state;
    arena_release(&s->arena);
    free(s);
    return 0;
}

static bool parse(struct sheet *s, const char *text) {
    s->err = (struct err){0};
    struct csv_text t = {.text = sv_from(text)};
    bool is_parsed = csv_text_parse(&t, &s->choices, &s->arena, &s->map, &s->err);
    s->r = s->map.reading;
    return is_parsed;
}

static void must_parse(struct sheet *s, const char *text) {
    if (!parse(s, text)) {
        fail_msg("%s: %s", s->err.reason, s->err.text);
    }
}

static void must_fail(struct sheet *s, const char *text, const char *reason, const char *says) {
    if (parse(s, text) || strcmp(s->err.reason, reason) != 0 || strstr(s->err.text, says) == NULL) {
        fail_msg("wanted %s, got %s: %s", reason, s->err.reason, s->err.text);
    }
    assert_int_equal(s->r.fact_count + s->r.item_count + s->map.column_count, 0);
}

static const struct model_item *item_of(const struct sheet *s, const char *title) {
    for (size_t i = 0; i < s->r.item_count; i++) {
        if (sv_eq(s->r.items[i].title, sv_from(title))) {
            return &s->r.items[i];
        }
    }
    return NULL;
}

static const struct model_fact *fact_of(const struct sheet *s, const char *person,
                                        const char *title) {
    const struct model_item *item = item_of(s, title);
    const struct model_fact *found = NULL;
    for (size_t i = 0; item != NULL && i < s->r.fact_count; i++) {
        if (&s->r.items[s->r.facts[i].item_index] == item &&
            sv_eq(s->r.facts[i].person_ref, sv_from(person))) {
            assert_null(found);
            found = &s->r.facts[i];
        }
    }
    return found;
}

static const char *use_of(struct sheet *s, const char *column) {
    for (size_t i = 0; i < s->map.column_count; i++) {
        if (sv_eq(s->map.columns[i].name, sv_from(column))) {
            return sv_c(&s->arena, s->map.columns[i].words);
        }
    }
    return "no such column";
}

static void assert_dec(struct dec d, const char *text) {
    char plain[DEC_TEXT_MAX];
    assert_string_equal(dec_format(d, plain), text);
}

#define CANVAS_HEAD                                                                                \
    "Student,ID,SIS User ID,SIS Login ID,Section,Notes,Lab safety quiz (120),\"Essay, final "      \
    "(121)\",Labs Current Score,Labs Final Score,Current Score,Unposted Current Score,Final "      \
    "Score,Unposted Final Score,Current Grade,Unposted Current Grade,Final Grade,Unposted Final "  \
    "Grade\n"
#define CANVAS_POINTS                                                                              \
    "    Points Possible,,,,,,10.00,0,(read only),(read only),(read only),(read only),(read "      \
    "only),(read only),(read only),(read only),(read only),(read only)\n"
#define CANVAS_ANA                                                                                 \
    "\"Ruiz, Ana\",871,s-1,ana01,Biology,shy,8.50,5.00,85.00,42.50,85.00,99.00,42.50,99.00,B,A,F," \
    "A\n"

static void csv__reads_canvas_s_export(void **state) {
    struct sheet *s = *state;
    must_parse(s, "\xEF\xBB\xBF" CANVAS_HEAD CANVAS_POINTS CANVAS_ANA
                  "\"Student, Test\",899,,4dde05e8ca1973bcca9bffc13e1548820eee93a3,Biology,,10,10,,"
                  ",,,,,,,,\n");
    assert_int_equal(s->map.format, GRADES_CSV_CANVAS);
    assert_int_equal(s->map.test_rows, 1);
    assert_int_equal(s->r.member_count, 1);
    const struct model_member *ana = &s->r.members[0];
    assert_true(sv_eq(ana->person_ref, SV("871")) && sv_eq(ana->sourcedid, SV("s-1")));
    assert_true(sv_eq(ana->login, SV("ana01")) && sv_eq(ana->name, SV("Ruiz, Ana")));
    assert_int_equal(ana->sub.len, 0);
    assert_int_equal(s->r.item_count, 4); /* group totals are none, nor is a column of notes */
    const struct model_item *quiz = item_of(s, "Lab safety quiz");
    assert_true(sv_eq(quiz->ref, SV("120")) && quiz->kind == MODEL_ITEM_ACTIVITY);
    assert_dec(quiz->maximum, "10");
    assert_true(item_of(s, "Essay, final")->has_maximum); /* of zero points: said at import */
    assert_dec(fact_of(s, "871", "Lab safety quiz")->score, "8.5");
    assert_true(fact_of(s, "871", "Lab safety quiz")->is_posted);
    const struct model_fact *final = fact_of(s, "871", "Course total");
    assert_dec(final->score, "42.5"); /* and not the one that counts hidden grades */
    assert_true(sv_eq(final->letter, SV("F")));
    assert_int_equal(item_of(s, "Course total")->kind, MODEL_ITEM_COURSE_FINAL);
    assert_dec(item_of(s, "Course total")->maximum, "100");
    const struct model_fact *current = fact_of(s, "871", "Current total");
    assert_dec(current->score, "85");
    assert_true(sv_eq(current->letter, SV("B")));
}

static void csv__says_what_canvas_s_columns_are_used_for(void **state) {
    struct sheet *s = *state;
    must_parse(s, CANVAS_HEAD ",,,,,,,Manual Posting,,,,,,,,,,\n" CANVAS_POINTS CANVAS_ANA);
    assert_string_equal(use_of(s, "Lab safety quiz (120)"),
                        "score of \"Lab safety quiz\", out of 10");
    assert_non_null(strstr(use_of(s, "Essay, final (121)"), "does not count"));
    assert_string_equal(use_of(s, "Notes"), "not used");
    assert_string_equal(use_of(s, "Labs Final Score"), "not used");
    assert_string_equal(use_of(s, "Unposted Final Score"), "not used");
    assert_string_equal(use_of(s, "SIS User ID"), "finds the person, by the school's number");
    assert_string_equal(use_of(s, "Final Grade"), "course total");
    /* hidden from learners, perhaps: it must not leak through a badge */
    assert_false(fact_of(s, "871", "Essay, final")->is_posted);
    assert_true(fact_of(s, "871", "Lab safety quiz")->is_posted);
}

#define SMALL "Student,ID,SIS Login ID,Section,Quiz (7)\n"

static void csv__reads_canvas_s_cells(void **state) {
    static const struct {
        const char *cell;
        bool has_fact, has_score, is_excused;
        const char *score, *letter;
    } rows[] = {
        {"8.50", true, true, false, "8.5", ""},
        {"\"8,5\"", true, true, false, "8.5", ""},
        {"0", true, true, false, "0", ""},
        {"", true, false, false, "0", ""}, /* not graded, or no longer */
        {"EX", true, false, true, "0", ""},
        {"N/A", false, false, false, "0", ""}, /* not assigned to this one */
        {"A-", true, false, false, "0", "A-"}, /* graded by GPA scale */
        {"\"=\"\"8.5\"\"\"", true, true, false, "8.5", ""},
    };
    struct sheet *s = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        must_parse(s, arena_printf(&s->arena, SMALL "Points Possible,,,,10\nAna,871,ana01,B,%s\n",
                                   rows[i].cell));
        const struct model_fact *f = fact_of(s, "871", "Quiz");
        if ((f != NULL) != rows[i].has_fact ||
            (f != NULL &&
             (f->has_score != rows[i].has_score || f->is_excused != rows[i].is_excused ||
              !sv_eq(f->letter, sv_from(rows[i].letter))))) {
            fail_msg("%s", rows[i].cell);
        }
        if (f != NULL) {
            assert_dec(f->score, rows[i].score);
        }
    }
}

static void csv__reads_canvas_s_other_shapes(void **state) {
    struct sheet *s = *state;
    /* names in two columns, semicolons, decimal commas, a name that begins like a formula */
    must_parse(s, "LastName;FirstName;ID;SIS Login ID;Section;Quiz (7)\r\n"
                  "    Points Possible;;;;;7,5\r\n"
                  "\"=\"\"=Ruiz\"\"\";Ana;871;ana01;B;7,25\r\n"
                  "Student;Test;899;4dde;B;1,0\r\n");
    assert_dec(item_of(s, "Quiz")->maximum, "7.5");
    assert_dec(fact_of(s, "871", "Quiz")->score, "7.25");
    assert_true(sv_eq(s->r.members[0].name, SV("=Ruiz, Ana")));
    assert_int_equal(s->map.test_rows, 1);
    /* totals of a grading period named like a number are no assignment */
    must_parse(s, "Student,ID,SIS Login ID,Section,Quiz (7),Final Score (2027),Override Score,"
                  "Final Score\nPoints Possible,,,,10,(read only),,(read only)\n"
                  "Ana,871,ana01,B,7,50,91.5,60\nBen,872,ben01,B,7,50,,60\n");
    assert_int_equal(s->r.item_count, 2);
    assert_dec(fact_of(s, "871", "Course total")->score, "91.5"); /* as Ana sees it */
    assert_dec(fact_of(s, "872", "Course total")->score, "60");
    /* nor when the row of maxima was taken out */
    must_parse(s, "Student,ID,SIS Login ID,Section,Quiz (7),Final Score (2027)\n"
                  "Ana,871,ana01,B,7,50\n");
    assert_int_equal(s->r.item_count, 1);
    assert_string_equal(use_of(s, "Quiz (7)"), "score of \"Quiz\", no maximum");
    /* a column of the teacher's own that looks like an assignment */
    must_parse(s, "Student,ID,SIS Login ID,Section,Attendance (5),Quiz (7)\n"
                  "Points Possible,,,,(read only),10\nAna,871,ana01,B,often,7\n");
    assert_int_equal(s->r.item_count, 1);
    assert_string_equal(use_of(s, "Attendance (5)"), "not used");
    /* a real person whose name is Test Student */
    must_parse(s, "Student,ID,SIS User ID,SIS Login ID,Section,Quiz (7)\nPoints Possible,,,,,10\n"
                  "\"Student, Test\",871,s-9,test01,B,7\n");
    assert_int_equal(s->r.member_count, 1);
}

static void csv__refuses_what_canvas_never_writes(void **state) {
    struct sheet *s = *state;
    must_fail(s, SMALL "Points Possible,,,,ten\n", "number", "row 2");
    must_fail(s, SMALL "Points Possible,,,,10\nAna,871,ana01,B,8 of 10\n", "number", "row 3");
    must_fail(s, SMALL "Points Possible,,,,10\nAna,,,B,8\n", "empty", "row 3");
    must_fail(s, SMALL "Points Possible,,,,10\nAna,871,a,B,8\nAna,871,a,B,9\n", "repeated",
              "row 4 repeats the person of row 3");
    must_fail(s, "Student,ID,SIS Login ID,Section,Quiz (7),Quiz (7)\n", "repeated", "row 1");
    must_fail(s, SMALL "Points Possible,,,,10\nAna,871,a,B,\"1,234.5\"\n", "number", "1,234.5");
}

#define MOODLE_HEAD                                                                                \
    "\"First name\",\"Last name\",\"ID number\",Institution,Department,\"Email address\","         \
    "\"Assignment: Task 1 (Real)\",\"Assignment: Task 1 (Percentage)\","                           \
    "\"Assignment: Task 1 (Letter)\",\"Assignment: Task 1 (Feedback)\",\"Quiz: Week: two "         \
    "(Real)\","                                                                                    \
    "\"Course total (Real)\",\"Course total (Percentage)\",\"Last downloaded from this course\"\n"

static void csv__reads_moodle_s_export(void **state) {
    struct sheet *s = *state;
    must_parse(s, MOODLE_HEAD "Ana,Ruiz,S01,,,ana@school.example,62.00,\"62.00 %\",D,\"Well "
                              "done, Ana\",7.50,69.50,\"25.74 %\",1795452329\n"
                              "Ben,Okri,,,,ben@school.example,-,-,-,,-,-,-,1795452329\n");
    assert_int_equal(s->map.format, GRADES_CSV_MOODLE);
    assert_int_equal(s->r.item_count, 3);
    const struct model_item *task = item_of(s, "Task 1");
    assert_true(sv_eq(task->ref, SV("Assignment: Task 1")));
    assert_dec(task->maximum, "100"); /* of the percentage */
    const struct model_fact *f = fact_of(s, "S01", "Task 1");
    assert_dec(f->score, "62");
    assert_true(f->is_posted && sv_eq(f->letter, SV("D")));
    assert_false(item_of(s, "Week: two")->has_maximum); /* points alone have none in the file */
    assert_dec(fact_of(s, "S01", "Week: two")->score, "7.5");
    assert_int_equal(item_of(s, "Course total")->kind, MODEL_ITEM_COURSE_FINAL);
    assert_dec(fact_of(s, "S01", "Course total")->score, "25.74");
    /* "-" is no grade, and takes one away that was there */
    f = fact_of(s, "ben@school.example", "Task 1");
    assert_true(f != NULL && !f->has_score && !f->is_posted && f->letter.len == 0);
    assert_true(sv_eq(s->r.members[0].name, SV("Ana Ruiz")));
    assert_true(sv_eq(s->r.members[0].sourcedid, SV("S01")));
    assert_int_equal(s->r.members[1].email.len, 0); /* finds nobody until it is chosen */
    assert_non_null(strstr(use_of(s, "Email address"), "unless it is chosen"));
    assert_string_equal(use_of(s, "Assignment: Task 1 (Real)"),
                        "not used: the percentage is there");
    assert_string_equal(use_of(s, "Assignment: Task 1 (Percentage)"),
                        "score of \"Task 1\", out of 100");
    assert_non_null(strstr(use_of(s, "Quiz: Week: two (Real)"), "no maximum"));
    assert_string_equal(use_of(s, "Department"), "not used");
    assert_string_equal(use_of(s, "Assignment: Task 1 (Feedback)"), "not used");
}

/* A column that nothing is taken from may hold an essay about an essay. */
static void csv__reads_grades_beside_long_comments(void **state) {
    struct sheet *s = *state;
    char comment[60001];
    memset(comment, 'x', sizeof comment);
    comment[sizeof comment - 1] = '\0';
    must_parse(s, arena_printf(&s->arena,
                               "Username,Assignment: A (Real),Assignment: A (Feedback)\n"
                               "ana01,7.5,\"%s, and \"\"more\"\"\"\nben01,8,short\n",
                               comment));
    assert_int_equal(s->r.item_count, 1);
    assert_dec(fact_of(s, "ana01", "A")->score, "7.5");
    assert_dec(fact_of(s, "ben01", "A")->score, "8");
}

static void csv__keeps_moodle_s_namesakes_apart(void **state) {
    struct sheet *s = *state;
    must_parse(s, "Username;Quiz: A (Real);Quiz: A (Real);Forum: A (Real)\n"
                  "ana01;7,50;2;3\n");
    assert_int_equal(s->r.item_count, 3); /* a rule that names "A" is told the three of them */
    assert_true(sv_eq(s->r.items[0].ref, SV("Quiz: A")));
    assert_true(sv_eq(s->r.items[1].ref, SV("Quiz: A #2")));
    assert_true(sv_eq(s->r.items[2].ref, SV("Forum: A")));
    assert_dec(s->r.facts[0].score, "7.5");
    assert_dec(s->r.facts[1].score, "2");
    assert_true(sv_eq(s->r.members[0].login, SV("ana01")));
}

static void csv__refuses_what_moodle_never_writes(void **state) {
    struct sheet *s = *state;
    must_fail(s, "Username,Quiz: A (Real)\nana01,Error\n", "number", "row 2");
    must_fail(s, "Username,Quiz: A (Real)\n,7\n", "empty", "row 2");
    must_fail(s, "Username,Quiz: A (Real)\nana01,7\nana01,8\n", "repeated", "row 2");
}

/* The same course in the words of Moodle's language packs. */
static void csv__reads_moodle_s_other_languages(void **state) {
    static const char *const files[] = {
        "Vorname;Nachname;ID-Nummer;E-Mail-Adresse;Aufgabe: Bericht (Punkte);Aufgabe: Bericht "
        "(Prozentsatz);Aufgabe: Bericht (Note);Aufgabe: Bericht (Feedback);Kurs gesamt (Punkte)\n"
        "Ana;Ruiz;s-1;a@x.example;8,50;85,00 %;B;gut;42,50\n",
        "Nombre,Apellido(s),Número de ID,Dirección de correo,Tarea: Bericht (Real),Tarea: Bericht "
        "(Porcentaje),Tarea: Bericht (Letra),Tarea: Bericht (Retroalimentación),Total del curso "
        "(Real)\nAna,Ruiz,s-1,a@x.example,8.50,85.00 %,B,bien,42.50\n",
        "Prénom;Nom de famille;Numéro d'identification;Adresse de courriel;Devoir : Bericht "
        "(Brut);Devoir : Bericht (Pourcentage);Devoir : Bericht (Lettre);Devoir : Bericht "
        "(Feedback);Total du cours (Brut)\nAna;Ruiz;s-1;a@x.example;8,50;85,00 %;B;bien;42,50\n",
        "Nome,Apelido,Número de identificação (ID),Endereço de e-mail,Trabalho: Bericht (Real),"
        "Trabalho: Bericht (Percentagem),Trabalho: Bericht (Letra),Trabalho: Bericht (Feedback),"
        "Total da disciplina (Real)\nAna,Ruiz,s-1,a@x.example,\"8,50\",\"85,00 "
        "%\",B,bem,\"42,50\"\n",
        "Nome\tSobrenome\tNúmero de identificação\tEndereço de email\tTarefa: Bericht "
        "(Real)\tTarefa: "
        "Bericht (Porcentagem)\tTarefa: Bericht (Letra)\tTarefa: Bericht (Comentários)\tTotal do "
        "curso (Real)\nAna\tRuiz\ts-1\ta@x.example\t8,50\t85,00 %\tB\tbem\t42,50\n",
        "Nome;Cognome;Codice identificativo;Indirizzo email;Compito: Bericht (Punteggio);Compito: "
        "Bericht (Percentuale);Compito: Bericht (Lettera);Compito: Bericht (Feedback);Totale corso "
        "(Punteggio)\nAna;Ruiz;s-1;a@x.example;8,50;85,00 %;B;bene;42,50\n",
        "Voornaam;Achternaam;ID-nummer;E-mailadres;Opdracht: Bericht (Echt);Opdracht: Bericht "
        "(Percentage);Opdracht: Bericht (Letter);Opdracht: Bericht (Feedback);Cursustotaal "
        "(Echt)\nAna;Ruiz;s-1;a@x.example;8,50;85,00 %;B;goed;42,50\n",
        "First name,Last name,ID number,Email address,Assignment: Bericht (Real),Assignment: "
        "Bericht "
        "(Percentage),Assignment: Bericht (Letter),Assignment: Bericht (Feedback),Course total "
        "(Real)\nAna,Ruiz,s-1,a@x.example,8.50,85.00 %,B,good,42.50\n",
    };
    struct sheet *s = *state;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        must_parse(s, files[i]);
        const struct model_fact *f = fact_of(s, "s-1", "Bericht");
        const struct model_fact *total = fact_of(s, "s-1", "Course total");
        if (s->map.format != GRADES_CSV_MOODLE || s->r.item_count != 2 || f == NULL ||
            total == NULL || !sv_eq(s->r.members[0].name, SV("Ana Ruiz"))) {
            fail_msg("language %zu", i);
            return;
        }
        assert_dec(f->score, "85");
        assert_dec(item_of(s, "Bericht")->maximum, "100");
        assert_true(sv_eq(f->letter, SV("B")));
        assert_dec(total->score, "42.5");
        assert_int_equal(item_of(s, "Course total")->kind, MODEL_ITEM_COURSE_FINAL);
    }
}

static void csv__judges_unknown_words_by_the_cells_below(void **state) {
    struct sheet *s = *state;
    must_parse(s, "Fornavn;Efternavn;Nummer;Opgave: Rapport (Karakter);Opgave: Rapport "
                  "(Procentdel);Opgave: Rapport (Kommentar);Quiz: Uge 1 (Karakter)\n"
                  "Ana;Ruiz;s-1;8,50;85,00 %;7 rigtige;-\n"
                  "Ben;Okri;s-2;-;-;;7,00\n");
    assert_int_equal(s->map.format, GRADES_CSV_MOODLE);
    assert_int_equal(s->r.item_count, 2);
    /* no column says who it is until somebody chooses one */
    assert_dec(fact_of(s, "row 2", "Opgave: Rapport")->score, "85");
    assert_string_equal(use_of(s, "Opgave: Rapport (Kommentar)"), "not used");
    assert_false(item_of(s, "Uge 1")->has_maximum);
    assert_dec(fact_of(s, "row 3", "Uge 1")->score, "7");
    const struct grades_csv_choice list[] = {
        {.column = 2, .has_use = true, .use = GRADES_CSV_SCHOOL},
        {.name = SV("Quiz: Uge 1 (Karakter)"), .maximum = SV("12,5")}};
    s->choices = (struct grades_csv_choices){.list = list, .count = 2};
    must_parse(s, "Fornavn;Efternavn;Nummer;Opgave: Rapport (Karakter);Opgave: Rapport "
                  "(Procentdel);Quiz: Uge 1 (Karakter)\n"
                  "Ana;Ruiz;s-1;8,50;85,00 %;7,00\n");
    assert_true(sv_eq(s->r.members[0].sourcedid, SV("s-1")));
    assert_dec(item_of(s, "Uge 1")->maximum, "12.5");
    assert_string_equal(use_of(s, "Quiz: Uge 1 (Karakter)"), "score of \"Uge 1\", out of 12.5");
}

static void csv__does_what_was_chosen(void **state) {
    struct sheet *s = *state;
    const struct grades_csv_choice list[] = {
        {.name = SV("lab safety quiz (120)"), .has_use = true, .use = GRADES_CSV_UNUSED},
        {.name = SV("Notes"), .has_use = true, .use = GRADES_CSV_LOGIN},
        {.name = SV("SIS Login ID"), .has_use = true, .use = GRADES_CSV_EMAIL}};
    s->choices = (struct grades_csv_choices){.list = list, .count = 3};
    must_parse(s, CANVAS_HEAD CANVAS_POINTS CANVAS_ANA);
    assert_null(item_of(s, "Lab safety quiz"));
    assert_string_equal(use_of(s, "Lab safety quiz (120)"), "left out");
    assert_true(sv_eq(s->r.members[0].login, SV("shy")));
    assert_true(sv_eq(s->r.members[0].email, SV("ana01")));
    assert_string_equal(use_of(s, "SIS Login ID"), "finds the person, by e-mail address");
    /* a file of another kind than the choices were made for */
    must_fail(s, SMALL "Points Possible,,,,10\n", "choice", "no column");
    const struct grades_csv_choice zero[] = {{.column = 4, .maximum = SV("0")}};
    s->choices = (struct grades_csv_choices){.list = zero, .count = 1};
    must_fail(s, SMALL "Ana,871,a,B,8\n", "choice", "above zero");
}

static void csv__reads_grades_in_words(void **state) {
    struct sheet *s = *state;
    must_parse(s, SMALL "Points Possible,,,,10\nAna,871,a,B,Complete\nBen,872,b,B,incomplete\n"
                        "Cy,873,c,B,Sehr gut\n");
    assert_int_equal(fact_of(s, "871", "Quiz")->completion, MODEL_COMPLETION_COMPLETE);
    assert_int_equal(fact_of(s, "872", "Quiz")->completion, MODEL_COMPLETION_INCOMPLETE);
    assert_int_equal(fact_of(s, "873", "Quiz")->completion, MODEL_COMPLETION_UNKNOWN);
    assert_true(sv_eq(fact_of(s, "873", "Quiz")->letter, SV("Sehr gut")));
    must_parse(s, "Username,Quiz: A (Real)\nana01,Competent\n"); /* a scale */
    assert_true(sv_eq(fact_of(s, "ana01", "A")->letter, SV("Competent")));
    assert_false(fact_of(s, "ana01", "A")->has_score);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(csv__reads_canvas_s_export, setup, teardown),
        cmocka_unit_test_setup_teardown(csv__says_what_canvas_s_columns_are_used_for, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(csv__reads_canvas_s_cells, setup, teardown),
        cmocka_unit_test_setup_teardown(csv__reads_canvas_s_other_shapes, setup, teardown),
        cmocka_unit_test_setup_teardown(csv__refuses_what_canvas_never_writes, setup, teardown),
        cmocka_unit_test_setup_teardown(csv__reads_moodle_s_export, setup, teardown),
        cmocka_unit_test_setup_teardown(csv__reads_grades_beside_long_comments, setup, teardown),
        cmocka_unit_test_setup_teardown(csv__keeps_moodle_s_namesakes_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(csv__refuses_what_moodle_never_writes, setup, teardown),
        cmocka_unit_test_setup_teardown(csv__reads_moodle_s_other_languages, setup, teardown),
        cmocka_unit_test_setup_teardown(csv__judges_unknown_words_by_the_cells_below, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(csv__does_what_was_chosen, setup, teardown),
        cmocka_unit_test_setup_teardown(csv__reads_grades_in_words, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
