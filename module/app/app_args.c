#include "app.h"
#include <string.h>

static const struct app_option *find(const struct app_line *line, struct sv name) {
    for (size_t i = 0; i < line->option_count; i++) {
        if (sv_eq(name, sv_from(line->options[i].name))) {
            return &line->options[i];
        }
    }
    return NULL;
}

static bool usage(struct err *err, const char *text, struct sv about) {
    return err_because(err, ERR_INPUT, "usage", "%s %.*s; see --help", text, SV_ARG(about));
}

static bool take_value(const struct app_option *o, struct sv value, struct err *err) {
    if (o->text != NULL) {
        *o->text = value;
    } else if (o->number != NULL) {
        if (!num_parse_i64(value, 0, INT64_MAX, o->number)) {
            return err_because(err, ERR_INPUT, "usage", "--%s takes a whole number; see --help",
                               o->name);
        }
    } else if (o->list->count == APP_LIST_MAX) {
        return err_because(err, ERR_INPUT, "usage", "--%s can be given %d times at most", o->name,
                           APP_LIST_MAX);
    } else {
        o->list->items[o->list->count++] = value;
    }
    return true;
}

static bool check_required(const struct app_line *line, int words, struct err *err) {
    for (size_t i = 0; i < line->option_count; i++) {
        const struct app_option *o = &line->options[i];
        if (o->is_required &&
            ((o->text != NULL && o->text->len == 0) || (o->list != NULL && o->list->count == 0))) {
            return err_because(err, ERR_INPUT, "usage", "--%s is missing; see --help", o->name);
        }
    }
    if (words < line->words_required) {
        return err_because(err, ERR_INPUT, "usage", "%s is missing; see --help", line->word_names);
    }
    return true;
}

bool app_args_read(int argc, char **argv, const struct app_line *line, struct err *err) {
    int words = 0;
    for (int i = 1; i < argc; i++) {
        struct sv arg = sv_from(argv[i]);
        if (!sv_starts(arg, SV("--"))) {
            if (words >= (int)ARRAY_LEN(line->words) || line->words[words] == NULL) {
                return usage(err, "unexpected argument", arg);
            }
            *line->words[words++] = arg;
            continue;
        }
        struct sv name;
        struct sv value;
        bool has_value = sv_cut(sv_skip(arg, 2), '=', &name, &value);
        const struct app_option *o = find(line, name);
        if (o == NULL) {
            return usage(err, "unknown option", arg);
        }
        if (o->flag != NULL) {
            if (has_value) {
                return usage(err, "no value belongs behind", arg);
            }
            *o->flag = true;
            continue;
        }
        if (!has_value) {
            if (i + 1 >= argc) {
                return usage(err, "a value is missing behind", arg);
            }
            value = sv_from(argv[++i]);
        }
        if (!take_value(o, value, err)) {
            return false;
        }
    }
    return check_required(line, words, err);
}

void app_args_print(FILE *out, const char *usage_line, const char *about,
                    const struct app_line *line) {
    fprintf(out, "usage: laurel [-c FILE] %s\n\n%s\n", usage_line, about);
    if (line->option_count > 0) {
        fputs("\noptions:\n", out);
    }
    for (size_t i = 0; i < line->option_count; i++) {
        fprintf(out, "  --%s %s\n", line->options[i].name, line->options[i].help);
    }
}
