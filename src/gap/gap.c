#include "gap/gap.h"

#include "base/wipe.h"
#include "bonds/bonds.h"

/* How long a cancelled connection attempt may take to say so. */
#define CANCEL_TIMEOUT_MS 2000

void gap_init(struct gap *g, void (*event)(void *host, struct troth_event *e),
              void (*random)(void *host, uint8_t *out, size_t len), void *host,
              const struct bonds *bonds)
{
    memset(g, 0, sizeof *g);
    g->event = event;
    g->random = random;
    g->host = host;
    g->bonds = bonds;
    g->room = true;
}

static void tell(struct gap *g, enum troth_event_type type, bool on)
{
    struct troth_event e = {.type = type};
    e.u.on = on;
    g->event(g->host, &e);
}

static void broken(struct gap *g, uint16_t opcode, uint8_t status)
{
    struct troth_event e = {.type = TROTH_EV_BROKEN};
    e.u.broken.hci_status = status;
    e.u.broken.opcode = opcode;
    g->event(g->host, &e);
}

/* Something changed: what was refused may be granted now. */
static void retry(struct gap *g)
{
    g->adv_blocked = false;
    g->scan_blocked = false;
}

void gap_up(struct gap *g, const struct troth_addr *identity)
{
    g->identity = g->own = *identity;
    g->up = true;
    g->paused = false;
    g->random_set = false;
    gap_privacy_up(g);
    g->adv_dirty = GAP_PARAMETERS | GAP_DATA | GAP_RESPONSE;
    g->scan_set = 0;
    g->alone = false;
    retry(g);
}

static bool seeking(const struct gap *g)
{
    return g->connect == GAP_WANTED && g->hides && !g->found && !gap_is_listed(g, &g->known);
}

static bool advertise_now(const struct gap *g)
{
    bool waits = g->alone && g->connect != GAP_IDLE && !seeking(g);
    return g->up && g->adv.on && (g->room || !g->adv.connectable) && !g->adv_blocked && !waits;
}

/* Not while connecting: many controllers do either, not both. */
static bool scan_now(const struct gap *g)
{
    return g->up && !g->scan_blocked && (seeking(g) || (g->scan && g->connect == GAP_IDLE));
}

/*
 * What the application sees. A pause for a change is none: what it stops comes back. And scanning
 * for a peer we connect to is nobody's business.
 */
static void show(struct gap *g)
{
    bool adv = g->adv_on || (g->adv_told && g->paused && advertise_now(g));
    if (adv != g->adv_told)
        tell(g, TROTH_EV_ADVERTISING, g->adv_told = adv);
    bool scan =
        g->scan_on ? g->scan || g->scan_told : g->scan_told && g->paused && g->scan && scan_now(g);
    if (scan != g->scan_told)
        tell(g, TROTH_EV_SCANNING, g->scan_told = scan);
}

static void connect_ended(struct gap *g, uint8_t status)
{
    struct troth_event e = {.type = TROTH_EV_CONNECT_FAILED};
    e.u.hci_status = g->why ? g->why : status;
    g->connect = GAP_IDLE;
    g->cancel = g->again = false;
    g->why = 0;
    timer_stop(&g->timer);
    timer_stop(&g->cancelling);
    wipe(g->irk, sizeof g->irk);
    if (status || e.u.hci_status)
        g->event(g->host, &e);
}

void gap_down(struct gap *g, uint8_t status)
{
    g->up = g->adv_on = g->scan_on = false;
    show(g);
    if (g->connect)
        connect_ended(g, status);
}

void gap_room(struct gap *g, bool room)
{
    g->room = room;
    retry(g);
    show(g);
}

/* ---- the wanted state ---- */

int gap_advertise(struct gap *g, const struct troth_advertising *adv)
{
    if (adv->on && (adv->data_len > 31 || adv->scan_response_len > 31 ||
                    (adv->interval_ms && (adv->interval_ms < 20 || adv->interval_ms > 10240))))
        return TROTH_INVALID;
    if (adv->on) {
        if (adv->connectable != g->adv.connectable || adv->interval_ms != g->adv.interval_ms)
            g->adv_dirty |= GAP_PARAMETERS;
        g->adv_dirty |= GAP_DATA | GAP_RESPONSE;
        g->adv = *adv;
    }
    g->adv.on = adv->on;
    retry(g);
    show(g);
    return TROTH_OK;
}

