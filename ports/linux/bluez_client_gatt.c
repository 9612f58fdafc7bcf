/* A central over BlueZ: GATT procedures. */
#include "ports/linux/bluez_client_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define CHARACTERISTIC "org.bluez.GattCharacteristic1"
#define DESCRIPTOR     "org.bluez.GattDescriptor1"

#define PROCEDURE_USEC (40 * 1000000ull) /* ATT has its own 30 s; a pairing may be behind it */

static sd_bus *bus(const struct bluez_client *c)
{
    return bluez_bus(c->cfg.bluez);
}

void bluez_client_emit(struct bluez_client *c, struct troth_event *e)
{
    e->link = BLUEZ_CLIENT_LINK;
    if (c->cfg.event)
        c->cfg.event(c->cfg.ctx, e);
}

void bluez_client_done(struct bluez_client *c, int result, uint8_t att_error)
{
    struct troth_event e = {.type = TROTH_EV_GATT_DONE};
    e.u.done.result = result;
    e.u.done.att_error = att_error;
    e.u.done.handle = c->handle;
    c->procedure = sd_bus_slot_unref(c->procedure);
    c->running = c->waits = false;
    c->reading = NULL;
    c->subscribing = NULL;
    bluez_client_emit(c, &e);
}

/* BlueZ's errors back into ATT's: most name it, or stand for one. */
static uint8_t att_error(const sd_bus_error *e)
{
    static const struct {
        const char *name, *message;
        uint8_t error;
    } all[] = {
        {"NotPermitted", "Read not permitted", TROTH_ATT_READ_NOT_PERMITTED},
        {"NotPermitted", "Write not permitted", TROTH_ATT_WRITE_NOT_PERMITTED},
        {"NotPermitted", "Not paired", TROTH_ATT_INSUFFICIENT_AUTHENTICATION},
        {"InvalidArguments", "Invalid offset", TROTH_ATT_INVALID_OFFSET},
        {"InvalidArguments", "Invalid Length", TROTH_ATT_INVALID_LENGTH},
        {"InvalidOffset", NULL, TROTH_ATT_INVALID_OFFSET},
        {"InvalidValueLength", NULL, TROTH_ATT_INVALID_LENGTH},
        {"NotAuthorized", NULL, TROTH_ATT_INSUFFICIENT_AUTHORIZATION},
        {"NotSupported", NULL, TROTH_ATT_REQUEST_NOT_SUPPORTED},
        {"ImproperlyConfigured", NULL, TROTH_ATT_CCC_IMPROPER},
        {"InProgress", NULL, TROTH_ATT_PROCEDURE_IN_PROGRESS},
    };
    const char *named = e->message ? strstr(e->message, "ATT error: 0x") : NULL;
    if (named)
        return bluez_meant((uint8_t)strtoul(named + strlen("ATT error: 0x"), NULL, 16));
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (bluez_is(e, all[i].name) &&
            (!all[i].message || (e->message && !strcasecmp(e->message, all[i].message))))
            return all[i].error;
    return TROTH_ATT_UNLIKELY_ERROR;
}

void bluez_client_fail(struct bluez_client *c, const sd_bus_error *e)
{
    bool gone =
        bluez_is(e, "NotConnected") || sd_bus_error_has_name(e, SD_BUS_ERROR_UNKNOWN_OBJECT);
    bluez_client_done(c, gone ? TROTH_STATE : TROTH_FAILED, gone ? 0 : att_error(e));
}

/* ---- values ---- */

/* Of a value or a descriptor; a value's handle is its declaration's and one. */
static struct bluez_attribute *find(struct bluez_client *c, uint16_t handle)
{
    for (unsigned i = 0; i < c->count; i++) {
        struct bluez_attribute *a = &c->attribute[i];
        if ((a->kind == BLUEZ_CHARACTERISTIC && a->handle + 1 == handle) ||
            ((a->kind == BLUEZ_DESCRIPTOR || a->kind == BLUEZ_CCC) && a->handle == handle))
            return a;
    }
    return NULL;
}

static int begin(struct bluez_client *c, uint16_t handle, bool ccc, struct bluez_attribute **a)
{
    if (!c->connected)
        return TROTH_STATE;
    if (c->running)
        return TROTH_BUSY;
    *a = find(c, handle);
    if (!*a || ((*a)->kind == BLUEZ_CCC) != ccc)
        return TROTH_INVALID;
    c->handle = handle;
    return TROTH_OK;
}

