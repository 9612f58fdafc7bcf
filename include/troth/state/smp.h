/* The Security Manager's memory of one link. Shape only: nothing here is API. */
#ifndef TROTH_STATE_SMP_H
#define TROTH_STATE_SMP_H

#include <troth/event.h>
#include <troth/timer.h>

struct smp_step;

/* Longest SMP PDU: Pairing Public Key, Vol 3 Part H 3.5.6. */
#define SMP_PDU_MAX 65

/* What a pairing must forget when it ends, however it ends. Two-sided: by enum troth_side. */
struct smp_secrets {
    uint8_t key[16];      /* the key this pairing encrypts with: STK or LTK, shortened */
    uint8_t nonce[2][16]; /* Mrand and Srand, Na and Nb */
    uint32_t passkey;
    uint8_t irk[16];     /* the peer's */
    uint8_t csrk[2][16]; /* by who distributes */
    union {
        struct { /* legacy pairing */
            uint8_t tk[16];
            uint8_t ltk[2][16]; /* by who distributes, with what names it */
            uint64_t rand[2];
            uint16_t ediv[2];
        };
        struct { /* Secure Connections */
            uint8_t private_key[32];
            uint8_t dhkey[32];
            uint8_t mackey[16];
            uint8_t r[2][16]; /* OOB: each side's random */
        };
    };
};

/* The running pairing, and nothing else: zeroed when one starts and when it ends. */
struct smp_run {
    const struct smp_step *at; /* the script's row; NULL: idle */
    uint16_t had;              /* SMP_HAD_... */
    bool entered;              /* the local step there has begun */
    uint8_t round;             /* of sc_passkey: 0 to 19 */
    uint8_t crossed;           /* whose features crossed: a bit a side */
    bool combined;             /* sc, model, dist and key_size below hold */
    bool sc;
    uint8_t model; /* enum troth_model */
    uint8_t key_size;
    uint8_t keypresses;
    bool encrypted;     /* the ENCRYPT row is behind us */
    bool unacked;       /* something we sent is not acknowledged */
    bool own_oob;       /* our key pair is the pinned one */
    bool begun;         /* features are agreed on: a failure counts as an attempt */
    bool expel;         /* this peer shall not stay, whatever it may do else */
    uint8_t dist[2];    /* TROTH_DIST_... each side distributes */
    uint8_t feat[2][7]; /* Pairing Request and Response as they crossed */
    uint8_t held_len;
    uint8_t held[SMP_PDU_MAX];  /* the one PDU that came ahead */
    struct troth_addr identity; /* the peer's */
    union {
        struct {
            uint8_t public_key[2][64];
            uint8_t confirm[2][16];
        };
        struct troth_bond_keys result; /* from COMMIT on; TROTH_EV_PAIRED points to it */
    };
    struct smp_secrets s;
};

/* A key pair pinned by OOB data we gave away; belongs to the host, serves one pairing. */
struct smp_own_oob {
    bool pinned;
    uint8_t private_key[32], public_key[64], random[16];
};

struct smp {
    const struct smp_env *env;
    void *link;
    uint8_t side;            /* enum troth_side: ours */
    bool dead;               /* a timeout: no SMP until reconnection */
    bool leaving;            /* disconnect once Pairing Failed was acknowledged */
    uint8_t leave_reason;    /* ... with this HCI code */
    uint8_t owed_reason;     /* Pairing Failed waits for room; 0: none */
    uint8_t encrypting;      /* enum smp_encrypting */
    bool security_requested; /* ours is unanswered */
    bool telling;            /* TROTH_EV_PAIRED is on its way: run.result stays until smp_rest */
    struct smp_run run;        /* small offsets are small code: what is used less comes after it */
    struct troth_addr addr[2]; /* by side, as the air carried them */
    struct timer timer;        /* of the pairing, our Security Request, or leaving */
    bool completed;            /* a bond was made on this link: Key Rejected is still taken */
    uint16_t open;             /* asks that wait for an answer: a bit a type */

    struct troth_level level;   /* of the link */
    struct troth_level pending; /* of the key that an encryption in progress uses */
    struct troth_ltk hand;      /* an LTK by hand */
    struct troth_level hand_level;
};

#endif
