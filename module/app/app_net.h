/* The network, as the configuration allows it. */
#pragma once
#include "app.h"
#include "net_fetch.h"

/* concurrent_max 0: no limit. The caller destroys *out. */
NODISCARD bool app_net_open(struct app *app, int concurrent_max, struct net_client **out,
                            struct err *err);
