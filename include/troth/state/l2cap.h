/* L2CAP's memory of one link. Shape only: nothing here is API. */
#ifndef TROTH_STATE_L2CAP_H
#define TROTH_STATE_L2CAP_H

#include <troth/config.h>
#include <troth/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The ways out of a link, each with one PDU's buffer. */
enum l2cap_slot {
    L2CAP_SMP,
    L2CAP_ATT_RESPONSE,
    L2CAP_ATT_CONFIRMATION,
    L2CAP_ATT_REQUEST,
    L2CAP_ATT_PUSH,
    L2CAP_SIGNALLING,
    L2CAP_SLOTS,
};

#define L2CAP_HEADER     4  /* length, channel: Vol 3 Part A 3.1 */
#define L2CAP_SMP_MTU    65 /* Vol 3 Part H 3.2 */
#define L2CAP_SIGNAL_MTU 23 /* Vol 3 Part A 4 */
#define L2CAP_MTU        (TROTH_ATT_MTU > L2CAP_SMP_MTU ? TROTH_ATT_MTU : L2CAP_SMP_MTU)
/* Space before a PDU for the header of its ACL packet, and for its own. */
#define L2CAP_SPACE 9

struct l2cap {
    /* reassembly */
    uint8_t rx[L2CAP_HEADER + L2CAP_MTU];
    uint16_t rx_len;  /* octets of the PDU so far */
    uint32_t rx_want; /* octets of it in all, once its header is here; 0: not yet */
    bool rx_open;     /* a PDU has begun */
    bool rx_skip;     /* it is too long: counted, not kept */

    /* the way out */
    uint8_t smp[L2CAP_SPACE + L2CAP_SMP_MTU];
    uint8_t response[L2CAP_SPACE + TROTH_ATT_MTU];
    uint8_t confirmation[L2CAP_SPACE + 1];
    uint8_t request[L2CAP_SPACE + TROTH_ATT_MTU];
    uint8_t push[L2CAP_SPACE + TROTH_ATT_MTU];
    uint8_t signalling[L2CAP_SPACE + L2CAP_SIGNAL_MTU];
    uint16_t len[L2CAP_SLOTS];  /* octets with the header; 0: free */
    uint8_t order[L2CAP_SLOTS]; /* the occupied ones, oldest first */
    uint8_t queued;
    uint16_t offset;    /* into the oldest: its octets that went to the controller */
    bool smp_unacked;   /* SMP sent something that is not acknowledged yet */
    uint32_t smp_until; /* it is once so many packets of the link are */

    /* signalling, Vol 3 Part A 4.20 */
    uint8_t signal_id; /* of our last request */
    bool signal_open;  /* it awaits its response */
};

#ifdef __cplusplus
}
#endif
#endif
