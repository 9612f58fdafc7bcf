/* An advertisement on the bus, which bluetoothd reads and puts on air. */
#include "ports/linux/bluez_advertise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH          "/org/troth/advertisement"
#define ADVERTISEMENT "org.bluez.LEAdvertisement1"
#define MANAGER       "org.bluez.LEAdvertisingManager1"

#define MOST     31 /* octets of each */
#define UUIDS    8
#define ROWS     16
#define AD_16    0x16
#define AD_128   0x21
#define AD_MAKER 0xff
#define AD_LOOKS 0x19

struct content {
    bool on, connectable, discoverable, named, looks;
    uint16_t interval_ms, appearance;
    char name[MOST];
    unsigned uuid_count;
    struct troth_uuid uuids[UUIDS];
    struct {
        bool there;
        uint16_t company;
        struct troth_uuid uuid;
        uint8_t len, b[MOST];
    } maker, service;
};

struct bluez_advertise {
    struct bluez_advertise_config cfg;
    struct content wanted, given; /* given: what the object on the bus says */
    bool registered, anew, refused;
    sd_bus_slot *object, *call;
    sd_bus_vtable table[ROWS];
};

/* ---- out of the octets ---- */

static bool is_uuids(uint8_t type)
{
    return type == 0x02 || type == 0x03 || type == 0x06 || type == 0x07;
}

static void take_uuids(struct content *c, uint8_t type, const uint8_t *b, uint8_t len)
{
    uint8_t each = type <= 0x03 ? 2 : 16;
    for (; len >= each && c->uuid_count < UUIDS; b += each, len = (uint8_t)(len - each)) {
        struct troth_uuid *u = &c->uuids[c->uuid_count++];
        memset(u, 0, sizeof *u);
        u->len = each;
        memcpy(u->b, b, each);
    }
}

static bool take_field(struct content *c, uint8_t type, const uint8_t *b, uint8_t len)
{
    if (type == TROTH_AD_FLAGS && len) {
        c->discoverable = b[0] & 0x03;
    } else if (is_uuids(type)) {
        take_uuids(c, type, b, len);
    } else if (type == TROTH_AD_NAME_COMPLETE || type == TROTH_AD_NAME_SHORT) {
        c->named = true;
        memcpy(c->name, b, len);
        c->name[len] = 0;
    } else if (type == AD_LOOKS && len == 2) {
        c->looks = true;
        c->appearance = (uint16_t)(b[0] | b[1] << 8);
    } else if (type == AD_MAKER && len >= 2 && !c->maker.there) {
        c->maker.there = true;
        c->maker.company = (uint16_t)(b[0] | b[1] << 8);
        c->maker.len = (uint8_t)(len - 2);
        memcpy(c->maker.b, b + 2, len - 2u);
    } else if ((type == AD_16 || type == AD_128) && !c->service.there) {
        uint8_t id = type == AD_16 ? 2 : 16;
        if (len < id)
            return false;
        c->service.there = true;
        c->service.uuid = (struct troth_uuid){.len = id};
        memcpy(c->service.uuid.b, b, id);
        c->service.len = (uint8_t)(len - id);
        memcpy(c->service.b, b + id, len - id);
    } else {
        return false;
    }
    return true;
}

static bool take_fields(struct content *c, const uint8_t *data, uint8_t len, char *why, size_t cap)
{
    for (unsigned at = 0; at + 1 < len && data[at]; at += data[at] + 1u) {
        if (at + 1 + data[at] > len) {
            snprintf(why, cap, "the advertising data ends within a field");
            return false;
        }
        if (!take_field(c, data[at + 1], data + at + 2, (uint8_t)(data[at] - 1))) {
            snprintf(why, cap, "BlueZ does not advertise a field of type 0x%02x", data[at + 1]);
            return false;
        }
    }
    return true;
}

/* ---- what fits: BlueZ has it all in the advertising data, and the name in the scan response ---- */

