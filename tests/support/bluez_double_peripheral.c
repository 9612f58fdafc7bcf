#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/bluez_double_peripheral.h"

static int on_manager(sd_bus_message *m, void *ctx, sd_bus_error *e)
{
    struct double_peripheral *p = ctx;
    const char *method = sd_bus_message_get_member(m), *path;
    bool application = strstr(method, "Application");
    (void)e;
    sd_bus_message_read(m, "o", &path);
    if (!strncmp(method, "Register", 8)) {
        *(application ? &p->applications : &p->advertisements) += 1;
        if (p->fails)
            return sd_bus_reply_method_errorf(m, p->fails, "%s", p->message);
        snprintf(application ? p->application : p->advertisement, sizeof p->application, "%s",
                 path);
        p->registered++;
        snprintf(p->owner, sizeof p->owner, "%s", sd_bus_message_get_sender(m));
    } else {
        *(application ? p->application : p->advertisement) = 0;
        p->registered--;
    }
    return sd_bus_message_get_expect_reply(m) ? sd_bus_reply_method_return(m, NULL) : 1;
}

static const sd_bus_vtable gatt[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("RegisterApplication", "oa{sv}", "", on_manager, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("UnregisterApplication", "o", "", on_manager, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};
static const sd_bus_vtable advertising[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("RegisterAdvertisement", "oa{sv}", "", on_manager, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("UnregisterAdvertisement", "o", "", on_manager, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

static int on_value(sd_bus_message *m, void *ctx, sd_bus_error *e)
{
    struct double_peripheral *p = ctx;
    const char *interface, *name;
    const void *value;
    (void)e;
    if (sd_bus_message_read(m, "s", &interface) < 0 ||
        strcmp(interface, "org.bluez.GattCharacteristic1") != 0)
        return 0;
    p->notifications++;
    snprintf(p->notified_at, sizeof p->notified_at, "%s", sd_bus_message_get_path(m));
    assert_true(sd_bus_message_enter_container(m, 'a', "{sv}") > 0);
    assert_true(sd_bus_message_enter_container(m, 'e', "sv") > 0);
    assert_true(sd_bus_message_read(m, "s", &name) > 0);
    assert_string_equal(name, "Value");
    assert_true(sd_bus_message_enter_container(m, 'v', "ay") > 0);
    assert_true(sd_bus_message_read_array(m, 'y', &value, &p->notified_len) >= 0);
    assert_true(p->notified_len <= sizeof p->notified);
    memcpy(p->notified, value, p->notified_len);
    return 0;
}

void peripheral_up(struct double_peripheral *p, struct bluez_double *d)
{
    p->d = d;
    assert_true(sd_bus_add_object_vtable(d->bus, &p->slots[0], "/org/bluez/hci0",
                                         "org.bluez.GattManager1", gatt, p) >= 0);
    assert_true(sd_bus_add_object_vtable(d->bus, &p->slots[1], "/org/bluez/hci0",
                                         "org.bluez.LEAdvertisingManager1", advertising, p) >= 0);
    assert_true(sd_bus_match_signal(d->bus, &p->value, NULL, NULL,
                                    "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                    on_value, p) >= 0);
}

void peripheral_down(struct double_peripheral *p)
{
    for (unsigned i = 0; i < 2; i++)
        p->slots[i] = sd_bus_slot_unref(p->slots[i]);
    p->value = sd_bus_slot_unref(p->value);
    p->reply = sd_bus_message_unref(p->reply);
    p->application[0] = p->advertisement[0] = 0;
    p->registered = 0;
}

static int on_reply(sd_bus_message *m, void *ctx, sd_bus_error *e)
{
    struct double_peripheral *p = ctx;
    (void)e;
    p->reply = sd_bus_message_ref(m);
    return 0;
}

static bool has_reply(void *ctx)
{
    return ((const struct double_peripheral *)ctx)->reply;
}

static void ask(struct double_peripheral *p, sd_bus *from, const char *path, const char *interface,
                const char *method, const char *types, va_list args)
{
    sd_bus *bus = from ? from : p->d->bus;
    sd_bus_message *m = NULL;
    p->reply = sd_bus_message_unref(p->reply);
    assert_true(sd_bus_message_new_method_call(bus, &m, p->owner, path, interface, method) >= 0);
    if (types)
        assert_true(sd_bus_message_appendv(m, types, args) >= 0);
    assert_true(sd_bus_call_async(bus, NULL, m, on_reply, p, 0) >= 0);
    sd_bus_message_unref(m);
}

void peripheral_await(struct double_peripheral *p)
{
    double_until(p->d, has_reply, p, "an answer");
}

void peripheral_call(struct double_peripheral *p, sd_bus *from, const char *path,
                     const char *interface, const char *method, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    ask(p, from, path, interface, method, types, args);
    va_end(args);
    peripheral_await(p);
}

void peripheral_send(struct double_peripheral *p, const char *path, const char *interface,
                     const char *method, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    ask(p, NULL, path, interface, method, types, args);
    va_end(args);
}
