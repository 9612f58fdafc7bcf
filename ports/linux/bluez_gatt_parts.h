/* What bluez_gatt.c and bluez_gatt_objects.c share. */
#ifndef TROTH_PORTS_LINUX_BLUEZ_GATT_PARTS_H
#define TROTH_PORTS_LINUX_BLUEZ_GATT_PARTS_H

#include "ports/linux/bluez_gatt.h"

#define ROOT           "/org/troth/gatt"
#define SERVICE        "org.bluez.GattService1"
#define CHARACTERISTIC "org.bluez.GattCharacteristic1"
#define DESCRIPTOR     "org.bluez.GattDescriptor1"
#define MANAGER        "org.bluez.GattManager1"

#define FLAGS 20

struct object { /* of a characteristic */
    struct bluez_gatt *g;
    const struct troth_gatt_service *service;
    const struct troth_characteristic *c;
    char path[BLUEZ_PATH];
    bool subscribed;
    sd_bus_slot *slot, *descriptor;
};

struct served {
    struct bluez_gatt *g;
    struct troth_gatt_service *service;
    char path[BLUEZ_PATH];
    unsigned count; /* the table may go before this does */
    struct object *objects;
    sd_bus_slot *slot;
};

struct pending {
    uint32_t token; /* 0: unused */
    troth_link link;
    bool write;
    uint8_t id;
    sd_bus_message *call;
};

struct bluez_gatt {
    struct bluez_gatt_config cfg;
    sd_bus_slot *manager, *registering;
    bool registered;
    unsigned count;
    struct served served[BLUEZ_GATT_SERVICES];
    uint32_t token;
    struct pending pending[BLUEZ_GATT_PENDING];
};

/* ---- bluez_gatt.c: what bluetoothd calls; context: a struct object ---- */

int bluez_gatt_on_read(sd_bus_message *m, void *context, sd_bus_error *error);
int bluez_gatt_on_write(sd_bus_message *m, void *context, sd_bus_error *error);
int bluez_gatt_on_start_notify(sd_bus_message *m, void *context, sd_bus_error *error);
int bluez_gatt_on_stop_notify(sd_bus_message *m, void *context, sd_bus_error *error);
int bluez_gatt_on_confirm(sd_bus_message *m, void *context, sd_bus_error *error);
int bluez_gatt_on_read_description(sd_bus_message *m, void *context, sd_bus_error *error);

/* ---- bluez_gatt_objects.c ---- */

/* Puts the service and its characteristics on the bus; negative: an errno. */
int bluez_gatt_add_objects(struct served *s);

#endif
