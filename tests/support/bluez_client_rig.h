/* A central over BlueZ, served by a bluetoothd made for the test on a bus of its own. */
#ifndef TROTH_TEST_BLUEZ_CLIENT_RIG_H
#define TROTH_TEST_BLUEZ_CLIENT_RIG_H

#include "ports/linux/bluez_client.h"
#include "support/bluez_double.h"

#define STATUS  0x0012 /* handles of values */
#define CCC     0x0013
#define CONTROL 0x0015

struct bluez_client_rig {
    sd_event *loop;
    struct bluez_double d;
    struct bluez *bluez;
    struct bluez_client *client;
    unsigned told[BLUEZ_CLIENT_REMOVE_FAILED + 1];
    char why[BLUEZ_WHY];
    unsigned reports, services, characteristics, descriptors, notifications, dones;
    unsigned connected, disconnected;
    struct troth_event last; /* DONE, CONNECTED */
    uint8_t data[256];       /* of a report, a value or a notification */
    uint16_t len, handle;
    int8_t rssi;
    bool counts; /* what would be asked when that report came */
    uint16_t first, last_handle, ccc;
};

/* For cmocka: BlueZ is there, a lamp around. */
int bluez_client_rig_setup(void **state);
int bluez_client_rig_teardown(void **state);
/* Until one of the rig's counts counts; then it is zero again. */
void bluez_client_rig_await(struct bluez_client_rig *r, unsigned *count, const char *what);
void bluez_client_rig_connect(struct bluez_client_rig *r);
/* Connected, and all is known. */
void bluez_client_rig_discover(struct bluez_client_rig *r);

#endif
