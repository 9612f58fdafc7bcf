/* A copy of what bluetoothd's objects say: the adapter, its devices, and news of all below. */
#include "ports/linux/bluez_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- properties ---- */

/* The value of one property, if it is of this type; else it is skipped. */
static bool take(sd_bus_message *m, char type, void *to)
{
    char text[2] = {type, 0};
    const char *contents;
    if (sd_bus_message_peek_type(m, NULL, &contents) < 0)
        return false;
    if (strcmp(contents, text) != 0) {
        sd_bus_message_skip(m, "v");
        return false;
    }
    return sd_bus_message_enter_container(m, 'v', text) >= 0 &&
           sd_bus_message_read_basic(m, type, to) >= 0 && sd_bus_message_exit_container(m) >= 0;
}

static unsigned take_bool(sd_bus_message *m, bool *to, unsigned news)
{
    int value;
    if (!take(m, 'b', &value) || *to == (value != 0))
        return 0;
    *to = value != 0;
    return news;
}

static unsigned take_text(sd_bus_message *m, char *to, size_t cap, unsigned news)
{
    const char *text;
    if (!take(m, 's', &text) || !strcmp(to, text))
        return 0;
    snprintf(to, cap, "%s", text);
    return news;
}

static void take_addr(sd_bus_message *m, struct troth_addr *addr)
{
    const char *text;
    if (take(m, 's', &text))
        troth_addr_parse(addr, text);
}

static void take_addr_type(sd_bus_message *m, struct troth_addr *addr)
{
    const char *text;
    if (take(m, 's', &text))
        addr->type = !strcmp(text, "random") ? TROTH_ADDR_RANDOM : TROTH_ADDR_PUBLIC;
}

static unsigned take_uuids(sd_bus_message *m, struct bluez_device *d)
{
    const char *text;
    d->uuid_count = 0;
    if (sd_bus_message_enter_container(m, 'v', "as") < 0) {
        sd_bus_message_skip(m, "v");
        return 0;
    }
    sd_bus_message_enter_container(m, 'a', "s");
    while (sd_bus_message_read_basic(m, 's', &text) > 0)
        if (d->uuid_count < BLUEZ_UUIDS && bluez_uuid_parse(&d->uuids[d->uuid_count], text))
            d->uuid_count++;
    sd_bus_message_exit_container(m);
    sd_bus_message_exit_container(m);
    return BLUEZ_HEARD;
}

static unsigned adapter_property(void *object, const char *name, sd_bus_message *m)
{
    struct bluez_adapter *a = object;
    if (!strcmp(name, "Powered"))
        return take_bool(m, &a->powered, 1);
    if (!strcmp(name, "Discoverable"))
        return take_bool(m, &a->discoverable, 1);
    if (!strcmp(name, "Pairable"))
        return take_bool(m, &a->pairable, 1);
    if (!strcmp(name, "Discovering"))
        return take_bool(m, &a->discovering, 1);
    if (!strcmp(name, "Alias"))
        return take_text(m, a->alias, sizeof a->alias, 1);
    if (!strcmp(name, "Address"))
        take_addr(m, &a->addr);
    else if (!strcmp(name, "AddressType"))
        take_addr_type(m, &a->addr);
    else
        sd_bus_message_skip(m, "v");
    return 0;
}

static unsigned device_property(void *object, const char *name, sd_bus_message *m)
{
    struct bluez_device *d = object;
    const struct {
        const char *name;
        bool *to;
        unsigned news;
    } flags[] = {
        {"Connected", &d->connected, BLUEZ_CONNECTION},
        {"Paired", &d->paired, BLUEZ_PAIRING},
        {"Bonded", &d->bonded, BLUEZ_PAIRING},
        {"Trusted", &d->trusted, BLUEZ_OTHER},
        {"Blocked", &d->blocked, BLUEZ_OTHER},
        {"ServicesResolved", &d->resolved, BLUEZ_RESOLVED},
        {"LegacyPairing", &d->legacy, BLUEZ_OTHER},
    };
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (!strcmp(name, flags[i].name))
            return take_bool(m, flags[i].to, flags[i].news);
    if (!strcmp(name, "RSSI"))
        return take(m, 'n', &d->rssi) ? BLUEZ_HEARD : 0;
    if (!strcmp(name, "UUIDs"))
        return take_uuids(m, d);
    if (!strcmp(name, "Alias"))
        return take_text(m, d->name, sizeof d->name, BLUEZ_OTHER);
    if (!strcmp(name, "Address"))
        take_addr(m, &d->addr);
    else if (!strcmp(name, "AddressType"))
        take_addr_type(m, &d->addr);
    else
        sd_bus_message_skip(m, "v");
    if (!strcmp(name, "Name"))
        d->named = true;
    return 0;
}

