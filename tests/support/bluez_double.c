#include "support/bluez_double.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define ERROR   "org.bluez.Error."
#define ADAPTER "/org/bluez/hci0"
#define SERVICE DOUBLE_DEVICE "/service0010"
#define STATUS  SERVICE "/char0011"
#define CONTROL SERVICE "/char0014"

/* ---- the bus ---- */

void double_start(struct bluez_double *d, sd_event *loop)
{
    memset(d, 0, sizeof *d);
    d->loop = loop;
    d->notify = -1;
    d->powered = true;
    d->name = "Lamp";
    d->rssi = -40;
    bus_daemon_open(&d->daemon);
}

void double_stop(struct bluez_double *d)
{
    double_down(d);
    bus_daemon_close(&d->daemon);
}

void double_until(struct bluez_double *d, bool (*truth)(void *ctx), void *ctx, const char *what)
{
    bus_until(d->loop, truth, ctx, what, d->calls);
}

struct awaited {
    const unsigned *count;
    unsigned n;
};

static bool is_so(void *ctx)
{
    const struct awaited *a = ctx;
    return *a->count == a->n;
}

void double_until_is(struct bluez_double *d, const unsigned *count, unsigned n, const char *what)
{
    struct awaited a = {count, n};
    double_until(d, is_so, &a, what);
}

void double_settle(struct bluez_double *d)
{
    if (d->bus && *d->owner)
        bus_round_trip(d->bus, d->owner, d->calls);
}

bool double_called(struct bluez_double *d, const char *what)
{
    bool is = strstr(d->calls, what);
    d->calls[0] = 0;
    return is;
}

static void record(struct bluez_double *d, const char *format, ...)
{
    size_t len = strlen(d->calls);
    va_list args;
    va_start(args, format);
    vsnprintf(d->calls + len, sizeof d->calls - len, format, args);
    va_end(args);
    len = strlen(d->calls);
    snprintf(d->calls + len, sizeof d->calls - len, "; ");
}

/* The answer that the test wants to this method; 0: none, go on. */
static int disturbed(struct bluez_double *d, sd_bus_message *m)
{
    const char *name = sd_bus_message_get_member(m);
    char error[128];
    if (d->silent && !strcmp(d->silent, name)) {
        sd_bus_message_unref(d->held);
        d->held = sd_bus_message_ref(m);
        return 1;
    }
    if (!d->fails || strcmp(d->fails, name) != 0)
        return 0;
    snprintf(error, sizeof error, "%s%s", strchr(d->error, '.') ? "" : ERROR, d->error);
    sd_bus_reply_method_errorf(m, error, "%s", d->message ? d->message : "as the test wants");
    return 1;
}

/* Whom we serve. */
static void know(struct bluez_double *d, sd_bus_message *m)
{
    snprintf(d->owner, sizeof d->owner, "%s", sd_bus_message_get_sender(m));
}

static int done(sd_bus_message *m)
{
    return sd_bus_message_get_expect_reply(m) ? sd_bus_reply_method_return(m, NULL) : 1;
}

/* ---- AgentManager1 ---- */

static int on_agent_manager(sd_bus_message *m, void *ctx, sd_bus_error *e)
{
    struct bluez_double *d = ctx;
    const char *method = sd_bus_message_get_member(m), *path, *capability = "";
    (void)e;
    know(d, m);
    sd_bus_message_read(m, "o", &path);
    if (!strcmp(method, "RegisterAgent"))
        sd_bus_message_read(m, "s", &capability);
    record(d, "%s%s%s", method, *capability ? " " : "", capability);
    if (disturbed(d, m))
        return 1;
    if (!strcmp(method, "RegisterAgent"))
        snprintf(d->agent, sizeof d->agent, "%s", path);
    return done(m);
}

