/* LL control procedures except encryption: Vol 6 Part B 2.4.2 (PDUs) and 5.1. */
#include "air/internal.h"

enum {
    LL_CONNECTION_UPDATE_IND = 0x00,
    LL_TERMINATE_IND = 0x02,
    LL_ENC_REQ = 0x03,
    LL_UNKNOWN_RSP = 0x07,
    LL_FEATURE_REQ = 0x08,
    LL_FEATURE_RSP = 0x09,
    LL_VERSION_IND = 0x0C,
    LL_REJECT_IND = 0x0D,
    LL_PERIPHERAL_FEATURE_REQ = 0x0E,
    LL_CONNECTION_PARAM_REQ = 0x0F,
    LL_REJECT_EXT_IND = 0x11,
    LL_LENGTH_REQ = 0x14,
    LL_LENGTH_RSP = 0x15,
    LL_PHY_REQ = 0x16,
    LL_PHY_RSP = 0x17,
};

typedef void ll_handler(struct air *air, struct link *link, int side, struct in *in);

static bool has(const struct end *e, unsigned feature)
{
    return e->c->features >> feature & 1;
}

static void send(struct air *air, struct link *link, int side, const struct out *out)
{
    ASSERT(!out->bad);
    end_send_ll(air, link, side, out->p, out->len);
}

void ll_reject(struct air *air, struct link *link, int side, uint8_t opcode, uint8_t error)
{
    uint8_t ext[3] = {LL_REJECT_EXT_IND, opcode, error}, old[2] = {LL_REJECT_IND, error};
    bool both = has(&link->end[side], F_REJECT_EXT) && link->end[!side].up &&
                has(&link->end[!side], F_REJECT_EXT);
    end_send_ll(air, link, side, both ? ext : old, both ? sizeof ext : sizeof old);
}

static void put_handle(struct out *out, uint8_t status, const struct end *e)
{
    out_u8(out, status);
    out_u16(out, e->handle);
}

/* Connection parameters */

static void tell_update(const struct link *link, const struct end *e, uint8_t status)
{
    uint8_t ev[9];
    struct out out = out_of(ev, sizeof ev);
    put_handle(&out, status, e);
    out_u16(&out, link->interval);
    out_u16(&out, link->latency);
    out_u16(&out, link->timeout);
    air_le_event(e->c, 0x03, ev, sizeof ev);
}

static void on_update_ind(struct air *air, struct link *link, int side, struct in *in)
{
    in_u24(in); /* window */
    uint16_t interval = in_u16(in), latency = in_u16(in), timeout = in_u16(in);
    if (side != PERIPHERAL || !conn_params_ok(interval, interval, latency, timeout))
        return;
    bool changed =
        interval != link->interval || latency != link->latency || timeout != link->timeout;
    link->interval = interval;
    link->latency = latency;
    link->timeout = timeout;
    for (side = 0; side < 2; side++) {
        struct end *e = &link->end[side];
        if (!e->up)
            continue;
        if (changed || (e->waits & (WAIT_PARAMS | WAIT_UPDATE)))
            tell_update(link, e, E_OK);
        end_answered(air, link, side, WAIT_PARAMS | WAIT_UPDATE);
    }
}

static void on_param_req(struct air *air, struct link *link, int side, struct in *in)
{
    struct end *e = &link->end[side];
    const uint8_t *params = in_bytes(in, 8);
    struct in check = in_of(params, 8);
    uint16_t min = in_u16(&check), max = in_u16(&check);
    uint16_t latency = in_u16(&check), timeout = in_u16(&check);
    if (!conn_params_ok(min, max, latency, timeout)) {
        ll_reject(air, link, side, LL_CONNECTION_PARAM_REQ, 0x1E); /* invalid LL parameters */
    } else if (!air_le_wanted(e->c, 0x06) || side != CENTRAL) {
        ll_reject(air, link, side, LL_CONNECTION_PARAM_REQ, E_REMOTE_FEATURE);
    } else {
        uint8_t ev[10];
        struct out out = out_of(ev, sizeof ev);
        out_u16(&out, e->handle);
        out_bytes(&out, params, 8);
        e->asked_params = true;
        air_le_event(e->c, 0x06, ev, sizeof ev);
    }
}

