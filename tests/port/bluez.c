/* bluetoothd itself: whether it is there, its adapter, its devices; and its texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ports/linux/bluez.h"
#include "support/bluez_double.h"
#include "support/bus_stranger.h"

/* ---- texts ---- */

static void names_of_adapters(void **state)
{
    static const struct {
        const char *text, *adapter;
        bool ok;
    } texts[] = {
        {"bluez", NULL, true},      {"bluez:hci0", "hci0", true},
        {"bluez:", NULL, false},    {"bluezz", NULL, false},
        {"hci:0", NULL, false},     {"bluez:/org/bluez/hci3", "/org/bluez/hci3", true},
        {"unix:/tmp", NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *adapter = NULL;
        assert_int_equal(bluez_parse(texts[i].text, &adapter), texts[i].ok);
        assert_string_equal(adapter ? adapter : "", texts[i].adapter ? texts[i].adapter : "");
    }
}

static void uuids_there_and_back(void **state)
{
    static const char *const bad[] = {"",
                                      "180a",
                                      "0000180a-0000-1000-8000-00805f9b34f",
                                      "0000180a-0000-1000-8000-00805f9b34fbb",
                                      "0000180a-0000-1000-8000-00805f9b34fx",
                                      "0000180a--0000-1000-8000-0805f9b34fb"};
    struct troth_uuid u;
    char text[37];
    (void)state;
    assert_true(bluez_uuid_parse(&u, "0000180a-0000-1000-8000-00805f9b34fb"));
    assert_int_equal(u.len, 2);
    assert_memory_equal(u.b, "\x0a\x18", 2);
    assert_string_equal(bluez_uuid_text(&u, text), "0000180a-0000-1000-8000-00805f9b34fb");
    assert_true(bluez_uuid_parse(&u, "8B840001-F6FA-4E33-9A0C-E14D9F35F201"));
    assert_int_equal(u.len, 16);
    assert_int_equal(u.b[0], 0x01);
    assert_int_equal(u.b[15], 0x8b);
    assert_string_equal(bluez_uuid_text(&u, text), "8b840001-f6fa-4e33-9a0c-e14d9f35f201");
    assert_true(bluez_uuid_parse(&u, "0001180a-0000-1000-8000-00805f9b34fb"));
    assert_int_equal(u.len, 16); /* 32 bits */
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(bluez_uuid_parse(&u, bad[i]));
}

static void errors_are_sentences(void **state)
{
    static const struct {
        const char *name, *message, *why;
    } errors[] = {
        {"org.freedesktop.DBus.Error.ServiceUnknown", "The name is not activatable",
         "cannot scan: bluetoothd is not running: systemctl start bluetooth"},
        {"org.freedesktop.DBus.Error.Spawn.ChildExited", "x",
         "cannot scan: bluetoothd is not running and could not be started: systemctl status "
         "bluetooth"},
        {"org.bluez.Error.NotPermitted", "Not Permitted",
         "cannot scan: bluetoothd does not permit it"},
        {"org.bluez.Error.NotPermitted", "Maximum advertisements reached",
         "cannot scan: bluetoothd does not permit it (Maximum advertisements reached)"},
        {"org.bluez.Error.Failed", "le-connection-abort-by-local",
         "cannot scan: bluetoothd says \"le-connection-abort-by-local\""},
        {"org.bluez.Error.Novel", "Unheard of", "cannot scan: org.bluez.Error.Novel: Unheard of"},
        {"org.bluez.Error.Novel", "", "cannot scan: org.bluez.Error.Novel"},
    };
    static const struct {
        const char *name, *words;
    } helps[] = {
        {"org.freedesktop.DBus.Error.AccessDenied", "D-Bus policy"},
        {"org.freedesktop.DBus.Error.NoReply", "systemctl restart bluetooth"},
        {"org.bluez.Error.NotReady", "bluetoothctl power on"},
        {"org.bluez.Error.AlreadyExists", "there already"},
        {"org.bluez.Error.InProgress", "try again"},
    };
    char why[BLUEZ_WHY];
    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        sd_bus_error e = SD_BUS_ERROR_MAKE_CONST(errors[i].name, errors[i].message);
        assert_string_equal(bluez_why("scan", &e, why), errors[i].why);
    }
    for (size_t i = 0; i < sizeof helps / sizeof *helps; i++) {
        sd_bus_error e = SD_BUS_ERROR_MAKE_CONST(helps[i].name, "Not Ready");
        assert_non_null(strstr(bluez_why(NULL, &e, why), helps[i].words));
    }
    sd_bus_error e = SD_BUS_ERROR_MAKE_CONST("org.bluez.Error.NotReady", "");
    assert_true(bluez_is(&e, "NotReady"));
    assert_false(bluez_is(&e, "NotRead"));
    assert_false(bluez_is(NULL, "NotReady"));
}

