/* A central over BlueZ: what a device has. bluetoothd looks, we only list it. */
#include "ports/linux/bluez_client_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE        "org.bluez.GattService1"
#define CHARACTERISTIC "org.bluez.GattCharacteristic1"
#define DESCRIPTOR     "org.bluez.GattDescriptor1"

uint16_t bluez_client_handle(const char *path)
{
    size_t len = strlen(path);
    return len < 4 ? 0 : (uint16_t)strtoul(path + len - 4, NULL, 16);
}

static uint8_t flag_of(const char *word)
{
    static const struct {
        const char *word;
        uint8_t property;
    } all[] = {{"read", TROTH_PROP_READ},
               {"write-without-response", TROTH_PROP_WRITE_COMMAND},
               {"write", TROTH_PROP_WRITE},
               {"notify", TROTH_PROP_NOTIFY},
               {"indicate", TROTH_PROP_INDICATE},
               {"authenticated-signed-writes", TROTH_PROP_SIGNED_WRITE}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strcmp(all[i].word, word))
            return all[i].property;
    return 0;
}

static int take_flags(sd_bus_message *m, struct bluez_attribute *a)
{
    const char *word;
    int r = sd_bus_message_enter_container(m, 'v', "as");
    if (r >= 0)
        r = sd_bus_message_enter_container(m, 'a', "s");
    while (r >= 0 && (r = sd_bus_message_read_basic(m, 's', &word)) > 0)
        a->properties |= flag_of(word);
    if (r >= 0)
        r = sd_bus_message_exit_container(m);
    return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int take_attribute(sd_bus_message *m, struct bluez_attribute *a)
{
    const char *name, *text;
    int r = sd_bus_message_enter_container(m, 'a', "{sv}");
    while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
        r = sd_bus_message_read_basic(m, 's', &name);
        if (r < 0)
            return r;
        if (!strcmp(name, "UUID")) {
            r = sd_bus_message_read(m, "v", "s", &text);
            if (r >= 0 && !bluez_uuid_parse(&a->uuid, text))
                a->uuid.len = 0;
        } else if (!strcmp(name, "Flags")) {
            r = take_flags(m, a);
        } else {
            r = sd_bus_message_skip(m, "v");
        }
        if (r >= 0)
            r = sd_bus_message_exit_container(m);
    }
    return r < 0 ? r : sd_bus_message_exit_container(m);
}

static struct bluez_attribute *add(struct bluez_client *c, unsigned kind, uint16_t handle,
                                   const char *path)
{
    if (c->count == BLUEZ_ATTRIBUTES || !handle || strlen(path) >= BLUEZ_GATT_PATH)
        return NULL;
    struct bluez_attribute *a = &c->attribute[c->count++];
    memset(a, 0, sizeof *a);
    a->kind = kind;
    a->handle = handle;
    a->fd = -1;
    a->client = c;
    snprintf(a->path, sizeof a->path, "%s", path);
    return a;
}

static int take_object(struct bluez_client *c, sd_bus_message *m)
{
    static const char *const kinds[] = {[BLUEZ_SERVICE] = SERVICE,
                                        [BLUEZ_CHARACTERISTIC] = CHARACTERISTIC,
                                        [BLUEZ_DESCRIPTOR] = DESCRIPTOR};
    const char *path, *interface;
    size_t len = strlen(c->path);
    int r = sd_bus_message_read_basic(m, 'o', &path);
    if (r < 0)
        return r;
    bool ours = !strncmp(path, c->path, len) && path[len] == '/';
    if (!ours)
        return sd_bus_message_skip(m, "a{sa{sv}}");
    r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");
    while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
        struct bluez_attribute *a = NULL;
        r = sd_bus_message_read_basic(m, 's', &interface);
        for (unsigned i = 0; r >= 0 && i < sizeof kinds / sizeof *kinds; i++)
            if (!strcmp(interface, kinds[i]))
                a = add(c, i, bluez_client_handle(path), path);
        if (r >= 0)
            r = a ? take_attribute(m, a) : sd_bus_message_skip(m, "a{sv}");
        if (r >= 0)
            r = sd_bus_message_exit_container(m);
    }
    return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int by_handle(const void *left, const void *right)
{
    const struct bluez_attribute *a = left, *b = right;
    return (int)a->handle - (int)b->handle;
}

static bool is_taken(const struct bluez_client *c, uint16_t handle)
{
    for (unsigned i = 0; i < c->count; i++)
        if (c->attribute[i].handle == handle)
            return true;
    return false;
}

static bool has_ccc(const struct bluez_client *c, const char *characteristic)
{
    for (unsigned i = 0; i < c->count; i++)
        if (c->attribute[i].kind == BLUEZ_CCC && !strcmp(c->attribute[i].path, characteristic))
            return true;
    return false;
}

/*
 * bluetoothd shows Client Characteristic Configurations and does not let them be written. A version
 * that hides one: it is at the first handle after the value that nothing else has.
 */
