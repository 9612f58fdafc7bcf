/* The thirteen pairing flows, every key distributed, and what must come of each: stated. */
#ifndef TESTS_FAULTS_FLOWS_H
#define TESTS_FAULTS_FLOWS_H

#include <troth/smp.h>

struct flow {
    const char *name;
    struct troth_features f[2]; /* by enum troth_side */
    bool sc;
    enum troth_model model;
};

#define FLOWS 13
extern const struct flow flows[FLOWS];

/* An SMP opcode in the specification's words, Vol 3 Part H 3.3. */
const char *flow_pdu_name(uint8_t opcode);

#endif
