/* What a device on BlueZ means by its errors, after two bluetoothds have carried them to us. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <troth/wifi_client.h>

#include "ports/linux/bluez_gatt.h"
#include "support/bluez_client_rig.h"

/* What we take for the ATT error, when bluetoothd says this of a read. */
static uint8_t taken_for(struct bluez_client_rig *r, const char *error, const char *message)
{
    r->d.fails = "ReadValue";
    r->d.error = error;
    r->d.message = message;
    assert_int_equal(bluez_client_read(r->client, STATUS), TROTH_OK);
    bluez_client_rig_await(r, &r->dones, message);
    assert_int_equal(r->last.u.done.result, TROTH_FAILED);
    return r->last.u.done.att_error;
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
    struct bluez_client_rig *r = *state;
    bluez_client_rig_discover(r);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct troth_wifi_client_event e = {.result = TROTH_WIFI_REFUSED};
        char text[80];
        const char *message;
        assert_string_equal(bluez_gatt_error(all[i].meaning, true, &message),
                            "org.bluez.Error.Failed");
        /* bluetoothd puts the number on the air, and the other one into such a sentence */
        snprintf(text, sizeof text, "Operation failed with ATT error: %s", message);
        e.att_error = taken_for(r, "Failed", text);
        assert_int_equal(e.att_error, all[i].error);
        assert_non_null(strstr(troth_wifi_client_words(&e), all[i].words));
    }
}

/* Others', Espressif's from 0x80 to 0x8F among them, are nobody's words. */
static void other_applications_keep_theirs(void **state)
{
    static const uint8_t all[] = {0x80, 0x84, 0x8d, 0x8f, 0x90, 0x92, 0x9b, 0x9f};
    struct bluez_client_rig *r = *state;
    bluez_client_rig_discover(r);
    for (size_t i = 0; i < sizeof all; i++) {
        char text[80];
        snprintf(text, sizeof text, "Operation failed with ATT error: 0x%02x (Unknown)", all[i]);
        assert_int_equal(taken_for(r, "Failed", text), all[i]);
    }
}

#define CASE(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, bluez_client_rig_setup, bluez_client_rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_meaning_returns),
        CASE(other_applications_keep_theirs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
