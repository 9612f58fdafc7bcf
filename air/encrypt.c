/*
 * Link encryption: Vol 6 Part B 5.1.3. Packets are not enciphered, but each carries the session
 * key its sender uses, and a receiver that has another one sees a MIC failure. The session key is
 * the real one, e(LTK, SKD), so a key that differs in one bit differs here.
 *
 * Start:    C ENC_REQ, P ENC_RSP, (P's host: LTK), P START_ENC_REQ, C START_ENC_RSP (encrypted),
 *           P START_ENC_RSP (encrypted).
 * Refresh:  C PAUSE_ENC_REQ, P PAUSE_ENC_RSP, C PAUSE_ENC_RSP (in clear), then as above.
 * No key:   P rejects with 0x06 and the link stays as it was, unless it was encrypted before the
 *           pause: then P terminates the link with 0x06 (5.1.3.1), and both hosts see that reason.
 * Wrong key: both ends leave with 0x3D. (On a real radio the end that sees the MIC failure leaves
 *           so; which one that is and what the other sees depends on who speaks first.)
 */
#include "air/internal.h"
#include "src/base/wipe.h"

enum {
    LL_ENC_REQ = 0x03,
    LL_ENC_RSP = 0x04,
    LL_START_ENC_REQ = 0x05,
    LL_START_ENC_RSP = 0x06,
    LL_PAUSE_ENC_REQ = 0x0A,
    LL_PAUSE_ENC_RSP = 0x0B,
};

uint8_t apparent_key_size(const uint8_t ltk[16])
{
    uint8_t n = 16;
    while (n && !ltk[n - 1]) /* most significant octets last */
        n--;
    return n;
}

static void send_op(struct air *air, struct link *link, int side, uint8_t opcode)
{
    end_send_ll(air, link, side, &opcode, 1);
}

static void tell(struct end *e, uint8_t status, uint8_t enabled)
{
    uint8_t ev[5] = {status, (uint8_t)e->handle, (uint8_t)(e->handle >> 8), enabled, 16};
    if (!status && e->was_encrypted)
        air_event(e->c, 0x30, ev, 3); /* Encryption Key Refresh Complete */
    else if (e->c->s.events2 >> 25 & 1)
        air_event(e->c, 0x59, ev, 5); /* Encryption Change [v2] */
    else
        air_event(e->c, 0x08, ev, 4);
}

static void finish(struct air *air, struct link *link, int side)
{
    struct end *e = &link->end[side];
    e->step = ENC_IDLE;
    end_answered(air, link, side, WAIT_ENCRYPT);
    tell(e, E_OK, 1);
    end_release(air, link, side);
}

static void send_enc_req(struct air *air, struct link *link)
{
    struct end *e = &link->end[CENTRAL];
    uint8_t pdu[23];
    struct out out = out_of(pdu, sizeof pdu);
    out_u8(&out, LL_ENC_REQ);
    out_bytes(&out, e->rand_ediv, 10);
    air_random(air, e->skd, 8);
    out_bytes(&out, e->skd, 8);
    air_random(air, out_room(&out, 4), 4); /* IV: nothing here is enciphered with it */
    e->step = ENC_C_ENC_RSP;
    end_send_ll(air, link, CENTRAL, pdu, sizeof pdu);
}

uint8_t do_le_enable_encryption(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    struct link *link;
    struct end *e = end_by_handle(c, in_u16(p), &link);
    VERIFY(e, E_NO_CONNECTION);
    VERIFY(e == &link->end[CENTRAL] && e->step == ENC_IDLE && !e->terminating, E_DISALLOWED);
    in_copy(p, e->rand_ediv, 10);
    in_copy(p, e->ltk, 16);
    e->was_encrypted = e->tx_on;
    end_wait(c->air, link, CENTRAL, WAIT_ENCRYPT);
    if (e->was_encrypted) {
        e->step = ENC_C_PAUSE_RSP;
        send_op(c->air, link, CENTRAL, LL_PAUSE_ENC_REQ);
    } else {
        send_enc_req(c->air, link);
    }
    return E_OK;
}

/* The central is told that there will be no encryption. */
void encrypt_rejected(struct air *air, struct link *link, int side, uint8_t error)
{
    struct end *e = &link->end[side];
    if (side != CENTRAL || (e->step != ENC_C_ENC_RSP && e->step != ENC_C_START_REQ))
        return;
    e->step = ENC_IDLE;
    wipe(e->ltk, 16);
    end_answered(air, link, side, WAIT_ENCRYPT);
    air_trace(air, e->c, "is not encrypted: %s (0x%02X)", air_error_text(error), error);
    tell(e, error, 0);
    end_release(air, link, side);
}

/* The peripheral has no key. */
static void no_key(struct air *air, struct link *link)
{
    struct end *e = &link->end[PERIPHERAL];
    if (e->was_encrypted) {
        end_terminate(air, link, PERIPHERAL, E_KEY_MISSING, E_KEY_MISSING);
        return;
    }
    e->step = ENC_IDLE;
    end_answered(air, link, PERIPHERAL, WAIT_ENCRYPT);
    ll_reject(air, link, PERIPHERAL, LL_ENC_REQ, E_KEY_MISSING);
    end_release(air, link, PERIPHERAL);
}

