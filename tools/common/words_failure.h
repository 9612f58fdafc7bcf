/*
 * How a pairing ended badly, in words: which side ended it, at which step, what that means with the
 * features that really crossed, and what to change. The same for whoever took part (troth, trothd)
 * and for whoever only looks on (troth explain).
 */
#ifndef TROTH_TOOLS_WORDS_FAILURE_H
#define TROTH_TOOLS_WORDS_FAILURE_H

#include "common/words_pairing.h"

enum pairing_end_kind {
    PAIRING_END_REFUSED,    /* by sent Pairing Failed with reason */
    PAIRING_END_SILENCE,    /* 30 s went by; by owed what comes next, when that is known */
    PAIRING_END_LINK,       /* the connection ended: hci, 0 when that is not known */
    PAIRING_END_ENCRYPTION, /* the new key did not encrypt the link: hci */
};

struct pairing_end {
    enum pairing_end_kind kind;
    bool know_by;
    enum troth_side by;
    bool know_ours; /* else an onlooker tells */
    enum troth_side ours;
    uint8_t reason; /* enum troth_smp_reason */
    uint8_t hci;
    const char *step; /* "Pairing Confirm", as troth_smp_step_words has it */
    unsigned round;  /* Passkey Entry of Secure Connections: the round it ended in, 1 to 20; or 0 */
    bool crossed[2]; /* features[side] are real */
    struct troth_features features[2];
};

struct pairing_end_words {
    char what[200];           /* who ended it, how, at which step: a clause */
    char cause[PAIRING_TEXT]; /* sentences: what it means here */
    char cure[PAIRING_TEXT];  /* sentences: what to change */
};

void pairing_end_words(const struct pairing_end *e, struct pairing_end_words *w);

/*
 * A link that a stored key did not encrypt. side: whose bond is missing or the same for both;
 * hci: 0x06 PIN or Key Missing, 0x3D MIC Failure, or another status.
 */
void pairing_bond_words(uint8_t hci, bool know_ours, enum troth_side ours,
                        struct pairing_end_words *w);

/* How many of AuthReq's demands (BOND, MITM, SC) of `side` the pairing does not meet. */
uint8_t pairing_unmet(const struct troth_features features[2], enum troth_side side);

#endif
