/* The configuration file (libconfig syntax). conf/laurel.conf is the commented reference. */
#pragma once
#include "base_log.h"
#include "base_str.h"

#define CONF_OUTBOUND_MAX 100

struct conf_config {
    const char *path;
    const char *database;         /* libpq connection string; required */
    const char *migrate_database; /* default: database */
    struct sv base_url;           /* required; https, or http for loopback; no trailing slash */
    bool is_https;
    const char *listen; /* "unix:/path" or "host:port" */
    int threads;
    int database_connections; /* default: twice the cores */
    const char *master_key_file;
    struct sv outbound_allow[CONF_OUTBOUND_MAX];
    size_t outbound_count;
    enum log_level log_level;
    const char *metrics_token_file;                        /* NULL: loopback only */
    const char *smtp_url, *smtp_from, *smtp_password_file; /* NULL: mail is off */
};

/* Read and check a file. Everything lives in the arena. Fails: ERR_INPUT naming file, line and key,
 * with the nearest known key for an unknown one. */
NODISCARD bool conf_read(const char *path, struct arena *a, struct conf_config *out,
                         struct err *err);

/* Every key there is, for the reference file's test: name by index, NULL past the end. */
const char *conf_key(size_t index);
