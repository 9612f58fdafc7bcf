/* The controller as one host knows it. Shape only: nothing here is API. */
#ifndef TROTH_STATE_HCI_H
#define TROTH_STATE_HCI_H

#include <troth/config.h>
#include <troth/timer.h>
#include <troth/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ACL data of one connection on its way to the air, Vol 4 Part E 4.1.1. */
struct hci_acl {
    bool used;
    uint16_t handle;
    uint32_t sent, acked; /* packets since connection; sent - acked are in the controller */
};

struct hci {
    void (*send)(void *ctx, const uint8_t *packet, size_t len);
    void *ctx;

    /* commands: one at a time */
    uint8_t credits;    /* Num_HCI_Command_Packets */
    uint16_t open;      /* the opcode that is not answered yet; 0: none */
    uint16_t open_link; /* the troth_link it concerns */
    struct timer timer;

    uint8_t state; /* HCI_DOWN ... */
    uint8_t row;   /* of the bring-up table */
    uint16_t mute; /* its rows that were never answered: left out from now on */

    /* what bring-up learnt */
    uint8_t version;
    bool know_commands;
    uint8_t commands[64];
    uint8_t features[8];
    bool has_public;
    struct troth_addr public_addr;
    uint8_t resolving_size; /* 0: the controller resolves nothing */
    uint16_t acl_len;       /* octets in one ACL packet */
    uint16_t acl_count;     /* packets the controller holds */
    uint16_t acl_busy;      /* ... and holds now, of all links */
    struct hci_acl acl[TROTH_MAX_LINKS];
};

#ifdef __cplusplus
}
#endif
#endif
