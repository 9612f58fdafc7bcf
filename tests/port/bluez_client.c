/* A central over BlueZ: looking around, connecting, GATT. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/bluez_client_rig.h"

/* ---- around ---- */

static void a_scan_reports_what_is_heard_as_an_advertisement(void **state)
{
    uint8_t len;
    struct bluez_client_rig *r = *state;
    assert_int_equal(bluez_client_scan(r->client, true), TROTH_OK);
    assert_int_equal(r->reports, 1);
    assert_int_equal(r->rssi, -40);
    const uint8_t *name = troth_ad_find(r->data, (uint8_t)r->len, TROTH_AD_NAME_COMPLETE, &len);
    assert_non_null(name);
    assert_memory_equal(name, "Lamp", 4);
    const uint8_t *uuid = troth_ad_find(r->data, (uint8_t)r->len, TROTH_AD_UUID16_ALL, &len);
    assert_non_null(uuid);
    assert_memory_equal(uuid, "\x0f\x18", 2);
    uuid = troth_ad_find(r->data, (uint8_t)r->len, TROTH_AD_UUID128_ALL, &len);
    assert_non_null(uuid);
    assert_int_equal(len, 16);
    assert_int_equal(uuid[15], 0x8b);
    bluez_client_scan(r->client, false);
    double_settle(&r->d);
    assert_true(double_called(&r->d, "SetDiscoveryFilter; StartDiscovery; StopDiscovery;"));
}

static void what_is_only_remembered_is_not_reported(void **state)
{
    struct bluez_client_rig *r = *state;
    r->d.rssi = 127;
    double_device_changed(&r->d, "RSSI");
    double_settle(&r->d);
    bluez_client_scan(r->client, true);
    assert_int_equal(r->reports, 0);
    r->d.rssi = -60;
    double_device_changed(&r->d, "RSSI");
    bluez_client_rig_await(r, &r->reports, "a report");
    assert_int_equal(r->rssi, -60);
}

static void a_refused_scan_is_told(void **state)
{
    struct bluez_client_rig *r = *state;
    r->d.fails = "StartDiscovery";
    r->d.error = "NotReady";
    bluez_client_scan(r->client, true);
    bluez_client_rig_await(r, &r->told[BLUEZ_CLIENT_SCAN_FAILED], "the refusal");
    assert_non_null(strstr(r->why, "powered off"));
}

static void a_failed_connection_is_told(void **state)
{
    struct troth_addr lamp;
    struct bluez_client_rig *r = *state;
    assert_true(troth_addr_parse(&lamp, "C0:FF:EE:00:00:01"));
    assert_int_equal(bluez_client_connect(r->client, &lamp, 5000), TROTH_STATE); /* public */
    lamp.type = TROTH_ADDR_RANDOM;
    r->d.fails = "Connect";
    r->d.error = "Failed";
    r->d.message = "le-connection-abort-by-local";
    assert_int_equal(bluez_client_connect(r->client, &lamp, 5000), TROTH_OK);
    bluez_client_rig_await(r, &r->told[BLUEZ_CLIENT_CONNECT_FAILED], "the failure");
    assert_non_null(strstr(r->why, "le-connection-abort-by-local"));
    r->d.fails = NULL;
    bluez_client_rig_connect(r); /* again, and now it does */
}

/* ---- bonds ---- */

static void a_bond_is_removed(void **state)
{
    struct bluez_client_rig *r = *state;
    bluez_client_rig_connect(r);
    bluez_client_remove(r->client, DOUBLE_DEVICE);
    bluez_client_rig_await(r, &r->told[BLUEZ_CLIENT_REMOVED], "removal");
    r->d.fails = "RemoveDevice";
    r->d.error = "DoesNotExist";
    bluez_client_remove(r->client, DOUBLE_DEVICE);
    bluez_client_rig_await(r, &r->told[BLUEZ_CLIENT_REMOVE_FAILED], "refusal");
}

/* ---- GATT ---- */

static void discovery_waits_for_the_services(void **state)
{
    struct bluez_client_rig *r = *state;
    bluez_client_rig_connect(r);
    assert_int_equal(bluez_client_discover(r->client, NULL), TROTH_OK);
    assert_int_equal(bluez_client_read(r->client, STATUS), TROTH_BUSY);
    bluez_client_scan(r->client, true);
    double_settle(&r->d);
    assert_int_equal(r->dones, 0);
    r->d.resolved = true;
    double_device_changed(&r->d, "ServicesResolved");
    bluez_client_rig_await(r, &r->dones, "discovery");
    assert_int_equal(r->services, 1);
    assert_int_equal(r->first, 0x0010);
    assert_int_equal(r->last_handle, 0xffff);
    assert_int_equal(r->characteristics, 2);
    assert_int_equal(r->descriptors, 1);
    assert_int_equal(r->ccc, CCC);
}