static const char *interface_of(const struct bluez_attribute *a)
{
    return a->kind == BLUEZ_DESCRIPTOR ? DESCRIPTOR : CHARACTERISTIC;
}

static int on_value(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_client *c = ctx;
    struct troth_event e = {.type = TROTH_EV_GATT_VALUE};
    const void *data;
    size_t len;
    (void)error;
    c->procedure = sd_bus_slot_unref(c->procedure);
    if (sd_bus_message_is_method_error(m, NULL)) {
        bluez_client_fail(c, sd_bus_message_get_error(m));
        return 0;
    }
    if (sd_bus_message_read_array(m, 'y', &data, &len) < 0 || len > TROTH_VALUE_MAX) {
        bluez_client_done(c, TROTH_FAILED, TROTH_ATT_INVALID_LENGTH);
        return 0;
    }
    e.u.value.handle = c->handle;
    e.u.value.data = data;
    e.u.value.len = (uint16_t)len;
    bluez_client_emit(c, &e);
    bluez_client_done(c, TROTH_OK, 0);
    return 0;
}

static int on_done(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_client *c = ctx;
    (void)error;
    c->procedure = sd_bus_slot_unref(c->procedure);
    if (sd_bus_message_is_method_error(m, NULL))
        bluez_client_fail(c, sd_bus_message_get_error(m));
    else
        bluez_client_done(c, TROTH_OK, 0);
    return 0;
}

/* m is taken. */
static int call(struct bluez_client *c, sd_bus_message *m, int r,
                sd_bus_message_handler_t when_done)
{
    if (r >= 0)
        r = sd_bus_call_async(bus(c), &c->procedure, m, when_done, c, PROCEDURE_USEC);
    sd_bus_message_unref(m);
    c->running = r >= 0;
    return r < 0 ? TROTH_FAILED : TROTH_OK;
}

int bluez_client_read(struct bluez_client *c, uint16_t handle)
{
    struct bluez_attribute *a;
    sd_bus_message *m = NULL;
    int r = begin(c, handle, false, &a);
    if (r != TROTH_OK)
        return r;
    r = sd_bus_message_new_method_call(bus(c), &m, BLUEZ, a->path, interface_of(a), "ReadValue");
    if (r >= 0)
        r = sd_bus_message_append(m, "a{sv}", 0);
    c->reading = a->path;
    return call(c, m, r, on_value);
}

int bluez_client_write(struct bluez_client *c, uint16_t handle, const uint8_t *data, uint16_t len)
{
    struct bluez_attribute *a;
    sd_bus_message *m = NULL;
    int r = begin(c, handle, false, &a);
    if (r != TROTH_OK)
        return r;
    r = sd_bus_message_new_method_call(bus(c), &m, BLUEZ, a->path, interface_of(a), "WriteValue");
    if (r >= 0)
        r = sd_bus_message_sensitive(m); /* it may be a password */
    if (r >= 0)
        r = sd_bus_message_append_array(m, 'y', data, len);
    if (r >= 0)
        r = a->kind == BLUEZ_DESCRIPTOR
                ? sd_bus_message_append(m, "a{sv}", 0)
                : sd_bus_message_append(m, "a{sv}", 1, "type", "s", "request");
    return call(c, m, r, on_done);
}

/* ---- subscriptions ---- */

static void notify(struct bluez_client *c, const struct bluez_attribute *ccc, const void *data,
                   size_t len)
{
    struct troth_event e = {.type = TROTH_EV_GATT_NOTIFICATION};
    e.u.value.handle = (uint16_t)(bluez_client_handle(ccc->path) + 1);
    e.u.value.data = data;
    e.u.value.len = (uint16_t)len;
    bluez_client_emit(c, &e);
}

void bluez_client_close_values(struct bluez_attribute *a)
{
    a->values = sd_event_source_disable_unref(a->values);
    if (a->fd >= 0)
        close(a->fd);
    a->fd = -1;
}

static int on_values(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
    struct bluez_attribute *a = ctx;
    uint8_t value[TROTH_VALUE_MAX];
    (void)source;
    (void)events;
    ssize_t n = read(fd, value, sizeof value);
    if (n > 0)
        notify(a->client, a, value, (size_t)n);
    else if (!n || (errno != EAGAIN && errno != EINTR))
        bluez_client_close_values(a); /* the link went, which is told elsewhere */
    return 0;
}

