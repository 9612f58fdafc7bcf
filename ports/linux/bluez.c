/* The bus, and the name org.bluez: whether bluetoothd and the adapter are there. */
#include "ports/linux/bluez_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AGAIN_US 2000000u

static void ask(struct bluez *b);

/* ---- up and down ---- */

static void go_down(struct bluez *b, const char *why)
{
    bool news = b->up || strcmp(why, b->why) != 0;
    snprintf(b->why, sizeof b->why, "%s", why);
    b->up = false;
    bluez_forget_devices(b);
    memset(&b->adapter, 0, sizeof b->adapter);
    if (news)
        TELL(b, down, b->why);
}

static void go_up(struct bluez *b)
{
    b->up = true;
    b->why[0] = 0;
    for (unsigned i = 0; i < LISTENERS; i++)
        if (b->listener[i].up)
            b->listener[i].up(b->listener[i].ctx);
}

static int on_again(sd_event_source *source, uint64_t usec, void *context)
{
    (void)source;
    (void)usec;
    ask(context);
    return 0;
}

/* It hangs: when it goes on nobody tells. */
static void ask_again(struct bluez *b)
{
    b->again = sd_event_source_disable_unref(b->again);
    sd_event_add_time_relative(b->loop, &b->again, CLOCK_MONOTONIC, AGAIN_US, 0, on_again, b);
}

static int on_objects(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct bluez *b = context;
    char why[BLUEZ_WHY];
    (void)error;
    b->asking = sd_bus_slot_unref(b->asking);
    if (sd_bus_message_is_method_error(m, NULL)) {
        if (sd_bus_message_is_method_error(m, SD_BUS_ERROR_NO_REPLY) ||
            sd_bus_message_is_method_error(m, SD_BUS_ERROR_TIMEOUT))
            ask_again(b);
        go_down(b, bluez_why(NULL, sd_bus_message_get_error(m), why));
        return 0;
    }
    snprintf(b->owner, sizeof b->owner, "%s",
             sd_bus_message_get_sender(m) ? sd_bus_message_get_sender(m) : "");
    bluez_forget_devices(b);
    memset(&b->adapter, 0, sizeof b->adapter);
    bluez_each_object(b, m, true);
    if (!b->adapter.path[0]) {
        if (b->wanted[0])
            snprintf(why, sizeof why,
                     "bluetoothd has no adapter %s: bluetoothctl list shows those it has",
                     strrchr(b->wanted, '/') + 1);
        else
            snprintf(why, sizeof why,
                     "bluetoothd has no adapter: is a controller plugged in, and "
                     "not blocked (rfkill list)?");
        go_down(b, why);
        return 0;
    }
    bluez_each_object(b, m, false);
    go_up(b);
    return 0;
}

static void ask(struct bluez *b)
{
    char why[BLUEZ_WHY];
    b->asking = sd_bus_slot_unref(b->asking);
    b->again = sd_event_source_disable_unref(b->again);
    int r = sd_bus_call_method_async(b->bus, &b->asking, BLUEZ, "/", BLUEZ_OBJECTS,
                                     "GetManagedObjects", on_objects, b, NULL);
    if (r < 0) {
        snprintf(why, sizeof why, "cannot ask bluetoothd: %s", strerror(-r));
        go_down(b, why);
    }
}

/* ---- signals ---- */

static bool from_bluez(const struct bluez *b, sd_bus_message *m)
{
    const char *sender = sd_bus_message_get_sender(m);
    return b->owner[0] && sender && !strcmp(sender, b->owner);
}

static int on_owner(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct bluez *b = context;
    const char *name, *old, *new, *sender = sd_bus_message_get_sender(m);
    (void)error;
    /* A rule does not keep others out: they can address a signal to us. */
    if (!sender || strcmp(sender, "org.freedesktop.DBus") != 0 ||
        sd_bus_message_read(m, "sss", &name, &old, &new) < 0 || strcmp(name, BLUEZ) != 0)
        return 0;
    b->owner[0] = 0;
    if (*old)
        go_down(b, "bluetoothd is gone: systemctl status bluetooth");
    if (*new)
        ask(b);
    return 0;
}

static int on_added(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct bluez *b = context;
    (void)error;
    if (!from_bluez(b, m))
        return 0;
    if (bluez_each_interface(b, m, b->adapter.path[0] == 0) && !b->up)
        ask(b); /* its devices as well */
    return 0;
}

static void removed(struct bluez *b, const char *path, const char *interface)
{
    char why[BLUEZ_WHY];
    if (!strcmp(path, b->adapter.path) && !strcmp(interface, BLUEZ_ADAPTER)) {
        snprintf(why, sizeof why, "the adapter %s is gone", strrchr(path, '/') + 1);
        go_down(b, why);
        ask(b); /* another may do */
    } else if (bluez_below(b, path) && !strcmp(interface, BLUEZ_DEVICE)) {
        bluez_remove_device(b, path);
    } else if (bluez_below(b, path)) {
        TELL(b, other, path, interface, NULL);
    }
}

static int on_removed(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct bluez *b = context;
    const char *path, *interface;
    (void)error;
    if (!from_bluez(b, m) || sd_bus_message_read_basic(m, 'o', &path) <= 0 ||
        sd_bus_message_enter_container(m, 'a', "s") < 0)
        return 0;
    while (b->adapter.path[0] && sd_bus_message_read_basic(m, 's', &interface) > 0)
        removed(b, path, interface);
    return 0;
}

