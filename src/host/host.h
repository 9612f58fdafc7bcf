/*
 * What the files of the host share. The host owns the layers and routes between them; it has no
 * protocol of its own.
 *
 * Everything a layer causes is appended: events and asks to the ring, commands to pending bits,
 * PDUs to slots. host_settle works it off, one thing at a time and the ring first, until nothing
 * is left.
 */
#ifndef TROTH_HOST_HOST_H
#define TROTH_HOST_HOST_H

#include <troth/state.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/wipe.h"
#include "bonds/bonds.h"
#include "gap/gap.h"
#include "gatt/gatt.h"
#include "hci/hci.h"
#include "l2cap/l2cap.h"
#include "smp/smp.h"

/* host_link.pending, the most urgent first */
enum host_pending {
    HOST_LTK_REPLY = 0x01,
    HOST_LTK_NEGATIVE = 0x02,
    HOST_ENCRYPT = 0x04,
    HOST_PARAMS_REPLY = 0x08,
    HOST_PARAMS_NEGATIVE = 0x10,
    HOST_UPDATE = 0x20,
    HOST_DISCONNECT = 0x40,
};

/* The GATT client's wish for more security. */
enum host_raise {
    RAISE_NONE,
    RAISE_DUE,
    RAISE_ASKED,
    RAISE_ENCRYPTING,
    RAISE_PAIRING,
    RAISE_YES, /* gatt_secured is due */
    RAISE_NO,
};

enum host_store_job {
    STORE_NOTHING,
    STORE_REMOVE,
    STORE_COMMIT_KEYS, /* of link `at` */
    STORE_COMMIT_STATE,
    STORE_LOCAL,
    STORE_KEYS, /* of bond `at` */
    STORE_STATE,
};

/* ---- host.c ---- */

/* Works off everything; does nothing within a callback: the outermost call will. */
void host_settle(struct troth_host *h);
/* The controller is gone: TROTH_EV_BROKEN, and every link ends. */
void host_broken(struct troth_host *h, uint16_t opcode, uint8_t status);
struct host_link *host_link_of(const struct troth_host *h, troth_link number);
struct host_link *host_link_of_handle(const struct troth_host *h, uint16_t handle);
void host_random(void *host, uint8_t *out, size_t len);

/* ---- route.c ---- */

int host_rx_event(struct troth_host *h, const uint8_t *p, size_t len);
int host_rx_acl(struct troth_host *h, const uint8_t *p, size_t len);

/* ---- ring.c ---- */

/* May an API call be made now? Not when a callback has left too little room. */
bool host_may_call(const struct troth_host *h);
void host_emit(struct troth_host *h, const struct troth_event *e);
void host_emit_link(struct host_link *l, struct troth_event *e);
void host_put_ask(struct troth_host *h, const struct troth_ask *a);
/* Delivers the oldest. False: the ring is empty. */
bool host_deliver(struct troth_host *h);

/* ---- ask.c ---- */

uint32_t host_ask_id(struct troth_host *h);
void host_ask(struct host_link *l, struct troth_ask *a);
void host_withdraw(struct host_link *l, enum troth_ask_type type);
void host_withdraw_all(struct host_link *l);
void host_deliver_ask(struct troth_host *h, struct troth_ask *a);

/* ---- privacy.c ---- */

/* Privacy is wanted and our IRK is the one that means none: all zero. */
bool host_privacy_needs_irk(const struct troth_host *h);
/* The controller is up and who we are is known: chooses who makes our private addresses. */
void host_privacy_up(struct troth_host *h);

/* ---- store.c ---- */

bool host_store_next(struct troth_host *h);
/* Fills in what is true now; false: the question is void. */
bool host_store_fill(struct troth_host *h, struct troth_ask *a, uint8_t record[TROTH_RECORD_MAX]);
int host_store_answered(struct troth_host *h, bool ok);
bool host_commit(struct host_link *l, const struct troth_bond_keys *keys);
/* The pairing failed while its bond was waiting for the store, or in it. */
void host_uncommit(struct host_link *l);
bool host_forget(struct troth_host *h, const struct troth_addr *identity);
bool host_store_removal(struct troth_host *h, const struct troth_addr *identity, bool quiet);

/* ---- attempts.c ---- */

/* How long the link's peer has to wait before its next pairing, in milliseconds. */
troth_ms host_attempts_wait(const struct host_link *l);
void host_attempted(struct host_link *l, bool ok);
/* When the next wait ends: time has to be told, for nothing else may happen till then. */
troth_ms host_attempts_deadline(const struct troth_host *h);

/* ---- env.c ---- */

const struct troth_policy *host_policy(const struct host_link *l);

extern const struct smp_env host_smp_env;
extern const struct gatt_env host_gatt_env;

/* ---- link.c ---- */

void host_link_begin(struct troth_host *h, const struct hci_event *e);
/* The last of a link: everything in it ends, then TROTH_EV_DISCONNECTED. */
void host_link_end(struct host_link *l, uint8_t status);
/* A connection without a place here is gone, or as good as gone. */
void host_refused(struct troth_host *h, uint16_t handle);
bool host_link_room(const struct troth_host *h);
/* One L2CAP PDU's worth of an ACL packet. */
void host_link_acl(struct host_link *l, bool first, const uint8_t *data, size_t len);
void host_link_release(struct host_link *l); /* what was held until the Encryption Change */
/* Asks for it; the first reason stands. */
void host_link_disconnect(struct host_link *l, uint8_t reason);
/* The most urgent of what is pending: something is. */
void host_link_command(struct host_link *l, struct hci_command *c);
void host_link_answered(struct host_link *l, uint16_t opcode, uint8_t status);
/* One thing owed to SMP or GATT on a link in use; false: nothing is. */
bool host_link_step(struct host_link *l);
/* One fragment to the controller; false: nothing to send, or no room. */
bool host_pump(struct troth_host *h);

#endif
