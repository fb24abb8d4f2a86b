#include "grades_source.h"
#include "grades_build.h"

static const char *const kind_names[] = {[GRADES_MOODLE] = "moodle",
                                         [GRADES_CANVAS] = "canvas",
                                         [GRADES_AGS] = "ags",
                                         [GRADES_CSV] = "csv"};

const char *grades_kind_name(enum grades_kind kind) { return kind_names[kind]; }

bool grades_kind_parse(struct sv name, enum grades_kind *out) {
    for (size_t i = 0; i < ARRAY_LEN(kind_names); i++) {
        if (sv_eq(name, sv_from(kind_names[i]))) {
            *out = (enum grades_kind)i;
            return true;
        }
    }
    return false;
}

struct source_ops {
    bool (*read)(const struct grades_source *source, const struct grades_course *course,
                 const struct grades_io *io, struct grades_reading *out, struct err *err);
    bool (*test)(const struct grades_source *source, const struct grades_course *course,
                 const struct grades_io *io, struct grades_probe *out, struct err *err);
};

static const struct source_ops all_ops[] = {
    [GRADES_MOODLE] = {grades_moodle_read, grades_moodle_test},
    [GRADES_CANVAS] = {grades_canvas_read, grades_canvas_test},
    [GRADES_AGS] = {grades_ags_read, grades_ags_test},
    [GRADES_CSV] = {NULL, NULL},
};

static bool not_fetched(enum grades_kind kind, struct err *err) {
    (void)err_because(err, ERR_INPUT, "source_kind",
                      "a source of kind %s is not fetched: its grades come from uploaded files",
                      grades_kind_name(kind));
    return err_retry_as(err, ERR_RETRY_PARK);
}

bool grades_read(const struct grades_source *source, const struct grades_course *course,
                 const struct grades_io *io, struct grades_reading *out, struct err *err) {
    *out = (struct grades_reading){.kind = source->kind};
    const struct source_ops *ops = &all_ops[source->kind];
    if (ops->read == NULL) {
        return not_fetched(source->kind, err);
    }
    if (course->scope == GRADES_LATEST && source->kind != GRADES_CANVAS) {
        out->is_few = true;
        return true;
    }
    if (!ops->read(source, course, io, out, err)) {
        *out = (struct grades_reading){
            .kind = source->kind, .links = out->links, .link_count = out->link_count};
        return false;
    }
    return true;
}

bool grades_test(const struct grades_source *source, const struct grades_course *course,
                 const struct grades_io *io, struct grades_probe *out, struct err *err) {
    const struct source_ops *ops = &all_ops[source->kind];
    if (ops->test == NULL) {
        return not_fetched(source->kind, err);
    }
    return ops->test(source, course, io, out, err);
}

#define PROBE_WORDS_MAX 32

void grades_probe_say(struct grades_probe *probe, struct arena *a, struct sv sentence) {
    if (probe->words == NULL) {
        probe->words = ARENA_ARRAY(a, struct sv, PROBE_WORDS_MAX);
    }
    if (probe->word_count < PROBE_WORDS_MAX) {
        probe->words[probe->word_count++] = sentence;
    }
}