/* Features and version */

static void tell_features(const struct end *e, uint8_t status)
{
    uint8_t ev[11];
    struct out out = out_of(ev, sizeof ev);
    put_handle(&out, status, e);
    out_u64(&out, e->features_known ? e->peer_features : 0);
    air_le_event(e->c, 0x04, ev, sizeof ev);
}

static void send_features(struct air *air, struct link *link, int side, uint8_t opcode)
{
    uint8_t pdu[9];
    struct out out = out_of(pdu, sizeof pdu);
    out_u8(&out, opcode);
    out_u64(&out, link->end[side].c->features);
    send(air, link, side, &out);
}

static void on_feature_req(struct air *air, struct link *link, int side, struct in *in)
{
    struct end *e = &link->end[side];
    e->peer_features = in_u64(in);
    e->features_known = true;
    send_features(air, link, side, LL_FEATURE_RSP);
}

static void on_feature_rsp(struct air *air, struct link *link, int side, struct in *in)
{
    struct end *e = &link->end[side];
    if (!(e->waits & WAIT_FEATURES))
        return;
    e->peer_features = in_u64(in);
    e->features_known = true;
    end_answered(air, link, side, WAIT_FEATURES);
    tell_features(e, E_OK);
}

static void tell_version(const struct end *e)
{
    uint8_t ev[8];
    struct out out = out_of(ev, sizeof ev);
    put_handle(&out, E_OK, e);
    out_bytes(&out, e->peer_version, 5);
    air_event(e->c, 0x0C, ev, sizeof ev);
}

/* Once a side and a link, Vol 6 Part B 5.1.5. */
static void send_version(struct air *air, struct link *link, int side)
{
    static const uint8_t pdu[6] = {LL_VERSION_IND, 0x0C, 0xFF, 0xFF, 0, 0};
    if (link->end[side].version_sent)
        return;
    link->end[side].version_sent = true;
    end_send_ll(air, link, side, pdu, sizeof pdu);
}

static void on_version(struct air *air, struct link *link, int side, struct in *in)
{
    struct end *e = &link->end[side];
    in_copy(in, e->peer_version, 5);
    e->version_known = true;
    send_version(air, link, side);
    if (e->waits & WAIT_VERSION) {
        end_answered(air, link, side, WAIT_VERSION);
        tell_version(e);
    }
}

/* Data length, Vol 6 Part B 5.1.9 */

static void send_length(struct air *air, struct link *link, int side, uint8_t opcode)
{
    const struct end *e = &link->end[side];
    uint8_t pdu[9];
    struct out out = out_of(pdu, sizeof pdu);
    out_u8(&out, opcode);
    out_u16(&out, e->rx_octets);
    out_u16(&out, e->rx_time);
    out_u16(&out, e->tx_octets);
    out_u16(&out, e->tx_time);
    send(air, link, side, &out);
}

static uint16_t least(uint16_t a, uint16_t b)
{
    return a < b ? a : b;
}

static void take_length(struct end *e, struct in *in)
{
    uint16_t rx = in_u16(in), rx_time = in_u16(in), tx = in_u16(in), tx_time = in_u16(in);
    if (rx < 27 || tx < 27 || rx_time < 328 || tx_time < 328) /* not a legal PDU */
        return;
    uint16_t eff_tx = least(e->tx_octets, rx), eff_rx = least(e->rx_octets, tx);
    uint16_t eff_tx_time = least(e->tx_time, rx_time), eff_rx_time = least(e->rx_time, tx_time);
    bool changed = eff_tx != e->eff_tx || eff_rx != e->eff_rx || eff_tx_time != e->eff_tx_time ||
                   eff_rx_time != e->eff_rx_time;
    e->eff_tx = eff_tx;
    e->eff_rx = eff_rx;
    e->eff_tx_time = eff_tx_time;
    e->eff_rx_time = eff_rx_time;
    if (!changed)
        return;
    uint8_t ev[10];
    struct out out = out_of(ev, sizeof ev);
    out_u16(&out, e->handle);
    out_u16(&out, eff_tx);
    out_u16(&out, eff_tx_time);
    out_u16(&out, eff_rx);
    out_u16(&out, eff_rx_time);
    air_le_event(e->c, 0x07, ev, sizeof ev);
}

