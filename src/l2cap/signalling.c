/* LE signalling, Vol 3 Part A 4: one command a PDU. */
#include "base/bytes.h"
#include "l2cap/l2cap.h"

enum {
    COMMAND_REJECT = 0x01,
    DISCONNECTION_REQ = 0x06,
    DISCONNECTION_RSP = 0x07,
    PARAMETER_UPDATE_REQ = 0x12,
    PARAMETER_UPDATE_RSP = 0x13,
    LE_CREDIT_CONNECTION_REQ = 0x14,
    LE_CREDIT_CONNECTION_RSP = 0x15,
    FLOW_CONTROL_CREDIT_IND = 0x16,
    CREDIT_CONNECTION_RSP = 0x18,
    CREDIT_RECONFIGURE_RSP = 0x1a,
};

/* Command Reject reasons, 4.1 */
enum { NOT_UNDERSTOOD = 0, MTU_EXCEEDED = 1, INVALID_CID = 2 };

#define SPSM_NOT_SUPPORTED 0x0002 /* 4.23 */

static void answer(struct l2cap *l, uint8_t code, uint8_t id, const void *data, uint8_t len)
{
    uint8_t pdu[L2CAP_SIGNAL_MTU];
    struct out o = out_of(pdu, sizeof pdu);
    out_u8(&o, code);
    out_u8(&o, id);
    out_u16(&o, len);
    out_bytes(&o, data, len);
    l2cap_queue(l, L2CAP_SIGNALLING, pdu, o.len);
}

static void reject(struct l2cap *l, uint8_t id, uint16_t reason, const uint8_t *data, uint8_t len)
{
    uint8_t b[6];
    put_le16(b, reason);
    if (len)
        memcpy(b + 2, data, len);
    answer(l, COMMAND_REJECT, id, b, (uint8_t)(2 + len));
}

static enum l2cap_signal update_request(struct l2cap *l, enum troth_role role, uint8_t id,
                                        struct in *in, struct troth_conn_params *params)
{
    params->interval_min = in_u16(in);
    params->interval_max = in_u16(in);
    params->latency = in_u16(in);
    params->timeout = in_u16(in);
    if (!in_done(in) || role != TROTH_CENTRAL) { /* only a peripheral may ask */
        reject(l, id, NOT_UNDERSTOOD, NULL, 0);
        return L2CAP_SIGNAL_NONE;
    }
    bool good = hci_params_sane(params);
    uint8_t result[2] = {!good, 0};
    answer(l, PARAMETER_UPDATE_RSP, id, result, 2);
    return good ? L2CAP_SIGNAL_UPDATE : L2CAP_SIGNAL_NONE;
}

enum l2cap_signal l2cap_signal_rx(struct l2cap *l, enum troth_role role, const uint8_t *data,
                                  size_t len, struct troth_conn_params *params)
{
    struct in in = in_of(data, len);
    uint8_t code = in_u8(&in);
    uint8_t id = in_u8(&in);
    uint16_t said = in_u16(&in);
    if (in.bad || !id) /* 0x00 names nothing, 4 */
        return L2CAP_SIGNAL_NONE;
    if (code != COMMAND_REJECT && len > L2CAP_SIGNAL_MTU) {
        static const uint8_t mtu[2] = {L2CAP_SIGNAL_MTU, 0};
        reject(l, id, MTU_EXCEEDED, mtu, 2);
        return L2CAP_SIGNAL_NONE;
    }
    if (said != in.left) {
        if (code != COMMAND_REJECT)
            reject(l, id, NOT_UNDERSTOOD, NULL, 0);
        return L2CAP_SIGNAL_NONE;
    }

    switch (code) {
    case COMMAND_REJECT:
        if (!l->signal_open || id != l->signal_id)
            return L2CAP_SIGNAL_NONE;
        l->signal_open = false;
        return L2CAP_SIGNAL_REFUSED;
    case PARAMETER_UPDATE_REQ:
        return update_request(l, role, id, &in, params);
    case PARAMETER_UPDATE_RSP: {
        uint16_t result = in_u16(&in);
        if (!in_done(&in) || !l->signal_open || id != l->signal_id)
            return L2CAP_SIGNAL_NONE;
        l->signal_open = false;
        return result ? L2CAP_SIGNAL_REFUSED : L2CAP_SIGNAL_NONE; /* accepted: an event will come */
    }
    case LE_CREDIT_CONNECTION_REQ: {
        if (in.left != 10) {
            reject(l, id, NOT_UNDERSTOOD, NULL, 0);
            break;
        }
        static const uint8_t refused[10] = {[8] = SPSM_NOT_SUPPORTED};
        answer(l, LE_CREDIT_CONNECTION_RSP, id, refused, 10);
        break;
    }
    case DISCONNECTION_REQ: { /* of a channel that never was */
        if (in.left != 4) {
            reject(l, id, NOT_UNDERSTOOD, NULL, 0);
            break;
        }
        reject(l, id, INVALID_CID, in.p, 4);
        break;
    }
    case DISCONNECTION_RSP: /* answers to what we never asked, and a credit for no channel */
    case LE_CREDIT_CONNECTION_RSP:
    case FLOW_CONTROL_CREDIT_IND:
    case CREDIT_CONNECTION_RSP:
    case CREDIT_RECONFIGURE_RSP:
        break;
    default:
        reject(l, id, NOT_UNDERSTOOD, NULL, 0);
        break;
    }
    return L2CAP_SIGNAL_NONE;
}

bool l2cap_ask_params(struct l2cap *l, const struct troth_conn_params *params)
{
    if (!l2cap_slot_free(l, L2CAP_SIGNALLING))
        return false;
    uint8_t b[8];
    put_le16(b, params->interval_min);
    put_le16(b + 2, params->interval_max);
    put_le16(b + 4, params->latency);
    put_le16(b + 6, params->timeout);
    if (!++l->signal_id)
        l->signal_id = 1;
    l->signal_open = true;
    answer(l, PARAMETER_UPDATE_REQ, l->signal_id, b, 8);
    return true;
}
