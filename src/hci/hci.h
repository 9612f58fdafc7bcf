/*
 * The controller's side of a host: one command at a time under Num_HCI_Command_Packets, bring-up
 * as a table, ACL data under its credits. Decides nothing about links; its host routes events.
 */
#ifndef TROTH_HCI_HCI_H
#define TROTH_HCI_HCI_H

#include <troth/state/hci.h>

#include "hci/codec.h"

enum hci_state { HCI_DOWN, HCI_RISING, HCI_UP };

/*
 * No answer to a command for so long, and the controller counts as broken; in Reset some load their
 * firmware. So does one that leaves us without a credit while nothing is open that may bring it.
 */
#define HCI_COMMAND_TIMEOUT_MS 2000
#define HCI_RESET_TIMEOUT_MS   6000
#define HCI_CREDIT_TIMEOUT_MS  4000

/* Octets of an ACL packet before its data: H4 type, handle and flags, length. */
#define HCI_ACL_HEADER 5

void hci_init(struct hci *x, void (*send)(void *ctx, const uint8_t *packet, size_t len), void *ctx);

/* ---- commands ---- */

bool hci_can_issue(const struct hci *x);
/* Only when hci_can_issue. link: whom the answer concerns. */
void hci_issue(struct hci *x, const struct hci_command *c, troth_link link);
/* Takes the credits of a Command Complete or Status; true when it answers the open command. */
bool hci_answered(struct hci *x, const struct hci_event *e);

/* ---- bring-up ---- */

/* Forgets everything but what it does not answer, and begins with Reset. */
void hci_start(struct hci *x);
/* Issues the next row when it may. True: something was sent, or the state changed. */
bool hci_rise(struct hci *x);
/* The answer to a row's command, after hci_answered. False: bring-up has failed; state is DOWN. */
bool hci_rise_answer(struct hci *x, const struct hci_event *e);

/*
 * The open command was not answered in time. True: an optional one of bring-up, which has begun
 * again without it. False: the controller is broken.
 */
bool hci_unanswered(struct hci *x);

/* In the supported commands, Vol 4 Part E 6.27; false when it did not say. */
bool hci_supports(const struct hci *x, uint8_t octet, uint8_t bit);

/* ---- ACL ---- */

void hci_acl_open(struct hci *x, unsigned i, uint16_t handle);
/* A disconnection returns its credits, Vol 4 Part E 4.3. */
void hci_acl_close(struct hci *x, unsigned i);
bool hci_acl_room(const struct hci *x);
/*
 * Only when hci_acl_room. packet: HCI_ACL_HEADER octets of space, then len (at most acl_len) of
 * data. first: the data begins an L2CAP PDU.
 */
void hci_acl_send(struct hci *x, unsigned i, bool first, uint8_t *packet, uint16_t len);
/* Number Of Completed Packets for one handle; too many count as all. Its index, or -1. */
int hci_acl_completed(struct hci *x, uint16_t handle, uint16_t count);

#endif
