/* The bearer: whose PDU it is, its length, ATT_MTU, and how long either side may take. */
#include "att/att.h"

#include "base/check.h"

void att_init(struct att *a, const struct att_ops *ops, void *ctx)
{
    memset(a, 0, sizeof *a);
    a->ops = ops;
    a->ctx = ctx;
    a->mtu = ATT_MTU_DEFAULT;
}

/* Vol 3 Part F 3.3.3: after a timeout no PDU crosses this bearer any more. */
void att_die(struct att *a)
{
    if (a->dead)
        return;
    a->dead = true;
    timer_stop(&a->request_timer);
    timer_stop(&a->indication_timer);
    a->awaiting = 0;
    a->ops->dead(a->ctx);
}

/* 3.4.2.2: the lesser of both sides' sizes, never below the default; known once. */
void att_mtu_set(struct att *a, uint16_t theirs)
{
    if (a->mtu_known)
        return;
    a->mtu_known = true;
    a->mtu = theirs < TROTH_ATT_MTU ? theirs : TROTH_ATT_MTU;
    if (a->mtu < ATT_MTU_DEFAULT)
        a->mtu = ATT_MTU_DEFAULT;
    a->ops->mtu(a->ctx);
}

static void confirm(struct att *a)
{
    static const uint8_t pdu[] = {ATT_CONFIRMATION};
    a->confirm_due = !a->ops->send(a->ctx, ATT_WAY_CONFIRMATION, pdu, sizeof pdu);
}

/* 3.4.7. A second indication before our confirmation went is the peer's fault, and is not heard. */
static void take_push(struct att *a, const uint8_t *pdu, size_t len)
{
    bool indication = pdu[0] == ATT_INDICATION;

    if (pdu[0] == ATT_MULTIPLE_NOTIFICATION) /* we never said we take it, Part G 7.2 */
        return;
    if (indication && a->confirm_due)
        return;
    a->ops->pushed(a->ctx, indication, get_le16(pdu + 1), pdu + 3, (uint16_t)(len - 3));
    if (indication)
        confirm(a);
}

static void take_confirmation(struct att *a)
{
    if (!a->indicating)
        return;
    a->indicating = false;
    timer_stop(&a->indication_timer);
    a->ops->confirmed(a->ctx, true);
}

void att_rx(struct att *a, const uint8_t *pdu, size_t len)
{
    if (a->dead || !len)
        return;

    struct att_shape shape = att_shape(pdu[0]);
    bool fits = len <= a->mtu && att_fits(&shape, len);

    switch ((enum att_type)shape.type) {
    case ATT_UNKNOWN:
        if (pdu[0] & ATT_COMMAND_FLAG) /* 3.3.1: ignored */
            return;
        /* fall through */
    case ATT_REQUEST:
        if (a->busy) { /* 3.3.2: a sequential protocol */
            att_die(a);
            return;
        }
        a->busy = true;
        if (shape.type == ATT_UNKNOWN)
            att_error(a, pdu[0], 0, TROTH_ATT_REQUEST_NOT_SUPPORTED);
        else if (!fits)
            att_error(a, pdu[0], 0, TROTH_ATT_INVALID_PDU);
        else
            att_server_request(a, pdu, len);
        return;
    case ATT_COMMAND:
        if (fits)
            att_server_command(a, pdu, len);
        return;
    case ATT_RESPONSE:
        att_client_response(a, pdu, len, fits);
        return;
    case ATT_PUSH:
        if (fits)
            take_push(a, pdu, len);
        return;
    case ATT_CONFIRM:
        if (fits)
            take_confirmation(a);
        return;
    }
}

/* ---- the response's way ---- */

struct out att_response(struct att *a, uint8_t opcode)
{
    struct out out = out_of(a->response, a->mtu);
    out_u8(&out, opcode);
    return out;
}

void att_respond(struct att *a, const struct out *out)
{
    ASSERT(!out->bad);
    a->serving = 0;
    a->busy = !a->ops->send(a->ctx, ATT_WAY_RESPONSE, out->p, out->len);
    a->response_len = a->busy ? (uint16_t)out->len : 0;
}

void att_error(struct att *a, uint8_t request, uint16_t handle, uint8_t error)
{
    struct out out = att_response(a, ATT_ERROR_RSP);
    out_u8(&out, request);
    out_u16(&out, handle);
    out_u8(&out, error);
    att_respond(a, &out);
}

void att_room(struct att *a, enum att_way way)
{
    if (a->dead)
        return;
    if (way == ATT_WAY_RESPONSE && a->response_len) {
        struct out out = {a->response, sizeof a->response, a->response_len, false};
        att_respond(a, &out);
    }
    if (way == ATT_WAY_CONFIRMATION && a->confirm_due)
        confirm(a);
}

/* ---- what we start ---- */

bool att_request(struct att *a, const uint8_t *pdu, size_t len, uint16_t from, uint16_t to)
{
    if (a->dead || a->awaiting || !a->ops->send(a->ctx, ATT_WAY_REQUEST, pdu, len))
        return false;
    a->awaiting = pdu[0];
    a->from = from;
    a->to = to;
    timer_start(&a->request_timer, ATT_TIMEOUT_MS);
    return true;
}

int att_push(struct att *a, const uint8_t *pdu, size_t len)
{
    bool indication = pdu[0] == ATT_INDICATION;

    VERIFY(!a->dead, TROTH_STATE);
    VERIFY(!indication || !a->indicating, TROTH_BUSY);
    VERIFY(a->ops->send(a->ctx, ATT_WAY_PUSH, pdu, len), TROTH_BUSY);
    if (indication) {
        a->indicating = true;
        timer_start(&a->indication_timer, ATT_TIMEOUT_MS);
    }
    return TROTH_OK;
}

void att_tick(struct att *a, troth_ms now)
{
    bool request = timer_due(&a->request_timer, now);
    bool indication = timer_due(&a->indication_timer, now);

    if (request || indication)
        att_die(a);
}

troth_ms att_deadline(const struct att *a)
{
    return earlier(timer_deadline(&a->request_timer), timer_deadline(&a->indication_timer));
}
