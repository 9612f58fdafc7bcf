/*
 * bluetoothd, BlueZ's daemon, over D-Bus: the system bus, whether it is there, one of its adapters
 * and the devices that adapter knows.
 *
 *     bluez_new      opens the bus (DBUS_SYSTEM_BUS_ADDRESS counts), asks nobody yet
 *       ... listeners are added by whoever wants to know
 *     bluez_start    asks; from then on listeners are told, from the loop
 *     bluez_free
 *
 * bluetoothd may come, go and come back: after `down` everything registered there is gone and is to
 * be registered again at the next `up`. Whoever wants to call its methods uses sd-bus on bluez_bus.
 */
#ifndef TROTH_PORTS_LINUX_BLUEZ_H
#define TROTH_PORTS_LINUX_BLUEZ_H

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include <troth/gap.h>
#include <troth/types.h>

#define BLUEZ            "org.bluez"
#define BLUEZ_ADAPTER    "org.bluez.Adapter1"
#define BLUEZ_DEVICE     "org.bluez.Device1"
#define BLUEZ_PROPERTIES "org.freedesktop.DBus.Properties"
#define BLUEZ_OBJECTS    "org.freedesktop.DBus.ObjectManager"

#define BLUEZ_PATH  64
#define BLUEZ_UUIDS 16
#define BLUEZ_WHY   400
#define BLUEZ_PEER  128

/* "bluez", "bluez:hci0", "bluez:/org/bluez/hci0". False: it is something else. */
bool bluez_parse(const char *text, const char **adapter);

struct bluez_adapter {
    char path[BLUEZ_PATH];
    char alias[250];
    struct troth_addr addr; /* its identity */
    bool powered, discoverable, pairable, discovering;
    bool gatt, advertising; /* GattManager1 and LEAdvertisingManager1 are there */
};

struct bluez_device {
    struct bluez_device *next;
    char path[BLUEZ_PATH];
    char name[250];         /* its Alias: its name, or its address */
    struct troth_addr addr; /* the identity once it is known, else as the air carried it */
    bool named;             /* it has a Name */
    bool connected, paired, bonded, trusted, blocked, resolved, legacy; /* as Device1 has them */
    int16_t rssi; /* dBm; 127: not heard now */
    uint8_t uuid_count;
    struct troth_uuid uuids[BLUEZ_UUIDS]; /* those that fit; a 16-bit one as 2 octets */
};

/* What of a device is news. */
enum bluez_news {
    BLUEZ_NEW = 1,
    BLUEZ_GONE = 2, /* removed: the last of this device */
    BLUEZ_CONNECTION = 4,
    BLUEZ_PAIRING = 8, /* Paired, Bonded */
    BLUEZ_RESOLVED = 16,
    BLUEZ_HEARD = 32, /* RSSI, UUIDs: what it advertises */
    BLUEZ_OTHER = 64,
};

struct bluez_listener {
    /* The adapter and its devices are known: register. Again after each down. */
    void (*up)(void *ctx);
    /*
     * Not there: bluetoothd or the adapter, and why, as a sentence. Also when it was never up, once
     * for each reason. The devices are forgotten without a word of each.
     */
    void (*down)(void *ctx, const char *why);
    /* Something of the adapter changed. */
    void (*adapter)(void *ctx, const struct bluez_adapter *adapter);
    void (*device)(void *ctx, const struct bluez_device *device, unsigned news);
    /*
     * Any other interface of an object below the adapter (GattService1 ...): it appeared or its
     * properties changed. properties is at the beginning of an a{sv}; NULL: the interface is gone.
     */
    void (*other)(void *ctx, const char *path, const char *interface, sd_bus_message *properties);
    void *ctx;
};

struct bluez;

/* adapter: "hci1", a path, or NULL: the first there is. NULL: `why` says why not. */
struct bluez *bluez_new(sd_event *loop, const char *adapter, char *why, size_t why_cap);
void bluez_free(struct bluez *b); /* NULL is fine */
/* Copied; any function may be NULL. TROTH_FULL: 8 are enough. Removed by its ctx. */
int bluez_listen(struct bluez *b, const struct bluez_listener *listener);
void bluez_ignore(struct bluez *b, const void *ctx);
void bluez_start(struct bluez *b);

sd_bus *bluez_bus(struct bluez *b);
/* The unique name behind org.bluez, which alone may call our objects; NULL: nobody's. */
const char *bluez_owner(const struct bluez *b);
/* NULL: down. */
const struct bluez_adapter *bluez_adapter(const struct bluez *b);
/* The first of all; go on with next. */
const struct bluez_device *bluez_devices(const struct bluez *b);
const struct bluez_device *bluez_device_at(const struct bluez *b, const char *path);
const struct bluez_device *bluez_device_of(const struct bluez *b, const struct troth_addr *addr);

/*
 * A property of bluetoothd's, set and forgotten: what fails is told to `failed`, which may be NULL.
 * `failed` must be callable as long as b is.
 */
int bluez_set_bool(struct bluez *b, const char *path, const char *interface, const char *property,
                   bool value, void (*failed)(void *ctx, const char *why), void *ctx);

/*
 * A D-Bus error as a sentence that says what to do. doing: "register an advertisement"; it comes
 * first. An error nobody foresaw keeps its own name and words.
 */
const char *bluez_why(const char *doing, const sd_bus_error *error, char why[BLUEZ_WHY]);
/* bluetoothd's words for one of its own errors: strcmp without "org.bluez.Error." */
bool bluez_is(const sd_bus_error *error, const char *name);
/*
 * What a device on BlueZ meant by an ATT error: it had to send ATT's own as an application error
 * (bluez_gatt_error). Those below 0x90 are left alone: Espressif's devices have some of their own.
 */
uint8_t bluez_meant(uint8_t att_error);

/*
 * How a person knows a device: "Lamp (C0:FF:EE:00:00:01)". The address is last, whatever the name
 * pretends, which is cut, and has ? for what could disturb a terminal.
 */
char *bluez_peer_text(const struct bluez_device *d, char text[BLUEZ_PEER]);

/* "0000180a-0000-1000-8000-00805f9b34fb", any 128-bit UUID; a 16-bit one becomes 2 octets. */
bool bluez_uuid_parse(struct troth_uuid *uuid, const char *text);
char *bluez_uuid_text(const struct troth_uuid *uuid, char text[37]);

#endif
