/* A link from its beginning to its end: data, commands, and what is owed to SMP and GATT. */
#include "host/host.h"

/* ---- begin and end ---- */

bool host_link_room(const struct troth_host *h)
{
    unsigned used = h->gap.connect > GAP_WANTED; /* one may come of that */
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        used += h->link[i].used;
    return used < TROTH_MAX_LINKS;
}

static troth_link new_number(struct troth_host *h)
{
    do
        h->last_link = troth_link_next(h->last_link);
    while (host_link_of(h, h->last_link));
    return h->last_link;
}

static void refuse(struct troth_host *h, uint16_t handle)
{
    host_refused(h, handle); /* no controller has it twice */
    if (h->refusals < TROTH_MAX_LINKS)
        h->refuse[h->refusals++] = handle;
}

void host_refused(struct troth_host *h, uint16_t handle)
{
    for (unsigned i = 0; i < h->refusals; i++)
        if (h->refuse[i] == handle) {
            h->refusals--;
            memmove(&h->refuse[i], &h->refuse[i + 1], (h->refusals - i) * sizeof h->refuse[0]);
            return;
        }
}

void host_link_begin(struct troth_host *h, const struct hci_event *e)
{
    unsigned i = 0;
    while (i < TROTH_MAX_LINKS && h->link[i].used)
        i++;
    if (i == TROTH_MAX_LINKS) {
        refuse(h, e->u.connected.handle);
        return;
    }
    struct host_link *l = &h->link[i];
    troth_link number = new_number(h);
    wipe(l, sizeof *l);
    l->host = h;
    l->used = true;
    l->number = number;
    l->handle = e->u.connected.handle;
    l->role = e->u.connected.role;
    l->peer = e->u.connected.peer;
    l->local = e->u.connected.has_local_rpa ? e->u.connected.local_rpa : h->gap.own;
    l->interval = e->u.connected.interval;
    l->latency = e->u.connected.latency;
    l->timeout = e->u.connected.timeout;
    l->bond = (int8_t)bonds_resolve(&h->bonds, &l->peer);

    enum troth_side side = l->role == TROTH_CENTRAL ? TROTH_INITIATOR : TROTH_RESPONDER;
    struct troth_addr addr[2];
    addr[side] = l->local;
    addr[!side] = l->peer;
    hci_acl_open(&h->hci, i, l->handle);
    l2cap_init(&l->l2cap);
    smp_init(&l->smp, &host_smp_env, l, side, addr);
    gatt_init(&l->gatt, &host_gatt_env, l, &h->db);

    struct troth_event c = {.type = TROTH_EV_CONNECTED};
    c.u.connected.role = (enum troth_role)l->role;
    c.u.connected.peer = c.u.connected.identity = l->peer;
    c.u.connected.bonded = l->bond >= 0;
    if (l->bond >= 0)
        c.u.connected.identity = h->bonds.bond[l->bond].keys.identity;
    c.u.connected.interval = l->interval;
    c.u.connected.latency = l->latency;
    c.u.connected.timeout = l->timeout;
    host_emit_link(l, &c);
}

void host_link_end(struct host_link *l, uint8_t status)
{
    struct troth_host *h = l->host;
    hci_acl_close(&h->hci, (unsigned)(l - h->link));
    smp_disconnected(&l->smp, status);
    gatt_disconnected(&l->gatt);
    host_withdraw_all(l);
    struct troth_event e = {.type = TROTH_EV_DISCONNECTED};
    e.u.hci_status = status;
    host_emit_link(l, &e);
    /* Nothing that crossed is left. The number is: who is in the middle of something sees it gone. */
    troth_link number = l->number;
    wipe(l, sizeof *l);
    l->host = h;
    l->number = number;
    l->bond = -1;
    gap_room(&h->gap, host_link_room(h));
}

/* ---- data in ---- */

