/*
 * A central over BlueZ: looks around, connects, pairs and runs GATT procedures through bluetoothd,
 * and tells the library's own events (<troth/event.h>), so that whoever reads those need not know
 * whose host it is: REPORT, CONNECTED, DISCONNECTED, GATT_*. One device at a time, its link is
 * BLUEZ_CLIENT_LINK. What those events have no place for is `told`, with a sentence.
 *
 * Handles are the peer's own, as BlueZ's paths tell them. Subscribing through a Client Characteristic
 * Configuration is AcquireNotify or StartNotify.
 */
#ifndef TROTH_PORTS_LINUX_BLUEZ_CLIENT_H
#define TROTH_PORTS_LINUX_BLUEZ_CLIENT_H

#include <troth/event.h>

#include "ports/linux/bluez.h"

#define BLUEZ_CLIENT_LINK ((troth_link)1)

enum bluez_client_news {
    BLUEZ_CLIENT_UP = 1,
    BLUEZ_CLIENT_DOWN,           /* why. Nothing more will happen by itself */
    BLUEZ_CLIENT_SCAN_FAILED,    /* why */
    BLUEZ_CLIENT_CONNECT_FAILED, /* why */
    BLUEZ_CLIENT_PAIRED,
    BLUEZ_CLIENT_PAIR_FAILED, /* why */
    BLUEZ_CLIENT_REMOVED,
    BLUEZ_CLIENT_REMOVE_FAILED, /* why */
};

struct bluez_client_config {
    struct bluez *bluez; /* outlives this */
    void (*event)(void *ctx, const struct troth_event *event);
    /* why: valid during the call. */
    void (*told)(void *ctx, enum bluez_client_news news, const char *why);
    void *ctx;
};

struct bluez_client;

struct bluez_client *bluez_client_new(const struct bluez_client_config *config); /* NULL: memory */
/* Stops scanning, disconnects what it connected. NULL is fine. */
void bluez_client_free(struct bluez_client *c);

/*
 * enum troth_result. Devices already around are reported as well, if they are heard. BlueZ does not
 * tell what is connectable: everything is said to be.
 */
int bluez_client_scan(struct bluez_client *c, bool on);
/* CONNECTED comes once its services are known to BlueZ. TROTH_STATE: no such device. */
int bluez_client_connect(struct bluez_client *c, const struct troth_addr *addr, unsigned ms);
/*
 * The same by Pair, for which bluetoothd connects by itself: whatever a device asks for when it is
 * connected to is then part of that Pair. CONNECT_FAILED; or CONNECTED, then PAIRED or PAIR_FAILED.
 * One that is connected or paired with already is only connected to.
 */
int bluez_client_connect_pairing(struct bluez_client *c, const struct troth_addr *addr,
                                 unsigned ms);
/*
 * PAIRED or PAIR_FAILED, unless PAIRED was told since it was connected to: a device may have asked
 * for it by itself. TROTH_BUSY: one is running.
 */
int bluez_client_pair(struct bluez_client *c);
/*
 * What bluetoothd asks its agent about the device now is asked in the pairing whose outcome is our
 * Pair's: with PAIRED next, it proves as much as its model does. Anything else that is asked proves
 * nothing, since nobody is told how a pairing ends that the device began: one may ask and fail, and
 * the next succeed by Just Works. Why it holds:
 *
 * - Once bluetoothd has handled Pair, the next pairing with the device that fails, whoever began it,
 *   and a link that ends, make Pair fail. One runs at a time: if Pair does not fail, what was
 *   asked since and what succeeded are one pairing.
 * - bluetoothd handles our calls in order and its messages come in order: Pair was handled before
 *   whatever comes after the answer to a call that was sent after Pair.
 *
 * It does not hold against BR/EDR: once a PIN was asked for, by whatever device, bluetoothd repeats a
 * Pair that failed, so after BLUEZ_AGENT_PIN or _NO_PIN nothing proves; and Paired is of both.
 */
bool bluez_client_is_asked(const struct bluez_client *c);
/* The bond that PAIRED told of last is with this device, and was there all the time since. */
bool bluez_client_made(const struct bluez_client *c, const struct troth_addr *addr);
/* Forgets the device and its bond: REMOVED or REMOVE_FAILED. Ends the connection. */
int bluez_client_remove(struct bluez_client *c, const char *path);
/* Whom it is connected to or connecting to; NULL. */
const struct bluez_device *bluez_client_device(const struct bluez_client *c);

/* ---- procedures, as in <troth/gatt.h>; the outcome is GATT_DONE ---- */

/* uuid NULL: everything. */
int bluez_client_discover(struct bluez_client *c, const struct troth_uuid *uuid);
int bluez_client_read(struct bluez_client *c, uint16_t handle);
int bluez_client_write(struct bluez_client *c, uint16_t handle, const uint8_t *data, uint16_t len);
int bluez_client_subscribe(struct bluez_client *c, uint16_t ccc_handle, uint16_t bits);

#endif
