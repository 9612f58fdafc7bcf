/* The table of bonds: who is known, under which address, and who makes room. */
#ifndef TROTH_BONDS_BONDS_H
#define TROTH_BONDS_BONDS_H

#include <troth/state/bonds.h>

/* By identity address. -1: none. */
int bonds_find(const struct bonds *b, const struct troth_addr *identity);
/*
 * By the address the air carried: an identity, or a resolvable private address under one of the
 * IRKs (Vol 3 Part H 2.2.2). An all-zero IRK resolves nothing. -1: none. Of two bonds that share an
 * IRK it is the one bonds_prefer names, whatever their order.
 */
int bonds_resolve(const struct bonds *b, const struct troth_addr *addr);
/*
 * Two identities under one IRK: no pairing makes them (TROTH_SMP_KEY_REJECTED), an older store may
 * hold them.
 */
bool bonds_share_irk(const struct troth_bond *a, const struct troth_bond *b);
/* Is i, rather than k, meant: the authenticated one, then the one used last, then the first? */
bool bonds_prefer(const struct bonds *b, int i, int k);
/* The bond with this IRK, -1: none. */
int bonds_find_irk(const struct bonds *b, const uint8_t irk[16]);
/*
 * Where a bond of this level goes: its identity's own place, a free one, or that of the least
 * recently used whose bit is clear in `kept`, one bit an index. One that is no stronger makes room
 * first; an authenticated one never does for one that is not, or strangers could push it out with
 * Just Works. -1: no place.
 */
int bonds_place(const struct bonds *b, const struct troth_addr *identity,
                const struct troth_level *level, uint32_t kept);
/* Marks a use: it is evicted last. */
void bonds_touch(struct bonds *b, int i);
void bonds_clear(struct bonds *b, int i);
/* Its sign counters are not known for certain: it signs and verifies nothing any more. */
void bonds_sign_nothing(struct troth_bond_keys *keys);
/* The keys at i are new ones: call it once they are there. */
void bonds_made(struct bonds *b, int i);

struct troth_level bonds_level(const struct troth_bond_keys *keys);
/* A public or a static random address: the only kinds that name a bond (Vol 6 Part B 1.3). */
bool bonds_identity_valid(const struct troth_addr *a);

/* Does addr, a resolvable private address, belong to this IRK? */
bool bonds_rpa_matches(const struct troth_addr *addr, const uint8_t irk[16]);

#endif
