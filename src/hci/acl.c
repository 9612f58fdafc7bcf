#include "base/bytes.h"
#include "base/check.h"
#include "hci/hci.h"

void hci_acl_open(struct hci *x, unsigned i, uint16_t handle)
{
    x->acl[i] = (struct hci_acl){.used = true, .handle = handle};
}

void hci_acl_close(struct hci *x, unsigned i)
{
    struct hci_acl *a = &x->acl[i];
    if (a->used)
        x->acl_busy = (uint16_t)(x->acl_busy - (a->sent - a->acked));
    a->used = false;
}

bool hci_acl_room(const struct hci *x)
{
    return x->state == HCI_UP && x->acl_busy < x->acl_count;
}

void hci_acl_send(struct hci *x, unsigned i, bool first, uint8_t *packet, uint16_t len)
{
    struct hci_acl *a = &x->acl[i];
    ASSERT(a->used && hci_acl_room(x) && len <= x->acl_len);
    packet[0] = HCI_H4_ACL;
    /* Packet_Boundary_Flag 00: first, non-flushable; 01: continuing. Vol 4 Part E 5.4.2 */
    put_le16(packet + 1, (uint16_t)(a->handle | (first ? 0x0000 : 0x1000)));
    put_le16(packet + 3, len);
    a->sent++;
    x->acl_busy++;
    x->send(x->ctx, packet, (size_t)HCI_ACL_HEADER + len);
}

int hci_acl_completed(struct hci *x, uint16_t handle, uint16_t count)
{
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++) {
        struct hci_acl *a = &x->acl[i];
        if (!a->used || a->handle != (handle & 0x0fff))
            continue;
        uint32_t open = a->sent - a->acked;
        if (count > open)
            count = (uint16_t)open;
        a->acked += count;
        x->acl_busy = (uint16_t)(x->acl_busy - count);
        return (int)i;
    }
    return -1;
}
