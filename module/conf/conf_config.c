#include "conf_config.h"
#include <errno.h>
#include <libconfig.h>
#include <string.h>
#include <unistd.h>

enum key_type { KEY_TEXT, KEY_INT, KEY_TEXTS };

static const struct {
    const char *name;
    enum key_type type;
} KEYS[] = {{"database", KEY_TEXT},
            {"migrate_database", KEY_TEXT},
            {"base_url", KEY_TEXT},
            {"listen", KEY_TEXT},
            {"threads", KEY_INT},
            {"database_connections", KEY_INT},
            {"master_key_file", KEY_TEXT},
            {"outbound_allow", KEY_TEXTS},
            {"log_level", KEY_TEXT},
            {"metrics_token_file", KEY_TEXT},
            {"smtp_url", KEY_TEXT},
            {"smtp_from", KEY_TEXT},
            {"smtp_password_file", KEY_TEXT}};

const char *conf_key(size_t index) { return index < ARRAY_LEN(KEYS) ? KEYS[index].name : NULL; }

#define AUTO_CONFIG CLEANUP(config_destroy) config_t

struct reading {
    const config_t *config;
    const char *path;
    struct arena *arena;
    struct err *err;
};

/* Levenshtein distance of two short names, for "did you mean". */
static size_t distance(const char *a, const char *b) {
    size_t row[64];
    size_t n = strlen(b);
    if (n >= ARRAY_LEN(row)) {
        return n;
    }
    for (size_t j = 0; j <= n; j++) {
        row[j] = j;
    }
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t best = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            best = row[j] + 1 < best ? row[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[n];
}

static const char *nearest(const char *name) {
    const char *best = KEYS[0].name;
    for (size_t i = 1; i < ARRAY_LEN(KEYS); i++) {
        if (distance(name, KEYS[i].name) < distance(name, best)) {
            best = KEYS[i].name;
        }
    }
    return best;
}

static bool check_type(const struct reading *r, const config_setting_t *s, enum key_type type) {
    static const char *const wanted[] = {"a text in quotes", "a whole number",
                                         "a list of texts: [\"...\", \"...\"]"};
    int have = config_setting_type(s);
    bool is_list = have == CONFIG_TYPE_ARRAY || have == CONFIG_TYPE_LIST;
    bool is_ok = type == KEY_TEXT  ? have == CONFIG_TYPE_STRING
                 : type == KEY_INT ? have == CONFIG_TYPE_INT
                                   : is_list;
    if (!is_ok) {
        return err_because(r->err, ERR_INPUT, "config", "%s line %u: `%s` must be %s", r->path,
                           config_setting_source_line(s), config_setting_name(s), wanted[type]);
    }
    return true;
}

static bool check_key(const struct reading *r, const config_setting_t *s) {
    const char *name = config_setting_name(s);
    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
        if (strcmp(name, KEYS[i].name) == 0) {
            return check_type(r, s, KEYS[i].type);
        }
    }
    return err_because(r->err, ERR_INPUT, "config",
                       "%s line %u: there is no key `%s`; did you mean `%s`?", r->path,
                       config_setting_source_line(s), name, nearest(name));
}

static const char *text(const struct reading *r, const char *key, const char *otherwise) {
    const char *found = NULL;
    return config_lookup_string(r->config, key, &found) == CONFIG_TRUE
               ? sv_c(r->arena, sv_from(found))
               : otherwise;
}

static bool number(const struct reading *r, const char *key, int min, int max, int otherwise,
                   int *out) {
    *out = otherwise;
    if (config_lookup_int(r->config, key, out) == CONFIG_TRUE && (*out < min || *out > max)) {
        return err_because(r->err, ERR_INPUT, "config", "%s: `%s` must be from %d to %d", r->path,
                           key, min, max);
    }
    return true;
}

static bool is_loopback_url(struct sv url) {
    static const char *const hosts[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        struct sv host = sv_from(hosts[i]);
        if (sv_starts(url, host) && (url.len == host.len || url.ptr[host.len] == ':')) {
            return true;
        }
    }
    return false;
}