static bool fits(const struct content *c, char *why, size_t cap)
{
    unsigned short_uuids = 0;
    for (unsigned i = 0; i < c->uuid_count; i++)
        short_uuids += c->uuids[i].len == 2;
    unsigned long_uuids = c->uuid_count - short_uuids;
    const struct {
        const char *name;
        unsigned len;
    } fields[] = {
        {"the flags", c->discoverable ? 3 : 0},
        {"the service UUIDs",
         (short_uuids ? 2 + 2 * short_uuids : 0) + (long_uuids ? 2 + 16 * long_uuids : 0)},
        {"the appearance", c->looks ? 4 : 0},
        {"the service data", c->service.there ? 2u + c->service.uuid.len + c->service.len : 0},
        {"the manufacturer data", c->maker.there ? 4u + c->maker.len : 0},
    };
    unsigned used = 0;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        used += fields[i].len;
        if (used <= MOST)
            continue;
        snprintf(
            why, cap,
            "%s are %u octets, %u too many for the 31 of an advertisement: BlueZ puts only the "
            "name into the scan response",
            fields[i].name, fields[i].len, used - MOST);
        return false;
    }
    return true;
}

/* ---- the object ---- */

static int get_type(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *context, sd_bus_error *error)
{
    const struct bluez_advertise *a = context;
    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    return sd_bus_message_append(reply, "s", a->given.connectable ? "peripheral" : "broadcast");
}

