/*
 * The size and shape of a host. Include it where one is defined (static struct troth_host h;);
 * nothing inside is API.
 */
#ifndef TROTH_STATE_H
#define TROTH_STATE_H

#include <troth/host.h>
#include <troth/smp.h>
#include <troth/state/bonds.h>
#include <troth/state/gap.h>
#include <troth/state/gatt.h>
#include <troth/state/hci.h>
#include <troth/state/l2cap.h>
#include <troth/state/smp.h>
#include <troth/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TROTH_ASK_TYPES (TROTH_ASK_GATT + 1)

/* Octets of ACL packets held until their Encryption Change, with two before each. */
#define TROTH_HELD_BYTES (TROTH_ATT_MTU + 32)

struct host_link {
    struct troth_host *host;
    bool used;
    troth_link number;
    uint16_t handle;               /* HCI's */
    uint8_t role;                  /* enum troth_role: ours */
    struct troth_addr local, peer; /* as the air carried them */
    int8_t bond;                   /* index into the table; -1: none */
    bool has_policy;
    struct troth_policy policy;    /* of this link alone, if it has one */
    uint16_t interval, latency, timeout;

    /* commands wanted, and what they need */
    uint8_t pending; /* HOST_ENCRYPT ... */
    uint8_t reason;
    uint8_t key[16];
    uint64_t rand;
    uint16_t ediv;
    struct troth_conn_params update, reply;

    /* asks: the open one of each type, 0 none; and whether somebody took it */
    uint32_t open[TROTH_ASK_TYPES];
    uint16_t taken;

    /* one link's share of what the host owes to GATT */
    uint8_t raise; /* enum host_raise */
    uint8_t raise_error;
    bool bonded_due;

    const struct troth_bond_keys *commit; /* a finished pairing's, being stored */

    /* ACL that overtook its Encryption Change */
    bool holding;
    uint16_t held_len;
    uint8_t held[TROTH_HELD_BYTES];

    struct l2cap l2cap;
    struct smp smp;
    struct gatt gatt;
};

/* An event or an ask on its way out. */
struct host_arrow {
    bool is_ask;
    union {
        struct troth_event event;
        struct troth_ask ask;
    } u;
};

/* What the store is told next; one question at a time. */
struct host_store {
    uint32_t ask; /* open; 0: none */
    bool taken;
    uint8_t job; /* enum host_store_job */
    uint8_t at;  /* its bond or its link */
    uint32_t sign_counter[2]; /* of the state being stored */
    bool local_due;
    uint8_t removals;
    struct {
        struct troth_addr identity;
        bool quiet; /* it never was a bond of ours: no event */
    } removal[TROTH_MAX_BONDS + 1]; /* one is for the commit that fails */
};

/* Failed pairings, Vol 3 Part H 2.3.6. */
struct host_attempts {
    uint16_t failures; /* since the last success or the last quiet time; 0: unused */
    bool guessed;      /* one of them could have been right by chance: not Just Works */
    troth_ms until;    /* no pairing before */
};

struct troth_host {
    struct troth_host_config config;
    struct hci hci;
    struct gap gap;
    struct bonds bonds;
    struct gatt_db db;
    struct host_link link[TROTH_MAX_LINKS];
    struct host_store store;
    struct troth_addr identity; /* ours */
    troth_ms now;
    bool inside; /* a callback may be running */
    bool start_due, ready;
    uint8_t fall; /* the HCI status every link ends with; 0: none falls */
    uint16_t refuse[TROTH_MAX_LINKS]; /* connections we have no place for: to be ended */
    uint8_t refusals;
    troth_link last_link;
    uint32_t last_ask;
    uint8_t turn; /* whose ACL goes first */

    struct {
        struct troth_addr peer; /* its identity, when bonded */
        struct host_attempts tries;
    } attempts[TROTH_MAX_ATTEMPTS];
    struct host_attempts strangers; /* all peers without an authenticated bond together */

    struct smp_own_oob own_oob;
    struct timer oob_timer; /* it expires */

    struct host_arrow ring[TROTH_EVENTS];
    uint8_t ring_first, ring_count;
};

#ifdef __cplusplus
}
#endif
#endif
