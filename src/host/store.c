/*
 * What must outlive the power: one question to the store at a time, the urgent first. A bond is in
 * the table only once both its records are safe; a change of state is a dirty bit, so that many
 * changes make one write.
 */
#include "host/host.h"

bool host_store_removal(struct troth_host *h, const struct troth_addr *identity, bool quiet)
{
    struct host_store *s = &h->store;
    /* The last place is the failed commit's: removals go first, so there is never a second. */
    if (s->removals >= TROTH_MAX_BONDS + quiet)
        return false;
    s->removal[s->removals].identity = *identity;
    s->removal[s->removals++].quiet = quiet;
    return true;
}

/* Behind a link whose bond goes, or is replaced, stands no bond any longer. */
static void unbond(struct troth_host *h, int i)
{
    for (unsigned k = 0; k < TROTH_MAX_LINKS; k++) {
        if (h->link[k].bond != i)
            continue;
        h->link[k].bond = -1;
        smp_unbonded(&h->link[k].smp);
        gatt_unbonded(&h->link[k].gatt);
    }
}

static void drop_bond(struct troth_host *h, int i)
{
    bonds_clear(&h->bonds, i);
    unbond(h, i);
    if (h->store.at == i && (h->store.job == STORE_KEYS || h->store.job == STORE_STATE)) {
        h->store.job = STORE_NOTHING;
        h->store.ask = 0;
    }
}

bool host_forget(struct troth_host *h, const struct troth_addr *identity)
{
    int i = bonds_find(&h->bonds, identity);
    if (i < 0 || !host_store_removal(h, identity, false))
        return false;
    drop_bond(h, i);
    return true;
}

void host_uncommit(struct host_link *l)
{
    struct troth_host *h = l->host;
    struct host_store *s = &h->store;
    const struct troth_bond_keys *keys = l->commit;
    if (!keys)
        return;
    l->commit = NULL;
    if ((s->job != STORE_COMMIT_KEYS && s->job != STORE_COMMIT_STATE) || &h->link[s->at] != l)
        return; /* its turn had not come */
    s->job = STORE_NOTHING;
    s->ask = 0;
    /* The store may hold it already: what stood there before comes back, or nothing. */
    int i = bonds_find(&h->bonds, &keys->identity);
    if (i >= 0) {
        h->bonds.dirty[i] = 1 << TROTH_RECORD_KEYS | 1 << TROTH_RECORD_STATE;
    } else {
        bool placed = host_store_removal(h, &keys->identity, true);
        ASSERT(placed);
    }
}

/* Bonds of connected peers keep their place. */
static uint32_t kept(const struct troth_host *h)
{
    uint32_t bits = 0;
    for (unsigned k = 0; k < TROTH_MAX_LINKS; k++)
        if (h->link[k].used && h->link[k].bond >= 0)
            bits |= 1u << h->link[k].bond;
    return bits;
}

/* A place for the bond in the table, made if need be. -1: there is none for it. */
static int make_place(struct troth_host *h, const struct troth_bond_keys *keys)
{
    const struct troth_addr *identity = &keys->identity;
    const struct troth_level level = bonds_level(keys);
    int i = bonds_place(&h->bonds, identity, &level, kept(h));
    if (i < 0)
        return -1;
    const struct troth_bond *there = &h->bonds.bond[i];
    if (there->used && !troth_addr_equal(&there->keys.identity, identity)) {
        /* The store makes room first: it may be no larger than the table. */
        if (!host_store_removal(h, &there->keys.identity, false))
            return -1;
        drop_bond(h, i);
    }
    return i;
}

bool host_commit(struct host_link *l, const struct troth_bond_keys *keys)
{
    if (make_place(l->host, keys) < 0)
        return false;
    l->commit = keys;
    return true;
}

/* ---- questions ---- */

static bool dirty(const struct troth_host *h, enum troth_record kind, uint8_t *at)
{
    for (unsigned i = 0; i < TROTH_MAX_BONDS; i++)
        if (h->bonds.dirty[i] >> kind & 1 && h->bonds.bond[i].used) {
            *at = (uint8_t)i;
            return true;
        }
    return false;
}