int gap_scan(struct gap *g, bool on, bool active)
{
    g->scan = on;
    g->scan_active = active;
    retry(g);
    show(g); /* it may have been on for our own sake */
    return TROTH_OK;
}

int gap_connect(struct gap *g, const struct troth_addr *peer, const struct troth_bond_keys *bond,
                uint32_t timeout_ms)
{
    if (!g->up)
        return TROTH_STATE;
    if (g->connect != GAP_IDLE)
        return TROTH_BUSY;
    g->connect = GAP_WANTED;
    g->cancel = g->again = g->found = false;
    g->why = 0;
    g->peer = g->air = *peer;
    g->known = bond ? bond->identity : *peer;
    g->hides = bond && bond->has_irk && troth_addr_equal(peer, &bond->identity);
    if (g->hides)
        memcpy(g->irk, bond->irk, 16);
    timer_stop(&g->timer);
    if (timeout_ms)
        timer_start(&g->timer, timeout_ms);
    retry(g);
    show(g);
    return TROTH_OK;
}

int gap_connect_cancel(struct gap *g, uint8_t why)
{
    bool ends = g->connect == GAP_CANCELLING && !g->again;
    if (g->connect == GAP_IDLE || ends || g->cancel)
        return TROTH_STATE;
    g->why = why;
    if (g->connect == GAP_WANTED)
        connect_ended(g, why);
    else if (g->connect == GAP_CANCELLING)
        g->again = false;
    else
        g->cancel = true;
    timer_stop(&g->timer);
    show(g);
    return TROTH_OK;
}

/* ---- the reconciler ---- */

/* Does anything use the address the host makes? Not what the resolving list serves. */
static bool uses_random(const struct gap *g)
{
    bool initiates = g->connect != GAP_IDLE && !g->cancel && !seeking(g);
    if (g->privacy.by == TROTH_PRIVACY_HOST)
        return advertise_now(g) || (scan_now(g) && g->scan_active) || initiates;
    return (scan_now(g) && g->scan_active) || (initiates && !gap_is_listed(g, &g->known));
}

static bool address_due(const struct gap *g)
{
    bool private = g->privacy.by != TROTH_PRIVACY_OFF;
    if (!g->random_set)
        return private || g->identity.type == TROTH_ADDR_RANDOM;
    return g->stale && uses_random(g);
}

static void put_address(struct gap *g, struct hci_command *c)
{
    uint8_t random[3];
    g->fresh = g->identity;
    if (g->privacy.by != TROTH_PRIVACY_OFF) {
        g->random(g->host, random, sizeof random);
        gap_private_address(&g->fresh, g->privacy.irk, random);
    }
    g->random_set = true;
    g->stale = false;
    hci_put_random_address(c, &g->fresh);
}

static void address_answered(struct gap *g, uint8_t status)
{
    if (status)
        broken(g, HCI_LE_SET_RANDOM_ADDRESS, status);
    else
        g->own = g->fresh;
    if (g->privacy.by != TROTH_PRIVACY_OFF)
        timer_start(&g->age, g->privacy.timeout_s * 1000u);
}

static const struct troth_addr *target(const struct gap *g)
{
    if (gap_is_listed(g, &g->known))
        return &g->known;
    return g->found ? &g->air : &g->peer;
}

