/*
 * A bluetoothd for tests: org.bluez on a bus of its own (a private dbus-daemon), on the test's own
 * loop. One adapter, hci0; one device, Lamp, with a GATT service; what is called is recorded and
 * answered as the test says. It knows of BlueZ what Troth uses, and nothing of radios.
 */
#ifndef TROTH_TESTS_BLUEZ_DOUBLE_H
#define TROTH_TESTS_BLUEZ_DOUBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "support/bus_daemon.h"

#define DOUBLE_DEVICE "/org/bluez/hci0/dev_C0_FF_EE_00_00_01"
#define DOUBLE_PEER   "Lamp (C0:FF:EE:00:00:01)"

struct bluez_double {
    sd_event *loop;
    sd_bus *bus;
    struct bus_daemon daemon;
    sd_bus_slot *slots[32];
    unsigned slot_count;
    char calls[4096]; /* "RegisterAgent DisplayYesNo; StartDiscovery; ..." since the last look */
    /* What a method of that name is answered: an error's name without org.bluez.Error., or NULL. */
    const char *fails, *error, *message;
    const char *silent; /* this method is never answered; the last such call is kept in held */
    sd_bus_message *held;
    /* Called within each method of the device, before it is answered; NULL: not. */
    void (*on_call)(struct bluez_double *d, const char *method);
    char agent[64]; /* that registered */
    char owner[64]; /* whom we serve: who called last */
    /* Properties; those that are true or false are int, as sd-bus reads them. */
    int powered;                             /* Adapter1 */
    int connected, paired, bonded, resolved; /* Device1 */
    const char *name;                        /* Lamp */
    int16_t rssi;                            /* 127: not heard */
    /* values by characteristic: status (0x0011, 0x0012), and control (0x0014, 0x0015) */
    uint8_t value[64];
    size_t value_len;
    uint8_t written[64];
    size_t written_len;
    char write_type[16];
    int notify; /* our end of an AcquireNotify; -1 */
    /* the answer to agent_call */
    sd_bus_message *reply;
};

/* Starts the bus, sets DBUS_SYSTEM_BUS_ADDRESS; bluetoothd is not there yet. */
void double_start(struct bluez_double *d, sd_event *loop);
void double_stop(struct bluez_double *d);
/* bluetoothd comes, and goes. */
void double_up(struct bluez_double *d);
void double_down(struct bluez_double *d);

/* Runs the loop until truth, at most 5 s of waiting for anything; fails the test else. */
void double_until(struct bluez_double *d, bool (*truth)(void *ctx), void *ctx, const char *what);
void double_until_is(struct bluez_double *d, const unsigned *count, unsigned n, const char *what);
/* Everything on its way has arrived. */
void double_settle(struct bluez_double *d);
bool double_called(struct bluez_double *d, const char *what);

/* Calls a method of the registered agent; the answer is in reply. types NULL: no arguments. */
void double_ask(struct bluez_double *d, const char *method, const char *types, ...);
/* The reply came, and it is this error, or none (NULL). */
void double_answered(struct bluez_double *d, const char *error);

/* Answers what is held with this error. */
void double_fail_held(struct bluez_double *d, const char *error);
void double_device_changed(struct bluez_double *d, const char *property);

#endif