/* ---- there and not there ---- */

static struct rig {
    sd_event *loop;
    struct bluez_double d;
    struct bluez *bluez;
    unsigned ups, downs, failures;
    char why[BLUEZ_WHY];
    unsigned news; /* of the device, all that came */
} rig;

static void on_up(void *ctx)
{
    (void)ctx;
    rig.ups++;
}

static void on_down(void *ctx, const char *why)
{
    (void)ctx;
    rig.downs++;
    snprintf(rig.why, sizeof rig.why, "%s", why);
}

static void on_device(void *ctx, const struct bluez_device *device, unsigned news)
{
    (void)ctx;
    assert_string_equal(device->path, DOUBLE_DEVICE);
    rig.news |= news;
}

static void on_failure(void *ctx, const char *why)
{
    (void)ctx;
    rig.failures++;
    snprintf(rig.why, sizeof rig.why, "%s", why);
}

static int setup(void **state)
{
    (void)state;
    memset(&rig, 0, sizeof rig);
    assert_true(sd_event_new(&rig.loop) >= 0);
    double_start(&rig.d, rig.loop);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bluez_free(rig.bluez);
    double_stop(&rig.d);
    sd_event_unref(rig.loop);
    return 0;
}

static void look(const char *adapter)
{
    struct bluez_listener listener = {
        .up = on_up, .down = on_down, .device = on_device, .ctx = &rig};
    rig.bluez = bluez_new(rig.loop, adapter, rig.why, sizeof rig.why);
    assert_non_null(rig.bluez);
    assert_int_equal(bluez_listen(rig.bluez, &listener), TROTH_OK);
    bluez_start(rig.bluez);
}

static struct awaited {
    const unsigned *at;
    unsigned n;
} awaited;

static bool is_so(void *ctx)
{
    const struct awaited *a = ctx;
    return *a->at >= a->n;
}

static void until(const unsigned *at, unsigned n, const char *what)
{
    awaited = (struct awaited){at, n};
    double_until(&rig.d, is_so, &awaited, what);
}

static void it_may_come_late_and_go(void **state)
{
    (void)state;
    look("hci0");
    until(&rig.downs, 1, "its absence is told");
    assert_string_equal(rig.why, "bluetoothd is not running: systemctl start bluetooth");
    assert_null(bluez_adapter(rig.bluez));
    assert_null(bluez_owner(rig.bluez));
    double_up(&rig.d);
    until(&rig.ups, 1, "it is there");
    assert_string_equal(bluez_adapter(rig.bluez)->path, "/org/bluez/hci0");
    assert_true(bluez_adapter(rig.bluez)->powered);
    assert_string_equal(bluez_adapter(rig.bluez)->alias, "here");
    assert_non_null(bluez_devices(rig.bluez));
    double_down(&rig.d);
    until(&rig.downs, 2, "it is gone");
    assert_string_equal(rig.why, "bluetoothd is gone: systemctl status bluetooth");
    assert_null(bluez_devices(rig.bluez));
    double_up(&rig.d);
    until(&rig.ups, 2, "it is back");
}

static void strangers_do_not_say_that_it_went(void **state)
{
    (void)state;
    double_up(&rig.d);
    look("hci0");
    until(&rig.ups, 1, "it is there");
    const char *us = "";
    assert_true(sd_bus_get_unique_name(bluez_bus(rig.bluez), &us) >= 0);
    snprintf(rig.d.owner, sizeof rig.d.owner, "%s", us); /* whom to settle with */
    sd_bus *other = bus_stranger();
    bus_stranger_owner(other, us, "org.bluez", "");
    double_settle(&rig.d);
    assert_int_equal(rig.downs, 0);
    assert_non_null(bluez_owner(rig.bluez));
    sd_bus_flush_close_unref(other);
}