static enum host_store_job choose(const struct troth_host *h, uint8_t *at)
{
    if (h->store.removals)
        return STORE_REMOVE;
    for (unsigned k = 0; k < TROTH_MAX_LINKS; k++)
        if (h->link[k].used && h->link[k].commit) {
            *at = (uint8_t)k;
            return STORE_COMMIT_KEYS;
        }
    if (h->store.local_due)
        return STORE_LOCAL;
    static const uint8_t clean[TROTH_MAX_BONDS];
    if (!memcmp(h->bonds.dirty, clean, sizeof clean)) /* nearly always, and asked at every step */
        return STORE_NOTHING;
    /* The state first: keys that come back must not meet another's sign counters (host_uncommit). */
    if (dirty(h, TROTH_RECORD_STATE, at))
        return STORE_STATE;
    if (dirty(h, TROTH_RECORD_KEYS, at))
        return STORE_KEYS;
    return STORE_NOTHING;
}

static void open_ask(struct troth_host *h, enum host_store_job job)
{
    struct host_store *s = &h->store;
    struct troth_ask a = {.type = TROTH_ASK_STORE};
    s->job = (uint8_t)job;
    a.id = s->ask = host_ask_id(h);
    if (job == STORE_COMMIT_KEYS || job == STORE_COMMIT_STATE)
        a.link = h->link[s->at].number;
    host_put_ask(h, &a);
}

bool host_store_next(struct troth_host *h)
{
    if (h->store.ask)
        return false;
    enum host_store_job job = choose(h, &h->store.at);
    if (job == STORE_NOTHING)
        return false;
    if (job == STORE_COMMIT_KEYS) {
        /* Two links may race for one identity: what was stored meanwhile counts too. */
        struct host_link *l = &h->link[h->store.at];
        if (smp_may_store(&l->smp)) {
            host_uncommit(l);
            smp_stored(&l->smp, false);
            return true;
        }
    }
    if (job == STORE_LOCAL)
        h->store.local_due = false;
    else if (job == STORE_KEYS)
        h->bonds.dirty[h->store.at] &= (uint8_t) ~(1 << TROTH_RECORD_KEYS);
    else if (job == STORE_STATE)
        h->bonds.dirty[h->store.at] &= (uint8_t) ~(1 << TROTH_RECORD_STATE);
    open_ask(h, job);
    return true;
}

/* The mutable record a new bond begins with: what its predecessor subscribed to, new counters. */
static struct troth_bond_state fresh_state(const struct troth_host *h,
                                           const struct troth_addr *identity)
{
    struct troth_bond_state state = {.last_use = 0};
    int old = bonds_find(&h->bonds, identity);
    if (old >= 0)
        state = h->bonds.bond[old].state;
    state.sign_counter[0] = state.sign_counter[1] = 0;
    for (int i = 0; i < TROTH_MAX_BONDS; i++)
        if (h->bonds.bond[i].used && i != old && h->bonds.bond[i].state.last_use >= state.last_use)
            state.last_use = h->bonds.bond[i].state.last_use + 1;
    return state;
}

bool host_store_fill(struct troth_host *h, struct troth_ask *a, uint8_t record[TROTH_RECORD_MAX])
{
    const struct host_store *s = &h->store;
    int len = 0;
    a->u.store.record = record;
    switch ((enum host_store_job)s->job) {
    case STORE_REMOVE:
        a->u.store.kind = TROTH_RECORD_KEYS;
        a->u.store.identity = s->removal[0].identity;
        a->u.store.remove = true;
        a->u.store.record = NULL;
        break;
    case STORE_COMMIT_KEYS:
        a->u.store.kind = TROTH_RECORD_KEYS;
        a->u.store.identity = h->link[s->at].commit->identity;
        len = troth_bond_keys_encode(h->link[s->at].commit, record, TROTH_RECORD_MAX);
        break;
    case STORE_COMMIT_STATE: {
        a->u.store.kind = TROTH_RECORD_STATE;
        a->u.store.identity = h->link[s->at].commit->identity;
        struct troth_bond_state state = fresh_state(h, &a->u.store.identity);
        len = troth_bond_state_encode(&state, record, TROTH_RECORD_MAX);
        break;
    }
    case STORE_LOCAL:
        a->u.store.kind = TROTH_RECORD_LOCAL;
        len = troth_local_encode(&h->config.local, record, TROTH_RECORD_MAX);
        break;
    case STORE_KEYS:
        a->u.store.kind = TROTH_RECORD_KEYS;
        a->u.store.identity = h->bonds.bond[s->at].keys.identity;
        len = troth_bond_keys_encode(&h->bonds.bond[s->at].keys, record, TROTH_RECORD_MAX);
        break;
    case STORE_STATE:
        a->u.store.kind = TROTH_RECORD_STATE;
        a->u.store.identity = h->bonds.bond[s->at].keys.identity;
        memcpy(h->store.sign_counter, h->bonds.bond[s->at].state.sign_counter,
               sizeof h->store.sign_counter);
        len = troth_bond_state_encode(&h->bonds.bond[s->at].state, record, TROTH_RECORD_MAX);
        break;
    case STORE_NOTHING:
        return false;
    }
    if (len < 0) { /* what cannot be written down cannot be kept */
        host_store_answered(h, false);
        return false;
    }
    a->u.store.len = (uint16_t)len;
    return true;
}

