/*
 * Lower tester and upper tester around one implementation, and a pairing's phases in prose: each
 * moves both by hand and checks all that is sent, reported and given to the controller.
 */
#ifndef TROTH_TESTS_SUPPORT_TESTER_BED_H
#define TROTH_TESTS_SUPPORT_TESTER_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/tester_peer.h"
#include "support/tester_upper.h"

#define FEAT(io, oob, auth)                                                                        \
    {                                                                                              \
        io, oob, auth, 16,                                                                         \
        {                                                                                          \
            ENC | ID, ENC | ID                                                                     \
        }                                                                                          \
    }

struct bed {
    struct peer p;
    struct upper u;
    bool oob;          /* the profile: the implementation supports OOB data */
    uint8_t core;      /* enum troth_core */
    enum lt_role role; /* the implementation's */
    struct feat iut;   /* what it is configured to offer */
    uint8_t method;    /* what must come of it; M_ANY: what the tester computes */

    /* how the implementation may be: set before bed_up */
    bool other_oob;  /* OOB data of other values is given to it */
    bool keypresses; /* notifications cross while passkeys are typed */

    uint8_t sent_random[16]; /* by the implementation, the first */
};

/* A zeroed bed: both testers, the host not yet running. */
void bed_init(struct bed *b, bool oob, uint8_t core);
/*
 * The host runs and is linked to the tester, in this role; it offers iut, the tester offer. A second
 * time it is the same host on a new link, without bonds, once it would begin another pairing.
 */
void bed_up(struct bed *b, enum lt_role role, const struct feat *iut, const struct feat *offer,
            uint8_t method);
/* As bed_up a second time; NULL: as before. */
void bed_again(struct bed *b, const struct feat *iut, const struct feat *offer, uint8_t method);
/* u.config.policy, with these features, is what holds from now on. */
void bed_policy(struct bed *b);
void bed_connect(struct bed *b);
/* The link ends and comes back, with all bonds. */
void bed_reconnect(struct bed *b);

/*
 * The phases. Those that return bool are false when the implementation sent Pairing Failed, where
 * p.may_fail allows it.
 */
bool bed_request(struct bed *b);  /* Pairing Request, whoever sends it */
bool bed_features(struct bed *b); /* ... and Pairing Response */
bool bed_public_keys(struct bed *b);
void bed_secret(struct bed *b);       /* passkeys and OOB data reach who needs them */
bool bed_authenticate(struct bed *b); /* phase 2, up to the key */
void bed_encrypt(struct bed *b);
void bed_keys(struct bed *b);
void bed_paired(struct bed *b); /* what is reported at the end */
/* Phases 1 to 3, all right. */
void bed_pair(struct bed *b);
/* Encrypts with the bond's key, whoever is central. */
void bed_encrypt_bonded(struct bed *b);

/* The implementation aborted for this reason, reported it, and nothing is left; 0: any. */
void bed_failed(struct bed *b, uint8_t reason);
/* The tester sends Pairing Failed: it must be reported, and nothing answered. */
void bed_fail(struct bed *b, uint8_t reason);
/* No pairing was completed, nothing is encrypted or kept, and nothing more comes. */
void bed_nothing(struct bed *b);
/* On the same link, once the implementation would begin another pairing; how long that took, ms. */
troth_ms bed_retry(struct bed *b);

#endif
