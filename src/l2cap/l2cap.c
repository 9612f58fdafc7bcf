#include "l2cap/l2cap.h"

#include "base/bytes.h"
#include "base/check.h"
#include "base/wipe.h"

void l2cap_init(struct l2cap *l)
{
    wipe(l, sizeof *l);
}

bool l2cap_rx(struct l2cap *l, bool first, const uint8_t *data, size_t len, struct l2cap_pdu *pdu)
{
    if (first) { /* whatever was unfinished is lost */
        l->rx_open = true;
        l->rx_skip = false;
        l->rx_len = 0;
        l->rx_want = 0;
    }
    if (!l->rx_open)
        return false;

    if (!l->rx_want) { /* the header itself may come in pieces */
        while (len && l->rx_len < L2CAP_HEADER) {
            l->rx[l->rx_len++] = *data++;
            len--;
        }
        if (l->rx_len < L2CAP_HEADER)
            return false;
        l->rx_want = (uint32_t)L2CAP_HEADER + get_le16(l->rx);
        l->rx_skip = l->rx_want > sizeof l->rx;
    }
    uint32_t left = l->rx_want - l->rx_len;
    if (len > left) { /* more than its length says: no part of it can be believed */
        l->rx_open = false;
        return false;
    }
    if (l->rx_skip) {
        l->rx_want -= (uint32_t)len;
        if (l->rx_want == l->rx_len)
            l->rx_open = false;
        return false;
    }
    memcpy(l->rx + l->rx_len, data, len);
    l->rx_len = (uint16_t)(l->rx_len + len);
    if (l->rx_len < l->rx_want)
        return false;
    l->rx_open = false;
    pdu->cid = get_le16(l->rx + 2);
    pdu->data = l->rx + L2CAP_HEADER;
    pdu->len = (uint16_t)(l->rx_len - L2CAP_HEADER);
    return true;
}

static uint8_t *buffer(struct l2cap *l, enum l2cap_slot slot, size_t *cap)
{
    switch (slot) {
    case L2CAP_SMP:
        *cap = sizeof l->smp;
        return l->smp;
    case L2CAP_ATT_RESPONSE:
        *cap = sizeof l->response;
        return l->response;
    case L2CAP_ATT_CONFIRMATION:
        *cap = sizeof l->confirmation;
        return l->confirmation;
    case L2CAP_ATT_REQUEST:
        *cap = sizeof l->request;
        return l->request;
    case L2CAP_ATT_PUSH:
        *cap = sizeof l->push;
        return l->push;
    default:
        *cap = sizeof l->signalling;
        return l->signalling;
    }
}

bool l2cap_slot_free(const struct l2cap *l, enum l2cap_slot slot)
{
    return !l->len[slot];
}

bool l2cap_queue(struct l2cap *l, enum l2cap_slot slot, const uint8_t *data, size_t len)
{
    if (!l2cap_slot_free(l, slot))
        return false;
    size_t cap;
    uint8_t *b = buffer(l, slot, &cap);
    ASSERT(len <= cap - L2CAP_SPACE);
    uint8_t *header = b + HCI_ACL_HEADER;
    put_le16(header, (uint16_t)len);
    put_le16(header + 2, slot == L2CAP_SMP          ? L2CAP_CID_SMP
                         : slot == L2CAP_SIGNALLING ? L2CAP_CID_SIGNALLING
                                                    : L2CAP_CID_ATT);
    memcpy(header + L2CAP_HEADER, data, len);
    l->len[slot] = (uint16_t)(L2CAP_HEADER + len);
    l->order[l->queued++] = (uint8_t)slot;
    return true;
}

bool l2cap_fragment(struct l2cap *l, struct hci *x, unsigned i, enum l2cap_slot *freed)
{
    *freed = L2CAP_SLOTS;
    if (!l->queued || !hci_acl_room(x))
        return false;
    enum l2cap_slot slot = (enum l2cap_slot)l->order[0];
    size_t cap;
    uint8_t *b = buffer(l, slot, &cap);
    uint16_t n = (uint16_t)(l->len[slot] - l->offset);
    if (n > x->acl_len)
        n = x->acl_len;
    /* The packet's header takes the place of octets that are gone. */
    hci_acl_send(x, i, l->offset == 0, b + l->offset, n);
    l->offset = (uint16_t)(l->offset + n);
    if (l->offset < l->len[slot])
        return true;

    if (slot == L2CAP_SMP) {
        l->smp_unacked = true;
        l->smp_until = x->acl[i].sent;
        wipe(l->smp, sizeof l->smp);
    }
    l->len[slot] = 0;
    l->offset = 0;
    l->queued--;
    memmove(l->order, l->order + 1, l->queued);
    *freed = slot;
    return true;
}

bool l2cap_smp_acked(struct l2cap *l, const struct hci *x, unsigned i)
{
    if (!l->smp_unacked || l->len[L2CAP_SMP] || (int32_t)(x->acl[i].acked - l->smp_until) < 0)
        return false;
    l->smp_unacked = false;
    return true;
}
