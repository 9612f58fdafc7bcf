/*
 * A Security Manager on the bench: one engine, and a fake of everything around it. Whatever the
 * engine causes is kept here; nothing is answered unless the test does. Plain memory without
 * pointers of its own but to itself: a bench may be copied away and put back in place.
 */
#ifndef TROTH_TESTS_SUPPORT_SMP_BENCH_H
#define TROTH_TESTS_SUPPORT_SMP_BENCH_H

#include "smp/smp.h"

#define SMP_BENCH_PDU_MAX 96 /* longer than any PDU: a wrong length must fit too */
#define SMP_BENCH_SENT    8  /* PDUs not yet taken by the peer */
#define SMP_BENCH_EVENTS  24
#define SMP_BENCH_SECRETS 160
#define SMP_BENCH_ASKS    (TROTH_ASK_GATT + 1)

struct smp_bench_pdu {
    uint8_t len;
    uint8_t b[SMP_BENCH_PDU_MAX];
};

struct smp_bench_event {
    struct troth_event e;
    struct troth_bond_keys keys; /* what .paired.keys pointed to */
};

/* How env->send behaves. */
enum smp_bench_room {
    ROOM_ALWAYS,
    ROOM_SLOT, /* one PDU, then none until smp_bench_room */
    ROOM_MISS, /* the call number miss_at (from 0) finds no room, all others do */
    ROOM_NONE,
};

struct smp_bench {
    struct smp smp;
    struct smp_env env;
    struct troth_policy policy;
    enum troth_side side;
    struct troth_addr addr[2];
    troth_ms now;

    /* what the host has */
    uint8_t irk[16];
    struct troth_addr identity;
    struct smp_own_oob own_oob;
    bool has_bond, has_other; /* with this link's peer; with another identity */
    struct troth_bond bond, other;
    bool commit_ok;

    /* randomness: a fixed sequence, or a fixed answer to every draw of 16 octets */
    uint64_t seed;
    bool fix16;
    uint8_t fixed[16];

    /* transmission */
    enum smp_bench_room room;
    unsigned miss_at;
    bool full;
    unsigned send_calls;
    bool waiting; /* a send was refused: smp_bench_room is owed */
    struct smp_bench_pdu sent[SMP_BENCH_SENT];
    unsigned sent_from, sent_count; /* ring: first not taken, how many */
    unsigned sent_total, failed_sent;
    uint8_t failed_reason; /* of the last Pairing Failed sent */
    bool unacked;

    /* asks by type */
    bool open[SMP_BENCH_ASKS];
    struct troth_ask ask[SMP_BENCH_ASKS];
    uint8_t ask_private[32], ask_public[64]; /* what the DHKEY ask pointed to */
    unsigned asked[SMP_BENCH_ASKS], withdrawn[SMP_BENCH_ASKS];
    unsigned asked_twice; /* opened while open */

    /* events */
    struct smp_bench_event event[SMP_BENCH_EVENTS];
    unsigned events, rested; /* told; and whose pointers were followed */
    unsigned told[TROTH_EV_GATT_DONE + 1];

    /* the controller and the store */
    unsigned encrypts;
    uint64_t encrypt_rand;
    uint16_t encrypt_ediv;
    uint8_t encrypt_key[16];
    unsigned ltk_given, ltk_denied;
    uint8_t ltk_key[16];
    unsigned disconnects;
    uint8_t disconnect_reason;
    bool too_early;       /* repeated attempts: no pairing now */
    unsigned attempts[2]; /* failed, succeeded */
    unsigned commits, uncommits, forgets;
    struct troth_bond_keys committed;

    /* octets that must be nowhere after a pairing ended */
    struct {
        uint8_t len;
        uint8_t b[32];
    } secret[SMP_BENCH_SECRETS];
    unsigned secrets;
    const char *wrong; /* a broken contract of the env, in words */
};

/* policy NULL: TROTH_FEATURES_DEFAULT with key sizes from 7. */
void smp_bench_init(struct smp_bench *b, enum troth_side side, const struct troth_policy *policy,
                    const struct troth_addr addr[2]);
/* The same host on a new connection: bonds, policy and randomness stay. */
void smp_bench_reconnect(struct smp_bench *b);
/* Forgets what was collected (not what is open), so that counts begin at zero. */
void smp_bench_clear(struct smp_bench *b);

/* The entry points: each lets the engine come to rest, as a host would. */
int smp_bench_pair(struct smp_bench *b, const struct troth_features *features);
void smp_bench_rx(struct smp_bench *b, const uint8_t *pdu, size_t len);
int smp_bench_answer(struct smp_bench *b, enum troth_ask_type type, const struct troth_answer *a);
/* smp_default_answer of the open ask, given to it. */
int smp_bench_default(struct smp_bench *b, enum troth_ask_type type);
void smp_bench_room(struct smp_bench *b);
void smp_bench_acked(struct smp_bench *b);
void smp_bench_stored(struct smp_bench *b, bool ok);
void smp_bench_ltk_request(struct smp_bench *b, uint64_t rand, uint16_t ediv);
void smp_bench_encrypted(struct smp_bench *b, uint8_t status, bool on, bool refresh);
void smp_bench_disconnected(struct smp_bench *b, uint8_t reason);
void smp_bench_tick(struct smp_bench *b, troth_ms ms); /* so much later */
int smp_bench_cancel(struct smp_bench *b, uint8_t reason);
int smp_bench_keypress(struct smp_bench *b, uint8_t type);
int smp_bench_security_request(struct smp_bench *b, uint8_t auth_req);

/* The oldest PDU not yet taken; false: none. */
bool smp_bench_take(struct smp_bench *b, struct smp_bench_pdu *pdu);
/* The last event of a type, NULL when there was none. */
const struct smp_bench_event *smp_bench_last(const struct smp_bench *b, enum troth_event_type type);
bool smp_bench_any_open(const struct smp_bench *b);

/* Remembers octets that must be gone afterwards. */
void smp_bench_secret(struct smp_bench *b, const void *p, size_t n);
/* NULL, or where a secret is left: run not zero, or a window of eight octets in struct smp. */
const char *smp_bench_leftover(const struct smp_bench *b);

#endif