uint8_t do_le_ltk_reply(struct air_controller *c, struct in *p, struct out *r)
{
    struct link *link;
    uint16_t handle = in_u16(p);
    out_u16(r, handle);
    struct end *e = end_by_handle(c, handle, &link);
    VERIFY(e, E_NO_CONNECTION);
    VERIFY(e->step == ENC_P_HOST && !e->terminating, E_DISALLOWED);
    in_copy(p, e->ltk, 16);
    crypto_e(e->ltk, e->skd, e->session);
    e->step = ENC_P_START_RSP;
    end_wait(c->air, link, PERIPHERAL, WAIT_ENCRYPT);
    send_op(c->air, link, PERIPHERAL, LL_START_ENC_REQ);
    e->rx_on = true;
    return E_OK;
}

uint8_t do_le_ltk_negative(struct air_controller *c, struct in *p, struct out *r)
{
    struct link *link;
    uint16_t handle = in_u16(p);
    out_u16(r, handle);
    struct end *e = end_by_handle(c, handle, &link);
    VERIFY(e, E_NO_CONNECTION);
    VERIFY(e->step == ENC_P_HOST && !e->terminating, E_DISALLOWED);
    no_key(c->air, link);
    return E_OK;
}

static void on_enc_req(struct air *air, struct link *link, struct in *in)
{
    struct end *e = &link->end[PERIPHERAL];
    if (e->step == ENC_IDLE)
        e->was_encrypted = false;
    in_copy(in, e->rand_ediv, 10);
    in_copy(in, e->skd, 8);
    air_random(air, e->skd + 8, 8);
    uint8_t pdu[13] = {LL_ENC_RSP};
    memcpy(pdu + 1, e->skd + 8, 8);
    air_random(air, pdu + 9, 4);
    e->step = ENC_P_HOST;
    end_wait(air, link, PERIPHERAL, WAIT_ENCRYPT);
    end_send_ll(air, link, PERIPHERAL, pdu, sizeof pdu);
    if (!air_le_wanted(e->c, 0x05)) { /* a host that cannot be asked has no key */
        no_key(air, link);
        return;
    }
    uint8_t ev[12] = {(uint8_t)e->handle, (uint8_t)(e->handle >> 8)};
    memcpy(ev + 2, e->rand_ediv, 10);
    air_le_event(e->c, 0x05, ev, sizeof ev);
}

static void both_on(struct end *e)
{
    e->rx_on = e->tx_on = true;
}

static void central_received(struct air *air, struct link *link, uint8_t opcode, struct in *in)
{
    struct end *e = &link->end[CENTRAL];
    if (opcode == LL_PAUSE_ENC_RSP && e->step == ENC_C_PAUSE_RSP) {
        e->rx_on = e->tx_on = false;
        send_op(air, link, CENTRAL, LL_PAUSE_ENC_RSP);
        send_enc_req(air, link);
    } else if (opcode == LL_ENC_RSP && e->step == ENC_C_ENC_RSP) {
        in_copy(in, e->skd + 8, 8);
        crypto_e(e->ltk, e->skd, e->session);
        e->step = ENC_C_START_REQ;
    } else if (opcode == LL_START_ENC_REQ && e->step == ENC_C_START_REQ) {
        both_on(e);
        e->step = ENC_C_START_RSP;
        send_op(air, link, CENTRAL, LL_START_ENC_RSP);
    } else if (opcode == LL_START_ENC_RSP && e->step == ENC_C_START_RSP) {
        air_trace(air, e->c, "is encrypted with %s%s, apparent key size %u", //
                  link->end[PERIPHERAL].up ? link->end[PERIPHERAL].c->name : "its peer",
                  e->was_encrypted ? " anew" : "", apparent_key_size(e->ltk));
        finish(air, link, CENTRAL);
        return;
    } else {
        return;
    }
    end_wait(air, link, CENTRAL, WAIT_ENCRYPT); /* restarts the timer */
}

static void peripheral_received(struct air *air, struct link *link, uint8_t opcode, struct in *in)
{
    struct end *e = &link->end[PERIPHERAL];
    if (opcode == LL_PAUSE_ENC_REQ && e->step == ENC_IDLE && e->tx_on) {
        e->was_encrypted = true;
        e->step = ENC_P_PAUSE_RSP;
        end_wait(air, link, PERIPHERAL, WAIT_ENCRYPT);
        send_op(air, link, PERIPHERAL, LL_PAUSE_ENC_RSP);
        e->tx_on = e->rx_on = false;
    } else if (opcode == LL_PAUSE_ENC_RSP && e->step == ENC_P_PAUSE_RSP) {
        e->step = ENC_P_ENC_REQ;
        end_wait(air, link, PERIPHERAL, WAIT_ENCRYPT);
    } else if (opcode == LL_ENC_REQ &&
               (e->step == ENC_P_ENC_REQ || (e->step == ENC_IDLE && !e->rx_on))) {
        on_enc_req(air, link, in);
    } else if (opcode == LL_START_ENC_RSP && e->step == ENC_P_START_RSP) {
        both_on(e);
        send_op(air, link, PERIPHERAL, LL_START_ENC_RSP);
        finish(air, link, PERIPHERAL);
    }
}

void encrypt_received(struct air *air, struct link *link, int side, const uint8_t *pdu, size_t len)
{
    static const uint8_t lengths[] = {
        [LL_ENC_REQ] = 23,      [LL_ENC_RSP] = 13,      [LL_START_ENC_REQ] = 1,
        [LL_START_ENC_RSP] = 1, [LL_PAUSE_ENC_REQ] = 1, [LL_PAUSE_ENC_RSP] = 1};
    if (link->end[side].terminating || lengths[pdu[0]] != len)
        return;
    struct in in = in_of(pdu + 1, len - 1);
    if (side == CENTRAL)
        central_received(air, link, pdu[0], &in);
    else
        peripheral_received(air, link, pdu[0], &in);
}
