/*
 * L2CAP on LE, Vol 3 Part A: the three fixed channels of one link, reassembly, fragmentation and LE
 * signalling. A PDU that nobody here could take is dropped, whatever its length field says.
 */
#ifndef TROTH_L2CAP_L2CAP_H
#define TROTH_L2CAP_L2CAP_H

#include <troth/state/l2cap.h>

#include "hci/hci.h"

#define L2CAP_CID_ATT        0x0004
#define L2CAP_CID_SIGNALLING 0x0005
#define L2CAP_CID_SMP        0x0006

void l2cap_init(struct l2cap *l);

struct l2cap_pdu {
    uint16_t cid;
    const uint8_t *data; /* into the link's buffer: until the next l2cap_rx */
    uint16_t len;
};
/* One ACL packet's data. True: it completed a PDU. */
bool l2cap_rx(struct l2cap *l, bool first, const uint8_t *data, size_t len, struct l2cap_pdu *pdu);

/* False: the slot is taken. len fits the slot. Copies; sends nothing by itself. */
bool l2cap_queue(struct l2cap *l, enum l2cap_slot slot, const uint8_t *data, size_t len);
bool l2cap_slot_free(const struct l2cap *l, enum l2cap_slot slot);
/*
 * Gives the controller one fragment, if it has room and there is one: true. The slot whose last
 * fragment that was, else L2CAP_SLOTS, in *freed. i: the link's index in hci.
 */
bool l2cap_fragment(struct l2cap *l, struct hci *x, unsigned i, enum l2cap_slot *freed);
/* True once: everything SMP sent has been acknowledged. */
bool l2cap_smp_acked(struct l2cap *l, const struct hci *x, unsigned i);

/* ---- LE signalling ---- */

enum l2cap_signal {
    L2CAP_SIGNAL_NONE,
    L2CAP_SIGNAL_UPDATE,  /* central: accepted, the connection is to be updated to *params */
    L2CAP_SIGNAL_REFUSED, /* peripheral: our parameters were refused */
};
/* One PDU of CID 5. Answers by itself, when the slot is free; else the peer asks again. */
enum l2cap_signal l2cap_signal_rx(struct l2cap *l, enum troth_role role, const uint8_t *data,
                                  size_t len, struct troth_conn_params *params);
/* Connection Parameter Update Request, 4.20, in place of any before it. False: no room. */
bool l2cap_ask_params(struct l2cap *l, const struct troth_conn_params *params);

#endif
