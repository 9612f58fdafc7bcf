/*
 * Things that live by the clock (struct troth_prov, troth_net_sim, troth_protocomm), on an sd-event
 * loop, whatever host is beside them. Before the loop sleeps each is asked when it is due.
 */
#ifndef TROTH_PORTS_LINUX_CLOCKS_H
#define TROTH_PORTS_LINUX_CLOCKS_H

#include <systemd/sd-event.h>

#include <troth/types.h>

#include "ports/linux/runtime.h"

struct clocks;

struct clocks *clocks_new(sd_event *loop); /* NULL: no memory */
void clocks_free(struct clocks *c);        /* NULL is fine */
/* clock is copied. TROTH_FULL when there are too many (8). */
int clocks_add(struct clocks *c, const struct runtime_clock *clock);
/* The clock of runtime_now. */
troth_ms clocks_now(void);

#endif
