/* Who is who: random addresses, the filter accept list and the resolving list. */
#include "air/internal.h"

static const uint8_t zeros[16];

bool air_is_rpa(const struct air_address *a)
{
    return a->type == 1 && (a->a[5] & 0xC0) == 0x40;
}

bool address_equal(const struct air_address *a, const struct air_address *b)
{
    return a->type == b->type && memcmp(a->a, b->a, 6) == 0;
}

static void take_address(struct in *p, struct air_address *a)
{
    a->type = in_u8(p);
    in_copy(p, a->a, 6);
}

/* Random address */

uint8_t do_le_set_random_address(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    VERIFY(!c->s.adv.on && !c->s.scan.on && !c->s.init.on, E_DISALLOWED); /* 7.8.4 */
    c->s.random.type = 1;
    in_copy(p, c->s.random.a, 6);
    c->s.random_set = true;
    return E_OK;
}

/* Filter accept list, Vol 4 Part E 7.8.14-17 */

static bool fal_in_use(const struct air_controller *c)
{
    return (c->s.adv.on && c->s.adv.policy) || (c->s.scan.on && (c->s.scan.policy & 1)) ||
           (c->s.init.on && c->s.init.policy);
}

bool fal_has(const struct air_controller *c, const struct air_address *a)
{
    for (size_t i = 0; i < c->s.fal_count; i++)
        if (address_equal(&c->s.fal[i], a))
            return true;
    return false;
}

uint8_t do_le_read_fal_size(struct air_controller *c, struct in *p, struct out *r)
{
    (void)c, (void)p;
    out_u8(r, FAL_SIZE);
    return E_OK;
}

uint8_t do_le_clear_fal(struct air_controller *c, struct in *p, struct out *r)
{
    (void)p, (void)r;
    VERIFY(!fal_in_use(c), E_DISALLOWED);
    c->s.fal_count = 0;
    return E_OK;
}

uint8_t do_le_add_fal(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    struct air_address a;
    take_address(p, &a);
    VERIFY(!fal_in_use(c), E_DISALLOWED);
    VERIFY(a.type <= 1, E_INVALID);
    VERIFY(!fal_has(c, &a), E_OK);
    VERIFY(c->s.fal_count < FAL_SIZE, E_MEMORY);
    c->s.fal[c->s.fal_count++] = a;
    return E_OK;
}

uint8_t do_le_remove_fal(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    struct air_address a;
    take_address(p, &a);
    VERIFY(!fal_in_use(c), E_DISALLOWED);
    VERIFY(a.type <= 1, E_INVALID);
    for (size_t i = 0; i < c->s.fal_count; i++)
        if (address_equal(&c->s.fal[i], &a)) {
            c->s.fal[i] = c->s.fal[--c->s.fal_count];
            return E_OK;
        }
    return E_INVALID;
}

/* Resolving list, Vol 4 Part E 7.8.38-45, 7.8.77; Vol 6 Part B 6 */

struct resolving *rl_find(struct air_controller *c, const struct air_address *identity)
{
    for (size_t i = 0; i < c->s.rl_count; i++)
        if (address_equal(&c->s.rl[i].identity, identity))
            return &c->s.rl[i];
    return NULL;
}

static bool made_with(const uint8_t irk[16], const struct air_address *a)
{
    uint8_t hash[3];
    if (!air_is_rpa(a) || memcmp(irk, zeros, 16) == 0)
        return false;
    crypto_ah(irk, a->a + 3, hash);
    return memcmp(hash, a->a, 3) == 0;
}

struct resolving *rl_resolve(struct air_controller *c, const struct air_address *a)
{
    if (!c->s.resolve_on)
        return NULL;
    for (size_t i = 0; i < c->s.rl_count; i++)
        if (made_with(c->s.rl[i].peer_irk, a)) {
            memcpy(c->s.rl[i].peer_rpa, a->a, 6);
            return &c->s.rl[i];
        }
    return NULL;
}

bool rl_refuses(struct air_controller *c, const struct air_address *a)
{
    const struct resolving *e = c->s.resolve_on ? rl_find(c, a) : NULL;
    return e && e->privacy_mode == 0 && memcmp(e->peer_irk, zeros, 16) != 0;
}

bool rl_is_self(struct air_controller *c, uint8_t own_type, const struct air_address *a)
{
    if (c->s.resolve_on && air_is_rpa(a) && (own_type & 2))
        for (size_t i = 0; i < c->s.rl_count; i++)
            if (made_with(c->s.rl[i].local_irk, a))
                return true;
    if (own_type & 1)
        return c->s.random_set && address_equal(a, &c->s.random);
    return a->type == 0 && memcmp(a->a, c->address, 6) == 0;
}

static void rpa_refresh(struct air_controller *c, struct resolving *e)
{
    uint64_t life = c->s.rpa_timeout * UINT64_C(1000);
    if (e->made && c->air->now - e->made_at < life)
        return;
    if (memcmp(e->local_irk, zeros, 16))
        crypto_rpa(c->air, e->local_irk, e->local_rpa);
    if (memcmp(e->peer_irk, zeros, 16))
        crypto_rpa(c->air, e->peer_irk, e->target_rpa);
    e->made = true;
    e->made_at = c->air->now;
}

