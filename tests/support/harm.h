/*
 * Doing harm to a pairing. A scene is stopped before each of its stimuli, put back after each
 * harm, and judged by one measure: one failure told, nothing left, nothing given, nothing kept,
 * and the next pairing works.
 */
#ifndef TROTH_TESTS_SUPPORT_HARM_H
#define TROTH_TESTS_SUPPORT_HARM_H

#include "support/tester.h"

extern struct scene s, saved; /* the one harmed, and how it was before */
extern struct next harm_next; /* what an honest world would have done next */
extern unsigned harm_count;   /* odd: the host stays on the link after a failure */
extern const char *const harm_sides[2];

typedef void harm_fn(void);
/* Calls harm at every stop of a running pairing; each harm starts with harm_begin. */
void harm_walk_flow(const struct flow *f, enum troth_side side, bool eager, harm_fn *harm);
/* Every flow, as either side, answering before the peer goes on and after. */
void harm_walk(harm_fn *harm);
/* A new case: the scene as it was. */
void harm_begin(const char *what, unsigned arg);

/* The opcode the peer may send now; 0: none. */
uint8_t harm_due(void);
/* The pairing under test has ended. */
bool harm_gone(void);
void harm_drop_sent(void);

#define ANY 0xfff /* whatever the reason */
struct verdict {
    unsigned reason;   /* for the peer; 0: nothing is sent; ANY */
    unsigned by;       /* enum troth_step_side */
    unsigned in_event; /* the event's reason; ANY: as sent */
};
void harm_expect_failed(struct verdict v);
/* On the link as it is now, with a fresh peer. */
void harm_expect_next_pairing(void);

#endif