static int on_started(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_client *c = ctx;
    if (c->subscribing && !sd_bus_message_is_method_error(m, NULL))
        c->subscribing->started = c->bits != 0;
    return on_done(m, ctx, error);
}

static int start_notify(struct bluez_client *c, const struct bluez_attribute *a, const char *method)
{
    sd_bus_message *m = NULL;
    int r = sd_bus_message_new_method_call(bus(c), &m, BLUEZ, a->path, CHARACTERISTIC, method);
    return call(c, m, r, on_started);
}

/* A socket of one's own loses no value where two come at once; properties may. */
static int on_acquired(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_client *c = ctx;
    struct bluez_attribute *a = c->subscribing;
    int fd;
    uint16_t mtu;
    (void)error;
    c->procedure = sd_bus_slot_unref(c->procedure);
    if (sd_bus_message_is_method_error(m, NULL)) {
        const sd_bus_error *e = sd_bus_message_get_error(m);
        if (bluez_is(e, "NotPermitted") || sd_bus_error_has_name(e, SD_BUS_ERROR_UNKNOWN_METHOD) ||
            bluez_is(e, "NotSupported")) {
            c->running = false;
            if (start_notify(c, a, "StartNotify") != TROTH_OK)
                bluez_client_done(c, TROTH_FAILED, TROTH_ATT_UNLIKELY_ERROR);
            return 0;
        }
        bluez_client_fail(c, e);
        return 0;
    }
    if (sd_bus_message_read(m, "hq", &fd, &mtu) < 0 ||
        (a->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3)) < 0 || fcntl(a->fd, F_SETFL, O_NONBLOCK) ||
        sd_event_add_io(c->loop, &a->values, a->fd, EPOLLIN, on_values, a) < 0) {
        bluez_client_close_values(a);
        bluez_client_done(c, TROTH_FAILED, TROTH_ATT_INSUFFICIENT_RESOURCES);
        return 0;
    }
    bluez_client_done(c, TROTH_OK, 0);
    return 0;
}

int bluez_client_subscribe(struct bluez_client *c, uint16_t ccc_handle, uint16_t bits)
{
    struct bluez_attribute *a;
    sd_bus_message *m = NULL;
    int r = begin(c, ccc_handle, true, &a);
    if (r != TROTH_OK)
        return r;
    c->subscribing = a;
    c->bits = bits;
    if (!bits) {
        bluez_client_close_values(a);
        return start_notify(c, a, "StopNotify");
    }
    r = sd_bus_message_new_method_call(bus(c), &m, BLUEZ, a->path, CHARACTERISTIC, "AcquireNotify");
    if (r >= 0)
        r = sd_bus_message_append(m, "a{sv}", 0);
    return call(c, m, r, on_acquired);
}

/* Value changed: a notification, unless it is the answer to our own reading. */
void bluez_client_gatt_news(struct bluez_client *c, const char *path, const char *interface,
                            sd_bus_message *properties)
{
    const char *name;
    const void *data;
    size_t len;
    const struct bluez_attribute *a = NULL;
    for (unsigned i = 0; i < c->count && !a; i++)
        if (c->attribute[i].kind == BLUEZ_CCC && !strcmp(c->attribute[i].path, path))
            a = &c->attribute[i];
    if (!a || !a->started || !properties || strcmp(interface, CHARACTERISTIC) ||
        (c->reading && !strcmp(c->reading, path)))
        return;
    int r = sd_bus_message_enter_container(properties, 'a', "{sv}");
    while (r >= 0 && (r = sd_bus_message_enter_container(properties, 'e', "sv")) > 0) {
        r = sd_bus_message_read_basic(properties, 's', &name);
        if (r >= 0 && !strcmp(name, "Value")) {
            r = sd_bus_message_enter_container(properties, 'v', "ay");
            if (r >= 0 && sd_bus_message_read_array(properties, 'y', &data, &len) >= 0 &&
                len <= TROTH_VALUE_MAX)
                notify(c, a, data, len);
            if (r >= 0)
                r = sd_bus_message_exit_container(properties);
        } else if (r >= 0) {
            r = sd_bus_message_skip(properties, "v");
        }
        if (r >= 0)
            r = sd_bus_message_exit_container(properties);
    }
}

void bluez_client_gatt_end(struct bluez_client *c)
{
    bluez_client_forget(c);
    if (c->running)
        bluez_client_done(c, TROTH_STATE, 0);
}
