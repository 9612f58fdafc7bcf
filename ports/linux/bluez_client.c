/* A central over BlueZ: scanning, connecting, bonds. */
#include "ports/linux/bluez_client_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPORT_BYTES 240
#define AD_FLAGS     0x01

static sd_bus *bus(const struct bluez_client *c)
{
    return bluez_bus(c->cfg.bluez);
}

void bluez_client_tell(struct bluez_client *c, enum bluez_client_news news, const char *why)
{
    c->cfg.told(c->cfg.ctx, news, why);
}

static void emit(struct bluez_client *c, struct troth_event *e)
{
    c->cfg.event(c->cfg.ctx, e);
}

const struct bluez_device *bluez_client_device(const struct bluez_client *c)
{
    return *c->path ? bluez_device_at(c->cfg.bluez, c->path) : NULL;
}

const sd_bus_error *bluez_client_failure(sd_bus_message *m)
{
    return sd_bus_message_is_method_error(m, NULL) ? sd_bus_message_get_error(m) : NULL;
}

/* ---- scanning ---- */

static size_t put(uint8_t *to, size_t at, uint8_t type, const void *value, size_t len)
{
    if (!len || at + 2 + len > REPORT_BYTES)
        return at;
    to[at] = (uint8_t)(len + 1);
    to[at + 1] = type;
    memcpy(to + at + 2, value, len);
    return at + 2 + len;
}

/* What BlueZ made of the advertisement, as an advertisement again. */
static size_t rebuild(const struct bluez_device *d, uint8_t data[REPORT_BYTES])
{
    uint8_t uuids[REPORT_BYTES];
    size_t at = 0, n = 0;
    if (d->named)
        at = put(data, at, TROTH_AD_NAME_COMPLETE, d->name,
                 strlen(d->name) < 96 ? strlen(d->name) : 96);
    for (unsigned size = 2; size <= 16; size += 14, n = 0) {
        for (unsigned i = 0; i < d->uuid_count; i++)
            if (d->uuids[i].len == size && n + size <= 96) {
                memcpy(uuids + n, d->uuids[i].b, size);
                n += size;
            }
        at = put(data, at, size == 2 ? TROTH_AD_UUID16_ALL : TROTH_AD_UUID128_ALL, uuids, n);
    }
    return at;
}

static void report(struct bluez_client *c, const struct bluez_device *d)
{
    uint8_t data[REPORT_BYTES];
    struct troth_event e = {.type = TROTH_EV_REPORT, .link = TROTH_NO_LINK};
    if (d->rssi == 127)
        return; /* only remembered */
    e.u.report.addr = e.u.report.identity = d->addr;
    e.u.report.bonded = d->paired;
    e.u.report.rssi = (int8_t)(d->rssi < -127 ? -127 : d->rssi > 20 ? 20 : d->rssi);
    e.u.report.connectable = e.u.report.scannable = true;
    e.u.report.data = data;
    e.u.report.len = (uint8_t)rebuild(d, data);
    emit(c, &e);
}

static int on_discovery(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_client *c = ctx;
    const sd_bus_error *e = bluez_client_failure(m);
    char why[BLUEZ_WHY];
    (void)error;
    c->discovery = sd_bus_slot_unref(c->discovery);
    if (e && !bluez_is(e, "InProgress")) {
        c->scanning = false;
        bluez_client_tell(c, BLUEZ_CLIENT_SCAN_FAILED, bluez_why("scan", e, why));
    }
    return 0;
}

static int start_discovery(struct bluez_client *c, const char *adapter)
{
    sd_bus_message *m = NULL;
    /* Without it bluetoothd looks for BR/EDR as well, and is deaf meanwhile. */
    int r = sd_bus_message_new_method_call(bus(c), &m, BLUEZ, adapter, BLUEZ_ADAPTER,
                                           "SetDiscoveryFilter");
    if (r >= 0)
        r = sd_bus_message_append(m, "a{sv}", 2, "Transport", "s", "le", "DuplicateData", "b", 1);
    if (r >= 0)
        r = sd_bus_message_set_expect_reply(m, 0);
    if (r >= 0)
        r = sd_bus_send(bus(c), m, NULL);
    sd_bus_message_unref(m);
    if (r >= 0)
        r = sd_bus_call_method_async(bus(c), &c->discovery, BLUEZ, adapter, BLUEZ_ADAPTER,
                                     "StartDiscovery", on_discovery, c, NULL);
    return r < 0 ? TROTH_FAILED : TROTH_OK;
}

