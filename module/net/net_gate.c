#include "net_gate.h"

void net_gate_init(struct net_gate *gate, int most) {
    atomic_init(&gate->inside, 0);
    gate->most = most;
}

bool net_gate_enter(struct net_gate *gate, struct err *err) {
    int before = atomic_fetch_add(&gate->inside, 1);
    if (gate->most <= 0 || before < gate->most) {
        return true;
    }
    (void)atomic_fetch_sub(&gate->inside, 1);
    (void)err_because(err, ERR_UPSTREAM, "busy",
                      "too many requests wait for other servers at the moment; try again shortly");
    return err_retry_as(err, ERR_RETRY_LATER);
}

void net_gate_leave(struct net_gate *gate) { (void)atomic_fetch_sub(&gate->inside, 1); }
