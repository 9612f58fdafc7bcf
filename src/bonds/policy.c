#include "bonds/bonds.h"

#include <troth/gap.h>

#include "base/wipe.h"
#include "crypto/toolbox.h"

_Static_assert(TROTH_MAX_BONDS <= 32, "bonds_place keeps one bit a bond");

int bonds_find(const struct bonds *b, const struct troth_addr *identity)
{
    for (int i = 0; i < TROTH_MAX_BONDS; i++)
        if (b->bond[i].used && troth_addr_equal(&b->bond[i].keys.identity, identity))
            return i;
    return -1;
}

static bool all_zero(const uint8_t *p, size_t n)
{
    uint8_t any = 0;
    for (size_t i = 0; i < n; i++)
        any |= p[i];
    return !any;
}

bool bonds_rpa_matches(const struct troth_addr *addr, const uint8_t irk[16])
{
    uint8_t hash[3];
    if (!troth_addr_is_rpa(addr) || all_zero(irk, 16))
        return false;
    toolbox_ah(irk, addr->b + 3, hash);
    return equal_secret(hash, addr->b, 3);
}

int bonds_resolve(const struct bonds *b, const struct troth_addr *addr)
{
    int i = bonds_find(b, addr);
    if (i >= 0 || !troth_addr_is_rpa(addr))
        return i;
    int best = -1;
    for (i = 0; i < TROTH_MAX_BONDS; i++)
        if (b->bond[i].used && b->bond[i].keys.has_irk &&
            (best < 0 || bonds_prefer(b, i, best)) &&
            bonds_rpa_matches(addr, b->bond[i].keys.irk))
            best = i;
    return best;
}

bool bonds_share_irk(const struct troth_bond *a, const struct troth_bond *b)
{
    return a->used && b->used && a->keys.has_irk && b->keys.has_irk &&
           equal_secret(a->keys.irk, b->keys.irk, 16);
}

bool bonds_prefer(const struct bonds *b, int i, int k)
{
    const struct troth_bond *x = &b->bond[i], *y = &b->bond[k];
    if (x->keys.mitm != y->keys.mitm)
        return x->keys.mitm;
    if (x->state.last_use != y->state.last_use)
        return x->state.last_use > y->state.last_use;
    return i < k;
}

int bonds_find_irk(const struct bonds *b, const uint8_t irk[16])
{
    for (int i = 0; i < TROTH_MAX_BONDS; i++)
        if (b->bond[i].used && b->bond[i].keys.has_irk &&
            equal_secret(b->bond[i].keys.irk, irk, 16))
            return i;
    return -1;
}

int bonds_place(const struct bonds *b, const struct troth_addr *identity,
                const struct troth_level *level, uint32_t kept)
{
    int i = bonds_find(b, identity);
    if (i >= 0)
        return i;
    int oldest = -1;
    bool oldest_stronger = true;
    for (i = 0; i < TROTH_MAX_BONDS; i++) {
        const struct troth_bond *bond = &b->bond[i];
        if (kept >> i & 1)
            continue;
        if (!bond->used)
            return i;
        const struct troth_level old = bonds_level(&bond->keys);
        bool stronger = troth_level_weaker(&old, level);
        if (old.mitm && !level->mitm)
            continue;
        if (oldest < 0 || stronger < oldest_stronger ||
            (stronger == oldest_stronger &&
             bond->state.last_use < b->bond[oldest].state.last_use)) {
            oldest = i;
            oldest_stronger = stronger;
        }
    }
    return oldest;
}

void bonds_touch(struct bonds *b, int i)
{
    uint32_t newest = 0;
    for (int k = 0; k < TROTH_MAX_BONDS; k++)
        if (k != i && b->bond[k].used && b->bond[k].state.last_use > newest)
            newest = b->bond[k].state.last_use;
    if (b->bond[i].state.last_use > newest)
        return;
    if (newest == UINT32_MAX) { /* start again, in the same order as far as it matters */
        for (int k = 0; k < TROTH_MAX_BONDS; k++)
            b->bond[k].state.last_use /= 2;
        newest /= 2;
    }
    b->bond[i].state.last_use = newest + 1;
    b->serial++;
    b->dirty[i] |= 1 << TROTH_RECORD_STATE;
}

void bonds_clear(struct bonds *b, int i)
{
    wipe(&b->bond[i], sizeof b->bond[i]);
    b->dirty[i] = 0;
    b->made[i] = 0;
    b->serial++;
}

void bonds_made(struct bonds *b, int i)
{
    if (!++b->serial)
        b->serial = 1;
    b->made[i] = b->serial;
}

void bonds_sign_nothing(struct troth_bond_keys *keys)
{
    wipe(keys->csrk, sizeof keys->csrk);
    keys->has_csrk[0] = keys->has_csrk[1] = false;
}

struct troth_level bonds_level(const struct troth_bond_keys *keys)
{
    return (struct troth_level){keys->key_size, keys->mitm, keys->sc, true};
}

bool bonds_identity_valid(const struct troth_addr *a)
{
    if (a->type == TROTH_ADDR_PUBLIC)
        return true;
    if (a->type != TROTH_ADDR_RANDOM || (a->b[5] & 0xc0) != 0xc0)
        return false;
    /* The 46 random bits are neither all 0 nor all 1, 1.3.2.1 */
    uint8_t any = a->b[5] & 0x3f, all = a->b[5];
    for (unsigned i = 0; i < 5; i++) {
        any |= a->b[i];
        all &= a->b[i];
    }
    return any && all != 0xff;
}

bool troth_level_weaker(const struct troth_level *than, const struct troth_level *candidate)
{
    return (than->mitm && !candidate->mitm) || (than->sc && !candidate->sc) ||
           candidate->key_size < than->key_size;
}
