/* What a device on BlueZ means by its errors, after two bluetoothds have carried them to us. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <troth/wifi_client.h>

#include "ports/linux/bluez_client.h"
#include "ports/linux/bluez_gatt.h"
#include "support/bluez_double.h"

#define STATUS 0x0012 /* the handle of its value */

static struct rig {
    sd_event *loop;
    struct bluez_double d;
    struct bluez *bluez;
    struct bluez_client *client;
    unsigned up, connected, dones;
    struct troth_event done;
} rig;

static void on_event(void *ctx, const struct troth_event *e)
{
    (void)ctx;
    rig.connected += e->type == TROTH_EV_CONNECTED;
    if (e->type != TROTH_EV_GATT_DONE)
        return;
    rig.dones++;
    rig.done = *e;
}

static void on_told(void *ctx, enum bluez_client_news news, const char *why)
{
    (void)ctx;
    (void)why;
    rig.up += news == BLUEZ_CLIENT_UP;
}

static bool is_one(void *ctx)
{
    return *(const unsigned *)ctx > 0;
}

static void await(unsigned *count, const char *what)
{
    double_until(&rig.d, is_one, count, what);
    *count = 0;
}

/* Connected to a lamp whose services are known. */
static int set_up(void **state)
{
    char why[BLUEZ_WHY];
    const char *name;
    struct troth_addr lamp;
    (void)state;
    memset(&rig, 0, sizeof rig);
    assert_true(sd_event_new(&rig.loop) >= 0);
    double_start(&rig.d, rig.loop);
    double_up(&rig.d);
    rig.bluez = bluez_new(rig.loop, NULL, why, sizeof why);
    assert_non_null(rig.bluez);
    struct bluez_client_config config = {.bluez = rig.bluez, .event = on_event, .told = on_told};
    rig.client = bluez_client_new(&config);
    assert_non_null(rig.client);
    bluez_start(rig.bluez);
    await(&rig.up, "BlueZ is there");
    assert_true(sd_bus_get_unique_name(bluez_bus(rig.bluez), &name) >= 0);
    snprintf(rig.d.owner, sizeof rig.d.owner, "%s", name);
    assert_true(troth_addr_parse(&lamp, "C0:FF:EE:00:00:01"));
    lamp.type = TROTH_ADDR_RANDOM;
    assert_int_equal(bluez_client_connect(rig.client, &lamp, 5000), TROTH_OK);
    await(&rig.connected, "the connection");
    rig.d.resolved = true;
    double_device_changed(&rig.d, "ServicesResolved");
    assert_int_equal(bluez_client_discover(rig.client, NULL), TROTH_OK);
    await(&rig.dones, "discovery");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bluez_client_free(rig.client);
    bluez_free(rig.bluez);
    double_stop(&rig.d);
    sd_event_unref(rig.loop);
    return 0;
}

/* What we take for the ATT error, when bluetoothd says this of a read. */
static uint8_t taken_for(const char *error, const char *message)
{
    rig.d.fails = "ReadValue";
    rig.d.error = error;
    rig.d.message = message;
    assert_int_equal(bluez_client_read(rig.client, STATUS), TROTH_OK);
    await(&rig.dones, message);
    assert_int_equal(rig.done.u.done.result, TROTH_FAILED);
    return rig.done.u.done.att_error;
}

/* As the library's own host would have sent it; and the words are the service's. */
static void each_meaning_returns(void **state)
{
    static const struct {
        enum troth_gatt_status meaning;
        uint8_t error;
        const char *words;
    } all[] = {
        {TROTH_GATT_NOT_ALLOWED, TROTH_ATT_VALUE_NOT_ALLOWED, "kind of Wi-Fi security"},
        {TROTH_GATT_NO_RESOURCES, TROTH_ATT_INSUFFICIENT_RESOURCES, "too many others"},
        {TROTH_GATT_REFUSED, TROTH_ATT_WRITE_REQUEST_REJECTED, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct troth_wifi_client_event e = {.result = TROTH_WIFI_REFUSED};
        char text[80];
        const char *message;
        assert_string_equal(bluez_gatt_error(all[i].meaning, true, &message),
                            "org.bluez.Error.Failed");
        /* bluetoothd puts the number on the air, and the other one into such a sentence */
        snprintf(text, sizeof text, "Operation failed with ATT error: %s", message);
        e.att_error = taken_for("Failed", text);
        assert_int_equal(e.att_error, all[i].error);
        assert_non_null(strstr(troth_wifi_client_words(&e), all[i].words));
    }
}

/* Others', Espressif's from 0x80 to 0x8F among them, are nobody's words. */
static void other_applications_keep_theirs(void **state)
{
    static const uint8_t all[] = {0x80, 0x84, 0x8d, 0x8f, 0x90, 0x92, 0x9b, 0x9f};
    (void)state;
    for (size_t i = 0; i < sizeof all; i++) {
        char text[80];
        snprintf(text, sizeof text, "Operation failed with ATT error: 0x%02x (Unknown)", all[i]);
        assert_int_equal(taken_for("Failed", text), all[i]);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_meaning_returns),
        CASE(other_applications_keep_theirs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