static int get_uuids(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *context, sd_bus_error *error)
{
    const struct bluez_advertise *a = context;
    char text[37];
    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    int r = sd_bus_message_open_container(reply, 'a', "s");
    for (unsigned i = 0; r >= 0 && i < a->given.uuid_count; i++)
        r = sd_bus_message_append(reply, "s", bluez_uuid_text(&a->given.uuids[i], text));
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_name(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *context, sd_bus_error *error)
{
    const struct bluez_advertise *a = context;
    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    return sd_bus_message_append(reply, "s", a->given.name);
}

static int get_discoverable(sd_bus *bus, const char *path, const char *interface,
                            const char *property, sd_bus_message *reply, void *context,
                            sd_bus_error *error)
{
    (void)bus, (void)path, (void)interface, (void)property, (void)context, (void)error;
    return sd_bus_message_append(reply, "b", 1);
}

static int get_appearance(sd_bus *bus, const char *path, const char *interface,
                          const char *property, sd_bus_message *reply, void *context,
                          sd_bus_error *error)
{
    const struct bluez_advertise *a = context;
    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    return sd_bus_message_append(reply, "q", a->given.appearance);
}

static int get_interval(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *context, sd_bus_error *error)
{
    const struct bluez_advertise *a = context;
    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    return sd_bus_message_append(reply, "u", (uint32_t)a->given.interval_ms);
}

static int append_octets(sd_bus_message *reply, const uint8_t *b, uint8_t len)
{
    int r = sd_bus_message_open_container(reply, 'v', "ay");
    if (r >= 0)
        r = sd_bus_message_append_array(reply, 'y', b, len);
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_maker(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *context, sd_bus_error *error)
{
    const struct bluez_advertise *a = context;
    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    int r = sd_bus_message_open_container(reply, 'a', "{qv}");
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'e', "qv");
    if (r >= 0)
        r = sd_bus_message_append(reply, "q", a->given.maker.company);
    if (r >= 0)
        r = append_octets(reply, a->given.maker.b, a->given.maker.len);
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_service_data(sd_bus *bus, const char *path, const char *interface,
                            const char *property, sd_bus_message *reply, void *context,
                            sd_bus_error *error)
{
    const struct bluez_advertise *a = context;
    char text[37];
    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    int r = sd_bus_message_open_container(reply, 'a', "{sv}");
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'e', "sv");
    if (r >= 0)
        r = sd_bus_message_append(reply, "s", bluez_uuid_text(&a->given.service.uuid, text));
    if (r >= 0)
        r = append_octets(reply, a->given.service.b, a->given.service.len);
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int on_release(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct bluez_advertise *a = context;
    const char *sender = sd_bus_message_get_sender(m), *owner = bluez_owner(a->cfg.bluez);
    if (!sender || !owner || strcmp(sender, owner) != 0)
        return sd_bus_error_set(error, "org.bluez.Error.NotAuthorized", "only bluetoothd may");
    if (a->registered) {
        a->registered = false;
        a->cfg.state(a->cfg.ctx, false, "bluetoothd took the advertisement off the air");
    }
    return sd_bus_reply_method_return(m, NULL);
}

/* A property that is not there says nothing; one that is empty may. So the table is made to fit. */
static int put_object(struct bluez_advertise *a)
{
    sd_bus_vtable *row = a->table;
    const struct content *c = &a->given;
    a->object = sd_bus_slot_unref(a->object);
    *row++ = (sd_bus_vtable)SD_BUS_VTABLE_START(0);
    *row++ = (sd_bus_vtable)SD_BUS_PROPERTY("Type", "s", get_type, 0, SD_BUS_VTABLE_PROPERTY_CONST);
    *row++ = (sd_bus_vtable)SD_BUS_PROPERTY("ServiceUUIDs", "as", get_uuids, 0,
                                            SD_BUS_VTABLE_PROPERTY_CONST);
    if (c->named)
        *row++ = (sd_bus_vtable)SD_BUS_PROPERTY("LocalName", "s", get_name, 0,
                                                SD_BUS_VTABLE_PROPERTY_CONST);
    if (c->discoverable)
        *row++ = (sd_bus_vtable)SD_BUS_PROPERTY("Discoverable", "b", get_discoverable, 0,
                                                SD_BUS_VTABLE_PROPERTY_CONST);
    if (c->looks)
        *row++ = (sd_bus_vtable)SD_BUS_PROPERTY("Appearance", "q", get_appearance, 0,
                                                SD_BUS_VTABLE_PROPERTY_CONST);
    if (c->interval_ms) {
        *row++ = (sd_bus_vtable)SD_BUS_PROPERTY("MinInterval", "u", get_interval, 0,
                                                SD_BUS_VTABLE_PROPERTY_CONST);
        *row++ = (sd_bus_vtable)SD_BUS_PROPERTY("MaxInterval", "u", get_interval, 0,
                                                SD_BUS_VTABLE_PROPERTY_CONST);
    }
    if (c->maker.there)
        *row++ = (sd_bus_vtable)SD_BUS_PROPERTY("ManufacturerData", "a{qv}", get_maker, 0,
                                                SD_BUS_VTABLE_PROPERTY_CONST);
    if (c->service.there)
        *row++ = (sd_bus_vtable)SD_BUS_PROPERTY("ServiceData", "a{sv}", get_service_data, 0,
                                                SD_BUS_VTABLE_PROPERTY_CONST);
    *row++ =
        (sd_bus_vtable)SD_BUS_METHOD("Release", "", "", on_release, SD_BUS_VTABLE_UNPRIVILEGED);
    *row = (sd_bus_vtable)SD_BUS_VTABLE_END;
    return sd_bus_add_object_vtable(bluez_bus(a->cfg.bluez), &a->object, PATH, ADVERTISEMENT,
                                    a->table, a);
}

/* ---- registering: one call at a time, until what is there is what is wanted ---- */

static void step(struct bluez_advertise *a);

static int on_registered(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct bluez_advertise *a = context;
    const sd_bus_error *e = sd_bus_message_get_error(m);
    char why[BLUEZ_WHY];
    (void)error;
    a->call = sd_bus_slot_unref(a->call);
    a->registered = !e || bluez_is(e, "AlreadyExists");
    a->refused = !a->registered; /* not again before something has changed */
    a->cfg.state(a->cfg.ctx, a->registered, e ? bluez_why("advertise", e, why) : NULL);
    step(a);
    return 0;
}

static int on_unregistered(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct bluez_advertise *a = context;
    (void)m;
    (void)error;
    a->call = sd_bus_slot_unref(a->call);
    if (a->registered && !a->wanted.on)
        a->cfg.state(a->cfg.ctx, false, NULL);
    a->registered = false;
    step(a);
    return 0;
}

static void step(struct bluez_advertise *a)
{
    const struct bluez_adapter *adapter = bluez_adapter(a->cfg.bluez);
    sd_bus *bus = bluez_bus(a->cfg.bluez);
    if (a->call || !adapter || !adapter->advertising)
        return;
    if (a->registered && (!a->wanted.on || a->anew)) {
        sd_bus_call_method_async(bus, &a->call, BLUEZ, adapter->path, MANAGER,
                                 "UnregisterAdvertisement", on_unregistered, a, "o", PATH);
        return;
    }
    if (a->registered || !a->wanted.on || a->refused || !adapter->powered)
        return;
    a->given = a->wanted;
    a->anew = false;
    if (put_object(a) >= 0)
        sd_bus_call_method_async(bus, &a->call, BLUEZ, adapter->path, MANAGER,
                                 "RegisterAdvertisement", on_registered, a, "oa{sv}", PATH, 0);
}

static void on_up(void *ctx)
{
    struct bluez_advertise *a = ctx;
    a->refused = false;
    step(a);
}

static void on_down(void *ctx, const char *why)
{
    struct bluez_advertise *a = ctx;
    a->call = sd_bus_slot_unref(a->call);
    if (a->registered)
        a->cfg.state(a->cfg.ctx, false, why);
    a->registered = a->refused = false;
}

static void on_adapter(void *ctx, const struct bluez_adapter *adapter)
{
    struct bluez_advertise *a = ctx;
    if (!adapter->powered && a->registered && !a->anew) {
        a->anew = true; /* the kernel may have forgotten it */
        a->cfg.state(a->cfg.ctx, false, "the adapter was powered off");
    }
    a->refused = a->refused && !adapter->powered;
    step(a);
}

struct bluez_advertise *bluez_advertise_new(const struct bluez_advertise_config *config)
{
    struct bluez_advertise *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->cfg = *config;
    struct bluez_listener listener = {
        .up = on_up, .down = on_down, .adapter = on_adapter, .ctx = a};
    if (bluez_listen(config->bluez, &listener) == TROTH_OK)
        return a;
    free(a);
    return NULL;
}

void bluez_advertise_free(struct bluez_advertise *a)
{
    if (!a)
        return;
    const struct bluez_adapter *adapter = bluez_adapter(a->cfg.bluez);
    bluez_ignore(a->cfg.bluez, a);
    if (adapter && a->registered)
        sd_bus_call_method_async(bluez_bus(a->cfg.bluez), NULL, BLUEZ, adapter->path, MANAGER,
                                 "UnregisterAdvertisement", NULL, NULL, "o", PATH);
    sd_bus_slot_unref(a->call);
    sd_bus_slot_unref(a->object);
    free(a);
}

int bluez_advertise(struct bluez_advertise *a, const struct troth_advertising *adv, char *why,
                    size_t cap)
{
    struct content c;
    memset(&c, 0, sizeof c); /* its gaps as well: it is compared */
    c.on = adv->on;
    *why = 0;
    if (adv->on) {
        c.connectable = adv->connectable;
        c.interval_ms = adv->interval_ms;
        if (!take_fields(&c, adv->data, adv->data_len, why, cap) ||
            !take_fields(&c, adv->scan_response, adv->scan_response_len, why, cap) ||
            !fits(&c, why, cap))
            return TROTH_INVALID;
    }
    if (!memcmp(&a->wanted, &c, sizeof c))
        return TROTH_OK;
    a->anew = a->registered || a->call;
    memcpy(&a->wanted, &c, sizeof c);
    a->refused = false;
    step(a);
    return TROTH_OK;
}