bool own_address(struct air_controller *c, uint8_t own_type, const struct air_address *peer,
                 struct air_address *own)
{
    struct resolving *e = (own_type & 2) && peer ? rl_find(c, peer) : NULL;
    if (e && memcmp(e->local_irk, zeros, 16)) {
        rpa_refresh(c, e);
        own->type = 1;
        memcpy(own->a, e->local_rpa, 6);
        return true;
    }
    if (own_type & 1) {
        *own = c->s.random;
        return c->s.random_set;
    }
    own->type = 0;
    memcpy(own->a, c->address, 6);
    return true;
}

bool target_address(struct air_controller *c, uint8_t own_type, const struct air_address *peer,
                    struct air_address *target)
{
    struct resolving *e = (own_type & 2) ? rl_find(c, peer) : NULL;
    *target = *peer;
    if (!e || memcmp(e->peer_irk, zeros, 16) == 0)
        return false;
    rpa_refresh(c, e);
    target->type = 1;
    memcpy(target->a, e->target_rpa, 6);
    return true;
}

static bool rl_in_use(const struct air_controller *c)
{
    return c->s.resolve_on && (c->s.adv.on || c->s.scan.on || c->s.init.on);
}

uint8_t do_le_add_rl(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    struct resolving e = {0};
    take_address(p, &e.identity);
    in_copy(p, e.peer_irk, 16);
    in_copy(p, e.local_irk, 16);
    VERIFY(!rl_in_use(c), E_DISALLOWED);
    VERIFY(e.identity.type <= 1, E_INVALID);
    VERIFY(e.identity.type == 0 || (e.identity.a[5] & 0xC0) == 0xC0, E_INVALID); /* static */
    for (size_t i = 0; i < c->s.rl_count; i++)
        if (address_equal(&c->s.rl[i].identity, &e.identity) ||
            (memcmp(e.peer_irk, zeros, 16) && !memcmp(c->s.rl[i].peer_irk, e.peer_irk, 16)))
            return E_INVALID;
    VERIFY(c->s.rl_count < c->rl_size, E_MEMORY);
    c->s.rl[c->s.rl_count++] = e;
    return E_OK;
}

uint8_t do_le_remove_rl(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    struct air_address a;
    take_address(p, &a);
    VERIFY(!rl_in_use(c), E_DISALLOWED);
    struct resolving *e = rl_find(c, &a);
    VERIFY(e, E_NO_CONNECTION);
    *e = c->s.rl[--c->s.rl_count];
    return E_OK;
}

uint8_t do_le_clear_rl(struct air_controller *c, struct in *p, struct out *r)
{
    (void)p, (void)r;
    VERIFY(!rl_in_use(c), E_DISALLOWED);
    c->s.rl_count = 0;
    return E_OK;
}

uint8_t do_le_read_rl_size(struct air_controller *c, struct in *p, struct out *r)
{
    (void)p;
    out_u8(r, c->rl_size);
    return E_OK;
}

uint8_t do_le_read_peer_rpa(struct air_controller *c, struct in *p, struct out *r)
{
    struct air_address a;
    take_address(p, &a);
    const struct resolving *e = rl_find(c, &a);
    VERIFY(e, E_NO_CONNECTION);
    out_bytes(r, e->peer_rpa, 6);
    return E_OK;
}

uint8_t do_le_read_local_rpa(struct air_controller *c, struct in *p, struct out *r)
{
    struct air_address a;
    take_address(p, &a);
    const struct resolving *e = rl_find(c, &a);
    VERIFY(e, E_NO_CONNECTION);
    out_bytes(r, e->local_rpa, 6); /* zeros until one was used */
    return E_OK;
}

uint8_t do_le_set_resolution(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    uint8_t on = in_u8(p);
    VERIFY(on <= 1, E_INVALID);
    VERIFY(!c->s.adv.on && !c->s.scan.on && !c->s.init.on, E_DISALLOWED);
    c->s.resolve_on = on;
    return E_OK;
}

uint8_t do_le_set_rpa_timeout(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    uint16_t seconds = in_u16(p);
    VERIFY(seconds >= 1 && seconds <= 0x0E10, E_INVALID);
    c->s.rpa_timeout = seconds;
    return E_OK;
}

uint8_t do_le_set_privacy_mode(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    struct air_address a;
    take_address(p, &a);
    uint8_t mode = in_u8(p);
    VERIFY(a.type <= 1 && mode <= 1, E_INVALID);
    VERIFY(!rl_in_use(c), E_DISALLOWED); /* 7.8.77 */
    struct resolving *e = rl_find(c, &a);
    VERIFY(e, E_NO_CONNECTION);
    e->privacy_mode = mode;
    return E_OK;
}
