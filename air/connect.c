/* Connecting, and the parameters of a connection. Vol 4 Part E 7.8.12-13, 18, 31-32. */
#include "air/internal.h"

/* Vol 4 Part E 7.8.12: the timeout must outlast two intervals of the latency. */
bool conn_params_ok(uint16_t min, uint16_t max, uint16_t latency, uint16_t timeout)
{
    return min >= 6 && min <= max && max <= 0x0C80 && latency <= 0x01F3 && timeout >= 0x0A &&
           timeout <= 0x0C80 && timeout * 4u > (1u + latency) * max;
}

static bool is_wanted_peer(const struct air_controller *init, const struct air_address *adva,
                           const struct air_address *identity)
{
    struct air_address want = init->s.init.peer;
    want.type = init->s.init.peer_type & 1;
    if (init->s.init.policy)
        return fal_has(init, identity);
    return address_equal(&want, identity) ||
           (init->s.init.peer_type <= 1 && address_equal(&want, adva));
}

bool try_connect(struct air_controller *adv, struct air_controller *init,
                 const struct air_address *adva, const struct air_address *target)
{
    struct air *air = adv->air;
    const struct resolving *known = rl_resolve(init, adva);
    if (!known && rl_refuses(init, adva))
        return false;
    const struct air_address *identity = known ? &known->identity : adva;
    if (!is_wanted_peer(init, adva, identity))
        return false;
    if (target && !rl_is_self(init, init->s.init.own_type, target))
        return false;
    struct air_address inita;
    if (!own_address(init, init->s.init.own_type, identity, &inita))
        return false;

    /* The advertiser's side of it */
    const struct resolving *who = rl_resolve(adv, &inita);
    if (!who && rl_refuses(adv, &inita))
        return false;
    const struct air_address *peer = who ? &who->identity : &inita;
    if (target && !address_equal(peer, &adv->s.adv.peer))
        return false;
    if ((adv->s.adv.policy & 2) && !fal_has(adv, peer))
        return false;
    if (links_of(adv) >= LINKS_MAX)
        return false;

    /* LLData of CONNECT_IND, Vol 6 Part B 2.3.3.1 */
    uint8_t lldata[22];
    struct out out = out_of(lldata, sizeof lldata);
    air_random(air, out_room(&out, 4), 4); /* access address */
    air_random(air, out_room(&out, 3), 3); /* CRC init */
    out_u8(&out, 1);
    out_u16(&out, 1);
    out_u16(&out, init->s.init.interval);
    out_u16(&out, init->s.init.latency);
    out_u16(&out, init->s.init.timeout);
    out_le(&out, 0x1FFFFFFFFF, 5);
    out_u8(&out, 5);
    struct air_crossing x = {.kind = AIR_CONNECT,
                             .from = init,
                             .to = adv,
                             .now = air->now,
                             .link = air->links_made + 1,
                             .from_central = true,
                             .sender = inita,
                             .receiver = *adva,
                             .bytes = lldata,
                             .len = sizeof lldata,
                             .cap = sizeof lldata};
    enum air_verdict verdict = air_ask_hook(air, &x);
    bool lost = verdict == AIR_DROP || verdict == AIR_CUT;
    init->s.init.on = false;
    struct link *link = link_make(init, lost ? NULL : adv, &inita, adva);
    if (lost) /* Vol 6 Part B 4.5.2: six intervals without a word */
        end_lost(air, link, CENTRAL, E_NOT_ESTABLISHED, (link->interval * 5u / 4) * 6);
    return !lost;
}

uint8_t do_le_create_connection(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    uint16_t scan_interval = in_u16(p), scan_window = in_u16(p);
    uint8_t policy = in_u8(p), peer_type = in_u8(p);
    struct air_address peer;
    in_copy(p, peer.a, 6);
    uint8_t own_type = in_u8(p);
    uint16_t min = in_u16(p), max = in_u16(p), latency = in_u16(p), timeout = in_u16(p);
    uint16_t ce_min = in_u16(p), ce_max = in_u16(p);
    peer.type = peer_type & 1;
    VERIFY(!c->s.init.on, E_DISALLOWED);
    VERIFY(scan_interval >= 4 && scan_interval <= 0x4000 && scan_window >= 4 &&
               scan_window <= scan_interval,
           E_INVALID);
    VERIFY(policy <= 1 && own_type <= 3 && (policy || peer_type <= 3), E_INVALID);
    VERIFY(conn_params_ok(min, max, latency, timeout) && ce_min <= ce_max, E_INVALID);
    VERIFY((own_type <= 1 && (policy || peer_type <= 1)) || (c->features >> F_PRIVACY & 1),
           E_UNSUPPORTED);
    struct air_address own;
    VERIFY(own_address(c, own_type, policy ? NULL : &peer, &own), E_INVALID);
    VERIFY(policy || !connected_to(c, &peer), E_EXISTS);
    VERIFY(links_of(c) < LINKS_MAX, E_LIMIT);
    c->s.init.on = true;
    c->s.init.policy = policy;
    c->s.init.own_type = own_type;
    c->s.init.peer_type = peer_type;
    c->s.init.peer = peer;
    c->s.init.interval = max;
    c->s.init.latency = latency;
    c->s.init.timeout = timeout;
    char text[18];
    air_address_text(peer.a, text);
    air_trace(c->air, c, "looks for %s to connect", policy ? "anybody it accepts" : text);
    return E_OK;
}