static int on_properties(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct bluez *b = context;
    const char *path = sd_bus_message_get_path(m), *interface;
    (void)error;
    if (from_bluez(b, m) && b->adapter.path[0] && sd_bus_message_read_basic(m, 's', &interface) > 0)
        bluez_changed(b, path, interface, m);
    return 0;
}

static int on_disconnected(sd_bus_message *m, void *context, sd_bus_error *error)
{
    (void)m;
    (void)error;
    go_down(context, "the D-Bus system bus is gone: start this program again");
    return 0;
}

/* ---- for everybody ---- */

struct bluez *bluez_new(sd_event *loop, const char *adapter, char *why, size_t cap)
{
    struct bluez *b = calloc(1, sizeof *b);
    if (!b) {
        snprintf(why, cap, "no memory for BlueZ");
        return NULL;
    }
    b->loop = sd_event_ref(loop);
    if (adapter &&
        (size_t)snprintf(b->wanted, sizeof b->wanted, "%s%s", *adapter == '/' ? "" : "/org/bluez/",
                         adapter) >= sizeof b->wanted)
        b->wanted[0] = 0;
    int r = sd_bus_open_system(&b->bus);
    if (r >= 0)
        r = sd_bus_attach_event(b->bus, loop, SD_EVENT_PRIORITY_NORMAL);
    if (r >= 0)
        return b;
    snprintf(why, cap,
             "BlueZ is reached over the D-Bus system bus, which cannot be opened (%s): start dbus, "
             "or let troth drive the controller itself",
             strerror(-r));
    bluez_free(b);
    return NULL;
}

void bluez_free(struct bluez *b)
{
    if (!b)
        return;
    memset(b->listener, 0, sizeof b->listener);
    bluez_forget_devices(b);
    sd_bus_slot_unref(b->asking);
    sd_event_source_disable_unref(b->again);
    if (b->bus)
        sd_bus_detach_event(b->bus);
    sd_bus_flush_close_unref(b->bus);
    sd_event_unref(b->loop);
    free(b);
}

int bluez_listen(struct bluez *b, const struct bluez_listener *listener)
{
    for (unsigned i = 0; i < LISTENERS; i++)
        if (!b->listener[i].ctx) {
            b->listener[i] = *listener;
            return TROTH_OK;
        }
    return TROTH_FULL;
}

void bluez_ignore(struct bluez *b, const void *ctx)
{
    for (unsigned i = 0; i < LISTENERS; i++)
        if (b->listener[i].ctx == ctx)
            memset(&b->listener[i], 0, sizeof b->listener[i]);
}

void bluez_start(struct bluez *b)
{
    static const struct {
        const char *rule;
        sd_bus_message_handler_t handler;
    } matches[] = {
        {"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
         "member='NameOwnerChanged',arg0='" BLUEZ "'",
         on_owner},
        {"type='signal',sender='" BLUEZ "',interface='" BLUEZ_OBJECTS "',member='InterfacesAdded'",
         on_added},
        {"type='signal',sender='" BLUEZ "',interface='" BLUEZ_OBJECTS
         "',member='InterfacesRemoved'",
         on_removed},
        {"type='signal',sender='" BLUEZ "',interface='" BLUEZ_PROPERTIES
         "',member='PropertiesChanged',path_namespace='/org/bluez'",
         on_properties},
        {"type='signal',sender='org.freedesktop.DBus.Local',"
         "interface='org.freedesktop.DBus.Local',member='Disconnected'",
         on_disconnected},
    };
    if (b->started)
        return;
    b->started = true;
    /* The bus keeps the order: what changes after the answer to `ask` comes as a signal. */
    for (size_t i = 0; i < sizeof matches / sizeof *matches; i++)
        sd_bus_add_match_async(b->bus, NULL, matches[i].rule, matches[i].handler, NULL, b);
    ask(b);
}

sd_bus *bluez_bus(struct bluez *b)
{
    return b->bus;
}

const char *bluez_owner(const struct bluez *b)
{
    return b->owner[0] ? b->owner : NULL;
}

const struct bluez_adapter *bluez_adapter(const struct bluez *b)
{
    return b->up ? &b->adapter : NULL;
}

/* ---- a property of theirs ---- */

struct setting {
    char doing[100];
    void (*failed)(void *ctx, const char *why);
    void *ctx;
};

static int on_set(sd_bus_message *m, void *context, sd_bus_error *error)
{
    const struct setting *s = context;
    char why[BLUEZ_WHY];
    (void)error;
    if (s->failed && sd_bus_message_is_method_error(m, NULL))
        s->failed(s->ctx, bluez_why(s->doing, sd_bus_message_get_error(m), why));
    return 0;
}

int bluez_set_bool(struct bluez *b, const char *path, const char *interface, const char *property,
                   bool value, void (*failed)(void *ctx, const char *why), void *ctx)
{
    sd_bus_slot *slot = NULL;
    struct setting *s = calloc(1, sizeof *s);
    if (!s)
        return TROTH_FAILED;
    s->failed = failed;
    s->ctx = ctx;
    snprintf(s->doing, sizeof s->doing, "set %s of %s", property, strrchr(path, '/') + 1);
    int r = sd_bus_call_method_async(b->bus, &slot, BLUEZ, path, BLUEZ_PROPERTIES, "Set", on_set, s,
                                     "ssv", interface, property, "b", (int)value);
    if (r < 0) {
        free(s);
        return TROTH_FAILED;
    }
    sd_bus_slot_set_destroy_callback(slot, free);
    sd_bus_slot_set_floating(slot, 1);
    sd_bus_slot_unref(slot);
    return TROTH_OK;
}