static void strangers_do_not_say_what_its_objects_are(void **state)
{
    const char *us = "";
    (void)state;
    double_up(&rig.d);
    look("hci0");
    until(&rig.ups, 1, "it is there");
    assert_true(sd_bus_get_unique_name(bluez_bus(rig.bluez), &us) >= 0);
    snprintf(rig.d.owner, sizeof rig.d.owner, "%s", us); /* whom to settle with */
    sd_bus *other = bus_stranger();
    rig.news = 0;
    bus_stranger_says(other, us, DOUBLE_DEVICE, BLUEZ_PROPERTIES, "PropertiesChanged", "sa{sv}as",
                      BLUEZ_DEVICE, 2, "Bonded", "b", 1, "Connected", "b", 1, 0);
    bus_stranger_says(other, us, "/", BLUEZ_OBJECTS, "InterfacesAdded", "oa{sa{sv}}",
                      "/org/bluez/hci0/dev_2", 1, BLUEZ_DEVICE, 1, "Bonded", "b", 1);
    bus_stranger_says(other, us, "/", BLUEZ_OBJECTS, "InterfacesRemoved", "oas", "/org/bluez/hci0",
                      1, BLUEZ_ADAPTER);
    double_settle(&rig.d);
    assert_int_equal(rig.news, 0);
    assert_int_equal(rig.downs, 0);
    assert_false(bluez_device_at(rig.bluez, DOUBLE_DEVICE)->bonded);
    assert_null(bluez_device_at(rig.bluez, "/org/bluez/hci0/dev_2"));
    sd_bus_flush_close_unref(other);
}

static int too_late(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    unsigned *times = ctx;
    (void)error;
    if (!sd_bus_message_is_method_call(m, BLUEZ_OBJECTS, "GetManagedObjects") || !*times)
        return 0;
    --*times;
    return sd_bus_reply_method_errorf(m, "org.freedesktop.DBus.Error.NoReply", "late");
}

/* It was stopped for a while, say, and did not answer in time. */
static void it_is_asked_again(void **state)
{
    unsigned times = 2;
    (void)state;
    double_up(&rig.d);
    assert_true(sd_bus_add_filter(rig.d.bus, NULL, too_late, &times) >= 0);
    look("hci0");
    until(&rig.downs, 1, "that it does not answer is told");
    assert_non_null(strstr(rig.why, "did not answer in time"));
    until(&rig.ups, 1, "it is there");
    assert_int_equal(rig.downs, 1);
}

static void another_adapter_is_not_taken_for_it(void **state)
{
    (void)state;
    double_up(&rig.d);
    look("hci1");
    until(&rig.downs, 1, "there is none");
    assert_string_equal(rig.why, "bluetoothd has no adapter hci1: bluetoothctl list shows those it "
                                 "has");
    assert_int_equal(rig.ups, 0);
}

static void a_device_as_it_is_and_becomes(void **state)
{
    struct troth_addr addr = {TROTH_ADDR_RANDOM, {1, 0, 0, 0xee, 0xff, 0xc0}};
    (void)state;
    double_up(&rig.d);
    look(NULL);
    until(&rig.ups, 1, "it is there");
    const struct bluez_device *d = bluez_device_at(rig.bluez, DOUBLE_DEVICE);
    assert_non_null(d);
    assert_ptr_equal(d, bluez_device_of(rig.bluez, &addr));
    assert_string_equal(d->name, "Lamp");
    assert_true(d->named);
    assert_int_equal(d->rssi, -40);
    assert_int_equal(d->uuid_count, 2);
    assert_false(d->connected || d->bonded);
    rig.d.connected = rig.d.bonded = true;
    double_device_changed(&rig.d, "Connected");
    double_device_changed(&rig.d, "Bonded");
    until(&rig.news, BLUEZ_PAIRING, "its bond");
    assert_true(rig.news & BLUEZ_CONNECTION);
    assert_true(d->connected && d->bonded);
}

static void a_property_that_is_not_taken(void **state)
{
    (void)state;
    double_up(&rig.d);
    look("hci0");
    until(&rig.ups, 1, "it is there");
    bluez_set_bool(rig.bluez, "/org/bluez/hci0", BLUEZ_ADAPTER, "Powered", false, on_failure, &rig);
    until(&rig.failures, 1, "a refusal");
    assert_non_null(strstr(rig.why, "cannot set Powered of hci0: "));
}

static void without_a_bus_it_says_so(void **state)
{
    char why[BLUEZ_WHY];
    (void)state;
    setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
    assert_null(bluez_new(rig.loop, NULL, why, sizeof why));
    assert_non_null(strstr(why, "start dbus"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_adapters),
        cmocka_unit_test(uuids_there_and_back),
        cmocka_unit_test(errors_are_sentences),
        TEST(it_may_come_late_and_go),
        TEST(it_is_asked_again),
        TEST(strangers_do_not_say_that_it_went),
        TEST(strangers_do_not_say_what_its_objects_are),
        TEST(another_adapter_is_not_taken_for_it),
        TEST(a_device_as_it_is_and_becomes),
        TEST(a_property_that_is_not_taken),
        TEST(without_a_bus_it_says_so),
    };
    return cmocka_run_group_tests_name("bluez", tests, NULL, NULL);
}
