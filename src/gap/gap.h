/*
 * GAP: the wanted state of the air and one reconciler that brings the controller there, a command
 * at a time, pausing what a controller refuses to change while active (Vol 4 Part E 7.8.4, 7.8.5,
 * 7.8.10). Neither commands nor events leave here by themselves: the host asks for the next
 * command and tells what became of it.
 */
#ifndef TROTH_GAP_GAP_H
#define TROTH_GAP_GAP_H

#include <troth/event.h>
#include <troth/state/gap.h>

#include "hci/codec.h"

enum gap_connect {
    GAP_IDLE,
    GAP_WANTED,     /* not with the controller yet */
    GAP_CREATING,   /* LE Create Connection is not answered yet */
    GAP_CONNECTING, /* pending in the controller */
    GAP_CANCELLING,
};

/* gap.scan_set */
#define GAP_PASSIVE    1
#define GAP_ACTIVE     2
#define GAP_UNFILTERED 4

/* gap.adv_dirty */
#define GAP_PARAMETERS 1
#define GAP_DATA       2
#define GAP_RESPONSE   4

void gap_init(struct gap *g, void (*event)(void *host, struct troth_event *e),
              void (*random)(void *host, uint8_t *out, size_t len), void *host,
              const struct bonds *bonds);
/* The controller came up, gap.privacy says how we shall be called there. */
void gap_up(struct gap *g, const struct troth_addr *identity);
/* The controller is gone or starts again: what is wanted stays, a connection attempt ends. */
void gap_down(struct gap *g, uint8_t status);
/* A link came or went: is there room for one more? */
void gap_room(struct gap *g, bool room);

/* The next command towards the wanted state; false: it is reached, or waits. */
bool gap_next(struct gap *g, struct hci_command *c);
void gap_answered(struct gap *g, uint16_t opcode, uint8_t status);
/* LE Connection Complete. */
void gap_connection(struct gap *g, enum troth_role role, uint8_t status);
void gap_report(struct gap *g, const struct hci_report *r);
void gap_tick(struct gap *g, troth_ms now);
troth_ms gap_deadline(const struct gap *g);

int gap_advertise(struct gap *g, const struct troth_advertising *adv);
int gap_scan(struct gap *g, bool on, bool active);
/*
 * bond: the peer's, or NULL. By its identity a peer with an IRK is found under its private
 * addresses too: by the resolving list if it is there, else by scanning.
 */
int gap_connect(struct gap *g, const struct troth_addr *peer, const struct troth_bond_keys *bond,
                uint32_t timeout_ms);
int gap_connect_cancel(struct gap *g, uint8_t why);

/* A static random address of random octets, Vol 6 Part B 1.3.2.1. */
void gap_static_address(struct troth_addr *a, const uint8_t random[6]);
/* A resolvable private address of three random octets, 1.3.2.2. */
void gap_private_address(struct troth_addr *a, const uint8_t irk[16], const uint8_t random[3]);

/* ---- privacy.c ---- */

/* The controller is new: its resolving list is empty. */
void gap_privacy_up(struct gap *g);
/* Own_Address_Type of whatever goes on air. */
uint8_t gap_own_type(const struct gap *g);
/* Is the resolving list to be changed? Then gap_list_next has the command, nothing being on air. */
bool gap_list_due(struct gap *g);
void gap_list_next(struct gap *g, struct hci_command *c);
void gap_list_answered(struct gap *g, uint16_t opcode, uint8_t status);
/* Does the controller know this peer under its private addresses? */
bool gap_is_listed(const struct gap *g, const struct troth_addr *identity);

#endif
