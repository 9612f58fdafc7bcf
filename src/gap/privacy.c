/*
 * Our private addresses, and the controller's resolving list kept equal to the bonds: Vol 3 Part C
 * 10.7, Vol 4 Part E 7.8.38 to 7.8.45 and 7.8.77, Vol 6 Part B 6.
 */
#include <string.h>

#include "bonds/bonds.h"
#include "crypto/toolbox.h"
#include "gap/gap.h"

/* gap_listed.state */
enum {
    OUT,
    ADDED,   /* in network privacy mode as yet */
    LISTED,  /* as it shall be */
    LEAVING, /* must go: the controller refused its privacy mode */
    REFUSED, /* the controller does not take it: the host resolves */
};

enum step { NOTHING, TIMEOUT, ADD_OWN, REMOVE, ADD, MODE, ENABLE };

/*
 * The entry that gives us an address where no peer is meant: no device has this address, and its
 * IRK is all zero. Advertising that is not directed names it, being parameters of zeros.
 */
static const struct troth_addr nobody = {TROTH_ADDR_PUBLIC, {0}};
static const uint8_t no_irk[16];

void gap_private_address(struct troth_addr *a, const uint8_t irk[16], const uint8_t random[3])
{
    a->type = TROTH_ADDR_RANDOM;
    memcpy(a->b + 3, random, 3);
    /* The 22 random bits are neither all 0 nor all 1, Vol 6 Part B 1.3.2.2. */
    if ((!a->b[3] && !a->b[4] && !(a->b[5] & 0x3f)) ||
        (a->b[3] == 0xff && a->b[4] == 0xff && (a->b[5] & 0x3f) == 0x3f))
        a->b[3] ^= 0x5a;
    a->b[5] = (uint8_t)((a->b[5] & 0x3f) | 0x40);
    toolbox_ah(irk, a->b + 3, a->b);
}

void gap_privacy_up(struct gap *g)
{
    memset(&g->list, 0, sizeof g->list);
    g->stale = false;
    timer_stop(&g->age);
}

uint8_t gap_own_type(const struct gap *g)
{
    /*
     * 0x03: from the list, and the host's address where there is no entry. 0x02 would show the
     * public address to strangers (7.8.5, 7.8.10, 7.8.12).
     */
    static const uint8_t type[] = {
        [TROTH_PRIVACY_HOST] = TROTH_ADDR_RANDOM, [TROTH_PRIVACY_CONTROLLER] = 0x03};
    return g->privacy.by == TROTH_PRIVACY_OFF ? g->identity.type : type[g->privacy.by];
}

/* ---- the list ---- */

static bool same(const struct gap *g, int i)
{
    return g->list.bond[i].made == g->bonds->made[i];
}

static bool refused(const struct gap *g, int i)
{
    return g->list.bond[i].state == REFUSED && same(g, i);
}

/* Of a peer that is known by its IRK alone the identity may be zeros: our own entry's. */
static bool may_be_in(const struct gap *g, int i)
{
    const struct troth_bond *b = &g->bonds->bond[i];
    return b->used && !refused(g, i) && !troth_addr_equal(&b->keys.identity, &nobody);
}

/* Who hides needs the place more, then who was here last. */
static bool before(const struct troth_bond *a, const struct troth_bond *b)
{
    if (a->keys.has_irk != b->keys.has_irk)
        return a->keys.has_irk;
    return a->state.last_use > b->state.last_use;
}

static bool wanted(const struct gap *g, int i)
{
    const struct bonds *b = g->bonds;
    const struct troth_bond *it = &b->bond[i];
    if (!may_be_in(g, i))
        return false;
    unsigned ahead = 1; /* our own entry */
    for (int k = 0; k < TROTH_MAX_BONDS; k++) {
        const struct troth_bond *other = &b->bond[k];
        if (k == i || !may_be_in(g, k))
            continue;
        /* An IRK is in the list once, 7.8.38. */
        if (bonds_share_irk(it, other) && bonds_prefer(b, k, i))
            return false;
        ahead += before(other, it) || (k < i && !before(it, other));
    }
    return ahead < g->privacy.list_size;
}

static bool is_in(const struct gap *g, int i)
{
    uint8_t state = g->list.bond[i].state;
    return state == ADDED || state == LISTED || state == LEAVING;
}