void ll_start_length(struct air *air, struct link *link, int side)
{
    end_wait(air, link, side, WAIT_LENGTH);
    send_length(air, link, side, LL_LENGTH_REQ);
}

static void on_length_req(struct air *air, struct link *link, int side, struct in *in)
{
    send_length(air, link, side, LL_LENGTH_RSP);
    take_length(&link->end[side], in);
}

static void on_length_rsp(struct air *air, struct link *link, int side, struct in *in)
{
    if (!(link->end[side].waits & WAIT_LENGTH))
        return;
    end_answered(air, link, side, WAIT_LENGTH);
    take_length(&link->end[side], in);
}

/* PHY, Vol 6 Part B 5.1.10; without the instant, both sides reach the same result at once */

static void tell_phy(const struct end *e, uint8_t status)
{
    uint8_t ev[5];
    struct out out = out_of(ev, sizeof ev);
    put_handle(&out, status, e);
    out_u8(&out, e->phy_tx);
    out_u8(&out, e->phy_rx);
    air_le_event(e->c, 0x0C, ev, sizeof ev);
}

static bool take_phy(struct end *e, struct in *in)
{
    uint8_t tx = in_u8(in), rx = in_u8(in);
    uint8_t to = e->want_tx & rx & 2 ? 2 : 1, from = e->want_rx & tx & 2 ? 2 : 1;
    bool changed = to != e->phy_tx || from != e->phy_rx;
    e->phy_tx = to;
    e->phy_rx = from;
    return changed;
}

static void send_phy(struct air *air, struct link *link, int side, uint8_t opcode)
{
    const struct end *e = &link->end[side];
    uint8_t pdu[3] = {opcode, e->want_tx, e->want_rx};
    end_send_ll(air, link, side, pdu, sizeof pdu);
}

static void on_phy_req(struct air *air, struct link *link, int side, struct in *in)
{
    send_phy(air, link, side, LL_PHY_RSP);
    if (take_phy(&link->end[side], in))
        tell_phy(&link->end[side], E_OK);
}

static void on_phy_rsp(struct air *air, struct link *link, int side, struct in *in)
{
    struct end *e = &link->end[side];
    if (!(e->waits & WAIT_PHY))
        return;
    end_answered(air, link, side, WAIT_PHY);
    take_phy(e, in);
    tell_phy(e, E_OK);
}

/* Endings and refusals */

static void on_terminate(struct air *air, struct link *link, int side, struct in *in)
{
    (void)air;
    end_down(link, side, in_u8(in));
    end_down(link, !side, link->end[!side].terminating ? link->end[!side].lost_reason : E_TIMEOUT);
}

static void rejected(struct air *air, struct link *link, int side, uint8_t opcode, uint8_t error)
{
    struct end *e = &link->end[side];
    unsigned was = e->waits;
    switch (opcode) {
    case LL_ENC_REQ:
        encrypt_rejected(air, link, side, error);
        break;
    case LL_FEATURE_REQ:
    case LL_PERIPHERAL_FEATURE_REQ:
        end_answered(air, link, side, WAIT_FEATURES);
        if (was & WAIT_FEATURES)
            tell_features(e, error);
        break;
    case LL_CONNECTION_PARAM_REQ:
        end_answered(air, link, side, WAIT_PARAMS);
        if (was & WAIT_PARAMS)
            tell_update(link, e, error);
        break;
    case LL_LENGTH_REQ:
        end_answered(air, link, side, WAIT_LENGTH);
        break;
    case LL_PHY_REQ:
        end_answered(air, link, side, WAIT_PHY);
        if (was & WAIT_PHY)
            tell_phy(e, error);
        break;
    }
}

