#include "hci/codec.h"

#include "base/bytes.h"

/* ---- commands ---- */

static struct out put(struct hci_command *c, uint16_t opcode)
{
    c->opcode = opcode;
    c->len = 0;
    return out_of(c->p, sizeof c->p);
}

static void put_end(struct hci_command *c, const struct out *o)
{
    c->len = (uint8_t)o->len;
}

void hci_put(struct hci_command *c, uint16_t opcode)
{
    put(c, opcode);
}

void hci_put_octets(struct hci_command *c, uint16_t opcode, const void *p, uint8_t len)
{
    struct out o = put(c, opcode);
    out_bytes(&o, p, len);
    put_end(c, &o);
}

void hci_put_enable(struct hci_command *c, uint16_t opcode, bool on)
{
    uint8_t b = on;
    hci_put_octets(c, opcode, &b, 1);
}

void hci_put_disconnect(struct hci_command *c, uint16_t handle, uint8_t reason)
{
    struct out o = put(c, HCI_DISCONNECT);
    out_u16(&o, handle);
    out_u8(&o, reason);
    put_end(c, &o);
}

void hci_put_random_address(struct hci_command *c, const struct troth_addr *addr)
{
    hci_put_octets(c, HCI_LE_SET_RANDOM_ADDRESS, addr->b, 6);
}

void hci_put_advertising(struct hci_command *c, uint16_t interval, bool connectable,
                         uint8_t own_type) /* 7.8.5 */
{
    static const uint8_t nobody[6] = {0};
    struct out o = put(c, HCI_LE_SET_ADVERTISING_PARAMETERS);
    out_u16(&o, interval);
    out_u16(&o, interval);
    out_u8(&o, connectable ? 0x00 : 0x02); /* ADV_IND, ADV_SCAN_IND */
    out_u8(&o, own_type);
    out_u8(&o, 0);
    out_bytes(&o, nobody, 6);
    out_u8(&o, 0x07); /* all three channels */
    out_u8(&o, 0);    /* no filter */
    put_end(c, &o);
}

void hci_put_advertising_data(struct hci_command *c, uint16_t opcode, const uint8_t *data,
                              uint8_t len)
{
    struct out o = put(c, opcode);
    out_u8(&o, len);
    uint8_t *p = out_room(&o, 31);
    memset(p, 0, 31);
    memcpy(p, data, len);
    put_end(c, &o);
}

void hci_put_scan_parameters(struct hci_command *c, bool active, uint8_t own_type) /* 7.8.10 */
{
    struct out o = put(c, HCI_LE_SET_SCAN_PARAMETERS);
    out_u8(&o, active);
    out_u16(&o, 0x0060); /* 60 ms of every 60 ms: Vol 3 Part C A, TGAP(scan_fast_interval) */
    out_u16(&o, 0x0060);
    out_u8(&o, own_type);
    out_u8(&o, 0);
    put_end(c, &o);
}

void hci_put_scan_enable(struct hci_command *c, bool on, bool filter_duplicates)
{
    uint8_t b[2] = {on, filter_duplicates};
    hci_put_octets(c, HCI_LE_SET_SCAN_ENABLE, b, 2);
}

static void put_params(struct out *o, const struct troth_conn_params *p)
{
    out_u16(o, p->interval_min);
    out_u16(o, p->interval_max);
    out_u16(o, p->latency);
    out_u16(o, p->timeout);
    out_u16(o, 0); /* connection event length: the controller's choice */
    out_u16(o, 0);
}

void hci_put_create_connection(struct hci_command *c, const struct troth_addr *peer,
                               uint8_t own_type, const struct troth_conn_params *params)
{
    struct out o = put(c, HCI_LE_CREATE_CONNECTION); /* 7.8.12 */
    out_u16(&o, 0x0060);
    out_u16(&o, 0x0060);
    out_u8(&o, 0); /* this peer, not the filter accept list */
    out_u8(&o, peer->type);
    out_bytes(&o, peer->b, 6);
    out_u8(&o, own_type);
    put_params(&o, params);
    put_end(c, &o);
}

void hci_put_update(struct hci_command *c, uint16_t handle, const struct troth_conn_params *params)
{
    struct out o = put(c, HCI_LE_CONNECTION_UPDATE);
    out_u16(&o, handle);
    put_params(&o, params);
    put_end(c, &o);
}

void hci_put_encrypt(struct hci_command *c, uint16_t handle, uint64_t rand, uint16_t ediv,
                     const uint8_t ltk[16])
{
    struct out o = put(c, HCI_LE_ENABLE_ENCRYPTION);
    out_u16(&o, handle);
    out_u64(&o, rand);
    out_u16(&o, ediv);
    out_bytes(&o, ltk, 16);
    put_end(c, &o);
}