/* What is to be done next; at: to which bond's entry. */
static enum step next_step(struct gap *g, int *at)
{
    const struct bonds *b = g->bonds;
    if (!g->list.timeout_set)
        return TIMEOUT;
    if (!g->list.own)
        return ADD_OWN;
    for (*at = 0; *at < TROTH_MAX_BONDS; ++*at) {
        struct gap_listed *e = &g->list.bond[*at];
        if (e->state == REFUSED && !same(g, *at))
            e->state = OUT;
        if (is_in(g, *at) && (e->state == LEAVING || !same(g, *at) || !wanted(g, *at)))
            return REMOVE;
    }
    for (*at = 0; *at < TROTH_MAX_BONDS; ++*at)
        if (g->list.bond[*at].state == OUT && wanted(g, *at))
            return ADD;
    for (*at = 0; *at < TROTH_MAX_BONDS; ++*at)
        if (g->list.bond[*at].state == ADDED && b->bond[*at].keys.has_irk)
            return MODE;
    return g->list.enabled ? NOTHING : ENABLE;
}

bool gap_list_due(struct gap *g)
{
    int at;
    if (g->privacy.by != TROTH_PRIVACY_CONTROLLER)
        return false;
    if (g->list.reached && g->list.serial == g->bonds->serial)
        return false;
    g->list.serial = g->bonds->serial;
    g->list.reached = next_step(g, &at) == NOTHING;
    return !g->list.reached;
}

void gap_list_next(struct gap *g, struct hci_command *c)
{
    int at = 0;
    enum step step = next_step(g, &at);
    struct gap_listed *e = &g->list.bond[at % TROTH_MAX_BONDS];
    g->list.at = (int8_t)(step == ADD_OWN ? -1 : at);
    switch (step) {
    case TIMEOUT:
        hci_put_rpa_timeout(c, g->privacy.timeout_s);
        break;
    case ADD_OWN:
        hci_put_resolving_add(c, &nobody, no_irk, g->privacy.irk);
        break;
    case REMOVE:
        hci_put_resolving_remove(c, &e->identity);
        break;
    case ADD: {
        const struct troth_bond_keys *keys = &g->bonds->bond[at].keys;
        e->identity = keys->identity;
        e->made = g->bonds->made[at];
        hci_put_resolving_add(c, &e->identity, keys->has_irk ? keys->irk : no_irk, g->privacy.irk);
        break;
    }
    case MODE:
        /*
         * Device privacy mode: to have given an IRK is not to use it. In network privacy mode a
         * bonded peer under its identity address would not be heard at all (Vol 6 Part B 4.7).
         */
        hci_put_privacy_mode(c, &e->identity, true);
        break;
    default:
        hci_put_enable(c, HCI_LE_SET_ADDRESS_RESOLUTION, true);
        break;
    }
}

void gap_list_answered(struct gap *g, uint16_t opcode, uint8_t status)
{
    struct gap_list *l = &g->list;
    struct gap_listed *e = &l->bond[l->at < 0 ? 0 : l->at % TROTH_MAX_BONDS];
    bool whole = !status;
    switch (opcode) {
    case HCI_LE_SET_RPA_TIMEOUT:
        l->timeout_set = whole;
        break;
    case HCI_LE_ADD_RESOLVING:
        if (l->at < 0) {
            l->own = whole;
            break;
        }
        e->state = whole ? ADDED : REFUSED;
        return;
    case HCI_LE_REMOVE_RESOLVING:
        e->state = e->state == LEAVING ? REFUSED : OUT;
        return;
    case HCI_LE_SET_PRIVACY_MODE:
        e->state = whole ? LISTED : LEAVING;
        return;
    default:
        l->enabled = whole;
        break;
    }
    /* It cannot after all. Nothing was on air yet: the list comes first. */
    if (!whole)
        g->privacy.by = TROTH_PRIVACY_HOST;
}

bool gap_is_listed(const struct gap *g, const struct troth_addr *identity)
{
    if (g->privacy.by != TROTH_PRIVACY_CONTROLLER || !g->list.enabled)
        return false;
    for (int i = 0; i < TROTH_MAX_BONDS; i++)
        if (is_in(g, i) && same(g, i) && troth_addr_equal(&g->list.bond[i].identity, identity))
            return true;
    return false;
}
