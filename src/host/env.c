/* What SMP and GATT are given: each call finds its link and appends. */
#include "host/host.h"
#include "smp/model.h"

_Static_assert(L2CAP_ATT_RESPONSE + GATT_SLOT_CONFIRMATION == L2CAP_ATT_CONFIRMATION &&
                   L2CAP_ATT_RESPONSE + GATT_SLOT_REQUEST == L2CAP_ATT_REQUEST &&
                   L2CAP_ATT_RESPONSE + GATT_SLOT_PUSH == L2CAP_ATT_PUSH,
               "GATT's four slots are L2CAP's, in one order");

static struct host_link *of(void *link)
{
    return link;
}

static bool send_smp(void *link, const uint8_t *pdu, size_t len)
{
    return l2cap_queue(&of(link)->l2cap, L2CAP_SMP, pdu, len);
}

static bool send_att(void *link, enum gatt_slot slot, const uint8_t *pdu, size_t len)
{
    return l2cap_queue(&of(link)->l2cap, (enum l2cap_slot)(L2CAP_ATT_RESPONSE + slot), pdu, len);
}

/* The outcome the GATT client waits for. */
static void watch_raise(struct host_link *l, const struct troth_event *e)
{
    switch (e->type) {
    case TROTH_EV_ENCRYPTED:
        if (l->raise == RAISE_ENCRYPTING)
            l->raise = e->u.encrypted.hci_status ? RAISE_NO : RAISE_YES;
        else if (l->raise == RAISE_PAIRING && !smp_pairing(&l->smp))
            /* Our Security Request was answered with the bond's key. */
            l->raise = e->u.encrypted.hci_status ? RAISE_NO : RAISE_YES;
        break;
    case TROTH_EV_PAIRED:
        if (l->raise == RAISE_PAIRING || l->raise == RAISE_ENCRYPTING)
            l->raise = RAISE_YES;
        break;
    case TROTH_EV_PAIRING_FAILED:
    case TROTH_EV_SECURITY_UNANSWERED:
        if (l->raise == RAISE_PAIRING || l->raise == RAISE_ENCRYPTING)
            l->raise = RAISE_NO;
        break;
    default:
        break;
    }
}

static void event(void *link, struct troth_event *e)
{
    struct host_link *l = of(link);
    watch_raise(l, e);
    if (e->type == TROTH_EV_ENCRYPTED && !e->u.encrypted.hci_status &&
        e->u.encrypted.level.bonded && l->bond >= 0) {
        bonds_touch(&l->host->bonds, l->bond);
        /* A pairing's bond is told of once it is stored. */
        if (!smp_pairing(&l->smp))
            l->bonded_due = true;
    }
    host_emit_link(l, e);
}

static void ask(void *link, struct troth_ask *a)
{
    host_ask(of(link), a);
}

static void withdraw(void *link, enum troth_ask_type type)
{
    struct host_link *l = of(link);
    host_withdraw(l, type);
    if (type == TROTH_ASK_RAISE)
        l->raise = RAISE_NONE;
}

static void draw(void *link, uint8_t *out, size_t len)
{
    host_random(of(link)->host, out, len);
}

const struct troth_policy *host_policy(const struct host_link *l)
{
    return l->has_policy ? &l->policy : &l->host->config.policy;
}

static const struct troth_policy *policy(void *link)
{
    return host_policy(of(link));
}

static bool admit(void *link)
{
    return host_attempts_wait(of(link)) == 0;
}

static void attempted(void *link, bool ok)
{
    host_attempted(of(link), ok);
}

static void encrypt(void *link, uint64_t rand, uint16_t ediv, const uint8_t ltk[16])
{
    struct host_link *l = of(link);
    l->rand = rand;
    l->ediv = ediv;
    memcpy(l->key, ltk, 16);
    l->pending |= HOST_ENCRYPT;
}

