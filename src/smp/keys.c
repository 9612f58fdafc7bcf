/* What a pairing leaves behind, and whether it may be kept. */
#include "smp/engine.h"

static bool all_zero(const uint8_t *p, size_t n)
{
    uint8_t any = 0;
    for (size_t i = 0; i < n; i++)
        any |= p[i];
    return any == 0;
}

bool smp_result(struct smp *s)
{
    struct smp_run *r = &s->run;
    struct troth_bond_keys *k = &s->run.result;
    uint8_t peer = smp_peer(s);
    memset(k, 0, sizeof *k);
    k->key_size = r->key_size;
    k->sc = r->sc;
    k->mitm = r->model != TROTH_JUST_WORKS;
    k->local_side = s->side;
    if (r->sc) {
        k->ltk[0].present = true;
        memcpy(k->ltk[0].key, r->s.key, 16);
    }
    for (uint8_t x = 0; x < 2; x++) {
        if (r->dist[x] & TROTH_DIST_ENC) {
            k->ltk[x] =
                (struct troth_ltk){.present = true, .rand = r->s.rand[x], .ediv = r->s.ediv[x]};
            memcpy(k->ltk[x].key, r->s.ltk[x], 16);
        }
        if (r->dist[x] & TROTH_DIST_SIGN) {
            uint8_t slot = x != s->side; /* [0] ours, [1] the peer's */
            k->has_csrk[slot] = true;
            memcpy(k->csrk[slot], r->s.csrk[x], 16);
        }
    }
    if (!(r->dist[peer] & TROTH_DIST_ID)) {
        k->identity = s->addr[peer];
        /* A private address will not be seen again. */
        return k->identity.type == TROTH_ADDR_PUBLIC || (k->identity.b[5] & 0xc0) == 0xc0;
    }
    k->identity = r->identity;
    /* All zero: the peer has no privacy, Vol 3 Part C 10.7. Anybody's RPA would match it. */
    k->has_irk = !all_zero(r->s.irk, 16);
    if (k->has_irk)
        memcpy(k->irk, r->s.irk, 16);
    return true;
}

/*
 * Is what names the peer somebody else's? An identity or an IRK that is our own, or the IRK of
 * another identity's bond: under one IRK two bonds could not be told apart, and the owner of one
 * would be taken for the other's.
 */
static bool is_taken(const struct smp *s)
{
    const struct troth_bond_keys *k = &s->run.result;
    uint8_t irk[16];
    struct troth_addr ours;
    s->env->local(s->link, irk, &ours);
    bool is_ours = troth_addr_equal(&k->identity, &ours) ||
                   (k->has_irk && equal_secret(k->irk, irk, sizeof irk));
    wipe(irk, sizeof irk);
    const struct troth_bond *b = k->has_irk ? s->env->bond_of_irk(s->link, k->irk) : NULL;
    return is_ours || (b && !troth_addr_equal(&b->keys.identity, &k->identity));
}

uint8_t smp_may_store(const struct smp *s)
{
    VERIFY(!is_taken(s), TROTH_SMP_KEY_REJECTED);
    const struct troth_bond *b = s->env->bond_of(s->link, &s->run.result.identity);
    if (!b || s->env->policy(s->link)->replace_weaker)
        return 0;
    struct troth_level old = {b->keys.key_size, b->keys.mitm, b->keys.sc, true};
    struct troth_level new = smp_run_level(s);
    VERIFY(!troth_level_weaker(&old, &new), TROTH_SMP_KEY_REJECTED);
    /*
     * Somebody who came under another address claims a bonded identity (CVE-2021-3436). Without
     * MITM protection anyone could; the owner may remove the old bond first.
     */
    VERIFY(new.mitm || b == s->env->bond(s->link), TROTH_SMP_KEY_REJECTED);
    return 0;
}
