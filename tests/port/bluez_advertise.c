/* An advertisement as a bluetoothd made for the test sees it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <troth/wifi_gatt.h>

#include "ports/linux/bluez_advertise.h"
#include "support/bluez_double_peripheral.h"
#include "support/bus_stranger.h"

#define PATH "/org/troth/advertisement"

static struct rig {
    sd_event *loop;
    struct bluez_double d;
    struct double_peripheral p;
    struct bluez *bluez;
    struct bluez_advertise *a;
    unsigned on, off, faults;
    char why[BLUEZ_WHY];
} rig;

static void on_state(void *ctx, bool on, const char *why)
{
    (void)ctx;
    *(on ? &rig.on : &rig.off) += 1;
    rig.faults += why != NULL;
    snprintf(rig.why, sizeof rig.why, "%s", why ? why : "");
}

static int setup(void **state)
{
    (void)state;
    memset(&rig, 0, sizeof rig);
    assert_true(sd_event_new(&rig.loop) >= 0);
    double_start(&rig.d, rig.loop);
    rig.bluez = bluez_new(rig.loop, NULL, rig.why, sizeof rig.why);
    assert_non_null(rig.bluez);
    struct bluez_advertise_config config = {rig.bluez, on_state, NULL};
    rig.a = bluez_advertise_new(&config);
    assert_non_null(rig.a);
    double_up(&rig.d);
    peripheral_up(&rig.p, &rig.d);
    bluez_start(rig.bluez);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bluez_advertise_free(rig.a);
    bluez_free(rig.bluez);
    peripheral_down(&rig.p);
    double_stop(&rig.d);
    sd_event_unref(rig.loop);
    return 0;
}

static void until(const unsigned *at, unsigned n, const char *what)
{
    double_until_is(&rig.d, at, n, what);
}

static void advertise(const struct troth_advertising *adv)
{
    char why[BLUEZ_WHY];
    int result = bluez_advertise(rig.a, adv, why, sizeof why);
    assert_string_equal(why, "");
    assert_int_equal(result, TROTH_OK);
}

/* The property, or an error. */
static bool has(const char *property)
{
    peripheral_call(&rig.p, NULL, PATH, "org.freedesktop.DBus.Properties", "Get", "ss",
                    "org.bluez.LEAdvertisement1", property);
    return !sd_bus_message_is_method_error(rig.p.reply, NULL);
}

static void has_text(const char *property, const char *type, const char *value)
{
    const char *text;
    assert_true(has(property));
    if (!strcmp(type, "as")) {
        assert_true(sd_bus_message_read(rig.p.reply, "v", "as", 1, &text) > 0);
    } else {
        assert_true(sd_bus_message_read(rig.p.reply, "v", "s", &text) > 0);
    }
    assert_string_equal(text, value);
}

static void put(struct troth_advertising *adv, uint8_t type, unsigned len)
{
    static const uint8_t b[31] = "0123456789abcdefghijklmnopqrst";
    assert_true(troth_ad_put(adv->data, &adv->data_len, 31, type, b, (uint8_t)len));
}

/* ---- ---- */

static void the_wifi_service_as_bluez_wants_it(void **state)
{
    struct troth_advertising adv = {0};
    (void)state;
    troth_wifi_gatt_advertising("Porch lamp", &adv);
    advertise(&adv);
    until(&rig.on, 1, "it is on air");
    assert_string_equal(rig.p.advertisement, PATH);
    has_text("Type", "s", "peripheral");
    has_text("LocalName", "s", "Porch lamp");
    has_text("ServiceUUIDs", "as", "8b840001-f6fa-4e33-9a0c-e14d9f35f201");
    assert_true(has("Discoverable"));
    assert_false(has("Appearance")); /* what is not said must not be there: BlueZ would send it */
    assert_false(has("ManufacturerData"));
    assert_false(has("MinInterval"));
}

static void every_field_that_bluez_has(void **state)
{
    struct troth_advertising adv = {.on = true, .interval_ms = 150};
    uint32_t ms = 0;
    uint16_t looks = 0, company = 0;
    (void)state;
    put(&adv, 0x19, 2);
    put(&adv, 0xff, 5);
    put(&adv, 0x16, 4);
    advertise(&adv);
    until(&rig.on, 1, "it is on air");
    has_text("Type", "s", "broadcast");
    assert_false(has("Discoverable"));
    assert_true(has("MinInterval"));
    assert_true(sd_bus_message_read(rig.p.reply, "v", "u", &ms) > 0);
    assert_int_equal(ms, 150);
    assert_true(has("Appearance"));
    assert_true(sd_bus_message_read(rig.p.reply, "v", "q", &looks) > 0);
    assert_int_equal(looks, '0' | '1' << 8);
    assert_true(has("ManufacturerData"));
    sd_bus_message_enter_container(rig.p.reply, 'v', "a{qv}");
    sd_bus_message_enter_container(rig.p.reply, 'a', "{qv}");
    assert_true(sd_bus_message_enter_container(rig.p.reply, 'e', "qv") > 0);
    assert_true(sd_bus_message_read(rig.p.reply, "q", &company) > 0);
    assert_int_equal(company, '0' | '1' << 8);
    assert_true(has("ServiceData"));
}

