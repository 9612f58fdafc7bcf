/* One timer for all that have a deadline. */
#include "ports/linux/clocks.h"

#include <stdlib.h>
#include <time.h>

#define CLOCKS 8

struct clocks {
    sd_event_source *timer;
    struct runtime_clock clock[CLOCKS];
};

troth_ms clocks_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (troth_ms)t.tv_sec * 1000 + (troth_ms)t.tv_nsec / 1000000;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
    const struct clocks *c = context;
    troth_ms now = clocks_now();
    (void)source;
    (void)usec;
    for (unsigned i = 0; i < CLOCKS; i++)
        if (c->clock[i].tick && c->clock[i].deadline(c->clock[i].ctx) <= now)
            c->clock[i].tick(c->clock[i].ctx, now);
    return 0;
}

static int on_prepare(sd_event_source *source, void *context)
{
    const struct clocks *c = context;
    troth_ms at = TROTH_NEVER;
    for (unsigned i = 0; i < CLOCKS; i++)
        if (c->clock[i].tick) {
            troth_ms mine = c->clock[i].deadline(c->clock[i].ctx);
            at = mine < at ? mine : at;
        }
    return sd_event_source_set_time(source, at > UINT64_MAX / 1000 ? UINT64_MAX : at * 1000);
}

struct clocks *clocks_new(sd_event *loop)
{
    struct clocks *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    int r = sd_event_add_time(loop, &c->timer, CLOCK_MONOTONIC, UINT64_MAX, 1, on_timer, c);
    if (r >= 0)
        r = sd_event_source_set_prepare(c->timer, on_prepare);
    if (r >= 0)
        r = sd_event_source_set_enabled(c->timer, SD_EVENT_ON);
    if (r >= 0)
        return c;
    clocks_free(c);
    return NULL;
}

void clocks_free(struct clocks *c)
{
    if (!c)
        return;
    sd_event_source_disable_unref(c->timer);
    free(c);
}

int clocks_add(struct clocks *c, const struct runtime_clock *clock)
{
    for (unsigned i = 0; i < CLOCKS; i++)
        if (!c->clock[i].tick) {
            c->clock[i] = *clock;
            return TROTH_OK;
        }
    return TROTH_FULL;
}
