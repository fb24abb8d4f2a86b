/* Who the people of a file are in the course. */
#include "upload_internal.h"
#include <stdlib.h>
#include <strings.h>

/* One column of the course's people, sorted. */
struct entry {
    struct sv text;
    size_t person;
};
struct directory {
    struct entry *entries;
    size_t count;
};
enum { SCHOOL, SUB, SOURCE, LOGIN, EMAIL, DIRECTORIES };

struct matching {
    const struct upload_request *req;
    struct upload *upload;
    struct store_person *people;
    size_t people_count;
    struct directory directories[DIRECTORIES];
    bool *is_taken; /* by person */
};

/* Who was found under a key. */
struct found {
    size_t count, person;
};

const char *upload_key_name(enum upload_key key) {
    static const char *const names[UPLOAD_KEYS] = {"the school's number", "the platform's id",
                                                   "their login", "their e-mail address"};
    return names[key];
}

static int by_text(const void *left, const void *right) {
    struct sv a = ((const struct entry *)left)->text;
    struct sv b = ((const struct entry *)right)->text;
    int order = strncasecmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static struct sv text_of(const struct store_person *p, size_t directory) {
    switch (directory) {
    case SCHOOL:
        return p->sourcedid;
    case SUB:
        return p->sub;
    case SOURCE:
        return p->source_ref;
    case LOGIN:
        return p->login;
    default:
        return p->email;
    }
}

static void directories_make(struct matching *m) {
    for (size_t d = 0; d < DIRECTORIES; d++) {
        struct directory *dir = &m->directories[d];
        dir->entries = ARENA_ARRAY(m->req->arena, struct entry, m->people_count);
        for (size_t i = 0; i < m->people_count; i++) {
            struct sv text = text_of(&m->people[i], d);
            if (text.len > 0 && !m->people[i].is_test_user) {
                dir->entries[dir->count++] = (struct entry){.text = text, .person = i};
            }
        }
        if (dir->count > 0) {
            qsort(dir->entries, dir->count, sizeof *dir->entries, by_text);
        }
    }
}

static void look(const struct matching *m, size_t directory, struct sv text, struct found *found) {
    const struct directory *dir = &m->directories[directory];
    const struct entry key = {.text = text};
    const struct entry *e = text.len == 0 || dir->count == 0
                                ? NULL
                                : bsearch(&key, dir->entries, dir->count, sizeof key, by_text);
    if (e == NULL) {
        return;
    }
    while (e > dir->entries && by_text(&key, e - 1) == 0) {
        e--;
    }
    for (; e < dir->entries + dir->count && by_text(&key, e) == 0; e++) {
        found->count += found->count == 0 || e->person != found->person ? 1 : 0;
        found->person = e->person;
    }
}

/* The plain format's "person" is whichever of the keys the teacher had. */
static struct found find_by(const struct matching *m, const struct model_member *row,
                            enum upload_key key) {
    bool is_plain = m->upload->survey.format == GRADES_CSV_PLAIN;
    struct sv ref = row->person_ref;
    struct found found = {0};
    switch (key) {
    case UPLOAD_BY_SCHOOL:
        look(m, SCHOOL, is_plain ? ref : row->sourcedid, &found);
        break;
    case UPLOAD_BY_PLATFORM: /* the first column of Canvas's export that is an id is Canvas's own */
        if (is_plain) {
            look(m, SUB, ref, &found);
        }
        if (is_plain || m->upload->survey.format == GRADES_CSV_CANVAS) {
            look(m, SOURCE, ref, &found);
        }
        break;
    case UPLOAD_BY_LOGIN:
        look(m, LOGIN, is_plain ? ref : row->login, &found);
        break;
    default:
        look(m, EMAIL, is_plain ? ref : row->email, &found);
    }
    return found;
}

static struct sv looked_for(const struct matching *m, const struct model_member *row) {
    struct str words;
    str_init(&words, m->req->arena, 2048);
    const struct {
        const char *name;
        struct sv text;
    } keys[] = {
        {"school's number", row->sourcedid}, {"login", row->login}, {"e-mail address", row->email}};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (keys[i].text.len > 0) {
            str_addf(&words, "%s%s %.*s", words.len > 0 ? ", " : "", keys[i].name,
                     SV_ARG(keys[i].text));
        }
    }
    return words.len > 0 ? str_sv(&words) : row->person_ref;
}

static void leave_out(struct matching *m, const struct model_member *row, const char *reason) {
    m->upload->strangers[m->upload->stranger_count++] = (struct upload_stranger){
        .name = row->name, .looked_for = looked_for(m, row), .reason = reason};
}

static bool says_nothing(const struct matching *m, const struct model_member *row) {
    return m->upload->survey.format != GRADES_CSV_PLAIN && row->sourcedid.len == 0 &&
           row->login.len == 0 && row->email.len == 0;
}

/* By the first key that fits somebody: one person, or nobody. */
static void match_one(struct matching *m, size_t index) {
    struct upload *u = m->upload;
    const struct model_member *row = &u->survey.reading.members[index];
    struct found found = {0};
    enum upload_key key = UPLOAD_BY_SCHOOL;
    for (; key <= UPLOAD_BY_EMAIL; key++) {
        found = find_by(m, row, key);
        if (found.count > 0) {
            break;
        }
    }
    if (found.count == 0) {
        leave_out(m, row,
                  says_nothing(m, row) ? "the file has no school's number and no login for them"
                                       : "nobody in this course has that");
        return;
    }
    if (found.count > 1 || m->is_taken[found.person]) {
        leave_out(m, row,
                  found.count > 1 ? "two people in this course have that"
                                  : "the same person as an earlier row");
        return;
    }
    const struct store_person *person = &m->people[found.person];
    m->is_taken[found.person] = true;
    u->found_by[key]++;
    u->is_wanted[index] = true;
    u->person_ids[index] = person->id;
    u->members[u->member_count++] = (struct model_member){.person_ref = row->person_ref,
                                                          .sub = person->sub,
                                                          .is_learner = person->is_learner,
                                                          .is_teacher = person->is_teacher,
                                                          .is_active = person->is_active};
}

bool upload_match(const struct upload_request *req, struct upload *u, struct err *err) {
    struct matching m = {.req = req, .upload = u};
    size_t n = u->survey.reading.member_count;
    if (!store_person_list(req->store, req->course->institution_id, req->course->id, NULL, 0,
                           req->arena, &m.people, &m.people_count, err)) {
        return false;
    }
    directories_make(&m);
    m.is_taken = ARENA_ARRAY(req->arena, bool, m.people_count);
    u->members = ARENA_ARRAY(req->arena, struct model_member, n);
    u->is_wanted = ARENA_ARRAY(req->arena, bool, n);
    u->person_ids = ARENA_ARRAY(req->arena, int64_t, n);
    u->strangers = ARENA_ARRAY(req->arena, struct upload_stranger, n);
    for (size_t i = 0; i < n; i++) {
        match_one(&m, i);
    }
    return true;
}