/* An a{sv}, whole: what of it is news. */
static unsigned each_property(sd_bus_message *m,
                              unsigned (*one)(void *object, const char *name, sd_bus_message *m),
                              void *object)
{
    const char *name;
    unsigned news = 0;
    if (sd_bus_message_enter_container(m, 'a', "{sv}") < 0)
        return 0;
    while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
        if (sd_bus_message_read_basic(m, 's', &name) > 0)
            news |= one(object, name, m);
        sd_bus_message_exit_container(m);
    }
    sd_bus_message_exit_container(m);
    return news;
}

/* What a property without a value means: RSSI, when a device is no longer heard. */
static unsigned invalidated(sd_bus_message *m, struct bluez_device *d)
{
    const char *name;
    unsigned news = 0;
    if (sd_bus_message_enter_container(m, 'a', "s") < 0)
        return 0;
    while (sd_bus_message_read_basic(m, 's', &name) > 0)
        if (!strcmp(name, "RSSI")) {
            d->rssi = 127;
            news = BLUEZ_HEARD;
        }
    sd_bus_message_exit_container(m);
    return news;
}

/* ---- objects ---- */

bool bluez_below(const struct bluez *b, const char *path)
{
    size_t len = strlen(b->adapter.path);
    return len && !strncmp(path, b->adapter.path, len) && path[len] == '/';
}

static struct bluez_device *device_at(const struct bluez *b, const char *path)
{
    struct bluez_device *d = b->devices;
    while (d && strcmp(d->path, path) != 0)
        d = d->next;
    return d;
}

static struct bluez_device *add_device(struct bluez *b, const char *path)
{
    struct bluez_device **end = &b->devices;
    struct bluez_device *d = calloc(1, sizeof *d);
    if (!d || strlen(path) >= sizeof d->path) {
        free(d);
        return NULL;
    }
    snprintf(d->path, sizeof d->path, "%s", path);
    d->rssi = 127;
    while (*end)
        end = &(*end)->next;
    *end = d;
    return d;
}

void bluez_remove_device(struct bluez *b, const char *path)
{
    struct bluez_device **at = &b->devices;
    while (*at && strcmp((*at)->path, path) != 0)
        at = &(*at)->next;
    struct bluez_device *d = *at;
    if (!d)
        return;
    *at = d->next;
    TELL(b, device, d, BLUEZ_GONE);
    free(d);
}

void bluez_forget_devices(struct bluez *b)
{
    while (b->devices) {
        struct bluez_device *next = b->devices->next;
        free(b->devices);
        b->devices = next;
    }
}

static void device_news(struct bluez *b, const char *path, sd_bus_message *m, bool more)
{
    unsigned news = 0;
    struct bluez_device *d = device_at(b, path);
    if (!d) {
        d = add_device(b, path);
        news = BLUEZ_NEW;
    }
    if (!d) {
        sd_bus_message_skip(m, "a{sv}");
        return;
    }
    news |= each_property(m, device_property, d);
    if (more)
        news |= invalidated(m, d);
    if (news && b->up)
        TELL(b, device, d, news);
}

