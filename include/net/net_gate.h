/* Lets at most so many calls go outside at once and never waits: whoever finds it full is told, so
 * that a web thread can answer 503 with Retry-After (DESIGN 7 "Outbound"). */
#pragma once
#include "base_err.h"
#include <stdatomic.h>

struct net_gate {
    atomic_int inside;
    int most; /* 0: no limit */
};

void net_gate_init(struct net_gate *gate, int most);
/* Fails: ERR_UPSTREAM "busy", retry LATER. Pair each success with net_gate_leave. */
NODISCARD bool net_gate_enter(struct net_gate *gate, struct err *err);
void net_gate_leave(struct net_gate *gate);
