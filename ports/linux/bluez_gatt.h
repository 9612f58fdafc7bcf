/*
 * Service tables (troth/gatt.h) served by bluetoothd: a GattManager1 application, registered
 * whenever bluetoothd is there and again when it comes back.
 *
 * bluetoothd enforces the permissions, keeps the Client Characteristic Configurations and tells
 * who reads and writes by the path of its Device1, which `link` turns into a link. What it cannot
 * give is in docs/BLUEZ.md, with what each enum troth_gatt_status becomes.
 */
#ifndef TROTH_PORTS_LINUX_BLUEZ_GATT_H
#define TROTH_PORTS_LINUX_BLUEZ_GATT_H

#include <troth/gatt.h>

#include "ports/linux/bluez.h"

#define BLUEZ_GATT_SERVICES 8
#define BLUEZ_GATT_PENDING  32 /* accesses answered LATER */

struct bluez_gatt_config {
    struct bluez *bluez;
    /*
     * The link of an access; NULL: nobody can tell. TROTH_NO_LINK: there is no room for another
     * device, which is refused, since two of them must not be taken for one.
     */
    troth_link (*link)(void *ctx, const char *device);
    /* Registered, or not: why, a sentence. May be NULL. */
    void (*registered)(void *ctx, const char *why);
    void *ctx;
};

struct bluez_gatt;

/* NULL: no memory. */
struct bluez_gatt *bluez_gatt_new(const struct bluez_gatt_config *config);
/* Unregisters, and answers what is open with an error. NULL is fine. */
void bluez_gatt_free(struct bluez_gatt *g);

/*
 * Before bluez_start. service is needed until bluez_gatt_free, which no longer looks at it. TROTH_UNSUPPORTED: BlueZ cannot serve this table as it
 * is, and why says what of it; TROTH_FULL.
 */
int bluez_gatt_serve(struct bluez_gatt *g, struct troth_gatt_service *service, char *why,
                     size_t why_cap);

/* As troth_gatt_complete. TROTH_STALE: there is no such access, or its link is gone. */
int bluez_gatt_complete(struct bluez_gatt *g, uint32_t token, enum troth_gatt_status status,
                        const uint8_t *value, uint16_t len);
/* As troth_gatt_notify, but never TROTH_BUSY; bluetoothd truncates. */
int bluez_gatt_notify(struct bluez_gatt *g, const struct troth_gatt_service *service, uint8_t id,
                      const uint8_t *value, uint16_t len);
/* The link is gone: what it was to be answered is void. */
void bluez_gatt_gone(struct bluez_gatt *g, troth_link link);

/* The D-Bus error that a status becomes, which bluetoothd makes an ATT error. For tests too. */
const char *bluez_gatt_error(enum troth_gatt_status status, bool write, const char **message);

#endif