static void on_unknown_rsp(struct air *air, struct link *link, int side, struct in *in)
{
    rejected(air, link, side, in_u8(in), E_REMOTE_FEATURE);
}

static void on_reject(struct air *air, struct link *link, int side, struct in *in)
{
    rejected(air, link, side, LL_ENC_REQ, in_u8(in));
}

static void on_reject_ext(struct air *air, struct link *link, int side, struct in *in)
{
    uint8_t opcode = in_u8(in), error = in_u8(in);
    rejected(air, link, side, opcode, error);
}

static const struct {
    uint8_t opcode, len, feature;
    ll_handler *run;
} pdus[] = {
    {LL_CONNECTION_UPDATE_IND, 11, F_NONE, on_update_ind},
    {LL_TERMINATE_IND, 1, F_NONE, on_terminate},
    {LL_UNKNOWN_RSP, 1, F_NONE, on_unknown_rsp},
    {LL_FEATURE_REQ, 8, F_NONE, on_feature_req},
    {LL_FEATURE_RSP, 8, F_NONE, on_feature_rsp},
    {LL_VERSION_IND, 5, F_NONE, on_version},
    {LL_REJECT_IND, 1, F_NONE, on_reject},
    {LL_PERIPHERAL_FEATURE_REQ, 8, F_PERIPHERAL_FEATURES, on_feature_req},
    {LL_CONNECTION_PARAM_REQ, 23, F_PARAM_REQ, on_param_req},
    {LL_REJECT_EXT_IND, 2, F_NONE, on_reject_ext},
    {LL_LENGTH_REQ, 8, F_DATA_LENGTH, on_length_req},
    {LL_LENGTH_RSP, 8, F_DATA_LENGTH, on_length_rsp},
    {LL_PHY_REQ, 2, F_2M, on_phy_req},
    {LL_PHY_RSP, 2, F_2M, on_phy_rsp},
};

void ll_received(struct air *air, struct link *link, int side, const uint8_t *pdu, size_t len)
{
    if (!len) /* a hook left nothing of it */
        return;
    struct end *e = &link->end[side];
    switch (pdu[0]) {
    case LL_ENC_REQ:
    case 0x04:
    case 0x05:
    case 0x06:
    case 0x0A:
    case 0x0B:
        if (has(e, F_ENCRYPTION))
            encrypt_received(air, link, side, pdu, len);
        else if (pdu[0] == LL_ENC_REQ)
            ll_reject(air, link, side, LL_ENC_REQ, E_REMOTE_FEATURE);
        return;
    }
    for (size_t i = 0; i < sizeof pdus / sizeof *pdus; i++) {
        if (pdus[i].opcode != pdu[0] || pdus[i].len != len - 1)
            continue;
        if (pdus[i].feature != F_NONE && !has(e, pdus[i].feature))
            break;
        struct in in = in_of(pdu + 1, len - 1);
        pdus[i].run(air, link, side, &in);
        return;
    }
    if (pdu[0] == LL_UNKNOWN_RSP) /* malformed: an answer to it could go round for ever */
        return;
    uint8_t unknown[2] = {LL_UNKNOWN_RSP, pdu[0]};
    end_send_ll(air, link, side, unknown, sizeof unknown);
}

/* Commands */

uint8_t do_read_remote_version(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    struct link *link;
    struct end *e = end_by_handle(c, in_u16(p), &link);
    VERIFY(e, E_NO_CONNECTION);
    VERIFY(!(e->waits & WAIT_VERSION), E_DISALLOWED);
    if (e->version_known) {
        tell_version(e);
        return E_OK;
    }
    int side = e == &link->end[PERIPHERAL];
    end_wait(c->air, link, side, WAIT_VERSION);
    send_version(c->air, link, side);
    return E_OK;
}