uint8_t do_le_create_cancel(struct air_controller *c, struct in *p, struct out *r)
{
    (void)p, (void)r;
    VERIFY(c->s.init.on, E_DISALLOWED);
    c->s.init.on = false;
    air_trace(c->air, c, "gives up connecting");
    connection_failed(c, E_NO_CONNECTION, CENTRAL); /* 7.8.13 */
    return E_OK;
}

uint8_t do_le_connection_update(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    struct link *link;
    struct end *e = end_by_handle(c, in_u16(p), &link);
    uint16_t min = in_u16(p), max = in_u16(p), latency = in_u16(p), timeout = in_u16(p);
    uint16_t ce_min = in_u16(p), ce_max = in_u16(p);
    VERIFY(e, E_NO_CONNECTION);
    VERIFY(conn_params_ok(min, max, latency, timeout) && ce_min <= ce_max, E_INVALID);
    VERIFY(!(e->waits & (WAIT_PARAMS | WAIT_UPDATE)), E_DISALLOWED);
    uint8_t pdu[24];
    struct out out = out_of(pdu, sizeof pdu);
    int side = e == &link->end[PERIPHERAL];
    if (side == CENTRAL) {
        out_u8(&out, 0x00); /* LL_CONNECTION_UPDATE_IND */
        out_u8(&out, 1);
        out_u16(&out, 0);
    } else {
        VERIFY(c->features >> F_PARAM_REQ & 1, E_UNSUPPORTED);
        out_u8(&out, 0x0F); /* LL_CONNECTION_PARAM_REQ */
        out_u16(&out, min);
    }
    out_u16(&out, max);
    out_u16(&out, latency);
    out_u16(&out, timeout);
    if (side == CENTRAL) {
        out_u16(&out, 6); /* instant: how far is of no interest here */
    } else {
        out_u8(&out, 0);
        out_u16(&out, 0);
        memset(out_room(&out, 12), 0xFF, 12); /* no preferred offsets */
    }
    end_wait(c->air, link, side, side == CENTRAL ? WAIT_UPDATE : WAIT_PARAMS);
    end_send_ll(c->air, link, side, pdu, out.len);
    return E_OK;
}

/* The central's host answers LE Remote Connection Parameter Request. */
uint8_t do_le_param_reply(struct air_controller *c, struct in *p, struct out *r)
{
    struct link *link;
    uint16_t handle = in_u16(p);
    uint16_t min = in_u16(p), max = in_u16(p), latency = in_u16(p), timeout = in_u16(p);
    uint16_t ce_min = in_u16(p), ce_max = in_u16(p);
    out_u16(r, handle);
    struct end *e = end_by_handle(c, handle, &link);
    VERIFY(e, E_NO_CONNECTION);
    VERIFY(e->asked_params, E_DISALLOWED);
    VERIFY(conn_params_ok(min, max, latency, timeout) && ce_min <= ce_max, E_INVALID);
    e->asked_params = false;
    uint8_t pdu[12];
    struct out out = out_of(pdu, sizeof pdu);
    out_u8(&out, 0x00);
    out_u8(&out, 1);
    out_u16(&out, 0);
    out_u16(&out, max);
    out_u16(&out, latency);
    out_u16(&out, timeout);
    out_u16(&out, 6);
    end_send_ll(c->air, link, CENTRAL, pdu, out.len);
    return E_OK;
}

uint8_t do_le_param_negative(struct air_controller *c, struct in *p, struct out *r)
{
    struct link *link;
    uint16_t handle = in_u16(p);
    uint8_t reason = in_u8(p);
    out_u16(r, handle);
    struct end *e = end_by_handle(c, handle, &link);
    VERIFY(e, E_NO_CONNECTION);
    VERIFY(e->asked_params, E_DISALLOWED);
    e->asked_params = false;
    ll_reject(c->air, link, CENTRAL, 0x0F, reason);
    return E_OK;
}