static const sd_bus_vtable agent_manager[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("RegisterAgent", "os", "", on_agent_manager, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("RequestDefaultAgent", "o", "", on_agent_manager, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("UnregisterAgent", "o", "", on_agent_manager, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

/* ---- properties ---- */

#define HELD(name, type, member, flags)                                                            \
    SD_BUS_PROPERTY(name, type, NULL, offsetof(struct bluez_double, member), flags)
#define CHANGES(name, type, member) HELD(name, type, member, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)
#define CONSTANT(name)              SD_BUS_PROPERTY(name, "s", get_constant, 0, 0)

static int get_constant(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *ctx, sd_bus_error *e)
{
    static const struct {
        const char *path, *property, *value;
    } all[] = {
        {ADAPTER, "Address", "C0:FF:EE:00:00:00"},
        {ADAPTER, "AddressType", "public"},
        {ADAPTER, "Alias", "here"},
        {DOUBLE_DEVICE, "Address", "C0:FF:EE:00:00:01"},
        {DOUBLE_DEVICE, "AddressType", "random"},
        {SERVICE, "UUID", "8b840001-f6fa-4e33-9a0c-e14d9f35f201"},
        {STATUS, "UUID", "8b840006-f6fa-4e33-9a0c-e14d9f35f201"},
        {STATUS "/desc0013", "UUID", "00002902-0000-1000-8000-00805f9b34fb"},
        {CONTROL, "UUID", "8b840005-f6fa-4e33-9a0c-e14d9f35f201"},
    };
    (void)bus;
    (void)interface;
    (void)ctx;
    (void)e;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strcmp(all[i].path, path) && !strcmp(all[i].property, property))
            return sd_bus_message_append(reply, "s", all[i].value);
    return -ENOENT;
}

/* ---- Adapter1 ---- */

static int on_adapter(sd_bus_message *m, void *ctx, sd_bus_error *e)
{
    struct bluez_double *d = ctx;
    (void)e;
    know(d, m);
    record(d, "%s", sd_bus_message_get_member(m));
    return disturbed(d, m) ? 1 : done(m);
}

static const sd_bus_vtable adapter[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("SetDiscoveryFilter", "a{sv}", "", on_adapter, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("StartDiscovery", "", "", on_adapter, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("StopDiscovery", "", "", on_adapter, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("RemoveDevice", "o", "", on_adapter, SD_BUS_VTABLE_UNPRIVILEGED),
    CONSTANT("Address"),
    CONSTANT("AddressType"),
    CONSTANT("Alias"),
    CHANGES("Powered", "b", powered),
    SD_BUS_VTABLE_END,
};

/* ---- Device1 ---- */

void double_fail_held(struct bluez_double *d, const char *error)
{
    char name[128];
    assert_non_null(d->held);
    snprintf(name, sizeof name, "%s%s", ERROR, error);
    sd_bus_reply_method_errorf(d->held, name, "as the test wants");
    d->held = sd_bus_message_unref(d->held);
}

void double_device_changed(struct bluez_double *d, const char *property)
{
    sd_bus_emit_properties_changed(d->bus, DOUBLE_DEVICE, "org.bluez.Device1", property, NULL);
}

static int on_device(sd_bus_message *m, void *ctx, sd_bus_error *e)
{
    struct bluez_double *d = ctx;
    const char *method = sd_bus_message_get_member(m);
    (void)e;
    know(d, m);
    record(d, "%s", method);
    if (d->on_call)
        d->on_call(d, method);
    if (disturbed(d, m))
        return 1;
    if (!strcmp(method, "Connect")) {
        d->connected = true;
        double_device_changed(d, "Connected");
    } else if (!strcmp(method, "Disconnect")) {
        d->connected = false;
        double_device_changed(d, "Connected");
    } else if (!strcmp(method, "Pair")) {
        d->connected = true;
        double_device_changed(d, "Connected");
        d->paired = d->bonded = true;
        double_device_changed(d, "Bonded");
        double_device_changed(d, "Paired");
    }
    return done(m);
}

static int get_uuids(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *ctx, sd_bus_error *e)
{
    (void)bus;
    (void)path;
    (void)interface;
    (void)property;
    (void)ctx;
    (void)e;
    return sd_bus_message_append(reply, "as", 2, "0000180f-0000-1000-8000-00805f9b34fb",
                                 "8b840001-f6fa-4e33-9a0c-e14d9f35f201");
}

static int get_paired(sd_bus *bus, const char *path, const char *interface, const char *property,
                      sd_bus_message *reply, void *ctx, sd_bus_error *e)
{
    const struct bluez_double *d = ctx;
    (void)bus;
    (void)path;
    (void)interface;
    (void)property;
    if (d->fails && !strcmp(d->fails, "Get"))
        return sd_bus_error_set_const(e, SD_BUS_ERROR_NO_REPLY, "as the test wants");
    return sd_bus_message_append(reply, "b", d->paired);
}

static const sd_bus_vtable device[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("Connect", "", "", on_device, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Disconnect", "", "", on_device, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Pair", "", "", on_device, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("CancelPairing", "", "", on_device, SD_BUS_VTABLE_UNPRIVILEGED),
    CONSTANT("Address"),
    CONSTANT("AddressType"),
    HELD("Alias", "s", name, 0),
    HELD("Name", "s", name, 0),
    CHANGES("RSSI", "n", rssi),
    SD_BUS_PROPERTY("UUIDs", "as", get_uuids, 0, 0),
    CHANGES("Connected", "b", connected),
    SD_BUS_PROPERTY("Paired", "b", get_paired, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    CHANGES("Bonded", "b", bonded),
    CHANGES("ServicesResolved", "b", resolved),
    SD_BUS_VTABLE_END,
};

/* ---- GATT ---- */

static int on_read_value(sd_bus_message *m, void *ctx, sd_bus_error *e)
{
    struct bluez_double *d = ctx;
    sd_bus_message *reply = NULL;
    (void)e;
    record(d, "ReadValue %s", strrchr(sd_bus_message_get_path(m), '/') + 1);
    if (disturbed(d, m))
        return 1;
    int r = sd_bus_message_new_method_return(m, &reply);
    if (r >= 0)
        r = sd_bus_message_append_array(reply, 'y', d->value, d->value_len);
    if (r >= 0)
        r = sd_bus_send(NULL, reply, NULL);
    sd_bus_message_unref(reply);
    return r;
}

static int on_write_value(sd_bus_message *m, void *ctx, sd_bus_error *e)
{
    struct bluez_double *d = ctx;
    const void *data;
    const char *key, *type;
    size_t len;
    (void)e;
    record(d, "WriteValue %s", strrchr(sd_bus_message_get_path(m), '/') + 1);
    if (disturbed(d, m))
        return 1;
    sd_bus_message_read_array(m, 'y', &data, &len);
    assert_true(len <= sizeof d->written);
    memcpy(d->written, data, len);
    d->written_len = len;
    d->write_type[0] = 0;
    if (sd_bus_message_read(m, "a{sv}", 1, &key, "s", &type) >= 0 && !strcmp(key, "type"))
        snprintf(d->write_type, sizeof d->write_type, "%s", type);
    return sd_bus_reply_method_return(m, NULL);
}

static int on_notify(sd_bus_message *m, void *ctx, sd_bus_error *e)
{
    struct bluez_double *d = ctx;
    int pair[2];
    (void)e;
    record(d, "%s", sd_bus_message_get_member(m));
    if (disturbed(d, m))
        return 1;
    if (strcmp(sd_bus_message_get_member(m), "AcquireNotify") != 0)
        return sd_bus_reply_method_return(m, NULL);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    d->notify = pair[0];
    int r = sd_bus_reply_method_return(m, "hq", pair[1], 247);
    close(pair[1]);
    return r;
}

static int get_flags(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *ctx, sd_bus_error *e)
{
    (void)bus;
    (void)interface;
    (void)property;
    (void)ctx;
    (void)e;
    return !strcmp(path, STATUS) ? sd_bus_message_append(reply, "as", 2, "read", "notify")
                                 : sd_bus_message_append(reply, "as", 1, "write");
}

static int get_value(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *ctx, sd_bus_error *e)
{
    const struct bluez_double *d = ctx;
    (void)bus;
    (void)path;
    (void)interface;
    (void)property;
    (void)e;
    return sd_bus_message_append_array(reply, 'y', d->value, d->value_len);
}

/* A service or a descriptor. */
static const sd_bus_vtable only_uuid[] = {
    SD_BUS_VTABLE_START(0),
    CONSTANT("UUID"),
    SD_BUS_VTABLE_END,
};
static const sd_bus_vtable characteristic[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("ReadValue", "a{sv}", "ay", on_read_value, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("WriteValue", "aya{sv}", "", on_write_value, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("AcquireNotify", "a{sv}", "hq", on_notify, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("StartNotify", "", "", on_notify, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("StopNotify", "", "", on_notify, SD_BUS_VTABLE_UNPRIVILEGED),
    CONSTANT("UUID"),
    SD_BUS_PROPERTY("Flags", "as", get_flags, 0, 0),
    SD_BUS_PROPERTY("Value", "ay", get_value, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_VTABLE_END,
};

/* ---- there and not there ---- */

static void object(struct bluez_double *d, const char *path, const char *interface,
                   const sd_bus_vtable *vtable)
{
    assert_true(sd_bus_add_object_vtable(d->bus, &d->slots[d->slot_count++], path, interface,
                                         vtable, d) >= 0);
}

void double_up(struct bluez_double *d)
{
    assert_true(sd_bus_open_system(&d->bus) >= 0);
    assert_true(sd_bus_attach_event(d->bus, d->loop, 0) >= 0);
    assert_true(sd_bus_add_object_manager(d->bus, &d->slots[d->slot_count++], "/") >= 0);
    object(d, "/org/bluez", "org.bluez.AgentManager1", agent_manager);
    object(d, ADAPTER, "org.bluez.Adapter1", adapter);
    object(d, DOUBLE_DEVICE, "org.bluez.Device1", device);
    object(d, SERVICE, "org.bluez.GattService1", only_uuid);
    object(d, STATUS, "org.bluez.GattCharacteristic1", characteristic);
    object(d, STATUS "/desc0013", "org.bluez.GattDescriptor1", only_uuid);
    object(d, CONTROL, "org.bluez.GattCharacteristic1", characteristic);
    assert_true(sd_bus_request_name(d->bus, "org.bluez", 0) >= 0);
}

void double_down(struct bluez_double *d)
{
    if (d->notify >= 0)
        close(d->notify);
    d->notify = -1;
    d->reply = sd_bus_message_unref(d->reply);
    d->held = sd_bus_message_unref(d->held);
    while (d->slot_count)
        sd_bus_slot_unref(d->slots[--d->slot_count]);
    d->bus = sd_bus_flush_close_unref(d->bus);
    d->agent[0] = 0;
    d->connected = d->paired = d->bonded = d->resolved = false;
}

/* ---- its questions ---- */

static int on_answer(sd_bus_message *m, void *ctx, sd_bus_error *e)
{
    struct bluez_double *d = ctx;
    (void)e;
    d->reply = sd_bus_message_ref(m);
    return 0;
}

void double_ask(struct bluez_double *d, const char *method, const char *types, ...)
{
    sd_bus_message *m = NULL;
    va_list args;
    d->reply = sd_bus_message_unref(d->reply);
    assert_true(*d->agent);
    assert_true(sd_bus_message_new_method_call(d->bus, &m, d->owner, d->agent, "org.bluez.Agent1",
                                               method) >= 0);
    va_start(args, types);
    if (types)
        assert_true(sd_bus_message_appendv(m, types, args) >= 0);
    va_end(args);
    assert_true(sd_bus_call_async(d->bus, NULL, m, on_answer, d, 0) >= 0);
    sd_bus_message_unref(m);
}

static bool has_reply(void *ctx)
{
    return ((const struct bluez_double *)ctx)->reply;
}

void double_answered(struct bluez_double *d, const char *error)
{
    double_until(d, has_reply, d, "the agent answers");
    const sd_bus_error *e = sd_bus_message_get_error(d->reply);
    if (error)
        assert_string_equal(e ? e->name : "none", error);
    else
        assert_string_equal(e ? e->name : "", "");
}