static bool read_base_url(const struct reading *r, struct conf_config *out) {
    struct sv url = sv_from(text(r, "base_url", ""));
    out->is_https = sv_starts(url, SV("https://")) && url.len > 8;
    struct sv authority = sv_skip(url, out->is_https ? 8 : 7);
    bool is_plain = sv_is_printable_ascii(url) && sv_find(url, ' ') == url.len &&
                    sv_find(authority, '/') == authority.len && sv_find(url, '@') == url.len &&
                    sv_find(url, '?') == url.len && sv_find(url, '#') == url.len;
    if (!is_plain || (!out->is_https && !is_loopback_url(url))) {
        return err_because(
            r->err, ERR_INPUT, "config",
            "%s: `base_url` must be the address people and platforms use, such as "
            "\"https://badges.example.edu\" (no path, no slash at the end; http:// only "
            "for 127.0.0.1 and localhost)",
            r->path);
    }
    out->base_url = url;
    return true;
}

static bool read_outbound(const struct reading *r, struct conf_config *out) {
    const config_setting_t *list = config_lookup(r->config, "outbound_allow");
    int n = list == NULL ? 0 : config_setting_length(list);
    if (n > CONF_OUTBOUND_MAX) {
        return err_because(r->err, ERR_INPUT, "config",
                           "%s: `outbound_allow` has more than %d entries", r->path,
                           CONF_OUTBOUND_MAX);
    }
    for (int i = 0; i < n; i++) {
        const char *entry = config_setting_get_string_elem(list, i);
        if (entry == NULL) {
            return err_because(r->err, ERR_INPUT, "config",
                               "%s: entry %d of `outbound_allow` must be a text such as "
                               "\"lms.school.internal:8443\" or \"10.2.0.0/16\"",
                               r->path, i + 1);
        }
        out->outbound_allow[out->outbound_count++] = sv_copy(r->arena, sv_from(entry));
    }
    return true;
}

static bool read_all(const struct reading *r, struct conf_config *out) {
    const config_setting_t *root = config_root_setting(r->config);
    for (int i = 0; i < config_setting_length(root); i++) {
        if (!check_key(r, config_setting_get_elem(root, (unsigned)i))) {
            return false;
        }
    }
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int connections = cores < 1 ? 2 : cores > 50 ? 100 : (int)cores * 2;
    out->database = text(r, "database", NULL);
    out->migrate_database = text(r, "migrate_database", out->database);
    out->listen = text(r, "listen", "unix:/run/laurel/laurel.sock");
    out->master_key_file = text(r, "master_key_file", "/etc/laurel/master.key");
    out->metrics_token_file = text(r, "metrics_token_file", NULL);
    out->smtp_url = text(r, "smtp_url", NULL);
    out->smtp_from = text(r, "smtp_from", NULL);
    out->smtp_password_file = text(r, "smtp_password_file", NULL);
    if (out->database == NULL) {
        return err_because(r->err, ERR_INPUT, "config",
                           "%s: `database` is missing; give the libpq connection string, such as "
                           "\"host=/run/postgresql dbname=laurel user=laurel_app\"",
                           r->path);
    }
    if (!log_level_parse(sv_from(text(r, "log_level", "info")), &out->log_level)) {
        return err_because(r->err, ERR_INPUT, "config",
                           "%s: `log_level` must be \"debug\", \"info\", \"warn\" or \"error\"",
                           r->path);
    }
    return number(r, "threads", 1, 512, 32, &out->threads) &&
           number(r, "database_connections", 1, 1000, connections, &out->database_connections) &&
           read_base_url(r, out) && read_outbound(r, out);
}

bool conf_read(const char *path, struct arena *a, struct conf_config *out, struct err *err) {
    AUTO_CONFIG config;
    config_init(&config);
    *out = (struct conf_config){.path = path};
    if (access(path, R_OK) != 0) {
        return err_because(
            err, ERR_INPUT, "config",
            "the configuration %s cannot be read (%s); name it with -c FILE or $LAUREL_CONF", path,
            errno == ENOENT ? "there is no such file" : "permission denied");
    }
    if (config_read_file(&config, path) != CONFIG_TRUE) {
        return err_because(err, ERR_INPUT, "config", "%s line %d: %s", path,
                           config_error_line(&config), config_error_text(&config));
    }
    const struct reading r = {.config = &config, .path = path, .arena = a, .err = err};
    return read_all(&r, out);
}