static void ltk_reply(void *link, const uint8_t *ltk)
{
    struct host_link *l = of(link);
    l->pending &= (uint8_t) ~(HOST_LTK_REPLY | HOST_LTK_NEGATIVE);
    l->pending |= ltk ? HOST_LTK_REPLY : HOST_LTK_NEGATIVE;
    if (ltk)
        memcpy(l->key, ltk, 16);
}

static void disconnect(void *link, uint8_t hci_reason)
{
    host_link_disconnect(of(link), hci_reason);
}

static const struct troth_bond *bond(void *link)
{
    const struct host_link *l = of(link);
    return l->bond < 0 ? NULL : &l->host->bonds.bond[l->bond];
}

static const struct troth_bond *bond_of(void *link, const struct troth_addr *identity)
{
    const struct bonds *b = &of(link)->host->bonds;
    int i = bonds_find(b, identity);
    return i < 0 ? NULL : &b->bond[i];
}

static const struct troth_bond *bond_of_irk(void *link, const uint8_t irk[16])
{
    const struct bonds *b = &of(link)->host->bonds;
    int i = bonds_find_irk(b, irk);
    return i < 0 ? NULL : &b->bond[i];
}

static bool commit(void *link, const struct troth_bond_keys *keys)
{
    return host_commit(of(link), keys);
}

static void uncommit(void *link)
{
    host_uncommit(of(link));
}

static void forget(void *link)
{
    struct host_link *l = of(link);
    if (l->bond < 0)
        return;
    const struct troth_addr identity = l->host->bonds.bond[l->bond].keys.identity;
    host_forget(l->host, &identity);
}

static void local(void *link, uint8_t irk[16], struct troth_addr *identity)
{
    const struct troth_host *h = of(link)->host;
    memcpy(irk, h->config.local.irk, 16);
    *identity = h->identity;
}

static struct smp_own_oob *own_oob(void *link)
{
    return &of(link)->host->own_oob;
}

const struct smp_env host_smp_env = {
    .send = send_smp,
    .event = event,
    .ask = ask,
    .withdraw = withdraw,
    .random = draw,
    .policy = policy,
    .encrypt = encrypt,
    .ltk_reply = ltk_reply,
    .disconnect = disconnect,
    .admit = admit,
    .attempted = attempted,
    .bond = bond,
    .bond_of = bond_of,
    .bond_of_irk = bond_of_irk,
    .commit = commit,
    .uncommit = uncommit,
    .forget = forget,
    .local = local,
    .own_oob = own_oob,
};

static struct troth_level level(void *link)
{
    return of(link)->smp.level;
}

static void raise(void *link, uint8_t att_error)
{
    struct host_link *l = of(link);
    l->raise = RAISE_DUE;
    l->raise_error = att_error;
}

static struct troth_bond_state *bond_state(void *link)
{
    struct host_link *l = of(link);
    return l->bond < 0 ? NULL : &l->host->bonds.bond[l->bond].state;
}

static void persist(void *link)
{
    struct host_link *l = of(link);
    if (l->bond >= 0)
        l->host->bonds.dirty[l->bond] |= 1 << TROTH_RECORD_STATE;
}

static const uint8_t *csrk(void *link, unsigned whose)
{
    const struct troth_bond *b = bond(link);
    if (!b || !b->keys.has_csrk[whose])
        return NULL;
    const struct troth_level made = bonds_level(&b->keys);
    return smp_policy_takes(policy(link), &made) ? b->keys.csrk[whose] : NULL;
}

static uint32_t sign_kept(void *link, unsigned whose)
{
    const struct host_link *l = of(link);
    return l->bond < 0 ? 0 : l->host->bonds.sign_kept[l->bond][whose];
}

const struct gatt_env host_gatt_env = {
    .send = send_att,
    .event = event,
    .ask = ask,
    .withdraw = withdraw,
    .level = level,
    .policy = policy,
    .disconnect = disconnect,
    .raise = raise,
    .bond_state = bond_state,
    .persist = persist,
    .csrk = csrk,
    .sign_kept = sign_kept,
};
