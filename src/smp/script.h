/*
 * Pairing as data: after the features are exchanged a pairing is a fixed message chart, and here
 * the charts are. A row has a direction; a side turns it into "send" or "expect".
 */
#ifndef TROTH_SMP_SCRIPT_H
#define TROTH_SMP_SCRIPT_H

#include <troth/smp.h>

/* SMP opcodes, Vol 3 Part H 3.3 */
enum smp_opcode {
    SMP_PAIRING_REQUEST = 0x01,
    SMP_PAIRING_RESPONSE = 0x02,
    SMP_CONFIRM = 0x03,
    SMP_RANDOM = 0x04,
    SMP_FAILED = 0x05,
    SMP_ENCRYPTION_INFORMATION = 0x06,
    SMP_CENTRAL_IDENTIFICATION = 0x07,
    SMP_IDENTITY_INFORMATION = 0x08,
    SMP_IDENTITY_ADDRESS = 0x09,
    SMP_SIGNING_INFORMATION = 0x0a,
    SMP_SECURITY_REQUEST = 0x0b,
    SMP_PUBLIC_KEY = 0x0c,
    SMP_DHKEY_CHECK = 0x0d,
    SMP_KEYPRESS = 0x0e,
    SMP_OPCODES,
};

enum smp_dir {
    I2R,    /* initiator to responder */
    R2I,    /* responder to initiator */
    LOCAL,  /* a step of both */
    INIT,   /* a step of the initiator alone */
    RESP,   /* ... of the responder alone */
    AGAIN,  /* back by arg rows, twenty rounds in all */
    THEN,   /* another script: enum smp_next in what */
    FINISH, /* the pairing is complete */
};

enum smp_local {
    ACCEPT = SMP_OPCODES, /* so that one number names any row's matter */
    VALIDATE,
    KEYPAIR,
    DHKEY,
    SECRET,
    VERIFY_USER,
    DHKEY_READY,
    ENCRYPT,
    ACKED,
    COMMIT,
    SMP_LOCALS,
};

enum smp_next { BY_MODEL, KEYS };

/* Flags of a row. */
#define OPENS  0x10 /* this Random opens the sender's commitment */
#define DRAWS  0x20 /* the sender draws its nonce for this PDU */
#define MIRROR 0x40 /* must differ from what the other side sent: a reflection */

struct smp_step {
    uint8_t dir;  /* enum smp_dir */
    uint8_t what; /* enum smp_opcode or enum smp_local */
    uint8_t arg;  /* flags; a key row: the TROTH_DIST_... bit that enables it; AGAIN: rows */
};

extern const struct smp_step smp_script_features[];
/* The chart that follows features: [sc][model]. */
const struct smp_step *smp_script_for(bool sc, enum troth_model model);
extern const struct smp_step smp_script_keys[];

/* Whether the peer may be one PDU ahead while we are at this local step. */
bool smp_may_be_ahead(uint8_t local);

/* A row that only exists when its key is distributed. */
static inline bool smp_is_key_row(const struct smp_step *s)
{
    return s->dir <= R2I && s->what >= SMP_ENCRYPTION_INFORMATION &&
           s->what <= SMP_SIGNING_INFORMATION;
}

#endif