/* ---- answers ---- */

static void removed(struct troth_host *h, bool ok)
{
    struct host_store *s = &h->store;
    struct troth_event e = {.type = ok ? TROTH_EV_BOND_REMOVED : TROTH_EV_BOND_NOT_REMOVED};
    e.u.addr = s->removal[0].identity;
    bool quiet = s->removal[0].quiet;
    s->removals--;
    memmove(&s->removal[0], &s->removal[1], s->removals * sizeof s->removal[0]);
    if (!quiet)
        host_emit(h, &e);
}

/* The pairing fails, and takes back with host_forget what the store may hold. */
static void commit_failed(struct host_link *l)
{
    l->host->store.job = STORE_COMMIT_STATE;
    smp_stored(&l->smp, false);
    ASSERT(!l->commit);
}

static void committed(struct host_link *l)
{
    struct troth_host *h = l->host;
    const struct troth_bond_keys *keys = l->commit;
    struct troth_bond_state state = fresh_state(h, &keys->identity);
    /* Its place was made at host_commit; another link's commit may have taken that since. */
    int i = make_place(h, keys);
    if (i < 0) {
        commit_failed(l);
        return;
    }
    unbond(h, i);
    l->commit = NULL;
    h->bonds.bond[i].used = true;
    h->bonds.bond[i].keys = *keys;
    bonds_made(&h->bonds, i);
    h->bonds.bond[i].state = state;
    h->bonds.dirty[i] = 0;
    memcpy(h->bonds.sign_kept[i], state.sign_counter, sizeof state.sign_counter);
    l->bond = (int8_t)i;
    l->bonded_due = true;
    smp_stored(&l->smp, true);
}

static void state_answered(struct troth_host *h, int i, bool ok)
{
    if (ok)
        memcpy(h->bonds.sign_kept[i], h->store.sign_counter, sizeof h->bonds.sign_kept[i]);
    else if (h->bonds.dirty[i] >> TROTH_RECORD_KEYS & 1)
        bonds_sign_nothing(&h->bonds.bond[i].keys); /* they come back beside another's counters */
    for (unsigned k = 0; !ok && k < TROTH_MAX_LINKS; k++)
        if (h->link[k].bond == i)
            gatt_unkept(&h->link[k].gatt);
}

int host_store_answered(struct troth_host *h, bool ok)
{
    struct host_store *s = &h->store;
    struct host_link *l = &h->link[s->at % TROTH_MAX_LINKS];
    enum host_store_job job = (enum host_store_job)s->job;
    s->ask = 0;
    s->job = STORE_NOTHING;
    switch (job) {
    case STORE_REMOVE:
        removed(h, ok);
        break;
    case STORE_COMMIT_KEYS:
        if (ok)
            open_ask(h, STORE_COMMIT_STATE);
        else
            commit_failed(l);
        break;
    case STORE_COMMIT_STATE:
        if (ok)
            committed(l);
        else
            commit_failed(l); /* half a bond is none */
        break;
    case STORE_STATE:
        state_answered(h, s->at, ok); /* what was not kept is stored at its next change */
        break;
    default:
        break;
    }
    return TROTH_OK;
}