void bluez_client_send(struct bluez_client *c, const char *path, const char *interface,
                       const char *method)
{
    sd_bus_message *m = NULL;
    if (sd_bus_message_new_method_call(bus(c), &m, BLUEZ, path, interface, method) >= 0 &&
        sd_bus_message_set_expect_reply(m, 0) >= 0)
        sd_bus_send(bus(c), m, NULL);
    sd_bus_message_unref(m);
}

int bluez_client_scan(struct bluez_client *c, bool on)
{
    const struct bluez_adapter *a = bluez_adapter(c->cfg.bluez);
    if (!a)
        return TROTH_STATE;
    if (on == c->scanning)
        return TROTH_OK;
    c->scanning = on;
    c->discovery = sd_bus_slot_unref(c->discovery);
    if (!on) {
        bluez_client_send(c, a->path, BLUEZ_ADAPTER, "StopDiscovery");
        return TROTH_OK;
    }
    int r = start_discovery(c, a->path);
    for (const struct bluez_device *d = bluez_devices(c->cfg.bluez); d; d = d->next)
        report(c, d);
    return r;
}

/* ---- connecting ---- */

static void told_connected(struct bluez_client *c)
{
    const struct bluez_device *d = bluez_client_device(c);
    struct troth_event e = {.type = TROTH_EV_CONNECTED, .link = BLUEZ_CLIENT_LINK};
    if (!d || c->connected || !c->connecting)
        return;
    c->late = sd_event_source_disable_unref(c->late);
    c->connecting = false;
    c->connected = true;
    e.u.connected.role = TROTH_CENTRAL;
    e.u.connected.peer = e.u.connected.identity = d->addr;
    e.u.connected.bonded = c->was_paired && d->paired;
    emit(c, &e);
    bluez_client_look_whether_paired(c, d);
}

static int on_connection(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_client *c = ctx;
    const sd_bus_error *e = bluez_client_failure(m);
    char why[BLUEZ_WHY];
    (void)error;
    c->connection = sd_bus_slot_unref(c->connection);
    if (!e || bluez_is(e, "AlreadyConnected")) {
        told_connected(c);
        return 0;
    }
    c->connecting = false;
    bluez_client_tell(c, BLUEZ_CLIENT_CONNECT_FAILED, bluez_why("connect", e, why));
    return 0;
}

int bluez_client_begin(struct bluez_client *c, const struct troth_addr *addr)
{
    const struct bluez_device *d = bluez_device_of(c->cfg.bluez, addr);
    if (!d)
        return TROTH_STATE;
    if (c->connecting || c->connected)
        return TROTH_BUSY;
    bluez_client_end_pair(c);
    c->made = bluez_client_made(c, addr);
    snprintf(c->path, sizeof c->path, "%s", d->path);
    c->was_connected = d->connected;
    c->was_paired = d->paired;
    c->told_paired = false;
    return TROTH_OK;
}

int bluez_client_call_connect(struct bluez_client *c, uint64_t usec)
{
    sd_bus_message *m = NULL;
    int r = sd_bus_message_new_method_call(bus(c), &m, BLUEZ, c->path, BLUEZ_DEVICE, "Connect");
    if (r >= 0)
        r = sd_bus_call_async(bus(c), &c->connection, m, on_connection, c, usec);
    sd_bus_message_unref(m);
    c->connecting = r >= 0;
    return r < 0 ? TROTH_FAILED : TROTH_OK;
}

int bluez_client_connect(struct bluez_client *c, const struct troth_addr *addr, unsigned ms)
{
    int r = bluez_client_begin(c, addr);
    return r == TROTH_OK ? bluez_client_call_connect(c, ms * 1000ull) : r;
}

static void told_disconnected(struct bluez_client *c)
{
    struct troth_event e = {.type = TROTH_EV_DISCONNECTED, .link = BLUEZ_CLIENT_LINK};
    if (!c->connected)
        return;
    c->connected = c->handled = false;
    c->barrier = sd_bus_slot_unref(c->barrier);
    c->soon = sd_event_source_disable_unref(c->soon);
    bluez_client_gatt_end(c);
    emit(c, &e);
}