static void discovery_of_one_service(void **state)
{
    struct troth_uuid uuid;
    struct bluez_client_rig *r = *state;
    bluez_client_rig_discover(r);
    r->services = r->characteristics = r->descriptors = 0;
    assert_true(bluez_uuid_parse(&uuid, "0000180f-0000-1000-8000-00805f9b34fb"));
    assert_int_equal(bluez_client_discover(r->client, &uuid), TROTH_OK);
    bluez_client_rig_await(r, &r->dones, "discovery");
    assert_int_equal(r->services + r->characteristics + r->descriptors, 0);
    assert_true(bluez_uuid_parse(&uuid, "8b840001-f6fa-4e33-9a0c-e14d9f35f201"));
    assert_int_equal(bluez_client_discover(r->client, &uuid), TROTH_OK);
    bluez_client_rig_await(r, &r->dones, "discovery");
    assert_int_equal(r->services, 1);
    assert_int_equal(r->characteristics, 2);
}

static void reads_and_writes(void **state)
{
    struct bluez_client_rig *r = *state;
    bluez_client_rig_discover(r);
    memcpy(r->d.value, "\x01\x02\x03", r->d.value_len = 3);
    assert_int_equal(bluez_client_read(r->client, STATUS), TROTH_OK);
    bluez_client_rig_await(r, &r->dones, "the value");
    assert_int_equal(r->last.u.done.result, TROTH_OK);
    assert_int_equal(r->len, 3);
    assert_memory_equal(r->data, "\x01\x02\x03", 3);
    assert_int_equal(bluez_client_write(r->client, CONTROL, (const uint8_t *)"hello", 5), TROTH_OK);
    bluez_client_rig_await(r, &r->dones, "the write");
    assert_int_equal(r->last.u.done.handle, CONTROL);
    assert_int_equal(r->d.written_len, 5);
    assert_memory_equal(r->d.written, "hello", 5);
    assert_string_equal(r->d.write_type, "request");
    assert_int_equal(bluez_client_read(r->client, 0x0099), TROTH_INVALID);
    assert_int_equal(bluez_client_write(r->client, CCC, (const uint8_t *)"x", 1), TROTH_INVALID);
}

static void errors_are_atts_again(void **state)
{
    static const struct {
        const char *error, *message;
        uint8_t att;
    } all[] = {{"NotPermitted", "Read not permitted", 0x02},
               {"NotPermitted", "Write not permitted", 0x03},
               {"NotPermitted", "Not paired", 0x05},
               {"NotAuthorized", "x", 0x08},
               {"InvalidArguments", "Invalid Length", 0x0d},
               {"NotSupported", "x", 0x06},
               {"Failed", "Operation failed with ATT error: 0x13 (Value Not Allowed)", 0x13},
               {"Failed", "Operation failed with ATT error: 0x80", 0x80},
               {"Failed", "Operation failed", 0x0e}};
    struct bluez_client_rig *r = *state;
    bluez_client_rig_discover(r);
    r->d.fails = "ReadValue";
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        r->d.error = all[i].error;
        r->d.message = all[i].message;
        assert_int_equal(bluez_client_read(r->client, STATUS), TROTH_OK);
        bluez_client_rig_await(r, &r->dones, all[i].message);
        assert_int_equal(r->last.u.done.result, TROTH_FAILED);
        assert_int_equal(r->last.u.done.att_error, all[i].att);
    }
    r->d.error = "NotConnected";
    assert_int_equal(bluez_client_read(r->client, STATUS), TROTH_OK);
    bluez_client_rig_await(r, &r->dones, "the error");
    assert_int_equal(r->last.u.done.result, TROTH_STATE);
}

static void values_come_through_a_socket(void **state)
{
    struct bluez_client_rig *r = *state;
    bluez_client_rig_discover(r);
    assert_int_equal(bluez_client_subscribe(r->client, CCC, 1), TROTH_OK);
    bluez_client_rig_await(r, &r->dones, "the subscription");
    assert_int_equal(r->last.u.done.result, TROTH_OK);
    assert_true(double_called(&r->d, "AcquireNotify;"));
    assert_int_equal(send(r->d.notify, "\x07", 1, 0), 1);
    bluez_client_rig_await(r, &r->notifications, "a notification");
    assert_int_equal(r->handle, STATUS);
    assert_int_equal(r->len, 1);
    assert_int_equal(r->data[0], 7);
}