void hci_put_ltk_reply(struct hci_command *c, uint16_t handle, const uint8_t ltk[16])
{
    struct out o = put(c, HCI_LE_LTK_REPLY);
    out_u16(&o, handle);
    out_bytes(&o, ltk, 16);
    put_end(c, &o);
}

void hci_put_ltk_negative(struct hci_command *c, uint16_t handle)
{
    struct out o = put(c, HCI_LE_LTK_NEGATIVE_REPLY);
    out_u16(&o, handle);
    put_end(c, &o);
}

void hci_put_parameter_reply(struct hci_command *c, uint16_t handle,
                             const struct troth_conn_params *params)
{
    struct out o = put(c, HCI_LE_PARAMETER_REQUEST_REPLY);
    out_u16(&o, handle);
    put_params(&o, params);
    put_end(c, &o);
}

void hci_put_parameter_negative(struct hci_command *c, uint16_t handle, uint8_t reason)
{
    struct out o = put(c, HCI_LE_PARAMETER_REQUEST_NEGATIVE_REPLY);
    out_u16(&o, handle);
    out_u8(&o, reason);
    put_end(c, &o);
}

static void put_addr(struct out *o, const struct troth_addr *a)
{
    out_u8(o, a->type);
    out_bytes(o, a->b, 6);
}

void hci_put_resolving_add(struct hci_command *c, const struct troth_addr *identity,
                           const uint8_t peer_irk[16], const uint8_t local_irk[16]) /* 7.8.38 */
{
    struct out o = put(c, HCI_LE_ADD_RESOLVING);
    put_addr(&o, identity);
    out_bytes(&o, peer_irk, 16);
    out_bytes(&o, local_irk, 16);
    put_end(c, &o);
}

void hci_put_resolving_remove(struct hci_command *c, const struct troth_addr *identity)
{
    struct out o = put(c, HCI_LE_REMOVE_RESOLVING); /* 7.8.39 */
    put_addr(&o, identity);
    put_end(c, &o);
}

void hci_put_rpa_timeout(struct hci_command *c, uint16_t seconds)
{
    struct out o = put(c, HCI_LE_SET_RPA_TIMEOUT); /* 7.8.45 */
    out_u16(&o, seconds);
    put_end(c, &o);
}

void hci_put_privacy_mode(struct hci_command *c, const struct troth_addr *identity, bool device)
{
    struct out o = put(c, HCI_LE_SET_PRIVACY_MODE); /* 7.8.77 */
    put_addr(&o, identity);
    out_u8(&o, device);
    put_end(c, &o);
}

/* ---- events ---- */

static struct troth_addr take_addr(struct in *in, uint8_t type)
{
    struct troth_addr a = {.type = type & 1};
    in_copy(in, a.b, 6);
    return a;
}

static bool is_zero(const struct troth_addr *a)
{
    uint8_t any = 0;
    for (unsigned i = 0; i < 6; i++)
        any |= a->b[i];
    return !any;
}

static uint16_t take_handle(struct in *in)
{
    return in_u16(in) & 0x0fff;
}

/* LE Connection Complete and LE Enhanced Connection Complete (v1), 7.7.65.1 and 7.7.65.10 */
static void take_connected(struct in *in, struct hci_event *e, bool enhanced)
{
    e->type = HCI_EV_CONNECTED;
    e->u.connected.status = in_u8(in);
    e->u.connected.handle = take_handle(in);
    e->u.connected.role = in_u8(in) ? TROTH_PERIPHERAL : TROTH_CENTRAL;
    uint8_t type = in_u8(in);
    e->u.connected.peer = take_addr(in, type);
    if (enhanced) {
        /* A resolvable private address is present when the air carried it instead. */
        struct troth_addr local = take_addr(in, TROTH_ADDR_RANDOM);
        struct troth_addr peer = take_addr(in, TROTH_ADDR_RANDOM);
        e->u.connected.has_local_rpa = !is_zero(&local);
        e->u.connected.local_rpa = local;
        if (type > 1 && !is_zero(&peer))
            e->u.connected.peer = peer;
    }
    e->u.connected.interval = in_u16(in);
    e->u.connected.latency = in_u16(in);
    e->u.connected.timeout = in_u16(in);
    in_u8(in); /* Central_Clock_Accuracy */
}

