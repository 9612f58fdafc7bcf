#include "support/bluez_double.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ERROR "org.bluez.Error."

/* ---- the bus ---- */

static void start_daemon(struct bluez_double *d)
{
    char path[128], address[256] = "";
    int out[2];
    snprintf(d->dir, sizeof d->dir, "/tmp/troth-bus-XXXXXX");
    assert_non_null(mkdtemp(d->dir));
    snprintf(path, sizeof path, "%s/bus.conf", d->dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f,
            "<busconfig><listen>unix:path=%s/socket</listen>"
            "<auth>EXTERNAL</auth><policy context='default'><allow user='*'/><allow own='*'/>"
            "<allow send_destination='*' send_type='method_call'/>"
            "<allow send_type='signal'/><allow send_requested_reply='true'/>"
            "<allow receive_sender='*'/></policy></busconfig>",
            d->dir);
    fclose(f);
    assert_int_equal(pipe(out), 0);
    d->daemon = fork();
    assert_true(d->daemon >= 0);
    if (!d->daemon) {
        char config[160];
        snprintf(config, sizeof config, "--config-file=%s", path);
        dup2(out[1], STDOUT_FILENO);
        if (!freopen("/dev/null", "w", stderr)) /* as root it complains of a limit */
            _exit(127);
        execlp("dbus-daemon", "dbus-daemon", config, "--nofork", "--nopidfile", "--nosyslog",
               "--print-address", (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *in = fdopen(out[0], "r");
    assert_non_null(in);
    if (!fgets(address, sizeof address, in))
        fail_msg("dbus-daemon does not start; is it installed?");
    fclose(in);
    address[strcspn(address, "\n")] = 0;
    setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
}

void double_start(struct bluez_double *d, sd_event *loop)
{
    memset(d, 0, sizeof *d);
    d->loop = loop;
    d->notify = -1;
    d->rssi = -40;
    start_daemon(d);
}

void double_stop(struct bluez_double *d)
{
    char path[160];
    double_down(d);
    kill(d->daemon, SIGTERM);
    waitpid(d->daemon, NULL, 0);
    for (unsigned i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", d->dir, i ? "socket" : "bus.conf");
        unlink(path);
    }
    rmdir(d->dir);
}

void double_until(struct bluez_double *d, bool (*truth)(void *ctx), void *ctx, const char *what)
{
    while (!truth(ctx)) {
        int r = sd_event_run(d->loop, 5000000);
        if (r <= 0)
            fail_msg("it does not happen: %s; calls: %s", what, d->calls);
    }
}

static int on_ping(sd_bus_message *m, void *ctx, sd_bus_error *e)
{
    (void)m;
    (void)e;
    *(bool *)ctx = true;
    return 0;
}

static bool is_done(void *ctx)
{
    return *(const bool *)ctx;
}

void double_settle(struct bluez_double *d)
{
    bool done = false;
    if (!d->bus || !*d->owner)
        return;
    /* Messages keep their order, each way: what was before it has arrived. */
    assert_true(sd_bus_call_method_async(d->bus, NULL, d->owner, "/", "org.freedesktop.DBus.Peer",
                                         "Ping", on_ping, &done, NULL) >= 0);
    double_until(d, is_done, &done, "a round trip");
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
    if (d->silent && !strcmp(d->silent, name))
        return 1;
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
    if (!strcmp(method, "RegisterAgent")) {
        snprintf(d->agent, sizeof d->agent, "%s", path);
    }
    return sd_bus_message_get_expect_reply(m) ? sd_bus_reply_method_return(m, NULL) : 1;
}

static const sd_bus_vtable agent_manager[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("RegisterAgent", "os", "", on_agent_manager, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("RequestDefaultAgent", "o", "", on_agent_manager, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("UnregisterAgent", "o", "", on_agent_manager, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

/* ---- Adapter1 ---- */

static int on_adapter(sd_bus_message *m, void *ctx, sd_bus_error *e)
{
    struct bluez_double *d = ctx;
    (void)e;
    know(d, m);
    record(d, "%s", sd_bus_message_get_member(m));
    if (disturbed(d, m))
        return 1;
    return sd_bus_message_get_expect_reply(m) ? sd_bus_reply_method_return(m, NULL) : 1;
}

static int get_constant(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *ctx, sd_bus_error *e)
{
    static const struct {
        const char *interface, *property, *value;
    } all[] = {
        {"org.bluez.Adapter1", "Address", "C0:FF:EE:00:00:00"},
        {"org.bluez.Adapter1", "AddressType", "public"},
        {"org.bluez.Adapter1", "Alias", "here"},
        {"org.bluez.Device1", "Address", "C0:FF:EE:00:00:01"},
        {"org.bluez.Device1", "AddressType", "random"},
        {"org.bluez.Device1", "Alias", "Lamp"},
        {"org.bluez.Device1", "Name", "Lamp"},
        {"org.bluez.GattService1", "UUID", "8b840001-f6fa-4e33-9a0c-e14d9f35f201"},
        {"org.bluez.GattDescriptor1", "UUID", "00002902-0000-1000-8000-00805f9b34fb"},
    };
    const struct bluez_double *d = ctx;
    (void)bus;
    (void)path;
    (void)e;
    if (d->name && (!strcmp(property, "Name") || !strcmp(property, "Alias")))
        return sd_bus_message_append(reply, "s", d->name);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strcmp(all[i].interface, interface) && !strcmp(all[i].property, property))
            return sd_bus_message_append(reply, "s", all[i].value);
    return -ENOENT;
}

static int get_true(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *ctx, sd_bus_error *e)
{
    (void)bus;
    (void)path;
    (void)interface;
    (void)property;
    (void)ctx;
    (void)e;
    return sd_bus_message_append(reply, "b", 1);
}

static const sd_bus_vtable adapter[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("SetDiscoveryFilter", "a{sv}", "", on_adapter, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("StartDiscovery", "", "", on_adapter, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("StopDiscovery", "", "", on_adapter, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("RemoveDevice", "o", "", on_adapter, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_PROPERTY("Address", "s", get_constant, 0, 0),
    SD_BUS_PROPERTY("AddressType", "s", get_constant, 0, 0),
    SD_BUS_PROPERTY("Alias", "s", get_constant, 0, 0),
    SD_BUS_PROPERTY("Powered", "b", get_true, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_VTABLE_END,
};

/* ---- Device1 ---- */

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
    if (disturbed(d, m))
        return 1;
    if (!strcmp(method, "Connect")) {
        d->connected = true;
        double_device_changed(d, "Connected");
    } else if (!strcmp(method, "Disconnect")) {
        d->connected = false;
        double_device_changed(d, "Connected");
    } else if (!strcmp(method, "Pair")) {
        d->paired = d->bonded = true;
        double_device_changed(d, "Bonded");
        double_device_changed(d, "Paired");
    }
    return sd_bus_message_get_expect_reply(m) ? sd_bus_reply_method_return(m, NULL) : 1;
}

static int get_state(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *ctx, sd_bus_error *e)
{
    const struct bluez_double *d = ctx;
    (void)bus;
    (void)path;
    (void)interface;
    (void)e;
    return sd_bus_message_append(reply, "b",
                                 !strcmp(property, "Connected") ? d->connected
                                 : !strcmp(property, "Paired")  ? d->paired
                                 : !strcmp(property, "Bonded")  ? d->bonded
                                                                : d->resolved);
}

static int get_rssi(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *ctx, sd_bus_error *e)
{
    (void)bus;
    (void)path;
    (void)interface;
    (void)property;
    (void)e;
    return sd_bus_message_append(reply, "n", ((const struct bluez_double *)ctx)->rssi);
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

static const sd_bus_vtable device[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("Connect", "", "", on_device, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Disconnect", "", "", on_device, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Pair", "", "", on_device, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("CancelPairing", "", "", on_device, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_PROPERTY("Address", "s", get_constant, 0, 0),
    SD_BUS_PROPERTY("AddressType", "s", get_constant, 0, 0),
    SD_BUS_PROPERTY("Alias", "s", get_constant, 0, 0),
    SD_BUS_PROPERTY("Name", "s", get_constant, 0, 0),
    SD_BUS_PROPERTY("RSSI", "n", get_rssi, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("UUIDs", "as", get_uuids, 0, 0),
    SD_BUS_PROPERTY("Connected", "b", get_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Paired", "b", get_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Bonded", "b", get_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("ServicesResolved", "b", get_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
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

static int get_uuid(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *ctx, sd_bus_error *e)
{
    (void)bus;
    (void)interface;
    (void)property;
    (void)ctx;
    (void)e;
    return sd_bus_message_append(reply, "s",
                                 strstr(path, "char0011") ? "8b840006-f6fa-4e33-9a0c-e14d9f35f201"
                                                          : "8b840005-f6fa-4e33-9a0c-e14d9f35f201");
}

static int get_flags(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *ctx, sd_bus_error *e)
{
    (void)bus;
    (void)interface;
    (void)property;
    (void)ctx;
    (void)e;
    return strstr(path, "char0011") ? sd_bus_message_append(reply, "as", 2, "read", "notify")
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

static const sd_bus_vtable service[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("UUID", "s", get_constant, 0, 0),
    SD_BUS_VTABLE_END,
};
static const sd_bus_vtable characteristic[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("ReadValue", "a{sv}", "ay", on_read_value, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("WriteValue", "aya{sv}", "", on_write_value, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("AcquireNotify", "a{sv}", "hq", on_notify, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("StartNotify", "", "", on_notify, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("StopNotify", "", "", on_notify, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_PROPERTY("UUID", "s", get_uuid, 0, 0),
    SD_BUS_PROPERTY("Flags", "as", get_flags, 0, 0),
    SD_BUS_PROPERTY("Value", "ay", get_value, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_VTABLE_END,
};
static const sd_bus_vtable descriptor[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("UUID", "s", get_constant, 0, 0),
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
    object(d, "/org/bluez/hci0", "org.bluez.Adapter1", adapter);
    object(d, DOUBLE_DEVICE, "org.bluez.Device1", device);
    object(d, DOUBLE_DEVICE "/service0010", "org.bluez.GattService1", service);
    object(d, DOUBLE_DEVICE "/service0010/char0011", "org.bluez.GattCharacteristic1",
           characteristic);
    object(d, DOUBLE_DEVICE "/service0010/char0011/desc0013", "org.bluez.GattDescriptor1",
           descriptor);
    object(d, DOUBLE_DEVICE "/service0010/char0014", "org.bluez.GattCharacteristic1",
           characteristic);
    assert_true(sd_bus_request_name(d->bus, "org.bluez", 0) >= 0);
}

void double_down(struct bluez_double *d)
{
    if (d->notify >= 0)
        close(d->notify);
    d->notify = -1;
    d->reply = sd_bus_message_unref(d->reply);
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