static void or_as_properties(void **state)
{
    struct bluez_client_rig *r = *state;
    bluez_client_rig_discover(r);
    r->d.fails = "AcquireNotify";
    r->d.error = "NotSupported";
    assert_int_equal(bluez_client_subscribe(r->client, CCC, 1), TROTH_OK);
    bluez_client_rig_await(r, &r->dones, "the subscription");
    assert_int_equal(r->last.u.done.result, TROTH_OK);
    assert_true(double_called(&r->d, "AcquireNotify; StartNotify;"));
    r->d.value[0] = 9;
    r->d.value_len = 1;
    sd_bus_emit_properties_changed(r->d.bus, DOUBLE_DEVICE "/service0010/char0011",
                                   "org.bluez.GattCharacteristic1", "Value", NULL);
    bluez_client_rig_await(r, &r->notifications, "a notification");
    assert_int_equal(r->handle, STATUS);
    assert_int_equal(r->data[0], 9);
    /* what our own reading changes is none */
    r->d.silent = "ReadValue";
    assert_int_equal(bluez_client_read(r->client, STATUS), TROTH_OK);
    sd_bus_emit_properties_changed(r->d.bus, DOUBLE_DEVICE "/service0010/char0011",
                                   "org.bluez.GattCharacteristic1", "Value", NULL);
    double_settle(&r->d);
    assert_int_equal(r->notifications, 0);
}

static void a_lost_link_ends_what_runs(void **state)
{
    struct bluez_client_rig *r = *state;
    bluez_client_rig_discover(r);
    r->d.silent = "ReadValue";
    assert_int_equal(bluez_client_read(r->client, STATUS), TROTH_OK);
    r->d.connected = false;
    double_device_changed(&r->d, "Connected");
    bluez_client_rig_await(r, &r->disconnected, "the end");
    assert_int_equal(r->dones, 1);
    assert_int_equal(r->last.u.done.result, TROTH_STATE);
    assert_int_equal(bluez_client_read(r->client, STATUS), TROTH_STATE);
}

static void bluetoothd_that_goes_takes_all_along(void **state)
{
    struct bluez_client_rig *r = *state;
    bluez_client_rig_discover(r);
    r->d.silent = "WriteValue";
    assert_int_equal(bluez_client_write(r->client, CONTROL, (const uint8_t *)"x", 1), TROTH_OK);
    double_down(&r->d);
    bluez_client_rig_await(r, &r->told[BLUEZ_CLIENT_DOWN], "the end of bluetoothd");
    assert_int_equal(r->disconnected, 1);
    assert_int_equal(r->last.u.done.result, TROTH_STATE);
}

static void what_it_connected_it_disconnects(void **state)
{
    struct bluez_client_rig *r = *state;
    bluez_client_rig_connect(r);
    bluez_client_free(r->client);
    r->client = NULL;
    double_settle(&r->d);
    assert_true(double_called(&r->d, "Disconnect;"));
}

static void and_nothing_else(void **state)
{
    struct bluez_client_rig *r = *state;
    r->d.connected = true;
    double_device_changed(&r->d, "Connected");
    bluez_client_scan(r->client, true);
    double_settle(&r->d);
    bluez_client_rig_connect(r);
    bluez_client_free(r->client);
    r->client = NULL;
    double_settle(&r->d);
    assert_false(double_called(&r->d, "Disconnect;"));
}

#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, bluez_client_rig_setup, bluez_client_rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_scan_reports_what_is_heard_as_an_advertisement),
        TEST(what_is_only_remembered_is_not_reported),
        TEST(a_refused_scan_is_told),
        TEST(a_failed_connection_is_told),
        TEST(a_bond_is_removed),
        TEST(discovery_waits_for_the_services),
        TEST(discovery_of_one_service),
        TEST(reads_and_writes),
        TEST(errors_are_atts_again),
        TEST(values_come_through_a_socket),
        TEST(or_as_properties),
        TEST(a_lost_link_ends_what_runs),
        TEST(bluetoothd_that_goes_takes_all_along),
        TEST(what_it_connected_it_disconnects),
        TEST(and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
