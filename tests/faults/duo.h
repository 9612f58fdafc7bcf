/*
 * Two hosts on one radio as plain memory: kept before each step and put back for each fault. The
 * hosts are whole, from HCI up; the persons before them do what honest persons do.
 */
#ifndef TESTS_FAULTS_DUO_H
#define TESTS_FAULTS_DUO_H

#include <troth/state.h>

#include "faults/fault.h"
#include "faults/flows.h"

struct air;
struct air_controller;
struct air_crossing;

#define DUO_PDUS 160 /* at most, in one flow */

/* The features as one side saw them, and what it made of them. */
struct view {
    struct troth_features features[2];
    enum troth_model model;
    bool sc;
};

struct half {
    struct troth_host host;
    struct air_controller *radio;
    uint8_t side; /* enum troth_side */
    uint64_t random;
    troth_link link;
    struct troth_addr identity;

    /* its person */
    uint32_t typing, comparing, storing; /* open asks; 0: none */
    uint64_t stored_at;                  /* when the store will have done it */
    bool shows;
    uint32_t shown;
    uint32_t compared;     /* the number it is to compare */
    struct troth_oob mine; /* what it gave away, for the other to fetch */

    /* what was seen since duo_connect */
    unsigned begun; /* pairings: asked for here, or by a Pairing Request while idle */
    unsigned failed, paired, encrypted;
    bool connected;
    bool told;      /* the peer sent Pairing Failed */
    bool key_given; /* to its controller, for this link */
    uint8_t key[16];
    bool have_dhkey; /* its person computed one */
    uint8_t dhkey[32];
    struct view view;           /* of the last TROTH_EV_PAIRING */
    struct view encrypted_view; /* as it was when encryption was believed */
    struct troth_level encrypted_level;
    uint8_t encrypted_key[16];
    struct {
        struct troth_level level;
        enum troth_model model;
        uint8_t distributed[2];
        bool stored, encrypted;
        struct troth_bond_keys keys;
        struct view view;
    } done;
};

struct crossing {
    uint8_t side, opcode, len;
    bool encrypted;
};

struct duo {
    struct half half[2]; /* by enum troth_side */
    struct air *air;
    const struct flow *flow;
    uint64_t now, horizon; /* steps go no further; duo_rest moves it on */
    bool pairing_due;      /* the next step begins it */
    unsigned store_ms;     /* how long a store takes */
    unsigned packets;      /* that the hosts were given since duo_connect */
    unsigned crossings;    /* PDUs of the Security Manager that left a sender since then */

    struct fault fault;   /* waits for its PDU or packet; FAULT_NONE otherwise */
    unsigned last_pdu[2]; /* of each side in the flow, from 0 */
    bool hit;             /* the fault was done */
    unsigned allows;      /* ALLOW_...: what it excuses */
    uint8_t silence;
    const char *wrong; /* the first promise broken on the way */
};

extern struct duo duo;
/* Called with each PDU of the Security Manager before a fault changes it; may be NULL. */
extern void (*duo_saw)(const struct crossing *c, const uint8_t *pdu);

/* Two hosts, switched on, unknown to each other. */
void duo_on(void);
/* For the flow: policies and OOB data, a fresh connection, nothing seen yet. */
bool duo_connect(const struct flow *flow);
/* The next moment something is due: false, nothing is within a minute or two. */
bool duo_step(void);
/* Steps until nothing is due. False: it never rests. */
bool duo_rest(void);
/* Ends the connection, if it lasts. False: it never rests. */
bool duo_part(void);
/* Their owners remove all bonds. */
void duo_forget_bonds(void);
/* Does what a fault between packets is, now. */
void duo_do(const struct fault *f);

struct host_link *duo_link(struct half *h);

/* States. */
struct duo_copy;
struct duo_copy *duo_copy_new(void);
void duo_copy_free(struct duo_copy *copy);
void duo_keep(struct duo_copy *copy);
void duo_put_back(const struct duo_copy *copy);
/* A number for the memory of both hosts, without what only counts time. */
uint64_t duo_state(void);

/* hook.c: what an air hook does to the PDU of duo.fault. */
unsigned duo_hook(void *ctx, struct air_crossing *x);

#endif
