/*
 * A timer without a clock. It may be started where the time is not known; it then counts from the
 * next moment the core learns the time, which timer_deadline asks for at once.
 */
#ifndef TROTH_TIMER_H
#define TROTH_TIMER_H

#include <troth/types.h>

struct timer {
    uint32_t span; /* milliseconds; 0: stopped */
    troth_ms at;   /* when it is due; 0: not yet known */
};

static inline void timer_start(struct timer *t, uint32_t ms)
{
    t->span = ms ? ms : 1;
    t->at = 0;
}

static inline void timer_stop(struct timer *t)
{
    t->span = 0;
}

static inline bool timer_running(const struct timer *t)
{
    return t->span != 0;
}

/* True once, when it has run out. */
static inline bool timer_due(struct timer *t, troth_ms now)
{
    if (!t->span)
        return false;
    if (!t->at)
        t->at = now + t->span;
    if (now < t->at)
        return false;
    t->span = 0;
    return true;
}

/* Time is known: what was started since it was last known runs from now. */
static inline void timer_settle(struct timer *t, troth_ms now)
{
    if (t->span && !t->at)
        t->at = now + t->span;
}

static inline troth_ms timer_deadline(const struct timer *t)
{
    return t->span ? t->at : TROTH_NEVER;
}

static inline troth_ms earlier(troth_ms a, troth_ms b)
{
    return a < b ? a : b;
}

#endif