/* ---- bonds ---- */

static int on_removal(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_client *c = ctx;
    const sd_bus_error *e = bluez_client_failure(m);
    char why[BLUEZ_WHY];
    (void)error;
    c->removal = sd_bus_slot_unref(c->removal);
    if (e)
        bluez_client_tell(c, BLUEZ_CLIENT_REMOVE_FAILED, bluez_why("remove the bond", e, why));
    else
        bluez_client_tell(c, BLUEZ_CLIENT_REMOVED, NULL);
    return 0;
}

int bluez_client_remove(struct bluez_client *c, const char *path)
{
    const struct bluez_adapter *a = bluez_adapter(c->cfg.bluez);
    if (!a)
        return TROTH_STATE;
    if (c->removal)
        return TROTH_BUSY;
    int r = sd_bus_call_method_async(bus(c), &c->removal, BLUEZ, a->path, BLUEZ_ADAPTER,
                                     "RemoveDevice", on_removal, c, "o", path);
    return r < 0 ? TROTH_FAILED : TROTH_OK;
}

/* ---- what BlueZ says ---- */

static void on_up(void *ctx)
{
    struct bluez_client *c = ctx;
    c->up = true;
    bluez_client_tell(c, BLUEZ_CLIENT_UP, NULL);
}

static void on_down(void *ctx, const char *why)
{
    struct bluez_client *c = ctx;
    c->up = c->scanning = c->connecting = c->made = false;
    c->discovery = sd_bus_slot_unref(c->discovery);
    c->connection = sd_bus_slot_unref(c->connection);
    bluez_client_end_pair(c);
    c->removal = sd_bus_slot_unref(c->removal);
    bluez_client_tell(c, BLUEZ_CLIENT_DOWN, why);
    told_disconnected(c);
}

static void on_device(void *ctx, const struct bluez_device *d, unsigned news)
{
    struct bluez_client *c = ctx;
    if (c->scanning && (news & (BLUEZ_NEW | BLUEZ_HEARD | BLUEZ_OTHER)) && !(news & BLUEZ_GONE))
        report(c, d);
    if (strcmp(d->path, c->path))
        return;
    c->made = c->made && d->paired && !(news & BLUEZ_GONE);
    if (c->connected && ((news & BLUEZ_GONE) || ((news & BLUEZ_CONNECTION) && !d->connected)))
        told_disconnected(c);
    else if (c->connecting && c->pairing && d->connected)
        told_connected(c);
    if (c->connected && d->resolved)
        bluez_client_gatt_resolved(c);
    if (news & BLUEZ_PAIRING)
        bluez_client_look_whether_paired(c, d);
}

static void on_other(void *ctx, const char *path, const char *interface, sd_bus_message *properties)
{
    struct bluez_client *c = ctx;
    if (c->connected && !strncmp(path, c->path, strlen(c->path)))
        bluez_client_gatt_news(c, path, interface, properties);
}

struct bluez_client *bluez_client_new(const struct bluez_client_config *config)
{
    struct bluez_client *c = calloc(1, sizeof *c);
    struct bluez_listener listener = {
        .up = on_up, .down = on_down, .device = on_device, .other = on_other, .ctx = c};
    if (!c)
        return NULL;
    c->cfg = *config;
    c->loop = sd_bus_get_event(bluez_bus(config->bluez));
    if (bluez_listen(config->bluez, &listener) == TROTH_OK)
        return c;
    free(c);
    return NULL;
}

void bluez_client_free(struct bluez_client *c)
{
    if (!c)
        return;
    bluez_ignore(c->cfg.bluez, c);
    if (c->scanning)
        bluez_client_scan(c, false);
    sd_bus_slot_unref(c->discovery);
    sd_bus_slot_unref(c->connection);
    sd_bus_slot_unref(c->removal);
    sd_event_source_disable_unref(c->soon);
    if (c->pairing)
        bluez_client_send(c, c->path, BLUEZ_DEVICE, "CancelPairing");
    bluez_client_end_pair(c);
    if ((c->connected || c->connecting) && !c->was_connected && bluez_client_device(c))
        bluez_client_send(c, c->path, BLUEZ_DEVICE, "Disconnect");
    c->connected = false;
    c->cfg.event = NULL;
    bluez_client_gatt_end(c);
    sd_bus_flush(bus(c));
    free(c);
}