bool gap_next(struct gap *g, struct hci_command *c)
{
    if (!g->up)
        return false;
    /* What controllers refuse while anything is on air, 7.8.4, 7.8.38 to 7.8.44 */
    bool address = address_due(g);
    bool change = gap_list_due(g) || address;
    bool advertise = advertise_now(g);
    bool quiet = !g->adv_on && !g->scan_on && g->connect <= GAP_WANTED;
    /* Looking for one peer it must not filter what it has reported before. */
    uint8_t scan_set =
        (g->scan && g->scan_active ? GAP_ACTIVE : GAP_PASSIVE) | (seeking(g) ? GAP_UNFILTERED : 0);
    uint16_t interval;

    /* pause */
    if (g->adv_on && (!advertise || change || g->adv_dirty & GAP_PARAMETERS)) {
        g->paused |= change;
        g->adv_asked = false;
        hci_put_enable(c, HCI_LE_SET_ADVERTISING_ENABLE, false);
        return true;
    }
    if (g->scan_on && (!scan_now(g) || change || g->scan_set != scan_set)) {
        g->paused |= change;
        hci_put_scan_enable(c, false, false);
        return true;
    }
    if ((g->cancel || change) && g->connect == GAP_CONNECTING) {
        g->connect = GAP_CANCELLING;
        g->again = !g->cancel;
        timer_start(&g->cancelling, CANCEL_TIMEOUT_MS);
        hci_put(c, HCI_LE_CREATE_CONNECTION_CANCEL);
        return true;
    }

    /* change */
    if (change && !quiet)
        return false;
    if (address) {
        put_address(g, c);
        return true;
    }
    if (change) {
        gap_list_next(g, c);
        return true;
    }
    if (advertise && g->adv_dirty & GAP_PARAMETERS) {
        g->adv_dirty &= (uint8_t)~GAP_PARAMETERS;
        interval = g->adv.interval_ms ? g->adv.interval_ms : 100;
        hci_put_advertising(c, (uint16_t)(interval * 8u / 5), g->adv.connectable, gap_own_type(g));
        return true;
    }
    if (advertise && g->adv_dirty & GAP_DATA) {
        g->adv_dirty &= (uint8_t)~GAP_DATA;
        hci_put_advertising_data(c, HCI_LE_SET_ADVERTISING_DATA, g->adv.data, g->adv.data_len);
        return true;
    }
    if (advertise && g->adv_dirty & GAP_RESPONSE) {
        g->adv_dirty &= (uint8_t)~GAP_RESPONSE;
        hci_put_advertising_data(c, HCI_LE_SET_SCAN_RESPONSE_DATA, g->adv.scan_response,
                                 g->adv.scan_response_len);
        return true;
    }
    if (scan_now(g) && g->scan_set != scan_set) {
        g->scan_set = scan_set;
        hci_put_scan_parameters(c, scan_set & GAP_ACTIVE, gap_own_type(g));
        return true;
    }

    /* resume */
    if (g->connect == GAP_WANTED && !seeking(g) && !(g->alone && g->adv_on)) {
        static const struct troth_conn_params params = {24, 40, 0, 400}; /* 30 to 50 ms, 4 s */
        g->connect = GAP_CREATING;
        hci_put_create_connection(c, target(g), gap_own_type(g), &params);
        return true;
    }
    if (scan_now(g) && !g->scan_on) {
        hci_put_scan_enable(c, true, !(scan_set & GAP_UNFILTERED));
        return true;
    }
    if (advertise && !g->adv_on) {
        g->adv_asked = true;
        hci_put_enable(c, HCI_LE_SET_ADVERTISING_ENABLE, true);
        return true;
    }
    g->paused = false;
    return false;
}

/* The attempt is off the air: at the end of it, or for a change. The peer's address may be another
 * by now. */
static void cancelled(struct gap *g, uint8_t status)
{
    if (!g->again) {
        connect_ended(g, status);
        return;
    }
    g->again = g->found = false;
    g->connect = GAP_WANTED;
    timer_stop(&g->cancelling);
}

static void create_answered(struct gap *g, uint8_t status)
{
    if (g->connect != GAP_CREATING)
        return;
    if (!status) {
        g->connect = GAP_CONNECTING;
    } else if (g->cancel) {
        connect_ended(g, status);
    } else if (status == HCI_DISALLOWED && g->adv_on && !g->alone) {
        g->alone = true; /* advertising pauses for it, then once more */
        g->connect = GAP_WANTED;
    } else {
        connect_ended(g, status);
    }
}

/* What is refused waits for a change, rather than being asked for for ever. */
static void adv_refused(struct gap *g, uint16_t opcode, uint8_t status, uint8_t dirty)
{
    g->adv_dirty |= dirty;
    if (status == HCI_DISALLOWED && g->connect > GAP_WANTED && !g->alone) {
        g->alone = true; /* it does one of the two: after the connection attempt */
        return;
    }
    g->adv_blocked = true;
    if (!g->linked) /* some do not advertise beside a link: after it, then */
        broken(g, opcode, status);
}