static void take_le(struct in *in, struct hci_event *e)
{
    uint8_t sub = in_u8(in);
    switch (sub) {
    case 0x01:
        take_connected(in, e, false);
        break;
    case 0x0a:
        take_connected(in, e, true);
        break;
    case 0x02:
        e->type = HCI_EV_REPORTS;
        e->u.reports.count = in_u8(in);
        e->u.reports.p = in->p;
        e->u.reports.len = (uint8_t)in->left;
        break;
    case 0x03:
        e->type = HCI_EV_UPDATED;
        e->u.updated.status = in_u8(in);
        e->u.updated.handle = take_handle(in);
        e->u.updated.interval = in_u16(in);
        e->u.updated.latency = in_u16(in);
        e->u.updated.timeout = in_u16(in);
        break;
    case 0x05:
        e->type = HCI_EV_LTK_REQUEST;
        e->u.ltk_request.handle = take_handle(in);
        e->u.ltk_request.rand = in_u64(in);
        e->u.ltk_request.ediv = in_u16(in);
        break;
    case 0x06:
        e->type = HCI_EV_PARAMETER_REQUEST;
        e->u.parameter_request.handle = take_handle(in);
        e->u.parameter_request.params.interval_min = in_u16(in);
        e->u.parameter_request.params.interval_max = in_u16(in);
        e->u.parameter_request.params.latency = in_u16(in);
        e->u.parameter_request.params.timeout = in_u16(in);
        break;
    default:
        break;
    }
}

bool hci_take_event(const uint8_t *p, size_t len, struct hci_event *e)
{
    memset(e, 0, sizeof *e);
    struct in in = in_of(p, len);
    uint8_t code = in_u8(&in);
    uint8_t plen = in_u8(&in);
    if (in.bad || in.left != plen)
        return false;

    switch (code) {
    case 0x05:
        e->type = HCI_EV_DISCONNECTED;
        e->u.disconnected.status = in_u8(&in);
        e->u.disconnected.handle = take_handle(&in);
        e->u.disconnected.reason = in_u8(&in);
        break;
    case 0x08: /* Encryption Change [v1] */
    case 0x59: /* [v2]: a key size follows, which we know better */
        e->type = HCI_EV_ENCRYPTION_CHANGED;
        e->u.encryption.status = in_u8(&in);
        e->u.encryption.handle = take_handle(&in);
        e->u.encryption.on = in_u8(&in) != 0;
        if (code == 0x59)
            in_u8(&in);
        break;
    case 0x30: /* Encryption Key Refresh Complete */
        e->type = HCI_EV_ENCRYPTION_CHANGED;
        e->u.encryption.status = in_u8(&in);
        e->u.encryption.handle = take_handle(&in);
        e->u.encryption.on = true;
        e->u.encryption.refresh = true;
        break;
    case 0x0e: /* Command Complete */
        e->type = HCI_EV_COMMAND;
        e->u.command.complete = true;
        e->u.command.credits = in_u8(&in);
        e->u.command.opcode = in_u16(&in);
        if (e->u.command.opcode) {
            e->u.command.status = in_u8(&in);
            e->u.command.result = in.p;
            e->u.command.len = (uint8_t)in.left;
        }
        break;
    case 0x0f: /* Command Status */
        e->type = HCI_EV_COMMAND;
        e->u.command.status = in_u8(&in);
        e->u.command.credits = in_u8(&in);
        e->u.command.opcode = in_u16(&in);
        break;
    case 0x10:
        e->type = HCI_EV_HARDWARE_ERROR;
        e->u.hardware.code = in_u8(&in);
        break;
    case 0x13:
        e->type = HCI_EV_COMPLETED_PACKETS;
        e->u.completed.count = in_u8(&in);
        e->u.completed.entries = in_bytes(&in, (size_t)e->u.completed.count * 4);
        break;
    case 0x3e:
        take_le(&in, e);
        break;
    default:
        break;
    }
    return !in.bad;
}

bool hci_take_report(struct hci_event *e, struct hci_report *r)
{
    if (!e->u.reports.count)
        return false;
    struct in in = in_of(e->u.reports.p, e->u.reports.len);
    r->kind = in_u8(&in);
    uint8_t type = in_u8(&in);
    r->addr = take_addr(&in, type);
    r->len = in_u8(&in);
    r->data = in_bytes(&in, r->len);
    r->rssi = (int8_t)in_u8(&in);
    bool good = !in.bad && r->kind <= 4 && type <= 3 && r->len <= 31;
    e->u.reports.count = good ? (uint8_t)(e->u.reports.count - 1) : 0;
    e->u.reports.p = in.p;
    e->u.reports.len = (uint8_t)in.left;
    return good;
}

bool hci_params_sane(const struct troth_conn_params *p)
{
    return p->interval_min >= 6 && p->interval_min <= p->interval_max && p->interval_max <= 3200 &&
           p->latency <= 499 && p->timeout >= 10 && p->timeout <= 3200 &&
           /* timeout * 10 ms > (1 + latency) * interval * 1.25 ms * 2 */
           (uint32_t)p->timeout * 4 > (1u + p->latency) * p->interval_max;
}