static void find_cccs(struct bluez_client *c)
{
    static const struct troth_uuid ccc = {2, {0x02, 0x29}};
    unsigned n = c->count;
    for (unsigned i = 0; i < n; i++) {
        struct bluez_attribute *a = &c->attribute[i];
        if (a->kind != BLUEZ_DESCRIPTOR || a->uuid.len != 2 || memcmp(a->uuid.b, ccc.b, 2))
            continue;
        a->kind = BLUEZ_CCC;
        *strrchr(a->path, '/') = 0;
    }
    for (unsigned i = 0; i < n; i++) {
        const struct bluez_attribute *of = &c->attribute[i];
        if (of->kind != BLUEZ_CHARACTERISTIC ||
            !(of->properties & (TROTH_PROP_NOTIFY | TROTH_PROP_INDICATE)) || has_ccc(c, of->path))
            continue;
        uint32_t handle = of->handle + 2u;
        while (is_taken(c, (uint16_t)handle) && handle < 0xffff)
            handle++;
        struct bluez_attribute *a = add(c, BLUEZ_CCC, (uint16_t)handle, of->path);
        if (a)
            a->uuid = ccc;
    }
}

static void emit_services(struct bluez_client *c)
{
    for (unsigned i = 0; i < c->count; i++) {
        const struct bluez_attribute *a = &c->attribute[i];
        struct troth_event e = {.type = TROTH_EV_GATT_SERVICE};
        if (a->kind != BLUEZ_SERVICE ||
            (c->wanted.len && memcmp(&a->uuid, &c->wanted, sizeof a->uuid)))
            continue;
        e.u.service.first = a->handle;
        e.u.service.last = 0xffff;
        for (unsigned k = i + 1; k < c->count; k++)
            if (c->attribute[k].kind == BLUEZ_SERVICE) {
                e.u.service.last = (uint16_t)(c->attribute[k].handle - 1);
                break;
            }
        e.u.service.uuid = a->uuid;
        bluez_client_emit(c, &e);
    }
}

static void emit_contents(struct bluez_client *c, unsigned first, unsigned end)
{
    for (unsigned i = first; i < end; i++) {
        const struct bluez_attribute *a = &c->attribute[i];
        struct troth_event e = {.type = TROTH_EV_GATT_CHARACTERISTIC};
        if (a->kind != BLUEZ_CHARACTERISTIC)
            continue;
        e.u.characteristic.handle = a->handle;
        e.u.characteristic.value_handle = (uint16_t)(a->handle + 1);
        e.u.characteristic.properties = a->properties;
        e.u.characteristic.uuid = a->uuid;
        bluez_client_emit(c, &e);
    }
    for (unsigned i = first; i < end; i++) {
        const struct bluez_attribute *a = &c->attribute[i];
        struct troth_event e = {.type = TROTH_EV_GATT_DESCRIPTOR};
        if (a->kind != BLUEZ_DESCRIPTOR && a->kind != BLUEZ_CCC)
            continue;
        e.u.descriptor.handle = a->handle;
        e.u.descriptor.uuid = a->uuid;
        bluez_client_emit(c, &e);
    }
}

static void tell_all(struct bluez_client *c)
{
    emit_services(c);
    for (unsigned i = 0; i < c->count; i++) {
        unsigned end = i + 1;
        if (c->attribute[i].kind != BLUEZ_SERVICE ||
            (c->wanted.len && memcmp(&c->attribute[i].uuid, &c->wanted, sizeof c->wanted)))
            continue;
        while (end < c->count && c->attribute[end].kind != BLUEZ_SERVICE)
            end++;
        emit_contents(c, i + 1, end);
    }
    bluez_client_done(c, TROTH_OK, 0);
}

static int on_objects(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_client *c = ctx;
    (void)error;
    c->procedure = sd_bus_slot_unref(c->procedure);
    if (sd_bus_message_is_method_error(m, NULL)) {
        bluez_client_fail(c, sd_bus_message_get_error(m));
        return 0;
    }
    c->count = 0;
    int r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");
    while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
        r = take_object(c, m);
        if (r >= 0)
            r = sd_bus_message_exit_container(m);
    }
    qsort(c->attribute, c->count, sizeof *c->attribute, by_handle);
    find_cccs(c);
    qsort(c->attribute, c->count, sizeof *c->attribute, by_handle);
    tell_all(c);
    return 0;
}

void bluez_client_forget(struct bluez_client *c)
{
    for (unsigned i = 0; i < c->count; i++)
        bluez_client_close_values(&c->attribute[i]);
    c->count = 0;
}

static void list(struct bluez_client *c)
{
    c->waits = false;
    bluez_client_forget(c);
    if (sd_bus_call_method_async(bluez_bus(c->cfg.bluez), &c->procedure, BLUEZ, "/", BLUEZ_OBJECTS,
                                 "GetManagedObjects", on_objects, c, NULL) < 0)
        bluez_client_done(c, TROTH_FAILED, TROTH_ATT_UNLIKELY_ERROR);
}

void bluez_client_gatt_resolved(struct bluez_client *c)
{
    if (c->waits)
        list(c);
}

int bluez_client_discover(struct bluez_client *c, const struct troth_uuid *uuid)
{
    const struct bluez_device *d = bluez_client_device(c);
    if (!c->connected || !d)
        return TROTH_STATE;
    if (c->running)
        return TROTH_BUSY;
    c->running = true;
    memset(&c->wanted, 0, sizeof c->wanted);
    if (uuid) {
        c->wanted.len = uuid->len;
        memcpy(c->wanted.b, uuid->b, uuid->len);
    }
    c->handle = 0;
    if (d->resolved)
        list(c);
    else
        c->waits = true;
    return TROTH_OK;
}