/* Each listener may read the properties as far as it likes: it gets a copy. */
static void other_news(struct bluez *b, const char *path, const char *interface, sd_bus_message *m)
{
    sd_bus_message *copy = NULL;
    if (sd_bus_message_new_signal(b->bus, &copy, "/", BLUEZ, "Copy") >= 0 &&
        sd_bus_message_copy(copy, m, false) >= 0 && sd_bus_message_seal(copy, 1, 0) >= 0)
        for (unsigned i = 0; i < LISTENERS; i++)
            if (b->listener[i].other && sd_bus_message_rewind(copy, true) >= 0)
                b->listener[i].other(b->listener[i].ctx, path, interface, copy);
    sd_bus_message_unref(copy);
}

/* One interface of one object; m is at its a{sv}. */
static void interface_news(struct bluez *b, const char *path, const char *interface,
                           sd_bus_message *m)
{
    bool own = !strcmp(path, b->adapter.path);
    bool had = b->adapter.gatt && b->adapter.advertising;
    if (own && !strcmp(interface, BLUEZ_ADAPTER)) {
        unsigned news = each_property(m, adapter_property, &b->adapter);
        if (news && b->up)
            TELL(b, adapter, &b->adapter);
    } else if (bluez_below(b, path) && !strcmp(interface, BLUEZ_DEVICE)) {
        device_news(b, path, m, false);
    } else if (bluez_below(b, path)) {
        other_news(b, path, interface, m);
    } else {
        if (own && !strcmp(interface, "org.bluez.GattManager1"))
            b->adapter.gatt = true;
        if (own && !strcmp(interface, "org.bluez.LEAdvertisingManager1"))
            b->adapter.advertising = true;
        sd_bus_message_skip(m, "a{sv}");
        if (b->up && !had && b->adapter.gatt && b->adapter.advertising)
            TELL(b, adapter, &b->adapter);
    }
}

/* An object: path and its interfaces. wanted: only look whether it is an adapter. */
bool bluez_each_interface(struct bluez *b, sd_bus_message *m, bool look)
{
    const char *path, *interface;
    bool adapter = false;
    if (sd_bus_message_read_basic(m, 'o', &path) <= 0 ||
        sd_bus_message_enter_container(m, 'a', "{sa{sv}}") < 0)
        return false;
    while (sd_bus_message_enter_container(m, 'e', "sa{sv}") > 0) {
        if (sd_bus_message_read_basic(m, 's', &interface) > 0) {
            if (!strcmp(interface, BLUEZ_ADAPTER) && strlen(path) < BLUEZ_PATH &&
                (!b->wanted[0] || !strcmp(path, b->wanted)))
                adapter = true;
            if (look)
                sd_bus_message_skip(m, "a{sv}");
            else
                interface_news(b, path, interface, m);
        }
        sd_bus_message_exit_container(m);
    }
    sd_bus_message_exit_container(m);
    /* hci0 before hci1, whatever their order here */
    if (look && adapter && (!b->adapter.path[0] || strcmp(path, b->adapter.path) < 0))
        snprintf(b->adapter.path, sizeof b->adapter.path, "%s", path);
    return adapter;
}

void bluez_each_object(struct bluez *b, sd_bus_message *m, bool look)
{
    sd_bus_message_rewind(m, true);
    if (sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}") < 0)
        return;
    while (sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}") > 0) {
        bluez_each_interface(b, m, look);
        sd_bus_message_exit_container(m);
    }
}

void bluez_changed(struct bluez *b, const char *path, const char *interface, sd_bus_message *m)
{
    if (strcmp(interface, BLUEZ_DEVICE) != 0)
        interface_news(b, path, interface, m);
    else if (device_at(b, path)) /* not of one that is being removed */
        device_news(b, path, m, true);
}

const struct bluez_device *bluez_devices(const struct bluez *b)
{
    return b->devices;
}

const struct bluez_device *bluez_device_at(const struct bluez *b, const char *path)
{
    return device_at(b, path);
}

const struct bluez_device *bluez_device_of(const struct bluez *b, const struct troth_addr *addr)
{
    const struct bluez_device *d = b->devices;
    while (d && !troth_addr_equal(&d->addr, addr))
        d = d->next;
    return d;
}
