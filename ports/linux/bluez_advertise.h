/*
 * Being found through bluetoothd: one LEAdvertisement1, registered whenever it is wanted and
 * bluetoothd and the adapter are ready, and again when they come back.
 *
 * BlueZ decides where things go: flags and UUIDs into the advertising data, the name into the scan
 * response; and the rest (address, channels, interval) unless it was asked for.
 */
#ifndef TROTH_PORTS_LINUX_BLUEZ_ADVERTISE_H
#define TROTH_PORTS_LINUX_BLUEZ_ADVERTISE_H

#include <troth/gap.h>

#include "ports/linux/bluez.h"

struct bluez_advertise_config {
    struct bluez *bluez;
    /* On air, or not. why: a sentence, when that is not what was wanted; else NULL. */
    void (*state)(void *ctx, bool on, const char *why);
    void *ctx;
};

struct bluez_advertise;

/* NULL: no memory. */
struct bluez_advertise *bluez_advertise_new(const struct bluez_advertise_config *config);
void bluez_advertise_free(struct bluez_advertise *a); /* unregisters. NULL is fine */

/*
 * What to advertise: flags, UUIDs and the name are taken out of it, wherever they are. What else is
 * in it goes as it is where BlueZ has a property for it (manufacturer data, service data).
 * TROTH_INVALID: it cannot be had, and why names the field that is too long or that BlueZ would not
 * take; what was on air stays.
 */
int bluez_advertise(struct bluez_advertise *a, const struct troth_advertising *adv, char *why,
                    size_t why_cap);

#endif
