/* Hosts that grades are read from (directory table source_host): how many requests each may have at
 * once, and which are left alone for a while because they could not be reached. */
#pragma once
#include "store.h"

struct store_host {
    struct sv lane; /* "https://lms.example" */
    int64_t parallel, failures;
    usec_t open_until; /* nobody asks before; 0: closed */
    struct sv reason;  /* "timeout", "http_503", ... */
    struct sv error;   /* the last failure's text: for the operator */
};
/* Those in trouble. */
NODISCARD bool store_host_list(struct store *store, struct arena *a, struct store_host **out,
                               size_t *count, struct err *err);

/* The host could not be reached or read from. wait_s: it said how long to stay away; 0: the fourth
 * failure in a row closes it for half a minute, each further one for twice as long, up to half an
 * hour. */
NODISCARD bool store_host_failed(struct store *store, struct sv lane, const struct err *why,
                                 int64_t wait_s, struct err *err);
/* It answered: what it said is another matter. */
NODISCARD bool store_host_answered(struct store *store, struct sv lane, struct err *err);

/* "lms.example does not answer in time", for people of any institution: no more than the reason. */
struct sv store_host_words(struct sv lane, struct sv reason, struct arena *a);