static void take_signalling(struct host_link *l, const struct l2cap_pdu *pdu)
{
    struct troth_conn_params params;
    switch (l2cap_signal_rx(&l->l2cap, (enum troth_role)l->role, pdu->data, pdu->len, &params)) {
    case L2CAP_SIGNAL_UPDATE:
        l->update = params;
        l->pending |= HOST_UPDATE;
        break;
    case L2CAP_SIGNAL_REFUSED: {
        struct troth_event e = {.type = TROTH_EV_PARAMETERS};
        e.u.parameters.hci_status = HCI_UNACCEPTABLE_PARAMETERS;
        e.u.parameters.interval = l->interval;
        e.u.parameters.latency = l->latency;
        e.u.parameters.timeout = l->timeout;
        host_emit_link(l, &e);
        break;
    }
    case L2CAP_SIGNAL_NONE:
        break;
    }
}

static void take_acl(struct host_link *l, bool first, const uint8_t *data, size_t len)
{
    struct l2cap_pdu pdu;
    if (!l2cap_rx(&l->l2cap, first, data, len, &pdu))
        return;
    switch (pdu.cid) {
    case L2CAP_CID_ATT:
        gatt_rx(&l->gatt, pdu.data, pdu.len);
        break;
    case L2CAP_CID_SMP:
        smp_rx(&l->smp, pdu.data, pdu.len);
        break;
    case L2CAP_CID_SIGNALLING:
        take_signalling(l, &pdu);
        break;
    default: /* no such channel, Vol 3 Part A 2.1 */
        break;
    }
}

void host_link_acl(struct host_link *l, bool first, const uint8_t *data, size_t len)
{
    if (!l->holding) {
        take_acl(l, first, data, len);
        return;
    }
    struct out o = out_of(l->held, sizeof l->held);
    o.len = l->held_len;
    out_u16(&o, (uint16_t)(len | (first ? 0x8000u : 0)));
    out_bytes(&o, data, len);
    if (o.bad || len >= 0x8000) {
        host_link_disconnect(l, HCI_LOW_RESOURCES); /* a gap would be worse than an end */
        return;
    }
    l->held_len = (uint16_t)o.len;
}

void host_link_release(struct host_link *l)
{
    l->holding = false;
    struct in in = in_of(l->held, l->held_len);
    while (in.left && l->used && !l->holding) { /* a PDU may begin another encryption */
        uint16_t head = in_u16(&in);
        const uint8_t *data = in_bytes(&in, head & 0x7fff);
        take_acl(l, head & 0x8000, data, head & 0x7fff);
        host_settle(l->host);
    }
    l->held_len = (uint16_t)in.left;
    memmove(l->held, in.p, in.left);
}

/* ---- commands ---- */

void host_link_disconnect(struct host_link *l, uint8_t reason)
{
    if (!(l->pending & HOST_DISCONNECT))
        l->reason = reason;
    l->pending |= HOST_DISCONNECT;
}

void host_link_command(struct host_link *l, struct hci_command *c)
{
    static const uint8_t order[] = {HOST_LTK_REPLY,    HOST_LTK_NEGATIVE,    HOST_ENCRYPT,
                                    HOST_PARAMS_REPLY, HOST_PARAMS_NEGATIVE, HOST_UPDATE,
                                    HOST_DISCONNECT};
    unsigned i = 0;
    while (!(l->pending & order[i]))
        i++;
    l->pending &= (uint8_t)~order[i];
    switch ((enum host_pending)order[i]) {
    case HOST_LTK_REPLY:
        hci_put_ltk_reply(c, l->handle, l->key);
        l->holding = l->host->config.acl_before_encryption;
        wipe(l->key, sizeof l->key);
        break;
    case HOST_LTK_NEGATIVE:
        hci_put_ltk_negative(c, l->handle);
        break;
    case HOST_ENCRYPT:
        hci_put_encrypt(c, l->handle, l->rand, l->ediv, l->key);
        l->holding = l->host->config.acl_before_encryption;
        wipe(l->key, sizeof l->key);
        break;
    case HOST_PARAMS_REPLY:
        hci_put_parameter_reply(c, l->handle, &l->reply);
        break;
    case HOST_PARAMS_NEGATIVE:
        hci_put_parameter_negative(c, l->handle, HCI_UNACCEPTABLE_PARAMETERS);
        break;
    case HOST_UPDATE:
        hci_put_update(c, l->handle, &l->update);
        break;
    case HOST_DISCONNECT:
        hci_put_disconnect(c, l->handle, l->reason);
        break;
    }
}

