/* One fault: what is done wrong, where, and what it excuses. */
#ifndef TESTS_FAULTS_FAULT_H
#define TESTS_FAULTS_FAULT_H

#include <stdbool.h>
#include <stdint.h>

/* In the order of fault_class_names. */
enum fault_class {
    FAULT_NONE,
    /* on one PDU */
    FAULT_FLIP,     /* arg: bit */
    FAULT_HEADER,   /* arg: bit of the L2CAP header */
    FAULT_TRUNCATE, /* arg: octets left */
    FAULT_EXTEND,   /* arg: octets more */
    FAULT_OPCODE,   /* arg: the new one */
    FAULT_OCTET,    /* arg: offset << 8 | value */
    FAULT_DROP,
    FAULT_DUPLICATE,
    FAULT_SWAP,
    FAULT_CROSS,
    FAULT_LATE,
    /* between the packets that the hosts are given by their controllers */
    FAULT_CUT,
    FAULT_SILENCE, /* arg: whose PDUs are lost from here on, 1 << side */
    FAULT_LEAVE,   /* side */
    FAULT_LTK,     /* side; arg: 1, EDIV and Rand are not zero */
    FAULT_CHANGE,  /* side; arg: enum fault_outcome */
    FAULT_REFRESH, /* side; arg: enum fault_outcome */
    FAULT_CLASSES,
};

enum fault_outcome { OUTCOME_ON, OUTCOME_OFF, OUTCOME_FAILED, OUTCOMES };

/* Where it sits, docs/FAULTS.md. */
enum fault_place { PLACE_CLEAR, PLACE_AIR, PLACE_PATH, PLACE_STEP, PLACES };

struct fault {
    enum fault_class class;
    enum fault_place place;
    unsigned at;  /* which PDU of the flow, or before which packet; from 0 */
    uint8_t side; /* enum troth_side: the PDU's sender, or whose host */
    unsigned arg;
};

extern const char *const fault_class_names[FAULT_CLASSES];
extern const char *const fault_place_names[PLACES];

static inline bool fault_on_pdu(const struct fault *f)
{
    return f->class >= FAULT_FLIP && f->class <= FAULT_LATE;
}
static inline bool fault_rewrites(const struct fault *f)
{
    return f->class >= FAULT_FLIP && f->class <= FAULT_OCTET;
}

/* What a fault may excuse. */
enum {
    ALLOW_VIEWS = 1,     /* other key size and key distribution octets seen */
    ALLOW_KEY = 2,       /* another value of the key whose PDU was hit */
    ALLOW_ONE_SIDED = 4, /* one side finished, the other did not */
    ALLOW_BELIEVED = 8,  /* a link is taken for encrypted before it is */
    ALLOW_IMPOSTOR = 16, /* a bond has the wrong name, and no other is made until it is removed */
};

/* What is known of the place that was hit. */
struct fault_scene {
    bool sc;
    uint8_t opcode;      /* of the PDU, as it was sent */
    bool its_last;       /* no PDU of this sender follows it */
    bool all_sent;       /* the last PDU of the flow, an initiator's, had left it */
    bool outcome_is_due; /* the side hit had asked for an encryption whose outcome was open */
};

/* ALLOW_..., from the list in exceptions.c. */
unsigned fault_allows(const struct fault *f, const struct fault_scene *where);

#endif
