/* The objects that a service table is on the bus, as bluetoothd wants to find them. */
#include "ports/linux/bluez_gatt_parts.h"

#include <stdio.h>
#include <string.h>

/* ---- properties ---- */

/* The flags of a characteristic, as BlueZ calls them. */
static unsigned flags_of(const struct troth_characteristic *c, const char *flags[FLAGS])
{
    static const char *const of[][4] = {
        /* open, encrypted, authenticated, ... by Secure Connections */
        {"read", "encrypt-read", "encrypt-authenticated-read", "secure-read"},
        {"write", "encrypt-write", "encrypt-authenticated-write", "secure-write"},
        {NULL, "encrypt-notify", "encrypt-authenticated-notify", "secure-notify"},
        {NULL, "encrypt-indicate", "encrypt-authenticated-indicate", "secure-indicate"},
    };
    unsigned n = 0;
    if (c->properties & TROTH_PROP_READ)
        flags[n++] = of[0][c->read & 3];
    if (c->properties & TROTH_PROP_WRITE)
        flags[n++] = of[1][c->write & 3];
    if (c->properties & TROTH_PROP_WRITE_COMMAND)
        flags[n++] = "write-without-response";
    if (c->properties & TROTH_PROP_WRITE_COMMAND && c->write && !(c->properties & TROTH_PROP_WRITE))
        flags[n++] = of[1][c->write & 3]; /* "write-without-response" alone demands nothing */
    if (c->properties & TROTH_PROP_NOTIFY)
        flags[n++] = "notify";
    if (c->properties & TROTH_PROP_INDICATE)
        flags[n++] = "indicate";
    if (c->properties & TROTH_PROP_NOTIFY && c->subscribe)
        flags[n++] = of[2][c->subscribe & 3];
    if (c->properties & TROTH_PROP_INDICATE && c->subscribe)
        flags[n++] = of[3][c->subscribe & 3];
    return n;
}

static int get_uuid(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *context, sd_bus_error *error)
{
    const struct object *o = context;
    char text[37];
    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    return sd_bus_message_append(reply, "s", bluez_uuid_text(&o->c->uuid, text));
}

static int get_service(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *context, sd_bus_error *error)
{
    char parent[BLUEZ_PATH];
    (void)bus, (void)interface, (void)property, (void)context, (void)error;
    snprintf(parent, sizeof parent, "%s", path);
    *strrchr(parent, '/') = 0;
    return sd_bus_message_append(reply, "o", parent);
}

static int get_flags(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *context, sd_bus_error *error)
{
    const struct object *o = context;
    const char *flags[FLAGS];
    unsigned n = flags_of(o->c, flags);
    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    int r = sd_bus_message_open_container(reply, 'a', "s");
    for (unsigned i = 0; r >= 0 && i < n; i++)
        r = sd_bus_message_append(reply, "s", flags[i]);
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_description_flags(sd_bus *bus, const char *path, const char *interface,
                                 const char *property, sd_bus_message *reply, void *context,
                                 sd_bus_error *error)
{
    (void)bus, (void)path, (void)interface, (void)property, (void)context, (void)error;
    return sd_bus_message_append(reply, "as", 1, "read");
}

static int get_description_uuid(sd_bus *bus, const char *path, const char *interface,
                                const char *property, sd_bus_message *reply, void *context,
                                sd_bus_error *error)
{
    (void)bus, (void)path, (void)interface, (void)property, (void)context, (void)error;
    return sd_bus_message_append(reply, "s", "00002901-0000-1000-8000-00805f9b34fb");
}

static int get_service_uuid(sd_bus *bus, const char *path, const char *interface,
                            const char *property, sd_bus_message *reply, void *context,
                            sd_bus_error *error)
{
    const struct served *s = context;
    char text[37];
    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    return sd_bus_message_append(reply, "s", bluez_uuid_text(&s->service->table->uuid, text));
}

static int get_primary(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *context, sd_bus_error *error)
{
    (void)bus, (void)path, (void)interface, (void)property, (void)context, (void)error;
    return sd_bus_message_append(reply, "b", 1);
}

static int get_notifying(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *context, sd_bus_error *error)
{
    const struct object *o = context;
    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    return sd_bus_message_append(reply, "b", (int)o->subscribed);
}

static const sd_bus_vtable service_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("UUID", "s", get_service_uuid, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Primary", "b", get_primary, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_VTABLE_END,
};

static const sd_bus_vtable characteristic_vtable[] = {
    SD_BUS_VTABLE_START(SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_PROPERTY("UUID", "s", get_uuid, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Service", "o", get_service, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Flags", "as", get_flags, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Notifying", "b", get_notifying, 0, 0),
    SD_BUS_METHOD("ReadValue", "a{sv}", "ay", bluez_gatt_on_read, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("WriteValue", "aya{sv}", "", bluez_gatt_on_write,
                  SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_SENSITIVE),
    SD_BUS_METHOD("StartNotify", "", "", bluez_gatt_on_start_notify, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("StopNotify", "", "", bluez_gatt_on_stop_notify, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Confirm", "", "", bluez_gatt_on_confirm, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

static const sd_bus_vtable descriptor_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("UUID", "s", get_description_uuid, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Characteristic", "o", get_service, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Flags", "as", get_description_flags, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_METHOD("ReadValue", "a{sv}", "ay", bluez_gatt_on_read_description,
                  SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

static int add_characteristic(struct served *s, unsigned k)
{
    sd_bus *bus = bluez_bus(s->g->cfg.bluez);
    struct object *o = &s->objects[k];
    char path[BLUEZ_PATH + 8];
    o->g = s->g;
    o->service = s->service;
    o->c = &s->service->table->characteristics[k];
    snprintf(o->path, sizeof o->path, "%.40s/c%02u", s->path, k);
    int r =
        sd_bus_add_object_vtable(bus, &o->slot, o->path, CHARACTERISTIC, characteristic_vtable, o);
    if (r < 0 || !o->c->description)
        return r;
    snprintf(path, sizeof path, "%s/d0", o->path);
    return sd_bus_add_object_vtable(bus, &o->descriptor, path, DESCRIPTOR, descriptor_vtable, o);
}

int bluez_gatt_add_objects(struct served *s)
{
    int r = sd_bus_add_object_vtable(bluez_bus(s->g->cfg.bluez), &s->slot, s->path, SERVICE,
                                     service_vtable, s);
    /* Backwards: sd-bus lists the last first, and bluetoothd gives out handles as they are listed. */
    for (unsigned k = s->count; r >= 0 && k > 0; k--)
        r = add_characteristic(s, k - 1);
    return r;
}