void host_link_answered(struct host_link *l, uint16_t opcode, uint8_t status)
{
    if (!status)
        return;
    switch (opcode) {
    case HCI_LE_ENABLE_ENCRYPTION:
    case HCI_LE_LTK_REPLY:
        smp_encryption_refused(&l->smp, status);
        host_settle(l->host);
        host_link_release(l);
        break;
    case HCI_LE_CONNECTION_UPDATE: {
        struct troth_event e = {.type = TROTH_EV_PARAMETERS};
        e.u.parameters.hci_status = status;
        e.u.parameters.interval = l->interval;
        e.u.parameters.latency = l->latency;
        e.u.parameters.timeout = l->timeout;
        host_emit_link(l, &e);
        break;
    }
    case HCI_DISCONNECT:
        /* The controller knows no such connection: its Disconnection Complete will not come. */
        if (status == HCI_UNKNOWN_CONNECTION)
            host_link_end(l, status);
        break;
    default:
        break;
    }
}

/* ---- what is owed ---- */

/* With a key at hand it only encrypts. Pairing is somebody else's decision. */
static void step_raise(struct host_link *l)
{
    int result;
    l->raise = RAISE_PAIRING; /* whatever comes of what is under way */
    if (smp_pairing(&l->smp))
        return;
    l->raise = RAISE_ENCRYPTING;
    if (l->smp.encrypting)
        return;
    if (!l->smp.level.key_size && smp_available(&l->smp).key_size) {
        if (l->role == TROTH_CENTRAL) {
            result = smp_encrypt(&l->smp);
        } else {
            l->raise = RAISE_PAIRING;
            result = smp_security_request(&l->smp, host_policy(l)->features.auth_req);
        }
        if (result != TROTH_OK)
            l->raise = RAISE_NO;
        return;
    }
    struct troth_ask a = {.type = TROTH_ASK_RAISE};
    a.u.raise.att_error = l->raise_error;
    a.u.raise.bonded = l->bond >= 0;
    l->raise = RAISE_ASKED;
    host_ask(l, &a);
}

bool host_link_step(struct host_link *l)
{
    if (l->bonded_due) {
        l->bonded_due = false;
        if (l->bond >= 0)
            gatt_bonded(&l->gatt);
        return true;
    }
    if (gatt_step(&l->gatt))
        return true;
    if (l->raise == RAISE_DUE) {
        step_raise(l);
        return true;
    }
    if (l->raise == RAISE_YES || l->raise == RAISE_NO) {
        bool yes = l->raise == RAISE_YES;
        l->raise = RAISE_NONE;
        gatt_secured(&l->gatt, yes);
        return true;
    }
    if (l2cap_smp_acked(&l->l2cap, &l->host->hci, (unsigned)(l - l->host->link))) {
        smp_acked(&l->smp);
        return true;
    }
    return false;
}

bool host_pump(struct troth_host *h)
{
    for (unsigned n = 0; n < TROTH_MAX_LINKS; n++) {
        unsigned i = (h->turn + n) % TROTH_MAX_LINKS;
        struct host_link *l = &h->link[i];
        enum l2cap_slot freed;
        if (!l->used || !l2cap_fragment(&l->l2cap, &h->hci, i, &freed))
            continue;
        h->turn = (uint8_t)((i + 1) % TROTH_MAX_LINKS);
        if (freed == L2CAP_SMP)
            smp_room(&l->smp);
        else if (freed < L2CAP_SIGNALLING)
            gatt_room(&l->gatt, (enum gatt_slot)(freed - L2CAP_ATT_RESPONSE));
        return true;
    }
    return false;
}