void gap_answered(struct gap *g, uint16_t opcode, uint8_t status)
{
    switch (opcode) {
    case HCI_LE_SET_RANDOM_ADDRESS:
        address_answered(g, status);
        break;
    case HCI_LE_SET_RPA_TIMEOUT:
    case HCI_LE_ADD_RESOLVING:
    case HCI_LE_REMOVE_RESOLVING:
    case HCI_LE_SET_PRIVACY_MODE:
    case HCI_LE_SET_ADDRESS_RESOLUTION:
        gap_list_answered(g, opcode, status);
        break;
    case HCI_LE_SET_ADVERTISING_PARAMETERS:
        if (status)
            adv_refused(g, opcode, status, GAP_PARAMETERS);
        break;
    case HCI_LE_SET_ADVERTISING_DATA:
        if (status)
            adv_refused(g, opcode, status, GAP_DATA);
        break;
    case HCI_LE_SET_SCAN_RESPONSE_DATA:
        if (status)
            adv_refused(g, opcode, status, GAP_RESPONSE);
        break;
    case HCI_LE_SET_ADVERTISING_ENABLE:
        if (!g->adv_asked) /* a refusal to stop: it had stopped by itself */
            g->adv_on = false;
        else if (status)
            adv_refused(g, opcode, status, 0);
        else
            g->adv_on = true;
        break;
    case HCI_LE_SET_SCAN_PARAMETERS:
    case HCI_LE_SET_SCAN_ENABLE:
        if (opcode == HCI_LE_SET_SCAN_ENABLE && g->scan_on) {
            g->scan_on = false;
        } else if (status) {
            g->scan_set = 0;
            g->scan_blocked = true;
            broken(g, opcode, status);
            if (seeking(g))
                connect_ended(g, status);
        } else if (opcode == HCI_LE_SET_SCAN_ENABLE) {
            g->scan_on = true;
        }
        break;
    case HCI_LE_CREATE_CONNECTION:
        create_answered(g, status);
        break;
    case HCI_LE_CREATE_CONNECTION_CANCEL:
        /* Refused: there is nothing to cancel, and Connection Complete would have come before. */
        if (status && g->connect == GAP_CANCELLING)
            cancelled(g, status);
        break;
    default:
        break;
    }
    show(g);
}

void gap_connection(struct gap *g, enum troth_role role, uint8_t status)
{
    /* Of a failure only the status means anything; only directed advertising fails here. */
    if (status || role == TROTH_CENTRAL) {
        if (g->connect < GAP_CREATING)
            return;
        if (!status)
            g->why = 0;
        if (status && g->connect == GAP_CANCELLING)
            cancelled(g, status);
        else
            connect_ended(g, status);
    } else {
        g->adv_on = false; /* it ends with the connection it led to */
    }
    retry(g);
    show(g);
}

void gap_report(struct gap *g, const struct hci_report *r)
{
    bool connectable = r->kind <= 1;
    if (seeking(g) && connectable &&
        (troth_addr_equal(&r->addr, &g->peer) || bonds_rpa_matches(&r->addr, g->irk))) {
        g->air = r->addr;
        g->found = true;
    }
    if (!g->scan)
        return;
    struct troth_event e = {.type = TROTH_EV_REPORT};
    int bond = bonds_resolve(g->bonds, &r->addr);
    e.u.report.bonded = bond >= 0;
    e.u.report.addr = e.u.report.identity = r->addr;
    if (bond >= 0)
        e.u.report.identity = g->bonds->bond[bond].keys.identity;
    e.u.report.rssi = r->rssi;
    e.u.report.connectable = connectable;
    e.u.report.scannable = r->kind == 0 || r->kind == 2;
    e.u.report.directed = r->kind == 1;
    e.u.report.scan_response = r->kind == 4;
    e.u.report.data = r->data;
    e.u.report.len = r->len;
    g->event(g->host, &e);
}

void gap_tick(struct gap *g, troth_ms now)
{
    if (timer_due(&g->age, now))
        g->stale = true;
    if (timer_due(&g->cancelling, now) && g->connect == GAP_CANCELLING)
        cancelled(g, HCI_CANCELLED_BY_HOST);
    if (timer_due(&g->timer, now) && g->connect)
        gap_connect_cancel(g, HCI_NOT_ESTABLISHED);
}

troth_ms gap_deadline(const struct gap *g)
{
    troth_ms at = earlier(timer_deadline(&g->timer), timer_deadline(&g->cancelling));
    return earlier(at, timer_deadline(&g->age));
}

void gap_static_address(struct troth_addr *a, const uint8_t random[6])
{
    a->type = TROTH_ADDR_RANDOM;
    memcpy(a->b, random, 6);
    /* Neither all 0 nor all 1 behind the two top bits: those two are as good as any other. */
    uint8_t any = 0, all = 0xff;
    for (unsigned i = 0; i < 5; i++) {
        any |= a->b[i];
        all &= a->b[i];
    }
    if (!any || all == 0xff)
        a->b[0] ^= 0x5a;
    a->b[5] |= 0xc0;
}
