/* A GATT link whose surroundings are octets: counts what comes out, keeps nothing else. */
#ifndef TROTH_TESTS_FUZZ_GATT_LINK_H
#define TROTH_TESTS_FUZZ_GATT_LINK_H

#include "fuzz/fuzz.h"
#include "gatt/gatt.h"

struct gatt_link {
    struct gatt g;
    struct gatt_db db;
    struct troth_level level;
    struct troth_policy policy;
    struct troth_bond_state state;
    bool has_bond;
    uint8_t csrk[16];
    uint32_t kept[2]; /* the sign counters that the store holds */
    bool full[GATT_SLOTS];
    troth_ms now;

    unsigned sent[GATT_SLOTS];               /* PDUs so far */
    uint8_t last[GATT_SLOTS][TROTH_ATT_MTU]; /* the last of each */
    size_t last_len[GATT_SLOTS];
    unsigned events[TROTH_EV_GATT_DONE + 1];
    unsigned disconnects, raises;
    bool access_open; /* a TROTH_ASK_GATT waits */
    struct troth_gatt_access access;
    const struct troth_gatt_service *service;
    /* looks at each PDU; may be NULL */
    void (*look)(struct gatt_link *l, enum gatt_slot slot, const uint8_t *pdu, size_t len);
    void (*look_command)(struct gatt_link *l, const struct troth_gatt_access *a); /* unanswered */
};

void gatt_link_open(struct gatt_link *l, struct troth_gatt_service *services, size_t count);
/* The next n octets of the input as one PDU, in memory of its size. */
void gatt_link_rx(struct gatt_link *l, struct in *in, size_t n);
/* The store has, or would not have, what was persisted last; then what waited for it goes on. */
void gatt_link_stored(struct gatt_link *l, bool ok);
void gatt_link_tick(struct gatt_link *l, troth_ms ms);
void gatt_link_level(struct gatt_link *l, uint8_t bits);

#endif
