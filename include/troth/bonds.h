/*
 * Bonds: what a finished pairing leaves behind. The host keeps them in a table of TROTH_MAX_BONDS;
 * a port keeps them beyond power-off. The table is loaded once, before bring-up, with
 * troth_bonds_load; every later change is a TROTH_ASK_STORE that the port answers once it is safe.
 */
#ifndef TROTH_BONDS_H
#define TROTH_BONDS_H

#include <troth/config.h>
#include <troth/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct troth_host;

/* A key that encrypts, with what names it. Secure Connections: rand = ediv = 0, one for both. */
struct troth_ltk {
    uint8_t key[16]; /* wire order, shortened to the key size (the rest zero) */
    uint64_t rand;
    uint16_t ediv;
    bool present;
};

/* The first record of a bond: written once, at the end of pairing. All keys in wire order. */
struct troth_bond_keys {
    struct troth_addr identity; /* the peer's identity address; names the bond */
    uint8_t key_size;           /* 7 to 16 */
    bool sc;
    bool mitm;
    /*
     * Absent when the peer gave none, or zeros: it has no privacy. No pairing leaves a bond under
     * our own identity or IRK, or under the IRK of another identity's bond: TROTH_SMP_KEY_REJECTED.
     * Of two that an older store holds all the same the authenticated one is recognised, then the
     * one used last.
     */
    bool has_irk;
    uint8_t irk[16];
    struct troth_ltk ltk[2]; /* by who distributed it in the pairing: enum troth_side. SC: both [0] */
    uint8_t local_side;      /* enum troth_side we were */
    bool has_csrk[2];        /* [0] ours, [1] the peer's */
    uint8_t csrk[2][16];
};

struct troth_ccc {
    uint16_t handle; /* of the characteristic's value; 0: unused slot */
    uint16_t bits;   /* 1 notify, 2 indicate */
};

/* The second record: what changes while the bond lives. */
struct troth_bond_state {
    uint32_t sign_counter[2]; /* [0] next we send, [1] least we accept */
    uint32_t last_use;        /* grows with every use: the least is evicted first */
    uint8_t db_hash[16];      /* the peer saw our database in this state */
    struct troth_ccc ccc[TROTH_MAX_CCC];
};

struct troth_bond {
    bool used;
    struct troth_bond_keys keys;
    struct troth_bond_state state;
};

/*
 * The records' bytes (docs/WIRE.md). A record is self-describing: version, kind, length, body,
 * CRC-32. A port stores them as they are, under the identity address and the kind.
 */
enum troth_record { TROTH_RECORD_KEYS = 1, TROTH_RECORD_STATE = 2, TROTH_RECORD_LOCAL = 3 };
#define TROTH_RECORD_MAX 192 /* longest record, octets */

/* Our own identity, kept beside the bonds: a peer that lost nothing must find us unchanged. */
struct troth_local {
    bool present;
    uint8_t irk[16];
    struct troth_addr static_addr; /* a static random identity, when the controller has no public */
};

/* Octets written to out (at most TROTH_RECORD_MAX), or TROTH_INVALID. */
int troth_bond_keys_encode(const struct troth_bond_keys *keys, uint8_t *out, size_t cap);
int troth_bond_state_encode(const struct troth_bond_state *state, uint8_t *out, size_t cap);
int troth_local_encode(const struct troth_local *local, uint8_t *out, size_t cap);
/* TROTH_OK; TROTH_INVALID: damaged; TROTH_UNSUPPORTED: a version from the future. */
int troth_bond_keys_decode(struct troth_bond_keys *keys, const uint8_t *rec, size_t len);
int troth_bond_state_decode(struct troth_bond_state *state, const uint8_t *rec, size_t len);
int troth_local_decode(struct troth_local *local, const uint8_t *rec, size_t len);

/*
 * Takes one bond into the table, before bring-up. TROTH_FULL when full. state NULL: it was lost or
 * damaged; the bond begins with a fresh one, and signs and verifies nothing any more, for no one
 * knows which sign counters were used.
 */
int troth_bonds_load(struct troth_host *h, const struct troth_bond_keys *keys,
                     const struct troth_bond_state *state);
/* The i-th bond, i from 0; NULL past the last. Valid until the next call into the host. */
const struct troth_bond *troth_bonds_get(const struct troth_host *h, unsigned i);
const struct troth_bond *troth_bonds_find(const struct troth_host *h,
                                          const struct troth_addr *identity);
/*
 * Forgets one; ends in TROTH_EV_BOND_REMOVED once the store did, or in TROTH_EV_BOND_NOT_REMOVED.
 * A link it protects stays up.
 */
int troth_bonds_remove(struct troth_host *h, const struct troth_addr *identity);

/* Lower in any of {mitm, sc, size} is weaker; mixed counts as weaker. */
bool troth_level_weaker(const struct troth_level *than, const struct troth_level *candidate);

#ifdef __cplusplus
}
#endif
#endif
