#include "gap/gap.h"

#include "base/wipe.h"
#include "bonds/bonds.h"

/* How long a cancelled connection attempt may take to say so. */
#define CANCEL_TIMEOUT_MS 2000

void gap_init(struct gap *g, void (*event)(void *host, struct troth_event *e), void *host)
{
    memset(g, 0, sizeof *g);
    g->event = event;
    g->host = host;
    g->room = true;
}

static void tell(struct gap *g, enum troth_event_type type, bool on)
{
    struct troth_event e = {.type = type};
    e.u.on = on;
    g->event(g->host, &e);
}

static void adv_is(struct gap *g, bool on)
{
    if (g->adv_on == on)
        return;
    g->adv_on = on;
    tell(g, TROTH_EV_ADVERTISING, on);
}

/* Scanning for a peer we connect to is nobody's business. */
static void scan_is(struct gap *g, bool on)
{
    g->scan_on = on;
    bool told = on && g->scan;
    if (g->scan_told == told)
        return;
    g->scan_told = told;
    tell(g, TROTH_EV_SCANNING, told);
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

void gap_up(struct gap *g, const struct troth_addr *own)
{
    g->own = *own;
    g->up = true;
    g->random_set = false;
    g->adv_dirty = GAP_PARAMETERS | GAP_DATA | GAP_RESPONSE;
    g->scan_set = 0;
    g->alone = false;
    retry(g);
}

static void connect_ended(struct gap *g, uint8_t status)
{
    struct troth_event e = {.type = TROTH_EV_CONNECT_FAILED};
    e.u.hci_status = g->why ? g->why : status;
    g->connect = GAP_IDLE;
    g->cancel = false;
    g->why = 0;
    timer_stop(&g->timer);
    wipe(g->irk, sizeof g->irk);
    if (status || e.u.hci_status)
        g->event(g->host, &e);
}

void gap_down(struct gap *g, uint8_t status)
{
    g->up = false;
    adv_is(g, false);
    scan_is(g, false);
    if (g->connect)
        connect_ended(g, status);
}

void gap_room(struct gap *g, bool room)
{
    g->room = room;
    retry(g);
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
    return TROTH_OK;
}

int gap_scan(struct gap *g, bool on, bool active)
{
    g->scan = on;
    g->scan_active = active;
    if (g->scan_on)
        scan_is(g, true); /* it may have been on for our own sake */
    retry(g);
    return TROTH_OK;
}

int gap_connect(struct gap *g, const struct troth_addr *peer, const uint8_t *irk,
                uint32_t timeout_ms)
{
    if (!g->up)
        return TROTH_STATE;
    if (g->connect != GAP_IDLE)
        return TROTH_BUSY;
    g->connect = GAP_WANTED;
    g->cancel = false;
    g->why = 0;
    g->peer = g->air = *peer;
    g->seek = irk != NULL;
    if (irk)
        memcpy(g->irk, irk, 16);
    timer_stop(&g->timer);
    if (timeout_ms)
        timer_start(&g->timer, timeout_ms);
    retry(g);
    return TROTH_OK;
}

int gap_connect_cancel(struct gap *g, uint8_t why)
{
    if (g->connect == GAP_IDLE || g->connect == GAP_CANCELLING || g->cancel)
        return TROTH_STATE;
    g->why = why;
    if (g->connect == GAP_WANTED)
        connect_ended(g, why);
    else
        g->cancel = true;
    return TROTH_OK;
}

/* ---- the reconciler ---- */

static bool advertise_now(const struct gap *g)
{
    bool waits = g->alone && g->connect != GAP_IDLE && !g->seek;
    return g->adv.on && (g->room || !g->adv.connectable) && !g->adv_blocked && !waits;
}

static bool seeking(const struct gap *g)
{
    return g->connect == GAP_WANTED && g->seek;
}

/* Not while connecting: many controllers do either, not both. */
static bool scan_now(const struct gap *g)
{
    return !g->scan_blocked && (seeking(g) || (g->scan && g->connect == GAP_IDLE));
}

bool gap_next(struct gap *g, struct hci_command *c)
{
    if (!g->up)
        return false;
    bool address = g->own.type == TROTH_ADDR_RANDOM && !g->random_set;
    bool quiet = !g->adv_on && !g->scan_on && g->connect <= GAP_WANTED;
    /* Looking for one peer it must not filter what it has reported before. */
    uint8_t scan_set =
        (g->scan && g->scan_active ? GAP_ACTIVE : GAP_PASSIVE) | (seeking(g) ? GAP_UNFILTERED : 0);
    uint16_t interval;

    /* pause */
    if (g->adv_on && (!advertise_now(g) || address || g->adv_dirty & GAP_PARAMETERS)) {
        hci_put_enable(c, HCI_LE_SET_ADVERTISING_ENABLE, false);
        return true;
    }
    if (g->scan_on && (!scan_now(g) || address || g->scan_set != scan_set)) {
        hci_put_scan_enable(c, false, false);
        return true;
    }
    if (g->cancel && g->connect == GAP_CONNECTING) {
        g->connect = GAP_CANCELLING;
        timer_start(&g->timer, CANCEL_TIMEOUT_MS);
        hci_put(c, HCI_LE_CREATE_CONNECTION_CANCEL);
        return true;
    }

    /* change */
    if (address && !quiet)
        return false;
    if (address) {
        g->random_set = true;
        hci_put_random_address(c, &g->own);
        return true;
    }
    if (advertise_now(g) && g->adv_dirty & GAP_PARAMETERS) {
        g->adv_dirty &= (uint8_t)~GAP_PARAMETERS;
        interval = g->adv.interval_ms ? g->adv.interval_ms : 100;
        hci_put_advertising(c, (uint16_t)(interval * 8u / 5), g->adv.connectable, g->own.type);
        return true;
    }
    if (advertise_now(g) && g->adv_dirty & GAP_DATA) {
        g->adv_dirty &= (uint8_t)~GAP_DATA;
        hci_put_advertising_data(c, HCI_LE_SET_ADVERTISING_DATA, g->adv.data, g->adv.data_len);
        return true;
    }
    if (advertise_now(g) && g->adv_dirty & GAP_RESPONSE) {
        g->adv_dirty &= (uint8_t)~GAP_RESPONSE;
        hci_put_advertising_data(c, HCI_LE_SET_SCAN_RESPONSE_DATA, g->adv.scan_response,
                                 g->adv.scan_response_len);
        return true;
    }
    if (scan_now(g) && g->scan_set != scan_set) {
        g->scan_set = scan_set;
        hci_put_scan_parameters(c, scan_set & GAP_ACTIVE, g->own.type);
        return true;
    }

    /* resume */
    if (g->connect == GAP_WANTED && !g->seek && !(g->alone && g->adv_on)) {
        static const struct troth_conn_params params = {24, 40, 0, 400}; /* 30 to 50 ms, 4 s */
        g->connect = GAP_CREATING;
        hci_put_create_connection(c, &g->air, g->own.type, &params);
        return true;
    }
    if (scan_now(g) && !g->scan_on) {
        hci_put_scan_enable(c, true, !(scan_set & GAP_UNFILTERED));
        return true;
    }
    if (advertise_now(g) && !g->adv_on) {
        hci_put_enable(c, HCI_LE_SET_ADVERTISING_ENABLE, true);
        return true;
    }
    return false;
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
    broken(g, opcode, status);
}

void gap_answered(struct gap *g, uint16_t opcode, uint8_t status)
{
    switch (opcode) {
    case HCI_LE_SET_RANDOM_ADDRESS:
        if (status)
            broken(g, opcode, status);
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
        if (g->adv_on) /* a refusal to stop: it had stopped by itself */
            adv_is(g, false);
        else if (status)
            adv_refused(g, opcode, status, 0);
        else
            adv_is(g, true);
        break;
    case HCI_LE_SET_SCAN_PARAMETERS:
    case HCI_LE_SET_SCAN_ENABLE:
        if (opcode == HCI_LE_SET_SCAN_ENABLE && g->scan_on) {
            scan_is(g, false);
        } else if (status) {
            g->scan_set = 0;
            g->scan_blocked = true;
            broken(g, opcode, status);
            if (seeking(g))
                connect_ended(g, status);
        } else if (opcode == HCI_LE_SET_SCAN_ENABLE) {
            scan_is(g, true);
        }
        break;
    case HCI_LE_CREATE_CONNECTION:
        create_answered(g, status);
        break;
    case HCI_LE_CREATE_CONNECTION_CANCEL:
        /* Refused: there is nothing to cancel, and Connection Complete would have come before. */
        if (status && g->connect == GAP_CANCELLING)
            connect_ended(g, status);
        break;
    default:
        break;
    }
}

void gap_connection(struct gap *g, enum troth_role role, uint8_t status)
{
    /* Of a failure only the status means anything; only directed advertising fails here. */
    if (status || role == TROTH_CENTRAL) {
        if (g->connect < GAP_CREATING)
            return;
        if (!status)
            g->why = 0;
        connect_ended(g, status);
    } else {
        adv_is(g, false); /* it ends with the connection it led to */
    }
    retry(g);
}

void gap_report(struct gap *g, const struct hci_report *r)
{
    bool connectable = r->kind <= 1;
    if (seeking(g) && connectable &&
        (troth_addr_equal(&r->addr, &g->peer) || bonds_rpa_matches(&r->addr, g->irk))) {
        g->air = r->addr;
        g->seek = false;
    }
    if (!g->scan)
        return;
    struct troth_event e = {.type = TROTH_EV_REPORT};
    e.u.report.addr = r->addr;
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
    if (!timer_due(&g->timer, now))
        return;
    if (g->connect == GAP_CANCELLING)
        connect_ended(g, HCI_CANCELLED_BY_HOST);
    else if (g->connect)
        gap_connect_cancel(g, HCI_NOT_ESTABLISHED);
}

troth_ms gap_deadline(const struct gap *g)
{
    return timer_deadline(&g->timer);
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