static void what_is_too_long_is_named(void **state)
{
    char why[BLUEZ_WHY];
    struct troth_advertising adv = {0};
    (void)state;
    troth_wifi_gatt_advertising("Lamp", &adv);
    put(&adv, 0xff, 10);
    assert_int_equal(bluez_advertise(rig.a, &adv, why, sizeof why), TROTH_INVALID);
    assert_string_equal(why, "the manufacturer data are 12 octets, 2 too many for the 31 of an "
                             "advertisement: BlueZ puts only the name into the scan response");
    memset(&adv, 0, sizeof adv);
    troth_wifi_gatt_advertising("Lamp", &adv);
    adv.data_len = 3; /* the flags */
    put(&adv, 0x07, 16);
    assert_int_equal(bluez_advertise(rig.a, &adv, why, sizeof why), TROTH_INVALID);
    assert_string_equal(why, "the service UUIDs are 34 octets, 6 too many for the 31 of an "
                             "advertisement: BlueZ puts only the name into the scan response");
}

static void what_bluez_has_no_place_for_is_named(void **state)
{
    char why[BLUEZ_WHY];
    struct troth_advertising adv = {.on = true};
    (void)state;
    put(&adv, 0x1a, 2);
    assert_int_equal(bluez_advertise(rig.a, &adv, why, sizeof why), TROTH_INVALID);
    assert_string_equal(why, "BlueZ does not advertise a field of type 0x1a");
    adv.data_len--; /* cut short */
    assert_int_equal(bluez_advertise(rig.a, &adv, why, sizeof why), TROTH_INVALID);
    assert_int_equal(rig.p.advertisements, 0);
}

static void a_refusal_is_told_and_not_repeated_by_itself(void **state)
{
    struct troth_advertising adv = {0};
    (void)state;
    rig.p.fails = "org.bluez.Error.NotPermitted";
    rig.p.message = "Maximum advertisements reached";
    troth_wifi_gatt_advertising("Lamp", &adv);
    advertise(&adv);
    until(&rig.faults, 1, "a refusal");
    assert_string_equal(rig.why, "cannot advertise: bluetoothd does not permit it (Maximum "
                                 "advertisements reached)");
    assert_int_equal(rig.p.advertisements, 1);
    rig.p.fails = NULL;
    advertise(&adv); /* the same: nothing has changed */
    assert_int_equal(rig.p.advertisements, 1);
    troth_wifi_gatt_advertising("Lantern", memset(&adv, 0, sizeof adv));
    advertise(&adv);
    until(&rig.on, 1, "it is on air");
    assert_int_equal(rig.p.advertisements, 2);
}

static void a_change_is_a_new_advertisement(void **state)
{
    struct troth_advertising adv = {0}, off = {0};
    (void)state;
    troth_wifi_gatt_advertising("Lamp", &adv);
    advertise(&adv);
    until(&rig.on, 1, "it is on air");
    troth_wifi_gatt_advertising("Lantern", memset(&adv, 0, sizeof adv));
    advertise(&adv);
    until(&rig.on, 2, "the other is");
    has_text("LocalName", "s", "Lantern");
    assert_int_equal(rig.p.registered, 1);
    advertise(&off);
    until(&rig.off, 1, "it is off");
    assert_int_equal(rig.faults, 0);
    assert_int_equal(rig.p.registered, 0);
}

static void changes_faster_than_bluetoothd_end_in_the_last(void **state)
{
    struct troth_advertising adv = {0};
    char name[12];
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "Lamp %u", i);
        troth_wifi_gatt_advertising(name, memset(&adv, 0, sizeof adv));
        advertise(&adv);
        sd_event_run(rig.loop, 0);
    }
    for (const void *text = NULL; !text;) {
        const char *is;
        if (rig.p.registered && has("LocalName") &&
            sd_bus_message_read(rig.p.reply, "v", "s", &is) > 0 && !strcmp(is, "Lamp 4"))
            text = is;
        else
            assert_true(sd_event_run(rig.loop, 5000000) > 0);
    }
    assert_int_equal(rig.p.registered, 1);
}

static void bluetoothd_may_take_it_off(void **state)
{
    struct troth_advertising adv = {0};
    (void)state;
    troth_wifi_gatt_advertising("Lamp", &adv);
    advertise(&adv);
    until(&rig.on, 1, "it is on air");
    sd_bus *other = bus_stranger();
    assert_true(sd_bus_attach_event(other, rig.loop, 0) >= 0);
    peripheral_call(&rig.p, other, PATH, "org.bluez.LEAdvertisement1", "Release", NULL);
    assert_string_equal(sd_bus_message_get_error(rig.p.reply)->name,
                        "org.bluez.Error.NotAuthorized");
    assert_int_equal(rig.off, 0);
    sd_bus_flush_close_unref(other);
    peripheral_call(&rig.p, NULL, PATH, "org.bluez.LEAdvertisement1", "Release", NULL);
    until(&rig.off, 1, "it is off");
    assert_int_equal(rig.faults, 1);
}

static void it_returns_with_bluetoothd(void **state)
{
    struct troth_advertising adv = {0};
    (void)state;
    troth_wifi_gatt_advertising("Lamp", &adv);
    advertise(&adv);
    until(&rig.on, 1, "it is on air");
    peripheral_down(&rig.p);
    double_down(&rig.d);
    until(&rig.off, 1, "it is off");
    assert_non_null(strstr(rig.why, "bluetoothd is gone"));
    double_up(&rig.d);
    peripheral_up(&rig.p, &rig.d);
    until(&rig.on, 2, "it is on air again");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_wifi_service_as_bluez_wants_it),
        TEST(every_field_that_bluez_has),
        TEST(what_is_too_long_is_named),
        TEST(what_bluez_has_no_place_for_is_named),
        TEST(a_refusal_is_told_and_not_repeated_by_itself),
        TEST(a_change_is_a_new_advertisement),
        TEST(changes_faster_than_bluetoothd_end_in_the_last),
        TEST(bluetoothd_may_take_it_off),
        TEST(it_returns_with_bluetoothd),
    };
    return cmocka_run_group_tests_name("bluez_advertise", tests, NULL, NULL);
}
