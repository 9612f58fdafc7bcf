/*
 * The implementation under test and the upper tester: a whole host, configured and driven through
 * the public API alone, everything it reports kept. Its controller is the lower tester's.
 */
#ifndef TROTH_TESTS_SUPPORT_TESTER_UPPER_H
#define TROTH_TESTS_SUPPORT_TESTER_UPPER_H

#include <troth/state.h>

#include "support/tester_lower.h"

#define UPPER_EVENTS (TROTH_EV_GATT_DONE + 1)

struct upper {
    struct troth_host host;
    struct troth_host_config config;       /* may be changed before upper_start */
    void (*before_start)(struct upper *u); /* registers services; may be NULL */
    void *context;                         /* the case's */
    struct lower *lower;
    troth_ms now;
    uint64_t seed;
    troth_link link;

    /* since upper_mark: how many events of each type, and the last */
    unsigned told[UPPER_EVENTS];
    struct troth_event last[UPPER_EVENTS];
    struct troth_bond_keys keys; /* of the last TROTH_EV_PAIRED */

    /* questions for a person, open ones; all others get their default */
    struct troth_ask ask[TROTH_ASK_TYPES];
    bool open[TROTH_ASK_TYPES];
    unsigned asked[TROTH_ASK_TYPES];
    uint32_t shown; /* the passkey displayed last */
};

void upper_init(struct upper *u, struct lower *l, uint64_t seed);
/* Brings the controller up. */
void upper_start(struct upper *u);
void upper_mark(struct upper *u);
/* Time goes by, timers run out when they are due. */
void upper_pass(struct upper *u, troth_ms ms);
/* Advertises, or connects to the tester. */
void upper_want_link(struct upper *u, enum lt_role role);
/* A person's answer to an open question, which there must be. */
void upper_say(struct upper *u, enum troth_ask_type type, const struct troth_answer *a);
void upper_type(struct upper *u, uint32_t passkey);
void upper_remove_bonds(struct upper *u);
unsigned upper_bonds(const struct upper *u);

#endif
