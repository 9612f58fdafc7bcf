/*
 * What a peripheral finds at the bluetoothd for tests: GattManager1 and LEAdvertisingManager1. What
 * registers there is remembered and called as bluetoothd would.
 */
#ifndef TROTH_TESTS_BLUEZ_DOUBLE_PERIPHERAL_H
#define TROTH_TESTS_BLUEZ_DOUBLE_PERIPHERAL_H

#include "support/bluez_double.h"

struct double_peripheral {
    struct bluez_double *d;
    sd_bus_slot *slots[2], *value;
    char owner[64], application[64], advertisement[64]; /* empty: not registered */
    unsigned applications, advertisements;              /* registrations in all */
    unsigned registered;                                /* of both, now */
    const char *fails, *message; /* registrations: org.bluez.Error... and its words; NULL: taken */
    sd_bus_message *reply;       /* to the last call */
    /* The last Value that was notified, and on which characteristic. */
    char notified_at[64];
    uint8_t notified[64];
    size_t notified_len;
    unsigned notifications;
};

/* Right after double_up. */
void peripheral_up(struct double_peripheral *p, struct bluez_double *d);
/* Right before double_down, and at the end. */
void peripheral_down(struct double_peripheral *p);

/* Calls a method of whoever registered; the answer is in reply. from: NULL, or another's bus. */
void peripheral_call(struct double_peripheral *p, sd_bus *from, const char *path,
                     const char *interface, const char *method, const char *types, ...);
/* Sends only, and waits. */
void peripheral_send(struct double_peripheral *p, const char *path, const char *interface,
                     const char *method, const char *types, ...);
void peripheral_await(struct double_peripheral *p);

#endif