uint8_t do_le_read_remote_features(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    struct link *link;
    struct end *e = end_by_handle(c, in_u16(p), &link);
    VERIFY(e, E_NO_CONNECTION);
    VERIFY(!(e->waits & WAIT_FEATURES), E_DISALLOWED);
    if (e->features_known) {
        tell_features(e, E_OK);
        return E_OK;
    }
    int side = e == &link->end[PERIPHERAL];
    VERIFY(side == CENTRAL || has(e, F_PERIPHERAL_FEATURES), E_UNSUPPORTED);
    end_wait(c->air, link, side, WAIT_FEATURES);
    send_features(c->air, link, side, side == CENTRAL ? LL_FEATURE_REQ : LL_PERIPHERAL_FEATURE_REQ);
    return E_OK;
}

static bool length_ok(uint16_t octets, uint16_t time)
{
    return octets >= 27 && octets <= 251 && time >= 328 && time <= 17040;
}

uint8_t do_le_set_data_length(struct air_controller *c, struct in *p, struct out *r)
{
    struct link *link;
    uint16_t handle = in_u16(p), octets = in_u16(p), time = in_u16(p);
    out_u16(r, handle);
    struct end *e = end_by_handle(c, handle, &link);
    VERIFY(e, E_NO_CONNECTION);
    VERIFY(length_ok(octets, time), E_INVALID);
    VERIFY(!(e->waits & WAIT_LENGTH), E_DISALLOWED);
    e->tx_octets = octets;
    e->tx_time = least(time, 2120);
    ll_start_length(c->air, link, e == &link->end[PERIPHERAL]);
    return E_OK;
}

uint8_t do_le_read_default_length(struct air_controller *c, struct in *p, struct out *r)
{
    (void)p;
    out_u16(r, c->s.def_octets);
    out_u16(r, c->s.def_time);
    return E_OK;
}

uint8_t do_le_write_default_length(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    uint16_t octets = in_u16(p), time = in_u16(p);
    VERIFY(length_ok(octets, time), E_INVALID);
    c->s.def_octets = octets;
    c->s.def_time = time;
    return E_OK;
}

uint8_t do_le_read_max_length(struct air_controller *c, struct in *p, struct out *r)
{
    (void)c, (void)p;
    for (int i = 0; i < 2; i++) {
        out_u16(r, 251);
        out_u16(r, 2120);
    }
    return E_OK;
}

uint8_t do_le_read_phy(struct air_controller *c, struct in *p, struct out *r)
{
    uint16_t handle = in_u16(p);
    out_u16(r, handle);
    const struct end *e = end_by_handle(c, handle, NULL);
    VERIFY(e, E_NO_CONNECTION);
    out_u8(r, e->phy_tx);
    out_u8(r, e->phy_rx);
    return E_OK;
}

/* ALL_PHYS, TX_PHYS, RX_PHYS; Vol 4 Part E 7.8.48 */
static uint8_t take_phys(struct in *p, uint8_t *tx, uint8_t *rx)
{
    uint8_t all = in_u8(p);
    *tx = in_u8(p);
    *rx = in_u8(p);
    VERIFY(all <= 3, E_INVALID);
    if (all & 1)
        *tx = 3;
    if (all & 2)
        *rx = 3;
    VERIFY(*tx && *rx, E_INVALID);
    VERIFY(*tx <= 3 && *rx <= 3, E_UNSUPPORTED); /* LE Coded and what may come */
    return E_OK;
}

uint8_t do_le_set_default_phy(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    uint8_t tx, rx, status = take_phys(p, &tx, &rx);
    VERIFY(!status, status);
    c->s.def_phy_tx = tx;
    c->s.def_phy_rx = rx;
    return E_OK;
}

uint8_t do_le_set_phy(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    struct link *link;
    struct end *e = end_by_handle(c, in_u16(p), &link);
    uint8_t tx, rx, status = take_phys(p, &tx, &rx);
    VERIFY(e, E_NO_CONNECTION);
    VERIFY(!status, status);
    VERIFY(!(e->waits & WAIT_PHY), E_DISALLOWED);
    e->want_tx = tx;
    e->want_rx = rx;
    int side = e == &link->end[PERIPHERAL];
    end_wait(c->air, link, side, WAIT_PHY);
    send_phy(c->air, link, side, LL_PHY_REQ);
    return E_OK;
}
