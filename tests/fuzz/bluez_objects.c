/*
 * What bluetoothd says of its objects, as messages made in memory: any objects with any properties
 * of any type, in any order, leave a copy that is whole. Names among them come from the air.
 */
#include "fuzz/bus_message.h"
#include "fuzz/fuzz.h"

#include <string.h>

#include "ports/linux/bluez_parts.h"

static const char *const paths[] = {
    "/org/bluez",
    "/org/bluez/hci0",
    "/org/bluez/hci1",
    "/org/bluez/hci0/dev_1",
    "/org/bluez/hci0/dev_2",
    "/org/bluez/hci0/dev_1/service0001",
    "/",
    "/org/bluez/hci1/dev_1",
    "/org/bluez/hci0/dev_that_has_a_path_of_more_octets_than_there_is_room_for_1",
    NULL};
static const char *const interfaces[] = {BLUEZ_ADAPTER,
                                         BLUEZ_DEVICE,
                                         "org.bluez.GattManager1",
                                         "org.bluez.LEAdvertisingManager1",
                                         "org.bluez.GattService1",
                                         "org.bluez.GattCharacteristic1",
                                         NULL};
static const char *const properties[] = {"Address",
                                         "s",
                                         "AddressType",
                                         "s",
                                         "Alias",
                                         "s",
                                         "Name",
                                         "s",
                                         "Connected",
                                         "b",
                                         "Paired",
                                         "b",
                                         "Bonded",
                                         "b",
                                         "Trusted",
                                         "b",
                                         "Blocked",
                                         "b",
                                         "ServicesResolved",
                                         "b",
                                         "LegacyPairing",
                                         "b",
                                         "RSSI",
                                         "n",
                                         "UUIDs",
                                         "as",
                                         "Powered",
                                         "b",
                                         "Pairable",
                                         "b",
                                         "Discoverable",
                                         "b",
                                         "Discovering",
                                         "b",
                                         "ManufacturerData",
                                         "ay",
                                         NULL};
static const char *const texts[] = {
    "random",       "public", "C0:FF:EE:00:00:01", "0000180a-0000-1000-8000-00805f9b34fb",
    "\xe2\x80\xae", NULL};
static const struct bus_words words = {paths, interfaces, properties, texts};

/* ---- what is left of them ---- */

static void on_device(void *ctx, const struct bluez_device *d, unsigned news)
{
    (void)ctx;
    never(!news, "no news are told");
    never(!d->path[0] || d->uuid_count > BLUEZ_UUIDS, "a device that is none");
}

/* Reads a part of it: what a listener leaves unread is not in anybody's way. */
static void on_other(void *ctx, const char *path, const char *interface, sd_bus_message *m)
{
    const char *name;
    const unsigned *depth = ctx;
    never(!*path || !*interface, "nothing is told");
    never(sd_bus_message_enter_container(m, 'a', "{sv}") < 0, "not at its properties");
    for (unsigned i = 0; i < *depth && sd_bus_message_enter_container(m, 'e', "sv") > 0; i++) {
        never(sd_bus_message_read_basic(m, 's', &name) <= 0, "a property without a name");
        if (i & 1)
            break;
        sd_bus_message_skip(m, "v");
        sd_bus_message_exit_container(m);
    }
}

/* The address is last and whole, whatever the name is; and nothing moves the cursor. */
static void as_shown(const struct bluez_device *d)
{
    char text[BLUEZ_PEER], addr[18];
    const char *end = strrchr(bluez_peer_text(d, text), d->named ? '(' : 0);
    troth_addr_text(&d->addr, addr);
    never(strlen(text) < 17 || strncmp(d->named ? end + 1 : text, addr, 17) != 0,
          "an address that is hidden");
    for (const char *p = text; *p; p++)
        never((uint8_t)*p < 0x20 || *p == 0x7f ||
                  ((uint8_t)*p == 0xc2 && (uint8_t)p[1] >= 0x80 && (uint8_t)p[1] < 0xa0),
              "a name that disturbs the terminal");
    never(strstr(text, "\xe2\x80\xae") != NULL, "a name that turns the line around");
}

static void whole(const struct bluez *b)
{
    unsigned n = 0;
    never(strnlen(b->adapter.alias, sizeof b->adapter.alias) == sizeof b->adapter.alias ||
              strnlen(b->adapter.path, BLUEZ_PATH) == BLUEZ_PATH,
          "a text without end");
    for (const struct bluez_device *d = b->devices; d; d = d->next) {
        never(++n > 9, "more devices than there are");
        never(!bluez_below(b, d->path), "another adapter's device");
        never(strnlen(d->name, sizeof d->name) == sizeof d->name, "a text without end");
        never(d->uuid_count > BLUEZ_UUIDS, "too many UUIDs");
        for (unsigned i = 0; i < d->uuid_count; i++)
            never(d->uuids[i].len != 2 && d->uuids[i].len != 16, "a UUID that is none");
        never(bluez_device_at(b, d->path) != d, "a device twice");
        as_shown(d);
    }
}

static void one_message(struct bluez *b, struct in *in)
{
    sd_bus_message *m = bus_begin();
    const char *path = bus_pick(in, paths), *interface = bus_pick(in, interfaces);
    switch (in_u8(in) & 3) {
    case 0: /* GetManagedObjects */
        bus_put_objects(m, in, &words);
        bus_seal(m);
        bluez_forget_devices(b);
        memset(&b->adapter, 0, sizeof b->adapter);
        bluez_each_object(b, m, true);
        if (b->adapter.path[0])
            bluez_each_object(b, m, false);
        b->up = b->adapter.path[0];
        break;
    case 1: /* InterfacesAdded */
        bus_put_object(m, in, &words);
        bus_seal(m);
        bluez_each_interface(b, m, b->adapter.path[0] == 0);
        break;
    case 2: /* PropertiesChanged, its interface read */
        bus_put_properties(m, in, &words);
        sd_bus_message_append(m, "as", 2, "Name", "RSSI");
        bus_seal(m);
        if (b->adapter.path[0])
            bluez_changed(b, path, interface, m);
        break;
    default:
        bus_seal(m);
        bluez_remove_device(b, path);
    }
    sd_bus_message_unref(m);
    whole(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = in_of(data, size);
    struct bluez b = {.bus = bus_in_memory()};
    unsigned first = 1, second = 9;
    if (in_u8(&in) & 1)
        snprintf(b.wanted, sizeof b.wanted, "/org/bluez/hci0");
    b.listener[0] = (struct bluez_listener){.device = on_device, .other = on_other, .ctx = &first};
    b.listener[1] = (struct bluez_listener){.other = on_other, .ctx = &second};
    for (unsigned n = 0; in.left && n < 64; n++)
        one_message(&b, &in);
    bluez_forget_devices(&b);
    return 0;
}
